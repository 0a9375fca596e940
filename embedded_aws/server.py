"""The embedded AWS: one process, one endpoint on 127.0.0.1.

ministack is the data plane, our Step Functions engine its `states` service, functions run as
processes of their own, schedules follow the engine's clock, and every call is checked by IAM.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import threading
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from embedded_aws.dataplane.credentials import FUNCTION_LIMIT_SECONDS, RoleClients
from embedded_aws.dataplane.faults import ServiceFaults
from embedded_aws.dataplane.gateway import Gateway, listen
from embedded_aws.dataplane.loopback import Loopback
from embedded_aws.dataplane.messaging.async_invokes import AsyncInvokes
from embedded_aws.dataplane.messaging.consumers import Consumers
from embedded_aws.dataplane.model import ENGINE_SESSION, model_handler, stalling
from embedded_aws.dataplane.monitoring import Monitoring
from embedded_aws.dataplane.mount import forget_all, mount, use_loop
from embedded_aws.dataplane.schedules import Schedules
from embedded_aws.dataplane.sinks import Sinks
from embedded_aws.dataplane.snapshots import DataFolder, collect
from embedded_aws.dataplane.states import UNTRUSTED, count, states_handler
from embedded_aws.dataplane.targets import Deliveries
from embedded_aws.endpoint import Endpoint
from embedded_aws.lambda_runtime.executor import Functions
from embedded_aws.model.endpoint import ModelEndpoint
from embedded_aws.stepfunctions import StepFunctions
from embedded_aws.stepfunctions.clock import Clock

SNAPSHOT_SECONDS = 60.0
THREADS = 256  # of the engine's calls, and as many of the model's answers; made when needed
RUNTIME_ROOT = Path(__file__).parents[1] / "build" / "lambda-runtime"

T = TypeVar("T")
_log = logging.getLogger(__name__)
_one_server = threading.Lock()  # ministack's state is global


class EmbeddedAws:
    """A running server; made by `running`.

    endpoint    its address, and boto3 clients for it
    engine      the Step Functions engine; it lives on the server's loop
    clock       the engine's clock
    model       the model endpoint
    functions   the Lambda runtime; `functions.faults` lets functions crash or fail
    faults      lets calls of any service fail
    deliveries  calls of schedules and rules to their targets; `failures` lists lost ones
    consumers   pipes and event source mappings; `failures` lists batches that went wrong
    data        the folder of its state, None if nothing is kept
    """

    def __init__(
        self,
        listener: socket.socket,
        clock: Clock,
        upstream: str | None,
        data: DataFolder | None,
    ) -> None:
        self.clock = clock
        self.data = data
        self.endpoint = Endpoint(f"http://127.0.0.1:{listener.getsockname()[1]}")
        self.model = ModelEndpoint(upstream, sleep=stalling(clock))
        self.faults = ServiceFaults()
        self.functions = Functions(self.endpoint, RUNTIME_ROOT, clock.hold, clock.now)
        self.deliveries = Deliveries(clock)
        self.consumers: Consumers
        self.engine: StepFunctions
        self._listener = listener
        self._gateway = Gateway(self._status)
        self._roles = RoleClients(self.endpoint, "states.amazonaws.com", ENGINE_SESSION, UNTRUSTED)
        self._schedules = Schedules(clock, self.deliveries.for_schedule)
        self._model_threads = ThreadPoolExecutor(THREADS, "model")
        self._monitoring: Monitoring
        self._loop: asyncio.AbstractEventLoop
        self._stop: asyncio.Event
        self._started: Future[None] = Future()
        self._saved = (0, False)
        self._thread = threading.Thread(target=self._run, name="embedded-aws")
        self._failure: BaseException | None = None

    # --- for callers in other threads

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Runs a coroutine on the server's loop and waits for its result."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    def advance_to(self, epoch: float) -> None:
        """Moves a virtual clock to `epoch`; schedules on the way fire, executions go on."""
        self.run(self.clock.advance_to(epoch))

    def reset(self) -> None:
        """Forgets all resources, executions, planned faults and calls; the clock goes on."""
        self.run(self._reset())

    def save(self) -> None:
        """Writes the state to the data folder now."""
        self.run(self._save())

    @property
    def alive(self) -> bool:
        """Whether it still serves; false before its end only if it failed."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Returns once it serves. Raises what kept it from that."""
        self._thread.start()
        self._started.result()

    def end(self) -> None:
        """Stops serving, saves the state, ends functions and executions."""
        if self.alive:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        if self._failure is not None:
            raise RuntimeError("the embedded AWS broke down") from self._failure

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:
            self._failure = error
            if not self._started.done():
                self._failure = None
                self._started.set_exception(error)

    # --- on the server's loop

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        with contextlib.ExitStack() as resources:
            resources.callback(self.functions.close)
            resources.callback(self._model_threads.shutdown, wait=False)
            if self.data is not None:
                resources.enter_context(self.data.locked())
            self._build()
            saver = asyncio.create_task(self._save_regularly())
            serving = asyncio.create_task(self._gateway.serve(self._listener, self._stop.wait))
            self._started.set_result(None)
            try:
                await serving
            finally:
                saver.cancel()
                self._schedules.close()
                self.consumers.close()
                self._monitoring.close()
                await self._save()
                await self.engine.aclose()
                forget_all()

    def _build(self) -> None:
        use_loop(ThreadPoolExecutor(THREADS, "call"))
        self._roles.prepare = Loopback(self._gateway, FUNCTION_LIMIT_SECONDS + 10).attach
        services = {
            "states": states_handler(lambda: self.engine, self._roles),
            "bedrock-runtime": model_handler(self.model, self._model_threads),
        }
        self.consumers = Consumers(self.clock)
        self._monitoring = Monitoring(self.clock)
        changed = {
            "monitoring": self._monitoring.alarms.changed,
            "events": self._schedules.sync,
            "scheduler": self._schedules.sync,
            "lambda": self.consumers.sync,
            "pipes": self.consumers.sync,
            "sqs": self.consumers.queues_asked,
        }
        mount(services, self.faults, changed, self.clock.now)
        self._monitoring.attach()
        self.consumers.attach(self._monitoring.queues.touched)
        AsyncInvokes(self.clock).attach()
        forget_all()
        self.deliveries.attach()
        self.functions.attach()
        self.engine = self._new_engine()
        saved = self.data.restore() if self.data is not None else None
        if saved is not None:
            self.engine.restore(saved)
        self._schedules.sync()
        self.consumers.sync()
        self._monitoring.resume()

    def _new_engine(self) -> StepFunctions:
        sinks = Sinks(self.clock.now)
        return StepFunctions(
            self.clock,
            self._roles,
            self.endpoint.account,
            self.endpoint.region,
            on_status=sinks.status,
            on_metric=sinks.metric,
            on_log=sinks.log,
            refusal=self._roles.refusal_of,
            # Repeatable only where time is too: names must not come again after a restart.
            seed=0 if self.clock.is_virtual else time.time_ns(),
        )

    async def _reset(self) -> None:
        self._schedules.close()
        self.consumers.close()
        self._monitoring.close()
        await self.engine.aclose()
        await asyncio.to_thread(self.functions.retire)
        self.faults.clear()
        self.deliveries.failures.clear()
        self.consumers.failures.clear()
        self.model.reset()
        forget_all()
        self.engine = self._new_engine()

    async def _save_regularly(self) -> None:
        while True:
            await asyncio.sleep(SNAPSHOT_SECONDS)
            try:
                await self._save()
            except OSError as error:
                _log.error("The state was not saved: %s", error)

    async def _save(self) -> None:
        """Writes a snapshot if anything may have changed since the last one."""
        # Executions go on without requests; one that ran at the last save may have ended since.
        seen = (self._gateway.writes, bool(self.engine.services.store.running))
        if self.data is None or seen == self._saved == (seen[0], False):
            return
        content = collect(self.engine.snapshot())
        await asyncio.to_thread(self.data.write, content)
        self._saved = seen

    async def _status(self) -> dict[str, Any]:
        return {
            "url": self.endpoint.url,
            "pid": os.getpid(),
            "data_dir": str(self.data.path) if self.data else None,
            "now": datetime.fromtimestamp(self.clock.now(), UTC).isoformat(timespec="seconds"),
            **await count(self.engine),
            "functions": self.functions.pool.sizes(),
            "lost_deliveries": len(self.deliveries.failures),
        }


@contextlib.contextmanager
def running(
    data_dir: Path | None = None,
    clock: Clock | None = None,
    port: int = 0,
    upstream: str | None = None,
) -> Iterator[EmbeddedAws]:
    """A server on its own thread, until the block ends; one at a time in a process.

    data_dir  folder whose snapshot is restored, and written every minute and at the end
    clock     the engine's clock, by default the computer's
    port      on 127.0.0.1; 0 takes a free one
    upstream  OpenAI-compatible URL that answers for the model instead of the built-in rules

    Raises PortTaken, SnapshotError, and RuntimeError if this process has a server already.
    """
    if not _one_server.acquire(blocking=False):
        raise RuntimeError("this process has an embedded AWS already: end it before the next one")
    try:
        data = DataFolder(data_dir) if data_dir is not None else None
        with listen(port) as listener:
            aws = EmbeddedAws(listener, clock or Clock.real(), upstream, data)
            aws.start()
            try:
                yield aws
            finally:
                aws.end()
    finally:
        _one_server.release()
