"""What a service integration is to the engine: a thing that is called and, maybe, waited for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

ClientFactory = Callable[[str, str], Any]
"""(role ARN, boto3 service name) -> a boto3 client that signs as that role."""

Refusal = Callable[[str, str, str], str | None]
"""(role ARN, IAM action, resource ARN) -> why the role may not do what the engine does itself on
its behalf, None where it may."""


@dataclass(frozen=True)
class Call:
    """One attempt of a Task, as an integration sees it.

    run_blocking  awaits a plain function in a thread while the clock counts a call in flight
    task_token    set for `.waitForTaskToken` (already part of the evaluated arguments)
    execution_arn, execution_name  of the running execution
    sleep         waits on the engine's clock (pollers of `.sync` use it)
    ended         returns when an execution of this engine has ended, at once if the engine does
                  not know it; without it `.sync` polls
    """

    role_arn: str
    region: str
    account: str
    execution_arn: str
    execution_name: str
    clients: ClientFactory
    run_blocking: Callable[[Callable[[], Any]], Awaitable[Any]]
    sleep: Callable[[float], Awaitable[None]]
    task_token: str | None = None
    ended: Callable[[str], Awaitable[None]] | None = None


class Integration(Protocol):
    """A resource of a Task, resolved once at creation.

    `resource_type` and `resource` are the words of AWS's Task events, for example
    ("lambda", "invoke"), ("states", "startExecution.sync:2"), ("aws-sdk:s3", "getObject").
    `pattern` is request, sync or token.
    """

    @property
    def resource_type(self) -> str: ...

    @property
    def resource(self) -> str: ...

    @property
    def pattern(self) -> str: ...

    def check(self, arguments: Any) -> list[str]:
        """Problems of literal arguments at creation: unknown or missing names."""
        ...

    async def start(self, arguments: Any, call: Call) -> Any:
        """Makes the call; the result, or for sync and token what TaskSubmitted records.

        Raises StatesError with AWS's error name and wording.
        """
        ...

    async def wait(self, submitted: Any, call: Call) -> Any:
        """Sync only: waits for the end of what was started; raises StatesError if it failed."""
        ...


@runtime_checkable
class Stoppable(Protocol):
    """A `.sync` integration whose job is stopped when nobody waits for it any more."""

    async def stop(self, submitted: Any, call: Call) -> None:
        """Stops what `start` submitted, with the rights of the call's role."""
        ...
