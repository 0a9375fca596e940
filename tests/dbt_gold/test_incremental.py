"""An incremental build changes exactly what has to change, and ends as a full refresh would."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.dbt_gold import timeline
from tests.dbt_gold.conftest import Seeded
from tests.dbt_gold.project import Project
from tests.dbt_gold.timeline import ids

SELECTED = (
    "path:models/staging",
    "tag:dim_dynamic",
    "dim_cloud_platform",
    "fact_job_posting",
    "tag:bridges",
    "job_confidence_details",
)
FIRST, SECOND = "2026-01-14 07:00:00", "2026-01-15 07:00:00"
INTERRUPTED, THIRD, FULL = "2026-01-21 07:00:00", "2026-01-21 08:00:00", "2026-01-22 07:00:00"
FACT = "gold.fact_job_posting"

Contents = dict[str, Counter[tuple[Any, ...]]]


@dataclass(frozen=True)
class Timeline:
    """The database after the first, second and third build, and after a full refresh."""

    first: Contents
    second: Contents
    third: Contents
    refreshed: Contents
    project: Project
    before: Path


def contents(project: Project) -> Contents:
    """The rows of every table, without the time of writing."""
    tables = project.rows(
        "select table_schema || '.' || table_name as name from information_schema.tables "
        "where table_schema in ('gold', 'staging') and table_type = 'BASE TABLE' "
        "and table_name not like 'seed%'"
    )
    return {
        table["name"]: Counter(
            tuple(value for name, value in row.items() if name != "dbt_updated_at")
            for row in project.rows(f"select * from {table['name']}")
        )
        for table in tables
    }


def run(project: Project, started_at: str, *arguments: str, **variables: Any) -> None:
    select = () if "--select" in arguments else ("--select", *SELECTED)
    project.succeed("run", *select, *arguments, started_at=started_at, **variables)


def copy_of(project: Project, folder: Path) -> Project:
    folder.mkdir()
    shutil.copy(project.database, folder / project.database.name)
    return Project(folder, project.lake)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, seeded: Seeded) -> Timeline:
    """Three builds; the last one is cut off after the fact and then repeated."""
    folder = tmp_path_factory.mktemp("timeline")
    project = seeded(folder / "gold", folder / "lake")
    timeline.write_before(project.lake)
    run(project, FIRST)
    first = contents(project)
    run(project, SECOND)
    second = contents(project)
    before = folder / "before"
    before.mkdir()
    shutil.copy(project.database, before / project.database.name)

    timeline.write_after(project.lake)
    since = {"changed_partitions": timeline.CHANGED, "last_good_build_started_at": SECOND}
    run(project, INTERRUPTED, "--select", *SELECTED[:4], **since)
    run(project, THIRD, **since)
    refreshed = copy_of(project, folder / "refreshed")
    run(refreshed, FULL, "--full-refresh")
    return Timeline(first, second, contents(project), contents(refreshed), project, before)


def facts(project: Project, *numbers: int) -> dict[str, dict[str, Any]]:
    listed = ", ".join(f"'{number}'" for number in numbers)
    rows = project.rows(f"select * from {FACT} where job_posting_id in ({listed})")
    return {row["job_posting_id"]: row for row in rows}


def links(project: Project, bridge: str, number: int) -> int:
    found = project.rows(
        f"select count(*) as links from gold.{bridge} join {FACT} using (job_posting_key) "
        f"where job_posting_id = '{number}'"
    )
    return int(found[0]["links"])


def test_a_second_build_without_news_changes_no_row(built: Timeline) -> None:
    assert built.second == built.first


def test_a_second_build_without_news_writes_no_fact(built: Timeline) -> None:
    project = Project(built.before, built.project.lake)
    written = project.rows(f"select distinct dbt_updated_at as at from {FACT}")
    assert [str(row["at"]) for row in written] == [FIRST]


def test_the_third_build_ends_as_a_full_refresh_does(built: Timeline) -> None:
    assert built.third.keys() == built.refreshed.keys()
    different = {
        name: (built.third[name] - rows, rows - built.third[name])
        for name, rows in built.refreshed.items()
        if rows != built.third[name]
    }
    assert different == {}


def test_the_third_build_writes_exactly_the_postings_with_news(built: Timeline) -> None:
    rows = built.project.rows(f"select job_posting_id from {FACT} where dbt_updated_at > '{FIRST}'")
    written = {row["job_posting_id"] for row in rows} - ids(set(timeline.TIED) - {209, 210})
    assert written == ids(
        [
            *timeline.NEW,
            *timeline.RESCRAPED,
            *timeline.ENRICHED_LATE,
            timeline.ENRICHED_AGAIN,
            timeline.EMPTIED,
            timeline.ENRICHED_ELSEWHERE,
            timeline.MOVED,
            timeline.LATE,
        ]
    )


def test_one_row_per_posting_whatever_happened_to_it(built: Timeline) -> None:
    (row,) = built.project.rows(
        f"select count(*) as facts, count(distinct job_posting_id) as postings from {FACT}"
    )
    assert row["facts"] == row["postings"] == 12 + 15 + 3 + 1 + 10 + 1


def test_without_a_list_of_partitions_a_build_finds_the_same_news(
    built: Timeline, tmp_path: Path
) -> None:
    folder = tmp_path / "unpruned"
    folder.mkdir()
    shutil.copy(built.before / "analytics.duckdb", folder)
    project = Project(folder, built.project.lake)
    run(project, THIRD)
    assert contents(project) == built.third


def test_a_posting_enriched_anew_has_the_rows_of_the_new_answer_alone(built: Timeline) -> None:
    number = timeline.ENRICHED_AGAIN
    row = facts(built.project, number)[str(number)]
    assert (row["enriched_at"], row["is_remote"]) == (timeline.H5, False)
    skills = built.project.rows(
        f"select skill_canonical_name as name from gold.bridge_job_skills join gold.dim_skill "
        f"using (skill_key) join {FACT} using (job_posting_key) "
        f"where job_posting_id = '{number}' and skill_source = 'extracted'"
    )
    assert {"Apache Kafka", "Communication"} == {row["name"] for row in skills}


def test_a_failed_enrichment_does_not_erase_a_good_one(built: Timeline) -> None:
    number = timeline.FAILED_AGAIN
    row = facts(built.project, number)[str(number)]
    assert (row["has_ai_enrichment"], str(row["recommendation_score"])) == (True, "0.70")
    assert links(built.project, "bridge_job_benefits", number) == 2
    evidence = built.project.rows(
        f"select evidence from gold.job_confidence_details join {FACT} using (job_posting_key) "
        f"where job_posting_id = '{number}' and field_name = 'inf_seniority_level'"
    )
    assert evidence == [{"evidence": f"evidence of {number}"}]


def test_emptied_lists_leave_no_link_behind(built: Timeline) -> None:
    bridges = [name[5:] for name in built.third if name.startswith("gold.bridge_")]
    assert len(bridges) == 16
    left = {name: links(built.project, name, timeline.EMPTIED) for name in bridges}
    assert {name: count for name, count in left.items() if count} == {"bridge_job_skills": 2}


def test_a_late_partition_adds_its_posting_and_no_older_version(built: Timeline) -> None:
    rows = facts(built.project, timeline.LATE, timeline.OLDER_TOO)
    assert (
        rows[str(timeline.LATE)]["posted_at"]
        == timeline.posting(501, timeline.H0)["job_posted_datetime"]
    )
    assert rows[str(timeline.OLDER_TOO)]["job_title_original"] == "Senior Data Engineer"


def test_between_versions_of_one_moment_the_same_one_wins_in_either_order(
    built: Timeline,
) -> None:
    rows = facts(built.project, *range(201, 209)).values()
    twins = {row["job_url"].startswith("twin/") for row in rows}
    assert twins == {True, False}  # the hash decides, not the order of arrival


def test_a_late_enrichment_meets_the_newest_version_of_its_posting(built: Timeline) -> None:
    row = facts(built.project, timeline.ENRICHED_ELSEWHERE)[str(timeline.ENRICHED_ELSEWHERE)]
    assert (row["job_title_normalized"], row["has_ai_enrichment"]) == ("Staff Data Engineer", True)
    assert links(built.project, "bridge_job_benefits", timeline.ENRICHED_ELSEWHERE) == 2


def test_a_back_filled_snapshot_moves_only_the_facts_of_its_days(built: Timeline) -> None:
    numbers = (timeline.MOVED, timeline.STAYS_LAST, timeline.STAYS_FIRST)
    rows = built.project.rows(
        f"select job_posting_id, industry_primary from {FACT} join gold.dim_company "
        f"using (company_key) where company_id = 'C'"
    )
    industries = {row["job_posting_id"]: row["industry_primary"] for row in rows}
    assert [industries[str(number)] for number in numbers] == ["Retail", "Banking", "Software"]


def test_bridges_catch_up_with_facts_of_a_build_that_was_cut_off(built: Timeline) -> None:
    rows = built.project.rows(f"select distinct dbt_updated_at as at from {FACT}")
    assert {str(row["at"]) for row in rows} == {FIRST, INTERRUPTED}  # the repetition wrote none
    assert links(built.project, "bridge_job_career_tracks", timeline.NEW[0]) == 1


def test_a_changed_schema_is_refused_with_its_remedy(built: Timeline, tmp_path: Path) -> None:
    project = copy_of(built.project, tmp_path / "changed")
    project.execute("alter table gold.bridge_job_probes drop column confidence_score")
    nodes = project.run("run", "--select", "bridge_job_probes", started_at=FULL)
    (failed,) = [node for node in nodes if node.status == "error"]
    assert "full_refresh" in failed.message
