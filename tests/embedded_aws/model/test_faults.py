"""The switches that make the model misbehave."""

from __future__ import annotations

import threading

import pytest

from embedded_aws.model.answers import Answer
from embedded_aws.model.faults import Faults, Target

_CALL = ("acme.model-1", "pass1", "Data Engineer")


def test_nothing_happens_unless_planned() -> None:
    effects = Faults().take(*_CALL)
    assert (effects.stall, effects.error, effects.answer, effects.change) == (0, None, None, None)


def test_throttles_as_often_as_asked() -> None:
    faults = Faults()
    faults.throttle(2)
    errors = [faults.take(*_CALL).error for _ in range(3)]
    assert errors == ["ThrottlingException", "ThrottlingException", None]


def test_a_rate_refuses_the_same_calls_for_the_same_seed() -> None:
    def refused(seed: int) -> list[bool]:
        faults = Faults()
        faults.throttle_rate(0.3, seed)
        return [faults.take(*_CALL).error is not None for _ in range(200)]

    assert refused(1) == refused(1) != refused(2)
    assert 30 < sum(refused(1)) < 90


def test_a_target_spares_other_calls() -> None:
    faults = Faults()
    faults.fail(
        "ServiceUnavailableException", None, Target(model="acme.model-1", pass_name="pass2")
    )
    assert faults.take(*_CALL).error is None
    assert faults.take("acme.model-2", "pass2", "x").error is None
    assert faults.take("acme.model-1", "pass2", "x").error == "ServiceUnavailableException"


def test_a_stall_goes_together_with_a_refusal() -> None:
    faults = Faults()
    faults.stall(5)
    faults.throttle()
    effects = faults.take(*_CALL)
    assert (effects.stall, effects.error) == (5, "ThrottlingException")


def test_stalls_between_two_times_last_and_differ() -> None:
    faults = Faults()
    faults.stall_between(8, 40, seed=1)
    stalls = [faults.take(*_CALL).stall for _ in range(200)]
    assert all(8 <= seconds <= 40 for seconds in stalls)
    assert max(stalls) - min(stalls) > 25


def test_a_rate_breaks_a_share_of_the_answers_and_none_of_a_refused_call() -> None:
    faults = Faults()
    faults.malformed_rate(0.3, seed=1)
    changes = [faults.take(*_CALL).change for _ in range(200)]
    broken = [change for change in changes if change is not None]
    assert 30 < len(broken) < 90
    assert broken[0](Answer('{"a": 1, "b": 2}')).text != '{"a": 1, "b": 2}'
    faults.throttle(None)
    assert all(faults.take(*_CALL).change is None for _ in range(20))


def test_replays_come_in_order_and_outlast_a_refused_call() -> None:
    faults = Faults()
    target = Target(title="Data Engineer", pass_name="pass1")
    faults.replay("one", "length", (10, 20), target=target)
    faults.replay("four", target=target)
    faults.throttle()
    assert faults.take(*_CALL).error == "ThrottlingException"
    answers = [faults.take(*_CALL).answer for _ in range(3)]
    assert answers == [Answer("one", "length", 10, 20), Answer("four", "stop", 0, 1), None]


def test_an_unknown_error_is_refused_by_name() -> None:
    with pytest.raises(KeyError, match="Throttled"):
        Faults().fail("Throttled")


def test_clear_forgets_all_plans() -> None:
    faults = Faults()
    faults.throttle(None)
    faults.fenced(None)
    faults.clear()
    assert faults.take(*_CALL) == Faults().take(*_CALL)


def test_a_plan_is_used_up_exactly_under_threads() -> None:
    faults = Faults()
    faults.throttle(50)
    refused: list[str] = []

    def call() -> None:
        for _ in range(25):
            error = faults.take(*_CALL).error
            if error:
                refused.append(error)

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 50
