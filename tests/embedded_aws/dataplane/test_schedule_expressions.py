"""The next time of a schedule expression."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedded_aws.dataplane.schedule_expressions import Expression, ScheduleError

instants = st.floats(min_value=1.7e9, max_value=2.0e9)
zones = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"])


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@given(instant=instants, hour=st.integers(0, 23), minute=st.integers(0, 59), zone=zones)
def test_a_daily_time_comes_within_a_day_at_that_local_time(
    instant: float, hour: int, minute: int, zone: str
) -> None:
    found = Expression(f"cron({minute} {hour} * * ? *)", zone).next_after(instant, 0)
    assert found is not None
    assert 0 < found - instant <= 25 * 3600
    local = datetime.fromtimestamp(found, ZoneInfo(zone))
    skipped = local.utcoffset() != datetime.fromtimestamp(found - 3600, ZoneInfo(zone)).utcoffset()
    assert skipped or (local.hour, local.minute, local.second) == (hour, minute, 0)


@given(instant=instants, anchor=instants, minutes=st.integers(2, 600), at_once=st.booleans())
def test_rates_keep_their_distance_from_the_anchor(
    instant: float, anchor: float, minutes: int, at_once: bool
) -> None:
    expression = Expression(f"rate({minutes} minutes)", rates_start_at_once=at_once)
    found = expression.next_after(instant, anchor)
    assert found is not None
    assert found > instant
    assert found >= anchor if at_once else found >= anchor + minutes * 60
    periods = (found - anchor) / (minutes * 60)
    assert abs(periods - round(periods)) < 1e-6


@pytest.mark.parametrize(
    ("expression", "after", "expected"),
    [
        ("cron(0 6 * * ? *)", "2026-01-31T06:00:00", "2026-02-01T06:00:00"),
        ("cron(0 6 L * ? *)", "2026-01-31T06:00:00", "2026-02-28T06:00:00"),
        ("cron(0 6 ? * MON-FRI *)", "2026-01-30T06:00:00", "2026-02-02T06:00:00"),
        ("cron(0/15 * * * ? *)", "2026-01-31T06:00:01", "2026-01-31T06:15:00"),
        ("at(2026-02-01T00:00:00)", "2026-01-31T06:00:00", "2026-02-01T00:00:00"),
        ("at(2026-01-01T00:00:00)", "2026-01-31T06:00:00", None),
        ("cron(0 6 * * ? 2025)", "2026-01-31T06:00:00", None),
    ],
)
def test_examples(expression: str, after: str, expected: str | None) -> None:
    found = Expression(expression).next_after(at(after), 0)
    assert found == (at(expected) if expected else None)


@pytest.mark.parametrize("text", ["", "rate(some hours)", "cron(0 6 * * * *)", "at(tomorrow)"])
def test_what_cannot_fire_is_refused(text: str) -> None:
    with pytest.raises(ScheduleError, match=r"^Invalid Schedule Expression"):
        Expression(text)
