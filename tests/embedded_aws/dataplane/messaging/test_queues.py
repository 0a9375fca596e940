"""Queues on the engine's clock, and pipes on the computer's."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from embedded_aws.server import EmbeddedAws, running

DONE = {"Done": {"Type": "Pass", "End": True}}


def receive(plumbing: Any, queue: str, wait: int = 0) -> list[Any]:
    answer = plumbing.client("sqs").receive_message(
        QueueUrl=plumbing.url(queue), WaitTimeSeconds=wait, AttributeNames=["All"]
    )
    return list(answer.get("Messages", []))


def test_delays_and_visibility_follow_the_clock(plumbing: Any) -> None:
    queue = plumbing.queue("jobs")
    plumbing.send(queue, "later", DelaySeconds=900)
    assert plumbing.counts(queue) == (0, 0, 1)
    plumbing.after(899)
    assert receive(plumbing, queue) == []
    plumbing.after(900)
    (message,) = receive(plumbing, queue)
    assert message["Attributes"]["SentTimestamp"] == "1769835600000"
    assert message["Attributes"]["ApproximateFirstReceiveTimestamp"] == "1769836500000"
    plumbing.after(929)
    assert plumbing.counts(queue) == (0, 1, 0)
    plumbing.after(930)
    assert plumbing.counts(queue) == (1, 0, 0)


def test_a_duplicate_is_swallowed_for_five_minutes_of_the_clock(plumbing: Any) -> None:
    queue = plumbing.queue("jobs.fifo")
    same = {"MessageGroupId": "a", "MessageDeduplicationId": "same"}
    plumbing.send(queue, "first", **same)
    plumbing.after(299)
    plumbing.send(queue, "swallowed", **same)
    assert plumbing.counts(queue) == (1, 0, 0)
    plumbing.after(301)
    plumbing.send(queue, "second", **same)
    assert plumbing.counts(queue) == (2, 0, 0)


def test_a_long_poll_ends_though_the_clock_stands(plumbing: Any) -> None:
    queue = plumbing.queue("jobs")
    began = time.monotonic()
    assert receive(plumbing, queue, wait=1) == []
    assert 1 <= time.monotonic() - began < 5


def test_a_message_of_a_topic_is_visible_at_once(plumbing: Any, account: Any) -> None:
    queue, sns = account.queue("inbox", "sns"), plumbing.client("sns")
    topic = sns.create_topic(Name="news")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    sns.publish(TopicArn=topic, Message="hello")
    assert plumbing.counts(queue) == (1, 0, 0)


def test_a_failed_batch_comes_again_on_the_computers_clock(
    plumbing_of: Callable[[EmbeddedAws], Any],
) -> None:
    with running() as aws:
        plumbing = plumbing_of(aws)
        machine = plumbing.account.machine("m", plumbing.account.role("workflow", "states"), DONE)
        queue = plumbing.queue("jobs", VisibilityTimeout="1")
        aws.faults.fail("states:StartExecution", "ThrottlingException")
        role = plumbing.pipe_role(queue, ("states:StartExecution", machine))
        plumbing.pipe(queue, machine, role)
        plumbing.send(queue, {"n": 1})
        deadline = time.monotonic() + 10
        while any(plumbing.counts(queue)) and time.monotonic() < deadline:
            time.sleep(0.05)
        ((record,),) = plumbing.inputs(machine)
        assert record["attributes"]["ApproximateReceiveCount"] == "2"
        assert len(aws.consumers.failures) == 1
