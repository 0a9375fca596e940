"""SNS topics, their policies and subscriptions."""

from __future__ import annotations

import json
from typing import ClassVar

from embedded_aws.provider.aws.attributes import (
    changed_attributes,
    from_attributes,
    to_attributes,
)
from embedded_aws.provider.aws.tags import tag_changes, tag_list, tag_map, tag_values
from embedded_aws.provider.clients import Clients, ignore_missing, or_none
from embedded_aws.provider.fields import (
    TAGS,
    Fields,
    boolean,
    json_text,
    output,
    physical_name,
    policy,
    string,
)
from embedded_aws.provider.resource import Handler, Values
from embedded_aws.provider.schema import schema


class Topic(Handler):
    settings: ClassVar[Fields] = {
        "displayName": string(),
        "kmsMasterKeyId": string(),
        "contentBasedDeduplication": boolean(computed=True),
    }
    schema = schema(
        "aws:sns/topic:Topic",
        "arn:{partition}:sns:{region}:{account}:{name}",
        {
            "name": physical_name(r"[\w-]{1,251}(\.fifo)?"),
            "fifoTopic": boolean(default=False, create_only=True),
            **settings,
            **TAGS,
            "arn": output("{id}"),
            "owner": output("{account}"),
        },
        unsupported="""applicationFailureFeedbackRoleArn applicationSuccessFeedbackRoleArn
            applicationSuccessFeedbackSampleRate archivePolicy beginningArchiveTime deliveryPolicy
            fifoThroughputScope firehoseFailureFeedbackRoleArn firehoseSuccessFeedbackRoleArn
            firehoseSuccessFeedbackSampleRate httpFailureFeedbackRoleArn
            httpSuccessFeedbackRoleArn httpSuccessFeedbackSampleRate lambdaFailureFeedbackRoleArn
            lambdaSuccessFeedbackRoleArn lambdaSuccessFeedbackSampleRate maximumMessageSize
            namePrefix policy signatureVersion sqsFailureFeedbackRoleArn sqsSuccessFeedbackRoleArn
            sqsSuccessFeedbackSampleRate tracingConfig""",
    )

    def create(self, aws: Clients, inputs: Values) -> str:
        fifo = {"FifoTopic": "true"} if inputs["fifoTopic"] else {}
        made = aws("sns").create_topic(
            Name=inputs["name"],
            Attributes={**fifo, **to_attributes(self.settings, inputs)},
            Tags=tag_list(inputs.get("tags")),
        )
        return str(made["TopicArn"])

    def read(self, aws: Clients, id: str) -> Values | None:
        sns = aws("sns")
        found = or_none(lambda: sns.get_topic_attributes(TopicArn=id))
        if found is None:
            return None
        attributes = found["Attributes"]
        tags = sns.list_tags_for_resource(ResourceArn=id)["Tags"]
        return {
            "name": id.rsplit(":", 1)[1],
            "fifoTopic": attributes.get("FifoTopic") == "true",
            **from_attributes(self.settings, attributes),
            **tag_values(tag_map(tags)),
            "arn": id,
            "owner": attributes.get("Owner"),
        }

    def update(self, aws: Clients, id: str, old: Values, new: Values) -> None:
        sns = aws("sns")
        for name, text in changed_attributes(self.settings, old, new).items():
            sns.set_topic_attributes(TopicArn=id, AttributeName=name, AttributeValue=text)
        removed, changed = tag_changes(old, new)
        if removed:
            sns.untag_resource(ResourceArn=id, TagKeys=removed)
        if changed:
            sns.tag_resource(ResourceArn=id, Tags=tag_list(changed))

    def delete(self, aws: Clients, id: str, inputs: Values) -> None:
        ignore_missing(lambda: aws("sns").delete_topic(TopicArn=id))


class TopicPolicy(Handler):
    """A topic always has a policy: deleting this one brings the owner's default back."""

    schema = schema(
        "aws:sns/topicPolicy:TopicPolicy",
        "{arn}",
        {
            "arn": string(required=True, create_only=True),
            "policy": policy(required=True),
            "owner": output("{account}"),
        },
        setting=True,
    )

    def create(self, aws: Clients, inputs: Values) -> str:
        self._set(aws, inputs["arn"], inputs["policy"])
        return str(inputs["arn"])

    def read(self, aws: Clients, id: str) -> Values | None:
        found = or_none(lambda: aws("sns").get_topic_attributes(TopicArn=id))
        if found is None:
            return None
        attributes = found["Attributes"]
        return {"arn": id, "policy": attributes.get("Policy"), "owner": attributes.get("Owner")}

    def update(self, aws: Clients, id: str, old: Values, new: Values) -> None:
        self.create(aws, new)

    def delete(self, aws: Clients, id: str, inputs: Values) -> None:
        ignore_missing(lambda: self._set(aws, id, owner_policy(id, aws.place.account)))

    def _set(self, aws: Clients, arn: str, document: str) -> None:
        aws("sns").set_topic_attributes(
            TopicArn=arn, AttributeName="Policy", AttributeValue=document
        )


def owner_policy(topic: str, account: str) -> str:
    """The policy of a new topic: only the owning account may use it."""
    statement = {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": ["SNS:Publish", "SNS:Subscribe", "SNS:GetTopicAttributes"],
        "Resource": topic,
        "Condition": {"StringEquals": {"AWS:SourceOwner": account}},
    }
    return json.dumps({"Version": "2008-10-17", "Statement": [statement]})


class TopicSubscription(Handler):
    settings: ClassVar[Fields] = {
        "filterPolicy": json_text(),
        "filterPolicyScope": string(computed=True, choices=("MessageAttributes", "MessageBody")),
        "rawMessageDelivery": boolean(default=False),
        "redrivePolicy": json_text(),
    }
    schema = schema(
        "aws:sns/topicSubscription:TopicSubscription",
        "{topic}:{uuid}",
        {
            "topic": string(required=True, create_only=True),
            "protocol": string(
                required=True,
                create_only=True,
                choices=("sqs", "lambda", "firehose", "email", "https"),
            ),
            "endpoint": string(required=True, create_only=True),
            **settings,
            "arn": output("{id}"),
            "ownerId": output("{account}"),
        },
        unsupported="""confirmationTimeoutInMinutes confirmationWasAuthenticated deliveryPolicy
            endpointAutoConfirms pendingConfirmation replayPolicy subscriptionRoleArn""",
        generated_id=True,
    )

    def create(self, aws: Clients, inputs: Values) -> str:
        made = aws("sns").subscribe(
            TopicArn=inputs["topic"],
            Protocol=inputs["protocol"],
            Endpoint=inputs["endpoint"],
            Attributes=to_attributes(self.settings, inputs),
            ReturnSubscriptionArn=True,
        )
        return str(made["SubscriptionArn"])

    def read(self, aws: Clients, id: str) -> Values | None:
        found = or_none(lambda: aws("sns").get_subscription_attributes(SubscriptionArn=id))
        if found is None:
            return None
        attributes = found["Attributes"]
        return {
            "topic": attributes["TopicArn"],
            "protocol": attributes["Protocol"],
            "endpoint": attributes["Endpoint"],
            **from_attributes(self.settings, attributes),
            "arn": id,
            "ownerId": attributes.get("Owner"),
        }

    def update(self, aws: Clients, id: str, old: Values, new: Values) -> None:
        for name, text in changed_attributes(self.settings, old, new).items():
            aws("sns").set_subscription_attributes(
                SubscriptionArn=id, AttributeName=name, AttributeValue=text
            )

    def delete(self, aws: Clients, id: str, inputs: Values) -> None:
        ignore_missing(lambda: aws("sns").unsubscribe(SubscriptionArn=id))
