"""One event against the policy: which rules match, when that is certain, and what is to be done.

The precedence is the order of the files:
1. every rule that matches is in ``matches``, top down;
2. the actions of these rules follow in the same order;
3. after the first terminal action no other is taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from honeyweir.model import Event, Evidence, Phase
from honeyweir.policy.action import Action
from honeyweir.policy.excerpt import excerpt
from honeyweir.policy.matcher import NO_HITS
from honeyweir.policy.program import Bound, Program
from honeyweir.policy.rule import Rule
from honeyweir.policy.stream import BodyStream

_EVIDENCE_LIMIT = 16
"""Pieces of evidence for one match; a rule may list hundreds of words that all are there."""


@dataclass(frozen=True, slots=True)
class Match:
    """A rule is true of the event."""

    rule: Rule
    evidence: Sequence[Evidence]


@dataclass(frozen=True, slots=True)
class Planned:
    """An action that is to be taken."""

    rule: Rule
    action: Action


@dataclass(frozen=True, slots=True)
class Decision:
    """What became certain with one step."""

    matches: Sequence[Match]
    actions: Sequence[Planned]


NOTHING = Decision((), ())


class Evaluation:
    """The state of one event against the policy that was in force when it began.

    Each rule is decided once. It is used by one thread.
    """

    __slots__ = (
        "_begun",
        "_candidates",
        "_decided",
        "_known",
        "_program",
        "_shown",
        "_streams",
        "_unscanned",
        "event",
    )

    def __init__(self, program: Program, event: Event) -> None:
        self.event = event
        self._program = program
        self._known: list[Mapping[int, int] | None] = [None] * len(program.matchers)
        self._begun = 0  # stages whose phase has come
        self._candidates: set[Bound] = set()
        self._decided: set[Bound] = set()
        self._streams: dict[int, BodyStream] = {}
        self._unscanned: list[int] = []  # fields of keys whose body is still passing
        self._shown: dict[int, bytes] = {}  # values from which evidence is being taken

    def decide(self, phase: Phase) -> Decision:
        """Decide the rules that need no more than what is known at a phase."""
        self._begin(phase)
        if not self._candidates:
            return NOTHING
        return self._conclude(bound for bound in self._candidates if bound.rule.phase <= phase)

    def open(self, field: str) -> None:
        """A body will pass in chunks: nothing is certain of it before its end.

        ``field`` is ``request_body`` or ``response_body``. To be called before anything is decided
        that comes later, such as the head of a response that an origin sends too early.
        """
        number = self._program.streams.get(field)
        if number is not None and number not in self._streams:
            self._streams[number] = self._program.matchers[number].stream()

    def feed(self, field: str, chunk: bytes) -> Decision:
        """Look at the next chunk of a body that passes, decoded; decide what is certain with it."""
        self.open(field)
        stream = self._streams.get(self._program.streams.get(field, -1))
        if stream is None:
            return NOTHING
        found = stream.feed(chunk)
        readers = self._program.readers
        return self._conclude({bound for test in found for bound in readers[test]})

    def close(self, field: str) -> None:
        """A body that passed is at its end. What waits for that is decided at the next phase."""
        stream = self._streams.get(self._program.streams.get(field, -1))
        if stream is not None:
            stream.close()

    def undecided(self, phase: Phase) -> list[Rule]:
        """The rules that are decided at a phase and may yet turn out to be true."""
        return [
            bound.rule
            for bound in self._program.bounds
            if bound.rule.phase is phase
            and bound not in self._decided
            and bound.node.truth(self) is not False
        ]

    def hits(self, field: int) -> tuple[Mapping[int, int], bool]:
        """The tests of a field that are true, and whether all others are certainly false."""
        stream = self._streams.get(field)
        if stream is not None:
            return stream.hits, stream.closed
        known = self._known[field]
        if known is None:
            matcher = self._program.matchers[field]
            if matcher.phase >= self._begun:
                return NO_HITS, False
            known = self._known[field] = matcher.match(self.event)
        return known, True

    def knows(self, phase: Phase) -> bool:
        """Whether what comes with a phase has come."""
        return phase < self._begun

    def excerpt(self, field: int, test: int) -> str:
        """The text around the place where a test hit; empty where there is none to show."""
        stream = self._streams.get(field)
        if stream is not None:
            return stream.excerpts.get(test, "")
        hits, _ = self.hits(field)
        if field not in self._shown:
            self._shown[field] = self._program.matchers[field].value(self.event)
        return excerpt(self._shown[field], hits[test])

    def _begin(self, phase: Phase) -> None:
        """Scan what has come, and note the rules that may be true of it."""
        waiting, self._unscanned = self._unscanned, []
        for field in waiting:
            self._look(field)
        stages = self._program.stages
        while self._begun <= phase:
            stage = stages[self._begun]
            self._begun += 1
            self._candidates.update(stage.always)
            for field in stage.keys:
                self._look(field)

    def _look(self, field: int) -> None:
        hits, final = self.hits(field)
        for test in hits:
            self._candidates.update(self._program.watchers.get(test, ()))
        if not final:
            self._unscanned.append(field)

    def _conclude(self, bounds: Iterable[Bound]) -> Decision:
        matches = []
        for bound in sorted(bounds, key=lambda bound: bound.position):
            truth = None if bound in self._decided else bound.node.truth(self)
            if truth is not None:
                self._decided.add(bound)
            if truth:
                matches.append(Match(bound.rule, self._evidence(bound)))
        self._shown.clear()
        self._candidates -= self._decided
        return Decision(matches, list(_planned(matches))) if matches else NOTHING

    def _evidence(self, bound: Bound) -> Sequence[Evidence]:
        return list(islice(dict.fromkeys(bound.node.proof(self)), _EVIDENCE_LIMIT))


def _planned(matches: Iterable[Match]) -> Iterator[Planned]:
    for match in matches:
        for action in match.rule.actions:
            yield Planned(match.rule, action)
            if action.terminal:
                return
