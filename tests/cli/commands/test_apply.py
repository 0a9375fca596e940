"""What `dej apply` says of a program that refuses its settings."""

from __future__ import annotations

import pulumi
import pytest

from cli.commands.apply import diagnosed
from cli.errors import CommandError, Diagnostic, ExitCode


def shown(problems: str) -> Diagnostic:
    with pytest.raises(CommandError) as refused, diagnosed("local"):
        raise pulumi.RunError(problems)
    return refused.value.diagnostic


def test_one_problem_is_the_sentence() -> None:
    problem = "Pulumi.local.yaml: enrichment.max_job_retries is 0; it should be at least 1"

    assert shown(problem) == Diagnostic(problem, ExitCode.USAGE)


def test_several_problems_are_listed() -> None:
    diagnostic = shown("first\nsecond")

    assert diagnostic.message == "Pulumi.local.yaml has 2 problems."
    assert diagnostic.context == "first\n    second"
    assert diagnostic.code == ExitCode.USAGE


def test_any_other_error_of_the_program_is_named() -> None:
    with pytest.raises(CommandError) as refused, diagnosed("local"):
        raise KeyError("bucket")

    assert refused.value.diagnostic.message == "The program of stack local failed: KeyError."
