"""Projections of the types that only Gold uses: network, warehouse, catalog, budget, docs site."""

from __future__ import annotations

from collections.abc import Mapping

from infra.lint.projection import Projection, Values


def _filter(properties: Values) -> Values:
    transformation = properties.pop("MetricTransformation")
    names = {"Name": "MetricName", "Namespace": "MetricNamespace", "Value": "MetricValue"}
    renamed = {names.get(name, name): value for name, value in transformation.items()}
    return {**properties, "MetricTransformations": [renamed]}


def _database(properties: Values) -> Values:
    return {"CatalogId": {"Ref": "AWS::AccountId"}, "DatabaseInput": _without_tags(properties)}


def _catalog_table(properties: Values) -> Values:
    stored = properties["StorageDescriptor"]
    stored["SerdeInfo"] = stored.pop("SerDeInfo")
    database = properties.pop("DatabaseName")
    return {
        "CatalogId": {"Ref": "AWS::AccountId"},
        "DatabaseName": database,
        "TableInput": properties,
    }


def _distribution(properties: Values) -> Values:
    tags = properties.pop("Tags")
    for origin in properties["Origins"]:
        origin["Id"] = origin.pop("OriginId")
        origin["S3OriginConfig"] = {}
    for used in properties["DefaultCacheBehavior"]["FunctionAssociations"]:
        used["FunctionARN"] = used.pop("FunctionArn")
    certificate = properties["ViewerCertificate"]
    default = certificate.pop("CloudfrontDefaultCertificate")
    certificate["CloudFrontDefaultCertificate"] = default
    return {"DistributionConfig": properties, "Tags": tags}


def _guard(properties: Values) -> Values:
    stores = [{"KeyValueStoreARN": arn} for arn in properties.pop("KeyValueStoreAssociations")]
    config = {name: properties.pop(name) for name in ("Comment", "Runtime")}
    return {**properties, "FunctionConfig": {**config, "KeyValueStoreAssociations": stores}}


def _budget(properties: Values) -> Values:
    limit = {"Amount": properties.pop("LimitAmount"), "Unit": properties.pop("LimitUnit")}
    tags, notifications = properties.pop("Tags"), properties.pop("Notifications")
    filters = {each["Name"]: each["Values"] for each in properties.pop("CostFilters")}
    return {
        "Budget": {**properties, "BudgetLimit": limit, "CostFilters": filters},
        "NotificationsWithSubscribers": [
            {
                "Subscribers": [
                    {"SubscriptionType": "EMAIL", "Address": address}
                    for address in notification.pop("SubscriberEmailAddresses")
                ],
                "Notification": notification,
            }
            for notification in notifications
        ],
        "ResourceTags": tags,
    }


def _without_tags(properties: Values) -> Values:
    """CloudFormation has tags for fewer resources than AWS."""
    return {name: value for name, value in properties.items() if name != "Tags"}


_RULE: Mapping[str, str | None] = {"securityGroupId": "GroupId", "tags": None}

GOLD: Mapping[str, Projection] = {
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": Projection(
        "AWS::Logs::MetricFilter",
        {"name": "FilterName", "pattern": "FilterPattern"},
        shape=_filter,
    ),
    "aws:ec2/vpc:Vpc": Projection("AWS::EC2::VPC"),
    "aws:ec2/subnet:Subnet": Projection("AWS::EC2::Subnet"),
    "aws:ec2/routeTable:RouteTable": Projection("AWS::EC2::RouteTable"),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": Projection(
        "AWS::EC2::SubnetRouteTableAssociation"
    ),
    "aws:ec2/vpcEndpoint:VpcEndpoint": Projection("AWS::EC2::VPCEndpoint"),
    "aws:ec2/securityGroup:SecurityGroup": Projection(
        "AWS::EC2::SecurityGroup", {"name": "GroupName", "description": "GroupDescription"}
    ),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": Projection(
        "AWS::EC2::SecurityGroupIngress",
        {**_RULE, "referencedSecurityGroupId": "SourceSecurityGroupId"},
    ),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": Projection(
        "AWS::EC2::SecurityGroupEgress",
        {
            **_RULE,
            "referencedSecurityGroupId": "DestinationSecurityGroupId",
            "prefixListId": "DestinationPrefixListId",
        },
    ),
    "aws:redshiftserverless/namespace:Namespace": Projection("AWS::RedshiftServerless::Namespace"),
    "aws:redshiftserverless/workgroup:Workgroup": Projection("AWS::RedshiftServerless::Workgroup"),
    "aws:glue/catalogDatabase:CatalogDatabase": Projection("AWS::Glue::Database", shape=_database),
    "aws:glue/catalogTable:CatalogTable": Projection("AWS::Glue::Table", shape=_catalog_table),
    "aws:budgets/budget:Budget": Projection(
        "AWS::Budgets::Budget", {"name": "BudgetName"}, shape=_budget
    ),
    "aws:cloudfront/originAccessControl:OriginAccessControl": Projection(
        "AWS::CloudFront::OriginAccessControl",
        shape=lambda properties: {"OriginAccessControlConfig": properties},
    ),
    "aws:cloudfront/keyValueStore:KeyValueStore": Projection("AWS::CloudFront::KeyValueStore"),
    "aws:cloudfront/function:Function": Projection(
        "AWS::CloudFront::Function",
        {"publish": "AutoPublish", "code": "FunctionCode"},
        shape=_guard,
    ),
    "aws:cloudfront/distribution:Distribution": Projection(
        "AWS::CloudFront::Distribution",
        {"isIpv6Enabled": "IPV6Enabled"},
        shape=_distribution,
    ),
}
