"""Parsing and inspection: the syntax tree of jsonata-python, limited to what the service takes."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from jsonata.jexception import JException
from jsonata.parser import Parser
from jsonata.regex_engine import RegexFlags
from jsonata.tokenizer import Tokenizer

from .children import in_context

REFUSED_OPERATORS = ("??", "?:")
INVALID, UNSUPPORTED = "INVALID_JSONATA_EXPRESSION", "UNSUPPORTED_JSONATA_EXPRESSION"
_CHILDREN = (
    *("lhs", "rhs", "expression", "condition", "then", "_else", "procedure", "pattern", "update"),
    *("delete", "expr"),
)
_CONTEXT = {"wildcard": "*", "descendant": "**", "parent": "%"}
_LISTS = ("arguments", "expressions", "terms")
# what the library's parser raises on some broken texts besides its own errors
_PARSER_ERRORS = (AttributeError, IndexError, KeyError, TypeError, ValueError, RecursionError)


class SyntaxProblem(Exception):
    """The text is no JSONata of version 2.0.6, or uses what the service refuses; `code` tells."""

    def __init__(self, message: str, code: str = INVALID) -> None:
        super().__init__(message)
        self.code = code


@dataclass
class Reads:
    """The names an expression takes from outside."""

    variables: set[str] = field(default_factory=set)
    states_fields: set[str] = field(default_factory=set)


def parse(text: str) -> Any:
    """The syntax tree of an expression; raises SyntaxProblem with a position."""
    _refuse_operators(text)
    try:
        return Parser().parse(text, _compile_regex)
    except JException as error:
        position = f" at position {error.location}" if error.location >= 0 else ""
        raise SyntaxProblem(f"{_message(error)}{position}") from None
    except _PARSER_ERRORS:
        raise SyntaxProblem("Unexpected end of expression") from None
    except re.error as error:
        raise SyntaxProblem(f"Invalid regular expression: {error}") from None


def _message(error: JException) -> str:
    """JSONata's sentence; the library leaves out the quotes around tokens."""
    if error.error == "S0202":
        return f"Expected {_quoted(error.current)}, got {_quoted(error.expected)}"
    if error.error == "S0211":
        return f"The symbol {_quoted(error.current)} cannot be used as a unary operator"
    if error.error == "S0201":
        return f"Syntax error: {_quoted(error.current)}"
    return str(error)


def _quoted(token: Any) -> str:
    return json.dumps(str(token), ensure_ascii=False)


def _refuse_operators(text: str) -> None:
    """`??` and `?:` came after 2.0.6; they are looked for as tokens, strings may hold them."""
    tokens = Tokenizer(text, _compile_regex)
    infix = False
    while True:
        try:
            token = tokens.next(infix)
        except (JException, re.error, *_PARSER_ERRORS):
            return  # the parser says what is wrong, and where
        if token is None:
            return
        if token.type == "operator" and token.value in REFUSED_OPERATORS:
            raise SyntaxProblem(
                f"Syntax error: the operator {token.value} is not supported"
                f" at position {token.position}"
            )
        infix = token.type != "operator" or token.value in (")", "]", "}")


def _compile_regex(pattern: str, flags: RegexFlags) -> re.Pattern[str]:
    """JavaScript's pattern for Python; classes such as \\s are ASCII on the service."""
    translated = re.sub(r"\(\?<(?=[A-Za-z_])", "(?P<", pattern.replace("\\/", "/"))
    options = re.ASCII
    options |= re.IGNORECASE if flags.case_insensitive else re.NOFLAG
    options |= re.MULTILINE if flags.multiline else re.NOFLAG
    return re.compile(translated, options)


def tidy(symbol: Any) -> None:
    """Joins the surrogate pairs that string escapes leave in two halves."""
    if symbol.type == "string" and any("\ud800" <= char <= "\udfff" for char in symbol.value):
        units = symbol.value.encode("utf-16-be", "surrogatepass")
        symbol.value = units.decode("utf-16-be", "surrogatepass")


def inspect(symbol: Any) -> Reads:
    """The free variables of a tree and the fields that it reads of `$states`."""
    reads = Reads()
    _visit(symbol, set(), reads)
    _refuse_context(symbol)
    return reads


def _at_top_level(name: str) -> str:
    return f"Reference to '{name}' at the top level is not supported."


def _refuse_context(symbol: Any) -> None:
    """An expression has no context value: names, `$` and `*` mean something inside a path only."""
    name = _CONTEXT.get(symbol.type)
    if symbol.type == "name" or (symbol.type == "variable" and symbol.value == ""):
        name = str(symbol.value) if symbol.type == "name" else "$"
    if name is not None:
        raise SyntaxProblem(_at_top_level(name), UNSUPPORTED)
    for child in in_context(symbol):
        if child is not symbol.procedure:  # `sum(x)` for `$sum(x)` fails when it is evaluated
            _refuse_context(child)


def _visit(symbol: Any, bound: set[str], reads: Reads) -> None:
    tidy(symbol)
    match symbol.type:
        case "variable":
            _read(str(symbol.value), bound, reads)
        case "bind":
            _visit_bind(symbol, bound, reads)
        case "lambda":
            names = {str(parameter.value) for parameter in symbol.arguments}
            _visit(symbol.body, bound | names, reads)
        case "path":
            _visit_path(symbol, bound, reads)
        case "block":
            inner = set(bound)
            for part in symbol.expressions:
                _visit(part, inner, reads)
        case _:
            _visit_children(symbol, bound, reads)
    for predicate in symbol.predicate or ():
        _visit(predicate.expr, bound, reads)
    if symbol.type != "path" and symbol.group is not None:
        _visit_pairs(symbol.group, bound, reads)


def _read(name: str, bound: set[str], reads: Reads) -> None:
    if name == "eval" and name not in bound:
        raise SyntaxProblem("The function $eval is not supported", UNSUPPORTED)
    if name == "$":
        raise SyntaxProblem(_at_top_level("$$"), UNSUPPORTED)
    if name not in ("", "$", "states") and name not in bound:
        reads.variables.add(name)


def _visit_bind(symbol: Any, bound: set[str], reads: Reads) -> None:
    name = str(symbol.lhs.value)
    if symbol.rhs.type == "lambda":
        bound.add(name)  # a function may call itself
    _visit(symbol.rhs, bound, reads)
    bound.add(name)


def _visit_path(symbol: Any, bound: set[str], reads: Reads) -> None:
    inner = set(bound)
    first = symbol.steps[0]
    if first.type == "variable" and first.value == "states" and len(symbol.steps) > 1:
        second = symbol.steps[1]
        if second.type == "name":
            reads.states_fields.add(str(second.value))
    for step in symbol.steps:
        _visit(step, inner, reads)
        inner |= {str(name) for name in (step.focus, step.index) if name is not None}
        for stage in step.stages or ():
            if stage.type == "index":
                inner.add(str(stage.value))
            else:
                _visit(stage.expr, inner, reads)
    if symbol.group is not None:
        _visit_pairs(symbol.group, inner, reads)


def _visit_pairs(symbol: Any, bound: set[str], reads: Reads) -> None:
    for key, value in symbol.lhs_object:
        _visit(key, bound, reads)
        _visit(value, bound, reads)


def _visit_children(symbol: Any, bound: set[str], reads: Reads) -> None:
    for name in _CHILDREN:
        child = getattr(symbol, name, None)
        if isinstance(child, Parser.Symbol):
            _visit(child, bound, reads)
    for name in _LISTS:
        for child in getattr(symbol, name, None) or ():
            _visit(child, bound, reads)
    if getattr(symbol, "lhs_object", None):
        _visit_pairs(symbol, bound, reads)
