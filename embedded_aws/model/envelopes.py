"""The two request and reply envelopes of InvokeModel: OpenAI-style chat, Anthropic messages."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from embedded_aws.model.answers import Answer

_TO_ANTHROPIC = {"stop": "end_turn", "length": "max_tokens"}
_OPENAI_LIMITS = ("max_completion_tokens", "max_tokens")


class InvalidRequest(Exception):
    """The body is no request that the model takes; the message names the field."""


@dataclass(frozen=True)
class Request:
    """A read request. `payload` is the body as sent; `max_tokens` None when it sets no limit."""

    payload: dict[str, Any]
    anthropic: bool
    system: str
    user: str
    max_tokens: int | None


def read_request(body: bytes) -> Request:
    """Raises InvalidRequest when the body is not JSON or holds no messages."""
    try:
        payload = json.loads(body)
    except ValueError as error:
        raise InvalidRequest(f"The request body is not JSON: {error}.") from error
    messages = payload.get("messages") if isinstance(payload, dict) else None
    if not isinstance(messages, list) or not messages:
        raise InvalidRequest("The request needs `messages`, a list with at least one message.")
    if not all(isinstance(message, dict) for message in messages):
        raise InvalidRequest("Every entry of `messages` must be an object.")
    anthropic = "anthropic_version" in payload
    system = _text(payload.get("system")) if anthropic else _of_role(messages, "system")
    return Request(payload, anthropic, system, _of_role(messages, "user"), _limit(payload))


def _limit(payload: dict[str, Any]) -> int | None:
    limits = (payload.get(name) for name in _OPENAI_LIMITS)
    limit = next((value for value in limits if value is not None), None)
    if limit is None:
        return None
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
        raise InvalidRequest(f"The output limit must be a positive integer, not {limit!r}.")
    return int(limit)


def _of_role(messages: Iterable[dict[str, Any]], role: str) -> str:
    return "\n".join(_text(m.get("content")) for m in messages if m.get("role") == role)


def _text(content: Any) -> str:
    """The text of a message: a string, or a list of parts of which some are text."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(
            part["text"]
            for part in content
            if isinstance(part, dict) and isinstance(part.get("text"), str)
        )
    return ""


def reply_body(request: Request, model: str, answer: Answer) -> bytes:
    """The reply in the envelope of the request."""
    content = _anthropic(model, answer) if request.anthropic else _openai(model, answer)
    return json.dumps(content, ensure_ascii=False).encode()


def _openai(model: str, answer: Answer) -> dict[str, Any]:
    return {
        "id": "chatcmpl-offline",
        "object": "chat.completion",
        "created": 0,
        "model": model,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": answer.text},
                "finish_reason": answer.finish_reason,
            }
        ],
        "usage": {
            "prompt_tokens": answer.input_tokens,
            "completion_tokens": answer.output_tokens,
            "total_tokens": answer.input_tokens + answer.output_tokens,
        },
    }


def _anthropic(model: str, answer: Answer) -> dict[str, Any]:
    return {
        "id": "msg_offline",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [{"type": "text", "text": answer.text}],
        "stop_reason": _TO_ANTHROPIC.get(answer.finish_reason, answer.finish_reason),
        "stop_sequence": None,
        "usage": {"input_tokens": answer.input_tokens, "output_tokens": answer.output_tokens},
    }


def as_openai(request: Request, model: str) -> dict[str, Any]:
    """The request as an OpenAI-compatible server takes it; OpenAI-style bodies stay as they are."""
    if not request.anthropic:
        return {**request.payload, "model": model}
    kept: dict[str, Any] = {
        name: request.payload[name]
        for name in ("max_tokens", "temperature", "top_p")
        if name in request.payload
    }
    messages = [
        {"role": message.get("role"), "content": _text(message.get("content"))}
        for message in request.payload["messages"]
    ]
    if request.system:
        messages.insert(0, {"role": "system", "content": request.system})
    if "stop_sequences" in request.payload:
        kept["stop"] = request.payload["stop_sequences"]
    return {"model": model, "messages": messages, **kept}


def from_openai(body: dict[str, Any]) -> Answer:
    """The answer in a chat.completion body. Raises KeyError, IndexError or TypeError if none."""
    choice = body["choices"][0]
    usage = body.get("usage") or {}
    return Answer(
        text=_text(choice["message"].get("content")),
        finish_reason=choice.get("finish_reason") or "stop",
        input_tokens=int(usage.get("prompt_tokens", 0)),
        output_tokens=int(usage.get("completion_tokens", 0)),
    )
