"""Readers: each format, listings, limits, and what is wrong with the data."""

from __future__ import annotations

import asyncio
import datetime
import decimal
import gzip
import io
import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from embedded_aws.stepfunctions.errors import StatesError
from embedded_aws.stepfunctions.map_io import Items, read_items

GET = "arn:aws:states:::s3:getObject"
LIST = "arn:aws:states:::s3:listObjectsV2"
SOURCE = "s3://results/data"


def read(store: Any, config: dict[str, Any], resource: str = GET, **arguments: Any) -> Items:
    given = arguments or {"Bucket": "results", "Key": "data"}
    reader = {"Resource": resource, "ReaderConfig": config, "Arguments": given}
    return asyncio.run(read_items(reader, store.call()))


def parquet(rows: list[dict[str, Any]]) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), file)
    return file.getvalue()


# --- JSON


def test_json_array(store: Any) -> None:
    store.put("data", '[{"n": 1}, "two", null]')

    items = read(store, {"InputType": "JSON"})

    assert items == [{"n": 1}, "two", None]
    assert (items.source, items.keyed, items.sources) == (SOURCE, False, [])
    assert store.blocking == 1


def test_json_object_gives_its_keys_and_values(store: Any) -> None:
    store.put("data", '{"a": 1, "b": [2]}')

    items = read(store, {"InputType": "JSON"})

    assert items == [{"Key": "a", "Value": 1}, {"Key": "b", "Value": [2]}]
    assert items.keyed


@pytest.mark.parametrize(
    ("pointer", "expected"),
    [
        ("/data/items", [1, 2]),
        ("/data/list/1/x", [3]),
        ("/a~1b/c~0d", [4]),
        ("", [{"Key": "data"}, {"Key": "a/b"}]),
    ],
)
def test_items_pointer(store: Any, pointer: str, expected: list[Any]) -> None:
    document = {"data": {"items": [1, 2], "list": [0, {"x": [3]}]}, "a/b": {"c~d": [4]}}
    store.put("data", json.dumps(document))

    items = read(store, {"InputType": "JSON", "ItemsPointer": pointer})

    assert [{"Key": i["Key"]} if isinstance(i, dict) else i for i in items] == expected


@pytest.mark.parametrize(
    ("text", "pointer", "message"),
    [
        ("[1", "", f"{SOURCE} is not JSON"),
        ("5", "", f"{SOURCE} must hold an array or an object"),
        ('{"a": "text"}', "/a", f"{SOURCE} must hold an array or an object at /a"),
        ('{"a": []}', "/b", f"{SOURCE} has nothing at ItemsPointer /b"),
        ('{"a": []}', "/a/0", f"{SOURCE} has nothing at ItemsPointer /a/0"),
        ("[]", "a", "ItemsPointer must start with '/'"),
    ],
)
def test_wrong_json_fails_the_reader(store: Any, text: str, pointer: str, message: str) -> None:
    store.put("data", text)

    with pytest.raises(StatesError, match=message) as raised:
        read(store, {"InputType": "JSON", "ItemsPointer": pointer})

    assert raised.value.name == "States.ItemReaderFailed"


# --- JSON lines, CSV, Parquet


def test_jsonl(store: Any) -> None:
    store.put("data", '{"n": 1}\r\n\n  \n"é"\n[3]')

    assert read(store, {"InputType": "JSONL"}) == [{"n": 1}, "é", [3]]


def test_a_wrong_line_is_named(store: Any) -> None:
    store.put("data", '{"n": 1}\n{"n": \n')

    with pytest.raises(StatesError, match=f"{SOURCE} line 2 is not JSON"):
        read(store, {"InputType": "JSONL"})


def test_ten_thousand_lines_are_one_call(store: Any) -> None:
    store.put("data", "\n".join(json.dumps({"n": n, "text": "x" * 200}) for n in range(10_000)))

    items = read(store, {"InputType": "JSONL"})

    assert [item["n"] for item in items] == list(range(10_000))
    assert store.blocking == 1


@pytest.mark.parametrize(
    ("config", "text", "expected"),
    [
        (
            {"CSVHeaderLocation": "FIRST_ROW"},
            '\ufeffa,b\n1,"x, ""y""\nz"\n\n2,\n',
            [{"a": "1", "b": 'x, "y"\nz'}, {"a": "2", "b": ""}],
        ),
        (
            {"CSVHeaderLocation": "GIVEN", "CSVHeaders": ["p", "q"]},
            "1,2\r\n3,4,5\r\n6\r\n",
            [{"p": "1", "q": "2"}, {"p": "3", "q": "4"}, {"p": "6", "q": ""}],
        ),
        ({"CSVDelimiter": "TAB"}, "a\tb\n1\t2", [{"a": "1", "b": "2"}]),
        ({"CSVDelimiter": "PIPE"}, "a|b\n1|2", [{"a": "1", "b": "2"}]),
        ({"CSVDelimiter": "SEMICOLON"}, "a;b\n1;2", [{"a": "1", "b": "2"}]),
        ({"CSVDelimiter": "SPACE"}, "a b\n1 2", [{"a": "1", "b": "2"}]),
        ({}, "", []),
        ({}, "a,b\n", []),
    ],
)
def test_csv(store: Any, config: dict[str, Any], text: str, expected: list[Any]) -> None:
    store.put("data", text)

    assert read(store, {"InputType": "CSV", **config}) == expected


def test_csv_of_another_encoding_is_refused(store: Any) -> None:
    store.put("data", "a\nä".encode("latin-1"))

    with pytest.raises(StatesError, match=f"{SOURCE} is not UTF-8"):
        read(store, {"InputType": "CSV"})


def test_parquet_rows_are_json(store: Any) -> None:
    row = {
        "s": "x",
        "i": 2**40,
        "f": 0.5,
        "n": None,
        "l": ["a"],
        "o": {"k": 1},
        "t": datetime.datetime(2026, 1, 31, 6, 0),
        "d": datetime.date(2026, 1, 31),
        "m": decimal.Decimal("1.50"),
        "b": b"\xff",
    }
    store.put("data", parquet([row, row]))

    items = read(store, {"InputType": "PARQUET"})

    assert len(items) == 2
    assert json.loads(json.dumps(items[0])) == {
        **row,
        "t": "2026-01-31T06:00:00",
        "d": "2026-01-31",
        "m": 1.5,
        "b": "/w==",
    }


def test_what_is_no_parquet(store: Any) -> None:
    store.put("data", "PAR1")

    with pytest.raises(StatesError, match=f"{SOURCE} is not Parquet"):
        read(store, {"InputType": "PARQUET"})


# --- limits and errors


@pytest.mark.parametrize(("most", "count"), [(1, 1), (2, 2), (9, 3), (0, 3), (None, 3)])
def test_max_items(store: Any, most: int | None, count: int) -> None:
    store.put("data", "[1, 2, 3]")

    assert len(read(store, {"InputType": "JSON", "MaxItems": most})) == count


@pytest.mark.parametrize("most", [-1, 1.5, "2", 100_000_001])
def test_a_wrong_max_items_fails(store: Any, most: Any) -> None:
    store.put("data", "[1]")

    with pytest.raises(StatesError, match="MaxItems must be an integer from 1 to 100000000"):
        read(store, {"InputType": "JSON", "MaxItems": most})


def test_an_unknown_type_is_named(store: Any) -> None:
    store.put("data", "x")

    with pytest.raises(StatesError, match="not 'XML'"):
        read(store, {"InputType": "XML"})


def test_a_missing_object_fails_the_reader(store: Any) -> None:
    with pytest.raises(StatesError, match="The specified key does not exist") as raised:
        read(store, {"InputType": "JSON"})

    assert raised.value.name == "States.ItemReaderFailed"


def test_a_missing_argument_fails_the_reader(store: Any) -> None:
    with pytest.raises(StatesError) as raised:
        read(store, {"InputType": "JSON"}, Bucket="results")

    assert raised.value.name == "States.ItemReaderFailed"
    assert "The field 'Key' is required but was missing" in (raised.value.cause or "")


# --- listings


def test_a_listing_gives_objects(store: Any) -> None:
    store.put("in/a.json", "12345")
    store.put("other", "")

    items = read(store, {}, LIST, Bucket="results", Prefix="in/")

    (found,) = items
    assert list(found) == ["Etag", "Key", "LastModified", "Size", "StorageClass"]
    assert (found["Key"], found["Size"], found["StorageClass"]) == ("in/a.json", 5, "STANDARD")
    assert found["Etag"].startswith('"')
    assert isinstance(found["LastModified"], float)
    assert items.source == "s3://results"


def test_a_listing_goes_through_all_pages(store: Any) -> None:
    for number in range(7):
        store.put(f"in/{number}", "")

    found = read(store, {}, LIST, Bucket="results", Prefix="in/", MaxKeys=2)
    first = read(store, {"MaxItems": 3}, LIST, Bucket="results", Prefix="in/", MaxKeys=2)

    assert [item["Key"] for item in found] == [f"in/{number}" for number in range(7)]
    assert [item["Key"] for item in first] == ["in/0", "in/1", "in/2"]


def test_an_empty_listing(store: Any) -> None:
    assert read(store, {}, LIST, Bucket="results", Prefix="none/") == []


def test_load_and_flatten_reads_the_listed_objects(store: Any) -> None:
    store.put("in/1.jsonl", '{"n": 1}\n{"n": 2}\n')
    store.put("in/2.jsonl", '{"n": 3}\n{"n": 4}\n')
    config = {"InputType": "JSONL", "Transformation": "LOAD_AND_FLATTEN"}

    items = read(store, config, LIST, Bucket="results", Prefix="in/")
    limited = read(store, {**config, "MaxItems": 3}, LIST, Bucket="results", Prefix="in/")

    assert items == [{"n": 1}, {"n": 2}, {"n": 3}, {"n": 4}]
    assert items.sources == ["s3://results/in/1.jsonl"] * 2 + ["s3://results/in/2.jsonl"] * 2
    assert limited == [{"n": 1}, {"n": 2}, {"n": 3}]


# --- inventory


def inventory(store: Any, **changes: Any) -> None:
    manifest = {
        "sourceBucket": "source",
        "destinationBucket": "arn:aws:s3:::results",
        "version": "2016-11-30",
        "fileFormat": "CSV",
        "fileSchema": "Bucket, Key, Size",
        "files": [{"key": "inv/1.csv.gz"}, {"key": "inv/2.csv.gz"}],
        **changes,
    }
    store.put("data", json.dumps(manifest))
    store.put("inv/1.csv.gz", gzip.compress(b'"source","a%20b.json","5"\n"source","c+d","6"\n'))
    store.put("inv/2.csv.gz", gzip.compress(b'"source","e","7"\n'))


@pytest.mark.parametrize(
    "config", [{"InputType": "MANIFEST"}, {"InputType": "CSV", "ManifestType": "S3_INVENTORY"}]
)
def test_inventory(store: Any, config: dict[str, Any]) -> None:
    inventory(store)

    items = read(store, config)

    assert items == [
        {"Bucket": "source", "Key": "a b.json", "Size": "5"},
        {"Bucket": "source", "Key": "c d", "Size": "6"},
        {"Bucket": "source", "Key": "e", "Size": "7"},
    ]
    assert items.sources[-1] == "s3://results/inv/2.csv.gz"
    assert len(read(store, {**config, "MaxItems": 1})) == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"fileFormat": "ORC"}, "ORC: only CSV is read"),
        ({"files": 5}, "no S3 inventory manifest"),
        ({"files": [{"key": "data"}]}, "s3://results/data is no gzipped inventory file"),
    ],
)
def test_a_wrong_inventory(store: Any, changes: dict[str, Any], message: str) -> None:
    inventory(store, **changes)

    with pytest.raises(StatesError, match=message):
        read(store, {"InputType": "MANIFEST"})
