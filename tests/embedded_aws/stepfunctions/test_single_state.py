from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from embedded_aws.stepfunctions import ApiError
from embedded_aws.stepfunctions.integrations.base import Call

TASK = {
    "QueryLanguage": "JSONata",
    "Type": "Task",
    "Resource": "arn:aws:states:::test:work",
    "Arguments": {"n": "{% $states.input.n %}"},
    "Output": "{% $states.result.m + $v %}",
    "Next": "Other",
}


CATCHER = {"ErrorEquals": ["Boom"], "Next": "C", "Output": "{% $states.errorOutput %}"}


async def work(arguments: Any, call: Call) -> Any:
    return {"m": arguments["n"] * 10}


def outcome_of(world: Any, definition: Any, **request: Any) -> dict[str, Any]:
    async def main() -> dict[str, Any]:
        w = world(services={"work": work})
        try:
            answer = await w.engine.handle(
                "TestState", {"definition": json.dumps(definition)} | request
            )
            assert w.engine.services.store.executions == {}
            return dict(answer)
        finally:
            await w.engine.aclose()

    return asyncio.run(main())


def test_a_state_alone(world: Any) -> None:
    answer = outcome_of(world, TASK, input='{"n":1}', variables='{"v":2}', inspectionLevel="DEBUG")
    data = answer.pop("inspectionData")
    assert answer == {"status": "SUCCEEDED", "output": "12", "nextState": "Other"}
    assert data["afterArguments"] == '{"n":1}'
    assert data["result"] == '{"m":10}'


def test_a_mock_takes_the_place_of_the_call(world: Any) -> None:
    answer = outcome_of(
        world, TASK, input='{"n":1}', variables='{"v":2}', mock={"result": '{"m":5}'}
    )
    assert answer["output"] == "7"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, {"status": "FAILED"}),
        ({"Retry": [{"ErrorEquals": ["States.ALL"]}]}, {"status": "RETRIABLE"}),
        ({"Retry": [{"ErrorEquals": ["Other"]}]}, {"status": "FAILED"}),
        (
            {"Catch": [CATCHER]},
            {"status": "CAUGHT_ERROR", "nextState": "C", "output": '{"Error":"Boom","Cause":"x"}'},
        ),
    ],
)  # fmt: skip
def test_what_an_error_leads_to(
    world: Any, fields: dict[str, Any], expected: dict[str, Any]
) -> None:
    mock = {"errorOutput": {"error": "Boom", "cause": "x"}}
    answer = outcome_of(world, TASK | fields, input='{"n":1}', variables='{"v":1}', mock=mock)
    assert answer == {"error": "Boom", "cause": "x"} | expected


def test_a_cause_comes_without_its_opening(world: Any) -> None:
    definition = {"QueryLanguage": "JSONata", "Type": "Pass", "Output": "{% $no %}", "End": True}
    answer = outcome_of(world, definition)
    assert answer["cause"] == (
        "The JSONata expression '$no' specified for the field 'Output'"
        " returned nothing (undefined)."
    )


@pytest.mark.parametrize(
    ("definition", "request_", "sentence"),
    [
        ({"Type": "Wurst"}, {}, "InvalidDefinition"),
        ([], {}, "InvalidDefinition"),
        (TASK, {"revealSecrets": True}, "'revealSecrets' is not implemented"),
        (TASK, {"inspectionLevel": "X"}, "inspectionLevel must be one of INFO, DEBUG, TRACE"),
        (
            {"Type": "Pass", "End": True},
            {"mock": {"result": "1"}},
            "takes no mock: only Task, Map and Parallel do",
        ),
    ],
)
def test_what_is_refused(
    world: Any, definition: Any, request_: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ApiError, match=sentence):
        outcome_of(world, definition, **request_)


# --- mocks of what cannot run alone, contexts, configurations

BRANCH = {"StartAt": "B", "States": {"B": {"Type": "Pass", "End": True}}}
PARALLEL = {
    "QueryLanguage": "JSONata",
    "Type": "Parallel",
    "Arguments": {"n": "{% $states.input.n %}"},
    "Branches": [BRANCH],
    "Output": "{% $states.result[0] + 1 %}",
    "Next": "Other",
}
MAP = {
    "QueryLanguage": "JSONata",
    "Type": "Map",
    "Items": "{% $states.input.items %}",
    "ItemSelector": {"v": "{% $states.context.Map.Item.Value %}"},
    "ItemProcessor": BRANCH
    | {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}},
    "ItemBatcher": {"MaxItemsPerBatch": 2},
    "ToleratedFailureCount": 1,
    "MaxConcurrency": 3,
    "Output": "{% $sum($states.result) %}",
    "Next": "Other",
}
TOKEN = TASK | {
    "Resource": "arn:aws:states:::test:work.waitForTaskToken",
    "Arguments": {"t": "{% $states.context.Task.Token %}"},
    "Output": "{% $states.result %}",
}
ACTIVITY = TASK | {"Resource": "arn:aws:states:us-east-1:1:activity:a", "Output": 1}
BOOM = {"errorOutput": {"error": "Boom", "cause": "x"}}


@pytest.mark.parametrize(
    ("definition", "mock", "output"),
    [
        (PARALLEL, "[4]", "5"),
        (MAP, "[1,2,3]", "6"),
        (TASK | {"Resource": "arn:aws:states:::test:work.sync", "Output": 2}, "{}", "2"),
        (ACTIVITY, "{}", "1"),
    ],
    ids=["parallel", "map", "sync", "activity"],
)
def test_a_mock_stands_for_what_cannot_run_alone(
    world: Any, definition: dict[str, Any], mock: str, output: str
) -> None:
    given = {"input": '{"n":1,"items":[1,2,3]}'}
    answer = outcome_of(world, definition, mock={"result": mock}, **given)
    assert answer == {"status": "SUCCEEDED", "output": output, "nextState": "Other"}
    with pytest.raises(ApiError, match="needs a mock to test a state of kind"):
        outcome_of(world, definition, **given)


def test_a_map_shows_what_its_iterations_would_get(world: Any) -> None:
    answer = outcome_of(
        world,
        MAP,
        input='{"items":[1,2,3]}',
        mock={"result": "[1]"},
        inspectionLevel="DEBUG",
    )
    data = answer["inspectionData"]
    assert json.loads(data["afterItemSelector"]) == [{"v": 1}, {"v": 2}, {"v": 3}]
    batches = json.loads(data["afterItemBatcher"])
    assert [len(batch["Items"]) for batch in batches] == [2, 1]
    assert (data["toleratedFailureCount"], data["maxConcurrency"]) == (1, 3)


def test_a_reader_s_data_is_given(world: Any) -> None:
    reading = {k: v for k, v in MAP.items() if k != "Items"} | {
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": {"InputType": "JSON", "ItemsPointer": "/rows"},
            "Arguments": {"Bucket": "b", "Key": "k"},
        }
    }
    answer = outcome_of(
        world,
        reading,
        mock={"result": "[1]"},
        stateConfiguration={"mapItemReaderData": '{"rows":[7,8]}'},
        inspectionLevel="DEBUG",
    )
    data = answer["inspectionData"]
    assert data["afterItemsPointer"] == "[7,8]"
    assert json.loads(data["afterItemSelector"]) == [{"v": 7}, {"v": 8}]


@pytest.mark.parametrize(("failed", "status"), [(1, "SUCCEEDED"), (2, "FAILED")])
def test_a_map_tolerates_as_many_failures_as_it_says(world: Any, failed: int, status: str) -> None:
    answer = outcome_of(
        world,
        MAP,
        input='{"items":[1,2,3]}',
        mock={"result": "[1]"},
        stateConfiguration={"mapIterationFailureCount": failed},
    )
    assert answer["status"] == status
    if status == "FAILED":
        assert answer["error"] == "States.ExceedToleratedFailureThreshold"


def test_a_context_is_what_expressions_see(world: Any) -> None:
    context = json.dumps({"Task": {"Token": "t-1"}, "Execution": {"Name": "mine"}})
    answer = outcome_of(
        world, TOKEN, mock={"result": "1"}, context=context, inspectionLevel="DEBUG"
    )
    assert answer["inspectionData"]["afterArguments"] == '{"t":"t-1"}'
    with pytest.raises(ApiError, match="context can only be given together with a mock"):
        outcome_of(world, TASK, context=context)


def test_a_state_of_a_whole_machine_is_tested_by_its_name(world: Any) -> None:
    nested = PARALLEL | {"Branches": [{"StartAt": "Work", "States": {
        "Work": {k: v for k, v in TASK.items() if k != "Next"} | {"End": True}}}]}  # fmt: skip
    machine = {
        "QueryLanguage": "JSONata",
        "StartAt": "P",
        "States": {"P": nested, "Other": {"Type": "Succeed"}},
    }
    answer = outcome_of(world, machine, stateName="Work", input='{"n":2}', variables='{"v":1}')
    assert answer == {"status": "SUCCEEDED", "output": "21"}
    with pytest.raises(ApiError, match="The definition has no state 'X'"):
        outcome_of(world, machine, stateName="X")


@pytest.mark.parametrize(
    ("used", "status", "details"),
    [
        (0, "RETRIABLE", {"retryIndex": 1, "retryBackoffIntervalSeconds": 3}),
        (1, "RETRIABLE", {"retryIndex": 1, "retryBackoffIntervalSeconds": 6}),
        (2, "CAUGHT_ERROR", {"catchIndex": 0}),
    ],
)
def test_what_an_error_meets_after_some_retries(
    world: Any, used: int, status: str, details: dict[str, int]
) -> None:
    retry = {"ErrorEquals": ["Boom"], "IntervalSeconds": 3, "MaxAttempts": 2}
    definition = TASK | {"Retry": [{"ErrorEquals": ["Other"]}, retry], "Catch": [CATCHER]}
    answer = outcome_of(
        world,
        definition,
        input='{"n":1}',
        mock=BOOM,
        stateConfiguration={"retrierRetryCount": used},
        inspectionLevel="DEBUG",
    )
    assert answer["status"] == status
    assert answer["inspectionData"]["errorDetails"] == details


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        ({"mock": {}}, "mock needs either result or errorOutput"),
        ({"mock": BOOM | {"result": "1"}}, "mock needs either result or errorOutput"),
        ({"mock": BOOM | {"fieldValidationMode": "LAX"}}, "must be one of STRICT, PRESENT, NONE"),
        ({"mock": BOOM, "stateConfiguration": {"errorCausedByState": "X"}}, "names no state"),
        ({"mock": BOOM, "context": "[]"}, "context must be a JSON object"),
    ],
)
def test_requests_that_make_no_sense(world: Any, request_: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ApiError, match=sentence):
        outcome_of(world, PARALLEL, **request_)
