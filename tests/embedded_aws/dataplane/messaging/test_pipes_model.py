"""Any messages, any failures: each is handled once, in its group's order, or dead; none is lost."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from embedded_aws.server import EmbeddedAws

RECEIVES = 3
DONE = {"Done": {"Type": "Pass", "End": True}}

messages = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 4)), max_size=8)


def fail(aws: EmbeddedAws, body: str, times: int) -> None:
    """The next calls of the target with this message fail."""
    aws.faults.fail(
        "states:StartExecution",
        "ServiceUnavailable",
        503,
        times=times,
        matches=lambda request: body.encode() in request.body,
    )


@settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(sent=messages)
def test_every_message_ends_handled_or_dead(
    aws: EmbeddedAws, plumbing_of: Any, sent: list[tuple[str, int]]
) -> None:
    aws.reset()
    plumbing = plumbing_of(aws)
    dead = plumbing.queue("dead.fifo")
    queue = plumbing.queue("jobs.fifo", dead, receives=RECEIVES)
    machine = plumbing.account.machine("m", plumbing.account.role("workflow", "states"), DONE)
    role = plumbing.pipe_role(queue, ("states:StartExecution", machine))
    parameters = {"SqsQueueParameters": {"BatchSize": 1}}
    plumbing.pipe(queue, machine, role, SourceParameters=parameters, DesiredState="STOPPED")
    for number, (group, failures) in enumerate(sent):
        body = f"{group}{number}."
        plumbing.send(queue, body, MessageGroupId=group, MessageDeduplicationId=body)
        if failures:
            fail(aws, body, failures)
    plumbing.client("pipes").start_pipe(Name="pipe")
    aws.advance_to(aws.clock.now() + 3600)

    handled = [record["body"] for records in plumbing.inputs(machine) for record in records]
    lost = [message["Body"] for message in plumbing.take(dead)]
    names = [f"{group}{number}." for number, (group, _) in enumerate(sent)]
    fine = [name for name, (_, failures) in zip(names, sent, strict=True) if failures < RECEIVES]
    assert sorted(handled) == sorted(fine)
    assert sorted([*handled, *lost]) == sorted(names)
    for group in "abc":
        assert [n for n in handled if n[0] == group] == [n for n in fine if n[0] == group]
    assert plumbing.counts(queue) == (0, 0, 0)
