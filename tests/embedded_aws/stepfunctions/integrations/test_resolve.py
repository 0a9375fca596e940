"""What a Resource resolves to, and what is refused."""

from __future__ import annotations

import pytest

from embedded_aws.stepfunctions.integrations import actions, resolve
from embedded_aws.stepfunctions.integrations.failures import sdk_words
from embedded_aws.stepfunctions.integrations.naming import error_name, sdk_field

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ("lambda:invoke", ("lambda", "invoke", "request")),
        ("lambda:invoke.waitForTaskToken", ("lambda", "invoke.waitForTaskToken", "token")),
        ("dynamodb:updateItem", ("dynamodb", "updateItem", "request")),
        ("sns:publish.waitForTaskToken", ("sns", "publish.waitForTaskToken", "token")),
        ("sqs:sendMessage", ("sqs", "sendMessage", "request")),
        ("events:putEvents", ("events", "putEvents", "request")),
        ("states:startExecution", ("states", "startExecution", "request")),
        ("states:startExecution.sync", ("states", "startExecution.sync", "sync")),
        ("states:startExecution.sync:2", ("states", "startExecution.sync:2", "sync")),
        ("bedrock:invokeModel", ("bedrock", "invokeModel", "request")),
        ("glue:startJobRun.sync", ("glue", "startJobRun.sync", "sync")),
        ("aws-sdk:s3:getObject", ("aws-sdk:s3", "getObject", "request")),
        ("aws-sdk:sfn:sendTaskSuccess", ("aws-sdk:sfn", "sendTaskSuccess", "request")),
        (
            "aws-sdk:bedrockruntime:invokeModel",
            ("aws-sdk:bedrockruntime", "invokeModel", "request"),
        ),
        (
            "aws-sdk:cloudwatchlogs:putLogEvents",
            ("aws-sdk:cloudwatchlogs", "putLogEvents", "request"),
        ),
        (
            "aws-sdk:sqs:sendMessage.waitForTaskToken",
            ("aws-sdk:sqs", "sendMessage.waitForTaskToken", "token"),
        ),
    ],
)
def test_words_of_the_task_events(resource: str, expected: tuple[str, str, str]) -> None:
    found = resolve(f"arn:aws:states:::{resource}")

    assert (found.resource_type, found.resource, found.pattern) == expected


def test_a_function_is_its_own_resource() -> None:
    found = resolve(FUNCTION)

    assert (found.resource_type, found.resource, found.pattern) == ("lambda", FUNCTION, "request")


@pytest.mark.parametrize(
    ("resource", "named"),
    [
        ("arn:aws:states:::ecs:runTask", "ecs:runTask"),
        ("arn:aws:states:::dynamodb:query", "dynamodb:query"),
        ("arn:aws:states:::lambda:invoke.sync", "lambda:invoke.sync"),
        ("arn:aws:states:::aws-sdk:nothing:getObject", "'nothing'"),
        ("arn:aws:states:::aws-sdk:s3:getobject", "'getobject'"),
        ("arn:aws:states:::aws-sdk:s3:getObject.sync", "'getObject.sync'"),
        ("arn:aws:states:::aws-sdk:stepfunctions:startExecution", "'stepfunctions'"),
        ("arn:aws:states:::aws-sdk:s3", "aws-sdk:s3"),
        ("arn:aws:s3:::bucket", "arn:aws:s3:::bucket"),
        ("", "''"),
    ],
)
def test_what_is_not_supported_is_named(resource: str, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        resolve(resource)


@pytest.mark.parametrize(
    ("resource", "arguments", "expected"),
    [
        (FUNCTION, None, {"lambda:InvokeFunction"}),
        ("lambda:invoke", None, {"lambda:InvokeFunction"}),
        ("dynamodb:updateItem", None, {"dynamodb:UpdateItem"}),
        ("events:putEvents", None, {"events:PutEvents"}),
        ("sqs:sendMessage.waitForTaskToken", None, {"sqs:SendMessage"}),
        ("states:startExecution", None, {"states:StartExecution"}),
        (
            "states:startExecution.sync:2",
            None,
            {
                "states:StartExecution",
                "states:DescribeExecution",
                "states:StopExecution",
                "events:DescribeRule",
                "events:PutRule",
                "events:PutTargets",
            },
        ),
        ("bedrock:invokeModel", None, {"bedrock:InvokeModel"}),
        (
            "bedrock:invokeModel",
            {"Input": {"S3Uri": "s3://b/i"}, "Output": {"S3Uri": "s3://b/o"}},
            {"bedrock:InvokeModel", "s3:GetObject", "s3:PutObject"},
        ),
        ("aws-sdk:s3:listObjectsV2", None, {"s3:ListBucket"}),
        ("aws-sdk:s3:headObject", None, {"s3:GetObject"}),
        ("aws-sdk:bedrockruntime:invokeModel", None, {"bedrock:InvokeModel"}),
        ("aws-sdk:cloudwatch:putMetricData", None, {"cloudwatch:PutMetricData"}),
        ("aws-sdk:cloudwatchlogs:putLogEvents", None, {"logs:PutLogEvents"}),
        ("aws-sdk:sfn:listExecutions", None, {"states:ListExecutions"}),
        (
            "aws-sdk:dynamodb:transactWriteItems",
            {"TransactItems": [{"Put": {}}, {"ConditionCheck": {}}]},
            {"dynamodb:PutItem", "dynamodb:ConditionCheckItem"},
        ),
        (
            "aws-sdk:dynamodb:transactWriteItems",
            {"TransactItems": "{% $items %}"},
            {
                "dynamodb:PutItem",
                "dynamodb:ConditionCheckItem",
                "dynamodb:UpdateItem",
                "dynamodb:DeleteItem",
            },
        ),
    ],
)
def test_actions_that_a_role_needs(resource: str, arguments: object, expected: set[str]) -> None:
    name = resource if resource.startswith("arn:") else f"arn:aws:states:::{resource}"

    assert set(actions(name, arguments)) == expected


@pytest.mark.parametrize(
    ("service", "prefix"),
    [
        ("s3", "S3"),
        ("dynamodb", "DynamoDb"),
        ("cloudwatch", "CloudWatch"),
        ("logs", "CloudWatchLogs"),
        ("stepfunctions", "Sfn"),
        ("events", "EventBridge"),
        ("bedrock-runtime", "BedrockRuntime"),
        ("secretsmanager", "SecretsManager"),
    ],
)
def test_prefix_of_sdk_errors(service: str, prefix: str) -> None:
    assert sdk_words(service).prefix == prefix


def test_names_of_fields_and_errors() -> None:
    assert [sdk_field(name) for name in ("SSEKMSKeyId", "ACL", "ETag", "bucket", "MD5OfBody")] == [
        "SsekmsKeyId",
        "Acl",
        "ETag",
        "Bucket",
        "Md5OfBody",
    ]
    assert [error_name(name) for name in ("NoSuchKey", "LimitExceededFault", "XException")] == [
        "NoSuchKeyException",
        "LimitExceededException",
        "XException",
    ]
