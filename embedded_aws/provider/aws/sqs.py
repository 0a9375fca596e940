"""SQS queues and their policies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from embedded_aws.provider.aws.attributes import (
    changed_attributes,
    from_attributes,
    to_attributes,
)
from embedded_aws.provider.aws.tags import tag_changes, tag_values
from embedded_aws.provider.clients import Clients, ignore_missing, or_none
from embedded_aws.provider.fields import (
    TAGS,
    Fields,
    boolean,
    integer,
    json_text,
    output,
    physical_name,
    policy,
    string,
)
from embedded_aws.provider.resource import Checked, CheckFailure, Handler, Place, Values
from embedded_aws.provider.schema import schema


class Queue(Handler):
    settings: ClassVar[Fields] = {
        "delaySeconds": integer(0, 900, default=0),
        "visibilityTimeoutSeconds": integer(0, 43200, default=30, boto="VisibilityTimeout"),
        "messageRetentionSeconds": integer(
            60, 1209600, default=345600, boto="MessageRetentionPeriod"
        ),
        "receiveWaitTimeSeconds": integer(0, 20, default=0, boto="ReceiveMessageWaitTimeSeconds"),
        "maxMessageSize": integer(1024, 1048576, computed=True, boto="MaximumMessageSize"),
        "redrivePolicy": json_text(),
        "redriveAllowPolicy": json_text(),
        "kmsMasterKeyId": string(),
        "kmsDataKeyReusePeriodSeconds": integer(60, 86400, computed=True),
        "sqsManagedSseEnabled": boolean(computed=True),
        "contentBasedDeduplication": boolean(computed=True),
        "deduplicationScope": string(computed=True, choices=("messageGroup", "queue")),
        "fifoThroughputLimit": string(computed=True, choices=("perQueue", "perMessageGroupId")),
    }
    schema = schema(
        "aws:sqs/queue:Queue",
        "https://sqs.{region}.amazonaws.com/{account}/{name}",
        {
            "name": physical_name(r"[\w-]{1,75}(\.fifo)?|[\w-]{76,80}"),
            "fifoQueue": boolean(default=False, create_only=True),
            **settings,
            **TAGS,
            "arn": output("arn:{partition}:sqs:{region}:{account}:{name}"),
            "url": output("{id}"),
        },
        unsupported="namePrefix policy",
        generated_id=True,
    )

    def check(self, inputs: Mapping[str, Any], place: Place) -> Checked:
        """Beyond the schema: the name says whether a queue is FIFO."""
        checked = super().check(inputs, place)
        named = str(checked.inputs.get("name", "")).endswith(".fifo")
        if named != checked.inputs.get("fifoQueue", False):
            checked.failures.append(CheckFailure("name", "ends in .fifo if and only if fifoQueue"))
        return checked

    def create(self, aws: Clients, inputs: Values) -> str:
        fifo = {"FifoQueue": "true"} if inputs["fifoQueue"] else {}
        made = aws("sqs").create_queue(
            QueueName=inputs["name"],
            Attributes={**fifo, **to_attributes(self.settings, inputs)},
            tags=inputs.get("tags") or {},
        )
        return str(made["QueueUrl"])

    def read(self, aws: Clients, id: str) -> Values | None:
        sqs = aws("sqs")
        found = or_none(lambda: sqs.get_queue_attributes(QueueUrl=id, AttributeNames=["All"]))
        if found is None:
            return None
        attributes = found["Attributes"]
        return {
            "name": id.rsplit("/", 1)[1],
            "fifoQueue": attributes.get("FifoQueue") == "true",
            **from_attributes(self.settings, attributes),
            **tag_values(sqs.list_queue_tags(QueueUrl=id).get("Tags") or {}),
            "arn": attributes["QueueArn"],
            "url": id,
        }

    def update(self, aws: Clients, id: str, old: Values, new: Values) -> None:
        sqs = aws("sqs")
        changes = changed_attributes(self.settings, old, new)
        if changes:
            sqs.set_queue_attributes(QueueUrl=id, Attributes=changes)
        removed, changed = tag_changes(old, new)
        if removed:
            sqs.untag_queue(QueueUrl=id, TagKeys=removed)
        if changed:
            sqs.tag_queue(QueueUrl=id, Tags=changed)

    def delete(self, aws: Clients, id: str, inputs: Values) -> None:
        ignore_missing(lambda: aws("sqs").delete_queue(QueueUrl=id))


class QueuePolicy(Handler):
    schema = schema(
        "aws:sqs/queuePolicy:QueuePolicy",
        "{queueUrl}",
        {
            "queueUrl": string(required=True, create_only=True),
            "policy": policy(required=True),
        },
    )

    def create(self, aws: Clients, inputs: Values) -> str:
        _set_policy(aws, inputs["queueUrl"], inputs["policy"])
        return str(inputs["queueUrl"])

    def read(self, aws: Clients, id: str) -> Values | None:
        sqs = aws("sqs")
        found = or_none(lambda: sqs.get_queue_attributes(QueueUrl=id, AttributeNames=["Policy"]))
        document = (found or {}).get("Attributes", {}).get("Policy")
        return {"queueUrl": id, "policy": document} if document else None

    def update(self, aws: Clients, id: str, old: Values, new: Values) -> None:
        self.create(aws, new)

    def delete(self, aws: Clients, id: str, inputs: Values) -> None:
        ignore_missing(lambda: _set_policy(aws, id, ""))


def _set_policy(aws: Clients, url: str, document: str) -> None:
    aws("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": document})
