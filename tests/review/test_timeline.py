"""The timeline: what happened, as a story."""

import itertools

import pytest

from honeyweir.model import Level
from honeyweir.review import timeline
from honeyweir.review.sentence import parent, sentence, signature
from honeyweir.review.timeline import KEYS, entries

HOUR = 3600 * 1_000_000

TIMES = "\N{MULTIPLICATION SIGN}"

SECONDS = itertools.count()


def story(outcome):
    """The lines of a timeline without its times and ids."""
    return [line[24:].removeprefix("fin-01  ") for line in outcome.lines if line[24:].strip()]


def test_events_findings_and_responses_in_the_order_of_time(archive, honeyweir):
    archive.query("evil.example")
    event = archive.exchange("http://evil.example/up", "POST", request=b"12345", response=b"ok")
    finding = archive.finding(event, title="Upload", level=Level.CRITICAL)
    archive.response(event, "alter", b"a", b"b")
    archive.message(b"123", from_client=False)
    assert story(honeyweir("timeline")) == [
        "asks A evil.example -> NOERROR",
        "POST http://evil.example/up -> 200 (sent 5 B, received 2 B)",
        f"! critical: Upload [{finding[-12:]}]",
        "> alter by No way out",
        "tcp messages with 192.0.2.80:80 (received 3 B)",
    ]


def test_each_day_has_its_date_and_each_line_time_and_id(archive, honeyweir):
    first = archive.exchange("http://a/")
    archive.time += 24 * HOUR
    second = archive.exchange("http://b/")
    lines = honeyweir("timeline").lines
    assert lines == [
        "2025-11-24 (UTC)",
        f"16:00:02  {first.id[-12:]}  fin-01  GET http://a/ -> 200",
        "2025-11-25 (UTC)",
        f"16:00:03  {second.id[-12:]}  fin-01  GET http://b/ -> 200",
    ]


def test_what_repeats_itself_is_told_once_also_between_other_things(archive, honeyweir):
    for number in range(5):
        archive.exchange("http://c2.example/beacon", response=b"0123456789")
        archive.exchange(f"http://site.example/{number}")
    told = story(honeyweir("timeline"))
    assert told[:2] == [
        "GET http://c2.example/beacon -> 200",
        f"{TIMES}5 until 16:00:10 (received 50 B)",
    ]
    assert len(told) == 7


def test_what_differs_is_told_apart(archive, honeyweir):
    archive.exchange("http://a/")
    archive.exchange("http://a/", status=404)
    archive.exchange("http://a/", "PUT")
    archive.exchange("http://a/", decoy="two")
    archive.finding(archive.exchange("http://a/"))
    archive.response(archive.exchange("http://a/"))
    assert len([line for line in story(honeyweir("timeline")) if "http://a/" in line]) == 6


def test_the_query_of_a_url_is_small_change_with_a_mark(archive, honeyweir):
    archive.exchange("http://c2/b?n=1")
    archive.exchange("http://c2/b?n=2")
    assert story(honeyweir("timeline"))[0] == "GET http://c2/b?… -> 200"


def test_a_tunnel_of_names_is_told_by_the_name_above_them(archive, honeyweir):
    for number in range(3):
        archive.query(f"{number}.t.evil.example", "TXT")
    assert story(honeyweir("timeline")) == [
        "asks TXT ….t.evil.example -> NOERROR",
        f"{TIMES}3 until 16:00:04",
    ]


@pytest.mark.parametrize(
    ("name", "above"),
    [("a.b.c", "b.c"), ("b.c", "b.c"), ("c", "c"), ("", ""), ("a.b.c.", "b.c."), (".x.y", ".x.y")],
)
def test_only_a_name_with_three_labels_is_told_by_the_one_above(name, above):
    assert parent(name) == above


def test_after_a_long_silence_it_is_told_again(archive, honeyweir):
    archive.exchange("http://a/")
    archive.time += HOUR // 2
    archive.exchange("http://a/")
    archive.time += 2 * HOUR
    archive.exchange("http://a/")
    told = story(honeyweir("timeline"))
    assert told == ["GET http://a/ -> 200", f"{TIMES}2 until 16:30:03", "GET http://a/ -> 200"]


def test_findings_that_say_the_same_are_counted(archive, honeyweir):
    first = archive.finding(archive.exchange("http://a/"), title="Same")
    archive.finding(archive.exchange("http://a/"), title="Same")
    assert f"! high: Same [{first[-12:]} and 1 more]" in story(honeyweir("timeline"))


def test_responses_of_one_rule_are_counted(archive, honeyweir):
    event = archive.exchange()
    archive.response(event, "alter", b"a", b"b", part="request_body")
    archive.response(event, "alter", b"b", b"c", part="request_body")
    assert story(honeyweir("timeline"))[-1] == f"> alter (request_body) by No way out {TIMES}2"


def test_a_response_is_told_with_its_way(archive, honeyweir):
    event = archive.exchange()
    archive.response(event, "block", how="status", status=404)
    archive.response(event, "block", how="reset")
    archive.response(event, "flag")
    assert story(honeyweir("timeline"))[-3:] == [
        "> block (status 404) by No way out",
        "> block (reset) by No way out",
        "> flag by No way out",
    ]


def test_a_tunnel_that_was_made_is_left_out_and_one_that_was_not_is_told(archive, honeyweir):
    archive.exchange("a.example:443", "CONNECT")
    archive.exchange("b.example:443", "CONNECT", status=502)
    told = honeyweir("timeline")
    assert story(told) == ["CONNECT b.example:443 -> 502"]
    assert told.err.startswith("left out, since they went well: 1 CONNECT, 1 connection;")


def test_what_only_carried_is_left_out_with_a_mark(archive, honeyweir):
    archive.handshake()
    archive.server_connection()
    archive.exchange()
    told = honeyweir("timeline")
    assert len(story(told)) == 1
    assert told.err == (
        "left out, since they went well: 1 connection, 1 handshake, 1 server_connection; "
        "--all tells them\n"
    )
    everything = honeyweir("timeline", "--all")
    assert everything.err == ""
    assert story(everything)[:3] == [
        "connects to the gateway over tcp",
        "TLS handshake with origin.example",
        "origin.example is dialled",
    ]


def test_what_failed_is_never_left_out(archive, honeyweir):
    archive.handshake(error="unknown ca")
    archive.server_connection(error="refused")
    archive.exchange(status=None, error="reset")
    archive.finding(archive.handshake(), title="Odd TLS")
    assert [line for line in story(honeyweir("timeline")) if "failed" in line] == [
        "TLS handshake with origin.example, failed: unknown ca",
        "origin.example is dialled, failed: refused",
        "GET http://origin.example/, failed: reset",
    ]
    assert "TLS handshake with origin.example" in story(honeyweir("timeline"))


def test_only_some_entries_are_kept_open(archive, honeyweir, monkeypatch):
    monkeypatch.setattr(timeline, "OPEN_LIMIT", 2)
    events = [event(url) for url in ("a", "b", "c", "a", "c")]
    told = [(entry.first["url"], entry.count) for entry in entries(events)]
    assert told == [("a", 1), ("b", 1), ("c", 2), ("a", 1)]


def event(url):
    return {
        "id": url,
        "time": f"2025-11-24T16:00:{next(SECONDS) % 60:02}.000000Z",
        "decoy": "d",
        "kind": "exchange",
        "protocol": "http",
        "method": "GET",
        "url": url,
        "host": url,
        "server": None,
        "status": 200,
        "error": None,
        "findings": [],
        "responses": [],
        "request_bytes": 1,
        "response_bytes": 2,
    }


def test_an_entry_is_the_sum_of_its_events():
    (entry,) = entries([event("a"), event("a")])
    assert (entry.count, entry.sent, entry.received, entry.varied) == (2, 2, 4, False)


def test_sentence_and_signature_hold_for_an_event_of_which_little_is_known():
    bare = event(None) | {"host": None, "method": None, "kind": "message", "status": None}
    assert sentence(bare) == "http messages with the gateway"
    assert signature(bare) == signature(bare | {"id": "other"})


def test_json_has_every_item_with_documented_keys(archive, honeyweir):
    event = archive.exchange("http://a/")
    finding = archive.finding(event, title="Bad", level=Level.LOW)
    archive.response(event)
    archive.exchange("http://a/")
    items = honeyweir("timeline", "--json").json
    assert all(list(item) == list(KEYS) for item in items)
    assert [(item["type"], item["id"], item["level"], item["text"]) for item in items[1:4]] == [
        ("event", event.id, None, "GET http://a/ -> 200"),
        ("finding", finding, "low", "Bad"),
        ("response", None, None, "block by No way out"),
    ]
    assert len(items) == 5


def test_the_filters_and_the_limit_hold_here_too(archive, honeyweir):
    archive.exchange("http://a/", decoy="one")
    archive.exchange("http://b/", decoy="two")
    assert len(story(honeyweir("timeline", "--decoy", "two"))) == 1
    told = honeyweir("timeline", "--limit", 1)
    assert len(story(told)) == 1
    assert "the newest 1 of 4 events" in told.err
    assert honeyweir("timeline", "--decoy", "three").err.startswith("no events to show")


def test_a_long_line_is_cut_on_a_terminal_and_only_there(archive, honeyweir):
    archive.exchange("http://a/" + "x" * 500)
    on_terminal = honeyweir.on_terminal("timeline", columns=60, NO_COLOR="1").lines
    assert [len(line) for line in on_terminal][1:] == [60]
    assert on_terminal[1].endswith("…")
    assert "x" * 500 in honeyweir("timeline").out
