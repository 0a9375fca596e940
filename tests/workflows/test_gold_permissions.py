"""Every grant of Gold's roles is needed: without it, a build or a command is denied."""

from __future__ import annotations

import pytest

from tests.stack import Stack
from tests.workflows.denials import Case, Scenario, assert_covered, label
from tests.workflows.gold_denials import CASES, ONLY_ON_AWS_IN_GOLD, ROLES, WITHOUT_WORDS
from tests.workflows.roles import changed, denials, granted, without

SCENARIOS = list(dict.fromkeys(case.scenario for case in (*CASES, *WITHOUT_WORDS)))


@pytest.fixture(scope="module")
def stack(gold_stack: Stack) -> Stack:
    return gold_stack


@pytest.mark.parametrize("case", CASES, ids=label)
def test_without_a_grant_what_needs_it_is_denied(stack: Stack, case: Case) -> None:
    run = case.scenario(stack)

    with changed(stack, case.role, case.sid, without(case.action, case.resource)):
        text = run()

    assert denials(text) == {(case.role, case.action)}


@pytest.mark.parametrize("case", WITHOUT_WORDS, ids=label)
def test_without_a_grant_a_head_request_is_forbidden(stack: Stack, case: Case) -> None:
    run = case.scenario(stack)

    with changed(stack, case.role, case.sid, without(case.action, case.resource)):
        text = run()

    assert "(403) when calling the HeadObject operation" in text


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_with_every_grant_nothing_is_denied(stack: Stack, scenario: Scenario) -> None:
    text = scenario(stack)()

    assert denials(text) == set()
    assert "(403)" not in text


def test_every_grant_has_a_case_or_a_reason(stack: Stack) -> None:
    live = {grant for grant in granted(stack) if grant.role in ROLES}
    assert_covered(live, [*CASES, *WITHOUT_WORDS], ONLY_ON_AWS_IN_GOLD)
