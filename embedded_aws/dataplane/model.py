"""bedrock-runtime: InvokeModel by the model endpoint, behind AWS's IAM check."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import functools
import json
import re
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, Protocol
from urllib.parse import unquote

from embedded_aws.dataplane import ministack
from embedded_aws.dataplane.credentials import session_name
from embedded_aws.dataplane.states import Handler, Response
from embedded_aws.endpoint import ACCOUNT
from embedded_aws.stepfunctions.clock import Clock

_INVOKE = re.compile(r"/model/(?P<model>.+)/invoke")
# Inference profiles start with a geography; calls through one need the profile and its models.
_PROFILE = re.compile(r"(?:us-gov|global|us|eu|apac|jp|au|ca|sa)\.(?P<model>.+\..+)")

# Where the error's name travels; boto3 raises the exception of that name.
_ERROR_HEADER = "x-amzn-ErrorType"


ENGINE_SESSION = "workflow"  # under which the engine assumes the roles of state machines

_of_engine: contextvars.ContextVar[bool] = contextvars.ContextVar("of_engine", default=False)


class Reply(Protocol):
    """What the model endpoint answers: HTTP status, headers, body."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Any: ...
    @property
    def body(self) -> bytes: ...


class Model(Protocol):
    """The model endpoint: blocking, thread safe."""

    def invoke(self, model_id: str, body: bytes) -> Reply: ...


def resource_arn(model_id: str, region: str, account: str) -> str:
    """The resource that IAM is asked about for a model id: a model's or a profile's ARN."""
    if model_id.startswith("arn:"):
        return model_id
    if _PROFILE.fullmatch(model_id):
        return f"arn:aws:bedrock:{region}:{account}:inference-profile/{model_id}"
    return f"arn:aws:bedrock:{region}::foundation-model/{model_id}"


def name_resources() -> None:
    """Lets the data plane's IAM check see `resource_arn` for InvokeModel."""

    def build(original: Any) -> Any:
        def extract(service: str, method: str, path: str, *rest: Any) -> Any:
            found = _INVOKE.fullmatch(unquote(path)) if service == "bedrock-runtime" else None
            if found is None:
                return original(service, method, path, *rest)
            region, account = rest[3], rest[4]
            return resource_arn(found["model"], region, account)

        return extract

    ministack.replace(ministack.core("iam_actions"), "extract_resource_arn", build)


def model_handler(model: Model, threads: Executor) -> Handler:
    """The `bedrock-runtime` service: InvokeModel and nothing else.

    threads  not the loop's own: the engine's threads there wait for the answers made here
    """

    async def handle(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
    ) -> Response:
        found = _INVOKE.fullmatch(unquote(path))
        if method != "POST" or found is None:
            return _error(400, "ValidationException", "The embedded AWS has InvokeModel only.")
        denied = _denied_behind_profile(found["model"], headers)
        if denied is not None:
            return _error(403, "AccessDeniedException", denied)
        key = ministack.core("router").extract_access_key_id(headers, query)
        of_engine = session_name(key) == ENGINE_SESSION
        context = contextvars.copy_context()
        context.run(_of_engine.set, of_engine)
        loop = asyncio.get_running_loop()
        call = functools.partial(context.run, model.invoke, found["model"], body)
        reply = await loop.run_in_executor(threads, call)
        return reply.status, dict(reply.headers), reply.body

    return handle


def stalling(clock: Clock) -> Callable[[float], None]:
    """What the model endpoint's stalls wait with, in its threads: the engine's clock.

    A virtual clock stands still while a workflow calls, except here, where the call waits for it.
    """

    async def stall(seconds: float, of_engine: bool) -> None:
        with clock.lend() if of_engine else contextlib.nullcontext():
            await clock.sleep(seconds)

    def sleep(seconds: float) -> None:
        asyncio.run_coroutine_threadsafe(stall(seconds, _of_engine.get()), clock.loop).result()

    return sleep


def _denied_behind_profile(model_id: str, headers: dict[str, str]) -> str | None:
    """A call through an inference profile also needs its model, in the region that serves it."""
    profile = _PROFILE.fullmatch(model_id)
    if profile is None:
        return None
    evaluator, router = ministack.core("iam_evaluator"), ministack.core("router")
    region = router.extract_region(headers)
    arn = f"arn:aws:bedrock:{region}::foundation-model/{profile['model']}"
    key = router.extract_access_key_id(headers, {})
    through = {"bedrock:InferenceProfileArn": resource_arn(model_id, region, ACCOUNT)}
    denied = evaluator.enforce(key, "bedrock:InvokeModel", "bedrock-runtime", region, arn, through)
    if denied is None:
        return None
    return (
        f"User: {denied.principal_arn} is not authorized to perform: bedrock:InvokeModel on "
        f"resource: {arn} because no identity-based policy allows the bedrock:InvokeModel action"
    )


def _error(status: int, code: str, message: str) -> Response:
    headers = {"Content-Type": "application/json", _ERROR_HEADER: code}
    return status, headers, json.dumps({"message": message}).encode()
