"""Redshift Serverless: namespace, workgroup, limit of use, and the role that reads Silver."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra.gold_catalog import SilverCatalog, prefixes
from infra.gold_network import GoldNetwork
from infra.lake import Lake
from infra.naming import Deployment
from infra.policies import ServiceRole, Statement, list_prefixes, objects
from infra.settings import Settings

COMPONENT = "gold"
DATABASE = "analytics"
ADMIN = "gold_admin"
LOGS = ["connectionlog", "useractivitylog", "userlog"]
SECONDS_BEFORE_RUNNER = 60  # a statement ends so long before the function that waits for it


class RedshiftWarehouse(pulumi.ComponentResource):
    """`host`, `workgroup_arn`, `workgroup_name`, `admin_secret_arn`, `spectrum_role_arn`."""

    def __init__(
        self,
        deployment: Deployment,
        settings: Settings,
        lake: Lake,
        catalog: SilverCatalog,
        network: GoldNetwork,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("data-engineer-jobs:gold:RedshiftWarehouse", "gold-warehouse", None, opts)
        child = pulumi.ResourceOptions(parent=self)
        tags = deployment.tags(COMPONENT)
        self.catalog = catalog
        spectrum = ServiceRole(
            "gold-spectrum",
            deployment,
            "redshift.amazonaws.com",
            read_silver(settings, lake, catalog),
            tags,
            opts=child,
        )
        namespace = aws.redshiftserverless.Namespace(
            "gold",
            namespace_name=deployment.name("gold"),
            db_name=DATABASE,
            admin_username=ADMIN,
            manage_admin_password=True,
            iam_roles=[spectrum.arn],
            default_iam_role_arn=spectrum.arn,
            log_exports=LOGS,
            tags=tags,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[spectrum.ready]),
        )
        gold = settings.gold
        workgroup = aws.redshiftserverless.Workgroup(
            "gold",
            workgroup_name=deployment.name("gold"),
            namespace_name=namespace.namespace_name,
            base_capacity=gold.base_capacity_rpu,
            max_capacity=gold.max_capacity_rpu,
            subnet_ids=network.subnet_ids,
            security_group_ids=[network.warehouse_group_id],
            publicly_accessible=False,
            enhanced_vpc_routing=False,
            config_parameters=[
                {"parameter_key": key, "parameter_value": value}
                for key, value in parameters(gold.runner_timeout_seconds).items()
            ],
            tags=tags,
            opts=child,
        )
        aws.redshiftserverless.UsageLimit(
            "gold",
            resource_arn=workgroup.arn,
            usage_type="serverless-compute",
            amount=gold.daily_rpu_hours,
            period="daily",
            breach_action="deactivate",
            opts=child,
        )
        self.statement_seconds = gold.runner_timeout_seconds - SECONDS_BEFORE_RUNNER
        place = f"{deployment.account}.{deployment.region}.redshift-serverless.amazonaws.com"
        self.host = pulumi.Output.concat(workgroup.workgroup_name, ".", place)
        self.workgroup_arn, self.workgroup_name = workgroup.arn, workgroup.workgroup_name
        self.admin_secret_arn = namespace.admin_password_secret_arn
        self.spectrum_role_arn = spectrum.arn
        self.register_outputs({"workgroup": self.workgroup_name})


def parameters(runner_seconds: int) -> dict[str, str]:
    """All parameters of a workgroup: AWS fills in the others, and would show them as a change."""
    return {
        "auto_mv": "true",
        "datestyle": "ISO, MDY",
        "enable_case_sensitive_identifier": "false",
        "enable_user_activity_logging": "true",
        "max_query_execution_time": str(runner_seconds - SECONDS_BEFORE_RUNNER),
        "query_group": "default",
        "require_ssl": "true",
        "search_path": "$user, public",
        "use_fips_ssl": "false",
    }


def read_silver(settings: Settings, lake: Lake, catalog: SilverCatalog) -> list[Statement]:
    """What Spectrum does: it reads the catalog, and Silver."""
    read = prefixes(settings)
    return [
        Statement(
            "ReadCatalog",
            [
                "glue:GetDatabase",
                "glue:GetDatabases",
                "glue:GetPartition",
                "glue:GetPartitions",
                "glue:GetTable",
                "glue:GetTables",
            ],
            catalog.arns("*"),
        ),
        list_prefixes("ListSilver", lake.silver.arn, read),
        Statement("ReadSilver", ["s3:GetObject"], objects(lake.silver.arn, *read)),
    ]
