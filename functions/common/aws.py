"""boto3 clients of a function: one per service and process, shared by its threads."""

from __future__ import annotations

from functools import cache
from typing import Any

import boto3
from botocore.config import Config

THREADS = 32  # as many connections as threads that read Bronze

_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 5},
    connect_timeout=5,
    read_timeout=60,
    max_pool_connections=THREADS,
)


@cache
def client(service: str) -> Any:
    """The client of `service`; region, credentials and endpoint come from the environment."""
    return boto3.client(service, config=_CONFIG)
