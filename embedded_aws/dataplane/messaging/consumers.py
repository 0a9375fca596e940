"""Which pipes and mappings run: compares what is stored with the consumers there are."""

from __future__ import annotations

import json
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from embedded_aws.dataplane import ministack
from embedded_aws.dataplane.messaging import internal, mappings, pipes, queues
from embedded_aws.dataplane.messaging.consumer import Handle, QueueConsumer, Source
from embedded_aws.dataplane.messaging.internal import Caller, CallFailed
from embedded_aws.dataplane.soon import Soon
from embedded_aws.stepfunctions.clock import Clock

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Failure:
    """A batch that did not reach its target, or a queue that could not be read.

    consumer  ARN of the pipe or id of the mapping
    """

    consumer: str
    target: str
    error: str


@dataclass
class _Running:
    record: str
    consumer: QueueConsumer


class Consumers:
    """All that takes messages out of queues inside the process. Lives on the clock's loop.

    failures        what went wrong lately, oldest first; the messages of it are in their queues
    queues_changed  to be called, in any thread, when a queue may have a new message
    """

    def __init__(self, clock: Clock) -> None:
        self.failures: deque[Failure] = deque(maxlen=1000)
        self._clock = clock
        self._running: dict[str, _Running] = {}
        self.queues_changed = Soon(clock, self._wake)

    def attach(self, filled: Callable[[], None]) -> None:
        """Takes ministack's own pollers' place; `filled` is called too when a message came."""
        ministack.service("pipes")._ensure_poller = lambda: None
        ministack.service("lambda_svc")._ensure_poller = lambda: None

        def changed() -> None:
            self.queues_changed()
            filled()

        queues.attach(self._clock.now, changed)

    def sync(self) -> None:
        """Starts, replaces and stops consumers so that they agree with what is stored."""
        wanted: dict[str, tuple[str, dict[str, Any]]] = {
            **{key: ("pipe", pipe) for key, pipe in pipes.running_pipes().items()},
            **{key: ("mapping", found) for key, found in mappings.running_mappings().items()},
        }
        records = {key: json.dumps(entry, sort_keys=True) for key, entry in wanted.items()}
        for key, running in list(self._running.items()):
            if records.get(key) != running.record:
                self._running.pop(key).consumer.close()
        for key, (kind, settings) in wanted.items():
            if key not in self._running:
                consumer = self._consumer(kind, settings)
                self._running[key] = _Running(records[key], consumer)
                consumer.wake()

    def queues_asked(self) -> None:
        """A request to SQS was answered; those of consumers themselves tell them nothing new."""
        if not internal.inside.get():
            self.queues_changed()

    def close(self) -> None:
        """Stops all of them."""
        for running in self._running.values():
            running.consumer.close()
        self._running.clear()

    def _wake(self) -> None:
        for running in list(self._running.values()):
            running.consumer.wake()

    def _consumer(self, kind: str, settings: dict[str, Any]) -> QueueConsumer:
        parts: tuple[Caller, Source, Handle]
        if kind == "pipe":
            parts, target, name = pipes.prepare(settings, self._clock.now), "Target", "Arn"
        else:
            parts, target, name = mappings.prepare(settings, _note), "FunctionArn", "UUID"

        def failed(error: CallFailed) -> None:
            _log.info("%s did not handle a batch: %s", settings[name], error)
            self.failures.append(Failure(settings[name], settings[target], str(error)))

        return QueueConsumer(self._clock, *parts, failed)


def _note(mapping: str, outcome: str) -> None:
    with ministack.request_scope():
        stored = ministack.service("lambda_svc")._esms.get(mapping)
    if stored is not None:
        stored["LastProcessingResult"] = outcome
