"""What changed in Silver, and its local copy."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from dbt_runner.silver import Silver

PREFIXES = {"linkedin": "raw/", "linkedin_ai": "ai/", "linkedin_companies": "companies/"}
HOUR = "year=2026/month=03/day=01/hour=06"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="silver")
        yield client


def _put(s3: Any, key: str, body: str = "x") -> None:
    s3.put_object(Bucket="silver", Key=key, Body=body.encode())


def _silver(s3: Any) -> Silver:
    return Silver(s3, "silver", PREFIXES)


def _text(time: datetime) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S")


def test_changed_are_hours_of_both_layers_written_since(s3: Any) -> None:
    _put(s3, f"raw/{HOUR}/a.parquet")
    _put(s3, f"raw/{HOUR}/b.parquet")
    _put(s3, "ai/year=2025/month=12/day=31/hour=23/data.parquet")
    _put(s3, "companies/bucket=7/a.parquet")
    _put(s3, f"raw/{HOUR}/_SUCCESS")
    now = datetime.now(UTC)

    assert _silver(s3).changed(_text(now - timedelta(minutes=1))) == [
        "2025/12/31/23",
        "2026/03/01/06",
    ]
    assert _silver(s3).changed(_text(now + timedelta(minutes=1))) == [], "nothing, not everything"
    assert _silver(s3).changed("") == "", "everything"


def test_a_copy_fetches_only_what_differs(s3: Any, tmp_path: Path) -> None:
    _put(s3, f"raw/{HOUR}/a.parquet", "old")
    _put(s3, f"raw/{HOUR}/b.parquet")
    assert _silver(s3).copy(tmp_path) == 2
    assert _silver(s3).copy(tmp_path) == 0

    _put(s3, f"raw/{HOUR}/a.parquet", "new")
    s3.delete_object(Bucket="silver", Key=f"raw/{HOUR}/b.parquet")
    assert _silver(s3).copy(tmp_path) == 1

    found = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.parquet")}
    assert found == {f"linkedin/{HOUR}/a.parquet"}
    assert (tmp_path / "linkedin" / HOUR / "a.parquet").read_text() == "new"
