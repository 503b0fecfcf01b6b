"""How the filters find their rows: by an index, and never through one list for each of another."""

import itertools

import pytest

from honeyweir.model import Level
from honeyweir.review.conditions import Where, event_conditions, finding_conditions
from honeyweir.review.filters import Filters

EACH = {
    "decoys": ("fin-01",),
    "hosts": ("evil.example",),
    "since": 1,
    "until": 2,
    "level": Level.LOW,
    "protocols": ("http",),
    "texts": ("word", "another"),
}

COMBINATIONS = [
    dict(some)
    for number in range(1, len(EACH) + 1)
    for some in itertools.combinations(EACH.items(), number)
]


@pytest.fixture
def plan(records):
    """A function that gives the steps in which SQLite would find the newest rows."""
    connection = records()

    def explain(table, where):
        alias = table.split()[1]
        order = f"ORDER BY {alias}.time DESC, {alias}.seq DESC LIMIT 50"
        query = f"EXPLAIN QUERY PLAN SELECT {alias}.seq FROM {table} {where.sql} {order}"
        return [row["detail"] for row in connection.execute(query, where.parameters)]

    return explain


@pytest.mark.parametrize(
    ("filters", "index"),
    [
        (Filters(), "SCAN e USING COVERING INDEX events_time"),
        (Filters(since=1), "SEARCH e USING COVERING INDEX events_time (time>?)"),
        (Filters(decoys=("a",)), "SEARCH e USING COVERING INDEX events_decoy_time (decoy=?)"),
        (Filters(hosts=("a",)), "SEARCH e USING COVERING INDEX events_host_time (host=?)"),
        (Filters(texts=("a",)), "SEARCH e USING INTEGER PRIMARY KEY (rowid=?)"),
        (Filters(level=Level.LOW), "SEARCH e USING INDEX sqlite_autoindex_events_1 (id=?)"),
    ],
)
def test_each_filter_has_its_index(plan, filters, index):
    assert plan("events e", event_conditions(filters))[0] == index


def test_one_decoy_or_moment_needs_no_sorting(plan):
    for filters in (Filters(), Filters(decoys=("a",)), Filters(since=1, until=2)):
        steps = plan("events e", event_conditions(filters))
        assert not any("TEMP B-TREE" in step for step in steps)


def test_no_combination_goes_through_one_list_for_each_of_another(plan):
    for some in COMBINATIONS:
        filters = Filters(**some)
        steps = plan("events e", event_conditions(filters))
        steps += plan("findings f", finding_conditions(filters))
        nested = [step for step in steps if "AND rowid=?" in step or "AND id=?" in step]
        assert not nested, some


def test_only_the_first_lookup_leads():
    where = Where()
    where.add_lookup("a", "SELECT 1")
    where.add_lookup("b", "SELECT 2")
    assert where.sql == "WHERE a IN (SELECT 1) AND +b IN (SELECT 2)"


def test_values_are_parameters_and_never_sql():
    hostile = "'; DROP TABLE events --"
    filters = Filters(decoys=(hostile,), hosts=(hostile,), texts=(hostile,))
    for where in (event_conditions(filters), finding_conditions(filters)):
        assert hostile not in where.sql
        assert where.sql.count("?") == len(where.parameters)
