"""The simulation of the scheme before this one: its ends are counted, its locks never exceeded."""

from __future__ import annotations

import pytest

from tests.bench.source_scheme import at_once, own_estimate, paced, simulate

CALL = (8.0, 40.0)
LONGEST_WAIT = sum(1.2**n for n in range(20))  # seconds, without jitter


@pytest.mark.parametrize("limit", [1, 5, 20, 50])
def test_every_posting_ends(limit: int) -> None:
    run = simulate(at_once(300), limit, CALL)

    assert run.completed + run.failed == 300
    assert run.completed >= limit
    assert 0 < run.busy <= 1


def test_who_waits_longer_than_the_tries_take_fails() -> None:
    run = simulate(at_once(300), 5, CALL)

    assert run.seconds < LONGEST_WAIT + 3 * CALL[1]
    assert run.completed <= 5 * (1 + LONGEST_WAIT / (3 * CALL[0]))


def test_with_a_lock_for_each_nobody_fails() -> None:
    assert simulate(at_once(50), 50, CALL).failed == 0


def test_evenly_sent_postings_fail_less() -> None:
    bunched = simulate(at_once(300), 5, CALL)
    even = simulate(paced(300, 5, CALL), 5, CALL)

    assert even.failed < bunched.failed


def test_calls_of_one_length_fill_the_locks_exactly() -> None:
    run = simulate(paced(100, 4, (10.0, 10.0)), 4, (10.0, 10.0))

    assert (run.failed, round(run.per_hour)) == (0, round(100 * 3600 / (99 * 7.5 + 30)))


def test_its_own_estimate_is_33_postings_an_hour_at_limit_5() -> None:
    assert round(own_estimate(5)) == 33
