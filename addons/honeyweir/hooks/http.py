"""HTTP exchanges: the request before it goes out, the response before it comes in."""

from __future__ import annotations

import functools
import weakref
from collections.abc import Iterable
from dataclasses import dataclass, field

from mitmproxy import connection, http

from honeyweir.hooks import late
from honeyweir.hooks.body import REQUEST, RESPONSE, BodyStream, Side
from honeyweir.hooks.guard import Gate, Hooks, guarded
from honeyweir.model import Event, Exchange, Phase
from honeyweir.policy.evaluate import Evaluation, Planned
from honeyweir.record import rows
from honeyweir.record.row import Row
from honeyweir.respond.alter import Alter
from honeyweir.respond.block import Block
from honeyweir.respond.page import refusal
from honeyweir.respond.parts import Change, alter_request, alter_response
from honeyweir.respond.sever import kill, sever
from honeyweir.tap.body import whole_body
from honeyweir.tap.clock import now
from honeyweir.tap.http import read_reply, read_request
from honeyweir.weir import blocking


@dataclass(slots=True)
class State:
    """An exchange on its way."""

    exchange: Exchange
    evaluation: Evaluation
    alterations: list[Planned] = field(default_factory=list)  # decided, of what has not come yet
    streams: dict[str, BodyStream] = field(default_factory=dict)  # by side
    refused: Block | None = None  # a page is to be given as soon as the body is in
    answered: bool = False  # the response is ours
    noted: set[str] = field(default_factory=set)  # sides whose body is in the records
    unwritten: list[Row] = field(default_factory=list)  # what the records do not have yet


class Http(Hooks[http.HTTPFlow]):
    """HTTP/1, HTTP/2 and HTTP/3."""

    def __init__(self, gate: Gate) -> None:
        super().__init__(gate)
        self._states: weakref.WeakKeyDictionary[http.HTTPFlow, State] = weakref.WeakKeyDictionary()
        # Exchanges with a body that passes. Nothing in a State may hold its flow: it would live on.
        self._passing: weakref.WeakKeyDictionary[connection.Client, list[State]] = (
            weakref.WeakKeyDictionary()
        )

    @guarded
    def http_connect(self, flow: http.HTTPFlow) -> None:
        """A client asks the proxy for a tunnel: the last moment before the origin is dialled."""
        state = self._begin(flow)
        self._write(state)
        self._act(flow, state, Phase.REQUEST)
        if flow.error:
            self._end(flow, state)

    @guarded
    def http_connected(self, flow: http.HTTPFlow) -> None:
        """The tunnel stands; what is in it comes as flows of its own."""
        self._answer_to_connect(flow)

    @guarded
    def http_connect_error(self, flow: http.HTTPFlow) -> None:
        """The tunnel was refused, by us or since the origin cannot be reached."""
        self._answer_to_connect(flow)

    @guarded
    def requestheaders(self, flow: http.HTTPFlow) -> None:
        """The head of a request has come; a large body is read as it passes from here on."""
        state = self._begin(flow)
        self._act(flow, state, Phase.HEAD)
        if flow.error is None:
            self._prepare(flow, state, REQUEST, flow.request)

    @guarded
    def request(self, flow: http.HTTPFlow) -> None:
        """A request is whole, and has not gone out unless it is streamed."""
        late.unwatch(flow.request)
        state = self._states[flow]
        if stream := state.streams.get("request"):
            state.exchange.request_body = stream.body()
            self._note_body(state, "request")
            self._write(state)
            return
        if flow.request.raw_content:
            state.exchange.request_body = whole_body(flow.request.raw_content, self.weir().keep)
            self._note_body(state, "request")
        self._write(state)
        if state.refused:
            self._give_page(flow, state, state.refused)
        else:
            self._act(flow, state, Phase.REQUEST)

    @guarded
    def responseheaders(self, flow: http.HTTPFlow) -> None:
        """The head of a response has come; a large body is read as it passes from here on."""
        state = self._states[flow]
        assert flow.response
        self._note_reply(flow, state)
        if state.answered:
            return
        self._act(flow, state, Phase.RESPONSE_HEAD)
        if flow.error is None:
            self._prepare(flow, state, RESPONSE, flow.response)

    @guarded
    def response(self, flow: http.HTTPFlow) -> None:
        """A response is whole, and has not come in unless it is streamed."""
        assert flow.response
        late.unwatch(flow.response)
        state = self._states[flow]
        stream = state.streams.get("response")
        if stream:
            state.exchange.response_body = stream.body()
        elif flow.response.raw_content:
            state.exchange.response_body = whole_body(flow.response.raw_content, self.weir().keep)
        self._note_body(state, "response")
        if state.refused and not state.answered:
            self._give_page(flow, state, state.refused)
        elif not stream and not state.answered:
            self._act(flow, state, Phase.RESPONSE)
        self._end(flow, state)

    @guarded
    def error(self, flow: http.HTTPFlow) -> None:
        """An exchange ended without a whole response."""
        if state := self._states.get(flow):
            for side, stream in state.streams.items():
                if side not in state.noted:
                    setattr(state.exchange, f"{side}_body", stream.body(complete=False))
                    self._note_body(state, side)
            self._end(flow, state)

    def client_disconnected(self, client: connection.Client) -> None:
        """A body may still have been passing: mitmproxy tells of no end after an early response."""
        self._break_off(self._passing.pop(client, ()))

    def done(self) -> None:
        """The proxy stops, or the script is loaded anew."""
        for states in list(self._passing.values()):
            self._break_off(states)

    def _break_off(self, states: Iterable[State]) -> None:
        """Write what is known of exchanges that will hear no more."""
        for state in states:
            try:
                for side, stream in state.streams.items():
                    if side not in state.noted:
                        setattr(state.exchange, f"{side}_body", stream.body(complete=False))
                        self._note_body(state, side)
                if state.exchange.ended is None:
                    self._note_end(state, "the connection was closed")
                self._write(state)
            except Exception as error:
                if weir := self.gate.weir:
                    weir.failed(error, state.exchange)

    def _fail_stream(self, flow: weakref.ref[http.HTTPFlow], error: Exception) -> None:
        if (alive := flow()) is not None:
            self.fail(alive, error)

    def block(self, subject: http.HTTPFlow) -> None:
        """End the exchange; one whose body is passing already takes its connection with it."""
        state = self._states.get(subject)
        kill(subject)
        if state is None or state.streams or subject.error is None:
            sever(subject.client_conn)

    def client_of(self, subject: http.HTTPFlow) -> connection.Client:
        return subject.client_conn

    def event_of(self, subject: http.HTTPFlow) -> Event | None:
        state = self._states.get(subject)
        if state is None:
            return super().event_of(subject)
        self._write(state)
        return state.exchange

    def exchange(self, flow: http.HTTPFlow) -> Exchange | None:
        """The exchange that opened a WebSocket."""
        state = self._states.get(flow)
        return state.exchange if state else None

    def _begin(self, flow: http.HTTPFlow) -> State:
        exchange = read_request(self.weir().connection(flow.client_conn), flow)
        state = self._states[flow] = State(exchange, self.weir().policy.evaluate(exchange))
        state.unwritten += rows.request_rows(exchange)
        return state

    def _answer_to_connect(self, flow: http.HTTPFlow) -> None:
        state = self._states[flow]
        self._note_reply(flow, state)
        self._end(flow, state)

    def _act(self, flow: http.HTTPFlow, state: State, phase: Phase) -> None:
        """Decide what can be decided now, and do it."""
        decision = state.evaluation.decide(phase)
        if not decision.matches and not state.alterations:
            return
        self._write(state)
        planned = self.weir().conclude(state.exchange, decision)
        if block := blocking(planned):
            self._block(flow, state, *block, phase)
            return
        state.alterations += planned
        self._alter(flow, state, phase)

    def _block(
        self, flow: http.HTTPFlow, state: State, planned: Planned, block: Block, phase: Phase
    ) -> None:
        how = block.how
        if how == "status" and not self._can_give_page(flow, phase):
            how = "close"
        status = block.status if how == "status" else None
        self.weir().respond(state.exchange, planned, how=how, status=status)
        if how != "status":
            kill(flow, reset=how == "reset")
            if phase is Phase.HEAD and not (flow.request.is_http2 or flow.request.is_http3):
                sever(flow.client_conn)  # or a client that goes on sending would not notice
        elif phase in (Phase.HEAD, Phase.RESPONSE_HEAD) and flow.request.method != "CONNECT":
            state.refused = block
        else:
            self._give_page(flow, state, block)

    def _can_give_page(self, flow: http.HTTPFlow, phase: Phase) -> bool:
        """mitmproxy cannot answer a request, or replace a response, whose body passes in chunks."""
        message = flow.request if phase <= Phase.REQUEST else flow.response
        return message is not None and not message.stream

    def _give_page(self, flow: http.HTTPFlow, state: State, block: Block) -> None:
        reply = state.exchange.reply
        server = reply.server if reply else None
        flow.response = refusal(
            block.status, flow.request.http_version, server, head=flow.request.method == "HEAD"
        )
        state.answered = True

    def _alter(self, flow: http.HTTPFlow, state: State, phase: Phase) -> None:
        """Make the alterations of what is there now; keep the others for later."""
        later = []
        for planned in state.alterations:
            alter = planned.action
            assert isinstance(alter, Alter)
            if phase < _READY[alter.part]:
                later.append(planned)
            elif change := self._change(flow, alter):
                self.weir().respond(state.exchange, planned, change, part=alter.part)
        state.alterations = later

    def _change(self, flow: http.HTTPFlow, alter: Alter) -> Change | None:
        if alter.part.startswith("response"):
            assert flow.response
            return alter_response(flow.response, alter)
        return alter_request(flow.request, alter)

    def _prepare(
        self, flow: http.HTTPFlow, state: State, side: Side, message: http.Message
    ) -> None:
        """See to it that a body is read as it passes, if it turns out to be a large one."""
        begin = functools.partial(self._begin_stream, flow, state, side)
        if message.stream:
            message.stream = begin()
        else:
            late.watch(message, begin)

    def _begin_stream(self, flow: http.HTTPFlow, state: State, side: Side) -> late.Stream:
        """Never raises: mitmproxy calls it where an exception leaves the connection hanging."""
        if state.refused:
            return self._refuse_stream(flow, side)
        try:
            self._write(state)
            self._passing.setdefault(flow.client_conn, []).append(state)
            fail = functools.partial(self._fail_stream, weakref.ref(flow))
            stream = BodyStream(self.weir(), flow, state.evaluation, side, fail)
            state.streams[side.name] = stream
            if self._may_alter(state, side):
                stream.may_be_altered()
            decided, state.alterations = state.alterations, stream.later
            stream.plan(decided)
        except Exception as error:
            self.fail(flow, error)
            weir = self.gate.weir
            return self._refuse_stream(flow, side) if weir is None or weir.block_on_error else _pass
        return stream

    def _refuse_stream(self, flow: http.HTTPFlow, side: Side) -> late.Stream:
        """End a flow at the moment at which its body begins to pass.

        mitmproxy would now send the head of a request; with a response set, it refuses to.
        """
        if side is REQUEST:
            flow.response = refusal(_REFUSED, flow.request.http_version, None)
        sever(flow.client_conn)
        return _swallow

    def _may_alter(self, state: State, side: Side) -> bool:
        """Whether a body is to be altered, or a rule is open that could yet demand it."""
        open_rules = state.evaluation.undecided(side.phase)
        actions = [planned.action for planned in state.alterations]
        actions += [action for rule in open_rules for action in rule.actions]
        return any(isinstance(action, Alter) and action.part == side.field for action in actions)

    def _note_body(self, state: State, side: str) -> None:
        if getattr(state.exchange, f"{side}_body") is not None and side not in state.noted:
            state.noted.add(side)
            state.unwritten += rows.body_rows(state.exchange, side)

    def _note_reply(self, flow: http.HTTPFlow, state: State) -> None:
        assert flow.response
        state.exchange.reply = read_reply(flow.response)
        state.unwritten += rows.reply_rows(state.exchange)

    def _write(self, state: State) -> None:
        """Hand over what is known: before anything of it goes on, or is said about it."""
        if state.unwritten:
            self.weir().record(state.unwritten)
            state.unwritten = []

    def _end(self, flow: http.HTTPFlow, state: State) -> None:
        self._note_end(state, flow.error.msg if flow.error else None)
        self._write(state)
        self.weir().inspect(state.exchange)

    def _note_end(self, state: State, error: str | None) -> None:
        state.exchange.ended = now()
        state.exchange.error = error
        state.unwritten += rows.exchange_end_rows(state.exchange)


_READY = {
    "url": Phase.HEAD,
    "request_headers": Phase.HEAD,
    "request_body": Phase.REQUEST,
    "response_headers": Phase.RESPONSE_HEAD,
    "response_body": Phase.RESPONSE,
}
"""From when on a part can be altered where its body is held whole."""


_REFUSED = 403


def _swallow(_: bytes) -> list[bytes]:
    return []


def _pass(chunk: bytes) -> list[bytes]:
    return [chunk] if chunk else []
