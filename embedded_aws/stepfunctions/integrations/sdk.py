"""Calls of any AWS operation: the generic `aws-sdk:` integration and the base of all others."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import botocore

from ..errors import StatesError
from .base import Call
from .failures import Words, translate
from .naming import sdk_field
from .shapes import Naming, from_model, problems, to_model

SERIALIZED = (dict, list)


@dataclass(frozen=True)
class Operation:
    """One operation of a boto3 service, spoken in a state machine's JSON."""

    service: str
    model: Any
    words: Words
    naming: Naming = sdk_field

    def check(self, arguments: Any) -> list[str]:
        """Unknown and missing names of literal arguments."""
        if not isinstance(arguments, dict):
            return [] if isinstance(arguments, str) else ["Arguments must be an object"]
        if self.model.input_shape is None:
            return [f"The field '{name}' is not supported by Step Functions" for name in arguments]
        return list(problems(arguments, self.model.input_shape, self.naming))

    def call(self, arguments: dict[str, Any], call: Call) -> dict[str, Any]:
        """Blocking: the raw response with bodies read; raises StatesError."""
        self._refuse_wrong(arguments)
        shape = self.model.input_shape
        parameters = {} if shape is None else to_model(arguments, shape, self.naming)
        try:
            client = call.clients(call.role_arn, self.service)
            method = getattr(client, botocore.xform_name(self.model.name))
            response: dict[str, Any] = method(**parameters)
            return {key: _read(value) for key, value in response.items()}
        except Exception as error:
            translated = translate(error, self.model, self.words)
            raise translated from (None if translated is error else error)

    def _refuse_wrong(self, arguments: Any) -> None:
        found = ["Arguments must be an object"]
        if isinstance(arguments, dict):
            found = self.check(arguments)
        if found:
            shown = json.dumps(arguments, ensure_ascii=False, separators=(",", ":"))
            raise StatesError(
                "States.Runtime",
                f"The Arguments '{shown}' could not be used to start the Task:"
                f" [{', '.join(found)}]",
            )

    def result(self, response: dict[str, Any]) -> dict[str, Any]:
        """The response as the state machine sees it, without metadata."""
        shown: dict[str, Any] = from_model(response, self.model.output_shape, self.naming) or {}
        shown.pop("ResponseMetadata", None)
        return shown


def _read(value: Any) -> Any:
    """A streaming body is read where the call is made, in its thread."""
    return value.read() if hasattr(value, "read") else value


def http_metadata(response: dict[str, Any]) -> dict[str, Any]:
    """What optimized integrations tell about the HTTP answer."""
    metadata = response.get("ResponseMetadata", {})
    headers = {str(name): str(value) for name, value in metadata.get("HTTPHeaders", {}).items()}
    return {
        "SdkHttpMetadata": {
            "AllHttpHeaders": {name: [value] for name, value in headers.items()},
            "HttpHeaders": headers,
            "HttpStatusCode": metadata.get("HTTPStatusCode", 200),
        },
        "SdkResponseMetadata": {"RequestId": metadata.get("RequestId", "")},
    }


@dataclass(frozen=True)
class SdkIntegration:
    """`arn:aws:states:::aws-sdk:<service>:<action>[.waitForTaskToken]`."""

    operation: Operation
    resource_type: str
    resource: str
    pattern: str

    def check(self, arguments: Any) -> list[str]:
        return self.operation.check(arguments)

    async def start(self, arguments: Any, call: Call) -> Any:
        return await call.run_blocking(
            lambda: self.operation.result(self.operation.call(arguments, call))
        )

    async def wait(self, submitted: Any, call: Call) -> Any:
        return submitted
