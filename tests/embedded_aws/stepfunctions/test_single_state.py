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
