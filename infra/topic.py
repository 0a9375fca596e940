"""The topic of a stack's alarms: encrypted, and who is told."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra.logs import KEY_ADMINISTRATION
from infra.naming import Deployment
from infra.policies import Statement, policy
from infra.settings import AlarmSettings

COMPONENT = "alarms"
SERVICE = "cloudwatch.amazonaws.com"


class AlarmTopic(pulumi.ComponentResource):
    """A topic to which only this stack's alarms publish. `arn` is known once they may."""

    def __init__(
        self,
        deployment: Deployment,
        settings: AlarmSettings,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("data-engineer-jobs:alarms:AlarmTopic", "alarms", None, opts)
        child = pulumi.ResourceOptions(parent=self)
        tags = deployment.tags(COMPONENT)
        # Alarms cannot use AWS's own key of SNS: its policy does not let CloudWatch encrypt.
        key = aws.kms.Key(
            "alarms",
            description=f"Alarm topic of {deployment.name('*')}",
            enable_key_rotation=True,
            deletion_window_in_days=30,
            policy=key_policy(deployment),
            tags=tags,
            opts=child,
        )
        aws.kms.Alias(
            "alarms",
            name=f"alias/{deployment.name('alarms')}",
            target_key_id=key.key_id,
            opts=child,
        )
        topic = aws.sns.Topic(
            "alarms",
            name=deployment.name("alarms"),
            kms_master_key_id=key.arn,
            tags=tags,
            opts=child,
        )
        allowed = aws.sns.TopicPolicy(
            "alarms", arn=topic.arn, policy=topic_policy(deployment, topic.arn), opts=child
        )
        self.arn = pulumi.Output.all(topic.arn, allowed.arn).apply(lambda arns: arns[0])
        self._subscribe(settings, child)
        self.register_outputs({"arn": self.arn})

    def _subscribe(self, settings: AlarmSettings, child: pulumi.ResourceOptions) -> None:
        for protocol, endpoints in (("email", settings.email), ("https", settings.https)):
            for number, endpoint in enumerate(endpoints, 1):
                aws.sns.TopicSubscription(
                    f"alarms-{protocol}-{number}",
                    topic=self.arn,
                    protocol=protocol,
                    endpoint=endpoint,
                    opts=child,
                )


def key_policy(deployment: Deployment) -> pulumi.Output[str]:
    """The account administers the key; alarms of this account encrypt with it."""
    account = f"arn:{deployment.partition}:iam::{deployment.account}:root"
    administer = Statement("AdministerKey", KEY_ADMINISTRATION, ["*"])
    publish = Statement(
        "EncryptAlarms",
        ["kms:Decrypt", "kms:GenerateDataKey"],
        ["*"],
        {"StringEquals": {"aws:SourceAccount": deployment.account}},
    )
    return policy(
        [
            administer.document() | {"Principal": {"AWS": account}},
            publish.document() | {"Principal": {"Service": SERVICE}},
        ]
    )


def topic_policy(deployment: Deployment, topic_arn: pulumi.Input[str]) -> pulumi.Output[str]:
    """This stack's alarms publish, encrypted in transit; people use the topic by their own IAM."""
    of_this_stack = {
        "StringEquals": {"aws:SourceAccount": deployment.account},
        "ArnLike": {"aws:SourceArn": deployment.arn("cloudwatch", f"alarm:{deployment.name('*')}")},
    }
    publish = Statement("PublishAlarms", ["sns:Publish"], [topic_arn], of_this_stack)
    return policy(
        [
            publish.document() | {"Principal": {"Service": SERVICE}},
            {
                "Sid": "DenyPlainText",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "sns:Publish",
                "Resource": topic_arn,
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            },
        ]
    )
