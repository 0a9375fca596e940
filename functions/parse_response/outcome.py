"""Why an answer cannot be used."""

from __future__ import annotations

from typing import Literal

Outcome = Literal["ok", "truncated", "no_json", "malformed", "schema", "envelope"]


class Rejected(Exception):
    """The answer is unusable; the model has to be asked again.

    outcome: envelope (the response is not what the model family returns), truncated (cut at the
    output limit), no_json (no object in the text), malformed (an object that cannot be read),
    schema (an object that is not this pass's).
    """

    def __init__(self, outcome: Outcome, sentence: str) -> None:
        super().__init__(sentence)
        self.outcome = outcome
        self.sentence = sentence
