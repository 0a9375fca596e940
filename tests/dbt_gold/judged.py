"""build_gold itself, run to its end over results of dbt that are at hand.

The workflow's file as stack dev has it, the engine that runs it, and what the runner makes of
dbt's results are the real ones; the function around them, the lock and the topic are doubles.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dbt_runner.errors import with_details
from dbt_runner.invocation import Ended
from dbt_runner.request import Request
from dbt_runner.results import failure, read_results
from tests.workflows.one_run import run_once

NOTHING_TO_DO = Ended(success=True, result=None, exception=None)


@dataclass
class Doubles:
    """What the state machine takes for boto3's clients of Lambda, DynamoDB and SNS.

    steps  how dbt ended at a step; at others it finds nothing to do
    told   what was published
    """

    steps: Mapping[str, Ended]
    told: list[dict[str, Any]] = field(default_factory=list)

    def invoke(self, **call: Any) -> dict[str, Any]:
        """As the runner's handler answers and raises."""
        request = Request.parse(json.loads(call["Payload"]))
        ended = self.steps.get(request.step, NOTHING_TO_DO)
        results = read_results(ended)
        answer = {**results.answer(request), "seconds": 1.0, "log_url": "-", "artifacts": "-"}
        if failed := failure(request, ended, results, []):
            error, sentence = failed
            raised = {"errorType": error.__name__, "errorMessage": with_details(sentence, answer)}
            return {"FunctionError": "Unhandled", "Payload": json.dumps(raised).encode()}
        return {"Payload": json.dumps(answer).encode()}

    def update_item(self, **call: Any) -> dict[str, Any]:
        """The lock is free and stays one's own."""
        return {}

    def publish(self, **message: Any) -> dict[str, Any]:
        self.told.append(message)
        return {"MessageId": "1"}


@dataclass(frozen=True)
class Judged:
    """How a build ended.

    verdict  FAILED, or the workflow's own word: RED, YELLOW, GREEN
    report   its output, or the cause of its failure
    subject  of the notification
    """

    verdict: str
    report: dict[str, Any]
    subject: str


def judged(steps: Mapping[str, Ended]) -> Judged:
    """Runs a build at whose steps dbt ended as `steps` says."""
    doubles = Doubles(steps)
    ended = run_once("build-gold", lambda service: doubles)
    report = json.loads(ended.get("output") or ended["cause"])
    verdict = report["verdict"] if ended["status"] == "SUCCEEDED" else ended["status"]
    (message,) = doubles.told
    assert json.loads(message["Message"]) == report
    return Judged(verdict, report, message["Subject"])
