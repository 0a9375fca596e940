"""What invokes functions: event source mappings, and permissions of other services."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from embedded_aws.provider.aws.tags import tag_changes, tag_values
from embedded_aws.provider.clients import Clients, ignore_missing, or_none
from embedded_aws.provider.fields import (
    TAGS,
    Fields,
    block,
    block_set,
    boolean,
    from_boto,
    integer,
    json_text,
    output,
    string,
    string_set,
    to_boto,
)
from embedded_aws.provider.resource import Checked, Handler, Place, Values
from embedded_aws.provider.schema import schema


class EventSourceMapping(Handler):
    settings: ClassVar[Fields] = {
        "functionName": string(required=True),
        "batchSize": integer(1, 10_000, computed=True),
        "maximumBatchingWindowInSeconds": integer(0, 300, computed=True),
        "functionResponseTypes": string_set(choices=("ReportBatchItemFailures",)),
        "filterCriteria": block({"filters": block_set({"pattern": json_text()})}),
        "scalingConfig": block({"maximumConcurrency": integer(2, 1000)}),
    }
    schema = schema(
        "aws:lambda/eventSourceMapping:EventSourceMapping",
        "{uuid}",
        {
            "eventSourceArn": string(required=True, create_only=True),
            "enabled": boolean(default=True),
            **settings,
            **TAGS,
            "uuid": output("{uuid}"),
            "arn": output("arn:{partition}:lambda:{region}:{account}:event-source-mapping:{uuid}"),
            "functionArn": output("{functionName}"),
        },
        unsupported="""amazonManagedKafkaEventSourceConfig bisectBatchOnFunctionError
            destinationConfig documentDbEventSourceConfig kmsKeyArn lastModified
            lastProcessingResult maximumRecordAgeInSeconds maximumRetryAttempts metricsConfig
            parallelizationFactor provisionedPollerConfig queues selfManagedEventSource
            selfManagedKafkaEventSourceConfig sourceAccessConfigurations startingPosition
            startingPositionTimestamp state stateTransitionReason topics tumblingWindowInSeconds
            useResourceTimeoutForPropagation""",
        generated_id=True,
    )

    def check(self, inputs: Mapping[str, Any], place: Place) -> Checked:
        """Beyond the schema: a function's name becomes its ARN, as it is read back."""
        checked = super().check(inputs, place)
        name = checked.inputs.get("functionName")
        if isinstance(name, str) and not name.startswith("arn:"):
            arn = f"arn:{place.partition}:lambda:{place.region}:{place.account}:function:{name}"
            checked.inputs["functionName"] = arn
        return checked

    def create(self, aws: Clients, inputs: Values) -> str:
        made = aws("lambda").create_event_source_mapping(
            EventSourceArn=inputs["eventSourceArn"],
            Enabled=inputs["enabled"],
            Tags=inputs.get("tags") or {},
            **to_boto(self.settings, inputs),
        )
        return str(made["UUID"])

    def read(self, aws: Clients, id: str) -> Values | None:
        client = aws("lambda")
        found = or_none(lambda: client.get_event_source_mapping(UUID=id))
        if found is None:
            return None
        arn = found["EventSourceMappingArn"]
        tags = client.list_tags(Resource=arn)["Tags"]
        return {
            "eventSourceArn": found["EventSourceArn"],
            "enabled": found["State"] == "Enabled",
            **from_boto(self.settings, {**found, "FunctionName": found["FunctionArn"]}),
            **tag_values(tags),
            "uuid": id,
            "arn": arn,
            "functionArn": found["FunctionArn"],
        }

    def update(self, aws: Clients, id: str, old: Values, new: Values) -> None:
        client = aws("lambda")
        # What is left out of an update stays as it is.
        cleared: Values = {"FilterCriteria": {}, "ScalingConfig": {}, "FunctionResponseTypes": []}
        wanted = {**cleared, **to_boto(self.settings, new)}
        client.update_event_source_mapping(UUID=id, Enabled=new["enabled"], **wanted)
        removed, changed = tag_changes(old, new)
        if removed:
            client.untag_resource(Resource=old["arn"], TagKeys=removed)
        if changed:
            client.tag_resource(Resource=old["arn"], Tags=changed)

    def delete(self, aws: Clients, id: str, inputs: Values) -> None:
        ignore_missing(lambda: aws("lambda").delete_event_source_mapping(UUID=id))


class Permission(Handler):
    """A statement in a function's policy; every property is fixed."""

    given: ClassVar[Fields] = {
        "action": string(required=True, create_only=True),
        "principal": string(required=True, create_only=True),
        "sourceArn": string(create_only=True),
        "sourceAccount": string(create_only=True),
    }
    schema = schema(
        "aws:lambda/permission:Permission",
        "{function}/{statementId}",
        {
            "function": string(required=True, create_only=True),
            "statementId": string(required=True, create_only=True),
            **given,
        },
        unsupported="""eventSourceToken functionUrlAuthType invokedViaFunctionUrl principalOrgId
            qualifier statementIdPrefix""",
    )

    def create(self, aws: Clients, inputs: Values) -> str:
        aws("lambda").add_permission(
            FunctionName=inputs["function"],
            StatementId=inputs["statementId"],
            **to_boto(self.given, inputs),
        )
        return f"{inputs['function']}/{inputs['statementId']}"

    def read(self, aws: Clients, id: str) -> Values | None:
        function, _, name = id.rpartition("/")
        found = or_none(lambda: aws("lambda").get_policy(FunctionName=function))
        for statement in json.loads((found or {}).get("Policy", "{}")).get("Statement", []):
            if statement["Sid"] == name:
                return {"function": function, "statementId": name, **_from_statement(statement)}
        return None

    def update(self, aws: Clients, id: str, old: Values, new: Values) -> None:
        self.delete(aws, id, new)
        self.create(aws, new)

    def delete(self, aws: Clients, id: str, inputs: Values) -> None:
        function, _, name = id.rpartition("/")
        client = aws("lambda")
        ignore_missing(lambda: client.remove_permission(FunctionName=function, StatementId=name))


def _from_statement(statement: Mapping[str, Any]) -> Values:
    principal = statement["Principal"]
    named = principal if isinstance(principal, str) else next(iter(principal.values()))
    conditions = {
        key.lower(): value
        for test in (statement.get("Condition") or {}).values()
        for key, value in test.items()
    }
    return {
        "action": statement["Action"],
        "principal": named,
        "sourceArn": conditions.get("aws:sourcearn"),
        "sourceAccount": conditions.get("aws:sourceaccount"),
    }
