"""Who is let in, whom services may assume, and the words of a refusal."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from embedded_aws.dataplane.credentials import RoleClients, TrustError, trusts
from embedded_aws.dataplane.states import UNTRUSTED
from embedded_aws.server import EmbeddedAws

PASS = {"Done": {"Type": "Pass", "End": True}}


@pytest.fixture
def clients(aws: EmbeddedAws) -> RoleClients:
    return RoleClients(aws.endpoint, "states.amazonaws.com", "tests", UNTRUSTED)


def test_a_role_acts_within_its_policies(account: Any, clients: RoleClients) -> None:
    account.endpoint.client("sqs").create_queue(QueueName="mine")
    url = account.endpoint.client("sqs").create_queue(QueueName="other")["QueueUrl"]
    arn = "arn:aws:sqs:us-east-1:123456789012:mine"
    role = account.role("workflow", "states", ("sqs:SendMessage", arn))
    sqs = clients(role, "sqs")
    sqs.send_message(QueueUrl=url.replace("other", "mine"), MessageBody="x")
    with pytest.raises(ClientError) as refused:
        sqs.send_message(QueueUrl=url, MessageBody="x")
    assert refused.value.response["Error"]["Message"] == (
        "User: arn:aws:sts::123456789012:assumed-role/workflow/tests is not authorized to "
        "perform: sqs:SendMessage on resource: arn:aws:sqs:us-east-1:123456789012:other because "
        "no identity-based policy allows the sqs:SendMessage action"
    )
    assert refused.value.response["ResponseMetadata"]["RequestId"]


def test_a_policy_that_is_taken_away_counts_at_once(account: Any, clients: RoleClients) -> None:
    role = account.role("workflow", "states", ("s3:ListAllMyBuckets", "*"))
    clients(role, "s3").list_buckets()
    account.endpoint.client("iam").delete_role_policy(RoleName="workflow", PolicyName="allowed")
    with pytest.raises(ClientError, match="AccessDenied"):
        clients(role, "s3").list_buckets()


def test_clients_are_kept_per_role_and_service(account: Any, clients: RoleClients) -> None:
    role, other = account.role("one", "states"), account.role("two", "states")
    assert clients(role, "s3") is clients(role, "s3")
    assert clients(role, "s3") is not clients(other, "s3")


@pytest.mark.parametrize("service", ["lambda", "scheduler"])
def test_a_role_that_trusts_another_service_is_not_assumed(
    account: Any, clients: RoleClients, service: str
) -> None:
    role = account.role("other", service, ("*", "*"))
    with pytest.raises(TrustError, match=r"states\.amazonaws\.com, nor the regional one"):
        clients(role, "s3")
    with pytest.raises(ClientError, match=r"AccessDeniedException.*authorized to assume"):
        account.machine("machine", role, PASS)


def test_an_absent_role_and_a_deleted_one_are_not_assumed(
    account: Any, clients: RoleClients
) -> None:
    with pytest.raises(TrustError):
        clients("arn:aws:iam::123456789012:role/absent", "s3")
    role = account.role("short-lived", "states")
    clients(role, "s3")
    account.endpoint.client("iam").delete_role(RoleName="short-lived")
    with pytest.raises(TrustError):
        clients(role, "s3")


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ({"Principal": {"Service": ["a.amazonaws.com", "states.amazonaws.com"]}}, True),
        ({"Principal": {"AWS": "arn:aws:iam::123456789012:root"}}, False),
        ({"Effect": "Deny", "Principal": {"Service": "states.amazonaws.com"}}, False),
        ({"Action": "sts:TagSession", "Principal": {"Service": "states.amazonaws.com"}}, False),
        (
            {
                "Principal": {"Service": "states.amazonaws.com"},
                "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}},
            },
            True,
        ),
        (
            {
                "Principal": {"Service": "states.amazonaws.com"},
                "Condition": {"StringEquals": {"aws:SourceAccount": "999999999999"}},
            },
            False,
        ),
    ],
)
def test_trust_policies(account: Any, statement: dict[str, Any], expected: bool) -> None:
    document = {"Effect": "Allow", "Action": "sts:AssumeRole", **statement}
    role = account.endpoint.client("iam").create_role(
        RoleName="role",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [document]}),
    )["Role"]["Arn"]
    assert trusts(role, "states.amazonaws.com") is expected


def test_targets_and_schedules_need_a_role_that_trusts_them(account: Any) -> None:
    workflow = account.role("workflow", "states")
    machine = account.machine("machine", workflow, PASS)
    events, scheduler = account.endpoint.client("events"), account.endpoint.client("scheduler")
    events.put_rule(Name="rule", EventPattern='{"source": ["tests"]}')
    target = {"Id": "1", "Arn": machine, "RoleArn": workflow}
    with pytest.raises(ClientError, match=r"cannot be assumed by principal 'events\.amazonaws"):
        events.put_targets(Rule="rule", Targets=[target])
    with pytest.raises(ClientError, match="RoleArn is required for target"):
        events.put_targets(Rule="rule", Targets=[{"Id": "1", "Arn": machine}])
    request = {
        "Name": "schedule",
        "ScheduleExpression": "rate(1 day)",
        "FlexibleTimeWindow": {"Mode": "OFF"},
    }
    with pytest.raises(ClientError, match="must allow AWS EventBridge Scheduler to assume"):
        scheduler.create_schedule(**request, Target={"Arn": machine, "RoleArn": workflow})
    target = {"Arn": "arn:aws:ecs:us-east-1:123456789012:cluster/c", "RoleArn": workflow}
    with pytest.raises(ClientError, match="has no schedules for arn:aws:ecs"):
        scheduler.create_schedule(**request, Target=target)


def test_a_missing_key_is_hidden_from_those_who_may_not_list(
    account: Any, clients: RoleClients
) -> None:
    account.endpoint.client("s3").create_bucket(Bucket="lake")
    read = ("s3:GetObject", "arn:aws:s3:::lake/*")
    reader = account.role("reader", "states", read)
    lister = account.role("lister", "states", read, ("s3:ListBucket", "arn:aws:s3:::lake"))
    with pytest.raises(ClientError, match=r"AccessDenied.*perform: s3:ListBucket"):
        clients(reader, "s3").get_object(Bucket="lake", Key="absent")
    with pytest.raises(ClientError, match="403"):
        clients(reader, "s3").head_object(Bucket="lake", Key="absent")
    with pytest.raises(ClientError, match="NoSuchKey"):
        clients(lister, "s3").get_object(Bucket="lake", Key="absent")
    with pytest.raises(ClientError, match="404"):
        clients(lister, "s3").head_object(Bucket="lake", Key="absent")
