"""The Glue catalog: what is asked for, what partitions need, what a restart keeps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from embedded_aws.dataplane.credentials import RoleClients
from embedded_aws.dataplane.states import UNTRUSTED
from embedded_aws.endpoint import Endpoint
from embedded_aws.server import EmbeddedAws, running

GLUE = "arn:aws:glue:us-east-1:123456789012"
WAY = [f"{GLUE}:catalog", f"{GLUE}:database/silver", f"{GLUE}:table/silver/postings"]
TABLE = {"DatabaseName": "silver", "TableName": "postings"}
HOUR = [{"Values": ["2026", "01", "31", "06"]}]


def make_table(endpoint: Endpoint) -> Any:
    glue = endpoint.client("glue")
    glue.create_database(DatabaseInput={"Name": "silver"})
    glue.create_table(DatabaseName="silver", TableInput={"Name": "postings"})
    return glue


def test_the_whole_way_to_a_table_must_be_allowed(aws: EmbeddedAws, account: Any) -> None:
    make_table(aws.endpoint)
    clients = RoleClients(aws.endpoint, "states.amazonaws.com", "tests", UNTRUSTED)

    for missing in WAY:
        allowed = [("glue:*", arn) for arn in WAY if arn != missing]
        glue = clients(account.role(f"no-{missing.count('/')}", "states", *allowed), "glue")
        said = rf"AccessDenied.*not authorized to perform: glue:GetTable on resource: {missing} "
        with pytest.raises(ClientError, match=said):
            glue.get_table(DatabaseName="silver", Name="postings")

    glue = clients(account.role("all", "states", *(("glue:*", arn) for arn in WAY)), "glue")
    assert glue.get_table(DatabaseName="silver", Name="postings")["Table"]["Name"] == "postings"
    assert glue.batch_create_partition(**TABLE, PartitionInputList=HOUR)["Errors"] == []


def test_partitions_need_a_table(aws: EmbeddedAws) -> None:
    glue, place = make_table(aws.endpoint), {**TABLE, "TableName": "nothing"}

    calls: dict[str, Any] = {
        "batch_create_partition": {"PartitionInputList": HOUR},
        "create_partition": {"PartitionInput": HOUR[0]},
        "get_partitions": {},
    }
    for name, request in calls.items():
        with pytest.raises(glue.exceptions.EntityNotFoundException, match="Table nothing not f"):
            getattr(glue, name)(**place, **request)


def test_a_restart_keeps_tables_and_partitions(tmp_path: Path) -> None:
    with running(tmp_path) as aws:
        make_table(aws.endpoint).batch_create_partition(**TABLE, PartitionInputList=HOUR)

    with running(tmp_path) as aws:
        glue = aws.endpoint.client("glue")
        assert [p["Values"] for p in glue.get_partitions(**TABLE)["Partitions"]] == [
            HOUR[0]["Values"]
        ]
        (error,) = glue.batch_create_partition(**TABLE, PartitionInputList=HOUR)["Errors"]
        assert error["ErrorDetail"]["ErrorCode"] == "AlreadyExistsException"
