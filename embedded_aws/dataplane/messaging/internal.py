"""Calls between services inside the process: checked by IAM as AWS checks them, but not signed.

A pipe, an event source mapping or a rule calls queues, functions, topics and state machines on
somebody's behalf. These calls go to the mounted handlers, so that planned faults reach them too.
"""

from __future__ import annotations

import contextvars
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote, urlencode
from xml.etree import ElementTree

from embedded_aws.dataplane import credentials, ministack
from embedded_aws.endpoint import ACCOUNT, REGION

_TARGETS = {"sqs": "AmazonSQS", "states": "AWSStepFunctions"}


inside: contextvars.ContextVar[bool] = contextvars.ContextVar("inside", default=False)
"""Whether the current request is one of these calls, and not one of a client."""


class CallFailed(Exception):
    """A call was refused or failed; code and message are the called service's."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status

    @property
    def passing(self) -> bool:
        """Whether the same call may succeed later: throttling, and faults of the service."""
        throttled = self.status == 429 or "Throttl" in self.code or "TooManyRequests" in self.code
        return throttled or self.status >= 500


class Caller(Protocol):
    """In whose name a call is made."""

    @property
    def headers(self) -> dict[str, str]: ...

    def authorize(self, action: str, resource: str) -> None:
        """Raises CallFailed unless the call is allowed."""


@dataclass(frozen=True)
class Role:
    """A role that a service has assumed: its policies decide."""

    arn: str
    principal: str  # the service that assumes it, as pipes.amazonaws.com
    session_name: str
    source_arn: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        """Names the caller to resource policies; nothing verifies a signature here."""
        session = credentials.assume(self.arn, self.session_name)
        scope = f"{session.access_key}/19700101/{REGION}/internal/aws4_request"
        return {
            "authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=",
            "x-amz-security-token": session.token,
        }

    def authorize(self, action: str, resource: str) -> None:
        if not credentials.trusts(self.arn, self.principal, self.source_arn):
            message = f"{self.principal} is not authorized to assume the role {self.arn}."
            raise CallFailed("AccessDeniedException", message, 403)
        session = credentials.assume(self.arn, self.session_name)
        refusal = credentials.denial(session, action, resource)
        if refusal is not None:
            raise CallFailed("AccessDeniedException", refusal, 403)


@dataclass(frozen=True)
class Service:
    """A service in its own name, on behalf of a resource: the called resource's policy decides."""

    principal: str
    source_arn: str

    @property
    def headers(self) -> dict[str, str]:
        return {}

    def authorize(self, action: str, resource: str) -> None:
        allows = _POLICIES[action.partition(":")[0]]
        if not allows(resource, self.principal, self.source_arn):
            message = (
                f"{self.principal} is not authorized to perform: {action} on resource: {resource} "
                f"because no resource-based policy allows the {action} action"
            )
            raise CallFailed("NO_PERMISSIONS", message, 403)


def _queue_allows(arn: str, principal: str, source_arn: str) -> bool:
    sqs = ministack.service("sqs")
    # A queue that is not there is not a matter of permissions.
    return sqs._queue_by_arn(arn) is None or sqs.queue_policy_allows(
        arn, principal, source_arn, ACCOUNT
    )


def _topic_allows(arn: str, principal: str, source_arn: str) -> bool:
    sns = ministack.service("sns")
    return sns._topic_by_arn_any_scope(arn) is None or sns.topic_policy_allows(
        arn, principal, source_arn, ACCOUNT
    )


def _function_allows(arn: str, principal: str, source_arn: str) -> bool:
    evaluator = ministack.core("iam_evaluator")
    found = ministack.service("lambda_svc").function_policy_for_arn(arn)
    if found is None:
        return True
    context = evaluator.EvalContext(
        principal_arn="*",
        principal_type="Service",
        principal_account="",
        action="lambda:InvokeFunction",
        resource_arn=arn,
        region=REGION,
        service_context={"aws:sourcearn": source_arn, "aws:sourceaccount": ACCOUNT},
    )
    decision = evaluator.evaluate_resource_policy(found[0], context, service=principal).decision
    return bool(decision == "Allow")


_POLICIES: dict[str, Callable[[str, str, str], bool]] = {
    "sqs": _queue_allows,
    "sns": _topic_allows,
    "lambda": _function_allows,
}


async def call(
    caller: Caller, service: str, operation: str, resource: str, request: dict[str, Any]
) -> dict[str, Any]:
    """An operation of a JSON service: `sqs` or `states`. Raises CallFailed."""
    action = f"{service}:{operation.removesuffix('Batch')}"
    with ministack.request_scope():
        caller.authorize(action, resource)
        headers = {**caller.headers, "x-amz-target": f"{_TARGETS[service]}.{operation}"}
        body = json.dumps(request).encode()
        handler = ministack.load().SERVICE_HANDLERS[service]
        token = inside.set(True)
        try:
            status, answered, content = await handler("POST", "/", headers, body, {})
        finally:
            inside.reset(token)
    answer: dict[str, Any] = json.loads(content or b"{}")
    if status >= 400:
        raise _json_failure(answer, answered, status)
    return answer


async def machine_type(arn: str) -> str | None:
    """STANDARD or EXPRESS of a state machine, None if there is none."""
    headers = {"x-amz-target": "AWSStepFunctions.DescribeStateMachine"}
    body = json.dumps({"stateMachineArn": arn}).encode()
    handler = ministack.load().SERVICE_HANDLERS["states"]
    status, _, content = await handler("POST", "/", headers, body, {})
    return str(json.loads(content)["type"]) if status == 200 else None


async def invoke(caller: Caller, function_arn: str, payload: str, wait: bool) -> Any:
    """Invokes a function; its answer if `wait`. Raises CallFailed, also if the function fails."""
    with ministack.request_scope():
        caller.authorize("lambda:InvokeFunction", function_arn)
        kind = "RequestResponse" if wait else "Event"
        headers = {**caller.headers, "x-amz-invocation-type": kind}
        path = f"/2015-03-31/functions/{quote(function_arn)}/invocations"
        handler = ministack.load().SERVICE_HANDLERS["lambda"]
        status, answered, content = await handler("POST", path, headers, payload.encode(), {})
    answer = json.loads(content) if content else None
    if status >= 400:
        raise _json_failure(answer or {}, answered, status)
    if any(name.lower() == "x-amz-function-error" for name in answered):
        failure = answer if isinstance(answer, dict) else {}
        raise CallFailed(
            str(failure.get("errorType", "Unhandled")), str(failure.get("errorMessage", ""))
        )
    return answer


async def publish(caller: Caller, topic_arn: str, message: str) -> None:
    """Publishes to a topic. Raises CallFailed."""
    with ministack.request_scope():
        caller.authorize("sns:Publish", topic_arn)
        form = {"Action": "Publish", "TopicArn": topic_arn, "Message": message}
        headers = {**caller.headers, "content-type": "application/x-www-form-urlencoded"}
        handler = ministack.load().SERVICE_HANDLERS["sns"]
        body = urlencode(form).encode()
        status, _, content = await handler("POST", "/", headers, body, {})
    if status >= 400:
        elements = ElementTree.fromstring(content).iter()
        found = {element.tag.rpartition("}")[2]: element.text or "" for element in elements}
        raise CallFailed(found.get("Code", "InternalError"), found.get("Message", ""), status)


def _json_failure(answer: Any, headers: dict[str, str], status: int) -> CallFailed:
    named = headers.get("x-amzn-errortype") or answer.get("__type") or "InternalFailure"
    message = answer.get("message") or answer.get("Message") or ""
    return CallFailed(str(named).rpartition("#")[2], str(message), status)
