"""The whole platform of one stack: settings, components, outputs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi

from infra.alarms import Alarms
from infra.dashboard import Dashboard
from infra.enrichment import Enrichment, Ground
from infra.gold import Gold
from infra.gold_catalog import SilverCatalog
from infra.lake import Lake
from infra.logs import LogKey, LogPolicy
from infra.metrics import Metrics
from infra.naming import Deployment
from infra.packages import Packages, Target, build
from infra.passes import compile_passes
from infra.schedules import Schedules
from infra.settings import KEY, parse
from infra.settings_errors import SettingsError

ROOT = Path(__file__).resolve().parent.parent


def deploy(build_packages: Callable[[Path, Target], Packages] = build) -> None:
    """Declares every resource of the running stack and exports what an operator needs.

    Raises RunError, which Pulumi shows without a traceback, for settings that cannot be used;
    then nothing has been declared.
    """
    try:
        settings = parse(pulumi.get_stack(), pulumi.Config().get_object(KEY))
        passes = compile_passes(ROOT, settings.enrichment.models)
    except SettingsError as error:
        raise pulumi.RunError(str(error)) from None
    packages = build_packages(ROOT, settings.functions.package_target)
    deployment = Deployment.current()
    lake = Lake(deployment, settings.lake)
    ground = Ground(
        deployment=deployment,
        settings=settings,
        lake=lake,
        catalog=SilverCatalog(deployment, settings, lake.silver.name),
        logs=LogPolicy(LogKey(deployment).arn, settings.logs.retention_days),
        schedules=Schedules(deployment),
    )
    enrichment = Enrichment(ground, packages, passes)
    metrics = Metrics(deployment, settings)
    alarms, dashboard = Alarms(metrics), Dashboard(metrics)
    (enriched,) = (w for w in enrichment.workflows if w.file_stem == "enrich_partitions")
    gold = Gold(ground, packages, enriched, metrics, alarms.topic_arn)
    found = outputs(ground, enrichment)
    found |= {"alarm_topic_arn": alarms.topic_arn, "dashboard": dashboard.name}
    found |= gold.outputs()
    for name, value in found.items():
        pulumi.export(name, value)


def outputs(ground: Ground, enrichment: Enrichment) -> dict[str, Any]:
    """Names, ARNs and addresses of a stack."""
    lake = ground.lake
    buckets = {"bronze": lake.bronze, "silver": lake.silver, "artifacts": lake.artifacts}
    found: dict[str, Any] = {f"{name}_bucket": bucket.name for name, bucket in buckets.items()}
    found |= {
        "enrichment_status_table": enrichment.table.name,
        "enrichment_status_table_arn": enrichment.table.arn,
        "enrichment_slots_table": enrichment.slots.table.name,
        "enrichment_slots_table_arn": enrichment.slots.table.arn,
        "slot_requests_queue_url": enrichment.slots.requests.url,
        "slot_requests_dlq_url": enrichment.slots.requests.dead.url,
        "enrichment_jobs_queue_url": enrichment.jobs.url,
        "enrichment_jobs_dlq_url": enrichment.jobs.dead.url,
        "schedule_group": ground.schedules.group_name,
        "silver_catalog": ground.catalog.database_name,
        "log_key_arn": ground.logs.key_arn,
    }
    for name, function in enrichment.functions.items():
        found |= {
            f"{name}_function": function.name,
            f"{name}_function_arn": function.arn,
            f"{name}_log_group": function.log_group,
        }
    found |= {f"{name}_pipe": pipe.name for name, pipe in enrichment.pipes.items()}
    for workflow in enrichment.workflows:
        name = workflow.file_stem
        found |= {
            f"{name}_arn": workflow.arn,
            f"{name}_url": workflow.url,
            f"{name}_studio_url": workflow.studio_url,
            f"{name}_log_group": workflow.log_group,
        }
    return found
