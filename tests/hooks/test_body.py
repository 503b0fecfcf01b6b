"""Large bodies, chunk by chunk, through the hooks that mitmproxy calls around them."""

from __future__ import annotations

import contextlib
import gzip
import json
import sqlite3
from collections.abc import Callable, Iterable

import pytest
from mitmproxy import http
from mitmproxy.test import tflow, tutils

from honeyweir.content import decode
from honeyweir.hooks.body import BodyStream
from honeyweir.hooks.http import Http
from hooks.conftest import Stand, Wire
from stage import rule, wait_for

SECRET = "request_body|contains: secret"
ALTER_REQUEST = "{alter: {in: request_body, replace: red, with: green}}"
ALTER_RESPONSE = "{alter: {in: response_body, replace: red, with: green}}"

Make = Callable[..., Stand]


@pytest.fixture
def upload(wire: Wire) -> Callable[..., http.HTTPFlow]:
    """A request whose body is large by what it announces, so mitmproxy streams it from the start.

    With ``late``, it announces nothing.
    """

    def make(*, late: bool = False, **fields: str) -> http.HTTPFlow:
        lengths = {"transfer_encoding": "chunked"} if late else {"content_length": "9999999"}
        request = tutils.treq(path=b"/x", headers=http.Headers(**lengths, **fields), content=None)
        request.stream = not late
        return tflow.tflow(client_conn=wire.client, req=request)

    return make


def download(asked: http.HTTPFlow, *, late: bool = False, **fields: str) -> http.Response:
    """The same for the response."""
    lengths = {"transfer_encoding": "chunked"} if late else {"content_length": "9999999"}
    asked.response = tutils.tresp(headers=http.Headers(**lengths, **fields), content=None)
    asked.response.stream = not late
    return asked.response


def stream(message: http.Message, *chunks: bytes, end: bool = True) -> bytes:
    """What goes on of some chunks."""
    assert callable(message.stream)
    passed = [_joined(message.stream(chunk)) for chunk in chunks]
    return b"".join([*passed, _joined(message.stream(b"")) if end else b""])


def _joined(output: Iterable[bytes] | bytes) -> bytes:
    return output if isinstance(output, bytes) else b"".join(output)


def test_a_large_body_passes_chunk_by_chunk_as_it_is(
    make_stand: Make, upload: Callable[..., http.HTTPFlow], wire: Wire
) -> None:
    stand = make_stand(rule(1, SECRET), keep=4)
    hooks, asked = Http(stand.gate), upload()
    hooks.requestheaders(asked)
    assert asked.request.headers["content-length"] == "9999999"
    assert stream(asked.request, b"one", b"two sec", b"ret") == b"onetwo secret"
    hooks.request(asked)
    found = stand.row("SELECT size, truncated, complete FROM bodies")
    assert found == (13, 1, 1)
    assert stand.count("findings") == 1
    assert wire.is_open


def test_a_body_that_turns_out_large_late_is_looked_at_from_its_beginning(
    make_stand: Make, upload: Callable[..., http.HTTPFlow]
) -> None:
    stand = make_stand(rule(1, SECRET))
    hooks, asked = Http(stand.gate), upload(late=True)
    hooks.requestheaders(asked)
    asked.request.stream = True  # as mitmproxy does once it holds too much
    assert isinstance(asked.request.stream, BodyStream)
    assert stream(asked.request, b"a sec", b"ret") == b"a secret"
    hooks.request(asked)
    assert type(asked.request) is http.Request
    assert stand.count("findings") == 1
    assert stand.row("SELECT size FROM bodies") == (8,)


@pytest.mark.parametrize(
    ("response", "end"), [("block", "closed"), ("{block: {how: reset}}", "reset")]
)
async def test_what_comes_after_a_match_never_goes_out(
    make_stand: Make,
    upload: Callable[..., http.HTTPFlow],
    wire: Wire,
    response: str,
    end: str,
) -> None:
    stand = make_stand(rule(1, SECRET, response))
    hooks, asked = Http(stand.gate), upload()
    hooks.requestheaders(asked)
    assert stream(asked.request, b"harmless ", b"a secret", b"more") == b""
    assert await wire.end() == end
    asked.error = tflow.terr("Client disconnected.")
    hooks.error(asked)
    how = "reset" if end == "reset" else "close"
    detail = json.loads(stand.row("SELECT detail FROM responses")[0])
    assert detail == {"how": how, "seen": 17}
    assert stand.row("SELECT size, complete FROM bodies") == (17, 0)


async def test_a_page_cannot_be_given_in_the_middle_of_a_body(
    make_stand: Make, upload: Callable[..., http.HTTPFlow], wire: Wire
) -> None:
    stand = make_stand(rule(1, SECRET, "{block: {status: 404}}"))
    hooks, asked = Http(stand.gate), upload()
    hooks.requestheaders(asked)
    assert stream(asked.request, b"a secret") == b""
    assert await wire.end() == "closed"
    assert asked.response is None
    assert json.loads(stand.row("SELECT detail FROM responses")[0])["how"] == "close"


def test_a_large_request_that_is_refused_for_its_head_is_killed_and_gets_no_page(
    make_stand: Make, upload: Callable[..., http.HTTPFlow]
) -> None:
    stand = make_stand(rule(1, "c-uri|endswith: /x", "{block: {status: 404}}"))
    asked = upload()
    Http(stand.gate).requestheaders(asked)
    assert asked.error
    assert json.loads(stand.row("SELECT detail FROM responses")[0]) == {"how": "close"}


@pytest.mark.parametrize("block_on_error", [True, False])
async def test_a_refused_body_that_grows_too_large_takes_its_connection_with_it(
    make_stand: Make, upload: Callable[..., http.HTTPFlow], wire: Wire, block_on_error: bool
) -> None:
    stand = make_stand(
        rule(1, "c-uri|endswith: /x", "{block: {status: 404}}"), block_on_error=block_on_error
    )
    hooks, asked = Http(stand.gate), upload(late=True)
    hooks.requestheaders(asked)
    assert asked.error is None
    asked.request.stream = True
    assert stream(asked.request, b"all of", b" this") == b""
    assert await wire.end() == "closed"


async def test_a_refused_response_that_grows_too_large_does_not_come_in(
    make_stand: Make, upload: Callable[..., http.HTTPFlow], wire: Wire
) -> None:
    stand = make_stand(rule(1, "sc-status: 200", "{block: {status: 404}}"))
    hooks, asked = Http(stand.gate), upload(late=True)
    hooks.requestheaders(asked)
    hooks.request(asked)
    response = download(asked, late=True)
    hooks.responseheaders(asked)
    response.stream = True
    assert stream(response, b"MZ") == b""
    assert await wire.end() == "closed"


@pytest.mark.parametrize("condition", ["c-uri|endswith: /x", "request_body|contains: secret"])
def test_a_body_is_altered_as_it_passes(
    make_stand: Make, upload: Callable[..., http.HTTPFlow], condition: str
) -> None:
    stand = make_stand(rule(1, condition, ALTER_REQUEST))
    hooks, asked = Http(stand.gate), upload()
    hooks.requestheaders(asked)
    assert "content-length" not in asked.request.headers
    assert asked.request.headers["transfer-encoding"] == "chunked"
    assert stream(asked.request, b"secret r", b"ed ", b"red") == b"secret green green"
    hooks.request(asked)
    assert json.loads(stand.row("SELECT detail FROM responses")[0])["count"] == 2
    assert stand.row("SELECT size FROM bodies") == (14,)


def test_both_forms_of_an_altered_body_are_kept_up_to_the_limit(
    make_stand: Make, upload: Callable[..., http.HTTPFlow]
) -> None:
    stand = make_stand(rule(1, "c-uri|endswith: /x", ALTER_REQUEST), keep=5)
    hooks, asked = Http(stand.gate), upload()
    hooks.requestheaders(asked)
    stream(asked.request, b"red and more")
    original, altered = stand.row(
        "SELECT o.size, a.size FROM responses r JOIN payloads o ON o.sha256 = r.original"
        " JOIN payloads a ON a.sha256 = r.altered"
    )
    assert (original, altered) == (5, 5)


def test_an_http_2_body_that_is_altered_is_not_announced_as_chunked(
    make_stand: Make, upload: Callable[..., http.HTTPFlow]
) -> None:
    stand = make_stand(rule(1, "c-uri|endswith: /x", ALTER_REQUEST))
    asked = upload()
    asked.request.http_version = "HTTP/2.0"
    Http(stand.gate).requestheaders(asked)
    assert asked.request.headers.fields == ()


def test_an_encoded_body_is_read_and_altered_inside_its_encoding(
    make_stand: Make, upload: Callable[..., http.HTTPFlow]
) -> None:
    stand = make_stand(rule(1, SECRET, ALTER_REQUEST))
    hooks, asked = Http(stand.gate), upload(content_encoding="gzip")
    hooks.requestheaders(asked)
    packed = gzip.compress(b"a red secret")
    passed = stream(asked.request, packed[:9], packed[9:])
    assert decode(passed, asked.request.headers.fields) == b"a green secret"
    hooks.request(asked)
    assert stand.row("SELECT size FROM bodies") == (len(packed),)


@pytest.mark.parametrize("block_on_error", [True, False])
async def test_a_body_that_cannot_be_altered_goes_no_further_whatever_the_operator_says(
    make_stand: Make, upload: Callable[..., http.HTTPFlow], wire: Wire, block_on_error: bool
) -> None:
    stand = make_stand(rule(1, "c-uri|endswith: /x", ALTER_REQUEST), block_on_error=block_on_error)
    hooks, asked = Http(stand.gate), upload(content_encoding="gzip")
    hooks.requestheaders(asked)
    assert stream(asked.request, b"no gzip at all", b"more") == b""
    assert await wire.end() == "closed"
    assert stand.count("findings WHERE source = 'honeyweir'") == 1


def test_a_body_that_cannot_be_decoded_is_looked_at_as_it_is_and_is_a_finding(
    make_stand: Make, upload: Callable[..., http.HTTPFlow]
) -> None:
    stand = make_stand(rule(1, SECRET))
    hooks, asked = Http(stand.gate), upload(content_encoding="exi")
    hooks.requestheaders(asked)
    assert stream(asked.request, b"a secret") == b"a secret"
    hooks.request(asked)
    asked.error = tflow.terr()
    hooks.error(asked)
    found = stand.rows("SELECT source FROM findings ORDER BY source")
    assert [row["source"] for row in found] == ["sigma", "undecoded"]


@pytest.mark.parametrize(
    ("block_on_error", "passed"), [(True, b""), (False, b"while nothing is recorded")]
)
def test_records_that_break_while_a_body_passes_stop_it_unless_the_operator_lets_it(
    make_stand: Make,
    upload: Callable[..., http.HTTPFlow],
    wire: Wire,
    block_on_error: bool,
    passed: bytes,
) -> None:
    stand = make_stand(block_on_error=block_on_error)
    asked = upload()
    Http(stand.gate).requestheaders(asked)
    with contextlib.closing(sqlite3.connect(stand.db)) as other:
        other.execute("BEGIN IMMEDIATE")
        wait_for(lambda: stand.weir.recorder.failure, "the records break")
        assert stream(asked.request, b"while nothing is recorded") == passed
    assert wire.is_open is not block_on_error


async def test_a_part_that_has_gone_out_cannot_be_altered_any_more(
    make_stand: Make, upload: Callable[..., http.HTTPFlow], wire: Wire
) -> None:
    alter = "{alter: {in: request_headers, replace: red, with: green}}"
    stand = make_stand(rule(1, SECRET, alter))
    hooks, asked = Http(stand.gate), upload(x="red")
    hooks.requestheaders(asked)
    assert stream(asked.request, b"a secret") == b""
    assert await wire.end() == "closed"
    evidence = stand.row("SELECT evidence FROM findings WHERE source = 'honeyweir'")[0]
    assert "request_headers has gone out before the rule was decided" in evidence


def test_what_a_body_decides_of_the_response_is_done_when_that_comes(
    make_stand: Make, upload: Callable[..., http.HTTPFlow]
) -> None:
    stand = make_stand(rule(1, SECRET, ALTER_RESPONSE))
    hooks, asked = Http(stand.gate), upload()
    hooks.requestheaders(asked)
    assert stream(asked.request, b"a red secret") == b"a red secret"
    hooks.request(asked)
    response = download(asked)
    hooks.responseheaders(asked)
    assert stream(response, b"a r", b"ed rose") == b"a green rose"
    hooks.response(asked)
    assert stand.count("responses") == 1
    sides = stand.rows("SELECT side, size, complete FROM bodies ORDER BY seq")
    assert [tuple(row) for row in sides] == [("request", 12, 1), ("response", 10, 1)]


def test_a_download_that_turns_out_large_late_is_altered_as_it_passes(
    make_stand: Make, upload: Callable[..., http.HTTPFlow]
) -> None:
    stand = make_stand(rule(1, "sc-status: 200", ALTER_RESPONSE))
    hooks, asked = Http(stand.gate), upload(late=True)
    hooks.requestheaders(asked)
    hooks.request(asked)
    response = download(asked, late=True)
    hooks.responseheaders(asked)
    response.stream = True
    assert stream(response, b"red") == b"green"
    hooks.response(asked)
    assert type(asked.response) is http.Response


async def test_a_transfer_that_breaks_off_is_recorded_as_incomplete(
    stand: Stand, upload: Callable[..., http.HTTPFlow]
) -> None:
    hooks, asked = Http(stand.gate), upload()
    hooks.requestheaders(asked)
    assert stream(asked.request, b"half of", end=False) == b"half of"
    asked.error = tflow.terr("Client disconnected.")
    hooks.error(asked)
    assert stand.row("SELECT side, size, complete FROM bodies") == ("request", 7, 0)
    assert stand.row("SELECT error FROM exchange_ends") == ("Client disconnected.",)


def test_a_rule_that_is_certain_before_the_end_is_one_finding(
    make_stand: Make, upload: Callable[..., http.HTTPFlow]
) -> None:
    stand = make_stand(rule(1, SECRET))
    hooks, asked = Http(stand.gate), upload()
    hooks.requestheaders(asked)
    stream(asked.request, b"secret", b"secret", b"secret")
    hooks.request(asked)
    assert stand.count("findings") == stand.count("finding_events") == 1


def test_a_rule_that_waits_for_the_end_of_a_body_is_decided_there(
    make_stand: Make, upload: Callable[..., http.HTTPFlow], wire: Wire
) -> None:
    stand = make_stand(rule(1, "request_body|re: secret$", "block"))
    hooks, asked = Http(stand.gate), upload()
    hooks.requestheaders(asked)
    assert stream(asked.request, b"a sec", b"ret", end=False) == b"a sec"
    assert wire.is_open
    stream(asked.request)
    assert not wire.is_open
