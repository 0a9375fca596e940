from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from parse_response.validate import accept

Blank = Callable[[str], dict[str, Any]]
PAY = "extraction.compensation"


def extraction(blank: Blank, section: str, **fields: Any) -> tuple[dict[str, Any], list[str]]:
    """The section after acceptance, and the warnings, each without the path of a section."""
    answer = blank("pass1")
    answer["extraction"][section] |= fields
    done = accept("pass1", json.dumps(answer))
    warnings = [warning.removeprefix(f"extraction.{section}.") for warning in done.warnings]
    return done.answer["extraction"][section], warnings


@pytest.mark.parametrize(
    ("section", "low", "high"),
    [
        ("compensation", "hourly_rate_min", "hourly_rate_max"),
        ("contractor_rates", "daily_rate_min", "daily_rate_max"),
        ("skills_classified", "years_experience_min", "years_experience_max"),
    ],
)
def test_a_minimum_above_its_maximum_changes_places(
    section: str, low: str, high: str, blank: Blank
) -> None:
    fields, warnings = extraction(blank, section, **{low: 9, high: 5})

    assert (fields[low], fields[high]) == (5, 9)
    assert f"{low}: was above {high}, both exchanged" in warnings


def test_an_open_range_stays(blank: Blank) -> None:
    fields, warnings = extraction(blank, "skills_classified", years_experience_min=5)

    assert (fields["years_experience_min"], fields["years_experience_max"]) == (5, None)
    assert warnings == []


def test_hourly_pay_fills_the_salary(blank: Blank) -> None:
    pay, warnings = extraction(
        blank,
        "compensation",
        salary_disclosed=True,
        hourly_rate_min=50,
        hourly_rate_max=60,
        hourly_rate_currency="USD",
        hourly_rate_text_raw="50 to 60",
    )

    assert {key: pay[key] for key in pay if key.startswith("salary_")} == {
        "salary_disclosed": True,
        "salary_min": 50,
        "salary_max": 60,
        "salary_currency": "USD",
        "salary_period": "hourly",
        "salary_text_raw": "50 to 60",
    }
    assert warnings == [
        "salary_period: became hourly, as the pay given",
        "salary_min: copied from hourly_rate_min",
        "salary_max: copied from hourly_rate_max",
        "salary_currency: copied from hourly_rate_currency",
        "salary_text_raw: copied from hourly_rate_text_raw",
    ]


def test_a_salary_per_hour_fills_the_hourly_pay(blank: Blank) -> None:
    pay, warnings = extraction(
        blank,
        "compensation",
        salary_disclosed=True,
        salary_max=60,
        salary_currency="USD",
        salary_period="hourly",
    )

    assert (pay["hourly_rate_min"], pay["hourly_rate_max"]) == (None, 60)
    assert pay["hourly_rate_currency"] == "USD"
    assert warnings == [
        "hourly_rate_max: copied from salary_max",
        "hourly_rate_currency: copied from salary_currency",
    ]


def test_hourly_pay_beside_a_yearly_salary_stays(blank: Blank) -> None:
    given = {
        "salary_disclosed": True,
        "salary_min": 90000,
        "salary_period": "yearly",
        "hourly_rate_min": 45,
    }

    pay, warnings = extraction(blank, "compensation", **given)

    assert {key: pay[key] for key in given} == given
    assert pay["hourly_rate_max"] is None
    assert warnings == []


def test_copied_pay_does_not_overwrite_words(blank: Blank) -> None:
    pay, _ = extraction(
        blank,
        "compensation",
        hourly_rate_max=60,
        hourly_rate_text_raw="60 an hour",
        salary_text_raw="good pay",
    )

    assert pay["salary_text_raw"] == "good pay"


def test_figures_disclose_pay(blank: Blank) -> None:
    pay, warnings = extraction(blank, "compensation", salary_min=90000, salary_period="yearly")

    assert pay["salary_disclosed"] is True
    assert warnings == ["salary_disclosed: false became True, figures are given"]


def test_a_low_yearly_salary_is_warned_of_and_kept(blank: Blank) -> None:
    pay, warnings = extraction(
        blank, "compensation", salary_disclosed=True, salary_max=65, salary_period="yearly"
    )

    assert pay["salary_max"] == 65
    assert warnings == ["salary_max: is suspiciously low for a year, kept"]


@pytest.mark.parametrize(
    ("score", "level", "agreed"),
    [
        (1, "optimizing", "ad_hoc"),
        (5, "not_mentioned", "optimizing"),
        (3, "defined", "defined"),
        (None, "managed", "managed"),
    ],
)
def test_the_maturity_score_outranks_the_level(
    score: int | None, level: str, agreed: str, blank: Blank
) -> None:
    answer = blank("pass3")
    maturity = answer["analysis"]["company_maturity"]
    maturity["data_maturity_score"]["value"] = score
    maturity["data_maturity_level"]["value"] = level

    done = accept("pass3", json.dumps(answer))

    fixed = done.answer["analysis"]["company_maturity"]
    assert fixed["data_maturity_score"]["value"] == score
    assert fixed["data_maturity_level"]["value"] == agreed
    assert len(done.warnings) == (level != agreed)
