"""EventBridge Pipes: ministack keeps and lists them, here they are checked, completed and run."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from embedded_aws.dataplane import ministack
from embedded_aws.dataplane.messaging import internal, pipe_definition, pipe_targets
from embedded_aws.dataplane.messaging.consumer import Handle, Source
from embedded_aws.dataplane.messaging.internal import Caller, CallFailed, Role
from embedded_aws.dataplane.messaging.pipe_definition import PRINCIPAL, Refused
from embedded_aws.dataplane.messaging.records import Record
from embedded_aws.dataplane.states import Handler, Response

Pipe = dict[str, Any]

CONCURRENCY = 1250  # batches of a standard queue at once; AWS starts with 5 and grows to this
NEEDED = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
_PATH = "/v1/pipes/"


def pipes_handler(original: Handler) -> Handler:
    """ministack's handler, with what it forgets and does not check."""

    async def handle(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
    ) -> Response:
        name, _, verb = unquote(path.removeprefix(_PATH)).partition("/")
        if not path.startswith(_PATH):
            return await original(method, path, headers, body, query)
        given = json.loads(body) if body else {}
        if method in ("POST", "PUT") and not verb:
            refusal = await _refusal(name, given, method == "POST")
            if refusal is not None:
                return refusal
        status, answered, content = await original(method, path, headers, body, query)
        stored = _stored(name)
        if status >= 400 or stored is None:
            return status, answered, content
        if method in ("POST", "PUT") and not verb:
            _complete(stored, given)
        if method in ("POST", "PUT"):
            _start(stored, {"start": "START", "stop": "STOP"}.get(verb) or _KINDS[method])
        return status, answered, _shown(stored, json.loads(content), method)

    return handle


_KINDS = {"POST": "CREATE", "PUT": "UPDATE"}


def _stored(name: str) -> Pipe | None:
    found: Pipe | None = ministack.service("pipes")._pipes.get(name)
    return found


async def _refusal(name: str, given: Pipe, new: bool) -> Response | None:
    stored = _stored(name)
    if new == (stored is not None):
        return None  # ministack says that it exists, or that it does not
    whole = given if new else {**_settings(stored or {}), **_merged(stored or {}, given)}
    try:
        machine_type = await internal.machine_type(whole.get("Target", ""))
        pipe_definition.check(whole, machine_type)
    except Refused as refused:
        answer = {"__type": "ValidationException", "message": str(refused)}
        headers = {"Content-Type": "application/json", "x-amzn-errortype": "ValidationException"}
        return 400, headers, json.dumps(answer).encode()
    return None


def _settings(stored: Pipe) -> Pipe:
    names = ("Source", "Target", "RoleArn", "SourceParameters", "TargetParameters")
    return {name: stored[name] for name in names if name in stored}


def _merged(stored: Pipe, given: Pipe) -> Pipe:
    """An update's parameters: those of the source are changed one by one, the target's replaced."""
    source = {**(stored.get("SourceParameters") or {}), **(given.get("SourceParameters") or {})}
    return {**given, "SourceParameters": source}


def _complete(stored: Pipe, given: Pipe) -> None:
    """Keeps what ministack forgets."""
    stored["SourceParameters"] = _merged(stored, given)["SourceParameters"]
    queue = stored["SourceParameters"].setdefault("SqsQueueParameters", {})
    queue.setdefault("BatchSize", pipe_definition.DEFAULT_BATCH)
    if "TargetParameters" in given:
        stored["TargetParameters"] = given["TargetParameters"]


def _start(stored: Pipe, kind: str) -> None:
    """A pipe whose role may not read its queue does not run, and says why."""
    stored["CurrentState"], stored["StateReason"] = stored["DesiredState"], "USER_INITIATED"
    if stored["DesiredState"] != "RUNNING":
        return
    try:
        for action in NEEDED:
            _caller(stored).authorize(action, stored["Source"])
    except CallFailed as error:
        stored["CurrentState"], stored["StateReason"] = f"{kind}_FAILED", error.message


def _shown(stored: Pipe, answer: Pipe, method: str) -> bytes:
    if method == "GET":
        names = ("SourceParameters", "TargetParameters")
        answer.update({name: stored[name] for name in names if stored.get(name)})
        answer["StateReason"] = stored.get("StateReason", "")
    if method in ("POST", "PUT"):
        answer["CurrentState"] = stored["CurrentState"]
    return json.dumps(answer).encode()


# --- running


def running_pipes() -> dict[str, Pipe]:
    """Settings of all pipes that should run, by ARN."""
    stored = ministack.service("pipes")._pipes._data.values()
    return {
        pipe["Arn"]: {"Arn": pipe["Arn"], "Name": pipe["Name"], **_settings(pipe)}
        for pipe in stored
        if pipe["CurrentState"] == "RUNNING"
    }


def _caller(pipe: Pipe) -> Caller:
    return Role(pipe["RoleArn"], PRINCIPAL, pipe["Name"], pipe["Arn"])


def prepare(pipe: Pipe, now: Callable[[], float]) -> tuple[Caller, Source, Handle]:
    """What a consumer needs to run the pipe."""
    caller = _caller(pipe)
    source = Source(
        queue_arn=pipe["Source"],
        batch_size=pipe_definition.batch_size(pipe),
        window=pipe_definition.window(pipe),
        concurrency=CONCURRENCY,
        patterns=pipe_definition.patterns(pipe.get("SourceParameters") or {}),
    )

    async def handle(records: list[Record]) -> set[str]:
        at = datetime.fromtimestamp(now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return await pipe_targets.deliver(pipe, caller, records, at)

    return caller, source, handle
