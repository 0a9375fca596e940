"""EventBridge Scheduler: schedules and their groups."""

from __future__ import annotations

from typing import ClassVar

from embedded_aws.provider.aws.tags import tag_changes, tag_list, tag_map, tag_values
from embedded_aws.provider.clients import Clients, ignore_missing, or_none, wait_until
from embedded_aws.provider.fields import (
    TAGS,
    Fields,
    block,
    from_boto,
    instant,
    integer,
    output,
    physical_name,
    string,
    to_boto,
)
from embedded_aws.provider.resource import Handler, Values
from embedded_aws.provider.schema import schema


class ScheduleGroup(Handler):
    schema = schema(
        "aws:scheduler/scheduleGroup:ScheduleGroup",
        "{name}",
        {
            "name": physical_name(r"[\w.-]{1,64}"),
            **TAGS,
            "arn": output("arn:{partition}:scheduler:{region}:{account}:schedule-group/{name}"),
            "creationDate": output("2026-01-01T00:00:00Z"),
            "lastModificationDate": output("2026-01-01T00:00:00Z"),
            "state": output("ACTIVE"),
        },
        unsupported="namePrefix",
    )

    def create(self, aws: Clients, inputs: Values) -> str:
        aws("scheduler").create_schedule_group(
            Name=inputs["name"], Tags=tag_list(inputs.get("tags"))
        )
        return str(inputs["name"])

    def read(self, aws: Clients, id: str) -> Values | None:
        service = aws("scheduler")
        found = or_none(lambda: service.get_schedule_group(Name=id))
        if found is None or found.get("State") == "DELETING":
            return None
        tags = service.list_tags_for_resource(ResourceArn=found["Arn"])["Tags"]
        return {
            "name": id,
            **tag_values(tag_map(tags)),
            "arn": found["Arn"],
            "creationDate": found["CreationDate"].isoformat(),
            "lastModificationDate": found["LastModificationDate"].isoformat(),
            "state": found["State"],
        }

    def update(self, aws: Clients, id: str, old: Values, new: Values) -> None:
        service = aws("scheduler")
        removed, changed = tag_changes(old, new)
        if removed:
            service.untag_resource(ResourceArn=old["arn"], TagKeys=removed)
        if changed:
            service.tag_resource(ResourceArn=old["arn"], Tags=tag_list(changed))

    def delete(self, aws: Clients, id: str, inputs: Values) -> None:
        ignore_missing(lambda: aws("scheduler").delete_schedule_group(Name=id))
        wait_until(f"deletion of schedule group {id}", lambda: self.read(aws, id) is None)


class Schedule(Handler):
    settings: ClassVar[Fields] = {
        "description": string(),
        "scheduleExpression": string(required=True),
        "scheduleExpressionTimezone": string(default="UTC"),
        "state": string(default="ENABLED", choices=("ENABLED", "DISABLED")),
        "actionAfterCompletion": string(computed=True, choices=("NONE", "DELETE")),
        "startDate": instant(),
        "endDate": instant(),
        "kmsKeyArn": string(),
        "flexibleTimeWindow": block(
            {
                "mode": string(required=True, choices=("OFF", "FLEXIBLE")),
                "maximumWindowInMinutes": integer(1, 1440),
            },
            required=True,
        ),
        "target": block(
            {
                "arn": string(required=True),
                "roleArn": string(required=True),
                "input": string(),
                "deadLetterConfig": block({"arn": string(required=True)}),
                "retryPolicy": block(
                    {
                        "maximumEventAgeInSeconds": integer(60, 86400, default=86400),
                        "maximumRetryAttempts": integer(0, 185, default=185),
                    },
                    computed=True,
                ),
                "sqsParameters": block({"messageGroupId": string()}),
                "eventbridgeParameters": block(
                    {"detailType": string(required=True), "source": string(required=True)},
                    boto="EventBridgeParameters",
                ),
            },
            required=True,
        ),
    }
    schema = schema(
        "aws:scheduler/schedule:Schedule",
        "{groupName}/{name}",
        {
            "name": physical_name(r"[\w.-]{1,64}"),
            "groupName": string(default="default", create_only=True),
            **settings,
            "arn": output(
                "arn:{partition}:scheduler:{region}:{account}:schedule/{groupName}/{name}"
            ),
        },
        unsupported="namePrefix",
    )

    def create(self, aws: Clients, inputs: Values) -> str:
        aws("scheduler").create_schedule(
            Name=inputs["name"],
            GroupName=inputs["groupName"],
            **to_boto(self.settings, inputs),
        )
        return f"{inputs['groupName']}/{inputs['name']}"

    def read(self, aws: Clients, id: str) -> Values | None:
        group, name = id.split("/", 1)
        service = aws("scheduler")
        found = or_none(lambda: service.get_schedule(GroupName=group, Name=name))
        if found is None:
            return None
        return {
            "name": name,
            "groupName": group,
            **from_boto(self.settings, found),
            "arn": found["Arn"],
        }

    def update(self, aws: Clients, id: str, old: Values, new: Values) -> None:
        group, name = id.split("/", 1)
        # UpdateSchedule replaces the whole: what is left out goes back to its default
        aws("scheduler").update_schedule(Name=name, GroupName=group, **to_boto(self.settings, new))

    def delete(self, aws: Clients, id: str, inputs: Values) -> None:
        group, name = id.split("/", 1)
        ignore_missing(lambda: aws("scheduler").delete_schedule(GroupName=group, Name=name))
