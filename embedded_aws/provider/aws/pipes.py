"""EventBridge Pipes from queues."""

from __future__ import annotations

from typing import Any, ClassVar

from embedded_aws.provider.aws.tags import tag_changes, tag_values
from embedded_aws.provider.clients import Clients, ignore_missing, or_none
from embedded_aws.provider.fields import (
    TAGS,
    Fields,
    block,
    blocks,
    from_boto,
    integer,
    json_text,
    output,
    physical_name,
    string,
    to_boto,
)
from embedded_aws.provider.resource import Handler, ProvisioningError, Values, completing
from embedded_aws.provider.schema import schema

INVOCATIONS = ("FIRE_AND_FORGET", "REQUEST_RESPONSE")
_INVOCATION: Fields = {"invocationType": string(required=True, choices=INVOCATIONS)}


class Pipe(Handler):
    settings: ClassVar[Fields] = {
        "description": string(),
        "desiredState": string(default="RUNNING", choices=("RUNNING", "STOPPED")),
        "roleArn": string(required=True),
        "target": string(required=True),
        "sourceParameters": block(
            {
                "sqsQueueParameters": block(
                    {
                        "batchSize": integer(1, 10_000, computed=True),
                        "maximumBatchingWindowInSeconds": integer(0, 300),
                    },
                    computed=True,
                ),
                "filterCriteria": block({"filters": blocks({"pattern": json_text(required=True)})}),
            },
            computed=True,
        ),
        "targetParameters": block(
            {
                "inputTemplate": string(),
                "stepFunctionStateMachineParameters": block(_INVOCATION),
                "lambdaFunctionParameters": block(_INVOCATION),
                "sqsQueueParameters": block(
                    {"messageGroupId": string(), "messageDeduplicationId": string()}
                ),
            }
        ),
    }
    schema = schema(
        "aws:pipes/pipe:Pipe",
        "{name}",
        {
            "name": physical_name(r"[\w.-]{1,64}"),
            "source": string(required=True, create_only=True),
            **settings,
            **TAGS,
            "arn": output("arn:{partition}:pipes:{region}:{account}:pipe/{name}"),
        },
        unsupported="enrichment enrichmentParameters kmsKeyIdentifier logConfiguration namePrefix",
    )

    def create(self, aws: Clients, inputs: Values) -> str:
        name: str = inputs["name"]
        made = aws("pipes").create_pipe(
            Name=name,
            Source=inputs["source"],
            Tags=inputs.get("tags") or {},
            **to_boto(self.settings, inputs),
        )
        with completing(name):
            self._started(aws, made)
        return name

    def read(self, aws: Clients, id: str) -> Values | None:
        found = or_none(lambda: aws("pipes").describe_pipe(Name=id))
        if found is None:
            return None
        return {
            "name": id,
            "source": found["Source"],
            **from_boto(self.settings, found),
            **tag_values(found.get("Tags") or {}),
            "arn": found["Arn"],
        }

    def update(self, aws: Clients, id: str, old: Values, new: Values) -> None:
        pipes = aws("pipes")
        wanted = to_boto(self.settings, new)
        # What is left out of an update stays as it is.
        source = {"FilterCriteria": {"Filters": []}, **wanted.pop("SourceParameters", {})}
        target = {"InputTemplate": "", **wanted.pop("TargetParameters", {})}
        made = pipes.update_pipe(
            Name=id,
            SourceParameters=source,
            TargetParameters=target,
            **{"Description": "", **wanted},
        )
        self._started(aws, made)
        removed, changed = tag_changes(old, new)
        if removed:
            pipes.untag_resource(resourceArn=old["arn"], tagKeys=removed)
        if changed:
            pipes.tag_resource(resourceArn=old["arn"], tags=changed)

    def delete(self, aws: Clients, id: str, inputs: Values) -> None:
        ignore_missing(lambda: aws("pipes").delete_pipe(Name=id))

    def _started(self, aws: Clients, made: dict[str, Any]) -> None:
        if made["CurrentState"].endswith("_FAILED"):
            reason = aws("pipes").describe_pipe(Name=made["Name"])["StateReason"]
            raise ProvisioningError(f"pipe {made['Name']} does not run: {reason}")
