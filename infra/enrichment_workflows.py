"""What the workflows of partitions may call."""

from __future__ import annotations

import pulumi

from infra.enrichment_resources import Resources
from infra.gold_catalog import REGISTERED
from infra.lake import WORK_PREFIX
from infra.policies import Statement, objects
from infra.workflows import WorkflowPlan, run_children, run_distributed_map

COMPONENT = "enrichment"


def enrich_partition(given: Resources, posting_arn: pulumi.Output[str]) -> WorkflowPlan:
    """One partition: read, one enrich_posting per distinct posting, assemble, register."""
    settings = given.settings.enrichment
    read, assemble = given.functions["read_partition"], given.functions["assemble_partition"]
    work = objects(given.lake.artifacts.arn, WORK_PREFIX)
    in_namespace = {"StringEquals": {"cloudwatch:namespace": settings.metrics_namespace}}
    return WorkflowPlan(
        thing="enrich-partition",
        component=COMPONENT,
        values={
            "StatusTable": given.table.name,
            "ArtifactsBucket": given.lake.artifacts.name,
            "ReadPartitionFunction": read.name,
            "AssemblePartitionFunction": assemble.name,
            "EnrichPostingArn": posting_arn,
            "MaxConcurrentPostings": str(settings.max_concurrent_postings),
            "MetricsNamespace": settings.metrics_namespace,
            "CatalogDatabase": given.catalog.database_name,
        },
        statements=[
            Statement("WriteStatus", ["dynamodb:UpdateItem"], [given.table.arn]),
            Statement("UsePartition", ["lambda:InvokeFunction"], [read.arn, assemble.arn]),
            Statement("ReadItems", ["s3:GetObject"], work),
            # The result writer uploads large results in parts.
            Statement(
                "WriteResults",
                ["s3:AbortMultipartUpload", "s3:ListMultipartUploadParts", "s3:PutObject"],
                work,
            ),
            *run_distributed_map(given.deployment, "enrich-partition"),
            *run_children(given.deployment, "enrich-posting"),
            Statement(
                "RegisterPartitions",
                ["glue:BatchCreatePartition", "glue:GetTable"],
                given.catalog.arns(*REGISTERED),
            ),
            Statement("PutMetrics", ["cloudwatch:PutMetricData"], ["*"], in_namespace),
        ],
    )


def enrich_partitions(
    given: Resources, find_arn: pulumi.Output[str], partition_arn: pulumi.Output[str]
) -> WorkflowPlan:
    """Pending partitions, oldest first, one enrich_partition each."""
    settings = given.settings.enrichment
    return WorkflowPlan(
        thing="enrich-partitions",
        component=COMPONENT,
        values={
            "FindPendingPartitionsArn": find_arn,
            "EnrichPartitionArn": partition_arn,
            "MaxPartitions": str(settings.max_partitions_per_run),
            "MaxConcurrentPartitions": str(settings.max_concurrent_partitions),
            "ModelTimeoutSeconds": str(settings.model_timeout_seconds),
        },
        statements=run_children(given.deployment, "enrich-partition", "find-pending-partitions"),
    )
