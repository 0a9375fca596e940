"""Operations on executions: start, stop, describe, list, history."""

from __future__ import annotations

import asyncio
from typing import Any

from ..clock import Waiter
from ..errors import ApiError
from ..execution import EXPRESS_SECONDS, launch, redrive_execution
from ..history import EVENT_LIMIT, render
from ..jsontext import JsonText, dumps
from ..store import Execution, MachineRecord, MapRun, Plan, Services
from .checks import Request, arn_of, json_of, name_of, page, paged, refuse, validation
from .machines import machine_of

REDRIVE_SECONDS = 14 * 86_400  # after its end an execution can be redriven so long
STATUSES = ("RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED", "PENDING_REDRIVE")


def _plan(record: MachineRecord) -> Plan:
    timeout = record.machine.timeout
    express = record.type == "EXPRESS"
    if express:
        timeout = min(timeout or EXPRESS_SECONDS, EXPRESS_SECONDS)
    return Plan(
        machine_arn=record.arn,
        machine_id=record.arn,
        machine_name=record.name,
        path=record.name,
        definition=record.definition,
        graph=record.machine.graph,
        role_arn=record.role_arn,
        revision=record.revision,
        express=express,
        timeout=timeout,
        logging=record.logging,
    )


def execution_of(services: Services, request: Request) -> Execution:
    arn = arn_of(request, "executionArn", "execution", "express")
    execution = services.store.executions.get(arn)
    if execution is None:
        raise ApiError("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")
    return execution


def _standard(services: Services, request: Request) -> Execution:
    if ":express:" in arn_of(request, "executionArn", "execution", "express"):
        raise ApiError(
            "InvalidArn", "Invalid Arn: 'This operation is not supported by EXPRESS executions'"
        )
    return execution_of(services, request)


def _begin(services: Services, request: Request, record: MachineRecord) -> Execution:
    name = name_of(request) if request.get("name") else services.uuid()
    text = request.get("input")
    text = "{}" if text is None else text
    value = json_of(text, "InvalidExecutionInput", "State Machine Execution Input")
    plan = _plan(record)
    if not plan.express:
        known = services.store.executions.get(services.arn("execution", f"{plan.path}:{name}"))
        if known is not None:
            # The same name and input while it runs is the same execution; anything else is not.
            if known.status == "RUNNING" and known.input_text == text:
                return known
            raise ApiError("ExecutionAlreadyExists", f"Execution Already Exists: '{known.arn}'")
    execution = launch(services, plan, name, value, JsonText(text))
    execution.trace_header = request.get("traceHeader")
    return execution


def start(services: Services, request: Request) -> dict[str, Any]:
    execution = _begin(services, request, machine_of(services, request))
    return {"executionArn": execution.arn, "startDate": execution.started}


async def start_sync(services: Services, request: Request) -> dict[str, Any]:
    record = machine_of(services, request)
    if record.type != "EXPRESS":
        raise ApiError(
            "StateMachineTypeNotSupported",
            "This operation is not supported by this type of state machine",
        )
    execution = _begin(services, request, record)
    waiter = Waiter(services.clock)
    execution.when_ended = lambda _: waiter.wake()
    await waiter.wait()
    stopped = execution.stopped or execution.started
    milliseconds = round((stopped - execution.started) * 1000)
    shown = describe_one(execution)
    for name in ("redriveCount", "redriveDate", "redriveStatus", "redriveStatusReason"):
        shown.pop(name, None)
    shown["billingDetails"] = {
        "billedMemoryUsedInMB": 64,
        "billedDurationInMilliseconds": -(-milliseconds // 100) * 100,
    }
    return shown


def stop(services: Services, request: Request) -> dict[str, Any]:
    execution = _standard(services, request)
    stopper = services.store.running.get(execution.arn)
    if stopper is not None:
        stopper(request.get("error"), request.get("cause"))
    return {"stopDate": execution.stopped}


def describe_one(execution: Execution) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "executionArn": execution.arn,
        "stateMachineArn": execution.plan.machine_id,
        "name": execution.name,
        "status": execution.status,
        "startDate": execution.started,
        "input": execution.input_json(),
        "inputDetails": {"included": True},
    }
    optional = {
        "stopDate": execution.stopped,
        "error": execution.error,
        "cause": execution.cause,
        "mapRunArn": execution.map_run_arn,
        "traceHeader": execution.trace_header,
        "redriveDate": execution.redriven,
    }
    shown |= {name: value for name, value in optional.items() if value is not None}
    if execution.status == "SUCCEEDED":
        shown["output"] = dumps(execution.output)
        shown["outputDetails"] = {"included": True}
    reason = _not_redrivable(execution)
    shown["redriveCount"] = execution.redrives
    shown["redriveStatus"] = "REDRIVABLE" if reason is None else "NOT_REDRIVABLE"
    if reason is not None:
        shown["redriveStatusReason"] = reason
        if execution.map_run_arn is not None and execution.walk is not None:
            shown["redriveStatus"] = "REDRIVABLE_BY_MAP_RUN"
    return shown


def _not_redrivable(execution: Execution) -> str | None:
    """Why RedriveExecution would refuse, None where it would not."""
    if execution.status in ("RUNNING", "SUCCEEDED"):
        return f"Execution is {execution.status} and cannot be redriven"
    if execution.map_run_arn is not None:
        return "Execution is a child of a map run: redrive its parent"
    if execution.walk is None:
        return "Execution has nothing left from where it could go on"
    if len(execution.history.events) >= EVENT_LIMIT - 1:
        return "Execution has as many events as a history may hold"
    return None


async def redrive(services: Services, request: Request) -> dict[str, Any]:
    """Goes on from the states that failed or were aborted, once these have cleaned up."""
    execution = _standard(services, request)
    if execution.leaving is not None:
        await asyncio.wait({execution.leaving})
    reason = _not_redrivable(execution)
    expired = (execution.stopped or 0) + REDRIVE_SECONDS < services.clock.now()
    if reason is None and expired:
        reason = "Execution ended more than 14 days ago"
    if reason is not None:
        raise ApiError("ExecutionNotRedrivable", f"Execution Not Redrivable: '{reason}'")
    redrive_execution(services, execution)
    return {"redriveDate": execution.redriven}


def describe(services: Services, request: Request) -> dict[str, Any]:
    execution = execution_of(services, request)
    # Of Express executions only those that a map run started can be described.
    return describe_one(execution if execution.map_run_arn else _standard(services, request))


def describe_machine(services: Services, request: Request) -> dict[str, Any]:
    """DescribeStateMachineForExecution: what the execution was started with."""
    execution = _standard(services, request)
    plan = execution.plan
    shown = {
        "stateMachineArn": plan.machine_id,
        "name": plan.machine_name,
        "definition": plan.definition,
        "roleArn": plan.role_arn,
        "updateDate": execution.started,
        "loggingConfiguration": dict(plan.logging),
        "revisionId": plan.revision,
    }
    if execution.map_run_arn is not None:
        shown["mapRunArn"] = execution.map_run_arn
        shown["label"] = plan.path.split("/", 1)[1]
    return shown


def list_(services: Services, request: Request) -> dict[str, Any]:
    """The newest first, of a machine or of a map run."""
    refuse(request, "redriveFilter")
    store = services.store
    if bool(request.get("stateMachineArn")) == bool(request.get("mapRunArn")):
        raise validation("Give either stateMachineArn or mapRunArn")
    if request.get("mapRunArn"):
        arns = store.children.get(map_run_of(services, request).arn, [])
    else:
        record = machine_of(services, request)
        if record.type == "EXPRESS":
            raise ApiError(
                "StateMachineTypeNotSupported",
                "This operation is not supported by this type of state machine",
            )
        arns = store.by_machine.get(record.arn, [])
    wanted = request.get("statusFilter")
    if wanted is not None and wanted not in STATUSES:
        raise validation(f"statusFilter must be one of {', '.join(STATUSES)}")
    found = [store.executions[arn] for arn in reversed(arns)]
    if wanted is not None:
        found = [execution for execution in found if execution.status == wanted]
    shown, more = page(request, found, 1000)
    return paged("executions", [_summary(execution) for execution in shown], more)


def _summary(execution: Execution) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "executionArn": execution.arn,
        "stateMachineArn": execution.plan.machine_id,
        "name": execution.name,
        "status": execution.status,
        "startDate": execution.started,
        "redriveCount": execution.redrives,
    }
    optional = {
        "stopDate": execution.stopped,
        "mapRunArn": execution.map_run_arn,
        "itemCount": execution.item_count,
    }
    return shown | {name: value for name, value in optional.items() if value is not None}


def history(services: Services, request: Request) -> dict[str, Any]:
    execution = _standard(services, request)
    events = execution.history.events
    numbers: Any = range(1, len(events) + 1)
    if request.get("reverseOrder"):
        numbers = numbers[::-1]
    shown, more = page(request, numbers, 1000)
    with_data = request.get("includeExecutionData", True) is not False
    rendered = [render(number, events[number - 1], with_data) for number in shown]
    return paged("events", rendered, more)


# --- map runs


def map_run_of(services: Services, request: Request) -> MapRun:
    arn = arn_of(request, "mapRunArn", "mapRun")
    run = services.store.map_runs.get(arn)
    if run is None:
        raise ApiError("ResourceNotFound", f"Resource not found: '{arn}'")
    return run


def update_map_run(services: Services, request: Request) -> dict[str, Any]:
    """Changes concurrency and tolerance of a map run while it runs."""
    run = map_run_of(services, request)
    if run.status != "RUNNING":
        raise validation(f"The map run is {run.status}: only a running one can be changed")
    numbers = ("maxConcurrency", "toleratedFailureCount", "toleratedFailurePercentage")
    given = {name: request[name] for name in numbers if request.get(name) is not None}
    if not given:
        raise ApiError("MissingRequiredParameter", f"Give at least one of {', '.join(numbers)}")
    for name, value in given.items():
        most = 100 if name == "toleratedFailurePercentage" else None
        if value < 0 or (most is not None and value > most):
            raise validation(f"{name} is out of range: {value}")
    run.max_concurrency = given.get("maxConcurrency", run.max_concurrency)
    run.tolerated_count = given.get("toleratedFailureCount", run.tolerated_count)
    run.tolerated_percentage = given.get("toleratedFailurePercentage", run.tolerated_percentage)
    run.changed()
    return {}


def describe_map_run(services: Services, request: Request) -> dict[str, Any]:
    run = map_run_of(services, request)
    run.refresh()
    shown = {
        "mapRunArn": run.arn,
        "executionArn": run.execution_arn,
        "status": run.status,
        "startDate": run.started,
        "maxConcurrency": run.max_concurrency,
        "toleratedFailurePercentage": run.tolerated_percentage,
        "toleratedFailureCount": run.tolerated_count,
        "itemCounts": dict(run.items),
        "executionCounts": dict(run.executions),
        "redriveCount": run.redrives,
    }
    optional = {"stopDate": run.stopped, "redriveDate": run.redriven}
    return shown | {name: value for name, value in optional.items() if value is not None}


def list_map_runs(services: Services, request: Request) -> dict[str, Any]:
    execution = _standard(services, request)
    runs = [run for run in services.store.map_runs.values() if run.execution_arn == execution.arn]
    shown, more = page(request, runs, 1000)
    items = []
    for run in shown:
        item = {
            "executionArn": run.execution_arn,
            "mapRunArn": run.arn,
            "stateMachineArn": run.machine_arn,
            "startDate": run.started,
        }
        items.append(item | ({} if run.stopped is None else {"stopDate": run.stopped}))
    return paged("mapRuns", items, more)
