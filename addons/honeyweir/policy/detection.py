"""Checking a rule's ``detection`` item by item, so that every problem is told in its place."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sigma.exceptions import SigmaRegularExpressionError
from sigma.modifiers import modifier_mapping
from sigma.rule import SigmaDetectionItem

from honeyweir.policy.condition import UnknownFieldError, field_value, keyword
from honeyweir.policy.engine import SIGMA_POLICY
from honeyweir.policy.fields import Source
from honeyweir.policy.problem import Problem, meant
from honeyweir.yamlfile import Document, Place

_CONDITION_LIMIT = 10_000

_LINEAR = "hyperscan runs it in linear time: without look-around, back-references, huge repeats"


@dataclass(frozen=True, slots=True)
class DetectionCheck:
    """Reads the detections of one rule against the fields of its source."""

    document: Document
    source_name: str
    source: Source

    def problems(self) -> Iterator[Problem]:
        """All that is wrong with the detections."""
        detection = self.document.data["detection"]
        for name, definition in detection.items():
            place: Place = ("detection", name)
            if name == "condition":
                yield from self._condition(place, definition)
            else:
                yield from self._definition(place, definition)

    def _condition(self, place: Place, condition: object) -> Iterator[Problem]:
        several = condition if isinstance(condition, list) else [condition]
        if not several or not all(isinstance(one, str) for one in several):
            yield self._problem(place, "a condition is a text, such as `selection and not filter`")
        elif sum(map(len, several)) > _CONDITION_LIMIT:
            yield self._problem(place, f"longer than {_CONDITION_LIMIT} characters")

    def _definition(self, place: Place, definition: object) -> Iterator[Problem]:
        if definition in ({}, []):
            yield self._problem(place, "empty; write fields with values, or a list of keywords")
        elif isinstance(definition, dict):
            for key, value in definition.items():
                yield from self._item((*place, key), key, value)
        elif isinstance(definition, list):
            for index, one in enumerate(definition):
                yield from self._definition((*place, index), one)
        else:
            yield from self._item(place, None, definition)

    def _item(self, place: Place, key: object, value: object) -> Iterator[Problem]:
        if key is not None and not isinstance(key, str):
            yield self._problem(place, f"{key!r} is no field; put it in quotes")
            return
        modifiers = key.split("|")[1:] if key else []
        unknown = [modifier for modifier in modifiers if modifier not in modifier_mapping]
        for modifier in unknown:
            hint = meant(modifier, modifier_mapping, f"known: {', '.join(modifier_mapping)}")
            yield self._problem(place, f"unknown modifier {modifier!r}", hint)
        if unknown:
            return
        if isinstance(value, list) and value:
            for index, one in enumerate(value):
                yield from self._value((*place, index), key, one)
        else:
            yield from self._value(place, key, value)

    def _value(self, place: Place, key: str | None, value: Any) -> Iterator[Problem]:
        if isinstance(value, datetime.date):
            yield self._problem(place, "a date; put it in quotes to have it as a text")
            return
        try:
            item = SigmaDetectionItem.from_mapping(key, value, policy=SIGMA_POLICY)
            for one in item.value:
                if item.field is None:
                    keyword(self.source, one)
                else:
                    field_value(self.source, item.field, one)
        except UnknownFieldError as error:
            yield self._problem(place, str(error), self._meant(error.name))
        except SigmaRegularExpressionError as error:
            yield self._problem(place, str(error.__cause__ or error), _LINEAR)
        except Exception as error:  # pySigma raises what it likes on values it did not expect
            yield self._problem(place, str(error) or repr(error))

    def _meant(self, name: str) -> str:
        fields = self.source.fields
        return meant(name, fields, f"the fields of {self.source_name}: {', '.join(fields)}")

    def _problem(self, place: Place, message: str, hint: str = "") -> Problem:
        return Problem(self.document.path, *self.document.position(place), message, hint)
