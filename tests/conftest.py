"""Selection rules for the whole suite."""

from __future__ import annotations

import pytest

from tests.shared_data import SHARED


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselects what needs the sample data where it is absent: a skip would hide it."""
    if SHARED.is_dir():
        return
    missing = [item for item in items if item.get_closest_marker("shared")]
    if missing:
        config.hook.pytest_deselected(items=missing)
        items[:] = [item for item in items if item not in missing]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A skipped test is a failed run: what is not selected is deselected, and says so."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
