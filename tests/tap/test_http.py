"""HTTP exchanges as events."""

import base64

import pytest
from mitmproxy import http
from mitmproxy.test import tflow, tutils

from honeyweir.model import Connection, Exchange
from honeyweir.tap.connections import read_connection
from honeyweir.tap.http import read_reply, read_request
from honeyweir.tap.inventory import Inventory


def read(**request: object) -> Exchange:
    flow = tflow.tflow(req=tutils.treq(**request))
    return read_request(connection(flow), flow)


def connection(flow: http.HTTPFlow) -> Connection:
    return read_connection(flow.client_conn, Inventory())


def test_a_request_is_read_whole() -> None:
    exchange = read(
        method=b"POST",
        path=b"/a/Setup.EXE?id=1&x=?",
        headers=http.Headers(
            [
                (b"Host", b"shop.example.com:8080"),
                (b"user-Agent", b"curl/8"),
                (b"REFERER", b"http://a/"),
                (b"Cookie", b"a=b"),
                (b"Content-Type", b"text/plain"),
            ]
        ),
        port=8080,
    )
    assert (exchange.method, exchange.host, exchange.port) == ("POST", "shop.example.com", 8080)
    assert exchange.url == "http://shop.example.com:8080/a/Setup.EXE?id=1&x=?"
    assert (exchange.path, exchange.query) == ("/a/Setup.EXE", "id=1&x=?")
    assert exchange.target == "/a/Setup.EXE?id=1&x=?"
    assert exchange.extension == "exe"
    assert (exchange.user_agent, exchange.referer) == ("curl/8", "http://a/")
    assert (exchange.cookie, exchange.content_type) == ("a=b", "text/plain")
    assert exchange.request_headers.splitlines()[1] == "user-Agent: curl/8"
    assert exchange.time == 946681200_000000  # the request's own time, not now


def test_it_knows_its_connection_decoy_and_destination() -> None:
    flow = tflow.tflow()
    event = connection(flow)
    exchange = read_request(event, flow)
    assert (exchange.connection, exchange.decoy.name) == (event.id, "127.0.0.1")
    assert exchange.src == ("127.0.0.1", 22)
    assert exchange.dst == ("address", 22)


def test_what_a_client_dialled_is_kept_where_it_dialled_itself() -> None:
    flow = tflow.tflow()
    event = connection(flow)
    event.dst = ("203.0.113.9", 80)
    assert read_request(event, flow).dst == ("203.0.113.9", 80)


def test_an_empty_query_is_not_the_same_as_none() -> None:
    assert read(path=b"/a?").query == ""
    assert read(path=b"/a").query is None


def test_bytes_that_are_no_text_are_made_visible() -> None:
    exchange = read(path=b"/\xff\x00?\xfe", headers=http.Headers([(b"User-Agent", b"a\xff\x00")]))
    assert exchange.path == "/\\xff\\x00"
    assert exchange.query == "\\xfe"
    assert exchange.user_agent == "a\\xff\\x00"
    assert exchange.url.endswith("/\\xff\\x00?\\xfe")


@pytest.mark.parametrize(
    ("value", "username"),
    [
        (b"Basic " + base64.b64encode(b"anna:secret"), "anna"),
        (b"basic " + base64.b64encode(b"anna"), "anna"),
        (b"Basic ***", None),
        (b"Bearer abc", None),
    ],
)
def test_the_user_of_basic_authentication_is_read(value: bytes, username: str | None) -> None:
    assert read(headers=http.Headers([(b"Authorization", value)])).username == username


def test_a_reply_is_read_whole() -> None:
    response = tutils.tresp(
        status_code=302,
        reason=b"Found \xff",
        headers=http.Headers([(b"Server", b"nginx"), (b"Location", b"/b"), (b"X", b"1")]),
    )
    reply = read_reply(response)
    assert (reply.status, reply.reason, reply.http_version) == (302, "Found \\xff", "HTTP/1.1")
    assert (reply.server, reply.location, reply.content_type) == ("nginx", "/b", None)
    assert reply.header_text == "Server: nginx\nLocation: /b\nX: 1"


def test_all_headers_of_a_name_are_read_as_one() -> None:
    crumbs = [
        (b"cookie", b"a=b"),
        (b"User-Agent", b"x"),
        (b"cookie", b"c=d"),
        (b"USER-agent", b"y"),
    ]
    exchange = read(headers=http.Headers(crumbs))
    assert (exchange.cookie, exchange.user_agent) == ("a=b; c=d", "x, y")
