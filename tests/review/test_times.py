"""Moments as people write and read them."""

import pytest

from honeyweir.review.times import duration, iso, parse

NOW = 1_764_000_000_000_000  # 2025-11-24T16:00:00Z
MINUTE = 60 * 1_000_000


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2025-11-24T16:00", NOW),
        ("2025-11-24 16:00:00.000001", NOW + 1),
        ("2025-11-24T16:00:00Z", NOW),
        ("2025-11-24T17:00+01:00", NOW),
        ("2025-11-24", NOW - 16 * 60 * MINUTE),
        ("30s", NOW - MINUTE // 2),
        ("10m", NOW - 10 * MINUTE),
        ("2h", NOW - 120 * MINUTE),
        (" 3d ", NOW - 3 * 1440 * MINUTE),
        ("1w", NOW - 7 * 1440 * MINUTE),
    ],
)
def test_a_moment_is_iso_or_how_long_ago(written, moment):
    assert parse(written, NOW) == moment


@pytest.mark.parametrize("written", ["", "yesterday", "10", "10 m", "2025-13-01", "9" * 9 + "d"])
def test_anything_else_is_refused_with_examples(written):
    with pytest.raises(ValueError, match=r"is no time: write .* 10m, 3d"):
        parse(written, NOW)


def test_an_offset_beyond_the_calendar_is_refused():
    with pytest.raises(ValueError, match="is no time"):
        parse("0001-01-01T00:00+14:00", NOW)


def test_iso_has_microseconds_and_z_and_can_be_read_back():
    assert iso(NOW) == "2025-11-24T16:00:00.000000Z"
    assert iso(-1) == "1969-12-31T23:59:59.999999Z"
    assert parse(iso(NOW + 123), NOW) == NOW + 123


def test_a_number_that_is_no_moment_stays_a_number():
    assert iso(1 << 62) == str(1 << 62)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, "0s"), (59, "59s"), (125, "2m 5s"), (3600, "1h"), (90_000, "1d 1h"), (90_061, "1d 1h")],
)
def test_a_duration_has_its_two_largest_units(seconds, told):
    assert duration(seconds * 1_000_000) == told
