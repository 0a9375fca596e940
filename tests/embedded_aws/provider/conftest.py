"""A data plane for the provider's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from embedded_aws.endpoint import Endpoint
from embedded_aws.provider.clients import Clients
from embedded_aws.provider.pulumi_cli import build
from embedded_aws.server import EmbeddedAws, running


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedAws]:
    """A running embedded AWS, empty at the start of a module."""
    with running() as server:
        yield server


@pytest.fixture(scope="module")
def data_plane(server: EmbeddedAws) -> Endpoint:
    return server.endpoint


@pytest.fixture
def aws(data_plane: Endpoint) -> Clients:
    return Clients(data_plane)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests of the Pulumi CLI need it: `make pulumi`. A skip would hide that it is missing."""
    if build.find() is not None:
        return
    missing = [item for item in items if item.path.name == "test_cli.py"]
    if missing:
        config.hook.pytest_deselected(items=missing)
        items[:] = [item for item in items if item not in missing]
