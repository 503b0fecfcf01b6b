"""Plays the acts at their times, and shows how far it is."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, TextColumn
from rich.text import Text

from honeyweir.demo.acts import ADDRESSES, SECONDS, Act
from honeyweir.demo.client import UNANSWERED, Client
from honeyweir.demo.gateway import Gateway

_SHOWN = 8  # acts at a time
_TICK = 0.1  # seconds
_ARROW = "  -> "
_OUTCOME = len("200, 2,103 bytes")


def play(acts: Sequence[Act], gateway: Gateway, console: Console) -> None:
    """Every act at its time, or as soon as the one before it is over."""
    clients = {name: Client(gateway, address) for name, address in ADDRESSES.items()}
    begin = time.monotonic()
    with Display(console) as display:
        for act in acts:
            while (elapsed := time.monotonic() - begin) < act.at:
                display.advance(elapsed)
                time.sleep(min(_TICK, act.at - elapsed))
            display.show(act, _outcome(act, clients[act.decoy]))
        display.advance(SECONDS)


def _outcome(act: Act, client: Client) -> str:
    try:
        return act.do(client)
    except UNANSWERED:
        return "no answer"


class Display:
    """A bar over the latest acts in a terminal, a line an act elsewhere."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bar = Progress(
            TextColumn("decoys at work"), BarColumn(), TextColumn("{task.percentage:.0f} %")
        )
        self._task = self._bar.add_task("play", total=SECONDS)
        self._lines: deque[Text] = deque(maxlen=_SHOWN)
        self._live = Live(console=console, refresh_per_second=1 / _TICK, transient=True)

    def __enter__(self) -> Display:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def advance(self, elapsed: float) -> None:
        """Move the bar to so many seconds."""
        self._bar.update(self._task, completed=min(elapsed, SECONDS))
        self._refresh()

    def show(self, act: Act, outcome: str) -> None:
        """Tell what was done, and what the decoy saw."""
        head = f"{act.at:5.1f} s  {act.decoy:<13}  "
        if self._console.is_terminal:
            what = Text(act.what)
            room = self._console.width - len(head) - len(_ARROW) - max(len(outcome), _OUTCOME)
            what.truncate(max(room, 1), overflow="ellipsis", pad=True)
            self._lines.append(Text.assemble(head, what, _ARROW, outcome))
            self._refresh()
        else:
            self._console.print(f"{head}{act.what}{_ARROW}{outcome}", soft_wrap=True)

    def _refresh(self) -> None:
        if self._console.is_terminal:
            self._live.update(Group(self._bar, *self._lines))
