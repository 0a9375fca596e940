"""A partition becomes work items."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from common.errors import InvalidPartition, PartitionUnreadable
from read_partition.handler import handler
from tests.shared_data import SHARED
from tests.silver_lake import PARTITION, RUN, Lake, posting, row


def read(**event: Any) -> dict[str, Any]:
    return handler({"partition": PARTITION, "run": RUN, **event}, None)


def test_each_distinct_posting_is_one_item(lake: Lake) -> None:
    lake.put_rows([row("1"), row(" 1"), row("1", job_title="Other"), row("2"), row(None), row(" ")])
    assert read() == {
        "rows": 6,
        "items": 3,
        "without_id": 2,
        "bucket": "lake-artifacts",
        "key": "work/run-1/items.jsonl",
    }
    items = lake.items()
    assert [(item["job_posting_id"], item["title"]) for item in items] == [
        ("1", "Data Engineer"),
        ("1", "Other"),
        ("2", "Data Engineer"),
    ]
    assert items[0] == {
        "job_posting_id": "1",
        "source": "linkedin",
        "title": "Data Engineer",
        "company": "Amberline",
        "location": "Porto, Portugal",
        "text": "We build pipelines with Python.",
        "content_hash": posting("1").content_hash,
        "partition": "2026/01/31/06",
    }


def test_duplicates_in_different_files_are_one_item(lake: Lake) -> None:
    lake.put_rows([row("1"), row("2")], "a.parquet")
    lake.put_rows([row("2"), row("3")], "b.parquet")
    assert read()["items"] == 3
    assert [item["job_posting_id"] for item in lake.items()] == ["1", "2", "3"]


def test_no_rows_and_rows_without_id_give_no_items(lake: Lake) -> None:
    lake.put_rows([])
    assert read()["rows"] == read()["items"] == 0
    assert lake.items() == []
    lake.put_rows([row(None)])
    assert (read()["rows"], read()["items"]) == (1, 0)
    assert lake.items() == []


def test_an_item_is_one_line_whatever_its_text(lake: Lake) -> None:
    text = "one\ntwo\r\nthree\u2028four\x85five 🚀"
    lake.put_rows([row("1", job_description_text=text)])
    read()
    assert [item["text"] for item in lake.items()] == [text]
    body = lake.s3.get_object(Bucket="lake-artifacts", Key=f"work/{RUN}/items.jsonl")["Body"].read()
    assert len(body.decode().splitlines()) == 1


def test_large_descriptions_stay_small_items(lake: Lake) -> None:
    lake.put_rows([row(str(number), job_description_text="é" * 100_000) for number in range(3)])
    assert read()["items"] == 3
    assert all(len(item["text"]) == 12_000 for item in lake.items())


def test_errors_are_told_apart(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidPartition, match=r"^partition must be an object"):
        handler({"run": RUN}, None)
    with pytest.raises(PartitionUnreadable, match=r"^nothing lies under"):
        read()
    monkeypatch.setenv("SILVER_BUCKET", "no-such-bucket")
    with pytest.raises(ClientError, match="NoSuchBucket"):
        read()


@pytest.mark.shared
def test_the_sample_partition(lake: Lake) -> None:
    lake.put_silver((SHARED / "postings" / "silver_postings.parquet").read_bytes(), "s.parquet")
    answer = read()
    assert (answer["rows"], answer["items"], answer["without_id"]) == (84, 84, 0)
    assert all("&#x" not in item["text"] for item in lake.items())
