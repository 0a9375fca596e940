"""Types that are checked here and provisioned on AWS alone."""

from __future__ import annotations

import pytest

from embedded_aws.provider.aws import HANDLERS
from embedded_aws.provider.aws.planned import PLANNED, Planned
from embedded_aws.provider.resource import Place

PLACE = Place("123456789012", "us-east-1")


@pytest.mark.parametrize("planned", PLANNED, ids=lambda planned: planned.schema.token)
def test_each_has_a_reason_and_is_found(planned: Planned) -> None:
    token = planned.schema.token
    assert HANDLERS.handler(token) is planned
    assert HANDLERS.not_here([token]) == [f"{token} is only for AWS: {planned.reason}"]
    assert len(planned.reason) > 20


def test_inputs_are_checked_like_all_others() -> None:
    handler = HANDLERS.handler("aws:redshiftserverless/workgroup:Workgroup")
    given = {"workgroupName": "Gold", "namespaceName": "gold", "baseCapacity": 4, "rpu": 8}
    failed = {failure.property for failure in handler.check(given, PLACE).failures}
    assert failed == {"workgroupName", "baseCapacity", "rpu"}


def test_what_is_provisioned_here_is_not_refused() -> None:
    assert HANDLERS.not_here(["aws:s3/bucket:Bucket", "aws:lambda/function:Function"]) == []
