from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import boto3
import pytest

from embedded_aws.stepfunctions import ApiError
from embedded_aws.stepfunctions.api import OPERATIONS

Machine = Callable[..., dict[str, Any]]

ABSENT = "arn:aws:states:us-east-1:123456789012:execution:a:b"
SLEEP = {"S": {"Type": "Wait", "Seconds": 1000, "End": True}}
QUICK = {"Q": {"Type": "Succeed"}}


def on(world: Any, main: Callable[[Any], Awaitable[None]], **options: Any) -> None:
    async def whole() -> None:
        w = world(**options)
        try:
            await main(w)
        finally:
            await w.engine.aclose()

    asyncio.run(whole())


async def code(w: Any, operation: str, **request: Any) -> str:
    with pytest.raises(ApiError) as error:
        await w.engine.handle(operation, request)
    return f"{error.value.code}: {error.value.message}"


def test_every_operation_is_one_of_boto3s() -> None:
    client = boto3.client("stepfunctions", region_name="us-east-1")
    names = set(client.meta.service_model.operation_names)
    assert OPERATIONS.keys() <= names
    missing = names - OPERATIONS.keys()
    assert missing == {
        "CreateStateMachineAlias", "DeleteStateMachineAlias", "DeleteStateMachineVersion",
        "DescribeStateMachineAlias", "ListStateMachineAliases", "ListStateMachineVersions",
        "PublishStateMachineVersion", "UpdateStateMachineAlias",
    }  # fmt: skip


def test_the_life_of_a_machine(world: Any, machine: Machine) -> None:
    async def main(w: Any) -> None:
        logging = {"level": "ALL", "includeExecutionData": True, "destinations": [{}]}
        tracing = {"enabled": True}
        definition = machine(QUICK)
        more = {"loggingConfiguration": logging, "tracingConfiguration": tracing}
        arn = await w.create(definition, **more, tags=[{"key": "a", "value": "1"}])
        assert await w.create(definition, **more) == arn
        again = json.dumps(machine(SLEEP))
        refused = await code(w, "CreateStateMachine", name="machine", definition=again, roleArn="r")
        assert refused.startswith("StateMachineAlreadyExists")
        shown = await w.engine.handle("DescribeStateMachine", {"stateMachineArn": arn})
        assert json.loads(shown["definition"]) == definition
        assert shown["loggingConfiguration"] == logging
        assert shown["tracingConfiguration"] == tracing
        assert (shown["status"], shown["type"]) == ("ACTIVE", "STANDARD")
        update = {"stateMachineArn": arn, "definition": again, "roleArn": "other"}
        changed = await w.engine.handle("UpdateStateMachine", update)
        now = await w.engine.handle("DescribeStateMachine", {"stateMachineArn": arn})
        assert (now["definition"], now["roleArn"]) == (again, "other")
        assert now["revisionId"] == changed["revisionId"] != shown["revisionId"]
        assert now["loggingConfiguration"] == logging
        listed = await w.engine.handle("ListStateMachines", {})
        assert [item["name"] for item in listed["stateMachines"]] == ["machine"]
        await w.engine.handle("DeleteStateMachine", {"stateMachineArn": arn})
        await w.engine.handle("DeleteStateMachine", {"stateMachineArn": arn})
        gone = await code(w, "DescribeStateMachine", stateMachineArn=arn)
        assert gone == f"StateMachineDoesNotExist: State Machine Does Not Exist: '{arn}'"

    on(world, main)


def test_tags(world: Any, machine: Machine) -> None:
    async def main(w: Any) -> None:
        arn = await w.create(machine(QUICK), tags=[{"key": "a", "value": "1"}])
        add = {"resourceArn": arn, "tags": [{"key": "b", "value": "2"}, {"key": "a", "value": "3"}]}
        await w.engine.handle("TagResource", add)
        await w.engine.handle("UntagResource", {"resourceArn": arn, "tagKeys": ["b", "x"]})
        listed = await w.engine.handle("ListTagsForResource", {"resourceArn": arn})
        assert listed == {"tags": [{"key": "a", "value": "3"}]}
        many = [{"key": str(n), "value": ""} for n in range(51)]
        refused = await code(w, "TagResource", resourceArn=arn, tags=many)
        assert refused.startswith("TooManyTags")

    on(world, main)


def test_what_is_not_implemented_is_refused_by_name(world: Any, machine: Machine) -> None:
    async def main(w: Any) -> None:
        definition = json.dumps(machine(QUICK))
        request = {"name": "m", "definition": definition, "roleArn": "r", "publish": True}
        assert "'publish' is not implemented" in await code(w, "CreateStateMachine", **request)
        assert "PublishStateMachineVersion" in await code(w, "PublishStateMachineVersion")
        arn = await w.create(machine(QUICK))
        assert "Versions" in await code(w, "StartExecution", stateMachineArn=f"{arn}:1")

    on(world, main)


@pytest.mark.parametrize(
    ("operation", "request_", "expected"),
    [
        ("CreateStateMachine", {"name": "a b"}, "InvalidName: Invalid Name: 'a b'"),
        ("CreateStateMachine", {}, "ValidationException: "),
        ("DescribeStateMachine", {"stateMachineArn": "x"}, "InvalidArn: Invalid Arn: 'x'"),
        ("StartExecution", {"stateMachineArn": ABSENT}, "InvalidArn: Invalid Arn: 'Resource type"),
        ("DescribeExecution", {"executionArn": ABSENT}, "ExecutionDoesNotExist: "),
        ("DescribeMapRun", {"mapRunArn": "arn:aws:states:us-east-1:123456789012:mapRun:a/b:c"},
         "ResourceNotFound: "),
        ("ListExecutions", {}, "ValidationException: Give either"),
        ("SendTaskSuccess", {"taskToken": "x", "output": "1"}, "InvalidToken: "),
    ],
)  # fmt: skip
def test_refusals(world: Any, operation: str, request_: dict[str, Any], expected: str) -> None:
    async def main(w: Any) -> None:
        assert (await code(w, operation, **request_)).startswith(expected)

    on(world, main)


def test_a_broken_definition_is_refused_with_its_places(world: Any, machine: Machine) -> None:
    async def main(w: Any) -> None:
        bad = json.dumps(machine({"A": {"Type": "Pass", "Next": "B"}}))
        refused = await code(w, "CreateStateMachine", name="m", definition=bad, roleArn="r")
        assert refused == (
            "InvalidDefinition: Invalid State Machine Definition: 'MISSING_TRANSITION_TARGET:"
            " Missing 'Next' target: B at /States/A/Next, MISSING_END_STATE: Workflow has no"
            " terminal state at null'"
        )
        shown = await w.engine.handle("ValidateStateMachineDefinition", {"definition": bad})
        assert shown["result"] == "FAIL"
        assert [finding.get("location") for finding in shown["diagnostics"]] == [
            "/States/A/Next",
            None,
        ]
        loose = json.dumps(machine({"A": {"Type": "Succeed", "Output": "{% $x %}"}}))
        request = {"definition": loose, "severity": "WARNING"}
        shown = await w.engine.handle("ValidateStateMachineDefinition", request)
        assert (shown["result"], shown["diagnostics"][0]["severity"]) == ("OK", "WARNING")

    on(world, main)


def test_a_name_is_used_once(world: Any, machine: Machine) -> None:
    async def main(w: Any) -> None:
        arn = await w.create(machine(SLEEP))
        first = await w.start(arn, {"a": 1}, name="n")
        assert await w.start(arn, {"a": 1}, name="n") == first
        request = {"stateMachineArn": arn, "name": "n", "input": '{"a":2}'}
        refused = await code(w, "StartExecution", **request)
        assert refused == f"ExecutionAlreadyExists: Execution Already Exists: '{first}'"
        await w.engine.handle("StopExecution", {"executionArn": first})
        request["input"] = '{"a": 1}'
        assert (await code(w, "StartExecution", **request)).startswith("ExecutionAlreadyExists")

    with_hold(world, main)


def with_hold(world: Any, main: Callable[[Any], Awaitable[None]]) -> None:
    """The clock stands still, so that what sleeps stays asleep."""

    async def held(w: Any) -> None:
        with w.clock.hold():
            await main(w)

    on(world, held)


def test_input_is_kept_as_it_came(world: Any, machine: Machine) -> None:
    async def main(w: Any) -> None:
        arn = await w.create(machine(QUICK))
        execution = await w.start(arn, input='{ "b": 1.0,  "a": [ ] }')
        ended = await w.ended(execution)
        assert ended.shown["input"] == '{ "b": 1.0,  "a": [ ] }'
        assert ended.shown["output"] == '{"b":1.0,"a":[]}'
        refused = await code(w, "StartExecution", stateMachineArn=arn, input="{")
        assert refused.startswith("InvalidExecutionInput")
        assert (await w.ended(await w.start(arn, input="{}"))).output == {}

    on(world, main)


def test_an_update_does_not_reach_what_runs(world: Any, machine: Machine) -> None:
    async def main(w: Any) -> None:
        states = {
            "S": {"Type": "Wait", "Seconds": 1000, "Next": "E"},
            "E": {"Type": "Succeed", "Output": "old"},
        }
        arn = await w.create(machine(states))
        with w.clock.hold():
            execution = await w.start(arn)
            new = json.dumps(machine({"N": {"Type": "Succeed", "Output": "new"}}))
            await w.engine.handle("UpdateStateMachine", {"stateMachineArn": arn, "definition": new})
        assert (await w.ended(execution)).output == "old"
        assert (await w.ended(await w.start(arn))).output == "new"
        request = {"executionArn": execution}
        shown = await w.engine.handle("DescribeStateMachineForExecution", request)
        assert json.loads(shown["definition"]) == machine(states)

    on(world, main)


def test_executions_are_listed_newest_first_in_pages(world: Any, machine: Machine) -> None:
    async def main(w: Any) -> None:
        arn = await w.create(machine(QUICK))
        for number in range(5):
            await w.ended(await w.start(arn, name=f"n{number}"))
        found, request = [], {"stateMachineArn": arn, "maxResults": 2}
        while True:
            answer = await w.engine.handle("ListExecutions", request)
            found += [item["name"] for item in answer["executions"]]
            if "nextToken" not in answer:
                break
            request["nextToken"] = answer["nextToken"]
        assert found == ["n4", "n3", "n2", "n1", "n0"]
        running = {"stateMachineArn": arn, "statusFilter": "RUNNING"}
        assert (await w.engine.handle("ListExecutions", running))["executions"] == []
        bad = {"stateMachineArn": arn, "nextToken": "%%"}
        assert (await code(w, "ListExecutions", **bad)).startswith("InvalidToken")

    on(world, main)


def test_history_in_pages_backwards_and_without_data(world: Any, machine: Machine) -> None:
    async def main(w: Any) -> None:
        states = {"A": {"Type": "Pass", "Assign": {"x": 1}, "Next": "B"}, "B": {"Type": "Succeed"}}
        execution = await w.start(await w.create(machine(states)))
        await w.ended(execution)
        request = {"executionArn": execution, "maxResults": 4, "reverseOrder": True}
        first = await w.engine.handle("GetExecutionHistory", request)
        assert [e["id"] for e in first["events"]] == [6, 5, 4, 3]
        request["nextToken"] = first["nextToken"]
        rest = await w.engine.handle("GetExecutionHistory", request)
        assert [e["id"] for e in rest["events"]] == [2, 1]
        bare = {"executionArn": execution, "includeExecutionData": False}
        events = (await w.engine.handle("GetExecutionHistory", bare))["events"]
        assert events[2]["stateExitedEventDetails"] == {"name": "A"}

    on(world, main)


def test_express_executions(world: Any, machine: Machine) -> None:
    async def main(w: Any) -> None:
        states = {"W": {"Type": "Wait", "Seconds": 2, "Output": "done", "End": True}}
        arn = await w.create(machine(states), type="EXPRESS")
        answer = await w.engine.handle("StartSyncExecution", {"stateMachineArn": arn})
        assert (answer["status"], answer["output"]) == ("SUCCEEDED", '"done"')
        assert answer["billingDetails"]["billedDurationInMilliseconds"] == 2000
        started = await w.start(arn)
        assert ":express:machine:" in started
        assert (await code(w, "GetExecutionHistory", executionArn=started)).startswith("InvalidArn")
        listed = await code(w, "ListExecutions", stateMachineArn=arn)
        assert listed.startswith("StateMachineTypeNotSupported")
        slow = await w.create(
            machine({"W": states["W"] | {"Seconds": 301}}), type="EXPRESS", name="s"
        )
        answer = await w.engine.handle("StartSyncExecution", {"stateMachineArn": slow})
        assert answer["status"] == "TIMED_OUT"
        await asyncio.sleep(0.01)
        assert w.engine.services.store.executions == {}
        standard = await w.create(machine(QUICK), name="standard")
        refused = await code(w, "StartSyncExecution", stateMachineArn=standard)
        assert refused.startswith("StateMachineTypeNotSupported")

    on(world, main)


def test_an_express_loop_ends(world: Any, machine: Machine) -> None:
    async def main(w: Any) -> None:
        rule = {"Condition": "{% false %}", "Next": "E"}
        states = {
            "L": {"Type": "Choice", "Choices": [rule], "Default": "L"},
            "E": {"Type": "Succeed"},
        }
        arn = await w.create(machine(states), type="EXPRESS")
        answer = await w.engine.handle("StartSyncExecution", {"stateMachineArn": arn})
        assert answer["status"] == "TIMED_OUT"

    on(world, main)


def test_stopping(world: Any, machine: Machine) -> None:
    async def main(w: Any) -> None:
        execution = await w.start(await w.create(machine(SLEEP)))
        request = {"executionArn": execution, "error": "E", "cause": "C"}
        first = await w.engine.handle("StopExecution", request)
        again = await w.engine.handle("StopExecution", {"executionArn": execution})
        assert first == again
        ended = await w.ended(execution)
        assert (ended.status, ended.error, ended.cause) == ("ABORTED", "E", "C")
        assert ended.types[-1] == "ExecutionAborted"
        assert ended.types.count("ExecutionAborted") == 1

    with_hold(world, main)


def test_a_deleted_machine_takes_its_executions_with_it(world: Any, machine: Machine) -> None:
    async def main(w: Any) -> None:
        arn = await w.create(machine(QUICK))
        execution = await w.start(arn, name="n")
        await w.ended(execution)
        await w.engine.handle("DeleteStateMachine", {"stateMachineArn": arn})
        gone = await code(w, "DescribeExecution", executionArn=execution)
        assert gone.startswith("ExecutionDoesNotExist")
        assert await w.start(await w.create(machine(QUICK)), name="n") == execution

    on(world, main)
