"""A lake on disk as the dbt project reads it: where objects lie, and rows from few words.

{root}/linkedin/year=/month=/day=/hour=/*.parquet       Silver postings, 30 columns
{root}/linkedin_ai/year=/month=/day=/hour=/data.parquet Silver-AI, schemas/silver_ai.json
{root}/linkedin_companies/bucket=0..49/*.parquet        company profiles, every snapshot
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from common import contract

BUCKETS = 50
SILVER, SILVER_AI, COMPANIES = "linkedin", "linkedin_ai", "linkedin_companies"
COMPANY_SCHEMA = pa.schema(
    [
        pa.field("company_id", pa.string()),
        pa.field("name", pa.string()),
        pa.field("website_domain", pa.string()),
        pa.field("headquarters", pa.string()),
        pa.field("country_code", pa.string()),
        pa.field("industries", pa.string()),
        pa.field("organization_type", pa.string()),
        pa.field("company_size", pa.string()),
        pa.field("founded_year", pa.int32()),
        pa.field("followers", pa.int64()),
        pa.field("employees_on_linkedin", pa.int32()),
        pa.field("funding_last_round_type", pa.string()),
        pa.field("has_funding_info", pa.bool_()),
        pa.field("snapshot_date", pa.date32()),
        pa.field("scraped_at", pa.timestamp("us", tz="UTC")),
        pa.field("processed_at", pa.timestamp("us", tz="UTC")),
    ]
)


def moment(iso: str) -> datetime:
    """A UTC time without zone, as Silver holds it."""
    return datetime.fromisoformat(iso)


def hour_folder(root: Path, prefix: str, hour: datetime) -> Path:
    """The partition of an hour."""
    return root / prefix / hour.strftime("year=%Y/month=%m/day=%d/hour=%H")


def write(folder: Path, table: pa.Table, name: str) -> None:
    """One Parquet object; Arrow's own schema is left out, so that dictionaries stay strings."""
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, folder / name, compression="snappy", store_schema=False)


def put_postings(
    root: Path, hour: datetime, rows: Iterable[Mapping[str, Any]], name: str = "part-0.parquet"
) -> None:
    """Silver rows of an hour; columns that a row does not name are null."""
    table = pa.Table.from_pylist([dict(row) for row in rows], schema=contract.silver_schema())
    write(hour_folder(root, SILVER, hour), table, name)


def put_enriched(root: Path, hour: datetime, rows: Iterable[Mapping[str, Any]]) -> None:
    """Silver-AI rows of an hour; all passes succeeded unless a row says otherwise."""
    filled = [_enriched(row) for row in rows]
    table = pa.Table.from_pylist(filled, schema=contract.arrow_schema())
    write(hour_folder(root, SILVER_AI, hour), table, "data.parquet")


def put_companies(root: Path, companies: pa.Table, name: str = "data.parquet") -> None:
    """Profiles, each in the bucket of its id."""
    ids = companies["company_id"].to_pylist()
    buckets = np.array([int(hashlib.md5(i.encode()).hexdigest(), 16) % BUCKETS for i in ids])
    for bucket in np.unique(buckets):
        rows = companies.filter(pa.array(buckets == bucket))
        write(root / COMPANIES / f"bucket={bucket}", rows, name)


def company_rows(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Profiles from few words; scraped and processed on the day of their snapshot."""
    filled = []
    for row in rows:
        day = datetime.combine(row["snapshot_date"], datetime.min.time(), UTC)
        filled.append({"scraped_at": day, "processed_at": day, "has_funding_info": False, **row})
    return pa.Table.from_pylist(filled, schema=COMPANY_SCHEMA)


def json_text(values: Sequence[str] | None) -> str | None:
    """A list column's companion."""
    return None if values is None else json.dumps(list(values), ensure_ascii=False)


def _enriched(row: Mapping[str, Any]) -> dict[str, Any]:
    done = {f"pass{number}_success": True for number in (1, 2, 3)}
    values = {"enrichment_version": "3.4", **done, **row}
    for column in contract.columns_from("json"):
        values[column.name] = json_text(values.get(column.path[0]))
    return values
