"""`dej gold`: builds the star schema now."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import time
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from cli.errors import CommandError, Diagnostic, ExitCode
from cli.output import output
from cli.stack import LOCAL, Endpoint, Stack, StackName, open_stack

POLL_SECONDS = 1.0
WORKFLOW, BOOTSTRAP = "build-gold", "bootstrap-gold"
READER = re.compile(r"[A-Za-z0-9._@+-]+")  # neither a colon, which ends a name, nor a quote

FullRefresh = Annotated[
    bool, typer.Option("--full-refresh", help="Build incremental tables from all of Silver.")
]
Select = Annotated[
    str, typer.Option("--select", help="Only these models and their tests, as dbt selects them.")
]
ReaderName = Annotated[str, typer.Argument(metavar="NAME", help="Who reads the docs site.")]
Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="Follow the build to its end.")]


def register(app: typer.Typer) -> None:
    """Adds the command."""
    group = typer.Typer(help="Build and inspect the star schema.", no_args_is_help=True)
    group.command()(bootstrap)
    group.command()(build)
    group.command()(last)
    group.command()(reader)
    app.add_typer(group, name="gold")


def bootstrap(stack: StackName = LOCAL, endpoint: Endpoint = None) -> None:
    """Make schemas, users and grants of a new warehouse; again it changes nothing."""
    if Stack(stack, endpoint).settings.gold.engine != "redshift":
        message = f"Stack {stack} builds Gold in DuckDB, which needs no bootstrap."
        output.record({"status": "NOT_NEEDED"}, message)
        return
    place = open_stack(stack, endpoint)
    states = place.client("stepfunctions")
    arn = states.start_execution(stateMachineArn=place.workflow_arn(BOOTSTRAP))["executionArn"]
    while (run := states.describe_execution(executionArn=arn))["status"] == "RUNNING":
        time.sleep(POLL_SECONDS)
    if run["status"] != "SUCCEEDED":
        raise CommandError(
            Diagnostic(
                f"The warehouse of stack {stack} is not ready: {run.get('error', run['status'])}.",
                context=run.get("cause"),
                note="what was done is kept; run it again once the cause is gone",
                hint=f"dej gold bootstrap --stack {stack}",
            )
        )
    statements = json.loads(run["output"])["statements"]
    output.record(
        {"status": "READY", "statements": statements},
        f"The warehouse of stack {stack} is ready: {len(statements)} statements were executed.",
    )


def build(
    full_refresh: FullRefresh = False,
    select: Select = "",
    wait: Wait = True,
    stack: StackName = LOCAL,
    endpoint: Endpoint = None,
) -> None:
    """Start a build and follow it; a running one is not doubled but followed by another."""
    place = open_stack(stack, endpoint)
    request = {"source": "operator", "full_refresh": full_refresh, "select": select}
    states = place.client("stepfunctions")
    arn = states.start_execution(
        stateMachineArn=place.workflow_arn(WORKFLOW), input=json.dumps(request)
    )["executionArn"]
    if not wait:
        output.record({"execution": arn})
        return
    for step in _steps(states, arn):
        output.say(f"{step} …")
    _show(states.describe_execution(executionArn=arn))


def last(stack: StackName = LOCAL, endpoint: Endpoint = None) -> None:
    """Say how the newest build ended."""
    place = open_stack(stack, endpoint)
    newest = _newest(place)
    if newest is None:
        raise CommandError(
            Diagnostic(f"Stack {stack} has not built Gold yet.", hint="dej gold build")
        )
    _show(place.client("stepfunctions").describe_execution(executionArn=newest))


def reader(name: ReaderName, stack: StackName = LOCAL) -> None:
    """Ask for a reader's password of the docs site and print how to configure its salted hash."""
    if not READER.fullmatch(name):
        message = (
            f"{name} cannot be a reader: a name has letters, digits and any of . _ @ + - only."
        )
        raise CommandError(Diagnostic(message, ExitCode.USAGE))
    if Stack(stack, None).settings.gold.engine != "redshift":
        message = f"Stack {stack} has no docs site: give --stack one on AWS."
        raise CommandError(Diagnostic(message, ExitCode.USAGE, hint="dej docs"))
    password = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    salt = secrets.token_hex(16)
    value = f"{salt}:{hashlib.sha256((salt + password).encode()).hexdigest()}"
    path = f'docs-passwords["{name}"]'
    command = f"pulumi config set --stack {stack} --secret --path '{path}' '{value}'"
    output.record({"command": command}, command)
    output.say(f"Add {name} to gold.docs_readers in Pulumi.{stack}.yaml, then deploy.")


def _newest(stack: Stack) -> str | None:
    """The newest execution that built, rather than met another or found nothing new."""
    states = stack.client("stepfunctions")
    pages = states.get_paginator("list_executions").paginate(
        stateMachineArn=stack.workflow_arn(WORKFLOW)
    )
    for page in pages:
        for entry in page["executions"]:
            run = states.describe_execution(executionArn=entry["executionArn"])
            report = json.loads(run.get("output") or "{}")
            if report.get("status") in (None, "SUCCEEDED") and not _selected_nothing(report):
                return str(entry["executionArn"])
    return None


def _steps(states: Any, arn: str) -> Iterator[str]:
    """The states that run dbt, as they are entered, until the execution ends."""
    seen = 0
    while True:
        status = states.describe_execution(executionArn=arn)["status"]
        pages = states.get_paginator("get_execution_history").paginate(executionArn=arn)
        events = [event for page in pages for event in page["events"]]
        for event in events[seen:]:
            if event["type"] == "TaskScheduled" and _runs_dbt(event):
                yield _step(event)
        seen = len(events)
        if status != "RUNNING":
            return
        time.sleep(POLL_SECONDS)


def _runs_dbt(event: dict[str, Any]) -> bool:
    return bool(event["taskScheduledEventDetails"]["resourceType"] == "lambda")


def _step(event: dict[str, Any]) -> str:
    return str(json.loads(event["taskScheduledEventDetails"]["parameters"])["Payload"]["step"])


def _show(run: dict[str, Any]) -> None:
    """A build's report; one that failed, or that selected nothing, ends the command."""
    select = json.loads(run.get("input") or "{}").get("select", "")
    if run["status"] == "RUNNING":
        output.record({"status": "RUNNING", "execution": run["executionArn"], "select": select})
        return
    if run["status"] != "SUCCEEDED":
        raise _failed(run, select)
    report = json.loads(run["output"])
    if _selected_nothing(report):
        message = f"--select {select!r} selects no model and no test: nothing was built."
        raise CommandError(Diagnostic(message, ExitCode.USAGE, hint="dej docs"))
    output.record(report, _text(report))
    if report["status"] == "COALESCED" and select:
        output.say(f"That one builds everything that changed: it does not keep --select {select}.")


def _selected_nothing(report: dict[str, Any]) -> bool:
    """Whether a build had a selection, to which no model or test answers."""
    chosen = [step for step in report.get("steps", ()) if step["step"] == "selected"]
    return any(step["models"] + step["tests"] == 0 for step in chosen)


def _text(report: dict[str, Any]) -> str:
    if report["status"] == "COALESCED":
        owner = report["owner"].rsplit(":", 1)[1]
        return f"Build {owner} runs; when it ends, one more build follows."
    if report["status"] == "NOTHING_NEW":
        return "Nothing new was enriched: nothing to build."
    lines = [
        f"{step['step']:<20} {step['models']:>4} models {step['tests']:>5} tests "
        f"{step['seconds']:>8.1f} s"
        for step in report["steps"]
    ]
    checks = [f"{check['name']}: {check['status']}" for check in report["checks"]]
    failures = [f"failed test: {name}" for name in report["checks"][1]["failures"]]
    only = f"only {report['select']} was built\n" if report["select"] else ""
    return only + "\n".join(
        [*lines, f"verdict {report['verdict']} ({', '.join(checks)})", *failures]
    )


def _failed(run: dict[str, Any], select: str) -> CommandError:
    build = f"The build of --select {select}" if select else "The build"
    try:
        report = json.loads(run.get("cause") or "")
    except ValueError:
        return CommandError(Diagnostic(f"{build} ended {run['status']}.", context=run.get("cause")))
    return CommandError(
        Diagnostic(
            f"{build} failed in the step {report['step']}: {report['error']}.",
            context=report["message"],
            note=f"log: {report['log_url']}",
        )
    )
