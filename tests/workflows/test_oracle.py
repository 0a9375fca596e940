"""A second opinion: sfnx runs the same workflow on the same answers of services.

Each scenario runs on the embedded AWS first. Then sfnx runs the deployed definition, its tasks
answered with what the history says AWS's services answered. Calls, arguments, states, outputs and
errors have to be the same. enrich_posting is the workflow without a Distributed Map, which sfnx
does not run as child executions.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from sfnx import testing as sfnx

from tests.queue_stack import job
from tests.stack import Run, Stack, new_hour, new_posting, posting_input

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
DETAILS = {
    "TaskFailed": "taskFailedEventDetails",
    "TaskSubmitFailed": "taskSubmitFailedEventDetails",
    "TaskTimedOut": "taskTimedOutEventDetails",
}
ENDS = ("TaskSucceeded", *DETAILS)


@dataclass
class Recording:
    """The calls of an execution in order: state, arguments, and result or (error, cause)."""

    calls: list[tuple[str, Any, Any]] = field(default_factory=list)

    @classmethod
    def of(cls, run: Run) -> Recording:
        recording, state, arguments = cls(), "", None
        for event in run.events:
            if event["type"] == "TaskStateEntered":
                state = event["stateEnteredEventDetails"]["name"]
            elif event["type"] == "TaskScheduled":
                arguments = json.loads(event["taskScheduledEventDetails"]["parameters"])
            elif event["type"] in ENDS:
                recording.calls.append((state, arguments, outcome(event)))
        return recording


def outcome(event: dict[str, Any]) -> Any:
    if event["type"] == "TaskSucceeded":
        return json.loads(event["taskSucceededEventDetails"]["output"])
    details = event[DETAILS[event["type"]]]
    return (details["error"], details.get("cause", ""))


def timeless(value: Any) -> Any:
    """The value without what the clock, the execution's own name or a task token decides."""
    text = TIME.sub("(time)", json.dumps(unhashed(value), sort_keys=True))
    text = re.sub(r"arn:aws:states:[^\"]*:execution:[^\"]*", "(execution)", text)
    text = re.sub(r'"\d{4}-\d\d-\d\d"', '"(day)"', text)
    text = re.sub(r'\{"N": "\d{10}"\}', '{"N": "(seconds)"}', text)
    return json.loads(text)


def unhashed(arguments: Any) -> Any:
    """Arguments of a message: its deduplication id as the field of which it is a hash."""
    body = arguments.get("MessageBody") if isinstance(arguments, dict) else None
    for name in ("token", "execution"):
        if isinstance(body, dict) and name in body:
            hashed = hashlib.sha256(body[name].encode()).hexdigest()
            same = arguments["MessageDeduplicationId"] == hashed
            told = f"(hash of the {name})" if same else "(another hash)"
            hidden = {**body, "token": "(token)"} if name == "token" else body
            arguments = {**arguments, "MessageBody": hidden, "MessageDeduplicationId": told}
    return arguments


def second_opinion(stack: Stack, run: Run, request: Any) -> sfnx.Execution:
    """sfnx's execution of the deployed definition; asserts that its calls are the recorded ones."""
    answer = stack.client("stepfunctions").describe_state_machine(
        stateMachineArn=stack.outputs["enrich_posting_arn"]
    )
    recorded = iter(Recording.of(run).calls)

    def answer_call(call: sfnx.Call) -> Any:
        state, arguments, result = next(recorded)
        assert (call.state, timeless(call.arguments)) == (state, timeless(arguments))
        if isinstance(result, tuple):
            raise sfnx.Failure(*result)
        return result

    execution = sfnx.run(json.loads(answer["definition"]), request, answer_call)
    assert next(recorded, None) is None
    return execution


def nothing(stack: Stack) -> None:
    """No fault."""


def throttled(stack: Stack) -> None:
    stack.aws.model.faults.throttle(times=2)


def truncated(stack: Stack) -> None:
    stack.aws.model.faults.truncate(200, times=1)


def hopeless(stack: Stack) -> None:
    stack.aws.model.faults.malformed(times=3)


def refused(stack: Stack) -> None:
    stack.aws.model.faults.fail("ValidationException", times=1)


def crashed(stack: Stack) -> None:
    stack.aws.functions.faults.crash(stack.outputs["parse_response_function"], times=1)


def conflicting(stack: Stack) -> None:
    stack.aws.faults.fail("dynamodb:TransactWriteItems", "TransactionCanceledException", times=2)


def broken(stack: Stack) -> None:
    stack.aws.faults.fail("dynamodb:TransactWriteItems", "ValidationException")


@pytest.mark.parametrize(
    "fault", [nothing, throttled, truncated, hopeless, refused, crashed, conflicting, broken]
)
def test_sfnx_agrees(stack: Stack, fault: Callable[[Stack], None]) -> None:
    posting, hour = new_posting(), new_hour()
    fault(stack)
    request = posting_input(posting, hour)
    run = stack.run("enrich_posting", request)

    execution = second_opinion(stack, run, request)

    assert (execution.error, execution.cause) == (run.error, run.cause)
    if run.error is None:
        assert execution.output == run.output


@pytest.mark.parametrize(
    "body", [None, "{half", "{}", '{"posting": {}}'], ids=["job", "no JSON", "empty", "no id"]
)
def test_sfnx_agrees_on_messages(stack: Stack, body: str | None) -> None:
    message = body or json.dumps(job(new_posting(), new_hour()))
    request = [{"messageId": "m-1", "body": message}]
    run = stack.run("enrich_posting", request)

    execution = second_opinion(stack, run, request)

    assert execution.output == run.output
    assert run.output["outcome"] == ("COMPLETED" if body is None else "REJECTED")


def test_sfnx_agrees_where_no_slot_comes_free(stack: Stack) -> None:
    stack.aws.faults.fail("sqs:SendMessage", "QueueDoesNotExist")
    request = posting_input(new_posting(), new_hour())
    run = stack.run("enrich_posting", request)

    assert second_opinion(stack, run, request).output == run.output
    assert run.output["outcome"] == "DEFERRED"


def test_sfnx_agrees_on_the_second_claim(stack: Stack) -> None:
    posting, hour = new_posting(), new_hour()
    stack.enrich(posting, hour)
    key = stack.posting_item(posting)["passes"]["M"]["pass2"]["M"]["bronze_key"]["S"]
    stack.client("s3").delete_object(Bucket=stack.outputs["bronze_bucket"], Key=key)
    request = posting_input(posting, hour)
    run = stack.run("enrich_posting", request)

    assert second_opinion(stack, run, request).output == run.output
