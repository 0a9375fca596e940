"""The generic integration: names in and out, problems, errors."""

from __future__ import annotations

import datetime
import io
import json
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.response import StreamingBody

from embedded_aws.stepfunctions.errors import StatesError
from embedded_aws.stepfunctions.integrations import resolve

S3 = "arn:aws:states:::aws-sdk:s3:"


def test_arguments_are_signed_as_the_role_and_called_in_a_thread(bench: Any) -> None:
    bench.stub("s3").add_response("delete_object", {}, {"Bucket": "b", "Key": "k"})

    assert bench.run(S3 + "deleteObject", {"Bucket": "b", "Key": "k"}) == {}
    assert bench.roles == [("arn:aws:iam::123456789012:role/machine", "s3")]
    assert bench.blocking == 1


def test_results_have_the_sdk_names_and_json_values_only(bench: Any) -> None:
    text = "größe".encode()
    bench.stub("s3").add_response(
        "get_object",
        {
            "Body": StreamingBody(io.BytesIO(text), len(text)),
            "ETag": '"1"',
            "SSEKMSKeyId": "key",
            "LastModified": datetime.datetime(2026, 1, 31, 6, tzinfo=datetime.UTC),
            "Metadata": {"lower-case": "v"},
        },
        {"Bucket": "b", "Key": "k"},
    )

    assert bench.run(S3 + "getObject", {"Bucket": "b", "Key": "k"}) == {
        "Body": "größe",
        "ETag": '"1"',
        "SsekmsKeyId": "key",
        "LastModified": "2026-01-31T06:00:00Z",
        "Metadata": {"lower-case": "v"},
    }


@pytest.mark.parametrize(
    ("body", "sent"), [("text", b"text"), ({"a": ["é"]}, '{"a":["é"]}'.encode()), ([1], b"[1]")]
)
def test_a_body_takes_any_json(bench: Any, body: Any, sent: bytes) -> None:
    bench.stub("s3").add_response(
        "put_object", {}, {"Bucket": "b", "Key": "k", "Body": sent, "SSEKMSKeyId": "i"}
    )

    bench.run(S3 + "putObject", {"Bucket": "b", "Key": "k", "Body": body, "SsekmsKeyId": "i"})


def test_attribute_values_have_the_sdk_names_both_ways(bench: Any) -> None:
    resource = "arn:aws:states:::aws-sdk:dynamodb:query"
    bench.stub("dynamodb").add_response(
        "query",
        {"Items": [{"a": {"BOOL": True}, "b": {"M": {"c": {"NULL": True}}}, "d": {"SS": ["x"]}}]},
        {"TableName": "t", "ExpressionAttributeValues": {":v": {"BOOL": False}}},
    )

    result = bench.run(
        resource, {"TableName": "t", "ExpressionAttributeValues": {":v": {"Bool": False}}}
    )

    assert result == {
        "Items": [{"a": {"Bool": True}, "b": {"M": {"c": {"Nul": True}}}, "d": {"Ss": ["x"]}}]
    }


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"Bucket": "b", "Key": "k"}, []),
        ({"Bucket": "{% $b %}", "Key": "k"}, []),
        ("{% $everything %}", []),
        ({"Bucket": "b"}, ["The field 'Key' is required but was missing"]),
        (
            {"Bucket": "b", "Key": "k", "Nope": 1},
            ["The field 'Nope' is not supported by Step Functions"],
        ),
        (
            {"Bucket": "b", "Key": "k", "SSECustomerKeyMD5": "x"},
            [
                "The field 'SSECustomerKeyMD5' is not supported by Step Functions;"
                " write 'SseCustomerKeyMD5'"
            ],
        ),
        (
            {"bucket": "b", "Key": "k"},
            [
                "The field 'bucket' is not supported by Step Functions; write 'Bucket'",
                "The field 'Bucket' is required but was missing",
            ],
        ),
        ([], ["Arguments must be an object"]),
    ],
)
def test_literal_arguments_are_checked_at_creation(arguments: Any, expected: list[str]) -> None:
    assert resolve(S3 + "getObject").check(arguments) == expected


def test_names_are_checked_at_every_depth() -> None:
    found = resolve("arn:aws:states:::aws-sdk:dynamodb:transactWriteItems").check(
        {"TransactItems": [{"Put": {"Item": {"a": {"BOOL": True}}, "Table": "t"}}, "{% $x %}"]}
    )

    assert found == [
        "The field 'BOOL' is not supported by Step Functions; write 'Bool'",
        "The field 'Table' is not supported by Step Functions",
        "The field 'TableName' is required but was missing",
    ]


def test_wrong_arguments_fail_the_task_at_run_time(bench: Any) -> None:
    with pytest.raises(StatesError) as raised:
        bench.run(S3 + "getObject", {"Bucket": "b", "Nope": 1})

    assert raised.value.name == "States.Runtime"
    assert raised.value.cause == (
        'The Arguments \'{"Bucket":"b","Nope":1}\' could not be used to start the Task:'
        " [The field 'Nope' is not supported by Step Functions,"
        " The field 'Key' is required but was missing]"
    )


def test_a_value_of_the_wrong_type_fails_the_task(bench: Any) -> None:
    with pytest.raises(StatesError, match="Invalid type for parameter Key") as raised:
        bench.run(S3 + "getObject", {"Bucket": "b", "Key": 5})

    assert raised.value.name == "States.Runtime"


@pytest.mark.parametrize(
    ("service", "action", "arguments", "code", "name"),
    [
        ("s3", "getObject", {"Bucket": "b", "Key": "k"}, "NoSuchKey", "S3.NoSuchKeyException"),
        ("s3", "headBucket", {"Bucket": "b"}, "404", "S3.NoSuchBucketException"),
        ("s3", "headObject", {"Bucket": "b", "Key": "k"}, "404", "S3.NoSuchKeyException"),
        ("s3", "getObject", {"Bucket": "b", "Key": "k"}, "AccessDenied", "S3.S3Exception"),
        (
            "dynamodb",
            "transactWriteItems",
            {"TransactItems": [{"Delete": {"TableName": "t", "Key": {"a": {"S": "b"}}}}]},
            "TransactionCanceledException",
            "DynamoDb.TransactionCanceledException",
        ),
        (
            "dynamodb",
            "getItem",
            {"TableName": "t", "Key": {"a": {"S": "b"}}},
            "AccessDeniedException",
            "DynamoDb.DynamoDbException",
        ),
        (
            "sqs",
            "getQueueUrl",
            {"QueueName": "q"},
            "QueueDoesNotExist",
            "Sqs.QueueDoesNotExistException",
        ),
        (
            "bedrockruntime",
            "invokeModel",
            {"ModelId": "m", "Body": {}},
            "ThrottlingException",
            "BedrockRuntime.ThrottlingException",
        ),
        (
            "sfn",
            "describeExecution",
            {"ExecutionArn": "a"},
            "ExecutionDoesNotExist",
            "Sfn.ExecutionDoesNotExistException",
        ),
    ],
)
def test_error_names(
    bench: Any, service: str, action: str, arguments: Any, code: str, name: str
) -> None:
    boto3_service = {"sfn": "stepfunctions", "bedrockruntime": "bedrock-runtime"}.get(
        service, service
    )
    method = "".join(f"_{char.lower()}" if char.isupper() else char for char in action)
    bench.stub(boto3_service).add_client_error(
        method, code, "what happened", 404, response_meta={"RequestId": "r-1"}
    )

    with pytest.raises(StatesError) as raised:
        bench.run(f"arn:aws:states:::aws-sdk:{service}:{action}", arguments)

    assert raised.value.name == name
    prefix = name.split(".")[0]
    assert raised.value.cause == (
        f"what happened (Service: {prefix}, Status Code: 404, Request ID: r-1)"
    )


def test_a_code_of_the_former_protocol_does_not_hide_the_error(bench: Any) -> None:
    bench.stub("sqs").add_client_error(
        "get_queue_url",
        "AWS.SimpleQueueService.NonExistentQueue",
        service_error_meta={"QueryErrorCode": "QueueDoesNotExist"},
    )

    with pytest.raises(StatesError) as raised:
        bench.run("arn:aws:states:::aws-sdk:sqs:getQueueUrl", {"QueueName": "q"})

    assert raised.value.name == "Sqs.QueueDoesNotExistException"


def test_an_unreachable_endpoint_is_an_error_of_the_service(bench: Any) -> None:
    bench.clients["s3"] = boto3.client(
        "s3",
        region_name="us-east-1",
        endpoint_url="http://127.0.0.1:1",
        aws_access_key_id="x",
        aws_secret_access_key="x",
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=1),
    )

    with pytest.raises(StatesError) as raised:
        bench.run(S3 + "listBuckets", {})

    assert raised.value.name == "S3.SdkClientException"
    assert "127.0.0.1:1" in (raised.value.cause or "")


def test_results_are_json(bench: Any) -> None:
    bench.stub("kms").add_response("encrypt", {"CiphertextBlob": b"\xff\x00ok", "KeyId": "k"})

    result = bench.run("arn:aws:states:::aws-sdk:kms:encrypt", {"KeyId": "k", "Plaintext": "p"})

    assert json.loads(json.dumps(result)) == result
