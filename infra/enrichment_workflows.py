"""What the workflows of enrichment are given and what their states may call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.functions import Function
from infra.lake import PASSES_PREFIX, WORK_PREFIX, Lake
from infra.models import invoke_models
from infra.naming import Deployment
from infra.policies import Statement, list_prefixes, objects
from infra.settings import Settings
from infra.workflows import WorkflowPlan, run_children, run_distributed_map

COMPONENT = "enrichment"


@dataclass(frozen=True)
class Resources:
    """What the workflows work with; `functions` by package name."""

    deployment: Deployment
    settings: Settings
    lake: Lake
    table: aws.dynamodb.Table
    functions: Mapping[str, Function]
    passes_key: pulumi.Output[str]


def enrich_posting(given: Resources) -> WorkflowPlan:
    """One posting through its passes."""
    settings, lake = given.settings.enrichment, given.lake
    bronze_prefix = given.settings.lake.bronze_prefix
    parse = given.functions["parse_response"]
    # Of all versions: an execution that a deployment overtakes, or that is redriven, reads its own.
    passes = objects(lake.artifacts.arn, PASSES_PREFIX)
    return WorkflowPlan(
        thing="enrich-posting",
        component=COMPONENT,
        values={
            "StatusTable": given.table.name,
            "ArtifactsBucket": lake.artifacts.name,
            "PassesKey": given.passes_key,
            "BronzeBucket": lake.bronze.name,
            "BronzePrefix": bronze_prefix,
            "ParseResponseFunction": parse.name,
            "ModelTimeoutSeconds": str(settings.model_timeout_seconds),
            "MaxJobRetries": str(settings.max_job_retries),
        },
        statements=[
            Statement("WriteStatus", ["dynamodb:UpdateItem"], [given.table.arn]),
            Statement("ReadPasses", ["s3:GetObject"], passes),
            list_prefixes("ListBronze", lake.bronze.arn, [bronze_prefix]),
            Statement("ReadBronze", ["s3:GetObject"], objects(lake.bronze.arn, bronze_prefix)),
            *invoke_models(given.deployment, settings.models, settings.profile_regions),
            Statement("ParseResponse", ["lambda:InvokeFunction"], [parse.arn]),
        ],
    )


def enrich_partition(given: Resources, posting_arn: pulumi.Output[str]) -> WorkflowPlan:
    """One partition: read, one enrich_posting per distinct posting, assemble."""
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
            Statement("PutMetrics", ["cloudwatch:PutMetricData"], ["*"], in_namespace),
        ],
    )


def enrich_partitions(given: Resources, partition_arn: pulumi.Output[str]) -> WorkflowPlan:
    """Discovery: pending partitions, oldest first, one enrich_partition each."""
    settings, prefixes = given.settings.enrichment, given.settings.lake
    listed = [prefixes.silver_prefix, prefixes.silver_ai_prefix]
    return WorkflowPlan(
        thing="enrich-partitions",
        component=COMPONENT,
        values={
            "SilverBucket": given.lake.silver.name,
            "SilverPrefix": prefixes.silver_prefix,
            "SilverAiPrefix": prefixes.silver_ai_prefix,
            "StatusTable": given.table.name,
            "EnrichPartitionArn": partition_arn,
            "MaxPartitions": str(settings.max_partitions_per_run),
            "MaxConcurrentPartitions": str(settings.max_concurrent_partitions),
            "ModelTimeoutSeconds": str(settings.model_timeout_seconds),
        },
        statements=[
            list_prefixes("ListSilver", given.lake.silver.arn, listed),
            Statement("ReadStatus", ["dynamodb:Query"], [given.table.arn]),
            *run_distributed_map(given.deployment, "enrich-partitions"),
            *run_children(given.deployment, "enrich-partition"),
        ],
    )
