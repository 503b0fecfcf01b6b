"""Repeats are counted, not repeated: which finding an event adds to."""

from __future__ import annotations

from collections import OrderedDict

from honeyweir.model import Finding, new_id

WINDOW = 3600 * 1_000_000
"""Microseconds after its first event in which a finding takes in what says the same."""

_KEYS = 10_000
_HOST_LIMIT = 255  # no name is longer, but what an adversary writes in its place may be


class Repeats:
    """The findings of the last hour, by what they say of whom; the oldest are forgotten first."""

    def __init__(self) -> None:
        self._recent: OrderedDict[tuple[str, str, str, str | None], tuple[str, int]] = OrderedDict()

    def identify(self, finding: Finding, host: str | None) -> tuple[str, bool]:
        """The id of a finding, and whether it is a new one.

        The same rule about the same decoy and host within the window is the same finding.
        """
        key = (finding.source, finding.rule_id, finding.decoy.name, host and host[:_HOST_LIMIT])
        known = self._recent.get(key)
        if known is not None and 0 <= finding.time - known[1] < WINDOW:
            return known[0], False
        identity = new_id(finding.time)
        self._recent[key] = (identity, finding.time)
        self._recent.move_to_end(key)
        if len(self._recent) > _KEYS:
            self._recent.popitem(last=False)
        return identity, True
