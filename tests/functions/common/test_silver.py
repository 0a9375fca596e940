"""Silver partitions as writers really leave them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common import contract
from common.errors import PartitionUnreadable
from common.silver import SilverPartition, _in_portions, open_partition
from tests.silver_lake import HOUR, Lake, parquet, row

PREFIX = f"linkedin/{HOUR}"


def opened(lake: Lake) -> SilverPartition:
    return open_partition(lake.s3, "lake-silver", PREFIX)


def read(lake: Lake) -> pa.Table:
    silver = opened(lake)
    return pa.concat_tables([*silver.tables(), silver.schema.empty_table()])


def table(*rows: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=contract.silver_schema())


def with_column(name: str, array: pa.Array) -> pa.Table:
    """A file whose column `name` is `array`."""
    base = table(*(row(str(number)) for number in range(len(array))))
    return base.set_column(base.column_names.index(name), name, array)


def test_files_are_read_in_the_order_of_their_keys_over_pages(lake: Lake) -> None:
    original = lake.s3.get_paginator("list_objects_v2")
    pages = type(
        "Pages",
        (),
        {
            "paginate": lambda _, **arguments: original.paginate(
                **arguments, PaginationConfig={"PageSize": 2}
            )
        },
    )()
    lake.s3.get_paginator = lambda _: pages
    for name in ("d", "a", "c", "b", "e"):
        lake.put_rows([row(f"{name}1"), row(f"{name}2")], f"{name}.snappy.parquet")
    lake.put_silver(b"", "_SUCCESS")
    assert read(lake).column("job_posting_id").to_pylist() == [
        f"{name}{number}" for name in "abcde" for number in (1, 2)
    ]


def test_missing_columns_are_null_and_extras_survive_after_silvers(lake: Lake) -> None:
    lake.put_table(pa.table({"job_posting_id": ["1"], "extra": [1]}), "a.parquet")
    lake.put_table(pa.table({"job_title": ["T"], "extra": [2.5], "more": ["x"]}), "b.parquet")
    found = read(lake)
    assert found.column_names == [*contract.silver_schema().names, "extra", "more"]
    assert found.column("job_posting_id").to_pylist() == ["1", None]
    assert found.column("job_title").to_pylist() == [None, "T"]
    assert found.column("extra").to_pylist() == [1.0, 2.5]
    assert found.column("more").to_pylist() == [None, "x"]


NOON = dt.datetime(2026, 1, 31, 12)


@pytest.mark.parametrize(
    ("name", "array", "values"),
    [
        ("scraped_at", pa.array([NOON], pa.timestamp("ns")), [NOON]),
        (
            "scraped_at",
            pa.array([1_000_001_999], pa.timestamp("ns")),
            [dt.datetime(1970, 1, 1, 0, 0, 1, 1)],
        ),
        ("scraped_at", pa.array([NOON], pa.timestamp("ms", "Asia/Tokyo")), [NOON]),
        ("job_title", pa.array(["a", None]).dictionary_encode(), ["a", None]),
        ("job_title", pa.array(["a"], pa.large_string()), ["a"]),
        ("job_title", pa.array(["é".encode()], pa.binary()), ["é"]),
        ("country_code", pa.nulls(2), [None, None]),
        ("job_num_applicants", pa.array([25.0, None]), [25, None]),
        ("job_num_applicants", pa.array([7], pa.int64()), [7]),
        ("salary_min", pa.array([7], pa.int32()), [7.0]),
        ("skills_canonical", pa.array([["a"], []], pa.large_list(pa.large_string())), [["a"], []]),
        (
            "job_posted_date_only",
            pa.array([dt.date(2026, 1, 31)], pa.date64()),
            [dt.date(2026, 1, 31)],
        ),
    ],
)
def test_types_that_say_the_same_are_accepted(
    lake: Lake, name: str, array: pa.Array, values: list[Any]
) -> None:
    lake.put_table(with_column(name, array))
    found = read(lake)
    assert found.column(name).to_pylist() == values
    assert found.schema == contract.silver_schema()


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("job_title", pa.array([1]), "column job_title has type int64, not string"),
        ("salary_min", pa.array(["9"]), "column salary_min has type string, not double"),
        ("skills_canonical", pa.array(["a"]), "column skills_canonical has type string, not list"),
        ("job_num_applicants", pa.array([2.5]), "column job_num_applicants has type double"),
        ("job_num_applicants", pa.array([1 << 40]), "column job_num_applicants has type int64"),
        ("job_title", pa.array([b"\xff"], pa.binary()), "column job_title has type"),
        ("scraped_at", pa.array(["2026"]), "column scraped_at has type string"),
    ],
)
def test_a_wrong_type_names_object_column_and_remedy(
    lake: Lake, name: str, array: pa.Array, message: str
) -> None:
    lake.put_table(with_column(name, array), "bad.parquet")
    with pytest.raises(PartitionUnreadable) as raised:
        read(lake)
    text = str(raised.value)
    assert text.startswith(f"{PREFIX}bad.parquet: {message}")
    assert text.endswith(": write the object again")


def cut(body: bytes) -> bytes:
    return body[: len(body) // 2]


def without_footer(body: bytes) -> bytes:
    return body[:-4]


def damaged_pages(body: bytes) -> bytes:
    return body[:4] + bytes(byte ^ 0xFF for byte in body[4:400]) + body[400:]


@pytest.mark.parametrize(
    "damage", [cut, without_footer, damaged_pages, lambda _: b"", lambda _: b"PAR1 not really"]
)
def test_a_damaged_object_names_itself_and_the_remedy(
    lake: Lake, damage: Callable[[bytes], bytes]
) -> None:
    lake.put_rows([row(str(number)) for number in range(50)], "a.parquet")
    lake.put_silver(
        damage(parquet(table(*(row(str(number)) for number in range(50))))), "b.parquet"
    )
    with pytest.raises(PartitionUnreadable, match=r"b\.parquet is not a readable Parquet file \("):
        read(lake)


def test_extras_of_types_that_exclude_each_other_are_refused(lake: Lake) -> None:
    lake.put_table(pa.table({"extra": ["a"]}), "a.parquet")
    lake.put_table(pa.table({"extra": [1]}), "b.parquet")
    with pytest.raises(PartitionUnreadable, match=r"b\.parquet: column extra has type int64, not"):
        read(lake)


def test_extras_never_take_a_name_of_the_contract_or_of_the_path(lake: Lake) -> None:
    columns = {"job_posting_id": ["1"], "enriched_at": [1], "year": [2026], "nothing": pa.nulls(1)}
    lake.put_table(pa.table(columns))
    found = read(lake)
    assert found.column_names[30:] == ["silver_enriched_at", "nothing"]
    assert found.column("silver_enriched_at").to_pylist() == [1]
    assert found.schema.field("nothing").type == pa.string()


def test_a_column_that_appears_twice_is_refused(lake: Lake) -> None:
    lake.put_table(pa.Table.from_arrays([pa.array([1]), pa.array([2])], ["x", "x"]))
    with pytest.raises(PartitionUnreadable, match=r"has the column x twice: write it again$"):
        read(lake)


def test_no_rows(lake: Lake) -> None:
    lake.put_rows([])
    assert opened(lake).schema == contract.silver_schema()
    assert list(opened(lake).tables()) == []


def test_a_marker_alone_is_an_empty_partition_but_nothing_is_none(lake: Lake) -> None:
    with pytest.raises(
        PartitionUnreadable, match=r"^nothing lies under s3://lake-silver/linkedin/"
    ):
        opened(lake)
    lake.put_silver(b"", "_SUCCESS")
    assert list(opened(lake).tables()) == []


def test_only_the_columns_asked_for_are_given(lake: Lake) -> None:
    lake.put_table(table(row()).append_column("extra", pa.array([1])))
    (found,) = opened(lake).tables(["extra", "job_title", "absent"])
    assert found.column_names == ["extra", "job_title"]


@settings(deadline=None)
@given(st.lists(st.integers(0, 7)), st.integers(1, 5))
def test_portions_have_the_same_rows_in_the_same_order(sizes: list[int], rows: int) -> None:
    numbers = iter(range(sum(sizes)))
    batches = [
        pa.record_batch({"n": pa.array([next(numbers) for _ in range(size)], pa.int64())})
        for size in sizes
    ]
    portions = [portion.column("n").to_pylist() for portion in _in_portions(iter(batches), rows)]
    assert [number for portion in portions for number in portion] == list(range(sum(sizes)))
    assert all(len(portion) == rows for portion in portions[:-1])
    assert all(portions)
