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
from pydantic import Field, ValidationError, field_validator, model_validator

from infra.gold_settings import GoldSettings
from infra.settings_errors import SettingsError, sentences
from infra.settings_types import (
    EmailAddress,
    Expression,
    HttpsUrl,
    ModelId,
    Prefix,
    Region,
    ScheduleSettings,
    Section,
    matching,
)

PROJECT = "data-engineer-jobs"
KEY = "settings"

DISPOSABLE_STACKS = ("local", "dev")
STACK_NAME = re.compile(r"[a-z][a-z0-9-]{0,14}")  # bucket names end at 63 characters, roles at 64


# Geographies of Bedrock's inference profiles; a profile id is one of these, a dot, a model id.
PROFILE_PREFIX = re.compile(r"(us|us-gov|eu|apac|au|ca|jp|global)\.")


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


class DiscoverySchedule(ScheduleSettings):
    expression: Expression = Field(
        default="rate(1 hour)",
        description="When postings are queued. A posting that failed waits for the next time.",
    )
    enabled: bool = Field(
        default=True,
        description="Switched off, nothing is queued; what is queued already goes on.",
    )


class SweepSchedule(ScheduleSettings):
    expression: Expression = Field(
        default="rate(15 minutes)",
        description="When slots and claims of dead executions are freed, beside the event that "
        "tells of each death.",
    )
    enabled: bool = Field(
        default=True,
        description="Switched off, what a death whose event was lost has left behind is held until "
        "its lease ends; its slots are held for ever.",
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
        description="Postings of one partition at work at once. Their calls wait for slots like "
        "all others, so that more than there are slots only wait.",
    )
    slots_per_model: int = Field(
        ge=0,
        le=1000,
        description="Calls of one model that run at once, whoever makes them; 0 starts none. From "
        "the quota and the measured seconds and tokens of a call: the smaller of requests per "
        "minute × seconds / 60 and tokens per minute / tokens × seconds / 60. 100 requests per "
        "minute and 24 seconds give 40.",
    )
    slot_limits: dict[ModelId, Annotated[int, Field(ge=0, le=1000)]] = Field(
        default_factory=dict,
        description="The same for single models, by model id. It may be changed at any time; calls "
        "above a lower limit end first.",
    )
    slot_wait_seconds: int = Field(
        default=28_800,
        ge=60,
        le=43_200,
        description="How long a call waits for a slot. A posting that waits longer goes to the end "
        "of the queue, after three times to the dead letters; a partition stays pending.",
    )
    daily_spend_ceiling_usd: float | None = Field(
        default=None,
        gt=0,
        description="Cost of all calls of a day (UTC) from which on no call gets a slot and "
        "nothing is started until midnight, or until it is lifted. None: there is no such limit.",
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
        matching(r"[A-Za-z0-9][A-Za-z0-9/._-]{0,254}", "write a CloudWatch namespace: Team/Topic"),
    ] = Field(
        "DataEngineerJobs/AIEnrichment",
        description="Where metrics are published. Stacks of one account that share it are added "
        "up in the metrics without dimension.",
    )
    schedule: ScheduleSettings = Field(
        default_factory=ScheduleSettings, description="The daily start."
    )
    max_postings_per_run: int = Field(
        default=1000,
        ge=1,
        le=10_000,
        description="Postings that one run of discovery queues, oldest partitions first; what is "
        "queued or at work already counts. Far above what the slots finish in a day, postings wait "
        "in vain.",
    )
    max_postings_per_partition: int = Field(
        default=100,
        ge=1,
        le=10_000,
        description="Postings of one partition that one run of discovery queues. The rest follows "
        "with the next runs.",
    )
    discovery_batch_size: int = Field(
        default=10,
        ge=1,
        le=10,
        description="Messages that discovery sends with one call. Fewer cost more calls.",
    )
    discovery_schedule: DiscoverySchedule = Field(
        default_factory=DiscoverySchedule, description="The start of discovery."
    )
    sweep_schedule: SweepSchedule = Field(
        default_factory=SweepSchedule, description="The start of the sweep."
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

    @model_validator(mode="after")
    def limits_are_of_models(self) -> EnrichmentSettings:
        for unused in sorted(set(self.slot_limits) - set(self.models.values())):
            raise ValueError(f"slot_limits names {unused!r}, which no pass uses; remove it")
        return self


class AlarmSettings(Section):
    email: list[EmailAddress] = Field(
        default_factory=list,
        description="Addresses that are told when an alarm rings and when it ends. Each gets one "
        "message first and is told nothing until it has confirmed that.",
    )
    https: list[HttpsUrl] = Field(
        default_factory=list,
        description="Addresses that get the same by POST, for a paging service. Each has to "
        "confirm its subscription, too.",
    )
    dead_letters: int = Field(
        default=10,
        ge=0,
        le=100_000,
        description="Messages on the dead-letter queue of postings above which its alarm rings.",
    )
    error_rate_percent: float = Field(
        default=5.0,
        ge=0.1,
        le=99.9,
        description="Share of failed passes in all passes above which an alarm rings, over 15 "
        "minutes.",
    )
    latency_p99_ms: int = Field(
        default=120_000,
        ge=1_000,
        le=900_000,
        description="Time of a model's slowest hundredth of calls above which an alarm rings, "
        "over 15 minutes. Above model_timeout_seconds it never does: calls end there.",
    )
    failed_executions: int = Field(
        default=5,
        ge=0,
        le=10_000,
        description="Executions of enrich_posting and enrich_partition that fail or time out "
        "within 5 minutes, above which an alarm rings.",
    )
    slot_request_age_seconds: int = Field(
        default=3_600,
        ge=60,
        le=43_200,
        description="Age of the oldest call that waits for a slot above which an alarm rings. "
        "Lower than a busy hour needs, it rings for load alone.",
    )


class Settings(Section):
    """All settings of one stack."""

    stack: str = Field(exclude=True)
    lake: LakeSettings = Field(default_factory=LakeSettings, description="Buckets and prefixes.")
    logs: LogSettings = Field(default_factory=LogSettings, description="Log groups.")
    functions: FunctionSettings = Field(
        default_factory=FunctionSettings, description="Lambda functions."
    )
    enrichment: EnrichmentSettings = Field(description="Models, limits and schedule.")
    gold: GoldSettings = Field(
        default_factory=GoldSettings, description="Warehouse, dbt runner, build, cost."
    )
    alarms: AlarmSettings = Field(
        default_factory=AlarmSettings, description="Who is told, and from when on."
    )

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
    def warehouse_fits_package(self) -> Settings:
        engines = {"aws": "redshift", "local": "duckdb"}
        target, engine = self.functions.package_target, self.gold.engine
        if engines[target] != engine:
            raise ValueError(
                f"gold.engine is {engine!r}, but packages for {target!r} run dbt on "
                f"{engines[target]!r}; set the one that fits functions.package_target"
            )
        return self

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
