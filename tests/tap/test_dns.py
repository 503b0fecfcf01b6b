"""DNS queries and answers as events."""

import pytest
from mitmproxy.dns import Question, ResourceRecord
from mitmproxy.net.dns import types
from mitmproxy.test import tflow

from honeyweir.tap.connections import read_connection
from honeyweir.tap.dns import read_answer, read_query, record_data
from honeyweir.tap.inventory import Inventory


def test_a_query_is_read_whole() -> None:
    flow = tflow.tdnsflow()
    query = read_query(read_connection(flow.client_conn, Inventory()), flow)
    assert (query.name, query.type, query.opcode) == ("dns.google", "A", "QUERY")
    assert (query.transaction, query.protocol) == (42, "dns")
    assert query.decoy.name == "127.0.0.1"


def test_all_questions_of_a_query_are_named() -> None:
    flow = tflow.tdnsflow()
    flow.request.questions.append(Question("b.example", types.TXT, 1))
    query = read_query(read_connection(flow.client_conn, Inventory()), flow)
    assert (query.name, query.type) == ("dns.google b.example", "A TXT")


def test_an_answer_is_read_with_all_its_records() -> None:
    answer = read_answer(tflow.tdnsresp())
    assert answer.rcode == "NOERROR"
    assert answer.record_text == "8.8.8.8\n8.8.4.4"
    assert answer.records[0].ttl == 32


@pytest.mark.parametrize(
    ("type_", "data", "shown"),
    [
        (types.A, b"\x01\x02\x03\x04", "1.2.3.4"),
        (types.AAAA, bytes(15) + b"\x01", "::1"),
        (types.CNAME, b"\x03www\x07example\x00", "www.example"),
        (types.TXT, b"\x03abc\x02\xff\x00", "abc\\xff\\x00"),
        (types.MX, b"\x00\x0a\x04mail\x00", "10 mail."),
        (types.SRV, b"\x00\x01\x00\x02\x00\x50\x01a\x00", "1 2 80 a."),
    ],
)
def test_data_is_shown_in_presentation_form(type_: int, data: bytes, shown: str) -> None:
    assert record_data(ResourceRecord("a.example", type_, 1, 60, data)) == shown


@pytest.mark.parametrize("type_", [types.A, types.CNAME, types.TXT, types.MX, types.HTTPS])
def test_malformed_data_is_shown_in_hexadecimal(type_: int) -> None:
    assert record_data(ResourceRecord("a.example", type_, 1, 60, b"\x09x")) == "0978"
