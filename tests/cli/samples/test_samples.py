"""The sample postings."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq

from cli.samples import partitions, sample_postings, write_partitions
from common import contract
from common.postings import Posting, Unidentified, postings

ROWS = sample_postings().to_pylist()


def test_there_are_at_least_sixty_over_three_hours_with_silvers_schema() -> None:
    assert len(ROWS) >= 60
    assert list(partitions()) == ["2026/01/30/21", "2026/01/30/22", "2026/01/30/23"]
    for hour, table in partitions().items():
        assert table.schema == contract.silver_schema()
        stamps = table.column("scraped_at").to_pylist()
        assert {f"{stamp:%Y/%m/%d/%H}" for stamp in stamps} == {hour}
        assert table.num_rows >= 20


def test_they_are_varied() -> None:
    distinct = {
        "company_name": 60,
        "country_code": 20,
        "salary_currency": 5,
        "job_industries": 25,
        "job_seniority_level": 6,
        "job_employment_type": 4,
    }
    for column, least in distinct.items():
        found = {row[column] for row in ROWS} - {None}
        assert len(found) >= least, (column, sorted(found))
    lengths = sorted(len(row["job_description_text"] or "") for row in ROWS)
    assert lengths[-2] > 4_500
    assert sum(400 <= length <= 6_000 for length in lengths) >= 60


def test_the_awkward_ones_are_there() -> None:
    counts = Counter(row["job_posting_id"] for row in ROWS)
    assert counts[None] == 1
    assert any(identity is not None and not identity.strip() for identity in counts)
    assert sum(ROWS.count(row) == 2 for row in ROWS) == 2, "one row appears twice"
    assert sum(count == 2 for count in counts.values()) == 2, "and one id has two texts"
    assert sum(row["job_title"] is None for row in ROWS) == 1
    texts = [row["job_description_text"] for row in ROWS]
    assert sum(text is None for text in texts) == 2
    assert any(row["job_summary"] for row in ROWS if row["job_description_text"] is None)
    joined = "\n".join(text for text in texts if text)
    for mark in ("&#x2019;", "=== posting ends ===", "🚲", "データ", "أي", "walnut"):
        assert mark in joined
    assert max(len(text) for text in texts if text) >= 100_000


def test_all_but_those_without_id_can_be_enriched() -> None:
    found = list(postings(sample_postings()))
    assert sum(isinstance(each, Unidentified) for each in found) == 2
    distinct = {each.key for each in found if isinstance(each, Posting)}
    assert len(distinct) == len(ROWS) - 3


def test_salaries_of_silver_are_shown_in_the_text() -> None:
    for row in ROWS:
        if row["salary_min"] is None:
            continue
        shown = (row["job_description_text"] or row["job_summary"]).replace(",", "")
        short = f"{row['salary_min'] / 1000:g}"
        assert f"{row['salary_min']:g}" in shown or short in shown, row["job_posting_id"]


def test_skills_are_named_in_the_text() -> None:
    with_skills = [row for row in ROWS if row["skills_canonical"]]
    assert len(with_skills) >= 60
    for row in with_skills:
        assert all(skill in row["job_description_text"] for skill in row["skills_canonical"])
        assert row["skills_families"]


def test_partitions_are_written_where_silver_has_them(tmp_path: Path) -> None:
    paths = write_partitions(tmp_path)
    assert [path.relative_to(tmp_path).as_posix() for path in paths] == [
        f"year=2026/month=01/day=30/hour={hour}/postings.parquet" for hour in (21, 22, 23)
    ]
    tables = [pq.ParquetFile(path).read() for path in paths]
    assert tables == list(partitions().values())
