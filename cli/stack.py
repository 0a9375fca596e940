"""The stack that a command is about: names by the rule of the program, clients, settings.

`--stack` names it. The stack `local` lives on the embedded AWS of this machine, every other one on
AWS as the user's own profile and variables say, unless `--endpoint` gives another place.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import local_server
from cli.commands.apply import DEFAULT_ENDPOINT, require_server
from cli.errors import CommandError, Diagnostic, ExitCode

if TYPE_CHECKING:
    from infra.settings import Settings

ROOT = Path(__file__).parents[1]
PROJECT = "data-engineer-jobs"
LOCAL = "local"

StackName = Annotated[str, typer.Option("--stack", help="Stack: the name in Pulumi.<stack>.yaml.")]
Endpoint = Annotated[
    str | None,
    typer.Option(
        "--endpoint",
        help=f"URL of an embedded AWS; default: {DEFAULT_ENDPOINT} for stack {LOCAL}, AWS itself "
        "for the others.",
    ),
]


class Stack:
    """One deployed stack. `client`s raise boto3's errors, which `dej` shows as sentences."""

    def __init__(self, name: str, endpoint: str | None) -> None:
        self.name = name
        self.endpoint = endpoint
        self._clients: dict[str, Any] = {}

    def thing(self, thing: str) -> str:
        """The physical name of a thing of the stack."""
        return f"{PROJECT}-{self.name}-{thing}"

    def client(self, service: str) -> Any:
        """A boto3 client, one per service."""
        if service not in self._clients:
            self._clients[service] = self._new_client(service)
        return self._clients[service]

    def workflow_arn(self, thing: str) -> str:
        """The ARN of the state machine of a workflow (`enrich-posting`)."""
        identity = self.client("sts").get_caller_identity()
        partition, account = identity["Arn"].split(":")[1], identity["Account"]
        name = self.thing(thing)
        return f"arn:{partition}:states:{self.region}:{account}:stateMachine:{name}"

    def queue_url(self, thing: str) -> str:
        """The URL of the FIFO queue `{thing}.fifo`."""
        name = f"{self.thing(thing)}.fifo"
        return str(self.client("sqs").get_queue_url(QueueName=name)["QueueUrl"])

    def query(self, thing: str, **request: Any) -> Iterator[dict[str, Any]]:
        """The items of a query on a table, as plain values."""
        pages = self.client("dynamodb").get_paginator("query")
        for page in pages.paginate(TableName=self.thing(thing), **request):
            yield from map(plain, page["Items"])

    @cached_property
    def settings(self) -> Settings:
        """What the stack's file says now; it may be newer than what is deployed."""
        from infra.settings import load
        from infra.settings_errors import SettingsError

        try:
            return load(ROOT, self.name)
        except SettingsError as error:
            first, *others = error.problems
            context = "\n    ".join(others) or None
            raise CommandError(Diagnostic(first, ExitCode.USAGE, context=context)) from error

    @cached_property
    def region(self) -> str:
        """Where the stack's file puts it."""
        import yaml

        file = ROOT / f"Pulumi.{self.name}.yaml"
        if not file.is_file():
            raise unknown_stack(self.name)
        config = yaml.safe_load(file.read_text(encoding="utf-8")).get("config") or {}
        return str(config.get("aws:region", "us-east-1"))

    def now(self) -> datetime:
        """The time there: an embedded AWS may have a clock of its own."""
        if self.endpoint is None:
            return datetime.now(UTC)
        answer = local_server.asked(self.endpoint)
        return datetime.fromisoformat(answer["now"]) if answer else datetime.now(UTC)

    def _new_client(self, service: str) -> Any:
        if self.endpoint is not None:
            from embedded_aws.endpoint import Endpoint as EmbeddedEndpoint

            return EmbeddedEndpoint(self.endpoint, self.region).client(service)
        import boto3

        return boto3.client(service, region_name=self.region)


def open_stack(name: str, endpoint: str | None) -> Stack:
    """The stack of the options. Raises CommandError if its place or its file is not there."""
    if endpoint is None and name == LOCAL:
        endpoint = DEFAULT_ENDPOINT
    stack = Stack(name, endpoint)
    assert stack.region
    if endpoint is not None:
        require_server(endpoint)
    return stack


def unknown_stack(name: str) -> CommandError:
    known = sorted(path.name.split(".")[1] for path in ROOT.glob("Pulumi.*.yaml"))
    return CommandError(
        Diagnostic(
            f"There is no stack {name}: Pulumi.{name}.yaml does not exist.",
            ExitCode.USAGE,
            note=f"the stacks are {', '.join(known)}",
        )
    )


def plain(item: dict[str, Any]) -> dict[str, Any]:
    """An item of DynamoDB as Python values: whole numbers as int, others as float."""
    return {name: _value(value) for name, value in item.items()}


def _value(typed: dict[str, Any]) -> Any:
    ((kind, value),) = typed.items()
    if kind == "N":
        return int(value) if value.lstrip("-").isdigit() else float(value)
    if kind == "M":
        return plain(value)
    if kind == "L":
        return [_value(entry) for entry in value]
    return value
