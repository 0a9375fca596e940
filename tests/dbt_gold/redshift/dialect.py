"""What Redshift would refuse in a compiled statement, as far as the text alone shows it.

A parser that accepts a statement proves little, so called functions are held against an
allow-list, and constructs that PostgreSQL or DuckDB know and Redshift does not are looked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import sqlglot
from sqlglot import TokenType, exp

UNKNOWN = {
    exp.Filter: "FILTER on an aggregate",
    exp.Lateral: "LATERAL",
    exp.Lambda: "a lambda",
    exp.Array: "an array literal",
    exp.Map: "a map literal",
    exp.Struct: "a struct literal",
    exp.JSONExtract: "the operator ->",
    exp.JSONExtractScalar: "the operator ->>",
    exp.Qualify: "QUALIFY",
}


@cache
def allowed_functions() -> frozenset[str]:
    """The functions of functions.txt."""
    lines = Path(__file__).with_name("functions.txt").read_text().splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


def findings(sql: str) -> list[str]:
    """What is wrong with one statement, each a short phrase; empty where nothing was found."""
    try:
        trees = sqlglot.parse(sql, read="redshift")
        called = _called(sqlglot.tokenize(sql, read="redshift"))
    except sqlglot.errors.SqlglotError as error:
        return [f"not parsed: {str(error).splitlines()[0][:120]}"]
    found = {f"function {name}()" for name in called if name not in allowed_functions()}
    for tree in trees:
        if tree is not None:
            found.update(_constructs(tree))
    return sorted(found)


def _called(tokens: list[Any]) -> Iterator[str]:
    """Names right before a bracket: functions, but not CTEs, aliases with columns or types."""
    ctes = {
        name.text.lower()
        for name, word, bracket in zip(tokens, tokens[1:], tokens[2:], strict=False)
        if word.text.lower() == "as" and bracket.token_type is TokenType.L_PAREN
    }
    before = [None, *tokens]
    for previous, token, following in zip(before, tokens, tokens[1:], strict=False):
        name = token.text.lower()
        if (
            following.token_type is TokenType.L_PAREN
            and token.token_type in (TokenType.VAR, TokenType.UNNEST)  # keywords have other types
            and name not in ctes | {"group", "values"}
            and (previous is None or previous.text.lower() not in ("as", "into", "."))
        ):
            yield name


def _constructs(tree: Any) -> Iterator[str]:
    for node in tree.walk():
        for kind, phrase in UNKNOWN.items():
            if isinstance(node, kind):
                yield phrase
        if isinstance(node, exp.Distinct) and node.args.get("on"):
            yield "DISTINCT ON"
        if isinstance(node, exp.Values) and not isinstance(node.parent, exp.Insert):
            yield "VALUES as a table"
        if isinstance(node, exp.Join):
            yield from _join(node)
        if isinstance(node, exp.Mul) and node.find(exp.Interval):
            yield "arithmetic with an interval"
        if isinstance(node, exp.Select):
            yield from _orderings(node)
        if isinstance(node, exp.Cast) and _boolean_to_text(node):
            yield "a boolean cast to text"


def _join(join: exp.Join) -> Iterator[str]:
    if (join.kind or "").upper() in ("SEMI", "ANTI", "ASOF"):
        yield f"{join.kind} JOIN"
    condition = join.args.get("on")
    if condition is not None and condition.find(exp.Subquery, exp.Exists):
        yield "a subquery in a join's condition"


def _orderings(select: exp.Select) -> Iterator[str]:
    """All WITHIN GROUP of one SELECT must share one order."""
    orders = {
        within.expression.sql()
        for within in select.find_all(exp.WithinGroup)
        if within.find_ancestor(exp.Select) is select
    }
    if len(orders) > 1:
        yield "WITHIN GROUP with two orders in one SELECT"


def _boolean_to_text(cast: exp.Cast) -> bool:
    """Only what the text shows: comparisons, TRUE and FALSE."""
    return cast.to.is_type(*exp.DataType.TEXT_TYPES) and isinstance(
        cast.this.unnest(), exp.Boolean | exp.Predicate | exp.Not
    )
