"""Slots and circuit breaker: grant_slot on the real table, queue and pipe."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from embedded_aws.model.faults import Target
from tests.queue_stack import (
    SLOT_REQUESTS,
    SLOTS_TABLE,
    job,
    owners,
    queue_url,
    send_jobs,
    set_limit,
    settle,
    slot_items,
    slot_writes,
)
from tests.stack import Run, Stack, new_hour, new_posting, posting_input
from tests.workflows.ceiling import today
from tests.workflows.definitions import redefined

pytestmark = pytest.mark.xdist_group("queue")

MODEL = "offline-rules-v1"
NO_CEILING = "'' = '' ? 'free' : 'unknown'"
NO_NUMBER = "$number('')"


@pytest.fixture(autouse=True)
def five_slots(stack: Stack) -> Iterator[None]:
    """Five slots, and a closed circuit, before and after."""
    _put(stack, limit=5, failures=0, trial_until=0)
    yield
    settle(stack)
    _put(stack, limit=5, failures=0, trial_until=0)


def _put(stack: Stack, **numbers: int) -> None:
    names = list(numbers)
    stack.client("dynamodb").update_item(
        TableName=SLOTS_TABLE,
        Key={"pk": {"S": "slots"}, "sk": {"S": MODEL}},
        UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in names),
        ExpressionAttributeNames={f"#{name}": name for name in names},
        ExpressionAttributeValues={f":{name}": {"N": str(numbers[name])} for name in names},
    )


def item(stack: Stack) -> dict[str, Any]:
    return slot_items(stack)[MODEL]


def spent(stack: Stack) -> float:
    """USD of all days."""
    days = item(stack).get("spent", {"M": {}})["M"].values()
    return sum(float(day["N"]) for day in days)


def enrich(stack: Stack, count: int) -> list[Run]:
    """So many postings, all started before the first goes on."""
    with stack.aws.clock.hold():
        requests = [posting_input(new_posting(), new_hour()) for _ in range(count)]
        arns = [stack.start("enrich_posting", request) for request in requests]
    return [stack.ended(arn) for arn in arns]


@contextmanager
def priced(stack: Stack, usd: float) -> Iterator[None]:
    """Every pass costs so much per million tokens."""
    s3, bucket = stack.client("s3"), stack.outputs["artifacts_bucket"]
    (entry,) = s3.list_objects_v2(Bucket=bucket, Prefix="config/passes/")["Contents"]
    where = {"Bucket": bucket, "Key": entry["Key"]}
    original = s3.get_object(**where)["Body"].read()
    compiled = json.loads(original)
    for one in compiled["passes"]:
        one["price"] = {"input": usd, "output": usd}
    s3.put_object(**where, Body=json.dumps(compiled))
    try:
        yield
    finally:
        s3.put_object(**where, Body=original)


def metric(stack: Stack, name: str, **dimensions: str) -> float:
    """The sum of a metric over all time."""
    dimensions = {"Stack": "local", **dimensions}
    answer = stack.client("cloudwatch").get_metric_statistics(
        Namespace="DataEngineerJobs/AIEnrichment",
        MetricName=name,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        StartTime=stack.aws.clock.now() - 40_000,
        EndTime=stack.aws.clock.now() + 60,
        Period=86_400,
        Statistics=["Sum"],
    )
    return float(sum(point["Sum"] for point in answer["Datapoints"]))


def messages(stack: Stack) -> list[dict[str, Any]]:
    """Looks at the requests that nobody handles."""
    got = stack.client("sqs").receive_message(
        QueueUrl=queue_url(stack, SLOT_REQUESTS), MaxNumberOfMessages=10, VisibilityTimeout=0
    )
    return [json.loads(message["Body"]) for message in got.get("Messages", ())]


def request(stack: Stack, **fields: Any) -> None:
    """Asks for a slot by hand."""
    body = {"model": MODEL, "shard": MODEL, "call": "a-call", "token": "no-token", **fields}
    stack.client("sqs").send_message(
        QueueUrl=queue_url(stack, SLOT_REQUESTS),
        MessageBody=json.dumps(body),
        MessageGroupId=body["shard"],
        MessageDeduplicationId=f"by-hand-{stack.aws.clock.now()}-{body['call']}",
    )


# --- the limit


def test_never_more_calls_than_slots_and_none_in_the_end(stack: Stack) -> None:
    set_limit(stack, 2)
    stack.aws.model.faults.stall_between(8, 40, seed=3)

    with slot_writes(stack) as writes:
        runs = enrich(stack, 6)

    assert {run.output["outcome"] for run in runs} == {"COMPLETED"}
    assert max(write.owners for write in writes) == 2
    assert owners(stack) == {}
    assert len(granted(writes)) == 18


def test_a_lower_limit_lets_the_calls_end_that_hold_a_slot(stack: Stack) -> None:
    stack.aws.model.faults.stall(30, times=None)
    with slot_writes(stack) as writes:
        with stack.aws.clock.hold():
            send_jobs(stack, [job(new_posting(), new_hour()) for _ in range(8)])
        while not writes:
            time.sleep(0.01)
        set_limit(stack, 1)
        lowered = len(writes)
        settle(stack)

    later = [write.owners for write in writes[lowered:]]
    rising = [now for before, now in itertools.pairwise(later) if now > before]
    assert rising
    assert max(rising) <= 1
    assert owners(stack) == {}


def test_a_call_that_waits_longer_than_an_execution_of_the_granter_is_asked_for_again(
    stack: Stack,
) -> None:
    set_limit(stack, 0)
    with stack.aws.clock.hold():
        started = stack.aws.clock.now()
        arn = stack.start("enrich_posting", posting_input(new_posting(), new_hour()))
    while stack.aws.clock.now() < started + 600:
        time.sleep(0.01)
    set_limit(stack, 5)

    run = stack.ended(arn)
    assert run.output["outcome"] == "COMPLETED"
    assert run.entered.count("AcquireSlot") == 3
    assert run.of("TaskTimedOut") == []


def test_a_model_without_slots_is_refused_at_once(stack: Stack) -> None:
    with redefined(stack, "enrich_posting", "$passes[$i].model & (", "'unknown-model' & ("):
        (run,) = enrich(stack, 1)

    assert run.output["outcome"] == "DEFERRED"
    failed, _ = run.of("TaskFailed")  # the other one is the release of what was never granted
    assert failed["taskFailedEventDetails"]["error"] == "ModelWithoutSlots"


# --- requests that nobody waits for


def test_a_slot_for_a_dead_token_is_given_back(stack: Stack) -> None:
    with slot_writes(stack) as writes:
        request(stack)
        settle(stack)

    assert [write.owners for write in writes] == [1, 0]
    assert item(stack)["trial_until"] == {"N": "0"}
    assert messages(stack) == []


def test_a_dead_request_does_not_hold_up_the_line(stack: Stack) -> None:
    set_limit(stack, 0)
    before = stack.aws.clock.now()

    request(stack)
    settle(stack)

    assert stack.aws.clock.now() - before < 5
    assert messages(stack) == []
    assert owners(stack) == {}


def repeated_request(stack: Stack) -> bool:
    """Asks once more for the call that has a slot, while no time passes; False if none has."""
    with stack.aws.clock.hold():
        running = owners(stack)
        for call in running:
            request(stack, call=call)
    return bool(running)


def test_a_late_copy_of_a_request_does_not_free_the_running_call(stack: Stack) -> None:
    stack.aws.model.faults.stall(30)
    arn = stack.start("enrich_posting", posting_input(new_posting(), new_hour()))
    with slot_writes(stack) as writes:
        while not repeated_request(stack):
            time.sleep(0.01)
        run = stack.ended(arn)
        settle(stack)

    assert run.output["outcome"] == "COMPLETED"
    assert run.of("TaskFailed") == []  # its own release found the slot
    assert max(write.owners for write in writes) == 1


# --- the circuit


def circuit(stack: Stack) -> tuple[int, int]:
    """(failures in a row, seconds until the trial call)."""
    found = item(stack)
    left = int(found["trial_until"]["N"]) - int(stack.aws.clock.now())
    return int(found["failures"]["N"]), left


def test_five_throttles_in_a_row_open_the_circuit_and_a_trial_closes_it(stack: Stack) -> None:
    stack.aws.model.faults.throttle(times=5)
    before = metric(stack, "CircuitOpen", Model=MODEL)
    started = stack.aws.clock.now()

    with slot_writes(stack) as writes:
        runs = enrich(stack, 5)

    assert {run.output["outcome"] for run in runs} == {"COMPLETED"}
    grants = granted(writes)
    assert [at - started < 1 for at in grants[:5]] == [True] * 5
    assert grants[5] - started >= 60  # the trial
    assert grants[6] > grants[5]
    assert metric(stack, "CircuitOpen", Model=MODEL) > before
    assert item(stack)["failures"] == {"N": "0"}


def granted(writes: list[Any]) -> list[float]:
    """The times of all grants."""
    counts = [0, *(write.owners for write in writes)]
    steps = zip(writes, counts, counts[1:], strict=False)
    return [write.at for write, before, now in steps if now > before]


def test_a_trial_that_fails_opens_it_for_another_minute(stack: Stack) -> None:
    _put(stack, failures=5, trial_until=int(stack.aws.clock.now()) + 10)
    stack.aws.model.faults.throttle(times=1)

    with slot_writes(stack) as writes:
        (run,) = enrich(stack, 1)

    assert run.output["outcome"] == "COMPLETED"
    grants = granted(writes)
    assert grants[1] - grants[0] > 60
    assert item(stack)["failures"] == {"N": "0"}


def test_an_open_circuit_lets_one_trial_through(stack: Stack) -> None:
    stack.aws.model.faults.stall(30, times=None)
    _put(stack, failures=5, trial_until=int(stack.aws.clock.now()) - 1)

    with slot_writes(stack) as writes:
        enrich(stack, 4)

    first_release = next(n for n, write in enumerate(writes) if write.owners == 0)
    assert max(write.owners for write in writes[:first_release]) == 1
    assert max(write.owners for write in writes) > 1


@pytest.mark.parametrize(
    ("fault", "counted"),
    [
        ("ThrottlingException", 1),
        ("ServiceUnavailableException", 1),
        ("ModelTimeoutException", 1),
        ("ModelNotReadyException", 1),
        ("InternalServerException", 1),
        ("ValidationException", 0),
        ("AccessDeniedException", 0),
    ],
)
def test_what_counts_as_a_failure_of_the_model(stack: Stack, fault: str, counted: int) -> None:
    stack.aws.model.faults.fail(fault, times=None, target=Target(pass_name="pass1"))
    _put(stack, limit=1)
    with redefined(stack, "enrich_posting", "$throttles <= 5", "$throttles <= 0"):
        enrich(stack, 1)

    failures, _ = circuit(stack)
    assert failures == counted
    assert owners(stack) == {}


def test_a_text_that_is_no_result_does_not_count(stack: Stack) -> None:
    stack.aws.model.faults.malformed(times=3)
    _put(stack, failures=4)

    (run,) = enrich(stack, 1)

    assert run.output["outcome"] == "FAILED"
    assert item(stack)["failures"] == {"N": "0"}


def test_a_call_that_takes_too_long_does_not_count(stack: Stack) -> None:
    stack.aws.model.faults.stall(1000, times=3)
    _put(stack, failures=2)

    (run,) = enrich(stack, 1)

    assert run.output["outcome"] == "FAILED"
    assert item(stack)["failures"] == {"N": "2"}
    assert owners(stack) == {}


# --- spending


def test_a_release_adds_what_the_call_cost(stack: Stack) -> None:
    before = spent(stack)
    with priced(stack, 10.0):
        (run,) = enrich(stack, 1)

    costs = [entry["cost"] for entry in run.output["passes"]]
    assert min(costs) > 0.01
    assert spent(stack) - before == pytest.approx(sum(costs))


def test_a_ceiling_stops_grants_until_it_is_lifted(stack: Stack) -> None:
    day = today(stack)
    with (
        redefined(stack, "grant_slot", NO_CEILING, "'unknown'"),
        redefined(stack, "grant_slot", NO_NUMBER, "1"),
    ):
        enrich(stack, 1)
        _spend(stack, day, "1.5")
        before = metric(stack, "SpendCeilingReached")
        with stack.aws.clock.hold():
            started = stack.aws.clock.now()
            arn = stack.start("enrich_posting", posting_input(new_posting(), new_hour()))
        while stack.aws.clock.now() < started + 30:
            assert owners(stack) == {}
        _lift(stack, day)
        run = stack.ended(arn)

    assert run.output["outcome"] == "COMPLETED"
    assert metric(stack, "SpendCeilingReached") == before + 1
    stack.client("dynamodb").delete_item(TableName=SLOTS_TABLE, Key=CONTROL)
    _spend(stack, day, "0")


CONTROL = {"pk": {"S": "slots-control"}, "sk": {"S": "spend"}}


def _spend(stack: Stack, day: str, usd: str) -> None:
    stack.client("dynamodb").update_item(
        TableName=SLOTS_TABLE,
        Key={"pk": {"S": "slots"}, "sk": {"S": MODEL}},
        UpdateExpression="SET spent.#day = :usd",
        ExpressionAttributeNames={"#day": day},
        ExpressionAttributeValues={":usd": {"N": usd}},
    )


def _lift(stack: Stack, day: str) -> None:
    stack.client("dynamodb").update_item(
        TableName=SLOTS_TABLE,
        Key=CONTROL,
        UpdateExpression="SET lifted = :days",
        ExpressionAttributeValues={":days": {"M": {day: {"S": "a test"}}}},
    )
