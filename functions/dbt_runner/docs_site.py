"""Publishes the documentation that a step of the same execution generated."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from dbt_runner.errors import DocsMissing
from dbt_runner.place import Place

GENERATED_BY = "docs"  # the step whose artifacts are published
PAGE = "static_index.html"


def publish(s3: Any, place: Place, execution: str) -> str:
    """Copies the page to the docs bucket as index.html; its key there. Raises DocsMissing."""
    key = f"{place.artifacts(execution, GENERATED_BY)}{PAGE}"
    try:
        page = s3.get_object(Bucket=place.artifacts_bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchKey":
            raise DocsMissing(
                f"s3://{place.artifacts_bucket}/{key} does not exist: run the step docs first"
            ) from None
        raise
    s3.put_object(
        Bucket=place.docs_bucket,
        Key="index.html",
        Body=page["Body"].read(),
        ContentType="text/html; charset=utf-8",
        CacheControl="no-cache",  # a reader sees the last build, not the one before
    )
    return "index.html"
