"""How wide the columns of a table are on a terminal."""

from hypothesis import given
from hypothesis import strategies as st

from honeyweir.review.layout import GAP, Column, fit

COLUMNS = (Column("ID"), Column("URL", narrow=4), Column("NOTE", narrow=2), Column("MORE", minor=1))


def total(shown):
    return sum(shown.values()) + GAP * (len(shown) - 1)


def test_where_there_is_room_every_column_has_what_it_wants():
    assert fit(COLUMNS, [2, 30, 10, 4], 80) == {0: 2, 1: 30, 2: 10, 3: 4}


def test_columns_give_way_as_far_as_they_can():
    shown = fit(COLUMNS, [2, 30, 10, 4], 40)
    assert total(shown) == 40
    assert shown[0] == 2
    assert (shown[1], shown[2]) == (20, 8)


def test_a_minor_column_goes_before_others_become_too_narrow():
    assert 3 not in fit(COLUMNS, [2, 30, 10, 4], 15)
    assert 3 in fit(COLUMNS, [2, 30, 10, 4], 18)


def test_the_highest_rank_goes_first():
    columns = [Column("A"), Column("B", minor=1), Column("C", minor=2), Column("D", minor=1)]
    assert list(fit(columns, [10] * 4, 34)) == [0, 1, 3]
    assert list(fit(columns, [10] * 4, 22)) == [0, 3]


@given(
    st.lists(
        st.tuples(st.integers(0, 200), st.none() | st.integers(1, 30), st.integers(0, 2)),
        min_size=1,
    ),
    st.integers(1, 300),
)
def test_no_column_is_wider_than_it_wants_or_narrower_than_it_may_be(shapes, room):
    columns = [Column("", narrow, minor=minor) for _, narrow, minor in shapes]
    wanted = [width for width, _, _ in shapes]
    shown = fit(columns, wanted, room)
    for place, width in shown.items():
        narrow = columns[place].narrow
        least = wanted[place] if narrow is None else min(narrow, wanted[place])
        assert least <= width <= wanted[place]
    if total(shown) > room:
        assert not any(columns[place].minor for place in shown)
