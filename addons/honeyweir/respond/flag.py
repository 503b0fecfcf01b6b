"""flag: let it pass and say so. What a rule without a response does.

Example:
    response:
      - flag: {tag: exfil}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from honeyweir.model import Phase
from honeyweir.respond.spec import mapping, string


@dataclass(frozen=True, slots=True)
class Flag:
    """The finding is recorded, with one more tag where ``tag`` names one."""

    name: ClassVar[str] = "flag"
    terminal: ClassVar[bool] = False

    tag: str | None = None

    @classmethod
    def parse(cls, spec: object) -> Self:
        keys = mapping(spec, {"tag"}, example="flag: {tag: exfil}")
        return cls(string(keys, "tag") if "tag" in keys else None)

    def problem(self, source: str, protocol: str | None, phase: Phase) -> str | None:
        return None
