"""Items of a Distributed Map from S3: one object, or the objects of a listing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from ..errors import StatesError
from ..integrations.base import Call
from ..integrations.failures import sdk_words
from ..integrations.models import operation_model
from ..integrations.sdk import Operation
from .formats import Malformed, parser_of
from .inventory import inventory_files, inventory_rows

GET_OBJECT = "arn:aws:states:::s3:getObject"
LIST_OBJECTS = "arn:aws:states:::s3:listObjectsV2"
ITEM_LIMIT = 100_000_000  # items of one map run


class Items(list[Any]):
    """The items of a map run.

    source  what `$states.context.Map.Item.Source` says: the object, or the bucket of a listing
    sources  the object of each item where several were read, else empty
    keyed   the items are `{"Key", "Value"}` of one JSON object
    """

    def __init__(self, items: Iterable[Any], source: str, keyed: bool = False) -> None:
        super().__init__(items)
        self.source = source
        self.sources: list[str] = []
        self.keyed = keyed


async def read_items(reader: dict[str, Any], call: Call) -> Items:
    """The items of an evaluated ItemReader `{Resource, ReaderConfig, Arguments}`.

    Raises StatesError States.ItemReaderFailed if S3 refuses or the data is not what it should be.
    """

    def read() -> Items:
        try:
            return _Reading(reader, call).items()
        except Malformed as problem:
            raise StatesError("States.ItemReaderFailed", str(problem)) from None
        except StatesError as error:
            raise StatesError("States.ItemReaderFailed", error.cause) from None

    items: Items = await call.run_blocking(read)
    return items


class _Reading:
    """One reading of all items; blocking."""

    def __init__(self, reader: dict[str, Any], call: Call) -> None:
        self.resource = reader["Resource"]
        self.config = reader.get("ReaderConfig") or {}
        self.arguments = reader.get("Arguments") or {}
        self.call = call
        self.bucket = self.arguments.get("Bucket", "")
        limit = self.config.get("MaxItems") or ITEM_LIMIT
        if type(limit) is not int or not 0 < limit <= ITEM_LIMIT:
            raise Malformed(f"MaxItems must be an integer from 1 to {ITEM_LIMIT}, not {limit!r}")
        self.limit = limit

    def items(self) -> Items:
        if self.resource == LIST_OBJECTS:
            if self.config.get("Transformation", "NONE") == "LOAD_AND_FLATTEN":
                return self._many(self.bucket, (item["Key"] for item in self._listing()))
            return Items(islice(self._listing(), self.limit), f"s3://{self.bucket}")
        if self.config.get("InputType") == "MANIFEST" or "ManifestType" in self.config:
            return self._inventory()
        return self._one()

    def _one(self) -> Items:
        key = self.arguments.get("Key", "")
        source = f"s3://{self.bucket}/{key}"
        parse = parser_of(self.config)
        data = self._object(self.arguments)
        rows, keyed = parse(data, source)
        return Items(islice(rows, self.limit), source, keyed)

    def _many(self, bucket: str, keys: Iterable[str]) -> Items:
        parse = parser_of(self.config)
        items = Items((), f"s3://{bucket}")
        for key in keys:
            source = f"s3://{bucket}/{key}"
            rows, keyed = parse(self._object({"Bucket": bucket, "Key": key}), source)
            items.extend(islice(rows, self.limit - len(items)))
            items.sources.extend([source] * (len(items) - len(items.sources)))
            items.keyed = items.keyed or keyed
            if len(items) >= self.limit:
                break
        return items

    def _inventory(self) -> Items:
        source = f"s3://{self.bucket}/{self.arguments.get('Key', '')}"
        manifest = self._object(self.arguments)
        bucket, columns, keys = inventory_files(manifest, source)
        items = Items((), source)
        for key in keys:
            file = f"s3://{bucket}/{key}"
            rows = inventory_rows(self._object({"Bucket": bucket, "Key": key}), columns, file)
            items.extend(islice(rows, self.limit - len(items)))
            items.sources.extend([file] * (len(items) - len(items.sources)))
            if len(items) >= self.limit:
                break
        return items

    def _object(self, arguments: dict[str, Any]) -> bytes:
        body: bytes = _operation("getObject").call(arguments, self.call)["Body"]
        return body

    def _listing(self) -> Iterator[dict[str, Any]]:
        """The objects of a listing, page by page, as AWS shows them."""
        list_objects = _operation("listObjectsV2")
        arguments = dict(self.arguments)
        while True:
            page = list_objects.call(arguments, self.call)
            for found in page.get("Contents", ()):
                yield {
                    "Etag": found["ETag"],
                    "Key": found["Key"],
                    "LastModified": found["LastModified"].timestamp(),
                    "Size": found["Size"],
                    "StorageClass": found.get("StorageClass", "STANDARD"),
                }
            if not page.get("IsTruncated"):
                return
            arguments["ContinuationToken"] = page["NextContinuationToken"]


def _operation(action: str) -> Operation:
    return Operation("s3", operation_model("s3", action), sdk_words("s3"))
