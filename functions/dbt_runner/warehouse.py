"""The two warehouses as the runner sees them: what dbt is told, and what is kept afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from dbt_runner.errors import WarehouseChanged
from dbt_runner.place import Place
from dbt_runner.silver import Silver

# Below the work folder. The file's name is the database's.
DATABASE_FILE = "analytics.duckdb"
SILVER_ROOT = "silver"


class Redshift:
    """Keeps its tables itself and reads Silver through Spectrum."""

    @contextmanager
    def opened(self) -> Iterator[None]:
        yield

    def sources(self, silver: Silver) -> dict[str, Any]:
        return {}


class DuckDb:
    """A database file that lives in S3: fetched before a command, put back after one that wrote.

    A warm process keeps the file and asks S3 only whether it is still the newest.
    """

    def __init__(self, s3: Any, bucket: str, key: str, file: Path) -> None:
        self._s3, self._at, self._file = s3, {"Bucket": bucket, "Key": key}, file
        self._tag, self._log = file.with_suffix(".etag"), file.with_name(f"{file.name}.wal")

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Raises WarehouseChanged if somebody else put a newer file meanwhile."""
        before = self._fetch()
        written = self._version()
        try:
            yield
        finally:
            self._settle()
            if self._version() not in (written, None):
                self._put(before)

    def sources(self, silver: Silver) -> dict[str, Any]:
        silver.copy(Path(SILVER_ROOT))
        return {"silver_root": SILVER_ROOT}

    def _fetch(self) -> str | None:
        """The file as S3 has it; its ETag, None if there is none yet."""
        newest = self._newest()
        if newest is None:
            self._forget()
        elif not self._file.is_file() or self._tag.read_text() != newest:
            answer = self._s3.get_object(**self._at)
            newest = str(answer["ETag"])
            self._forget()
            with self._file.open("wb") as target:
                for part in answer["Body"].iter_chunks(1 << 20):
                    target.write(part)
            self._tag.write_text(newest)
        return newest

    def _newest(self) -> str | None:
        try:
            return str(self._s3.head_object(**self._at)["ETag"])
        except ClientError as error:
            if error.response["Error"]["Code"] in ("404", "NoSuchKey"):
                return None
            raise

    def _put(self, before: str | None) -> None:
        condition = {"IfMatch": before} if before else {"IfNoneMatch": "*"}
        try:
            with self._file.open("rb") as body:
                answer = self._s3.put_object(**self._at, Body=body, **condition)
        except ClientError as error:
            self._forget()
            if error.response["Error"]["Code"] == "PreconditionFailed":
                raise WarehouseChanged(
                    f"{self._at['Key']} was written by somebody else while this command ran: "
                    "let one build run at a time"
                ) from None
            raise
        self._tag.write_text(str(answer["ETag"]))

    def _settle(self) -> None:
        """Everything into the one file: what dbt keeps open stays in a log beside it."""
        import duckdb
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager

        manager: Any = DuckDBConnectionManager
        manager.close_all_connections()
        if self._log.is_file():
            with duckdb.connect(str(self._file)) as connection:
                connection.execute("checkpoint")

    def _forget(self) -> None:
        for file in (self._file, self._log, self._tag):
            file.unlink(missing_ok=True)

    def _version(self) -> tuple[int, int] | None:
        """What changes when the file is written: its time and its size."""
        if not self._file.is_file():
            return None
        found = self._file.stat()
        return found.st_mtime_ns, found.st_size


Warehouse = Redshift | DuckDb


def warehouse(place: Place, s3: Any) -> Warehouse:
    """The warehouse of the place's target."""
    if place.target == "redshift":
        return Redshift()
    return DuckDb(s3, place.artifacts_bucket, place.warehouse_key, Path(DATABASE_FILE))
