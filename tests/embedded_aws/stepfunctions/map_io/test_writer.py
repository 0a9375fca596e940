"""ResultWriter: files, manifest, transformations, splitting."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedded_aws.stepfunctions.errors import StatesError
from embedded_aws.stepfunctions.map_io import (
    ChildResult,
    result_files,
    transformed,
    write_results,
)

RUN = "arn:aws:states:us-east-1:123456789012:mapRun:machine/Map:0f1e"
START = 1769839200.5  # 2026-01-31T06:00:00.500Z


def child(status: str, number: int = 0, output: Any = None, **more: Any) -> ChildResult:
    return ChildResult(
        execution_arn=f"arn:aws:states:us-east-1:123456789012:execution:machine/Map:c-{number}",
        name=f"c-{number}",
        state_machine_arn="arn:aws:states:us-east-1:123456789012:stateMachine:machine/Map",
        status=status,
        input=json.dumps({"n": number}),
        output=json.dumps(output) if status == "SUCCEEDED" else None,
        **more,
    )


def write(store: Any, children: list[ChildResult], config: dict[str, Any], **more: Any) -> Any:
    arguments = {"Bucket": "results", **more}
    return asyncio.run(write_results(children, arguments, config, RUN, store.call()))


def test_layout(store: Any) -> None:
    children = [
        child("SUCCEEDED", 0, {"ok": 1}, start=START, stop=START + 1),
        child("FAILED", 1, error="Boom", cause="why", start=START, stop=START),
        child("PENDING", 2),
    ]

    result = write(store, children, {}, Prefix="out/jobs")

    assert result == {
        "MapRunArn": RUN,
        "ResultWriterDetails": {"Bucket": "results", "Key": "out/jobs/0f1e/manifest.json"},
    }
    assert store.keys() == [
        f"out/jobs/0f1e/{name}.json"
        for name in ("FAILED_0", "PENDING_0", "SUCCEEDED_0", "manifest")
    ]
    manifest = json.loads(store.get("out/jobs/0f1e/manifest.json"))
    assert manifest == {
        "DestinationBucket": "results",
        "MapRunArn": RUN,
        "ResultFiles": {
            group: [
                {
                    "Key": f"out/jobs/0f1e/{group}_0.json",
                    "Size": len(store.get(f"out/jobs/0f1e/{group}_0.json")),
                }
            ]
            for group in ("FAILED", "PENDING", "SUCCEEDED")
        },
    }
    assert store.blocking == 1


def test_records_of_children(store: Any) -> None:
    succeeded = child("SUCCEEDED", 0, {"é": 1}, start=START, stop=START + 1)
    failed = child("TIMED_OUT", 1, error="States.Timeout", cause="", start=START, stop=START)

    write(store, [succeeded, failed, child("PENDING", 2)], {})

    (first,) = json.loads(store.get("0f1e/SUCCEEDED_0.json"))
    assert list(first.items()) == [
        ("ExecutionArn", succeeded.execution_arn),
        ("Input", '{"n": 0}'),
        ("InputDetails", {"Included": True}),
        ("Name", "c-0"),
        ("Output", json.dumps({"é": 1})),
        ("OutputDetails", {"Included": True}),
        ("RedriveCount", 0),
        ("RedriveStatus", "NOT_REDRIVABLE"),
        ("StartDate", "2026-01-31T06:00:00.500Z"),
        ("StateMachineArn", succeeded.state_machine_arn),
        ("Status", "SUCCEEDED"),
        ("StopDate", "2026-01-31T06:00:01.500Z"),
    ]
    (second,) = json.loads(store.get("0f1e/FAILED_0.json"))
    assert (second["Error"], second["Cause"], second["Status"]) == (
        "States.Timeout",
        "",
        "TIMED_OUT",
    )
    assert "Output" not in second
    (third,) = json.loads(store.get("0f1e/PENDING_0.json"))
    assert (third["Status"], "StartDate" in third) == ("PENDING", False)


def test_groups_without_children_have_no_file(store: Any) -> None:
    write(store, [], {}, Prefix="p/")

    assert store.keys() == ["p/0f1e/manifest.json"]
    assert json.loads(store.get("p/0f1e/manifest.json"))["ResultFiles"] == {
        "FAILED": [],
        "PENDING": [],
        "SUCCEEDED": [],
    }


def test_flattened_lines(store: Any) -> None:
    children = [child("SUCCEEDED", n, [n, {"copy": n}]) for n in (10, 20)]

    write(store, children, {"Transformation": "FLATTEN", "OutputType": "JSONL"})

    assert store.get("0f1e/SUCCEEDED_0.jsonl") == '10\n{"copy":10}\n20\n{"copy":20}\n'


@pytest.mark.parametrize(
    ("transformation", "output", "expected"),
    [
        ("COMPACT", [1, 2], [[1, 2]]),
        ("COMPACT", {"a": 1}, [{"a": 1}]),
        ("COMPACT", None, [None]),
        ("FLATTEN", [1, [2]], [1, [2]]),
        ("FLATTEN", [], []),
        ("FLATTEN", {"a": 1}, [{"a": 1}]),
    ],
)
def test_transformations(transformation: str, output: Any, expected: list[Any]) -> None:
    found = transformed(child("SUCCEEDED", 0, output), transformation)

    assert [json.loads(text) for text in found] == expected


@pytest.mark.parametrize("transformation", ["NONE", "COMPACT", "FLATTEN"])
def test_failed_children_are_not_transformed(transformation: str) -> None:
    (text,) = transformed(child("FAILED", 0, error="E"), transformation)

    assert json.loads(text)["Error"] == "E"


@pytest.mark.parametrize("kind", ["JSON", "JSONL"])
def test_files_are_split_by_size(kind: str) -> None:
    children = [child("SUCCEEDED", n, "x" * 10) for n in range(5)]

    files = result_files(
        children, {"Transformation": "COMPACT", "OutputType": kind}, "f", file_limit=30
    )["SUCCEEDED"]

    suffix = kind.lower()
    assert [file.key for file in files] == [f"f/SUCCEEDED_{n}.{suffix}" for n in range(3)]
    assert all(len(file.body) <= 30 for file in files)


@given(st.lists(st.text(max_size=30)), st.integers(1, 200), st.sampled_from(["JSON", "JSONL"]))
def test_splitting_loses_nothing(outputs: list[str], limit: int, kind: str) -> None:
    children = [child("SUCCEEDED", n, output) for n, output in enumerate(outputs)]

    files = result_files(children, {"Transformation": "COMPACT", "OutputType": kind}, "f", limit)

    found: list[Any] = []
    for file in files["SUCCEEDED"]:
        if kind == "JSON":
            found.extend(json.loads(file.body))
        else:
            found.extend(json.loads(line) for line in file.body.splitlines())
    assert found == outputs


def test_a_refusing_bucket_fails_the_writer(store: Any) -> None:
    with pytest.raises(StatesError) as raised:
        write(store, [child("SUCCEEDED", 0, 1)], {}, Bucket="nowhere")

    assert raised.value.name == "States.ResultWriterFailed"
    assert "The specified bucket does not exist" in (raised.value.cause or "")
