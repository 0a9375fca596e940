"""What Gold costs in a month: an estimate from prices as data, and a budget that watches the bill.

Redshift Serverless is paid by the second of use and RPU, interface endpoints by the hour. What
comes to less than a dollar (functions, workflow, logs, catalog, the docs site) is left out.
"""

from __future__ import annotations

import json
from pathlib import Path

import pulumi
import pulumi_aws as aws

from infra.gold_network import GATEWAYS, RUNNER_CALLS
from infra.gold_settings import GoldSettings
from infra.naming import Deployment
from infra.settings import Settings

COMPONENT = "gold"

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


def budget(
    deployment: Deployment, settings: Settings, opts: pulumi.ResourceOptions
) -> aws.budgets.Budget:
    """Writes to who is told of alarms once a month's Redshift costs more, or is expected to.

    It counts Redshift of the whole account: a budget sees tags only after somebody switched them
    on for billing, and until then would count nothing.
    """
    emails = settings.alarms.email
    return aws.budgets.Budget(
        "gold",
        name=deployment.name("gold"),
        budget_type="COST",
        limit_amount=str(settings.gold.monthly_budget_usd),
        limit_unit="USD",
        time_unit="MONTHLY",
        cost_filters=[{"name": "Service", "values": ["Amazon Redshift"]}],
        notifications=[
            {
                "comparison_operator": "GREATER_THAN",
                "threshold": 100,
                "threshold_type": "PERCENTAGE",
                "notification_type": kind,
                "subscriber_email_addresses": emails,
            }
            for kind in ("ACTUAL", "FORECASTED")
            if emails  # AWS takes no notification without an address
        ],
        tags=deployment.tags(COMPONENT),
        opts=opts,
    )
