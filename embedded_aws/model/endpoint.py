"""The model endpoint: answers InvokeModel by rules, or by a server of one's own."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedded_aws.model.answers import Answer, limited, tokens
from embedded_aws.model.envelopes import InvalidRequest, Request, read_request, reply_body
from embedded_aws.model.errors import STATUS, UpstreamError
from embedded_aws.model.faults import Faults
from embedded_aws.model.rules import PASSES, Prompt, extract, read_prompt

if TYPE_CHECKING:
    from embedded_aws.model.upstream import Upstream

OFFLINE_MODEL = "offline-rules-v1"
_JSON = "application/json"


@dataclass(frozen=True)
class ModelReply:
    """An HTTP reply of InvokeModel."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Call:
    """A call that came in. `outcome`: `ok`, the name of the fault planned for it, or the error."""

    model_id: str
    pass_name: str
    title: str
    outcome: str
    input_tokens: int = 0
    output_tokens: int = 0


class ModelEndpoint:
    """Blocking and thread safe.

    `upstream` is the base URL of an OpenAI-compatible server; it answers every model but
    `offline-rules-v1`. Without it the built-in rules answer for every model id.
    `sleep` is what a planned stall waits with.
    """

    def __init__(
        self, upstream: str | None = None, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.faults = Faults()
        self.calls: list[Call] = []
        self._upstream = _connect(upstream) if upstream else None
        self._sleep = sleep
        self._lock = threading.Lock()

    def reset(self) -> None:
        """Forgets planned faults and recorded calls."""
        self.faults.clear()
        with self._lock:
            self.calls.clear()

    def invoke(self, model_id: str, body: bytes) -> ModelReply:
        """Answers one InvokeModel call; every failure is a reply with Bedrock's error name."""
        try:
            request = read_request(body)
        except InvalidRequest as error:
            return self._refused(model_id, Prompt.nameless(), "ValidationException", str(error))
        prompt = read_prompt(request.system, request.user)
        effects = self.faults.take(model_id, prompt.name, prompt.posting.title)
        if effects.stall:
            self._sleep(effects.stall)
        if effects.error is not None:
            return self._refused(model_id, prompt, effects.error, "Planned by a test.")
        if effects.answer is not None:
            return self._answered(model_id, request, prompt, effects.answer, effects.name)
        if self._upstream is not None and model_id != OFFLINE_MODEL:
            return self._forwarded(self._upstream, model_id, request, prompt)
        if prompt.name not in PASSES:
            message = (
                f"{OFFLINE_MODEL} answers prompts whose system text starts with the line"
                f" `pass: <name>`, name one of {', '.join(PASSES)}."
            )
            return self._refused(model_id, prompt, "ValidationException", message)
        answer = _by_rules(request, prompt)
        if effects.change is not None:
            answer = effects.change(answer)
        return self._answered(
            model_id, request, prompt, limited(answer, request.max_tokens), effects.name
        )

    def _answered(
        self, model_id: str, request: Request, prompt: Prompt, answer: Answer, fault: str | None
    ) -> ModelReply:
        self._record(model_id, prompt, fault or "ok", answer)
        return _json_reply(200, {}, reply_body(request, OFFLINE_MODEL, answer))

    def _forwarded(
        self, upstream: Upstream, model_id: str, request: Request, prompt: Prompt
    ) -> ModelReply:
        try:
            body, answer = upstream.ask(model_id, request)
        except UpstreamError as error:
            return self._refused(model_id, prompt, error.name, str(error))
        self._record(model_id, prompt, "ok", answer)
        if request.anthropic:
            return _json_reply(200, {}, reply_body(request, model_id, answer))
        return _json_reply(200, {}, json.dumps(body, ensure_ascii=False).encode())

    def _refused(self, model_id: str, prompt: Prompt, error: str, message: str) -> ModelReply:
        self._record(model_id, prompt, error, Answer(""))
        body = json.dumps({"message": message}, ensure_ascii=False).encode()
        return _json_reply(STATUS[error], {"x-amzn-ErrorType": error}, body)

    def _record(self, model_id: str, prompt: Prompt, outcome: str, answer: Answer) -> None:
        call = Call(
            model_id,
            prompt.name,
            prompt.posting.title,
            outcome,
            answer.input_tokens,
            answer.output_tokens,
        )
        with self._lock:
            self.calls.append(call)


def _connect(base_url: str) -> Upstream:
    """The client is imported here: most processes never need it, and it doubles the start."""
    from embedded_aws.model.upstream import Upstream

    return Upstream(base_url)


def _by_rules(request: Request, prompt: Prompt) -> Answer:
    found = extract(prompt.name, prompt.posting, prompt.earlier)
    text = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
    return Answer(text, "stop", tokens(request.system) + tokens(request.user), tokens(text))


def _json_reply(status: int, headers: dict[str, str], body: bytes) -> ModelReply:
    return ModelReply(status, {"Content-Type": _JSON, **headers}, body)
