"""What the workflows of Gold are given and what their states may call."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.functions import Function
from infra.gold_redshift import DATABASE, RedshiftWarehouse
from infra.naming import Deployment
from infra.policies import Statement
from infra.settings import Settings
from infra.workflows import WorkflowPlan

COMPONENT = "gold"
BUILD = "build-gold"
BOOTSTRAP = "bootstrap-gold"


@dataclass(frozen=True)
class Resources:
    """What the workflows work with.

    table  one item: who builds, who came meanwhile, when the last good build began
    topic  who is told of every build
    """

    deployment: Deployment
    settings: Settings
    table: aws.dynamodb.Table
    topic: aws.sns.Topic
    runner: Function


def build_gold(given: Resources) -> WorkflowPlan:
    """Star schema, tests and docs, one build at a time."""
    settings, deployment = given.settings.gold, given.deployment
    executions = deployment.arn("states", f"execution:{deployment.name(BUILD)}:*")
    return WorkflowPlan(
        thing=BUILD,
        component=COMPONENT,
        values={
            "BuildsTable": given.table.name,
            "DbtRunnerFunction": given.runner.name,
            "NotificationTopicArn": given.topic.arn,
            "RunnerLogUrl": log_group_url(deployment, given.runner.log_group),
            "ParallelSteps": str(settings.parallel_steps),
            "FreshnessGate": settings.freshness_gate,
            "RedFailedTests": str(settings.red_failed_tests),
            "Stack": deployment.stack,
        },
        statements=[
            Statement("HoldLock", ["dynamodb:UpdateItem"], [given.table.arn]),
            Statement("LookAtOwner", ["states:DescribeExecution"], [executions]),
            Statement("FollowUp", ["states:StartExecution"], [deployment.state_machine_arn(BUILD)]),
            Statement("RunDbt", ["lambda:InvokeFunction"], [given.runner.arn]),
            Statement("Notify", ["sns:Publish"], [given.topic.arn]),
        ],
    )


def bootstrap_gold(deployment: Deployment, warehouse: RedshiftWarehouse) -> WorkflowPlan:
    """Schemas, users and grants of the warehouse, through the Data API as its administrator."""
    return WorkflowPlan(
        thing=BOOTSTRAP,
        component=COMPONENT,
        values={
            "Workgroup": warehouse.workgroup_name,
            "Database": DATABASE,
            "AdminSecretArn": warehouse.admin_secret_arn,
            "CatalogDatabase": warehouse.catalog.database_name,
            "SpectrumRoleArn": warehouse.spectrum_role_arn,
            "RunnerUser": f"IAMR:{deployment.name('dbt-runner')}",
            "StatementMilliseconds": str(1000 * warehouse.statement_seconds),
        },
        statements=[
            Statement(
                "RunStatements", ["redshift-data:ExecuteStatement"], [warehouse.workgroup_arn]
            ),
            Statement("FollowStatements", ["redshift-data:DescribeStatement"], ["*"]),
            Statement(
                "ReadAdminPassword",
                ["secretsmanager:GetSecretValue"],
                [warehouse.admin_secret_arn],
            ),
        ],
    )


def log_group_url(deployment: Deployment, group: pulumi.Output[str]) -> pulumi.Output[str]:
    """A log group in the console, whose fragment wants slashes escaped twice."""
    return group.apply(
        lambda name: deployment.console_url(
            "cloudwatch", f"logsV2:log-groups/log-group/{name.replace('/', '$252F')}"
        )
    )
