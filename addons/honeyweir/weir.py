"""The way of the data: what every hook does with an event, in one direction.

inspect -> policy -> record; what is done to the flow is left to the hook, through ``respond``.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from mitmproxy import connection

from honeyweir.inspect import DETECTORS
from honeyweir.model import Connection, Event, Evidence, Finding, Level, Phase, Response
from honeyweir.policy.evaluate import Decision, Evaluation, Match, Planned
from honeyweir.policy.load import Policy
from honeyweir.record import rows
from honeyweir.record.row import Row
from honeyweir.record.writer import Recorder, RecordError
from honeyweir.repeats import Repeats
from honeyweir.respond.block import Block
from honeyweir.respond.flag import Flag
from honeyweir.respond.parts import Change
from honeyweir.tap.clock import now
from honeyweir.tap.connections import Connections, read_connection

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Weir:
    """The stages, put together once the options have been read."""

    policy: Policy
    recorder: Recorder
    connections: Connections
    keep: int  # bytes of a body that are kept
    block_on_error: bool
    verifies_origins: bool
    repeats: Repeats = field(default_factory=Repeats)
    told: set[tuple[str, str, int]] = field(default_factory=set)  # failures whose trace was logged

    def connection(self, client: connection.Client) -> Connection:
        """The event of a client connection; one that was not seen to open is recorded now."""
        event = self.connections.get(client)
        if event is None:
            event = read_connection(client, self.connections.inventory)
            self.record(rows.connection_rows(event))
            self.connections.add(client, event)
        return event

    def record(self, new: Sequence[Row]) -> None:
        """Hand rows to the writer; waits while it is behind. Raises RecordError if it cannot."""
        self.recorder.put(new)

    def check_records(self) -> None:
        """Raises RecordError while nothing can be recorded, for what passes without being put."""
        if self.recorder.failure and self.block_on_error:
            raise RecordError(self.recorder.failure)

    def judge(self, evaluation: Evaluation, phase: Phase) -> Sequence[Planned]:
        """Decide what can be decided now, record the findings, and give what is to be done."""
        return self.conclude(evaluation.event, evaluation.decide(phase))

    def conclude(self, event: Event, decision: Decision) -> Sequence[Planned]:
        """Record what a decision found, and give what is to be done."""
        if not decision.matches:
            return ()
        for match in decision.matches:
            self._find(event, _finding(event, match))
        return [planned for planned in decision.actions if not isinstance(planned.action, Flag)]

    def inspect(self, event: Event) -> None:
        """Ask every detector about an event of which all is known."""
        for detector in DETECTORS:
            for finding in detector(event):
                self._find(event, finding)

    def respond(
        self, event: Event, planned: Planned, change: Change | None = None, **detail: object
    ) -> None:
        """Record what was done to the traffic, with both forms of what was changed."""
        if change is not None:
            detail["count"] = change.count
        detail = {name: value for name, value in detail.items() if value is not None}
        response = Response(
            time=now(),
            event=event.id,
            action=planned.action.name,
            rule_id=planned.rule.id,
            rule_title=planned.rule.title,
            detail=detail,
            original=None if change is None else change.original,
            altered=None if change is None else change.altered,
        )
        self.record(rows.response_rows(response))

    def _find(self, event: Event, finding: Finding) -> None:
        identity, new = self.repeats.identify(finding, getattr(event, "host", None))
        found = rows.finding_rows(finding, identity) if new else []
        self.record([*found, *rows.finding_event_rows(finding, identity)])

    def failed(self, error: Exception, event: Event | None) -> None:
        """Tell the operator and the records that a stage of ours raised.

        Never raises: it is called where there is nothing left to fall back on.
        """
        place = _place(error)
        logger.error(
            "honeyweir: a flow %s: %r",
            self.outcome,
            error,
            exc_info=place not in self.told and error,
        )
        self.told.add(place)
        if isinstance(error, RecordError) or event is None:
            return
        try:
            self._find(event, _failure(event, error))
        except Exception:
            logger.exception("honeyweir: the failure could not be recorded")

    @property
    def outcome(self) -> str:
        """What happens to a flow on which we fail."""
        return (
            "was blocked, since honeyweir failed on it"
            if self.block_on_error
            else ("passed although honeyweir failed on it (weir_on_error=pass)")
        )


def blocking(planned: Iterable[Planned]) -> tuple[Planned, Block] | None:
    """The block among what is to be done, if there is one."""
    for item in planned:
        if isinstance(item.action, Block):
            return item, item.action
    return None


def _finding(event: Event, match: Match) -> Finding:
    rule = match.rule
    tags = [*rule.tags, *(a.tag for a in rule.actions if isinstance(a, Flag) and a.tag)]
    return Finding(
        time=event.time,
        source="sigma",
        rule_id=rule.id,
        title=rule.title,
        level=rule.level,
        decoy=event.decoy,
        events=[event.id],
        tags=tags,
        evidence=match.evidence,
    )


def _place(error: Exception) -> tuple[str, str, int]:
    """What tells one failure from another: its kind, and the line that raised it."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    if trace is None:
        return type(error).__name__, "", 0
    return type(error).__name__, trace.tb_frame.f_code.co_filename, trace.tb_lineno


def _failure(event: Event, error: Exception) -> Finding:
    return Finding(
        time=now(),
        source="honeyweir",
        rule_id="honeyweir.failure",
        title="honeyweir failed on a flow",
        level=Level.HIGH,
        decoy=event.decoy,
        events=[event.id],
        evidence=[Evidence("error", f"{type(error).__name__}: {error}"[:500])],
    )
