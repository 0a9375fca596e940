from __future__ import annotations

import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from embedded_aws.stepfunctions.conformance import load_cases, run_case
from tests.shared_data import SHARED

CASE: dict[str, Any] = {
    "id": "a-case",
    "query_language": "JSONata",
    "definition": {
        "QueryLanguage": "JSONata",
        "StartAt": "T",
        "States": {
            "T": {
                "Type": "Task",
                "Resource": "arn:aws:states:::lambda:invoke",
                "Arguments": {"FunctionName": "f", "Payload": "{% $states.input %}"},
                "Output": "{% $states.result.Payload %}",
                "End": True,
            }
        },
    },
    "input": {"a": 1},
    "task_results": [{"state": "T", "result": {"Payload": {"a": 1}, "StatusCode": 200}}],
    "expected": {
        "status": "SUCCEEDED",
        "output": {"a": 1},
        "events": [
            {"id": 1, "previousEventId": 0, "type": "ExecutionStarted",
             "executionStartedEventDetails": {"input": {"a": 1}, "roleArn": "snf_role_arn"}},
            {"id": 2, "previousEventId": 0, "type": "TaskStateEntered",
             "stateEnteredEventDetails": {"name": "T", "input": {"a": 1}}},
            {"id": 3, "previousEventId": 2, "type": "TaskScheduled",
             "taskScheduledEventDetails": {"resourceType": "lambda", "resource": "invoke",
                "parameters": {"FunctionName": "f", "Payload": {"a": 1}}}},
            {"id": 4, "previousEventId": 3, "type": "TaskStarted",
             "taskStartedEventDetails": {"resourceType": "lambda", "resource": "invoke"}},
            {"id": 5, "previousEventId": 4, "type": "TaskSucceeded",
             "taskSucceededEventDetails": {"resourceType": "lambda", "resource": "invoke",
                "output": {"Payload": {"a": 1}, "StatusCode": 200}}},
            {"id": 6, "previousEventId": 5, "type": "TaskStateExited",
             "stateExitedEventDetails": {"name": "T", "output": '{"a":1}'}},
            {"id": 7, "previousEventId": 6, "type": "ExecutionSucceeded",
             "executionSucceededEventDetails": {"output": {"a": 1}}},
        ],
    },
}  # fmt: skip


def changed(path: list[Any], value: Any) -> dict[str, Any]:
    case = copy.deepcopy(CASE)
    place: Any = case
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    return case


def test_a_case_passes() -> None:
    verdict = run_case(CASE)
    assert (verdict.difference, verdict.ids_equal) == (None, True)


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        (["expected", "status"], "FAILED", "status: expected FAILED, got SUCCEEDED"),
        (["expected", "output"], {"a": 2}, "output/a: expected 2, got 1"),
        (["expected", "output"], {"a": True}, "output/a: expected true, got 1"),
        (["expected", "output"], {}, "output/a: expected nothing, got 1"),
        (["expected", "events", 1, "type"], "PassStateEntered",
         'event 2 (PassStateEntered): /type: expected "PassStateEntered", got "TaskStateEntered"'),
        (["expected", "events", 5, "stateExitedEventDetails", "output"], "[]",
         'event 6 (TaskStateExited): /output: expected [], got {"a": 1}'),
        (["expected", "events"], CASE["expected"]["events"][:6],
         "expected 6 events, got 7: surplus ExecutionSucceeded"),
        (["task_results"], [], "status: expected SUCCEEDED, got FAILED"),
        (["definition", "States", "T", "Typo"], 1, "refused: Invalid State Machine Definition"),
    ],
)  # fmt: skip
def test_a_difference_is_told(path: list[Any], value: Any, sentence: str) -> None:
    difference = run_case(changed(path, value)).difference
    assert difference is not None
    assert difference.startswith(sentence)


def test_placeholders_match_but_the_same_one_the_same_value() -> None:
    case = changed(["definition", "States", "T", "Output"], ["a-x", "a-y", "2026-01-02T03:04:05Z"])
    for expected, passes in [
        (["a-<uuid:1>", "a-<uuid:2>", "date"], True),
        (["a-<uuid:1>", "a-<uuid:1>", "date"], False),
        (["date", "a-<uuid:2>", "date"], False),
    ]:
        case["expected"] = {"status": "SUCCEEDED", "output": expected}
        assert (run_case(case).difference is None) is passes


def test_a_token_that_nobody_answers_times_out() -> None:
    case = changed(["task_results"], [{"state": "T", "error": "States.Timeout",
                                       "event": "TaskTimedOut"}])  # fmt: skip
    state = case["definition"]["States"]["T"]
    state |= {"Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken", "TimeoutSeconds": 5}
    words = {"resourceType": "lambda", "resource": "invoke.waitForTaskToken"}
    events = case["expected"]["events"][:4]
    events[2]["taskScheduledEventDetails"] |= words | {"timeoutInSeconds": 5}
    events[3]["taskStartedEventDetails"] = words
    error = {"error": "States.Timeout"}
    events += [
        {"type": "TaskSubmitted", "taskSubmittedEventDetails": words | {"output": {}}},
        {"type": "TaskTimedOut", "taskTimedOutEventDetails": words | error},
        {"type": "ExecutionFailed", "executionFailedEventDetails": error},
    ]
    ids = [0, 0, 2, 3, 4, 5, 6]
    for number, event in enumerate(events):
        event |= {"id": number + 1, "previousEventId": ids[number]}
    case["expected"] = {"status": "FAILED", "error": "States.Timeout", "events": events}
    verdict = run_case(case)
    assert (verdict.difference, verdict.ids_equal) == (None, True)


def test_the_command_prints_what_failed_and_counts(tmp_path: Path) -> None:
    (tmp_path / "good.json").write_text(json.dumps(CASE))
    bad = changed(["expected", "output"], 9) | {"id": "bad-case"}
    (tmp_path / "bad.json").write_text(json.dumps(bad))
    (tmp_path / "path.json").write_text(json.dumps(CASE | {"query_language": "JSONPath"}))
    report = tmp_path / "report.out"
    command = ["-m", "embedded_aws.stepfunctions.conformance", str(tmp_path), "--json", str(report)]
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout == 'bad-case\n    output: expected 9, got {"a": 1}\n1 passed, 1 failed\n'
    verdicts = json.loads(report.read_text())
    assert {v["id"]: v["difference"] is None for v in verdicts} == {
        "a-case": True,
        "bad-case": False,
    }


@pytest.mark.shared
@pytest.mark.parametrize(("folder", "least"), [("asl_conformance", 101), ("asl_recorded", 67)])
def test_recorded_executions(folder: str, least: int) -> None:
    verdicts = [run_case(case) for case in load_cases(SHARED / folder)]
    failed = {v.id: v.difference for v in verdicts if v.difference is not None}
    assert failed == {}
    assert len(verdicts) >= least
