"""Loads ministack into this process, once, without leaving traces in it.

ministack reads its settings from the environment while its modules are imported, and configures
logging. Both happen here under a private environment that is put back afterwards, so that neither
the host's AWS_* variables reach the data plane nor its settings reach anything else.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import logging
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from embedded_aws.endpoint import ACCOUNT, REGION

VERSION = "1.5.33"  # internals are hooked below: another version needs every hook checked

# Read settings while they are imported, or are hooked: loaded under the private environment.
_EAGER = (
    "cloudwatch",
    "cloudwatch_logs",
    "dynamodb",
    "eventbridge",
    "glue",
    "iam",
    "kms",
    "lambda_svc",
    "pipes",
    "s3",
    "scheduler",
    "sns",
    "sqs",
    "sts",
    "tagging",
)

_loading = threading.Lock()
_app: Any = None
_replaced: dict[tuple[str, str], Any] = {}


def load() -> Any:
    """The `ministack.app` module with its main services imported.

    Raises RuntimeError if the installed version is not the one these hooks were written for.
    """
    global _app
    with _loading:
        if _app is None:
            _check_version()
            private = Path(tempfile.mkdtemp(prefix="embedded-aws-"))
            atexit.register(shutil.rmtree, private, ignore_errors=True)
            with _private_environment(private), _untouched_logging():
                _app = importlib.import_module("ministack.app")
                for name in _EAGER:
                    _app._get_module(name)
        return _app


def service(name: str) -> Any:
    """A service module of ministack, for example `lambda_svc`."""
    return importlib.import_module(f"ministack.services.{name}")


def core(name: str) -> Any:
    """A module of ministack's core, for example `iam_evaluator`."""
    return importlib.import_module(f"ministack.core.{name}")


def replace(module: Any, name: str, build: Callable[[Any], Any]) -> None:
    """Puts `build(original)` in a function's place; doing it again replaces the replacement."""
    original = _replaced.setdefault((module.__name__, name), getattr(module, name))
    setattr(module, name, build(original))


@contextlib.contextmanager
def request_scope(account: str = ACCOUNT, region: str = REGION) -> Iterator[None]:
    """What a request's credentials decide otherwise: whose resources are seen."""
    responses = core("responses")
    token = responses._request_account_id.set(account)
    region_token = responses._request_region.set(region)
    try:
        yield
    finally:
        responses._request_region.reset(region_token)
        responses._request_account_id.reset(token)


def _check_version() -> None:
    from importlib.metadata import version

    installed = version("ministack")
    if installed != VERSION:
        raise RuntimeError(
            f"ministack {installed} is installed, this server is written for {VERSION}: "
            "install the locked requirements."
        )


@contextlib.contextmanager
def _private_environment(folder: Path) -> Iterator[None]:
    saved, saved_tempdir = dict(os.environ), tempfile.tempdir
    for name in list(os.environ):
        if name.startswith(("AWS_", "MINISTACK_", "LOCALSTACK_", "LAMBDA_", "S3_")):
            del os.environ[name]
    os.environ.update(
        AUTH="true",
        BIND_HOST="127.0.0.1",
        IOT_MTLS_ENABLED="0",
        LOG_LEVEL="WARNING",
        MINISTACK_ACCOUNT_ID=ACCOUNT,
        MINISTACK_REGION=REGION,
        MINISTACK_TEST_NO_AUTOSTART="1",
        PERSIST_STATE="0",
        SFTP_ENABLED="0",
        STATE_DIR=str(folder / "state"),
    )
    tempfile.tempdir = str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = saved_tempdir
        os.environ.clear()
        os.environ.update(saved)


@contextlib.contextmanager
def _untouched_logging() -> Iterator[None]:
    """`logging.basicConfig` does nothing while the root logger has a handler."""
    handler, level = logging.NullHandler(), logging.getLogger().level
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)
        logging.getLogger().setLevel(level)
