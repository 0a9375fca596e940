"""Slots of models: how many calls of a model run at once, who makes them, what they cost.

One item per model holds its limit, the calls that hold a slot, the state of its circuit breaker
and what was spent per day. Pulumi writes keys and limit; the rest is the workflows'.
"""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from infra.naming import Deployment
from infra.queues import FifoQueue, PipePlan, QueuePlan
from infra.settings import EnrichmentSettings, Settings
from infra.tables import table

COMPONENT = "enrichment"
KEY = "slots"
LARGEST_SHARD = 100  # each call that holds a slot is an entry of the item, written with it
# A request is hidden a little longer than the Express workflow that handles it may run.
REQUESTS = QueuePlan("slot-requests", COMPONENT, visibility_seconds=360, max_receives=5)
# The granter answers one call at a time, in the order of its model; a batch would fail as one.
REQUESTS_PIPE = PipePlan("slot-requests", COMPONENT, "REQUEST_RESPONSE")


class Slots(pulumi.ComponentResource):
    """The table of slots and the queue of those who wait for one, as `table` and `requests`."""

    def __init__(
        self,
        deployment: Deployment,
        settings: Settings,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("data-engineer-jobs:enrichment:Slots", "slots", None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.table = slots_table(deployment, settings, child)
        for shard, limit in shards(settings.enrichment).items():
            aws.dynamodb.TableItem(
                f"slots-{shard}",
                table_name=self.table.name,
                hash_key="pk",
                range_key="sk",
                item=pulumi.Output.json_dumps(
                    {"pk": {"S": KEY}, "sk": {"S": shard}, "limit": {"N": str(limit)}}
                ),
                opts=child,
            )
        self.requests = FifoQueue(REQUESTS, deployment, child)
        self.register_outputs({"table": self.table.name})


def slots_table(
    deployment: Deployment, settings: Settings, opts: pulumi.ResourceOptions
) -> aws.dynamodb.Table:
    """Keys pk and sk: `slots` and a model's shard, `slots-control` and a switch."""
    return table(deployment, settings, "enrichment-slots", ("pk", "sk"), COMPONENT, opts)


def shards(settings: EnrichmentSettings) -> dict[str, int]:
    """Key and limit of each item: one per model, several for a model with more than 100 slots."""
    found: dict[str, int] = {}
    for model in sorted(set(settings.models.values())):
        limit, count = slots_of(settings, model), shard_count(settings, model)
        if count == 1:
            found[model] = limit
        else:
            found |= {f"{model}#{n}": (limit + n) // count for n in range(count)}
    return found


def shard_count(settings: EnrichmentSettings, model: str) -> int:
    """Items that the slots of a model are spread over."""
    return max(1, -(-slots_of(settings, model) // LARGEST_SHARD))


def slots_of(settings: EnrichmentSettings, model: str) -> int:
    """Calls of a model that may run at once."""
    overrides: Mapping[str, int] = settings.slot_limits
    return overrides.get(model, settings.slots_per_model)
