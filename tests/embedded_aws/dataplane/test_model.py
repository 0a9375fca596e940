"""InvokeModel behind IAM, and Bedrock's errors as boto3 raises them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from embedded_aws.dataplane.credentials import RoleClients
from embedded_aws.dataplane.model import resource_arn
from embedded_aws.dataplane.states import UNTRUSTED
from embedded_aws.server import EmbeddedAws

MODEL = "openai.gpt-oss-120b-1:0"
PROFILE = f"us.{MODEL}"
FOUNDATION = f"arn:aws:bedrock:us-east-1::foundation-model/{MODEL}"
PROFILE_ARN = f"arn:aws:bedrock:us-east-1:123456789012:inference-profile/{PROFILE}"
BODY = json.dumps({"messages": [{"role": "user", "content": "x"}], "max_completion_tokens": 10})


@pytest.mark.parametrize(
    ("model", "arn"),
    [
        (MODEL, FOUNDATION),
        ("anthropic.claude-v2", "arn:aws:bedrock:eu-west-1::foundation-model/anthropic.claude-v2"),
        (PROFILE, PROFILE_ARN),
        (PROFILE_ARN, PROFILE_ARN),
    ],
)
def test_the_resource_of_a_model_id(model: str, arn: str) -> None:
    region = arn.split(":")[3]
    assert resource_arn(model, region, "123456789012") == arn


def client(aws: EmbeddedAws, role: str) -> Any:
    return RoleClients(aws.endpoint, "states.amazonaws.com", "tests", UNTRUSTED)(
        role, "bedrock-runtime"
    )


@pytest.mark.parametrize(
    ("model", "allowed", "denied"),
    [
        (MODEL, [], FOUNDATION),
        ("other.model", [FOUNDATION], "foundation-model/other.model"),
        (PROFILE, [FOUNDATION], PROFILE_ARN),
        (PROFILE, [PROFILE_ARN], FOUNDATION),
    ],
)
def test_a_model_needs_its_permissions(
    aws: EmbeddedAws, account: Any, model: str, allowed: list[str], denied: str
) -> None:
    role = account.role("caller", "states", *[("bedrock:InvokeModel", arn) for arn in allowed])
    with pytest.raises(ClientError) as refused:
        client(aws, role).invoke_model(modelId=model, body=BODY)
    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"
    assert f"{denied} because no identity-based policy" in str(refused.value)
    assert aws.model.calls == []


@pytest.mark.parametrize(
    "error",
    [
        "ThrottlingException",
        "ServiceUnavailableException",
        "ModelTimeoutException",
        "ModelNotReadyException",
        "InternalServerException",
        "ValidationException",
    ],
)
def test_errors_have_the_names_that_boto3_knows(aws: EmbeddedAws, account: Any, error: str) -> None:
    role = account.role("caller", "states", ("bedrock:InvokeModel", "*"))
    runtime = client(aws, role)
    aws.model.faults.fail(error)
    with pytest.raises(getattr(runtime.exceptions, error)):
        runtime.invoke_model(modelId=MODEL, body=BODY)


def test_an_allowed_call_reaches_the_model(aws: EmbeddedAws, account: Any) -> None:
    role = account.role(
        "caller",
        "states",
        ("bedrock:InvokeModel", FOUNDATION),
        ("bedrock:InvokeModel", PROFILE_ARN),
    )
    for model in (MODEL, PROFILE):
        with pytest.raises(ClientError, match="offline-rules-v1"):  # its body is no pass's prompt
            client(aws, role).invoke_model(modelId=model, body=BODY)
    assert [call.model_id for call in aws.model.calls] == [MODEL, PROFILE]


def test_other_operations_are_refused_by_name(aws: EmbeddedAws, account: Any) -> None:
    role = account.role("caller", "states", ("bedrock:*", "*"))
    with pytest.raises(ClientError, match=r"has InvokeModel only\.$"):
        client(aws, role).converse(
            modelId=MODEL, messages=[{"role": "user", "content": [{"text": "x"}]}]
        )
