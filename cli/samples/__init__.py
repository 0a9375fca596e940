"""Invented postings for demonstrations: a TOML file per hour, written as Silver partitions.

A posting needs only what makes it different; the other columns of Silver follow from it, from its
place in its file and from the hour. Keys:

    id, title, company, location, country, seniority, type, function, industry, applicants
    salary    [minimum, maximum, currency as shown, "yr" | "hr"]
    text      the description; `times` repeats it
    summary   what the list of results shows; the beginning of the text by default
    copy_of   the id of a posting of the same file whose row appears once more

What is not given is null; no id, no title and no text are among the cases to show.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import html
import json
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

FOLDER = Path(__file__).parent
SCHEMA = FOLDER.parents[1] / "schemas" / "silver_ai.json"
SUMMARY_LENGTH = 300
PAGE_END = "\nShow more\nShow less"  # as scraped pages end


def sample_postings() -> pa.Table:
    """All sample rows, hour by hour in the order of `scraped_at`, with Silver's schema."""
    return pa.concat_tables(partitions().values())


def partitions() -> dict[str, pa.Table]:
    """Hour (2026/01/30/21) -> its rows."""
    tables = {}
    for path in sorted(FOLDER.glob("????-??-??T??.toml")):
        hour = dt.datetime.strptime(path.stem, "%Y-%m-%dT%H")
        rows = list(_rows(tomllib.loads(path.read_text(encoding="utf-8"))["posting"], hour))
        tables[f"{hour:%Y/%m/%d/%H}"] = pa.Table.from_pylist(rows, schema=_silver_schema())
    return tables


def write_partitions(folder: Path) -> list[Path]:
    """Writes `year=/month=/day=/hour=/postings.parquet` below `folder`; returns the files."""
    written = []
    for hour, table in partitions().items():
        keys = zip(("year", "month", "day", "hour"), hour.split("/"), strict=True)
        path = folder.joinpath(*(f"{key}={part}" for key, part in keys), "postings.parquet")
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, path)
        written.append(path)
    return written


def _rows(postings: list[dict[str, Any]], hour: dt.datetime) -> Iterator[dict[str, Any]]:
    known: dict[str, dict[str, Any]] = {}
    for index, posting in enumerate(postings):
        if "copy_of" in posting:
            yield known[posting["copy_of"]]
            continue
        row = _row(posting, hour + dt.timedelta(seconds=61 * index))
        known[posting.get("id", "")] = row
        yield row


def _row(posting: dict[str, Any], scraped_at: dt.datetime) -> dict[str, Any]:
    company = posting["company"]
    name = re.sub(r"[^a-z0-9]+", "-", html.unescape(company).lower()).strip("-")
    number = int(hashlib.sha256(company.encode()).hexdigest()[:6], 16)
    identity = posting.get("id")
    posted = scraped_at - dt.timedelta(minutes=7 + number % 1_300)
    minimum, maximum, currency, period = posting.get("salary", (None,) * 4)
    return {
        "job_posting_id": identity,
        "source_system": "linkedin",
        "url": f"https://jobs.example.com/view/{identity.strip()}" if identity else None,
        "scraped_at": scraped_at,
        "company_name": company,
        "company_id": str(number),
        "company_url": f"https://companies.example.com/{name}",
        "job_title": posting.get("title"),
        "job_seniority_level": posting.get("seniority"),
        "job_function": posting.get("function", "Information Technology"),
        "job_employment_type": posting.get("type", "Full-time"),
        "job_industries": posting.get("industry"),
        "job_location": posting["location"],
        "country_code": posting.get("country"),
        "job_posted_datetime": posted,
        "job_posted_date_only": posted.date(),
        "application_availability": True,
        "apply_link": f"https://careers.example.com/{name}" if number % 3 == 0 else None,
        "job_num_applicants": posting["applicants"],
        "salary_min": minimum,
        "salary_max": maximum,
        "salary_currency": currency,
        "salary_period": period,
        **_texts(posting),
    }


def _texts(posting: dict[str, Any]) -> dict[str, Any]:
    text = posting.get("text", "").strip()
    summary = posting.get("summary") or " ".join(text.split())[:SUMMARY_LENGTH] or None
    if not text:
        return {"job_summary": summary}
    text = "\n\n".join([text] * posting.get("times", 1))
    paragraphs = "".join(f"<p>{html.escape(part)}</p>" for part in text.split("\n\n"))
    found = [(skill, family) for skill, family in _catalog() if _names(text, skill)]
    return {
        "job_summary": summary,
        "job_description_html": f'<section class="description">{paragraphs}</section>',
        "job_description_text": text + PAGE_END,
        "skills_canonical": sorted(skill for skill, _ in found),
        "skills_families": sorted({family for _, family in found}),
        "skills_raw_hits": sorted(skill.lower() for skill, _ in found),
        "skills_catalog_version": "samples-1",
    }


def _names(text: str, skill: str) -> bool:
    return bool(re.search(rf"(?<![\w+#]){re.escape(skill)}(?![\w+#])", text))


@cache
def _catalog() -> list[tuple[str, str]]:
    """(skill, family) of `skills.toml`."""
    families = tomllib.loads((FOLDER / "skills.toml").read_text(encoding="utf-8"))
    return [(skill, family) for family, skills in families.items() for skill in skills]


def _silver_schema() -> pa.Schema:
    columns = json.loads(SCHEMA.read_text(encoding="utf-8"))
    silver = [column for column in columns if column["from"].startswith("silver.")]
    return pa.schema([(column["name"], _type(column["type"])) for column in silver])


def _type(name: str) -> pa.DataType:
    return pa.list_(pa.string()) if name == "list<string>" else pa.type_for_alias(name)
