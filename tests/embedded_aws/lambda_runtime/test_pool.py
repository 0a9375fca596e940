"""Environments are reused, limited and replaced; their processes do not outlive them."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from embedded_aws.lambda_runtime.environment import Environment, FunctionSpec
from embedded_aws.lambda_runtime.pool import Pool
from embedded_aws.lambda_runtime.runtime_api import Invocation
from embedded_aws.lambda_runtime.runtime_folder import LOCK, runtime_folder

RUNTIME = Path(__file__).parents[3] / "build" / "lambda-runtime"
CODE = """
import os, sys
def handler(event, context):
    if event == "write":
        print("x" * 200_000)
    return os.getpid()
"""


@pytest.fixture
def spec(tmp_path: Path) -> FunctionSpec:
    (tmp_path / "app.py").write_text(CODE)
    paths = (tmp_path, runtime_folder(RUNTIME))
    return FunctionSpec("some", "app.handler", "python3.12", 10.0, 256, paths, ())


@pytest.fixture
def pool() -> Iterator[Pool]:
    made = Pool(limit=2)
    yield made
    made.close()


def call(environment: Environment, event: str = "") -> int:
    outcome = environment.invoke(Invocation("request", json.dumps(event).encode(), "arn"))
    assert not outcome.failed, outcome.body
    return int(outcome.body)


def test_an_environment_comes_back_until_the_function_changes(
    pool: Pool, spec: FunctionSpec
) -> None:
    with pool.environment(spec) as environment:
        first = call(environment)
    with pool.environment(spec) as environment:
        assert call(environment) == first
    with pool.environment(replace(spec, variables=(("A", "1"),))) as environment:
        assert call(environment) != first
    assert not _alive(first)


def test_at_the_limit_a_caller_waits_for_a_free_one(pool: Pool, spec: FunctionSpec) -> None:
    free = threading.Event()
    got: list[int] = []

    def borrow() -> None:
        with pool.environment(spec) as environment:
            got.append(call(environment))
        free.set()

    with pool.environment(spec) as one, pool.environment(spec) as two:
        pids = {call(one), call(two)}
        waiting = threading.Thread(target=borrow)
        waiting.start()
        assert not free.wait(0.2)
    assert free.wait(10)
    waiting.join()
    assert got[0] in pids
    assert pool.sizes() == {"some": 2}


def test_other_functions_do_not_pile_up_idle_processes(pool: Pool, spec: FunctionSpec) -> None:
    pids = []
    for number in range(6):
        with pool.environment(replace(spec, name=f"function-{number}")) as environment:
            pids.append(call(environment))
    assert [pid for pid in pids if _alive(pid)] == pids[-4:]


def test_a_closed_pool_leaves_no_process(spec: FunctionSpec) -> None:
    pool = Pool(limit=2)
    with pool.environment(spec) as idle, pool.environment(spec) as working:
        pids = [call(idle), call(working)]
    with pool.environment(spec) as working:
        pids.append(call(working))
        pool.close()
        outcome = working.invoke(Invocation("request", b"1", "arn"))
        assert json.loads(outcome.body)["errorType"] == "Runtime.ExitError"
    assert [pid for pid in pids if _alive(pid)] == []
    with pytest.raises(RuntimeError, match="is shut down"), pool.environment(spec):
        pass


def test_an_environment_that_died_idle_is_not_used_again(pool: Pool, spec: FunctionSpec) -> None:
    with pool.environment(spec) as environment:
        first = call(environment)
    os.kill(first, signal.SIGKILL)
    while environment.alive:
        time.sleep(0.01)
    with pool.environment(spec) as environment:
        assert call(environment) != first


def test_more_output_than_a_pipe_holds_does_not_stop_the_function(
    pool: Pool, spec: FunctionSpec
) -> None:
    with pool.environment(spec) as environment:
        for _ in range(2):
            payload = Invocation("request", b'"write"', "arn")
            outcome = environment.invoke(payload)
            assert outcome.output == "x" * 200_000 + "\n"


def test_the_runtime_folder_is_named_after_lock_and_interpreter_and_built_once() -> None:
    folder = runtime_folder(RUNTIME)
    made = folder.stat().st_mtime_ns
    assert "cpython-3" in folder.name
    assert runtime_folder(RUNTIME) == folder
    assert folder.stat().st_mtime_ns == made
    assert {"awslambdaric", "boto3"} <= {path.name for path in folder.iterdir()}


def test_every_requirement_of_the_runtime_has_hashes() -> None:
    entries = LOCK.read_text().split("\n")
    pinned = [i for i, line in enumerate(entries) if "==" in line]
    assert len(pinned) >= 8
    assert all("--hash=sha256:" in entries[i + 1] for i in pinned)


def _alive(pid: int) -> bool:
    return os.path.exists(f"/proc/{pid}")
