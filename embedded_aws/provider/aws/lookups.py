"""Data sources: functions that a program calls for facts."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from embedded_aws.provider.resource import Place, ProvisioningError, Values


def invoke(token: str, arguments: Values, place: Place) -> Values:
    """Answers a data source. Raises ProvisioningError for one that is not supported."""
    if token not in _LOOKUPS:
        known = ", ".join(sorted(name.split(":")[-1] for name in _LOOKUPS))
        raise ProvisioningError(f"the data source {token} is not supported (supported: {known})")
    return _LOOKUPS[token](arguments, place)


def _caller_identity(arguments: Values, place: Place) -> Values:
    return {
        "id": place.account,
        "accountId": place.account,
        "arn": f"arn:{place.partition}:iam::{place.account}:root",
        "userId": place.account,
    }


def _region(arguments: Values, place: Place) -> Values:
    region = arguments.get("region") or arguments.get("name") or place.region
    if region != place.region:
        raise ProvisioningError(
            f"getRegion: {region} is not the region {place.region} of this stack"
        )
    return {
        "id": region,
        "name": region,
        "region": region,
        "description": region,
        "endpoint": f"ec2.{region}.amazonaws.com",
    }


def _partition(arguments: Values, place: Place) -> Values:
    return {
        "id": place.partition,
        "partition": place.partition,
        "dnsSuffix": "amazonaws.com",
        "reverseDnsPrefix": "com.amazonaws",
    }


def _service_principal(arguments: Values, place: Place) -> Values:
    name = f"{arguments['serviceName']}.amazonaws.com"
    return {
        "id": f"{arguments['serviceName']}.{place.region}.amazonaws.com",
        "name": name,
        "serviceName": arguments["serviceName"],
        "suffix": "amazonaws.com",
        "region": place.region,
    }


def _policy_document(arguments: Values, place: Place) -> Values:
    taken = {"statements", "version", "policyId"}
    extra = sorted(set(arguments) - taken)
    if extra:
        raise ProvisioningError(f"getPolicyDocument: {', '.join(extra)} is not supported")
    document: Values = {"Version": arguments.get("version", "2012-10-17")}
    if arguments.get("policyId"):
        document["Id"] = arguments["policyId"]
    document["Statement"] = [_statement(entry) for entry in arguments.get("statements", [])]
    return {
        **arguments,
        "id": "policy",
        "json": json.dumps(document, indent=2),
        "minifiedJson": json.dumps(document, separators=(",", ":")),
    }


_LISTS = {
    "actions": "Action",
    "notActions": "NotAction",
    "resources": "Resource",
    "notResources": "NotResource",
}


def _statement(given: Values) -> Values:
    statement: Values = {"Effect": given.get("effect", "Allow")}
    if given.get("sid"):
        statement["Sid"] = given["sid"]
    for name, key in _LISTS.items():
        if given.get(name):
            statement[key] = _one_or_many(given[name])
    for name, key in (("principals", "Principal"), ("notPrincipals", "NotPrincipal")):
        if given.get(name):
            statement[key] = _principals(given[name])
    for condition in given.get("conditions", []):
        tests = statement.setdefault("Condition", {}).setdefault(condition["test"], {})
        tests[condition["variable"]] = _one_or_many(condition["values"])
    return statement


def _principals(given: list[Values]) -> Any:
    if any(entry["type"] == "*" for entry in given):
        return "*"
    return {entry["type"]: _one_or_many(entry["identifiers"]) for entry in given}


def _one_or_many(values: list[str]) -> Any:
    return values[0] if len(values) == 1 else values


def _availability_zones(arguments: Values, place: Place) -> Values:
    names = [f"{place.region}{letter}" for letter in "abc"]
    return {
        **arguments,
        "id": place.region,
        "names": names,
        "zoneIds": [f"zone-{number}" for number in (1, 2, 3)],
        "groupNames": [place.region],
    }


_LOOKUPS: dict[str, Callable[[Values, Place], Values]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": _caller_identity,
    "aws:index/getRegion:getRegion": _region,
    "aws:index/getAvailabilityZones:getAvailabilityZones": _availability_zones,
    "aws:index/getPartition:getPartition": _partition,
    "aws:index/getServicePrincipal:getServicePrincipal": _service_principal,
    "aws:iam/getPolicyDocument:getPolicyDocument": _policy_document,
}
