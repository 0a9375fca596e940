"""Planted defects: what reconciliation says of each, which test fails, and what the run becomes."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

import pytest

from dbt_runner.invocation import Ended
from tests.dbt_gold.conftest import Gold
from tests.dbt_gold.judged import Judged, judged
from tests.dbt_gold.lake import moment, put_postings
from tests.dbt_gold.project import FOLDER, STARTED_AT, Project
from tests.dbt_gold.small import expected

Copy = Callable[[Project], Project]

LATER = "2026-02-02 07:00:00"
FACT = "gold.fact_job_posting"
STATUSES = "delta_status, total_status"


def delete_a_row(project: Project) -> str:
    project.execute(f"delete from {FACT} where job_posting_id = '5'")
    return STARTED_AT


def duplicate_a_row(project: Project) -> str:
    project.execute(f"insert into {FACT} select * from {FACT} where job_posting_id = '5'")
    return STARTED_AT


def late_partition(project: Project) -> str:
    """Two postings of an hour long past, which the listing of changed partitions missed."""
    put(project, "2026-01-05T03:00", 2)
    return LATER


def lost_partition(project: Project) -> str:
    """60 new postings, none of which the build wrote."""
    put(project, "2026-02-02T03:00", 60)
    return LATER


def stale_enrichment(project: Project) -> str:
    """Silver-AI has a newer version of a posting than the fact took."""
    project.execute(
        f"update {FACT} set enriched_at = enriched_at - interval 1 day where job_posting_id = '5'"
    )
    return LATER


def orphan_key(project: Project) -> str:
    project.execute(f"update {FACT} set location_key = 42 where job_posting_id = '5'")
    return LATER


def empty_run(project: Project) -> str:
    """Nothing changed in Silver: the whole build runs and writes no fact row."""
    project.succeed("run", "--select", "fact_job_posting", started_at=LATER)
    return LATER


DEFECTS: dict[str, Callable[[Project], str]] = {
    "deleted fact row": delete_a_row,
    "duplicate": duplicate_a_row,
    "late partition": late_partition,
    "lost partition": lost_partition,
    "stale enrichment": stale_enrichment,
    "orphan key": orphan_key,
    "empty run": empty_run,
}


def put(project: Project, hour: str, count: int) -> None:
    """Postings that Silver has and no build has seen."""
    rows = [
        {"job_posting_id": f"{hour}-{n}", "source_system": "linkedin", "scraped_at": moment(hour)}
        for n in range(count)
    ]
    put_postings(project.lake, moment(hour), rows)


Row = dict[str, str]


def row_of(project: Project, started_at: str, reconciled: Ended, without: str = "") -> Row:
    """The row of `expected/defects.csv` that a build on this database comes to.

    Only its checks run, since every other step would mend what was planted. Verdict and failing
    tests are what the workflow says; the test `without` is not in the project.
    """
    tested = ended(project, "test", "test_type:singular", started_at, without)
    build = judged({"quality": reconciled, "test": tested})
    (statuses,) = project.rows(
        f"select {STATUSES} from gold.reconciliation_silver_gold"
        f" where reconciliation_timestamp = '{started_at}'"
    )
    return {**statuses, "failing_tests": " ".join(failing(build)), "verdict": build.verdict}


def ended(project: Project, command: str, select: str, started_at: str, without: str = "") -> Ended:
    """As the runner hands it on."""
    found = project.ended(command, "--select", select, started_at=started_at, without=[without])
    return Ended(found.success, found.result, found.exception)


def failing(build: Judged) -> list[str]:
    """Names of failed tests, from the notification of either end."""
    if build.verdict == "FAILED":
        return sorted(each["name"] for each in build.report["failed"])
    (tests,) = (check for check in build.report["checks"] if check["name"] == "tests")
    return sorted(tests["failures"])


@pytest.mark.parametrize("line", expected("defects"), ids=lambda line: line["defect"])
def test_planted_defect(gold: Gold, small_lake: Path, copied: Copy, line: dict[str, str]) -> None:
    project = copied(gold(small_lake))
    started_at = DEFECTS[line["defect"]](project)
    wanted = {name: value for name, value in line.items() if name != "defect"}

    reconciled = ended(project, "run", "reconciliation_silver_gold", started_at)

    assert row_of(project, started_at, reconciled) == wanted
    for name in line["failing_tests"].split():
        mutant = row_of(project, started_at, reconciled, name)
        assert mutant != wanted, f"nobody would miss {name}"
        assert name not in mutant["failing_tests"]
        if name == line["failing_tests"]:
            assert mutant["verdict"] == "GREEN", "it was the only one that saw the defect"


def test_every_case_has_its_line() -> None:
    assert [line["defect"] for line in expected("defects")] == list(DEFECTS)


BROKEN = {
    "assert_salary_range_valid": f"update {FACT} set salary_min_usd = salary_max_usd + 1",
    "assert_scores_in_range": f"update {FACT} set overtime_risk_score = 1.01",
    "assert_dim_company_one_current": "update gold.dim_company set is_current = true",
    "assert_static_members": "delete from gold.dim_seniority where seniority_key = 1",
    "assert_grain_unique": "insert into gold.agg_company_hiring from gold.agg_company_hiring",
    "assert_skill_counts_add_up": "update gold.agg_skills_demand set required_count = 9",
    "assert_titles_normalized": "update gold.seed_title_word set spelling = 'x' where word = 'SQL'",
    "warn_amounts_too_large": "update staging.stg_ai_enrichment set ext_salary_max = 1e12",
    "warn_posted_after_scraped": f"update {FACT} set posted_at = posted_at + interval 9 day",
    "warn_critical_fields_filled": f"update {FACT} set job_title_original = null",
}
"""A statement that breaks what the test of that name promises."""


def test_every_other_test_finds_its_defect(gold: Gold, small_lake: Path, copied: Copy) -> None:
    project = copied(gold(small_lake))
    for statement in BROKEN.values():
        project.execute(statement)
    nodes = project.run("test", "--select", "test_type:singular")
    found = {node.name: node.status for node in nodes if node.status != "pass"}
    for name in BROKEN:
        assert found.get(name) == ("warn" if name.startswith("warn_") else "fail"), name


def test_many_failed_tests_that_are_not_critical_are_red(
    gold: Gold, small_lake: Path, copied: Copy
) -> None:
    project = copied(gold(small_lake))
    for statement in BROKEN.values():
        project.execute(statement)
    others = ("test_type:singular", "--exclude", "tag:critical")

    def build(without: Collection[str] = ()) -> Judged:
        found = project.ended("test", "--select", *others, without=without)
        return judged({"test": Ended(found.success, found.result, found.exception)})

    red = build()
    yellow = build(failing(red)[5:])
    assert (red.verdict, yellow.verdict) == ("RED", "YELLOW")
    assert red.subject == "[RED] Gold was built (dev)"
    assert len(failing(red)) > len(failing(yellow)) == 5


def test_every_singular_test_is_seen_failing() -> None:
    seen = {name for line in expected("defects") for name in line["failing_tests"].split()}
    assert {file.stem for file in (FOLDER / "tests").glob("*.sql")} == seen | set(BROKEN)


@pytest.mark.timeout(900)
def test_nothing_fails_on_generated_postings(
    gold: Gold, generated_lake: Path, copied: Copy
) -> None:
    project = copied(gold(generated_lake))
    nodes = project.succeed("test", "--exclude-resource-type", "unit_test")
    tests = [node for node in nodes if node.kind == "test"]
    assert len(tests) > 500
    assert {node.status for node in tests} == {"pass"}


@pytest.mark.timeout(900)
def test_unit_tests_of_the_models(gold: Gold, small_lake: Path, copied: Copy) -> None:
    project = copied(gold(small_lake))
    nodes = project.run("test", "--select", "resource_type:unit_test")
    cases = [node for node in nodes if node.kind == "unit_test"]
    assert len(cases) > 20
    assert [(node.name, node.message) for node in cases if node.status != "pass"] == []


def test_reconciliation_keeps_its_history(gold: Gold, small_lake: Path, copied: Copy) -> None:
    project = copied(gold(small_lake))
    for started_at in (LATER, LATER, "2026-02-03 07:00:00"):
        project.succeed(
            "run", "--full-refresh", "--select", "reconciliation_silver_gold", started_at=started_at
        )
    kept = project.rows(
        "select cast(reconciliation_timestamp as varchar) as at, silver_total"
        " from gold.reconciliation_silver_gold order by 1"
    )
    assert [row["at"] for row in kept] == [STARTED_AT, LATER, "2026-02-03 07:00:00"]
    assert {row["silver_total"] for row in kept} == {11}
