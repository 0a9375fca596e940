"""A double of Redshift's Data API: statements of an administrator, executed by the stand-in.

Users and roles are spelled PostgreSQL's way before they reach it. Of an external schema only the
name is made: PostgreSQL has no Glue catalog, so that nothing is shown of its clauses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg2
from botocore.exceptions import ClientError

from tests.dbt_gold.redshift import postgres

RULES = [
    (re.compile(r"\bPASSWORD DISABLE\b"), "PASSWORD NULL"),
    (re.compile(r"\b(GRANT|TO) ROLE (\w+)"), r"\1 \2"),
    (re.compile(r"^CREATE EXTERNAL SCHEMA (IF NOT EXISTS \w+) .*", re.DOTALL), r"CREATE SCHEMA \1"),
]


@dataclass
class DataApi:
    """What the state machine takes for boto3's client `redshift-data`.

    port      of the stand-in, which answers as Redshift
    user      whose statements they are
    failures  errors that the next calls answer, by operation
    requests  of ExecuteStatement, in their order
    """

    port: int
    user: str = postgres.SUPERUSER
    failures: dict[str, list[str]] = field(default_factory=dict)
    requests: list[dict[str, Any]] = field(default_factory=list)
    _ends: list[dict[str, Any]] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)

    def execute_statement(self, **request: Any) -> dict[str, Any]:
        self._fail("ExecuteStatement")
        self.requests.append(request)
        id = str(len(self._ends))
        self._ends.append({"Id": id, **self._executed(request)})
        return {"Id": id, "Database": request["Database"]}

    def describe_statement(self, **request: Any) -> dict[str, Any]:
        """At the first look a statement still runs."""
        self._fail("DescribeStatement")
        id = request["Id"]
        if id not in self._seen:
            self._seen.add(id)
            return {"Id": id, "Status": "STARTED"}
        return self._ends[int(id)]

    def _executed(self, request: dict[str, Any]) -> dict[str, Any]:
        statement = request["Sql"]
        for pattern, replacement in RULES:
            statement = pattern.sub(replacement, statement)
        try:
            with connected(self.port, self.user, request["Database"]) as cursor:
                cursor.execute(statement)
        except psycopg2.Error as error:
            return {"Status": "FAILED", "Error": f"ERROR: {str(error).splitlines()[0]}"}
        return {"Status": "FINISHED"}

    def _fail(self, operation: str) -> None:
        if codes := self.failures.get(operation):
            raise ClientError({"Error": {"Code": codes.pop(), "Message": "planned"}}, operation)


@contextmanager
def connected(port: int, user: str, database: str = postgres.DATABASE) -> Iterator[Any]:
    """A cursor of a user's own connection to the stand-in; every statement is committed."""
    connection = psycopg2.connect(
        host="127.0.0.1", port=port, user=user, dbname=database, password="-", sslmode="disable"
    )
    connection.autocommit = True
    try:
        yield connection.cursor()
    finally:
        connection.close()
