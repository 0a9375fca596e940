"""A workflow of stack dev, run to its end in an engine of its own over doubles of its services."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from embedded_aws.stepfunctions import Clock, StepFunctions
from tests.infra.conftest import look_once


def run_once(workflow: str, clients: Callable[[str], Any]) -> dict[str, Any]:
    """The ended execution as DescribeExecution shows it.

    `workflow` as it is named in AWS, such as build-gold; `clients` gives the client of a service.
    """
    return asyncio.run(_run(workflow, clients))


async def _run(workflow: str, clients: Callable[[str], Any]) -> dict[str, Any]:
    engine = StepFunctions(Clock.virtual(0), lambda role, service: clients(service))
    try:
        machine = {
            "name": workflow,
            "definition": look_once("dev").definitions()[workflow],
            "roleArn": f"arn:aws:iam::123456789012:role/data-engineer-jobs-dev-{workflow}",
        }
        arn = (await engine.handle("CreateStateMachine", machine))["stateMachineArn"]
        started = await engine.handle("StartExecution", {"stateMachineArn": arn, "input": "{}"})
        await engine.services.ended(started["executionArn"])
        found: dict[str, Any] = await engine.handle("DescribeExecution", started)
        return found
    finally:
        await engine.aclose()
