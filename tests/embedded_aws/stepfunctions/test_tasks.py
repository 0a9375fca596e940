from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from embedded_aws.stepfunctions import ApiError
from embedded_aws.stepfunctions.errors import StatesError
from embedded_aws.stepfunctions.integrations.base import Call

Machine = Callable[..., dict[str, Any]]
Run = Callable[..., Any]


def task(name: str = "work", **fields: Any) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": f"arn:aws:states:::test:{name}",
        "Arguments": {"n": "{% $states.input %}"},
        "End": True,
    } | fields


async def echo(arguments: Any, call: Call) -> Any:
    return arguments


async def asleep(arguments: Any, call: Call) -> Any:
    await call.sleep(100)
    return "late"


def test_a_call_records_what_it_was_given_and_gave(run: Run, machine: Machine) -> None:
    ended = run(machine({"T": task(TimeoutSeconds=5)}), 3, work=echo)
    assert ended.output == {"n": 3}
    assert ended.details("TaskScheduled") == {
        "resourceType": "test",
        "resource": "work",
        "region": "us-east-1",
        "parameters": '{"n":3}',
        "timeoutInSeconds": 5,
    }
    assert [e["previousEventId"] for e in ended.events] == [0, 0, 2, 3, 4, 5, 6]


def test_a_task_without_arguments_gets_the_input(run: Run) -> None:
    state = task()
    del state["Arguments"]
    assert run({"StartAt": "T", "States": {"T": state}}, [1], work=echo).output == [1]


@pytest.mark.parametrize("timeout", [10, "{% $states.input %}"])
def test_a_late_result_does_not_count(run: Run, machine: Machine, timeout: Any) -> None:
    ended = run(machine({"T": task(TimeoutSeconds=timeout)}), 10, work=asleep)
    assert (ended.status, ended.error, ended.cause) == ("FAILED", "States.Timeout", None)
    assert ended.seconds == 10.0
    assert ended.details("TaskTimedOut")["error"] == "States.Timeout"


def test_a_timeout_wins_over_a_result_of_the_same_instant(run: Run, machine: Machine) -> None:
    assert run(machine({"T": task(TimeoutSeconds=100)}), work=asleep).error == "States.Timeout"
    assert run(machine({"T": task(TimeoutSeconds=101)}), work=asleep).output == "late"


def test_the_execution_times_out_before_its_task(run: Run, machine: Machine) -> None:
    ended = run(machine({"T": task(TimeoutSeconds=10)}, TimeoutSeconds=10), work=asleep)
    assert ended.status == "TIMED_OUT"
    assert ended.types[-2:] == ["TaskStarted", "ExecutionTimedOut"]


def test_a_blocking_call_holds_the_virtual_clock(run: Run, machine: Machine) -> None:
    async def work(arguments: Any, call: Call) -> Any:
        def block() -> int:
            time.sleep(0.05)
            return threading.get_ident()

        return await call.run_blocking(block)

    ended = run(machine({"T": task(TimeoutSeconds=1)}), work=work)
    assert ended.status == "SUCCEEDED"
    assert ended.output != threading.get_ident()
    assert ended.seconds == 0.0


def test_a_result_that_is_too_large_can_be_caught(run: Run, machine: Machine) -> None:
    async def work(arguments: Any, call: Call) -> Any:
        return "x" * 262_143

    states = {
        "T": task(Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]),
        "Caught": {"Type": "Succeed", "Output": "{% $states.input.Error %}"},
    }
    ended = run(machine(states), work=work)
    assert ended.output == "States.DataLimitExceeded"
    assert "TaskSucceeded" not in ended.types


def test_credentials_name_the_role_of_the_call(run: Run, machine: Machine) -> None:
    async def work(arguments: Any, call: Call) -> Any:
        return call.role_arn

    credentials = {"RoleArn": "{% 'arn:aws:iam::1:role/' & $states.input %}"}
    ended = run(machine({"T": task(Credentials=credentials)}), "other", work=work)
    assert ended.output == "arn:aws:iam::1:role/other"
    role = ended.details("TaskScheduled")["taskCredentials"]
    assert role == {"roleArn": "arn:aws:iam::1:role/other"}
    assert run(machine({"T": task()}), work=work).output.endswith("role/machine")


def test_sync_submits_then_waits(world: Any, machine: Machine) -> None:
    async def wait(submitted: Any, call: Call) -> Any:
        await call.sleep(30)
        return {"of": submitted}

    async def main() -> None:
        w = world(services={"job": echo}, finishers={"job": wait})
        ended = await w.run(machine({"T": task("job.sync")}), 1)
        assert ended.output == {"of": {"n": 1}}
        assert ended.seconds == 30.0
        assert ended.types[2:6] == [
            "TaskScheduled",
            "TaskStarted",
            "TaskSubmitted",
            "TaskSucceeded",
        ]
        assert ended.details("TaskSubmitted")["output"] == '{"n":1}'
        await w.engine.aclose()

    asyncio.run(main())


def test_an_engine_bug_ends_the_execution_loudly(
    run: Run, machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    async def work(arguments: Any, call: Call) -> Any:
        raise KeyError("oops")

    ended = run(machine({"T": task()}), work=work)
    assert (ended.status, ended.error) == ("FAILED", "States.Runtime")
    assert "oops" in ended.cause
    assert "broke the engine" in caplog.text


# --- task tokens


def token_machine(machine: Machine, **fields: Any) -> dict[str, Any]:
    arguments = {"token": "{% $states.context.Task.Token %}"}
    state = task("ask.waitForTaskToken", Arguments=arguments) | fields
    return machine({"T": state})


class Desk:
    """Receives tokens; an answer is a coroutine of the test."""

    def __init__(self) -> None:
        self.tokens: list[str] = []
        self.came = asyncio.Event()

    async def ask(self, arguments: Any, call: Call) -> Any:
        assert arguments["token"] == call.task_token
        self.tokens.append(arguments["token"])
        self.came.set()
        return {"asked": True}


async def refused(w: Any, operation: str, **request: Any) -> str:
    with pytest.raises(ApiError) as error:
        await w.engine.handle(operation, request)
    return error.value.code


def test_a_token_is_answered_once(world: Any, machine: Machine) -> None:
    async def main() -> None:
        desk = Desk()
        w = world(services={"ask": desk.ask})
        execution = await w.start(await w.create(token_machine(machine)))
        await desk.came.wait()
        token = desk.tokens[0]
        bad = {"taskToken": token, "output": "{"}
        assert await refused(w, "SendTaskSuccess", **bad) == "InvalidOutput"
        await w.engine.handle("SendTaskHeartbeat", {"taskToken": token})
        await w.engine.handle("SendTaskSuccess", {"taskToken": token, "output": '{"a":1}'})
        ended = await w.ended(execution)
        assert ended.output == {"a": 1}
        assert ended.types[2:6] == [
            "TaskScheduled",
            "TaskStarted",
            "TaskSubmitted",
            "TaskSucceeded",
        ]
        again = {"taskToken": token, "output": "1"}
        assert await refused(w, "SendTaskSuccess", **again) == "TaskTimedOut"
        assert await refused(w, "SendTaskHeartbeat", taskToken="nonsense") == "InvalidToken"
        assert w.engine.services.store.tokens == {}
        await w.engine.aclose()

    asyncio.run(main())


def test_an_answer_before_the_call_returns_waits_for_the_submission(
    world: Any, machine: Machine
) -> None:
    async def main() -> None:
        async def ask(arguments: Any, call: Call) -> Any:
            request = {"taskToken": arguments["token"], "error": "No", "cause": "way"}
            await w.engine.handle("SendTaskFailure", request)
            await call.sleep(1)
            return "asked"

        w = world(services={"ask": ask})
        ended = await w.run(token_machine(machine))
        assert (ended.error, ended.cause) == ("No", "way")
        assert ended.types[2:6] == ["TaskScheduled", "TaskStarted", "TaskSubmitted", "TaskFailed"]
        await w.engine.aclose()

    asyncio.run(main())


def test_each_attempt_has_a_token_of_its_own(world: Any, machine: Machine) -> None:
    async def main() -> None:
        desk = Desk()
        w = world(services={"ask": desk.ask})
        retry = [{"ErrorEquals": ["States.Timeout"], "MaxAttempts": 1}]
        ended = await w.run(token_machine(machine, TimeoutSeconds=5, Retry=retry))
        assert ended.error == "States.Timeout"
        assert len(set(desk.tokens)) == 2
        await w.engine.aclose()

    asyncio.run(main())


def test_heartbeats_keep_a_task_alive(world: Any, machine: Machine) -> None:
    async def main() -> None:
        desk = Desk()
        w = world(services={"ask": desk.ask})
        execution = await w.start(await w.create(token_machine(machine, HeartbeatSeconds=10)))

        async def beat() -> None:
            await desk.came.wait()
            for _ in range(3):
                await w.clock.sleep(9)
                await w.engine.handle("SendTaskHeartbeat", {"taskToken": desk.tokens[0]})

        await w.clock.spawn(beat())
        ended = await w.ended(execution)
        assert (ended.error, ended.cause) == ("States.Timeout", "")
        assert ended.seconds == 37.0
        await w.engine.aclose()

    asyncio.run(main())


def test_stopping_closes_the_token(world: Any, machine: Machine) -> None:
    async def main() -> None:
        desk = Desk()
        w = world(services={"ask": desk.ask})
        execution = await w.start(await w.create(token_machine(machine)))
        await desk.came.wait()
        request = {"executionArn": execution, "error": "E", "cause": "C"}
        await w.engine.handle("StopExecution", request)
        ended = await w.ended(execution)
        assert (ended.status, ended.error, ended.cause) == ("ABORTED", "E", "C")
        assert ended.events[-1]["previousEventId"] == 0
        await asyncio.sleep(0)
        stale = {"taskToken": desk.tokens[0], "output": "1"}
        assert await refused(w, "SendTaskSuccess", **stale) == "TaskTimedOut"
        await w.engine.aclose()

    asyncio.run(main())


# --- activities


def test_an_activity_is_worked_on(world: Any, machine: Machine) -> None:
    async def main() -> None:
        w = world()
        created = await w.engine.handle("CreateActivity", {"name": "dig"})
        activity = created["activityArn"]
        state = {"Type": "Task", "Resource": activity, "TimeoutSeconds": 60, "End": True}
        with w.clock.hold():  # a worker at work: the clock may not jump to the task's timeout
            polling = asyncio.ensure_future(
                w.engine.handle("GetActivityTask", {"activityArn": activity, "workerName": "mole"})
            )
            await asyncio.sleep(0)
            execution = await w.start(await w.create(machine({"A": state})), {"deep": 1})
            given = await polling
            assert json.loads(given["input"]) == {"deep": 1}
            answer = {"taskToken": given["taskToken"], "output": '"dug"'}
            await w.engine.handle("SendTaskSuccess", answer)
        ended = await w.ended(execution)
        assert ended.output == "dug"
        assert ended.types[2:5] == ["ActivityScheduled", "ActivityStarted", "ActivitySucceeded"]
        assert ended.details("ActivityStarted") == {"workerName": "mole"}
        empty = await w.engine.handle("GetActivityTask", {"activityArn": activity})
        assert empty == {}
        await w.engine.aclose()

    asyncio.run(main())


def test_an_absent_activity_is_a_runtime_error(run: Run, machine: Machine) -> None:
    arn = "arn:aws:states:us-east-1:123456789012:activity:none"
    ended = run(machine({"A": {"Type": "Task", "Resource": arn, "End": True}}))
    assert ended.error == "States.Runtime"
    assert "ActivityScheduled" not in ended.types


def test_the_error_of_a_service_keeps_its_name(run: Run, machine: Machine) -> None:
    async def work(arguments: Any, call: Call) -> Any:
        raise StatesError("S3.NoSuchKeyException", "gone")

    ended = run(machine({"T": task()}), work=work)
    assert (ended.error, ended.cause) == ("S3.NoSuchKeyException", "gone")
