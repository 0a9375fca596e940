from __future__ import annotations

import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from embedded_aws.stepfunctions.conformance import load_cases, run_case
from embedded_aws.stepfunctions.conformance.cases import objects_of
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


# --- what the READMEs of the recordings name


def case(states: dict[str, Any], expected: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A case of these states that starts at the first."""
    definition = {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states}
    start = {"id": "a-case", "query_language": "JSONata", "definition": definition, "input": {}}
    return start | {"expected": expected} | more


TASK = CASE["definition"]["States"]["T"]
OF_FUNCTION = TASK | {"Output": "{% $states.result %}", "Resource": "arn:aws:lambda:r:1:function:f"}
EACH: dict[str, Any] = {
    "Type": "Map",
    "Items": [1, 2],
    "ItemProcessor": {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "C",
        "States": {"C": TASK | {"Arguments": {"FunctionName": "f", "Payload": 7}}},
    },
    "End": True,
}


def function(behaviour: str, description: str = "") -> list[dict[str, str]]:
    return [{"function": "f", "behaviour": behaviour, "description": description}]


@pytest.mark.parametrize(
    ("functions", "expected"),
    [
        (function("identity"), {"status": "SUCCEEDED", "output": [7, 7]}),
        (function("constant", 'returns the JSON text "Hi" (a string) whatever the event'),
         {"status": "SUCCEEDED", "output": ["Hi", "Hi"]}),
        (function("raises", "fails with errorType Exception, errorMessage 'No.'"),
         {"status": "FAILED", "error": "States.ExceedToleratedFailureThreshold"}),
        (function("large"),
         {"status": "FAILED", "error": "States.ExceedToleratedFailureThreshold"}),
        (function("sleep60"), {"status": "SUCCEEDED", "output": [7, 7]}),
    ],
)  # fmt: skip
def test_calls_that_no_history_shows_are_worked_out(
    functions: list[dict[str, str]], expected: dict[str, Any]
) -> None:
    verdict = run_case(case({"M": EACH}, expected, lambdas=functions))
    assert verdict.difference is None


def test_a_large_result_and_a_long_sleep() -> None:
    cause = (
        "The state/task 'arn:aws:lambda:r:1:function:f' returned a result with a size exceeding"
        " the maximum number of bytes service limit."
    )
    expected = {"status": "FAILED", "error": "States.DataLimitExceeded", "cause": cause}
    assert (
        run_case(case({"T": OF_FUNCTION}, expected, lambdas=function("large"))).difference is None
    )
    slow = case(
        {"T": OF_FUNCTION | {"TimeoutSeconds": 59}},
        {"status": "FAILED", "error": "States.Timeout"},
        lambdas=function("sleep60"),
    )
    assert run_case(slow).difference is None


@pytest.mark.parametrize(
    "resource",
    ["batch:submitJob.sync", "ecs:runTask.sync", "athena:startQueryExecution", "sqs:sendMessage",
     "apigateway:invoke.waitForTaskToken", "aws-sdk:s3:getObject", "eks:call"],
)  # fmt: skip
def test_any_service_is_replayed(resource: str) -> None:
    state = TASK | {"Resource": f"arn:aws:states:::{resource}", "Output": "{% $states.result %}"}
    results = [{"state": "T", "result": {"Status": "SUCCEEDED"}}]
    expected = {"status": "SUCCEEDED", "output": {"Status": "SUCCEEDED"}}
    assert run_case(case({"T": state}, expected, task_results=results)).difference is None
    failed = [{"state": "T", "error": "Batch.Broken", "cause": "why", "event": "TaskFailed"}]
    expected = {"status": "FAILED", "error": "Batch.Broken", "cause": "why"}
    assert run_case(case({"T": state}, expected, task_results=failed)).difference is None


def test_results_come_in_the_order_of_the_recording() -> None:
    """The second branch ended before the call of the first one failed."""
    branches = [
        {"StartAt": "Bad", "States": {"Bad": TASK}},
        {"StartAt": "Good", "States": {"Good": TASK | {"Next": "Then", "Output": 1}
                                       | {"End": False}, "Then": {"Type": "Pass", "End": True}}},
    ]  # fmt: skip
    results = [
        {"state": "Good", "result": {"Payload": 1}},
        {"state": "Bad", "error": "E", "cause": "c", "event": "TaskFailed"},
    ]
    found = case(
        {"P": {"Type": "Parallel", "Branches": branches, "End": True}},
        {"status": "FAILED", "error": "E", "last_events": [
            {"id": 14, "previousEventId": 9, "type": "ParallelStateFailed"},
            {"id": 15, "previousEventId": 14, "type": "ExecutionFailed",
             "executionFailedEventDetails": {"error": "E", "cause": "c"}}]},
        task_results=results,
    )  # fmt: skip
    assert run_case(found).difference is None
    found["expected"]["last_events"][0]["type"] = "ParallelStateSucceeded"
    assert run_case(found).difference is not None


def test_an_execution_is_stopped_when_its_history_is_as_long_as_recorded() -> None:
    states = {
        "A": {"Type": "Wait", "Seconds": 30, "Next": "B"},
        "B": {"Type": "Wait", "Seconds": 300, "End": True},
    }
    details = {"error": "Stop", "cause": "enough"}
    types = ["ExecutionStarted", "WaitStateEntered", "WaitStateExited", "WaitStateEntered"]
    events: list[dict[str, Any]] = [{"type": type_} for type_ in types]
    events.append({"type": "ExecutionAborted", "executionAbortedEventDetails": details})
    for number, event in enumerate(events):
        event |= {"id": number + 1, "previousEventId": [0, 0, 2, 3, 0][number]}
    for number, name in [(1, "A"), (2, "A"), (3, "B")]:
        kind = "stateExitedEventDetails" if number == 2 else "stateEnteredEventDetails"
        events[number][kind] = {"name": name, ("output" if number == 2 else "input"): {}}
    events[0]["executionStartedEventDetails"] = {"input": {}}
    verdict = run_case(case(states, {"status": "ABORTED", "events": events} | details))
    assert (verdict.difference, verdict.ids_equal) == (None, True)


def test_a_timeout_tells_its_error_in_the_last_event() -> None:
    found = case(
        {"W": {"Type": "Wait", "Seconds": 30, "End": True}},
        {"status": "TIMED_OUT", "error": "States.Timeout"},
    )
    found["definition"]["TimeoutSeconds"] = 5
    assert run_case(found).difference is None


def test_an_express_execution_is_compared_by_what_describes_it() -> None:
    found = case(
        {"P": {"Type": "Pass", "Output": {"a": 1}, "End": True}},
        {"status": "SUCCEEDED", "describe_execution": {"status": "SUCCEEDED", "output": '{"a":1}'}},
        type="EXPRESS",
    )
    assert run_case(found).difference is None
    event = {"type": "ExecutionSucceeded", "details": {"output": '{"a":2}'}}
    found["expected"] = {"status": "SUCCEEDED", "end_event": event}
    assert run_case(found).difference == "output/a: expected 2, got 1"


WRITER = {"Resource": "arn:aws:states:::s3:putObject", "Arguments": {"Bucket": "b", "Prefix": "r"}}


@pytest.mark.parametrize(
    ("expected", "difference"),
    [
        ({"r/<uuid:1>/SUCCEEDED_0.jsonl": {"bytes": 4}}, None),
        ({"r/<uuid:1>/SUCCEEDED_0.jsonl": {"bytes": 5}}, "expected 5 bytes, got 4"),
        ({"r/<uuid:1>/FAILED_0.jsonl": {}}, "written_objects: expected r/<uuid:1>/FAILED_0"),
    ],
)
def test_written_objects_are_compared(expected: dict[str, Any], difference: str | None) -> None:
    config = {"WriterConfig": {"OutputType": "JSONL", "Transformation": "COMPACT"}}
    state = EACH | {"ResultWriter": WRITER | config}
    found = case(
        {"M": state}, {"status": "SUCCEEDED", "written_objects": expected},
        lambdas=function("constant", "returns 7"),
    )  # fmt: skip
    verdict = run_case(found)
    assert (verdict.difference is None) == (difference is None)
    assert difference is None or difference in (verdict.difference or "")


def test_a_reader_finds_the_objects_of_the_setup() -> None:
    listing = {
        "Resource": "arn:aws:states:::s3:listObjectsV2",
        "Arguments": {"Bucket": "b", "Prefix": "in/"},
    }
    selector = {"ItemSelector": "{% $states.context.Map.Item.Value.Key %}"}
    passes = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
    processor = {**EACH["ItemProcessor"], **passes}
    state = {k: v for k, v in EACH.items() if k != "Items"} | selector
    state |= {"ItemReader": listing, "ItemProcessor": processor}
    objects = {"s3_objects": {"b": {"in/1": None, "in/2": "x", "out/1": None}}}
    found = case({"M": state}, {"status": "SUCCEEDED", "output": ["in/1", "in/2"]}, setup=objects)
    assert run_case(found).difference is None
    absent = state | {"ItemReader": {
        "Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "JSONL"},
        "Arguments": {"Bucket": "b", "Key": "none"}}}  # fmt: skip
    absent.pop("ItemSelector")
    failed = {"status": "FAILED", "error": "States.ItemReaderFailed"}
    assert run_case(case({"M": absent}, failed)).difference is None


@pytest.mark.parametrize(
    "setup",
    [
        {"s3_objects": {"b": {"k": "t"}}},
        {"s3_objects": [{"bucket": "b", "key": "k", "body": "t"}]},
        [{"kind": "s3_object", "Bucket": "b", "Key": "k", "content": "t"}],
        {"objects": [{"Bucket": "b", "Key": "k", "Body": "t"}], "buckets": ["b"]},
    ],
)
def test_a_setup_lists_its_objects_in_one_way_or_another(setup: Any) -> None:
    assert objects_of(setup) == {"b": {"k": "t"}}


@pytest.mark.parametrize("resource", ["activity_arn", "arn:aws:states:us-east-1:1:activity:work"])
def test_workers_of_activities(resource: str) -> None:
    state = {
        "Type": "Task",
        "Resource": resource,
        "Arguments": 1,
        "TimeoutSeconds": 30,
        "End": True,
    }
    poll = {"Type": "Task", "Arguments": {"WorkerName": "w"}}
    actors = [{"kind": "activity_consumer", "definition": {"States": {"Poll": poll}}}]
    done = case(
        {"T": state}, {"status": "SUCCEEDED", "output": 2},
        actors=actors, task_results=[{"state": "T", "result": 2}],
    )  # fmt: skip
    assert run_case(done).difference is None
    late = case(
        {"T": state}, {"status": "FAILED", "error": "States.Timeout"},
        actors=actors,
        task_results=[{"state": "T", "error": "States.Timeout", "event": "ActivityTimedOut"}],
    )  # fmt: skip
    assert run_case(late).difference is None


def test_cases_in_subfolders_are_found_and_other_files_are_not(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "case.json").write_text(json.dumps(CASE))
    (tmp_path / "list.json").write_text("[]")
    (tmp_path / "note.json").write_text('{"query_language": "JSONata"}')
    (tmp_path / "torn.json").write_text('{"id": ')
    found = load_cases(tmp_path)
    assert [one["id"] for one in found] == ["a-case", "torn.json"]
    assert (run_case(found[1]).difference or "").startswith("the file is no JSON")


@pytest.mark.parametrize("definition", [[], {"States": []}, {"States": {"A": 1}}, "{", {}])
def test_a_definition_that_is_none_is_refused(definition: Any) -> None:
    broken = case({"A": {}}, {"status": "VALIDATION_FAILED"}) | {"definition": definition}
    assert run_case(broken).difference is None
