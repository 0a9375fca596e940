"""What the role of a machine must be allowed to do for what the engine does on its behalf."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from embedded_aws.stepfunctions import ApiError, StepFunctions
from embedded_aws.stepfunctions.clock import Clock
from embedded_aws.stepfunctions.errors import StatesError

ROLE = "arn:aws:iam::123456789012:role/machine"
WAITING: dict[str, Any] = {
    "Type": "Task",
    "Resource": "arn:aws:states:::states:startExecution.sync:2",
    "Arguments": {"StateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:child"},
    "End": True,
}
LOGGING = {"level": "ERROR", "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": "g"}}]}


class Rights:
    """A role that may do everything but what `forbidden` names; `asked` are the questions."""

    def __init__(self, *forbidden: str) -> None:
        self.forbidden = forbidden
        self.asked: list[tuple[str, str]] = []

    def __call__(self, role: str, action: str, resource: str) -> str | None:
        assert role == ROLE
        self.asked.append((action, resource))
        return f"no {action}" if action in self.forbidden else None


def _definition(state: dict[str, Any]) -> str:
    return json.dumps({"QueryLanguage": "JSONata", "StartAt": "S", "States": {"S": state}})


def _create(rights: Rights, state: dict[str, Any], **request: Any) -> None:
    async def main() -> None:
        engine = StepFunctions(Clock.virtual(0), lambda role, name: None, refusal=rights)
        request.update(name="m", definition=_definition(state), roleArn=ROLE)
        try:
            await engine.handle("CreateStateMachine", request)
        finally:
            await engine.aclose()

    asyncio.run(main())


@pytest.mark.parametrize("action", ["events:PutRule", "events:PutTargets", "events:DescribeRule"])
def test_who_waits_for_executions_must_be_allowed_the_managed_rule(action: str) -> None:
    with pytest.raises(ApiError, match=rf"^AccessDeniedException: '{ROLE}' is not authorized to"):
        _create(Rights(action), WAITING)
    inside = {"Type": "Parallel", "End": True, "Branches": [
        {"StartAt": "W", "States": {"W": WAITING}}]}  # fmt: skip
    with pytest.raises(ApiError, match=r"managed-rule\.$"):
        _create(Rights(action), inside)


def test_who_logs_must_be_allowed_to_deliver() -> None:
    with pytest.raises(ApiError, match=r"not authorized to access the Log Destination$"):
        _create(Rights("logs:CreateLogDelivery"), {"Type": "Succeed"}, loggingConfiguration=LOGGING)


def test_who_does_neither_is_asked_nothing() -> None:
    rights = Rights()
    fire_and_forget = WAITING | {"Resource": "arn:aws:states:::states:startExecution"}
    _create(rights, fire_and_forget, loggingConfiguration={"level": "OFF"})
    assert rights.asked == []
    _create(rights, WAITING, loggingConfiguration=LOGGING)
    rule = "arn:aws:events:us-east-1:123456789012:rule/"
    assert {resource for action, resource in rights.asked if action.startswith("events:")} == {
        f"{rule}StepFunctionsGetEventsForStepFunctionsExecutionRule"
    }


def test_an_update_is_asked_like_a_creation() -> None:
    async def main() -> None:
        rights = Rights("events:PutRule")
        engine = StepFunctions(Clock.virtual(0), lambda role, name: None, refusal=rights)
        first = {"name": "m", "definition": _definition({"Type": "Succeed"}), "roleArn": ROLE}
        arn = (await engine.handle("CreateStateMachine", first))["stateMachineArn"]
        change = {"stateMachineArn": arn, "definition": _definition(WAITING)}
        with pytest.raises(ApiError, match="managed-rule"):
            await engine.handle("UpdateStateMachine", change)
        shown = await engine.handle("DescribeStateMachine", {"stateMachineArn": arn})
        assert shown["definition"] == first["definition"]
        await engine.aclose()

    asyncio.run(main())


def test_a_redrive_of_a_map_run_is_asked_for_the_right_to_redrive(world: Any) -> None:
    rights, bad = Rights(), {2}
    definition = json.loads(_definition({
        "Type": "Map", "End": True, "Items": [1, 2, 3],
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "W",
            "States": {"W": {
                "Type": "Task", "Resource": "arn:aws:states:::test:work",
                "Arguments": "{% $states.input %}", "End": True}}},
    }))  # fmt: skip

    async def work(arguments: Any, call: Any) -> Any:
        if arguments in bad:
            raise StatesError("Bad")
        return arguments

    async def main() -> None:
        w = world(services={"work": work}, options={"refusal": rights})
        ended = await w.run(definition)
        assert ended.error == "States.ExceedToleratedFailureThreshold"
        bad.clear()
        rights.forbidden = ("states:RedriveExecution",)
        redrive = {"executionArn": ended.shown["executionArn"]}
        await w.engine.handle("RedriveExecution", redrive)
        refused = await w.ended(redrive["executionArn"])
        assert (refused.error, refused.cause) == (
            "States.Permissions",
            "no states:RedriveExecution",
        )
        assert rights.asked[-1][1].startswith(
            "arn:aws:states:us-east-1:123456789012:execution:machine/"
        )
        rights.forbidden = ()
        await w.engine.handle("RedriveExecution", redrive)
        assert (await w.ended(redrive["executionArn"])).output == [1, 2, 3]
        await w.engine.aclose()

    asyncio.run(main())


Stop = Callable[[Any, str], Awaitable[None]]


async def _stop_parent(w: Any, parent: str) -> None:
    await w.clock.sleep(5)
    await w.engine.handle("StopExecution", {"executionArn": parent})


async def _nothing(w: Any, parent: str) -> None:
    pass


@pytest.mark.parametrize(
    ("top", "state", "stop", "status"),
    [
        ({}, {}, _stop_parent, "ABORTED"),
        ({"TimeoutSeconds": 5}, {}, _nothing, "TIMED_OUT"),
        ({}, {"TimeoutSeconds": 5}, _nothing, "FAILED"),
    ],
    ids=["stopped", "timed out", "task timed out"],
)
def test_a_job_that_nobody_waits_for_is_stopped(
    world: Any, top: dict[str, Any], state: dict[str, Any], stop: Stop, status: str
) -> None:
    stopped: list[tuple[Any, str]] = []

    class Job:
        resource_type, resource, pattern = "test", "job.sync", "sync"

        async def start(self, arguments: Any, call: Any) -> Any:
            return {"ExecutionArn": "child"}

        async def wait(self, submitted: Any, call: Any) -> Any:
            await call.sleep(1e6)

        def check(self, arguments: Any) -> list[str]:
            return []

        async def stop(self, submitted: Any, call: Any) -> None:
            stopped.append((submitted, call.role_arn))

    async def main() -> None:
        w = world()
        w.engine.services.resolve = lambda resource: Job()
        definition = json.loads(_definition({
            "Type": "Task", "Resource": "arn:aws:states:::test:job.sync", "Arguments": {},
            "End": True} | state)) | top  # fmt: skip
        parent = await w.start(await w.create(definition))
        w.clock.spawn(stop(w, parent))
        ended = await w.ended(parent)
        await asyncio.sleep(0.05)
        assert (ended.status, ended.seconds) == (status, 5)
        assert stopped == [({"ExecutionArn": "child"}, ROLE)]
        await w.engine.aclose()

    asyncio.run(main())


class OwnStates:
    """boto3's client of an engine in the same process, for calls from other threads."""

    def __init__(self) -> None:
        self.engine: Any = None
        self.loop = asyncio.get_running_loop()

    def __getattr__(self, method: str) -> Callable[..., dict[str, Any]]:
        operation = "".join(part.capitalize() for part in method.split("_"))

        def call(**request: Any) -> dict[str, Any]:
            done = asyncio.run_coroutine_threadsafe(
                self.engine.handle(operation, request), self.loop
            )
            return dict(done.result(10))

        return call


def test_the_execution_of_a_stopped_parent_is_stopped() -> None:
    async def main() -> None:
        states = OwnStates()
        engine = states.engine = StepFunctions(Clock.virtual(0), lambda role, name: states)
        wait = _definition({"Type": "Wait", "Seconds": 1000, "End": True})
        for name, definition in [("child", wait), ("parent", _definition(WAITING))]:
            request = {"name": name, "definition": definition, "roleArn": ROLE}
            machine = (await engine.handle("CreateStateMachine", request))["stateMachineArn"]
        with engine.services.clock.hold():
            parent = await engine.handle("StartExecution", {"stateMachineArn": machine})
            child = WAITING["Arguments"]["StateMachineArn"]
            while len(engine.services.store.by_machine.get(child, [])) == 0:
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.05)
            await engine.handle("StopExecution", {"executionArn": parent["executionArn"]})
            (arn,) = engine.services.store.by_machine[child]
            await asyncio.wait_for(engine.services.ended(arn), 10)
        assert engine.services.store.executions[arn].status == "ABORTED"
        await engine.aclose()

    asyncio.run(main())
