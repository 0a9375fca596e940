"""An account under watch: a queue behind the alarm topic, and a clock that waits to be told."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from cli.enrichment.switches import chosen, pause, resume, switches
from cli.stack import Stack as Place
from tests.queue_stack import job, queue_url, send_jobs
from tests.stack import Run, Stack, new_hour, new_posting, posting_input

PREFIX = "data-engineer-jobs-local-"
MINUTE = 60
PERIOD = 5  # minutes
PATIENCE = 120.0  # seconds of the computer
OVER = ("COMPLETED", "FAILED", "PERMANENTLY_FAILED")
QUIET = 40  # minutes after which an alarm of five-minute periods without new data has ended
LONG_QUIET = 370  # and after which any has, that of hourly values too


class Watch:
    """A queue behind the topic, and a clock that stands still but when it is told to go on.

    By itself a virtual clock jumps over every wait, up to the last timeout.
    """

    def __init__(self, stack: Stack, place: Place, url: str) -> None:
        self.stack, self.place, self.url = stack, place, url
        self._held = ExitStack()
        self._held.enter_context(stack.aws.clock.hold())

    def release(self) -> None:
        """Lets the clock jump again."""
        self._held.close()

    def seconds(self, number: float) -> None:
        """Time passes, and all that happens in it."""

        async def pass_and_hold(until: float) -> None:
            clock = self.stack.aws.clock
            self._held.close()
            await clock.advance_to(until)
            self._held.enter_context(clock.hold())

        self.stack.aws.run(pass_and_hold(self.stack.aws.clock.now() + number))

    def after(self, minutes: float) -> None:
        self.seconds(minutes * MINUTE)

    def until(self, done: Callable[[], bool]) -> None:
        """Waits for what needs no time or little of it."""
        deadline = time.monotonic() + PATIENCE
        while not done():
            assert time.monotonic() < deadline, "it does not come about"
            time.sleep(0.05)
            self.seconds(2)

    def enrich(self, **request: Any) -> Run:
        """enrich_posting as the map of a partition starts it."""
        return self.run("enrich_posting", posting_input(new_posting(), new_hour(), **request))

    def run(self, workflow: str, request: dict[str, Any]) -> Run:
        states, arn = self.stack.client("stepfunctions"), self.stack.start(workflow, request)
        self.until(lambda: states.describe_execution(executionArn=arn)["status"] != "RUNNING")
        return self.stack.ended(arn)

    def enrich_queued(self, count: int) -> None:
        """So many postings through the queue, to their end."""
        jobs = [job(new_posting(), new_hour()) for _ in range(count)]
        send_jobs(self.stack, jobs)
        self.until(lambda: all(self.status(one["posting"]) in OVER for one in jobs))

    def status(self, posting: dict[str, Any]) -> str:
        item = self.stack.item(f"posting#{posting['job_posting_id']}", posting["content_hash"])
        return str(item.get("overallStatus", {}).get("S", ""))

    def told(self) -> list[dict[str, Any]]:
        """The messages that came since the last time, oldest first."""
        sqs, found = self.stack.client("sqs"), []
        while batch := sqs.receive_message(
            QueueUrl=self.url, MaxNumberOfMessages=10, WaitTimeSeconds=0
        ).get("Messages"):
            for message in batch:
                found.append(json.loads(json.loads(message["Body"])["Message"]))
                sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return sorted(found, key=lambda message: str(message["StateChangeTime"]))

    def states(self) -> dict[str, list[str]]:
        """What the topic told since the last time, by alarm; each with its description."""
        found: dict[str, list[str]] = defaultdict(list)
        for message in self.told():
            alarm = message["AlarmName"].removeprefix(PREFIX)
            severity = alarm.rsplit("-", 1)[1]
            assert message["AlarmDescription"].startswith(f"[{severity}] ")
            found[alarm].append(message["NewStateValue"])
        return dict(found)

    def states_of(self, alarm: str) -> list[str]:
        """What it told of one alarm."""
        return self.states().get(alarm, [])

    def rings(self, alarm: str, cause: Callable[[], None], periods: int = 1) -> None:
        """The cause in each of so many periods in a row lets it ring, not fewer."""
        for number in range(periods):
            self.start_of_period()
            assert self.states_of(alarm) == [], f"{alarm} rang after {number} of {periods} periods"
            cause()
        for _ in range(PERIOD):
            self.after(1)
            if states := self.states_of(alarm):
                break
        assert states == ["ALARM"]

    def ends(self, alarm: str) -> None:
        self.after(QUIET)
        assert self.states_of(alarm) == ["OK"]

    def start_of_period(self) -> None:
        """To the next full five minutes, where a period of all alarms begins."""
        now, length = self.stack.aws.clock.now(), PERIOD * MINUTE
        self.after((length - now % length) / MINUTE)


@contextmanager
def watching(stack: Stack) -> Iterator[Watch]:
    """A stack in which nothing starts by itself and no alarm rings."""
    place = Place("local", stack.aws.endpoint.url)
    paused = [s for s in switches(place) if s.kind == "schedule" and pause(place, s)]
    url = subscribed_queue(stack)
    found = Watch(stack, place, url)
    for name in ("enrichment-jobs", "slot-requests"):
        purge(stack, f"{name}-dlq.fifo")  # what other tests left there rings, too
    found.after(LONG_QUIET)
    states = stack.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert {alarm["StateValue"] for alarm in states} == {"OK"}
    found.told()
    yield found
    found.release()
    stack.client("sqs").delete_queue(QueueUrl=url)
    for switch in chosen(place, None):
        if switch.name in {one.name for one in paused}:
            resume(place, switch)


def subscribed_queue(stack: Stack) -> str:
    sqs, arn = stack.client("sqs"), "arn:aws:sqs:us-east-1:123456789012:told"
    allowed = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    url = sqs.create_queue(QueueName="told", Attributes={"Policy": policy})["QueueUrl"]
    topic = stack.outputs["alarm_topic_arn"]
    stack.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return str(url)


def purge(stack: Stack, name: str) -> None:
    stack.client("sqs").purge_queue(QueueUrl=queue_url(stack, name))
