"""An event in a few words."""

import pytest

from honeyweir.review.sentence import sentence, signature, subject

EVENT = {
    "id": "an-id",
    "time": "2025-11-24T16:00:00.000000Z",
    "kind": "exchange",
    "decoy": "fin-01",
    "protocol": "http",
    "client": "10.0.0.5:40000",
    "server": "192.0.2.80:80",
    "host": "origin.example",
    "method": "GET",
    "url": "http://origin.example/a?b=c",
    "status": 200,
    "request_bytes": 0,
    "response_bytes": 10,
    "error": None,
    "findings": [],
    "responses": [],
}


@pytest.mark.parametrize(
    ("about", "told"),
    [
        ({}, "GET http://origin.example/a?b=c -> 200"),
        ({"status": None}, "GET http://origin.example/a?b=c"),
        ({"status": None, "error": "reset"}, "GET http://origin.example/a?b=c, failed: reset"),
        (
            {"kind": "query", "method": "TXT", "host": "a.example", "status": "NXDOMAIN"},
            "asks TXT a.example -> NXDOMAIN",
        ),
        (
            {"kind": "query", "method": "A", "status": None, "error": "timed out"},
            "asks A origin.example, failed: timed out",
        ),
        ({"kind": "message", "protocol": "udp"}, "udp messages with origin.example"),
        ({"kind": "message", "host": None}, "http messages with 192.0.2.80:80"),
        (
            {"kind": "handshake", "status": None, "error": "unknown ca"},
            "TLS handshake with origin.example, failed: unknown ca",
        ),
        ({"kind": "server_connection", "status": None}, "origin.example is dialled"),
        (
            {"kind": "connection", "protocol": "tcp", "server": None, "status": None},
            "connects to the gateway over tcp",
        ),
        (
            {"kind": "connection", "protocol": "tcp", "status": None},
            "connects to 192.0.2.80:80 over tcp",
        ),
    ],
)
def test_what_is_said_of_an_event(about, told):
    assert sentence(EVENT | about) == told


@pytest.mark.parametrize(
    "about",
    [
        {"id": "other"},
        {"time": "2025-11-24T17:00:00.000000Z"},
        {"request_bytes": 5, "response_bytes": 0},
        {"url": "http://origin.example/a?other"},
        {"client": "10.0.0.5:50000"},
    ],
)
def test_events_that_differ_in_this_are_told_as_one(about):
    assert signature(EVENT | about) == signature(EVENT)


@pytest.mark.parametrize(
    "about",
    [
        {"decoy": "hr-02"},
        {"method": "POST"},
        {"url": "http://origin.example/b"},
        {"status": 404},
        {"error": "reset"},
        {"protocol": "websocket"},
        {"kind": "message"},
        {"findings": [{"id": "f", "level": "low", "title": "Odd"}]},
        {"responses": [{"action": "block", "rule_id": "r", "title": "No", "detail": {}}]},
    ],
)
def test_events_that_differ_in_this_are_told_apart(about):
    assert signature(EVENT | about) != signature(EVENT)


def test_findings_of_another_id_that_say_the_same_make_no_difference():
    one, other = (
        EVENT | {"findings": [{"id": identity, "level": "low", "title": "Odd"}]}
        for identity in ("one", "other")
    )
    assert signature(one) == signature(other)


@pytest.mark.parametrize(
    ("about", "what"),
    [
        ({}, "http://origin.example/a"),
        ({"kind": "query", "host": "1.t.example"}, "t.example"),
        ({"kind": "query", "host": None}, ""),
        ({"kind": "message", "url": None}, "origin.example"),
        ({"kind": "connection", "url": None, "host": None, "server": None}, "the gateway"),
    ],
)
def test_what_an_event_is_about(about, what):
    assert subject(EVENT | about) == what
