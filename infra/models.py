"""ARNs of the models that the passes call, inference profiles included."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from infra.naming import Deployment
from infra.policies import Statement
from infra.settings import is_profile


def invoke_models(
    deployment: Deployment,
    models: Mapping[str, str],
    profile_regions: Mapping[str, Sequence[str]],
) -> list[Statement]:
    """Invoking the models of all passes, nothing else of Bedrock.

    A model behind a profile may be called through that profile only, in each region that the
    profile routes to.
    """
    used = sorted(set(models.values()))
    direct = [model_arn(deployment, deployment.region, m) for m in used if not is_profile(m)]
    profiles = [m for m in used if is_profile(m)]
    profile_arns = [deployment.arn("bedrock", f"inference-profile/{m}") for m in profiles]
    routed = [
        arn for profile in profiles for arn in routed_arns(deployment, profile, profile_regions)
    ]
    statements = []
    if direct or profile_arns:
        statements.append(
            Statement("InvokeModels", ["bedrock:InvokeModel"], [*direct, *profile_arns])
        )
    if routed:
        through = {"ArnLike": {"bedrock:InferenceProfileArn": profile_arns}}
        statements.append(Statement("InvokeRoutedModels", ["bedrock:InvokeModel"], routed, through))
    return statements


def routed_arns(
    deployment: Deployment, profile: str, profile_regions: Mapping[str, Sequence[str]]
) -> list[str]:
    """The ARNs of a profile's model where the profile may route a call."""
    geography, model = profile.split(".", 1)
    regions = [*profile_regions[profile]]
    if geography == "global":
        regions.append("")  # a globally routed call is checked against an ARN without region
    return [model_arn(deployment, region, model) for region in regions]


def model_arn(deployment: Deployment, region: str, model: str) -> str:
    return f"arn:{deployment.partition}:bedrock:{region}::foundation-model/{model}"
