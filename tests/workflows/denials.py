"""Which execution needs which grant, and which grants only AWS itself can ask for.

A scenario prepares with all grants and returns what runs without one: the text it leaves behind,
in which the denial must stand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase

from embedded_aws.model.faults import Target
from tests.stack import Hour, Stack, new_hour, new_posting, row
from tests.workflows import discovery_scenarios, posting_scenarios
from tests.workflows.roles import PREFIX, Grant, told

Scenario = Callable[[Stack], Callable[[], str]]

HOST = "us-east-1:123456789012"
EVENTS_RULE = "StepFunctionsGetEventsForStepFunctionsExecutionRule"


# --- scenarios


def a_posting(stack: Stack) -> Callable[[], str]:
    posting, hour = new_posting(), new_hour()
    return lambda: told(stack, stack.enrich(posting, hour))


def a_posting_again(stack: Stack) -> Callable[[], str]:
    """The second claim looks into Bronze."""
    posting, hour = new_posting(), new_hour()
    stack.enrich(posting, hour)
    return lambda: told(stack, stack.enrich(posting, hour))


def a_posting_whose_bronze_object_is_lost(stack: Stack) -> Callable[[], str]:
    """The second claim looks for a key that is not there."""
    posting, hour = new_posting(), new_hour()
    stack.enrich(posting, hour)
    _lose(stack, posting.job_posting_id, "pass1")
    return lambda: told(stack, stack.enrich(posting, hour))


def a_partition(stack: Stack) -> Callable[[], str]:
    hour = _partition()(stack)
    return lambda: told(stack, stack.enrich_partition(hour))


def a_partition_whose_bronze_object_is_lost(stack: Stack) -> Callable[[], str]:
    """A posting that is not called any more, so that nothing makes its first result again."""
    columns = row(job_title="Engineer of Lost Results")
    hour = _partition(columns)(stack)
    stack.aws.model.faults.malformed(
        times=3, target=Target(pass_name="pass2", title=columns["job_title"])
    )
    stack.enrich_partition(hour)
    _give_up(stack, columns["job_posting_id"])
    _lose(stack, columns["job_posting_id"], "pass1")
    return lambda: told(stack, stack.enrich_partition(hour))


def a_day(stack: Stack) -> Callable[[], str]:
    """All that discovery finds is one partition."""
    stack.empty_lake()
    _partition()(stack)
    return lambda: told(stack, stack.run("enrich_partitions", {"source": "test", "time": "now"}))


def six_o_clock(stack: Stack) -> Callable[[], str]:
    """The schedule fires; what it could not start is a lost delivery."""
    stack.empty_lake()
    now = datetime.fromtimestamp(stack.aws.clock.now(), UTC)
    six = now.replace(hour=6, minute=0, second=0, microsecond=0)
    due = six if six > now else six + timedelta(days=1)

    def pass_six() -> str:
        failures = stack.aws.deliveries.failures
        before = len(failures)
        stack.aws.advance_to(due.timestamp() + 1)  # waits for the delivery
        return "\n".join(failure.error for failure in list(failures)[before:])

    return pass_six


def _partition(columns: dict[str, object] | None = None) -> Callable[[Stack], Hour]:
    def put(stack: Stack) -> Hour:
        hour = new_hour()
        stack.put_rows(hour, [columns or row()])
        return hour

    return put


def _lose(stack: Stack, posting_id: str, pass_name: str) -> None:
    """Deletes the result of a pass."""
    s3, bucket = stack.client("s3"), stack.outputs["bronze_bucket"]
    prefix = f"ai_enrichment/{posting_id}/{pass_name}-"
    keys = [
        entry["Key"]
        for entry in s3.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]
        if entry["Key"].endswith(".json")
    ]
    assert len(keys) == 1
    s3.delete_object(Bucket=bucket, Key=keys[0])


def _give_up(stack: Stack, posting_id: str) -> None:
    """The posting failed as often as it may."""
    dynamodb, table = stack.client("dynamodb"), stack.outputs["enrichment_status_table"]
    (item,) = dynamodb.query(
        TableName=table,
        KeyConditionExpression="pk = :posting",
        ExpressionAttributeValues={":posting": {"S": f"posting#{posting_id}"}},
    )["Items"]
    dynamodb.update_item(
        TableName=table,
        Key={"pk": item["pk"], "sk": item["sk"]},
        UpdateExpression="SET retryCount = :most",
        ExpressionAttributeValues={":most": {"N": "3"}},
    )


# --- what needs what


@dataclass(frozen=True)
class Case:
    """The smallest execution that needs an action; `resource` narrows what is taken away."""

    role: str
    sid: str
    action: str
    scenario: Scenario
    resource: str = "*"

    def covers(self, grant: Grant) -> bool:
        same = (self.role, self.sid, self.action) == (grant.role, grant.sid, grant.action)
        return same and fnmatchcase(grant.resource, self.resource)


def label(case: Case) -> str:
    return "-".join((case.role, case.sid, *case.resource.strip("*-").split("-")[:2]))


def assert_covered(live: set[Grant], cases: list[Case], reasons: list[OnlyOnAws]) -> None:
    """Every grant has a case or a reason why it has none, and no reason is without its grant."""

    def has_a_case(grant: Grant) -> bool:
        return any(case.covers(grant) for case in cases)

    explained = {grant for entry in reasons for grant in entry.grants()}
    missing = [grant for grant in sorted(live - explained) if not has_a_case(grant)]
    assert missing == [], f"no case for {missing[0]}"
    assert explained - live == set(), "explained, but not granted"
    twice = [grant for grant in sorted(explained) if has_a_case(grant)]
    assert twice == [], f"{twice[0]} has a case: it needs no explanation"


CASES = [
    Case("enrich-posting", "WriteStatus", "dynamodb:UpdateItem", a_posting),
    Case("enrich-posting", "ReadPasses", "s3:GetObject", a_posting),
    Case("enrich-posting", "InvokeModels", "bedrock:InvokeModel", a_posting),
    Case("enrich-posting", "ParseResponse", "lambda:InvokeFunction", a_posting),
    Case("enrich-posting", "ReadBronze", "s3:GetObject", a_posting_again),
    Case("enrich-posting", "ListBronze", "s3:ListBucket", a_posting_whose_bronze_object_is_lost),
    Case(
        "enrich-posting",
        "ReleaseSlots",
        "dynamodb:UpdateItem",
        posting_scenarios.a_released_slot,
    ),
    Case("enrich-posting", "RequestSlots", "sqs:SendMessage", a_posting),
    Case(
        "enrich-posting",
        "SendJobs",
        "sqs:SendMessage",
        posting_scenarios.a_bad_message,
        "*-jobs-dlq.fifo",
    ),
    Case(
        "enrich-posting",
        "SendJobs",
        "sqs:SendMessage",
        posting_scenarios.a_message_sent_again,
        "*-jobs.fifo",
    ),
    Case(
        "enrich-posting",
        "PutMetrics",
        "cloudwatch:PutMetricData",
        posting_scenarios.a_failed_posting,
    ),
    Case("grant-slot", "UseSlots", "dynamodb:GetItem", posting_scenarios.a_grant),
    Case("grant-slot", "UseSlots", "dynamodb:UpdateItem", posting_scenarios.a_grant),
    Case("grant-slot", "UseSlots", "dynamodb:Query", posting_scenarios.a_grant_below_the_ceiling),
    Case("grant-slot", "RequestAgain", "sqs:SendMessage", posting_scenarios.an_unheard_grant),
    Case(
        "grant-slot",
        "AnswerTokens",
        "states:SendTaskSuccess",
        posting_scenarios.an_unanswered_grant,
    ),
    Case(
        "grant-slot",
        "AnswerTokens",
        "states:SendTaskHeartbeat",
        posting_scenarios.a_refused_grant,
    ),
    Case(
        "grant-slot",
        "AnswerTokens",
        "states:SendTaskFailure",
        posting_scenarios.a_grant_of_no_model,
    ),
    Case(
        "grant-slot",
        "PutMetrics",
        "cloudwatch:PutMetricData",
        posting_scenarios.a_grant_in_an_open_circuit,
    ),
    *(
        Case(f"{queue}-pipe", sid, action, scenario)
        for queue, start, scenario in (
            (
                "enrichment-jobs",
                "states:StartExecution",
                posting_scenarios.a_job_in_the_queue,
            ),
            (
                "slot-requests",
                "states:StartSyncExecution",
                posting_scenarios.a_request_in_the_queue,
            ),
        )
        for sid, action in (
            ("TakeMessages", "sqs:ReceiveMessage"),
            ("TakeMessages", "sqs:DeleteMessage"),
            ("StartTarget", start),
        )
    ),
    Case("parse-response", "WriteBronze", "s3:PutObject", a_posting),
    Case("enrich-partition", "WriteStatus", "dynamodb:UpdateItem", a_partition),
    Case(
        "enrich-partition", "UsePartition", "lambda:InvokeFunction", a_partition, "*-read-partition"
    ),
    Case(
        "enrich-partition",
        "UsePartition",
        "lambda:InvokeFunction",
        a_partition,
        "*-assemble-partition",
    ),
    Case("enrich-partition", "ReadItems", "s3:GetObject", a_partition),
    Case("enrich-partition", "WriteResults", "s3:PutObject", a_partition),
    Case("enrich-partition", "StartItems", "states:StartExecution", a_partition),
    Case("enrich-partition", "StartChildren", "states:StartExecution", a_partition),
    Case("enrich-partition", "FollowChildren", "states:DescribeExecution", a_partition),
    *(
        Case("enrich-partition", "RegisterPartitions", action, a_partition, resource)
        for action in ("glue:GetTable", "glue:BatchCreatePartition")
        for resource in ("*:catalog", "*:database/*", "*/linkedin", "*/ai_enrichment")
    ),
    Case("enrich-partition", "PutMetrics", "cloudwatch:PutMetricData", a_partition),
    Case("read-partition", "ListSilver", "s3:ListBucket", a_partition),
    Case("read-partition", "ReadSilver", "s3:GetObject", a_partition),
    Case("read-partition", "WriteItems", "s3:PutObject", a_partition),
    Case("assemble-partition", "ListSilver", "s3:ListBucket", a_partition),
    Case("assemble-partition", "ReadSilver", "s3:GetObject", a_partition),
    Case("assemble-partition", "ReadStatus", "dynamodb:BatchGetItem", a_partition),
    Case("assemble-partition", "ReadBronze", "s3:GetObject", a_partition),
    Case(
        "assemble-partition",
        "ListBronze",
        "s3:ListBucket",
        a_partition_whose_bronze_object_is_lost,
    ),
    Case("assemble-partition", "WriteSilverAi", "s3:PutObject", a_partition),
    Case("find-pending-partitions", "ListSilver", "s3:ListBucket", discovery_scenarios.pending),
    Case("find-pending-partitions", "ReadStatus", "dynamodb:Query", discovery_scenarios.pending),
    Case("find-pending-partitions", "ReadSpend", "dynamodb:Query", discovery_scenarios.pending),
    Case(
        "find-pending-partitions",
        "ReadSpend",
        "dynamodb:GetItem",
        discovery_scenarios.pending_beyond_the_ceiling,
    ),
    Case(
        "find-pending-partitions",
        "StartItems",
        "states:StartExecution",
        discovery_scenarios.pending,
    ),
    Case(
        "find-pending-partitions",
        "PutMetrics",
        "cloudwatch:PutMetricData",
        discovery_scenarios.pending,
    ),
    *(
        Case("discover-postings", sid, action, discovery_scenarios.a_posting_to_queue)
        for sid, action in (
            ("ListSilver", "s3:ListBucket"),
            ("ReadPartition", "lambda:InvokeFunction"),
            ("ReadItems", "s3:GetObject"),
            ("UseStatus", "dynamodb:BatchGetItem"),
            ("UseStatus", "dynamodb:UpdateItem"),
            ("SendJobs", "sqs:SendMessage"),
            ("StartItems", "states:StartExecution"),
            ("StartChildren", "states:StartExecution"),
            ("FollowChildren", "states:DescribeExecution"),
        )
    ),
    *(
        Case("sweep-slots", sid, action, discovery_scenarios.what_a_dead_posting_held)
        for sid, action in (
            ("FindClaims", "dynamodb:Query"),
            ("FreeClaims", "dynamodb:GetItem"),
            ("FreeClaims", "dynamodb:UpdateItem"),
            ("FreeSlots", "dynamodb:Query"),
            ("FreeSlots", "dynamodb:UpdateItem"),
            ("StartItems", "states:StartExecution"),
        )
    ),
    *(
        Case("sweep-slots", "JudgeOwners", "states:DescribeExecution", scenario, resource)
        for scenario, resource in (
            (discovery_scenarios.what_a_dead_posting_held, "*-enrich-posting:*"),
            (discovery_scenarios.what_a_dead_partition_held, "*-enrich-partition:*"),
        )
    ),
    Case("sweep-slots", "SendDeadLetters", "sqs:SendMessage", discovery_scenarios.a_dead_job),
    Case("sweep-on-death", "StartTarget", "states:StartExecution", discovery_scenarios.a_death),
    *(
        Case(
            f"{thing}-schedule", "StartTarget", "states:StartExecution", discovery_scenarios.an_hour
        )
        for thing in ("discover-postings", "sweep-slots")
    ),
    *(
        Case("enrich-partitions", sid, action, a_day, f"*-{child}*")
        for child in ("enrich-partition", "find-pending-partitions")
        for sid, action in (
            ("StartChildren", "states:StartExecution"),
            ("FollowChildren", "states:DescribeExecution"),
        )
    ),
    Case("enrich-partitions-schedule", "StartTarget", "states:StartExecution", six_o_clock),
]


# --- what only AWS asks for


@dataclass(frozen=True)
class OnlyOnAws:
    """Grants that no execution on one machine needs; `resource` of each role."""

    sid: str
    actions: tuple[str, ...]
    resources: dict[str, str]
    reason: str

    def grants(self) -> Iterator[Grant]:
        for role, resource in self.resources.items():
            for action in self.actions:
                yield Grant(role, self.sid, action, resource)


WORKFLOWS = (
    "enrich-partitions",
    "enrich-partition",
    "enrich-posting",
    "find-pending-partitions",
    "grant-slot",
    "discover-postings",
    "sweep-slots",
)
FUNCTIONS = ("read-partition", "parse-response", "assemble-partition")

ONLY_ON_AWS = [
    OnlyOnAws(
        "DeliverLogs",
        (
            "logs:CreateLogDelivery",
            "logs:DeleteLogDelivery",
            "logs:DescribeLogGroups",
            "logs:DescribeResourcePolicies",
            "logs:GetLogDelivery",
            "logs:ListLogDeliveries",
            "logs:PutResourcePolicy",
            "logs:UpdateLogDelivery",
        ),
        dict.fromkeys(WORKFLOWS, "*"),
        "a machine is created with them, and CloudWatch delivers its log; here it is written "
        "without a delivery",
    ),
    OnlyOnAws(
        "Trace",
        (
            "xray:GetSamplingRules",
            "xray:GetSamplingTargets",
            "xray:PutTelemetryRecords",
            "xray:PutTraceSegments",
        ),
        dict.fromkeys(WORKFLOWS, "*"),
        "there is no X-Ray on one machine; on AWS traces are missing without an error",
    ),
    OnlyOnAws(
        "Trace",
        ("xray:PutTelemetryRecords", "xray:PutTraceSegments"),
        dict.fromkeys(FUNCTIONS, "*"),
        "as for workflows",
    ),
    OnlyOnAws(
        "WriteLogs",
        ("logs:CreateLogStream", "logs:PutLogEvents"),
        {
            name: f"arn:aws:logs:{HOST}:log-group:/aws/lambda/{PREFIX}{name}:log-stream:*"
            for name in FUNCTIONS
        },
        "nobody is told of the denial, here and there: the function runs and its log is missing",
    ),
    OnlyOnAws(
        "HearOfChildren",
        ("events:DescribeRule", "events:PutRule", "events:PutTargets"),
        dict.fromkeys(
            ("enrich-partitions", "enrich-partition", "discover-postings"),
            f"arn:aws:events:{HOST}:rule/{EVENTS_RULE}",
        ),
        "AWS follows .sync children by a rule that it manages; here by DescribeExecution alone",
    ),
    OnlyOnAws(
        "FollowItems",
        ("states:DescribeExecution", "states:RedriveExecution", "states:StopExecution"),
        {
            name: f"arn:aws:states:{HOST}:execution:{PREFIX}{name}/*"
            for name in (
                "find-pending-partitions",
                "enrich-partition",
                "discover-postings",
                "sweep-slots",
            )
        },
        "AWS follows, stops and redrives the children of a map run by calls; here they are the "
        "engine's own",
    ),
    *(
        OnlyOnAws(
            "FollowChildren",
            ("states:StopExecution",),
            {parent: f"arn:aws:states:{HOST}:execution:{PREFIX}{child}:*"},
            "AWS stops the children of an execution that is stopped; here they go on to their end",
        )
        for parent, child in (
            ("enrich-partitions", "enrich-partition"),
            ("enrich-partitions", "find-pending-partitions"),
            ("discover-postings", "find-pending-partitions"),
            ("enrich-partition", "enrich-posting"),
        )
    ),
    OnlyOnAws(
        "TakeMessages",
        ("sqs:GetQueueAttributes",),
        {
            f"{queue}-pipe": f"arn:aws:sqs:{HOST}:{PREFIX}{queue}.fifo"
            for queue in ("enrichment-jobs", "slot-requests")
        },
        "a pipe needs it to start, here too, and asks again only on AWS",
    ),
    OnlyOnAws(
        "WriteResults",
        ("s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"),
        {"enrich-partition": f"arn:aws:s3:::{PREFIX}artifacts/work/*"},
        "AWS uploads large results of a map run in parts; here each file is one PutObject",
    ),
]
