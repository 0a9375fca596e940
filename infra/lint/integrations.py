"""What a workflow calls, and the IAM actions that its role needs for it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from embedded_aws.stepfunctions.integrations import actions

# Actions that every workflow's role has whatever its states call: logging and tracing.
DELIVERY = frozenset(
    {
        "logs:CreateLogDelivery",
        "logs:DeleteLogDelivery",
        "logs:DescribeLogGroups",
        "logs:DescribeResourcePolicies",
        "logs:GetLogDelivery",
        "logs:ListLogDeliveries",
        "logs:PutResourcePolicy",
        "logs:UpdateLogDelivery",
        "xray:GetSamplingRules",
        "xray:GetSamplingTargets",
        "xray:PutTelemetryRecords",
        "xray:PutTraceSegments",
    }
)

DISTRIBUTED_MAP = frozenset(
    {
        "states:DescribeExecution",
        "states:RedriveExecution",
        "states:StartExecution",
        "states:StopExecution",
    }
)
RESULT_WRITER = frozenset(
    {"s3:AbortMultipartUpload", "s3:ListMultipartUploadParts", "s3:PutObject"}
)


@dataclass(frozen=True)
class Use:
    """One call that a workflow makes, by the state that makes it."""

    state: str
    integration: str
    actions: frozenset[str]


def uses(definition: str) -> list[Use]:
    """Every integration of a definition: tasks, item readers, result writers, map runs."""
    return [use for name, state in _states(json.loads(definition)) for use in _uses_of(name, state)]


def needed(definition: str) -> frozenset[str]:
    """All actions that the role of a workflow needs, delivery included."""
    return DELIVERY.union(*(use.actions for use in uses(definition)))


def _states(machine: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, state in machine["States"].items():
        yield name, state
        for inner in [state.get("ItemProcessor"), *state.get("Branches", [])]:
            if inner:
                yield from _states(inner)


def _uses_of(name: str, state: Mapping[str, Any]) -> Iterator[Use]:
    if state["Type"] == "Task":
        yield Use(name, _short(state["Resource"]), _task_actions(state))
    mode = state.get("ItemProcessor", {}).get("ProcessorConfig", {}).get("Mode")
    if mode == "DISTRIBUTED":
        yield Use(name, "distributed map", DISTRIBUTED_MAP)
    if "ItemReader" in state:
        reader = _short(state["ItemReader"]["Resource"])
        yield Use(name, f"item reader {reader}", frozenset(actions(f"aws-sdk:{reader}")))
    if "ResultWriter" in state:
        yield Use(name, "result writer", RESULT_WRITER)


def _short(resource: str) -> str:
    return resource.removeprefix("arn:aws:states:::")


def _task_actions(state: Mapping[str, Any]) -> frozenset[str]:
    needs = frozenset(actions(state["Resource"], state["Arguments"]))
    if needs == {"s3:GetObject"} and _expects_missing_key(state):
        return needs | {"s3:ListBucket"}  # without it a missing key is AccessDenied
    return needs


def _expects_missing_key(state: Mapping[str, Any]) -> bool:
    return any(
        "S3.NoSuchKeyException" in catcher["ErrorEquals"] for catcher in state.get("Catch", [])
    )
