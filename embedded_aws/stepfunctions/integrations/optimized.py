"""Optimized integrations that are one call: DynamoDB, SNS, SQS, EventBridge and Glue."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from ..errors import StatesError
from .base import Call
from .failures import Words
from .models import operation_model
from .naming import optimized_field
from .sdk import SERIALIZED, Operation, http_metadata
from .shapes import as_text

WORDS = {
    "dynamodb": Words("DynamoDB", "AmazonDynamoDBException", "AmazonDynamoDBv2", legacy=True),
    "sns": Words("SNS", "AmazonSNSException", "AmazonSNS", legacy=True),
    "sqs": Words("SQS", "AmazonSQSException", "AmazonSQS", legacy=True),
    "events": Words("EventBridge", "AmazonEventBridgeException", "AmazonEventBridge", legacy=True),
    "glue": Words("Glue", "AWSGlueException", "AWSGlue", legacy=True),
    "lambda": Words("Lambda", "AWSLambdaException", "AWSLambda", legacy=True),
    "stepfunctions": Words(
        "StepFunctions", "AWSStepFunctionsException", "AWSStepFunctions", legacy=True
    ),
    "bedrock-runtime": Words("Bedrock", "BedrockRuntimeException", "BedrockRuntime"),
}


def optimized_operation(service: str, action: str) -> Operation:
    """The operation behind an optimized integration, with its names and words."""
    return Operation(service, operation_model(service, action), WORDS[service], optimized_field)


@dataclass(frozen=True)
class OptimizedIntegration:
    """One call whose `text_fields` take any JSON where the API wants a string."""

    operation: Operation
    resource_type: str
    resource: str
    pattern: str
    text_fields: tuple[str, ...] = ()

    def check(self, arguments: Any) -> list[str]:
        return self.operation.check(self._prepared(arguments))

    async def start(self, arguments: Any, call: Call) -> Any:
        prepared = self._prepared(arguments)
        response = await call.run_blocking(lambda: self.operation.call(prepared, call))
        return {**self.operation.result(response), **http_metadata(response)}

    async def wait(self, submitted: Any, call: Call) -> Any:
        return submitted

    def _prepared(self, arguments: Any) -> Any:
        return with_texts(arguments, self.text_fields)


def with_texts(arguments: Any, fields: tuple[str, ...]) -> Any:
    """The arguments with objects and arrays in these fields written as JSON text."""
    if not isinstance(arguments, dict):
        return arguments
    return {
        name: as_text(value) if name in fields and isinstance(value, SERIALIZED) else value
        for name, value in arguments.items()
    }


@dataclass(frozen=True)
class PutEvents(OptimizedIntegration):
    """`events:putEvents`: Detail may be JSON, and every entry names the execution it comes from."""

    async def start(self, arguments: Any, call: Call) -> Any:
        result = await super().start(_with_sources(arguments, call), call)
        if result.get("FailedEntryCount"):
            shown = {name: result[name] for name in ("Entries", "FailedEntryCount")}
            raise StatesError("EventBridge.FailedEntry", json.dumps(shown))
        return result

    def _prepared(self, arguments: Any) -> Any:
        if not isinstance(arguments, dict) or not isinstance(arguments.get("Entries"), list):
            return arguments
        entries = [with_texts(entry, ("Detail",)) for entry in arguments["Entries"]]
        return {**arguments, "Entries": entries}


def _with_sources(arguments: Any, call: Call) -> Any:
    """AWS adds the ARNs of the execution and its state machine to each entry's Resources."""
    if not isinstance(arguments, dict) or not isinstance(arguments.get("Entries"), list):
        return arguments
    machine = call.execution_arn.replace(":execution:", ":stateMachine:").rsplit(":", 1)[0]
    sources = [call.execution_arn, machine]
    entries = [
        {**entry, "Resources": [*entry.get("Resources", []), *sources]}
        if isinstance(entry, dict)
        else entry
        for entry in arguments["Entries"]
    ]
    return {**arguments, "Entries": entries}


def optimized(
    service: str, action: str, pattern: str, texts: tuple[str, ...] = ()
) -> OptimizedIntegration:
    """An optimized integration that is called by the boto3 service's own name."""
    suffix = ".waitForTaskToken" if pattern == "token" else ""
    return OptimizedIntegration(
        optimized_operation(service, action), service, action + suffix, pattern, texts
    )


def put_events(pattern: str) -> PutEvents:
    """`events:putEvents`."""
    base = optimized("events", "putEvents", pattern)
    return PutEvents(**vars(base))
