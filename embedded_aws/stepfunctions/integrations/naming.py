"""AWS's spelling of services, fields and errors, which follows its Java SDK.

The SDK makes `DynamoDb` of the service id DynamoDB, `SsekmsKeyId` of the member SSEKMSKeyId and
`NoSuchKeyException` of the error NoSuchKey; Step Functions takes over all three.
"""

from __future__ import annotations

import functools
import re

# Services whose resource name is not their boto3 name without dashes.
_BOTO3_NAMES = {
    "applicationdiscoveryservice": "discovery",
    "cloudwatchlogs": "logs",
    "cognitoidentityprovider": "cognito-idp",
    "configservice": "config",
    "costandusagereportservice": "cur",
    "costexplorer": "ce",
    "databasemigrationservice": "dms",
    "directoryservice": "ds",
    "directoryservicedata": "ds-data",
    "elasticloadbalancing": "elb",
    "elasticloadbalancingv2": "elbv2",
    "elasticsearchservice": "es",
    "eventbridge": "events",
    "iotdataplane": "iot-data",
    "iotjobsdataplane": "iot-jobs-data",
    "lexmodelbuildingservice": "lex-models",
    "lexmodelsv2": "lexv2-models",
    "lexruntimeservice": "lex-runtime",
    "lexruntimev2": "lexv2-runtime",
    "marketplaceentitlementservice": "marketplace-entitlement",
    "marketplacemetering": "meteringmarketplace",
    "migrationhub": "mgh",
    "pinpointsmsvoice": "sms-voice",
    "serverlessapplicationrepository": "serverlessrepo",
    "sfn": "stepfunctions",
    "simpledb": "sdb",
}


def boto3_name(service: str, available: list[str]) -> str | None:
    """The boto3 service of a name as in `aws-sdk:NAME:...`, or None if there is none."""
    if service in _BOTO3_NAMES:
        return _BOTO3_NAMES[service]
    renamed = set(_BOTO3_NAMES.values())
    for name in available:
        if name.replace("-", "") == service and name not in renamed:
            return name
    return None


@functools.cache
def service_prefix(service_id: str) -> str:
    """The first part of an error name: `DynamoDb` for the service id DynamoDB."""
    return "".join(word[:1].upper() + word[1:].lower() for word in _words(service_id))


def _words(text: str) -> list[str]:
    text = re.sub(r"[^A-Za-z0-9]+", " ", text)
    text = re.sub(r"([^a-z]{2,})v([0-9]+)", r"\1 v\2 ", text)
    text = re.sub(r"([^A-Z]{2,})V([0-9]+)", r"\1 V\2 ", text)
    text = re.sub(r"(?<=[a-z])(?=[A-Z]([a-zA-Z]|[0-9]))", " ", text)
    text = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1 \2", text)
    return re.sub(r"([0-9])([a-zA-Z])", r"\1 \2", text).split()


@functools.cache
def sdk_field(member: str) -> str:
    """A field's name in SDK integrations: `SsekmsKeyId` for the member SSEKMSKeyId."""
    end = 1
    while (
        end < len(member)
        and member[end].isupper()
        and not (end + 1 < len(member) and member[end + 1].islower())
    ):
        end += 1
    return member[:1].upper() + member[1:end].lower() + member[end:]


def optimized_field(member: str) -> str:
    """A field's name in optimized integrations: the API's, with a capital."""
    return member[:1].upper() + member[1:]


def error_name(shape: str) -> str:
    """The exception of an error shape: `NoSuchKeyException` for NoSuchKey."""
    name = optimized_field(shape)
    return name if name.endswith("Exception") else name.removesuffix("Fault") + "Exception"
