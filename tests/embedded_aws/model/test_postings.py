"""What the rules read from invented postings, and how little from other texts."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from embedded_aws.model.rules import Posting
from tests.embedded_aws.model import checker

_TABLES = tomllib.loads((Path(__file__).parent / "postings.toml").read_text(encoding="utf-8"))
POSTINGS: list[dict[str, Any]] = _TABLES["posting"]
OTHERS: list[dict[str, Any]] = _TABLES["other"]
_NULL = "<null>"


def posting_of(row: dict[str, Any]) -> Posting:
    return Posting(row["title"], row["company"], row["location"], row["description"].strip())


def _ids(rows: list[dict[str, Any]]) -> list[str]:
    return [f"{row['title']} - {row['company']}" for row in rows]


@pytest.mark.parametrize("row", POSTINGS, ids=_ids(POSTINGS))
def test_reads_what_an_invented_posting_says(row: dict[str, Any]) -> None:
    found = checker.answers(posting_of(row))
    fields = dict(checker.plain_fields(found))
    fields.update({name: field["value"] for name, field in checker.wrapped_fields(found)})
    wanted = {name: None if v == _NULL else v for name, v in row["expect"].items()}
    assert {name: fields[name] for name in wanted} == wanted


@pytest.mark.parametrize("row", POSTINGS, ids=_ids(POSTINGS))
def test_sorts_skills_into_demands_and_wishes(row: dict[str, Any]) -> None:
    found = checker.answers(posting_of(row))
    classified = found["pass1"]["extraction"]["skills_classified"]
    assert set(row["must"]) - set(classified["must_have_hard_skills"]) == set()
    assert set(row["nice"]) - set(classified["nice_to_have_hard_skills"]) == set()
    assert set(row.get("never", [])) & set(checker.skills(found)) == set()


@pytest.mark.parametrize("row", POSTINGS, ids=_ids(POSTINGS))
def test_every_answer_on_a_posting_is_valid_quoted_and_filled(row: dict[str, Any]) -> None:
    posting = posting_of(row)
    found = checker.answers(posting)
    assert checker.problems(posting, found) == []
    assert len(checker.filled(found)) >= 10


@pytest.mark.parametrize("title", ["", "Senior Data Engineer", "Walnut bread"])
@pytest.mark.parametrize("row", OTHERS, ids=[row["name"] for row in OTHERS])
def test_says_next_to_nothing_on_other_texts(row: dict[str, Any], title: str) -> None:
    posting = Posting(title, "Acme", "Berlin, Germany", row["text"].strip())
    found = checker.answers(posting)
    assert checker.problems(posting, found) == []
    assert len(checker.filled(found)) <= 3


def test_an_answer_does_not_depend_on_what_was_read_before() -> None:
    first = [checker.answers(posting_of(row)) for row in POSTINGS]
    again = [checker.answers(posting_of(row)) for row in reversed(POSTINGS)]
    assert first == again[::-1]


def test_a_fact_that_pass_1_reported_is_called_derived() -> None:
    posting = posting_of(POSTINGS[0])
    field = checker.answers(posting)["pass2"]["inference"]["visa_and_authorization"]
    assert field["h1b_friendly"]["source"] == "pass1_derived"
    assert field["opt_cpt_friendly"]["source"] == "inferred"


def test_remote_work_at_a_country_is_tied_to_it() -> None:
    text = "We are looking for a data engineer. Requirements: SQL. Fully remote. Apply now."
    for location, expected in (("United States", "same_country"), ("Remote", "not_mentioned")):
        found = checker.answers(Posting("Data Engineer", "Acme", location, text))
        field = found["pass2"]["inference"]["geo_and_work_model"]["remote_restriction"]
        assert field["value"] == expected
