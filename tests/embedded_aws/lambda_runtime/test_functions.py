"""Functions as an invoker sees them: answers, errors, permissions, logs, changes."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from embedded_aws.lambda_runtime.environment import Crash
from embedded_aws.server import EmbeddedAws

LOGS = [("logs:CreateLogGroup", "*"), ("logs:CreateLogStream", "*"), ("logs:PutLogEvents", "*")]
ECHO = """
import os, time

def handler(event, context):
    print("got", event)
    return {"event": event, "pid": os.getpid(), "arn": context.invoked_function_arn}
"""


@pytest.fixture
def role(account: Any) -> str:
    return str(account.role("function", "lambda", *LOGS))


@pytest.fixture
def invoke(aws: EmbeddedAws) -> Callable[..., tuple[str | None, Any]]:
    """(function name, event) -> (FunctionError, payload)."""

    def call(name: str, event: Any = None) -> tuple[str | None, Any]:
        client = aws.endpoint.client("lambda")
        answer = client.invoke(FunctionName=name, Payload=json.dumps(event))
        return answer.get("FunctionError"), json.loads(answer["Payload"].read())

    return call


Invoke = Callable[..., tuple[str | None, Any]]


def test_an_answer_and_a_warm_environment(account: Any, role: str, invoke: Invoke) -> None:
    arn = account.function("echo", ECHO, role)
    error, first = invoke("echo", {"n": [1, 2.5, None, "ü"]})
    assert error is None
    assert first["event"] == {"n": [1, 2.5, None, "ü"]}
    assert first["arn"] == arn
    assert invoke("echo")[1]["pid"] == first["pid"]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (
            "class TooSmall(Exception): ...\ndef handler(e, c): raise TooSmall('by 3')",
            {"errorType": "TooSmall", "errorMessage": "by 3"},
        ),
        (
            "def handler(e, c): return {1, 2}",
            {"errorType": "Runtime.MarshalError"},
        ),
        (
            "import os\ndef handler(e, c): os._exit(3)",
            {"errorType": "Runtime.ExitError"},
        ),
        (
            "import time\ndef handler(e, c): time.sleep(30)",
            {"errorType": "Sandbox.Timedout"},
        ),
        (
            "import absent_module\ndef handler(e, c): ...",
            {
                "errorType": "Runtime.ImportModuleError",
                "errorMessage": "Unable to import module 'app': No module named 'absent_module'",
            },
        ),
        (
            "def other(e, c): ...",
            {"errorType": "Runtime.HandlerNotFound"},
        ),
        (
            "def handler(e, c): return 'x' * 7_000_000",
            {"errorType": "Function.ResponseSizeTooLarge"},
        ),
        (
            "def handler(e, c): return len(bytearray(300 << 20))",
            {"errorType": "MemoryError"},
        ),
    ],
)
def test_failures_have_awss_shape(
    account: Any, role: str, invoke: Invoke, code: str, expected: dict[str, str]
) -> None:
    account.function("fails", code, role, Timeout=1)
    kind, error = invoke("fails")
    assert kind == "Unhandled"
    assert {name: error[name] for name in expected} == expected
    assert "errorMessage" in error


def test_messages_of_dead_and_late_functions(account: Any, role: str, invoke: Invoke) -> None:
    account.function("dies", "import os\ndef handler(e, c): os._exit(3)", role)
    account.function("late", "import time\ndef handler(e, c): time.sleep(9)", role, Timeout=1)
    assert invoke("dies")[1]["errorMessage"].endswith(
        " Error: Runtime exited with error: exit status 3"
    )
    assert invoke("late")[1]["errorMessage"].endswith(" Error: Task timed out after 1.00 seconds")


def test_stack_traces_name_the_folders_of_aws(account: Any, role: str, invoke: Invoke) -> None:
    account.function("fails", "def handler(e, c):\n    raise KeyError('k')", role)
    _, error = invoke("fails")
    assert error["stackTrace"] == [
        "  File \"/var/task/app.py\", line 2, in handler\n    raise KeyError('k')\n"
    ]
    assert error["requestId"]


def test_only_package_layers_runtime_and_standard_library_can_be_imported(
    account: Any, role: str, invoke: Invoke, make_package: Callable[[dict[str, str]], bytes]
) -> None:
    code = """
import importlib
def handler(names, context):
    found = {}
    for name in names:
        try:
            found[name] = importlib.import_module(name).__file__
        except ImportError:
            found[name] = None
    return found
"""
    layer = account.endpoint.client("lambda").publish_layer_version(
        LayerName="layer", Content={"ZipFile": make_package({"python/layered.py": ""})}
    )
    account.function("imports", code, role, Layers=[layer["LayerVersionArn"]], Timeout=30)
    outside = ["rich", "pydantic", "pytest", "cli", "embedded_aws"]
    inside = ["app", "layered", "json", "boto3"]
    _, found = invoke("imports", outside + inside)
    assert [name for name in outside if found[name]] == []
    assert [name for name in inside if not found[name]] == []
    assert "lambda-runtime" in found["boto3"]


def test_the_environment_is_the_functions_own(
    account: Any, role: str, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOST_SECRET", "secret")
    monkeypatch.setenv("AWS_PROFILE", "host")
    monkeypatch.setenv("PYTHONPATH", "/host")
    account.function(
        "environment",
        "import os\ndef handler(e, c): return dict(os.environ)",
        role,
        Environment={"Variables": {"BUCKET": "lake"}},
        MemorySize=512,
    )
    _, found = invoke("environment")
    assert found["BUCKET"] == "lake"
    assert found["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "512"
    assert found["AWS_ENDPOINT_URL"] == account.endpoint.url
    assert {"HOST_SECRET", "AWS_PROFILE", "PYTHONPATH"}.isdisjoint(found)


def test_a_function_may_do_what_its_role_may(account: Any, invoke: Invoke) -> None:
    code = """
import boto3
def handler(key, context):
    return boto3.client("s3").get_object(Bucket="lake", Key=key)["Body"].read().decode()
"""
    s3 = account.endpoint.client("s3")
    s3.create_bucket(Bucket="lake")
    s3.put_object(Bucket="lake", Key="open/a", Body=b"content")
    role = account.role("reader", "lambda", ("s3:GetObject", "arn:aws:s3:::lake/open/*"))
    account.function("reads", code, role, Timeout=30)
    assert invoke("reads", "open/a") == (None, "content")
    _, error = invoke("reads", "closed/a")
    assert (
        "assumed-role/reader/reads is not authorized to perform: s3:GetObject"
        in (error["errorMessage"])
    )


def test_changed_code_and_configuration_are_used_at_once(
    account: Any, role: str, invoke: Invoke, make_package: Callable[[dict[str, str]], bytes]
) -> None:
    client = account.endpoint.client("lambda")
    account.function("echo", "def handler(e, c): return 1", role)
    assert invoke("echo") == (None, 1)
    code = "import os\ndef handler(e, c): return os.environ.get('X')"
    client.update_function_code(FunctionName="echo", ZipFile=make_package({"app.py": code}))
    assert invoke("echo") == (None, None)
    client.update_function_configuration(
        FunctionName="echo", Environment={"Variables": {"X": "new"}}
    )
    assert invoke("echo") == (None, "new")


def test_calls_at_once_share_a_limited_number_of_environments(
    aws: EmbeddedAws, account: Any, role: str, invoke: Invoke
) -> None:
    code = "import os, time\ndef handler(e, c):\n    time.sleep(0.05)\n    return os.getpid()"
    account.function("slow", code, role, Timeout=30)
    with ThreadPoolExecutor(12) as threads:
        answers = [f.result() for f in [threads.submit(invoke, "slow") for _ in range(12)]]
    assert {error for error, _ in answers} == {None}
    assert 1 < len({pid for _, pid in answers}) <= aws.functions.pool.limit
    assert aws.functions.pool.sizes()["slow"] <= aws.functions.pool.limit


def test_output_goes_to_the_log_group(account: Any, role: str, invoke: Invoke) -> None:
    account.function("echo", ECHO, role)
    invoke("echo", "first")
    invoke("echo", "second")
    logs = account.endpoint.client("logs")
    (stream,) = logs.describe_log_streams(logGroupName="/aws/lambda/echo")["logStreams"]
    events = logs.get_log_events(
        logGroupName="/aws/lambda/echo", logStreamName=stream["logStreamName"]
    )["events"]
    shapes = [event["message"].split(" RequestId")[0] for event in events]
    assert shapes == ["START", "got first", "END", "REPORT", "START", "got second", "END", "REPORT"]
    assert "Init Duration" in events[3]["message"]
    assert "Init Duration" not in events[7]["message"]


def test_a_tail_of_the_log_comes_with_the_answer(account: Any, role: str) -> None:
    account.function("echo", ECHO, role)
    answer = account.endpoint.client("lambda").invoke(
        FunctionName="echo", Payload=b'"x"', LogType="Tail"
    )
    assert b"got x" in base64.b64decode(answer["LogResult"])


def test_a_role_that_may_not_log_does_not_stop_the_function(account: Any, invoke: Invoke) -> None:
    account.function("silent", ECHO, account.role("silent", "lambda"))
    assert invoke("silent", 1)[0] is None
    assert account.endpoint.client("logs").describe_log_groups()["logGroups"] == []


def test_a_topic_and_a_rule_invoke_it_too(account: Any, role: str) -> None:
    arn = account.function("echo", ECHO, role)
    sns, events = account.endpoint.client("sns"), account.endpoint.client("events")
    topic = sns.create_topic(Name="topic")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)
    events.put_rule(Name="rule", EventPattern='{"source": ["tests"]}')
    events.put_targets(Rule="rule", Targets=[{"Id": "1", "Arn": arn}])
    for service in ("sns", "events"):
        account.endpoint.client("lambda").add_permission(
            FunctionName="echo",
            StatementId=service,
            Action="lambda:InvokeFunction",
            Principal=f"{service}.amazonaws.com",
        )
    sns.publish(TopicArn=topic, Message="from the topic")
    events.put_events(Entries=[{"Source": "tests", "DetailType": "from a rule", "Detail": "{}"}])
    messages = _logged(account, "from the topic", "from a rule")
    assert "from the topic" in messages
    assert "from a rule" in messages


def test_planned_crashes_and_errors_are_spent_one_by_one(
    aws: EmbeddedAws, account: Any, role: str, invoke: Invoke
) -> None:
    account.function("echo", ECHO, role)
    faults = aws.functions.faults
    faults.crash("echo")
    faults.crash("echo", when=Crash.AFTER)
    faults.fail("echo", "SomeError", "some words")
    faults.fail("echo", "Other", matches=lambda event: event == "other")
    first, second, third, fourth = (invoke("echo", n) for n in range(4))
    assert first[1]["errorType"] == second[1]["errorType"] == "Runtime.ExitError"
    assert third == (
        "Unhandled",
        {"errorType": "SomeError", "errorMessage": "some words", "stackTrace": []},
    )
    assert fourth[0] is None
    assert invoke("echo", "other")[1]["errorType"] == "Other"
    assert "got 1" in _logged(account, "got 1")  # it worked before it crashed
    assert "got 0" not in _logged(account)


def test_a_planned_error_of_the_service_itself(aws: EmbeddedAws, account: Any, role: str) -> None:
    account.function("echo", ECHO, role)
    client = account.endpoint.client("lambda")
    aws.faults.fail("lambda:InvokeFunction", "ServiceException", 500)
    with pytest.raises(client.exceptions.ServiceException):
        client.invoke(FunctionName="echo")
    assert client.invoke(FunctionName="echo")["StatusCode"] == 200


def test_a_warm_call_takes_milliseconds(account: Any, role: str, invoke: Invoke) -> None:
    account.function("fast", "def handler(e, c): return e", role)
    invoke("fast")
    times = []
    for _ in range(50):
        began = time.perf_counter()
        invoke("fast")
        times.append(time.perf_counter() - began)
    assert min(times) < 0.02  # 3 to 5 ms on an idle machine, boto3 included


def test_a_role_that_lambda_may_not_assume_is_refused(account: Any) -> None:
    role = account.role("workflow", "states")
    with pytest.raises(ClientError, match=r"The role defined .* cannot be assumed by Lambda\.$"):
        account.function("echo", ECHO, role)


def _logged(account: Any, *awaited: str) -> str:
    """All log text of the function `echo`, once it holds what is awaited."""
    logs = account.endpoint.client("logs")
    deadline = time.monotonic() + 10
    while True:
        try:
            found = logs.filter_log_events(logGroupName="/aws/lambda/echo")["events"]
        except logs.exceptions.ResourceNotFoundException:
            found = []  # nothing has run yet
        text = "\n".join(event["message"] for event in found)
        if all(part in text for part in awaited) or time.monotonic() > deadline:
            return text
        time.sleep(0.02)
