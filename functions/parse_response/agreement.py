"""Fields of one answer that contradict each other, and which of them is believed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from parse_response.notes import Warn

_LEVELS = {1: "ad_hoc", 2: "developing", 3: "defined", 4: "managed", 5: "optimizing"}
_RANGES = (
    ("compensation", "salary_min", "salary_max"),
    ("compensation", "hourly_rate_min", "hourly_rate_max"),
    ("contractor_rates", "daily_rate_min", "daily_rate_max"),
    ("skills_classified", "years_experience_min", "years_experience_max"),
)
_PAY = ("min", "max", "currency", "text_raw")
_LOW_YEARLY_PAY = 1000


def reconcile(pass_name: str, repaired: dict[str, Any], warn: Warn) -> None:
    """Changes `repaired`, an accepted answer, in place; what it becomes is accepted too."""
    rule = _RULES.get(pass_name)
    if rule is not None:
        rule(repaired, warn)


def _extraction(repaired: dict[str, Any], warn: Warn) -> None:
    extraction = repaired["extraction"]
    for section, low, high in _RANGES:
        fields = extraction[section]
        if None not in (fields[low], fields[high]) and fields[low] > fields[high]:
            fields[low], fields[high] = fields[high], fields[low]
            warn(f"extraction.{section}.{low}", f"was above {high}, both exchanged")
    pay = extraction["compensation"]
    _share_hourly_pay(pay, warn)
    if _has_figures(pay, "salary") and not pay["salary_disclosed"]:
        pay["salary_disclosed"] = True
        warn("extraction.compensation.salary_disclosed", "false became True, figures are given")
    figures = [pay[name] for name in ("salary_min", "salary_max") if pay[name] is not None]
    if pay["salary_period"] == "yearly" and figures and max(figures) < _LOW_YEARLY_PAY:
        warn("extraction.compensation.salary_max", "is suspiciously low for a year, kept")


def _share_hourly_pay(pay: dict[str, Any], warn: Warn) -> None:
    """Hourly pay stands in both salary_* with the period hourly and hourly_rate_*."""
    if _has_figures(pay, "hourly_rate") and not _has_figures(pay, "salary"):
        source, target = "hourly_rate", "salary"
        if pay["salary_period"] != "hourly":
            pay["salary_period"] = "hourly"
            warn("extraction.compensation.salary_period", "became hourly, as the pay given")
    elif pay["salary_period"] == "hourly" and not _has_figures(pay, "hourly_rate"):
        source, target = "salary", "hourly_rate"
    else:
        return
    for part in _PAY:
        given = pay[f"{source}_{part}"]
        if given is not None and pay[f"{target}_{part}"] is None:
            pay[f"{target}_{part}"] = given
            warn(f"extraction.compensation.{target}_{part}", f"copied from {source}_{part}")


def _has_figures(pay: dict[str, Any], prefix: str) -> bool:
    return pay[f"{prefix}_min"] is not None or pay[f"{prefix}_max"] is not None


def _analysis(repaired: dict[str, Any], warn: Warn) -> None:
    maturity = repaired["analysis"]["company_maturity"]
    score, level = maturity["data_maturity_score"]["value"], maturity["data_maturity_level"]
    if score is not None and level["value"] != _LEVELS[int(score)]:
        warn(
            "analysis.company_maturity.data_maturity_level",
            f'"{level["value"]}" became "{_LEVELS[int(score)]}", the level of the score {score}',
        )
        level["value"] = _LEVELS[int(score)]


_RULES: dict[str, Callable[[dict[str, Any], Warn], None]] = {
    "pass1": _extraction,
    "pass3": _analysis,
}
