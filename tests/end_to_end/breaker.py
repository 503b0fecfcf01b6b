"""A second script for mitmdump: makes one stage of ours fail while a file names it.

The file's path is in the environment variable BREAKER; its content is the stage.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from honeyweir import weir
from honeyweir.hooks import dns, http, message
from honeyweir.policy.evaluate import Evaluation
from honeyweir.record.writer import Recorder
from honeyweir.tap.body import BodyTap

SWITCH = Path(os.environ["BREAKER"])

STAGES: dict[str, list[tuple[Any, str]]] = {
    "tap": [
        (http, "read_request"),
        (http, "read_reply"),
        (message, "read_message"),
        (message, "read_websocket_message"),
        (dns, "read_query"),
        (dns, "read_answer"),
        (BodyTap, "feed"),
    ],
    "inspect": [(weir.Weir, "inspect")],
    "policy": [(Evaluation, "decide"), (Evaluation, "feed")],
    "respond": [
        (http, "alter_request"),
        (http, "alter_response"),
        (message, "alter_message"),
        (dns, "alter_answer"),
    ],
    "record": [(Recorder, "put")],
}


def broken(stage: str, original: Callable[..., Any]) -> Callable[..., Any]:
    def call(*arguments: Any, **keywords: Any) -> Any:
        if SWITCH.read_text() == stage:
            raise RuntimeError(f"{stage} was made to fail")
        return original(*arguments, **keywords)

    return call


for stage, targets in STAGES.items():
    for owner, name in targets:
        setattr(owner, name, broken(stage, getattr(owner, name)))
