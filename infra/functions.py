"""Lambda functions: package, role, encrypted log group, environment, tracing."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pulumi
import pulumi_aws as aws

from infra.logs import LogPolicy
from infra.naming import Deployment
from infra.policies import ServiceRole, Statement

RUNTIME = "python3.12"
ARCHITECTURE = "x86_64"


@dataclass(frozen=True)
class Network:
    """Where in a VPC a function runs; `ready` is what must exist before it finds its ways."""

    subnet_ids: Sequence[pulumi.Input[str]]
    security_group_id: pulumi.Input[str]
    ready: Sequence[pulumi.Resource]


@dataclass(frozen=True)
class FunctionPlan:
    """What one function is. `thing` is `read-partition`, its code `read_partition/handler.py`.

    memory and storage in MB, timeout in seconds; `statements` are what its code calls, nothing
    else; without `network` it runs outside of every VPC.
    """

    thing: str
    component: str
    memory: int
    timeout: int
    environment: Mapping[str, pulumi.Input[str]]
    statements: Sequence[Statement]
    storage: int = 512
    network: Network | None = None

    @property
    def package(self) -> str:
        return self.thing.replace("-", "_")


class CodeStore:
    """Uploads packages to the artifacts bucket, each under the hash of its content."""

    def __init__(self, bucket: pulumi.Input[str], tags: Mapping[str, str]) -> None:
        self._bucket = bucket
        self._tags = tags

    def upload(self, name: str, package: Path, parent: pulumi.Resource) -> aws.s3.BucketObjectv2:
        """The object that holds a package, `packages/{name}/{hash}.zip`."""
        return aws.s3.BucketObjectv2(
            f"{name}-package",
            bucket=self._bucket,
            key=f"packages/{name}/{digest(package).hex()}.zip",
            source=pulumi.FileAsset(str(package)),
            tags=self._tags,
            opts=pulumi.ResourceOptions(parent=parent),
        )


class Layer(pulumi.ComponentResource):
    """A layer that several functions share; `arn` names its version."""

    def __init__(self, name: str, deployment: Deployment, package: Path, store: CodeStore) -> None:
        super().__init__("data-engineer-jobs:functions:Layer", f"{name}-layer")
        stored = store.upload(f"{name}-layer", package, self)
        layer = aws.lambda_.LayerVersion(
            name,
            layer_name=deployment.name(name),
            compatible_runtimes=[RUNTIME],
            compatible_architectures=[ARCHITECTURE],
            s3_bucket=stored.bucket,
            s3_key=stored.key,
            source_code_hash=source_hash(package),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.arn = layer.arn
        self.register_outputs({"arn": layer.arn})


@dataclass(frozen=True)
class Code:
    """A function's package, the layers it uses, and where packages are uploaded."""

    package: Path
    layers: Sequence[Layer]
    store: CodeStore


class Function(pulumi.ComponentResource):
    """One function. `name` and `arn` are known once its log group and its permissions exist."""

    def __init__(
        self,
        plan: FunctionPlan,
        deployment: Deployment,
        code: Code,
        logs: LogPolicy,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("data-engineer-jobs:functions:Function", plan.thing, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        name = deployment.name(plan.thing)
        tags = deployment.tags(plan.component)
        group = logs.group(plan.thing, f"/aws/lambda/{name}", tags, self)
        role = ServiceRole(
            plan.thing,
            deployment,
            "lambda.amazonaws.com",
            [write_logs(group.arn), trace(), *join(plan.network), *plan.statements],
            tags,
            opts=child,
        )
        stored = code.store.upload(plan.thing, code.package, self)
        ways = plan.network.ready if plan.network else []
        function = aws.lambda_.Function(
            plan.thing,
            name=name,
            role=role.arn,
            runtime=RUNTIME,
            architectures=[ARCHITECTURE],
            handler=f"{plan.package}.handler.handler",
            s3_bucket=stored.bucket,
            s3_key=stored.key,
            source_code_hash=source_hash(code.package),
            layers=[layer.arn for layer in code.layers],
            memory_size=plan.memory,
            timeout=plan.timeout,
            ephemeral_storage={"size": plan.storage},
            vpc_config=_vpc(plan.network),
            environment={"variables": dict(plan.environment)},
            tracing_config={"mode": "Active"},
            tags=tags,
            # Without the group Lambda would create one itself, unencrypted and for ever.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[group, role.ready, *ways]),
        )
        self.name = function.name
        self.arn = function.arn
        self.log_group = group.name
        self.register_outputs({"name": self.name, "arn": self.arn})


def write_logs(group_arn: pulumi.Input[str]) -> Statement:
    streams = pulumi.Output.concat(group_arn, ":log-stream:*")
    return Statement("WriteLogs", ["logs:CreateLogStream", "logs:PutLogEvents"], [streams])


def trace() -> Statement:
    return Statement("Trace", ["xray:PutTelemetryRecords", "xray:PutTraceSegments"], ["*"])


def join(network: Network | None) -> list[Statement]:
    """What Lambda does for a function in a VPC, as the function's role."""
    interfaces = [
        f"ec2:{action}"
        for action in (
            "AssignPrivateIpAddresses",
            "CreateNetworkInterface",
            "DeleteNetworkInterface",
            "DescribeNetworkInterfaces",
            "DescribeSubnets",
            "UnassignPrivateIpAddresses",
        )
    ]
    return [Statement("JoinNetwork", interfaces, ["*"])] if network else []


def _vpc(network: Network | None) -> aws.lambda_.FunctionVpcConfigArgsDict | None:
    if network is None:
        return None
    return {
        "subnet_ids": list(network.subnet_ids),
        "security_group_ids": [network.security_group_id],
    }


def digest(package: Path) -> bytes:
    """SHA-256 of a package."""
    return hashlib.sha256(package.read_bytes()).digest()


def source_hash(package: Path) -> str:
    """The hash of a package as Lambda writes it."""
    return base64.b64encode(digest(package)).decode()
