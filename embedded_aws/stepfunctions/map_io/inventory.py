"""S3 inventory: a manifest.json that lists gzipped CSV files of object rows."""

from __future__ import annotations

import csv
import gzip
import io
import json
import urllib.parse
from collections.abc import Iterator

from .formats import Malformed


def inventory_files(data: bytes, source: str) -> tuple[str, list[str], list[str]]:
    """The destination bucket, the columns and the keys of the data files of a manifest."""
    try:
        manifest = json.loads(data)
        bucket = str(manifest["destinationBucket"]).removeprefix("arn:aws:s3:::")
        columns = [column.strip() for column in manifest["fileSchema"].split(",")]
        keys = [file["key"] for file in manifest["files"]]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Malformed(f"{source} is no S3 inventory manifest: {error!r}") from None
    if manifest.get("fileFormat") != "CSV":
        raise Malformed(f"{source} lists files in {manifest.get('fileFormat')}: only CSV is read")
    return bucket, columns, keys


def inventory_rows(data: bytes, columns: list[str], source: str) -> Iterator[dict[str, str]]:
    """The rows of a data file; keys in it are URL-encoded."""
    try:
        text = gzip.decompress(data).decode()
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise Malformed(f"{source} is no gzipped inventory file: {error}") from None
    for row in csv.reader(io.StringIO(text, newline="")):
        fields = dict(zip(columns, row, strict=False))
        if "Key" in fields:
            fields["Key"] = urllib.parse.unquote_plus(fields["Key"])
        yield fields
