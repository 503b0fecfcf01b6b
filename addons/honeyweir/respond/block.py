"""block: nothing of it goes on.

Example:
    response:
      - block                              # the connection closes without a word
      - block: {how: reset}                # as a firewall that rejects
      - block: {how: status, status: 404}  # HTTP: a page as the origin's server would send
      - block: {how: nxdomain}             # DNS: the name does not exist
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from honeyweir.model import Phase
from honeyweir.respond.spec import choice, mapping

HOWS = ("close", "reset", "status", "nxdomain")

_FITS = {
    "http": ("close", "reset", "status"),
    "dns": ("close", "nxdomain"),
    "message": ("close", "reset"),
    "tls": ("close", "reset"),
}


@dataclass(frozen=True, slots=True)
class Block:
    """End the flow in one of several ways; what was not yet passed on never is."""

    name: ClassVar[str] = "block"
    terminal: ClassVar[bool] = True

    how: str = "close"
    status: int = 403

    @classmethod
    def parse(cls, spec: object) -> Self:
        keys = mapping(spec, {"how", "status"}, example="block: {how: status, status: 404}")
        status = keys.get("status", 403)
        if not isinstance(status, int) or not 400 <= status <= 599:
            raise ValueError(f"status: expected a number from 400 to 599, not {status!r}")
        if "how" not in keys:
            return cls("status" if "status" in keys else "close", status)
        how = choice(keys, "how", HOWS)
        if "status" in keys and how != "status":
            raise ValueError(f"status goes with `how: status`, not with `how: {how}`")
        return cls(how, status)

    def problem(self, source: str, protocol: str | None, phase: Phase) -> str | None:
        if self.how not in _FITS[source]:
            return (
                f"`how: {self.how}` has no meaning for {source}; use {' or '.join(_FITS[source])}"
            )
        if protocol == "udp" and self.how == "reset":
            return "`how: reset` has no meaning for udp; use close"
        return None
