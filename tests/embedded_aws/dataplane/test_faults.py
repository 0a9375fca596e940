"""Planned errors of services look like AWS's, hit what they were planned for, and end."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from embedded_aws.server import EmbeddedAws

CALLS: list[tuple[str, str, dict[str, Any], str, str]] = [
    ("s3", "list_buckets", {}, "s3:ListAllMyBuckets", "SlowDown"),
    ("sqs", "list_queues", {}, "sqs:ListQueues", "RequestThrottled"),
    ("sns", "list_topics", {}, "sns:ListTopics", "Throttled"),
    ("dynamodb", "list_tables", {}, "dynamodb:ListTables", "InternalServerError"),
    ("stepfunctions", "list_state_machines", {}, "states:ListStateMachines", "InvalidToken"),
    ("lambda", "list_functions", {}, "lambda:ListFunctions", "ServiceException"),
    ("cloudwatch", "list_metrics", {}, "cloudwatch:ListMetrics", "InternalServiceFault"),
    ("events", "list_rules", {}, "events:ListRules", "InternalException"),
    ("iam", "list_roles", {}, "iam:ListRoles", "ServiceFailure"),
    ("scheduler", "list_schedules", {}, "scheduler:ListSchedules", "ThrottlingException"),
]


@pytest.mark.parametrize(("service", "operation", "arguments", "action", "code"), CALLS)
def test_an_error_in_each_services_own_words(
    aws: EmbeddedAws,
    account: Any,
    service: str,
    operation: str,
    arguments: dict[str, Any],
    action: str,
    code: str,
) -> None:
    call = getattr(account.endpoint.client(service), operation)
    aws.faults.fail(action, code, 503, "slowly, please")
    with pytest.raises(ClientError) as failed:
        call(**arguments)
    assert failed.value.response["Error"]["Code"] == code
    assert failed.value.response["Error"]["Message"] == "slowly, please"
    assert failed.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    call(**arguments)


def test_only_matching_calls_fail_and_only_so_often(aws: EmbeddedAws, account: Any) -> None:
    s3 = account.endpoint.client("s3")
    s3.create_bucket(Bucket="lake")
    aws.faults.fail(
        "s3:PutObject",
        "InternalError",
        500,
        times=2,
        matches=lambda request: request.resource.endswith("/bad"),
    )
    s3.put_object(Bucket="lake", Key="good", Body=b"")
    for _ in range(2):
        with pytest.raises(ClientError, match="InternalError"):
            s3.put_object(Bucket="lake", Key="bad", Body=b"")
    s3.put_object(Bucket="lake", Key="bad", Body=b"")
    aws.faults.fail("s3:PutObject", "InternalError", 500)
    assert aws.faults.pending == ["s3:PutObject"]
    aws.faults.clear()
    s3.put_object(Bucket="lake", Key="good", Body=b"")
