"""DNS queries before they are passed on, answers before they are given."""

from __future__ import annotations

import weakref
from dataclasses import dataclass

from mitmproxy import connection, dns
from mitmproxy.net.dns import response_codes

from honeyweir.hooks.guard import Gate, Hooks, guarded
from honeyweir.model import Event, Phase, Query
from honeyweir.policy.evaluate import Evaluation, Planned
from honeyweir.record import rows
from honeyweir.respond.alter import Alter
from honeyweir.respond.block import Block
from honeyweir.respond.parts import alter_answer
from honeyweir.respond.sever import sever
from honeyweir.tap.dns import answers, read_answer, read_query
from honeyweir.weir import blocking


@dataclass(slots=True)
class State:
    """A query on its way."""

    query: Query
    evaluation: Evaluation
    alterations: list[Planned]
    silent: bool = False  # no answer is given
    recorded: bool = False


class Dns(Hooks[dns.DNSFlow]):
    """DNS over UDP and TCP."""

    def __init__(self, gate: Gate) -> None:
        super().__init__(gate)
        self._states: weakref.WeakKeyDictionary[dns.DNSFlow, State] = weakref.WeakKeyDictionary()

    @guarded
    def dns_request(self, flow: dns.DNSFlow) -> None:
        """A query has come. A client may use a flow's transaction id again: that is a new query."""
        flow.response = flow.error = None
        weir = self.weir()
        query = read_query(weir.connection(flow.client_conn), flow)
        evaluation = weir.policy.evaluate(query)
        state = self._states[flow] = State(query, evaluation, [])
        weir.record(rows.query_rows(query))
        state.recorded = True
        self._act(flow, state, Phase.REQUEST)

    @guarded
    def dns_response(self, flow: dns.DNSFlow) -> None:
        """An answer has come, or we gave one."""
        assert flow.response
        state = self._states[flow]
        if state.query.answer or not answers(flow.response, flow.request):
            # A second answer, or one to an earlier query with this id: rules are spent on it.
            flow.response = None
            return
        state.query.answer = read_answer(flow.response)
        self.weir().record(rows.answer_rows(state.query))
        if state.silent:
            flow.response = None
        else:
            self._act(flow, state, Phase.RESPONSE)
        self.weir().inspect(state.query)

    @guarded
    def dns_error(self, flow: dns.DNSFlow) -> None:
        """No answer came."""
        state = self._states[flow]
        state.query.error = flow.error.msg if flow.error else None
        self.weir().record(rows.answer_rows(state.query))
        self.weir().inspect(state.query)

    def block(self, subject: dns.DNSFlow) -> None:
        if subject.response is None:
            subject.response = subject.request.fail(response_codes.SERVFAIL)
        else:
            subject.response = None
        sever(subject.client_conn)

    def client_of(self, subject: dns.DNSFlow) -> connection.Client:
        return subject.client_conn

    def event_of(self, subject: dns.DNSFlow) -> Event | None:
        state = self._states.get(subject)
        return state.query if state and state.recorded else super().event_of(subject)

    def _act(self, flow: dns.DNSFlow, state: State, phase: Phase) -> None:
        planned = self.weir().judge(state.evaluation, phase)
        if block := blocking(planned):
            self._block(flow, state, *block)
            return
        state.alterations += planned
        if flow.response:
            for item in state.alterations:
                assert isinstance(item.action, Alter)
                if change := alter_answer(flow.response, item.action):
                    self.weir().respond(state.query, item, change, part=item.action.part)

    def _block(self, flow: dns.DNSFlow, state: State, planned: Planned, block: Block) -> None:
        self.weir().respond(state.query, planned, how=block.how)
        answered = flow.response is not None
        if block.how == "close" and answered:
            flow.response = None
            return
        state.silent = block.how == "close"
        flow.response = flow.request.fail(response_codes.NXDOMAIN)
