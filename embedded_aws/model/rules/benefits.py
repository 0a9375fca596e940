"""What the posting offers besides pay."""

from __future__ import annotations

from dataclasses import dataclass

from embedded_aws.model.rules.found import Found
from embedded_aws.model.rules.phrases import Hit
from embedded_aws.model.rules.topics import Topics

_PTO_ORDER = ("unlimited", "generous", "standard")
PERKS = (
    "equity_mentioned",
    "learning_budget_mentioned",
    "conference_budget_mentioned",
    "hardware_choice_mentioned",
)
_NOT_EQUITY = (
    " and inclusion",
    ", diversity",
    " in ",
    " markets",
    " market",
    " research",
    " trading",
)
_NOT_STOCK = (
    " derivatives",
    " options trading",
    ", inclusion",
    " & inclusion",
    " partners",
    " data",
)


@dataclass(frozen=True)
class Benefits:
    """`offered`: benefit -> first place; `perks`: field name -> place; `premium`: places."""

    offered: dict[str, Hit]
    perks: dict[str, Hit]
    premium: list[Hit]
    pto: Found[str] | None


def find_benefits(topics: Topics, low: str) -> Benefits:
    offered = _equity_checked(topics.first("benefits"), low, "Equity")
    perks = _equity_checked(topics.first("perks"), low, "equity_mentioned")
    premium = topics.hits("premium").get("premium", [])
    distinct = {hit.phrase: hit for hit in premium if not _other_equity(hit, low)}
    policies = topics.first("pto")
    pto = next((Found(name, policies[name].span) for name in _PTO_ORDER if name in policies), None)
    return Benefits(offered, perks, list(distinct.values()), pto)


def _equity_checked(found: dict[str, Hit], low: str, name: str) -> dict[str, Hit]:
    if name in found and _other_equity(found[name], low):
        return {key: hit for key, hit in found.items() if key != name}
    return found


def _other_equity(hit: Hit, low: str) -> bool:
    """True for fairness ("diversity, equity") and for markets ("equity research")."""
    if hit.phrase != "equity":
        return False
    before = low[max(hit.start - 14, 0) : hit.start]
    after = low[hit.end : hit.end + 20]
    fair = any(word in before for word in ("divers", "private", "inclusi", "health "))
    return fair or after.startswith(_NOT_EQUITY + _NOT_STOCK)
