"""A Distributed Map at work: reads the items, runs a child execution for each item or batch."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

from .clock import Waiter
from .definition import Map
from .errors import StatesError
from .history import failure
from .integrations.base import Call
from .items import Source, items_of, percentage_of
from .map_io import Items, batches, read_items
from .map_results import never_started, result_of, returned, target_of, write
from .step import Step
from .store import Execution, MapRun, Plan, counts, nothing

MOST_AT_ONCE = 10_000  # children, where MaxConcurrency does not say less
EXPRESS_SECONDS = 300
THRESHOLD = "States.ExceedToleratedFailureThreshold"
PERMISSIONS = "States.Permissions"
STATUS_WORDS = {
    "RUNNING": "running",
    "SUCCEEDED": "succeeded",
    "FAILED": "failed",
    "TIMED_OUT": "timedOut",
    "ABORTED": "aborted",
}


async def run_distributed(step: Step, state: Map) -> Any:
    """Runs the map to its end; its result, or a StatesError after the other children stopped."""
    work = step.resumed
    if isinstance(work, dict):
        work = _Work.from_reached(step, state, work)
    values = None
    if work is None:
        values = None if state.reader is not None else items_of(step, state)
        run = _open(step, state)
        step.event("MapStateStarted", {"length": 0 if values is None else len(values)})
        started = step.event("MapRunStarted", {"mapRunArn": run.arn})
    else:
        run = work.record
        work.resume(step)
        details = {"mapRunArn": run.arn, "redriveCount": run.redrives}
        started = step.event("MapRunRedriven", details)
    try:
        if work is None:
            source = Source(await _read(step, state) if values is None else values)
            work = _Work(step, state, run, source)
        step.walk.progress = work
        work.check_role()
        result = await work.run()
    except StatesError as error:
        _close(step, run, work, "FAILED")
        if error.name not in (THRESHOLD, PERMISSIONS):
            step.walk.progress = None  # reading or writing failed: a redrive starts a new run
        step.event("MapRunFailed", failure(error.name, error.cause))
        raise
    except asyncio.CancelledError:
        _close(step, run, work, "ABORTED")
        step.event("MapRunAborted")
        raise
    except Exception:
        _close(step, run, work, "FAILED")
        step.walk.progress = None
        raise
    _close(step, run, work, "SUCCEEDED")
    succeeded = step.side_event("MapRunSucceeded", started)
    step.side_event("MapStateSucceeded", succeeded)
    return result


def _open(step: Step, state: Map) -> MapRun:
    services, execution = step.walk.services, step.walk.execution
    concurrency = step.integer(state.max_concurrency, "MaxConcurrency") or 0
    count = step.integer(state.tolerated_count, "ToleratedFailureCount") or 0
    label = state.label or services.uuid()
    run = MapRun(
        arn=services.arn("mapRun", f"{execution.plan.machine_name}/{label}:{services.uuid()}"),
        execution_arn=execution.arn,
        machine_arn=execution.plan.machine_arn,
        started=services.clock.now(),
        max_concurrency=concurrency,
        tolerated_count=count,
        tolerated_percentage=percentage_of(step, state),
    )
    services.store.map_runs[run.arn] = run
    return run


def _close(step: Step, run: MapRun, work: _Work | None, status: str) -> None:
    run.status = status
    if work is not None:
        work.stop()
        work.recount()
    if status == "SUCCEEDED":
        run.refresh = run.changed = nothing  # lets go of the items
    run.stopped = step.walk.services.clock.now()


def call_of(step: Step) -> Call:
    services, execution = step.walk.services, step.walk.execution
    return Call(
        role_arn=execution.plan.role_arn,
        region=services.region,
        account=services.account,
        execution_arn=execution.arn,
        execution_name=execution.name,
        clients=services.clients,
        run_blocking=services.run_blocking,
        sleep=services.clock.sleep,
    )


async def _read(step: Step, state: Map) -> Items:
    reader = state.reader
    assert reader is not None
    evaluated = {"Resource": reader.resource}
    if reader.config is not None:
        evaluated["ReaderConfig"] = step.evaluate(reader.config)
    if reader.arguments is not None:
        evaluated["Arguments"] = step.evaluate(reader.arguments)
    return await read_items(evaluated, call_of(step))


class _Work:
    """The children of one map run: which run, which ended, what came out."""

    def __init__(self, step: Step, state: Map, run: MapRun, source: Source) -> None:
        self.record = run
        self._step = step
        self._state = state
        self._source = source
        self._plan = _child_plan(step.walk.execution.plan, state, run)
        self._pending = self._inputs()
        self._children: list[Execution] = []
        self._again: deque[int] = deque()  # places of children that a redrive runs again
        self._active: dict[str, int] = {}  # ARN -> number of its items
        self._ended: deque[Execution] = deque()
        self._waiter: Waiter | None = None
        self._failed_items = 0
        self._written = 0
        run.changed = self._wake
        run.refresh = self.recount

    def resume(self, step: Step) -> None:
        """Makes the children that did not succeed ready to run again, for `step`."""
        run = self.record
        self._step = step
        self._failed_items = 0
        self._active.clear()
        self._ended.clear()
        again = (n for n, child in enumerate(self._children) if child.status != "SUCCEEDED")
        self._again = deque(again)
        run.status, run.stopped = "RUNNING", None
        run.redrives += 1
        run.redriven = step.walk.services.clock.now()

    def reached(self) -> dict[str, Any]:
        """What `from_reached` needs, for a redrive after a restart."""
        return {
            "map_run": self.record.arn,
            "source": self._source.saved(),
            "children": [child.arn for child in self._children],
            "written": self._written,
        }

    @classmethod
    def from_reached(cls, step: Step, state: Map, data: dict[str, Any]) -> _Work:
        """The work that `reached` was called on; it has to `resume`."""
        store = step.walk.services.store
        work = cls(step, state, store.map_runs[data["map_run"]], Source.from_saved(data["source"]))
        work._children = [store.executions[arn] for arn in data["children"]]
        for child in work._children:
            child.parse_values()
        work._pending = islice(work._inputs(), len(work._children), None)
        work._written = data["written"]
        return work

    def check_role(self) -> None:
        """A map run starts its machine for each child, and redrives them, with its own role."""
        services, plan = self._step.walk.services, self._plan
        wanted = [("states:StartExecution", plan.machine_arn)]
        if self._again and not plan.express:
            wanted.append(("states:RedriveExecution", self._children[self._again[0]].arn))
        for action, resource in wanted:
            refusal = services.refusal(plan.role_arn, action, resource)
            if refusal is not None:
                raise StatesError(PERMISSIONS, refusal)

    async def run(self) -> Any:
        """Runs all children; the result, or a StatesError where too many items failed."""
        target = target_of(self._step, self._state)
        more = True
        while True:
            while more and len(self._active) < (self.record.max_concurrency or MOST_AT_ONCE):
                more = self._start_next()
            if not self._active:
                break
            await self._one_ended()
            if self._too_many_failed():
                await self._stop_and_wait()
                if target is not None:
                    await self._write(target)
                raise StatesError(
                    THRESHOLD, "The specified tolerated failure threshold was exceeded"
                )
        if target is not None:
            return await self._write(target)
        return returned(self._step, self._state, self._children)

    def _inputs(self) -> Iterator[tuple[Any, int]]:
        """(input of a child, number of its items), each made when its child can start."""
        step, state, source = self._step, self._state, self._source
        inputs = (source.input(step, state, index) for index in range(len(source)))
        batcher = state.batcher
        if batcher is None:
            return ((value, 1) for value in inputs)
        most = step.integer(batcher.max_items, "MaxItemsPerBatch", 1)
        bytes_ = step.integer(batcher.max_bytes, "MaxInputBytesPerBatch", 1)
        extra = None if batcher.batch_input is None else step.evaluate(batcher.batch_input)
        return ((batch, len(batch["Items"])) for batch in batches(inputs, most, bytes_, extra))

    def _start_next(self) -> bool:
        """Starts the next child; False where there is none."""
        if self._again:
            self._start_again(self._again.popleft())
            return True
        found = next(self._pending, None)
        if found is None:
            return False
        self._step.check_size(found[0])
        self._children.append(self._begin(*found))
        return True

    def _begin(self, input_: Any, items: int) -> Execution:
        child = self._step.walk.start_child(self._plan, input_, self.record.arn)
        child.item_count = items
        self._watch(child)
        return child

    def _watch(self, child: Execution) -> None:
        child.when_ended = self._child_ended
        self._active[child.arn] = child.item_count or 0

    def _start_again(self, place: int) -> None:
        """STANDARD children go on from where they ended, EXPRESS ones are started anew."""
        child = self._children[place]
        if child.plan.express:
            self._children[place] = self._begin(child.input, child.item_count or 0)
        else:
            self._step.walk.redrive_child(child)
            self._watch(child)

    def _child_ended(self, child: Execution) -> None:
        self._ended.append(child)
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None:
            self._waiter.wake()

    async def _one_ended(self) -> None:
        """Waits until a child ended, or until the map run was changed."""
        if not self._ended:
            self._waiter = Waiter(self._step.walk.services.clock)
            await self._waiter.wait()
            self._waiter = None
        if not self._ended:
            return
        child = self._ended.popleft()
        items = self._active.pop(child.arn)
        if child.status != "SUCCEEDED":
            self._failed_items += items

    def _too_many_failed(self) -> bool:
        run = self.record
        return exceeded(
            self._failed_items, len(self._source), run.tolerated_count, run.tolerated_percentage
        )

    def stop(self) -> None:
        """Ends the children that still run as ABORTED."""
        for child in self._children:
            if child.status == "RUNNING":
                self._step.walk.stop_child(child)

    async def _stop_and_wait(self) -> None:
        self.stop()
        while self._active:
            await self._one_ended()

    async def _write(self, target: dict[str, Any]) -> Any:
        services = self._step.walk.services
        left = list(self._pending)
        self._pending = iter(left)  # a redrive starts them
        results = [result_of(child) for child in self._children]
        results += [never_started(services, self._plan, input_) for input_, _ in left]
        result = await write(self._state, results, target, self.record.arn, call_of(self._step))
        self._written = sum(child.item_count or 0 for child in self._children)
        return result

    def recount(self) -> None:
        """Brings the map run's counts up to date: of items and of child executions."""
        items, executions = counts(len(self._source)), counts(0)
        for child in self._children:
            word = STATUS_WORDS[child.status]
            items[word] += child.item_count or 0
            items["pending"] -= child.item_count or 0
            executions[word] += 1
        executions["total"] = len(self._children)
        items["resultsWritten"] = self._written
        self.record.items, self.record.executions = items, executions


def exceeded(failed: int, total: int, count: int, percentage: float) -> bool:
    """Whether more items failed than tolerated; a tolerance of 0 is as if it was not given."""
    if not count and not percentage:
        return failed > 0
    over_share = percentage > 0 and failed * 100 > percentage * total
    return over_share or (count > 0 and failed > count)


def _child_plan(plan: Plan, state: Map, run: MapRun) -> Plan:
    label = run.arn.rsplit("/", 1)[1].split(":")[0]
    return replace(
        plan,
        machine_id=f"{plan.machine_arn}/{label}",
        path=f"{plan.machine_name}/{label}",
        graph=state.processor,
        express=state.express,
        timeout=EXPRESS_SECONDS if state.express else None,
    )
