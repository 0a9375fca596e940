"""`bedrock:invokeModel`: the body in the state or, when it is large, in S3."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from ..errors import StatesError
from .base import Call
from .failures import sdk_words
from .models import operation_model
from .optimized import optimized_operation
from .sdk import Operation
from .shapes import as_text, is_expression

BODY_LIMIT = 262_144  # bytes of Body; larger requests go through Input.S3Uri
FIELDS = {
    "Accept",
    "Body",
    "ContentType",
    "GuardrailIdentifier",
    "GuardrailVersion",
    "Input",
    "ModelId",
    "Output",
    "PerformanceConfigLatency",
    "ServiceTier",
    "Trace",
}


@dataclass(frozen=True)
class InvokeModel:
    """Calls a model; gives `{Body, ContentType}`, Body parsed, or its S3 URI with Output.S3Uri."""

    operation: Operation
    get_object: Operation
    put_object: Operation
    resource_type: str = "bedrock"
    resource: str = "invokeModel"
    pattern: str = "request"

    def check(self, arguments: Any) -> list[str]:
        if not isinstance(arguments, dict):
            return [] if is_expression(arguments) else ["Arguments must be an object"]
        unknown = sorted(arguments.keys() - FIELDS)
        found = [f"The field '{name}' is not supported by Step Functions" for name in unknown]
        if "ModelId" not in arguments:
            found.append("The field 'ModelId' is required but was missing")
        if ("Body" in arguments) == ("Input" in arguments):
            found.append("Exactly one of the fields 'Body' and 'Input' is required")
        for side in ("Input", "Output"):
            where = arguments.get(side)
            if where is not None and not is_expression(where) and set(where) != {"S3Uri"}:
                found.append(f"The field '{side}' must be an object with the field 'S3Uri' only")
        return found

    async def start(self, arguments: Any, call: Call) -> Any:
        return await call.run_blocking(lambda: self._run(arguments, call))

    def _run(self, arguments: Any, call: Call) -> dict[str, Any]:
        found = self.check(arguments)
        if found:
            raise StatesError(
                "States.Runtime",
                f"The Arguments could not be used to start the Task: [{', '.join(found)}]",
            )
        rest = {name: arguments[name] for name in arguments.keys() - {"Body", "Input", "Output"}}
        rest.setdefault("ContentType", "application/json")
        rest["Body"] = self._body(arguments, call)
        response = self.operation.call(rest, call)
        content_type = response.get("contentType", "application/json")
        body = response["body"]
        if "Output" not in arguments:
            return {"Body": _parsed(body, content_type), "ContentType": content_type}
        uri = arguments["Output"]["S3Uri"]
        bucket, key = split_uri(uri)
        self.put_object.call(
            {"Bucket": bucket, "Key": key, "Body": body.decode(), "ContentType": content_type}, call
        )
        return {"Body": uri, "ContentType": content_type}

    def _body(self, arguments: Any, call: Call) -> str:
        if "Input" in arguments:
            bucket, key = split_uri(arguments["Input"]["S3Uri"])
            stored: bytes = self.get_object.call({"Bucket": bucket, "Key": key}, call)["Body"]
            return stored.decode()
        text = as_text(arguments["Body"])
        size = len(text.encode())
        if size > BODY_LIMIT:
            raise StatesError(
                "States.Runtime",
                f"The field 'Body' holds {size} bytes, more than {BODY_LIMIT}:"
                " store it in S3 and use 'Input.S3Uri'",
            )
        return text

    async def wait(self, submitted: Any, call: Call) -> Any:
        return submitted


def _parsed(body: bytes, content_type: str) -> Any:
    text = body.decode("utf-8", "replace")
    if "json" not in content_type:
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def split_uri(uri: str) -> tuple[str, str]:
    """Bucket and key of `s3://bucket/key`; raises States.Runtime for anything else."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    if not uri.startswith("s3://") or not bucket or not key:
        raise StatesError("States.Runtime", f"'{uri}' is not an S3 URI: write 's3://bucket/key'")
    return bucket, key


def invoke_model() -> InvokeModel:
    """`bedrock:invokeModel`."""
    words = sdk_words("s3")
    return InvokeModel(
        optimized_operation("bedrock-runtime", "invokeModel"),
        Operation("s3", operation_model("s3", "getObject"), words),
        Operation("s3", operation_model("s3", "putObject"), words),
    )
