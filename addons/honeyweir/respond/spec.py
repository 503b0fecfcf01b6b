"""Reading what stands behind an action's name, with errors that say what to write instead."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from typing import cast


def mapping(spec: object, allowed: Collection[str], *, example: str) -> Mapping[str, object]:
    """The keys of a spec; an empty mapping for the name alone."""
    if spec is None:
        return {}
    if not isinstance(spec, Mapping):
        raise ValueError(f"expected keys and values, as in `{example}`, not {spec!r}")
    for key in spec:
        if key not in allowed:
            raise ValueError(f"unknown key {key!r}{near(str(key), allowed)}")
    return cast(Mapping[str, object], spec)


def string(keys: Mapping[str, object], key: str) -> str:
    """A text value; numbers are no texts, since YAML would drop a leading zero."""
    value = keys.get(key)
    if not isinstance(value, str):
        raise ValueError(f"{key}: expected a text; put it in quotes")
    return value


def choice(keys: Mapping[str, object], key: str, allowed: Collection[str]) -> str:
    """One of a few words."""
    value = keys.get(key)
    if value not in allowed:
        raise ValueError(f"{key}: {value!r} is not one of {', '.join(allowed)}")
    return str(value)


def near(word: str, known: Collection[str]) -> str:
    """A hint that names what was probably meant, or all there is."""
    close = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; known: {', '.join(sorted(known))}"
