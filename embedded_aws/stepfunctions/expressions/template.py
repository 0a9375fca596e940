"""Templates: JSON whose `{% ... %}` strings are expressions, compiled once, evaluated often."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import DefinitionError, Diagnostic, EvaluationError
from . import depth, invocations, operators, paths  # noqa: F401  (they register their compilers)
from .failures import DEPTH, Failure, LimitExceeded
from .frames import Frame, Node, Run
from .functions import BUILTINS
from .nodes import compile_node
from .syntax import INVALID, SyntaxProblem, inspect, parse
from .values import UNDEFINED, plain

UNDEFINED_DETAIL = "returned nothing (undefined)."
UNSUPPORTED_DETAIL = "returned an unsupported result type."
CACHED_EXPRESSIONS = 4096

_BUILTIN_FRAME = Frame(Run(0.0, random.Random(0)), None, BUILTINS)


@dataclass(frozen=True, slots=True)
class Scope:
    """What an expression sees.

    variables  the state machine's variables by name, without `$`
    states     the value of `$states`
    now        epoch seconds of the engine's clock, for `$now()` and `$millis()`
    random     the source of `$random()`, `$uuid()` and `$shuffle()`
    """

    variables: Mapping[str, Any]
    states: Mapping[str, Any]
    now: float
    random: random.Random


@dataclass(frozen=True, slots=True)
class _Expression:
    text: str
    node: Node
    variables: frozenset[str]
    states_fields: frozenset[str]
    deepest: int

    def evaluate(self, field: str, scope: Scope) -> Any:
        run = Run(scope.now, scope.random)
        variables = Frame(run, _BUILTIN_FRAME, scope.variables)
        frame = Frame(run, variables, {"states": scope.states})
        try:
            if self.deepest > depth.LIMIT:
                raise LimitExceeded(DEPTH)
            value = self.node(UNDEFINED, frame)
            if value is not UNDEFINED:
                return plain(value, lambda _: EvaluationError(field, self.text, UNSUPPORTED_DETAIL))
        except (Failure, LimitExceeded) as failure:
            raise EvaluationError(field, self.text, failure.detail()) from None
        except RecursionError:
            detail = LimitExceeded(DEPTH).detail()
            raise EvaluationError(field, self.text, detail) from None
        raise EvaluationError(field, self.text, UNDEFINED_DETAIL)


@functools.lru_cache(maxsize=CACHED_EXPRESSIONS)
def _compile(text: str) -> _Expression:
    tree = parse(text)
    reads = inspect(tree)
    variables = frozenset(reads.variables - BUILTINS.keys())
    deepest = depth.measure(tree)
    return _Expression(text, compile_node(tree), variables, frozenset(reads.states_fields), deepest)


class Template:
    """A compiled field.

    variables      workflow variables it reads (built-in functions are not among them)
    states_fields  fields of `$states` it reads: input, result, errorOutput, context
    """

    def __init__(
        self, evaluate: Callable[[Scope], Any] | None, value: Any, expressions: list[_Expression]
    ) -> None:
        self._evaluate = evaluate
        self._value = value
        self.is_literal = evaluate is None
        self.variables = frozenset[str]().union(*(e.variables for e in expressions))
        self.states_fields = frozenset[str]().union(*(e.states_fields for e in expressions))

    def evaluate(self, scope: Scope) -> Any:
        """The value as plain JSON; parts that come from the scope are shared, not copied.

        Raises EvaluationError.
        """
        return self._value if self._evaluate is None else self._evaluate(scope)


def is_expression(value: Any) -> bool:
    """Whether a string is an expression: `{%` first, `%}` last."""
    return (
        isinstance(value, str)
        and len(value) >= 4
        and value.startswith("{%")
        and value.endswith("%}")
    )


def compile_template(value: Any, path: str) -> Template:
    """Compiles a field; `path` is its name in errors, with slashes: `Assign/x`.

    Raises DefinitionError with every expression that is wrong, located by path.
    """
    problems: list[Diagnostic] = []
    expressions: list[_Expression] = []
    evaluate = _compiled(value, path, expressions, problems)
    if problems:
        raise DefinitionError(problems)
    return Template(evaluate, value, expressions)


def _compiled(
    value: Any, path: str, expressions: list[_Expression], problems: list[Diagnostic]
) -> Callable[[Scope], Any] | None:
    """An evaluator of the value, or None where it holds no expression."""
    if is_expression(value):
        try:
            expression = _compile(value[2:-2].strip())
        except SyntaxProblem as problem:
            problems.append(Diagnostic("ERROR", problem.code, str(problem), path))
            return None
        expressions.append(expression)
        return functools.partial(expression.evaluate, path)
    if isinstance(value, str) and value.startswith("{%") != value.endswith("%}"):
        message = "An expression starts with {% and ends with %}, without spaces around them"
        problems.append(Diagnostic("ERROR", INVALID, message, path))
        return None
    if isinstance(value, dict):
        fields = {
            key: _compiled(item, f"{path}/{key}", expressions, problems)
            for key, item in value.items()
        }
        return _of_object(value, fields)
    if isinstance(value, list):
        items = [
            _compiled(item, f"{path}[{at}]", expressions, problems) for at, item in enumerate(value)
        ]
        return _of_array(value, items)
    return None


def _of_object(
    literal: dict[str, Any], fields: dict[str, Callable[[Scope], Any] | None]
) -> Callable[[Scope], Any] | None:
    moving = [(key, evaluate) for key, evaluate in fields.items() if evaluate is not None]
    if not moving:
        return None

    def evaluate_fields(scope: Scope) -> dict[str, Any]:
        result = dict(literal)
        for key, evaluate in moving:
            result[key] = evaluate(scope)
        return result

    return evaluate_fields


def _of_array(
    literal: list[Any], items: list[Callable[[Scope], Any] | None]
) -> Callable[[Scope], Any] | None:
    moving = [(at, evaluate) for at, evaluate in enumerate(items) if evaluate is not None]
    if not moving:
        return None

    def evaluate_items(scope: Scope) -> list[Any]:
        result = list(literal)
        for at, evaluate in moving:
            result[at] = evaluate(scope)
        return result

    return evaluate_items
