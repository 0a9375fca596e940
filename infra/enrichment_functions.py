"""What the functions of enrichment are given and what their code may call."""

from __future__ import annotations

import pulumi_aws as aws

from infra.functions import FunctionPlan
from infra.lake import WORK_PREFIX, Lake
from infra.policies import Statement, list_prefixes, objects
from infra.settings import Settings

COMPONENT = "enrichment"
SCHEMA_VERSION = "3.4"


def read_partition(lake: Lake, settings: Settings) -> FunctionPlan:
    """Silver in, one work item per distinct posting out."""
    prefix = settings.lake.silver_prefix
    return FunctionPlan(
        thing="read-partition",
        component=COMPONENT,
        memory=settings.functions.partition_memory_mb,
        timeout=settings.functions.partition_timeout_seconds,
        environment={
            "SILVER_BUCKET": lake.silver.name,
            "SILVER_PREFIX": prefix,
            "ARTIFACTS_BUCKET": lake.artifacts.name,
        },
        statements=[
            list_prefixes("ListSilver", lake.silver.arn, [prefix]),
            Statement("ReadSilver", ["s3:GetObject"], objects(lake.silver.arn, prefix)),
            Statement("WriteItems", ["s3:PutObject"], objects(lake.artifacts.arn, WORK_PREFIX)),
        ],
    )


def parse_response(lake: Lake, settings: Settings) -> FunctionPlan:
    """One model answer in, raw text and result to Bronze."""
    prefix = settings.lake.bronze_prefix
    return FunctionPlan(
        thing="parse-response",
        component=COMPONENT,
        memory=settings.functions.parse_memory_mb,
        timeout=settings.functions.parse_timeout_seconds,
        environment={
            "BRONZE_BUCKET": lake.bronze.name,
            "BRONZE_PREFIX": prefix,
            "METRICS_NAMESPACE": settings.enrichment.metrics_namespace,
            "STACK": settings.stack,
        },
        statements=[
            Statement("WriteBronze", ["s3:PutObject"], objects(lake.bronze.arn, prefix)),
        ],
    )


def assemble_partition(lake: Lake, settings: Settings, table: aws.dynamodb.Table) -> FunctionPlan:
    """Silver, status and Bronze in, one Silver-AI object out."""
    silver, silver_ai = settings.lake.silver_prefix, settings.lake.silver_ai_prefix
    bronze = settings.lake.bronze_prefix
    return FunctionPlan(
        thing="assemble-partition",
        component=COMPONENT,
        memory=settings.functions.partition_memory_mb,
        timeout=settings.functions.partition_timeout_seconds,
        environment={
            "SILVER_BUCKET": lake.silver.name,
            "SILVER_PREFIX": silver,
            "SILVER_AI_PREFIX": silver_ai,
            "BRONZE_BUCKET": lake.bronze.name,
            "STATUS_TABLE": table.name,
            "SCHEMA_VERSION": SCHEMA_VERSION,
        },
        statements=[
            list_prefixes("ListSilver", lake.silver.arn, [silver]),
            Statement("ReadSilver", ["s3:GetObject"], objects(lake.silver.arn, silver)),
            list_prefixes("ListBronze", lake.bronze.arn, [bronze]),
            Statement("ReadBronze", ["s3:GetObject"], objects(lake.bronze.arn, bronze)),
            Statement("WriteSilverAi", ["s3:PutObject"], objects(lake.silver.arn, silver_ai)),
            Statement("ReadStatus", ["dynamodb:BatchGetItem"], [table.arn]),
        ],
    )
