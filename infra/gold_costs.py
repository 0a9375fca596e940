"""What Gold costs in a month, from prices as data: an estimate before the bill.

Redshift Serverless is paid by the second of use and RPU, interface endpoints by the hour. What
comes to less than a dollar (functions, workflow, logs, catalog, the docs site) is left out.
"""

from __future__ import annotations

import json
from pathlib import Path

from infra.gold_network import GATEWAYS, RUNNER_CALLS
from infra.gold_settings import GoldSettings

PRICES = Path(__file__).with_name("gold_prices.json")
DAYS = 30
HOURS = 24
BUILD_HOURS = (1, 2)  # in which the warehouse runs per day: builds, and people who query


def prices() -> dict[str, float]:
    """USD by what is paid."""
    found: dict[str, float] = json.loads(PRICES.read_text(encoding="utf-8"))["usd"]
    return found


def warehouse_usd(settings: GoldSettings, hours_a_day: float) -> float:
    """Redshift in a month of so many hours of use a day, at its base capacity."""
    return settings.base_capacity_rpu * prices()["redshift_rpu_hour"] * hours_a_day * DAYS


def endpoints_usd(settings: GoldSettings) -> float:
    """The network's interface endpoints in a month."""
    count = len(set(RUNNER_CALLS.values()) - GATEWAYS) * settings.endpoint_zones
    return count * prices()["vpc_interface_endpoint_zone_hour"] * HOURS * DAYS


def month_usd(settings: GoldSettings) -> tuple[float, float]:
    """The least and the most that a month is expected to cost; nothing on DuckDB."""
    if settings.engine == "duckdb":
        return 0.0, 0.0
    fixed = endpoints_usd(settings)
    least, most = (fixed + warehouse_usd(settings, hours) for hours in BUILD_HOURS)
    return least, most


def warning(settings: GoldSettings) -> str | None:
    """What a deployment says if a month may cost more than its budget."""
    _, most = month_usd(settings)
    if most <= settings.monthly_budget_usd:
        return None
    return (
        f"Gold may cost {most:.0f} USD a month, more than gold.monthly_budget_usd "
        f"({settings.monthly_budget_usd}): lower base_capacity_rpu or endpoint_zones, or raise it"
    )
