"""As much of a boto3 S3 client as readers and the ResultWriter use."""

from __future__ import annotations

import datetime
import hashlib
import io
from typing import Any

from ..errors import StatesError

WRITTEN = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


class MemoryS3:
    """Objects of a case; `written` holds the keys that the execution put."""

    def __init__(self, objects: dict[str, dict[str, str | None]]) -> None:
        self.objects: dict[tuple[str, str], bytes] = {
            (bucket, key): (text or "").encode()
            for bucket, found in objects.items()
            for key, text in found.items()
        }
        self.written: set[tuple[str, str]] = set()

    def get_object(self, **request: Any) -> dict[str, Any]:
        body = self.objects.get((request["Bucket"], request["Key"]))
        if body is None:
            raise StatesError("S3.NoSuchKeyException", "The specified key does not exist.")
        return {"Body": io.BytesIO(body), "ContentLength": len(body)}

    def put_object(self, **request: Any) -> dict[str, Any]:
        body, place = request["Body"], (request["Bucket"], request["Key"])
        self.objects[place] = body.encode() if isinstance(body, str) else bytes(body)
        self.written.add(place)
        return {"ETag": _etag(self.objects[place])}

    def list_objects_v2(self, **request: Any) -> dict[str, Any]:
        found = [
            {
                "Key": key,
                "Size": len(body),
                "StorageClass": "STANDARD",
                "ETag": _etag(body),
                "LastModified": WRITTEN,
            }
            for (bucket, key), body in sorted(self.objects.items())
            if bucket == request["Bucket"] and key.startswith(request.get("Prefix", ""))
        ]
        return {"Contents": found, "KeyCount": len(found), "IsTruncated": False}


def _etag(body: bytes) -> str:
    return f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
