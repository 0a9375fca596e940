"""Projects registered resources to CloudFormation, so that cfn-lint can check them.

Inputs become properties of the same name in CloudFormation's case; the tables below say where the
names or the shapes differ. What they do not know, cfn-lint reports as an unknown property.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from infra.lint.gold import GOLD
from infra.lint.projection import Projection, Values


class Registered(Protocol):
    """What of a registered resource the projection reads."""

    @property
    def type(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def inputs(self) -> Mapping[str, Any]: ...


class UnknownType(ValueError):
    """The program uses a resource type that the projection does not know."""


def template(resources: Iterable[Registered]) -> Values:
    """A CloudFormation template of all resources that CloudFormation has.

    Raises UnknownType for a type that neither PROJECTIONS nor WITHOUT_PROJECTION lists.
    """
    found: dict[str, Values] = {}
    for resource in resources:
        if resource.type in BUCKET_PARTS:
            _bucket(found, resource).update(BUCKET_PARTS[resource.type](_pascal(resource.inputs)))
        elif resource.type in PROJECTIONS:
            projection = PROJECTIONS[resource.type]
            properties = _project(projection, resource.inputs)
            found.setdefault(
                _logical(projection.type, resource.name),
                {"Type": projection.type, "Properties": {}},
            )["Properties"].update(properties)
        elif resource.type not in WITHOUT_PROJECTION:
            raise UnknownType(
                f"{resource.type} {resource.name}: add the type to infra/lint/cloudformation.py"
            )
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": found}


def _bucket(found: dict[str, Values], resource: Registered) -> Values:
    """The properties of the bucket that a resource configures; both have the same name."""
    properties: Values = found[_logical("AWS::S3::Bucket", resource.name)]["Properties"]
    return properties


def _logical(kind: str, name: str) -> str:
    return re.sub(r"\W", "", f"{kind.split('::')[-1]} {name}".title())


def _project(projection: Projection, inputs: Mapping[str, Any]) -> Values:
    properties: Values = {}
    for name, value in inputs.items():
        target = projection.names.get(name, _pascal_name(name))
        if target is None:
            continue
        parsed = json.loads(value) if name in projection.json else value
        _place(properties, target, _tags(parsed) if name == "tags" else _pascal(parsed, name))
    return projection.shape(properties)


def _place(properties: Values, dotted: str, value: Any) -> None:
    *parents, last = dotted.split(".")
    for parent in parents:
        properties = properties.setdefault(parent, {})
    properties[last] = value


def _tags(tags: Mapping[str, str]) -> list[Values]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


# Maps whose keys are data, and documents of a language of their own.
OPAQUE = (
    "variables", "assumeRolePolicy", "policy", "definition", "redrivePolicy", "redriveAllowPolicy",
    "eventPattern", "inputPaths", "parameters"
)  # fmt: skip


def _pascal(value: Any, name: str = "") -> Any:
    if isinstance(value, Mapping) and name not in OPAQUE:
        return {_pascal_name(key): _pascal(entry, key) for key, entry in value.items()}
    if isinstance(value, list) and name not in OPAQUE:
        return [_pascal(entry) for entry in value]
    return value


def _pascal_name(name: str) -> str:
    return name[0].upper() + name[1:]


def _state_machine(properties: Values) -> Values:
    logging = properties["LoggingConfiguration"]
    group = logging.pop("LogDestination")
    logging["Destinations"] = [{"CloudWatchLogsLogGroup": {"LogGroupArn": group}}]
    return properties


def _table(properties: Values) -> Values:
    for index in properties.get("GlobalSecondaryIndexes", []):
        index["IndexName"] = index.pop("Name")
        index["Projection"] = {"ProjectionType": index.pop("ProjectionType")}
        index["KeySchema"] = _key_schema(index)
    properties["KeySchema"] = _key_schema(properties)
    recovery = properties["PointInTimeRecoverySpecification"]
    recovery["PointInTimeRecoveryEnabled"] = recovery.pop("Enabled")
    properties["SSESpecification"]["SSEEnabled"] = properties["SSESpecification"].pop("Enabled")
    properties["AttributeDefinitions"] = [
        {"AttributeName": attribute["Name"], "AttributeType": attribute["Type"]}
        for attribute in properties["AttributeDefinitions"]
    ]
    return properties


def _key_schema(properties: Values) -> list[Values]:
    keys = {"HASH": properties.pop("HashKey"), "RANGE": properties.pop("RangeKey", None)}
    return [{"AttributeName": name, "KeyType": kind} for kind, name in keys.items() if name]


def _pipe(properties: Values) -> Values:
    """A pipe's tags are a map in CloudFormation, too."""
    properties["Tags"] = {tag["Key"]: tag["Value"] for tag in properties["Tags"]}
    return properties


def _target(properties: Values) -> Values:
    """A target is part of its rule, which has the same name here."""
    target = {name: value for name, value in properties.items() if name != "Rule"}
    target["Id"] = target.pop("TargetId")
    if "InputTransformer" in target:
        transformer = target["InputTransformer"]
        transformer["InputPathsMap"] = transformer.pop("InputPaths")
    return {"Targets": [target]}


def _alarm(properties: Values) -> Values:
    for query in properties["Metrics"]:
        metric = query.pop("Metric", None)
        if metric is not None:
            named = {name: metric.pop(name) for name in ("Namespace", "MetricName")}
            named["Dimensions"] = [
                {"Name": name, "Value": value} for name, value in metric.pop("Dimensions").items()
            ]
            query["MetricStat"] = {"Metric": named, **metric}
    return properties


def _encryption(part: Values) -> Values:
    rules = [
        {
            "ServerSideEncryptionByDefault": {
                "SSEAlgorithm": rule["ApplyServerSideEncryptionByDefault"]["SseAlgorithm"]
            }
        }
        for rule in part["Rules"]
    ]
    return {"BucketEncryption": {"ServerSideEncryptionConfiguration": rules}}


def _lifecycle(part: Values) -> Values:
    rules = []
    for rule in part["Rules"]:
        expiration = rule.pop("Expiration", {})
        projected = {"Id": rule.pop("Id"), "Status": rule.pop("Status")}
        projected["Prefix"] = rule.pop("Filter")["Prefix"]
        if "Days" in expiration:
            projected["ExpirationInDays"] = expiration["Days"]
        if "ExpiredObjectDeleteMarker" in expiration:
            projected["ExpiredObjectDeleteMarker"] = expiration["ExpiredObjectDeleteMarker"]
        rules.append(projected | rule)
    return {"LifecycleConfiguration": {"Rules": rules}}


def _public_access(part: Values) -> Values:
    return {"PublicAccessBlockConfiguration": {k: v for k, v in part.items() if k != "Bucket"}}


# Resources of their own in Pulumi, properties of the bucket in CloudFormation.
BUCKET_PARTS: Mapping[str, Callable[[Values], Values]] = {
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        _encryption
    ),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _lifecycle,
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _public_access,
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": lambda part: {
        "OwnershipControls": {"Rules": [part["Rule"]]}
    },
    "aws:s3/bucketVersioning:BucketVersioning": lambda part: {
        "VersioningConfiguration": part["VersioningConfiguration"]
    },
}

WITHOUT_PROJECTION = {
    "aws:redshiftserverless/usageLimit:UsageLimit": "CloudFormation has no resource for a limit",
    "aws:cloudfront/keyvaluestoreKey:KeyvaluestoreKey": "CloudFormation has no resource for a key",
    "aws:s3/bucketObjectv2:BucketObjectv2": "CloudFormation has no resource for an object",
    "aws:dynamodb/tableItem:TableItem": "CloudFormation has no resource for an item",
}

PROJECTIONS: Mapping[str, Projection] = {
    **GOLD,
    "aws:s3/bucket:Bucket": Projection(
        "AWS::S3::Bucket", {"bucket": "BucketName", "forceDestroy": None}
    ),
    "aws:s3/bucketPolicy:BucketPolicy": Projection(
        "AWS::S3::BucketPolicy", {"policy": "PolicyDocument"}, json=("policy",)
    ),
    "aws:kms/key:Key": Projection(
        "AWS::KMS::Key",
        {"policy": "KeyPolicy", "deletionWindowInDays": "PendingWindowInDays"},
        json=("policy",),
    ),
    "aws:kms/alias:Alias": Projection("AWS::KMS::Alias", {"name": "AliasName"}),
    "aws:cloudwatch/logGroup:LogGroup": Projection("AWS::Logs::LogGroup", {"name": "LogGroupName"}),
    "aws:cloudwatch/eventRule:EventRule": Projection("AWS::Events::Rule", json=("eventPattern",)),
    "aws:cloudwatch/eventTarget:EventTarget": Projection("AWS::Events::Rule", shape=_target),
    "aws:cloudwatch/metricAlarm:MetricAlarm": Projection(
        "AWS::CloudWatch::Alarm",
        {"name": "AlarmName", "metricQueries": "Metrics", "okActions": "OKActions"},
        shape=_alarm,
    ),
    "aws:cloudwatch/dashboard:Dashboard": Projection("AWS::CloudWatch::Dashboard"),
    "aws:sns/topic:Topic": Projection("AWS::SNS::Topic", {"name": "TopicName"}),
    "aws:sns/topicPolicy:TopicPolicy": Projection(
        "AWS::SNS::TopicPolicy",
        {"arn": "Topics", "policy": "PolicyDocument"},
        json=("policy",),
        shape=lambda properties: {**properties, "Topics": [properties["Topics"]]},
    ),
    "aws:sns/topicSubscription:TopicSubscription": Projection(
        "AWS::SNS::Subscription", {"topic": "TopicArn"}
    ),
    "aws:iam/role:Role": Projection(
        "AWS::IAM::Role",
        {"name": "RoleName", "assumeRolePolicy": "AssumeRolePolicyDocument"},
        json=("assumeRolePolicy",),
    ),
    "aws:iam/rolePolicy:RolePolicy": Projection(
        "AWS::IAM::RolePolicy",
        {"name": "PolicyName", "policy": "PolicyDocument", "role": "RoleName"},
        json=("policy",),
    ),
    "aws:lambda/function:Function": Projection(
        "AWS::Lambda::Function",
        {
            "name": "FunctionName",
            "s3Bucket": "Code.S3Bucket",
            "s3Key": "Code.S3Key",
            "sourceCodeHash": None,
        },
    ),
    "aws:lambda/layerVersion:LayerVersion": Projection(
        "AWS::Lambda::LayerVersion",
        {"s3Bucket": "Content.S3Bucket", "s3Key": "Content.S3Key", "sourceCodeHash": None},
    ),
    "aws:sfn/stateMachine:StateMachine": Projection(
        "AWS::StepFunctions::StateMachine",
        {
            "name": "StateMachineName",
            "type": "StateMachineType",
            "definition": "DefinitionString",
        },
        shape=_state_machine,
    ),
    "aws:sqs/queue:Queue": Projection(
        "AWS::SQS::Queue",
        {
            "name": "QueueName",
            "visibilityTimeoutSeconds": "VisibilityTimeout",
            "messageRetentionSeconds": "MessageRetentionPeriod",
            "receiveWaitTimeSeconds": "ReceiveMessageWaitTimeSeconds",
            "sqsManagedSseEnabled": "SqsManagedSseEnabled",
        },
        json=("redrivePolicy", "redriveAllowPolicy"),
    ),
    "aws:sqs/queuePolicy:QueuePolicy": Projection(
        "AWS::SQS::QueuePolicy",
        {"queueUrl": "Queues", "policy": "PolicyDocument"},
        json=("policy",),
        shape=lambda properties: {**properties, "Queues": [properties["Queues"]]},
    ),
    "aws:pipes/pipe:Pipe": Projection("AWS::Pipes::Pipe", shape=_pipe),
    "aws:scheduler/scheduleGroup:ScheduleGroup": Projection("AWS::Scheduler::ScheduleGroup"),
    "aws:scheduler/schedule:Schedule": Projection("AWS::Scheduler::Schedule"),
    "aws:dynamodb/table:Table": Projection(
        "AWS::DynamoDB::Table",
        {
            "name": "TableName",
            "attributes": "AttributeDefinitions",
            "pointInTimeRecovery": "PointInTimeRecoverySpecification",
            "serverSideEncryption": "SSESpecification",
        },
        shape=_table,
    ),
}
