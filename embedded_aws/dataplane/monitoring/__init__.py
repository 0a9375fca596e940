"""Metrics that services publish, metrics out of logs, and alarms on them, on the engine's clock."""

from __future__ import annotations

from embedded_aws.dataplane.monitoring import log_metrics
from embedded_aws.dataplane.monitoring.alarms import Alarms
from embedded_aws.dataplane.monitoring.queue_metrics import QueueMetrics
from embedded_aws.stepfunctions.clock import Clock


class Monitoring:
    """CloudWatch of one server."""

    def __init__(self, clock: Clock) -> None:
        self.alarms = Alarms(clock)
        self.queues = QueueMetrics(clock)

    def attach(self) -> None:
        """Takes the place of what ministack does instead, or does not do."""
        self.alarms.attach()
        log_metrics.attach()

    def resume(self) -> None:
        """Goes on with what was restored."""
        self.alarms.changed()
        self.queues.touched()

    def close(self) -> None:
        """Ends all timers."""
        self.alarms.close()
        self.queues.close()
