"""Partitions in the Glue catalog: what enrich_partition registers, and when it fails."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from infra.gold_catalog import HIVE, SERDE
from tests.stack import Hour, Run, Stack, new_hour, row

TABLES = ("linkedin", "ai_enrichment")
ARROW = {
    "string": pa.string(),
    "timestamp": pa.timestamp("us"),
    "date": pa.date32(),
    "boolean": pa.bool_(),
    "double": pa.float64(),
    "int": pa.int32(),
    "bigint": pa.int64(),
}


def enriched_hour(stack: Stack) -> tuple[Hour, Run]:
    hour = new_hour()
    stack.put_rows(hour, [row(skills_canonical=["Python", "SQL"])])
    return hour, stack.enrich_partition(hour)


def partition(stack: Stack, table: str, hour: Hour) -> dict[str, Any] | None:
    """The partition of an hour as the catalog has it."""
    found = [p for p in partitions(stack, table) if p["Values"] == hour.path.split("/")]
    assert len(found) < 2
    return found[0] if found else None


def partitions(stack: Stack, table: str) -> list[dict[str, Any]]:
    answer = stack.client("glue").get_partitions(
        DatabaseName=stack.outputs["silver_catalog"], TableName=table
    )
    return list(answer["Partitions"])


def described(stack: Stack, table: str) -> dict[str, Any]:
    """How the catalog describes a table's storage."""
    answer = stack.client("glue").get_table(
        DatabaseName=stack.outputs["silver_catalog"], Name=table
    )
    return dict(answer["Table"]["StorageDescriptor"])


@pytest.mark.parametrize("table", TABLES)
def test_an_enriched_hour_is_registered_as_its_table_is_described(stack: Stack, table: str) -> None:
    hour, run = enriched_hour(stack)

    found = partition(stack, table, hour)

    assert run.status == "SUCCEEDED", run.cause
    assert found is not None
    place = f"s3://{stack.outputs['silver_bucket']}/{hour.key('linkedin_ai/', '')}"
    assert found["StorageDescriptor"] == {**described(stack, table), "Location": place}
    assert found["StorageDescriptor"]["SerdeInfo"]["SerializationLibrary"] == SERDE
    assert len(found["StorageDescriptor"]["Columns"]) > 25


@pytest.mark.parametrize("table", TABLES)
def test_every_column_of_the_table_is_in_the_file_with_its_type(stack: Stack, table: str) -> None:
    """Spectrum gives NULL for a column that a file lacks, and fails at a list."""
    hour, _ = enriched_hour(stack)
    found = partition(stack, table, hour)
    assert found is not None
    bucket, _, prefix = found["StorageDescriptor"]["Location"][len("s3://") :].partition("/")
    s3 = stack.client("s3")
    (entry,) = s3.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]
    body = s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read()

    file = pq.read_table(pa.BufferReader(body))

    asked = {c["Name"]: ARROW[c["Type"]] for c in found["StorageDescriptor"]["Columns"]}
    assert {name: file.schema.field(name).type for name in asked} == asked
    assert file["skills_canonical_json"].to_pylist() == ['["Python","SQL"]']


def test_the_types_of_this_test_are_those_of_the_catalog() -> None:
    assert set(HIVE.values()) == set(ARROW)


def test_again_changes_nothing(stack: Stack) -> None:
    hour, _ = enriched_hour(stack)
    before = {table: partitions(stack, table) for table in TABLES}

    again = stack.enrich_partition(hour)

    assert again.status == "SUCCEEDED", again.cause
    assert {table: partitions(stack, table) for table in TABLES} == before


def test_an_hour_of_an_older_stack_is_registered_by_enriching_it_again(stack: Stack) -> None:
    hour, _ = enriched_hour(stack)
    for table in TABLES:
        stack.client("glue").delete_partition(
            DatabaseName=stack.outputs["silver_catalog"],
            TableName=table,
            PartitionValues=hour.path.split("/"),
        )
    before = stack.calls

    stack.enrich_partition(hour)

    assert all(partition(stack, table, hour) for table in TABLES)
    assert stack.calls == before, "enriching again called the model"


def test_a_failing_service_is_asked_again(stack: Stack) -> None:
    stack.aws.faults.fail("glue:BatchCreatePartition", "InternalServiceException", 500, times=2)

    hour, run = enriched_hour(stack)

    assert stack.aws.faults.pending == []
    assert run.status == "SUCCEEDED", run.cause
    assert [e["taskFailedEventDetails"]["error"] for e in run.of("TaskFailed")] == [
        "Glue.InternalServiceException"
    ] * 2
    assert all(partition(stack, table, hour) for table in TABLES)


def test_a_partition_that_is_refused_fails_the_run_and_stays_pending(stack: Stack) -> None:
    stack.aws.faults.fail("glue:BatchCreatePartition", "EntityNotFoundException", 400)

    hour, run = enriched_hour(stack)

    assert (run.status, run.error) == ("FAILED", "Glue.EntityNotFoundException")
    assert "assembled_at" not in stack.partition_item(hour)
    assert "owner" not in stack.partition_item(hour)


def test_an_error_inside_the_answer_names_the_table(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Glue answers a batch with an error per partition, of which one is harmless."""
    from embedded_aws.dataplane import ministack

    refused = {
        "PartitionValues": ["2025"],
        "ErrorDetail": {
            "ErrorCode": "ResourceNumberLimitExceededException",
            "ErrorMessage": "full",
        },
    }
    responses = ministack.core("responses")
    monkeypatch.setattr(
        ministack.service("glue"),
        "_batch_create_partition",
        lambda data: responses.json_response({"Errors": [refused]}),
    )

    _, run = enriched_hour(stack)

    assert (run.status, run.error) == ("FAILED", "PartitionNotRegistered")
    assert run.cause == "Glue table linkedin: ResourceNumberLimitExceededException: full"
