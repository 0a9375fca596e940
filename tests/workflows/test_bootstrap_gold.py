"""bootstrap_gold over a PostgreSQL that stands in for Redshift: what it makes, and for whom.

Shown are the statements' order, what they grant, and that they may be repeated. Not shown, because
PostgreSQL has neither: that the external schema finds the Glue catalog (only its statement is
looked at), and that Redshift takes the role's database user for the runner.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from tests.dbt_gold.redshift.data_api import DataApi, connected
from tests.dbt_gold.redshift.warehouse import Warehouse, warehouse
from tests.infra.conftest import look_once
from tests.workflows.one_run import run_once

RUNNER = "IAMR:data-engineer-jobs-dev-dbt-runner"
READER, OUTSIDER = "reader", "outsider"
STATEMENTS = 12

# Everything that a statement of bootstrap may change: schemas, users, roles, and who may do what.
STATE = """
    select 'schema', nspname::text, pg_get_userbyid(nspowner)::text, nspacl::text from pg_namespace
    union all select 'database', datname::text, '', datacl::text from pg_database
    union all select 'role', rolname::text, rolconfig::text, rolcanlogin::text from pg_roles
    union all select 'default', pg_get_userbyid(defaclrole)::text, defaclobjtype::text,
      defaclacl::text from pg_default_acl
    order by 1, 2, 3, 4
"""


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """A warehouse before and after its first bootstrap, which a test makes."""
    with warehouse(tmp_path_factory.mktemp("warehouse")) as found:
        # What Redshift has built in.
        found.superuser.cursor().execute("grant usage on schema shim to public")
        yield found


@pytest.fixture(scope="module")
def bootstrapped(database: Warehouse) -> dict[str, Any]:
    """The end of the first bootstrap, after which an analyst was given the role."""
    ended = bootstrap(DataApi(database.port))
    cursor = database.superuser.cursor()
    for statement in (
        f"create user {READER}",
        f"create user {OUTSIDER}",
        f"grant gold_reader to {READER}",
    ):
        cursor.execute(statement)
    return ended


def bootstrap(api: DataApi) -> dict[str, Any]:
    """The ended execution as DescribeExecution shows it."""
    return run_once("bootstrap-gold", lambda service: clients(api, service))


def clients(api: DataApi, service: str) -> DataApi:
    assert service == "redshift-data"
    return api


def state(database: Warehouse) -> list[tuple[Any, ...]]:
    return database.query(STATE)


def test_every_statement_is_executed_as_the_administrator(
    database: Warehouse, bootstrapped: dict[str, Any]
) -> None:
    assert bootstrapped["status"] == "SUCCEEDED", bootstrapped.get("cause")
    assert len(json.loads(bootstrapped["output"])["statements"]) == STATEMENTS

    api = DataApi(database.port)
    bootstrap(api)
    places = {(r["WorkgroupName"], r["Database"]) for r in api.requests}
    assert places == {("data-engineer-jobs-dev-gold", "analytics")}
    assert all(":secretsmanager:" in request["SecretArn"] for request in api.requests)


def test_again_succeeds_and_changes_nothing(
    database: Warehouse, bootstrapped: dict[str, Any]
) -> None:
    before = state(database)

    again = bootstrap(DataApi(database.port))

    assert again["status"] == "SUCCEEDED", again.get("cause")
    assert again["output"] == bootstrapped["output"]
    assert state(database) == before
    assert any("gold_reader" in str(line) for line in before)


def test_silver_is_the_catalog_of_the_stack() -> None:
    (statement,) = [s for s in statements() if s.startswith("CREATE EXTERNAL SCHEMA")]
    catalog = look_once("dev").inputs("CatalogDatabase", "silver")["name"]
    assert statement.startswith(
        "CREATE EXTERNAL SCHEMA IF NOT EXISTS silver_external "
        f"FROM DATA CATALOG DATABASE '{catalog}' IAM_ROLE 'arn:aws:iam::"
    )
    assert statement.endswith(":role/data-engineer-jobs-dev-gold-spectrum'")


def statements() -> list[str]:
    """What a bootstrap asks for, whether or not anything answers."""

    class Unanswered(DataApi):
        def _executed(self, request: dict[str, Any]) -> dict[str, Any]:
            return {"Status": "FINISHED"}

    api = Unanswered(0)
    bootstrap(api)
    return [request["Sql"] for request in api.requests]


# --- what fails


def test_a_statement_that_is_refused_is_named(database: Warehouse) -> None:
    """Without IF NOT EXISTS and with another error than that it exists."""
    admin = "no_administrator"
    cursor = database.superuser.cursor()
    cursor.execute(f"create user {admin}")
    cursor.execute(f"grant create on database analytics to {admin}")

    ended = bootstrap(DataApi(database.port, admin))

    assert (ended["status"], ended["error"]) == ("FAILED", "StatementFailed")
    assert ended["cause"].startswith(f'CREATE USER "{RUNNER}" PASSWORD DISABLE: ERROR: ')
    assert "permission denied" in ended["cause"]


def test_a_statement_that_must_not_exist_yet_fails_if_it_does(
    database: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only users and roles may be there: what has IF NOT EXISTS says so itself."""
    monkeypatch.setattr(
        DataApi, "_executed", lambda *_: {"Status": "FAILED", "Error": "ERROR: it already exists"}
    )

    ended = bootstrap(DataApi(database.port))

    assert (ended["status"], ended["error"]) == ("FAILED", "StatementFailed")
    assert ended["cause"] == "CREATE SCHEMA IF NOT EXISTS gold: ERROR: it already exists"


@pytest.mark.parametrize("status", ["ABORTED", "FAILED"])
def test_an_end_without_an_error_is_named_by_its_status(
    database: Warehouse, monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    monkeypatch.setattr(DataApi, "_executed", lambda *_: {"Status": status})

    ended = bootstrap(DataApi(database.port))

    assert (ended["status"], ended["error"]) == ("FAILED", "StatementFailed")
    assert ended["cause"] == f"CREATE SCHEMA IF NOT EXISTS gold: {status}"


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        ("ExecuteStatement", "ActiveStatementsExceededException"),
        ("ExecuteStatement", "ExecuteStatementException"),
        ("ExecuteStatement", "InternalServerException"),
        ("ExecuteStatement", "ThrottlingException"),
        ("DescribeStatement", "InternalServerException"),
        ("DescribeStatement", "ThrottlingException"),
    ],
)
def test_passing_errors_of_the_service_are_tried_again(
    database: Warehouse, bootstrapped: dict[str, Any], operation: str, code: str
) -> None:
    failures = {operation: [code]}

    ended = bootstrap(DataApi(database.port, failures=failures))

    assert ended["status"] == "SUCCEEDED", ended.get("cause")
    assert failures == {operation: []}


def test_other_errors_of_the_service_end_it(database: Warehouse) -> None:
    failures = {"ExecuteStatement": ["ValidationException"]}

    ended = bootstrap(DataApi(database.port, failures=failures))

    assert (ended["status"], ended["error"]) == ("FAILED", "RedshiftData.ValidationException")


# --- what the runner and the readers may


def allowed(database: Warehouse, user: str, statement: str) -> bool:
    with connected(database.port, user) as cursor:
        try:
            cursor.execute(statement)
        except psycopg2.errors.InsufficientPrivilege:
            return False
    return True


def test_the_runner_creates_and_replaces_in_both_schemas(
    database: Warehouse, bootstrapped: dict[str, Any]
) -> None:
    for statement in (
        "create table gold.made (id int)",
        "insert into gold.made values (1)",
        "alter table gold.made rename to made_before",
        "drop table gold.made_before",
        "create view staging.seen as select 1 as id",
        "drop view staging.seen",
    ):
        assert allowed(database, RUNNER, statement), statement
    timeout = 1000 * (15 * 60 - 60)
    assert [("statement_timeout", str(timeout))] == [
        tuple(setting.split("="))
        for (settings,) in database.query(
            f"select rolconfig from pg_roles where rolname = '{RUNNER}'"
        )
        for setting in settings
    ]


def test_the_runner_makes_no_schemas_and_changes_no_users(
    database: Warehouse, bootstrapped: dict[str, Any]
) -> None:
    assert not allowed(database, RUNNER, "create schema other")
    assert not allowed(database, RUNNER, "create user other")
    assert not allowed(database, RUNNER, "create table silver_external.made (id int)")


def test_a_reader_reads_gold_and_nothing_else(
    database: Warehouse, bootstrapped: dict[str, Any]
) -> None:
    """Also a table that the runner made after bootstrap, by way of another name as dbt does."""
    for statement in (
        "create table gold.later__dbt_tmp as select 1 as id",
        "alter table gold.later__dbt_tmp rename to later",
        "create table staging.hidden as select 1 as id",
    ):
        assert allowed(database, RUNNER, statement), statement

    assert allowed(database, READER, "select * from gold.later")
    for refused in (
        "insert into gold.later values (2)",
        "update gold.later set id = 2",
        "delete from gold.later",
        "truncate gold.later",
        "drop table gold.later",
        "create table gold.mine (id int)",
        "select * from staging.hidden",
        "create table staging.mine (id int)",
        "create table silver_external.mine (id int)",
    ):
        assert not allowed(database, READER, refused), refused
    assert not allowed(database, OUTSIDER, "select * from gold.later")


def test_a_table_that_was_there_before_is_read_too(database: Warehouse) -> None:
    bootstrap(DataApi(database.port))
    database.superuser.cursor().execute("create table gold.earlier as select 1 as id")
    database.superuser.cursor().execute("create user late_reader in role gold_reader")
    assert not allowed(database, "late_reader", "select * from gold.earlier")

    bootstrap(DataApi(database.port))

    assert allowed(database, "late_reader", "select * from gold.earlier")


def test_dbt_builds_as_the_runner(
    database: Warehouse, bootstrapped: dict[str, Any], tmp_path: Path
) -> None:
    """The real adapter needs no more than bootstrap grants; what it builds a reader reads."""
    as_runner = replace(database, folder=tmp_path, user=RUNNER)

    seeded = as_runner.run("seed", "--select", "seed_benefit")
    built = as_runner.run("run", "--select", "dim_time")
    rebuilt = as_runner.run("run", "--select", "dim_time")

    assert seeded["seed.gold_layer.seed_benefit"] == "success"
    assert built["model.gold_layer.dim_time"] == rebuilt["model.gold_layer.dim_time"] == "success"
    assert allowed(database, READER, "select * from gold.dim_time")
    assert not allowed(database, READER, "delete from gold.dim_time")
