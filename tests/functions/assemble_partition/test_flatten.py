"""Results of passes as flat columns."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assemble_partition.flatten import Unusable, coerce, confidences, flatten
from common import contract
from tests.silver_lake import result

FLAT = contract.columns_from("extraction", "inference", "analysis", "summary")
BOOL, DOUBLE, INT, TEXT = pa.bool_(), pa.float64(), pa.int64(), pa.string()
LIST = pa.list_(pa.string())


def documents() -> dict[str, Any]:
    return {"extraction": result("pass1"), "inference": result("pass2"), **result("pass3")}


def test_all_288_columns_are_filled_without_a_warning() -> None:
    flat, warnings = flatten(documents())
    assert list(flat) == [column.name for column in FLAT]
    assert len(flat) == 288
    assert None not in flat.values()
    assert warnings == []


def test_what_is_absent_is_null_everywhere() -> None:
    flat, warnings = flatten({})
    assert list(flat) == [column.name for column in FLAT]
    assert set(flat.values()) == {None}
    assert warnings == []


def test_a_wrapper_that_is_no_object_gives_four_nulls() -> None:
    found = documents()
    found["inference"]["seniority_and_role"]["job_family"] = "data_engineer"
    found["inference"]["career_development"] = None
    flat, _ = flatten(found)
    names = [name for name in flat if name.startswith("inf_job_family")]
    assert len(names) == 4
    assert {flat[name] for name in names} == {None}
    assert flat["inf_mentorship_signals"] is None
    assert flat["inf_seniority_level"] == "inf_seniority_level"


def test_team_composition_is_json_text() -> None:
    found = documents()
    team = {"team_size": "8", "de_count": None, "seniority_mix": "mixed – mostly senior"}
    found["analysis"]["stakeholders_and_leadership"]["team_composition"]["value"] = team
    flat, warnings = flatten(found)
    assert json.loads(flat["anl_team_composition"]) == team
    assert warnings == []


@pytest.mark.parametrize(
    ("wanted", "value", "expected"),
    [
        (BOOL, "Yes", True),
        (BOOL, "1", True),
        (BOOL, "false", False),
        (BOOL, " ", None),
        (DOUBLE, "$120,000", 120_000.0),
        (DOUBLE, "€ 1.5", 1.5),
        (DOUBLE, "£", None),
        (DOUBLE, 7, 7.0),
        (INT, 3.0, 3),
        (INT, "4", 4),
        (TEXT, "  a ", "a"),
        (TEXT, "   ", None),
        (TEXT, 5, "5"),
        (LIST, "a, b ,,", ["a", "b"]),
        (LIST, [" a ", None, "", " "], ["a"]),
        (LIST, ["a", 1, {"b": 2}], ["a", "1"]),
        (LIST, None, None),
        (LIST, [], []),
    ],
)
def test_coercions(wanted: pa.DataType, value: Any, expected: Any) -> None:
    assert coerce(wanted, value) == expected


@pytest.mark.parametrize(
    ("wanted", "value"),
    [
        (BOOL, "not_mentioned"),
        (BOOL, ["yes"]),
        (DOUBLE, "about ten"),
        (DOUBLE, float("nan")),
        (DOUBLE, "inf"),
        (DOUBLE, True),
        (DOUBLE, {}),
        (DOUBLE, 10**400),
        (INT, 2.5),
        (INT, 2**63),
        (TEXT, ["a"]),
        (TEXT, True),
        (LIST, {"a": 1}),
        (LIST, 3),
    ],
)
def test_what_has_no_such_meaning_is_refused(wanted: pa.DataType, value: Any) -> None:
    with pytest.raises(Unusable):
        coerce(wanted, value)


def test_values_that_were_changed_are_reported_with_pass_and_column() -> None:
    found = documents()
    found["extraction"]["compensation"]["salary_min"] = "90,000"
    found["extraction"]["skills_classified"]["must_have_hard_skills"] = ["Python", 3]
    found["inference"]["seniority_and_role"]["job_family"]["value"] = ["data_engineer"]
    found["summary"]["overall_assessment"] = "  trimmed "
    flat, warnings = flatten(found)
    assert flat["ext_salary_min"] == 90_000.0
    assert flat["anl_overall_assessment"] == "trimmed"
    assert warnings == [
        "Pass 1: ext_salary_min: str converted",
        "Pass 1: ext_must_have_hard_skills: list converted",
        "Pass 2: inf_job_family: list dropped",
    ]


def test_confidences_are_those_of_wrapped_fields_alone() -> None:
    found = documents()
    found["summary"]["recommendation_confidence"] = 0.1
    flat, _ = flatten(found)
    assert len(dict(confidences(flat, 2))) == 25
    assert len(dict(confidences(flat, 3))) == 29
    assert set(dict(confidences(flat, 3)).values()) == {0.8}


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@settings(deadline=None)
@given(st.sampled_from(FLAT), _JSON)
def test_any_json_value_gives_something_that_its_column_holds(
    column: contract.Column, value: Any
) -> None:
    node: Any = value
    for step in reversed(column.path):
        node = {step: node}
    flat, _ = flatten({column.root: node})
    pa.array([flat[column.name]], column.type)
