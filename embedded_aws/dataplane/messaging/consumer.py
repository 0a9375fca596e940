"""Takes messages out of a queue in batches and deletes what was handled: pipes and mappings.

    wake -> receive -> select -> (window) -> handle -> delete

Runs as engine tasks, so a virtual clock waits for a batch at work, except while what handles it
waits for the clock itself. A failed batch stays in the queue until its visibility timeout, then
comes again with a higher receive count; the queue's own redrive policy ends that.
"""

from __future__ import annotations

import contextvars
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from embedded_aws.dataplane import ministack
from embedded_aws.dataplane.messaging import internal, queues
from embedded_aws.dataplane.messaging.internal import Caller, CallFailed
from embedded_aws.dataplane.messaging.records import Pattern, Record, record_of, selected
from embedded_aws.stepfunctions.clock import Clock, Timer

RECEIVE_LIMIT = 10  # messages that SQS gives at once
LONGEST_BACK_OFF = 60.0  # seconds; AWS slows down too but publishes no numbers

Handle = Callable[[list[Record]], Awaitable[set[str]]]
"""Handles a batch; returns the ids of messages that failed. Raises CallFailed if all did."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Source:
    """What a consumer takes from where.

    window       seconds to wait for a fuller batch, from its first message
    concurrency  batches at once; a FIFO queue allows one per message group besides
    """

    queue_arn: str
    batch_size: int
    window: float
    concurrency: int
    patterns: Sequence[Pattern] = ()


class QueueConsumer:
    """One pipe or mapping that runs. All methods run on the clock's loop."""

    def __init__(
        self,
        clock: Clock,
        caller: Caller,
        source: Source,
        handle: Handle,
        failed: Callable[[CallFailed], None],
    ) -> None:
        self._clock = clock
        self._caller = caller
        self._source = source
        self._handle = handle
        self._report = failed
        self._closed = False
        self._receiving = False
        self._woken = False
        self._working = 0
        self._in_flight: set[str] = set()
        self._buffer: list[Record] = []
        self._window_end: float | None = None
        self._failures = 0
        self._resume_at = 0.0
        self._source_fails = False
        self._timers: list[Timer] = []

    def wake(self) -> None:
        """Looks at the queue: something may have come, become visible, or be finished."""
        if self._closed:
            return
        if self._receiving:
            self._woken = True
        elif self._may_receive() and self._visible():
            self._receiving = True
            self._spawn(self._receive())
        else:
            self._arm()

    def close(self) -> None:
        """Takes no more messages; batches at work end on their own."""
        self._closed = True
        self._disarm()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        # In a context of its own: the current one may be a request's.
        contextvars.Context().run(self._clock.spawn, work)

    def _may_receive(self) -> bool:
        return self._working < self._limit() and self._clock.now() >= self._resume_at

    def _limit(self) -> int:
        """After a failure one batch at a time, until one succeeds."""
        return 1 if self._failures else self._source.concurrency

    def _visible(self) -> bool:
        """Whether there is something to receive: of a FIFO group nothing while one is at work."""
        queue, now = self._queue(), self._clock.now()
        if self._window_end is not None and self._window_end <= now:
            return True
        messages = queue.get("messages", ())
        hidden = (m for m in messages if m["visible_at"] > now and m["receive_count"])
        at_work = {m["group_id"] for m in hidden} if queue.get("is_fifo") else set()
        return any(m["visible_at"] <= now and m["group_id"] not in at_work for m in messages)

    def _queue(self) -> Record:
        with ministack.request_scope():
            return queues.queue_by_arn(self._source.queue_arn) or {}

    # --- receiving

    async def _receive(self) -> None:
        try:
            while not self._closed and self._may_receive():
                self._woken = False
                got = await self._take()
                self._source_fails = False
                self._dispatch()
                if not got and not self._woken:
                    break
        except CallFailed as error:
            self._source_fails = True
            self._back_off(error)
        except Exception:
            _log.exception("%s is not consumed any more", self._source.queue_arn)
            self._closed = True
        finally:
            self._receiving = False
            self._arm()

    async def _take(self) -> bool:
        """Receives what fits into the batch; False if there was nothing."""
        wanted = min(RECEIVE_LIMIT, self._source.batch_size - len(self._buffer))
        answer = await self._call(
            "ReceiveMessage",
            MaxNumberOfMessages=wanted,
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
            WaitTimeSeconds=0,
        )
        messages = answer.get("Messages") or []
        records = [record_of(message, self._source.queue_arn) for message in messages]
        chosen = [r for r in records if selected(r, self._source.patterns)]
        self._buffer += chosen
        self._in_flight.update(record["messageId"] for record in chosen)
        await self._delete([record for record in records if record not in chosen])
        return bool(messages)

    def _dispatch(self) -> None:
        """Starts to handle the batch if it is full or has waited long enough."""
        if not self._buffer:
            return
        now = self._clock.now()
        if self._window_end is None:
            self._window_end = now + self._source.window
        if len(self._buffer) >= self._source.batch_size or self._window_end <= now:
            batch, self._buffer, self._window_end = self._buffer, [], None
            self._working += 1
            self._spawn(self._work(batch))

    # --- handling

    async def _work(self, batch: list[Record]) -> None:
        try:
            failed = await self._handle(batch)
            await self._delete([r for r in batch if r["messageId"] not in failed])
            self._note(len(failed), len(batch))
        except CallFailed as error:
            self._back_off(error)
        except Exception as error:
            _log.exception("a batch of %s failed", self._source.queue_arn)
            self._back_off(CallFailed("InternalError", str(error), 500))
        finally:
            self._working -= 1
            self._in_flight.difference_update(record["messageId"] for record in batch)
            self.wake()

    async def _delete(self, records: list[Record]) -> None:
        for start in range(0, len(records), RECEIVE_LIMIT):
            part = records[start : start + RECEIVE_LIMIT]
            entries = [
                {"Id": str(number), "ReceiptHandle": record["receiptHandle"]}
                for number, record in enumerate(part)
            ]
            await self._call("DeleteMessageBatch", Entries=entries)

    def _note(self, failed: int, whole: int) -> None:
        partly = CallFailed("PartialFailure", f"{failed} of {whole} messages failed")
        if failed == whole:
            self._back_off(partly)
            return
        self._failures = 0
        if failed:
            self._report(partly)

    def _back_off(self, error: CallFailed) -> None:
        self._report(error)
        self._failures += 1
        delay = min(2.0 ** (self._failures - 1), LONGEST_BACK_OFF)
        self._resume_at = self._clock.now() + delay

    async def _call(self, operation: str, **request: Any) -> Record:
        arn = self._source.queue_arn
        return await internal.call(
            self._caller, "sqs", operation, arn, {"QueueUrl": queues.url_of(arn), **request}
        )

    # --- waiting

    def _arm(self) -> None:
        """Sets timers for the next times at which there may be something to do.

        A virtual clock jumps for a message that nothing else holds, if its retries are bounded by
        a redrive policy: without one they would go on for days.
        """
        self._disarm()
        if self._closed:
            return
        times = list(self._times())
        if times:
            self._timers.append(self._clock.passive(min(t for t, _ in times), self.wake))
        driving = [t for t, drives in times if drives]
        if driving:
            self._timers.append(self._clock.timer(min(driving), self.wake))

    def _times(self) -> Iterator[tuple[float, bool]]:
        """Times to look again, each with whether a virtual clock should jump there."""
        queue, now = self._queue(), self._clock.now()
        if self._window_end is not None and self._window_end > now:
            yield self._window_end, True
        for message in queue.get("messages", ()):
            held = self._source_fails or message["id"] in self._in_flight
            bounded = message["receive_count"] == 0 or queues.has_redrive(queue)
            due = max(message["visible_at"], self._resume_at)
            if due > now:
                yield due, bounded and not held

    def _disarm(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
