"""Filter patterns of CloudWatch Logs: terms and JSON; space-delimited and regular expressions not.

    ERROR timeout          both terms                      "two words"   a phrase
    ?ERROR ?WARN           one of them                     -retry        not this one
    { ($.level = "ERROR" || $.status >= 500) && $.source NOT EXISTS }

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
"""

from __future__ import annotations

import fnmatch
import json
import operator
import re
from collections.abc import Callable
from typing import Any

Matches = Callable[[str, Any], bool]
"""(text of an event, the same as JSON or None) -> whether it matches."""

_TERM = re.compile(r'([?-]?)("(?:[^"\\]|\\.)*"|[^\s"]+)')
_TOKEN = re.compile(
    r'\s*(?:(?P<path>\$[\w.\[\]*@-]*)|(?P<text>"(?:[^"\\]|\\.)*")|(?P<operator>&&|\|\||[()]|'
    r"!=|>=|<=|=|>|<)|(?P<word>[^\s()=<>!&|]+))"
)
_STEP = re.compile(r"\.([\w@-]+)|\[(\d+)\]")
_ABSENT = object()
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


class PatternError(ValueError):
    """A pattern that CloudWatch Logs, or this program, does not have; one sentence."""


def compiled(pattern: str) -> Matches:
    """The test of a pattern. Raises PatternError."""
    text = pattern.strip()
    if text.startswith("["):
        raise PatternError("The embedded AWS has no space-delimited filter patterns.")
    if text.startswith("{"):
        if not text.endswith("}"):
            raise PatternError("Invalid filter pattern: a JSON pattern ends with }.")
        return _Json(text[1:-1]).parsed()
    if "%" in text:
        raise PatternError("The embedded AWS has no regular expressions in filter patterns.")
    return _terms(text)


def value_at(path: str, event: Any) -> Any:
    """The value at `$.a.b[0]`, None if there is none. Raises PatternError for other paths."""
    value = _at(path, event)
    return None if value is _ABSENT else value


def _terms(text: str) -> Matches:
    found = [(sign, _unquoted(term)) for sign, term in _TERM.findall(text)]
    needed = [term for sign, term in found if not sign]
    anyone = [term for sign, term in found if sign == "?"]
    banned = [term for sign, term in found if sign == "-"]

    def matches(line: str, event: Any) -> bool:
        if any(term not in line for term in needed) or any(term in line for term in banned):
            return False
        return not anyone or bool(needed) or any(term in line for term in anyone)

    return matches


def _unquoted(term: str) -> str:
    return str(json.loads(term)) if term.startswith('"') else term


def _at(path: str, event: Any) -> Any:
    end, value = 1, event
    for step in _STEP.finditer(path):
        if step.start() != end:
            break
        end = step.end()
        key, index = step.groups()
        if key is not None:
            value = value.get(key, _ABSENT) if isinstance(value, dict) else _ABSENT
        else:
            inside = isinstance(value, list) and int(index) < len(value)
            value = value[int(index)] if inside else _ABSENT
    if end != len(path):
        raise PatternError(f"Invalid filter pattern: the embedded AWS cannot read {path}.")
    return value


class _Json:
    """A parser by recursive descent: or, and, comparison."""

    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        end = 0
        while text[end:].strip():
            match = _TOKEN.match(text, end)
            if match is None:
                raise PatternError(f"Invalid filter pattern near {text[end:].strip()!r}.")
            end = match.end()
            self._tokens.append((str(match.lastgroup), match[match.lastgroup or 0]))

    def parsed(self) -> Matches:
        test = self._any()
        if self._tokens:
            raise PatternError(f"Invalid filter pattern near {self._tokens[0][1]!r}.")
        return lambda line, event: isinstance(event, dict) and test(event)

    def _any(self) -> Callable[[Any], bool]:
        tests = [self._all()]
        while self._take("||"):
            tests.append(self._all())
        return lambda event: any(test(event) for test in tests)

    def _all(self) -> Callable[[Any], bool]:
        tests = [self._one()]
        while self._take("&&"):
            tests.append(self._one())
        return lambda event: all(test(event) for test in tests)

    def _one(self) -> Callable[[Any], bool]:
        if self._take("("):
            test = self._any()
            if not self._take(")"):
                raise PatternError("Invalid filter pattern: a parenthesis is not closed.")
            return test
        kind, path = self._next()
        if kind != "path":
            raise PatternError(f"Invalid filter pattern: {path!r} is no property such as $.level.")
        value_at(path, None)
        kind, sign = self._next()
        if kind == "word":
            return self._state(path, sign.upper())
        return self._comparison(path, sign)

    def _state(self, path: str, word: str) -> Callable[[Any], bool]:
        _, second = self._next()
        match (word, second.upper()):
            case ("NOT", "EXISTS"):
                return lambda event: _at(path, event) is _ABSENT
            case ("IS", "NULL"):
                return lambda event: _at(path, event) is None
            case ("IS", "TRUE" | "FALSE" as wanted):
                return lambda event: _at(path, event) is (wanted == "TRUE")
        raise PatternError(f"Invalid filter pattern: {word} {second}.")

    def _comparison(self, path: str, sign: str) -> Callable[[Any], bool]:
        kind, text = self._next()
        if text.startswith("%"):
            raise PatternError("The embedded AWS has no regular expressions in filter patterns.")
        if sign in _ORDER:
            return _ordered(path, _ORDER[sign], text)
        if sign not in ("=", "!="):
            raise PatternError(f"Invalid filter pattern: {sign!r} does not compare.")
        equal = _equal(_unquoted(text), quoted=kind == "text")

        def test(event: Any) -> bool:
            value = _at(path, event)
            return value is not _ABSENT and equal(value) == (sign == "=")

        return test

    def _next(self) -> tuple[str, str]:
        if not self._tokens:
            raise PatternError("Invalid filter pattern: it ends too early.")
        return self._tokens.pop(0)

    def _take(self, sign: str) -> bool:
        found = bool(self._tokens) and self._tokens[0] == ("operator", sign)
        if found:
            self._tokens.pop(0)
        return found


def _ordered(path: str, order: Callable[[Any, Any], bool], text: str) -> Callable[[Any], bool]:
    try:
        limit = float(text)
    except ValueError:
        raise PatternError(f"Invalid filter pattern: {text} is not a number.") from None

    def test(event: Any) -> bool:
        value = _at(path, event)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return number and order(value, limit)

    return test


def _equal(text: str, quoted: bool) -> Callable[[Any], bool]:
    """Strings may hold `*`; a bare number is compared as one."""
    try:
        number = None if quoted else float(text)
    except ValueError:
        number = None
    literal = re.sub(r"([\[?])", r"[\1]", text)

    def test(value: Any) -> bool:
        if isinstance(value, bool) or value is None:
            return False
        if number is not None and isinstance(value, int | float):
            return value == number
        return isinstance(value, str) and fnmatch.fnmatchcase(value, literal)

    return test
