"""Planned errors of services, and which of their calls they are for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from embedded_aws.dataplane.faults import Request
from embedded_aws.stepfunctions.history import Event
from embedded_aws.stepfunctions.store import Execution
from tests.stack import Run, Stack
from tests.taps import events_watched, state_entered

Matches = Callable[[Request], bool]

QUERY, UPDATE, THROUGHPUT = (
    "dynamodb:Query",
    "dynamodb:UpdateItem",
    "ProvisionedThroughputExceededException",
)
LIST, SLOW = "s3:ListBucket", "SlowDown"
INVOKE, MANY = "lambda:InvokeFunction", "TooManyRequestsException"
READ_TABLE, REGISTER, INTERNAL = (
    "glue:GetTable",
    "glue:BatchCreatePartition",
    "InternalServiceException",
)
START, METRIC, THROTTLED = (
    "states:StartExecution",
    "cloudwatch:PutMetricData",
    "ThrottlingException",
)


@dataclass(frozen=True)
class Case:
    """An error of `action` for the calls that match, and the run that meets it."""

    action: str
    code: str
    status: int
    matches: Matches
    run: Callable[[Stack], Run]


def plan(stack: Stack, case: Case) -> None:
    stack.aws.faults.fail(case.action, case.code, case.status, times=1, matches=case.matches)


def body(*parts: bytes) -> Matches:
    return lambda request: all(part in request.body for part in parts)


def resource(part: str) -> Matches:
    return lambda request: part in request.resource


def listing(suffix: str, delimited: bool) -> Matches:
    def matches(request: Request) -> bool:
        prefix = request.query.get("prefix", [""])[0]
        return prefix.endswith(suffix) and ("delimiter" in request.query) is delimited

    return matches


def day_of(root: str) -> Matches:
    def matches(request: Request) -> bool:
        prefix = request.query.get("prefix", [""])[0]
        return prefix.startswith(f"{root}year=") and "delimiter" not in request.query

    return matches


def hold(stack: Stack, pk: str, sk: str) -> None:
    """Lets another execution hold an item."""
    stack.client("dynamodb").put_item(
        TableName=stack.outputs["enrichment_status_table"],
        Item={
            "pk": {"S": pk},
            "sk": {"S": sk},
            "owner": {"S": "another"},
            "lease": {"N": "9999999999"},
        },
    )


# --- what happened


FAILURES = (
    "EvaluationFailed",
    "MapRunFailed",
    "MapStateFailed",
    "TaskFailed",
    "TaskSubmitFailed",
    "TaskTimedOut",
)


@dataclass
class Walks:
    """The events of executions by ARN, of Express ones too, which leave no history."""

    events: dict[str, list[Event]] = field(default_factory=lambda: defaultdict(list))

    @property
    def steps(self) -> set[tuple[str, str]]:
        """Each (state, the one entered right after it was left) of an execution.

        A map is left after the states inside it, so that its catch leads from the map.
        """
        found = set()
        for events in self.events.values():
            left = None
            for event in events:
                entered = state_entered(event)
                if entered is not None and left is not None:
                    found.add((left, entered))
                left = None if entered is not None else _state_left(event) or left
        return found

    @property
    def failed(self) -> list[str]:
        """The names of states whose call or map failed, once for each time."""
        found = []
        for events in self.events.values():
            state = ""
            for event in events:
                state = state_entered(event) or state
                if event.type in FAILURES:
                    found.append(state)
        return found


def _state_left(event: Event) -> str | None:
    if event.type.endswith("StateExited") and event.details is not None:
        return str(event.details["name"])
    return None


@contextmanager
def walks(stack: Stack) -> Iterator[Walks]:
    """What all executions do that start from here on."""
    found = Walks()

    def observe(execution: Execution, event: Event) -> None:
        found.events[execution.arn].append(event)

    with events_watched(stack.aws, observe):
        yield found
