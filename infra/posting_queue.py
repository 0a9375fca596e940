"""The queue of single postings: discovery fills it, a pipe starts enrich_posting for each."""

from __future__ import annotations

from infra.queues import PipePlan, QueuePlan

COMPONENT = "enrichment"
JOBS = QueuePlan("enrichment-jobs", COMPONENT, visibility_seconds=900, max_receives=3)
# The message is gone once its execution runs: the claim of its posting drops copies, not the queue.
JOBS_PIPE = PipePlan("enrichment-jobs", COMPONENT, "FIRE_AND_FORGET")
