"""Calls of pipes to their targets: whole batches for functions and machines, else per record."""

from __future__ import annotations

import json
from typing import Any

from embedded_aws.dataplane.messaging import internal, queues, templates
from embedded_aws.dataplane.messaging.internal import Caller, CallFailed
from embedded_aws.dataplane.messaging.pipe_definition import invocation_type
from embedded_aws.dataplane.messaging.records import Record, failed_items
from embedded_aws.dataplane.targets import target_service

Pipe = dict[str, Any]
Batch = list[Record]


async def deliver(pipe: Pipe, caller: Caller, records: list[Record], now: str) -> set[str]:
    """Brings a batch to the target; ids of the messages that failed. Raises CallFailed.

    now  the time as `aws.pipes.event.ingestion-time` shows it
    """
    inputs = _inputs(pipe, records, now)
    call = {"states": _machine, "lambda": _function, "sqs": _queue, "sns": _topic}
    return await call[target_service(pipe["Target"])](pipe, caller, records, inputs)


def _inputs(pipe: Pipe, records: list[Record], now: str) -> list[Any]:
    template = (pipe.get("TargetParameters") or {}).get("InputTemplate")
    if not template:
        return list(records)
    reserved = {
        "pipe-arn": pipe["Arn"],
        "pipe-name": pipe["Name"],
        "source-arn": pipe["Source"],
        "target-arn": pipe["Target"],
        "event.ingestion-time": now,
    }
    return [templates.filled(template, record, reserved) for record in records]


async def _machine(
    pipe: Pipe, caller: Caller, records: list[Record], inputs: list[Any]
) -> set[str]:
    request = {"stateMachineArn": pipe["Target"], "input": _json(inputs)}
    if invocation_type(pipe) == "FIRE_AND_FORGET":
        await internal.call(caller, "states", "StartExecution", pipe["Target"], request)
        return set()
    ended = await internal.call(caller, "states", "StartSyncExecution", pipe["Target"], request)
    if ended["status"] != "SUCCEEDED":
        raise CallFailed(ended.get("error") or ended["status"], ended.get("cause") or "")
    return failed_items(json.loads(ended["output"]), records)


async def _function(
    pipe: Pipe, caller: Caller, records: list[Record], inputs: list[Any]
) -> set[str]:
    wait = invocation_type(pipe) == "REQUEST_RESPONSE"
    answer = await internal.invoke(caller, pipe["Target"], _json(inputs), wait)
    return failed_items(answer, records) if wait else set()


async def _queue(pipe: Pipe, caller: Caller, records: Batch, inputs: list[Any]) -> set[str]:
    own = (pipe.get("TargetParameters") or {}).get("SqsQueueParameters") or {}
    entries = []
    for number, (record, value) in enumerate(zip(records, inputs, strict=True)):
        entry = {"Id": str(number), "MessageBody": _text(value)}
        for name in ("MessageGroupId", "MessageDeduplicationId"):
            if own.get(name):
                entry[name] = _dynamic(own[name], record)
        entries.append(entry)
    request = {"QueueUrl": queues.url_of(pipe["Target"]), "Entries": entries}
    answer = await internal.call(caller, "sqs", "SendMessageBatch", pipe["Target"], request)
    return {records[int(entry["Id"])]["messageId"] for entry in answer.get("Failed") or []}


async def _topic(pipe: Pipe, caller: Caller, records: Batch, inputs: list[Any]) -> set[str]:
    failed = set()
    for record, value in zip(records, inputs, strict=True):
        try:
            await internal.publish(caller, pipe["Target"], _text(value))
        except CallFailed:
            failed.add(record["messageId"])
            if len(failed) == len(records):
                raise
    return failed


def _dynamic(setting: str, record: Record) -> str:
    """A parameter that is a path takes its value from the record."""
    value = templates.at_path(setting, record) if setting.startswith("$.") else setting
    return value if isinstance(value, str) else _json(value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else _json(value)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
