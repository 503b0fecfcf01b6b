"""All tests of one field at once: a value comes in, what is true of it comes out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from honeyweir.model import Event
from honeyweir.policy.atoms import Absent, Compared, Equal, Present, Test, TimePart, encoded
from honeyweir.policy.fields import Field
from honeyweir.policy.patterns import Pattern
from honeyweir.policy.scan import Hits, Scanner, StreamScanner
from honeyweir.policy.stream import BodyStream

NO_HITS: Mapping[int, int] = {}

WHOLE = 0
"""The offset of a hit that is about the value as a whole."""


class Matcher:
    """The numbered tests of one field. An offset tells where in the value's UTF-8 a test hit."""

    def __init__(self, field: Field, tests: Sequence[tuple[int, Test]]) -> None:
        self.field = field
        self.phase = field.phase
        self._get = field.get
        self._absent = {number: WHOLE for number, test in tests if isinstance(test, Absent)}
        self._present = {number: WHOLE for number, test in tests if isinstance(test, Present)}
        self._holding = [(n, test) for n, test in tests if isinstance(test, Compared | TimePart)]
        self._equal: dict[bytes, list[int]] = defaultdict(list)
        for number, test in tests:
            if isinstance(test, Equal):
                self._equal[test.folded].append(number)
        self._longest_equal = max(map(len, self._equal), default=-1)
        patterns = [(number, test) for number, test in tests if isinstance(test, Pattern)]
        self._scanner = Scanner(patterns) if patterns else None
        self._texts = bool(patterns or self._equal)
        self._streaming = StreamScanner(patterns) if patterns and field.streamed else None

    def match(self, event: Event) -> Mapping[int, int]:
        """The numbers of the tests that are true of an event, with their offsets."""
        value = self._get(event)
        if value is None:
            return self._absent
        hits: Hits = dict(self._present)
        if self._texts:
            data = encoded(value)
            if len(data) <= self._longest_equal:
                for number in self._equal.get(data.lower(), ()):
                    hits[number] = WHOLE
            if self._scanner is not None:
                self._scanner.scan(data, hits)
        for number, test in self._holding:
            if test.holds(value):
                hits[number] = WHOLE
        return hits

    def value(self, event: Event) -> bytes:
        """What was matched, to show a part of it as evidence."""
        value = self._get(event)
        return b"" if value is None else encoded(value)

    def stream(self) -> BodyStream:
        """Begin a body that passes in chunks."""
        return BodyStream(self._streaming, self._present)
