"""Settings: presets, refusals, and the sentences that go with them."""

from __future__ import annotations

from typing import Any

import pytest

from infra.platform import ROOT
from infra.settings import Settings, load, parse
from infra.settings_errors import SettingsError
from infra.settings_table import PAGE, page

REQUIRED = {"max_concurrent_postings": 5, "slots_per_model": 5, "model_timeout_seconds": 180}


SECTIONS = [name for name in Settings.model_fields if name != "stack"]


def values(**enrichment: Any) -> dict[str, Any]:
    return {"enrichment": {**REQUIRED, **enrichment}}


def refusals(stack: str, given: dict[str, Any] | None) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        parse(stack, given)
    return refused.value.problems


@pytest.mark.parametrize(
    ("stack", "concurrent", "timeout"),
    [("local", 5, 180), ("dev", 5, 180), ("staging", 20, 180), ("prod", 50, 300)],
)
def test_presets(stack: str, concurrent: int, timeout: int) -> None:
    settings = load(ROOT, stack).enrichment

    assert settings.max_concurrent_postings == settings.slots_per_model == concurrent
    assert settings.slot_wait_seconds == 28_800
    assert settings.daily_spend_ceiling_usd is None
    assert settings.model_timeout_seconds == timeout
    assert settings.max_partitions_per_run == 10
    assert settings.max_job_retries == 3
    assert settings.schedule.expression == "cron(0 6 * * ? *)"
    assert settings.schedule.enabled


@pytest.mark.parametrize("stack", ["dev", "staging", "prod"])
def test_stacks_on_aws_use_the_default_model(stack: str) -> None:
    passes = ("pass1", "pass2", "pass3")

    assert load(ROOT, stack).enrichment.models == dict.fromkeys(passes, "openai.gpt-oss-120b-1:0")


def test_the_local_stack_uses_the_rules() -> None:
    settings = load(ROOT, "local")

    assert set(settings.enrichment.models.values()) == {"offline-rules-v1"}
    assert settings.functions.package_target == "local"


@pytest.mark.parametrize(("stack", "allowed"), [("local", True), ("dev", True), ("prod", False)])
def test_only_disposable_stacks_destroy_data(stack: str, allowed: bool) -> None:
    given = {**values(), "lake": {"force_destroy": True}}

    if allowed:
        assert parse(stack, given).lake.force_destroy
    else:
        assert refusals(stack, given) == [
            "Pulumi.prod.yaml: lake.force_destroy deletes data and is only for the stacks local "
            "and dev; remove it"
        ]


@pytest.mark.parametrize("stack", ["staging", "prod"])
def test_lasting_stacks_keep_their_data(stack: str) -> None:
    assert not load(ROOT, stack).lake.force_destroy


REFUSED = [
    (None, "Pulumi.dev.yaml has no object data-engineer-jobs:settings; add it"),
    ({}, "Pulumi.dev.yaml: enrichment is missing; set it"),
    (
        {"enrichment": {"model_timeout_seconds": 180, "slots_per_model": 5}},
        "Pulumi.dev.yaml: enrichment.max_concurrent_postings is missing; set it",
    ),
    (
        values(max_concurent_partitions=3),
        "Pulumi.dev.yaml: enrichment.max_concurent_partitions is not a setting; "
        "did you mean max_concurrent_partitions?",
    ),
    (
        values(schedule={"expresion": "rate(1 day)"}),
        "Pulumi.dev.yaml: enrichment.schedule.expresion is not a setting; did you mean expression?",
    ),
    (
        {**values(), "budgets": {}},
        f"Pulumi.dev.yaml: budgets is not a setting; remove it or use one of {', '.join(SECTIONS)}",
    ),
    ({**values(), "stack": "prod"}, "Pulumi.dev.yaml: stack is not a setting; remove it"),
    (
        values(max_concurrent_postings=0),
        "Pulumi.dev.yaml: enrichment.max_concurrent_postings is 0; "
        "it should be greater than or equal to 1",
    ),
    (
        values(max_concurrent_partitions=41),
        "Pulumi.dev.yaml: enrichment.max_concurrent_partitions is 41; "
        "it should be less than or equal to 40",
    ),
    (
        values(max_job_retries="3"),
        "Pulumi.dev.yaml: enrichment.max_job_retries is '3'; it should be a valid integer",
    ),
    (
        values(schedule={"expression": "every day"}),
        "Pulumi.dev.yaml: enrichment.schedule.expression: 'every day' cannot be used; "
        "write cron(0 6 * * ? *) or rate(1 day)",
    ),
    (
        {**values(), "logs": {"retention_days": 31}},
        "Pulumi.dev.yaml: logs.retention_days is 31; "
        "it should be 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180 or 365",
    ),
    (
        {**values(), "lake": {"silver_prefix": "/linkedin"}},
        "Pulumi.dev.yaml: lake.silver_prefix: '/linkedin' cannot be used; "
        "write lower-case folders that end in a slash: a/b/",
    ),
    (
        {**values(), "lake": {"silver_prefix": "jobs/", "silver_ai_prefix": "jobs/ai/"}},
        "Pulumi.dev.yaml: lake: silver_prefix 'jobs/' and silver_ai_prefix 'jobs/ai/' overlap; "
        "choose prefixes of which neither begins with the other",
    ),
    (values(models={}), "Pulumi.dev.yaml: enrichment.models: name the model of each pass"),
    (
        values(models={"pass1": "us.anthropic.claude-x"}),
        "Pulumi.dev.yaml: enrichment: models names the inference profile 'us.anthropic.claude-x'; "
        "list the regions it routes to in profile_regions",
    ),
    (
        values(slot_limits={"another-model": 3}),
        "Pulumi.dev.yaml: enrichment: slot_limits names 'another-model', which no pass uses; "
        "remove it",
    ),
    (
        values(daily_spend_ceiling_usd=0.0),
        "Pulumi.dev.yaml: enrichment.daily_spend_ceiling_usd is 0.0; it should be greater than 0",
    ),
    (
        values(slot_wait_seconds=30),
        "Pulumi.dev.yaml: enrichment.slot_wait_seconds is 30; "
        "it should be greater than or equal to 60",
    ),
    (
        values(profile_regions={"us.anthropic.claude-x": ["us-east-1"]}),
        "Pulumi.dev.yaml: enrichment: profile_regions names 'us.anthropic.claude-x', "
        "which no pass uses; remove it",
    ),
]


@pytest.mark.parametrize(("given", "sentence"), REFUSED, ids=range(len(REFUSED)))
def test_what_cannot_be_used_is_refused_by_name_and_remedy(
    given: dict[str, Any] | None, sentence: str
) -> None:
    assert refusals("dev", given) == [sentence]


def test_all_problems_are_told_at_once() -> None:
    given = values(max_job_retries=0, max_partitions_per_run=0)

    assert len(refusals("dev", given)) == 2


@pytest.mark.parametrize("stack", ["Prod", "a-name-that-is-too-long", "1st", "dev_2", ""])
def test_a_stack_whose_name_does_not_fit_is_refused(stack: str) -> None:
    assert refusals(stack, values()) == [
        f"Pulumi.{stack}.yaml: stack: it is part of every name; use up to 15 lower-case letters, "
        "digits and hyphens, starting with a letter"
    ]


def test_a_stack_without_file_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"^Pulumi\.qa\.yaml does not exist; copy the one of"):
        load(ROOT, "qa")


def test_every_setting_says_what_it_does() -> None:
    def described(section: Any, path: str) -> list[str]:
        if not hasattr(section, "model_fields"):
            return []
        return [
            problem
            for name, field in section.model_fields.items()
            if not field.exclude
            for problem in ([] if (field.description or "").endswith(".") else [f"{path}{name}"])
            + described(field.annotation, f"{path}{name}.")
        ]

    assert described(Settings, "") == []


def test_the_page_of_settings_is_the_one_that_the_code_writes() -> None:
    assert PAGE.read_text() == page(), "run python -m infra.settings_table"
