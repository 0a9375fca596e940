"""Metrics of an answer: a log line in CloudWatch's embedded metric format, no call of its own."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from parse_response.costs import Spending


def publish(event: Mapping[str, Any], outcome: str, spending: Spending) -> None:
    """Prints what one answer cost and, where it ends its pass well, that a pass succeeded.

    A pass that ends badly is counted by the workflow, because its last call may have no answer.
    """
    values = {"CallCostUSD": _cost(event["spent"], spending)}
    values |= {"PassesSucceeded": 1} if outcome == "ok" else {}
    measured = {name: value for name, value in values.items() if value is not None}
    names = [
        {"Name": name, "Unit": "Count" if name == "PassesSucceeded" else "None"}
        for name in measured
    ]
    line = {
        "_aws": {
            "Timestamp": _milliseconds(event["now"]),
            "CloudWatchMetrics": [
                {
                    "Namespace": os.environ["METRICS_NAMESPACE"],
                    "Dimensions": [["Stack"]],
                    "Metrics": names,
                }
            ],
        },
        "Stack": os.environ["STACK"],
        "Pass": event["pass"]["name"],
        "Model": event["pass"]["model"],
        "Outcome": outcome,
        "Attempt": event["attempt"],
        "Execution": event["execution"],
        **measured,
    }
    print(json.dumps(line))


def _cost(spent: Mapping[str, Any], spending: Spending) -> float | None:
    """USD of this answer alone; None where a price or the tokens are not known."""
    before = spent.get("cost_usd")
    if before is None or spending.cost_usd is None:
        return None
    return spending.cost_usd - float(before)


def _milliseconds(moment: str) -> int:
    return round(datetime.fromisoformat(moment).timestamp() * 1000)
