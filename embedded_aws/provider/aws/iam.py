"""IAM roles and policies."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from embedded_aws.provider.aws.tags import tag_changes, tag_list, tag_map, tag_values
from embedded_aws.provider.clients import Clients, ignore_missing, or_none
from embedded_aws.provider.fields import (
    TAGS,
    Fields,
    Kind,
    boolean,
    from_boto,
    integer,
    output,
    physical_name,
    policy,
    string,
    to_boto,
)
from embedded_aws.provider.resource import Handler, Values
from embedded_aws.provider.schema import schema


class Role(Handler):
    settings: ClassVar[Fields] = {
        "description": string(uncleared="UpdateRole ignores an empty description"),
        "maxSessionDuration": integer(3600, 43200, default=3600),
    }
    schema = schema(
        "aws:iam/role:Role",
        "{name}",
        {
            "name": physical_name(r"[\w+=,.@-]{1,64}"),
            "path": string(default="/", create_only=True),
            "assumeRolePolicy": policy(required=True),
            "permissionsBoundary": string(),
            "forceDetachPolicies": boolean(default=False, write_only=True),
            **settings,
            **TAGS,
            "arn": output("arn:{partition}:iam::{account}:role{path}{name}"),
            "createDate": output("2026-01-01T00:00:00Z"),
            "uniqueId": output("{uuid}"),
        },
        unsupported="inlinePolicies managedPolicyArns namePrefix",
        regional=False,
    )

    def create(self, aws: Clients, inputs: Values) -> str:
        boundary = inputs.get("permissionsBoundary")
        aws("iam").create_role(
            RoleName=inputs["name"],
            Path=inputs["path"],
            AssumeRolePolicyDocument=inputs["assumeRolePolicy"],
            Tags=tag_list(inputs.get("tags")),
            **({"PermissionsBoundary": boundary} if boundary else {}),
            **to_boto(self.settings, inputs),
        )
        return str(inputs["name"])

    def read(self, aws: Clients, id: str) -> Values | None:
        iam = aws("iam")
        found = or_none(lambda: iam.get_role(RoleName=id))
        if found is None:
            return None
        role = found["Role"]
        return {
            "name": id,
            "path": role["Path"],
            "assumeRolePolicy": _document(role["AssumeRolePolicyDocument"]),
            "permissionsBoundary": role.get("PermissionsBoundary", {}).get(
                "PermissionsBoundaryArn"
            ),
            **from_boto(self.settings, role),
            **tag_values(tag_map(iam.list_role_tags(RoleName=id)["Tags"])),
            "arn": role["Arn"],
            "createDate": role["CreateDate"].isoformat(),
            "uniqueId": role["RoleId"],
        }

    def update(self, aws: Clients, id: str, old: Values, new: Values) -> None:
        iam = aws("iam")
        iam.update_assume_role_policy(RoleName=id, PolicyDocument=new["assumeRolePolicy"])
        iam.update_role(
            RoleName=id,
            Description=new.get("description", ""),
            MaxSessionDuration=new["maxSessionDuration"],
        )
        boundary = new.get("permissionsBoundary")
        if boundary:
            iam.put_role_permissions_boundary(RoleName=id, PermissionsBoundary=boundary)
        elif old.get("permissionsBoundary"):
            iam.delete_role_permissions_boundary(RoleName=id)
        removed, changed = tag_changes(old, new)
        if removed:
            iam.untag_role(RoleName=id, TagKeys=removed)
        if changed:
            iam.tag_role(RoleName=id, Tags=tag_list(changed))

    def delete(self, aws: Clients, id: str, inputs: Values) -> None:
        iam = aws("iam")
        if inputs.get("forceDetachPolicies"):
            _detach_all(iam, id)
        ignore_missing(lambda: iam.delete_role(RoleName=id))


def _detach_all(iam: Any, role: str) -> None:
    attached = or_none(lambda: iam.list_attached_role_policies(RoleName=role)) or {}
    for entry in attached.get("AttachedPolicies", []):
        iam.detach_role_policy(RoleName=role, PolicyArn=entry["PolicyArn"])
    inline = or_none(lambda: iam.list_role_policies(RoleName=role)) or {}
    for name in inline.get("PolicyNames", []):
        iam.delete_role_policy(RoleName=role, PolicyName=name)


class RolePolicy(Handler):
    schema = schema(
        "aws:iam/rolePolicy:RolePolicy",
        "{role}:{name}",
        {
            "name": physical_name(r"[\w+=,.@-]{1,128}"),
            "role": string(required=True, create_only=True),
            "policy": policy(required=True),
        },
        unsupported="namePrefix",
        regional=False,
    )

    def create(self, aws: Clients, inputs: Values) -> str:
        aws("iam").put_role_policy(
            RoleName=inputs["role"], PolicyName=inputs["name"], PolicyDocument=inputs["policy"]
        )
        return f"{inputs['role']}:{inputs['name']}"

    def read(self, aws: Clients, id: str) -> Values | None:
        role, name = id.split(":", 1)
        iam = aws("iam")
        found = or_none(lambda: iam.get_role_policy(RoleName=role, PolicyName=name))
        if found is None:
            return None
        return {"name": name, "role": role, "policy": _document(found["PolicyDocument"])}

    def update(self, aws: Clients, id: str, old: Values, new: Values) -> None:
        self.create(aws, new)

    def delete(self, aws: Clients, id: str, inputs: Values) -> None:
        role, name = id.split(":", 1)
        ignore_missing(lambda: aws("iam").delete_role_policy(RoleName=role, PolicyName=name))


class Policy(Handler):
    schema = schema(
        "aws:iam/policy:Policy",
        "arn:{partition}:iam::{account}:policy{path}{name}",
        {
            "name": physical_name(r"[\w+=,.@-]{1,128}"),
            "path": string(default="/", create_only=True),
            "description": string(create_only=True),
            "policy": policy(required=True),
            **TAGS,
            "arn": output("{id}"),
            "policyId": output("{uuid}"),
            "attachmentCount": output("", Kind.INTEGER),
        },
        unsupported="delayAfterPolicyCreationInMs namePrefix",
        regional=False,
    )

    def create(self, aws: Clients, inputs: Values) -> str:
        found = aws("iam").create_policy(
            PolicyName=inputs["name"],
            Path=inputs["path"],
            PolicyDocument=inputs["policy"],
            Description=inputs.get("description", ""),
            Tags=tag_list(inputs.get("tags")),
        )
        return str(found["Policy"]["Arn"])

    def read(self, aws: Clients, id: str) -> Values | None:
        iam = aws("iam")
        found = or_none(lambda: iam.get_policy(PolicyArn=id))
        if found is None:
            return None
        about = found["Policy"]
        version = iam.get_policy_version(PolicyArn=id, VersionId=about["DefaultVersionId"])
        return {
            "name": about["PolicyName"],
            "path": about["Path"],
            "description": about.get("Description"),
            "policy": _document(version["PolicyVersion"]["Document"]),
            **tag_values(tag_map(iam.list_policy_tags(PolicyArn=id)["Tags"])),
            "arn": id,
            "policyId": about["PolicyId"],
            "attachmentCount": about.get("AttachmentCount", 0),
        }

    def update(self, aws: Clients, id: str, old: Values, new: Values) -> None:
        iam = aws("iam")
        _delete_old_versions(iam, id)  # a policy has at most five
        iam.create_policy_version(PolicyArn=id, PolicyDocument=new["policy"], SetAsDefault=True)
        removed, changed = tag_changes(old, new)
        if removed:
            iam.untag_policy(PolicyArn=id, TagKeys=removed)
        if changed:
            iam.tag_policy(PolicyArn=id, Tags=tag_list(changed))

    def delete(self, aws: Clients, id: str, inputs: Values) -> None:
        iam = aws("iam")
        if or_none(lambda: iam.get_policy(PolicyArn=id)) is not None:
            _delete_old_versions(iam, id)
            ignore_missing(lambda: iam.delete_policy(PolicyArn=id))


def _delete_old_versions(iam: Any, arn: str) -> None:
    for version in iam.list_policy_versions(PolicyArn=arn)["Versions"]:
        if not version["IsDefaultVersion"]:
            iam.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])


class RolePolicyAttachment(Handler):
    schema = schema(
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        "{role}/{policyArn}",
        {
            "role": string(required=True, create_only=True),
            "policyArn": string(required=True, create_only=True),
        },
        regional=False,
    )

    def create(self, aws: Clients, inputs: Values) -> str:
        aws("iam").attach_role_policy(RoleName=inputs["role"], PolicyArn=inputs["policyArn"])
        return f"{inputs['role']}/{inputs['policyArn']}"

    def read(self, aws: Clients, id: str) -> Values | None:
        role, arn = id.split("/", 1)
        pages = aws("iam").get_paginator("list_attached_role_policies")
        found = or_none(lambda: pages.paginate(RoleName=role).build_full_result()) or {}
        attached = {entry["PolicyArn"] for entry in found.get("AttachedPolicies", [])}
        return {"role": role, "policyArn": arn} if arn in attached else None

    def update(self, aws: Clients, id: str, old: Values, new: Values) -> None:
        """Nothing: both properties are fixed at creation."""

    def delete(self, aws: Clients, id: str, inputs: Values) -> None:
        role, arn = id.split("/", 1)
        ignore_missing(lambda: aws("iam").detach_role_policy(RoleName=role, PolicyArn=arn))


def _document(document: Any) -> str:
    """boto3 decodes policy documents; inputs hold text."""
    return document if isinstance(document, str) else json.dumps(document)
