"""Statements that are wider than they need be do not come into being."""

from __future__ import annotations

import pytest

from infra.lint.program import Stack
from infra.policies import UNSCOPED, Statement

ARN = "arn:aws:s3:::bucket/*"


@pytest.mark.parametrize("action", ["*", "s3:*", "s3:Get*"])
def test_an_action_is_named(action: str) -> None:
    with pytest.raises(ValueError, match=r"^statement Read: name each action instead of "):
        Statement("Read", [action], [ARN])


def test_a_resource_is_named() -> None:
    with pytest.raises(ValueError, match=r"^statement Read: name its resources instead of \*$"):
        Statement("Read", ["s3:GetObject"], ["*"])


@pytest.mark.parametrize("sid", sorted(UNSCOPED))
def test_every_exception_has_a_reason_and_is_needed(dev: Stack, sid: str) -> None:
    unscoped = {
        statement["Sid"]
        for document in dev.policies().values()
        for statement in document["Statement"]
        if "*" in statement.get("Resource", []) and statement["Effect"] == "Allow"
    }

    assert len(UNSCOPED[sid]) > 20
    assert sid in unscoped
