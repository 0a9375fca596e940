"""What the workflows of single postings may call: enrich_posting and the granter of its slots."""

from __future__ import annotations

from infra.enrichment_resources import Resources
from infra.lake import PASSES_PREFIX
from infra.models import invoke_models
from infra.policies import Statement, list_prefixes, objects
from infra.slots import shard_count
from infra.workflows import WorkflowPlan

COMPONENT = "enrichment"


def enrich_posting(given: Resources) -> WorkflowPlan:
    """One posting through its passes."""
    settings, lake = given.settings.enrichment, given.lake
    bronze_prefix = given.settings.lake.bronze_prefix
    parse, slots, jobs = given.functions["parse_response"], given.slots, given.jobs
    passes = given.passes.passes
    return WorkflowPlan(
        thing="enrich-posting",
        component=COMPONENT,
        values={
            "StatusTable": given.table.name,
            "SlotsTable": slots.table.name,
            "SlotRequestsQueueUrl": slots.requests.url,
            "SlotWaitSeconds": str(settings.slot_wait_seconds),
            "SlotShards": ",".join(str(shard_count(settings, one["model"])) for one in passes),
            "JobsQueueUrl": jobs.url,
            "DeadJobsQueueUrl": jobs.dead.url,
            "PassNames": ",".join(one["name"] for one in passes),
            "ArtifactsBucket": lake.artifacts.name,
            "PassesKey": given.passes_key,
            "BronzeBucket": lake.bronze.name,
            "BronzePrefix": bronze_prefix,
            "ParseResponseFunction": parse.name,
            "ModelTimeoutSeconds": str(settings.model_timeout_seconds),
            "MaxJobRetries": str(settings.max_job_retries),
            "MetricsNamespace": settings.metrics_namespace,
            "Stack": given.deployment.stack,
        },
        statements=[
            Statement("WriteStatus", ["dynamodb:UpdateItem"], [given.table.arn]),
            Statement("ReleaseSlots", ["dynamodb:UpdateItem"], [slots.table.arn]),
            Statement("RequestSlots", ["sqs:SendMessage"], [slots.requests.arn]),
            Statement("SendJobs", ["sqs:SendMessage"], [jobs.arn, jobs.dead.arn]),
            # Of all versions: an execution that a deployment overtakes, or that is redriven, reads
            # its own.
            Statement("ReadPasses", ["s3:GetObject"], objects(lake.artifacts.arn, PASSES_PREFIX)),
            list_prefixes("ListBronze", lake.bronze.arn, [bronze_prefix]),
            Statement("ReadBronze", ["s3:GetObject"], objects(lake.bronze.arn, bronze_prefix)),
            *invoke_models(given.deployment, settings.models, settings.profile_regions),
            Statement("ParseResponse", ["lambda:InvokeFunction"], [parse.arn]),
            Statement(
                "PutMetrics",
                ["cloudwatch:PutMetricData"],
                ["*"],
                {"StringEquals": {"cloudwatch:namespace": settings.metrics_namespace}},
            ),
        ],
    )


def grant_slot(given: Resources) -> WorkflowPlan:
    """The one waiter of a model: a slot for one request, and the answer to its token."""
    settings, slots = given.settings.enrichment, given.slots
    ceiling = settings.daily_spend_ceiling_usd
    in_namespace = {"StringEquals": {"cloudwatch:namespace": settings.metrics_namespace}}
    return WorkflowPlan(
        thing="grant-slot",
        component=COMPONENT,
        type="EXPRESS",
        values={
            "SlotsTable": slots.table.name,
            "SlotRequestsQueueUrl": slots.requests.url,
            "ModelTimeoutSeconds": str(settings.model_timeout_seconds),
            "DailySpendCeilingUsd": "" if ceiling is None else str(ceiling),
            "MetricsNamespace": settings.metrics_namespace,
            "Stack": given.deployment.stack,
        },
        statements=[
            Statement(
                "UseSlots",
                ["dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem"],
                [slots.table.arn],
            ),
            Statement("RequestAgain", ["sqs:SendMessage"], [slots.requests.arn]),
            Statement(
                "AnswerTokens",
                ["states:SendTaskFailure", "states:SendTaskHeartbeat", "states:SendTaskSuccess"],
                ["*"],
            ),
            Statement("PutMetrics", ["cloudwatch:PutMetricData"], ["*"], in_namespace),
        ],
    )
