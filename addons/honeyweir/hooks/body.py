"""Large bodies: read, decided and altered as they pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from mitmproxy import http

from honeyweir import content
from honeyweir.model import Body, Exchange, Phase
from honeyweir.policy.evaluate import Decision, Evaluation, Planned
from honeyweir.respond.alter import Alter
from honeyweir.respond.block import Block
from honeyweir.respond.parts import AlterError, Change
from honeyweir.respond.sever import sever
from honeyweir.respond.stream import StreamAlterer
from honeyweir.tap.body import BodyTap
from honeyweir.weir import Weir, blocking


@dataclass(frozen=True, slots=True)
class Side:
    """What differs between the bodies of requests and of responses."""

    name: str
    field: str
    phase: Phase
    gone: frozenset[str]  # the parts that have been sent on by the time the body passes


REQUEST = Side("request", "request_body", Phase.REQUEST, frozenset({"url", "request_headers"}))
RESPONSE = Side(
    "response",
    "response_body",
    Phase.RESPONSE,
    frozenset({"url", "request_headers", "request_body", "response_headers"}),
)


class BodyStream:
    """What mitmproxy calls with each chunk of a body, and with ``b""`` at its end.

    A chunk goes on only after it has been looked at. Never raises: mitmproxy would leave the
    connection hanging.
    """

    def __init__(
        self,
        weir: Weir,
        flow: http.HTTPFlow,
        evaluation: Evaluation,
        side: Side,
        fail: Callable[[Exception], None],
    ) -> None:
        self._weir = weir
        self._client = flow.client_conn
        self._evaluation = evaluation
        self._side = side
        self._fail = fail
        self._message = flow.request if side is REQUEST else flow.response
        assert self._message
        encodings = content.encodings(self._message.headers.fields)
        evaluation.open(side.field)
        self._decoder = content.StreamDecoder(encodings)
        self._tap = BodyTap(weir.keep)
        self._altered = BodyTap(weir.keep)
        self._alterations: list[Planned] = []
        self._alterer: StreamAlterer | None = None
        self._chunked = flow.request.is_http11 and self._message.is_http11
        self._stopped = False
        open_rules = evaluation.undecided(side.phase)
        self._hold = any(action.terminal for rule in open_rules for action in rule.actions)
        self._last = b""  # what is held back, so that a block at the end leaves a body incomplete
        self.later: list[Planned] = []  # alterations of what comes after this body

    @property
    def exchange(self) -> Exchange:
        exchange = self._evaluation.event
        assert isinstance(exchange, Exchange)
        return exchange

    def may_be_altered(self) -> None:
        """A rule may yet change this body: hold a window of it back, and announce no length."""
        assert self._message
        if self._side is REQUEST and self._message.is_http10:
            raise AlterError("a request of HTTP/1.0 cannot go on without its length")
        headers = self._message.headers
        self._alterer = StreamAlterer(content.encodings(headers.fields))
        if "content-length" in headers:
            del headers["content-length"]
            if self._chunked:
                headers["Transfer-Encoding"] = "chunked"

    def body(self, *, complete: bool = True) -> Body:
        """What has come so far, as it was before any change."""
        body = self._tap.body(complete=complete and not self._stopped)
        body.problem = self._decoder.problem
        return body

    def __call__(self, data: bytes) -> list[bytes]:
        if self._stopped:
            return []
        try:
            output = self._chunk(data) if data else self._end()
        except Exception as error:
            self._fail(error)
            if self._weir.block_on_error or self._alterer:
                self._stop()
                return []
            output, self._last = self._last + data, b""
        return [output] if output else []

    def _chunk(self, data: bytes) -> bytes:
        self._weir.check_records()
        self._tap.feed(data)
        plain = self._decoder.decode(data)
        if plain:
            self.plan(self._conclude(self._evaluation.feed(self._side.field, plain)))
        if self._stopped:
            return b""
        if self._alterer:
            return self._count(self._alterer.feed(data))
        if self._hold:
            data, self._last = self._last, data
        return data

    def _end(self) -> bytes:
        setattr(self.exchange, self._side.field, self.body())
        self._evaluation.close(self._side.field)
        self.plan(self._conclude(self._evaluation.decide(self._side.phase)))
        if self._stopped:
            return b""
        if self._alterer is None:
            return self._last
        output = self._count(self._alterer.close())
        self._record_changes()
        return output

    def _conclude(self, decision: Decision) -> Sequence[Planned]:
        return self._weir.conclude(self.exchange, decision)

    def plan(self, planned: Iterable[Planned]) -> None:
        """Do what has been decided, to what has not been sent on."""
        planned = list(planned)
        if block := blocking(planned):
            self._block(*block)
            return
        for item in planned:
            if isinstance(item.action, Alter):
                self._plan_alteration(item, item.action)

    def _plan_alteration(self, planned: Planned, alter: Alter) -> None:
        if alter.part in self._side.gone:
            raise AlterError(f"{alter.part} has gone out before the rule was decided")
        if alter.part != self._side.field:
            self.later.append(planned)
        elif self._alterer is None:
            raise AlterError("a body whose length was announced cannot be altered any more")
        else:
            self._alterations.append(planned)
            self._alterer.add(alter.replacement)

    def _block(self, planned: Planned, block: Block) -> None:
        reset = block.how == "reset"
        self._weir.respond(
            self.exchange, planned, how="reset" if reset else "close", seen=self._tap.size
        )
        self._stop(reset=reset)

    def _stop(self, *, reset: bool = False) -> None:
        self._stopped = True
        sever(self._client, reset=reset)

    def _count(self, output: bytes) -> bytes:
        self._altered.feed(output)
        return output

    def _record_changes(self) -> None:
        assert self._alterer
        counts = self._alterer.counts
        for planned, count in zip(self._alterations, counts, strict=True):
            if count:
                change = Change(self._tap.body().data, self._altered.body().data, count)
                self._weir.respond(self.exchange, planned, change, part=self._side.field)
