"""A reader per type of state: from the fields of its object to its record."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from ..definition import (
    Choice,
    Fail,
    Graph,
    Parallel,
    Pass,
    Rule,
    State,
    Succeed,
    Task,
    Value,
    Wait,
)
from ..integrations.base import Integration
from .fields import NOT_IMPLEMENTED, Fields, instant, is_expression
from .maps import parse_map
from .shared import LONGEST_TIMEOUT, assign, each, output, retriable, shared
from .substitutions import holds_placeholder


class Parser(Protocol):
    """Reads the graphs inside a state, and knows the integrations."""

    resolve: Callable[[str], Integration]

    def inner(self, value: Any, where: str) -> Graph | None: ...


def _pass(parser: Parser, fields: Fields, base: dict[str, Any]) -> State:
    return Pass(**shared(fields, base))


def _succeed(parser: Parser, fields: Fields, base: dict[str, Any]) -> State:
    return Succeed(**base, output=output(fields))


def _fail(parser: Parser, fields: Fields, base: dict[str, Any]) -> State:
    return Fail(
        **base, error=fields.typed("Error", "string"), cause=fields.typed("Cause", "string")
    )


def _wait(parser: Parser, fields: Fields, base: dict[str, Any]) -> State:
    of_jsonpath = any(name in fields.value for name in ("SecondsPath", "TimestampPath"))
    if fields.has("Seconds") == fields.has("Timestamp") and not of_jsonpath:
        paths = () if fields.jsonata else ("SecondsPath", "TimestampPath")
        fields.only_one_of(*sorted(("Seconds", "Timestamp", *paths)))
    timestamp = fields.typed("Timestamp", "string")
    literal = fields.value.get("Timestamp")
    expression = fields.jsonata and is_expression(literal)
    if isinstance(literal, str) and not expression and instant(literal) is None:
        message = "String does not match RFC3339 timestamp"
        fields.problems.error(message, fields.at("Timestamp"))
    seconds = fields.count("Seconds", 0, LONGEST_TIMEOUT)
    return Wait(**shared(fields, base), seconds=seconds, timestamp=timestamp)


def _choice(parser: Parser, fields: Fields, base: dict[str, Any]) -> State:
    if not fields.jsonata:
        fields.problems.error(
            "A Choice in JSONPath is not supported:"
            ' set "QueryLanguage": "JSONata" and use Condition',
            fields.where,
            NOT_IMPLEMENTED,
        )
    rules = each(fields, "Choices", _rule)
    if not rules:
        fields.problems.error("The field 'Choices' must have at least one rule", fields.where)
    return Choice(
        **base,
        output=output(fields),
        assign=assign(fields),
        rules=tuple(rules),
        default=fields.text("Default"),
    )


def _rule(fields: Fields, last: bool) -> Rule:
    if not fields.jsonata:
        for name in fields.value:
            fields.raw(name)  # the state as a whole is refused
    elif "Condition" not in fields.value:
        fields.problems.error("The field 'Condition' is required", fields.where)
    condition = fields.typed("Condition", "boolean")
    return Rule(
        condition=condition or fields.compile("Condition", False),
        next=fields.text("Next", required=True) or "",
        output=output(fields),
        assign=assign(fields),
    )


def _task(parser: Parser, fields: Fields, base: dict[str, Any]) -> State:
    resource = fields.text("Resource", required=True) or ""
    function, activity, integration = None, None, None
    if re.fullmatch(r"arn:[\w-]+:lambda:[\w-]*:[^:]*:function:.+", resource):
        function = resource
        integration = _resolved(parser, fields, resource)
    elif re.fullmatch(r"arn:[\w-]+:states:[\w-]+:[^:]+:activity:.+", resource):
        activity = resource
    elif resource:
        integration = _resolved(parser, fields, resource)
    if integration is not None and function is None:
        _check_arguments(fields, integration)
    return Task(
        **retriable(fields, base),
        resource=resource,
        integration=integration,
        function=function,
        activity=activity,
        timeout=fields.count("TimeoutSeconds", 1, LONGEST_TIMEOUT),
        heartbeat=fields.count("HeartbeatSeconds", 1, LONGEST_TIMEOUT),
        credentials=_credentials(fields),
    )


def _resolved(parser: Parser, fields: Fields, resource: str) -> Integration | None:
    if holds_placeholder(resource):
        return None  # reported with all the others
    if not resource.startswith("arn:"):
        fields.problems.error("Value is not a valid resource ARN", fields.at("Resource"))
        return None
    try:
        return parser.resolve(resource)
    except ValueError as error:
        fields.problems.error(str(error), fields.at("Resource"), NOT_IMPLEMENTED)
        return None


def _check_arguments(fields: Fields, integration: Integration) -> None:
    arguments = fields.value.get("Arguments")
    if "Arguments" not in fields.value and fields.jsonata:
        fields.problems.error("The field 'Arguments' is required", fields.where)
    elif isinstance(arguments, dict):
        for sentence in integration.check(arguments):
            fields.problems.error(sentence, fields.at("Arguments"))


def _credentials(fields: Fields) -> Value | None:
    if fields.object("Credentials") is None:
        return None
    part = fields.sub("Credentials", fields.value["Credentials"])
    part.text("RoleArn", required=True)
    part.finish()
    return fields.value_of("Credentials")


def _parallel(parser: Parser, fields: Fields, base: dict[str, Any]) -> State:
    values = fields.items("Branches", required=True) or []
    if fields.has("Branches") and not values:
        fields.problems.error("The field 'Branches' must have at least one branch", fields.where)
    branches = [
        parser.inner(value, f"{fields.at('Branches')}[{number}]")
        for number, value in enumerate(values)
    ]
    return Parallel(
        **retriable(fields, base),
        branches=tuple(branch for branch in branches if branch is not None),
    )


def _map(parser: Parser, fields: Fields, base: dict[str, Any]) -> State:
    name = "Iterator" if "Iterator" in fields.value else "ItemProcessor"
    value = fields.raw(name, required=True)
    processor = None
    if name in fields.value:
        processor = parser.inner(value, fields.at(name))
    shared = retriable(fields, base)
    return parse_map(fields, shared, processor or Graph("", {}, fields.at(name)), name)


READERS: Mapping[str, Callable[[Parser, Fields, dict[str, Any]], State]] = {
    "Task": _task,
    "Wait": _wait,
    "Pass": _pass,
    "Succeed": _succeed,
    "Fail": _fail,
    "Choice": _choice,
    "Parallel": _parallel,
    "Map": _map,
}
