"""Asynchronous invocations of functions: two retries, then destination or dead-letter queue.

ministack hands every event that Lambda accepts (API, S3, SNS, rules) to one function; this takes
its place. Retries wait on the engine's clock; what follows is sent as the function's role.
"""

from __future__ import annotations

import asyncio
import contextvars
import json
import logging
from datetime import UTC, datetime
from typing import Any

from embedded_aws.dataplane import ministack
from embedded_aws.dataplane.messaging import internal, queues
from embedded_aws.dataplane.messaging.internal import CallFailed, Role
from embedded_aws.stepfunctions.clock import Clock

WAITS = (60.0, 120.0)  # seconds before the first and the second retry, as AWS documents them
MAX_AGE = 21_600

Record = dict[str, Any]

_log = logging.getLogger(__name__)


class AsyncInvokes:
    """Lambda's own queue of events. `accept` works from any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._loop = clock.loop

    def attach(self) -> None:
        """Takes ministack's place."""
        ministack.service("lambda_svc").invoke_async_with_retry = self.accept
        ministack.service("sns")._deliver_to_lambda = self._from_topic

    def accept(self, function: Record, event: Any) -> None:
        """Runs the function on the event, soon."""
        held = self._clock.hold()
        held.__enter__()

        def start() -> None:
            # In a context of its own: the current one may be a request's.
            contextvars.Context().run(self._clock.spawn, self._run(function, event))
            held.__exit__(None, None, None)

        self._loop.call_soon_threadsafe(start)

    def _from_topic(self, function_arn: str, envelope: str, topic_arn: str, *more: Any) -> None:
        """A topic's message for a subscribed function, whose policy must allow it."""
        subscription = more[0]
        record = {
            "EventSource": "aws:sns",
            "EventVersion": "1.0",
            "EventSubscriptionArn": subscription,
            "Sns": json.loads(envelope),
        }
        caller = internal.Service("sns.amazonaws.com", topic_arn)
        event = json.dumps({"Records": [record]}, ensure_ascii=False)

        async def deliver() -> None:
            try:
                await internal.invoke(caller, function_arn, event, wait=False)
            except CallFailed as error:
                _log.warning("%s did not invoke %s: %s", topic_arn, function_arn, error)

        held = self._clock.hold()
        held.__enter__()

        def start() -> None:
            contextvars.Context().run(self._clock.spawn, deliver())
            held.__exit__(None, None, None)

        self._loop.call_soon_threadsafe(start)

    async def _run(self, function: Record, event: Any) -> None:
        config = function.get("config") or function
        settings = _settings(function)
        attempts = settings.get("MaximumRetryAttempts")
        waits = WAITS[: 2 if attempts is None else int(attempts)]
        end = self._clock.now() + int(settings.get("MaximumEventAgeInSeconds") or MAX_AGE)
        condition, tries = "RetriesExhausted", 0
        result: Record = {}
        for wait in (0.0, *waits):
            if self._clock.now() + wait > end:
                condition = "EventAgeExceeded"
                break
            if wait:
                await self._clock.sleep(wait)
            tries += 1
            result = await self._execute(function, event)
            if not result.get("error") and not result.get("throttle"):
                condition = "Success"
                break
        outcome = {"condition": condition, "approximateInvokeCount": tries}
        await self._tell(config, settings, event, result, outcome)

    async def _execute(self, function: Record, event: Any) -> Record:
        lambda_svc = ministack.service("lambda_svc")
        run = lambda_svc._execute_function_with_config_scope
        result: Record = await asyncio.to_thread(run, function, event)
        return result

    async def _tell(
        self, config: Record, settings: Record, event: Any, result: Record, outcome: Record
    ) -> None:
        """Sends the event on; AWS only counts it where that fails."""
        succeeded = outcome["condition"] == "Success"
        side = "OnSuccess" if succeeded else "OnFailure"
        configured = (settings.get("DestinationConfig") or {}).get(side) or {}
        dead = (config.get("DeadLetterConfig") or {}).get("TargetArn")
        try:
            if configured.get("Destination"):
                record = _record(config, event, result, outcome, self._clock.now())
                await _send(config, configured["Destination"], json.dumps(record), {})
            if dead and not succeeded:
                await _send(config, dead, json.dumps(event), _letter(result))
        except CallFailed as error:
            _log.warning("%s did not send its event on: %s", config["FunctionName"], error)


def _settings(function: Record) -> Record:
    configs = function.get("event_invoke_configs") or {}
    return dict(function.get("event_invoke_config") or configs.get("$LATEST") or {})


def _record(config: Record, event: Any, result: Record, outcome: Record, now: float) -> Record:
    """https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html"""
    at = datetime.fromtimestamp(now, UTC)
    response: Record = {"statusCode": 200, "executedVersion": "$LATEST"}
    if result.get("error"):
        response["functionError"] = "Unhandled"
    return {
        "version": "1.0",
        "timestamp": at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z",
        "requestContext": {
            "requestId": str(result.get("request_id") or ""),
            "functionArn": f"{config['FunctionArn']}:$LATEST",
            **outcome,
        },
        "requestPayload": event,
        "responseContext": response,
        "responsePayload": result.get("body"),
    }


def _letter(result: Record) -> dict[str, str]:
    """Attributes of a dead letter."""
    body = result.get("body")
    message = body.get("errorMessage") if isinstance(body, dict) else None
    return {"ErrorCode": "200", "ErrorMessage": str(message or "")[:1024]}


async def _send(config: Record, target: str, body: str, attributes: dict[str, str]) -> None:
    caller = Role(config["Role"], "lambda.amazonaws.com", config["FunctionName"])
    service = target.split(":")[2]
    if service == "lambda":
        await internal.invoke(caller, target, body, wait=False)
    elif service == "sns":
        await internal.publish(caller, target, body)
    else:
        typed = {n: {"DataType": "String", "StringValue": v} for n, v in attributes.items() if v}
        request = {
            "QueueUrl": queues.url_of(target),
            "MessageBody": body,
            "MessageAttributes": typed,
        }
        await internal.call(caller, "sqs", "SendMessage", target, request)
