"""Runs one dbt command for a step of build_gold."""

from __future__ import annotations

import time
from typing import Any

from common.aws import client
from dbt_runner import sandbox
from dbt_runner.docs_site import publish
from dbt_runner.errors import with_details
from dbt_runner.events import EventLog
from dbt_runner.invocation import run_dbt
from dbt_runner.place import Place, log_url
from dbt_runner.report import keep_artifacts, log_results, put_metrics
from dbt_runner.request import Request
from dbt_runner.results import failure, read_results
from dbt_runner.silver import Silver
from dbt_runner.warehouse import Warehouse, warehouse

sandbox.prepare()


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Event {command, execution, step, select, full_refresh, vars} -> counts, failures, places.

    Failed tests that are not critical and stale sources are in the answer, for the workflow to
    judge. Raises InvalidRequest, DbtConnectionFailed, DbtModelsFailed, DbtSchemaChanged,
    DbtTestsFailed, DbtFailed, WarehouseChanged and DocsMissing; errors of AWS as they come.
    """
    request, place = Request.parse(event), Place.of_environment()
    if request.command == "deploy-docs":
        page = publish(client("s3"), place, request.execution)
        return {"command": request.command, "bucket": place.docs_bucket, "key": page}
    log, began = EventLog(request), time.monotonic()
    store = warehouse(place, client("s3"))
    with store.opened():
        ended = run_dbt(request, place, _sources(request, place, store), log.heard)
    results = read_results(ended)
    seconds = round(time.monotonic() - began, 3)
    answer = {
        **results.answer(request),
        "seconds": seconds,
        "artifacts": keep_artifacts(client("s3"), request, place, sandbox.TARGET),
        "log_url": log_url(),
    }
    log_results(client("logs"), request, place, results)
    put_metrics(client("cloudwatch"), place, request, results, seconds)
    if failed := failure(request, ended, results, log.errors):
        error, sentence = failed
        raise error(with_details(sentence, answer))
    return answer


def _sources(request: Request, place: Place, store: Warehouse) -> dict[str, Any]:
    """The variables that only a look at the lake gives."""
    if not request.reads_silver:
        return {}
    silver = Silver(client("s3"), place.silver_bucket, place.silver_prefixes)
    since = "" if request.full_refresh else request.last_good_build
    return {"changed_partitions": silver.changed(since), **store.sources(silver)}
