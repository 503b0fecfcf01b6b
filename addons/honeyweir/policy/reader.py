"""Reading one document as a rule, or as the list of what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sigma import exceptions
from sigma.rule import (
    SigmaDetection,
    SigmaDetectionItem,
    SigmaDetections,
    SigmaLogSource,
    SigmaRule,
)
from sigma.types import SigmaExpansion, SigmaString, SigmaType

from honeyweir.model import Level, Phase
from honeyweir.policy import condition, logsource
from honeyweir.policy.action import Action
from honeyweir.policy.detection import DetectionCheck
from honeyweir.policy.engine import SIGMA_POLICY
from honeyweir.policy.fields import SOURCES
from honeyweir.policy.problem import Problem, meant
from honeyweir.policy.response import ResponseReader
from honeyweir.policy.rule import Rule
from honeyweir.yamlfile import Document, Place

_NEEDED = {
    "title": "a short text that says what the rule finds",
    "id": "a UUID of its own, as `python3 -c 'import uuid; print(uuid.uuid4())'` prints one",
    "level": f"one of {', '.join(Level)}",
}

_OTHER_KINDS = {
    "correlation": "a correlation rule: only rules about single events can be in force",
    "filter": "a Sigma filter: write its condition into the rules that it is for",
    "action": "a rule collection (`action: global`): write every rule out",
}

_PLACES: dict[type[exceptions.SigmaError], Place] = {
    exceptions.SigmaTitleError: ("title",),
    exceptions.SigmaIdentifierError: ("id",),
    exceptions.SigmaNameError: ("name",),
    exceptions.SigmaTaxonomyError: ("taxonomy",),
    exceptions.SigmaRelatedError: ("related",),
    exceptions.SigmaStatusError: ("status",),
    exceptions.SigmaDescriptionError: ("description",),
    exceptions.SigmaReferencesError: ("references",),
    exceptions.SigmaAuthorError: ("author",),
    exceptions.SigmaDateError: ("date",),
    exceptions.SigmaModifiedError: ("modified",),
    exceptions.SigmaTagError: ("tags",),
    exceptions.SigmaValueError: ("tags",),
    exceptions.SigmaFieldsError: ("fields",),
    exceptions.SigmaFalsePositivesError: ("falsepositives",),
    exceptions.SigmaLevelError: ("level",),
    exceptions.SigmaScopeError: ("scope",),
    exceptions.SigmaLicenseError: ("license",),
    exceptions.SigmaConditionError: ("detection", "condition"),
}
"""Where the value stands that an error of pySigma is about; others are about the detection."""

_KEYS = frozenset(SigmaRule.__dataclass_fields__) | {"response"}


class RuleReader:
    """Reads one document; ``problems`` is complete when ``read`` has returned."""

    def __init__(self, document: Document, actions: Mapping[str, type[Action]]) -> None:
        self.problems: list[Problem] = []
        self._told: set[Place] = set()
        self._document = document
        self._data: Any = document.data
        self._actions = actions

    def read(self) -> Rule | None:
        """The rule; None if there are problems."""
        if not self._is_rule():
            return None
        self._check_keys()
        response = ResponseReader(self._document, self._actions, self.problems).read()
        served = self._served()
        if served is None:
            return None
        check = DetectionCheck(self._document, served[0], SOURCES[served[0]])
        unclear = list(check.problems())
        self.problems += unclear
        sigma = self._sigma(served[1], clear=not unclear)
        if sigma is None or self.problems:
            self._check_the_rest(served, response)
            return None
        rule = self._rule(sigma, *served, response)
        return None if self.problems else rule

    def _is_rule(self) -> bool:
        if not isinstance(self._data, dict):
            self._problem((), "not a Sigma rule: no keys and values")
            return False
        for key, what in _OTHER_KINDS.items():
            if key in self._data:
                self._problem((key,), what)
                return False
        for key in ("logsource", "detection"):
            if not isinstance(self._data.get(key), dict):
                self._problem((key,), f"not a Sigma rule: no {key} with keys and values")
        return not self.problems

    def _check_keys(self) -> None:
        for key, what in _NEEDED.items():
            value = self._data.get(key)
            if not value:
                self._problem((key,), f"the {key} is missing", f"{key}: {what}")
            elif not isinstance(value, str):
                self._problem((key,), f"the {key} is not a text; put it in quotes")
        for key in self._data:
            if key not in _KEYS and (hint := meant(str(key), ["response"], "")):
                self._problem((key,), f"unknown key {key!r}", hint)

    def _check_the_rest(
        self, served: tuple[str, str | None], response: Sequence[tuple[Place, Action]]
    ) -> None:
        """What a rule that is already known to be wrong hides: all errors are told at once."""
        written = isinstance(self._data["detection"].get("condition"), str)
        if written and ("detection", "condition") not in self._told:
            self._check_condition()
        for place, action in response:
            if reason := action.problem(*served, Phase.HEAD):
                self._problem(place, f"{action.name}: {reason}")

    def _check_condition(self) -> None:
        """Whether a condition holds together, whatever its detections ask."""
        detection = self._data["detection"]
        names = {name: {"any": "any"} for name in detection if name != "condition"}
        data = _one_condition({**names, "condition": detection.get("condition")}, None)
        try:
            for one in SigmaDetections.from_dict(data).parsed_condition:
                _ = one.parsed
        except Exception as error:  # pySigma's parser raises more than its own errors
            self._problem(("detection", "condition"), str(error) or repr(error))

    def _served(self) -> tuple[str, str | None] | None:
        try:
            found = logsource.served(SigmaLogSource.from_dict(self._data["logsource"]))
        except exceptions.SigmaError as error:
            self._problem(("logsource",), str(error), f"served: {logsource.SERVED}")
            return None
        if found is None:
            message = "the gateway sees no events of this logsource"
            self._problem(("logsource",), message, f"served: {logsource.SERVED}")
        return found

    def _sigma(self, protocol: str | None, *, clear: bool) -> SigmaRule | None:
        """The rule as pySigma reads it, with one condition; ``clear``: its detections are."""
        data = {**self._data, "detection": _one_condition(self._data["detection"], protocol)}
        try:
            rule = SigmaRule.from_dict(data, collect_errors=True, policy=SIGMA_POLICY)
        except Exception as error:  # pySigma raises what it likes on values it did not expect
            if not self.problems:
                self._problem((), f"pySigma cannot read this rule: {error!r}")
            return None
        for found in rule.errors:
            place = _PLACES.get(type(found), ("detection",))
            if place not in self._told and (clear or place[0] != "detection"):
                self._problem(place, str(found))
        return rule

    def _rule(
        self,
        sigma: SigmaRule,
        source: str,
        protocol: str | None,
        response: Sequence[tuple[Place, Action]],
    ) -> Rule | None:
        _make_storable(sigma.detection)
        try:
            parsed = sigma.detection.parsed_condition[0].parsed
            tree = condition.build(parsed, SOURCES[source])
        except Exception as error:  # pySigma's parser raises more than its own errors
            self._problem(("detection", "condition"), str(error) or repr(error))
            return None
        phase = condition.phase(tree)
        for place, action in response:
            if reason := action.problem(source, protocol, phase):
                self._problem(place, f"{action.name}: {reason}")
        return Rule(
            id=str(sigma.id),
            title=sigma.title,
            level=Level(self._data["level"].lower()),
            tags=tuple(map(str, sigma.tags)),
            references=tuple(map(str, sigma.references)),
            source=source,
            protocol=protocol,
            phase=phase,
            actions=tuple(action for _, action in response),
            path=self._document.path,
            line=self._document.position(())[0],
            condition=tree,
            sigma=sigma,
        )

    def _problem(self, place: Place, message: str, hint: str = "") -> None:
        self._told.add(place)
        position = self._document.position(place)
        self.problems.append(Problem(self._document.path, *position, message, hint))


def _one_condition(detection: dict[str, Any], protocol: str | None) -> dict[str, Any]:
    """The detections with their conditions as one, of which the protocol is a part."""
    if "condition" not in detection:
        return detection
    several = detection["condition"]
    one = " or ".join(f"({each})" for each in several) if isinstance(several, list) else several
    if protocol is None:
        return {**detection, "condition": one}
    name = "_protocol"
    while name in detection:
        name += "_"
    return {**detection, name: {"protocol": protocol}, "condition": f"({one}) and {name}"}


def _make_storable(detections: SigmaDetections) -> None:
    """Give NUL in values the form in which ``model.text`` keeps it, and SQL can hold it."""
    waiting: list[SigmaDetection | SigmaDetectionItem] = [*detections.detections.values()]
    while waiting:
        found = waiting.pop()
        if isinstance(found, SigmaDetection):
            waiting += found.detection_items
        else:
            for value in found.value:
                _make_value_storable(value)


def _make_value_storable(value: SigmaType) -> None:
    if isinstance(value, SigmaExpansion):
        for one in value.values:
            _make_value_storable(one)
    elif isinstance(value, SigmaString):
        value.s = [p.replace("\0", "\\x00") if isinstance(p, str) else p for p in value.s]
