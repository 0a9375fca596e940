"""The joined fixture: the real enriched rows, each on a real posting; for checks only.

The two samples share one id, so the 184 enriched postings borrow what the samples do not tell
of them. Both sides are sorted by id; enriched posting i keeps its own id, title, company and
location and takes everything else from posting i mod 84, published and scraped i mod 60 days
and i mod 24 hours earlier. The posting that was enriched twice comes again an hour later.
"""

from __future__ import annotations

import hashlib
import io
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from common import contract
from tests.dbt_gold.lake import put_companies, put_enriched, put_postings
from tests.older_layout import convert
from tests.shared_data import SHARED

Row = dict[str, Any]
OWN = ("job_posting_id", "job_title", "company_name", "job_location", "source_system")


def write_joined(root: Path) -> None:
    """Writes the joined lake. Needs the sample data."""
    hours: dict[datetime, list[tuple[Row, Row]]] = defaultdict(list)
    for silver, enriched in joined_rows():
        hour = silver["scraped_at"].replace(minute=0, second=0, microsecond=0)
        hours[hour].append((silver, enriched))
    for hour, pairs in hours.items():
        put_postings(root, hour, [silver for silver, _ in pairs])
        put_enriched(root, hour, [{**silver, **enriched} for silver, enriched in pairs])
    put_companies(root, _companies().drop_columns(["bucket"]))


def joined_rows() -> Iterator[tuple[Row, Row]]:
    """185 pairs of a Silver row and the enrichment's own columns, ids of Silver-AI as they are."""
    enriched = sorted(_enriched(), key=lambda row: (_id(row), row["enriched_at"]))
    postings = sorted(_postings(), key=lambda row: row["job_posting_id"])
    ids = sorted({_id(row) for row in enriched})
    profiles = _company_ids()
    written: set[str] = set()
    for row in enriched:
        number = ids.index(_id(row))
        partner = postings[number % len(postings)]
        later = timedelta(hours=1) if _id(row) in written else timedelta()
        written.add(_id(row))
        silver = _silver(row, partner, number, later, profiles)
        own = {name: value for name, value in row.items() if name not in partner}
        yield silver, {**own, "job_posting_id": row["job_posting_id"]}


def _silver(row: Row, partner: Row, number: int, later: timedelta, profiles: dict[str, str]) -> Row:
    shift = timedelta(days=number % 60, hours=number % 24)
    posted = partner["job_posted_datetime"] - shift
    name = row["company_name"]
    return {
        **partner,
        **{column: row[column] for column in OWN},
        "job_posting_id": _id(row),
        "company_id": profiles.get(_folded(name)) or _hashed(name),
        "job_posted_datetime": posted,
        "job_posted_date_only": posted.date(),
        "scraped_at": partner["scraped_at"] - shift + later,
    }


def _enriched() -> list[Row]:
    rows: list[Row] = []
    for path in sorted((SHARED / "ai_enrichment").glob("*.parquet")):
        body = io.BytesIO()
        convert(pq.read_table(path), body)
        rows += pq.read_table(io.BytesIO(body.getvalue())).to_pylist()
    return rows


def _postings() -> list[Row]:
    table = pq.read_table(SHARED / "postings" / "silver_postings.parquet")
    rows: list[Row] = table.cast(_microseconds(table.schema)).to_pylist()
    return rows


def _microseconds(schema: pa.Schema) -> pa.Schema:
    """The sample's times are in nanoseconds, which the contract does not have."""
    return pa.schema([contract.silver_schema().field(name) for name in schema.names])


def _companies() -> pa.Table:
    return pq.read_table(SHARED / "companies" / "companies_sample.parquet")


def _company_ids() -> dict[str, str]:
    """The smallest id of each profile name."""
    found: dict[str, str] = {}
    for row in _companies().select(["company_id", "name"]).to_pylist():
        name = _folded(row["name"] or "")
        found[name] = min(row["company_id"], found.get(name, row["company_id"]))
    return found


def _folded(name: str) -> str:
    return name.strip().lower()


def _hashed(name: str) -> str:
    return "x" + hashlib.md5(_folded(name).encode()).hexdigest()[:12]


def _id(row: Row) -> str:
    """The posting's id without the `.0` that most enriched rows carry."""
    return str(row["job_posting_id"]).removesuffix(".0")
