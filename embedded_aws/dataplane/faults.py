"""Switches of tests: calls of any service that fail as AWS's would."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from embedded_aws.dataplane import ministack
from embedded_aws.dataplane.states import Handler, Response
from embedded_aws.endpoint import ACCOUNT, REGION


@dataclass(frozen=True)
class Request:
    """A call as a fault sees it; action and resource are IAM's: s3:PutObject, an ARN."""

    action: str
    resource: str
    body: bytes
    query: Mapping[str, list[str]]


Matches = Callable[[Request], bool]


@dataclass
class _Fault:
    action: str
    code: str
    status: int
    message: str
    times: int
    matches: Matches


@dataclass
class ServiceFaults:
    """Errors to come, per IAM action; each is spent after `times` calls."""

    _planned: list[_Fault] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def fail(
        self,
        action: str,
        code: str,
        status: int = 400,
        message: str = "planned by a test",
        times: int = 1,
        matches: Matches = lambda request: True,
    ) -> None:
        """Calls of `action` (as in a policy: `dynamodb:UpdateItem`) answer this error."""
        with self._lock:
            self._planned.append(_Fault(action, code, status, message, times, matches))

    @property
    def pending(self) -> list[str]:
        """Actions of faults that are not spent: a test that ends with one planned it wrongly."""
        with self._lock:
            return [fault.action for fault in self._planned if fault.times > 0]

    def clear(self) -> None:
        """Forgets what was planned and not spent."""
        with self._lock:
            self._planned.clear()

    def wrap(self, service: str, handler: Handler) -> Handler:
        """The handler of a service, with planned errors in front of it."""

        async def handle(
            method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
        ) -> Response:
            if self._planned:
                request = _request(service, method, path, headers, body, query)
                fault = self._take(request)
                if fault is not None:
                    return _response(service, fault, headers)
            return await handler(method, path, headers, body, query)

        return handle

    def _take(self, request: Request) -> _Fault | None:
        with self._lock:
            for fault in self._planned:
                if fault.times > 0 and fault.action == request.action and fault.matches(request):
                    fault.times -= 1
                    return fault
        return None


def _request(
    service: str, method: str, path: str, headers: dict[str, str], body: bytes, query: Any
) -> Request:
    actions = ministack.core("iam_actions")
    call = (service, method, path, headers, body)
    merged = ministack.load()._routing_params(method, path, headers, body, query)
    action = actions.extract_iam_action(*call, merged)
    resource = actions.extract_resource_arn(*call, merged, REGION, ACCOUNT)
    return Request(action or "", resource, body, query)


def _response(service: str, fault: _Fault, headers: dict[str, str]) -> Response:
    """The error in the service's own protocol."""
    responses = ministack.core("responses")
    protocols = ministack.core("iam_actions")._SERVICE_PROTOCOL
    protocol = protocols.get(service, "json")
    error = (fault.code, fault.message, fault.status)
    answer: Response
    if service == "monitoring":
        content_type = headers.get("content-type", "")
        answer = ministack.service("cloudwatch")._error(
            *error, use_json="json" in content_type, use_cbor="cbor" in content_type
        )
    elif protocol == "rest-xml":
        answer = responses.error_response_xml(*error)
    elif protocol == "query-xml":
        answer = ministack.service("iam")._error(fault.status, fault.code, fault.message, service)
    else:
        answer = responses.error_response_json(*error)
        answer[1]["x-amzn-errortype"] = fault.code
    return answer
