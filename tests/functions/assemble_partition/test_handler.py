"""A partition of Silver and the results of its postings become one Silver-AI object."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError

from assemble_partition.handler import handler
from common import contract
from common.errors import InvalidPartition, PartitionDeferred, PartitionUnreadable
from tests.shared_data import SHARED
from tests.silver_lake import (
    NOW,
    OTHER_RUN,
    OUTPUT_KEY,
    PARTITION,
    RUN,
    Lake,
    bronze_key,
    completed,
    failed,
    posting,
    row,
    sample,
)


def assemble(**event: Any) -> dict[str, Any]:
    return handler({"partition": PARTITION, "run": RUN, "assembled_at": NOW, **event}, None)


def test_every_column_of_a_finished_posting_has_its_value(lake: Lake) -> None:
    silver = row(salary_min=90_000.0, skills_canonical=["Python", "SQL"])
    lake.put_rows([silver])
    lake.put_enriched(posting())
    assemble()
    written = lake.output_table().to_pylist()[0]
    for column in contract.columns():
        if column.root in ("extraction", "inference", "analysis", "summary"):
            assert written[column.name] == sample(column), column.name
        elif column.root == "silver":
            assert written[column.name] == silver.get(column.name), column.name
        elif column.root == "json":
            values = written[column.path[0]]
            text = written[column.name]
            assert (None if text is None else json.loads(text)) == values, column.name
    assert written["skills_canonical_json"] == '["Python","SQL"]'
    metadata = {column.name for column in contract.columns_from("metadata")}
    assert {name: value for name, value in written.items() if name in metadata} == {
        "content_hash": posting().content_hash,
        "enriched_at": datetime(2026, 1, 31, 7),
        "enrichment_version": "3.4",
        "enrichment_model_pass1": "model",
        "enrichment_model_pass2": "model",
        "enrichment_model_pass3": "model",
        "enrichment_prompt_pass1": "prompt-1",
        "enrichment_prompt_pass2": "prompt-1",
        "enrichment_prompt_pass3": "prompt-1",
        "pass1_success": True,
        "pass2_success": True,
        "pass3_success": True,
        "total_tokens_used": 450,
        "enrichment_input_tokens": 300,
        "enrichment_output_tokens": 150,
        "enrichment_cost_usd": 0.003,
        "avg_confidence_pass2": 0.8,
        "avg_confidence_pass3": 0.8,
        "low_confidence_fields": None,
        "enrichment_errors": None,
        "enrichment_warnings": None,
    }


def test_counts_of_a_mixed_partition(lake: Lake) -> None:
    done, broken, final = posting("1"), posting("2"), posting("3")
    lake.put_rows([row("1"), row("1"), row("2"), row("3"), row(None), row("  ")])
    lake.put_enriched(done)
    lake.put_result(broken, "pass1")
    lake.put_item(
        broken,
        overallStatus={"S": "FAILED"},
        passes={
            "M": {
                "pass1": completed(broken, "pass1"),
                "pass2": failed("the answer is no JSON", attempts={"N": "3"}),
            }
        },
    )
    lake.put_item(
        final,
        overallStatus={"S": "PERMANENTLY_FAILED"},
        passes={"M": {"pass1": failed("cut off", run={"S": OTHER_RUN})}},
    )
    assert assemble() == {
        "rows": 6,
        "succeeded": 2,
        "failed": 4,
        "retryable": 1,
        "pass_successes": {"pass1": 3, "pass2": 2, "pass3": 2},
        "pass_rates": {"pass1": 0.5, "pass2": 2 / 6, "pass3": 2 / 6},
        "tokens_used": 750,
        "cost_usd": 0.005,
        "unpriced_calls": 0,
        "model_calls": 7,
        "key": OUTPUT_KEY,
    }
    errors = lake.output_table().column("enrichment_errors").to_pylist()
    assert errors == [
        None,
        None,
        "Pass 2: the answer is no JSON",
        "Pass 1: cut off",
        "job_posting_id is missing: the row is not enriched",
        "job_posting_id is missing: the row is not enriched",
    ]


def test_failed_attempts_are_paid_for_too(lake: Lake) -> None:
    lake.put_rows([row()])
    lake.put_result(posting(), "pass1", input_tokens=300, cost_usd=0.01, attempts=2)
    entries = {
        "pass1": completed(posting(), "pass1"),
        "pass2": failed("no", input_tokens={"N": "7"}, at={"S": "2026-01-31T07:10:00.000Z"}),
    }
    lake.put_item(posting(), overallStatus={"S": "FAILED"}, passes={"M": entries})
    assemble()
    written = lake.output_table().to_pylist()[0]
    assert written["enrichment_input_tokens"] == 307
    assert written["total_tokens_used"] == 407
    assert written["enrichment_cost_usd"] == 0.011
    assert written["enriched_at"] == datetime(2026, 1, 31, 7, 10)
    assert written["enrichment_model_pass2"] == "model"
    assert written["enrichment_model_pass3"] is None
    assert [written[f"pass{number}_success"] for number in (1, 2, 3)] == [True, False, False]
    assert written["anl_role_clarity"] is None


def test_an_unknown_price_makes_the_cost_unknown(lake: Lake) -> None:
    lake.put_rows([row()])
    lake.put_enriched(posting())
    lake.put_result(posting(), "pass2", cost_usd=None)
    entries = {name: completed(posting(), name) for name in ("pass1", "pass3")}
    entries["pass2"] = completed(posting(), "pass2", cost_usd={"NULL": True}, attempts={"N": "2"})
    lake.put_item(posting(), overallStatus={"S": "COMPLETED"}, passes={"M": entries})
    counts = assemble()
    assert counts["unpriced_calls"] == 2
    assert counts["cost_usd"] == 0.002
    assert lake.output_table().to_pylist()[0]["enrichment_cost_usd"] is None


def test_what_an_earlier_run_paid_is_not_paid_again(lake: Lake) -> None:
    lake.put_rows([row()])
    retried = failed(
        "no",
        input_tokens={"N": "500"},
        cost_usd={"N": "0.007"},
        earlier_tokens={"N": "400"},
        earlier_cost_usd={"N": "0.004"},
        attempts={"N": "2"},
    )
    lake.put_item(posting(), overallStatus={"S": "FAILED"}, passes={"M": {"pass1": retried}})
    counts = assemble()
    assert (counts["tokens_used"], counts["cost_usd"]) == (150, 0.003)
    assert counts["model_calls"] == 2
    written = lake.output_table().to_pylist()[0]
    assert (written["total_tokens_used"], written["enrichment_cost_usd"]) == (550, 0.007)


def test_cached_passes_cost_nothing_new_and_keep_their_own_numbers(lake: Lake) -> None:
    lake.put_rows([row()])
    lake.put_enriched(posting())
    assemble()
    before = lake.output()
    entries = {
        name: completed(
            posting(),
            name,
            cached={"BOOL": True},
            at={"S": "2026-02-03T00:00:00.000Z"},
            input_tokens={"N": "0"},
        )
        for name in ("pass1", "pass2", "pass3")
    }
    lake.put_item(posting(), overallStatus={"S": "COMPLETED"}, passes={"M": entries})
    counts = assemble(assembled_at="2026-02-03T01:00:00.000Z")
    spent = {name: counts[name] for name in ("tokens_used", "cost_usd", "model_calls")}
    assert spent == {"tokens_used": 0, "cost_usd": 0, "model_calls": 0}
    assert lake.output() == before


def test_results_that_cannot_be_used_flag_the_row_and_may_be_retried(lake: Lake) -> None:
    found = [posting(str(number)) for number in range(5)]
    lake.put_rows([row(str(number)) for number in range(5)])
    for each in found:
        lake.put_enriched(each)
    lake.s3.delete_object(Bucket="lake-bronze", Key=bronze_key(found[0], "pass1"))
    bodies = [b"\xff{", b'{"metadata": {}, "result": []}', b"[]"]
    for each, body in zip(found[1:4], bodies, strict=True):
        lake.s3.put_object(Bucket="lake-bronze", Key=bronze_key(each, "pass3"), Body=body)
    lake.s3.copy_object(
        Bucket="lake-bronze",
        Key=bronze_key(found[4], "pass2"),
        CopySource=f"lake-bronze/{bronze_key(found[0], 'pass2')}",
    )
    counts = assemble()
    assert counts["rows"] == 5
    assert counts["retryable"] == 5
    assert counts["pass_successes"] == {"pass1": 4, "pass2": 4, "pass3": 2}
    assert lake.output_table().column("enrichment_errors").to_pylist() == [
        "Pass 1: the stored result is missing",
        "Pass 3: the stored result is not readable",
        "Pass 3: the stored result is not readable",
        "Pass 3: the stored result is not readable",
        "Pass 2: the stored result belongs to another posting or pass",
    ]


def test_postings_that_were_interrupted_or_never_started_are_flagged(lake: Lake) -> None:
    crashed, expired = posting("1"), posting("2")
    lake.put_rows([row("1"), row("2"), row("3")])
    lake.put_item(
        crashed, overallStatus={"S": "IN_PROGRESS"}, run={"S": RUN}, lease={"N": "9999999999"}
    )
    lake.put_item(
        expired, overallStatus={"S": "IN_PROGRESS"}, run={"S": OTHER_RUN}, lease={"N": "9"}
    )
    counts = assemble()
    assert (counts["succeeded"], counts["failed"], counts["retryable"]) == (0, 3, 3)
    unfinished = "Catastrophic: the enrichment of this posting ended before it was finished"
    assert lake.output_table().column("enrichment_errors").to_pylist() == [
        unfinished,
        unfinished,
        "Catastrophic: the enrichment of this posting never started",
    ]


def test_a_posting_that_another_run_holds_defers_the_partition(lake: Lake) -> None:
    lake.put_rows([row()])
    lake.put_item(
        posting(),
        overallStatus={"S": "IN_PROGRESS"},
        run={"S": OTHER_RUN},
        lease={"N": "9999999999"},
    )
    with pytest.raises(PartitionDeferred, match=r"^1 postings .* first 1: assemble it again"):
        assemble()
    assert lake.s3.list_objects_v2(Bucket="lake-silver", Prefix="linkedin_ai/")["KeyCount"] == 0


def test_a_posting_whose_execution_died_after_its_last_pass_is_not_settled(lake: Lake) -> None:
    lake.put_rows([row()])
    lake.put_enriched(posting())
    passes = {name: completed(posting(), name) for name in ("pass1", "pass2", "pass3")}
    lake.put_item(posting(), overallStatus={"S": "FAILED"}, passes={"M": passes})
    summary = assemble()
    assert (summary["succeeded"], summary["retryable"]) == (1, 1)
    assert lake.output_table().column("enrichment_errors").to_pylist() == [None]


def test_a_posting_that_waits_for_its_turn_defers_the_partition(lake: Lake) -> None:
    lake.put_rows([row()])
    lake.put_item(posting(), overallStatus={"S": "PENDING"}, run={"S": RUN})
    with pytest.raises(PartitionDeferred, match=r"^1 postings of this partition wait for their"):
        assemble()


def test_low_confidence_and_warnings_are_listed(lake: Lake) -> None:
    lake.put_rows([row()])
    lake.put_enriched(posting())
    key = lake.put_result(posting(), "pass2", warnings=["job_family: 'x' dropped"])
    stored = json.loads(lake.s3.get_object(Bucket="lake-bronze", Key=key)["Body"].read())
    section = stored["result"]["seniority_and_role"]
    section["job_family"]["confidence"] = 0.42
    section["sub_specialty"]["confidence"] = 0.5
    section["seniority_level"]["confidence"] = "sure"
    lake.s3.put_object(Bucket="lake-bronze", Key=key, Body=json.dumps(stored))
    assemble()
    written = lake.output_table().to_pylist()[0]
    assert written["low_confidence_fields"] == "job_family (0.42)"
    assert written["avg_confidence_pass2"] == round((22 * 0.8 + 0.42 + 0.5) / 24, 3)
    assert written["enrichment_warnings"] == (
        "Pass 2: job_family: 'x' dropped; Pass 2: inf_seniority_level_confidence: str dropped"
    )
    assert written["pass2_success"]


def test_the_schema_is_the_same_for_succeeded_failed_and_empty_partitions(lake: Lake) -> None:
    schemas = []
    lake.put_rows([row()])
    assemble()
    schemas.append(lake.output_table().schema)
    lake.put_enriched(posting())
    assemble()
    schemas.append(lake.output_table().schema)
    lake.put_rows([])
    counts = assemble()
    schemas.append(lake.output_table().schema)
    assert counts["rows"] == 0
    assert counts["pass_rates"] == {"pass1": None, "pass2": None, "pass3": None}
    for schema in schemas:
        assert schema.equals(contract.arrow_schema(), check_metadata=True)


def test_extra_columns_of_silver_follow_the_contract(lake: Lake) -> None:
    table = pa.Table.from_pylist([row()], schema=contract.silver_schema())
    table = table.append_column("job_poster_name", pa.array(["Ada"]))
    lake.put_table(table.append_column("enriched_at", pa.array([7])))
    lake.put_enriched(posting())
    assemble()
    written = lake.output_table()
    assert written.column_names[-2:] == ["job_poster_name", "silver_enriched_at"]
    assert written.column("job_poster_name").to_pylist() == ["Ada"]
    assert written.column("silver_enriched_at").to_pylist() == [7]
    assert written.column("enriched_at").to_pylist() == [datetime(2026, 1, 31, 7)]


def test_equal_inputs_give_equal_bytes(lake: Lake) -> None:
    lake.put_rows([row(str(number)) for number in range(20)])
    for number in range(0, 20, 2):
        lake.put_enriched(posting(str(number)))
    assemble()
    first = lake.output()
    assemble()
    assert lake.output() == first


def test_a_refused_call_is_raised_and_nothing_is_written(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake.put_rows([row()])
    lake.put_enriched(posting())
    monkeypatch.setenv("BRONZE_BUCKET", "no-such-bucket")
    with pytest.raises(ClientError, match="NoSuchBucket"):
        assemble()
    monkeypatch.setenv("BRONZE_BUCKET", "lake-bronze")
    monkeypatch.setenv("STATUS_TABLE", "no-such-table")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        assemble()
    assert lake.s3.list_objects_v2(Bucket="lake-silver", Prefix="linkedin_ai/")["KeyCount"] == 0


def test_a_bad_partition_is_named(lake: Lake) -> None:
    with pytest.raises(InvalidPartition, match=r"^partition.hour is '6': give a zero-padded"):
        assemble(partition={**PARTITION, "hour": "6"})
    with pytest.raises(PartitionUnreadable, match="nothing lies under"):
        assemble()


@pytest.mark.shared
def test_the_sample_keeps_every_value_of_silver(lake: Lake) -> None:
    sample = SHARED / "postings" / "silver_postings.parquet"
    lake.put_silver(sample.read_bytes(), "postings.parquet")
    assert assemble()["rows"] == 84
    written = lake.output_table()
    silver = pq.ParquetFile(sample).read().cast(contract.silver_schema())
    assert written.select(silver.column_names).equals(silver)
