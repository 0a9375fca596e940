"""KMS keys and aliases."""

from __future__ import annotations

from typing import Any

from embedded_aws.provider.aws.tags import tag_changes, tag_list, tag_map, tag_values
from embedded_aws.provider.clients import Clients, ignore_missing, or_none
from embedded_aws.provider.fields import (
    TAGS,
    boolean,
    integer,
    output,
    physical_name,
    policy,
    string,
)
from embedded_aws.provider.resource import Handler, Values, completing
from embedded_aws.provider.schema import schema

_PAIR = ("TagKey", "TagValue")


class Key(Handler):
    schema = schema(
        "aws:kms/key:Key",
        "{uuid}",
        {
            "description": string(),
            "policy": policy(computed=True),
            "enableKeyRotation": boolean(default=False),
            "isEnabled": boolean(default=True),
            "deletionWindowInDays": integer(7, 30, default=30, write_only=True),
            "keyUsage": string(
                default="ENCRYPT_DECRYPT",
                create_only=True,
                choices=("ENCRYPT_DECRYPT", "SIGN_VERIFY", "GENERATE_VERIFY_MAC"),
            ),
            "customerMasterKeySpec": string(default="SYMMETRIC_DEFAULT", create_only=True),
            "multiRegion": boolean(default=False, create_only=True),
            **TAGS,
            "arn": output("arn:{partition}:kms:{region}:{account}:key/{id}"),
            "keyId": output("{id}"),
        },
        unsupported="bypassPolicyLockoutSafetyCheck customKeyStoreId rotationPeriodInDays xksKeyId",
        generated_id=True,
    )

    def create(self, aws: Clients, inputs: Values) -> str:
        kms = aws("kms")
        made = kms.create_key(
            Description=inputs.get("description", ""),
            KeyUsage=inputs["keyUsage"],
            KeySpec=inputs["customerMasterKeySpec"],
            MultiRegion=inputs["multiRegion"],
            Tags=tag_list(inputs.get("tags"), *_PAIR),
            **({"Policy": inputs["policy"]} if inputs.get("policy") else {}),
        )
        id: str = made["KeyMetadata"]["KeyId"]
        with completing(id):
            self._switch(kms, id, {"isEnabled": True, "enableKeyRotation": False}, inputs)
        return id

    def read(self, aws: Clients, id: str) -> Values | None:
        kms = aws("kms")
        found = or_none(lambda: kms.describe_key(KeyId=id))
        if found is None or found["KeyMetadata"]["KeyState"] == "PendingDeletion":
            return None
        about = found["KeyMetadata"]
        tags = kms.list_resource_tags(KeyId=id)["Tags"]
        return {
            "description": about.get("Description"),
            "policy": kms.get_key_policy(KeyId=id, PolicyName="default")["Policy"],
            "enableKeyRotation": kms.get_key_rotation_status(KeyId=id)["KeyRotationEnabled"],
            "isEnabled": about["Enabled"],
            "keyUsage": about["KeyUsage"],
            "customerMasterKeySpec": about.get("KeySpec", "SYMMETRIC_DEFAULT"),
            "multiRegion": about.get("MultiRegion", False),
            **tag_values(tag_map(tags, *_PAIR)),
            "arn": about["Arn"],
            "keyId": id,
        }

    def update(self, aws: Clients, id: str, old: Values, new: Values) -> None:
        kms = aws("kms")
        if new.get("description", "") != (old.get("description") or ""):
            kms.update_key_description(KeyId=id, Description=new.get("description", ""))
        if new.get("policy"):
            kms.put_key_policy(KeyId=id, PolicyName="default", Policy=new["policy"])
        self._switch(kms, id, old, new)
        removed, changed = tag_changes(old, new)
        if removed:
            kms.untag_resource(KeyId=id, TagKeys=removed)
        if changed:
            kms.tag_resource(KeyId=id, Tags=tag_list(changed, *_PAIR))

    def delete(self, aws: Clients, id: str, inputs: Values) -> None:
        if self.read(aws, id) is not None:
            days = inputs.get("deletionWindowInDays", 30)
            aws("kms").schedule_key_deletion(KeyId=id, PendingWindowInDays=days)

    def _switch(self, kms: Any, id: str, old: Values, new: Values) -> None:
        if new["isEnabled"] and not old["isEnabled"]:
            kms.enable_key(KeyId=id)
        if new["enableKeyRotation"] and not old["enableKeyRotation"]:
            kms.enable_key_rotation(KeyId=id)
        elif old["enableKeyRotation"] and not new["enableKeyRotation"]:
            kms.disable_key_rotation(KeyId=id)
        if old["isEnabled"] and not new["isEnabled"]:
            kms.disable_key(KeyId=id)


class Alias(Handler):
    schema = schema(
        "aws:kms/alias:Alias",
        "{name}",
        {
            "name": physical_name(r"alias/[\w/-]{1,250}"),
            "targetKeyId": string(required=True),
            "arn": output("arn:{partition}:kms:{region}:{account}:{name}"),
            "targetKeyArn": output("arn:{partition}:kms:{region}:{account}:key/{targetKeyId}"),
        },
        unsupported="namePrefix",
    )

    def create(self, aws: Clients, inputs: Values) -> str:
        aws("kms").create_alias(AliasName=inputs["name"], TargetKeyId=inputs["targetKeyId"])
        return str(inputs["name"])

    def read(self, aws: Clients, id: str) -> Values | None:
        kms = aws("kms")
        pages = kms.get_paginator("list_aliases").paginate()
        found = pages.build_full_result()["Aliases"]
        alias = next((entry for entry in found if entry["AliasName"] == id), None)
        if alias is None or "TargetKeyId" not in alias:
            return None
        prefix = f"arn:{aws.place.partition}:kms:{aws.place.region}:{aws.place.account}"
        return {
            "name": id,
            "targetKeyId": alias["TargetKeyId"],
            "arn": f"{prefix}:{id}",
            "targetKeyArn": f"{prefix}:key/{alias['TargetKeyId']}",
        }

    def update(self, aws: Clients, id: str, old: Values, new: Values) -> None:
        aws("kms").update_alias(AliasName=id, TargetKeyId=new["targetKeyId"])

    def delete(self, aws: Clients, id: str, inputs: Values) -> None:
        ignore_missing(lambda: aws("kms").delete_alias(AliasName=id))
