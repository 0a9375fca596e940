"""Where the embedded AWS is, and boto3 clients for it. Knows nothing of the server itself."""

from __future__ import annotations

import functools
import os
import threading
from dataclasses import dataclass, field
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

ACCOUNT = "123456789012"
REGION = "us-east-1"
ACCESS_KEY = ACCOUNT  # the data plane takes a 12-digit access key as the account's administrator
SECRET_KEY = "local-administrator"

creating = threading.Lock()
"""Held while a client is created: boto3.client() is not thread safe, clients are."""


@dataclass(frozen=True)
class Endpoint:
    """The one address of the embedded AWS, for example http://127.0.0.1:4566."""

    url: str
    region: str = REGION
    account: str = ACCOUNT
    _clients: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def client(self, service: str) -> Any:
        """A boto3 client as the account's administrator; one per service is kept."""
        with creating:
            if service not in self._clients:
                self._clients[service] = new_client(
                    self, service, client_config(), ACCESS_KEY, SECRET_KEY
                )
            return self._clients[service]

    def session(self) -> boto3.Session:
        """A boto3 session as the account's administrator (it does not know the endpoint)."""
        return boto3.Session(
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            region_name=self.region,
            botocore_session=_isolated_session(),
        )


def client_config(**overrides: Any) -> Config:
    """botocore settings that every client of the embedded AWS needs."""
    return Config(
        inject_host_prefix=False,
        proxies={},
        s3={"addressing_style": "path"},
        retries={"total_max_attempts": 1},
        **overrides,
    )


def new_client(endpoint: Endpoint, service: str, config: Config, *credentials: str) -> Any:
    """A boto3 client with (access key, secret key[, session token]); hold `creating` around it."""
    access_key, secret_key, *token = credentials
    return _shared_session().client(
        service,
        region_name=endpoint.region,
        endpoint_url=endpoint.url,
        config=config,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        aws_session_token=token[0] if token else None,
    )


@functools.cache
def _shared_session() -> boto3.Session:
    """One for all clients: it keeps the parsed service models, which are what a client costs."""
    return boto3.Session(botocore_session=_isolated_session())


def _isolated_session() -> botocore.session.Session:
    """A botocore session that ignores the user's profiles, files and certificates."""
    ignored = {"profile": None, "ca_bundle": None, "data_path": None}
    files = {"config_file": os.devnull, "credentials_file": os.devnull}
    variables = {name: (None, None, value, None) for name, value in {**ignored, **files}.items()}
    return botocore.session.Session(session_vars=variables)
