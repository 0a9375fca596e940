"""What dbt's results come to: counts, failures, and the error that they end in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dbt_runner.errors import (
    DbtConnectionFailed,
    DbtFailed,
    DbtModelsFailed,
    DbtSchemaChanged,
    DbtTestsFailed,
)
from dbt_runner.events import is_connection_failure
from dbt_runner.invocation import Ended
from dbt_runner.request import Request

Failure = tuple[type[Exception], str]

MODELS = frozenset({"model", "seed", "snapshot"})
TESTS = frozenset({"test", "unit_test"})
CRITICAL = "critical"
SCHEMA_SIGNS = ("are out of sync", "on_schema_change")
SHOWN = 20  # failures in an answer or an error; the artifacts have all
MESSAGE_LIMIT = 400  # characters of a failure's message


@dataclass(frozen=True)
class Result:
    """One model, test or source.

    status    dbt's word: success, error, skipped; pass, warn, fail, error; for sources pass,
              warn, error, runtime error
    """

    name: str
    kind: str
    status: str
    message: str
    seconds: float
    critical: bool

    @property
    def failed(self) -> bool:
        return self.status in ("error", "fail", "runtime error")


@dataclass(frozen=True)
class Results:
    """All results of one command."""

    results: Sequence[Result]

    def models(self) -> list[Result]:
        return [result for result in self.results if result.kind in MODELS]

    def tests(self) -> list[Result]:
        return [result for result in self.results if result.kind in TESTS]

    def failed(self) -> list[Result]:
        """Failures; those that are critical first."""
        return sorted((r for r in self.results if r.failed), key=lambda result: not result.critical)

    def counts(self) -> dict[str, int]:
        models, tests = self.models(), self.tests()
        return {
            "models_success": sum(result.status == "success" for result in models),
            "models_error": sum(result.failed for result in models),
            "models_skipped": sum(result.status == "skipped" for result in models),
            "tests_passed": sum(result.status == "pass" for result in tests),
            "tests_warned": sum(result.status == "warn" for result in tests),
            "tests_failed": sum(result.failed for result in tests),
        }

    def answer(self, request: Request) -> dict[str, Any]:
        """What the workflow reads of a command."""
        return {
            "command": request.command,
            "step": request.step,
            **self.counts(),
            "stale": self.stale(),
            "failed": self.shown(),
        }

    def stale(self) -> list[str]:
        """Sources that are older than their `error_after`."""
        return [r.name for r in self.results if r.kind == "source" and r.status == "error"]

    def shown(self) -> list[dict[str, Any]]:
        """The first failures as an answer lists them."""
        return [
            {"name": r.name, "message": r.message[:MESSAGE_LIMIT], "critical": r.critical}
            for r in self.failed()[:SHOWN]
        ]


def read_results(ended: Ended) -> Results:
    """From dbt's result object; empty for debug and docs."""
    found = getattr(ended.result, "results", None)
    return Results([_result(each) for each in found or () if getattr(each, "node", None)])


def _result(found: Any) -> Result:
    node = found.node
    return Result(
        name=str(node.name),
        kind=str(node.resource_type),
        status=str(found.status),
        message=_message(found),
        seconds=round(float(found.execution_time), 3),
        critical=CRITICAL in (getattr(node, "tags", None) or ()),
    )


def _message(found: Any) -> str:
    """One line: what dbt says or, of a source, how old it is."""
    newest = getattr(found, "max_loaded_at", None)
    said = f"its newest row is of {newest}" if newest else found.message
    return " ".join(str(said or "").split())


def failure(
    request: Request, ended: Ended, results: Results, errors: Sequence[str]
) -> Failure | None:
    """The exception class and sentence in which a command ends, or None if it ends well.

    Failed tests that are not critical, and sources that are stale, are for the workflow to judge.
    `errors` are the error events of dbt.
    """
    models = [result for result in results.models() if result.failed]
    if models:
        return _models_failed(request, models, len(results.models()))
    critical = [result for result in results.tests() if result.failed and result.critical]
    if critical:
        return DbtTestsFailed, f"{_named(critical, 'critical test')} failed in {request.step}."
    unreadable = [result for result in results.results if result.status == "runtime error"]
    if unreadable:
        said = unreadable[0].message
        kind = DbtConnectionFailed if is_connection_failure(said) else DbtFailed
        return kind, f"{_named(unreadable, 'source')} could not be read: {said}."
    if ended.success or results.tests() or results.stale():
        return None
    return _ended_early(request, ended, errors)


def _models_failed(request: Request, failed: Sequence[Result], of: int) -> Failure:
    if all(is_connection_failure(result.message) for result in failed):
        return DbtConnectionFailed, (
            f"{_named(failed, 'model')} lost the connection in {request.step}."
        )
    changed = [r for r in failed if any(sign in r.message for sign in SCHEMA_SIGNS)]
    if changed:
        return DbtSchemaChanged, (
            f"{_named(changed, 'model')} changed columns in {request.step}: build once with full "
            "refresh, `dej gold build --full-refresh`."
        )
    return DbtModelsFailed, (
        f"{_named(failed, 'model')} of {of} failed in {request.step}; the first says: "
        f"{failed[0].message[:600]}"
    )


def _ended_early(request: Request, ended: Ended, errors: Sequence[str]) -> Failure:
    said = str(ended.exception) if ended.exception else "; ".join(errors[:3]) or "nothing"
    said = " ".join(said.split())
    if (request.command == "debug" and not ended.exception) or is_connection_failure(said):
        return DbtConnectionFailed, f"the warehouse does not answer: {said}"
    return DbtFailed, f"dbt {request.command} ended in {request.step} before it ran: {said}"


def _named(results: Sequence[Result], noun: str) -> str:
    names = ", ".join(result.name for result in results[:SHOWN])
    more = f" and {len(results) - SHOWN} more" if len(results) > SHOWN else ""
    return f"{len(results)} {noun}{'s' if len(results) > 1 else ''} ({names}{more})"
