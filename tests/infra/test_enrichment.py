"""Status table and compiled passes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from infra.lint.program import Stack
from infra.passes import compile_passes
from infra.platform import ROOT
from infra.settings import load

Inputs = Callable[[str, str], Mapping[str, Any]]


def test_the_status_table_has_its_keys_and_its_index(inputs: Inputs) -> None:
    table = inputs("Table", "enrichment-status")

    assert table["name"] == "data-engineer-jobs-dev-enrichment-status"
    assert (table["hashKey"], table["rangeKey"]) == ("pk", "sk")
    assert table["attributes"] == [
        {"name": name, "type": "S"} for name in ("pk", "sk", "overallStatus", "updatedAt")
    ]
    assert table["globalSecondaryIndexes"] == [
        {
            "name": "overallStatus-updatedAt-index",
            "hashKey": "overallStatus",
            "rangeKey": "updatedAt",
            "projectionType": "ALL",
        }
    ]


def test_the_status_table_is_billed_on_demand_encrypted_and_restorable(stack: Stack) -> None:
    table = stack.inputs("Table", "enrichment-status")

    assert table["billingMode"] == "PAY_PER_REQUEST"
    assert table["serverSideEncryption"] == {"enabled": True}
    assert table["pointInTimeRecovery"] == {"enabled": True}
    assert table["deletionProtectionEnabled"] == (stack.name in ("staging", "prod"))


def test_compiled_passes_lie_under_their_version(stack: Stack) -> None:
    compiled = compile_passes(ROOT, load(ROOT, stack.name).enrichment.models)
    stored = stack.inputs("BucketObjectv2", "passes")

    assert stored["bucket"] == f"data-engineer-jobs-{stack.name}-artifacts"
    assert stored["key"] == f"config/passes/{compiled.version}.json"
    assert stored["content"] == compiled.body
    assert stored["contentType"] == "application/json"


def test_every_pass_has_the_model_of_its_stack(stack: Stack) -> None:
    passes = json.loads(stack.inputs("BucketObjectv2", "passes")["content"])["passes"]

    assert {entry["name"]: entry["model"] for entry in passes} == load(
        ROOT, stack.name
    ).enrichment.models
