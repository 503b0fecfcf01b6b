"""The events command: what is told of an event, and how much of it."""

import re

from honeyweir.model import Level
from honeyweir.review.events import KEYS, event_rows, find_events
from honeyweir.review.filters import Filters


def one(outcome):
    (event,) = outcome.json
    return event


def test_an_exchange_in_json(archive, honeyweir):
    event = archive.exchange(
        "https://origin.example/a?b", "POST", request=b"12345", status=201, response=b"ok"
    )
    assert one(honeyweir("events", "--protocol", "http", "--json")) == {
        "id": event.id,
        "time": "2025-11-24T16:00:02.000000Z",
        "kind": "exchange",
        "decoy": "fin-01",
        "protocol": "http",
        "client": "10.0.0.5:40000",
        "server": "192.0.2.80:80",
        "host": "origin.example",
        "method": "POST",
        "url": "https://origin.example/a?b",
        "status": 201,
        "request_bytes": 5,
        "response_bytes": 2,
        "error": None,
        "findings": [],
        "responses": [],
    }


def test_the_keys_in_json_are_those_in_the_help(archive, honeyweir):
    archive.exchange()
    help_ = honeyweir("events", "--help").out.partition("Keys of the JSON lines:")[2]
    documented = re.findall(r"^ +(\w+)  +\S", help_, re.MULTILINE)
    for event in honeyweir("events", "--json").json:
        assert list(event) == list(KEYS) == documented


def test_a_query_has_its_type_as_method_and_its_code_as_status(archive, honeyweir):
    archive.query("gone.example", "TXT", answers=(), rcode="NXDOMAIN")
    event = one(honeyweir("events", "--protocol", "dns", "--json"))
    assert (event["host"], event["method"], event["status"]) == ("gone.example", "TXT", "NXDOMAIN")
    assert event["request_bytes"] is None


def test_a_message_counts_for_the_side_that_sent_it(archive, honeyweir):
    archive.message(b"123")
    archive.message(b"12345", from_client=False)
    sent, received = honeyweir("events", "--text", "123", "--json"), honeyweir("events", "--json")
    assert (one(sent)["request_bytes"], one(sent)["response_bytes"]) == (3, 0)
    assert received.json[-1]["response_bytes"] == 5


def test_an_ipv6_address_stands_in_brackets(archive, honeyweir):
    archive.exchange(dst=("2001:db8::1", 443))
    assert one(honeyweir("events", "--protocol", "http", "--json"))["server"] == "[2001:db8::1]:443"


def test_each_kind_of_event_tells_why_it_failed(archive, honeyweir):
    archive.exchange(status=None, error="connection reset")
    archive.handshake(error="unknown ca")
    archive.server_connection(error="refused")
    archive.query("x.example", error="timed out")
    archive.connection_end(archive.connections["fin-01"], error="broken pipe")
    errors = [event["error"] for event in honeyweir("events", "--json").json]
    assert errors == ["broken pipe", "connection reset", "unknown ca", "refused", "timed out"]


def test_findings_and_responses_stand_with_their_event(archive, honeyweir):
    event = archive.exchange()
    finding = archive.finding(event, event, title="Bad", level=Level.LOW)
    archive.response(event, "alter", b"a", b"b", part="url")
    archive.response(event, "block", how="close")
    told = one(honeyweir("events", "--protocol", "http", "--json"))
    assert told["findings"] == [{"id": finding, "level": "low", "title": "Bad"}]
    assert [response["action"] for response in told["responses"]] == ["alter", "block"]
    assert told["responses"][0] == {
        "action": "alter",
        "rule_id": "rule-1",
        "title": "No way out",
        "detail": {"part": "url"},
    }


def test_events_come_in_the_order_of_time_the_newest_last(archive, honeyweir):
    events = [archive.exchange(f"http://origin.example/{number}") for number in range(3)]
    told = honeyweir("events", "--protocol", "http", "--limit", 2)
    assert [line.split()[2] for line in told.lines[1:]] == [event.id[-12:] for event in events[1:]]


def test_a_cut_list_says_how_much_there_is(archive, honeyweir):
    for _ in range(3):
        archive.exchange()
    told = honeyweir("events", "--limit", 2)
    assert told.err == "the newest 2 of 4 events; --limit 0 shows all\n"
    assert honeyweir("events", "--limit", 4).err == ""


def test_the_default_is_fifty_for_people_and_all_for_programs(archive, honeyweir):
    for _ in range(60):
        archive.exchange()
    assert len(honeyweir("events").lines) == 51
    assert len(honeyweir("events", "--limit", 0).lines) == 62
    assert len(honeyweir("events", "--json").lines) == 61
    assert len(honeyweir("events", "--json", "--limit", 5).lines) == 5


def test_no_events_are_one_line_on_standard_error(honeyweir):
    told = honeyweir("events")
    assert (told.code, told.out) == (0, "")
    assert told.err == "no events to show: none is recorded, or none passes the filters\n"


def test_more_than_a_chunk_of_events_comes_whole_and_in_order(archive, records):
    for number in range(1200):
        archive.message(str(number).encode())
    connection = records()
    found = find_events(connection, Filters(), 0)
    times = [event["time"] for event in event_rows(connection, found.seqs)]
    assert len(times) == 1201
    assert times == sorted(times)


def test_the_worst_finding_stands_in_the_table(archive, honeyweir):
    event = archive.exchange()
    archive.finding(event, title="Meh", level=Level.LOW)
    archive.finding(event, title="Ouch", level=Level.CRITICAL)
    archive.response(event)
    line = honeyweir("events", "--protocol", "http").lines[1]
    assert line.split("  ")[-2:] == ["critical +1: Ouch", "block"]
