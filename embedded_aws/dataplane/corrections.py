"""What ministack answers otherwise than AWS, put right. Each correction may be made repeatedly."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from embedded_aws.dataplane import ministack
from embedded_aws.dataplane.states import Handler, Response


def correct(now: Callable[[], float]) -> None:
    """All corrections; `now` is the engine's clock.

    Metrics and events without a time of their own get the engine's, DynamoDB's items expire by it,
    and messages are visible by it. Request signatures, sessions and object times stay on the
    computer's clock.
    """
    engine_time = SimpleNamespace(**{**vars(time), "time": now})
    for name in ("cloudwatch", "dynamodb", "eventbridge", "pipes", "s3", "sns", "sqs"):
        ministack.service(name).time = engine_time
    ministack.service("eventbridge")._now_ts = now
    _exact_dimensions()
    _name_resources_in_denials()
    _count_loopback_as_secure()
    _know_metric_namespaces()
    _authorize_batches()
    _return_subscriptions()


class _Dimensions(dict[str, str]):
    """Dimensions of a query; none means the metric without any, not all metrics of its name."""

    def __bool__(self) -> bool:
        return True


def _exact_dimensions() -> None:
    def dimensions(listed: list[dict[str, str]]) -> dict[str, str]:
        return _Dimensions((item["Name"], item["Value"]) for item in listed)

    ministack.service("cloudwatch")._dims_from_list = dimensions


def _authorize_batches() -> None:
    """SQS has no actions for batches: who may send one message may send ten."""

    def build(original: Any) -> Any:
        def extract(*args: Any, **kwargs: Any) -> Any:
            action = original(*args, **kwargs)
            batch = isinstance(action, str) and action.startswith("sqs:")
            return action.removesuffix("Batch") if batch else action

        return extract

    ministack.replace(ministack.core("iam_actions"), "extract_iam_action", build)


def _know_metric_namespaces() -> None:
    """Policies may limit PutMetricData to a namespace: the condition key cloudwatch:namespace."""

    def build(original: Any) -> Any:
        def context(service: str, action: str, body: bytes, params: dict[str, Any]) -> Any:
            found = original(service, action, body, params)
            if action != "cloudwatch:PutMetricData":
                return found
            values = json.loads(body) if body[:1] == b"{" else params
            namespace = values.get("Namespace", "")
            return {**found, "cloudwatch:namespace": namespace}

        return context

    ministack.replace(ministack.core("iam_actions"), "request_tag_context", build)


def _return_subscriptions() -> None:
    """Subscribe with ReturnSubscriptionArn names the subscription, confirmed or not."""

    def build(original: Any) -> Any:
        def subscribe(params: dict[str, Any]) -> Response:
            status, headers, body = original(params)
            if params.get("ReturnSubscriptionArn") in ("true", ["true"]):
                sns = ministack.service("sns")
                topic = sns._topic_by_arn_any_scope(sns._p(params, "TopicArn"))
                made = topic["subscriptions"][-1]["arn"] if topic else ""
                body = body.replace(b"pending confirmation", made.encode())
            return status, headers, body

        return subscribe

    ministack.replace(ministack.service("sns"), "_subscribe", build)


def _count_loopback_as_secure() -> None:
    """Calls never leave the machine: policies that demand TLS let them pass."""

    def build(original: Any) -> Any:
        def resolve(key: str, context: Any) -> Any:
            return "true" if key.lower() == "aws:securetransport" else original(key, context)

        return resolve

    ministack.replace(ministack.core("iam_evaluator"), "_resolve_condition_key", build)


def _name_resources_in_denials() -> None:
    """AccessDenied messages name their resource, as AWS's do."""

    def build(original: Any) -> Any:
        def respond(
            service: str, action: str, principal_arn: str, request_id: str, **kwargs: Any
        ) -> Response:
            resource = kwargs.get("resource_arn", "*")
            worded = ("message", "error_code", "resource_policy_arn")
            if resource != "*" and not any(kwargs.get(name) for name in worded):
                explicit = kwargs.get("explicit_deny", False)
                kwargs["message"] = denial(service, action, principal_arn, resource, explicit)
            status, headers, body = original(service, action, principal_arn, request_id, **kwargs)
            headers.setdefault("x-amzn-requestid", request_id)
            return status, headers, body

        return respond

    ministack.replace(ministack.core("iam_actions"), "access_denied_response", build)


def denial(service: str, action: str, principal: str, resource: str, explicit: bool) -> str:
    """The sentence AWS answers; S3 puts the resource in quotes."""
    named = f'"{resource}"' if service == "s3" else resource
    reason = (
        "with an explicit deny in an identity-based policy"
        if explicit
        else f"because no identity-based policy allows the {action} action"
    )
    return f"User: {principal} is not authorized to perform: {action} on resource: {named} {reason}"


def hiding_missing_objects(handler: Handler) -> Handler:
    """S3 tells that a key is missing only to who may list the bucket; others are denied."""

    async def handle(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
    ) -> Response:
        answer = await handler(method, path, headers, body, query)
        if answer[0] != 404 or method not in ("GET", "HEAD"):
            return answer
        bucket, _, key = path.lstrip("/").partition("/")
        if not key or (method == "GET" and b"<Code>NoSuchKey</Code>" not in answer[2]):
            return answer
        return _list_denied(bucket, key, headers, query) or answer

    return handle


def _list_denied(
    bucket: str, key: str, headers: dict[str, str], query: dict[str, Any]
) -> Response | None:
    evaluator, router = ministack.core("iam_evaluator"), ministack.core("router")
    caller = router.extract_access_key_id(headers, query)
    arn = f"arn:aws:s3:::{bucket}"
    denied = evaluator.enforce(
        caller, "s3:ListBucket", "s3", router.extract_region(headers), arn, {"s3:prefix": key}
    )
    if denied is None or isinstance(denied, evaluator.AuthError):
        return None
    explicit = denied.decision == "Deny"
    message = denial("s3", "s3:ListBucket", denied.principal_arn, arn, explicit)
    answer: Response = ministack.core("responses").error_response_xml("AccessDenied", message, 403)
    return answer
