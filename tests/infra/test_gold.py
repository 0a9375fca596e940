"""What Gold is made of: warehouse, network, runner, docs, alarms, per engine."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from embedded_aws.endpoint import Endpoint
from embedded_aws.provider.config import load_project
from embedded_aws.provider.deploy import apply
from embedded_aws.provider.resource import ProvisioningError
from infra.gold_catalog import tables
from infra.gold_costs import endpoints_usd, month_usd, warehouse_usd, warning
from infra.gold_network import RUNNER_CALLS, subnet_blocks
from infra.gold_settings import GoldSettings
from infra.lint.program import Stack, look_at
from infra.platform import ROOT
from infra.settings import load
from tests.infra.conftest import Inputs, Statements, look_once

REDSHIFT_STACKS = ("dev", "staging", "prod")
FOR_REDSHIFT = ("aws:ec2/", "aws:vpc/", "aws:redshiftserverless/", "aws:cloudfront/")


def _of(stack: Stack, kind: str) -> dict[str, Mapping[str, Any]]:
    """Inputs by name of the resources whose type ends in `kind`."""
    return {r.name: r.inputs for r in stack.resources if r.type.endswith(f":{kind}")}


# --- one choice


def test_duckdb_leaves_out_what_only_redshift_needs() -> None:
    types = {r.type for r in look_once("local").resources}
    assert not [kind for kind in types if kind.startswith(FOR_REDSHIFT)]
    for stack in REDSHIFT_STACKS:
        found = {r.type.split("/")[0] + "/" for r in look_once(stack).resources}
        assert found >= set(FOR_REDSHIFT)


def test_the_runner_of_duckdb_reads_silver_and_keeps_the_file() -> None:
    statements = look_once("local").statements("dbt-runner")
    assert statements["KeepWarehouse"]["Resource"] == [
        "arn:aws:s3:::data-engineer-jobs-local-artifacts/gold/analytics.duckdb"
    ]
    assert "ReadSilver" in statements
    assert "JoinNetwork" not in statements


def test_the_embedded_aws_refuses_a_stack_on_redshift_before_it_creates_anything(
    tmp_path: Any,
) -> None:
    with pytest.raises(ProvisioningError, match="workgroup:Workgroup is only for AWS: the data"):
        apply(ROOT, "dev", Endpoint("http://127.0.0.1:9"), tmp_path / "state.json")
    assert not (tmp_path / "state.json").exists()


# --- network


def test_every_service_that_the_runner_calls_has_a_route(dev: Stack) -> None:
    code = [*ROOT.glob("functions/dbt_runner/*.py"), *ROOT.glob("functions/common/*.py")]
    called = {
        name
        for path in code
        if path.parent.name == "dbt_runner"
        for name in re.findall(r"client\(\"([\w-]+)\"\)", path.read_text())
    }
    assert called == RUNNER_CALLS.keys() - {"redshift-serverless"}, "the driver calls the last"

    endpoints = _of(dev, "VpcEndpoint").values()
    services = {endpoint["serviceName"].rsplit(".", 1)[1] for endpoint in endpoints}
    assert services == set(RUNNER_CALLS.values())
    for endpoint in endpoints:
        if endpoint["vpcEndpointType"] == "Gateway":
            assert endpoint["routeTableIds"]
        else:
            assert endpoint["privateDnsEnabled"]
            assert endpoint["securityGroupIds"]


def test_subnets_lie_in_three_zones_and_reach_s3(dev: Stack) -> None:
    subnets = _of(dev, "Subnet")
    assert len({subnet["availabilityZone"] for subnet in subnets.values()}) == 3
    assert not any(subnet["mapPublicIpOnLaunch"] for subnet in subnets.values())
    assert len(_of(dev, "RouteTableAssociation")) == 3
    assert not _of(dev, "InternetGateway")
    assert not _of(dev, "NatGateway")


def test_each_way_is_open_at_both_ends_and_nothing_else_is(dev: Stack) -> None:
    groups = {r.id: r.name for r in dev.resources if r.type.endswith(":SecurityGroup")}

    def ways(kind: str) -> set[tuple[str, str, int]]:
        return {
            (
                groups[rule["securityGroupId"]],
                groups.get(rule.get("referencedSecurityGroupId", ""), "S3"),
                int(rule["fromPort"]),
            )
            for rule in _of(dev, kind).values()
        }

    assert ways("SecurityGroupEgressRule") == {
        ("gold-runner", "gold-warehouse", 5439),
        ("gold-runner", "gold-endpoints", 443),
        ("gold-runner", "S3", 443),
    }
    assert ways("SecurityGroupIngressRule") == {
        ("gold-warehouse", "gold-runner", 5439),
        ("gold-endpoints", "gold-runner", 443),
    }


def test_subnets_do_not_overlap() -> None:
    assert subnet_blocks("10.40.0.0/20") == ["10.40.0.0/24", "10.40.1.0/24", "10.40.2.0/24"]


# --- warehouse


@pytest.mark.parametrize("name", REDSHIFT_STACKS)
def test_the_workgroup_is_private_small_and_limited(name: str) -> None:
    inputs = look_once(name).inputs("Workgroup", "gold")
    assert inputs["publiclyAccessible"] is False
    assert (inputs["baseCapacity"], inputs["maxCapacity"]) == (8, 16)
    assert len(inputs["subnetIds"]) == 3
    parameters = {p["parameterKey"]: p["parameterValue"] for p in inputs["configParameters"]}
    assert parameters["require_ssl"] == "true"
    assert parameters["enable_user_activity_logging"] == "true"
    assert parameters["max_query_execution_time"] == "840", "a minute before the function ends"
    limit = look_once(name).inputs("UsageLimit", "gold")
    assert limit["breachAction"] == "deactivate"


def test_the_namespace_exports_its_logs_and_knows_no_password(inputs: Inputs) -> None:
    namespace = inputs("Namespace", "gold")
    assert set(namespace["logExports"]) == {"connectionlog", "useractivitylog", "userlog"}
    assert namespace["manageAdminPassword"] is True
    assert "adminUserPassword" not in namespace


def test_the_runner_connects_as_its_role_and_reads_no_secret(statements: Statements) -> None:
    allowed = {a for s in statements("dbt-runner").values() for a in s["Action"]}
    assert "redshift-serverless:GetCredentials" in allowed
    assert not {a for a in allowed if a.startswith("secretsmanager")}
    assert "s3:GetObject" in allowed  # its own runs
    assert "ReadSilver" not in statements("dbt-runner"), "Spectrum reads Silver"
    assert statements("bootstrap-gold")["ReadAdminPassword"]["Action"] == [
        "secretsmanager:GetSecretValue"
    ]


# --- catalog


def test_every_stack_has_the_catalog_and_registers_partitions_in_it(stack: Stack) -> None:
    database = stack.inputs("CatalogDatabase", "silver")["name"]
    assert database == f"data_engineer_jobs_{stack.name}_silver"
    assert {table["databaseName"] for table in _of(stack, "CatalogTable").values()} == {database}
    allowed = stack.statements("enrich-partition")["RegisterPartitions"]
    assert allowed["Action"] == ["glue:BatchCreatePartition", "glue:GetTable"]
    assert [arn.split(":")[-1] for arn in allowed["Resource"]] == [
        *("catalog", f"database/{database}"),
        *(f"table/{database}/{table}" for table in ("linkedin", "ai_enrichment")),
    ]


def test_catalog_tables_have_the_columns_that_dbt_asks_for_and_no_lists() -> None:
    found = {name: (prefix, columns, keys) for name, prefix, columns, keys in _tables()}
    contract = json.loads((ROOT / "schemas" / "silver_ai.json").read_text())
    plain = {c["name"] for c in contract if not c["type"].startswith("list")}
    silver = {c["name"] for c in contract if c["from"].startswith("silver.")}
    hour = ("year", "month", "day", "hour")

    prefix, columns, keys = found.pop("ai_enrichment")
    assert (prefix, columns.keys(), keys) == ("linkedin_ai/", plain, hour)
    assert columns["enriched_at"] == "timestamp"
    prefix, columns, keys = found.pop("linkedin")
    assert (prefix, keys) == ("linkedin_ai/", hour)
    assert columns.keys() == (plain & silver) | {"skills_canonical_json"}
    prefix, columns, keys = found.pop("linkedin_companies")
    assert (prefix, keys) == ("linkedin_companies/", ()), "nobody registers partitions of it"
    assert "company_id" in columns
    assert "bucket" not in columns
    assert found == {}


def test_spectrum_reads_where_the_tables_lie_and_nothing_else(dev: Stack) -> None:
    places = {table["storageDescriptor"]["location"] for table in _of(dev, "CatalogTable").values()}
    read = dev.statements("gold-spectrum")["ReadSilver"]["Resource"]
    assert {f"arn:aws:s3:::{place.removeprefix('s3://')}*" for place in places} == set(read)


def _tables() -> Any:
    return tables(load(ROOT, "dev"))


# --- docs


def test_the_docs_bucket_is_read_by_its_distribution_alone(dev: Stack) -> None:
    policy = json.loads(dev.inputs("BucketPolicy", "docs")["policy"])
    (read,) = (s for s in policy["Statement"] if s["Effect"] == "Allow")
    assert read["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    assert read["Condition"]["StringEquals"]["AWS:SourceArn"].startswith("arn:aws:cloudfront::")
    block = dev.inputs("BucketPublicAccessBlock", "docs")
    assert all(value is True for name, value in block.items() if name != "bucket")


def test_the_site_asks_each_viewer_and_speaks_tls_only(dev: Stack) -> None:
    behavior = dev.inputs("Distribution", "docs")["defaultCacheBehavior"]
    assert behavior["viewerProtocolPolicy"] == "redirect-to-https"
    (used,) = behavior["functionAssociations"]
    assert used["eventType"] == "viewer-request"
    (guard,) = (r for r in dev.resources if r.type == "aws:cloudfront/function:Function")
    assert guard.inputs["keyValueStoreAssociations"]


# --- who watches


def test_seven_alarms_say_severity_in_name_and_description(stack: Stack) -> None:
    alarms = {n: a for n, a in _of(stack, "MetricAlarm").items() if n.startswith("gold-")}
    assert len(alarms) == 7
    for name, alarm in alarms.items():
        severity = name.rsplit("-", 1)[1]
        assert severity in ("critical", "warning")
        assert alarm["alarmDescription"].startswith(f"[{severity}] ")
        assert alarm["alarmActions"]
    assert "Stale Data" in alarms["gold-stale-data-warning"]["alarmDescription"]


def test_the_dashboard_has_eight_widgets(stack: Stack) -> None:
    body = json.loads(stack.inputs("Dashboard", "gold")["dashboardBody"])
    assert len(body["widgets"]) == 8


def test_filters_count_errors_warnings_and_failed_models(stack: Stack) -> None:
    filters = _of(stack, "LogMetricFilter")
    assert {name: f["pattern"] for name, f in filters.items()} == {
        "gold-errors": '{ $.level = "error" }',
        "gold-warnings": '{ $.level = "warn" }',
        "gold-model-failures": '{ $.status = "error" }',
    }


def test_results_are_kept_longer_than_logs(dev: Stack) -> None:
    groups = {n: g["retentionInDays"] for n, g in _of(dev, "LogGroup").items()}
    assert groups["gold-runs"] == groups["gold-tests"] == 90
    assert groups["dbt-runner"] == 30


# --- what starts a build


def test_builds_follow_the_enrichment_and_the_clock(dev: Stack) -> None:
    pattern = json.loads(dev.inputs("EventRule", "gold-after-enrichment")["eventPattern"])
    assert pattern["detail"]["status"] == ["SUCCEEDED"]
    (machine,) = pattern["detail"]["stateMachineArn"]
    assert machine.endswith(":data-engineer-jobs-dev-enrich-partitions")
    schedule = dev.inputs("Schedule", "build-gold")
    assert schedule["scheduleExpression"] == "cron(0 7 * * ? *)"


# --- cost


def test_a_month_costs_what_the_page_says() -> None:
    settings = GoldSettings()
    assert [round(warehouse_usd(settings, hours)) for hours in (1, 2)] == [86, 173]
    least, most = (round(usd) for usd in month_usd(settings))
    page = (ROOT / "docs" / "gold.md").read_text()
    assert "86 to 173 USD" in page
    assert f"{round(endpoints_usd(settings))} USD" in page
    assert f"{least} to {most} USD" in page


def test_a_month_above_the_budget_is_warned_of() -> None:
    assert warning(GoldSettings()) is None
    said = warning(GoldSettings(base_capacity_rpu=16))
    assert said
    assert said.startswith("Gold may cost 367 USD a month, more than gold.monthly_budget_usd (200)")
    assert warning(GoldSettings(engine="duckdb", parallel_steps=1)) is None


def test_the_bill_is_watched_where_there_is_one(stack: Stack) -> None:
    budgets = _of(stack, "Budget")
    assert bool(budgets) == (stack.name in REDSHIFT_STACKS)
    for budget in budgets.values():
        assert budget["limitAmount"] == "200"
        assert budget["costFilters"] == [{"name": "Service", "values": ["Amazon Redshift"]}]


def test_who_is_told_of_alarms_is_written_to_above_the_budget() -> None:
    project, key = load_project(ROOT, "dev"), "data-engineer-jobs:settings"
    settings = json.loads(project.config[key]) | {"alarms": {"email": ["ops@example.com"]}}
    changed = replace(project, config={**project.config, key: json.dumps(settings)})
    found = look_at(changed).inputs("Budget", "gold")["notifications"]
    assert {each["notificationType"] for each in found} == {"ACTUAL", "FORECASTED"}
    for each in found:
        assert each["subscriberEmailAddresses"] == ["ops@example.com"]
        assert (each["threshold"], each["thresholdType"]) == (100, "PERCENTAGE")


def test_a_duckdb_file_has_one_writer() -> None:
    with pytest.raises(ValueError, match="parallel_steps is 2, but a DuckDB file has one writer"):
        GoldSettings(engine="duckdb")
