"""What finds work: the pending partitions of Silver, and the postings in them that lack results."""

from __future__ import annotations

import pulumi

from infra.enrichment_resources import Resources
from infra.lake import WORK_PREFIX
from infra.policies import Statement, list_prefixes, objects
from infra.schedules import SchedulePlan
from infra.settings import Settings
from infra.workflows import Workflow, WorkflowPlan, run_children, run_distributed_map

COMPONENT = "enrichment"


def find_pending_partitions(given: Resources) -> WorkflowPlan:
    """Pending partitions, oldest first; nothing once the daily spend ceiling is reached."""
    settings, prefixes = given.settings.enrichment, given.settings.lake
    ceiling = settings.daily_spend_ceiling_usd
    in_namespace = {"StringEquals": {"cloudwatch:namespace": settings.metrics_namespace}}
    return WorkflowPlan(
        thing="find-pending-partitions",
        component=COMPONENT,
        values={
            "SilverBucket": given.lake.silver.name,
            "SilverPrefix": prefixes.silver_prefix,
            "SilverAiPrefix": prefixes.silver_ai_prefix,
            "StatusTable": given.table.name,
            "SlotsTable": given.slots.table.name,
            "MaxPartitions": str(settings.max_partitions_per_run),
            "DailySpendCeilingUsd": "" if ceiling is None else str(ceiling),
            "MetricsNamespace": settings.metrics_namespace,
            "Stack": given.deployment.stack,
        },
        statements=[
            list_prefixes(
                "ListSilver",
                given.lake.silver.arn,
                [prefixes.silver_prefix, prefixes.silver_ai_prefix],
            ),
            Statement("ReadStatus", ["dynamodb:Query"], [given.table.arn]),
            Statement("ReadSpend", ["dynamodb:GetItem", "dynamodb:Query"], [given.slots.table.arn]),
            *run_distributed_map(given.deployment, "find-pending-partitions"),
            Statement("PutMetrics", ["cloudwatch:PutMetricData"], ["*"], in_namespace),
        ],
    )


def discover_postings(given: Resources, find_arn: pulumi.Output[str]) -> WorkflowPlan:
    """Postings without a complete result, one message each to the queue of single postings."""
    settings, lake = given.settings.enrichment, given.lake
    prefix = given.settings.lake.silver_prefix
    read = given.functions["read_partition"]
    return WorkflowPlan(
        thing="discover-postings",
        component=COMPONENT,
        values={
            "FindPendingPartitionsArn": find_arn,
            "SilverBucket": lake.silver.name,
            "SilverPrefix": prefix,
            "StatusTable": given.table.name,
            "ReadPartitionFunction": read.name,
            "JobsQueueUrl": given.jobs.url,
            "MaxPostings": str(settings.max_postings_per_run),
            "MaxPostingsPerPartition": str(settings.max_postings_per_partition),
            "BatchSize": str(settings.discovery_batch_size),
        },
        statements=[
            list_prefixes("ListSilver", lake.silver.arn, [prefix]),
            Statement("ReadPartition", ["lambda:InvokeFunction"], [read.arn]),
            Statement("ReadItems", ["s3:GetObject"], objects(lake.artifacts.arn, WORK_PREFIX)),
            Statement(
                "UseStatus", ["dynamodb:BatchGetItem", "dynamodb:UpdateItem"], [given.table.arn]
            ),
            Statement("SendJobs", ["sqs:SendMessage"], [given.jobs.arn]),
            *run_distributed_map(given.deployment, "discover-postings"),
            *run_children(given.deployment, "find-pending-partitions"),
        ],
    )


def discovery_schedule(settings: Settings, target: Workflow) -> SchedulePlan:
    """When discover_postings starts."""
    return SchedulePlan(
        "discover-postings",
        settings.enrichment.discovery_schedule,
        target,
        {"source": "scheduled", "time": "hourly"},
    )
