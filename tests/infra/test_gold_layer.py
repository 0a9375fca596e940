"""The layer of dbt-redshift: small enough, and able to run the project where nothing else is.

The runner's own package for AWS, with the parse that travels in it, and the layer run every command
in a process like Lambda's: without git, without semaphores, code and layer read-only. On Python
3.12 the layer is the one for AWS itself, on 3.11 that of the same lock for this interpreter.

The warehouse is the stand-in of `tests/dbt_gold/redshift`, reached as a workgroup is: by its host
name, with TLS, as the user whose temporary credentials the driver asks for, with the rights that
bootstrap_gold gives that user. S3, logs and metrics are the embedded AWS, under the role of stack
dev. Not shown: what the real service says to GetCredentials; its double gives every caller one
user, whose password nobody checks.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from embedded_aws.dataplane import credentials
from embedded_aws.endpoint import ACCOUNT
from embedded_aws.lambda_runtime.runtime_folder import runtime_folder
from embedded_aws.server import RUNTIME_ROOT, EmbeddedAws, running
from infra.packages import build, build_layer, unzipped_size
from infra.platform import ROOT
from tests.dbt_gold.redshift import wire
from tests.dbt_gold.redshift.data_api import DataApi
from tests.dbt_gold.redshift.serverless import Issuer, authority, issuing
from tests.dbt_gold.redshift.warehouse import Warehouse, warehouse
from tests.dbt_gold.small import write_small
from tests.infra.conftest import look_once
from tests.infra.test_packages import names, unzip
from tests.workflows.test_bootstrap_gold import bootstrap

MEGABYTE = 1_000_000
LAYER = "dbt-redshift"
ROLE = "data-engineer-jobs-dev-dbt-runner"
USER = f"IAMR:{ROLE}"
DOCS = "data-engineer-jobs-dev-docs"
ARTIFACTS = "data-engineer-jobs-dev-artifacts"
NOBODY_LISTENS = "9"
SEEDS = "seed_seniority seed_work_model"
MODELS = "stg_linkedin_companies dim_seniority dim_work_model"
TESTS = ("unique_dim_seniority_seniority_key", "unique_dim_work_model_work_model_key")
PROGRAM = Path(__file__).with_name("as_on_lambda.py")


@pytest.fixture(scope="module")
def for_aws() -> Path:
    return build_layer(ROOT, LAYER, "aws")


def test_the_layer_is_small_enough(for_aws: Path) -> None:
    assert unzipped_size(for_aws) < 80 * MEGABYTE
    assert for_aws.stat().st_size < 50 * MEGABYTE


def test_the_layer_has_what_dbt_needs_and_not_what_the_runtime_has(for_aws: Path) -> None:
    inside = names(for_aws)
    assert "python/dbt/include/global_project/dbt_project.yml" in inside
    assert "python/dbt/include/redshift/dbt_project.yml" in inside
    assert "python/babel/locale-data/en_US.dat" in inside
    tops = {each.split("/")[1] for each in inside}
    assert not tops & {"boto3", "botocore", "lxml", "bs4", "setuptools", "duckdb"}
    assert all(each.endswith("x86_64-linux-gnu.so") for each in inside if ".cpython-" in each)


Answer = dict[str, Any]


@dataclass(frozen=True)
class Place:
    """What the function sees around it."""

    aws: EmbeddedAws
    redshift: Warehouse
    issuer: Issuer
    environment: dict[str, str]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder, work = tmp_path_factory.mktemp("place"), tmp_path_factory.mktemp("work")
    function = look_once("dev").inputs("Function", "dbt-runner")
    variables: dict[str, str] = dict(function["environment"]["variables"])
    trusted = authority(folder, variables["REDSHIFT_HOST"])
    write_small(folder / "lake")
    with (
        running() as aws,
        issuing(USER, may_connect) as issuer,
        warehouse(folder, trusted.context) as redshift,
    ):
        redshift.load(folder / "lake")
        let_in(redshift)
        prepare(aws, variables)
        as_role = session()
        yield Place(
            aws,
            redshift,
            issuer,
            {
                **variables,
                "AWS_ACCESS_KEY_ID": as_role.access_key,
                "AWS_SECRET_ACCESS_KEY": as_role.secret_key,
                "AWS_SESSION_TOKEN": as_role.token,
                "AWS_REGION": aws.endpoint.region,
                "AWS_DEFAULT_REGION": aws.endpoint.region,
                "AWS_ENDPOINT_URL": aws.endpoint.url,
                "AWS_ENDPOINT_URL_REDSHIFT_SERVERLESS": issuer.url,
                "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
                "SSL_CERT_FILE": str(trusted.certificate),
                "LANG": "en_US.UTF-8",
                "PATH": "",  # so there is no git
                "TMPDIR": str(work),
            },
        )


def session() -> credentials.Session:
    return credentials.assume(f"arn:aws:iam::{ACCOUNT}:role/{ROLE}", "dbt-runner")


def may_connect() -> bool:
    """Whether the runner's role may ask for credentials of stack dev's workgroup."""
    (workgroup,) = look_once("dev").statements("dbt-runner")["ConnectAsRole"]["Resource"]
    return credentials.may(session(), "redshift-serverless:GetCredentials", workgroup)


def let_in(redshift: Warehouse) -> None:
    """The runner's user may do what bootstrap_gold grants it."""
    with wire.redshift(redshift.superuser.info.port) as port:
        ended = bootstrap(DataApi(port))
    assert ended["status"] == "SUCCEEDED", ended.get("cause")
    # Through Spectrum the usage of the schema is enough, and Redshift's own functions are anyone's.
    for statement in (
        f'grant select on all tables in schema silver_external to "{USER}"',
        "grant usage on schema shim to public",
    ):
        redshift.superuser.cursor().execute(statement)


def prepare(aws: EmbeddedAws, variables: dict[str, str]) -> None:
    """Buckets and log groups of stack dev, and the runner's role."""
    for name in ("ARTIFACTS_BUCKET", "SILVER_BUCKET", "DOCS_BUCKET"):
        aws.endpoint.client("s3").create_bucket(Bucket=variables[name])
    for name in ("RUN_LOG_GROUP", "TEST_LOG_GROUP"):
        aws.endpoint.client("logs").create_log_group(logGroupName=variables[name])
    dev = look_once("dev")
    role = dev.inputs("Role", "dbt-runner")
    iam = aws.endpoint.client("iam")
    iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=role["assumeRolePolicy"])
    grant(aws, dev.inputs("RolePolicy", "dbt-runner")["policy"])


def grant(aws: EmbeddedAws, policy: str) -> None:
    aws.endpoint.client("iam").put_role_policy(
        RoleName=ROLE, PolicyName=ROLE, PolicyDocument=policy
    )


@pytest.fixture(scope="module")
def answers(place: Place, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Answer]:
    """What the runner says to each command, all in one warm process, by step."""
    folder = tmp_path_factory.mktemp("function")
    code, layer = folder / "code", folder / "layer"
    unzip(build(ROOT, "aws").functions["dbt_runner"], code)
    unzip(build_layer(ROOT, LAYER, "aws" if sys.version_info[:2] == (3, 12) else "local"), layer)
    before = files(code) | files(layer)
    read_only(code)
    read_only(layer)
    given = {
        "paths": [str(code), str(layer / "python"), str(runtime_folder(RUNTIME_ROOT))],
        "hosts": {place.environment["REDSHIFT_HOST"]: "127.0.0.1"},
        "events": list(events(place)),
    }
    done = subprocess.run(
        [*unprivileged(), sys.executable, "-I", "-S", "-B", str(PROGRAM), json.dumps(given)],
        capture_output=True,
        text=True,
        check=False,
        env=place.environment,
        cwd=code,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert files(code) | files(layer) == before, "nothing is written beside the code"
    found = [
        json.loads(line.removeprefix("RESULT "))
        for line in done.stdout.splitlines()
        if line.startswith("RESULT ")
    ]
    steps = ["lacking", *(event["step"] for event in events(place))]
    return dict(zip(steps, found, strict=True))


def events(place: Place) -> Iterator[dict[str, Any]]:
    """Two connections that fail, and one of each command."""
    port = str(place.redshift.port)
    trusted = place.environment["SSL_CERT_FILE"]
    for step, command, more in (
        ("asleep", "debug", {"environment": {"REDSHIFT_PORT": NOBODY_LISTENS}}),
        ("impostor", "debug", {"environment": {"REDSHIFT_PORT": port, "SSL_CERT_FILE": ""}}),
        ("warm-up", "debug", {"environment": {"SSL_CERT_FILE": trusted}}),
        ("freshness", "freshness", {}),
        ("seed", "seed", {"select": SEEDS}),
        ("run", "run", {"select": MODELS}),
        ("test", "test", {"select": list(TESTS)}),
        ("docs", "docs", {}),
        ("publish", "deploy-docs", {}),
    ):
        yield {"command": command, "step": step, "execution": "e", **more}


def unprivileged() -> list[str]:
    """Root may write to what is read-only, unless it gives that right up."""
    if os.geteuid():
        return []
    rights = "-dac_override,-dac_read_search"
    program = shutil.which("setpriv")
    assert program, "root needs setpriv of Debian's util-linux for this test"
    return [program, "--bounding-set", rights, "--inh-caps", rights]


def read_only(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        path.chmod(path.stat().st_mode & ~0o222)


def files(folder: Path) -> set[tuple[str, int]]:
    return {
        (str(path.relative_to(folder.parent)), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_process_is_as_poor_as_on_lambda(answers: dict[str, Answer]) -> None:
    assert answers["lacking"] == {"git": None, "semaphores": "Function not implemented"}


def test_every_command_runs(answers: dict[str, Answer], place: Place) -> None:
    failed = {step: answer for step, answer in answers.items() if "error" in answer}
    assert failed.keys() == {"asleep", "impostor"}, failed
    assert answers["freshness"]["stale"]
    assert answers["seed"]["models_success"] == len(SEEDS.split())
    assert answers["run"]["models_success"] == len(MODELS.split())
    assert answers["test"]["tests_passed"] == len(TESTS)

    lines = (ROOT / "dbt_gold" / "seeds" / "seed_seniority.csv").read_text().splitlines()
    members = len(lines) - len(["header"]) + len(["unknown"])
    assert place.redshift.query("select count(*) from gold.dim_seniority") == [(members,)]
    staged = place.redshift.query("select count(*) from staging.stg_linkedin_companies")
    assert staged == [(3,)], "profiles, read from the external schema"


def test_the_docs_know_what_the_database_has(answers: dict[str, Answer], place: Place) -> None:
    s3 = place.aws.endpoint.client("s3")
    catalog = s3.get_object(Bucket=ARTIFACTS, Key="work/gold/e/docs/catalog.json")["Body"].read()
    columns = json.loads(catalog)["nodes"]["model.gold_layer.dim_seniority"]["columns"]
    assert columns["seniority_key"]["type"] == "integer"
    page = s3.get_object(Bucket=DOCS, Key="index.html")["Body"].read()
    assert b"fact_job_posting" in page
    assert answers["publish"]["key"] == "index.html"


def test_the_driver_connects_as_the_user_of_its_role(
    answers: dict[str, Answer], place: Place
) -> None:
    assert place.issuer.asked[0] == {
        "target": "RedshiftServerless.GetCredentials",
        "signed_as": place.environment["AWS_ACCESS_KEY_ID"],
        "workgroupName": "data-engineer-jobs-dev-gold",
        "dbName": "analytics",
    }
    owners = place.redshift.query(
        "select distinct tableowner from pg_tables where schemaname = 'gold'"
    )
    assert owners == [(USER,)]


def test_the_credentials_are_given_for_one_statement_of_the_role(place: Place) -> None:
    policy = look_once("dev").inputs("RolePolicy", "dbt-runner")["policy"]
    document = json.loads(policy)
    document["Statement"] = [s for s in document["Statement"] if s["Sid"] != "ConnectAsRole"]
    assert may_connect()

    grant(place.aws, json.dumps(document))
    refused = not may_connect()
    grant(place.aws, policy)

    assert refused


def test_a_sleeping_warehouse_and_an_impostor_are_connections_that_failed(
    answers: dict[str, Answer],
) -> None:
    """Worth a retry; the second answers with a certificate of nobody the driver knows."""
    assert answers["asleep"]["error"] == answers["impostor"]["error"] == "DbtConnectionFailed"
    assert "Connection refused" in answers["asleep"]["message"]
    assert "CERTIFICATE_VERIFY_FAILED" in answers["impostor"]["message"]


def test_results_reach_log_groups_and_metrics(answers: dict[str, Answer], place: Place) -> None:
    logs = place.aws.endpoint.client("logs")
    group = place.environment["TEST_LOG_GROUP"]
    events = logs.filter_log_events(logGroupName=group)["events"]
    assert {json.loads(event["message"])["name"] for event in events} == set(TESTS)
    listed = place.aws.endpoint.client("cloudwatch").list_metrics(Namespace="DataEngineerJobs/Gold")
    assert {metric["MetricName"] for metric in listed["Metrics"]} >= {"TestsPassed", "RunDuration"}
