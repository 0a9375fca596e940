"""Metrics that services publish, metrics out of logs, and alarms on them, on the engine's clock."""
