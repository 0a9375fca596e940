"""What a pipe may be: requests to create or update one are checked here, refusals by name."""

from __future__ import annotations

from typing import Any

from embedded_aws.dataplane.credentials import trusts
from embedded_aws.dataplane.messaging import records, templates
from embedded_aws.dataplane.targets import target_service

Request = dict[str, Any]

PRINCIPAL = "pipes.amazonaws.com"
TARGETS = ("states", "lambda", "sqs", "sns")
DEFAULT_BATCH = 10
RECEIVE = 10  # the most that SQS gives or takes at once
LARGEST_BATCH = 10_000  # of a standard queue with a window
LONGEST_WINDOW = 300

_FIELDS = {
    "Name", "Description", "DesiredState", "Source", "SourceParameters", "Target",
    "TargetParameters", "RoleArn", "Tags",
}  # fmt: skip
_SOURCE = {"SqsQueueParameters", "FilterCriteria"}
_OF_TARGET = {
    "states": "StepFunctionStateMachineParameters",
    "lambda": "LambdaFunctionParameters",
    "sqs": "SqsQueueParameters",
    "sns": "",
}


class Refused(Exception):
    """A ValidationException: one sentence."""


def check(pipe: Request, machine_type: str | None) -> None:
    """A whole pipe, as created or as it would be after an update. Raises Refused.

    machine_type  STANDARD or EXPRESS if the target is an existing state machine
    """
    _only(pipe, _FIELDS, "pipes with")
    for required in ("Source", "Target", "RoleArn"):
        if not pipe.get(required):
            raise Refused(f"{required} is required.")
    if pipe["Source"].split(":")[2:3] != ["sqs"]:
        raise Refused(f"The embedded AWS has no pipes from {pipe['Source']}: only from SQS queues.")
    if not trusts(pipe["RoleArn"], PRINCIPAL, pipe.get("Arn")):
        raise Refused(f"The role {pipe['RoleArn']} cannot be assumed by principal '{PRINCIPAL}'.")
    _check_source(pipe.get("SourceParameters") or {}, pipe["Source"], pipe["Target"])
    _check_target(pipe.get("TargetParameters") or {}, pipe["Target"], machine_type)


def batch_size(pipe: Request) -> int:
    """Messages in a batch at most."""
    return int(_queue_parameters(pipe).get("BatchSize") or DEFAULT_BATCH)


def window(pipe: Request) -> float:
    """Seconds that a batch waits for more messages."""
    return float(_queue_parameters(pipe).get("MaximumBatchingWindowInSeconds") or 0)


def patterns(source_parameters: Request) -> list[records.Pattern]:
    """The compiled filters. Raises Refused."""
    filters = (source_parameters.get("FilterCriteria") or {}).get("Filters") or []
    try:
        return [records.compiled(entry.get("Pattern", "")) for entry in filters]
    except ValueError as error:
        raise Refused(f"{error}.") from error


def invocation_type(pipe: Request) -> str:
    """REQUEST_RESPONSE or FIRE_AND_FORGET, of a state machine or function."""
    parameters = pipe.get("TargetParameters") or {}
    own = parameters.get(_OF_TARGET[target_service(pipe["Target"])]) or {}
    return str(own.get("InvocationType") or "REQUEST_RESPONSE")


def _queue_parameters(pipe: Request) -> Request:
    parameters = (pipe.get("SourceParameters") or {}).get("SqsQueueParameters")
    return dict(parameters or {})


def _check_source(parameters: Request, source: str, target: str) -> None:
    _only(parameters, _SOURCE, "pipes with SourceParameters.")
    patterns(parameters)
    pipe = {"SourceParameters": parameters}
    size, seconds = batch_size(pipe), window(pipe)
    largest = RECEIVE if source.endswith(".fifo") or not seconds else LARGEST_BATCH
    if target_service(target) in ("sqs", "sns"):
        largest = RECEIVE
    if not 1 <= size <= largest:
        raise Refused(
            f"BatchSize must be between 1 and {largest}; above {RECEIVE} it needs a batching "
            "window of a standard queue and a target that takes whole batches."
        )
    if not 0 <= seconds <= LONGEST_WINDOW:
        raise Refused(f"MaximumBatchingWindowInSeconds must be between 0 and {LONGEST_WINDOW}.")
    if seconds and source.endswith(".fifo"):
        raise Refused("MaximumBatchingWindowInSeconds is not supported for FIFO queues.")


def _check_target(parameters: Request, target: str, machine_type: str | None) -> None:
    service = target_service(target)
    if service not in TARGETS:
        raise Refused(
            f"The embedded AWS has no pipes to {target}: targets may be of {', '.join(TARGETS)}."
        )
    if service == "sns" and target.endswith(".fifo"):
        raise Refused("SNS FIFO topics are not supported as a pipe target.")
    own = _OF_TARGET[service]
    _only(parameters, {"InputTemplate", own}, f"pipes to {service} with TargetParameters.")
    try:
        templates.check(parameters.get("InputTemplate") or "")
    except ValueError as error:
        raise Refused(str(error)) from error
    _check_own(parameters.get(own) or {}, service, target, machine_type)


def _check_own(own: Request, service: str, target: str, machine_type: str | None) -> None:
    """The parameters of the target's own service."""
    kind = own.get("InvocationType") or "REQUEST_RESPONSE"
    if machine_type == "STANDARD" and kind != "FIRE_AND_FORGET":
        raise Refused(
            "InvocationType REQUEST_RESPONSE is not supported for STANDARD state machines."
        )
    if service == "sqs" and target.endswith(".fifo") and not own.get("MessageGroupId"):
        raise Refused("MessageGroupId is required for a FIFO queue as target.")
    for name in ("MessageGroupId", "MessageDeduplicationId"):
        try:
            templates.at_path(own[name], {"body": ""}) if _is_path(own.get(name)) else None
        except ValueError as error:
            raise Refused(f"{name}: {error}") from error


def _is_path(setting: str | None) -> bool:
    return (setting or "").startswith("$")


def _only(given: Request, known: set[str], where: str) -> None:
    unknown = sorted(name for name, value in given.items() if value and name not in known)
    if unknown:
        space = "" if where.endswith(".") else " "
        raise Refused(f"The embedded AWS has no {where}{space}{', '.join(unknown)}.")
