"""Which models a role may invoke."""

from __future__ import annotations

from typing import Any

from infra.models import invoke_models
from infra.naming import Deployment

HERE = Deployment("data-engineer-jobs", "dev", "123456789012", "us-east-1", "aws")
GPT = "openai.gpt-oss-120b-1:0"
CLAUDE = "anthropic.claude-haiku-4-5-20251001-v1:0"


def allowed(models: list[str], regions: dict[str, list[str]] | None = None) -> list[dict[str, Any]]:
    passes = {f"pass{i}": model for i, model in enumerate(models, 1)}
    return [s.document() for s in invoke_models(HERE, passes, regions or {})]


def test_each_model_once() -> None:
    assert allowed([GPT, "offline-rules-v1", GPT]) == [
        {
            "Sid": "InvokeModels",
            "Effect": "Allow",
            "Action": ["bedrock:InvokeModel"],
            "Resource": [
                "arn:aws:bedrock:us-east-1::foundation-model/offline-rules-v1",
                f"arn:aws:bedrock:us-east-1::foundation-model/{GPT}",
            ],
        }
    ]


def test_a_profile_and_its_model_in_each_region_it_routes_to() -> None:
    profile = f"arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.{CLAUDE}"
    regions = {f"us.{CLAUDE}": ["us-east-1", "us-west-2"]}

    invoke, routed = allowed([GPT, f"us.{CLAUDE}"], regions)

    assert invoke["Resource"] == [f"arn:aws:bedrock:us-east-1::foundation-model/{GPT}", profile]
    assert routed == {
        "Sid": "InvokeRoutedModels",
        "Effect": "Allow",
        "Action": ["bedrock:InvokeModel"],
        "Resource": [
            f"arn:aws:bedrock:us-east-1::foundation-model/{CLAUDE}",
            f"arn:aws:bedrock:us-west-2::foundation-model/{CLAUDE}",
        ],
        "Condition": {"ArnLike": {"bedrock:InferenceProfileArn": [profile]}},
    }


def test_a_global_profile_also_reaches_its_model_without_region() -> None:
    _, routed = allowed([f"global.{CLAUDE}"], {f"global.{CLAUDE}": ["us-east-1"]})

    assert routed["Resource"] == [
        f"arn:aws:bedrock:us-east-1::foundation-model/{CLAUDE}",
        f"arn:aws:bedrock:::foundation-model/{CLAUDE}",
    ]
