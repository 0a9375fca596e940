"""The engine's knowledge as JSON and back."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from .definition import Graph
from .history import History, Texts, failure
from .jsontext import JsonText, dumps
from .parse import parse
from .store import Activity, Execution, MachineRecord, MapRun, Plan, Services
from .walk import new_history

VERSION = 1
INTERRUPTED = "The embedded AWS stopped while this execution was running."

_MACHINE = (
    "arn", "name", "type", "definition", "role_arn", "revision", "created", "updated",
    "logging", "tracing", "encryption", "tags",
)  # fmt: skip
_PLAN = (
    "machine_arn", "machine_id", "machine_name", "path", "role_arn", "revision",
    "express", "timeout", "logging",
)  # fmt: skip
_EXECUTION = (
    "arn", "name", "started", "status", "stopped", "error", "cause", "map_run_arn",
    "item_count", "trace_header", "redrives", "redriven",
)  # fmt: skip


def dump(services: Services) -> dict[str, Any]:
    """Machines, executions with their histories, map runs, activities."""
    store, texts = services.store, Texts()
    executions = [_execution(execution, texts) for execution in store.executions.values()]
    return {
        "version": VERSION,
        "texts": texts.all,
        "executions": executions,
        "machines": [_fields(record, _MACHINE) for record in store.machines.values()],
        "map_runs": [_map_run(run) for run in store.map_runs.values()],
        "activities": [
            _fields(activity, ("arn", "name", "created", "tags"))
            for activity in store.activities.values()
        ],
    }


def _map_run(run: MapRun) -> dict[str, Any]:
    run.refresh()
    names = (field.name for field in fields(run))
    return _fields(run, tuple(name for name in names if name not in ("refresh", "changed")))


def _fields(record: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(record, name) for name in names}


def _execution(execution: Execution, texts: Texts) -> dict[str, Any]:
    plan, walk = execution.plan, execution.walk
    text = execution.input_text
    return _fields(execution, _EXECUTION) | {
        "plan": _fields(plan, _PLAN) | {"definition": plan.definition},
        "input": texts.place(execution.input if text is None else text),
        "output": texts.place(execution.output),
        "events": execution.history.dump(texts),
        "walk": walk if isinstance(walk, dict | None) else walk.saved(),
    }


def load(services: Services, data: dict[str, Any]) -> None:
    """Fills an empty store; raises ValueError for data of another version."""
    if data.get("version") != VERSION:
        raise ValueError(f"the snapshot has version {data.get('version')}, expected {VERSION}")
    for saved in data["machines"]:
        machine, _ = parse(saved["definition"], services.resolve)
        if machine is not None:
            record = MachineRecord(**saved, machine=machine)
            services.store.machines[record.arn] = record
    for saved in data["map_runs"]:
        run = MapRun(**saved)
        if run.status == "RUNNING":
            run.status, run.stopped = "FAILED", services.clock.now()
        services.store.map_runs[run.arn] = run
    for saved in data["activities"]:
        services.store.activities[saved["arn"]] = Activity(**saved)
    texts = [JsonText(text) for text in data["texts"]]
    plans: dict[str, Plan] = {}
    for saved in data["executions"]:
        services.store.add_execution(_restored(services, saved, plans, texts))
    # A repeatable source would give the names of before again.
    services.random.seed(f"{services.clock.now()} {len(services.store.executions)}")


def _restored(
    services: Services, saved: dict[str, Any], plans: dict[str, Plan], texts: list[JsonText]
) -> Execution:
    # Children of a map run share their plan; a redrive reads the graph of an execution again.
    key = dumps(saved["plan"])
    plan = plans.setdefault(key, Plan(**saved["plan"], graph=Graph("", {}, "")))
    limit = new_history(services, plan.express).limit
    execution = Execution(
        **_only(saved, _EXECUTION),
        plan=plan,
        input=texts[saved["input"]],
        input_text=texts[saved["input"]],
        output=texts[saved["output"]],
        history=History.load(services.clock.now, limit, saved["events"], texts),
        walk=saved.get("walk"),
    )
    if execution.status == "RUNNING":
        _fail(services, execution)
    return execution


def _only(saved: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: saved[name] for name in names}


def _fail(services: Services, execution: Execution) -> None:
    """What ran when the process died cannot go on: its calls and timers are gone."""
    execution.status, execution.stopped = "FAILED", services.clock.now()
    execution.error, execution.cause = "States.Runtime", INTERRUPTED
    history = execution.history
    history.add("ExecutionFailed", len(history.events), failure("States.Runtime", INTERRUPTED))
