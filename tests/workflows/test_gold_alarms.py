"""Each alarm of Gold rings for its cause and ends with it, and a subscriber is told both.

A time limit nearly reached, and Redshift's use of a day, are told of by the metric itself: the
first as the runner publishes it, the second in the namespace that only AWS writes to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

import pytest

from dbt_runner.place import Place
from dbt_runner.report import put_metrics
from dbt_runner.request import Request
from dbt_runner.results import Results
from embedded_aws.dataplane.monitoring import service_metrics
from tests.infra.conftest import look_once
from tests.stack import Stack
from tests.workflows.definitions import redefined
from tests.workflows.gold import aged, runner_set
from tests.workflows.watch import PREFIX, QUIET, Watch, watching

WORDS = "seed_word dim_word"
DAY = 24 * 60  # minutes
BUILD_FAILED = "gold-build-failed-critical"
MODELS_FAILED = "gold-models-failed-critical"
TESTS_FAILED = "gold-tests-failed-warning"
SLOW = "gold-slow-warning"
LOG_ERRORS = "gold-log-errors-warning"
THROTTLED = "gold-throttled-warning"
STALE = "gold-stale-data-warning"


@pytest.fixture(scope="module")
def stack(gold_stack: Stack) -> Stack:
    return gold_stack


@pytest.fixture(scope="module")
def watch(stack: Stack) -> Iterator[Watch]:
    with watching(stack) as found:
        yield found


def rings_and_ends(watch: Watch, cause: Callable[[], None], *alarms: str) -> None:
    """The cause lets these alarms ring and no other, and each ends."""
    watch.start_of_period()
    assert watch.states() == {}
    cause()
    watch.after(QUIET)
    assert watch.states() == {alarm: ["ALARM", "OK"] for alarm in alarms}


def ended(watch: Watch, status: str, select: str = WORDS) -> None:
    """A build of a few models."""
    run = watch.run("build_gold", {"select": select})
    assert run.status == status, run.cause


def test_a_good_build_is_silent(watch: Watch) -> None:
    rings_and_ends(watch, lambda: ended(watch, "SUCCEEDED"))


def test_a_model_that_cannot_be_built(watch: Watch) -> None:
    def broken() -> None:
        with runner_set(watch.stack, SMALL_BRIDGE_COLUMN=", nowhere"):
            ended(watch, "FAILED", "+bridge_b")

    rings_and_ends(
        watch,
        broken,
        BUILD_FAILED,
        MODELS_FAILED,
        LOG_ERRORS,
    )


def test_tests_that_fail(watch: Watch) -> None:
    def third_word() -> None:
        with runner_set(watch.stack, SMALL_NEW_WORD="three"):
            ended(watch, "SUCCEEDED")

    rings_and_ends(watch, third_word, TESTS_FAILED, LOG_ERRORS)


def test_a_stale_source_that_only_warns(watch: Watch) -> None:
    def old() -> None:
        with aged(watch.stack, timedelta(days=3)):
            ended(watch, "SUCCEEDED")

    rings_and_ends(watch, old, STALE, LOG_ERRORS)


def test_a_stale_source_that_stops_the_build(watch: Watch) -> None:
    def old() -> None:
        stop = redefined(watch.stack, "build_gold", "'warn' = 'stop'", "'stop' = 'stop'")
        with aged(watch.stack, timedelta(days=3)), stop:
            ended(watch, "FAILED")

    rings_and_ends(watch, old, STALE, LOG_ERRORS, BUILD_FAILED)


def test_a_function_for_which_lambda_has_no_room(watch: Watch) -> None:
    functions = watch.stack.client("lambda")
    name = {"FunctionName": watch.stack.outputs["dbt_runner_function"]}

    def no_room() -> None:
        functions.put_function_concurrency(**name, ReservedConcurrentExecutions=0)
        ended(watch, "FAILED")
        functions.delete_function_concurrency(**name)

    rings_and_ends(watch, no_room, THROTTLED, BUILD_FAILED)


def test_a_command_that_needs_most_of_its_time(watch: Watch) -> None:
    """12 of 15 minutes are at the limit, a second more is above it."""
    rings_and_ends(watch, lambda: took(watch.stack, 720.0))
    rings_and_ends(watch, lambda: took(watch.stack, 721.0), SLOW)


def took(stack: Stack, seconds: float) -> None:
    """What the runner publishes of a command without results."""
    function = stack.outputs["dbt_runner_function"]
    found = stack.client("lambda").get_function_configuration(FunctionName=function)
    with patch.dict("os.environ", found["Environment"]["Variables"]):
        place = Place.of_environment()
    put_metrics(stack.client("cloudwatch"), place, Request("run", "e", "s"), Results([]), seconds)


def test_every_alarm_of_gold_is_one_of_these(watch: Watch) -> None:
    found = watch.stack.client("cloudwatch").describe_alarms(AlarmNamePrefix=f"{PREFIX}gold-")
    assert {alarm["AlarmName"].removeprefix(PREFIX) for alarm in found["MetricAlarms"]} == {
        *(BUILD_FAILED, MODELS_FAILED, TESTS_FAILED, SLOW, LOG_ERRORS, THROTTLED, STALE)
    }


# --- Redshift alone


def test_use_near_the_limit_of_a_day(watch: Watch) -> None:
    """The alarm of a stack on Redshift, by the metric that Redshift would publish."""
    name = "gold-use-warning"
    with alarm_of_dev(watch.stack, name) as (limit, dimensions):
        watch.start_of_period()
        assert watch.states() == {name: ["OK"]}, "it is new"

        for seconds, state in ((limit, None), (limit + 1, "ALARM"), (limit, "OK")):
            namespace, metric = "AWS/Redshift-Serverless", "ComputeSeconds"
            service_metrics.record(namespace, metric, seconds, "Seconds", **dimensions)
            watch.after(DAY)
            assert watch.states() == ({name: [state]} if state else {}), seconds


@contextmanager
def alarm_of_dev(stack: Stack, name: str) -> Iterator[tuple[float, dict[str, str]]]:
    """An alarm as stack dev has it, on this stack's topic; its threshold and dimensions."""
    given = look_once("dev").inputs("MetricAlarm", name)
    (query,) = given["metricQueries"]
    metric, cloudwatch = query["metric"], stack.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName=PREFIX + name,
        AlarmDescription=given["alarmDescription"],
        Namespace=metric["namespace"],
        MetricName=metric["metricName"],
        Dimensions=[{"Name": k, "Value": v} for k, v in metric["dimensions"].items()],
        Statistic=metric["stat"],
        Period=int(metric["period"]),
        EvaluationPeriods=int(given["evaluationPeriods"]),
        Threshold=given["threshold"],
        ComparisonOperator=given["comparisonOperator"],
        TreatMissingData=given["treatMissingData"],
        AlarmActions=[stack.outputs["alarm_topic_arn"]],
        OKActions=[stack.outputs["alarm_topic_arn"]],
    )
    yield float(given["threshold"]), dict(metric["dimensions"])
    cloudwatch.delete_alarms(AlarmNames=[PREFIX + name])
