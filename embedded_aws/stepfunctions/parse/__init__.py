"""JSON text → records of `definition`. Takes a superset, reports every problem it sees.

What belongs to JSONPath is refused by name. A state that declares JSONPath (the default of the
language) and uses none of its fields means the same in both languages and is accepted; texts like
`{% x %}` are plain text there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..definition import Graph, Machine, State
from ..errors import Diagnostic
from ..integrations.base import Integration
from ..jsontext import loads, size_of_text
from .fields import Fields, Problems
from .shared import LONGEST_TIMEOUT, NAME_LIMIT
from .states import READERS
from .substitutions import find_substitutions

LANGUAGES = ("JSONata", "JSONPath")
DEFINITION_LIMIT = 1_048_576  # bytes

Resolve = Callable[[str], Integration]


def parse(text: str, resolve: Resolve) -> tuple[Machine | None, list[Diagnostic]]:
    """The machine, as far as it could be read, and all findings; None where it is no object."""
    problems = Problems()
    if size_of_text(text) > DEFINITION_LIMIT:
        problems.error(f"The definition is longer than {DEFINITION_LIMIT} bytes", "/")
        return None, problems.found
    try:
        value = loads(text)
    except (ValueError, RecursionError) as error:
        problems.error(f"The definition is not valid JSON: {error}", "", "INVALID_JSON_DESCRIPTION")
        return None, problems.found
    if not isinstance(value, dict):
        problems.error("Expected value of type Object", "/")
        return None, problems.found
    find_substitutions(value, problems)
    return _Parser(problems, resolve).machine(value), problems.found


class _Parser:
    def __init__(self, problems: Problems, resolve: Resolve) -> None:
        self.problems = problems
        self.resolve = resolve
        self.language = "JSONPath"

    def machine(self, value: dict[str, Any]) -> Machine:
        fields = Fields(value, "", self.problems, jsonata=False)
        self.language = fields.one_of("QueryLanguage", LANGUAGES, "JSONPath")
        version = fields.text("Version")
        if version not in (None, "1.0"):
            self.problems.error(
                "The field 'Version' should have one of these values: [1.0]", "/Version"
            )
        timeout = fields.integer("TimeoutSeconds", 1, LONGEST_TIMEOUT)
        comment = fields.text("Comment")
        graph = self.graph(fields)
        fields.finish()
        return Machine(graph, timeout, comment)

    def graph(self, fields: Fields) -> Graph:
        """Reads StartAt and States of an object whose other fields the caller takes."""
        start = fields.text("StartAt", required=True)
        found: dict[str, State] = {}
        states = fields.object("States", required=True) or {}
        if fields.has("States") and not states:
            self.problems.error(
                "The field 'States' must have at least one state", fields.at("States")
            )
        for name, value in states.items():
            found[name] = self.state(name, value, f"{fields.at('States')}/{name}")
        return Graph(start or "", found, fields.where)

    def inner(self, value: Any, where: str) -> Graph | None:
        """A branch or a processor; the caller may have looked at further fields of it."""
        if not isinstance(value, dict):
            self.problems.error("Expected value of type Object", where)
            return None
        fields = Fields(value, where, self.problems, jsonata=False)
        fields.text("Comment")
        fields.raw("ProcessorConfig")
        graph = self.graph(fields)
        fields.finish()
        return graph

    def state(self, name: str, value: Any, where: str) -> State:
        broken = State(name=name, location=where, type="", jsonata=False)
        if not isinstance(value, dict):
            self.problems.error("Expected value of type Object", where)
            return broken
        if len(name) > NAME_LIMIT:
            self.problems.error(
                f"A state name has at most {NAME_LIMIT} characters", where, "INVALID_STATE_NAME"
            )
        language = self._language(value, where)
        fields = Fields(value, where, self.problems, jsonata=language == "JSONata")
        type_ = fields.text("Type", required=True)
        fields.text("Comment")
        fields.raw("QueryLanguage")
        if type_ is None:
            return broken
        read = READERS.get(type_)
        if read is None:
            words = ", ".join(READERS)
            self.problems.error(
                f"The field 'Type' should have one of these values: [{words}]", fields.at("Type")
            )
            return broken
        base = {"name": name, "location": where, "type": type_, "jsonata": fields.jsonata}
        state = read(self, fields, base)
        fields.finish()
        return state

    def _language(self, value: dict[str, Any], where: str) -> str:
        language = value.get("QueryLanguage", self.language)
        if language not in LANGUAGES:
            self.problems.error(
                "The field 'QueryLanguage' should have one of these values: [JSONata, JSONPath]",
                f"{where}/QueryLanguage",
            )
        elif language == "JSONPath" and self.language == "JSONata":
            self.problems.error(
                "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine",
                where,
            )
        return str(language)
