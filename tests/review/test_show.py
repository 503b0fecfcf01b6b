"""The show command: everything about one event or finding."""

import gzip
import re

import pytest

from honeyweir.model import Certificate, Level
from honeyweir.review.detail import EVENT_KEYS, EVENTS_LISTED, FINDING_KEYS, LISTED
from honeyweir.review.events import KEYS
from honeyweir.review.facts import LISTED as HANDSHAKES
from honeyweir.review.findings import KEYS as FINDINGS_KEYS

JSON_TYPE = ((b"Content-Type", b"application/json; charset=utf-8"),)

CERTIFICATE = Certificate(
    sha256="ab" * 32,
    subject="CN=origin.example",
    issuer="CN=Some Authority",
    serial="0F",
    not_before=1_700_000_000_000_000,
    not_after=1_800_000_000_000_000,
    names=["origin.example", "www.origin.example"],
    key="EC 256",
    self_signed=True,
)


@pytest.fixture
def page(honeyweir):
    """The lines of an event's or a finding's page, without their margins."""
    return lambda event: [
        line.strip() for line in honeyweir("show", getattr(event, "id", event)).lines
    ]


def test_an_exchange_with_both_heads_and_bodies(archive, page):
    event = archive.exchange(
        "http://origin.example/up?x=1",
        "POST",
        ((b"Host", b"origin.example"), (b"X-A", b"b")),
        request=b"hello",
        status=201,
        reply_headers=((b"Server", b"nginx"),),
        response=b"bye",
    )
    shown = "\n".join(page(event))
    assert f"exchange {event.id}" in shown
    assert "POST http://origin.example/up?x=1 HTTP/1.1\nHost: origin.example\nX-A: b" in shown
    assert "HTTP/1.1 201 OK\nServer: nginx" in shown
    assert "request body: 5 bytes" in shown
    assert re.search(r"response body: 3 bytes\nsha256  [0-9a-f]{64}\nbye", shown)


def test_how_an_event_came(archive, page):
    event = archive.exchange(dst=("2001:db8::1", 443))
    archive.connection_end(archive.connections["fin-01"], error="reset")
    shown = page(event)
    for line in (
        "decoy        fin-01 (workstation)",
        "client       10.0.0.5:40000",
        "server       [2001:db8::1]:443",
        "opened       2025-11-24T16:00:02.000000Z",
        "closed with  reset",
        "gateway      10.0.0.1:8080",
    ):
        assert line in shown


def test_the_tls_and_the_origin_of_its_connection(archive, page):
    archive.handshake()
    archive.handshake(CERTIFICATE)
    archive.server_connection(error="timed out")
    shown = page(archive.exchange())
    assert shown.index("TLS with the decoy") < shown.index("TLS with the origin")
    for line in (
        "offered ciphers   1301 c02f",
        "verified          no",
        "issuer            CN=Some Authority (self-signed)",
        "names             origin.example, www.origin.example",
    ):
        assert line in shown
    assert any(line.endswith("origin.example:443: failed, timed out") for line in shown)


def test_json_is_indented_and_forms_have_a_line_for_each_field(archive, page):
    event = archive.exchange(
        headers=((b"Content-Type", b"application/x-www-form-urlencoded"),),
        request=b"user=a%20b&pass=1+2&flag",
        reply_headers=JSON_TYPE,
        response=b'{"a":[1,2]}',
    )
    shown = "\n".join(page(event))
    assert "user = a b\npass = 1 2\nflag =" in shown
    assert '{\n"a": [\n1,\n2\n]\n}' in shown


def test_an_encoded_body_is_decoded_and_says_so(archive, page):
    event = archive.exchange(
        reply_headers=((b"Content-Encoding", b"gzip"),), response=gzip.compress(b"plain text")
    )
    shown = page(event)
    assert shown[shown.index("[gzip undone: 10 bytes]") + 1] == "plain text"


def test_a_body_that_is_not_kept_whole_says_so(archive, page, make_body):
    event = archive.exchange(response=make_body(b"beginning", size=5_000_000))
    shown = page(event)
    assert "response body: 5000000 bytes" in shown
    assert "kept    the first 9 bytes" in shown


def test_bytes_are_dumped(archive, page):
    event = archive.message(bytes(range(256)) * 4)
    shown = page(event)
    assert any(line.startswith("00000010  10 11 12") for line in shown)
    assert shown[-1] == "[512 more bytes: see `honeyweir payload`]"


def test_a_head_that_is_too_large_is_told_to_be_cut(archive, page):
    event = archive.exchange(headers=((b"X-Long", b"a" * 100_000), (b"X-Last", b"here")))
    shown = page(event)
    assert "[cut: what is below holds the whole head]" in shown
    assert any(line.startswith("request head: 1000") for line in shown)


def test_findings_with_their_evidence(archive, page):
    event = archive.exchange()
    archive.finding(
        event, title="Odd", level=Level.HIGH, evidence=[("url", "\x1b[2J"), ("url", "again")]
    )
    shown = page(event)
    assert "finding: Odd" in shown
    assert "rule    rule-1 (sigma)" in shown
    assert "evidence in url: \\x1b[2J" in shown
    assert "evidence in url: again" in shown


def test_what_was_altered_stands_beside_the_original(archive, page):
    event = archive.exchange(response=b"one\ntwo\nthree")
    archive.response(
        event, "alter", b"one\ntwo\nthree", b"one\n2\nthree", part="response_body", count=1
    )
    shown = page(event)
    start = shown.index("response: alter")
    assert shown[start + 1 :] == [
        "time   2025-11-24T16:00:02.000000Z",
        "rule   rule-1: No way out",
        "part   response_body",
        "count  1",
        "--- what was sent",
        "+++ what went on in its place",
        "@@ -1,3 +1,3 @@",
        "one",
        "-two",
        "+2",
        "three",
    ]


def test_a_query_with_its_answer(archive, page):
    shown = page(archive.query("a.example", answers=["192.0.2.1", "192.0.2.2"]))
    assert "name         a.example" in shown
    assert "a.example 60 A 192.0.2.2" in shown


def test_a_connection_with_what_it_carried(archive, page):
    events = [archive.message(b"x") for _ in range(EVENTS_LISTED + 1)]
    shown = page(archive.connections["fin-01"])
    assert f"events on it: {EVENTS_LISTED + 1}" in shown
    assert any(events[0].id in line for line in shown)
    assert shown[-1] == "[1 more]"


def test_a_message_names_its_websocket(archive, page):
    exchange = archive.exchange("http://origin.example/ws", status=101)
    shown = page(archive.message(b"hi", "websocket", from_client=False, exchange=exchange))
    assert "from          the origin" in shown
    assert f"WebSocket of  {exchange.id}" in shown
    assert shown[-1] == "hi"


def test_a_handshake_has_its_client_hello(archive, page):
    shown = page(archive.handshake(error="unknown ca"))
    assert "failed            unknown ca" in shown
    assert any(line.endswith("|...hello|") for line in shown)


def test_a_finding_with_its_events(archive, page):
    events = [archive.exchange(f"http://origin.example/{number}") for number in range(2)]
    shown = page(archive.finding(*events, title="Twice", evidence=[("url", "x")]))
    assert shown[2] == "Twice"
    assert "url: x" in shown
    assert "events: 2" in shown
    assert shown[-1].endswith(f"{events[1].id}  http  GET http://origin.example/1 -> 200")


def test_an_event_in_json_has_documented_keys(archive, honeyweir):
    archive.handshake(CERTIFICATE)
    event = archive.exchange(request=b"\xff\x00", response=b"ok")
    archive.response(event, "alter", b"a", b"b", part="url")
    archive.finding(event)
    (told,) = honeyweir("show", event.id, "--json").json
    assert set(told) <= {*KEYS, *EVENT_KEYS}
    assert told["tls"][0]["certificate"]["names"] == ["origin.example", "www.origin.example"]
    assert told["request"]["headers"] == [["Host", "origin.example"]]
    assert told["payloads"]["request"]["text"] == "/wA="
    assert told["payloads"]["request"]["encoding"] == "base64"
    assert told["payloads"]["response"]["text"] == "ok"
    assert told["responses"][0]["altered"]["text"] == "b"
    assert told["findings"][0]["title"] == "A beacon"


@pytest.mark.parametrize(
    "kind", ["connection", "server_connection", "handshake", "message", "query"]
)
def test_every_kind_in_json_has_documented_keys(archive, honeyweir, kind):
    make = {"message": lambda: archive.message(b"x"), "query": lambda: archive.query("a.example")}
    event = make.get(kind, getattr(archive, kind))()
    (told,) = honeyweir("show", event.id, "--json").json
    assert set(told) <= {*KEYS, *EVENT_KEYS}
    assert told["kind"] == kind


def test_a_finding_in_json_has_documented_keys(archive, honeyweir):
    finding = archive.finding(archive.exchange())
    (told,) = honeyweir("show", finding, "--json").json
    assert set(told) == {*FINDINGS_KEYS, *FINDING_KEYS} - {"..."}
    assert told["events"][0]["url"] == "http://origin.example/"


def test_invalid_utf8_in_headers_is_shown_byte_by_byte(archive, page, honeyweir):
    event = archive.exchange(headers=((b"X-\xff", b"caf\xe9 \x1b[2J"),))
    assert "X-\\xff: caf\\xe9 \\x1b[2J" in page(event)
    assert ["X-\\xff", "caf\\xe9 \x1b[2J"] in honeyweir("show", event.id, "--json").json[0][
        "request"
    ]["headers"]


def test_an_unknown_id_is_a_failure_that_says_so(archive, honeyweir):
    archive.exchange()
    told = honeyweir("show", "ffff")
    assert told.code == 1
    assert told.err == "Error: nothing has the id 'ffff' among the events and findings\n"


def test_very_many_findings_and_responses_are_cut_with_a_mark(archive, page):
    event = archive.exchange()
    for number in range(LISTED + 1):
        archive.finding(event, title=f"Finding {number}")
        archive.response(event)
    shown = page(event)
    assert sum(line.startswith("finding: ") for line in shown) == LISTED
    assert shown[-2:] == [
        f"[the first {LISTED} findings of this event]",
        f"[the first {LISTED} responses of this event]",
    ]


def test_a_connection_with_very_many_handshakes_is_cut_with_a_mark(archive, page):
    for _ in range(HANDSHAKES + 5):
        archive.handshake()
    shown = page(archive.exchange())
    assert shown.count("TLS with the decoy") == HANDSHAKES
    assert f"[the first {HANDSHAKES} tls of this connection]" in shown


def test_a_handshake_tells_of_itself_and_not_of_others(archive, page):
    archive.handshake(sni="one.example")
    shown = page(archive.handshake(sni="two.example"))
    assert "SNI               two.example" in shown
    assert "SNI               one.example" not in shown


def test_a_failed_origin_tells_of_itself(archive, page):
    archive.server_connection()
    shown = page(archive.server_connection(error="no route"))
    assert sum("origin.example:443" in line for line in shown) == 1
    assert any(line.endswith("failed, no route") for line in shown)


def test_an_exchange_that_has_not_ended_says_so(archive, page, change):
    event = archive.exchange(status=None)
    change("DELETE FROM exchange_ends")
    assert "time  not yet" in page(event)


def test_an_event_whose_rows_are_gone_is_still_shown(archive, page, change):
    exchange, query, message = archive.exchange(), archive.query("a.example"), archive.message(b"x")
    for table in ("requests", "replies", "exchange_ends", "queries", "answers", "messages"):
        change(f"DELETE FROM {table}")
    change("DELETE FROM connections")
    for event in (exchange, query, message):
        assert page(event)[0] == f"{event.kind} {event.id}"


def test_a_response_tells_all_its_details(archive, page):
    event = archive.exchange()
    archive.response(event, "block", how="status", status=404, seen=[1, 2])
    shown = page(event)
    assert shown[-3:] == ["how     status", "status  404", "seen    [1, 2]"]


def test_bytes_that_were_altered_are_dumped_beside_each_other(archive, page):
    event = archive.message(bytes(64))
    archive.response(event, "alter", bytes(64), bytes(60) + b"\xff" * 4, part="payload", count=1)
    shown = page(event)
    assert "@@ the first 60 bytes are the same @@" in shown
    assert sum(line.startswith("-00000030  00 00") for line in shown) == 1
    assert sum(line.startswith("+00000030  00 00") for line in shown) == 1
