"""Another definition of a workflow for a while, where a deployment would set another value."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.stack import Stack


@contextmanager
def redefined(stack: Stack, workflow: str, old: str, new: str) -> Iterator[None]:
    """Puts a text in the place of another, everywhere in the deployed definition."""
    states, arn = stack.client("stepfunctions"), stack.outputs[f"{workflow}_arn"]
    definition = states.describe_state_machine(stateMachineArn=arn)["definition"]
    assert old in definition
    states.update_state_machine(stateMachineArn=arn, definition=definition.replace(old, new))
    try:
        yield
    finally:
        states.update_state_machine(stateMachineArn=arn, definition=definition)
