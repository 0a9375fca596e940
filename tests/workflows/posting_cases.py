"""A case for each Retry and each Catch of enrich_posting and grant_slot."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import Any

from embedded_aws.dataplane.faults import Request
from embedded_aws.stepfunctions.history import Event
from embedded_aws.stepfunctions.store import Execution
from tests.queue_stack import SLOTS_TABLE, job, settle
from tests.stack import Run, Stack, new_hour, new_posting
from tests.taps import events_watched
from tests.workflows.definitions import redefined
from tests.workflows.error_cases import (
    INVOKE,
    MANY,
    METRIC,
    QUERY,
    SLOW,
    THROTTLED,
    THROUGHPUT,
    UPDATE,
    Case,
    body,
    hold,
    plan,
    resource,
)

POSTING, GRANT = "enrich_posting", "grant_slot"
SEND, ANSWER, HEARTBEAT, GET = (
    "sqs:SendMessage",
    "states:SendTaskSuccess",
    "states:SendTaskHeartbeat",
    "dynamodb:GetItem",
)
CONDITION, REFUSED = "ConditionalCheckFailedException", "ValidationException"
DEAD_JOBS, JOBS, REQUESTS = (
    body(b"local-enrichment-jobs-dlq.fifo"),
    body(b"local-enrichment-jobs.fifo"),
    body(b"local-slot-requests.fifo"),
)
MODEL = "offline-rules-v1"
_serial = itertools.count()
DETAILS = "stateEnteredEventDetails"

Runs = Callable[[Stack], Run]


def failing(
    run: Runs, action: str, code: str, matches: Callable[[Request], bool], times: int = 1
) -> Runs:
    """The run while calls of an action fail."""

    def failed(stack: Stack) -> Run:
        stack.aws.faults.fail(action, code, 400, times=times, matches=matches)
        return run(stack)

    return failed


# --- enrich_posting


def one_posting(stack: Stack) -> Run:
    return stack.enrich(new_posting(), new_hour())


def one_posting_again(stack: Stack) -> Run:
    posting, hour = new_posting(), new_hour()
    stack.aws.faults.clear()  # not for the first time
    stack.enrich(posting, hour)
    plan(stack, RETRIES[POSTING, "LookUp"])
    return stack.enrich(posting, hour)


def from_the_queue(stack: Stack, message: Any = None) -> Run:
    text = json.dumps(message or job(new_posting(), new_hour()))
    run = stack.run(POSTING, [{"body": text}])
    settle(stack)
    return run


def half_a_message(stack: Stack) -> Run:
    return stack.run(POSTING, [{"body": "{half"}])


def no_posting(stack: Stack) -> Run:
    return from_the_queue(stack, {"posting": None})


def held_posting(stack: Stack) -> Run:
    posting = new_posting()
    hold(stack, f"posting#{posting.job_posting_id}", posting.content_hash)
    return stack.enrich(posting, new_hour())


def lost_result(stack: Stack) -> Run:
    posting, hour = new_posting(), new_hour()
    stack.enrich(posting, hour)
    key = stack.posting_item(posting)["passes"]["M"]["pass1"]["M"]["bronze_key"]["S"]
    stack.client("s3").delete_object(Bucket=stack.outputs["bronze_bucket"], Key=key)
    return stack.enrich(posting, hour)


def throttled_model(stack: Stack) -> Run:
    stack.aws.model.faults.throttle(times=1)
    return one_posting(stack)


def refusing_model(stack: Stack) -> Run:
    stack.aws.model.faults.fail(REFUSED, times=1)
    return one_posting(stack)


def broken_function(stack: Stack) -> Run:
    stack.aws.functions.faults.fail(stack.outputs["parse_response_function"], "Odd", times=1)
    return one_posting(stack)


def without_a_queue(run: Runs) -> Runs:
    """No slot can be asked for: what SQS says is not worth a retry."""
    return failing(run, SEND, "QueueDoesNotExist", REQUESTS)


def failed_posting(stack: Stack) -> Run:
    stack.aws.model.faults.malformed(times=3)
    return one_posting(stack)


def hopeless(stack: Stack) -> Run:
    """A posting in its last run."""
    stack.aws.model.faults.malformed(times=9)
    posting, hour = new_posting(), new_hour()
    return [stack.enrich(posting, hour) for _ in range(3)][-1]


def swept(run: Runs) -> Runs:
    """The run, and then the slots are freed that it could not release."""

    def ran(stack: Stack) -> Run:
        found = run(stack)
        stack.client("dynamodb").update_item(
            TableName=SLOTS_TABLE,
            Key={"pk": {"S": "slots"}, "sk": {"S": MODEL}},
            UpdateExpression="SET owners = :none, failures = :zero",
            ExpressionAttributeValues={":none": {"M": {}}, ":zero": {"N": "0"}},
        )
        return found

    return ran


# --- grant_slot, of which an Express execution leaves no history


def granting(stack: Stack, **fields: Any) -> Run:
    """The granter with a request whose token is none."""
    call = f"call-{next(_serial)}"
    request = {"model": MODEL, "shard": MODEL, "call": call, "token": "no-token", **fields}
    seen: dict[str, list[dict[str, Any]]] = {}

    def observe(execution: Execution, event: Event) -> None:
        told = {"type": event.type, "details": dict(event.details or {})}
        seen.setdefault(execution.arn, []).append(told | {DETAILS: told["details"]})

    with events_watched(stack.aws, observe):
        ended = stack.client("stepfunctions").start_sync_execution(
            stateMachineArn=stack.outputs[f"{GRANT}_arn"],
            input=json.dumps([{"body": json.dumps(request)}]),
        )
    arn = ended["executionArn"]
    return Run(arn, ended["status"], None, ended.get("error"), ended.get("cause"), seen[arn])


def with_slots(run: Runs, **numbers: int) -> Runs:
    """The run while the model's item has other numbers."""

    def ran(stack: Stack) -> Run:
        _put(stack, numbers)
        try:
            return run(stack)
        finally:
            _put(stack, {"limit": 5, "failures": 0, "trial_until": 0})

    return ran


def _put(stack: Stack, numbers: dict[str, int]) -> None:
    for name, number in numbers.items():
        stack.client("dynamodb").update_item(
            TableName=SLOTS_TABLE,
            Key={"pk": {"S": "slots"}, "sk": {"S": MODEL}},
            UpdateExpression="SET #name = :number",
            ExpressionAttributeNames={"#name": name},
            ExpressionAttributeValues={":number": {"N": str(number)}},
        )


def open_circuit(stack: Stack) -> Run:
    later = int(stack.aws.clock.now()) + 30
    return with_slots(granting, failures=5, trial_until=later)(stack)


def new_model(stack: Stack) -> Run:
    """As a deployment leaves it."""
    key = {"pk": {"S": "slots"}, "sk": {"S": "new-model"}}
    dynamodb = stack.client("dynamodb")
    dynamodb.put_item(TableName=SLOTS_TABLE, Item={**key, "limit": {"N": "5"}})
    run = granting(stack, shard="new-model")
    dynamodb.delete_item(TableName=SLOTS_TABLE, Key=key)
    return run


def beyond_the_ceiling(stack: Stack) -> Run:
    """The ceiling is below what was spent."""
    spent = "$sum($states.result.Items.spent.M.*.N.$number($)) >= $number('')"
    with (
        redefined(stack, GRANT, "'' = '' ? 'free' : 'unknown'", "'unknown'"),
        redefined(stack, GRANT, spent, "true"),
    ):
        return granting(stack)


def unknown_model(stack: Stack) -> Run:
    return granting(stack, shard="no-such-model")


def unheard(stack: Stack) -> Run:
    """The answer to the token does not come through, four times."""
    stack.aws.faults.fail(ANSWER, THROTTLED, 400, times=4)
    return swept(granting)(stack)


def unheard_once(stack: Stack) -> Run:
    """As above; the request that was sent again ends with what it finds."""
    run = unheard(stack)
    settle(stack)
    return run


# --- what meets what

RETRIES = {
    (POSTING, "Claim"): Case(UPDATE, THROUGHPUT, 400, body(b"ADD claims"), one_posting),
    (POSTING, "Reject"): Case(SEND, "RequestThrottled", 400, DEAD_JOBS, no_posting),
    (POSTING, "RejectUnreadable"): Case(SEND, "RequestThrottled", 400, DEAD_JOBS, half_a_message),
    (POSTING, "LoadPasses"): Case(
        "s3:GetObject", SLOW, 503, resource("config/passes/"), one_posting
    ),
    (POSTING, "LookUp"): Case(
        "s3:GetObject", SLOW, 503, resource("ai_enrichment/"), one_posting_again
    ),
    (POSTING, "AcquireSlot"): Case(SEND, "RequestThrottled", 400, REQUESTS, one_posting),
    (POSTING, "ReleaseSlot"): Case(UPDATE, THROUGHPUT, 400, body(b"spent.#day"), one_posting),
    (POSTING, "ReleaseThrottled"): Case(
        UPDATE, THROUGHPUT, 400, body(b"failures + :one"), throttled_model
    ),
    (POSTING, "ReleaseUnanswered"): Case(
        UPDATE, THROUGHPUT, 400, body(b'"REMOVE owners.#call"'), refusing_model
    ),
    (POSTING, "ParseAndStore"): Case(INVOKE, MANY, 429, resource("parse-response"), one_posting),
    (POSTING, "RecordPass"): Case(UPDATE, THROUGHPUT, 400, body(b"passes.#pass"), one_posting),
    (POSTING, "ReleaseClaim"): Case(
        UPDATE, THROUGHPUT, 400, body(b":pending"), without_a_queue(one_posting)
    ),
    (POSTING, "Requeue"): Case(
        SEND, "RequestThrottled", 400, JOBS, without_a_queue(from_the_queue)
    ),
    (POSTING, "DeadLetter"): Case(SEND, "RequestThrottled", 400, DEAD_JOBS, hopeless),
    (POSTING, "Finish"): Case(
        "dynamodb:TransactWriteItems",
        "TransactionCanceledException",
        400,
        body(b"touched_at"),
        one_posting,
    ),
    (GRANT, "Answer"): Case(ANSWER, THROTTLED, 400, lambda request: True, granting),
    (GRANT, "Undo"): Case(UPDATE, THROUGHPUT, 400, body(b":before"), granting),
    (GRANT, "AskAgain"): Case(SEND, "RequestThrottled", 400, REQUESTS, unheard_once),
}

# (workflow, state, state that the catch leads to) -> run that takes it
CATCHES: dict[tuple[str, str, str], Runs] = {
    (POSTING, "Claim", "NotClaimed"): held_posting,
    (POSTING, "Claim", "Reject"): no_posting,
    (POSTING, "Reject", "RejectUnreadable"): half_a_message,
    (POSTING, "LookUp", "NextPass"): lost_result,
    (POSTING, "AcquireSlot", "ReleaseUnanswered"): without_a_queue(one_posting),
    (POSTING, "InvokeModel", "ReleaseThrottled"): throttled_model,
    (POSTING, "InvokeModel", "ReleaseUnanswered"): refusing_model,
    (POSTING, "ReleaseSlot", "ParseAndStore"): swept(
        failing(one_posting, UPDATE, REFUSED, body(b"spent.#day"))
    ),
    (POSTING, "ReleaseThrottled", "NextPass"): swept(
        failing(throttled_model, UPDATE, REFUSED, body(b"failures + :one"))
    ),
    (POSTING, "ReleaseUnanswered", "NextPass"): without_a_queue(one_posting),
    (POSTING, "ParseAndStore", "RecordPass"): broken_function,
    (POSTING, "CountFailure", "NextPass"): failing(
        failed_posting, METRIC, REFUSED, body(b"PassesFailed")
    ),
    (POSTING, "RecordPass", "NotClaimed"): failing(
        one_posting, UPDATE, CONDITION, body(b"passes.#pass")
    ),
    (POSTING, "ReleaseClaim", "ClaimReleased"): failing(
        without_a_queue(one_posting), UPDATE, CONDITION, body(b":pending")
    ),
    (GRANT, "ReadSlot", "Pause"): failing(granting, GET, REFUSED, body(b"enrichment-slots")),
    (GRANT, "Prepare", "Pause"): failing(new_model, UPDATE, REFUSED, body(b"owners, :none")),
    (GRANT, "ReadSpending", "Pause"): failing(
        beyond_the_ceiling, QUERY, REFUSED, body(b"spent.#day")
    ),
    (GRANT, "ReadLift", "Pause"): failing(beyond_the_ceiling, GET, REFUSED, body(b"slots-control")),
    (GRANT, "ReportCeiling", "Pause"): failing(
        beyond_the_ceiling, METRIC, REFUSED, lambda request: True
    ),
    (GRANT, "ReportCircuit", "Pause"): failing(open_circuit, METRIC, REFUSED, lambda request: True),
    (GRANT, "IsWaitedFor", "Done"): with_slots(granting, limit=0),
    (GRANT, "IsWaitedFor", "WaitASecond"): failing(
        with_slots(granting, limit=0), HEARTBEAT, THROTTLED, lambda request: True
    ),
    (GRANT, "AcquireSlot", "Pause"): failing(granting, UPDATE, CONDITION, body(b":call_ends")),
    (GRANT, "Answer", "NobodyWaits"): granting,
    (GRANT, "Answer", "AskAgain"): unheard_once,
    (GRANT, "Undo", "Done"): swept(failing(granting, UPDATE, REFUSED, body(b":before"))),
    (GRANT, "Refuse", "Done"): unknown_model,
}
