"""Silver's files as the models see them: what files lack is NULL."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from tests.dbt_gold.lake import SILVER, hour_folder, moment
from tests.dbt_gold.project import Project


def test_a_column_that_no_file_has_is_null(tmp_path: Path) -> None:
    folder = hour_folder(tmp_path / "lake", SILVER, moment("2026-01-31 06:00:00"))
    folder.mkdir(parents=True)
    few = {"job_posting_id": ["1"], "source_system": ["linkedin"], "job_title": ["Data Engineer"]}
    pq.write_table(pa.table(few), folder / "part.parquet")
    built = tmp_path / "built"
    built.mkdir()

    project = Project(built, tmp_path / "lake")
    project.succeed("run", "--select", "stg_linkedin_companies")

    with duckdb.connect(str(project.database), read_only=True) as connection:
        row = connection.execute(
            "select job_posting_id, job_title, salary_min, skills_canonical_json "
            "from silver_external.linkedin"
        ).fetchone()
    assert row == ("1", "Data Engineer", None, None)
