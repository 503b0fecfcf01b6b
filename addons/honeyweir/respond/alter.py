"""alter: change what passes; the original is kept.

Example:
    response:
      - alter: {in: response_body, replace: "ACME Ltd", with: "Umbra Ltd"}
      - alter: {in: request_headers, header: Cookie, replace: {regex: "id=(.)"}, with: "id=x\\1"}
      - alter: {in: payload, replace: {bytes: "de ad be ef"}, with: {bytes: "00 00 00 00"}}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from honeyweir.model import Phase
from honeyweir.respond.replace import Replacement, literal, regex
from honeyweir.respond.spec import choice, mapping, string

PARTS = {
    "url": ("http", Phase.REQUEST),
    "request_headers": ("http", Phase.REQUEST),
    "request_body": ("http", Phase.REQUEST),
    "response_headers": ("http", Phase.RESPONSE),
    "response_body": ("http", Phase.RESPONSE),
    "payload": ("message", Phase.RESPONSE),
    "answer": ("dns", Phase.RESPONSE),
}
"""What can be altered: the source of the rules that may, and the last phase at which it is still
in our hands. The names are those of the fields in a condition."""

_EXAMPLE = 'alter: {in: response_body, replace: "old", with: "new"}'


@dataclass(frozen=True, slots=True)
class Alter:
    """Replace one thing by another in one part of a message."""

    name: ClassVar[str] = "alter"
    terminal: ClassVar[bool] = False

    part: str
    replacement: Replacement
    header: str | None = None  # only in the headers of this name

    @classmethod
    def parse(cls, spec: object) -> Self:
        keys = mapping(spec, {"in", "replace", "with", "header"}, example=_EXAMPLE)
        missing = [key for key in ("in", "replace", "with") if key not in keys]
        if missing:
            raise ValueError(f"{', '.join(missing)} missing, as in `{_EXAMPLE}`")
        part = choice(keys, "in", PARTS)
        header = string(keys, "header") if "header" in keys else None
        if header is not None and not part.endswith("_headers"):
            raise ValueError("header goes with `in: request_headers` or `in: response_headers`")
        replacement = _replacement(keys["replace"], keys["with"])
        if part.endswith("_headers") or part == "url":
            _single_line(replacement)
        return cls(part, replacement, header)

    def problem(self, source: str, protocol: str | None, phase: Phase) -> str | None:
        wanted, last = PARTS[self.part]
        if source != wanted:
            parts = [part for part, (fits, _) in PARTS.items() if fits == source]
            return f"`in: {self.part}` has no meaning for {source}; " + (
                f"use {' or '.join(parts)}" if parts else "nothing there can be altered"
            )
        if phase > last:
            return (
                f"`in: {self.part}` has gone out by the time this rule is decided, since its "
                "condition asks for the response; ask only for the request"
            )
        return None


def _replacement(find: object, with_: object) -> Replacement:
    if isinstance(find, str):
        return literal(find.encode(), _bytes(with_, "with"))
    keys = mapping(find, {"text", "bytes", "regex"}, example='replace: {regex: "a+"}')
    if len(keys) != 1:
        raise ValueError("replace: expected one of text, bytes, regex")
    if "regex" in keys:
        if not isinstance(with_, str):
            raise ValueError("with: expected a text for a regex; \\1 stands for its first group")
        return regex(string(keys, "regex"), with_)
    return literal(_bytes(find, "replace"), _bytes(with_, "with"))


def _bytes(value: object, key: str) -> bytes:
    if isinstance(value, str):
        return value.encode()
    keys = mapping(value, {"text", "bytes"}, example=f'{key}: {{bytes: "de ad"}}')
    if len(keys) != 1:
        raise ValueError(f"{key}: expected one of text, bytes")
    if "text" in keys:
        return string(keys, "text").encode()
    try:
        return bytes.fromhex(string(keys, "bytes"))
    except ValueError:
        raise ValueError(f'{key}: bytes are written in hexadecimal, as in "de ad be ef"') from None


def _single_line(replacement: Replacement) -> None:
    if any(character in replacement.with_ for character in b"\r\n\0"):
        raise ValueError("with: a line break would start another header")
