"""What dbt's results come to."""

from __future__ import annotations

import pytest

from dbt_runner.errors import (
    DbtConnectionFailed,
    DbtFailed,
    DbtModelsFailed,
    DbtSchemaChanged,
    DbtTestsFailed,
)
from dbt_runner.invocation import Ended
from dbt_runner.request import Request
from dbt_runner.results import Result, Results, failure

RUN = Request("run", "e", "facts")


def _result(name: str, status: str, kind: str = "model", message: str = "", **more: bool) -> Result:
    return Result(name, kind, status, message, 0.1, more.get("critical", False))


def _ended(*results: Result, success: bool = False) -> tuple[Ended, Results]:
    return Ended(success, None, None), Results(results)


def test_counts_tell_success_failure_and_skip_apart() -> None:
    results = Results(
        [
            *(_result("a", "success"), _result("b", "error"), _result("c", "skipped")),
            *(_result("d", "pass", "test"), _result("e", "fail", "test")),
            *(_result("f", "warn", "test"), _result("g", "error", "unit_test")),
        ]
    )
    assert results.counts() == {
        "models_success": 1,
        "models_error": 1,
        "models_skipped": 1,
        "tests_passed": 1,
        "tests_warned": 1,
        "tests_failed": 2,
    }


@pytest.mark.parametrize(
    ("result", "error", "sentence"),
    [
        (
            _result("a", "error", message="Binder Error"),
            DbtModelsFailed,
            "1 model (a) of 1 failed in facts; the first says: Binder Error",
        ),
        (
            _result("a", "error", message="could not connect to server"),
            DbtConnectionFailed,
            "1 model (a) lost the connection in facts.",
        ),
        (
            _result("a", "error", message="schemas on this incremental model are out of sync!"),
            DbtSchemaChanged,
            "1 model (a) changed columns in facts: build once with full refresh, "
            "`dej gold build --full-refresh`.",
        ),
        (
            _result("t", "fail", "test", critical=True),
            DbtTestsFailed,
            "1 critical test (t) failed in facts.",
        ),
        (
            _result("linkedin", "runtime error", "source", "no such table"),
            DbtFailed,
            "1 source (linkedin) could not be read: no such table.",
        ),
    ],
)
def test_failures_end_in_an_error_with_a_sentence(
    result: Result, error: type[Exception], sentence: str
) -> None:
    assert failure(RUN, *_ended(result), []) == (error, sentence)


@pytest.mark.parametrize(
    "result", [_result("t", "fail", "test"), _result("linkedin", "error", "source")]
)
def test_other_failed_tests_and_stale_sources_are_for_the_workflow(result: Result) -> None:
    assert failure(RUN, *_ended(result), []) is None


def test_a_model_that_fails_outweighs_a_lost_connection_of_another() -> None:
    lost = _result("a", "error", message="connection reset by peer")
    failed = failure(RUN, *_ended(lost, _result("b", "error", message="Binder Error")), [])
    assert failed
    assert failed[0] is DbtModelsFailed


def test_dbt_that_ends_early_is_told_from_a_warehouse_that_does_not_answer() -> None:
    usage = failure(RUN, Ended(False, None, ValueError("no such option")), Results([]), [])
    assert usage == (DbtFailed, "dbt run ended in facts before it ran: no such option")

    asleep = failure(RUN, Ended(False, None, OSError("Connection refused")), Results([]), [])
    assert asleep
    assert asleep[0] is DbtConnectionFailed
    warm_up = Request("debug", "e", "warm-up")
    assert failure(warm_up, Ended(False, False, None), Results([]), ["unable to connect"]) == (
        DbtConnectionFailed,
        "the warehouse does not answer: unable to connect",
    )


def test_answers_show_critical_failures_first_and_not_all() -> None:
    many = [_result(f"t{n}", "fail", "test") for n in range(30)]
    shown = Results([*many, _result("worst", "fail", "test", critical=True)]).shown()
    assert shown[0]["name"] == "worst"
    assert len(shown) == 20
