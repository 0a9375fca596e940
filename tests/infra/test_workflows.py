"""Workflows: definitions, logging, roles with exactly what their states need."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from infra.lint.integrations import needed, uses
from infra.lint.program import Stack
from infra.platform import ROOT
from infra.render import PLACEHOLDER, render

Inputs = Callable[[str, str], Mapping[str, Any]]
Statements = Callable[[str], Mapping[str, Mapping[str, Any]]]

WORKFLOWS = [
    "enrich-partitions",
    "enrich-partition",
    "enrich-posting",
    "grant-slot",
    "find-pending-partitions",
    "discover-postings",
    "sweep-slots",
]
HERE = "us-east-1:123456789012"


def file_of(workflow: str) -> str:
    return (ROOT / "workflows" / f"{workflow.replace('-', '_')}.asl.json").read_text()


def values(stack: str) -> dict[str, str]:
    """What the names in the files stand for in a stack."""
    name = f"data-engineer-jobs-{stack}"
    per_stack = {
        "local": ("5", "180", "1"),
        "dev": ("5", "180", "1"),
        "prod": ("50", "300", "10"),
    }
    postings, timeout, batch = per_stack[stack]
    queue = f"https://sqs.us-east-1.amazonaws.com/123456789012/{name}"
    return {
        "StatusTable": f"{name}-enrichment-status",
        "ArtifactsBucket": f"{name}-artifacts",
        "BronzeBucket": f"{name}-bronze",
        "BronzePrefix": "ai_enrichment/",
        "SilverBucket": f"{name}-silver",
        "SilverPrefix": "linkedin/",
        "SilverAiPrefix": "linkedin_ai/",
        "ReadPartitionFunction": f"{name}-read-partition",
        "ParseResponseFunction": f"{name}-parse-response",
        "AssemblePartitionFunction": f"{name}-assemble-partition",
        "EnrichPostingArn": f"arn:aws:states:{HERE}:stateMachine:{name}-enrich-posting",
        "EnrichPartitionArn": f"arn:aws:states:{HERE}:stateMachine:{name}-enrich-partition",
        "MaxConcurrentPostings": postings,
        "MetricsNamespace": "DataEngineerJobs/AIEnrichment",
        "CatalogDatabase": f"data_engineer_jobs_{stack}_silver",
        "ModelTimeoutSeconds": timeout,
        "MaxConcurrentPartitions": "5",
        "MaxPartitions": "10",
        "MaxJobRetries": "3",
        "FindPendingPartitionsArn": (
            f"arn:aws:states:{HERE}:stateMachine:{name}-find-pending-partitions"
        ),
        "SlotsTable": f"{name}-enrichment-slots",
        "StatusIndex": "overallStatus-updatedAt-index",
        "DailySpendCeilingUsd": "",
        "Stack": stack,
        "JobsQueueUrl": f"{queue}-enrichment-jobs.fifo",
        "DeadJobsQueueUrl": f"{queue}-enrichment-jobs-dlq.fifo",
        "SlotRequestsQueueUrl": f"{queue}-slot-requests.fifo",
        "SlotWaitSeconds": "28800",
        "SlotShards": "1,1,1",
        "PassNames": "pass1,pass2,pass3",
        "MaxPostings": "1000",
        "MaxPostingsPerPartition": "100",
        "BatchSize": batch,
    }


@pytest.mark.parametrize("workflow", WORKFLOWS)
@pytest.mark.parametrize("stack", ["local", "dev", "prod"], indirect=True)
def test_the_definition_is_the_rendered_file(stack: Stack, workflow: str) -> None:
    text = file_of(workflow)
    known = values(stack.name) | {"PassesKey": stack.inputs("BucketObjectv2", "passes")["key"]}
    used = {name: known[name] for name in PLACEHOLDER.findall(text)}

    assert stack.inputs("StateMachine", workflow)["definition"] == render(workflow, text, used)


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_errors_are_logged_without_data_and_traced(inputs: Inputs, workflow: str) -> None:
    machine = inputs("StateMachine", workflow)
    group = f"log-group:/aws/vendedlogs/states/data-engineer-jobs-dev-{workflow}"

    assert machine["type"] == ("EXPRESS" if workflow == "grant-slot" else "STANDARD")
    assert machine["tracingConfiguration"] == {"enabled": True}
    assert machine["loggingConfiguration"] == {
        "level": "ERROR",
        "includeExecutionData": False,
        "logDestination": f"arn:aws:logs:{HERE}:{group}:*",
    }


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_a_role_allows_exactly_the_actions_that_its_states_need(
    stack: Stack, workflow: str
) -> None:
    granted = {
        action
        for statement in stack.statements(workflow).values()
        for action in statement["Action"]
    }

    assert granted == needed(stack.inputs("StateMachine", workflow)["definition"])


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_a_role_serves_step_functions_of_this_account(inputs: Inputs, workflow: str) -> None:
    (trust,) = json.loads(inputs("Role", workflow)["assumeRolePolicy"])["Statement"]

    assert trust == {
        "Effect": "Allow",
        "Principal": {"Service": "states.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}},
    }


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_delivery_of_logs_and_traces(statements: Statements, workflow: str) -> None:
    granted = statements(workflow)

    assert granted["DeliverLogs"]["Action"] == [
        "logs:CreateLogDelivery",
        "logs:DeleteLogDelivery",
        "logs:DescribeLogGroups",
        "logs:DescribeResourcePolicies",
        "logs:GetLogDelivery",
        "logs:ListLogDeliveries",
        "logs:PutResourcePolicy",
        "logs:UpdateLogDelivery",
    ]
    assert granted["Trace"]["Action"] == [
        "xray:GetSamplingRules",
        "xray:GetSamplingTargets",
        "xray:PutTelemetryRecords",
        "xray:PutTraceSegments",
    ]


STATES = f"arn:aws:states:{HERE}"
CATALOG = "data_engineer_jobs_dev_silver"
RULE = f"arn:aws:events:{HERE}:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule"
TABLE = f"arn:aws:dynamodb:{HERE}:table/data-engineer-jobs-dev-enrichment-status"
SLOTS = f"arn:aws:dynamodb:{HERE}:table/data-engineer-jobs-dev-enrichment-slots"
SQS = f"arn:aws:sqs:{HERE}:data-engineer-jobs-dev"
LAMBDA = f"arn:aws:lambda:{HERE}:function:data-engineer-jobs-dev"
S3 = "arn:aws:s3:::data-engineer-jobs-dev"

RESOURCES = {
    "enrich-partitions": {
        "StartChildren": [
            f"{STATES}:stateMachine:data-engineer-jobs-dev-enrich-partition",
            f"{STATES}:stateMachine:data-engineer-jobs-dev-find-pending-partitions",
        ],
        "FollowChildren": [
            f"{STATES}:execution:data-engineer-jobs-dev-enrich-partition:*",
            f"{STATES}:execution:data-engineer-jobs-dev-find-pending-partitions:*",
        ],
        "HearOfChildren": [RULE],
    },
    "find-pending-partitions": {
        "ListSilver": [f"{S3}-silver"],
        "ReadStatus": [TABLE],
        "ReadSpend": [SLOTS],
        "StartItems": [f"{STATES}:stateMachine:data-engineer-jobs-dev-find-pending-partitions"],
        "FollowItems": [f"{STATES}:execution:data-engineer-jobs-dev-find-pending-partitions/*"],
        "PutMetrics": ["*"],
    },
    "discover-postings": {
        "ListSilver": [f"{S3}-silver"],
        "ReadPartition": [f"{LAMBDA}-read-partition"],
        "ReadItems": [f"{S3}-artifacts/work/*"],
        "UseStatus": [TABLE],
        "SendJobs": [f"{SQS}-enrichment-jobs.fifo"],
        "StartItems": [f"{STATES}:stateMachine:data-engineer-jobs-dev-discover-postings"],
        "FollowItems": [f"{STATES}:execution:data-engineer-jobs-dev-discover-postings/*"],
        "StartChildren": [f"{STATES}:stateMachine:data-engineer-jobs-dev-find-pending-partitions"],
        "FollowChildren": [f"{STATES}:execution:data-engineer-jobs-dev-find-pending-partitions:*"],
        "HearOfChildren": [RULE],
    },
    "sweep-slots": {
        "FindClaims": [f"{TABLE}/index/overallStatus-updatedAt-index"],
        "FreeClaims": [TABLE],
        "FreeSlots": [SLOTS],
        "JudgeOwners": [
            f"{STATES}:execution:data-engineer-jobs-dev-enrich-partition:*",
            f"{STATES}:execution:data-engineer-jobs-dev-enrich-posting:*",
        ],
        "SendDeadLetters": [f"{SQS}-enrichment-jobs-dlq.fifo"],
        "StartItems": [f"{STATES}:stateMachine:data-engineer-jobs-dev-sweep-slots"],
        "FollowItems": [f"{STATES}:execution:data-engineer-jobs-dev-sweep-slots/*"],
    },
    "enrich-partition": {
        "WriteStatus": [TABLE],
        "UsePartition": [f"{LAMBDA}-read-partition", f"{LAMBDA}-assemble-partition"],
        "ReadItems": [f"{S3}-artifacts/work/*"],
        "WriteResults": [f"{S3}-artifacts/work/*"],
        "StartItems": [f"{STATES}:stateMachine:data-engineer-jobs-dev-enrich-partition"],
        "FollowItems": [f"{STATES}:execution:data-engineer-jobs-dev-enrich-partition/*"],
        "StartChildren": [f"{STATES}:stateMachine:data-engineer-jobs-dev-enrich-posting"],
        "FollowChildren": [f"{STATES}:execution:data-engineer-jobs-dev-enrich-posting:*"],
        "HearOfChildren": [RULE],
        "RegisterPartitions": [
            f"arn:aws:glue:{HERE}:catalog",
            f"arn:aws:glue:{HERE}:database/{CATALOG}",
            f"arn:aws:glue:{HERE}:table/{CATALOG}/linkedin",
            f"arn:aws:glue:{HERE}:table/{CATALOG}/ai_enrichment",
        ],
        "PutMetrics": ["*"],
    },
    "grant-slot": {
        "UseSlots": [SLOTS],
        "RequestAgain": [f"{SQS}-slot-requests.fifo"],
        "AnswerTokens": ["*"],
        "PutMetrics": ["*"],
    },
    "enrich-posting": {
        "WriteStatus": [TABLE],
        "ReleaseSlots": [SLOTS],
        "RequestSlots": [f"{SQS}-slot-requests.fifo"],
        "SendJobs": [f"{SQS}-enrichment-jobs.fifo", f"{SQS}-enrichment-jobs-dlq.fifo"],
        "PutMetrics": ["*"],
        "ReadPasses": [f"{S3}-artifacts/config/passes/*"],
        "ListBronze": [f"{S3}-bronze"],
        "ReadBronze": [f"{S3}-bronze/ai_enrichment/*"],
        "InvokeModels": ["arn:aws:bedrock:us-east-1::foundation-model/openai.gpt-oss-120b-1:0"],
        "ParseResponse": [f"{LAMBDA}-parse-response"],
    },
}


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_a_role_reaches_what_its_states_use_and_no_more(
    statements: Statements, workflow: str
) -> None:
    reached = {
        sid: statement["Resource"]
        for sid, statement in statements(workflow).items()
        if sid not in ("DeliverLogs", "Trace")
    }

    assert reached == RESOURCES[workflow]


def test_conditions(statements: Statements) -> None:
    conditions = {
        (workflow, sid): statement["Condition"]
        for workflow in WORKFLOWS
        for sid, statement in statements(workflow).items()
        if "Condition" in statement
    }

    assert conditions == {
        ("find-pending-partitions", "ListSilver"): {
            "StringLike": {"s3:prefix": ["linkedin/*", "linkedin_ai/*"]}
        },
        ("find-pending-partitions", "PutMetrics"): {
            "StringEquals": {"cloudwatch:namespace": "DataEngineerJobs/AIEnrichment"}
        },
        ("discover-postings", "ListSilver"): {"StringLike": {"s3:prefix": ["linkedin/*"]}},
        **{
            (workflow, "PutMetrics"): {
                "StringEquals": {"cloudwatch:namespace": "DataEngineerJobs/AIEnrichment"}
            }
            for workflow in ("enrich-partition", "enrich-posting", "grant-slot")
        },
        ("enrich-posting", "ListBronze"): {"StringLike": {"s3:prefix": ["ai_enrichment/*"]}},
    }


def test_metrics_go_to_the_namespace_that_the_role_allows(inputs: Inputs) -> None:
    definition = inputs("StateMachine", "enrich-partition")["definition"]

    assert json.loads(definition)["States"]["PublishMetrics"]["Arguments"]["Namespace"] == (
        "DataEngineerJobs/AIEnrichment"
    )


def test_uses_of_a_definition() -> None:
    send = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Arguments": {}}
    definition = {
        "States": {
            "Read": {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:s3:getObject",
                "Arguments": {"Bucket": "b", "Key": "k"},
                "Catch": [{"ErrorEquals": ["S3.NoSuchKeyException"]}],
            },
            "Both": {
                "Type": "Parallel",
                "Branches": [
                    {"States": {"Send": send}},
                    {"States": {"Done": {"Type": "Succeed"}}},
                ],
            },
            "Each": {
                "Type": "Map",
                "ItemReader": {"Resource": "arn:aws:states:::s3:listObjectsV2"},
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "DISTRIBUTED"},
                    "States": {
                        "Write": {
                            "Type": "Task",
                            "Resource": "arn:aws:states:::aws-sdk:dynamodb:transactWriteItems",
                            "Arguments": {"TransactItems": [{"Put": {}}, {"ConditionCheck": {}}]},
                        }
                    },
                },
                "ResultWriter": {"Resource": "arn:aws:states:::s3:putObject"},
            },
        }
    }

    assert [(use.state, sorted(use.actions)) for use in uses(json.dumps(definition))] == [
        ("Read", ["s3:GetObject", "s3:ListBucket"]),
        ("Send", ["sqs:SendMessage"]),
        (
            "Each",
            [
                "states:DescribeExecution",
                "states:RedriveExecution",
                "states:StartExecution",
                "states:StopExecution",
            ],
        ),
        ("Each", ["s3:ListBucket"]),
        ("Each", ["s3:AbortMultipartUpload", "s3:ListMultipartUploadParts", "s3:PutObject"]),
        ("Write", ["dynamodb:ConditionCheckItem", "dynamodb:PutItem"]),
    ]
