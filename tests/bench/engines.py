"""This engine beside the two others that run JSONata workflows in Python: sfnx and ministack.

Each measurement runs in a process of its own, so that its memory is its own, and calls no service:
a loop of Pass and Choice states with Assign, and a Distributed Map of 10,000 items through five
states each. `python -m tests.bench.engines ENGINE WORK` does one and prints it as JSON.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.bench.measure import Measured, peak_mb

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = 3_000  # two states each, four events: an execution may have 25,000
LARGE_INPUT = 200_000  # characters
ITEMS, STATES = 10_000, 5
PATIENCE = 240.0  # seconds
LEAST_RATE = 2_000  # states per CPU second
MOST_SECONDS, MOST_MB = 60.0, 1024
ROLE = "arn:aws:iam::123456789012:role/bench"

LOOP: dict[str, Any] = {
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
        "End": {"Type": "Pass", "Output": "{% $sum %}", "End": True},
    },
}
CHILD: dict[str, Any] = {
    "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
    "StartAt": "Take",
    "States": {
        "Take": {"Type": "Pass", "Assign": {"n": "{% $states.input.n %}"}, "Next": "Double"},
        "Double": {"Type": "Pass", "Output": {"n": "{% $n * 2 %}"}, "Next": "Rest"},
        "Rest": {"Type": "Wait", "Seconds": 1, "Next": "Ask"},
        "Ask": {
            "Type": "Choice",
            "Choices": [{"Condition": "{% $n >= 0 %}", "Next": "Done"}],
            "Default": "Done",
        },
        "Done": {"Type": "Pass", "Output": "{% $states.input.n %}", "End": True},
    },
}
MAP: dict[str, Any] = {
    "QueryLanguage": "JSONata",
    "StartAt": "Each",
    "States": {
        "Each": {
            "Type": "Map",
            "Items": "{% [1..$states.input.items].{'n': $} %}",
            "ItemProcessor": CHILD,
            "Output": {"count": "{% $count($states.result) %}"},
            "End": True,
        }
    },
}
WARM_UP = {
    "QueryLanguage": "JSONata",
    "StartAt": "One",
    "States": {"One": {"Type": "Pass", "Output": "{% 1 + 1 %}", "End": True}},
}
WORKS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "loop": (LOOP, {}),
    "loop with 200 KB": (LOOP, {"text": "x" * LARGE_INPUT}),
    "map": (MAP, {"items": ITEMS}),
}


def measure_engines() -> list[Measured]:
    """All engines at all works that they can do."""
    return [line for engine in ENGINES for work in WORKS for line in _lines(engine, work)]


def _lines(engine: str, work: str) -> list[Measured]:
    found, ours = _measured_apart(engine, work), engine == "embedded AWS"
    if "error" in found:
        return [Measured(f"{engine}, {work}: cannot ({found['error']})", 0, "")]
    if work != "map":
        rate = (2 * ROUNDS + 2) / found["cpu"]
        goal = f"at least {LEAST_RATE:,}" if ours else ""
        met = rate >= LEAST_RATE if ours else None
        return [Measured(f"{engine}, {work}", rate, "states per CPU s", goal, met)]
    name = f"{engine}, Distributed Map of {ITEMS:,} items, {STATES} states each"
    seconds, memory = found["seconds"], found["peak_mb"]
    if not ours:
        return [Measured(name, seconds, "s"), Measured(name, memory, "MB at most")]
    return [
        Measured(name, seconds, "s", f"below {MOST_SECONDS:.0f}", seconds < MOST_SECONDS),
        Measured(name, memory, "MB at most", f"below {MOST_MB:,}", memory < MOST_MB),
    ]


def _measured_apart(engine: str, work: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.bench.engines", engine, work]
    try:
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        return {"error": f"not done after {PATIENCE:.0f} s"}
    if done.returncode:
        return {"error": (done.stderr.strip().splitlines() or ["it failed"])[-1][:80]}
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


# --- one engine each: runs a definition to its end and returns its output


def _run_embedded(definition: dict[str, Any], given: dict[str, Any]) -> Any:
    from embedded_aws.stepfunctions import Clock, StepFunctions

    async def main() -> Any:
        engine = StepFunctions(Clock.virtual(0), lambda role, service: None)
        machine = {"name": "bench", "definition": json.dumps(definition), "roleArn": ROLE}
        arn = (await engine.handle("CreateStateMachine", machine))["stateMachineArn"]
        start = {"stateMachineArn": arn, "input": json.dumps(given)}
        execution = (await engine.handle("StartExecution", start))["executionArn"]
        await engine.services.ended(execution)
        shown = await engine.handle("DescribeExecution", {"executionArn": execution})
        await engine.aclose()
        return _output(shown)

    return asyncio.run(main())


def _run_sfnx(definition: dict[str, Any], given: dict[str, Any]) -> Any:
    from sfnx import testing

    execution = testing.run(definition, given, lambda call: None)
    return execution.output


def _run_ministack(definition: dict[str, Any], given: dict[str, Any]) -> Any:
    from ministack.services import stepfunctions

    def call(operation: str, request: dict[str, Any]) -> dict[str, Any]:
        status, _, body = getattr(stepfunctions, operation)(request)
        answer: dict[str, Any] = json.loads(body)
        if status != 200:
            raise RuntimeError(f"{operation}: {answer}")
        return answer

    name = f"bench-{time.monotonic_ns()}"
    machine = {"name": name, "definition": json.dumps(definition), "roleArn": ROLE}
    arn = call("_create_state_machine", machine)["stateMachineArn"]
    start = {"stateMachineArn": arn, "input": json.dumps(given)}
    execution = {"executionArn": call("_start_execution", start)["executionArn"]}
    while (shown := call("_describe_execution", execution))["status"] == "RUNNING":
        time.sleep(0.05)
    return _output(shown)


def _output(shown: dict[str, Any]) -> Any:
    if shown["status"] != "SUCCEEDED":
        raise RuntimeError(f"{shown['status']}: {shown.get('error')}: {shown.get('cause')}")
    return json.loads(shown["output"])


ENGINES: dict[str, Callable[[dict[str, Any], dict[str, Any]], Any]] = {
    "embedded AWS": _run_embedded,
    "sfnx": _run_sfnx,
    "ministack": _run_ministack,
}
EXPECTED = {
    "loop": sum(range(ROUNDS)) * 2,
    "loop with 200 KB": sum(range(ROUNDS)) * 2,
    "map": {"count": ITEMS},
}


def main(engine: str, work: str) -> None:
    """Measures one engine at one work; its output must be right."""
    ENGINES[engine](WARM_UP, {})  # modules load
    wall, cpu = time.monotonic(), time.process_time()
    output = ENGINES[engine](*WORKS[work])
    found = {
        "seconds": time.monotonic() - wall,
        "cpu": time.process_time() - cpu,
        "peak_mb": peak_mb(),
    }
    if output != EXPECTED[work]:
        raise SystemExit(f"wrong output: {str(output)[:60]}")
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
