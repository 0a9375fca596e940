"""What the workflows of enrichment are given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.functions import Function
from infra.gold_catalog import SilverCatalog
from infra.lake import Lake
from infra.naming import Deployment
from infra.passes import CompiledPasses
from infra.queues import FifoQueue
from infra.settings import Settings
from infra.slots import Slots


@dataclass(frozen=True)
class Resources:
    """What the workflows work with.

    catalog     where partitions are registered
    table       status of postings and partitions
    slots       `slots.table`, and `slots.requests`, the queue of calls that wait for a slot
    jobs        the queue of single postings; `jobs.dead` are its dead letters
    functions   by package name
    passes      as compiled; passes_key is where they lie in the artifacts bucket
    """

    deployment: Deployment
    settings: Settings
    lake: Lake
    catalog: SilverCatalog
    table: aws.dynamodb.Table
    slots: Slots
    jobs: FifoQueue
    functions: Mapping[str, Function]
    passes: CompiledPasses
    passes_key: pulumi.Output[str]
