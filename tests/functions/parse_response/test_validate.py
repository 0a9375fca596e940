"""Whole answers: where members may lie, what is fatal, what is repaired."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from parse_response.layout import layout_of
from parse_response.outcome import Rejected
from parse_response.validate import accept, check

Blank = Callable[[str], dict[str, Any]]


def accepted(pass_name: str, answer: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    done = accept(pass_name, json.dumps(answer))
    return done.answer, done.warnings


def rejection(pass_name: str, answer: Any) -> tuple[str, str]:
    with pytest.raises(Rejected) as rejected:
        accept(pass_name, json.dumps(answer))
    return rejected.value.outcome, rejected.value.sentence


def without_counts(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: part for name, part in answer.items() if name != "metadata"}


def test_a_valid_answer_passes_unchanged(pass_name: str, blank: Blank) -> None:
    answer, warnings = accepted(pass_name, blank(pass_name))

    assert without_counts(answer) == without_counts(blank(pass_name))
    assert warnings == ()


@pytest.mark.parametrize(
    ("pass_name", "keys"),
    [("pass1", None), ("pass2", None), ("pass3", {"analysis", "summary"})],
)
def test_the_result_is_the_inner_object(
    pass_name: str, keys: set[str] | None, blank: Blank
) -> None:
    # GIVEN one root, its inner object; two roots, both by name; metadata is no root
    result = accept(pass_name, json.dumps(blank(pass_name))).result
    roots = layout_of(pass_name).roots

    assert result.keys() == (keys or next(iter(roots.values())).sections.keys())


class TestPlaces:
    """Where members lie."""

    def test_sections_without_root(self, blank: Blank) -> None:
        whole = blank("pass2")

        answer, warnings = accepted("pass2", whole["inference"])

        assert answer == whole
        assert warnings == ("inference: its members were at the top level",)

    def test_fields_without_root_and_sections(self, blank: Blank) -> None:
        whole = blank("pass2")
        flat = {k: v for section in whole["inference"].values() for k, v in section.items()}

        answer, warnings = accepted("pass2", flat)

        assert answer == whole
        assert len(warnings) == 1 + len(whole["inference"])

    def test_an_object_around_the_answer(self, pass_name: str, blank: Blank) -> None:
        answer, warnings = accepted(pass_name, {"response": {"data": blank(pass_name)}})

        assert without_counts(answer) == without_counts(blank(pass_name))
        assert warnings == (
            '"response": was wrapped around the answer',
            '"data": was wrapped around the answer',
        )

    def test_a_summary_inside_of_the_analysis(self, blank: Blank) -> None:
        whole = blank("pass3")
        nested = {"analysis": {**whole["analysis"], "summary": whole["summary"]}}

        answer, warnings = accepted("pass3", nested)

        assert answer == whole
        assert warnings == ("summary: was inside analysis",)

    def test_summary_fields_at_the_top_level(self, blank: Blank) -> None:
        whole = blank("pass3")

        answer, warnings = accepted("pass3", {"analysis": whole["analysis"], **whole["summary"]})

        assert answer == whole
        assert warnings == ("summary: its members were at the top level",)

    def test_sections_of_the_analysis_beside_the_summary(self, blank: Blank) -> None:
        whole = blank("pass3")

        answer, warnings = accepted("pass3", {**whole["analysis"], "summary": whole["summary"]})

        assert answer == whole
        assert warnings == ("analysis: its members were at the top level",)

    @pytest.mark.parametrize("place", ["inside another section", "beside the root"])
    def test_a_section_at_another_place(self, place: str, blank: Blank) -> None:
        whole, moved = blank("pass1"), blank("pass1")
        section = moved["extraction"].pop("contractor_rates")
        home = moved["extraction"]["contract_details"] if place.startswith("in") else moved
        home["contractor_rates"] = section

        answer, warnings = accepted("pass1", moved)

        assert answer["extraction"] == whole["extraction"]
        assert warnings == ("extraction.contractor_rates: was at another place",)

    def test_fields_of_a_section_inside_of_another(self, blank: Blank) -> None:
        whole, moved = blank("pass1"), blank("pass1")
        moved["extraction"]["compensation"] |= moved["extraction"].pop("contractor_rates")

        answer, warnings = accepted("pass1", moved)

        assert answer["extraction"] == whole["extraction"]
        assert warnings == ("extraction.contractor_rates: its fields were at another place",)

    @pytest.mark.parametrize(
        ("path", "given"),
        [
            ("analysis.company_maturity.data_maturity_level", "data_maturety_level"),
            ("summary.strength_details", "strong_details"),
            ("analysis.tech_culture.tech_culture_score", "techCultureScore"),
            ("analysis.company_context", "companyContext"),
            ("analysis", "Analysis"),
            ("analysis.company_context.hiring_velocity.confidence", ' "confidence'),
        ],
    )
    def test_a_misspelt_key(self, path: str, given: str, blank: Blank) -> None:
        whole, misspelt = blank("pass3"), blank("pass3")
        *homes, name = path.split(".")
        home = misspelt
        for key in homes:
            home = home[key]
        home[given] = home.pop(name)

        answer, warnings = accepted("pass3", misspelt)

        assert answer == whole
        assert len(warnings) == 1
        assert warnings[0].startswith(f"{path}: was named ")

    def test_a_key_that_could_mean_a_given_field_is_dropped(self, blank: Blank) -> None:
        # GIVEN salary_max missing and a key that resembles it, but means salary_min
        answer = blank("pass1")
        del answer["extraction"]["compensation"]["salary_max"]
        answer["extraction"]["compensation"]["salary_mini"] = 5

        fixed, warnings = accepted("pass1", answer)

        assert fixed["extraction"]["compensation"]["salary_max"] is None
        assert warnings == (
            'extraction.compensation."salary_mini": is no field of this section, dropped',
            "extraction.compensation.salary_max: was missing, null instead",
        )

    def test_unknown_keys_are_dropped_at_every_level(self, blank: Blank) -> None:
        answer = blank("pass3")
        analysis = answer["analysis"]
        answer["metadata"] = {"note": 1}
        analysis["salaries"] = {}
        analysis["tech_culture"]["mood"] = 1
        analysis["tech_culture"]["tech_culture_score"]["unit"] = 1
        analysis["stakeholders_and_leadership"]["team_composition"]["value"]["qa_count"] = "1"

        fixed, warnings = accepted("pass3", answer)

        assert fixed == blank("pass3")
        assert {warning.split(": ")[0] for warning in warnings} == {
            '"metadata"',
            'analysis."salaries"',
            'analysis.tech_culture."mood"',
            'analysis.tech_culture.tech_culture_score."unit"',
            'analysis.stakeholders_and_leadership.team_composition.value."qa_count"',
        }


class TestFatal:
    """What is asked again."""

    def test_a_missing_section(self, pass_name: str, blank: Blank) -> None:
        answer = blank(pass_name)
        root = next(iter(layout_of(pass_name).roots.values()))
        section = next(iter(root.sections))
        del answer[root.name][section]

        outcome, sentence = rejection(pass_name, answer)

        assert outcome == "schema"
        assert sentence == (f"{root.name} lacks 1 of its {len(root.sections)} sections: {section}.")

    @pytest.mark.parametrize("instead", [None, [], "none", 3])
    def test_a_section_that_is_no_object(self, instead: Any, blank: Blank) -> None:
        answer = blank("pass1")
        answer["extraction"]["context"] = instead

        assert rejection("pass1", answer)[0] == "schema"

    @pytest.mark.parametrize("root", ["analysis", "summary"])
    def test_a_missing_root(self, root: str, blank: Blank) -> None:
        answer = blank("pass3")
        del answer[root]

        assert rejection("pass3", answer) == ("schema", f"The answer has no object {root}.")

    def test_an_answer_of_another_pass(self, blank: Blank) -> None:
        assert rejection("pass1", blank("pass2"))[0] == "schema"

    def test_an_empty_object(self, pass_name: str) -> None:
        assert rejection(pass_name, {})[0] == "schema"

    def test_sections_without_fields(self, blank: Blank) -> None:
        # GIVEN all nine sections, but empty ones: no extraction took place
        answer = {"extraction": {name: {"x": 1} for name in blank("pass1")["extraction"]}}

        assert rejection("pass1", answer) == ("schema", "The answer lacks 59 of 59 fields.")

    def test_a_repaired_answer_without_a_section(self, blank: Blank) -> None:
        answer = blank("pass1")
        del answer["extraction"]["context"]

        with pytest.raises(Rejected) as rejected:
            accept("pass1", json.dumps(answer).replace("}}", "},}"))

        assert (rejected.value.outcome, rejected.value.sentence) == (
            "malformed",
            "The repaired answer lacks whole sections.",
        )

    def test_a_repaired_answer_without_a_field(self, blank: Blank) -> None:
        answer = blank("pass2")
        del answer["inference"]["career_development"]["mentorship_signals"]

        with pytest.raises(Rejected) as rejected:
            accept("pass2", json.dumps(answer).replace("}}}}", "}}},}"))

        assert (rejected.value.outcome, rejected.value.sentence) == (
            "malformed",
            "The repaired answer lacks 1 fields, "
            "inference.career_development.mentorship_signals first.",
        )

    @pytest.mark.parametrize("share", [0.2, 0.5, 0.8, 0.95, 0.99])
    def test_a_cut_answer_is_no_success(self, pass_name: str, share: float, blank: Blank) -> None:
        text = json.dumps(without_counts(blank(pass_name)))
        last = int(len(text) * share)

        for end in range(last - 60, last):
            with pytest.raises(Rejected) as rejected:
                accept(pass_name, text[:end])
            assert rejected.value.outcome == "truncated"

    def test_an_answer_cut_in_its_account_of_itself_is_complete(self, blank: Blank) -> None:
        # GIVEN all facts, and a text that ends in a brace before the advisory part
        text = json.dumps(blank("pass1"))

        done = accept("pass1", text[: text.index(', "metadata"')])

        assert without_counts(done.answer) == without_counts(blank("pass1"))
        assert done.warnings == ("answer: its syntax was repaired",)


class TestRepair:
    """What costs a warning."""

    def test_a_complete_answer_with_broken_syntax(self, pass_name: str, blank: Blank) -> None:
        text = json.dumps(blank(pass_name))

        done = accept(pass_name, f"{text[:-1]},}}")

        assert without_counts(done.answer) == without_counts(blank(pass_name))
        assert done.warnings == ("answer: its syntax was repaired",)

    def test_constants_that_are_no_json_become_null(self, blank: Blank) -> None:
        text = json.dumps(blank("pass1")).replace('"salary_min": null', '"salary_min": NaN')

        done = accept("pass1", text)

        assert done.answer["extraction"]["compensation"]["salary_min"] is None
        assert len(done.warnings) == 2

    def test_a_missing_field(self, blank: Blank) -> None:
        answer = blank("pass2")
        del answer["inference"]["career_development"]["mentorship_signals"]

        fixed, warnings = accepted("pass2", answer)

        assert fixed["inference"]["career_development"]["mentorship_signals"] == {
            "value": "not_mentioned",
            "confidence": None,
            "evidence": None,
            "source": None,
        }
        assert warnings == (
            'inference.career_development.mentorship_signals: was missing, "not_mentioned" instead',
        )

    def test_counts_are_counted_again(self, blank: Blank) -> None:
        answer = blank("pass1")
        answer["extraction"]["compensation"] |= {"salary_disclosed": True, "salary_min": 0}
        answer["metadata"] = {"extraction_complete": True, "fields_found": 99, "fields_null": "?"}

        done = accept("pass1", json.dumps(answer))

        values = [v for s in done.answer["extraction"].values() for v in s.values()]
        assert done.counts == {
            "extraction_complete": True,
            "fields_found": 2,
            "fields_null": values.count(None),
        }
        assert done.warnings == ()

    def test_an_answer_without_its_account_of_itself(self, blank: Blank) -> None:
        answer = blank("pass1")
        del answer["metadata"]

        assert accept("pass1", json.dumps(answer)).counts["extraction_complete"] is False


def test_check_names_the_field(blank: Blank) -> None:
    answer = blank("pass1")
    answer["extraction"]["work_model"]["work_model_stated"] = "moon"

    with pytest.raises(Rejected, match=r"extraction\.work_model\.work_model_stated must be one of"):
        check("pass1", answer)
