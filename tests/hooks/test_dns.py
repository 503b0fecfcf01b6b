"""What the DNS hooks do to queries and answers, and what they record of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from ipaddress import IPv4Address

import pytest
from mitmproxy import dns
from mitmproxy.net.dns import response_codes, types
from mitmproxy.test import tflow, tutils

from honeyweir.hooks.dns import Dns
from hooks.conftest import Stand, Wire
from stage import rule

DNS = "category: dns"
NAME = "query: dns.google"

Make = Callable[..., Stand]


@pytest.fixture
def query(wire: Wire) -> dns.DNSFlow:
    """A query for the addresses of dns.google."""
    return tflow.tdnsflow(client_conn=wire.client)


def ask(hooks: Dns, asked: dns.DNSFlow) -> None:
    """Let the query pass the hooks, as mitmproxy does."""
    hooks.dns_request(asked)
    if asked.response:
        hooks.dns_response(asked)


def answer(hooks: Dns, asked: dns.DNSFlow, *addresses: str) -> None:
    """Let an answer pass them."""
    records = [dns.ResourceRecord.A("dns.google", IPv4Address(each)) for each in addresses]
    questions = asked.request.questions
    asked.response = tutils.tdnsresp(id=asked.request.id, questions=questions, answers=records)
    hooks.dns_response(asked)


def test_a_query_and_its_answer_pass_and_are_recorded(stand: Stand, query: dns.DNSFlow) -> None:
    hooks = Dns(stand.gate)
    ask(hooks, query)
    assert query.response is None
    answer(hooks, query, "192.0.2.1")
    assert len(query.response.answers) == 1
    found = stand.row(
        "SELECT name, type, rcode, record_text FROM queries JOIN answers USING (event)"
    )
    assert found == ("dns.google", "A", "NOERROR", "192.0.2.1")


def test_a_name_is_said_not_to_exist(make_stand: Make, query: dns.DNSFlow, wire: Wire) -> None:
    stand = make_stand(rule(1, NAME, "{block: {how: nxdomain}}", DNS))
    ask(Dns(stand.gate), query)
    assert query.response.response_code == response_codes.NXDOMAIN
    assert (query.response.id, query.response.questions) == (42, query.request.questions)
    assert wire.is_open
    assert stand.row("SELECT rcode FROM answers") == ("NXDOMAIN",)
    assert json.loads(stand.row("SELECT detail FROM responses")[0]) == {"how": "nxdomain"}


def test_a_query_is_left_without_an_answer(
    make_stand: Make, query: dns.DNSFlow, wire: Wire
) -> None:
    stand = make_stand(rule(1, NAME, "block", DNS))
    ask(Dns(stand.gate), query)
    assert query.response is None
    assert wire.is_open
    assert json.loads(stand.row("SELECT detail FROM responses")[0]) == {"how": "close"}


@pytest.mark.parametrize(
    ("response", "given"), [("block", None), ("{block: {how: nxdomain}}", "NXDOMAIN")]
)
def test_an_answer_is_kept_from_the_decoy(
    make_stand: Make, query: dns.DNSFlow, response: str, given: str | None
) -> None:
    stand = make_stand(rule(1, "answers|contains: 192.0.2.66", response, DNS))
    hooks = Dns(stand.gate)
    ask(hooks, query)
    answer(hooks, query, "192.0.2.66")
    code = query.response and response_codes.to_str(query.response.response_code)
    assert code == given
    assert stand.row("SELECT rcode, record_text FROM answers") == ("NOERROR", "192.0.2.66")


ALTER = '{alter: {in: answer, replace: "192.0.2.1", with: "10.0.5.99"}}'


@pytest.mark.parametrize("condition", [NAME, "answers|contains: 192.0.2.1"])
def test_an_answer_is_altered_and_its_original_recorded(
    make_stand: Make, query: dns.DNSFlow, condition: str
) -> None:
    stand = make_stand(rule(1, condition, ALTER, DNS))
    hooks = Dns(stand.gate)
    ask(hooks, query)
    answer(hooks, query, "192.0.2.1", "192.0.2.2")
    assert [str(record) for record in query.response.answers] == ["10.0.5.99", "192.0.2.2"]
    assert stand.row("SELECT record_text FROM answers") == ("192.0.2.1\n192.0.2.2",)
    assert json.loads(stand.row("SELECT detail FROM responses")[0]) == {
        "part": "answer",
        "count": 1,
    }


def test_an_answer_without_what_is_to_be_altered_passes_as_it_is(
    make_stand: Make, query: dns.DNSFlow
) -> None:
    stand = make_stand(rule(1, NAME, ALTER, DNS))
    hooks = Dns(stand.gate)
    ask(hooks, query)
    answer(hooks, query, "198.51.100.1")
    assert [str(record) for record in query.response.answers] == ["198.51.100.1"]
    assert stand.count("responses") == 0


async def test_an_answer_that_cannot_be_altered_is_not_given(
    make_stand: Make, query: dns.DNSFlow, wire: Wire
) -> None:
    alter = '{alter: {in: answer, replace: "192.0.2.1", with: "no address"}}'
    stand = make_stand(rule(1, NAME, alter, DNS))
    hooks = Dns(stand.gate)
    ask(hooks, query)
    answer(hooks, query, "192.0.2.1")
    assert query.response is None
    assert await wire.end() == "closed"
    evidence = stand.row("SELECT evidence FROM findings WHERE source = 'honeyweir'")[0]
    assert "'no address' is no data of a A record" in evidence


def test_why_there_was_no_answer_is_recorded(stand: Stand, query: dns.DNSFlow) -> None:
    hooks = Dns(stand.gate)
    ask(hooks, query)
    query.error = tflow.terr("connection refused")
    hooks.dns_error(query)
    assert stand.row("SELECT rcode, error FROM answers") == (None, "connection refused")


@pytest.mark.parametrize("answered", [True, False])
def test_an_id_that_is_used_again_is_a_new_query(
    stand: Stand, query: dns.DNSFlow, answered: bool
) -> None:
    hooks = Dns(stand.gate)
    ask(hooks, query)
    if answered:
        answer(hooks, query, "192.0.2.1")
    query.request = tutils.tdnsreq(questions=[dns.Question("two.example", types.A, 1)])
    ask(hooks, query)
    assert query.response is None  # the answer to the first is not given to the second
    answer(hooks, query, "192.0.2.2")
    names = stand.rows(
        "SELECT name, record_text FROM queries LEFT JOIN answers USING (event) ORDER BY queries.seq"
    )
    first = ("dns.google", "192.0.2.1" if answered else None)
    assert [tuple(row) for row in names] == [first, ("two.example", "192.0.2.2")]


def test_silence_is_not_kept_for_the_next_query_of_an_id(
    make_stand: Make, query: dns.DNSFlow
) -> None:
    stand = make_stand(rule(1, NAME, "block", DNS))
    hooks = Dns(stand.gate)
    ask(hooks, query)
    query.request = tutils.tdnsreq(questions=[dns.Question("two.example", types.A, 1)])
    ask(hooks, query)
    answer(hooks, query, "192.0.2.2")
    assert [str(record) for record in query.response.answers] == ["192.0.2.2"]


async def test_an_answer_to_a_query_that_was_never_seen_is_not_given(
    stand: Stand, query: dns.DNSFlow, wire: Wire
) -> None:
    answer(Dns(stand.gate), query, "192.0.2.1")
    assert query.response is None
    assert await wire.end() == "closed"
    assert stand.count("answers") == 0


async def test_a_query_that_cannot_be_recorded_is_not_passed_on(
    stand: Stand, query: dns.DNSFlow, wire: Wire
) -> None:
    stand.weir.recorder.close()
    Dns(stand.gate).dns_request(query)
    assert query.response.response_code == response_codes.SERVFAIL
    assert await wire.end() == "closed"


async def test_while_the_gate_is_closed_no_query_is_passed_on(
    stand: Stand, query: dns.DNSFlow, wire: Wire
) -> None:
    stand.gate.weir = None
    Dns(stand.gate).dns_request(query)
    assert query.response.response_code == response_codes.SERVFAIL
    assert await wire.end() == "closed"


def test_a_query_without_a_question_is_recorded(stand: Stand, query: dns.DNSFlow) -> None:
    query.request.questions = []
    Dns(stand.gate).dns_request(query)
    assert stand.row("SELECT name, type, opcode FROM queries") == ("", "", "QUERY")


def test_the_same_name_again_and_again_is_one_finding(make_stand: Make, query: dns.DNSFlow) -> None:
    stand = make_stand(rule(1, NAME, "flag", DNS))
    hooks = Dns(stand.gate)
    for _ in range(30):
        ask(hooks, query)
    assert (stand.count("finding_events"), stand.count("findings")) == (30, 1)


def test_a_second_answer_is_not_given_since_rules_are_spent_on_the_first(
    stand: Stand, query: dns.DNSFlow
) -> None:
    hooks = Dns(stand.gate)
    ask(hooks, query)
    answer(hooks, query, "192.0.2.1")
    answer(hooks, query, "203.0.113.6")
    assert query.response is None
    assert stand.row("SELECT record_text FROM answers") == ("192.0.2.1",)


def test_an_answer_to_an_earlier_query_with_the_same_id_is_not_given(
    stand: Stand, query: dns.DNSFlow
) -> None:
    hooks = Dns(stand.gate)
    query.request = tutils.tdnsreq(questions=[dns.Question("good.example", types.A, 1)])
    ask(hooks, query)
    late = tutils.tdnsresp(id=query.request.id, questions=query.request.questions)
    query.request = tutils.tdnsreq(questions=[dns.Question("bad.example", types.A, 1)])
    ask(hooks, query)
    query.response = late
    hooks.dns_response(query)
    assert query.response is None
    assert stand.count("answers") == 0
