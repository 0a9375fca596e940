"""A Distributed Map at work: reads the items, runs a child execution for each item or batch."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from .clock import Waiter
from .definition import Map
from .errors import EvaluationError, StatesError
from .history import failure
from .integrations.base import Call
from .items import Source, items_of
from .jsontext import dumps, loads
from .map_io import ChildResult, Items, batches, read_items, transformed, write_results
from .step import Step
from .store import Execution, MapRun, Plan, execution_arn

DEFAULT_CONCURRENCY = 10_000
EXPRESS_SECONDS = 300
THRESHOLD = "States.ExceedToleratedFailureThreshold"
PERMISSIONS = "States.Permissions"
STATUS_WORDS = {
    "SUCCEEDED": "succeeded",
    "FAILED": "failed",
    "TIMED_OUT": "timedOut",
    "ABORTED": "aborted",
}


async def run_distributed(step: Step, state: Map) -> Any:
    """Runs the map to its end; its result, or a StatesError after the other children stopped."""
    values = None if state.reader is not None else items_of(step, state)
    run = _open(step, state)
    length = 0 if values is None else len(values)
    step.event("MapStateStarted", {"length": length})
    started = step.event("MapRunStarted", {"mapRunArn": run.arn})
    work = None
    try:
        source = Source(await _read(step, state) if values is None else values)
        if len(source):
            _check_role(step)
        work = _Work(step, state, run, source)
        result = await work.run()
    except StatesError as error:
        _close(step, run, work, "FAILED")
        step.event("MapRunFailed", failure(error.name, error.cause))
        raise
    except asyncio.CancelledError:
        _close(step, run, work, "ABORTED")
        step.event("MapRunAborted")
        raise
    except Exception:
        _close(step, run, work, "FAILED")
        raise
    _close(step, run, work, "SUCCEEDED")
    succeeded = step.side_event("MapRunSucceeded", started)
    step.side_event("MapStateSucceeded", succeeded)
    return result


def _open(step: Step, state: Map) -> MapRun:
    services, execution = step.walk.services, step.walk.execution
    concurrency = step.integer(state.max_concurrency, "MaxConcurrency") or 0
    count = step.integer(state.tolerated_count, "ToleratedFailureCount") or 0
    percentage = 0.0
    if state.tolerated_percentage is not None:
        value = step.evaluate(state.tolerated_percentage)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:
            raise EvaluationError(
                "ToleratedFailurePercentage",
                "",
                "The ToleratedFailurePercentage field must be a number between 0 and 100"
                f" but was: {value}",
            )
        percentage = float(value)
    label = state.label or services.uuid()
    run = MapRun(
        arn=services.arn("mapRun", f"{execution.plan.machine_name}/{label}:{services.uuid()}"),
        execution_arn=execution.arn,
        machine_arn=execution.plan.machine_arn,
        started=services.clock.now(),
        max_concurrency=concurrency,
        tolerated_count=count,
        tolerated_percentage=percentage,
    )
    services.store.map_runs[run.arn] = run
    return run


def _close(step: Step, run: MapRun, work: _Work | None, status: str) -> None:
    if work is not None:
        work.stop()
    run.status = status
    run.stopped = step.walk.services.clock.now()


def _check_role(step: Step) -> None:
    """A map run starts its machine once more for each child, with the rights of its own role."""
    plan = step.walk.execution.plan
    refusal = step.walk.services.refusal(plan.role_arn, "states:StartExecution", plan.machine_arn)
    if refusal is not None:
        raise StatesError(PERMISSIONS, refusal)


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
        self._step = step
        self._state = state
        self._run = run
        self._source = source
        self._plan = _child_plan(step.walk.execution.plan, state, run)
        self._pending = self._inputs()
        self._children: list[Execution] = []
        self._active: dict[str, int] = {}  # ARN -> number of its items
        self._ended: deque[Execution] = deque()
        self._waiter: Waiter | None = None
        self._failed_items = 0
        run.items = _counts(len(source))
        run.executions = _counts(0)

    async def run(self) -> Any:
        """Runs all children; the result, or a StatesError where too many items failed."""
        target = self._target()
        limit = self._run.max_concurrency or DEFAULT_CONCURRENCY
        more = True
        while True:
            while more and len(self._active) < limit:
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
        return self._returned()

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
        found = next(self._pending, None)
        if found is None:
            return False
        self._step.check_size(found[0])
        child = self._step.walk.start_child(self._plan, found[0], self._run.arn)
        child.item_count = found[1]
        child.when_ended = self._child_ended
        self._children.append(child)
        self._active[child.arn] = found[1]
        self._run.executions["total"] += 1
        self._move(child, "pending", "running")
        return True

    def _child_ended(self, child: Execution) -> None:
        self._ended.append(child)
        if self._waiter is not None:
            self._waiter.wake()

    async def _one_ended(self) -> None:
        if not self._ended:
            self._waiter = Waiter(self._step.walk.services.clock)
            await self._waiter.wait()
            self._waiter = None
        child = self._ended.popleft()
        items = self._active.pop(child.arn)
        self._move(child, "running", STATUS_WORDS[child.status])
        if child.status != "SUCCEEDED":
            self._failed_items += items

    def _move(self, child: Execution, source: str, target: str) -> None:
        items = child.item_count or 0
        self._run.items[source] -= items
        self._run.items[target] += items
        if source != "pending":
            self._run.executions[source] -= 1
        self._run.executions[target] += 1

    def _too_many_failed(self) -> bool:
        """A tolerance of 0 is as if it was not given; without any, no failure is tolerated."""
        count, percentage = self._run.tolerated_count, self._run.tolerated_percentage
        if not count and not percentage:
            return self._failed_items > 0
        over_count = count > 0 and self._failed_items > count
        over_share = self._failed_items * 100 > percentage * len(self._source)
        return over_count or (percentage > 0 and over_share)

    def stop(self) -> None:
        """Ends the children that still run as ABORTED."""
        for child in self._children:
            if child.status == "RUNNING":
                self._step.walk.stop_child(child)

    async def _stop_and_wait(self) -> None:
        self.stop()
        while self._active:
            await self._one_ended()

    # --- results

    def _target(self) -> dict[str, Any] | None:
        """Bucket and prefix of the ResultWriter, None where the results are returned."""
        writer = self._state.writer
        if writer is None or writer.resource is None or writer.arguments is None:
            return None
        target: dict[str, Any] = self._step.evaluate(writer.arguments)
        return target

    async def _write(self, target: dict[str, Any]) -> Any:
        assert self._state.writer is not None
        ended = [self._record(child) for child in self._children]
        never = [self._never_started(input_) for input_, _ in self._pending]
        result = await write_results(
            [*ended, *never], target, dict(self._state.writer.config), self._run.arn, self._call()
        )
        self._run.items["resultsWritten"] = sum(
            self._run.items[word] for word in STATUS_WORDS.values()
        )
        return result

    def _call(self) -> Call:
        return call_of(self._step)

    def _record(self, child: Execution) -> ChildResult:
        return ChildResult(
            execution_arn=child.arn,
            name=child.name,
            state_machine_arn=child.plan.machine_id,
            status=child.status,
            input=child.input_json(),
            output=dumps(child.output) if child.status == "SUCCEEDED" else None,
            error=child.error,
            cause=child.cause,
            start=child.started,
            stop=child.stopped,
            redrive_reason=f"Execution is {child.status} and cannot be redriven",
        )

    def _never_started(self, input_: Any) -> ChildResult:
        services = self._step.walk.services
        name = services.uuid()
        return ChildResult(
            execution_arn=execution_arn(services, self._plan, name),
            name=name,
            state_machine_arn=self._plan.machine_id,
            status="PENDING",
            input=dumps(input_),
        )

    def _returned(self) -> Any:
        """The outputs in order of the items; what a tolerated failure leaves is its error."""
        writer = self._state.writer
        if writer is None:
            found = [_output(child) for child in self._children]
        else:
            kind = writer.config.get("Transformation", "NONE")
            texts = (transformed(self._record(child), kind) for child in self._children)
            found = [loads(text) for part in texts for text in part]
        self._step.check_size(found)
        return found


def _output(child: Execution) -> Any:
    if child.status == "SUCCEEDED":
        return child.output
    shown = {"Status": child.status, "Error": child.error, "Cause": child.cause}
    return {name: value for name, value in shown.items() if value is not None}


def _counts(total: int) -> dict[str, int]:
    words = ("pending", "running", *STATUS_WORDS.values(), "total", "resultsWritten")
    return dict.fromkeys(words, 0) | {"pending": total, "total": total}


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
