"""Step Functions state machines: rendered definition, own role, log group, tracing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pulumi
import pulumi_aws as aws

from infra.logs import LogPolicy
from infra.naming import Deployment
from infra.policies import ServiceRole, Statement
from infra.render import render

FOLDER = Path(__file__).resolve().parent.parent / "workflows"

# Step Functions waits for a child of startExecution.sync:2 through this rule of its own.
CHILD_EVENTS_RULE = "rule/StepFunctionsGetEventsForStepFunctionsExecutionRule"


@dataclass(frozen=True)
class WorkflowPlan:
    """What one state machine is. `thing` `enrich-posting` is `enrich_posting.asl.json`.

    `values` fill the file's `${Name}`s; `statements` allow what its states call, nothing else.
    """

    thing: str
    component: str
    values: Mapping[str, pulumi.Input[str]]
    statements: Sequence[Statement]
    type: Literal["STANDARD", "EXPRESS"] = "STANDARD"

    @property
    def file(self) -> Path:
        return FOLDER / f"{self.thing.replace('-', '_')}.asl.json"


class Workflow(pulumi.ComponentResource):
    """One state machine, as `name`, `arn`, `url` (console) and `studio_url` (Workflow Studio)."""

    def __init__(
        self,
        plan: WorkflowPlan,
        deployment: Deployment,
        logs: LogPolicy,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("data-engineer-jobs:workflows:Workflow", plan.thing, None, opts)
        name = deployment.name(plan.thing)
        tags = deployment.tags(plan.component)
        group = logs.group(plan.thing, f"/aws/vendedlogs/states/{name}", tags, self)
        role = ServiceRole(
            plan.thing,
            deployment,
            "states.amazonaws.com",
            [deliver_logs(), trace(), *plan.statements],
            tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        machine = aws.sfn.StateMachine(
            plan.thing,
            name=name,
            type=plan.type,
            role_arn=role.arn,
            definition=definition(plan),
            # History holds inputs and outputs; the log is for alarms and says what failed. Of the
            # granter too, which has no history: each look at a full model would be 4 KB of log,
            # and 1,000 postings would pay 0.05 USD for it.
            logging_configuration={
                "level": "ERROR",
                "include_execution_data": False,
                "log_destination": pulumi.Output.concat(group.arn, ":*"),
            },
            tracing_configuration={"enabled": True},
            tags=tags,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[role.ready]),
        )
        self.file_stem = plan.file.name.removesuffix(".asl.json")
        self.name = machine.name
        self.arn = machine.arn
        self.log_group = group.name
        self.url = _console(deployment, "/statemachines/view/", machine.arn)
        self.studio_url = _console(deployment, "/visual-editor?stateMachineArn=", machine.arn)
        self.register_outputs({"name": self.name, "arn": self.arn})


def definition(plan: WorkflowPlan) -> pulumi.Output[str]:
    """The workflow's file with its values filled in."""
    text = plan.file.read_text()
    return pulumi.Output.all(**plan.values).apply(
        lambda values: render(plan.file.name, text, values)
    )


def deliver_logs() -> Statement:
    return Statement(
        "DeliverLogs",
        [
            "logs:CreateLogDelivery",
            "logs:DeleteLogDelivery",
            "logs:DescribeLogGroups",
            "logs:DescribeResourcePolicies",
            "logs:GetLogDelivery",
            "logs:ListLogDeliveries",
            "logs:PutResourcePolicy",
            "logs:UpdateLogDelivery",
        ],
        ["*"],
    )


def trace() -> Statement:
    return Statement(
        "Trace",
        [
            "xray:GetSamplingRules",
            "xray:GetSamplingTargets",
            "xray:PutTelemetryRecords",
            "xray:PutTraceSegments",
        ],
        ["*"],
    )


def run_children(deployment: Deployment, *children: str) -> list[Statement]:
    """What `startExecution.sync:2` of state machines needs: start, watch, stop, be told."""
    machines = [deployment.state_machine_arn(child) for child in children]
    executions = [
        deployment.arn("states", f"execution:{deployment.name(child)}:*") for child in children
    ]
    return [
        Statement("StartChildren", ["states:StartExecution"], machines),
        Statement(
            "FollowChildren", ["states:DescribeExecution", "states:StopExecution"], executions
        ),
        Statement(
            "HearOfChildren",
            ["events:DescribeRule", "events:PutRule", "events:PutTargets"],
            [deployment.arn("events", CHILD_EVENTS_RULE)],
        ),
    ]


def run_distributed_map(deployment: Deployment, thing: str) -> list[Statement]:
    """What a state machine with a Distributed Map needs: it starts itself, once per item.

    The items' executions are named after the machine, a slash and the map's label.
    """
    items = deployment.arn("states", f"execution:{deployment.name(thing)}/*")
    return [
        Statement("StartItems", ["states:StartExecution"], [deployment.state_machine_arn(thing)]),
        Statement(
            "FollowItems",
            ["states:DescribeExecution", "states:RedriveExecution", "states:StopExecution"],
            [items],
        ),
    ]


def _console(deployment: Deployment, page: str, arn: pulumi.Output[str]) -> pulumi.Output[str]:
    return pulumi.Output.concat(deployment.console_url("states", page), arn)
