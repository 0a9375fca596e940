"""Optimized integrations: DynamoDB, SNS, SQS, EventBridge, Lambda, executions, Glue, Bedrock."""

from __future__ import annotations

import datetime
import io
import json
from typing import Any

import pytest
from botocore.response import StreamingBody

from embedded_aws.stepfunctions.errors import StatesError
from embedded_aws.stepfunctions.integrations import resolve

PREFIX = "arn:aws:states:::"
EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:child:c-1"
MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:child"
START = datetime.datetime(2026, 1, 31, 6, tzinfo=datetime.UTC)
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"


def metadata(status: int = 200) -> dict[str, Any]:
    return {
        "ResponseMetadata": {"RequestId": "r", "HTTPStatusCode": status, "HTTPHeaders": {"a": "b"}}
    }


def body(value: bytes) -> StreamingBody:
    return StreamingBody(io.BytesIO(value), len(value))


def without_sdk(result: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in result.items() if not name.startswith("Sdk")}


# --- one call


def test_dynamodb_keeps_the_names_of_its_attribute_values(bench: Any) -> None:
    item = {"a": {"S": "x"}, "b": {"NULL": True}, "c": {"BOOL": False}, "d": {"L": [{"N": "1"}]}}
    bench.stub("dynamodb").add_response(
        "get_item", {"Item": item, **metadata()}, {"TableName": "t", "Key": {"a": {"S": "x"}}}
    )

    result = bench.run(PREFIX + "dynamodb:getItem", {"TableName": "t", "Key": {"a": {"S": "x"}}})

    assert result == {
        "Item": item,
        "SdkHttpMetadata": {
            "AllHttpHeaders": {"a": ["b"]},
            "HttpHeaders": {"a": "b"},
            "HttpStatusCode": 200,
        },
        "SdkResponseMetadata": {"RequestId": "r"},
    }


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("ConditionalCheckFailedException", "DynamoDB.ConditionalCheckFailedException"),
        (
            "ProvisionedThroughputExceededException",
            "DynamoDB.ProvisionedThroughputExceededException",
        ),
        ("AccessDeniedException", "DynamoDB.AmazonDynamoDBException"),
    ],
)
def test_dynamodb_errors(bench: Any, code: str, name: str) -> None:
    bench.stub("dynamodb").add_client_error(
        "put_item", code, "no", 400, response_meta={"RequestId": "r"}
    )

    with pytest.raises(StatesError) as raised:
        bench.run(PREFIX + "dynamodb:putItem", {"TableName": "t", "Item": {"a": {"S": "x"}}})

    assert raised.value.name == name
    assert raised.value.cause == (
        f"no (Service: AmazonDynamoDBv2; Status Code: 400; Error Code: {code};"
        " Request ID: r; Proxy: null)"
    )


@pytest.mark.parametrize(("message", "sent"), [("text", "text"), ({"a": ["é"]}, '{"a":["é"]}')])
def test_messages_take_any_json(bench: Any, message: Any, sent: str) -> None:
    bench.stub("sqs").add_response(
        "send_message",
        {"MessageId": "m", "MD5OfMessageBody": "5"},
        {"QueueUrl": "https://queue/q", "MessageBody": sent},
    )
    bench.stub("sns").add_response(
        "publish", {"MessageId": "n"}, {"TopicArn": "arn:t", "Message": sent}
    )

    queued = bench.run(
        PREFIX + "sqs:sendMessage", {"QueueUrl": "https://queue/q", "MessageBody": message}
    )
    published = bench.run(
        PREFIX + "sns:publish.waitForTaskToken", {"TopicArn": "arn:t", "Message": message}
    )

    assert without_sdk(queued) == {"MessageId": "m", "MD5OfMessageBody": "5"}
    assert without_sdk(published) == {"MessageId": "n"}


def test_events_name_the_execution_they_come_from(bench: Any) -> None:
    sources = [
        "arn:aws:states:us-east-1:123456789012:execution:parent:run-1",
        "arn:aws:states:us-east-1:123456789012:stateMachine:parent",
    ]
    bench.stub("events").add_response(
        "put_events",
        {"FailedEntryCount": 0, "Entries": [{"EventId": "e"}]},
        {"Entries": [{"Detail": '{"a":1}', "Source": "s", "Resources": ["mine", *sources]}]},
    )

    result = bench.run(
        PREFIX + "events:putEvents",
        {"Entries": [{"Detail": {"a": 1}, "Source": "s", "Resources": ["mine"]}]},
    )

    assert without_sdk(result) == {"FailedEntryCount": 0, "Entries": [{"EventId": "e"}]}


def test_a_refused_event_fails_the_task(bench: Any) -> None:
    entries = [{"ErrorCode": "InternalFailure", "ErrorMessage": "no"}]
    bench.stub("events").add_response("put_events", {"FailedEntryCount": 1, "Entries": entries})

    with pytest.raises(StatesError) as raised:
        bench.run(PREFIX + "events:putEvents", {"Entries": [{"Detail": "{}"}]})

    assert raised.value.name == "EventBridge.FailedEntry"
    assert json.loads(raised.value.cause or "") == {"Entries": entries, "FailedEntryCount": 1}


# --- Lambda


def invoke_response(payload: bytes, **more: Any) -> dict[str, Any]:
    return {
        "StatusCode": 200,
        "ExecutedVersion": "$LATEST",
        "Payload": body(payload),
        **more,
        **metadata(),
    }


@pytest.mark.parametrize(
    ("payload", "sent"), [({"é": 1}, '{"é":1}'.encode()), ("text", b'"text"'), (None, b"null")]
)
def test_lambda_result(bench: Any, payload: Any, sent: bytes) -> None:
    bench.stub("lambda").add_response(
        "invoke", invoke_response(b'{"ok": [1]}'), {"FunctionName": "f", "Payload": sent}
    )

    result = bench.run(PREFIX + "lambda:invoke", {"FunctionName": "f", "Payload": payload})

    assert without_sdk(result) == {
        "ExecutedVersion": "$LATEST",
        "Payload": {"ok": [1]},
        "StatusCode": 200,
    }
    assert {"SdkHttpMetadata", "SdkResponseMetadata"} < set(result)


def test_a_payload_that_is_no_json_stays_text(bench: Any) -> None:
    bench.stub("lambda").add_response("invoke", invoke_response(b"", StatusCode=202))

    result = bench.run(
        PREFIX + "lambda:invoke", {"FunctionName": "f", "InvocationType": "Event", "Payload": {}}
    )

    assert without_sdk(result)["Payload"] == ""


@pytest.mark.parametrize("resource", [PREFIX + "lambda:invoke", FUNCTION])
def test_the_error_of_a_function_is_its_type_and_its_json(bench: Any, resource: str) -> None:
    failure = {"errorMessage": "boom", "errorType": "PartitionUnreadable", "stackTrace": []}
    bench.stub("lambda").add_response(
        "invoke", invoke_response(json.dumps(failure).encode(), FunctionError="Unhandled")
    )

    with pytest.raises(StatesError) as raised:
        bench.run(resource, {"FunctionName": "f", "Payload": {}})

    assert raised.value.name == "PartitionUnreadable"
    assert json.loads(raised.value.cause or "") == failure


def test_a_function_resource_gets_the_arguments_as_its_event(bench: Any) -> None:
    bench.stub("lambda").add_response(
        "invoke", invoke_response(b"5"), {"FunctionName": FUNCTION, "Payload": b'{"a":1}'}
    )

    assert bench.run(FUNCTION, {"a": 1}) == 5


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("TooManyRequestsException", "Lambda.TooManyRequestsException"),
        ("ResourceNotFoundException", "Lambda.ResourceNotFoundException"),
        ("ServiceException", "Lambda.ServiceException"),
        ("AccessDeniedException", "Lambda.AWSLambdaException"),
    ],
)
def test_lambda_service_errors(bench: Any, code: str, name: str) -> None:
    bench.stub("lambda").add_client_error("invoke", code, "no", 429)

    with pytest.raises(StatesError) as raised:
        bench.run(PREFIX + "lambda:invoke", {"FunctionName": "f"})

    assert raised.value.name == name


# --- executions


def described(status: str, **more: Any) -> dict[str, Any]:
    return {
        "executionArn": EXECUTION,
        "stateMachineArn": MACHINE,
        "name": "c-1",
        "status": status,
        "startDate": START,
        "input": '{"n":1}',
        "inputDetails": {"included": True},
        **more,
    }


def start_child(bench: Any, sent: str = '{"n":1}') -> Any:
    stub = bench.stub("stepfunctions")
    stub.add_response(
        "start_execution",
        {"executionArn": EXECUTION, "startDate": START},
        {"stateMachineArn": MACHINE, "input": sent},
    )
    return stub


@pytest.mark.parametrize(("given", "sent"), [({"n": 1}, '{"n":1}'), ('{"n":1}', '{"n":1}')])
def test_start_execution(bench: Any, given: Any, sent: str) -> None:
    start_child(bench, sent)

    result = bench.run(
        PREFIX + "states:startExecution", {"StateMachineArn": MACHINE, "Input": given}
    )

    assert without_sdk(result) == {"ExecutionArn": EXECUTION, "StartDate": "2026-01-31T06:00:00Z"}


def test_sync_2_waits_and_parses(bench: Any) -> None:
    stub = start_child(bench)
    for _ in range(2):
        stub.add_response("describe_execution", described("RUNNING"))
    stub.add_response(
        "describe_execution",
        described("SUCCEEDED", output='{"m":2}', stopDate=START),
        {"executionArn": EXECUTION},
    )

    result = bench.run(
        PREFIX + "states:startExecution.sync:2", {"StateMachineArn": MACHINE, "Input": {"n": 1}}
    )

    assert result == {
        "ExecutionArn": EXECUTION,
        "Input": {"n": 1},
        "InputDetails": {"Included": True},
        "Name": "c-1",
        "Output": {"m": 2},
        "StartDate": "2026-01-31T06:00:00Z",
        "StateMachineArn": MACHINE,
        "Status": "SUCCEEDED",
        "StopDate": "2026-01-31T06:00:00Z",
    }
    assert len(bench.slept) == 2
    assert bench.slept[0] < bench.slept[1] <= 5


def test_sync_gives_texts(bench: Any) -> None:
    start_child(bench).add_response("describe_execution", described("SUCCEEDED", output='{"m":2}'))

    result = bench.run(
        PREFIX + "states:startExecution.sync", {"StateMachineArn": MACHINE, "Input": {"n": 1}}
    )

    assert (result["Input"], result["Output"]) == ('{"n":1}', '{"m":2}')


@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT", "ABORTED"])
def test_a_child_that_does_not_succeed_fails_the_task(bench: Any, status: str) -> None:
    start_child(bench).add_response(
        "describe_execution", described(status, error="Poisoned", cause="why")
    )

    with pytest.raises(StatesError) as raised:
        bench.run(
            PREFIX + "states:startExecution.sync:2", {"StateMachineArn": MACHINE, "Input": {"n": 1}}
        )

    assert raised.value.name == "States.TaskFailed"
    cause = json.loads(raised.value.cause or "")
    assert (cause["Status"], cause["Error"], cause["Cause"]) == (status, "Poisoned", "why")
    assert cause["Input"] == '{"n":1}'


def test_an_engine_that_knows_the_end_is_asked_once(bench: Any) -> None:
    start_child(bench).add_response("describe_execution", described("SUCCEEDED", output="1"))
    asked = []

    async def ended(arn: str) -> None:
        asked.append(arn)

    bench.run(
        PREFIX + "states:startExecution.sync:2",
        {"StateMachineArn": MACHINE, "Input": {"n": 1}},
        ended=ended,
    )

    assert (asked, bench.slept) == ([EXECUTION], [])


def test_a_refused_start(bench: Any) -> None:
    bench.stub("stepfunctions").add_client_error("start_execution", "ExecutionAlreadyExists", "no")

    with pytest.raises(StatesError) as raised:
        bench.run(PREFIX + "states:startExecution", {"StateMachineArn": MACHINE})

    assert raised.value.name == "StepFunctions.ExecutionAlreadyExistsException"


# --- Glue


def test_glue_sync(bench: Any) -> None:
    stub = bench.stub("glue")
    stub.add_response("start_job_run", {"JobRunId": "j-1"}, {"JobName": "job"})
    stub.add_response("get_job_run", {"JobRun": {"JobRunState": "RUNNING"}})
    stub.add_response(
        "get_job_run",
        {"JobRun": {"Id": "j-1", "JobRunState": "SUCCEEDED"}},
        {"JobName": "job", "RunId": "j-1"},
    )

    result = bench.run(PREFIX + "glue:startJobRun.sync", {"JobName": "job"})

    assert result == {"Id": "j-1", "JobRunState": "SUCCEEDED"}


def test_a_failed_glue_job_fails_the_task(bench: Any) -> None:
    stub = bench.stub("glue")
    stub.add_response("start_job_run", {"JobRunId": "j-1"})
    stub.add_response("get_job_run", {"JobRun": {"JobRunState": "FAILED", "ErrorMessage": "oom"}})

    with pytest.raises(StatesError) as raised:
        bench.run(PREFIX + "glue:startJobRun.sync", {"JobName": "job"})

    assert raised.value.name == "States.TaskFailed"
    assert json.loads(raised.value.cause or "")["ErrorMessage"] == "oom"


# --- Bedrock

BEDROCK = PREFIX + "bedrock:invokeModel"


def model_answer(bench: Any, sent: bytes) -> None:
    bench.stub("bedrock-runtime").add_response(
        "invoke_model",
        {"body": body(b'{"text": "hi"}'), "contentType": "application/json"},
        {"modelId": "m", "body": sent, "contentType": "application/json"},
    )


def test_bedrock_parses_the_body(bench: Any) -> None:
    model_answer(bench, b'{"prompt":"x"}')

    result = bench.run(BEDROCK, {"ModelId": "m", "Body": {"prompt": "x"}})

    assert result == {"Body": {"text": "hi"}, "ContentType": "application/json"}


def test_bedrock_reads_and_writes_s3(bench: Any) -> None:
    bench.stub("s3").add_response(
        "get_object", {"Body": body(b'{"prompt":"y"}')}, {"Bucket": "b", "Key": "in/x.json"}
    )
    model_answer(bench, b'{"prompt":"y"}')
    bench.stub("s3").add_response(
        "put_object",
        {},
        {
            "Bucket": "b",
            "Key": "out/x.json",
            "Body": b'{"text": "hi"}',
            "ContentType": "application/json",
        },
    )

    result = bench.run(
        BEDROCK,
        {
            "ModelId": "m",
            "Input": {"S3Uri": "s3://b/in/x.json"},
            "Output": {"S3Uri": "s3://b/out/x.json"},
        },
    )

    assert result == {"Body": "s3://b/out/x.json", "ContentType": "application/json"}


def test_a_body_of_more_than_256_kib_is_refused(bench: Any) -> None:
    with pytest.raises(StatesError, match="262145 bytes") as raised:
        bench.run(BEDROCK, {"ModelId": "m", "Body": "x" * 262_145})

    assert raised.value.name == "States.Runtime"


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ({"ModelId": "m", "Body": {}}, []),
        ("{% $all %}", []),
        ({"Body": {}}, ["The field 'ModelId' is required but was missing"]),
        ({"ModelId": "m"}, ["Exactly one of the fields 'Body' and 'Input' is required"]),
        (
            {"ModelId": "m", "Body": {}, "Input": {"S3Uri": "s3://b/k"}},
            ["Exactly one of the fields 'Body' and 'Input' is required"],
        ),
        (
            {"ModelId": "m", "Input": {"Bucket": "b"}},
            ["The field 'Input' must be an object with the field 'S3Uri' only"],
        ),
        (
            {"ModelId": "m", "Body": {}, "Temperature": 1},
            ["The field 'Temperature' is not supported by Step Functions"],
        ),
    ],
)
def test_bedrock_arguments_are_checked(arguments: Any, found: list[str]) -> None:
    assert resolve(BEDROCK).check(arguments) == found


def test_a_uri_that_is_none_is_named(bench: Any) -> None:
    with pytest.raises(StatesError, match="'b/k' is not an S3 URI"):
        bench.run(BEDROCK, {"ModelId": "m", "Input": {"S3Uri": "b/k"}})


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("ThrottlingException", "Bedrock.ThrottlingException"),
        ("ModelTimeoutException", "Bedrock.ModelTimeoutException"),
        ("ValidationException", "Bedrock.ValidationException"),
        ("AccessDeniedException", "Bedrock.AccessDeniedException"),
        ("Unheard", "Bedrock.BedrockRuntimeException"),
    ],
)
def test_bedrock_errors(bench: Any, code: str, name: str) -> None:
    bench.stub("bedrock-runtime").add_client_error("invoke_model", code, "no", 429)

    with pytest.raises(StatesError) as raised:
        bench.run(BEDROCK, {"ModelId": "m", "Body": {}})

    assert raised.value.name == name
