"""What a model family wraps around its text: text, tokens, stop reason.

openai      choices[0].message.content, finish_reason; usage.prompt_tokens, completion_tokens
anthropic   content blocks, stop_reason; usage.input_tokens, output_tokens

Unknown shapes are said, never guessed: a body taken for text, or invented token counts, would
look like an answer.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

LENGTH_STOPS = frozenset({"length", "max_tokens"})


@dataclass(frozen=True)
class Reply:
    """A response without its envelope. Token counts are null when the response has none."""

    text: str
    stop: str | None
    input_tokens: int | None
    output_tokens: int | None
    problem: str | None = None  # one sentence; the text is then the body as JSON

    @property
    def at_limit(self) -> bool:
        """Whether the output limit ended the text."""
        return self.stop in LENGTH_STOPS


def read(family: str, body: Any) -> Reply:
    """The reply in the body of an InvokeModel response; never raises on a body."""
    usage = _child(body, "usage")
    if family == "anthropic":
        counts = (_count(usage, "input_tokens"), _count(usage, "output_tokens"))
        stop, content = _child(body, "stop_reason"), _child(body, "content")
        problem = None if isinstance(content, list) else "The response has no list content."
    else:
        counts = (_count(usage, "prompt_tokens"), _count(usage, "completion_tokens"))
        choices = _child(body, "choices")
        choice = choices[0] if isinstance(choices, list) and choices else None
        message = _child(choice, "message")
        stop, content = _child(choice, "finish_reason"), _child(message, "content")
        problem = None if isinstance(message, dict) else "The response has no choices[0].message."
    if problem is None and not isinstance(content, str | list | None):
        problem = "The content of the response is neither text nor a list of parts."
    if problem is not None:
        text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False, default=str)
        return Reply(text, None, *counts, problem)
    return Reply(_joined(content), stop if isinstance(stop, str) else None, *counts)


def _joined(content: Any) -> str:
    """Text of a content that is text, absent, or a list of parts of which some are text."""
    if isinstance(content, str):
        return content
    texts = (_child(part, "text") for part in content or [])
    return "".join(text for text in texts if isinstance(text, str))


def _child(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None


def _count(usage: Any, key: str) -> int | None:
    """A token count; JSONata may have made a float of it."""
    value = _child(usage, key)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return int(value) if is_number and 0 <= value < 1e12 else None
