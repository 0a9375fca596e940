"""A lake and what happens to it between two builds, each kind of change on postings of its own.

Before: hours H1 and H2 are enriched, H3 and H3B are not. H4 holds a newer version of 311.
After: what `CHANGED` names. Company C gets a snapshot between the two that it had.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.dbt_gold.lake import company_rows, put_companies, put_enriched, put_postings

Row = dict[str, Any]

H0 = datetime(2026, 1, 2, 3)  # arrives late
H1 = datetime(2026, 1, 10, 8)
H2 = datetime(2026, 1, 11, 9)
H3 = datetime(2026, 1, 12, 4)
H3B = datetime(2026, 1, 12, 5)
H4 = datetime(2026, 1, 13, 7)
H5 = datetime(2026, 1, 20, 10)  # new
H6 = datetime(2026, 1, 20, 11)  # collected at the same moments as H2
CHANGED = [hour.strftime("%Y/%m/%d/%H") for hour in (H0, H1, H3, H3B, H5, H6)]

ENRICHED_AGAIN, FAILED_AGAIN, EMPTIED = 101, 102, 103
RESCRAPED = [104, 105, 106, 209, 210]
OLDER_TOO = 107
TIED = list(range(201, 213))
MOVED, STAYS_LAST, STAYS_FIRST = 221, 222, 223
ENRICHED_LATE = [301, 302, 303]
ENRICHED_ELSEWHERE = 311
NEW = list(range(401, 411))
LATE = 501


def write_before(root: Path) -> None:
    """The lake of the first build."""
    first, second = range(101, 113), [*range(201, 213), MOVED, STAYS_LAST, STAYS_FIRST]
    for hour, numbers in ((H1, first), (H2, second)):
        put_postings(root, hour, [posting(number, hour) for number in numbers])
        put_enriched(root, hour, [enriched(number, hour) for number in numbers])
    put_postings(root, H3, [posting(number, H3) for number in ENRICHED_LATE])
    put_postings(root, H3B, [posting(ENRICHED_ELSEWHERE, H3B)])
    put_postings(root, H4, [posting(ENRICHED_ELSEWHERE, H4, job_title="Staff DE")])
    put_companies(root, company_rows(_profiles()))


def write_after(root: Path) -> None:
    """What comes until the next build."""
    put_enriched(root, H1, [_enriched_again(number) for number in range(101, 113)])
    put_enriched(root, H3, [enriched(number, H3) for number in ENRICHED_LATE])
    put_enriched(root, H3B, [enriched(ENRICHED_ELSEWHERE, H3B)])
    changed = [posting(number, H5, job_title="Principal Data Engineer") for number in RESCRAPED]
    put_postings(root, H5, [*changed, *(posting(number, H5) for number in NEW)])
    again = [enriched(number, H5, job_title="Principal Data Engineer") for number in RESCRAPED]
    put_enriched(root, H5, [*again, *(enriched(number, H5) for number in NEW)])
    older = posting(OLDER_TOO, H0, job_title="Not the newest title")
    put_postings(root, H0, [posting(LATE, H0), older])
    twins = [number for number in TIED if number not in RESCRAPED]
    put_postings(root, H6, [posting(number, H2, url=f"twin/{number}") for number in twins])
    late = {**_profiles()[0], "snapshot_date": date(2026, 1, 8), "industries": "Retail"}
    put_companies(root, company_rows([late]), "late.parquet")


def posting(number: int, hour: datetime, **values: Any) -> Row:
    """A Silver row, collected in its hour at the minute that its number names."""
    scraped = hour + timedelta(minutes=number % 60)
    return {
        "job_posting_id": str(number),
        "source_system": "linkedin",
        "url": f"posting/{number}",
        "scraped_at": scraped,
        "job_posted_datetime": _posted(number, scraped),
        "company_id": "C" if number in (MOVED, STAYS_LAST, STAYS_FIRST) else f"c{number % 5}",
        "company_name": f"Company {number % 5}",
        "job_title": "Senior Data Engineer",
        "job_seniority_level": "Mid-Senior level",
        "job_employment_type": "Full-time",
        "job_location": ["Austin, TX", "Berlin, Berlin, Germany", "Brazil"][number % 3],
        "job_num_applicants": 25 + number % 7,
        "application_availability": True,
        "salary_min": 100_000.0 + number,
        "salary_max": 120_000.0 + number,
        "salary_currency": "$",
        "salary_period": "yr",
        "skills_canonical": ["Python", f"Tool {number % 4}"],
        "skills_catalog_version": "v1.0",
        **values,
    }


def enriched(number: int, hour: datetime, **values: Any) -> Row:
    """A Silver-AI row of a posting."""
    return {
        **posting(number, hour),
        "content_hash": f"hash-{number}",
        "enriched_at": hour + timedelta(hours=1),
        "ext_must_have_hard_skills": ["Spark", f"Tool {number % 6}"],
        "ext_must_have_soft_skills": ["Communication"],
        "ext_benefits_mentioned": ["401k match", "dental"],
        "ext_certifications_mentioned": ["CKA"],
        "ext_allowed_countries": ["US"],
        "ext_us_state_restrictions": ["TX"],
        "ext_work_model_stated": "remote",
        "inf_seniority_level": "senior",
        "inf_seniority_level_confidence": 0.9,
        "inf_seniority_level_evidence": f"evidence of {number}",
        "inf_seniority_level_source": "inferred",
        "inf_job_family": "data_engineer",
        "inf_sub_specialty": "batch_etl",
        "inf_primary_cloud": "aws",
        "inf_secondary_clouds": ["gcp"],
        "inf_career_tracks_available": ["ic_track"],
        "anl_maturity_signals": ["cloud_native"],
        "anl_tech_culture_signals": ["open_source"],
        "anl_dev_practices_mentioned": ["tdd"],
        "anl_ml_tools_expected": ["MLflow"],
        "anl_strength_categories": ["cloud_native"],
        "anl_concern_categories": ["startup_risk"],
        "anl_best_fit_categories": ["ml_engineers"],
        "anl_probe_categories": ["tech_stack_details"],
        "anl_leverage_categories": ["domain_expertise"],
        "anl_recommendation_score": 0.7,
        **values,
    }


def _enriched_again(number: int) -> Row:
    row = enriched(number, H1)
    later = {"enriched_at": H5}
    if number == ENRICHED_AGAIN:
        return {
            **row,
            **later,
            "ext_must_have_hard_skills": ["Kafka"],
            "ext_work_model_stated": "hybrid",
        }
    if number == FAILED_AGAIN:
        failed = {f"pass{one}_success": False for one in (1, 2, 3)}
        nothing = dict.fromkeys(name for name in row if name.startswith(("ext_", "inf_", "anl_")))
        return {**row, **later, **failed, **nothing, "enrichment_errors": "no answer"}
    if number == EMPTIED:
        lists = [name for name, value in row.items() if isinstance(value, list)]
        emptied: Row = {name: [] for name in lists if name != "skills_canonical"}
        return {**row, **later, **emptied, "inf_primary_cloud": "not_mentioned"}
    return row


def _posted(number: int, scraped: datetime) -> datetime:
    days: dict[int, datetime] = {
        MOVED: datetime(2026, 1, 9, 6),
        STAYS_LAST: datetime(2026, 1, 16, 6),
        STAYS_FIRST: datetime(2025, 12, 24, 6),
    }
    return days.get(number, scraped - timedelta(hours=2))


def _profiles() -> list[Row]:
    c = {"company_id": "C", "name": "C"}
    return [
        {**c, "industries": "Software", "snapshot_date": date(2026, 1, 1)},
        {**c, "industries": "Banking", "snapshot_date": date(2026, 1, 15)},
    ]


def ids(numbers: Iterable[int]) -> set[str]:
    """Numbers as posting ids."""
    return {str(number) for number in numbers}
