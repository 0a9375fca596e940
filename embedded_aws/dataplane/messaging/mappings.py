"""Event source mappings from SQS to functions: checked here, kept by ministack."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from embedded_aws.dataplane import ministack
from embedded_aws.dataplane.messaging import internal, queues, records
from embedded_aws.dataplane.messaging.consumer import Handle, Source
from embedded_aws.dataplane.messaging.internal import Caller, CallFailed, Role
from embedded_aws.dataplane.messaging.records import Record, failed_items

Mapping = dict[str, Any]
Refusal = tuple[str, str]  # code and message

PRINCIPAL = "lambda.amazonaws.com"
CONCURRENCY = 5  # batches at once where no MaximumConcurrency is set: AWS starts with as many
RECEIVE = 10
LARGEST_BATCH = 10_000
LONGEST_WINDOW = 300
_NEEDED = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
_PATH = re.compile(r"/2015-03-31/event-source-mappings/?(?P<id>[^/]*)/?")
_FIELDS = {
    "EventSourceArn", "FunctionName", "Enabled", "BatchSize", "FilterCriteria", "ScalingConfig",
    "MaximumBatchingWindowInSeconds", "FunctionResponseTypes", "Tags",
}  # fmt: skip


def guard(method: str, path: str, headers: dict[str, str], body: Mapping) -> Refusal | None:
    """Why a mapping may not be created or updated like this, None if it may."""
    found = _PATH.fullmatch(path)
    if found is None or method not in ("POST", "PUT"):
        return None
    lambda_svc = ministack.service("lambda_svc")
    stored = lambda_svc._esms.get(found["id"]) if found["id"] else {}
    if stored is None:
        return None  # ministack says that there is none
    whole = {**{name: stored[name] for name in _FIELDS if name in stored}, **body}
    return _unknown(whole) or _limits(whole) or _rights(whole)


def _invalid(message: str) -> Refusal:
    return "InvalidParameterValueException", message


def _unknown(mapping: Mapping) -> Refusal | None:
    source = str(mapping.get("EventSourceArn", ""))
    if source.split(":")[2:3] != ["sqs"]:
        return _invalid(
            f"The embedded AWS has no event source mappings from {source}: only from SQS queues."
        )
    unknown = sorted(name for name, value in mapping.items() if value and name not in _FIELDS)
    if unknown:
        return _invalid(f"The embedded AWS has no event source mappings with {', '.join(unknown)}.")
    return None


def _limits(mapping: Mapping) -> Refusal | None:
    size = int(mapping.get("BatchSize") or RECEIVE)
    window = int(mapping.get("MaximumBatchingWindowInSeconds") or 0)
    fifo = mapping["EventSourceArn"].endswith(".fifo")
    if not 1 <= size <= (RECEIVE if fifo else LARGEST_BATCH):
        return _invalid(f"Batch size must be between 1 and {RECEIVE if fifo else LARGEST_BATCH}.")
    if size > RECEIVE and not window:
        return _invalid(
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is "
            "greater than 10"
        )
    if window and fifo:
        return _invalid("Batching window is not supported for FIFO queues")
    if not 0 <= window <= LONGEST_WINDOW:
        return _invalid(f"Batching window must be between 0 and {LONGEST_WINDOW} seconds.")
    try:
        _patterns(mapping)
    except ValueError as error:
        return _invalid(str(error))
    return None


def _rights(mapping: Mapping) -> Refusal | None:
    """The function's role must be able to read the queue, and the queue wait for the function."""
    lambda_svc = ministack.service("lambda_svc")
    _, config, _ = lambda_svc._get_func_record_for_ref(mapping.get("FunctionName", ""))
    if not config:
        return None  # ministack says that there is none
    source = mapping["EventSourceArn"]
    queue = queues.queue_by_arn(source)
    if queue is None:
        message = f"Error occurred while ReceiveMessage. SQS Error Code: {_NO_QUEUE}."
        return _invalid(f"{message} SQS Error Message: The specified queue does not exist.")
    for name in _NEEDED:
        try:
            _role(config).authorize(f"sqs:{name}", source)
        except CallFailed:
            return _invalid(
                f"The function execution role does not have permissions to call {name} on SQS"
            )
    visibility = int(queue["attributes"]["VisibilityTimeout"])
    if visibility < int(config["Timeout"]):
        return _invalid(
            f"Queue visibility timeout: {visibility} seconds is less than Function timeout: "
            f"{config['Timeout']} seconds"
        )
    return None


_NO_QUEUE = "AWS.SimpleQueueService.NonExistentQueue"


def _role(config: Mapping) -> Role:
    return Role(config["Role"], PRINCIPAL, config["FunctionName"])


def _patterns(mapping: Mapping) -> list[records.Pattern]:
    filters = (mapping.get("FilterCriteria") or {}).get("Filters") or []
    return [records.compiled(entry.get("Pattern", "")) for entry in filters]


# --- running


def running_mappings() -> dict[str, Mapping]:
    """Settings of all enabled mappings from queues, by id."""
    stored = ministack.service("lambda_svc")._esms._data.values()
    return {
        mapping["UUID"]: _settings(mapping)
        for mapping in stored
        if mapping["State"] == "Enabled" and ":sqs:" in mapping["EventSourceArn"]
    }


def _settings(stored: Mapping) -> Mapping:
    names = (_FIELDS - {"Tags"}) | {"UUID", "FunctionArn"}
    return {name: stored[name] for name in sorted(names) if name in stored}


def prepare(mapping: Mapping, note: Callable[[str, str], None]) -> tuple[Caller, Source, Handle]:
    """What a consumer needs; `note` is told (mapping id, what a batch came to)."""
    caller = _FunctionsRole(mapping["FunctionArn"])
    scaling = mapping.get("ScalingConfig") or {}
    source = Source(
        queue_arn=mapping["EventSourceArn"],
        batch_size=int(mapping.get("BatchSize") or RECEIVE),
        window=float(mapping.get("MaximumBatchingWindowInSeconds") or 0),
        concurrency=int(scaling.get("MaximumConcurrency") or CONCURRENCY),
        patterns=_patterns(mapping),
    )
    partly = "ReportBatchItemFailures" in (mapping.get("FunctionResponseTypes") or [])

    async def handle(batch: list[Record]) -> set[str]:
        event = json.dumps({"Records": batch}, ensure_ascii=False)
        try:
            answer = await internal.invoke(caller, mapping["FunctionArn"], event, wait=True)
            failed = failed_items(answer, batch) if partly else set()
        except CallFailed as error:
            note(mapping["UUID"], f"PROBLEM: {error}")
            raise
        note(mapping["UUID"], f"OK, {len(failed)} of {len(batch)} failed" if failed else "OK")
        return failed

    return caller, source, handle


class _FunctionsRole:
    """The role that the function has at the moment of the call; Lambda invokes without one."""

    def __init__(self, function_arn: str) -> None:
        self._function_arn = function_arn

    @property
    def headers(self) -> dict[str, str]:
        return self._role().headers

    def authorize(self, action: str, resource: str) -> None:
        if action != "lambda:InvokeFunction":
            self._role().authorize(action, resource)

    def _role(self) -> Role:
        with ministack.request_scope():
            lambda_svc = ministack.service("lambda_svc")
            _, config, _ = lambda_svc._get_func_record_for_ref(self._function_arn)
        if not config:
            raise CallFailed("ResourceNotFoundException", f"no function {self._function_arn}", 404)
        return _role(config)
