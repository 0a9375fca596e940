"""Where the embedded AWS is, and boto3 clients for it. Knows nothing of the server itself."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config

ACCOUNT = "123456789012"
REGION = "us-east-1"
ACCESS_KEY = ACCOUNT  # the data plane takes a 12-digit access key as the account's administrator
SECRET_KEY = "local-administrator"

_creating = threading.Lock()  # boto3.client() is not thread safe, clients are


@dataclass(frozen=True)
class Endpoint:
    """The one address of the embedded AWS, for example http://127.0.0.1:4566."""

    url: str
    region: str = REGION
    account: str = ACCOUNT
    _clients: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def client(self, service: str) -> Any:
        """A boto3 client as the account's administrator; one per service is kept."""
        with _creating:
            if service not in self._clients:
                self._clients[service] = self.session().client(
                    service, endpoint_url=self.url, config=client_config()
                )
            return self._clients[service]

    def session(self) -> boto3.Session:
        """A boto3 session as the account's administrator (it does not know the endpoint)."""
        return boto3.Session(
            aws_access_key_id=ACCESS_KEY, aws_secret_access_key=SECRET_KEY, region_name=self.region
        )


def client_config(**overrides: Any) -> Config:
    """botocore settings that every client of the embedded AWS needs."""
    return Config(
        inject_host_prefix=False,
        s3={"addressing_style": "path"},
        retries={"total_max_attempts": 1},
        **overrides,
    )
