"""What the engine knows: machines, executions, map runs, open task tokens. No behaviour."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol

from .clock import Clock, Waiter
from .definition import Graph, Machine
from .errors import StatesError
from .history import History
from .integrations.base import ClientFactory, Integration, Refusal
from .jsontext import JsonText, dumps, loads


@dataclass(slots=True)
class MachineRecord:
    """A state machine; `revision` changes with every update."""

    arn: str
    name: str
    type: str  # STANDARD or EXPRESS
    definition: str
    machine: Machine
    role_arn: str
    revision: str
    created: float
    updated: float
    logging: dict[str, Any]
    tracing: dict[str, Any]
    encryption: dict[str, Any]
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """What an execution was started with; later updates of the machine do not reach it.

    `machine_id` is what `$states.context.StateMachine.Id` shows, `path` the part of execution
    ARNs before the name: both carry the map's label for a child of a map run. `timeout` in
    seconds. `logging` is the machine's logging configuration.
    """

    machine_arn: str
    machine_id: str
    machine_name: str
    path: str
    definition: str
    graph: Graph
    role_arn: str
    revision: str
    express: bool
    timeout: int | None
    logging: Mapping[str, Any]


@dataclass(slots=True)
class Execution:
    arn: str
    name: str
    plan: Plan
    input: Any
    input_text: JsonText | None  # as given, or None: the JSON of `input`
    started: float
    history: History
    status: str = "RUNNING"
    stopped: float | None = None
    output: Any = None
    error: str | None = None
    cause: str | None = None
    map_run_arn: str | None = None
    item_count: int | None = None
    trace_header: str | None = None
    redrives: int = 0
    redriven: float | None = None
    walk: Any = None  # where it is or ended, for a redrive; saved data after a restart
    context: Mapping[str, Any] = field(default_factory=dict)  # given by TestState, else empty
    when_ended: Callable[[Execution], None] | None = None
    waiters: list[Waiter] = field(default_factory=list)  # woken once it has ended
    leaving: asyncio.Task[Any] | None = None  # cleans up what a stop or timeout interrupted

    def parse_values(self) -> None:
        """Makes values of the texts that a snapshot left as input and output."""
        if isinstance(self.input, JsonText):
            self.input = loads(self.input)
        if isinstance(self.output, JsonText):
            self.output = loads(self.output)

    def input_json(self) -> str:
        """The input as it was given, or written compactly."""
        return dumps(self.input) if self.input_text is None else str(self.input_text)


def counts(total: int) -> dict[str, int]:
    """Counts of DescribeMapRun: all of `total` pending."""
    words = ("pending", "running", "succeeded", "failed", "timedOut", "aborted", "resultsWritten")
    return dict.fromkeys(words, 0) | {"pending": total, "total": total}


def nothing() -> None:
    """What a map run that is not at work does when it is changed."""


@dataclass(slots=True)
class MapRun:
    """A Distributed Map; `items` and `executions` count by status, as of the last `refresh`.

    `changed` tells the map at work that its concurrency or tolerance was changed.
    """

    arn: str
    execution_arn: str
    machine_arn: str
    started: float
    max_concurrency: int
    tolerated_count: int
    tolerated_percentage: float
    status: str = "RUNNING"
    stopped: float | None = None
    redrives: int = 0
    redriven: float | None = None
    items: dict[str, int] = field(default_factory=lambda: counts(0))
    executions: dict[str, int] = field(default_factory=lambda: counts(0))
    refresh: Callable[[], None] = field(default=nothing, compare=False)
    changed: Callable[[], None] = field(default=nothing, compare=False)


@dataclass(frozen=True, slots=True)
class OpenToken:
    """A task that waits for SendTask*; `beat` restarts its heartbeat."""

    answer: Callable[[Any, StatesError | None], None]
    beat: Callable[[], None]


@dataclass(slots=True)
class Activity:
    """A worker's queue: `waiting` holds scheduled tasks, `pollers` GetActivityTask calls."""

    arn: str
    name: str
    created: float
    tags: dict[str, str]
    waiting: OrderedDict[str, Any] = field(default_factory=OrderedDict)
    pollers: list[Waiter] = field(default_factory=list)


class Signals(Protocol):
    """Where news of executions goes: EventBridge, CloudWatch metrics, log groups."""

    def started(self, execution: Execution) -> None: ...

    def ended(self, execution: Execution) -> None: ...


@dataclass(slots=True)
class Services:
    """What an execution needs of the world around it; one per engine."""

    clock: Clock
    clients: ClientFactory
    account: str
    region: str
    random: random.Random
    pool: ThreadPoolExecutor
    store: Store
    signals: Signals
    resolve: Callable[[str], Integration]
    refusal: Refusal

    def uuid(self) -> str:
        """A version 4 UUID from the engine's own random source."""
        bits = self.random.getrandbits(128)
        bits = (bits & ~(0xF << 76)) | (4 << 76)
        bits = (bits & ~(0x3 << 62)) | (2 << 62)
        text = f"{bits:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    async def run_blocking(self, function: Callable[[], Any]) -> Any:
        """Runs a plain function in a thread; the clock counts it until it really ends.

        It counts once, also if nobody waits for it any more: the task that waits is parked.
        """
        waiter, held = Waiter(self.clock), self.clock.hold()
        held.__enter__()
        future = asyncio.get_running_loop().run_in_executor(self.pool, function)

        def done(ended: asyncio.Future[Any]) -> None:
            if not ended.cancelled():
                ended.exception()  # of a call that was given up it is of no interest
            waiter.wake()
            held.__exit__(None, None, None)

        future.add_done_callback(done)
        await waiter.wait()
        return future.result()

    async def ended(self, execution_arn: str) -> None:
        """Returns once an execution runs no more, at once where the engine does not know it."""
        execution = self.store.executions.get(execution_arn)
        if execution is not None and execution.status == "RUNNING":
            waiter = Waiter(self.clock)
            execution.waiters.append(waiter)
            await waiter.wait()

    def arn(self, kind: str, name: str) -> str:
        """`kind` is stateMachine, execution, express, mapRun or activity."""
        return f"arn:aws:states:{self.region}:{self.account}:{kind}:{name}"


class Store:
    """Everything by its ARN; `children` lists the executions of a map run in starting order."""

    def __init__(self) -> None:
        self.machines: dict[str, MachineRecord] = {}
        self.executions: dict[str, Execution] = {}
        self.map_runs: dict[str, MapRun] = {}
        self.by_machine: dict[str, list[str]] = {}
        self.children: dict[str, list[str]] = {}
        self.activities: dict[str, Activity] = {}
        self.tokens: dict[str, OpenToken] = {}
        self.running: dict[str, Callable[[str | None, str | None], None]] = {}  # ARN -> stop

    def add_execution(self, execution: Execution) -> None:
        self.executions[execution.arn] = execution
        if execution.map_run_arn is not None:
            self.children.setdefault(execution.map_run_arn, []).append(execution.arn)
        else:
            self.by_machine.setdefault(execution.plan.machine_arn, []).append(execution.arn)

    def forget_execution(self, execution: Execution) -> None:
        del self.executions[execution.arn]
        self.by_machine[execution.plan.machine_arn].remove(execution.arn)

    def forget_machine(self, machine_arn: str) -> None:
        """Drops the ended executions of a deleted machine with their map runs and children."""
        kept = []
        for arn in self.by_machine.pop(machine_arn, []):
            if self.executions[arn].status == "RUNNING":
                kept.append(arn)
            else:
                del self.executions[arn]
        if kept:
            self.by_machine[machine_arn] = kept
        for run in list(self.map_runs.values()):
            if run.machine_arn == machine_arn and run.execution_arn not in self.executions:
                del self.map_runs[run.arn]
                for child in self.children.pop(run.arn, []):
                    self.executions.pop(child, None)

    # --- tokens: a closed one is told from a malformed one by its own check digits

    def open_token(self, seed: str, token: OpenToken) -> str:
        """Registers a waiting task under a new token made of `seed`, which must be unique."""
        text = make_token(seed)
        self.tokens[text] = token
        return text

    def close_token(self, token: str) -> None:
        self.tokens.pop(token, None)


def execution_arn(services: Services, plan: Plan, name: str) -> str:
    """The ARN of an execution; those of EXPRESS machines end in a UUID of their own."""
    if plan.express:
        return services.arn("express", f"{plan.path}:{name}:{services.uuid()}")
    return services.arn("execution", f"{plan.path}:{name}")


def make_token(seed: str) -> str:
    body = hashlib.sha256(f"token {seed}".encode()).hexdigest()
    return f"AQ{body}{_check(body)}"


def is_token(text: str) -> bool:
    """Whether this text was made by `make_token`, whatever became of its task."""
    return len(text) == 74 and text.startswith("AQ") and text[66:] == _check(text[2:66])


def _check(body: str) -> str:
    return hashlib.sha256(f"check {body}".encode()).hexdigest()[:8]
