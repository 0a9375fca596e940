"""`dej gold` on a stack whose runner builds a small dbt project."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from cli.stack import ROOT
from tests.cli.commands.conftest import Dej
from tests.stack import Stack, new_hour
from tests.workflows.gold import (
    executions,
    lock,
    parsed_copy,
    put_postings,
    runner_set,
)

WHOLE = [
    *("warm-up", "freshness", "seed", "staging", "dimensions-static", "dimensions-dynamic"),
    *("facts", "bridges-a", "bridges-b", "aggregations", "quality", "test", "docs"),
    "publish-docs",
]
IDLE = {"detail-type": "x", "detail": {"output": json.dumps({"has_work": False})}}


@pytest.fixture(scope="module", autouse=True)
def small_project(shared_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Silver has two postings, and the runner builds another project, until the file's end."""
    hour, project = new_hour(), parsed_copy(tmp_path_factory.mktemp("dbt"))
    put_postings(shared_stack, hour, ["a", "b"])
    with runner_set(shared_stack, DBT_PROJECT_DIR=str(project)):
        yield
    shared_stack.client("s3").delete_object(
        Bucket=shared_stack.outputs["silver_bucket"], Key=hour.key("linkedin/", "a.parquet")
    )


def given(stack: Stack, report: dict[str, Any]) -> dict[str, Any]:
    """The input of the build that a report is of."""
    (run,) = (run for run in executions(stack) if run["name"] == report["run_id"])
    return dict(json.loads(run["input"]))


def test_before_the_first_build_there_is_no_last_one(stack: Stack, dej: Dej) -> None:
    assert executions(stack) == [], "this test is the first of its file"

    ended = dej("gold", "last")

    assert (ended.code, ended.out) == (1, "")
    assert ended.err == "error: Stack local has not built Gold yet.\n  try: dej gold build\n"


def test_a_build_is_followed_and_then_reported(stack: Stack, dej: Dej) -> None:
    ended = dej("gold", "build")

    assert ended.code == 0, ended.err
    assert sorted(ended.err.splitlines()) == sorted(f"{step} …" for step in WHOLE)
    *steps, verdict = ended.out.splitlines()
    assert {line.split()[0] for line in steps} >= {"seed", "facts", "test"}
    (facts,) = (line for line in steps if line.startswith("facts"))
    assert re.fullmatch(r"facts +1 models +0 tests +\d+\.\d s", facts)
    assert verdict == "verdict GREEN (freshness: GREEN, tests: GREEN)"
    # AND it is the last build, whatever found nothing to do since
    stack.run("build_gold", IDLE)
    assert dej("gold", "last").out == ended.out
    (report,) = dej("--json", "gold", "last").records
    assert (report["status"], report["models_success"]) == ("SUCCEEDED", 9)
    assert given(stack, report) == {"source": "operator", "full_refresh": False, "select": ""}


def test_options_reach_the_workflow(stack: Stack, dej: Dej) -> None:
    ended = dej("--json", "gold", "build", "--full-refresh", "--select", "agg_posting")

    assert ended.code == 0, ended.err
    assert ended.err.splitlines() == ["warm-up …", "freshness …", "selected …"]
    (report,) = ended.records
    assert (report["full_refresh"], report["models_success"]) == (True, 1)
    assert given(stack, report)["select"] == "agg_posting"
    # AND the last build says that it was not the whole
    assert dej("gold", "last").out.startswith("only agg_posting was built\n")


def test_a_selection_of_nothing_is_no_build(stack: Stack, dej: Dej) -> None:
    before = dej("gold", "last")

    ended = dej("gold", "build", "--select", "no_such_model")

    assert (ended.code, ended.out) == (2, "")
    assert ended.err.splitlines()[-2:] == [
        "error: --select 'no_such_model' selects no model and no test: nothing was built.",
        "  try: dej docs",
    ]
    assert dej("gold", "last") == before


def test_without_waiting_the_execution_is_named(stack: Stack, dej: Dej) -> None:
    ended = dej("gold", "build", "--no-wait", "--select", "agg_posting")

    assert (ended.code, ended.err) == (0, "")
    arn = ended.out.split()[-1]
    assert ended.out == f"execution  {arn}\n"
    assert stack.ended(arn).status == "SUCCEEDED"


def test_a_build_that_runs_is_not_doubled(stack: Stack, dej: Dej) -> None:
    runs = stack.start("build_gold", {"select": "agg_posting"})
    while lock(stack).get("owner", {}).get("S") != runs:
        time.sleep(0.05)

    shown = dej("--json", "gold", "last")
    ended = dej("gold", "build", "--select", "agg_posting")

    name = runs.rsplit(":", 1)[1]
    assert ended.code == 0
    assert ended.out == f"Build {name} runs; when it ends, one more build follows.\n"
    assert ended.err == (
        "That one builds everything that changed: it does not keep --select agg_posting.\n"
    )
    assert shown.records == [{"status": "RUNNING", "execution": runs, "select": "agg_posting"}]
    follow_up = stack.ended(runs).output["follow_up"]
    assert stack.ended(follow_up).status == "SUCCEEDED"


def test_a_failed_build_ends_the_command_with_step_cause_and_log(stack: Stack, dej: Dej) -> None:
    with runner_set(stack, SMALL_BRIDGE_COLUMN=", nowhere"):
        ended = dej("gold", "build", "--select", "bridge_b")

    assert (ended.code, ended.out) == (1, "")
    *steps, message, because, note = ended.err.rstrip("\n").split("\n")[-4:]
    assert message == (
        "error: The build of --select bridge_b failed in the step selected: DbtModelsFailed."
    )
    assert because.startswith("  because: ")
    assert "nowhere" in because
    assert re.match("  note: log: https://.*dbt-runner", note)
    assert all(step.endswith(" …") for step in steps)
    # AND so says the last build
    again = dej("gold", "last")
    assert (again.code, again.out) == (1, "")
    assert ended.err.endswith(again.err)


def test_a_schema_change_names_its_remedy(stack: Stack, dej: Dej) -> None:
    with runner_set(stack, SMALL_FACT_COLUMN=", 1 as extra"):
        ended = dej("gold", "build", "--select", "fact_posting")

    assert ended.code == 1
    assert "--select fact_posting failed in the step selected: DbtSchemaChanged." in ended.err
    assert "`dej gold build --full-refresh`" in ended.err


def test_a_failed_test_that_is_not_critical_is_named(stack: Stack, dej: Dej) -> None:
    with runner_set(stack, SMALL_NEW_WORD="three"):
        ended = dej("gold", "build", "--select", "dim_word")

    assert ended.code == 0, ended.err
    assert ended.out.splitlines()[-2:] == [
        "verdict YELLOW (freshness: GREEN, tests: YELLOW)",
        "failed test: accepted_values_dim_word_word__one__two",
    ]


def test_a_stopped_build_has_no_report(stack: Stack, dej: Dej) -> None:
    arn = stack.start("build_gold", {})
    stack.client("stepfunctions").stop_execution(executionArn=arn, cause="by hand")

    ended = dej("gold", "last")

    assert (ended.code, ended.out) == (1, "")
    assert ended.err == "error: The build ended ABORTED.\n  because: by hand\n"


def test_a_stack_without_gold(dej: Dej) -> None:
    for command in ("build", "last"):
        ended = dej("gold", command, "--stack", "prod")
        assert (ended.code, ended.out) == (3, "")
        assert "finds nothing there.\n" in ended.err
        assert "is the stack deployed?" in ended.err


def test_the_group_without_a_command_shows_its_commands(dej: Dej) -> None:
    help_of = subprocess.run(
        [sys.executable, "-m", "cli.main", "gold"], cwd=ROOT, capture_output=True, text=True
    )
    assert help_of.returncode == 2
    for command in ("build", "last", "reader"):
        assert command in help_of.stdout + help_of.stderr


# --- readers


def reader(*arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    """`dej gold reader` in a session without a terminal, where passwords are read from stdin."""
    return subprocess.run(
        [sys.executable, "-m", "cli.main", *arguments],
        cwd=ROOT,
        input=typed,
        capture_output=True,
        text=True,
        start_new_session=True,
        timeout=60,
    )


def test_a_readers_password_becomes_a_salted_hash() -> None:
    command = ("--json", "gold", "reader", "ann@example.com", "--stack", "dev")
    first, second = (reader(*command, typed="pass:wörd\npass:wörd\n") for _ in range(2))

    assert first.returncode == 0, first.stderr
    assert "pass:wörd" not in first.stdout + first.stderr
    assert "Add ann@example.com to gold.docs_readers in Pulumi.dev.yaml" in first.stderr
    pattern = (
        r"pulumi config set --stack dev --secret "
        r"""--path 'docs-passwords\["ann@example\.com"\]' '([0-9a-f]{32}):([0-9a-f]{64})'"""
    )
    found = re.fullmatch(pattern, json.loads(first.stdout)["command"])
    assert found
    salt, hashed = found.groups()
    assert hashlib.sha256(f"{salt}pass:wörd".encode()).hexdigest() == hashed
    assert first.stdout != second.stdout, "salts differ"


def test_a_password_is_typed_twice_alike() -> None:
    ended = reader("gold", "reader", "ann", "--stack", "dev", typed="one\ntwo\nx\nx\n")

    assert ended.returncode == 0
    assert "The two entered values do not match" in ended.stderr.replace("Error: ", "")
    hashed = hashlib.sha256((ended.stdout.split("'")[3].split(":")[0] + "x").encode()).hexdigest()
    assert ended.stdout.split("'")[3].endswith(hashed)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ("ann",),
            "error: Stack local has no docs site: give --stack one on AWS.\n  try: dej docs\n",
        ),
        (
            ("a:b", "--stack", "dev"),
            "error: a:b cannot be a reader: a name has letters, digits and any of . _ @ + - "
            "only.\n",
        ),
        (
            ('a"b', "--stack", "dev"),
            'error: a"b cannot be a reader: a name has letters, digits and any of . _ @ + - '
            "only.\n",
        ),
        (
            ("ann", "--stack", "nowhere"),
            "error: Pulumi.nowhere.yaml does not exist; copy the one of another stack\n",
        ),
    ],
)
def test_who_cannot_be_a_reader(arguments: tuple[str, ...], sentence: str) -> None:
    ended = reader("gold", "reader", *arguments)

    assert (ended.returncode, ended.stdout, ended.stderr) == (2, "", sentence)
