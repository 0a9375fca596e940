"""One value at a time: what it becomes, and the warning that says so (none where unchanged)."""

from __future__ import annotations

from typing import Any

import pytest

from parse_response.coerce import coerce
from parse_response.fields import repair
from parse_response.layout import Field, layout_of
from parse_response.notes import Warnings, quote, shown

NOT = "not_mentioned"


def field(name: str) -> Field:
    for pass_name in ("pass1", "pass2", "pass3"):
        for root in layout_of(pass_name).roots.values():
            for fields in (root.fields, *root.sections.values()):
                if name in fields:
                    return fields[name]
    raise KeyError(name)


def coerced(name: str, given: Any) -> tuple[Any, list[str]]:
    warnings = Warnings()
    value = coerce(name, field(name).value, given, "x", warnings)
    return value, warnings.reasons


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("salary_disclosed", True),
        ("h1b_friendly", None),
        ("salary_min", 0),
        ("salary_min", 92.5),
        ("salary_min", None),
        ("salary_period", None),
        ("salary_currency", "CHF"),
        ("salary_text_raw", "  as it stands \n"),
        ("salary_text_raw", ""),
        ("education_area", "null"),
        ("work_model_stated", "onsite"),
        ("education_level", "PHD"),
        ("w2_vs_1099", "1099"),
        ("must_have_hard_skills", ["SQL", "SQL", " dbt "]),
        ("must_have_soft_skills", ["Self-Motivation"]),
        ("allowed_countries", ["GB", "US"]),
        ("us_state_restrictions", ["NY", "DC"]),
        ("tech_culture_signals", [NOT]),
        ("data_maturity_score", 3),
        ("data_maturity_score", 3.0),
        ("scope_creep_score", 1),
        ("team_composition", {"team_size": None, "de_count": "3", "seniority_mix": None}),
    ],
)
def test_an_accepted_value_stays(name: str, value: Any) -> None:
    assert coerced(name, value) == (value, [])


@pytest.mark.parametrize(
    ("name", "given", "meant"),
    [
        ("h1b_friendly", NOT, None),
        ("h1b_friendly", "unknown", None),
        ("h1b_friendly", "yes", True),
        ("h1b_friendly", "False", False),
        ("h1b_friendly", 1, True),
        ("salary_disclosed", "n/a", False),
        ("work_model_stated", "Hybrid", "hybrid"),
        ("employment_type_stated", "Full-time", "full_time"),
        ("education_level", "Bachelors", "BACHELORS"),
        ("education_level", NOT, None),
        ("salary_period", NOT, None),
        ("w2_vs_1099", 1099, "1099"),
        ("overtime_paid", True, "yes"),
        ("primary_cloud", ["aws"], "aws"),
        ("sub_specialty", "lakehouse", "data_lakehouse"),
        ("sub_specialty", "data_integration", "batch_etl"),
        ("storage_layer", "data_warehouse", "warehouse"),
        ("hiring_velocity", "rapid_expansion", "aggressive"),
        ("hiring_velocity", "steady_growth", "steady"),
        ("hiring_velocity", "team_expansion", "steady"),
        ("salary_min", "65,000", 65000.0),
        ("salary_min", "$65k", 65000.0),
        ("salary_min", NOT, None),
        ("years_experience_min", "5+", 5.0),
        ("scope_creep_score", 1.2, 1),
        ("scope_creep_score", -0.1, 0),
        ("scope_creep_score", "0.4", 0.4),
        ("scope_creep_score", "85%", 0.85),
        ("data_maturity_score", 2.6, 3),
        ("data_maturity_score", 9, 5),
        ("data_maturity_score", 0, 1),
        ("salary_text_raw", 5, "5"),
        ("salary_text_raw", ["a", "b"], "a; b"),
        ("salary_text_raw", "a\x00\ud800", "a\ufffd\ufffd"),
        ("salary_currency", "$", "USD"),
        ("salary_currency", "R$", "BRL"),
        ("salary_currency", "eur", "EUR"),
        ("salary_currency", NOT, None),
    ],
)
def test_a_value_becomes_what_it_means(name: str, given: Any, meant: Any) -> None:
    value, reasons = coerced(name, given)

    assert (type(value), value) == (type(meant), meant)
    assert reasons == [f"x: {quote(given)} became {shown(meant)}"]


@pytest.mark.parametrize(
    ("name", "given", "instead"),
    [
        ("h1b_friendly", "likely", None),
        ("salary_disclosed", [True], False),
        ("work_model_stated", "on the moon", NOT),
        ("primary_cloud", "oracle", NOT),
        ("primary_cloud", ["aws", "gcp"], NOT),
        ("sub_specialty", "hybrid", NOT),
        ("salary_min", "competitive", None),
        ("salary_min", -1, None),
        ("salary_min", True, None),
        ("salary_min", {"a": 1}, None),
        ("salary_text_raw", {"a": 1}, None),
        ("salary_text_raw", True, None),
        ("salary_currency", "dollars", None),
    ],
)
def test_a_value_without_meaning_becomes_absence(name: str, given: Any, instead: Any) -> None:
    value, reasons = coerced(name, given)

    assert (type(value), value) == (type(instead), instead)
    assert reasons == [f"x: {quote(given)} is not allowed, {shown(instead)} instead"]


@pytest.mark.parametrize(
    ("name", "absence"),
    [
        ("salary_disclosed", False),
        ("work_model_stated", NOT),
        ("allowed_countries", []),
        ("team_composition", {"team_size": None, "de_count": None, "seniority_mix": None}),
    ],
)
def test_null_where_it_is_not_allowed_becomes_absence(name: str, absence: Any) -> None:
    assert coerced(name, None) == (absence, [f"x: null became {shown(absence)}"])


@pytest.mark.parametrize(
    ("name", "given", "meant"),
    [
        ("must_have_soft_skills", "Multi-tasking", "Time Management"),
        ("must_have_soft_skills", "critical thinking", "Critical Thinking"),
        ("must_have_soft_skills", "Charm", None),
        ("must_have_hard_skills", 1099, "1099"),
        ("must_have_hard_skills", ["SQL"], "SQL"),
        ("must_have_hard_skills", {}, None),
        ("must_have_hard_skills", None, None),
        ("must_have_hard_skills", "", None),
        ("allowed_countries", "UK", "GB"),
        ("allowed_countries", "us", "US"),
        ("allowed_countries", "Germany", "DE"),
        ("allowed_countries", "EU", None),
        ("us_state_restrictions", "New York", "NY"),
        ("us_state_restrictions", "ZZ", None),
        ("maturity_signals", NOT, None),
        ("dev_practices_mentioned", "testing", None),
        ("probe_categories", "team_composition", "team_size_composition"),
        ("probe_categories", "compensation_details", "salary_range_details"),
        ("strength_categories", "comprehensive_benefits", "strong_benefits"),
        ("concern_categories", "no_growth_opportunities", "limited_growth"),
        ("concern_categories", "vague_reporting_lines", "unclear_reporting"),
        ("best_fit_categories", "local_candidates", None),
    ],
)
def test_an_item_becomes_what_it_means_or_is_dropped(
    name: str, given: Any, meant: str | None
) -> None:
    value, reasons = coerced(name, [given])

    assert value == ([] if meant is None else [meant])
    change = "is not allowed, dropped" if meant is None else f"became {shown(meant)}"
    assert reasons == [f"x: {quote(given)} {change}"]


def test_an_item_that_becomes_another_one_stands_once() -> None:
    given = ["Teamwork", "Team Collaboration", "collaboration"]

    value, reasons = coerced("must_have_soft_skills", given)

    assert value == ["Team Collaboration"]
    assert len(reasons) == 2


@pytest.mark.parametrize(
    ("given", "items"), [("SQL, dbt", ["SQL", "dbt"]), (NOT, []), ("none", []), ("SQL", ["SQL"])]
)
def test_a_text_becomes_a_list(given: str, items: list[str]) -> None:
    assert coerced("must_have_hard_skills", given) == (items, [f"x: {quote(given)} became a list"])


def test_what_is_no_list_becomes_an_empty_one() -> None:
    assert coerced("must_have_hard_skills", 7) == ([], ['x: "7" is no list, [] instead'])


def test_members_of_the_team_are_texts() -> None:
    value, reasons = coerced("team_composition", {"team_size": 5})

    assert value == {"team_size": "5", "de_count": None, "seniority_mix": None}
    assert reasons == ['x.team_size: "5" became "5"']


def test_a_team_in_words_is_lost() -> None:
    value, reasons = coerced("team_composition", "five people")

    assert value == {"team_size": None, "de_count": None, "seniority_mix": None}
    assert reasons == ['x: "five people" is no object, its members are null']


def test_warnings_show_what_was_given_and_what_it_became() -> None:
    _, reasons = coerced("sub_specialty", "lakehouse")

    assert reasons == ['x: "lakehouse" became "data_lakehouse"']


def test_each_changed_item_of_a_list_is_warned_of() -> None:
    _, reasons = coerced("must_have_soft_skills", ["Teamwork", "Charm", "Empathy", "Wit"])

    assert len(reasons) == 3


def test_a_warning_quotes_at_most_60_characters() -> None:
    _, reasons = coerced("work_model_stated", "lorem ipsum\n" * 1000)

    assert len(reasons[0]) < 110
    assert "\n" not in reasons[0]


@pytest.mark.parametrize("given", [10**30, 2**53 + 1])
def test_an_integer_too_large_for_a_double_becomes_one(given: int) -> None:
    value, _ = coerced("salary_min", given)

    assert isinstance(value, float)
    assert value == float(given)


@pytest.mark.parametrize("given", [10**400, float("inf"), float("nan")])
def test_what_is_no_number_of_a_column_is_null(given: float) -> None:
    assert coerced("salary_min", given)[0] is None


class TestWrapper:
    """The grounds of a value."""

    def wrapped(self, given: Any) -> tuple[Any, list[str]]:
        warnings = Warnings()
        layout = layout_of("pass2")
        answer: dict[str, Any] = {
            "inference": {
                section: {name: {"value": None} for name in fields}
                for section, fields in layout.roots["inference"].sections.items()
            }
        }
        answer["inference"]["stack_and_cloud"]["primary_cloud"] = given
        path = "inference.stack_and_cloud.primary_cloud"
        field = repair(answer, layout, warnings)["inference"]["stack_and_cloud"]["primary_cloud"]
        reasons = [reason for reason in warnings.reasons if reason.startswith(path)]
        return field, [reason.removeprefix(path) for reason in reasons]

    def grounds(self, **changed: Any) -> dict[str, Any]:
        whole = {"value": "aws", "confidence": 0.9, "evidence": "AWS", "source": "combined"}
        return whole | changed

    @pytest.mark.parametrize("source", ["pass1_derived", "inferred", "combined", None])
    def test_a_whole_wrapper_stays(self, source: str | None) -> None:
        given = self.grounds(source=source)

        assert self.wrapped(given) == (given, [])

    def test_a_value_below_the_floor_is_kept(self) -> None:
        given = self.grounds(confidence=0.3)

        assert self.wrapped(given) == (given, [])

    @pytest.mark.parametrize(
        ("given", "meant"),
        [
            ("explicit", "pass1_derived"),
            ("pass1_extraction", "pass1_derived"),
            ("pass2_inference", "inferred"),
            ("not_mentioned", None),
            ("external_knowledge", None),
            (3, None),
            (["inferred"], None),
        ],
    )
    def test_source_words(self, given: Any, meant: str | None) -> None:
        field, reasons = self.wrapped(self.grounds(source=given))

        assert field["source"] == meant
        assert len(reasons) == 1
        assert reasons[0].startswith(".source: ")

    @pytest.mark.parametrize(
        ("given", "meant"),
        [("0.65", 0.65), (1.7, 1), (-3, 0), ("high", None), (None, None), ("90%", 0.9)],
    )
    def test_confidences(self, given: Any, meant: float | None) -> None:
        field, reasons = self.wrapped(self.grounds(confidence=given))

        assert field["confidence"] == meant
        assert len(reasons) == 1
        assert reasons[0].startswith(".confidence: ")

    @pytest.mark.parametrize(
        ("given", "meant"), [("", None), (None, None), (["a", "b"], "a; b"), (5, "5")]
    )
    def test_evidence(self, given: Any, meant: str | None) -> None:
        field, reasons = self.wrapped(self.grounds(evidence=given))

        assert field["evidence"] == meant
        assert len(reasons) == 1
        assert reasons[0].startswith(".evidence: ")

    def test_a_bare_value_is_wrapped(self) -> None:
        assert self.wrapped("aws") == (
            {"value": "aws", "confidence": None, "evidence": None, "source": None},
            [": was not wrapped, confidence, evidence and source are null"],
        )

    def test_a_missing_value(self) -> None:
        given = self.grounds()
        del given["value"]

        field, reasons = self.wrapped(given)

        assert field == self.grounds(value=NOT)
        assert reasons == ['.value: null became "not_mentioned"']

    def test_a_bare_team_is_wrapped(self) -> None:
        warnings = Warnings()
        team = {"team_size": "5", "de_count": None, "seniority_mix": None}
        layout = layout_of("pass3")
        answer: dict[str, Any] = {
            "analysis": {section: {} for section in layout.roots["analysis"].sections},
            "summary": {},
        }
        answer["analysis"]["stakeholders_and_leadership"] = {"team_composition": team}

        fields = repair(answer, layout, warnings)["analysis"]["stakeholders_and_leadership"]

        assert fields["team_composition"]["value"] == team


class TestRecommendation:
    """The scalar fields of the summary."""

    def summary(self, **given: Any) -> tuple[dict[str, Any], list[str]]:
        warnings = Warnings()
        layout = layout_of("pass3")
        answer = {
            "analysis": {section: {} for section in layout.roots["analysis"].sections},
            "summary": given,
        }
        fields = repair(answer, layout, warnings)["summary"]
        reasons = [r for r in warnings.reasons if r.startswith("summary.recommendation")]
        return fields, reasons

    def test_a_wrapped_score_gives_the_missing_confidence(self) -> None:
        fields, reasons = self.summary(recommendation_score={"value": 0.7, "confidence": 0.8})

        assert (fields["recommendation_score"], fields["recommendation_confidence"]) == (0.7, 0.8)
        assert reasons == [
            "summary.recommendation_confidence: "
            "was missing, taken from the wrapper of recommendation_score",
            "summary.recommendation_score: was wrapped, its value is kept",
        ]

    def test_a_given_confidence_outranks_the_wrapper(self) -> None:
        fields, _ = self.summary(
            recommendation_score={"value": 0.7, "confidence": 0.8}, recommendation_confidence=0.6
        )

        assert fields["recommendation_confidence"] == 0.6

    def test_a_missing_confidence_is_null(self) -> None:
        fields, reasons = self.summary(recommendation_score=0.7)

        assert fields["recommendation_confidence"] is None
        assert reasons == ["summary.recommendation_confidence: was missing, null instead"]
