"""A lake of made-up postings: any size, the same for the same seed, written column by column.

The first `CYCLE` postings walk through every word, list and absence that a column allows; later
ones draw from them. Of those, 90 % are enriched, 5 % failed (half of these after pass 1) and 5 %
have no row in Silver-AI. 1,000,000 postings take about a minute and a half on two cores.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from common import contract
from common.contract import Column
from tests.dbt_gold.lake import (
    COMPANY_SCHEMA,
    SILVER,
    SILVER_AI,
    hour_folder,
    json_text,
    put_companies,
    write,
)
from tests.dbt_gold.words import leaf

CYCLE = 64
LAST_HOUR = datetime(2026, 1, 31, 6)
WEEKS = 61  # a partition a week: growth over 4 weeks, a month and a year can be computed
ENRICHED, HALF_FAILED, FAILED = 0.9, 0.925, 0.95  # shares, cumulated; the rest has no row

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
SKILLS = (
    "Python", "SQL", "Apache Spark", "Apache Airflow", "dbt", "Snowflake", "Apache Kafka", "AWS",
    "Microsoft Azure", "Google BigQuery", "ETL", "Communication", "Git", "Docker", "Tableau",
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

Draws = NDArray[np.int64]
Flags = NDArray[np.bool_]


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
    skills = rng.integers(0, len(_list_pool(SKILLS)), len(numbers))
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
    undated = (rng.random(count) < 0.005) & ~_early(numbers)
    pay = _silver_pay(rng, count)
    lists = _list_pool(SKILLS).take(pa.array(skills))
    columns = {
        "job_posting_id": ids,
        "source_system": _constant("linkedin", count),
        "url": pa.array([f"https://example.com/jobs/{posting_id(n)}" for n in numbers]),
        "scraped_at": pa.array(scraped),
        "company_name": _words([f"Company {n}" for n in range(companies)], company),
        "company_id": _words(
            [str(7_000_000 + n) for n in range(companies)], company, rng.random(count) < 0.02
        ),
        "company_url": _words(
            [f"https://example.com/companies/{n}" for n in range(companies)], company
        ),
        "job_title": _drawn(TITLES, rng, numbers),
        "job_seniority_level": _drawn(LEVELS, rng, numbers),
        "job_function": _constant("Engineering and Information Technology", count),
        "job_employment_type": _drawn(EMPLOYMENT, rng, numbers),
        "job_industries": _drawn(INDUSTRIES, rng, numbers),
        "job_location": _drawn(LOCATIONS, rng, numbers),
        "country_code": pa.nulls(count, pa.string()),
        "job_posted_datetime": pa.array(posted, mask=undated),
        "job_posted_date_only": pa.array(posted.astype("datetime64[D]"), mask=undated),
        "application_availability": pa.array(rng.random(count) < 0.8),
        "apply_link": pa.nulls(count, pa.string()),
        "job_num_applicants": pa.array(_applicants(rng, count)),
        **pay,
        "job_summary": _constant("A made-up posting.", count),
        "job_description_html": pa.nulls(count, pa.string()),
        "job_description_text": _constant("A made-up posting about pipelines.", count),
        "skills_canonical": lists,
        "skills_families": lists,
        "skills_raw_hits": lists,
        "skills_catalog_version": _constant("v1.0", count),
    }
    return pa.table(columns)


def enriched_table(
    rng: np.random.Generator, hour: datetime, numbers: range, silver: pa.Table, skills: Draws
) -> pa.Table:
    """Silver-AI rows of those postings that enrichment has seen."""
    luck = np.where(_early(numbers), 0.0, rng.random(len(numbers)))
    seen = np.flatnonzero(luck < FAILED)
    luck, silver, skills = luck[seen], silver.take(pa.array(seen)), skills[seen]
    numbers_seen = np.arange(numbers.start, numbers.stop)[seen]
    first, all_passes = luck < HALF_FAILED, luck < ENRICHED
    columns = {name: silver[name] for name in silver.column_names}
    for column in contract.columns_from("extraction", "inference", "analysis", "summary"):
        missing = ~(first if column.root == "extraction" else all_passes)
        columns[column.name] = _answer(column, rng, numbers_seen, missing, columns)
    columns |= _pay(rng, ~first)
    for column in contract.columns_from("json"):
        if column.name not in columns:  # Silver's own lists
            columns[column.name] = _json_pool(SKILLS).take(pa.array(skills))
    columns |= _metadata(rng, hour, first, all_passes)
    return pa.table({name: columns[name] for name in contract.arrow_schema().names})


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
            "headquarters": _words(["Austin, Texas", "Berlin, Berlin", "Porto"], known % 3),
            "country_code": _words(COUNTRIES, fixed["country_code"]),
            "industries": _words(INDUSTRIES, fixed["industries"]),
            "organization_type": _words(ORGANIZATIONS, fixed["organization_type"]),
            "company_size": _words(SIZES, grown),
            "founded_year": pa.array(founded),
            "followers": pa.array(rng.integers(10, 3_000_000, len(known))),
            "employees_on_linkedin": pa.array(rng.integers(1, 50_000, len(known))),
            "funding_last_round_type": _words(FUNDING, fixed["funding"]),
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


def _early(numbers: range) -> Flags:
    return np.arange(numbers.start, numbers.stop) < CYCLE


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
        "salary_currency": _words(["$", "€", "£", "XXX"], currencies, none),
        "salary_period": _words(["yr", "hr"], hourly.astype(np.int64), none),
    }


def _pay(rng: np.random.Generator, missing: Flags) -> dict[str, Any]:
    """Pay stated in the text: none, yearly (some in thousands), monthly, hourly; day rates.

    Hourly pay stands in salary_* and hourly_rate_* alike, as enrichment leaves it.
    """
    count = len(missing)
    kind = rng.choice(4, count, p=[0.6, 0.25, 0.05, 0.1])  # none, yearly, monthly, hourly
    thousands = rng.random(count) < 0.2
    low = np.select(
        [kind == 1, kind == 2],
        [rng.integers(60, 220, count) * np.where(thousands, 1.0, 1_000.0),
         rng.integers(4, 18, count) * 1_000.0],
        rng.integers(30, 120, count),
    )  # fmt: skip
    high = np.round(low * (1 + rng.random(count) / 2), 0)
    currency = rng.choice(5, count, p=[0.7, 0.1, 0.1, 0.05, 0.05])
    codes = ["USD", "EUR", "GBP", "INR", None]
    none, not_hourly = missing | (kind == 0), missing | (kind != 3)
    daily = missing | (rng.random(count) > 0.05)
    day_low = rng.integers(300, 900, count).astype(float)
    years = rng.integers(0, 12, count).astype(float)
    return {
        "ext_salary_disclosed": pa.array(kind > 0, mask=missing),
        "ext_salary_min": pa.array(low, mask=none),
        "ext_salary_max": pa.array(high, mask=none | (rng.random(count) < 0.1)),
        "ext_salary_currency": _words(codes, currency, none),
        "ext_salary_period": _words(["yearly", "monthly", "hourly"], np.maximum(kind - 1, 0), none),
        "ext_hourly_rate_min": pa.array(low, mask=not_hourly),
        "ext_hourly_rate_max": pa.array(high, mask=not_hourly),
        "ext_hourly_rate_currency": _words(codes, currency, not_hourly),
        "ext_daily_rate_min": pa.array(day_low, mask=daily),
        "ext_daily_rate_max": pa.array(day_low + 100, mask=daily),
        "ext_daily_rate_currency": _words(codes, currency, daily),
        "ext_years_experience_min": pa.array(years, mask=missing | (rng.random(count) < 0.2)),
        "ext_years_experience_max": pa.array(years + 3, mask=missing | (rng.random(count) < 0.8)),
        "ext_contract_duration_months": pa.array(
            years + 1, mask=missing | (rng.random(count) < 0.8)
        ),
    }


def _answer(
    column: Column,
    rng: np.random.Generator,
    numbers: Draws,
    missing: Flags,
    columns: dict[str, Any],
) -> Any:
    """A column of a pass; a list leaves its JSON text in `columns` too."""
    found, count = leaf(column), len(numbers)
    if found.kind == "words":
        return _words(found.words, _picks(len(found.words), rng, numbers), missing)
    if found.kind == "list":
        pool = _list_pool(found.words)
        picks = pa.array(_picks(len(pool), rng, numbers), mask=missing)
        columns[f"{column.name}_json"] = pa.DictionaryArray.from_arrays(
            picks.cast(pa.int32()), _json_pool(found.words)
        )
        return pool.take(picks)
    if found.kind == "boolean":
        absent = _picks(3, rng, numbers) == 2 if found.words else np.zeros(count, bool)
        return pa.array(_picks(2, rng, numbers) == 1, mask=missing | absent)
    if found.kind == "unit":
        low = 0.3 if column.path[-1] == "confidence" else 0.0
        drawn = np.round(low + (1 - low) * rng.random(count), 2)
        return pa.array(drawn, mask=missing)
    if found.kind == "score":
        picks = _picks(6, rng, numbers)
        return pa.array(picks, mask=missing | (picks == 0))
    if found.kind == "number":
        return pa.nulls(count, pa.float64())  # pay and years: `_pay` has them
    return _words(_texts(column.name), _picks(8, rng, numbers), missing)


@cache
def _texts(name: str) -> tuple[str | None, ...]:
    lines = tuple(f"The posting says this about {name}, in line {n}." for n in range(7))
    return (*lines, None)


def _picks(options: int, rng: np.random.Generator, numbers: Draws) -> Draws:
    """An option for each posting: in turn for the first ones, then at random."""
    return np.where(numbers < CYCLE, numbers % options, rng.integers(0, options, len(numbers)))


def _drawn(words: Sequence[str | None], rng: np.random.Generator, numbers: range) -> pa.Array:
    return _words(words, _picks(len(words), rng, np.arange(numbers.start, numbers.stop)))


def _words(words: Sequence[str | None], picks: Draws, missing: Flags | None = None) -> pa.Array:
    """A dictionary column; Parquet keeps it small and writes it fast."""
    absent = np.array([word is None for word in words])[picks]
    if missing is not None:
        absent = absent | missing
    indices = pa.array(picks.astype(np.int32), mask=absent)
    return pa.DictionaryArray.from_arrays(indices, pa.array([word or "" for word in words]))


def _constant(text: str, count: int) -> pa.Array:
    return _words([text], np.zeros(count, np.int64))


@cache
def _list_pool(words: Sequence[str | None]) -> pa.Array:
    """Lists to draw from: the empty one, each word alone, then combinations of up to five."""
    rng = np.random.default_rng(len(words))
    several = [
        [words[i] for i in rng.permutation(len(words))[: 2 + n % 4]] for n in range(CYCLE)
    ]  # fmt: skip
    lists = [[], *([word] for word in words), *several]
    return pa.array(lists[:CYCLE], pa.list_(pa.field("element", pa.string())))


@cache
def _json_pool(words: Sequence[str | None]) -> pa.Array:
    return pa.array([json_text(values) for values in _list_pool(words).to_pylist()], pa.string())


def _metadata(
    rng: np.random.Generator, hour: datetime, first: Flags, all_passes: Flags
) -> dict[str, Any]:
    count = len(first)
    at = np.datetime64(hour, "us") + 3_600_000_000 + rng.integers(0, 600_000_000, count)
    tokens = rng.integers(8_000, 40_000, count)
    done = {"pass1": first, "pass2": all_passes, "pass3": all_passes}
    columns: dict[str, Any] = {
        "content_hash": _constant("0" * 64, count),
        "enriched_at": pa.array(at, mask=~first),
        "enrichment_version": _constant("3.4", count),
        "total_tokens_used": pa.array(tokens),
        "enrichment_input_tokens": pa.array(tokens // 2),
        "enrichment_output_tokens": pa.array(tokens - tokens // 2),
        "enrichment_cost_usd": pa.array(tokens * 3e-7),
        "avg_confidence_pass2": pa.array(np.full(count, 0.65), mask=~all_passes),
        "avg_confidence_pass3": pa.array(np.full(count, 0.65), mask=~all_passes),
        "low_confidence_fields": pa.nulls(count, pa.string()),
        "enrichment_errors": _words(["Pass 3: no answer"], np.zeros(count, np.int64), all_passes),
        "enrichment_warnings": pa.nulls(count, pa.string()),
    }
    for name, succeeded in done.items():
        columns[f"enrichment_model_{name}"] = _constant("made-up-model", count)
        columns[f"enrichment_prompt_{name}"] = _constant("made-up-prompt", count)
        columns[f"{name}_success"] = pa.array(succeeded)
    return columns
