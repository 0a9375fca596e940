"""JSON text → records of `definition`. Takes a superset, reports every problem it sees.

What belongs to JSONPath is refused by name. A state that declares JSONPath (the default of the
language) and uses none of its fields means the same in both languages and is accepted; texts like
`{% x %}` are plain text there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from .definition import (
    Assign,
    Catcher,
    Choice,
    Fail,
    Graph,
    Machine,
    Parallel,
    Pass,
    Retrier,
    Rule,
    State,
    Succeed,
    Task,
    Value,
    Wait,
)
from .errors import Diagnostic
from .fields import NOT_IMPLEMENTED, TIMESTAMP, Fields, Problems, is_expression, names_of
from .integrations.base import Integration
from .jsontext import loads, size_of_text
from .parse_map import parse_map

LANGUAGES = ("JSONata", "JSONPath")
STATE_TYPES = ("Task", "Wait", "Pass", "Succeed", "Fail", "Choice", "Parallel", "Map")
DEFINITION_LIMIT = 1_048_576
LONGEST_TIMEOUT = 99_999_999
NAME_LIMIT = 80  # characters of a state's name

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
        problems.error(
            f"The definition is not valid JSON: {error}", "/", "INVALID_JSON_DESCRIPTION"
        )
        return None, problems.found
    if not isinstance(value, dict):
        problems.error("Expected value of type Object", "/")
        return None, problems.found
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
            self.problems.error(f"A state name has at most {NAME_LIMIT} characters", where)
        language = self._language(value, where)
        fields = Fields(value, where, self.problems, jsonata=language == "JSONata")
        type_ = fields.text("Type", required=True)
        fields.text("Comment")
        fields.raw("QueryLanguage")
        if type_ is None:
            return broken
        read = _READERS.get(type_)
        if read is None:
            words = ", ".join(STATE_TYPES)
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
                "A state of a JSONata machine cannot be JSONPath", f"{where}/QueryLanguage"
            )
        return str(language)

    # --- parts that several states share

    def flow(self, fields: Fields) -> str | None:
        """Next, None for End, or "" where both are missing."""
        next_, end = fields.text("Next"), fields.raw("End")
        if "End" in fields.value and not isinstance(end, bool):
            self.problems.error("Expected value of type Boolean", fields.at("End"))
        if fields.has("Next") == (end is True):
            fields.only_one_of("Next", "End")
        return next_ if next_ is not None or end is True else ""

    def output(self, fields: Fields) -> Value | None:
        if fields.jsonata:
            return fields.value_of("Output")
        return None

    def assign(self, fields: Fields) -> Assign | None:
        """Assign: an object of variable names; JSONata identifiers of at most 80 characters."""
        if fields.object("Assign") is None:
            return None
        for name in fields.value["Assign"]:
            if not fields.jsonata and name.endswith(".$"):
                continue  # refused as a JSONPath by value_of
            if name == "states" or not name.isidentifier() or len(name) > NAME_LIMIT:
                self.problems.error(
                    f"'{name}' is not a variable name: letters, digits and _, not starting with a"
                    f" digit, at most {NAME_LIMIT} characters, and not 'states'",
                    f"{fields.at('Assign')}/{name}",
                )
        return Assign(
            tuple(fields.value["Assign"]), fields.compile("Assign", fields.value["Assign"])
        )

    def shared(self, fields: Fields, base: dict[str, Any]) -> dict[str, Any]:
        """The fields of every state that goes on: Next or End, Output, Assign."""
        return {
            **base,
            "next": self.flow(fields),
            "output": self.output(fields),
            "assign": self.assign(fields),
        }

    def retriable(self, fields: Fields, base: dict[str, Any]) -> dict[str, Any]:
        return {
            **self.shared(fields, base),
            "arguments": fields.value_of("Arguments") if fields.jsonata else None,
            "retriers": tuple(self._list(fields, "Retry", self._retrier)),
            "catchers": tuple(self._list(fields, "Catch", self._catcher)),
        }

    def _list(self, fields: Fields, name: str, read: Callable[[Fields, bool], Any]) -> list[Any]:
        values = fields.items(name) or []
        found = []
        for number, value in enumerate(values):
            where = f"{fields.at(name)}[{number}]"
            if not isinstance(value, dict):
                self.problems.error("Expected value of type Object", where)
                continue
            part = Fields(value, where, self.problems, fields.jsonata, f"{name}[{number}]/")
            part.text("Comment")
            found.append(read(part, number == len(values) - 1))
            part.finish()
        return found

    def _errors(self, fields: Fields, last: bool) -> tuple[str, ...]:
        names = fields.items("ErrorEquals", required=True)
        if names is None:
            return ()
        if not names or not names_of(names):
            self.problems.error(
                "Expected a list of at least one error name", fields.at("ErrorEquals")
            )
            return ()
        if "States.ALL" in names and (len(names) > 1 or not last):
            self.problems.error(
                "States.ALL must appear alone and at end of list", fields.at("ErrorEquals")
            )
        return tuple(names)

    def _retrier(self, fields: Fields, last: bool) -> Retrier:
        interval = fields.integer("IntervalSeconds", 1, LONGEST_TIMEOUT)
        attempts = fields.integer("MaxAttempts", 0, LONGEST_TIMEOUT)
        backoff = fields.number("BackoffRate", 1.0)
        return Retrier(
            errors=self._errors(fields, last),
            interval=1 if interval is None else interval,
            max_attempts=3 if attempts is None else attempts,
            backoff=2.0 if backoff is None else backoff,
            max_delay=fields.integer("MaxDelaySeconds", 1, 31_622_400),
            full_jitter=fields.one_of("JitterStrategy", ("FULL", "NONE"), "NONE") == "FULL",
        )

    def _catcher(self, fields: Fields, last: bool) -> Catcher:
        return Catcher(
            errors=self._errors(fields, last),
            next=fields.text("Next", required=True) or "",
            output=self.output(fields),
            assign=self.assign(fields),
        )

    # --- one reader per state type

    def pass_(self, fields: Fields, base: dict[str, Any]) -> State:
        return Pass(**self.shared(fields, base))

    def succeed(self, fields: Fields, base: dict[str, Any]) -> State:
        return Succeed(**base, output=self.output(fields))

    def fail(self, fields: Fields, base: dict[str, Any]) -> State:
        return Fail(
            **base, error=fields.typed("Error", "string"), cause=fields.typed("Cause", "string")
        )

    def wait(self, fields: Fields, base: dict[str, Any]) -> State:
        of_jsonpath = any(name in fields.value for name in ("SecondsPath", "TimestampPath"))
        if fields.has("Seconds") == fields.has("Timestamp") and not of_jsonpath:
            fields.only_one_of("Seconds", "Timestamp")
        timestamp = fields.typed("Timestamp", "string")
        literal = fields.value.get("Timestamp")
        expression = fields.jsonata and is_expression(literal)
        if isinstance(literal, str) and not expression and not TIMESTAMP.fullmatch(literal):
            message = "String does not match RFC3339 timestamp"
            self.problems.error(message, fields.at("Timestamp"))
        seconds = fields.count("Seconds", 0, LONGEST_TIMEOUT)
        return Wait(**self.shared(fields, base), seconds=seconds, timestamp=timestamp)

    def choice(self, fields: Fields, base: dict[str, Any]) -> State:
        if not fields.jsonata:
            self.problems.error(
                "A Choice in JSONPath is not supported:"
                ' set "QueryLanguage": "JSONata" and use Condition',
                fields.where,
                NOT_IMPLEMENTED,
            )
        rules = self._list(fields, "Choices", self._rule)
        if not rules:
            self.problems.error("The field 'Choices' must have at least one rule", fields.where)
        return Choice(
            **base,
            output=self.output(fields),
            assign=self.assign(fields),
            rules=tuple(rules),
            default=fields.text("Default"),
        )

    def _rule(self, fields: Fields, last: bool) -> Rule:
        if not fields.jsonata:
            for name in fields.value:
                fields.raw(name)  # the state as a whole is refused
        elif "Condition" not in fields.value:
            self.problems.error("The field 'Condition' is required", fields.where)
        condition = fields.typed("Condition", "boolean")
        return Rule(
            condition=condition or fields.compile("Condition", False),
            next=fields.text("Next", required=True) or "",
            output=self.output(fields),
            assign=self.assign(fields),
        )

    def task(self, fields: Fields, base: dict[str, Any]) -> State:
        resource = fields.text("Resource", required=True) or ""
        function, activity, integration = None, None, None
        if re.fullmatch(r"arn:[\w-]+:lambda:[\w-]*:[^:]*:function:.+", resource):
            function = resource
            integration = self._resolved(fields, resource)
        elif re.fullmatch(r"arn:[\w-]+:states:[\w-]+:[^:]+:activity:.+", resource):
            activity = resource
        elif resource:
            integration = self._resolved(fields, resource)
        if integration is not None and function is None:
            self._check_arguments(fields, integration)
        return Task(
            **self.retriable(fields, base),
            resource=resource,
            integration=integration,
            function=function,
            activity=activity,
            timeout=fields.count("TimeoutSeconds", 1, LONGEST_TIMEOUT),
            heartbeat=fields.count("HeartbeatSeconds", 1, LONGEST_TIMEOUT),
            credentials=self._credentials(fields),
        )

    def _resolved(self, fields: Fields, resource: str) -> Integration | None:
        try:
            return self.resolve(resource)
        except ValueError as error:
            self.problems.error(str(error), fields.at("Resource"), NOT_IMPLEMENTED)
            return None

    def _check_arguments(self, fields: Fields, integration: Integration) -> None:
        arguments = fields.value.get("Arguments")
        if "Arguments" not in fields.value and fields.jsonata:
            self.problems.error("The field 'Arguments' is required", fields.where)
        elif isinstance(arguments, dict):
            for sentence in integration.check(arguments):
                self.problems.error(sentence, fields.at("Arguments"))

    def _credentials(self, fields: Fields) -> Value | None:
        if fields.object("Credentials") is None:
            return None
        part = fields.sub("Credentials", fields.value["Credentials"])
        part.text("RoleArn", required=True)
        part.finish()
        return fields.value_of("Credentials")

    def parallel(self, fields: Fields, base: dict[str, Any]) -> State:
        values = fields.items("Branches", required=True) or []
        if fields.has("Branches") and not values:
            self.problems.error("The field 'Branches' must have at least one branch", fields.where)
        branches = [
            self.inner(value, f"{fields.at('Branches')}[{number}]")
            for number, value in enumerate(values)
        ]
        return Parallel(
            **self.retriable(fields, base),
            branches=tuple(branch for branch in branches if branch is not None),
        )

    def map(self, fields: Fields, base: dict[str, Any]) -> State:
        name = "Iterator" if "Iterator" in fields.value else "ItemProcessor"
        value = fields.raw(name, required=True)
        processor = None
        if name in fields.value:
            processor = self.inner(value, fields.at(name))
        shared = self.retriable(fields, base)
        return parse_map(fields, shared, processor or Graph("", {}, fields.at(name)), name)


_READERS: Mapping[str, Callable[[_Parser, Fields, dict[str, Any]], State]] = {
    "Pass": _Parser.pass_,
    "Succeed": _Parser.succeed,
    "Fail": _Parser.fail,
    "Wait": _Parser.wait,
    "Choice": _Parser.choice,
    "Task": _Parser.task,
    "Parallel": _Parser.parallel,
    "Map": _Parser.map,
}
