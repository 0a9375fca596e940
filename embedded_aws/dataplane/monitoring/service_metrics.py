"""AWS/DynamoDB, AWS/Lambda and AWS/Bedrock: what calls come to, counted where they are answered."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from embedded_aws.dataplane import ministack
from embedded_aws.dataplane.states import Handler, Response

_FAILED_CHECK = "ConditionalCheckFailed"
_THROTTLES = ("ProvisionedThroughputExceededException", "ThrottlingException")
_INVOKE = re.compile(r"/model/(.+)/invoke")
_READS = ("GetItem", "BatchGetItem", "Query", "Scan", "TransactGetItems")


def record(namespace: str, name: str, value: float, unit: str, **dimensions: str) -> None:
    """One value, now on the engine's clock. Any thread."""
    with ministack.request_scope():
        cloudwatch = ministack.service("cloudwatch")
        cloudwatch.record_metric(namespace, name, float(value), unit, dimensions)


# --- DynamoDB


def counting_tables(handler: Handler) -> Handler:
    """Counts failed conditions, throttles and faults per table."""

    async def handle(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
    ) -> Response:
        answer = await handler(method, path, headers, body, query)
        if answer[0] >= 400:
            operation = headers.get("x-amz-target", "").rpartition(".")[2]
            _count_failure(answer, operation, json.loads(body or b"{}"))
        return answer

    return handle


def _count_failure(answer: Response, operation: str, request: dict[str, Any]) -> None:
    status, _, content = answer
    failure = json.loads(content or b"{}")
    code = str(failure.get("__type", "")).rpartition("#")[2]
    if code == f"{_FAILED_CHECK}Exception":
        _count("ConditionalCheckFailedRequests", {str(request.get("TableName")): 1})
    elif code == "TransactionCanceledException":
        _count("ConditionalCheckFailedRequests", _failed_checks(failure, request))
    elif code in _THROTTLES:
        kind = "ReadThrottleEvents" if operation in _READS else "WriteThrottleEvents"
        tables = dict.fromkeys(_tables(request), 1)
        _count(kind, tables)
        for table in tables:
            dimensions = {"TableName": table, "Operation": operation}
            record("AWS/DynamoDB", "ThrottledRequests", 1, "Count", **dimensions)
    elif status >= 500:
        for table in _tables(request):
            dimensions = {"TableName": table, "Operation": operation}
            record("AWS/DynamoDB", "SystemErrors", 1, "Count", **dimensions)


def _failed_checks(failure: dict[str, Any], request: dict[str, Any]) -> Mapping[str, int]:
    reasons = failure.get("CancellationReasons") or []
    members = [next(iter(item.values())) for item in request.get("TransactItems") or []]
    pairs = zip(members, reasons, strict=False)
    return Counter(m["TableName"] for m, r in pairs if r.get("Code") == _FAILED_CHECK)


def _tables(request: dict[str, Any]) -> list[str]:
    if "TableName" in request:
        return [str(request["TableName"])]
    if "RequestItems" in request:
        return sorted(request["RequestItems"])
    members = [next(iter(item.values())) for item in request.get("TransactItems") or []]
    return sorted({str(member["TableName"]) for member in members})


def _count(name: str, tables: Mapping[str, int]) -> None:
    for table, number in tables.items():
        record("AWS/DynamoDB", name, number, "Count", TableName=table)


# --- Lambda


def function_ran(name: str, seconds: float, failed: bool) -> None:
    """An invocation, however it came about."""
    for metric, value, unit in (
        ("Invocations", 1.0, "Count"),
        ("Errors", float(failed), "Count"),
        ("Throttles", 0.0, "Count"),
        ("Duration", seconds * 1000, "Milliseconds"),
    ):
        record("AWS/Lambda", metric, value, unit, FunctionName=name)


# --- Bedrock


def counting_models(handler: Handler, now: Callable[[], float]) -> Handler:
    """Counts and times the calls of each model; `now` is the engine's clock."""

    async def handle(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
    ) -> Response:
        began = now()
        answer = await handler(method, path, headers, body, query)
        found = _INVOKE.fullmatch(unquote(path))
        if found is not None:
            _count_call(found[1], answer[0], answer[2], now() - began)
        return answer

    return handle


def _count_call(model_id: str, status: int, body: bytes, seconds: float) -> None:
    if status >= 400:
        kind = "InvocationServerErrors" if status >= 500 else "InvocationClientErrors"
        kind = "InvocationThrottles" if status == 429 else kind
        record("AWS/Bedrock", kind, 1, "Count", ModelId=model_id)
        return
    record("AWS/Bedrock", "Invocations", 1, "Count", ModelId=model_id)
    record("AWS/Bedrock", "InvocationLatency", seconds * 1000, "Milliseconds", ModelId=model_id)
    usage = _usage(body)
    for metric, names in _TOKENS.items():
        tokens = next((usage[name] for name in names if name in usage), None)
        if tokens is not None:
            record("AWS/Bedrock", metric, tokens, "Count", ModelId=model_id)


_TOKENS = {
    "InputTokenCount": ("input_tokens", "prompt_tokens"),
    "OutputTokenCount": ("output_tokens", "completion_tokens"),
}


def _usage(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body).get("usage")
    except (ValueError, AttributeError):
        return {}
    return found if isinstance(found, dict) else {}
