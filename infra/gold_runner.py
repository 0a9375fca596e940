"""What the dbt runner is given and what its code may call."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.functions import FunctionPlan, Network
from infra.gold_network import GoldNetwork
from infra.gold_redshift import RedshiftWarehouse
from infra.lake import WORK_PREFIX, Lake
from infra.naming import Deployment
from infra.policies import Statement, list_prefixes, objects
from infra.settings import Settings

Particulars = tuple[dict[str, pulumi.Input[str]], list[Statement]]

COMPONENT = "gold"
THING = "dbt-runner"
RUNS_PREFIX = f"{WORK_PREFIX}gold/"  # expires with the other work files
WAREHOUSE_KEY = "gold/analytics.duckdb"
DUCKDB_SHARE = 0.6  # of the function's memory; the rest is dbt, Python and Arrow


@dataclass(frozen=True)
class Surroundings:
    """What exists before the runner: where it logs results and where it publishes docs."""

    deployment: Deployment
    settings: Settings
    lake: Lake
    docs_bucket: pulumi.Output[str]
    docs_bucket_arn: pulumi.Output[str]
    run_results: aws.cloudwatch.LogGroup
    test_results: aws.cloudwatch.LogGroup


def dbt_runner(
    given: Surroundings, network: GoldNetwork | None, warehouse: RedshiftWarehouse | None
) -> FunctionPlan:
    """dbt on Redshift, in the warehouse's network, or on the DuckDB file without either."""
    gold = given.settings.gold
    if network and warehouse:
        environment, statements = _redshift(warehouse)
        joined = Network(network.subnet_ids, network.runner_group_id, network.ready)
    else:
        environment, statements = _duckdb(given)
        joined = None
    return FunctionPlan(
        thing=THING,
        component=COMPONENT,
        memory=gold.runner_memory_mb,
        timeout=gold.runner_timeout_seconds,
        storage=gold.runner_storage_mb,
        environment=_environment(given) | environment,
        statements=[*_statements(given), *statements],
        network=joined,
    )


def _environment(given: Surroundings) -> dict[str, pulumi.Input[str]]:
    lake, settings = given.settings.lake, given.settings.gold
    return {
        "DBT_TARGET": settings.engine,
        "DBT_THREADS": str(settings.threads),
        "ARTIFACTS_BUCKET": given.lake.artifacts.name,
        "ARTIFACTS_PREFIX": RUNS_PREFIX,
        "SILVER_BUCKET": given.lake.silver.name,
        "SILVER_PREFIX": lake.silver_prefix,
        "SILVER_AI_PREFIX": lake.silver_ai_prefix,
        "COMPANIES_PREFIX": settings.companies_prefix,
        "RUN_LOG_GROUP": given.run_results.name,
        "TEST_LOG_GROUP": given.test_results.name,
        "METRICS_NAMESPACE": settings.metrics_namespace,
        "STACK": given.deployment.stack,
        "DOCS_BUCKET": given.docs_bucket,
    }


def _silver_prefixes(given: Surroundings) -> list[str]:
    lake = given.settings.lake
    return [lake.silver_prefix, lake.silver_ai_prefix, given.settings.gold.companies_prefix]


def _statements(given: Surroundings) -> list[Statement]:
    artifacts = given.lake.artifacts.arn
    # Of CreateLogStream AWS's documents name the group, its messages the stream.
    results = [
        arn
        for group in (given.run_results, given.test_results)
        for arn in (group.arn, pulumi.Output.concat(group.arn, ":log-stream:*"))
    ]
    namespace = given.settings.gold.metrics_namespace
    return [
        list_prefixes("ListSilver", given.lake.silver.arn, _silver_prefixes(given)),
        list_prefixes("ListRuns", artifacts, [RUNS_PREFIX]),
        Statement("KeepRuns", ["s3:GetObject", "s3:PutObject"], objects(artifacts, RUNS_PREFIX)),
        Statement(
            "PublishDocs",
            ["s3:PutObject"],
            [pulumi.Output.concat(given.docs_bucket_arn, "/index.html")],
        ),
        Statement("LogResults", ["logs:CreateLogStream", "logs:PutLogEvents"], results),
        Statement(
            "PutMetrics",
            ["cloudwatch:PutMetricData"],
            ["*"],
            {"StringEquals": {"cloudwatch:namespace": namespace}},
        ),
    ]


def _redshift(warehouse: RedshiftWarehouse) -> Particulars:
    """The driver asks for credentials of the role's own database user; there is no password."""
    credentials = Statement(
        "ConnectAsRole", ["redshift-serverless:GetCredentials"], [warehouse.workgroup_arn]
    )
    return {"REDSHIFT_HOST": warehouse.host}, [credentials]


def _duckdb(given: Surroundings) -> Particulars:
    silver, artifacts = given.lake.silver.arn, given.lake.artifacts.arn
    megabytes = int(given.settings.gold.runner_memory_mb * DUCKDB_SHARE)
    environment: dict[str, pulumi.Input[str]] = {
        "WAREHOUSE_KEY": WAREHOUSE_KEY,
        "DUCKDB_MEMORY_LIMIT": f"{megabytes}MB",
    }
    return environment, [
        Statement("ReadSilver", ["s3:GetObject"], objects(silver, *_silver_prefixes(given))),
        list_prefixes("ListWarehouse", artifacts, [WAREHOUSE_KEY]),
        Statement(
            "KeepWarehouse",
            ["s3:GetObject", "s3:PutObject"],
            [pulumi.Output.concat(artifacts, f"/{WAREHOUSE_KEY}")],
        ),
    ]
