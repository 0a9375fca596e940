"""A lake of made-up postings: any size, the same for the same seed, written column by column.

The first `CYCLE` postings walk through every word, list and absence that a column allows; later
ones draw from them. Of those, 90 % are enriched, 5 % failed (half of these after pass 1) and 5 %
have no row in Silver-AI. 1,000,000 postings take about a minute and a half on two cores.
"""

from __future__ import annotations

import itertools
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tests.dbt_gold.draws import Draws, constant, drawn, early, list_pool, worded
from tests.dbt_gold.generated_answers import enriched_table
from tests.dbt_gold.lake import (
    COMPANY_SCHEMA,
    SILVER,
    SILVER_AI,
    hour_folder,
    put_companies,
    write,
)
from tests.dbt_gold.words import CATALOGUE

LAST_HOUR = datetime(2026, 1, 31, 6)
WEEKS = 61  # a partition a week: growth over 4 weeks, a month and a year can be computed

TITLES = (
    "Data Engineer", "Senior Data Engineer", "Sr. Data Engineer", "Jr Data Engineer",
    "Data Eng II", "Staff DE", "Principal Data Engineer", "Lead Data Engineer",
    "Data Engineering Manager", "Director of Data", "Analytics Engineer", "ML Engineer (Remote)",
    "Data Engineer - REQ-10442", "Data Platform Engineer III", "Data Architect", "Intern, Data",
)  # fmt: skip
LEVELS = (
    "Mid-Senior level", "Not Applicable", "Entry level", "Associate", "Internship", "Director",
    "Executive", None,
)  # fmt: skip
EMPLOYMENT = (
    "Full-time", "Contract", "Internship", "Part-time", "Temporary", "Volunteer", "Other", None,
)  # fmt: skip
LOCATIONS = (
    "Austin, TX", "Fairfax County, VA", "Washington, DC", "Berlin, Berlin, Germany",
    "Pune, Maharashtra, India", "Indiana, United States", "Scotland, United Kingdom",
    "Doha, Qatar", "Dubai, United Arab Emirates", "United States", "Brazil", "Latin America",
    "Greater Houston", "Lisbon Metropolitan Area", "New York City Metropolitan Area",
    "Porto, Porto, Portugal", "Nowhere Special", "Sydney, New South Wales, Australia",
    "San Francisco, CA", "Toronto, Ontario, Canada", "London, England, United Kingdom", None,
)  # fmt: skip
COUNTRIES = ("US", "US,IN,GB", "DE", "GB,US", "PT", "BR", "IN,US", None)
INDUSTRIES = ("Software Development", "Technology, Information and Internet", "Banking", None)
SIZES = (
    "1 employee", "2-10 employees", "11-50 employees", "51-200 employees", "201-500 employees",
    "501-1,000 employees", "1,001-5,000 employees", "5,001-10,000 employees", "10,001+ employees",
)  # fmt: skip
ORGANIZATIONS = (
    "Privately Held", "Public Company", "Partnership", "Nonprofit", "Government Agency",
    "Educational", "Self-Owned", "Self-Employed", None,
)  # fmt: skip
FUNDING = ("Seed", "Series A", "Series B", "Post IPO equity", "Private equity", None, None, None)
SNAPSHOTS = (date(2025, 3, 1), date(2025, 9, 1), date(2026, 1, 15))


def generate(root: Path, postings: int, seed: int = 7) -> None:
    """A whole lake: postings over up to `WEEKS` weekly partitions, and their companies."""
    weeks = max(2, min(WEEKS, postings // 20))
    bounds = np.linspace(0, postings, weeks + 1).astype(int)
    companies = company_count(postings)
    for week, (first, after) in enumerate(itertools.pairwise(bounds.tolist())):
        ago = timedelta(weeks=weeks - 1 - week, hours=(week * 5) % 24 if week < weeks - 1 else 0)
        append(root, LAST_HOUR - ago, range(first, after), companies, seed)
    put_companies(root, profiles(companies, seed))


def company_count(postings: int) -> int:
    """How many companies a lake of that size has."""
    return max(10, min(5_000, postings // 20))


def append(root: Path, hour: datetime, numbers: range, companies: int, seed: int = 7) -> None:
    """The postings `numbers` and their enrichment as one more partition."""
    rng = np.random.default_rng([seed, numbers.start])
    skills = rng.integers(0, len(list_pool(CATALOGUE)), len(numbers))
    silver = silver_table(rng, hour, numbers, companies, skills)
    write(hour_folder(root, SILVER, hour), silver, "part-0.parquet")
    enriched = enriched_table(rng, hour, numbers, silver, skills)
    write(hour_folder(root, SILVER_AI, hour), enriched, "data.parquet")


def posting_id(number: int) -> str:
    """The id of a posting."""
    return str(4_300_000_000 + number)


def silver_table(
    rng: np.random.Generator, hour: datetime, numbers: range, companies: int, skills: Draws
) -> pa.Table:
    """Silver's 30 columns; an hour's rows are scraped within it and posted up to 12 days before."""
    count = len(numbers)
    ids = pa.array([posting_id(number) for number in numbers])
    company = np.minimum((companies * rng.random(count) ** 2).astype(np.int64), companies - 1)
    scraped = np.datetime64(hour, "us") + rng.integers(0, 3_600_000_000, count)
    posted = scraped - _ages(rng, count)
    undated = (rng.random(count) < 0.005) & ~early(numbers)
    pay = _silver_pay(rng, count)
    lists = list_pool(CATALOGUE).take(pa.array(skills))
    columns = {
        "job_posting_id": ids,
        "source_system": constant("linkedin", count),
        "url": pa.array([f"https://example.com/jobs/{posting_id(n)}" for n in numbers]),
        "scraped_at": pa.array(scraped),
        "company_name": worded([f"Company {n}" for n in range(companies)], company),
        "company_id": worded(
            [str(7_000_000 + n) for n in range(companies)], company, rng.random(count) < 0.02
        ),
        "company_url": worded(
            [f"https://example.com/companies/{n}" for n in range(companies)], company
        ),
        "job_title": drawn(TITLES, rng, numbers),
        "job_seniority_level": drawn(LEVELS, rng, numbers),
        "job_function": constant("Engineering and Information Technology", count),
        "job_employment_type": drawn(EMPLOYMENT, rng, numbers),
        "job_industries": drawn(INDUSTRIES, rng, numbers),
        "job_location": drawn(LOCATIONS, rng, numbers),
        "country_code": pa.nulls(count, pa.string()),
        "job_posted_datetime": pa.array(posted, mask=undated),
        "job_posted_date_only": pa.array(posted.astype("datetime64[D]"), mask=undated),
        "application_availability": pa.array(rng.random(count) < 0.8),
        "apply_link": pa.nulls(count, pa.string()),
        "job_num_applicants": pa.array(_applicants(rng, count)),
        **pay,
        "job_summary": constant("A made-up posting.", count),
        "job_description_html": pa.nulls(count, pa.string()),
        "job_description_text": constant("A made-up posting about pipelines.", count),
        "skills_canonical": lists,
        "skills_families": lists,
        "skills_raw_hits": lists,
        "skills_catalog_version": constant("v1.0", count),
    }
    return pa.table(columns)


def profiles(companies: int, seed: int = 7) -> pa.Table:
    """Three snapshots of nine tenths of the companies; a third of them grows before the second."""
    rng = np.random.default_rng([seed, companies])
    known = np.flatnonzero(np.arange(companies) % 10 != 9)
    size = rng.integers(0, len(SIZES) - 1, len(known))
    fixed = {
        name: rng.integers(0, len(words), len(known))
        for name, words in (
            ("country_code", COUNTRIES),
            ("industries", INDUSTRIES),
            ("organization_type", ORGANIZATIONS),
            ("funding", FUNDING),
        )
    }
    founded = 1950 + rng.integers(0, 75, len(known))
    parts = []
    for number, day in enumerate(SNAPSHOTS):
        grown = size + ((known % 3 == 0) if number else 0)
        at = np.full(len(known), np.datetime64(day, "us"))
        columns = {
            "company_id": pa.array([str(7_000_000 + n) for n in known]),
            "name": pa.array([f"Company {n}" for n in known]),
            "website_domain": pa.array([f"company{n}.example.com" for n in known]),
            "headquarters": worded(["Austin, Texas", "Berlin, Berlin", "Porto"], known % 3),
            "country_code": worded(COUNTRIES, fixed["country_code"]),
            "industries": worded(INDUSTRIES, fixed["industries"]),
            "organization_type": worded(ORGANIZATIONS, fixed["organization_type"]),
            "company_size": worded(SIZES, grown),
            "founded_year": pa.array(founded),
            "followers": pa.array(rng.integers(10, 3_000_000, len(known))),
            "employees_on_linkedin": pa.array(rng.integers(1, 50_000, len(known))),
            "funding_last_round_type": worded(FUNDING, fixed["funding"]),
            "has_funding_info": pa.array(fixed["funding"] < 5),
            "snapshot_date": pa.array(at.astype("datetime64[D]")),
            "scraped_at": pa.array(at),
            "processed_at": pa.array(at),
        }
        parts.append(
            pa.table([pa.array(columns[f.name]).cast(f.type) for f in COMPANY_SCHEMA],
                     schema=COMPANY_SCHEMA)
        )  # fmt: skip
    return pa.concat_tables(parts)


def _ages(rng: np.random.Generator, count: int) -> Draws:
    """Microseconds between posting and scraping: mostly within the hour, some days."""
    kind = rng.random(count)
    minutes = rng.integers(1, 61, count)
    minutes = np.where(kind > 0.6, rng.integers(60, 24 * 60, count), minutes)
    return np.where(kind > 0.9, rng.integers(24 * 60, 12 * 24 * 60, count), minutes) * 60_000_000


def _applicants(rng: np.random.Generator, count: int) -> NDArray[np.int32]:
    """The platform shows neither fewer than 25 nor more than 200."""
    return np.clip(rng.integers(0, 260, count), 25, 200).astype(np.int32)


def _silver_pay(rng: np.random.Generator, count: int) -> dict[str, Any]:
    kind = rng.random(count)
    hourly, none = kind > 0.9, kind < 0.7
    low = np.where(hourly, rng.integers(30, 90, count), rng.integers(60, 220, count) * 1_000.0)
    high = np.round(low * (1 + rng.random(count) / 2), 2)
    currencies = rng.choice(4, count, p=[0.8, 0.1, 0.05, 0.05])
    return {
        "salary_min": pa.array(low, mask=none),
        "salary_max": pa.array(high, mask=none | (rng.random(count) < 0.1)),
        "salary_currency": worded(["$", "€", "£", "XXX"], currencies, none),
        "salary_period": worded(["yr", "hr"], hourly.astype(np.int64), none),
    }
