"""What the HTTP hooks do to an exchange, step by step, and what they record of it."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from mitmproxy import eventsequence, flow, http
from mitmproxy.test import taddons, tflow, tutils

from honeyweir.hooks.http import Http
from hooks.conftest import Stand, Wire
from stage import rule

Exchange = Callable[..., http.HTTPFlow]


@pytest.fixture
def exchange(wire: Wire) -> Exchange:
    """An exchange over the wire of which the request has come."""

    def make(**request: object) -> http.HTTPFlow:
        values = {"path": b"/x", "headers": http.Headers(), "content": b""}
        return tflow.tflow(client_conn=wire.client, req=tutils.treq(**{**values, **request}))

    return make


def ask(hooks: Http, asked: http.HTTPFlow) -> None:
    """Let the request pass the hooks, as mitmproxy does."""
    hooks.requestheaders(asked)
    if not _ended(hooks, asked):
        hooks.request(asked)
        if asked.response:
            answer(hooks, asked, asked.response)
        else:
            _ended(hooks, asked)


def answer(hooks: Http, asked: http.HTTPFlow, response: http.Response) -> None:
    """Let a response pass them."""
    asked.response = response
    hooks.responseheaders(asked)
    if not _ended(hooks, asked):
        hooks.response(asked)
        _ended(hooks, asked)


def _ended(hooks: Http, asked: http.HTTPFlow) -> bool:
    if asked.error:
        hooks.error(asked)
    return asked.error is not None


def reply(content: bytes = b"hello", **fields: str) -> http.Response:
    return tutils.tresp(content=content, headers=http.Headers(**fields))


PHASES = {
    "head": "c-uri|endswith: /x",
    "request": "request_body|contains: secret",
    "response head": "sc-status: 200",
    "response": "response_body|contains: hello",
}


def test_an_exchange_that_matches_nothing_stays_what_it_was(
    stand: Stand, exchange: Exchange
) -> None:
    hooks, asked = Http(stand.gate), exchange(content=b"q")
    before = asked.request.get_state()
    ask(hooks, asked)
    answer(hooks, asked, reply(b"a"))
    assert asked.request.get_state() == before
    assert (asked.response.content, asked.error) == (b"a", None)
    assert type(asked.request) is http.Request
    assert type(asked.response) is http.Response
    sides = stand.rows("SELECT side, size, complete FROM bodies ORDER BY seq")
    assert [tuple(row) for row in sides] == [("request", 1, 1), ("response", 1, 1)]
    assert stand.row("SELECT error FROM exchange_ends") == (None,)


def test_bodies_that_are_empty_leave_no_rows(stand: Stand, exchange: Exchange) -> None:
    hooks, asked = Http(stand.gate), exchange()
    ask(hooks, asked)
    answer(hooks, asked, reply(b""))
    assert stand.count("bodies") == 0
    assert stand.count("replies") == stand.count("exchange_ends") == 1


@pytest.mark.parametrize("phase", PHASES)
async def test_an_exchange_is_killed_at_each_phase(
    make_stand: Callable[..., Stand], exchange: Exchange, phase: str
) -> None:
    stand = make_stand(rule(1, PHASES[phase], "block"))
    hooks, asked = Http(stand.gate), exchange(content=b"secret")
    ask(hooks, asked)
    assert (asked.error is not None) is (phase in ("head", "request"))
    if not asked.error:
        answer(hooks, asked, reply())
    assert asked.error
    assert asked.error.msg == flow.Error.KILLED_MESSAGE
    action, detail = stand.row("SELECT action, detail FROM responses")
    assert (action, json.loads(detail)) == ("block", {"how": "close"})
    assert stand.row("SELECT DISTINCT error FROM exchange_ends") == (flow.Error.KILLED_MESSAGE,)


@pytest.mark.parametrize("phase", PHASES)
def test_a_page_is_given_at_each_phase(
    make_stand: Callable[..., Stand], exchange: Exchange, phase: str
) -> None:
    stand = make_stand(rule(1, PHASES[phase], "{block: {status: 404}}"))
    hooks, asked = Http(stand.gate), exchange(content=b"secret")
    ask(hooks, asked)
    if not asked.response:
        answer(hooks, asked, reply(server="Apache"))
    assert asked.error is None
    assert asked.response.status_code == 404
    known = phase.startswith("response")
    assert asked.response.headers["server"] == ("Apache" if known else "nginx")
    detail, status = stand.row("SELECT detail, status FROM responses JOIN replies USING (event)")
    assert json.loads(detail) == {"how": "status", "status": 404}
    assert status == (200 if known else 404)  # what the origin said, or what we said for it


def test_a_request_that_is_refused_for_its_head_is_recorded_with_its_body(
    make_stand: Callable[..., Stand], exchange: Exchange
) -> None:
    stand = make_stand(rule(1, PHASES["head"], "{block: {status: 404}}"))
    ask(Http(stand.gate), exchange(content=b"secret"))
    assert stand.row("SELECT size FROM bodies WHERE side = 'request'") == (6,)


async def test_a_reset_reaches_the_client_as_one(
    make_stand: Callable[..., Stand], exchange: Exchange, wire: Wire
) -> None:
    stand = make_stand(rule(1, PHASES["head"], "{block: {how: reset}}"))
    asked = exchange()
    ask(Http(stand.gate), asked)
    assert asked.error
    wire.close()  # as mitmproxy does with one on which an exchange was killed
    assert await wire.end() == "reset"


CONNECT = {"method": b"CONNECT", "authority": b"c2.example:443", "host": "c2.example", "port": 443}


def test_a_tunnel_is_recorded_from_its_request_to_its_answer(
    stand: Stand, exchange: Exchange
) -> None:
    hooks, asked = Http(stand.gate), exchange(**CONNECT, path=b"")
    hooks.http_connect(asked)
    assert (asked.response, asked.error) == (None, None)
    asked.response = tutils.tresp(status_code=200)
    hooks.http_connected(asked)
    found = stand.row(
        "SELECT method, host, status, error FROM events JOIN replies ON replies.event = events.id"
        " JOIN exchange_ends USING (event)"
    )
    assert found == ("CONNECT", "c2.example", 200, None)


def test_a_tunnel_to_an_origin_that_cannot_be_reached_is_recorded_as_refused(
    stand: Stand, exchange: Exchange
) -> None:
    hooks, asked = Http(stand.gate), exchange(**CONNECT)
    hooks.http_connect(asked)
    asked.response = tutils.tresp(status_code=502)
    hooks.http_connect_error(asked)
    assert stand.row("SELECT status FROM replies") == (502,)


@pytest.mark.parametrize(
    ("response", "killed", "status"),
    [("block", True, None), ("{block: {status: 403}}", False, 403)],
)
def test_a_tunnel_is_refused_before_the_origin_is_dialled(
    make_stand: Callable[..., Stand],
    exchange: Exchange,
    response: str,
    killed: bool,
    status: int | None,
) -> None:
    stand = make_stand(rule(1, "cs-host: c2.example", response))
    asked = exchange(**CONNECT)
    Http(stand.gate).http_connect(asked)
    assert (asked.error is not None) is killed
    assert (asked.response and asked.response.status_code) == status
    assert stand.count("responses") == 1
    assert stand.count("exchange_ends") == int(killed)


def test_an_error_without_a_response_ends_the_exchange(stand: Stand, exchange: Exchange) -> None:
    hooks, asked = Http(stand.gate), exchange()
    ask(hooks, asked)
    asked.error = tflow.terr("connection refused")
    hooks.error(asked)
    assert stand.row("SELECT error FROM exchange_ends") == ("connection refused",)
    assert stand.count("replies") == 0


def test_an_error_of_an_exchange_that_was_never_seen_is_no_failure(
    stand: Stand, exchange: Exchange, wire: Wire
) -> None:
    asked = exchange()
    asked.error = tflow.terr()
    Http(stand.gate).error(asked)
    assert wire.is_open
    assert stand.count("events") == 0


@pytest.mark.parametrize("step", ["request", "responseheaders", "response", "http_connected"])
async def test_a_step_whose_beginning_was_not_seen_is_blocked(
    stand: Stand, exchange: Exchange, wire: Wire, step: str
) -> None:
    asked = exchange()
    asked.response = reply()
    getattr(Http(stand.gate), step)(asked)
    assert asked.error
    assert await wire.end() == "closed"


async def test_while_the_gate_is_closed_nothing_begins(
    stand: Stand, exchange: Exchange, wire: Wire
) -> None:
    stand.gate.weir = None
    asked = exchange()
    Http(stand.gate).requestheaders(asked)
    assert asked.error
    assert await wire.end() == "closed"


def test_records_that_cannot_be_written_end_the_exchange(stand: Stand, exchange: Exchange) -> None:
    hooks, asked = Http(stand.gate), exchange()
    hooks.requestheaders(asked)
    stand.weir.recorder.close()
    hooks.request(asked)
    assert asked.error


ALTER = "{{alter: {{in: {}, replace: red, with: green}}}}"


@pytest.mark.parametrize(
    ("phase", "part"),
    [
        ("head", "request_headers"),
        ("head", "url"),
        ("head", "request_body"),
        ("head", "response_headers"),
        ("head", "response_body"),
        ("request", "request_headers"),
        ("request", "request_body"),
        ("request", "response_body"),
        ("response head", "response_headers"),
        ("response head", "response_body"),
        ("response", "response_headers"),
        ("response", "response_body"),
    ],
)
def test_an_alteration_waits_until_its_part_has_come(
    make_stand: Callable[..., Stand], exchange: Exchange, phase: str, part: str
) -> None:
    stand = make_stand(rule(1, PHASES[phase], ALTER.format(part)))
    hooks = Http(stand.gate)
    colours = http.Headers(x="red")
    asked = exchange(path=b"/red/x", headers=colours.copy(), content=b"red secret")
    ask(hooks, asked)
    answer(hooks, asked, tutils.tresp(content=b"red hello", headers=colours.copy()))
    altered = {
        "url": asked.request.path,
        "request_headers": asked.request.headers["x"],
        "request_body": asked.request.text,
        "response_headers": asked.response.headers["x"],
        "response_body": asked.response.text,
    }
    assert [name for name, value in altered.items() if "green" in value] == [part]
    assert json.loads(stand.row("SELECT detail FROM responses")[0]) == {"part": part, "count": 1}


def test_an_alteration_that_finds_nothing_is_not_recorded(
    make_stand: Callable[..., Stand], exchange: Exchange
) -> None:
    stand = make_stand(rule(1, PHASES["head"], ALTER.format("request_body")))
    ask(Http(stand.gate), exchange(content=b"blue"))
    assert stand.count("findings") == 1
    assert stand.count("responses") == 0


def test_the_records_hold_what_came_and_not_what_was_made_of_it(
    make_stand: Callable[..., Stand], exchange: Exchange
) -> None:
    rules = [
        rule(number, PHASES["head"], ALTER.format(part))
        for number, part in enumerate(["url", "request_headers", "request_body", "response_body"])
    ]
    stand = make_stand(*rules)
    hooks = Http(stand.gate)
    asked = exchange(path=b"/red/x", headers=http.Headers(x="red"), content=b"redred")
    ask(hooks, asked)
    answer(hooks, asked, reply(b"red"))
    assert stand.row("SELECT path, header_text FROM requests") == ("/red/x", "x: red")
    sizes = stand.rows("SELECT size FROM bodies ORDER BY seq")
    assert [row["size"] for row in sizes] == [6, 3]


@pytest.mark.parametrize("side", ["request", "response"])
async def test_a_body_that_cannot_be_altered_does_not_pass(
    make_stand: Callable[..., Stand], exchange: Exchange, side: str
) -> None:
    stand = make_stand(rule(1, PHASES["head"], ALTER.format(f"{side}_body")))
    hooks, fields = Http(stand.gate), http.Headers(content_encoding="gzip")
    asked = exchange(content=b"not gzip", headers=fields)
    ask(hooks, asked)
    if not asked.error:
        answer(hooks, asked, tutils.tresp(content=b"not gzip", headers=fields))
    assert asked.error
    found = stand.row(
        "SELECT kind, evidence FROM findings f JOIN finding_events x ON x.finding = f.id"
        " JOIN events e ON e.id = x.event WHERE source = 'honeyweir'"
    )
    assert found[0] == "exchange"
    assert "AlterError: the body cannot be altered: malformed content-encoding" in found[1]


def test_what_an_alteration_leads_to_is_not_decided_again(
    make_stand: Callable[..., Stand], exchange: Exchange
) -> None:
    stand = make_stand(
        rule(1, PHASES["head"], ALTER.format("request_body")),
        rule(2, "request_body|contains: green", "block"),
    )
    asked = exchange(content=b"red")
    ask(Http(stand.gate), asked)
    assert asked.request.content == b"green"
    assert asked.error is None


def test_a_head_that_was_answered_by_us_is_not_decided(
    make_stand: Callable[..., Stand], exchange: Exchange
) -> None:
    stand = make_stand(
        rule(1, PHASES["head"], "{block: {status: 404}}"), rule(2, "sc-status: 404", "block")
    )
    asked = exchange()
    ask(Http(stand.gate), asked)
    assert (asked.response.status_code, asked.error) == (404, None)
    assert stand.count("findings") == 1


def test_the_exchange_that_opened_a_websocket_is_found(stand: Stand, exchange: Exchange) -> None:
    hooks, asked = Http(stand.gate), exchange()
    assert hooks.exchange(asked) is None
    ask(hooks, asked)
    found = hooks.exchange(asked)
    assert found
    assert found.path == "/x"


def loaded(response: bool) -> http.HTTPFlow:
    """An exchange as mitmproxy reads it from a file."""
    return tflow.tflow(resp=response, err=not response, live=False)


@pytest.mark.parametrize("response", [True, False])
async def test_an_exchange_from_a_file_is_recorded_like_any_other(
    stand: Stand, context: taddons.context, response: bool
) -> None:
    await context.cycle(Http(stand.gate), loaded(response))
    assert stand.count("findings") == 0
    assert stand.count("replies") == int(response)
    assert stand.row("SELECT error FROM exchange_ends") == (None if response else "error",)


@pytest.mark.parametrize("phase", ["c-uri|endswith: /path", "sc-status: 200"])
async def test_an_exchange_from_a_file_is_judged_but_has_nobody_to_be_cut_off(
    make_stand: Callable[..., Stand], phase: str
) -> None:
    stand = make_stand(rule(1, phase, "block"))
    hooks, read = Http(stand.gate), loaded(response=True)
    for event in eventsequence.iterate(read):
        getattr(hooks, event.name)(read)
    assert read.error is None
    assert stand.row("SELECT rule_title FROM responses") == ("Rule 1",)
    assert stand.count("exchange_ends") == 1
