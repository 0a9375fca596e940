"""What the model says, before an envelope is put around it."""

from __future__ import annotations

import math
from dataclasses import dataclass

CHARACTERS_PER_TOKEN = 4
"""The estimate of token counts: one token per started four characters, any language."""


@dataclass(frozen=True)
class Answer:
    """Text, stop reason (`stop` or `length`) and token counts of one answer."""

    text: str
    finish_reason: str = "stop"
    input_tokens: int = 0
    output_tokens: int = 0


def tokens(text: str) -> int:
    """The documented estimate of a text's tokens: characters / 4, rounded up."""
    return math.ceil(len(text) / CHARACTERS_PER_TOKEN)


def limited(answer: Answer, max_tokens: int | None) -> Answer:
    """The answer as a model with that output limit would give it."""
    if max_tokens is None or answer.output_tokens <= max_tokens:
        return answer
    text = answer.text[: max_tokens * CHARACTERS_PER_TOKEN]
    return Answer(text, "length", answer.input_tokens, max_tokens)
