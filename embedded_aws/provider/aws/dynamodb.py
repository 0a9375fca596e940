"""DynamoDB tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from embedded_aws.provider.aws.tags import tag_changes, tag_list, tag_map, tag_values
from embedded_aws.provider.clients import Clients, ignore_missing, or_none, wait_until
from embedded_aws.provider.fields import (
    TAGS,
    block,
    block_set,
    boolean,
    integer,
    output,
    physical_name,
    string,
    string_set,
)
from embedded_aws.provider.resource import (
    Checked,
    CheckFailure,
    Handler,
    Place,
    ProvisioningError,
    Values,
    completing,
)
from embedded_aws.provider.schema import canonical, schema

_INDEX = block_set(
    {
        "name": string(required=True),
        "hashKey": string(required=True),
        "rangeKey": string(),
        "projectionType": string(required=True, choices=("ALL", "KEYS_ONLY", "INCLUDE")),
        "nonKeyAttributes": string_set(),
    }
)


class Table(Handler):
    """On-demand tables: capacity units are not supported."""

    schema = schema(
        "aws:dynamodb/table:Table",
        "{name}",
        {
            "name": physical_name(r"[\w.-]{3,255}"),
            "hashKey": string(required=True, create_only=True),
            "rangeKey": string(create_only=True),
            "attributes": block_set(
                {
                    "name": string(required=True),
                    "type": string(required=True, choices=("S", "N", "B")),
                },
                required=True,
            ),
            "billingMode": string(required=True, choices=("PAY_PER_REQUEST",)),
            "globalSecondaryIndexes": _INDEX,
            "deletionProtectionEnabled": boolean(default=False),
            "tableClass": string(default="STANDARD", choices=("STANDARD",)),
            "pointInTimeRecovery": block(
                {
                    "enabled": boolean(required=True),
                    "recoveryPeriodInDays": integer(1, 35, computed=True),
                },
                default={"enabled": False},
            ),
            "serverSideEncryption": block(
                {"enabled": boolean(required=True), "kmsKeyArn": string(computed=True)},
                default={"enabled": False},
            ),
            "streamEnabled": boolean(default=False),
            "streamViewType": string(computed=True),
            "ttl": block(
                {"enabled": boolean(default=True), "attributeName": string(computed=True)},
                default={"enabled": False},
            ),
            **TAGS,
            "arn": output("arn:{partition}:dynamodb:{region}:{account}:table/{name}"),
            "streamArn": output(
                "arn:{partition}:dynamodb:{region}:{account}:table/{name}/stream/"
                "2026-01-01T00:00:00.000"
            ),
            "streamLabel": output("2026-01-01T00:00:00.000"),
        },
        unsupported="""globalTableWitness importTable localSecondaryIndexes onDemandThroughput
            readCapacity replicas restoreBackupArn restoreDateTime restoreSourceName
            restoreSourceTableArn restoreToLatestTime warmThroughput writeCapacity""",
    )

    def check(self, inputs: Mapping[str, Any], place: Place) -> Checked:
        """Beyond the schema: DynamoDB takes exactly the attributes that are keys."""
        checked = super().check(inputs, place)
        given = checked.inputs
        declared = {entry.get("name") for entry in given.get("attributes", [])}
        indexes = given.get("globalSecondaryIndexes", [])
        keys = {given.get("hashKey"), given.get("rangeKey")}
        keys |= {index.get(key) for index in indexes for key in ("hashKey", "rangeKey")}
        odd = sorted(str(name) for name in declared ^ (keys - {None}))
        if odd:
            failure = CheckFailure("attributes", f"must be exactly the keys: {', '.join(odd)}")
            checked.failures.append(failure)
        if given.get("streamEnabled") and not given.get("streamViewType"):
            checked.failures.append(CheckFailure("streamViewType", "is required with a stream"))
        return checked

    def create(self, aws: Clients, inputs: Values) -> str:
        name: str = inputs["name"]
        indexes = [_index(entry) for entry in inputs.get("globalSecondaryIndexes") or []]
        aws("dynamodb").create_table(
            TableName=name,
            KeySchema=_keys(inputs),
            AttributeDefinitions=_attributes(inputs),
            BillingMode=inputs["billingMode"],
            DeletionProtectionEnabled=inputs["deletionProtectionEnabled"],
            Tags=tag_list(inputs.get("tags")),
            **({"GlobalSecondaryIndexes": indexes} if indexes else {}),
            **({"StreamSpecification": _stream(inputs)} if inputs["streamEnabled"] else {}),
            **_encryption(inputs),
        )
        with completing(name):
            _wait_active(aws, name)
            self._extras(aws, name, _FRESH, inputs)
        return name

    def read(self, aws: Clients, id: str) -> Values | None:
        dynamodb = aws("dynamodb")
        found = or_none(lambda: dynamodb.describe_table(TableName=id))
        if found is None or found["Table"].get("TableStatus") == "DELETING":
            return None
        table = found["Table"]
        backups = dynamodb.describe_continuous_backups(TableName=id)
        ttl = dynamodb.describe_time_to_live(TableName=id)["TimeToLiveDescription"]
        tags = dynamodb.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"]
        return {
            "name": id,
            **_read_keys(table["KeySchema"]),
            **_read_table(table),
            "pointInTimeRecovery": _read_recovery(backups["ContinuousBackupsDescription"]),
            "ttl": _read_ttl(ttl),
            **tag_values(tag_map(tags)),
            "arn": table["TableArn"],
            "streamArn": table.get("LatestStreamArn"),
            "streamLabel": table.get("LatestStreamLabel"),
        }

    def update(self, aws: Clients, id: str, old: Values, new: Values) -> None:
        dynamodb = aws("dynamodb")
        protected = new["deletionProtectionEnabled"]
        if old["deletionProtectionEnabled"] != protected:
            dynamodb.update_table(TableName=id, DeletionProtectionEnabled=protected)
        if old.get("streamEnabled") != new["streamEnabled"]:
            dynamodb.update_table(TableName=id, StreamSpecification=_stream(new))
        _update_indexes(aws, id, old, new)
        if new["serverSideEncryption"] != old.get("serverSideEncryption") and _encryption(new):
            dynamodb.update_table(TableName=id, **_encryption(new))
        self._extras(aws, id, old, new)
        removed, changed = tag_changes(old, new)
        if removed:
            dynamodb.untag_resource(ResourceArn=old["arn"], TagKeys=removed)
        if changed:
            dynamodb.tag_resource(ResourceArn=old["arn"], Tags=tag_list(changed))

    def delete(self, aws: Clients, id: str, inputs: Values) -> None:
        live = self.read(aws, id)
        if live is None:
            return
        if live["deletionProtectionEnabled"]:
            raise ProvisioningError(
                f"table {id} is protected: set deletionProtectionEnabled to false and apply first"
            )
        ignore_missing(lambda: aws("dynamodb").delete_table(TableName=id))
        wait_until(f"deletion of table {id}", lambda: self.read(aws, id) is None)

    def _extras(self, aws: Clients, name: str, old: Values, new: Values) -> None:
        """What has operations of its own: time to live, point-in-time recovery."""
        dynamodb = aws("dynamodb")
        before, after = old["ttl"], new["ttl"]
        if before != after and (before["enabled"] or after["enabled"]):
            attribute = after.get("attributeName") or before.get("attributeName")
            dynamodb.update_time_to_live(
                TableName=name,
                TimeToLiveSpecification={"Enabled": after["enabled"], "AttributeName": attribute},
            )
        recovery = new["pointInTimeRecovery"]
        if recovery != old["pointInTimeRecovery"]:
            days = recovery.get("recoveryPeriodInDays")
            dynamodb.update_continuous_backups(
                TableName=name,
                PointInTimeRecoverySpecification={
                    "PointInTimeRecoveryEnabled": recovery["enabled"],
                    **({"RecoveryPeriodInDays": days} if days else {}),
                },
            )


_FRESH: Values = {"ttl": {"enabled": False}, "pointInTimeRecovery": {"enabled": False}}


def _keys(inputs: Mapping[str, Any]) -> list[Values]:
    keys = [{"AttributeName": inputs["hashKey"], "KeyType": "HASH"}]
    if inputs.get("rangeKey"):
        keys.append({"AttributeName": inputs["rangeKey"], "KeyType": "RANGE"})
    return keys


def _read_keys(key_schema: list[Values]) -> Values:
    names = {"HASH": "hashKey", "RANGE": "rangeKey"}
    return {names[key["KeyType"]]: key["AttributeName"] for key in key_schema}


def _attributes(inputs: Values) -> list[Values]:
    return [
        {"AttributeName": entry["name"], "AttributeType": entry["type"]}
        for entry in inputs["attributes"]
    ]


def _index(inputs: Values) -> Values:
    extra = inputs.get("nonKeyAttributes")
    projection = {"ProjectionType": inputs["projectionType"]}
    return {
        "IndexName": inputs["name"],
        "KeySchema": _keys(inputs),
        "Projection": {**projection, **({"NonKeyAttributes": extra} if extra else {})},
    }


def _stream(inputs: Values) -> Values:
    if not inputs["streamEnabled"]:
        return {"StreamEnabled": False}
    return {"StreamEnabled": True, "StreamViewType": inputs["streamViewType"]}


def _encryption(inputs: Values) -> Values:
    wanted = inputs["serverSideEncryption"]
    if not wanted["enabled"]:
        return {}
    key = wanted.get("kmsKeyArn")
    return {
        "SSESpecification": {
            "Enabled": True,
            "SSEType": "KMS",
            **({"KMSMasterKeyId": key} if key else {}),
        }
    }


def _read_table(table: Values) -> Values:
    encryption = table.get("SSEDescription") or {}
    stream = table.get("StreamSpecification") or {}
    return {
        "attributes": [
            {"name": entry["AttributeName"], "type": entry["AttributeType"]}
            for entry in table["AttributeDefinitions"]
        ],
        "billingMode": table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED"),
        "globalSecondaryIndexes": [
            {
                "name": entry["IndexName"],
                **_read_keys(entry["KeySchema"]),
                "projectionType": entry["Projection"]["ProjectionType"],
                "nonKeyAttributes": entry["Projection"].get("NonKeyAttributes"),
            }
            for entry in table.get("GlobalSecondaryIndexes") or []
        ],
        "deletionProtectionEnabled": table.get("DeletionProtectionEnabled", False),
        "tableClass": table.get("TableClassSummary", {}).get("TableClass", "STANDARD"),
        "serverSideEncryption": {
            "enabled": encryption.get("Status") in ("ENABLED", "ENABLING", "UPDATING"),
            "kmsKeyArn": encryption.get("KMSMasterKeyArn"),
        },
        "streamEnabled": stream.get("StreamEnabled", False),
        "streamViewType": stream.get("StreamViewType"),
    }


def _read_recovery(described: Values) -> Values:
    found = described.get("PointInTimeRecoveryDescription") or {}
    return {
        "enabled": found.get("PointInTimeRecoveryStatus") == "ENABLED",
        "recoveryPeriodInDays": found.get("RecoveryPeriodInDays"),
    }


def _read_ttl(described: Values) -> Values:
    enabled = described.get("TimeToLiveStatus") in ("ENABLED", "ENABLING")
    return {"enabled": enabled, "attributeName": described.get("AttributeName")}


def _update_indexes(aws: Clients, name: str, old: Values, new: Values) -> None:
    """DynamoDB changes one index per call; a changed index is deleted and made again."""
    before = {entry["name"]: entry for entry in old.get("globalSecondaryIndexes") or []}
    after = {entry["name"]: entry for entry in new.get("globalSecondaryIndexes") or []}
    assert _INDEX.item is not None
    same = {
        index
        for index in set(before) & set(after)
        if canonical(_INDEX.item, before[index]) == canonical(_INDEX.item, after[index])
    }
    updates: list[Values] = [
        {"Delete": {"IndexName": index}} for index in sorted(set(before) - same)
    ] + [{"Create": _index(after[index])} for index in sorted(set(after) - same)]
    for update in updates:
        aws("dynamodb").update_table(
            TableName=name,
            AttributeDefinitions=_attributes(new),
            GlobalSecondaryIndexUpdates=[update],
        )
        _wait_active(aws, name)


def _wait_active(aws: Clients, name: str) -> None:
    def ready() -> bool:
        table = aws("dynamodb").describe_table(TableName=name)["Table"]
        states = {entry.get("IndexStatus") for entry in table.get("GlobalSecondaryIndexes") or []}
        return table["TableStatus"] == "ACTIVE" and states <= {"ACTIVE", None}

    wait_until(f"table {name} becoming active", ready)
