"""The layer of dbt-redshift: small enough, and complete where nothing else is installed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from infra.packages import build, build_layer, unzipped_size
from infra.platform import ROOT
from tests.infra.test_packages import names, runtime, unzip

MEGABYTE = 1_000_000
LAYER = "dbt-redshift"


@pytest.fixture(scope="module")
def for_aws() -> Path:
    return build_layer(ROOT, LAYER, "aws")


def test_the_layer_is_small_enough(for_aws: Path) -> None:
    assert unzipped_size(for_aws) < 80 * MEGABYTE
    assert for_aws.stat().st_size < 50 * MEGABYTE


def test_the_layer_has_what_dbt_needs_and_not_what_the_runtime_has(for_aws: Path) -> None:
    inside = names(for_aws)
    assert "python/dbt/include/global_project/dbt_project.yml" in inside
    assert "python/dbt/include/redshift/dbt_project.yml" in inside
    assert "python/babel/locale-data/en_US.dat" in inside
    tops = {each.split("/")[1] for each in inside}
    assert not tops & {"boto3", "botocore", "lxml", "bs4", "setuptools", "duckdb"}
    assert all(each.endswith("x86_64-linux-gnu.so") for each in inside if ".cpython-" in each)


# Without semaphores, as on Lambda, and without git: PATH is empty.
PROGRAM = """
import json, sys
sys.path[:0] = {paths}
import _multiprocessing
class NoSemaphores:
    SEM_VALUE_MAX = 1
    def __init__(self, *given):
        raise OSError(38, "Function not implemented")
_multiprocessing.SemLock = NoSemaphores
from dbt_runner import sandbox
sandbox.prepare()
from dbt_runner.invocation import run_dbt
from dbt_runner.place import Place
from dbt_runner.request import Request
from dbt_runner.events import EventLog
from dbt_runner.results import failure, read_results
place = Place.of_environment()
def ended(command, *more):
    request = Request(command, "e", "s")
    log = EventLog(request)
    done = run_dbt(request, place, {{}}, log.heard)
    failed = failure(request, done, read_results(done), log.errors)
    print("RESULT", json.dumps([command, failed and failed[0].__name__, failed and failed[1]]))
ended("debug")
ended("test")
from dbt.cli.main import dbtRunner
folders = ["--project-dir", str(place.project), "--profiles-dir", str(place.project)]
done = dbtRunner().invoke(["--quiet", "parse", *folders, "--target", "redshift"])
print("RESULT", json.dumps(["parse", done.success, len(done.result.nodes) if done.result else 0]))
"""


def test_the_zip_alone_runs_dbt_without_git_and_semaphores(tmp_path: Path) -> None:
    code, layer, work = tmp_path / "code", tmp_path / "layer", tmp_path / "work"
    work.mkdir()
    unzip(build(ROOT, "local").functions["dbt_runner"], code)
    (code / "dbt_gold" / "partial_parse.msgpack").unlink()  # it is for DuckDB
    unzip(build_layer(ROOT, LAYER, "local"), layer)
    before = _files(code) | _files(layer)
    paths = [str(code), str(layer / "python"), str(runtime(tmp_path / "runtime"))]
    command = [sys.executable, "-I", "-S", "-B", "-c", PROGRAM.format(paths=paths)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=_environment(work), cwd=work
    )

    assert done.returncode == 0, done.stderr[-3000:]
    results = [
        json.loads(line.removeprefix("RESULT "))
        for line in done.stdout.splitlines()
        if line.startswith("RESULT ")
    ]
    assert [result[:2] for result in results] == [
        ["debug", "DbtConnectionFailed"],
        ["test", "DbtConnectionFailed"],
        ["parse", True],
    ], "nobody listens there; all up to the connection works"
    assert results[2][2] > 100
    assert _files(code) | _files(layer) == before, "nothing is written beside the code"


def _environment(work: Path) -> dict[str, str]:
    given = dict.fromkeys(
        ("ARTIFACTS_BUCKET", "ARTIFACTS_PREFIX", "SILVER_BUCKET", "SILVER_PREFIX"), "x/"
    ) | dict.fromkeys(
        ("SILVER_AI_PREFIX", "COMPANIES_PREFIX", "RUN_LOG_GROUP", "TEST_LOG_GROUP"), "x/"
    )
    return {
        **given,
        **dict.fromkeys(("METRICS_NAMESPACE", "STACK", "DOCS_BUCKET"), "x"),
        "PATH": "",
        "LANG": "en_US.UTF-8",
        "TMPDIR": str(work),
        "HOME": str(work),
        "DBT_TARGET": "redshift",
        "REDSHIFT_METHOD": "database",
        "REDSHIFT_HOST": "127.0.0.1",
        "REDSHIFT_PORT": "9",
        "REDSHIFT_USER": "x",
        "REDSHIFT_PASSWORD": "x",
    }


def _files(folder: Path) -> set[tuple[str, int]]:
    return {
        (str(path.relative_to(folder.parent)), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }
