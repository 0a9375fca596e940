"""Whatever a model writes: nothing raises, and what is accepted meets the schema strictly.

Strictness is judged by another validator than the one at work.
"""

from __future__ import annotations

import copy
import json
from functools import cache
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parse_response.layout import Field, Value, layout_of, schema_of
from parse_response.outcome import Rejected
from parse_response.validate import accept
from tests.functions.parse_response.answers import PASSES, make_blank

untimed = settings(deadline=None)  # the first example compiles validators
passes = st.sampled_from(PASSES)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["not_mentioned", "yes", "aws", "0.7", "5+", "UK", "Multitasking", "1e999"])
)
anything = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["value", "confidence", "evidence", "source", "team_size"])
            | st.text(max_size=8),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@cache
def judge(pass_name: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(schema_of(pass_name))


def accepted_or_rejected(pass_name: str, text: str) -> dict[str, Any] | None:
    """The strictly valid answer, or null for a rejected one."""
    try:
        answer = accept(pass_name, text).answer
    except Rejected:
        return None
    judge(pass_name).validate(answer)
    json.dumps(answer, ensure_ascii=False, allow_nan=False).encode("utf-8")
    return answer


@untimed
@given(passes, st.text())
def test_any_text(pass_name: str, text: str) -> None:
    accepted_or_rejected(pass_name, text)


@untimed
@given(passes, st.text(alphabet="{}[]\":,\\ntrue1.eE-/*'`#< >", max_size=80))
def test_any_text_that_resembles_json(pass_name: str, text: str) -> None:
    accepted_or_rejected(pass_name, f"{{{text}}}")


@untimed
@given(passes, anything)
def test_any_json(pass_name: str, value: Any) -> None:
    accepted_or_rejected(pass_name, json.dumps(value))


@untimed
@given(passes, anything)
def test_any_json_under_the_roots(pass_name: str, value: Any) -> None:
    accepted_or_rejected(pass_name, json.dumps(dict.fromkeys(layout_of(pass_name).roots, value)))


@untimed
@given(passes, st.data())
def test_any_mutation_of_a_valid_answer(pass_name: str, data: st.DataObject) -> None:
    answer = make_blank(pass_name)
    for _ in range(data.draw(st.integers(1, 6), label="mutations")):
        _mutate(answer, data)

    accepted_or_rejected(pass_name, json.dumps(answer))


@untimed
@given(passes, st.data())
def test_any_damage_to_the_text_of_a_valid_answer(pass_name: str, data: st.DataObject) -> None:
    text = json.dumps(make_blank(pass_name))
    start = data.draw(st.integers(0, len(text)), label="start")
    end = data.draw(st.integers(start, min(len(text), start + 30)), label="end")
    instead = data.draw(st.text(alphabet='{}[]":, \n\\abc1', max_size=6), label="instead")

    accepted_or_rejected(pass_name, text[:start] + instead + text[end:])


@untimed
@given(passes, st.data())
def test_valid_values_pass_unchanged_and_without_warning(
    pass_name: str, data: st.DataObject
) -> None:
    # GIVEN an answer with any accepted values in some fields, pay and maturity aside, which agree
    answer = make_blank(pass_name)
    for _ in range(data.draw(st.integers(1, 8), label="fields")):
        home, one = data.draw(st.sampled_from(_independent_fields(pass_name)), label="field")
        value = data.draw(_accepted(one.value), label=one.name)
        section = answer
        for key in home:
            section = section[key]
        section[one.name] = {**section[one.name], "value": value} if one.wrapped else value

    done = accept(pass_name, json.dumps(answer))

    roots = layout_of(pass_name).roots
    assert {name: done.answer[name] for name in roots} == {name: answer[name] for name in roots}
    assert done.warnings == ()


@untimed
@given(passes, st.data())
def test_accepting_twice_changes_nothing_more(pass_name: str, data: st.DataObject) -> None:
    answer = make_blank(pass_name)
    _mutate(answer, data)
    once = accepted_or_rejected(pass_name, json.dumps(answer))

    if once is not None:
        twice = accept(pass_name, json.dumps(once)).answer
        roots = layout_of(pass_name).roots
        assert {name: twice[name] for name in roots} == {name: once[name] for name in roots}


@pytest.mark.parametrize("pass_name", PASSES)
def test_a_valid_answer_is_strictly_valid(pass_name: str) -> None:
    judge(pass_name).validate(make_blank(pass_name))


def _mutate(answer: dict[str, Any], data: st.DataObject) -> None:
    """Changes one member somewhere: another value, another name, gone, or one more."""
    home = answer
    while True:
        inner = [value for value in home.values() if isinstance(value, dict) and value]
        if not inner or data.draw(st.integers(0, 3), label="stop") == 0:
            break
        home = data.draw(st.sampled_from(inner), label="into")
    if not home:
        return
    key = data.draw(st.sampled_from(sorted(home)), label="key")
    change = data.draw(st.sampled_from(["value", "name", "gone", "more"]), label="change")
    if change == "value":
        home[key] = data.draw(anything, label="value")
    elif change == "name":
        home[key[:-1] + data.draw(st.text(max_size=2), label="ending")] = home.pop(key)
    elif change == "gone":
        del home[key]
    else:
        home[data.draw(st.text(max_size=12), label="new")] = copy.deepcopy(home[key])


@cache
def _independent_fields(pass_name: str) -> list[tuple[tuple[str, ...], Field]]:
    return [
        (home, one)
        for root in layout_of(pass_name).roots.values()
        for home, fields in [
            ((root.name,), root.fields),
            *(((root.name, name), section) for name, section in root.sections.items()),
        ]
        for one in fields.values()
        if "compensation" not in home
        and not one.name.startswith("data_maturity")
        and not one.name.endswith("_max")
    ]


def _accepted(value: Value) -> st.SearchStrategy[Any]:
    """Values that a field accepts."""
    if value.kind == "list":
        assert value.items is not None
        return st.lists(_accepted(value.items), max_size=4)
    if value.kind == "object":
        return st.fixed_dictionaries({key: _accepted(one) for key, one in value.members.items()})
    strategy: st.SearchStrategy[Any] = {
        "boolean": st.booleans(),
        "word": st.sampled_from(value.words or ("",)),
        "text": st.text(
            st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1
        )
        if value.pattern is None
        else st.sampled_from(["IN", "GA"] if value.shape != "currency" else ["USD", "INR"]),
        "number": st.floats(value.minimum, value.maximum, allow_nan=False, allow_infinity=False),
        "integer": st.integers(int(value.minimum or 0), int(value.maximum or 9)),
    }[value.kind]
    return strategy | st.none() if value.nullable else strategy
