"""Reading one JSON object of a definition: each field once, every problem with its location."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from ..definition import Literal, Value
from ..errors import DefinitionError, Diagnostic, EvaluationError
from ..expressions import Scope, compile_template
from ..jsontext import dumps, type_name

SCHEMA = "SCHEMA_VALIDATION_FAILED"
NOT_IMPLEMENTED = "NOT_IMPLEMENTED"

# Fields of the other query language; each is refused with the field that does its work here.
JSONPATH_FIELDS = {
    "InputPath": "Arguments or Output",
    "OutputPath": "Output",
    "ResultPath": "Output",
    "ResultSelector": "Output",
    "Parameters": "Arguments",
    "Result": "Output",
    "ItemsPath": "Items",
    "SecondsPath": "Seconds",
    "TimestampPath": "Timestamp",
    "TimeoutSecondsPath": "TimeoutSeconds",
    "HeartbeatSecondsPath": "HeartbeatSeconds",
    "MaxConcurrencyPath": "MaxConcurrency",
    "ToleratedFailureCountPath": "ToleratedFailureCount",
    "ToleratedFailurePercentagePath": "ToleratedFailurePercentage",
    "MaxItemsPath": "MaxItems",
    "MaxItemsPerBatchPath": "MaxItemsPerBatch",
    "MaxInputBytesPerBatchPath": "MaxInputBytesPerBatch",
    "ErrorPath": "Error",
    "CausePath": "Cause",
    "Variable": "Condition",
}
JSONATA_FIELDS = frozenset({"Arguments", "Condition", "Items", "Output"})

_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")


def instant(text: str, seconds: bool = True) -> float | None:
    """Epoch seconds of an RFC 3339 timestamp with T and an offset, None for anything else.

    Without `seconds` it may end with the minute, as ISO 8601 allows in an expression's result.
    """
    found = _TIMESTAMP.fullmatch(text)
    if not found or (seconds and found[1] is None):
        return None
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):
        return None


def is_expression(value: Any) -> bool:
    """Whether a field is one JSONata expression as a whole."""
    return isinstance(value, str) and value.startswith("{%") and value.endswith("%}")


class Typed:
    """An expression whose result must have one of some JSON types."""

    def __init__(self, value: Value, field: str, text: str, expected: tuple[str, ...]) -> None:
        self._value = value
        self._field = field
        self._text = text
        self._expected = expected

    @property
    def is_literal(self) -> bool:
        return self._value.is_literal

    @property
    def variables(self) -> frozenset[str]:
        return self._value.variables

    @property
    def states_fields(self) -> frozenset[str]:
        return self._value.states_fields

    def evaluate(self, scope: Scope) -> Any:
        """The value; raises EvaluationError, with AWS's words, if it has another type."""
        value = self._value.evaluate(scope)
        kind = type_name(value)
        if kind not in self._expected:
            raise EvaluationError(
                self._field,
                self._text,
                "returned an unexpected result type. "
                f"Expected '{self._expected[0]}', but was '{kind}' for value: {dumps(value)}",
            )
        return value


class Problems:
    """Collects the findings of a whole definition."""

    def __init__(self) -> None:
        self.found: list[Diagnostic] = []

    def error(self, message: str, location: str, code: str = SCHEMA) -> None:
        self.found.append(Diagnostic("ERROR", code, message, location))

    def warning(self, message: str, location: str, code: str) -> None:
        self.found.append(Diagnostic("WARNING", code, message, location))

    @property
    def errors(self) -> list[Diagnostic]:
        return [finding for finding in self.found if finding.severity == "ERROR"]


class Fields:
    """One object: `take` its fields by kind, then `finish` refuses what is left.

    `where` is its JSON pointer, `path` the prefix of its fields in evaluation errors
    (`ItemReader/`), `jsonata` whether `{% %}` texts are expressions.
    """

    def __init__(
        self, value: dict[str, Any], where: str, problems: Problems, jsonata: bool, path: str = ""
    ) -> None:
        self.value = value
        self.where = where
        self.problems = problems
        self.jsonata = jsonata
        self.path = path
        self._taken: set[str] = set()

    def at(self, name: str) -> str:
        return f"{self.where}/{name}"

    def raw(self, name: str, required: bool = False) -> Any:
        """The field as it stands, None where absent."""
        self._taken.add(name)
        if required and name not in self.value:
            self.problems.error(f"The field '{name}' is required", self.where)
        return self.value.get(name)

    def has(self, name: str) -> bool:
        return name in self.value

    def only_one_of(self, *names: str) -> None:
        """Reports fields of which exactly one must stand."""
        listed = ", ".join(names)
        self.problems.error(
            f"This object should have only one of the following fields: [{listed}]", self.where
        )

    def text(self, name: str, required: bool = False) -> str | None:
        value: str | None = self._typed(name, str, "String", required)
        return value

    def _typed(self, name: str, kind: type, word: str, required: bool) -> Any:
        value = self.raw(name, required)
        if name not in self.value or isinstance(value, kind):
            return value
        self.problems.error(f"Expected value of type {word}", self.at(name))
        return None

    def one_of(self, name: str, words: tuple[str, ...], default: str) -> str:
        value = self.raw(name)
        if name not in self.value:
            return default
        if value in words:
            return str(value)
        self.problems.error(
            f"The field '{name}' should have one of these values: [{', '.join(words)}]",
            self.at(name),
        )
        return default

    def integer(self, name: str, least: int = 0, most: int | None = None) -> int | None:
        value = self.raw(name)
        if name not in self.value:
            return None
        return self._integer(name, value, least, most)

    def _integer(self, name: str, value: Any, least: int, most: int | None) -> int | None:
        if isinstance(value, bool) or not isinstance(value, int):
            self.problems.error("Expected value of type Integer", self.at(name))
        elif value < least:
            self.problems.error(f"Minimum value is {least}", self.at(name))
        elif most is not None and value > most:
            self.problems.error(f"Maximum value is {most}", self.at(name))
        else:
            return int(value)
        return None

    def number(self, name: str, least: float) -> float | None:
        value = self.raw(name)
        if name not in self.value:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.problems.error("Expected value of type Number", self.at(name))
            return None
        if value < least:
            self.problems.error(f"Minimum value is {least}", self.at(name))
        return float(value)

    def object(self, name: str, required: bool = False) -> dict[str, Any] | None:
        value: dict[str, Any] | None = self._typed(name, dict, "Object", required)
        return value

    def items(self, name: str, required: bool = False) -> list[Any] | None:
        value: list[Any] | None = self._typed(name, list, "Array", required)
        return value

    def sub(self, name: str, value: dict[str, Any]) -> Fields:
        """The object in a field, read the same way."""
        return Fields(value, self.at(name), self.problems, self.jsonata, f"{self.path}{name}/")

    # --- values that are known only when the state runs

    def value_of(self, name: str, required: bool = False) -> Value | None:
        """Any JSON, with expressions at any depth."""
        raw = self.raw(name, required)
        return self.compile(name, raw) if name in self.value else None

    def compile(self, name: str, raw: Any) -> Value:
        if not self.jsonata:
            self._refuse_paths(raw, self.at(name))
            return Literal(raw)
        try:
            return compile_template(raw, f"{self.path}{name}")
        except DefinitionError as error:
            for finding in error.diagnostics:
                inner = finding.location.removeprefix(f"{self.path}{name}")
                self.problems.error(finding.message, self.at(name) + inner, finding.code)
            return Literal(None)

    def _refuse_paths(self, raw: Any, where: str) -> None:
        if isinstance(raw, dict):
            for key, value in raw.items():
                if key.endswith(".$"):
                    self.problems.error(
                        f"Field '{key}' is a JSONPath, which is not supported:"
                        ' set "QueryLanguage": "JSONata" and use an expression',
                        f"{where}/{key}",
                        NOT_IMPLEMENTED,
                    )
                self._refuse_paths(value, f"{where}/{key}")
        elif isinstance(raw, list):
            for number, value in enumerate(raw):
                self._refuse_paths(value, f"{where}[{number}]")

    def typed(self, name: str, *expected: str) -> Value | None:
        """An expression whose result is checked, or a literal of the first expected type."""
        raw = self.raw(name)
        if name not in self.value:
            return None
        value = self.compile(name, raw)
        if self.jsonata and is_expression(raw):
            return Typed(value, f"{self.path}{name}", raw[2:-2].strip(), expected)
        if type_name(raw) not in expected:
            self.problems.error(f"Expected value of type {expected[0].capitalize()}", self.at(name))
        return value

    def count(self, name: str, least: int = 0, most: int | None = None) -> Value | None:
        """An integer literal or an expression; the state checks the expression's result."""
        raw = self.raw(name)
        if name not in self.value:
            return None
        if self.jsonata and is_expression(raw):
            return self.compile(name, raw)
        self._integer(name, raw, least, most)
        return Literal(raw)

    def finish(self) -> None:
        """Refuses every field that was not taken, where AWS locates it: at the object."""
        for name in self.value:
            if name not in self._taken:
                self.problems.error(self._refusal(name), self.where, self._code(name))

    def _refusal(self, name: str) -> str:
        place = JSONPATH_FIELDS.get(name)
        other = "JSONPath" if self.jsonata else "JSONata"
        mine = "JSONata" if self.jsonata else "JSONPath"
        of_other = (
            f"The QueryLanguage is set to '{mine}', but field '{name}' is only supported for the"
            f" '{other}' QueryLanguage"
        )
        if place is not None and self.jsonata:
            return f"{of_other}: here its place is {place}"
        if place is not None:
            return (
                f'Field \'{name}\' of JSONPath is not supported: set "QueryLanguage": "JSONata"'
                f" and use {place}"
            )
        if name in JSONATA_FIELDS and not self.jsonata:
            return of_other
        near = difflib.get_close_matches(name, self._taken, n=1)
        guess = f": did you mean '{near[0]}'?" if near else ""
        return f"Field '{name}' is not supported{guess}"

    def _code(self, name: str) -> str:
        return NOT_IMPLEMENTED if name in JSONPATH_FIELDS and not self.jsonata else SCHEMA


def names_of(values: Iterable[Any]) -> bool:
    """Whether all are strings."""
    return all(isinstance(value, str) for value in values)
