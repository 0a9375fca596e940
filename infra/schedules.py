"""Schedules that start workflows: one group per stack, a role of its own per schedule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.naming import Deployment
from infra.policies import ServiceRole, Statement
from infra.settings_types import ScheduleSettings
from infra.workflows import Workflow

COMPONENT = "schedules"
# A start that Scheduler could not make for so long is left to the next one.
RETRY: aws.scheduler.ScheduleTargetRetryPolicyArgsDict = {
    "maximum_event_age_in_seconds": 3600,
    "maximum_retry_attempts": 20,
}


@dataclass(frozen=True)
class SchedulePlan:
    """What starts when: `input` is the execution's input."""

    thing: str
    settings: ScheduleSettings
    target: Workflow
    input: Mapping[str, str]


class Schedules(pulumi.ComponentResource):
    """The schedule group of a stack. `add` puts a schedule into it."""

    def __init__(self, deployment: Deployment) -> None:
        super().__init__("data-engineer-jobs:schedules:Schedules", "schedules")
        self._deployment = deployment
        self._group = aws.scheduler.ScheduleGroup(
            "schedules",
            name=deployment.name("schedules"),
            tags=deployment.tags(COMPONENT),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.group_name = self._group.name
        self.register_outputs({"group_name": self.group_name})

    def add(self, plan: SchedulePlan) -> aws.scheduler.Schedule:
        """A schedule in UTC that starts a workflow."""
        deployment = self._deployment
        thing = f"{plan.thing}-schedule"
        role = ServiceRole(
            thing,
            deployment,
            "scheduler.amazonaws.com",
            [Statement("StartTarget", ["states:StartExecution"], [plan.target.arn])],
            deployment.tags(COMPONENT),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return aws.scheduler.Schedule(
            plan.thing,
            name=deployment.name(plan.thing),
            group_name=self._group.name,
            schedule_expression=plan.settings.expression,
            schedule_expression_timezone="UTC",
            flexible_time_window={"mode": "OFF"},
            state="ENABLED" if plan.settings.enabled else "DISABLED",
            target={
                "arn": plan.target.arn,
                "role_arn": role.arn,
                "input": pulumi.Output.json_dumps(plan.input),
                "retry_policy": RETRY,
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[role.ready]),
        )
