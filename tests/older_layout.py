"""From the older layout of enriched rows, four columns of JSON, to Silver-AI.

Rows of that layout have the columns `job_posting_id`, `model_id`, `enriched_at` ("YYYY-MM-DD
HH:MM:SS"), `job_title`, `company_name`, `job_location`, `source_system`, `extraction_json`,
`inference_json`, `analysis_json` and `summary_json`, and no description. They take the same way as
answers do today: `parse_response` accepts each pass or not, `assemble_partition` makes the row.
"""

from __future__ import annotations

import json
from typing import IO, Any

import pyarrow as pa

from assemble_partition.bronze import Result
from assemble_partition.output import Output
from assemble_partition.rows import Row, enriched_row
from assemble_partition.status import Pass, Status
from common import contract
from common.postings import Posting, posting_of
from parse_response.outcome import Rejected
from parse_response.validate import accept

ROOTS = {"pass1": ("extraction",), "pass2": ("inference",), "pass3": ("analysis", "summary")}
VERSION = "3.4"


def convert(older: pa.Table, file: IO[bytes]) -> None:
    """Writes the rows of `older` as a Silver-AI Parquet file, in their order."""
    schema = contract.silver_schema()
    rows = older.to_pylist()
    silver = pa.Table.from_pylist(
        [{name: row.get(name) for name in schema.names} for row in rows], schema=schema
    )
    with Output(file, schema) as output:
        output.add(silver, [_row(row) for row in rows])


def _row(row: dict[str, Any]) -> Row:
    posting = posting_of(row)
    assert isinstance(posting, Posting)
    results: dict[str, Result] = {}
    passes: dict[str, Pass] = {}
    for name, roots in ROOTS.items():
        text = json.dumps({root: json.loads(row[f"{root}_json"] or "null") for root in roots})
        try:
            results[name] = _result(row, accept(name, text), roots)
        except Rejected as rejected:
            passes[name] = Pass(model=row["model_id"], error=rejected.sentence, attempts=1)
            break
        passes[name] = Pass(completed=True)
    overall = "COMPLETED" if len(results) == len(ROOTS) else "PERMANENTLY_FAILED"
    return enriched_row(posting, Status(overall, passes=passes), results, VERSION)


def _result(row: dict[str, Any], accepted: Any, roots: tuple[str, ...]) -> Result:
    return Result(
        documents={root: dict(accepted.answer[root]) for root in roots},
        model=row["model_id"],
        prompt="older",
        input_tokens=0,
        output_tokens=0,
        cost_usd=None,
        attempts=1,
        at=f"{row['enriched_at'].replace(' ', 'T')}.000Z",
        warnings=accepted.warnings,
    )
