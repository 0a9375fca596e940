"""What is faster is still the same."""

from __future__ import annotations

import copy
import json
from collections import defaultdict
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from embedded_aws.dataplane import ministack
from embedded_aws.dataplane.speed import copied, quicken

PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
VALUES = st.recursive(
    PLAIN | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.sets(st.text()),
)


def containers(value: Any) -> list[int]:
    """The identity of every container in a value."""
    if isinstance(value, dict):
        return [id(value), *(one for member in value.values() for one in containers(member))]
    if isinstance(value, list):
        return [id(value), *(one for member in value for one in containers(member))]
    return [id(value)] if isinstance(value, set) else []


@given(VALUES)
def test_a_copy_is_equal_and_shares_nothing(value: Any) -> None:
    found = copied(value)

    assert found == copy.deepcopy(value)
    assert not set(containers(found)) & set(containers(value))


def test_a_copy_keeps_the_type_of_what_is_no_json() -> None:
    found = copied(defaultdict(dict, {"a": {"b": 1}}))

    assert type(found) is defaultdict
    assert found["new"] == {}


def test_policies_are_parsed_as_before_and_callers_get_lists_of_their_own() -> None:
    ministack.load()
    quicken()
    evaluator = ministack.core("iam_evaluator")
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    text = json.dumps({"Statement": [statement]})

    first = evaluator.parse_policy_document(text)
    first.clear()

    assert evaluator.parse_policy_document(text) == evaluator.parse_policy_document(
        json.loads(text)
    )
    assert evaluator.parse_policy_document("no JSON") == []
