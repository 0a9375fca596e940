"""EventBridge rules and their targets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from embedded_aws.provider.aws.tags import tag_changes, tag_list, tag_map, tag_values
from embedded_aws.provider.clients import Clients, ignore_missing, or_none
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
    string_map,
    to_boto,
)
from embedded_aws.provider.resource import (
    Checked,
    CheckFailure,
    Handler,
    Place,
    ProvisioningError,
    Values,
)
from embedded_aws.provider.schema import schema


class EventRule(Handler):
    settings: ClassVar[Fields] = {
        "description": string(),
        "eventPattern": json_text(),
        "scheduleExpression": string(),
        "roleArn": string(uncleared="PutRule without a role keeps the old one"),
        "state": string(default="ENABLED", choices=("ENABLED", "DISABLED")),
    }
    schema = schema(
        "aws:cloudwatch/eventRule:EventRule",
        "{eventBusName}/{name}",
        {
            "name": physical_name(r"[\w.-]{1,64}"),
            "eventBusName": string(default="default", create_only=True),
            "forceDestroy": boolean(default=False, write_only=True),
            **settings,
            **TAGS,
            "arn": output("arn:{partition}:events:{region}:{account}:rule/{name}"),
        },
        unsupported="isEnabled namePrefix",
    )

    def check(self, inputs: Mapping[str, Any], place: Place) -> Checked:
        """Beyond the schema: a rule needs something to react to."""
        checked = super().check(inputs, place)
        if not {"eventPattern", "scheduleExpression"} & set(checked.inputs):
            failure = CheckFailure("eventPattern", "or scheduleExpression is required")
            checked.failures.append(failure)
        return checked

    def create(self, aws: Clients, inputs: Values) -> str:
        aws("events").put_rule(
            Name=inputs["name"],
            EventBusName=inputs["eventBusName"],
            Tags=tag_list(inputs.get("tags")),
            **to_boto(self.settings, inputs),
        )
        return f"{inputs['eventBusName']}/{inputs['name']}"

    def read(self, aws: Clients, id: str) -> Values | None:
        bus, name = id.split("/", 1)
        events = aws("events")
        found = or_none(lambda: events.describe_rule(Name=name, EventBusName=bus))
        if found is None:
            return None
        tags = events.list_tags_for_resource(ResourceARN=found["Arn"])["Tags"]
        return {
            "name": name,
            "eventBusName": bus,
            **from_boto(self.settings, found),
            **tag_values(tag_map(tags)),
            "arn": found["Arn"],
        }

    def update(self, aws: Clients, id: str, old: Values, new: Values) -> None:
        bus, name = id.split("/", 1)
        events = aws("events")
        cleared = {"Description": "", **to_boto(self.settings, new)}
        events.put_rule(Name=name, EventBusName=bus, **cleared)
        removed, changed = tag_changes(old, new)
        if removed:
            events.untag_resource(ResourceARN=old["arn"], TagKeys=removed)
        if changed:
            events.tag_resource(ResourceARN=old["arn"], Tags=tag_list(changed))

    def delete(self, aws: Clients, id: str, inputs: Values) -> None:
        bus, name = id.split("/", 1)
        events = aws("events")
        found = or_none(lambda: events.list_targets_by_rule(Rule=name, EventBusName=bus)) or {}
        targets = [target["Id"] for target in found.get("Targets", [])]
        if targets and not inputs.get("forceDestroy"):
            raise ProvisioningError(f"rule {name} still has targets: {', '.join(targets)}")
        if targets:
            events.remove_targets(Rule=name, EventBusName=bus, Ids=targets)
        ignore_missing(lambda: events.delete_rule(Name=name, EventBusName=bus))


class EventTarget(Handler):
    settings: ClassVar[Fields] = {
        "arn": string(required=True),
        "roleArn": string(),
        "input": string(),
        "inputPath": string(),
        "inputTransformer": block(
            {
                "inputPaths": string_map(boto="InputPathsMap"),
                "inputTemplate": string(required=True),
            }
        ),
        "deadLetterConfig": block({"arn": string()}),
        "retryPolicy": block(
            {
                "maximumEventAgeInSeconds": integer(60, 86400),
                "maximumRetryAttempts": integer(0, 185),
            }
        ),
        "sqsTarget": block({"messageGroupId": string()}, boto="SqsParameters"),
    }
    schema = schema(
        "aws:cloudwatch/eventTarget:EventTarget",
        "{eventBusName}/{rule}/{targetId}",
        {
            "rule": string(required=True, create_only=True),
            "targetId": string(required=True, create_only=True),
            "eventBusName": string(default="default", create_only=True),
            "forceDestroy": boolean(default=False, write_only=True),
            **settings,
        },
        unsupported="""appsyncTarget batchTarget ecsTarget httpTarget kinesisTarget redshiftTarget
            runCommandTargets sagemakerPipelineTarget""",
    )

    def create(self, aws: Clients, inputs: Values) -> str:
        target = {"Id": inputs["targetId"], **to_boto(self.settings, inputs)}
        answer = aws("events").put_targets(
            Rule=inputs["rule"], EventBusName=inputs["eventBusName"], Targets=[target]
        )
        for failed in answer.get("FailedEntries", []):
            raise ProvisioningError(f"target {inputs['targetId']}: {failed.get('ErrorMessage')}")
        return f"{inputs['eventBusName']}/{inputs['rule']}/{inputs['targetId']}"

    def read(self, aws: Clients, id: str) -> Values | None:
        bus, rule, target_id = id.split("/", 2)
        events = aws("events")
        found = or_none(lambda: events.list_targets_by_rule(Rule=rule, EventBusName=bus)) or {}
        for target in found.get("Targets", []):
            if target["Id"] == target_id:
                return {
                    "rule": rule,
                    "targetId": target_id,
                    "eventBusName": bus,
                    **from_boto(self.settings, target),
                }
        return None

    def update(self, aws: Clients, id: str, old: Values, new: Values) -> None:
        self.create(aws, new)

    def delete(self, aws: Clients, id: str, inputs: Values) -> None:
        bus, rule, target_id = id.split("/", 2)
        events = aws("events")
        ignore_missing(lambda: events.remove_targets(Rule=rule, EventBusName=bus, Ids=[target_id]))
