"""The findings command: what is told of a finding."""

import re

from honeyweir.model import Level
from honeyweir.record.views import EVENT_IDS_LIMIT
from honeyweir.review.findings import KEYS


def test_a_finding_in_json(archive, honeyweir):
    events = [archive.exchange() for _ in range(3)]
    finding = archive.finding(
        *events, title="Beacon", level=Level.MEDIUM, evidence=[("url", "http://origin.example/")]
    )
    assert honeyweir("findings", "--json").json == [
        {
            "id": finding,
            "time": "2025-11-24T16:00:02.000000Z",
            "last_time": "2025-11-24T16:00:04.000000Z",
            "source": "sigma",
            "rule_id": "rule-1",
            "title": "Beacon",
            "level": "medium",
            "decoy": "fin-01",
            "event_ids": [event.id for event in events],
            "count": 3,
            "tags": ["attack.t1071"],
            "evidence": [{"field": "url", "value": "http://origin.example/"}],
        }
    ]


def test_the_keys_in_json_are_those_in_the_help(archive, honeyweir):
    archive.finding(archive.exchange())
    help_ = honeyweir("findings", "--help").out.partition("Keys of the JSON lines:")[2]
    documented = re.findall(r"^ +(\w+)  +\S", help_, re.MULTILINE)
    (finding,) = honeyweir("findings", "--json").json
    assert list(finding) == list(KEYS) == documented


def test_a_long_finding_lists_its_first_events_and_counts_all(archive, honeyweir):
    event = archive.exchange()
    archive.finding(*[event] * (EVENT_IDS_LIMIT + 5))
    (finding,) = honeyweir("findings", "--json").json
    assert len(finding["event_ids"]) == EVENT_IDS_LIMIT
    assert finding["count"] == EVENT_IDS_LIMIT + 5


def test_the_table_has_a_line_for_each(archive, honeyweir):
    first = archive.finding(archive.exchange(), title="One")
    second = archive.finding(archive.exchange(), archive.exchange(), title="Two", level=Level.LOW)
    titles, *lines = honeyweir("findings").lines
    assert titles.split()[-1] == "TAGS"
    assert [line.split()[4] for line in lines] == [first[-12:], second[-12:]]
    assert lines[1].split()[5:] == ["low", "fin-01", "2", "Two", "sigma", "attack.t1071"]


def test_no_findings_are_one_line_on_standard_error(archive, honeyweir):
    archive.exchange()
    told = honeyweir("findings", "--json")
    assert (told.code, told.out) == (0, "")
    assert told.err.startswith("no findings to show")
