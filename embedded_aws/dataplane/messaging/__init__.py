"""Queues on the engine's clock, and what takes messages out of them or brings events to targets."""
