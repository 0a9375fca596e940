"""Postings whose fact rows were worked out by hand: `expected/fact_cases.json`.

A case names what differs from the common Silver row, what the enrichment answered (without
`answers` there is none) and what differs from the row of a silent posting.
One euro is 1.10 dollars.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

from tests.dbt_gold.lake import company_rows, moment, put_companies, put_enriched, put_postings
from tests.dbt_gold.project import Project

HOUR = datetime(2026, 1, 10, 8)
ENRICHED_AT = datetime(2026, 1, 10, 10)
TIMES = ("scraped_at", "job_posted_datetime")
EURO = "update gold.seed_fx_rates_usd set rate_to_usd = 1.1 where currency_code = 'EUR'"
FACT = ("+fact_job_posting", "dim_location", "--exclude", "resource_type:seed")

_FILE = json.loads(
    (Path(__file__).parent / "expected" / "fact_cases.json").read_text(encoding="utf-8")
)
CASES: list[dict[str, Any]] = _FILE["cases"]


def posting_id(case: dict[str, Any]) -> str:
    """Id of a case's posting."""
    return str(1001 + CASES.index(case))


def expected_row(case: dict[str, Any]) -> dict[str, Any]:
    """The whole row that the fact is to hold."""
    enriched = _FILE["enriched"] if "answers" in case else {}
    row = {**_FILE["not enriched"], **enriched, **case["expected"]}
    return {**row, "job_posting_id": posting_id(case)}


def write_cases(root: Path) -> None:
    """One hour with all cases; Silver-AI writes its ids with the `.0` of a float."""
    silver = {posting_id(case): _silver(case) for case in CASES}
    put_postings(root, HOUR, silver.values())
    answered = [case for case in CASES if "answers" in case]
    put_enriched(root, HOUR, [_answers(case, silver[posting_id(case)]) for case in answered])
    profile = {"company_id": "acme", "name": "Acme", "industries": "Software"}
    later = {**profile, "industries": "Banking", "snapshot_date": date(2026, 1, 12)}
    put_companies(root, company_rows([{**profile, "snapshot_date": date(2026, 1, 5)}, later]))


def build_cases(project: Project) -> None:
    """The fact over the cases, and what it needs, in a database that holds the seeds."""
    write_cases(project.lake)
    project.execute(EURO)
    project.succeed("run", "--select", *FACT)


def _silver(case: dict[str, Any]) -> dict[str, Any]:
    row = {**_FILE["silver"], **case.get("silver", {}), "job_posting_id": posting_id(case)}
    times = {name: moment(row[name]) for name in TIMES if row[name]}
    numbers = {name: float(row[name]) for name in ("salary_min", "salary_max") if name in row}
    return {**row, **times, **numbers}


def _answers(case: dict[str, Any], silver: dict[str, Any]) -> dict[str, Any]:
    identity = {"job_posting_id": f"{posting_id(case)}.0", "enriched_at": ENRICHED_AT}
    return {**silver, **case["answers"], **identity}
