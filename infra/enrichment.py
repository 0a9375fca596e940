"""Enrichment of postings: tables, queues, compiled passes, functions, workflows."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.discovery import (
    discover_postings,
    discovery_schedule,
    find_pending_partitions,
)
from infra.enrichment_functions import assemble_partition, parse_response, read_partition
from infra.enrichment_resources import Resources
from infra.enrichment_workflows import enrich_partition, enrich_partitions
from infra.functions import Code, CodeStore, Function, FunctionPlan, Layer
from infra.gold_catalog import SilverCatalog
from infra.lake import PASSES_PREFIX, Lake
from infra.logs import LogPolicy
from infra.naming import Deployment
from infra.packages import Packages
from infra.passes import CompiledPasses
from infra.posting_queue import JOBS, JOBS_PIPE
from infra.posting_workflows import enrich_posting, grant_slot
from infra.queues import FifoQueue, PipePlan, QueuePipe
from infra.schedules import SchedulePlan, Schedules
from infra.settings import Settings
from infra.slots import REQUESTS_PIPE, Slots
from infra.sweep import SweepOnDeath, sweep_schedule, sweep_slots
from infra.tables import table
from infra.workflows import Workflow, WorkflowPlan

COMPONENT = "enrichment"
STATUS_INDEX = "overallStatus-updatedAt-index"
DAILY_INPUT = {"source": "scheduled", "time": "daily-6am-utc"}


@dataclass(frozen=True)
class Ground:
    """What enrichment is built on."""

    deployment: Deployment
    settings: Settings
    lake: Lake
    catalog: SilverCatalog
    logs: LogPolicy
    schedules: Schedules


class Enrichment(pulumi.ComponentResource):
    """Everything between Silver and Silver-AI.

    `table` has the status of postings; `slots` and `jobs` are the slots of models and the queue of
    single postings; `workflows`, `functions`, and `pipes` by name.
    """

    def __init__(self, ground: Ground, packages: Packages, passes: CompiledPasses) -> None:
        super().__init__("data-engineer-jobs:enrichment:Enrichment", "enrichment")
        self._ground = ground
        self._child = pulumi.ResourceOptions(parent=self)
        self.table = status_table(ground, self._child)
        self.slots = Slots(ground.deployment, ground.settings, self._child)
        self.jobs = FifoQueue(JOBS, ground.deployment, self._child)
        self.functions = self._functions(packages)
        resources = Resources(
            deployment=ground.deployment,
            settings=ground.settings,
            lake=ground.lake,
            catalog=ground.catalog,
            table=self.table,
            slots=self.slots,
            jobs=self.jobs,
            functions=self.functions,
            passes=passes,
            passes_key=self._passes(passes).key,
        )
        posting = self._workflow(enrich_posting(resources))
        granter = self._workflow(grant_slot(resources))
        partition = self._workflow(enrich_partition(resources, posting.arn))
        pending = self._workflow(find_pending_partitions(resources))
        partitions = self._workflow(enrich_partitions(resources, pending.arn, partition.arn))
        discovery = self._workflow(discover_postings(resources, pending.arn))
        sweep = self._workflow(sweep_slots(resources, STATUS_INDEX))
        self.workflows = [partitions, partition, pending, discovery, posting, granter, sweep]
        self.pipes = {
            "enrichment_jobs": self._pipe(JOBS_PIPE, self.jobs, posting),
            "slot_requests": self._pipe(REQUESTS_PIPE, self.slots.requests, granter),
        }
        ground.schedules.add(
            SchedulePlan(
                "enrich-partitions",
                ground.settings.enrichment.schedule,
                partitions,
                DAILY_INPUT,
            )
        )
        ground.schedules.add(discovery_schedule(ground.settings, discovery))
        ground.schedules.add(sweep_schedule(ground.settings, sweep))
        SweepOnDeath(ground.deployment, [partition, posting], sweep, self._child)
        self.register_outputs({"table": self.table.name})

    def _functions(self, packages: Packages) -> dict[str, Function]:
        lake, settings = self._ground.lake, self._ground.settings
        plans = [
            read_partition(lake, settings),
            parse_response(lake, settings),
            assemble_partition(lake, settings, self.table),
        ]
        store = CodeStore(lake.artifacts.name, self._ground.deployment.tags(COMPONENT))
        layers = {
            name: Layer(name, self._ground.deployment, package, store)
            for name, package in packages.layers.items()
            if any(name in packages.layers_of(plan.package) for plan in plans)
        }
        functions = {}
        for plan in plans:
            used = [layers[name] for name in packages.layers_of(plan.package)]
            code = Code(packages.functions[plan.package], used, store)
            functions[plan.package] = self._function(plan, code)
        return functions

    def _function(self, plan: FunctionPlan, code: Code) -> Function:
        return Function(plan, self._ground.deployment, code, self._ground.logs, self._child)

    def _workflow(self, plan: WorkflowPlan) -> Workflow:
        return Workflow(plan, self._ground.deployment, self._ground.logs, self._child)

    def _pipe(self, plan: PipePlan, source: FifoQueue, target: Workflow) -> QueuePipe:
        return QueuePipe(plan, self._ground.deployment, source, target, self._child)

    def _passes(self, passes: CompiledPasses) -> aws.s3.BucketObjectv2:
        return aws.s3.BucketObjectv2(
            "passes",
            bucket=self._ground.lake.artifacts.name,
            key=f"{PASSES_PREFIX}{passes.version}.json",
            content=passes.body,
            content_type="application/json",
            tags=self._ground.deployment.tags(COMPONENT),
            # An execution that a deployment overtakes, or that is redriven, reads its own version.
            opts=pulumi.ResourceOptions(parent=self, retain_on_delete=True),
        )


def status_table(ground: Ground, opts: pulumi.ResourceOptions) -> aws.dynamodb.Table:
    """Claims, results of passes, and an item per partition; keys pk and sk, one index."""
    index = {
        "name": STATUS_INDEX,
        "hash_key": "overallStatus",
        "range_key": "updatedAt",
        "projection_type": "ALL",
    }
    return table(
        ground.deployment,
        ground.settings,
        "enrichment-status",
        ("pk", "sk"),
        COMPONENT,
        opts,
        others=("overallStatus", "updatedAt"),
        indexes=[index],
    )
