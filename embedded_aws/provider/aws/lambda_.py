"""Lambda functions, layers and permissions."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, ClassVar

from embedded_aws.provider.assets import Content, Digest
from embedded_aws.provider.aws.tags import tag_changes, tag_values
from embedded_aws.provider.clients import Clients, ignore_missing, or_none, wait_until
from embedded_aws.provider.fields import (
    TAGS,
    Fields,
    Kind,
    block,
    boolean,
    content,
    from_boto,
    integer,
    output,
    physical_name,
    string,
    string_map,
    string_set,
    strings,
    to_boto,
)
from embedded_aws.provider.resource import (
    Checked,
    CheckFailure,
    Handler,
    Place,
    Values,
    completing,
)
from embedded_aws.provider.schema import schema

ARCHITECTURES = ("x86_64", "arm64")

_CODE: Fields = {
    "code": content(computed=True),
    "s3Bucket": string(write_only=True),
    "s3Key": string(write_only=True),
    "s3ObjectVersion": string(write_only=True),
    "sourceCodeHash": string(computed=True),
}

# UpdateFunctionConfiguration keeps what is left out: absent settings are sent empty
_EMPTY: Values = {
    "description": "",
    "environment": {"variables": {}},
    "layers": [],
    "deadLetterConfig": {"targetArn": ""},
    "kmsKeyArn": "",
}


class Function(Handler):
    settings: ClassVar[Fields] = {
        "description": string(),
        "handler": string(required=True),
        "runtime": string(required=True),
        "role": string(required=True),
        "memorySize": integer(128, 10240, default=128),
        "timeout": integer(1, 900, default=3),
        "environment": block({"variables": string_map()}),
        "layers": strings(),
        "tracingConfig": block(
            {"mode": string(required=True, choices=("Active", "PassThrough"))},
            default={"mode": "PassThrough"},
        ),
        "ephemeralStorage": block({"size": integer(512, 10240)}, default={"size": 512}),
        "deadLetterConfig": block({"targetArn": string(required=True)}),
        "vpcConfig": block(
            {"subnetIds": string_set(), "securityGroupIds": string_set()},
            unkept="functions run on this machine, outside of every network",
        ),
        "kmsKeyArn": string(boto="KMSKeyArn"),
        "loggingConfig": block(
            {
                "logFormat": string(required=True, choices=("JSON", "Text")),
                "logGroup": string(computed=True),
                "applicationLogLevel": string(computed=True),
                "systemLogLevel": string(computed=True),
            },
            computed=True,
        ),
    }
    schema = schema(
        "aws:lambda/function:Function",
        "{name}",
        {
            "name": physical_name(r"[\w-]{1,64}"),
            "packageType": string(default="Zip", choices=("Zip",), create_only=True),
            "architectures": string_set(ARCHITECTURES, default=["x86_64"]),
            "reservedConcurrentExecutions": integer(-1, default=-1),
            "publish": boolean(default=False, write_only=True),
            **_CODE,
            **settings,
            **TAGS,
            "arn": output("arn:{partition}:lambda:{region}:{account}:function:{name}"),
            "codeSha256": output("{uuid}"),
            "invokeArn": output(
                "arn:{partition}:apigateway:{region}:lambda:path/2015-03-31/functions/"
                "arn:{partition}:lambda:{region}:{account}:function:{name}/invocations"
            ),
            "lastModified": output("2026-01-01T00:00:00Z"),
            "qualifiedArn": output(
                "arn:{partition}:lambda:{region}:{account}:function:{name}:$LATEST"
            ),
            "sourceCodeSize": output("", Kind.INTEGER),
            "version": output("$LATEST"),
        },
        unsupported="""capacityProviderConfig codeSigningConfigArn durableConfig fileSystemConfig
            imageConfig imageUri publishTo qualifiedInvokeArn replaceSecurityGroupsOnDestroy
            replacementSecurityGroupIds responseStreamingInvokeArn signingJobArn
            signingProfileVersionArn skipDestroy snapStart sourceKmsKeyArn tenancyConfig
            useResourceTimeoutForPropagation""",
    )

    def check(self, inputs: Mapping[str, Any], place: Place) -> Checked:
        """Beyond the schema: code has exactly one origin."""
        return _one_origin(super().check(inputs, place))

    def create(self, aws: Clients, inputs: Values) -> str:
        name: str = inputs["name"]
        service = aws("lambda")
        service.create_function(
            FunctionName=name,
            PackageType=inputs["packageType"],
            Architectures=inputs["architectures"],
            Code=_code(inputs),
            Publish=inputs["publish"],
            Tags=inputs.get("tags") or {},
            **to_boto(self.settings, inputs),
        )
        with completing(name):
            self._reserve(service, name, {"reservedConcurrentExecutions": -1}, inputs)
        return name

    def read(self, aws: Clients, id: str) -> Values | None:
        service = aws("lambda")
        found = or_none(lambda: service.get_function(FunctionName=id))
        if found is None:
            return None
        about = found["Configuration"]
        about["Layers"] = [layer["Arn"] for layer in about.get("Layers") or []]
        reserved = found.get("Concurrency", {}).get("ReservedConcurrentExecutions", -1)
        arn = about["FunctionArn"]
        _, named = self.schema.placeholders({"name": id}, aws.place, id)
        return {
            **named,
            **from_boto(self.settings, about),
            **tag_values(found.get("Tags") or {}),
            "packageType": about.get("PackageType", "Zip"),
            "architectures": about.get("Architectures", ["x86_64"]),
            "reservedConcurrentExecutions": reserved,
            "code": Digest(base64.b64decode(about["CodeSha256"]).hex()),
            "arn": arn,
            "codeSha256": about["CodeSha256"],
            "sourceCodeHash": about["CodeSha256"],
            "lastModified": about["LastModified"],
            "qualifiedArn": f"{arn}:{about['Version']}",
            "sourceCodeSize": about["CodeSize"],
            "version": about["Version"],
        }

    def update(self, aws: Clients, id: str, old: Values, new: Values) -> None:
        service = aws("lambda")
        _wait_settled(service, id)  # Lambda refuses a change while an earlier one is under way
        code = {**_code(new), "Architectures": new["architectures"], "Publish": new["publish"]}
        service.update_function_code(FunctionName=id, **code)
        cleared = {name: empty for name, empty in _EMPTY.items() if old.get(name)}
        settings = to_boto(self.settings, {**cleared, **new})
        _wait_settled(service, id)
        service.update_function_configuration(FunctionName=id, **settings)
        self._reserve(service, id, old, new)
        removed, changed = tag_changes(old, new)
        if removed:
            service.untag_resource(Resource=old["arn"], TagKeys=removed)
        if changed:
            service.tag_resource(Resource=old["arn"], Tags=changed)

    def delete(self, aws: Clients, id: str, inputs: Values) -> None:
        ignore_missing(lambda: aws("lambda").delete_function(FunctionName=id))

    def _reserve(self, service: Any, name: str, old: Values, new: Values) -> None:
        before, after = (inputs["reservedConcurrentExecutions"] for inputs in (old, new))
        if after >= 0 and after != before:
            service.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=after)
        elif after < 0 <= before:
            service.delete_function_concurrency(FunctionName=name)


class LayerVersion(Handler):
    """A version cannot change: every difference makes a new one."""

    settings: ClassVar[Fields] = {
        "description": string(create_only=True),
        "compatibleRuntimes": string_set(create_only=True),
        "compatibleArchitectures": string_set(ARCHITECTURES, create_only=True),
        "licenseInfo": string(create_only=True),
    }
    schema = schema(
        "aws:lambda/layerVersion:LayerVersion",
        "arn:{partition}:lambda:{region}:{account}:layer:{layerName}:1",
        {
            "layerName": physical_name(r"[\w-]{1,140}"),
            "code": content(computed=True, create_only=True),
            "s3Bucket": string(write_only=True, create_only=True),
            "s3Key": string(write_only=True, create_only=True),
            "s3ObjectVersion": string(write_only=True, create_only=True),
            "sourceCodeHash": string(computed=True, create_only=True),
            "skipDestroy": boolean(default=False, write_only=True),
            **settings,
            "arn": output("{id}"),
            "layerArn": output("arn:{partition}:lambda:{region}:{account}:layer:{layerName}"),
            "version": output("1"),
            "codeSha256": output("{uuid}"),
            "createdDate": output("2026-01-01T00:00:00Z"),
            "sourceCodeSize": output("", Kind.INTEGER),
        },
        unsupported="signingJobArn signingProfileVersionArn",
        generated_id=True,
    )

    def check(self, inputs: Mapping[str, Any], place: Place) -> Checked:
        """Beyond the schema: code has exactly one origin."""
        return _one_origin(super().check(inputs, place))

    def create(self, aws: Clients, inputs: Values) -> str:
        made = aws("lambda").publish_layer_version(
            LayerName=inputs["layerName"],
            Content=_code(inputs),
            **to_boto(self.settings, inputs),
        )
        return str(made["LayerVersionArn"])

    def read(self, aws: Clients, id: str) -> Values | None:
        service = aws("lambda")
        found = or_none(lambda: service.get_layer_version_by_arn(Arn=id))
        if found is None:
            return None
        sha = found["Content"]["CodeSha256"]
        layer_arn, version = id.rsplit(":", 1)
        return {
            **from_boto(self.settings, found),
            "layerName": layer_arn.rsplit(":", 1)[1],
            "code": Digest(base64.b64decode(sha).hex()),
            "arn": id,
            "layerArn": layer_arn,
            "version": version,
            "codeSha256": sha,
            "sourceCodeHash": sha,
            "createdDate": found["CreatedDate"],
            "sourceCodeSize": found["Content"]["CodeSize"],
        }

    def update(self, aws: Clients, id: str, old: Values, new: Values) -> None:
        """Nothing: only skipDestroy can change, which the service does not know."""

    def delete(self, aws: Clients, id: str, inputs: Values) -> None:
        if inputs.get("skipDestroy"):
            return
        layer, version = id.rsplit(":", 1)
        service = aws("lambda")
        ignore_missing(
            lambda: service.delete_layer_version(
                LayerName=layer.rsplit(":", 1)[1], VersionNumber=int(version)
            )
        )


def _one_origin(checked: Checked) -> Checked:
    given = checked.inputs
    if ("code" in given) == ("s3Bucket" in given):
        checked.failures.append(
            CheckFailure("code", "or s3Bucket with s3Key is required, one of them")
        )
    elif ("s3Bucket" in given) != ("s3Key" in given):
        checked.failures.append(CheckFailure("s3Key", "and s3Bucket belong together"))
    return checked


def _code(inputs: Values) -> Values:
    code = inputs.get("code")
    if isinstance(code, Content):
        return {"ZipFile": code.data}
    names = {"s3Bucket": "S3Bucket", "s3Key": "S3Key", "s3ObjectVersion": "S3ObjectVersion"}
    return {boto: inputs[name] for name, boto in names.items() if inputs.get(name)}


def _wait_settled(service: Any, name: str) -> None:
    def settled() -> bool:
        about = service.get_function_configuration(FunctionName=name)
        return not {about.get("State"), about.get("LastUpdateStatus")} & {"Pending", "InProgress"}

    wait_until(f"function {name} becoming active", settled)
