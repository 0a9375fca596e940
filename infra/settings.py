"""Settings of a stack: typed, validated before any resource exists, unknown keys refused.

They lie in `Pulumi.<stack>.yaml` under one configuration key, `data-engineer-jobs:settings`, so
that a misspelt name anywhere in it is found. A field's description says what changing it does;
`docs/settings.md` is generated from here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from infra.settings_errors import SettingsError, sentences

PROJECT = "data-engineer-jobs"
KEY = "settings"

DISPOSABLE_STACKS = ("local", "dev")
STACK_NAME = re.compile(r"[a-z][a-z0-9-]{0,14}")  # bucket names end at 63 characters, roles at 64


def _matching(pattern: str, remedy: str) -> AfterValidator:
    """A text that matches the whole pattern; the remedy says how to write it."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"{text!r} cannot be used; {remedy}")
        return text

    return AfterValidator(check)


Prefix = Annotated[
    str,
    _matching(r"[a-z0-9_]+(/[a-z0-9_]+)*/", "write lower-case folders that end in a slash: a/b/"),
]
ModelId = Annotated[
    str, _matching(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,199}", "write a Bedrock model or profile id")
]
Region = Annotated[str, _matching(r"[a-z]{2}(-[a-z]+)+-\d", "write a region such as us-east-1")]
Expression = Annotated[
    str, _matching(r"(cron|rate)\(.+\)", "write cron(0 6 * * ? *) or rate(1 day)")
]

# Geographies of Bedrock's inference profiles; a profile id is one of these, a dot, a model id.
PROFILE_PREFIX = re.compile(r"(us|us-gov|eu|apac|au|ca|jp|global)\.")


class Section(BaseModel):
    """A group of settings: no conversions, no unknown names, no changes after validation."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class LakeSettings(Section):
    silver_prefix: Prefix = Field(
        default="linkedin/",
        description="Where postings lie in the Silver bucket. Discovery sees nothing elsewhere.",
    )
    silver_ai_prefix: Prefix = Field(
        default="linkedin_ai/",
        description="Where enriched partitions are written in the Silver bucket. After a change "
        "every partition is pending again; finished passes are not paid again.",
    )
    bronze_prefix: Prefix = Field(
        default="ai_enrichment/",
        description="Where raw answers and pass results lie in the Bronze bucket. After a change "
        "every pass is paid again.",
    )
    work_retention_days: int = Field(
        default=15,
        ge=3,
        le=90,
        description="Days until a run's work files are deleted. A run can be redriven for 14 days, "
        "but not without them.",
    )
    noncurrent_retention_days: int = Field(
        default=30,
        ge=1,
        le=3650,
        description="Days for which overwritten or deleted objects of Bronze and Silver can be "
        "restored. Longer costs storage.",
    )
    force_destroy: bool = Field(
        default=False,
        description="Destroying the stack deletes buckets with all their objects and the status "
        "table. Only the stacks local and dev may set it.",
    )

    @model_validator(mode="after")
    def prefixes_are_apart(self) -> LakeSettings:
        silver, silver_ai = self.silver_prefix, self.silver_ai_prefix
        if silver.startswith(silver_ai) or silver_ai.startswith(silver):
            raise ValueError(
                f"silver_prefix {silver!r} and silver_ai_prefix {silver_ai!r} overlap; "
                "choose prefixes of which neither begins with the other"
            )
        return self


class LogSettings(Section):
    retention_days: Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365] = Field(
        default=30,
        description="Days for which logs of functions and workflows are kept. After that a failure "
        "can no longer be explained from its logs.",
    )


class FunctionSettings(Section):
    package_target: Literal["aws", "local"] = Field(
        default="aws",
        description="What function packages are built for: Lambda's own Python (aws), or the "
        "interpreter of this machine (local). The wrong one fails at import.",
    )
    partition_memory_mb: int = Field(
        default=1024,
        ge=512,
        le=10240,
        description="Memory of the functions that read and write a partition. It bounds the rows "
        "of a partition, and CPU grows with it.",
    )
    partition_timeout_seconds: int = Field(
        default=900,
        ge=60,
        le=900,
        description="Limit of one read or assembly of a partition. A longer one fails and the "
        "partition stays pending.",
    )
    parse_memory_mb: int = Field(
        default=512,
        ge=256,
        le=10240,
        description="Memory of the function that validates one model answer.",
    )
    parse_timeout_seconds: int = Field(
        default=30,
        ge=5,
        le=900,
        description="Limit of the validation of one answer. A longer one counts as a failed "
        "attempt of its pass, and the call is paid again.",
    )


class ScheduleSettings(Section):
    expression: Expression = Field(
        default="cron(0 6 * * ? *)",
        description="When pending partitions are enriched, in UTC. More often costs nothing where "
        "nothing is pending.",
    )
    enabled: bool = Field(
        default=True,
        description="Switched off, partitions are enriched only when an operator starts it.",
    )


class EnrichmentSettings(Section):
    models: dict[str, ModelId] = Field(
        default_factory=lambda: dict.fromkeys(
            ("pass1", "pass2", "pass3"), "openai.gpt-oss-120b-1:0"
        ),
        description="Model id or inference profile id of each pass. A pass with another model is "
        "paid again for every posting, and so are the passes that need it.",
    )
    profile_regions: dict[str, list[Region]] = Field(
        default_factory=dict,
        description="For each inference profile in use, the regions it routes to. A region that "
        "is missing here is denied when Bedrock routes a call to it.",
    )
    max_concurrent_postings: int = Field(
        ge=1,
        le=1000,
        description="Postings of one partition enriched at once. Times max_concurrent_partitions "
        "these calls reach the model; above its quota they are throttled.",
    )
    max_concurrent_partitions: int = Field(
        default=5,
        ge=1,
        le=40,
        description="Partitions enriched at once by one run.",
    )
    max_partitions_per_run: int = Field(
        default=10,
        ge=1,
        le=1000,
        description="Pending partitions that one run takes, oldest first. It bounds what one run "
        "can spend; the rest waits for the next.",
    )
    model_timeout_seconds: int = Field(
        ge=10,
        le=900,
        description="Limit of one model call. A longer one is abandoned, may be billed, and "
        "counts as an attempt.",
    )
    max_job_retries: int = Field(
        default=3,
        ge=1,
        le=10,
        description="Runs in which a posting may fail at the same pass. After that it is not "
        "called again until its text, prompt or model changes, or by force.",
    )
    metrics_namespace: Annotated[
        str,
        _matching(r"[A-Za-z0-9][A-Za-z0-9/._-]{0,254}", "write a CloudWatch namespace: Team/Topic"),
    ] = Field(
        "DataEngineerJobs/AIEnrichment",
        description="Where metrics are published. Stacks of one account that share it are added "
        "up in the metrics without dimension.",
    )
    schedule: ScheduleSettings = Field(
        default_factory=ScheduleSettings, description="The daily start."
    )

    @field_validator("models")
    @classmethod
    def models_are_named(cls, models: dict[str, str]) -> dict[str, str]:
        if not models:
            raise ValueError("name the model of each pass")
        return models

    @model_validator(mode="after")
    def profiles_have_regions(self) -> EnrichmentSettings:
        profiles = {model for model in self.models.values() if is_profile(model)}
        for profile in sorted(profiles):
            if not self.profile_regions.get(profile):
                raise ValueError(
                    f"models names the inference profile {profile!r}; "
                    "list the regions it routes to in profile_regions"
                )
        for unused in sorted(set(self.profile_regions) - profiles):
            raise ValueError(f"profile_regions names {unused!r}, which no pass uses; remove it")
        return self


class Settings(Section):
    """All settings of one stack."""

    stack: str = Field(exclude=True)
    lake: LakeSettings = Field(default_factory=LakeSettings, description="Buckets and prefixes.")
    logs: LogSettings = Field(default_factory=LogSettings, description="Log groups.")
    functions: FunctionSettings = Field(
        default_factory=FunctionSettings, description="Lambda functions."
    )
    enrichment: EnrichmentSettings = Field(description="Models, limits and schedule.")

    @field_validator("stack")
    @classmethod
    def stack_fits_into_names(cls, stack: str) -> str:
        if not STACK_NAME.fullmatch(stack):
            raise ValueError(
                "it is part of every name; use up to 15 lower-case letters, digits and hyphens, "
                "starting with a letter"
            )
        return stack

    @model_validator(mode="after")
    def data_is_safe(self) -> Settings:
        if self.lake.force_destroy and self.stack not in DISPOSABLE_STACKS:
            raise ValueError(
                "lake.force_destroy deletes data and is only for the stacks "
                f"{' and '.join(DISPOSABLE_STACKS)}; remove it"
            )
        return self


def is_profile(model: str) -> bool:
    """Whether a model id names an inference profile, which routes calls to several regions."""
    return PROFILE_PREFIX.match(model) is not None


def parse(stack: str, values: Mapping[str, Any] | None) -> Settings:
    """The settings of a stack from the value of its configuration key.

    Raises SettingsError, one sentence per problem, each with field and remedy.
    """
    if not isinstance(values, Mapping):
        raise SettingsError([f"Pulumi.{stack}.yaml has no object {PROJECT}:{KEY}; add it"])
    if "stack" in values:
        raise SettingsError([f"Pulumi.{stack}.yaml: stack is not a setting; remove it"])
    try:
        return Settings.model_validate({**values, "stack": stack})
    except ValidationError as error:
        raise SettingsError(sentences(stack, error, Settings)) from None


def load(root: Path, stack: str) -> Settings:
    """The settings of a stack from its file, for tools that run outside of the program."""
    file = root / f"Pulumi.{stack}.yaml"
    if not file.is_file():
        raise SettingsError([f"{file.name} does not exist; copy the one of another stack"])
    config = (yaml.safe_load(file.read_text()) or {}).get("config") or {}
    return parse(stack, config.get(f"{PROJECT}:{KEY}"))
