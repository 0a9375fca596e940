"""The parts of the path alone: the engine's own states, the model, the reading of its answers."""

from __future__ import annotations

import itertools
import json
import time
from typing import Any

from embedded_aws.model.endpoint import ModelEndpoint
from parse_response.validate import accept
from tests.bench.measure import Measured, rate
from tests.bench.partition import Exchange
from tests.stack import Stack

ROUNDS = 5_000  # four events each; an execution may have 25,000
RUNS = 3  # the best counts: a collection of garbage may fall into any of them
LARGE_INPUT = 200_000  # characters
CPU_SECONDS = 3.0
LEAST_OUTPUTS = 200

LOOP = {
    "QueryLanguage": "JSONata",
    "StartAt": "Begin",
    "States": {
        "Begin": {"Type": "Pass", "Assign": {"i": 0, "sum": 0}, "Next": "Count"},
        "Count": {
            "Type": "Pass",
            "Assign": {"i": "{% $i + 1 %}", "sum": "{% $sum + $i * 2 %}"},
            "Next": "More",
        },
        "More": {
            "Type": "Choice",
            "Choices": [
                {
                    "Condition": f"{{% $i < {ROUNDS} %}}",
                    "Assign": {"last": "{% 'round ' & $string($i) %}"},
                    "Next": "Count",
                }
            ],
            "Default": "End",
        },
        "End": {"Type": "Succeed", "Output": "{% $sum %}"},
    },
}


def measure_engine(stack: Stack) -> list[Measured]:
    """Pass and Choice states with Assign, walked by one execution."""
    states = stack.client("stepfunctions")
    role = states.describe_state_machine(stateMachineArn=stack.outputs["enrich_posting_arn"])[
        "roleArn"
    ]
    machine = states.create_state_machine(
        name="bench-loop", definition=json.dumps(LOOP), roleArn=role
    )["stateMachineArn"]
    small = max(looped(states, machine, {}) for _ in range(RUNS))
    text = "x" * LARGE_INPUT
    large = max(looped(states, machine, {"text": text}) for _ in range(RUNS))
    states.delete_state_machine(stateMachineArn=machine)
    return [
        Measured("engine, Pass and Choice with Assign", small, "states per CPU s"),
        Measured("the same with an input of 200 KB", large, "states per CPU s"),
    ]


def looped(states: Any, machine: str, given: dict[str, str]) -> float:
    """States per CPU second of this process, in which the engine runs."""
    start = time.process_time()
    arn = states.start_execution(stateMachineArn=machine, input=json.dumps(given))["executionArn"]
    while (run := states.describe_execution(executionArn=arn))["status"] == "RUNNING":
        time.sleep(0.1)
    if run["status"] != "SUCCEEDED":
        raise RuntimeError(f"the loop ended {run['status']}: {run.get('cause')}")
    return 2 * ROUNDS / (time.process_time() - start)


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
