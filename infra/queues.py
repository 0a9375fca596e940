"""FIFO queues with their dead-letter queues, and pipes that bring their messages to workflows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pulumi
import pulumi_aws as aws

from infra.naming import Deployment
from infra.policies import ServiceRole, Statement, policy
from infra.workflows import Workflow

RETENTION_SECONDS = 14 * 24 * 3600
LONG_POLL_SECONDS = 20


@dataclass(frozen=True)
class QueuePlan:
    """A FIFO queue `{thing}.fifo` and its `{thing}-dlq.fifo`.

    visibility_seconds  how long a message is hidden while its batch is handled
    max_receives        receives after which a message is a dead letter
    """

    thing: str
    component: str
    visibility_seconds: int
    max_receives: int


class FifoQueue(pulumi.ComponentResource):
    """A queue that keeps the order within a message group, as `arn`, `url`, and `dead` letters."""

    def __init__(
        self,
        plan: QueuePlan,
        deployment: Deployment,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("data-engineer-jobs:queues:FifoQueue", plan.thing, None, opts)
        self._plan, self._deployment = plan, deployment
        own = deployment.arn("sqs", deployment.name(f"{plan.thing}.fifo"))
        self.dead = self._queue(
            f"{plan.thing}-dlq",
            redrive_allow_policy=pulumi.Output.json_dumps(
                {"redrivePermission": "byQueue", "sourceQueueArns": [own]}
            ),
        )
        queue = self._queue(
            plan.thing,
            visibility_timeout_seconds=plan.visibility_seconds,
            redrive_policy=pulumi.Output.json_dumps(
                {"deadLetterTargetArn": self.dead.arn, "maxReceiveCount": plan.max_receives}
            ),
        )
        self.name, self.arn, self.url = queue.name, queue.arn, queue.url
        self.register_outputs({"arn": self.arn, "url": self.url})

    def _queue(
        self,
        thing: str,
        visibility_timeout_seconds: int | None = None,
        redrive_policy: pulumi.Input[str] | None = None,
        redrive_allow_policy: pulumi.Input[str] | None = None,
    ) -> aws.sqs.Queue:
        child = pulumi.ResourceOptions(parent=self)
        queue = aws.sqs.Queue(
            thing,
            name=self._deployment.name(f"{thing}.fifo"),
            fifo_queue=True,
            # Senders give an id of their own: equal bodies are not always the same message.
            content_based_deduplication=False,
            deduplication_scope="messageGroup",
            fifo_throughput_limit="perMessageGroupId",
            visibility_timeout_seconds=visibility_timeout_seconds,
            message_retention_seconds=RETENTION_SECONDS,
            receive_wait_time_seconds=LONG_POLL_SECONDS,
            sqs_managed_sse_enabled=True,
            redrive_policy=redrive_policy,
            redrive_allow_policy=redrive_allow_policy,
            tags=self._deployment.tags(self._plan.component),
            opts=child,
        )
        aws.sqs.QueuePolicy(
            thing, queue_url=queue.url, policy=policy([tls_only(queue.arn)]), opts=child
        )
        return queue


def tls_only(queue_arn: pulumi.Input[str]) -> dict[str, object]:
    """The statement that denies every request that is not encrypted in transit."""
    return {
        "Sid": "DenyPlainText",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:*",
        "Resource": queue_arn,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


@dataclass(frozen=True)
class PipePlan:
    """A pipe from a queue to a workflow, one message at a time.

    invocation  FIRE_AND_FORGET starts a Standard workflow and deletes the message at once;
                REQUEST_RESPONSE runs an Express workflow and deletes the message when it succeeds
    """

    thing: str
    component: str
    invocation: Literal["FIRE_AND_FORGET", "REQUEST_RESPONSE"]


class QueuePipe(pulumi.ComponentResource):
    """A running pipe, as `name`."""

    def __init__(
        self,
        plan: PipePlan,
        deployment: Deployment,
        source: FifoQueue,
        target: Workflow,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("data-engineer-jobs:queues:QueuePipe", plan.thing, None, opts)
        waits = plan.invocation == "REQUEST_RESPONSE"
        start = "states:StartSyncExecution" if waits else "states:StartExecution"
        role = ServiceRole(
            f"{plan.thing}-pipe",
            deployment,
            "pipes.amazonaws.com",
            [
                Statement(
                    "TakeMessages",
                    ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"],
                    [source.arn],
                ),
                Statement("StartTarget", [start], [target.arn]),
            ],
            deployment.tags(plan.component),
            opts=pulumi.ResourceOptions(parent=self),
        )
        pipe = aws.pipes.Pipe(
            plan.thing,
            name=deployment.name(plan.thing),
            role_arn=role.arn,
            source=source.arn,
            source_parameters={"sqs_queue_parameters": {"batch_size": 1}},
            target=target.arn,
            target_parameters={
                "step_function_state_machine_parameters": {"invocation_type": plan.invocation}
            },
            tags=deployment.tags(plan.component),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[role.ready]),
        )
        self.name = pipe.name
        self.register_outputs({"name": self.name})
