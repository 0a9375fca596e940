"""The rules on the maintainers' real sample: recall of skills, salaries, quotes."""

from __future__ import annotations

import html
from typing import Any

import pyarrow.parquet as pq
import pytest

from embedded_aws.model.rules import Posting
from tests.embedded_aws.model import checker
from tests.shared_data import SHARED

_PERIODS = {"yr": "yearly", "hr": "hourly", "mo": "monthly"}
_CURRENCIES = {"$": "USD", "€": "EUR", "£": "GBP"}


def rows() -> list[dict[str, Any]]:
    path = SHARED / "postings" / "silver_postings.parquet"
    file = pq.ParquetFile(path)
    table = file.read()
    found: list[dict[str, Any]] = table.to_pylist()
    return found


def posting_of(row: dict[str, Any]) -> Posting:
    """The posting as the prompts show it: unescaped, trimmed, capped."""
    names = ("job_title", "company_name", "job_location", "job_description_text")
    return Posting.of(*(html.unescape(row[name] or "").strip()[:12_000] for name in names))


def shows(text: str, amount: float) -> bool:
    """True when the figure stands in the text in one of the usual ways."""
    whole = int(amount)
    forms = {f"{whole}", f"{whole:,}", f"{amount:,.2f}", f"{whole // 1000}k"}
    return any(checker.has_word(text, form) for form in forms)


@pytest.mark.shared
def test_real_postings_give_valid_quoted_and_filled_answers() -> None:
    for row in rows():
        posting = posting_of(row)
        found = checker.answers(posting)
        assert checker.problems(posting, found) == [], row["job_posting_id"]
        assert len(checker.filled(found)) >= 10, row["job_posting_id"]


@pytest.mark.shared
def test_the_skills_of_silver_are_found() -> None:
    wanted = hit = 0
    for row in rows():
        listed = set(checker.skills(checker.answers(posting_of(row))))
        names = set(row["skills_canonical"] or [])
        wanted += len(names)
        hit += len(names & listed)
    assert hit / wanted >= 0.93


@pytest.mark.shared
def test_the_salaries_of_silver_are_found_where_the_text_shows_them() -> None:
    shown = 0
    for row in rows():
        posting = posting_of(row)
        bounds = [row[name] for name in ("salary_min", "salary_max") if row[name]]
        if not bounds or not all(shows(posting.description, bound) for bound in bounds):
            continue
        shown += 1
        pay = checker.answers(posting)["pass1"]["extraction"]["compensation"]
        assert (pay["salary_min"], pay["salary_max"]) == (row["salary_min"], row["salary_max"])
        assert pay["salary_currency"] == _CURRENCIES[row["salary_currency"]]
        assert pay["salary_period"] == _PERIODS[row["salary_period"]]
    assert shown >= 15
