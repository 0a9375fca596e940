"""Functions: code, environment, limits, and exactly the permissions that their code needs."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from infra.functions import digest, source_hash
from infra.lint.program import Stack

Inputs = Callable[[str, str], Mapping[str, Any]]
Statements = Callable[[str], Mapping[str, Mapping[str, Any]]]

FUNCTIONS = ["read-partition", "parse-response", "assemble-partition"]
BRONZE = "arn:aws:s3:::data-engineer-jobs-dev-bronze"
SILVER = "arn:aws:s3:::data-engineer-jobs-dev-silver"
ARTIFACTS = "arn:aws:s3:::data-engineer-jobs-dev-artifacts"
TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/data-engineer-jobs-dev-enrichment-status"


def allow(sid: str, action: str, resource: str, prefix: str = "") -> dict[str, Any]:
    condition = {"Condition": {"StringLike": {"s3:prefix": [prefix]}}} if prefix else {}
    return {"Sid": sid, "Effect": "Allow", "Action": [action], "Resource": [resource], **condition}


OWN_STATEMENTS = {
    "read-partition": [
        allow("ListSilver", "s3:ListBucket", SILVER, "linkedin/*"),
        allow("ReadSilver", "s3:GetObject", f"{SILVER}/linkedin/*"),
        allow("WriteItems", "s3:PutObject", f"{ARTIFACTS}/work/*"),
    ],
    "parse-response": [allow("WriteBronze", "s3:PutObject", f"{BRONZE}/ai_enrichment/*")],
    "assemble-partition": [
        allow("ListSilver", "s3:ListBucket", SILVER, "linkedin/*"),
        allow("ReadSilver", "s3:GetObject", f"{SILVER}/linkedin/*"),
        allow("ListBronze", "s3:ListBucket", BRONZE, "ai_enrichment/*"),
        allow("ReadBronze", "s3:GetObject", f"{BRONZE}/ai_enrichment/*"),
        allow("WriteSilverAi", "s3:PutObject", f"{SILVER}/linkedin_ai/*"),
        allow("ReadStatus", "dynamodb:BatchGetItem", TABLE),
    ],
}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_may_do_what_its_code_does_and_no_more(
    statements: Statements, function: str
) -> None:
    group = f"log-group:/aws/lambda/data-engineer-jobs-dev-{function}"

    assert list(statements(function).values()) == [
        {
            "Sid": "WriteLogs",
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": [f"arn:aws:logs:us-east-1:123456789012:{group}:log-stream:*"],
        },
        {
            "Sid": "Trace",
            "Effect": "Allow",
            "Action": ["xray:PutTelemetryRecords", "xray:PutTraceSegments"],
            "Resource": ["*"],
        },
        *OWN_STATEMENTS[function],
    ]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_code_runtime_and_tracing(inputs: Inputs, function: str) -> None:
    declared = inputs("Function", function)

    assert declared["handler"] == f"{function.replace('-', '_')}.handler.handler"
    assert declared["runtime"] == "python3.12"
    assert declared["architectures"] == ["x86_64"]
    assert declared["tracingConfig"] == {"mode": "Active"}
    assert declared["s3Bucket"] == "data-engineer-jobs-dev-artifacts"
    assert declared["s3Key"] == inputs("BucketObjectv2", f"{function}-package")["key"]


def test_environments(inputs: Inputs) -> None:
    environments = {
        name: inputs("Function", name)["environment"]["variables"] for name in FUNCTIONS
    }

    assert environments == {
        "read-partition": {
            "SILVER_BUCKET": "data-engineer-jobs-dev-silver",
            "SILVER_PREFIX": "linkedin/",
            "ARTIFACTS_BUCKET": "data-engineer-jobs-dev-artifacts",
        },
        "parse-response": {
            "BRONZE_BUCKET": "data-engineer-jobs-dev-bronze",
            "BRONZE_PREFIX": "ai_enrichment/",
            "METRICS_NAMESPACE": "DataEngineerJobs/AIEnrichment",
            "STACK": "dev",
        },
        "assemble-partition": {
            "SILVER_BUCKET": "data-engineer-jobs-dev-silver",
            "SILVER_PREFIX": "linkedin/",
            "SILVER_AI_PREFIX": "linkedin_ai/",
            "BRONZE_BUCKET": "data-engineer-jobs-dev-bronze",
            "STATUS_TABLE": "data-engineer-jobs-dev-enrichment-status",
            "SCHEMA_VERSION": "3.4",
        },
    }


def test_limits(inputs: Inputs) -> None:
    limits = {
        name: (inputs("Function", name)["memorySize"], inputs("Function", name)["timeout"])
        for name in FUNCTIONS
    }

    assert limits == {
        "read-partition": (1024, 900),
        "parse-response": (512, 30),
        "assemble-partition": (1024, 900),
    }


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_waits_for_its_log_group_and_its_permissions(dev: Stack, function: str) -> None:
    declared = {
        (resource.type.rsplit(":", 1)[-1], resource.name): resource for resource in dev.resources
    }
    dependencies = declared["Function", function].dependencies

    assert declared["LogGroup", function].urn in dependencies
    assert declared["RolePolicy", function].urn in dependencies


def test_a_package_is_known_by_its_content(tmp_path: Path) -> None:
    package = tmp_path / "package.zip"
    package.write_bytes(b"one")
    before = digest(package)
    package.write_bytes(b"two")

    assert digest(package) != before
    assert source_hash(package) == base64.b64encode(hashlib.sha256(b"two").digest()).decode()
