"""Every line of expressions.txt."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

import pytest

from embedded_aws.stepfunctions.errors import DefinitionError, EvaluationError
from embedded_aws.stepfunctions.expressions import Scope, compile_template

NOW = 1769839200.123  # 2026-01-31T06:00:00.123Z
LINES = (Path(__file__).parent / "expressions.txt").read_text().splitlines()
DOCUMENTS: dict[str, Any] = {"-": None}


def _cases() -> list[Any]:
    cases = []
    for number, line in enumerate(LINES, 1):
        if not line or line.startswith("#"):
            continue
        fields = line.split("\t")
        if len(fields) == 2:
            DOCUMENTS[fields[0]] = json.loads(fields[1])
            continue
        cases.append(pytest.param(*fields, id=f"{number}"))
    return cases


def evaluate(expression: str, value: Any) -> Any:
    template = compile_template("{% " + expression + " %}", "Output")
    scope = Scope({"x": value, "i": 1}, {"input": value}, NOW, random.Random(1))
    return template.evaluate(scope)


@pytest.mark.parametrize(("document", "expression", "expected"), _cases())
def test_line(document: str, expression: str, expected: str) -> None:
    value = DOCUMENTS[document] if document in DOCUMENTS else json.loads(document)
    before = json.dumps(value)
    if expected == "! definition":
        with pytest.raises(DefinitionError):
            evaluate(expression, value)
    elif expected.startswith("! "):
        with pytest.raises(EvaluationError) as raised:
            evaluate(expression, value)
        assert raised.value.expression == expression.strip()
        assert re.fullmatch(_detail(expected[2:]), raised.value.detail)
    else:
        found = evaluate(expression, value)
        assert _typed(found) == _typed(json.loads(expected))
    assert json.dumps(value) == before  # nothing that is bound is ever changed


def _detail(pattern: str) -> str:
    kinds = {
        "undefined": r"returned nothing \(undefined\)\.",
        "unsupported": r"returned an unsupported result type\.",
    }
    return kinds.get(pattern, rf"threw an error during evaluation[.:] {pattern}")


def _typed(value: Any) -> Any:
    """The value with the classes of its containers, and true apart from 1."""
    if isinstance(value, list):
        return type(value), [_typed(item) for item in value]
    if isinstance(value, dict):
        return type(value), {key: _typed(item) for key, item in value.items()}
    return isinstance(value, bool), value
