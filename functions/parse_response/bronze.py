"""Bronze objects of a pass: the raw text of its last attempt, and its result once accepted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from parse_response.costs import Spending
from parse_response.validate import Accepted

KEY_DIGITS = 12  # of the pass's key; 48 bits tell the versions of one posting apart


@dataclass(frozen=True)
class Bronze:
    """A bucket and a prefix, written with an S3 client. Errors of S3 raise."""

    client: Any
    bucket: str
    prefix: str

    def put_raw(self, event: Mapping[str, Any], text: str) -> str:
        """Writes the text as it came; returns its key."""
        key = self._key(event, "-raw.txt")
        self._put(key, text, "text/plain; charset=utf-8")
        return key

    def put_result(self, event: Mapping[str, Any], document: Mapping[str, Any]) -> str:
        """Writes the JSON document; returns its key."""
        key = self._key(event, ".json")
        self._put(key, json.dumps(document, ensure_ascii=False), "application/json")
        return key

    def _key(self, event: Mapping[str, Any], ending: str) -> str:
        one, posting = event["pass"], event["posting"]["job_posting_id"]
        name = f"{one['name']}-{one['slug']}-{one['key'][:KEY_DIGITS]}"
        return f"{self.prefix}{posting}/{name}{ending}"

    def _put(self, key: str, text: str, content_type: str) -> None:
        body = text.encode("utf-8", "replace")  # lone surrogates are no UTF-8
        self.client.put_object(Bucket=self.bucket, Key=key, Body=body, ContentType=content_type)


def document(
    event: Mapping[str, Any], accepted: Accepted, spending: Spending, context: str | None
) -> dict[str, Any]:
    """The content of a result object."""
    one, posting = event["pass"], event["posting"]
    return {
        "metadata": {
            "timestamp": event["now"],
            "job_posting_id": posting["job_posting_id"],
            "content_hash": posting["content_hash"],
            "pass_name": one["name"],
            "model_id": one["model"],
            "key": one["key"],
            "pass_version": one["version"],
            "job_title": posting["title"],
            "company_name": posting["company"],
            "job_location": posting["location"],
            "input_tokens": spending.input_tokens,
            "output_tokens": spending.output_tokens,
            "cost_usd": spending.cost_usd,
            "attempts": event["attempt"],
            "warnings": [*spending.warnings, *accepted.warnings],
            "execution": event["execution"],
            "run": event["run"],
            **accepted.counts,
        },
        "result": accepted.result,
        "context": context,
    }
