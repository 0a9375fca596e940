"""The response schemas of the passes: version 3.4 of the specification, and strict."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parse_response.aliases import plain
from parse_response.layout import Field, layout_of, schema_of
from parse_response.outcome import Rejected
from parse_response.validate import check
from tests.functions.parse_response.answers import PASSES, make_blank

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"
COERCIONS = json.loads((SCHEMAS / "coercions.json").read_text(encoding="utf-8"))

SECTIONS = {
    "pass1": {
        "extraction": {
            "compensation": 10,
            "work_authorization": 4,
            "work_model": 3,
            "contract_details": 8,
            "contractor_rates": 7,
            "skills_classified": 14,
            "geographic_restrictions": 5,
            "benefits_structured": 6,
            "context": 2,
        }
    },
    "pass2": {
        "inference": {
            "seniority_and_role": 4,
            "stack_and_cloud": 5,
            "geo_and_work_model": 3,
            "visa_and_authorization": 3,
            "contract_and_compensation": 2,
            "career_development": 5,
            "requirements_classification": 3,
        }
    },
    "pass3": {
        "analysis": {
            "company_maturity": 3,
            "red_flags_and_role_quality": 4,
            "stakeholders_and_leadership": 6,
            "tech_culture": 3,
            "tech_culture_assessment": 4,
            "ai_ml_integration": 2,
            "competition_and_timing": 2,
            "company_context": 5,
        },
        "summary": {},
    },
}


def fields(pass_name: str) -> Iterator[Field]:
    for root in layout_of(pass_name).roots.values():
        yield from root.fields.values()
        for section in root.sections.values():
            yield from section.values()


def objects(schema: Any) -> Iterator[dict[str, Any]]:
    """All object schemas within `schema`, in depth."""
    if isinstance(schema, dict):
        if "properties" in schema and "type" in schema:
            yield schema
        for child in schema.values():
            yield from objects(child)


@pytest.mark.parametrize("pass_name", PASSES)
def test_it_is_a_schema_of_2020_12(pass_name: str) -> None:
    schema = schema_of(pass_name)

    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert "version 3.4" in schema["title"]
    jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("pass_name", PASSES)
def test_sections_and_their_numbers_of_fields(pass_name: str) -> None:
    sizes = {
        name: {section: len(members) for section, members in root.sections.items()}
        for name, root in layout_of(pass_name).roots.items()
    }

    assert sizes == SECTIONS[pass_name]


def test_numbers_of_fields() -> None:
    assert [len(list(fields(name))) for name in PASSES] == [59, 25, 29 + 13]
    assert len(schema_of("pass1")["properties"]["metadata"]["properties"]) == 3


@pytest.mark.parametrize("pass_name", PASSES)
def test_every_object_is_closed_and_complete(pass_name: str) -> None:
    for one in objects(schema_of(pass_name)):
        assert one["additionalProperties"] is False
        assert one["required"] == list(one["properties"])


@pytest.mark.parametrize("pass_name", PASSES)
def test_every_member_is_described(pass_name: str) -> None:
    for one in objects(schema_of(pass_name)):
        for name, member in one["properties"].items():
            if name not in ("value", *layout_of(pass_name).roots):
                assert len(member["description"]) > 10, name


@pytest.mark.parametrize("pass_name", PASSES)
def test_names_are_unique_so_that_displaced_members_find_home(pass_name: str) -> None:
    roots = layout_of(pass_name).roots.values()
    names = [root.name for root in roots]
    names += [section for root in roots for section in root.sections]
    names += [one.name for one in fields(pass_name)]

    assert len(names) == len(set(names))


def test_which_fields_are_wrapped() -> None:
    assert not any(one.wrapped for one in fields("pass1"))
    assert all(one.wrapped for one in fields("pass2"))
    assert [one.wrapped for one in fields("pass3")].count(True) == 29


def test_sources_are_three_words() -> None:
    for name in ("pass2", "pass3"):
        assert layout_of(name).sources == ("pass1_derived", "inferred", "combined")


def test_sizes_of_the_closed_vocabularies() -> None:
    words = {
        one.name: len(one.value.items.words)
        for one in fields("pass3")
        if one.value.items is not None and one.name.endswith("_categories")
    }

    assert words == {
        "strength_categories": 20,
        "concern_categories": 20,
        "best_fit_categories": 15,
        "probe_categories": 15,
        "leverage_categories": 10,
    }
    assert len(schema_of("pass1")["$defs"]["soft_skill"]["enum"]) == 22


@pytest.mark.parametrize("pass_name", PASSES)
@given(data=st.data())
@settings(deadline=None, max_examples=150)
def test_the_fast_validator_agrees_with_the_reference(pass_name: str, data: st.DataObject) -> None:
    answer = make_blank(pass_name)
    home: Any = answer
    while isinstance(home, dict) and home:
        key = data.draw(st.sampled_from(sorted(home)))
        last, home = home, home[key]
        if data.draw(st.booleans()):
            break
    change = data.draw(st.sampled_from(["none", "gone", "more", "value"]))
    if change == "gone":
        del last[key]
    elif change == "more":
        last["one_more"] = 1
    elif change == "value":
        last[key] = data.draw(
            st.none() | st.booleans() | st.integers(-1, 7) | st.floats(-1, 7) | st.just([])
            | st.sampled_from(["", "remote", "USD", "usd", "not_mentioned", "inferred"])
            | st.lists(st.sampled_from(["aws", "US", "usa", "Empathy", 1]), max_size=2)
            | st.dictionaries(st.sampled_from(["value", "team_size"]), st.text(max_size=2))
        )  # fmt: skip

    reference = jsonschema.Draft202012Validator(schema_of(pass_name)).is_valid(answer)

    assert accepts(pass_name, answer) == reference


def accepts(pass_name: str, answer: Any) -> bool:
    """The verdict of the validator at work."""
    try:
        check(pass_name, answer)
    except Rejected:
        return False
    return True


def vocabularies() -> dict[str, tuple[str, ...]]:
    """Words by field and by name in `$defs`."""
    return {
        name: value.words
        for pass_name in PASSES
        for one in fields(pass_name)
        for value in (one.value, one.value.items)
        if value is not None and value.words
        for name in (one.name, value.shape or one.name)
    }


class TestCoercions:
    """`coercions.json` speaks of words that exist."""

    def test_aliases_are_for_fields_with_words_and_lead_to_one_of_them(self) -> None:
        for name, aliases in COERCIONS["words"].items():
            words = vocabularies()[name]
            assert set(aliases.values()) <= set(words)
            assert not set(aliases) & {plain(word) for word in words}

    def test_keys_are_plain(self) -> None:
        tables = [*COERCIONS["words"].values(), COERCIONS["sources"]]
        tables += [COERCIONS[shape]["names"] for shape in ("country", "us_state")]
        for table in tables:
            for key in table:
                assert plain(key.removesuffix("*")) == key.removesuffix("*").rstrip("_")

    def test_sources_lead_to_sources(self) -> None:
        assert set(COERCIONS["sources"].values()) <= set(layout_of("pass2").sources)

    def test_codes_match_their_patterns(self) -> None:
        defs = schema_of("pass1")["$defs"]
        codes = {
            "currency": set(COERCIONS["currency"].values()),
            "country": {*COERCIONS["country"]["codes"], *COERCIONS["country"]["names"].values()},
            "us_state": {*COERCIONS["us_state"]["codes"], *COERCIONS["us_state"]["names"].values()},
        }
        for shape, known in codes.items():
            assert all(re.search(defs[shape]["pattern"], code) for code in known)
        assert len(COERCIONS["country"]["codes"]) == 249
        assert set(COERCIONS["country"]["names"].values()) <= set(COERCIONS["country"]["codes"])
        assert set(COERCIONS["us_state"]["names"].values()) <= set(COERCIONS["us_state"]["codes"])


def test_every_flattened_column_comes_from_a_field() -> None:
    columns = json.loads((SCHEMAS / "silver_ai.json").read_text(encoding="utf-8"))
    roots = {"extraction": "pass1", "inference": "pass2", "analysis": "pass3", "summary": "pass3"}
    expected = set()
    for root, pass_name in roots.items():
        given = layout_of(pass_name).roots[root]
        homes = [((), given.fields), *(((s,), f) for s, f in given.sections.items())]
        for home, members in homes:
            for one in members.values():
                parts = ("value", "confidence", "evidence", "source") if one.wrapped else ("",)
                expected |= {".".join(filter(None, (root, *home, one.name, p))) for p in parts}

    found = {c["from"] for c in columns if c["from"].partition(".")[0] in roots}

    assert found == expected
    assert len(found) == 288
