"""Links between postings and members, by hand and by counting; the confidence table beside them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
import pytest

from tests.dbt_gold.conftest import Gold, Seeded
from tests.dbt_gold.lake import company_rows, put_companies, put_enriched, put_postings
from tests.dbt_gold.project import Project

HOUR = datetime(2026, 1, 10, 8)
CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "expected" / "bridge_cases.json").read_text(encoding="utf-8")
)
LINKS = {
    "skills": (
        "dim_skill using (skill_key)",
        "skill_canonical_name, confidence_score, requirement_type, skill_source, "
        "b.skill_type, b.skill_category, b.skill_family",
    ),
    "certifications": ("dim_certification using (cert_key)", "cert_name, confidence_score"),
    "cloud_stack": (
        "dim_cloud_platform using (cloud_platform_key)",
        "cloud_platform_name, confidence_score, is_primary",
    ),
    "ml_tools": ("dim_ml_tool using (ml_tool_key)", "tool_name, confidence_score"),
    "benefits": ("dim_benefit using (benefit_key)", "benefit_name, confidence_score"),
    "career_tracks": (
        "dim_career_track using (career_track_key)",
        "track_name, confidence_score",
    ),
    "geo_restrictions": (
        "dim_country using (country_key)",
        "country_code, confidence_score, restriction_type",
    ),
    "us_state_restrictions": (
        "dim_us_state using (state_key)",
        "state_code, confidence_score, restriction_type",
    ),
    "maturity_signals": (
        "dim_maturity_signal using (maturity_signal_key)",
        "signal_name, confidence_score",
    ),
    "dev_practices": (
        "dim_dev_practice using (dev_practice_key)",
        "practice_name, confidence_score",
    ),
    "culture_signals": (
        "dim_culture_signal using (culture_signal_key)",
        "signal_name, confidence_score",
    ),
    "strengths": ("dim_strength_category using (strength_key)", "category_name, confidence_score"),
    "concerns": ("dim_concern_category using (concern_key)", "category_name, confidence_score"),
    "best_fit": ("dim_best_fit_category using (best_fit_key)", "category_name, confidence_score"),
    "probes": ("dim_probe_category using (probe_key)", "category_name, confidence_score"),
    "leverage": ("dim_leverage_category using (leverage_key)", "category_name, confidence_score"),
}
"""Bridge -> the dimension it joins and what a link shows."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, seeded: Seeded) -> Project:
    """The bridges over the cases."""
    folder = tmp_path_factory.mktemp("links")
    silver = [_silver(case) for case in CASES]
    put_postings(folder / "lake", HOUR, silver)
    answered = zip(CASES, silver, strict=True)
    rows = [
        {**row, **case["answers"], "enriched_at": HOUR}
        for case, row in answered
        if "answers" in case
    ]
    put_enriched(folder / "lake", HOUR, rows)
    put_companies(folder / "lake", company_rows([]))
    project = seeded(folder / "gold", folder / "lake")
    chosen = ("+tag:bridges", "job_confidence_details", "--exclude", "resource_type:seed")
    project.succeed("run", "--select", *chosen)
    return project


def _silver(case: dict[str, Any]) -> dict[str, Any]:
    return {
        "job_posting_id": case["name"],
        "source_system": "linkedin",
        "scraped_at": HOUR,
        "job_title": "Data Engineer",
        "skills_canonical": [],
        **case.get("silver", {}),
    }


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_posting_has_the_links_worked_out_by_hand(project: Project, case: dict[str, Any]) -> None:
    assert dict(links_of(project, case["name"])) == case["links"]


def links_of(project: Project, posting_id: str) -> Iterator[tuple[str, list[list[Any]]]]:
    """The bridges that link the posting, each with its links in order."""
    for bridge, (dimension, shown) in LINKS.items():
        rows = project.rows(
            f"select {shown} from gold.bridge_job_{bridge} as b join gold.{dimension} "
            f"join gold.fact_job_posting using (job_posting_key) "
            f"where job_posting_id = '{posting_id}'"
        )
        if rows:
            yield bridge, sorted([_plain(value) for value in row.values()] for row in rows)


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool) else str(value)


def test_details_hold_54_fields_of_each_enriched_posting(project: Project) -> None:
    rows = project.rows(
        "select job_posting_id, count(*) as fields, count(distinct field_name) as names, "
        "count(case when pass_number = 2 then 1 end) as pass2 "
        "from gold.job_confidence_details join gold.fact_job_posting using (job_posting_key) "
        "group by job_posting_id"
    )
    enriched = {case["name"] for case in CASES if "answers" in case}
    assert {row.pop("job_posting_id") for row in rows} == enriched
    assert all(row == {"fields": 54, "names": 54, "pass2": 25} for row in rows)


# What the lists of code words hold is counted without any of the project's code.

CODED = {
    "career_tracks": "inf_career_tracks_available",
    "dev_practices": "anl_dev_practices_mentioned",
    "culture_signals": "anl_tech_culture_signals",
    "strengths": "anl_strength_categories",
    "concerns": "anl_concern_categories",
    "best_fit": "anl_best_fit_categories",
    "probes": "anl_probe_categories",
    "leverage": "anl_leverage_categories",
}


def test_bridges_of_code_words_have_a_link_per_posting_and_word(
    gold: Gold, generated_lake: Path
) -> None:
    project = gold(generated_lake)
    columns = ["job_posting_id", *CODED.values()]
    table = ds.dataset(generated_lake / "linkedin_ai", format="parquet").to_table(columns=columns)
    rows = table.to_pylist()
    for bridge, column in CODED.items():
        expected = {
            (row["job_posting_id"], word.strip().lower().replace("-", "_").replace(" ", "_"))
            for row in rows
            for word in row[column] or []
            if word.strip() and word != "not_mentioned"
        }
        found = project.rows(f"select count(*) as links from gold.bridge_job_{bridge}")
        assert found == [{"links": len(expected)}], bridge
        assert expected, bridge


def test_details_show_values_confidence_evidence_and_source(
    gold: Gold, generated_lake: Path
) -> None:
    project = gold(generated_lake)
    fields = ["inf_h1b_friendly", "inf_secondary_clouds", "anl_data_maturity_score"]
    parts = ("", "_confidence", "_evidence", "_source")
    columns = ["job_posting_id", *(field + part for field in fields for part in parts)]
    dataset = ds.dataset(generated_lake / "linkedin_ai", format="parquet")
    rows = dataset.to_table(columns=[*columns, "pass3_success"]).to_pylist()
    for row in [row for row in rows if row["pass3_success"]][:20]:
        found = project.rows(
            f"select field_name, field_value, confidence_score, evidence, source "
            f"from gold.job_confidence_details join gold.fact_job_posting using (job_posting_key) "
            f"where job_posting_id = '{row['job_posting_id']}'"
        )
        by_field = {line.pop("field_name"): line for line in found}
        for field in fields:
            line = by_field[field]
            assert line["field_value"] == _value_text(row[field])
            assert line["evidence"] == row[f"{field}_evidence"]
            assert line["source"] == row[f"{field}_source"]
            assert abs(float(line["confidence_score"]) - row[f"{field}_confidence"]) <= 0.0051


def _value_text(value: Any) -> str | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:.2f}"
    return value if value is None else json.dumps(value, ensure_ascii=False)
