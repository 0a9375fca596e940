"""One attempt of a Task: its events, its token, its timeout and heartbeat, its one result.

Everything that can end the attempt wakes one waiter; the first wins and later ones do nothing:
the call itself, SendTaskSuccess and SendTaskFailure, the timeout, the heartbeat.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .activities import schedule
from .clock import TASK_TIMEOUT, Timer, Waiter
from .definition import Task
from .errors import EngineBug, EvaluationError, StatesError
from .history import failure
from .integrations.base import Call, Stoppable
from .jsontext import PAYLOAD_LIMIT, size
from .limits import DATA_LIMIT
from .step import RUNTIME, Step
from .store import OpenToken

log = logging.getLogger(__name__)

TIMEOUT = "States.Timeout"


@dataclass(frozen=True, slots=True)
class Result:
    """How an attempt ended: a value, or an error; `timed_out` tells which event says so."""

    value: Any = None
    error: StatesError | None = None
    timed_out: bool = False
    submitting: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """The events of one kind of task: `common` stands in the details of each."""

    prefix: str
    common: dict[str, Any]

    @classmethod
    def of(cls, state: Task) -> Words:
        if state.function is not None:
            return cls("LambdaFunction", {})
        if state.activity is not None:
            return cls("Activity", {})
        assert state.integration is not None
        kind, resource = state.integration.resource_type, state.integration.resource
        return cls("Task", {"resourceType": kind, "resource": resource})


class Attempt:
    def __init__(self, step: Step, state: Task) -> None:
        self.step = step
        self.state = state
        self.services = step.walk.services
        self.words = Words.of(state)
        self.waiter = Waiter(self.services.clock)
        self.timers: list[Timer] = []
        self.heartbeat: int | None = None
        self._beat_timer: Timer | None = None
        self._call: asyncio.Task[Any] | None = None
        self._early: Result | None = None  # a token's answer that came before the call returned
        self._submitted = True
        self._assumed: str | None = None  # the role of Credentials
        self._job: Any = None  # what a `.sync` call started and is waited for

    async def run(self) -> Any:
        """The result of the task; raises StatesError or EvaluationError."""
        pattern = self.state.integration.pattern if self.state.integration else "activity"
        if pattern == "token" or self.state.activity is not None:
            self._open_token()
        try:
            return await self._run(pattern)
        finally:
            self._close()

    async def _run(self, pattern: str) -> Any:
        step, state = self.step, self.state
        timeout = step.integer(state.timeout, "TimeoutSeconds", 1)
        self.heartbeat = step.integer(state.heartbeat, "HeartbeatSeconds", 1)
        arguments = step.input if state.arguments is None else step.evaluate(state.arguments)
        role = self._assumed = self._role()
        if arguments is not step.input:
            step.check_size(arguments)
        if state.activity is not None and state.activity not in self.services.store.activities:
            raise StatesError(
                RUNTIME, step.sentence(f"The activity {state.activity} does not exist.")
            )
        self._scheduled(arguments, timeout, role)
        if state.activity is not None:
            schedule(
                self.services.store.activities[state.activity],
                step.token or "",
                arguments,
                lambda worker: self._started_by(worker, timeout),
            )
        else:
            step.event(f"{self.words.prefix}Started", self.words.common or None)
            self._set_timeout(timeout)
            self._submitted = pattern == "request"
            self._call = self.services.clock.spawn(self._work(arguments, role, pattern))
        result = await self.waiter.wait()
        if isinstance(result, EngineBug):
            raise result
        return self._finish(result)

    def _role(self) -> str | None:
        """The role of Credentials, None for the machine's own."""
        if self.state.credentials is None:
            return None
        role = self.step.evaluate(self.state.credentials).get("RoleArn")
        if not isinstance(role, str):
            raise EvaluationError(
                "Credentials/RoleArn", "", "The RoleArn field of Credentials must be a string"
            )
        return role

    # --- events

    def _scheduled(self, arguments: Any, timeout: int | None, role: str | None) -> None:
        details: dict[str, Any] = dict(self.words.common)
        if self.words.prefix == "Task":
            details |= {"region": self.services.region, "parameters": arguments}
        else:
            details |= {"resource": self.state.resource, "input": arguments}
        if timeout is not None:
            details["timeoutInSeconds"] = timeout
        if self.heartbeat is not None and self.words.prefix != "LambdaFunction":
            details["heartbeatInSeconds"] = self.heartbeat
        if role is not None:
            details["taskCredentials"] = {"roleArn": role}
        self.step.event(f"{self.words.prefix}Scheduled", details)

    def _finish(self, result: Result) -> Any:
        """Records how the attempt ended; returns its value or raises its error."""
        prefix, common = self.words.prefix, self.words.common
        error = result.error
        if error is None and size(result.value) > PAYLOAD_LIMIT:
            name = self.state.resource if prefix != "Task" else common["resourceType"]
            error = StatesError(
                DATA_LIMIT,
                f"The state/task '{name}' returned a result with a size exceeding the maximum"
                " number of bytes service limit.",
            )
        if error is None:
            self.step.event(f"{prefix}Succeeded", common | {"output": result.value})
            return result.value
        word = "TimedOut" if result.timed_out else "Failed"
        if result.submitting and prefix == "Task":
            word = "SubmitFailed"
        self.step.event(f"{prefix}{word}", common | failure(error.name, error.cause))
        raise error

    # --- the call

    async def _work(self, arguments: Any, role: str | None, pattern: str) -> None:
        """Calls the service in a task of its own and reports its end to the attempt."""
        integration = self.state.integration
        assert integration is not None
        call = self._call_of(role)
        try:
            value = await integration.start(arguments, call)
            if pattern != "request" and not self.waiter.done:
                self._submit(value)
            if pattern == "sync":
                value = await self._job_ended(value, call)
            if pattern == "token":
                self._answer_early()
                return
            self.waiter.wake(Result(value))
        except StatesError as error:
            submitting = pattern != "request" and not self._submitted
            self.waiter.wake(self._early or Result(error=error, submitting=submitting))
        except asyncio.CancelledError:
            raise
        except Exception as bug:
            broken = EngineBug(f"the integration {self.state.resource} raised {bug!r}")
            broken.__cause__ = bug
            self.waiter.wake(broken)

    async def _job_ended(self, submitted: Any, call: Call) -> Any:
        """Waits for a job; one that outlives the attempt is stopped by `_close`."""
        assert self.state.integration is not None
        self._job = submitted
        try:
            value = await self.state.integration.wait(submitted, call)
        except StatesError:
            self._job = None
            raise
        self._job = None
        return value

    def _submit(self, value: Any) -> None:
        self._submitted = True
        self.step.event("TaskSubmitted", self.words.common | {"output": value})
        self._restart_heartbeat()

    def _answer_early(self) -> None:
        if self._early is not None:
            self.waiter.wake(self._early)

    def _call_of(self, role: str | None) -> Call:
        services, execution = self.services, self.step.walk.execution
        return Call(
            role_arn=role or execution.plan.role_arn,
            region=services.region,
            account=services.account,
            execution_arn=execution.arn,
            execution_name=execution.name,
            clients=services.clients,
            run_blocking=services.run_blocking,
            sleep=services.clock.sleep,
            task_token=self.step.token,
            ended=services.ended,
        )

    # --- tokens, timeouts

    def _open_token(self) -> None:
        seed = f"{self.step.walk.execution.arn} {self.services.uuid()}"
        token = OpenToken(self._answer, self._restart_heartbeat)
        self.step.token = self.services.store.open_token(seed, token)

    def _answer(self, value: Any, error: StatesError | None) -> None:
        """SendTaskSuccess or SendTaskFailure; before TaskSubmitted it waits for that event."""
        result = Result(value, error)
        if self._submitted:
            self.waiter.wake(result)
        elif self._early is None:
            self._early = result

    def _started_by(self, worker: str | None, timeout: int | None) -> None:
        """A worker took the activity's task: only now do its timeout and heartbeat run."""
        details = {} if worker is None else {"workerName": worker}
        self.step.event("ActivityStarted", details)
        self._set_timeout(timeout)
        self._restart_heartbeat()

    def _set_timeout(self, seconds: int | None) -> None:
        if seconds is not None:
            self.timers.append(self._timer(seconds, self._time_out))

    def _timer(self, seconds: float, callback: Callable[[], None]) -> Timer:
        clock = self.services.clock
        return clock.timer(clock.now() + seconds, callback, TASK_TIMEOUT)

    def _time_out(self) -> None:
        self.waiter.wake(Result(error=StatesError(TIMEOUT), timed_out=True))

    def _restart_heartbeat(self) -> None:
        if self.heartbeat is None or self.step.token is None:
            return
        if self._beat_timer is not None:
            self._beat_timer.cancel()
        self._beat_timer = self._timer(self.heartbeat, self._miss_beat)

    def _miss_beat(self) -> None:
        self.waiter.wake(Result(error=StatesError(TIMEOUT, ""), timed_out=True))

    def _close(self) -> None:
        for timer in [*self.timers, *([self._beat_timer] if self._beat_timer else [])]:
            timer.cancel()
        if self._call is not None and not self._call.done():
            self.services.clock.cancel(self._call)
        integration = self.state.integration
        if self._job is not None and isinstance(integration, Stoppable):
            call = self._call_of(self._assumed)
            self.services.clock.spawn(_stop(integration, self._job, call))
        if self.step.token is not None:
            self.services.store.close_token(self.step.token)
            if self.state.activity is not None:
                activity = self.services.store.activities.get(self.state.activity)
                if activity is not None:
                    activity.waiting.pop(self.step.token, None)
            self.step.token = None


async def _stop(integration: Stoppable, job: Any, call: Call) -> None:
    """Stops a job as far as its role may; nobody is left to hear of an error."""
    try:
        await integration.stop(job, call)
    except StatesError as error:
        log.warning("%s could not stop %s: %s", call.execution_arn, job, error.cause)
    except RuntimeError:
        log.debug("the engine was closed before %s was stopped", job)


async def run_task(step: Step, state: Task) -> Any:
    """One attempt; raises StatesError, EvaluationError or EngineBug."""
    return await Attempt(step, state).run()
