"""Metric math of alarms: `m1 / m2 * 100`, FILL, IF and the like over series of one period.

A series is a list of values, None where there is no data; a result has no value where an operand
has none, or where it would divide by zero.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping, Sequence

Value = float | None
Series = Sequence[Value]

_OPERATORS: dict[type[ast.AST], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_OVER_SERIES: dict[str, Callable[[list[float]], float]] = {
    "SUM": sum,
    "MIN": min,
    "MAX": max,
    "AVG": lambda values: sum(values) / len(values),
}
_FUNCTIONS = ("FILL", "IF", *_OVER_SERIES)


class MathError(ValueError):
    """An expression that CloudWatch, or this program, does not have; one sentence."""


def check(expression: str) -> set[str]:
    """The ids that an expression reads. Raises MathError naming what is not supported."""
    tree = _parsed(expression)
    used = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id not in _FUNCTIONS:
            used.add(node.id)
    _evaluate(tree, {name: [None] for name in used}, 1)
    return used


def evaluate(expression: str, series: Mapping[str, Series], length: int) -> list[Value]:
    """The series of an expression. Raises MathError."""
    return list(_evaluate(_parsed(expression), series, length))


def _parsed(expression: str) -> ast.expr:
    try:
        return ast.parse(expression.strip().replace("^", "**"), mode="eval").body
    except SyntaxError as error:
        raise MathError(
            f"The embedded AWS cannot read the metric math expression {expression!r}."
        ) from error


def _evaluate(node: ast.expr, series: Mapping[str, Series], length: int) -> Series:
    def of(part: ast.expr) -> Series:
        return _evaluate(part, series, length)

    match node:
        case ast.Constant(value=int() | float() as value):
            return [float(value)] * length
        case ast.Name(id=name):
            if name not in series:
                raise MathError(f"The metric math expression reads {name}, which is no id.")
            return series[name]
        case ast.UnaryOp(op=ast.USub(), operand=part):
            return [None if value is None else -value for value in of(part)]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _each(_OPERATORS[type(op)], of(left), of(right))
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _OPERATORS:
            return _each(_OPERATORS[type(op)], of(left), of(right))
        case ast.Call(func=ast.Name(id="FILL"), args=[part, filler], keywords=[]):
            pairs = zip(of(part), _filling(filler, of), strict=True)
            return [other if value is None else value for value, other in pairs]
        case ast.Call(func=ast.Name(id="IF"), args=[condition, yes, no], keywords=[]):
            triples = zip(of(condition), of(yes), of(no), strict=True)
            return [None if c is None else (y if c else n) for c, y, n in triples]
        case ast.Call(func=ast.Name(id=name), args=[ast.List(elts=parts)], keywords=[]) if (
            name in _OVER_SERIES and parts
        ):
            columns = zip(*(of(part) for part in parts), strict=True)
            return [_over(_OVER_SERIES[name], column) for column in columns]
    raise MathError(
        f"The embedded AWS has no metric math such as {ast.unparse(node)}: only numbers, ids, "
        f"+ - * / ^, comparisons and {', '.join(_FUNCTIONS)}."
    )


def _filling(filler: ast.expr, of: Callable[[ast.expr], Series]) -> Series:
    if isinstance(filler, ast.Name) and filler.id in ("REPEAT", "LINEAR"):
        raise MathError(f"The embedded AWS has no FILL with {filler.id}: only with a number.")
    return of(filler)


def _each(function: Callable[[float, float], float], left: Series, right: Series) -> list[Value]:
    def one(a: Value, b: Value) -> Value:
        if a is None or b is None:
            return None
        try:
            return float(function(a, b))
        except (ZeroDivisionError, OverflowError):
            return None

    return [one(a, b) for a, b in zip(left, right, strict=True)]


def _over(function: Callable[[list[float]], float], column: Sequence[Value]) -> Value:
    values = [value for value in column if value is not None]
    return float(function(values)) if values else None
