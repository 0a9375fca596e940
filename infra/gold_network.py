"""The network of the warehouse: private subnets in three zones and ways to AWS's services."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from infra.gold_settings import GoldSettings
from infra.naming import Deployment

COMPONENT = "gold"
ZONES = 3  # Redshift Serverless takes a workgroup only with subnets in three
SUBNET_BITS = 4  # a sixteenth of the VPC each: Redshift wants 37 free addresses per subnet
HTTPS, REDSHIFT = 443, 5439

# What the dbt runner calls, by the name of its client: the service of the endpoint. S3 has one
# that costs nothing; credentials come from the driver's own call.
RUNNER_CALLS = {
    "s3": "s3",
    "logs": "logs",
    "cloudwatch": "monitoring",
    "redshift-serverless": "redshift-serverless",
}
GATEWAYS = frozenset({"s3"})


class GoldNetwork(pulumi.ComponentResource):
    """No way in from outside and none out but to the services that the runner calls.

    `subnet_ids` (three zones), `runner_group_id`, `warehouse_group_id`; `ready` is what must exist
    before the runner has its ways.
    """

    def __init__(
        self,
        deployment: Deployment,
        settings: GoldSettings,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("data-engineer-jobs:gold:GoldNetwork", "gold-network", None, opts)
        self._deployment = deployment
        cidr = settings.vpc_cidr
        self._child = pulumi.ResourceOptions(parent=self)
        self._vpc = aws.ec2.Vpc(
            "gold",
            cidr_block=cidr,
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags=self._tags("gold"),
            opts=self._child,
        )
        subnets = [
            aws.ec2.Subnet(
                f"gold-{number}",
                vpc_id=self._vpc.id,
                availability_zone=zone,
                cidr_block=block,
                map_public_ip_on_launch=False,
                tags=self._tags(f"gold-{number}"),
                opts=self._child,
            )
            for number, (zone, block) in enumerate(
                zip(available_zones(), subnet_blocks(cidr), strict=True), 1
            )
        ]
        self.subnet_ids = [subnet.id for subnet in subnets]
        runner = self._group("gold-runner", "The dbt runner")
        warehouse = self._group("gold-warehouse", "The Redshift workgroup")
        endpoints = self._group("gold-endpoints", "Endpoints of services")
        self.runner_group_id, self.warehouse_group_id = runner.id, warehouse.id
        gateway = self._gateway(subnets)
        interfaces = [
            self._interface(service, self.subnet_ids[: settings.endpoint_zones], endpoints.id)
            for service in sorted(set(RUNNER_CALLS.values()) - GATEWAYS)
        ]
        self._between("gold-runner-to-warehouse", runner, warehouse, REDSHIFT)
        self._between("gold-runner-to-endpoints", runner, endpoints, HTTPS)
        self._to_s3(runner, gateway)
        self.ready: Sequence[pulumi.Resource] = [gateway, *interfaces]
        self.register_outputs({"vpc_id": self._vpc.id})

    def _tags(self, thing: str) -> dict[str, str]:
        """The console shows these resources by the tag Name."""
        return {**self._deployment.tags(COMPONENT), "Name": self._deployment.name(thing)}

    def _group(self, thing: str, description: str) -> aws.ec2.SecurityGroup:
        return aws.ec2.SecurityGroup(
            thing,
            name=self._deployment.name(thing),
            description=description,
            vpc_id=self._vpc.id,
            tags=self._tags(thing),
            opts=self._child,
        )

    def _between(
        self, name: str, source: aws.ec2.SecurityGroup, target: aws.ec2.SecurityGroup, port: int
    ) -> None:
        """One port, open at both ends. Rules are resources of their own: groups name each other."""
        tags = self._tags(name)
        aws.vpc.SecurityGroupEgressRule(
            f"{name}-out",
            security_group_id=source.id,
            referenced_security_group_id=target.id,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            tags=tags,
            opts=self._child,
        )
        aws.vpc.SecurityGroupIngressRule(
            f"{name}-in",
            security_group_id=target.id,
            referenced_security_group_id=source.id,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            tags=tags,
            opts=self._child,
        )

    def _to_s3(self, source: aws.ec2.SecurityGroup, gateway: aws.ec2.VpcEndpoint) -> None:
        aws.vpc.SecurityGroupEgressRule(
            "gold-runner-to-s3",
            security_group_id=source.id,
            prefix_list_id=gateway.prefix_list_id,
            ip_protocol="tcp",
            from_port=HTTPS,
            to_port=HTTPS,
            tags=self._tags("gold-runner-to-s3"),
            opts=self._child,
        )

    def _gateway(self, subnets: Sequence[aws.ec2.Subnet]) -> aws.ec2.VpcEndpoint:
        table = aws.ec2.RouteTable(
            "gold", vpc_id=self._vpc.id, tags=self._tags("gold"), opts=self._child
        )
        for number, subnet in enumerate(subnets, 1):
            aws.ec2.RouteTableAssociation(
                f"gold-{number}", subnet_id=subnet.id, route_table_id=table.id, opts=self._child
            )
        return aws.ec2.VpcEndpoint(
            "gold-s3",
            vpc_id=self._vpc.id,
            service_name=self._service("s3"),
            vpc_endpoint_type="Gateway",
            route_table_ids=[table.id],
            tags=self._tags("gold-s3"),
            opts=self._child,
        )

    def _interface(
        self, service: str, subnet_ids: Sequence[pulumi.Output[str]], group: pulumi.Output[str]
    ) -> aws.ec2.VpcEndpoint:
        return aws.ec2.VpcEndpoint(
            f"gold-{service}",
            vpc_id=self._vpc.id,
            service_name=self._service(service),
            vpc_endpoint_type="Interface",
            subnet_ids=subnet_ids,
            security_group_ids=[group],
            private_dns_enabled=True,
            tags=self._tags(f"gold-{service}"),
            opts=self._child,
        )

    def _service(self, name: str) -> str:
        return f"com.amazonaws.{self._deployment.region}.{name}"


def available_zones() -> list[str]:
    """Three zones of the region. Raises RunError if it has fewer."""
    # Local zones are not meant: they have to be opted into.
    regular: aws.GetAvailabilityZonesFilterArgsDict = {
        "name": "opt-in-status",
        "values": ["opt-in-not-required"],
    }
    names = sorted(aws.get_availability_zones(state="available", filters=[regular]).names)
    if len(names) < ZONES:
        raise pulumi.RunError(
            f"the region has {len(names)} availability zones, Redshift Serverless needs {ZONES}: "
            "choose another region, or set gold.engine to duckdb"
        )
    return names[:ZONES]


def subnet_blocks(cidr: str) -> list[str]:
    """Address blocks of the subnets."""
    parts = ipaddress.ip_network(cidr).subnets(prefixlen_diff=SUBNET_BITS)
    return [str(block) for _, block in zip(range(ZONES), parts, strict=False)]
