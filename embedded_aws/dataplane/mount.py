"""Puts our services and checks into ministack, and takes its state away again.

Everything is mounted over the handlers that ministack came with, so mounting twice, for a second
server in the same process, leaves one of each.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor

from embedded_aws.dataplane import connections, corrections, guards, ministack, model, speed
from embedded_aws.dataplane.catalog import catalog_handler
from embedded_aws.dataplane.credentials import require_administrator_secret
from embedded_aws.dataplane.faults import ServiceFaults
from embedded_aws.dataplane.messaging import mappings
from embedded_aws.dataplane.messaging.pipes import pipes_handler
from embedded_aws.dataplane.monitoring import log_metrics
from embedded_aws.dataplane.monitoring.service_metrics import counting_models, counting_tables
from embedded_aws.dataplane.states import Handler

_GUARDS = {
    "events": [guards.rule_targets],
    "lambda": [guards.function_role, mappings.guard],
    "logs": [log_metrics.guard],
    "scheduler": [guards.schedule_target],
}
_original: dict[str, Handler] = {}


def mount(
    ours: Mapping[str, Handler],
    faults: ServiceFaults,
    changed: Mapping[str, Callable[[], None]],
    now: Callable[[], float],
) -> None:
    """Replaces the services in `ours`, guards others, and lets all of them fail on demand.

    changed  per service, called after each request that may have changed something of it
    now      the engine's clock
    """
    app = ministack.load()
    if not _original:
        _original.update(app.SERVICE_HANDLERS)
    require_administrator_secret()
    corrections.correct(now)
    connections.keep_secrets()
    speed.quicken()
    model.name_resources()
    for service, original in _original.items():
        handler = ours.get(service, original)
        for guard in _GUARDS.get(service, []):
            handler = guards.guarded(handler, guard)
        if service == "s3":
            handler = corrections.hiding_missing_objects(handler)
        if service == "pipes":
            handler = pipes_handler(handler)
        if service == "glue":
            handler = catalog_handler(handler)
        if service in changed:
            handler = _followed(handler, changed[service])
        handler = faults.wrap(service, handler)
        if service == "dynamodb":
            handler = counting_tables(handler)
        if service == "bedrock-runtime":
            handler = counting_models(handler, now)
        app.SERVICE_HANDLERS[service] = handler


def use_loop(threads: Executor) -> None:
    """Makes the running loop the one that ministack's own threads call services on."""
    app = ministack.load()
    loop = asyncio.get_running_loop()
    if isinstance(threads, ThreadPoolExecutor):
        loop.set_default_executor(threads)
    app._MAIN_LOOP = loop
    app._reset_lock = None  # belongs to a loop


def forget_all() -> None:
    """Every resource of every service is gone."""
    ministack.load()._reset_all_state()


def _followed(handler: Handler, changed: Callable[[], None]) -> Handler:
    async def handle(*request: object) -> object:
        answer = await handler(*request)  # type: ignore[arg-type]
        changed()
        return answer

    return handle  # type: ignore[return-value]
