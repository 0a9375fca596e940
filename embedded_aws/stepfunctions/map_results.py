"""What a map run leaves: the outputs of its children, returned or written to S3."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from .definition import Map
from .integrations.base import Call
from .jsontext import dumps, loads
from .map_io import ChildResult, transformed, write_results
from .step import Step
from .store import Execution, Plan, Services, execution_arn


def target_of(step: Step, state: Map) -> dict[str, Any] | None:
    """Bucket and prefix of the ResultWriter, None where the results are returned."""
    writer = state.writer
    if writer is None or writer.resource is None or writer.arguments is None:
        return None
    target: dict[str, Any] = step.evaluate(writer.arguments)
    return target


async def write(
    state: Map, results: Iterable[ChildResult], target: dict[str, Any], arn: str, call: Call
) -> Any:
    """Writes the manifest and the files of results; the state's result."""
    config = dict(state.writer.config) if state.writer is not None else {}
    return await write_results(results, target, config, arn, call)


def result_of(child: Execution) -> ChildResult:
    """A child that ended, as the result files show it."""
    succeeded = child.status == "SUCCEEDED"
    redrivable = not succeeded and not child.plan.express
    return ChildResult(
        execution_arn=child.arn,
        name=child.name,
        state_machine_arn=child.plan.machine_id,
        status=child.status,
        input=child.input_json(),
        output=dumps(child.output) if succeeded else None,
        error=child.error,
        cause=child.cause,
        start=child.started,
        stop=child.stopped,
        redrive_count=child.redrives,
        redrive_status="REDRIVABLE_BY_MAP_RUN" if redrivable else "NOT_REDRIVABLE",
        redrive_reason=(
            None if redrivable else f"Execution is {child.status} and cannot be redriven"
        ),
    )


def never_started(services: Services, plan: Plan, input_: Any) -> ChildResult:
    """A child that no failure left time for."""
    name = services.uuid()
    return ChildResult(
        execution_arn=execution_arn(services, plan, name),
        name=name,
        state_machine_arn=plan.machine_id,
        status="PENDING",
        input=dumps(input_),
    )


def returned(step: Step, state: Map, children: Sequence[Execution]) -> Any:
    """The outputs in order of the items; what a tolerated failure leaves is its error."""
    if state.writer is None:
        found = [_output(child) for child in children]
    else:
        kind = state.writer.config.get("Transformation", "NONE")
        texts = (transformed(result_of(child), kind) for child in children)
        found = [loads(text) for part in texts for text in part]
    step.check_size(found)
    return found


def _output(child: Execution) -> Any:
    if child.status == "SUCCEEDED":
        return child.output
    shown = {"Status": child.status, "Error": child.error, "Cause": child.cause}
    return {name: value for name, value in shown.items() if value is not None}
