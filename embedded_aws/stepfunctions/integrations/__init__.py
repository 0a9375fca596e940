"""Service integrations: what a Task's Resource names.

resolve(resource)             the Integration of a resource, or ValueError with one sentence
actions(resource, arguments)  the IAM actions that the state machine's role needs for it
"""

from __future__ import annotations

import functools
from collections.abc import Callable

from .base import Call, ClientFactory, Integration
from .bedrock import invoke_model
from .executions import start_execution
from .failures import sdk_words
from .functions import lambda_function, lambda_invoke
from .glue import start_job_run
from .models import operation_model, service_of
from .optimized import optimized, put_events
from .permissions import actions
from .sdk import Operation, SdkIntegration
from .web import http_invoke

__all__ = ["Call", "ClientFactory", "Integration", "actions", "resolve"]

PREFIX = "arn:aws:states:::"
TOKEN = ".waitForTaskToken"

# resource after the prefix -> makes the integration
PATTERNS: dict[str, Callable[[], Integration]] = {
    "lambda:invoke": lambda: lambda_invoke("request"),
    "lambda:invoke.waitForTaskToken": lambda: lambda_invoke("token"),
    "dynamodb:getItem": lambda: optimized("dynamodb", "getItem", "request"),
    "dynamodb:putItem": lambda: optimized("dynamodb", "putItem", "request"),
    "dynamodb:updateItem": lambda: optimized("dynamodb", "updateItem", "request"),
    "dynamodb:deleteItem": lambda: optimized("dynamodb", "deleteItem", "request"),
    "sns:publish": lambda: optimized("sns", "publish", "request", ("Message",)),
    "sns:publish.waitForTaskToken": lambda: optimized("sns", "publish", "token", ("Message",)),
    "sqs:sendMessage": lambda: optimized("sqs", "sendMessage", "request", ("MessageBody",)),
    "sqs:sendMessage.waitForTaskToken": lambda: optimized(
        "sqs", "sendMessage", "token", ("MessageBody",)
    ),
    "events:putEvents": lambda: put_events("request"),
    "events:putEvents.waitForTaskToken": lambda: put_events("token"),
    "states:startExecution": lambda: start_execution("", "request"),
    "states:startExecution.sync": lambda: start_execution(".sync", "sync"),
    "states:startExecution.sync:2": lambda: start_execution(".sync:2", "sync"),
    "states:startExecution.waitForTaskToken": lambda: start_execution(TOKEN, "token"),
    "bedrock:invokeModel": invoke_model,
    "http:invoke": http_invoke,
    "glue:startJobRun": lambda: start_job_run("", "request"),
    "glue:startJobRun.sync": lambda: start_job_run(".sync", "sync"),
}


@functools.cache
def resolve(resource: str) -> Integration:
    """The integration of a Task's Resource; raises ValueError naming what is not supported."""
    if resource.startswith("arn:aws:lambda:") and ":function:" in resource:
        return lambda_function(resource)
    if not resource.startswith(PREFIX):
        raise ValueError(
            f"The resource '{resource}' is not supported:"
            f" expected '{PREFIX}<service>:<action>' or the ARN of a Lambda function."
        )
    name = resource.removeprefix(PREFIX)
    if name in PATTERNS:
        return PATTERNS[name]()
    if name.startswith("aws-sdk:"):
        return _sdk(resource, name)
    raise ValueError(
        f"The resource '{resource}' is not supported: known are"
        f" {', '.join(sorted(PATTERNS))} and aws-sdk:<service>:<action>."
    )


def _sdk(resource: str, name: str) -> SdkIntegration:
    parts = name.split(":")
    if len(parts) != 3:
        raise ValueError(
            f"The resource '{resource}' is not supported:"
            f" expected '{PREFIX}aws-sdk:<service>:<action>'."
        )
    service = service_of(parts[1])
    action = parts[2].removesuffix(TOKEN)
    operation = Operation(service, operation_model(service, action), sdk_words(service))
    pattern = "token" if parts[2].endswith(TOKEN) else "request"
    return SdkIntegration(operation, f"aws-sdk:{parts[1]}", parts[2], pattern)
