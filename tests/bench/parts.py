"""The parts of the path alone: the model, and the reading of its answers."""

from __future__ import annotations

import itertools
import json

from embedded_aws.model.endpoint import ModelEndpoint
from parse_response.validate import accept
from tests.bench.measure import Measured, rate
from tests.bench.partition import Exchange

CPU_SECONDS = 3.0
LEAST_OUTPUTS = 200


def measure_model(exchanges: list[Exchange]) -> Measured:
    """Calls of the offline rules with the bodies that a workflow sent.

    The title changes from round to round: what the rules keep of a posting serves its three
    passes, as in a workflow, and no more.
    """
    rounds, model = itertools.count(), ModelEndpoint()

    def call_all() -> int:
        title = f"Title: {next(rounds)} ".encode()
        for model_id, body, _ in exchanges:
            if model.invoke(model_id, body.replace(b"Title: ", title)).status != 200:
                raise RuntimeError("the offline rules refused a call")
        return len(exchanges)

    return Measured("offline-rules-v1", rate(call_all, CPU_SECONDS), "calls per CPU s")


def measure_parsing(exchanges: list[Exchange]) -> Measured:
    """Answers read, repaired and judged as parse_response does, without its two writes to S3."""
    endless = itertools.cycle(answers(exchanges))

    def parse() -> int:
        accept(*next(endless))
        return 1

    found = rate(parse, CPU_SECONDS)
    goal = f"at least {LEAST_OUTPUTS}"
    return Measured("parse_response", found, "answers per CPU s", goal, found >= LEAST_OUTPUTS)


def answers(exchanges: list[Exchange]) -> list[tuple[str, str]]:
    """Pass name and text of each answer."""
    found = []
    for _, body, reply in exchanges:
        system = json.loads(body)["messages"][0]["content"]
        name = system.split("\n", 1)[0].removeprefix("pass: ").strip()
        found.append((name, json.loads(reply)["choices"][0]["message"]["content"]))
    return found
