"""What the rule language asks of an action; the actions themselves are the respond room's."""

from __future__ import annotations

from typing import ClassVar, Protocol, Self

from honeyweir.model import Phase


class Action(Protocol):
    """One entry of a rule's ``response``: ``- name`` or ``- name: spec``."""

    name: ClassVar[str]
    terminal: ClassVar[bool]  # no action after it is taken

    @classmethod
    def parse(cls, spec: object) -> Self:
        """The action for what stands behind its name; None for the name alone.

        Raises ValueError with a message that says what to write instead.
        """

    def problem(self, source: str, protocol: str | None, phase: Phase) -> str | None:
        """Why a rule cannot take this action, or None.

        ``source`` is the rule's name in SOURCES, ``protocol`` the one that its logsource is
        narrowed to, ``phase`` when it is decided: what has gone out by then cannot be changed.
        """
