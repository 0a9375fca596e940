"""Settings of Gold: warehouse, dbt runner, build, cost."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from infra.settings_types import EmailAddress, Expression, Prefix, ScheduleSettings, Section


class GoldScheduleSettings(ScheduleSettings):
    expression: Expression = Field(
        default="cron(0 7 * * ? *)",
        description="When Gold is built, in UTC, whether or not enrichment started a build.",
    )
    enabled: bool = Field(
        default=True,
        description="Switched off, Gold is built only after an enrichment and by operators.",
    )


class GoldSettings(Section):
    engine: Literal["redshift", "duckdb"] = Field(
        default="redshift",
        description="The warehouse: Redshift Serverless in a network of its own, or a DuckDB file "
        "in the artifacts bucket, which needs neither and serves one machine.",
    )
    companies_prefix: Prefix = Field(
        default="linkedin_companies/",
        description="Where company profiles lie in the Silver bucket. Elsewhere they are not seen, "
        "and companies are known by their postings alone.",
    )
    schedule: GoldScheduleSettings = Field(
        default_factory=GoldScheduleSettings, description="The daily start."
    )
    freshness_gate: Literal["stop", "warn"] = Field(
        default="stop",
        description="What a source without new rows does: it stops the build (stop), or only makes "
        "its verdict YELLOW (warn).",
    )
    parallel_steps: int = Field(
        default=2,
        ge=1,
        le=4,
        description="Steps of one build that write at once: halves of the dimensions and of the "
        "bridges. A DuckDB file has one writer: 1.",
    )
    red_failed_tests: int = Field(
        default=5,
        ge=0,
        description="Failed tests above which a build's verdict is RED. Below it is YELLOW; a "
        "critical test that fails ends the build.",
    )
    runner_memory_mb: int = Field(
        default=512,
        ge=512,
        le=10240,
        description="Memory of the function that runs dbt. On DuckDB the warehouse runs in it and "
        "gets three fifths.",
    )
    runner_timeout_seconds: int = Field(
        default=900,
        ge=120,
        le=900,
        description="Limit of one dbt command. A statement of Redshift is ended a minute earlier, "
        "so that dbt can still say which one.",
    )
    runner_storage_mb: int = Field(
        default=512,
        ge=512,
        le=10240,
        description="Room for files of the function. On DuckDB it holds the warehouse and a copy "
        "of Silver.",
    )
    threads: int = Field(
        default=4, ge=1, le=16, description="Models that one dbt command builds at once."
    )
    results_retention_days: Literal[30, 60, 90, 120, 150, 180, 365] = Field(
        default=90,
        description="Days for which the results of models and tests are kept in their log groups.",
    )
    metrics_namespace: str = Field(
        default="DataEngineerJobs/Gold",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9/._-]{0,254}$",
        description="Where metrics of builds are published, each with the dimension Stack.",
    )
    notification_emails: list[EmailAddress] = Field(
        default_factory=list,
        description="Who is written to after each build, good or bad. AWS asks each address for "
        "its consent first.",
    )

    vpc_cidr: str = Field(
        default="10.40.0.0/20",
        pattern=r"^\d{1,3}(\.\d{1,3}){3}/(1[6-9]|2[0-2])$",
        description="Addresses of the warehouse's network. After a change it is built anew.",
    )
    endpoint_zones: int = Field(
        default=1,
        ge=1,
        le=3,
        description="Zones in which the network has endpoints of AWS's services. While a zone "
        "without another is down, builds fail; each costs about 22 USD a month.",
    )
    base_capacity_rpu: Literal[8, 16, 24, 32, 40, 48, 56, 64] = Field(
        default=8,
        description="Capacity with which Redshift begins. Twice as much is faster and costs twice "
        "as much an hour.",
    )
    max_capacity_rpu: int = Field(
        default=16, ge=8, le=512, description="Capacity to which Redshift may grow by itself."
    )
    daily_rpu_hours: int = Field(
        default=32,
        ge=4,
        le=10_000,
        description="Use of a day after which Redshift refuses queries until the next. A build "
        "that meets it fails.",
    )
    monthly_budget_usd: int = Field(
        default=200,
        ge=1,
        description="Cost of Redshift in a month above which a deployment warns, if the estimate "
        "says so, and AWS writes to `alarms.email`, if the bill or its forecast does.",
    )
    docs_readers: list[str] = Field(
        default_factory=list,
        description="Names of those who may read the docs site; each needs a password, see "
        "`dej gold reader`. Without any the site answers 401 to everybody.",
    )

    @model_validator(mode="after")
    def one_writer(self) -> GoldSettings:
        if self.engine == "duckdb" and self.parallel_steps != 1:
            raise ValueError(
                f"parallel_steps is {self.parallel_steps}, but a DuckDB file has one writer; set 1"
            )
        return self
