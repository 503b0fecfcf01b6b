"""Bodies that could not be looked at to their end are findings."""

import gzip

import pytest
from mitmproxy.test import tflow, tutils

from honeyweir.inspect.undecoded import inspect
from honeyweir.model import Exchange, Finding
from honeyweir.tap.body import whole_body
from honeyweir.tap.connections import read_connection
from honeyweir.tap.http import read_reply, read_request
from honeyweir.tap.inventory import Inventory

GOOD = gzip.compress(b"hello", mtime=0)
BOMB = gzip.compress(bytes(9 << 20), mtime=0)


def findings(encoding: bytes, *, request: bytes = b"", response: bytes = b"") -> list[Finding]:
    flow = tflow.tflow(resp=tutils.tresp())
    flow.request.headers["content-encoding"] = flow.response.headers["content-encoding"] = encoding
    event: Exchange = read_request(read_connection(flow.client_conn, Inventory()), flow)
    event.request_body = whole_body(request, 10)
    event.reply = read_reply(flow.response)
    event.response_body = whole_body(response, 10)
    return list(inspect(event))


@pytest.mark.parametrize(
    ("encoding", "body", "problem"),
    [
        (b"gzip", BOMB, "larger than the decoding limit"),
        (b"gzip", b"no gzip at all", "malformed content-encoding"),
        (b"exi", b"anything", "content-encoding exi"),
    ],
)
def test_what_was_not_looked_at_is_told(encoding: bytes, body: bytes, problem: str) -> None:
    up, down = findings(encoding, request=body, response=body)
    assert (up.rule_id, up.level) == ("undecoded.request_body", "medium")
    assert (down.rule_id, down.level) == ("undecoded.response_body", "low")
    assert problem in up.evidence[0].value


@pytest.mark.parametrize(("encoding", "body"), [(b"gzip", GOOD), (b"identity", b"x"), (b"br", b"")])
def test_what_was_decoded_is_no_finding(encoding: bytes, body: bytes) -> None:
    assert findings(encoding, request=body, response=body) == []
