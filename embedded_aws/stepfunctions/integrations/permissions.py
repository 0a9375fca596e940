"""IAM actions that a state machine's role needs for a resource."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .models import operation_model, service_model, service_of

# Operations whose IAM action has another name.
_ACTIONS = {
    ("lambda", "Invoke"): ("lambda:InvokeFunction",),
    ("s3", "CopyObject"): ("s3:GetObject", "s3:PutObject"),
    ("s3", "CompleteMultipartUpload"): ("s3:PutObject",),
    ("s3", "CreateMultipartUpload"): ("s3:PutObject",),
    ("s3", "DeleteObjects"): ("s3:DeleteObject",),
    ("s3", "HeadBucket"): ("s3:ListBucket",),
    ("s3", "HeadObject"): ("s3:GetObject",),
    ("s3", "ListBuckets"): ("s3:ListAllMyBuckets",),
    ("s3", "ListObjects"): ("s3:ListBucket",),
    ("s3", "ListObjectsV2"): ("s3:ListBucket",),
    ("s3", "UploadPart"): ("s3:PutObject",),
    ("dynamodb", "TransactGetItems"): ("dynamodb:GetItem",),
    ("bedrock-runtime", "Converse"): ("bedrock:InvokeModel",),
    ("sqs", "ChangeMessageVisibilityBatch"): ("sqs:ChangeMessageVisibility",),
    ("sqs", "DeleteMessageBatch"): ("sqs:DeleteMessage",),
    ("sqs", "SendMessageBatch"): ("sqs:SendMessage",),
}
_TRANSACT = {
    "ConditionCheck": "dynamodb:ConditionCheckItem",
    "Delete": "dynamodb:DeleteItem",
    "Put": "dynamodb:PutItem",
    "Update": "dynamodb:UpdateItem",
}
# Services whose IAM prefix is not the name they sign with.
_PREFIXES = {"cloudwatch": "cloudwatch", "sesv2": "ses"}
_WAITING = {
    "states:startExecution.sync": ("states:DescribeExecution", "states:StopExecution"),
    "glue:startJobRun.sync": ("glue:GetJobRun", "glue:GetJobRuns", "glue:BatchStopJobRun"),
}
# AWS follows executions of `.sync` by a managed EventBridge rule.
_RULE = ("events:DescribeRule", "events:PutRule", "events:PutTargets")
# The credentials of a connection lie in a secret that EventBridge keeps.
_HTTP = (
    "events:RetrieveConnectionCredentials",
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetSecretValue",
    "states:InvokeHTTPEndpoint",
)
_BOTO3 = {"states": "stepfunctions", "bedrock": "bedrock-runtime"}


def actions(resource: str, arguments: Any = None) -> tuple[str, ...]:
    """IAM actions for a Task's Resource, sorted; literal arguments narrow or widen them.

    Raises ValueError for what is not supported.
    """
    if resource.startswith("arn:aws:lambda:"):
        return ("lambda:InvokeFunction",)
    name = resource.removeprefix("arn:aws:states:::").removesuffix(".waitForTaskToken")
    if name == "http:invoke":
        return _HTTP
    found = set(_for_call(name, arguments if isinstance(arguments, dict) else {}))
    if name.startswith("aws-sdk:redshiftdata:") and "SecretArn" in (arguments or {}):
        found.add("secretsmanager:GetSecretValue")  # the Data API reads the secret as the caller
    waiting = name.removesuffix(":2")
    if waiting in _WAITING:
        found.update(_WAITING[waiting])
        if waiting.startswith("states:"):
            found.update(_RULE)
    return tuple(sorted(found))


def _for_call(name: str, arguments: dict[str, Any]) -> Iterator[str]:
    parts = name.split(":")
    if parts[0] == "aws-sdk":
        service, action = service_of(parts[1]), parts[2]
    else:
        service, action = _BOTO3.get(parts[0], parts[0]), parts[1].split(".")[0]
    operation = operation_model(service, action).name
    if operation == "TransactWriteItems":
        yield from _transact(arguments)
    else:
        yield from _ACTIONS.get((service, operation), (f"{_prefix(service)}:{operation}",))
    if service == "bedrock-runtime" and parts[0] == "bedrock":
        if "Input" in arguments:
            yield "s3:GetObject"
        if "Output" in arguments:
            yield "s3:PutObject"


def _transact(arguments: dict[str, Any]) -> Iterator[str]:
    """A transaction needs what its items do, all four kinds if the items are not literal."""
    items = arguments.get("TransactItems")
    kinds = {kind for item in items for kind in item} if isinstance(items, list) else set(_TRANSACT)
    yield from (_TRANSACT[kind] for kind in kinds if kind in _TRANSACT)


def _prefix(service: str) -> str:
    return _PREFIXES.get(service) or str(service_model(service).signing_name)
