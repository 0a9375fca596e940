"""Step Functions state machines."""

from __future__ import annotations

from typing import Any, ClassVar

from embedded_aws.provider.aws.tags import tag_changes, tag_list, tag_map, tag_values
from embedded_aws.provider.clients import Clients, ignore_missing, or_none, wait_until
from embedded_aws.provider.fields import (
    TAGS,
    Fields,
    block,
    boolean,
    from_boto,
    integer,
    json_text,
    output,
    physical_name,
    string,
    to_boto,
)
from embedded_aws.provider.resource import Handler, Values
from embedded_aws.provider.schema import schema

LEVELS = ("ALL", "ERROR", "FATAL", "OFF")


class StateMachine(Handler):
    settings: ClassVar[Fields] = {
        "definition": json_text(required=True),
        "roleArn": string(required=True),
        "tracingConfiguration": block({"enabled": boolean()}, default={"enabled": False}),
        "encryptionConfiguration": block(
            {
                "type": string(choices=("AWS_OWNED_KEY", "CUSTOMER_MANAGED_KMS_KEY")),
                "kmsKeyId": string(),
                "kmsDataKeyReusePeriodSeconds": integer(60, 900),
            },
            computed=True,
        ),
    }
    schema = schema(
        "aws:sfn/stateMachine:StateMachine",
        "arn:{partition}:states:{region}:{account}:stateMachine:{name}",
        {
            "name": physical_name(r"[\w-]{1,80}"),
            "type": string(default="STANDARD", choices=("STANDARD", "EXPRESS"), create_only=True),
            "loggingConfiguration": block(
                {
                    "level": string(default="OFF", choices=LEVELS),
                    "includeExecutionData": boolean(default=False),
                    "logDestination": string(),
                },
                default={"level": "OFF", "includeExecutionData": False},
            ),
            **settings,
            **TAGS,
            "arn": output("{id}"),
            "creationDate": output("2026-01-01T00:00:00Z"),
            "status": output("ACTIVE"),
        },
        unsupported="""description namePrefix publish revisionId stateMachineVersionArn
            versionDescription""",
    )

    def create(self, aws: Clients, inputs: Values) -> str:
        made = aws("stepfunctions").create_state_machine(
            name=inputs["name"],
            type=inputs["type"],
            loggingConfiguration=_logging(inputs["loggingConfiguration"]),
            tags=tag_list(inputs.get("tags"), "key", "value"),
            **to_boto(self.settings, inputs, lower=True),
        )
        return str(made["stateMachineArn"])

    def read(self, aws: Clients, id: str) -> Values | None:
        service = aws("stepfunctions")
        found = or_none(lambda: service.describe_state_machine(stateMachineArn=id))
        if found is None or found.get("status") == "DELETING":
            return None
        tags = service.list_tags_for_resource(resourceArn=id)["tags"]
        return {
            "name": found["name"],
            "type": found["type"],
            "loggingConfiguration": _logging_inputs(found.get("loggingConfiguration") or {}),
            "tracingConfiguration": {"enabled": False},
            **from_boto(self.settings, found, lower=True),
            **tag_values(tag_map(tags, "key", "value")),
            "arn": id,
            "creationDate": found["creationDate"].isoformat(),
            "status": found.get("status", "ACTIVE"),
        }

    def update(self, aws: Clients, id: str, old: Values, new: Values) -> None:
        service = aws("stepfunctions")
        service.update_state_machine(
            stateMachineArn=id,
            loggingConfiguration=_logging(new["loggingConfiguration"]),
            **to_boto(self.settings, new, lower=True),
        )
        removed, changed = tag_changes(old, new)
        if removed:
            service.untag_resource(resourceArn=id, tagKeys=removed)
        if changed:
            service.tag_resource(resourceArn=id, tags=tag_list(changed, "key", "value"))

    def delete(self, aws: Clients, id: str, inputs: Values) -> None:
        ignore_missing(lambda: aws("stepfunctions").delete_state_machine(stateMachineArn=id))
        wait_until(f"deletion of {id}", lambda: self.read(aws, id) is None)


def _logging(inputs: Values) -> Values:
    destination = inputs.get("logDestination")
    group = {"cloudWatchLogsLogGroup": {"logGroupArn": destination}}
    return {
        "level": inputs["level"],
        "includeExecutionData": inputs["includeExecutionData"],
        **({"destinations": [group]} if destination else {}),
    }


def _logging_inputs(found: dict[str, Any]) -> Values:
    destinations = found.get("destinations") or [{}]
    return {
        "level": found.get("level", "OFF"),
        "includeExecutionData": found.get("includeExecutionData", False),
        "logDestination": destinations[0].get("cloudWatchLogsLogGroup", {}).get("logGroupArn"),
    }
