from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parse_response.context import compact

Blank = Callable[[str], dict[str, Any]]

RESULT = {
    "stack": {"cloud": {"value": "aws", "evidence": "AWS für alle", "source": "inferred"}},
    "text": "é" * 500,
}


def size(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def test_a_context_within_its_budget_is_the_result_itself() -> None:
    context = compact(RESULT, size(RESULT))

    assert context is not None
    assert json.loads(context) == RESULT
    assert "\n" not in context
    assert ": " not in context


def test_evidence_goes_first() -> None:
    context = compact(RESULT, size(RESULT) - 1)

    assert json.loads(context or "") == {
        "stack": {"cloud": {"value": "aws", "source": "inferred"}},
        "text": "é" * 500,
    }


def test_then_long_texts_are_shortened() -> None:
    context = compact(RESULT, 400)

    assert json.loads(context or "")["text"] == "é" * 200 + "…"


def test_then_lists_are_shortened() -> None:
    context = compact({"skills": [f"skill {n}" for n in range(100)]}, 300)

    assert json.loads(context or "") == {"skills": [f"skill {n}" for n in range(20)]}


def test_a_pass_that_no_other_needs_leaves_no_context() -> None:
    assert compact(RESULT, 0) is None


@pytest.mark.parametrize(("pass_name", "budget"), [("pass1", 8000), ("pass2", 6000)])
@settings(deadline=None, max_examples=30)
@given(text=st.text(min_size=1, max_size=80))
def test_the_longest_result_fits(pass_name: str, budget: int, text: str) -> None:
    # GIVEN a result whose texts, lists and evidence are as long as an answer can be
    longest = _filled(pass_name, text * 40)

    context = compact(longest, budget)

    assert context is not None
    assert len(context) <= budget
    assert json.loads(context).keys() == longest.keys()


def _filled(pass_name: str, text: str) -> dict[str, Any]:
    from parse_response.layout import layout_of

    (root,) = layout_of(pass_name).roots.values()
    kinds = {"list": [text] * 30, "text": text, "number": 123456.789}
    return {
        section: {
            name: {
                "value": kinds.get(one.value.kind, max(one.value.words, key=len, default=True)),
                "confidence": 0.123456789,
                "evidence": text,
                "source": "pass1_derived",
            }
            if one.wrapped
            else kinds.get(one.value.kind, max(one.value.words, key=len, default=True))
            for name, one in fields.items()
        }
        for section, fields in root.sections.items()
    }
