"""Eleven made-up postings, `expected/postings.csv`, whose figures can be worked out by hand.

Company A grew from a start-up to a medium company before January 2026; B has no profile.
Posting 10 has no date and posting 11 no enrichment. Salaries are in US dollars.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

from tests.dbt_gold.lake import (
    company_rows,
    moment,
    put_companies,
    put_enriched,
    put_postings,
)

EXPECTED = Path(__file__).parent / "expected"
GROUPS: dict[str, dict[str, Any]] = {
    "remote senior": {
        "job_location": "Austin, TX",
        "inf_seniority_level": "senior",
        "inf_job_family": "data_engineer",
        "inf_sub_specialty": "batch_etl",
        "ext_work_model_stated": "remote",
        "inf_remote_restriction": "anywhere",
    },
    "hybrid analyst": {
        "job_location": "Berlin, Berlin, Germany",
        "inf_seniority_level": "mid",
        "inf_job_family": "analytics_engineer",
        "inf_sub_specialty": "general",
        "ext_work_model_stated": "hybrid",
        "inf_remote_restriction": "not_mentioned",
    },
    "not enriched": {"job_location": "Austin, TX"},
}


def expected(table: str) -> list[dict[str, str]]:
    """The rows of an expected file."""
    with (EXPECTED / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write_small(root: Path) -> None:
    """Writes the lake."""
    hours: dict[datetime, list[dict[str, str]]] = defaultdict(list)
    for line in expected("postings"):
        hours[moment(line["scraped_at"]).replace(minute=0)].append(line)
    for hour, lines in hours.items():
        put_postings(root, hour, [_silver(line) for line in lines])
        enriched = [line for line in lines if line["group"] != "not enriched"]
        put_enriched(root, hour, [{**_silver(line), **_answers(line)} for line in enriched])
    put_companies(root, company_rows(_profiles()))


def _silver(line: dict[str, str]) -> dict[str, Any]:
    posted = moment(line["posted_at"]) if line["posted_at"] else None
    return {
        "job_posting_id": line["number"],
        "source_system": "linkedin",
        "scraped_at": moment(line["scraped_at"]),
        "job_posted_datetime": posted,
        "company_id": f"company-{line['company']}" if line["company"] else None,
        "company_name": line["company"] or None,
        "job_title": line["title"],
        "job_seniority_level": "Mid-Senior level",
        "job_location": GROUPS[line["group"]]["job_location"],
        "job_num_applicants": int(line["applicants"]),
        "application_availability": line["open"] == "yes",
        "salary_min": _number(line["salary_min"]),
        "salary_max": _number(line["salary_max"]),
        "salary_currency": "$" if line["period"] else None,
        "salary_period": line["period"] or None,
        "skills_canonical": _list(line["catalog"]),
    }


def _answers(line: dict[str, str]) -> dict[str, Any]:
    return {
        **GROUPS[line["group"]],
        "ext_visa_sponsorship_stated": line["visa"],
        "ext_must_have_hard_skills": _list(line["required"]),
        "ext_nice_to_have_hard_skills": _list(line["wished"]),
        "inf_timezone_focus": line["timezone"],
        "anl_recommendation_score": _number(line["score"]),
        "enriched_at": moment(line["scraped_at"]),
    }


def _profiles() -> list[dict[str, Any]]:
    a = {"company_id": "company-A", "name": "A", "industries": "Software Development"}
    c = {"company_id": "company-C", "name": "C", "industries": "Banking"}
    return [
        {**a, "company_size": "11-50 employees", "snapshot_date": date(2025, 6, 1)},
        {**a, "company_size": "51-200 employees", "snapshot_date": date(2026, 1, 10)},
        {**c, "company_size": "10,001+ employees", "snapshot_date": date(2025, 6, 1)},
    ]


def _number(text: str) -> float | None:
    return float(text) if text else None


def _list(text: str) -> list[str]:
    return text.split("|") if text else []
