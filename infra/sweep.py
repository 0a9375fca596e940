"""What frees the slots and claims of dead executions, by schedule and by the events of deaths."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from infra.enrichment_resources import Resources
from infra.naming import Deployment
from infra.policies import ServiceRole, Statement
from infra.schedules import SchedulePlan
from infra.settings import Settings
from infra.workflows import Workflow, WorkflowPlan, run_distributed_map

COMPONENT = "enrichment"
DEATHS = ("ABORTED", "FAILED", "TIMED_OUT")
OWNERS = ("enrich-partition", "enrich-posting")


def sweep_slots(given: Resources, status_index: str) -> WorkflowPlan:
    """Everything that an execution holds, freed once it is dead; `status_index` by its name."""
    deployment = given.deployment
    index = pulumi.Output.concat(given.table.arn, "/index/", status_index)
    executions = [deployment.arn("states", f"execution:{deployment.name(o)}:*") for o in OWNERS]
    return WorkflowPlan(
        thing="sweep-slots",
        component=COMPONENT,
        values={
            "StatusTable": given.table.name,
            "StatusIndex": status_index,
            "SlotsTable": given.slots.table.name,
            "DeadJobsQueueUrl": given.jobs.dead.url,
            "MaxJobRetries": str(given.settings.enrichment.max_job_retries),
        },
        statements=[
            Statement("FindClaims", ["dynamodb:Query"], [index]),
            Statement("FreeClaims", ["dynamodb:GetItem", "dynamodb:UpdateItem"], [given.table.arn]),
            Statement(
                "FreeSlots", ["dynamodb:Query", "dynamodb:UpdateItem"], [given.slots.table.arn]
            ),
            Statement("JudgeOwners", ["states:DescribeExecution"], executions),
            Statement("SendDeadLetters", ["sqs:SendMessage"], [given.jobs.dead.arn]),
            *run_distributed_map(deployment, "sweep-slots"),
        ],
    )


def sweep_schedule(settings: Settings, target: Workflow) -> SchedulePlan:
    """When sweep_slots looks at all owners."""
    return SchedulePlan(
        "sweep-slots",
        settings.enrichment.sweep_schedule,
        target,
        {"source": "scheduled", "time": "quarter-hourly"},
    )


class SweepOnDeath(pulumi.ComponentResource):
    """The rule that starts a sweep for each execution of `owners` that dies.

    The event names the execution and is no more than a hint: a lost one waits for the schedule.
    """

    def __init__(
        self,
        deployment: Deployment,
        owners: Sequence[Workflow],
        sweep: Workflow,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("data-engineer-jobs:enrichment:SweepOnDeath", "sweep-on-death", None, opts)
        child = pulumi.ResourceOptions(parent=self)
        rule = aws.cloudwatch.EventRule(
            "sweep-on-death",
            name=deployment.name("sweep-on-death"),
            description="An execution died that may hold slots or claims",
            event_pattern=pulumi.Output.json_dumps(
                {
                    "source": ["aws.states"],
                    "detail-type": ["Step Functions Execution Status Change"],
                    "detail": {
                        "status": list(DEATHS),
                        "stateMachineArn": [owner.arn for owner in owners],
                    },
                }
            ),
            tags=deployment.tags(COMPONENT),
            opts=child,
        )
        role = ServiceRole(
            "sweep-on-death",
            deployment,
            "events.amazonaws.com",
            [Statement("StartTarget", ["states:StartExecution"], [sweep.arn])],
            deployment.tags(COMPONENT),
            opts=child,
        )
        aws.cloudwatch.EventTarget(
            "sweep-on-death",
            rule=rule.name,
            target_id="sweep-slots",
            arn=sweep.arn,
            role_arn=role.arn,
            # Not the execution's input: it holds the posting's text.
            input_transformer={
                "input_paths": {"execution": "$.detail.executionArn"},
                "input_template": '{"execution": <execution>}',
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[role.ready]),
        )
        self.register_outputs({"rule": rule.name})
