"""The demo's world outside: servers that answer, and end when they are told to."""

import http.client
import socket
import ssl

import dns.message
import dns.query
import pytest
from websockets.sync.client import connect

from honeyweir.demo import origins

NAMES = ("news.example.com", "files.example.net")


@pytest.fixture(scope="module")
def outside(tmp_path_factory):
    with origins.running(tmp_path_factory.mktemp("origins"), NAMES) as running:
        yield running


@pytest.fixture
def trusting(outside):
    return ssl.create_default_context(cafile=outside.ca)


def test_the_web_server_has_a_page_for_a_host_and_path(outside):
    connection = http.client.HTTPConnection(origins.ADDRESS, outside.http, timeout=5)
    connection.request("GET", "/", headers={"Host": "news.example.com"})
    answer = connection.getresponse()
    assert answer.headers["Server"] == "nginx"
    assert b"Industry News" in answer.read()
    connection.close()


@pytest.mark.parametrize("name", NAMES)
def test_the_secure_one_has_a_certificate_for_each_name(outside, trusting, name):
    with (
        socket.create_connection((origins.ADDRESS, outside.https), 5) as plain,
        trusting.wrap_socket(plain, server_hostname=name) as secure,
    ):
        assert ("DNS", name) in secure.getpeercert()["subjectAltName"]


def test_a_post_is_read_to_its_end_and_the_next_request_answered(outside):
    connection = http.client.HTTPConnection(origins.ADDRESS, outside.http, timeout=5)
    for body in (b"x" * 100_000, b"y"):
        connection.request("POST", "/upload", body, {"Host": "files.example.net"})
        assert connection.getresponse().read() == b"<p>ok</p>\n"
    connection.close()


def test_the_websocket_echoes(outside, trusting):
    with (
        socket.create_connection((origins.ADDRESS, outside.https), 5) as stream,
        connect("wss://news.example.com/live", sock=stream, ssl=trusting, proxy=None) as websocket,
    ):
        websocket.send("morning")
        assert websocket.recv(5) == "echo: morning"


def test_the_line_server_answers_each_line_with_an_order(outside):
    with socket.create_connection((origins.ADDRESS, outside.tcp), 5) as stream:
        stream.sendall(b"uid=0(root)\n")
        assert stream.makefile("rb").readline() == b"whoami\n"


@pytest.mark.parametrize(("type_", "text"), [("A", "192.0.2.80"), ("TXT", '"v=1 ok"')])
def test_the_name_server_answers_addresses_and_texts(outside, type_, text):
    query = dns.message.make_query("cdn.example.net", type_)
    answer = dns.query.udp(query, origins.ADDRESS, 5, outside.dns)
    assert [str(record) for record in answer.answer[0]] == [text]


def test_they_are_gone_afterwards(tmp_path):
    with origins.running(tmp_path, NAMES) as running:
        port = running.http
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((origins.ADDRESS, port), 5)
