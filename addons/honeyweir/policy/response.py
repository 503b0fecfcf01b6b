"""Reading a rule's ``response``: what is done when it matches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from honeyweir.policy.action import Action
from honeyweir.policy.problem import Problem, meant
from honeyweir.yamlfile import Document, Place

DEFAULT = "flag"
"""The action of a rule that has no ``response``."""

_EXAMPLE = "a response is a list of actions, such as `- block` or `- flag: {tag: exfil}`"


@dataclass(frozen=True, slots=True)
class ResponseReader:
    """Turns the ``response`` of a document into actions, or into problems."""

    document: Document
    actions: Mapping[str, type[Action]]
    problems: list[Problem]

    def read(self) -> list[tuple[Place, Action]]:
        """The actions in their order, each with its place."""
        response = self.document.data.get("response", [DEFAULT])
        if not isinstance(response, list) or not response:
            self._problem(("response",), "no list of actions", _EXAMPLE)
            return []
        read = (self._action(("response", index), one) for index, one in enumerate(response))
        return [found for found in read if found]

    def _action(self, place: Place, entry: object) -> tuple[Place, Action] | None:
        name, spec = entry, None
        if isinstance(entry, dict) and len(entry) == 1:
            ((name, spec),) = entry.items()
            place = (*place, name)
        if not isinstance(name, str):
            self._problem(place, "not an action", _EXAMPLE)
        elif name not in self.actions:
            hint = meant(name, self.actions, f"known: {', '.join(self.actions)}")
            self._problem(place, f"unknown action {name!r}", hint)
        else:
            return self._parse(place, self.actions[name], spec)
        return None

    def _parse(
        self, place: Place, action: type[Action], spec: object
    ) -> tuple[Place, Action] | None:
        try:
            return place, action.parse(spec)
        except ValueError as error:
            self._problem(place, f"{action.name}: {error}")
            return None

    def _problem(self, place: Place, message: str, hint: str = "") -> None:
        position = self.document.position(place)
        self.problems.append(Problem(self.document.path, *position, message, hint))
