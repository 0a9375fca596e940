"""One life per resource type: what exists before, what is created, how it changes, how it drifts.

`{name}` stands for a name of the case's own; values of `before` are reached as `{0}`, `{1}` (ids).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from embedded_aws.provider.assets import Content
from embedded_aws.provider.clients import Clients
from embedded_aws.provider.resource import Values

Drift = Callable[[Clients, str, Values], Any]


@dataclass(frozen=True)
class Life:
    """`drift` changes the live resource behind the provider's back; None: it has nothing to change.

    changed  properties that differ in the second version; None: every property is fixed
    remains  the type cannot be removed, only brought to this state
    """

    token: str
    inputs: Values
    changed: Values | None
    drift: Drift | None
    before: list[tuple[str, Values]] = field(default_factory=list)
    remains: Values | None = None


def _trust(*services: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": [f"{service}.amazonaws.com" for service in services]},
        "Action": "sts:AssumeRole",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _allow(*actions: str, resource: str = "*") -> str:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _machine(comment: str) -> str:
    states = {"Done": {"Type": "Pass", "End": True}}
    document = {"Comment": comment, "QueryLanguage": "JSONata", "StartAt": "Done", "States": states}
    return json.dumps(document)


def _code(answer: int) -> Content:
    source = f"def handler(event, context):\n    return {answer}\n"
    return Content(entries={"main.py": Content(text=source)}, archive=True)


BUCKET = ("aws:s3/bucket:Bucket", {"bucket": "{name}", "forceDestroy": True})
SERVICES = _trust("events", "lambda", "pipes", "scheduler", "states")
ROLE = ("aws:iam/role:Role", {"name": "{name}", "assumeRolePolicy": SERVICES})
GROUP = ("aws:cloudwatch/logGroup:LogGroup", {"name": "/aws/{name}"})
RULE = (
    "aws:cloudwatch/eventRule:EventRule",
    {"name": "{name}", "scheduleExpression": "rate(1 day)"},
)
READER = (
    "aws:iam/rolePolicy:RolePolicy",
    {"name": "{name}", "role": "{name}", "policy": _allow("logs:*", "sqs:*")},
)
FUNCTION = (
    "aws:lambda/function:Function",
    {
        "name": "{name}",
        "role": "arn:aws:iam::123456789012:role/{name}",
        "runtime": "python3.12",
        "handler": "main.handler",
        "code": _code(1),
    },
)
QUEUE = ("aws:sqs/queue:Queue", {"name": "{name}"})
TOPIC = ("aws:sns/topic:Topic", {"name": "{name}"})
DEAD_ARN = "arn:aws:sqs:us-east-1:123456789012:dead.fifo"
DEAD_LETTERS = json.dumps({"deadLetterTargetArn": DEAD_ARN, "maxReceiveCount": 3})
DEAD_LETTERS_ONLY = json.dumps({"deadLetterTargetArn": DEAD_ARN})
TAGS = {"Project": "p", "Component": "c"}
ROLE_ARN = "arn:aws:iam::123456789012:role/{name}"
GROUP_ARN = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/{name}"
TARGET_ARN = "arn:aws:sqs:us-east-1:123456789012:queue"
TOPIC_ARN = "arn:aws:sns:us-east-1:123456789012:topic"
QUEUE_ARN = "arn:aws:sqs:us-east-1:123456789012:{name}"
MACHINE_ARN = "arn:aws:states:us-east-1:123456789012:stateMachine:{name}"
FUNCTION_ARN = "arn:aws:lambda:us-east-1:123456789012:function:{name}"


def _expire(days: int, rule: str = "old") -> Values:
    return {
        "id": rule,
        "status": "Enabled",
        "filter": {"prefix": "work/"},
        "expiration": {"days": days},
        "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
        "noncurrentVersionExpiration": {"noncurrentDays": 3},
        "transitions": [{"days": 1, "storageClass": "GLACIER"}],
    }


def _stored(*columns: str) -> Values:
    """How a table of the catalog lies in S3."""
    serde = {"serializationLibrary": "Parquet", "parameters": {"serialization.format": "1"}}
    return {
        "location": "s3://silver/linkedin/",
        "inputFormat": "in",
        "outputFormat": "out",
        "serDeInfo": serde,
        "columns": [{"name": name, "type": "string", "comment": "c"} for name in columns],
    }


def _drop_tags_of_bucket(aws: Clients, id: str, live: Values) -> None:
    aws("s3").delete_bucket_tagging(Bucket=id)


def _drop_function_tags(aws: Clients, id: str, live: Values) -> None:
    aws("lambda").update_function_configuration(FunctionName=id, Timeout=900)
    aws("lambda").untag_resource(Resource=live["arn"], TagKeys=["Project"])


LIVES = [
    Life(
        "aws:s3/bucket:Bucket",
        {"bucket": "{name}", "tags": TAGS},
        {"tags": {"Project": "q"}},
        _drop_tags_of_bucket,
    ),
    Life(
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        {"bucket": "{0}", "blockPublicAcls": True, "blockPublicPolicy": True},
        {"restrictPublicBuckets": True},
        lambda aws, id, live: aws("s3").delete_public_access_block(Bucket=id),
        [BUCKET],
    ),
    Life(
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        {
            "bucket": "{0}",
            "rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}],
        },
        {
            "rules": [
                {
                    "applyServerSideEncryptionByDefault": {
                        "sseAlgorithm": "aws:kms",
                        "kmsMasterKeyId": "alias/key",
                    },
                    "bucketKeyEnabled": True,
                }
            ]
        },
        lambda aws, id, live: aws("s3").delete_bucket_encryption(Bucket=id),
        [BUCKET],
        remains={
            "rules": [
                {
                    "applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"},
                    "bucketKeyEnabled": False,
                }
            ]
        },
    ),
    Life(
        "aws:s3/bucketVersioning:BucketVersioning",
        {"bucket": "{0}", "versioningConfiguration": {"status": "Enabled"}},
        {"versioningConfiguration": {"status": "Suspended"}},
        lambda aws, id, live: aws("s3").put_bucket_versioning(
            Bucket=id, VersioningConfiguration={"Status": "Enabled"}
        ),
        [BUCKET],
        remains={"versioningConfiguration": {"status": "Suspended"}},
    ),
    Life(
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        {"bucket": "{0}", "rules": [_expire(30)]},
        {"rules": [_expire(60), {"id": "all", "status": "Disabled", "expiration": {"days": 1}}]},
        lambda aws, id, live: aws("s3").delete_bucket_lifecycle(Bucket=id),
        [BUCKET],
    ),
    Life(
        "aws:s3/bucketPolicy:BucketPolicy",
        {"bucket": "{0}", "policy": _allow("s3:GetObject", resource="arn:aws:s3:::{name}/*")},
        {"policy": _allow("s3:PutObject", "s3:GetObject", resource="arn:aws:s3:::{name}/*")},
        lambda aws, id, live: aws("s3").delete_bucket_policy(Bucket=id),
        [BUCKET],
    ),
    Life(
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        {"bucket": "{0}", "rule": {"objectOwnership": "BucketOwnerEnforced"}},
        {"rule": {"objectOwnership": "ObjectWriter"}},
        lambda aws, id, live: aws("s3").delete_bucket_ownership_controls(Bucket=id),
        [BUCKET],
    ),
    Life(
        "aws:s3/bucketNotification:BucketNotification",
        {"bucket": "{0}", "eventbridge": True},
        None,
        lambda aws, id, live: aws("s3").put_bucket_notification_configuration(
            Bucket=id, NotificationConfiguration={}
        ),
        [BUCKET],
        remains={"eventbridge": False},
    ),
    *(
        Life(
            token,
            {
                "bucket": "{0}",
                "key": "config/a b.json",
                "content": '{"a": 1}',
                "contentType": "application/json",
                "metadata": {"kind": "x"},
                "tags": TAGS,
            },
            {"content": '{"a": 2}', "tags": {"Project": "a&b=c"}},
            lambda aws, id, live: aws("s3").put_object(
                Bucket=live["bucket"], Key=live["key"], Body=b"overwritten"
            ),
            [BUCKET],
        )
        for token in (
            "aws:s3/bucketObjectv2:BucketObjectv2",
            "aws:s3/bucketObject:BucketObject",
        )
    ),
    Life(
        "aws:iam/role:Role",
        {
            "name": "{name}",
            "assumeRolePolicy": _trust("lambda"),
            "description": "d",
            "path": "/jobs/",
            "maxSessionDuration": 7200,
            "tags": TAGS,
        },
        {
            "assumeRolePolicy": _trust("states"),
            "description": "",
            "maxSessionDuration": 3600,
            "tags": {},
        },
        lambda aws, id, live: aws("iam").update_assume_role_policy(
            RoleName=id, PolicyDocument=_trust("scheduler")
        ),
    ),
    Life(
        "aws:iam/rolePolicy:RolePolicy",
        {"name": "inline", "role": "{0}", "policy": _allow("s3:GetObject")},
        {"policy": _allow("s3:GetObject", "s3:PutObject")},
        lambda aws, id, live: aws("iam").put_role_policy(
            RoleName=live["role"], PolicyName="inline", PolicyDocument=_allow("s3:*")
        ),
        [ROLE],
    ),
    Life(
        "aws:iam/policy:Policy",
        {"name": "{name}", "policy": _allow("s3:GetObject"), "tags": TAGS, "description": "d"},
        {"policy": _allow("s3:PutObject"), "tags": {"Project": "q"}},
        lambda aws, id, live: aws("iam").create_policy_version(
            PolicyArn=id, PolicyDocument=_allow("s3:*"), SetAsDefault=True
        ),
    ),
    Life(
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        {"role": "{0}", "policyArn": "{1}"},
        None,
        None,
        [ROLE, ("aws:iam/policy:Policy", {"name": "{name}", "policy": _allow("s3:GetObject")})],
    ),
    Life(
        "aws:lambda/function:Function",
        {
            "name": "{name}",
            "role": ROLE_ARN,
            "handler": "main.handler",
            "runtime": "python3.12",
            "code": _code(1),
            "memorySize": 256,
            "timeout": 60,
            "environment": {"variables": {"A": "1"}},
            "tracingConfig": {"mode": "Active"},
            "ephemeralStorage": {"size": 1024},
            "kmsKeyArn": "arn:aws:kms:us-east-1:123456789012:key/k",
            "description": "d",
            "loggingConfig": {"logFormat": "JSON", "logGroup": "/aws/lambda/{name}"},
            "tags": TAGS,
        },
        {
            "code": _code(2),
            "memorySize": 512,
            "environment": None,
            "description": None,
            "kmsKeyArn": None,
            "tracingConfig": None,
            "reservedConcurrentExecutions": 2,
            "tags": {"Project": "q"},
        },
        _drop_function_tags,
        [ROLE],
    ),
    Life(
        "aws:lambda/layerVersion:LayerVersion",
        {
            "layerName": "{name}",
            "code": _code(1),
            "compatibleRuntimes": ["python3.12"],
            "compatibleArchitectures": ["x86_64"],
            "description": "d",
        },
        None,
        None,
    ),
    Life(
        "aws:sfn/stateMachine:StateMachine",
        {
            "name": "{name}",
            "roleArn": ROLE_ARN,
            "definition": _machine("one"),
            "loggingConfiguration": {
                "level": "ERROR",
                "includeExecutionData": False,
                "logDestination": GROUP_ARN + ":*",
            },
            "tracingConfiguration": {"enabled": True},
            "tags": TAGS,
        },
        {
            "definition": _machine("two"),
            "tracingConfiguration": None,
            "loggingConfiguration": None,
            "tags": {"Project": "q"},
        },
        lambda aws, id, live: aws("stepfunctions").update_state_machine(
            stateMachineArn=id, definition=_machine("edited by hand")
        ),
        [ROLE, READER, GROUP],
    ),
    Life(
        "aws:cloudwatch/logGroup:LogGroup",
        {"name": "/aws/{name}", "retentionInDays": 30, "kmsKeyId": "arn:aws:kms:x", "tags": TAGS},
        {"retentionInDays": 0, "tags": {"Project": "q"}},
        lambda aws, id, live: aws("logs").put_retention_policy(logGroupName=id, retentionInDays=1),
    ),
    Life(
        "aws:kms/key:Key",
        {
            "description": "d",
            "enableKeyRotation": True,
            "policy": _allow("kms:*"),
            "tags": TAGS,
            "deletionWindowInDays": 7,
        },
        {
            "description": "e",
            "enableKeyRotation": False,
            "policy": _allow("kms:Decrypt"),
            "isEnabled": False,
            "tags": {"Project": "q"},
        },
        lambda aws, id, live: aws("kms").update_key_description(KeyId=id, Description="edited"),
    ),
    Life(
        "aws:kms/alias:Alias",
        {"name": "alias/{name}", "targetKeyId": "{0}"},
        {"targetKeyId": "{1}"},
        None,
        [("aws:kms/key:Key", {"description": "a"}), ("aws:kms/key:Key", {"description": "b"})],
    ),
    Life(
        "aws:scheduler/scheduleGroup:ScheduleGroup",
        {"name": "{name}", "tags": TAGS},
        {"tags": {"Project": "q"}},
        lambda aws, id, live: aws("scheduler").untag_resource(
            ResourceArn=live["arn"], TagKeys=["Project"]
        ),
    ),
    Life(
        "aws:scheduler/schedule:Schedule",
        {
            "name": "{name}",
            "groupName": "{0}",
            "scheduleExpression": "cron(0 6 * * ? *)",
            "scheduleExpressionTimezone": "UTC",
            "flexibleTimeWindow": {"mode": "OFF"},
            "description": "d",
            "target": {
                "arn": TARGET_ARN,
                "roleArn": ROLE_ARN,
                "input": '{"source": "schedule"}',
                "retryPolicy": {"maximumEventAgeInSeconds": 3600, "maximumRetryAttempts": 20},
                "deadLetterConfig": {"arn": TARGET_ARN},
            },
        },
        {
            "scheduleExpression": "rate(1 hour)",
            "state": "DISABLED",
            "description": None,
            "flexibleTimeWindow": {"mode": "FLEXIBLE", "maximumWindowInMinutes": 5},
            "target": {"arn": TARGET_ARN, "roleArn": ROLE_ARN},
        },
        lambda aws, id, live: aws("scheduler").update_schedule(
            Name=live["name"],
            GroupName=live["groupName"],
            ScheduleExpression="rate(1 minute)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": TARGET_ARN, "RoleArn": live["target"]["roleArn"]},
        ),
        [("aws:scheduler/scheduleGroup:ScheduleGroup", {"name": "{name}"}), ROLE],
    ),
    Life(
        "aws:dynamodb/table:Table",
        {
            "name": "{name}",
            "hashKey": "pk",
            "rangeKey": "sk",
            "billingMode": "PAY_PER_REQUEST",
            "attributes": [{"name": name, "type": "S"} for name in ("pk", "sk", "a", "b")],
            "globalSecondaryIndexes": [
                {"name": "a-b", "hashKey": "a", "rangeKey": "b", "projectionType": "ALL"}
            ],
            "ttl": {"attributeName": "expires", "enabled": True},
            "pointInTimeRecovery": {"enabled": True},
            "serverSideEncryption": {"enabled": True},
            "deletionProtectionEnabled": True,
            "streamEnabled": True,
            "streamViewType": "NEW_IMAGE",
            "tags": TAGS,
        },
        {
            "attributes": [{"name": name, "type": "S"} for name in ("pk", "sk", "b")],
            "globalSecondaryIndexes": [
                {
                    "name": "b-index",
                    "hashKey": "b",
                    "projectionType": "INCLUDE",
                    "nonKeyAttributes": ["x"],
                }
            ],
            "ttl": None,
            "pointInTimeRecovery": None,
            "deletionProtectionEnabled": False,
            "streamEnabled": False,
            "streamViewType": None,
            "tags": {"Project": "q"},
        },
        lambda aws, id, live: aws("dynamodb").update_time_to_live(
            TableName=id, TimeToLiveSpecification={"Enabled": True, "AttributeName": "other"}
        ),
    ),
    Life(
        "aws:dynamodb/tableItem:TableItem",
        {
            "tableName": "{0}",
            "hashKey": "pk",
            "rangeKey": "sk",
            "item": '{"pk": {"S": "a"}, "sk": {"S": "b"}, "limit": {"N": "5"}}',
        },
        {"item": '{"pk": {"S": "a"}, "sk": {"S": "b"}, "limit": {"N": "7"}}'},
        lambda aws, id, live: aws("dynamodb").put_item(
            TableName=live["tableName"],
            Item={"pk": {"S": "a"}, "sk": {"S": "b"}, "limit": {"N": "9"}, "x": {"M": {}}},
        ),
        [
            (
                "aws:dynamodb/table:Table",
                {
                    "name": "{name}",
                    "hashKey": "pk",
                    "rangeKey": "sk",
                    "billingMode": "PAY_PER_REQUEST",
                    "attributes": [{"name": name, "type": "S"} for name in ("pk", "sk")],
                },
            )
        ],
    ),
    Life(
        "aws:cloudwatch/eventRule:EventRule",
        {
            "name": "{name}",
            "eventPattern": '{"source": ["aws.s3"]}',
            "description": "d",
            "tags": TAGS,
        },
        {
            "eventPattern": '{"source": ["aws.states"]}',
            "description": None,
            "state": "DISABLED",
            "tags": {"Project": "q"},
        },
        lambda aws, id, live: aws("events").enable_rule(Name=live["name"]),
    ),
    Life(
        "aws:cloudwatch/eventTarget:EventTarget",
        {
            "rule": "{name}",
            "targetId": "queue",
            "arn": TARGET_ARN,
            "roleArn": ROLE_ARN,
            "inputTransformer": {"inputPaths": {"a": "$.detail"}, "inputTemplate": "<a>"},
            "retryPolicy": {"maximumEventAgeInSeconds": 60, "maximumRetryAttempts": 2},
            "deadLetterConfig": {"arn": TARGET_ARN},
        },
        {"input": '{"a": 1}', "inputTransformer": None, "retryPolicy": None},
        lambda aws, id, live: aws("events").put_targets(
            Rule=live["rule"], Targets=[{"Id": "queue", "Arn": TARGET_ARN, "Input": "{}"}]
        ),
        [RULE, ROLE],
    ),
    Life(
        "aws:pipes/pipe:Pipe",
        {
            "name": "{name}",
            "description": "d",
            "source": QUEUE_ARN,
            "target": TARGET_ARN,
            "roleArn": ROLE_ARN,
            "sourceParameters": {
                "sqsQueueParameters": {"batchSize": 1, "maximumBatchingWindowInSeconds": 5},
                "filterCriteria": {"filters": [{"pattern": '{"body": {"a": [1]}}'}]},
            },
            "targetParameters": {"inputTemplate": "<$.body>"},
            "tags": TAGS,
        },
        {
            "description": None,
            "desiredState": "STOPPED",
            "target": MACHINE_ARN,
            "sourceParameters": {"sqsQueueParameters": {"batchSize": 10}},
            "targetParameters": {
                "stepFunctionStateMachineParameters": {"invocationType": "FIRE_AND_FORGET"}
            },
            "tags": {"Project": "q"},
        },
        lambda aws, id, live: aws("pipes").start_pipe(Name=id),
        [ROLE, READER, QUEUE],
    ),
    Life(
        "aws:lambda/eventSourceMapping:EventSourceMapping",
        {
            "eventSourceArn": QUEUE_ARN,
            "functionName": "{name}",
            "batchSize": 5,
            "functionResponseTypes": ["ReportBatchItemFailures"],
            "filterCriteria": {"filters": [{"pattern": '{"body": {"a": [1]}}'}]},
            "scalingConfig": {"maximumConcurrency": 2},
            "tags": TAGS,
        },
        {
            "batchSize": 7,
            "enabled": False,
            "functionResponseTypes": None,
            "filterCriteria": None,
            "scalingConfig": None,
            "tags": {"Project": "q"},
        },
        lambda aws, id, live: aws("lambda").update_event_source_mapping(UUID=id, BatchSize=1),
        [ROLE, READER, QUEUE, FUNCTION],
    ),
    Life(
        "aws:lambda/permission:Permission",
        {
            "function": FUNCTION_ARN,
            "statementId": "topic",
            "action": "lambda:InvokeFunction",
            "principal": "sns.amazonaws.com",
            "sourceArn": TOPIC_ARN,
            "sourceAccount": "123456789012",
        },
        None,
        lambda aws, id, live: aws("lambda").remove_permission(
            FunctionName=live["function"], StatementId="topic"
        ),
        [ROLE, FUNCTION],
    ),
    Life(
        "aws:cloudwatch/logMetricFilter:LogMetricFilter",
        {
            "name": "{name}",
            "logGroupName": "/aws/{name}",
            "pattern": "ERROR",
            "metricTransformation": {
                "name": "Errors",
                "namespace": "Jobs",
                "value": "1",
                "defaultValue": "0",
                "unit": "Count",
            },
        },
        {
            "pattern": '{ $.level = "ERROR" }',
            "metricTransformation": {
                "name": "Errors",
                "namespace": "Jobs",
                "value": "$.count",
                "dimensions": {"pass": "$.pass"},
            },
        },
        lambda aws, id, live: aws("logs").put_metric_filter(
            logGroupName=live["logGroupName"],
            filterName=live["name"],
            filterPattern="edited",
            metricTransformations=[
                {"metricName": "Errors", "metricNamespace": "Jobs", "metricValue": "1"}
            ],
        ),
        [GROUP],
    ),
    Life(
        "aws:sqs/queue:Queue",
        {
            "name": "{name}.fifo",
            "fifoQueue": True,
            "contentBasedDeduplication": True,
            "visibilityTimeoutSeconds": 60,
            "redrivePolicy": DEAD_LETTERS,
            "kmsMasterKeyId": "alias/aws/sqs",
            "tags": TAGS,
        },
        {
            "visibilityTimeoutSeconds": 90,
            "redrivePolicy": None,
            "kmsMasterKeyId": None,
            "tags": {"Project": "q"},
        },
        lambda aws, id, live: aws("sqs").set_queue_attributes(
            QueueUrl=id, Attributes={"DelaySeconds": "5"}
        ),
        [("aws:sqs/queue:Queue", {"name": "dead.fifo", "fifoQueue": True})],
    ),
    Life(
        "aws:sqs/queuePolicy:QueuePolicy",
        {"queueUrl": "{0}", "policy": _allow("sqs:SendMessage")},
        {"policy": _allow("sqs:SendMessage", "sqs:ReceiveMessage")},
        lambda aws, id, live: aws("sqs").set_queue_attributes(
            QueueUrl=id, Attributes={"Policy": ""}
        ),
        [QUEUE],
    ),
    Life(
        "aws:sns/topic:Topic",
        {
            "name": "{name}",
            "displayName": "d",
            "kmsMasterKeyId": "alias/aws/sns",
            "tags": TAGS,
        },
        {"displayName": None, "kmsMasterKeyId": None, "tags": {"Project": "q"}},
        lambda aws, id, live: aws("sns").set_topic_attributes(
            TopicArn=id, AttributeName="DisplayName", AttributeValue="edited"
        ),
    ),
    Life(
        "aws:sns/topicPolicy:TopicPolicy",
        {"arn": "{0}", "policy": _allow("sns:Publish")},
        {"policy": _allow("sns:Publish", "sns:Subscribe")},
        lambda aws, id, live: aws("sns").set_topic_attributes(
            TopicArn=id, AttributeName="Policy", AttributeValue=_allow("sns:*")
        ),
        [TOPIC],
        remains={"owner": "123456789012"},
    ),
    Life(
        "aws:sns/topicSubscription:TopicSubscription",
        {
            "topic": "{0}",
            "protocol": "sqs",
            "endpoint": "arn:aws:sqs:us-east-1:123456789012:{name}",
            "filterPolicy": '{"kind": ["a"]}',
            "filterPolicyScope": "MessageBody",
            "rawMessageDelivery": True,
            "redrivePolicy": DEAD_LETTERS_ONLY,
        },
        {
            "filterPolicy": '{"kind": ["a", "b"]}',
            "rawMessageDelivery": False,
            "redrivePolicy": None,
        },
        lambda aws, id, live: aws("sns").set_subscription_attributes(
            SubscriptionArn=id, AttributeName="RawMessageDelivery", AttributeValue="true"
        ),
        [TOPIC, QUEUE],
    ),
    Life(
        "aws:sns/topicSubscription:TopicSubscription",
        {
            "topic": "{0}",
            "protocol": "https",
            "endpoint": "https://127.0.0.1:1/alarms",
            "rawMessageDelivery": False,
        },
        {"rawMessageDelivery": True},
        None,
        [TOPIC],
    ),
    Life(
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        {
            "name": "{name}",
            "comparisonOperator": "GreaterThanThreshold",
            "evaluationPeriods": 2,
            "threshold": 0.5,
            "metricName": "ErrorRate",
            "namespace": "Jobs",
            "dimensions": {"pass": "pass1"},
            "period": 60,
            "statistic": "Average",
            "alarmActions": [TOPIC_ARN],
            "alarmDescription": "d",
            "tags": TAGS,
        },
        {
            "metricName": None,
            "namespace": None,
            "dimensions": None,
            "period": None,
            "statistic": None,
            "alarmActions": None,
            "alarmDescription": None,
            "metricQueries": [
                {"id": "rate", "expression": "failed / all", "returnData": True},
                *(
                    {
                        "id": name,
                        "metric": {
                            "metricName": name,
                            "namespace": "Jobs",
                            "period": 60,
                            "stat": "Sum",
                            "dimensions": {"pass": "pass1"},
                        },
                    }
                    for name in ("failed", "all")
                ),
            ],
            "tags": {"Project": "q"},
        },
        lambda aws, id, live: aws("cloudwatch").put_metric_alarm(
            AlarmName=id,
            ComparisonOperator="LessThanThreshold",
            EvaluationPeriods=1,
            MetricName="x",
            Namespace="y",
            Period=60,
            Statistic="Sum",
            Threshold=1,
        ),
    ),
    Life(
        "aws:cloudwatch/dashboard:Dashboard",
        {"dashboardName": "{name}", "dashboardBody": '{"widgets": []}'},
        {"dashboardBody": '{"start": "-PT6H", "widgets": []}'},
        lambda aws, id, live: aws("cloudwatch").put_dashboard(
            DashboardName=id, DashboardBody='{"widgets": [], "start": "-PT1H"}'
        ),
    ),
    Life(
        "aws:glue/catalogDatabase:CatalogDatabase",
        {"name": "life", "description": "d", "tags": TAGS},
        {"description": None, "tags": {"Project": "q"}},
        lambda aws, id, live: aws("glue").update_database(
            Name="life", DatabaseInput={"Name": "life", "Description": "edited"}
        ),
    ),
    Life(
        "aws:glue/catalogTable:CatalogTable",
        {
            "name": "postings",
            "databaseName": "life",
            "description": "d",
            "tableType": "EXTERNAL_TABLE",
            "parameters": {"classification": "parquet"},
            "partitionKeys": [{"name": "year", "type": "string"}],
            "storageDescriptor": _stored("a", "b"),
        },
        {
            "description": None,
            "parameters": None,
            "partitionKeys": None,
            "storageDescriptor": _stored("b"),
        },
        lambda aws, id, live: aws("glue").update_table(
            DatabaseName="life",
            TableInput={"Name": "postings", "StorageDescriptor": {"Location": "s3://other/"}},
        ),
        [("aws:glue/catalogDatabase:CatalogDatabase", {"name": "life"})],
    ),
]
