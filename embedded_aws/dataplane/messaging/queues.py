"""SQS on the engine's clock: delays, visibility, retention and deduplication follow it.

Whoever consumes queues inside the process is told when one may have changed, so nobody polls.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from embedded_aws.dataplane import ministack

Record = dict[str, Any]

LOOK_AGAIN_SECONDS = 0.02  # real time between two looks of a long poll


def attach(now: Callable[[], float], changed: Callable[[], None]) -> None:
    """Puts SQS on the clock `now`; `changed` is called from any thread after a message came."""
    sqs = ministack.service("sqs")
    sqs._HANDLERS["ReceiveMessage"] = _receiving(sqs, now)
    # All services that bring messages to queues set this event afterwards.
    ministack.core("concurrency").esm_wake.set = changed


def _receiving(sqs: Any, now: Callable[[], float]) -> Any:
    """ReceiveMessage whose wait ends by either clock: a virtual one may stand still."""

    async def receive(data: Record, url: str) -> Record:
        queue = sqs._get_q(data.get("QueueUrl", url), "sqs:ReceiveMessage")
        wait = data.get("WaitTimeSeconds")
        if wait is None:
            wait = queue["attributes"].get("ReceiveMessageWaitTimeSeconds", "0")
        at_once = {**data, "WaitTimeSeconds": 0}
        until, until_real = now() + int(wait), time.monotonic() + int(wait)
        while True:
            answer: Record = await sqs._act_receive_message(at_once, url)
            if answer or now() >= until or time.monotonic() >= until_real:
                return answer
            await asyncio.sleep(LOOK_AGAIN_SECONDS)

    return receive


def queue_by_arn(arn: str) -> Record | None:
    """ministack's record of a queue, None if there is none."""
    found: Record | None = ministack.service("sqs")._queue_by_arn(arn)
    return found


def url_of(arn: str) -> str:
    """The queue's URL as requests inside the process name it."""
    account, name = arn.split(":")[4:6]
    return f"/{account}/{name}"


def has_redrive(queue: Record) -> bool:
    """Whether messages that are received too often leave for a dead-letter queue."""
    return bool(queue["attributes"].get("RedrivePolicy"))
