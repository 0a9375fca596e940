"""Types that programs may use for AWS and that the embedded AWS does not provision.

Previews and lint check their inputs like all others; `apply` refuses a program that has one before
anything is created, and says why.
"""

from __future__ import annotations

from typing import Any

from embedded_aws.provider.clients import Clients
from embedded_aws.provider.fields import (
    TAGS,
    Fields,
    block,
    block_set,
    boolean,
    integer,
    number,
    output,
    physical_name,
    string,
    string_set,
)
from embedded_aws.provider.resource import Handler, ProvisioningError, Values
from embedded_aws.provider.schema import schema

NO_REDSHIFT = "the data plane has no Redshift: a stack with gold.engine duckdb needs none"
NO_NETWORK = "functions of the embedded AWS run on this machine, outside of every network"
NO_BILL = "the embedded AWS costs nothing"
NO_SITE = "dej docs serves the published page on this machine"


class Planned(Handler):
    """A type that is checked and never created, for the reason that `apply` gives."""

    def __init__(self, token: str, id: str, reason: str, fields: Fields, **options: Any) -> None:
        self.schema = schema(token, id, fields, **options)
        self.reason = reason

    def create(self, aws: Clients, inputs: Values) -> str:
        raise ProvisioningError(f"{self.schema.token} is only for AWS: {self.reason}")


def _rule(token: str) -> Planned:
    """One rule of a security group."""
    return Planned(
        token,
        "{uuid}",
        NO_NETWORK,
        {
            "securityGroupId": string(required=True),
            "referencedSecurityGroupId": string(),
            "prefixListId": string(),
            "cidrIpv4": string(),
            "ipProtocol": string(required=True),
            "fromPort": integer(0, 65535),
            "toPort": integer(0, 65535),
            "description": string(),
            **TAGS,
        },
        generated_id=True,
    )


def _network(kind: str, prefix: str, fields: Fields) -> Planned:
    """Its id is a prefix and 17 hexadecimal digits."""
    id = f"{prefix}-{{hex}}"
    return Planned(f"aws:ec2/{kind}", id, NO_NETWORK, {**fields, **TAGS}, generated_id=True)


NETWORK = [
    _network(
        "vpc:Vpc",
        "vpc",
        {
            "cidrBlock": string(required=True),
            "enableDnsSupport": boolean(),
            "enableDnsHostnames": boolean(),
        },
    ),
    _network(
        "subnet:Subnet",
        "subnet",
        {
            "vpcId": string(required=True),
            "availabilityZone": string(required=True),
            "cidrBlock": string(required=True),
            "mapPublicIpOnLaunch": boolean(),
        },
    ),
    _network(
        "securityGroup:SecurityGroup",
        "sg",
        {
            "name": physical_name(r"[\w .:/()#,@+=&;{}!$*-]{1,255}"),
            "description": string(required=True),
            "vpcId": string(required=True),
        },
    ),
    _network("routeTable:RouteTable", "rtb", {"vpcId": string(required=True)}),
    Planned(
        "aws:ec2/routeTableAssociation:RouteTableAssociation",
        "{uuid}",
        NO_NETWORK,
        {"subnetId": string(required=True), "routeTableId": string(required=True)},
        generated_id=True,
    ),
    _network(
        "vpcEndpoint:VpcEndpoint",
        "vpce",
        {
            "vpcId": string(required=True),
            "serviceName": string(required=True),
            "vpcEndpointType": string(required=True, choices=("Gateway", "Interface")),
            "routeTableIds": string_set(),
            "subnetIds": string_set(),
            "securityGroupIds": string_set(),
            "privateDnsEnabled": boolean(),
            "prefixListId": output("pl-{hex}"),
        },
    ),
    _rule("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"),
    _rule("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"),
]

_PARAMETERS = block_set(
    {"parameterKey": string(required=True), "parameterValue": string(required=True)}
)

REDSHIFT = [
    Planned(
        "aws:redshiftserverless/namespace:Namespace",
        "{namespaceName}",
        NO_REDSHIFT,
        {
            "namespaceName": physical_name(r"[a-z0-9-]{3,64}"),
            "dbName": string(required=True),
            "adminUsername": string(required=True),
            "manageAdminPassword": boolean(),
            "iamRoles": string_set(),
            "defaultIamRoleArn": string(),
            "logExports": string_set(("connectionlog", "useractivitylog", "userlog")),
            **TAGS,
            "arn": output(
                "arn:{partition}:redshift-serverless:{region}:{account}:namespace/{uuid}"
            ),
            "adminPasswordSecretArn": output(
                "arn:{partition}:secretsmanager:{region}:{account}:secret:redshift!{namespaceName}"
            ),
        },
    ),
    Planned(
        "aws:redshiftserverless/workgroup:Workgroup",
        "{workgroupName}",
        NO_REDSHIFT,
        {
            "workgroupName": physical_name(r"[a-z0-9-]{3,64}"),
            "namespaceName": string(required=True),
            "baseCapacity": integer(8, 1024),
            "maxCapacity": integer(8, 1024),
            "subnetIds": string_set(),
            "securityGroupIds": string_set(),
            "publiclyAccessible": boolean(),
            "enhancedVpcRouting": boolean(),
            "configParameters": _PARAMETERS,
            **TAGS,
            "arn": output(
                "arn:{partition}:redshift-serverless:{region}:{account}:workgroup/{uuid}"
            ),
        },
    ),
    Planned(
        "aws:redshiftserverless/usageLimit:UsageLimit",
        "{uuid}",
        NO_REDSHIFT,
        {
            "resourceArn": string(required=True),
            "usageType": string(required=True, choices=("serverless-compute",)),
            "amount": integer(1, required=True),
            "period": string(choices=("daily", "weekly", "monthly")),
            "breachAction": string(choices=("log", "emit-metric", "deactivate")),
        },
        generated_id=True,
    ),
]

_ORIGIN: Fields = {
    "originId": string(required=True),
    "domainName": string(required=True),
    "originAccessControlId": string(),
}
_BEHAVIOR: Fields = {
    "targetOriginId": string(required=True),
    "viewerProtocolPolicy": string(required=True),
    "allowedMethods": string_set(required=True),
    "cachedMethods": string_set(required=True),
    "cachePolicyId": string(),
    "responseHeadersPolicyId": string(),
    "compress": boolean(),
    "functionAssociations": block_set(
        {
            "eventType": string(required=True, choices=("viewer-request", "viewer-response")),
            "functionArn": string(required=True),
        }
    ),
}

SITE = [
    Planned(
        "aws:cloudfront/originAccessControl:OriginAccessControl",
        "{uuid}",
        NO_SITE,
        {
            "name": physical_name(r".{1,64}"),
            "description": string(),
            "originAccessControlOriginType": string(required=True, choices=("s3",)),
            "signingBehavior": string(required=True, choices=("always", "never", "no-override")),
            "signingProtocol": string(required=True, choices=("sigv4",)),
        },
        generated_id=True,
    ),
    Planned(
        "aws:cloudfront/keyValueStore:KeyValueStore",
        "{name}",
        NO_SITE,
        {
            "name": physical_name(r"[\w-]{1,64}"),
            "comment": string(),
            "arn": output("arn:{partition}:cloudfront::{account}:key-value-store/{uuid}"),
        },
    ),
    Planned(
        "aws:cloudfront/keyvaluestoreKey:KeyvaluestoreKey",
        "{keyValueStoreArn},{key}",
        NO_SITE,
        {
            "keyValueStoreArn": string(required=True),
            "key": string(required=True),
            "value": string(required=True),
        },
    ),
    Planned(
        "aws:cloudfront/function:Function",
        "{name}",
        NO_SITE,
        {
            "name": physical_name(r"[\w-]{1,64}"),
            "comment": string(),
            "runtime": string(required=True, choices=("cloudfront-js-1.0", "cloudfront-js-2.0")),
            "publish": boolean(),
            "code": string(required=True),
            "keyValueStoreAssociations": string_set(),
            "arn": output("arn:{partition}:cloudfront::{account}:function/{name}"),
        },
    ),
    Planned(
        "aws:cloudfront/distribution:Distribution",
        "{uuid}",
        NO_SITE,
        {
            "enabled": boolean(required=True),
            "comment": string(),
            "defaultRootObject": string(),
            "httpVersion": string(),
            "isIpv6Enabled": boolean(),
            "priceClass": string(),
            "origins": block_set(_ORIGIN, required=True),
            "defaultCacheBehavior": block(_BEHAVIOR, required=True),
            "restrictions": block(
                {"geoRestriction": block({"restrictionType": string(required=True)})}
            ),
            "viewerCertificate": block({"cloudfrontDefaultCertificate": boolean()}),
            **TAGS,
            "arn": output("arn:{partition}:cloudfront::{account}:distribution/{uuid}"),
            "domainName": output("{uuid}.cloudfront.net"),
        },
        generated_id=True,
    ),
]

COSTS = [
    Planned(
        "aws:budgets/budget:Budget",
        "{account}:{name}",
        NO_BILL,
        {
            "name": physical_name(r"[^:\\]{1,100}"),
            "budgetType": string(required=True, choices=("COST", "USAGE")),
            "limitAmount": string(required=True),
            "limitUnit": string(required=True),
            "timeUnit": string(
                required=True, choices=("DAILY", "MONTHLY", "QUARTERLY", "ANNUALLY")
            ),
            "costFilters": block_set(
                {"name": string(required=True), "values": string_set(required=True)}
            ),
            "notifications": block_set(
                {
                    "comparisonOperator": string(required=True, choices=("GREATER_THAN",)),
                    "threshold": number(required=True),
                    "thresholdType": string(
                        required=True, choices=("PERCENTAGE", "ABSOLUTE_VALUE")
                    ),
                    "notificationType": string(required=True, choices=("ACTUAL", "FORECASTED")),
                    "subscriberEmailAddresses": string_set(),
                }
            ),
            **TAGS,
            "arn": output("arn:{partition}:budgets::{account}:budget/{name}"),
        },
    ),
]

PLANNED = [*NETWORK, *REDSHIFT, *SITE, *COSTS]
