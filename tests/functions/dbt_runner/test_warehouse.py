"""The DuckDB file in S3."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import duckdb
import pytest
from moto import mock_aws

from dbt_runner.errors import WarehouseChanged
from dbt_runner.warehouse import DuckDb

KEY = "gold/analytics.duckdb"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="art")
        yield client


def _process(s3: Any, folder: Path) -> DuckDb:
    """The file as one warm process has it."""
    folder.mkdir(exist_ok=True)
    return DuckDb(s3, "art", KEY, folder / "analytics.duckdb")


def _write(folder: Path, statement: str) -> None:
    with duckdb.connect(str(folder / "analytics.duckdb")) as connection:
        connection.execute(statement)


def _count(folder: Path) -> int:
    with duckdb.connect(str(folder / "analytics.duckdb"), read_only=True) as connection:
        (found,) = connection.execute("select count(*) from t").fetchone() or (-1,)
    return int(found)


def test_what_one_process_writes_the_next_reads(s3: Any, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    with _process(s3, one).opened():
        _write(one, "create table t as select 1 as n")
    with _process(s3, two).opened():
        assert _count(two) == 1
        _write(two, "insert into t values (2)")
    with _process(s3, one).opened():
        assert _count(one) == 2, "its own copy was older"


def test_a_command_that_only_reads_writes_nothing(s3: Any, tmp_path: Path) -> None:
    with _process(s3, tmp_path / "one").opened():
        _write(tmp_path / "one", "create table t as select 1 as n")
    before = s3.head_object(Bucket="art", Key=KEY)["LastModified"], _versions(s3)
    with _process(s3, tmp_path / "one").opened():
        assert _count(tmp_path / "one") == 1
    assert (s3.head_object(Bucket="art", Key=KEY)["LastModified"], _versions(s3)) == before


def _versions(s3: Any) -> str:
    return str(s3.head_object(Bucket="art", Key=KEY)["ETag"])


def _fail_after_writing(s3: Any, folder: Path) -> None:
    with _process(s3, folder).opened():
        _write(folder, "create table t as select 1 as n")
        raise RuntimeError("a model failed later")


def test_what_was_written_before_a_failure_is_kept(s3: Any, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError):
        _fail_after_writing(s3, tmp_path / "one")
    with _process(s3, tmp_path / "two").opened():
        assert _count(tmp_path / "two") == 1


def _write_at_once(s3: Any, one: Path, two: Path) -> None:
    with _process(s3, two).opened():
        _write(two, "insert into t values (2)")
        with _process(s3, one).opened():
            _write(one, "insert into t values (3)")


def test_two_writers_at_once_are_told(s3: Any, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    with _process(s3, one).opened():
        _write(one, "create table t as select 1 as n")
    with pytest.raises(WarehouseChanged, match=r"^gold/analytics\.duckdb was written by somebody"):
        _write_at_once(s3, one, two)
    with _process(s3, two).opened():
        assert _count(two) == 2, "the loser's rows are not there"
