"""The four marts once more, straight from the Silver files of a generated lake, with pandas.

Nothing here reads the database or the models: only the lake, and the dated seeds of synonyms and
currency rates, which are inputs to both.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from tests.dbt_gold.lake import COMPANIES, SILVER, SILVER_AI
from tests.dbt_gold.project import FOLDER

SEEDS = FOLDER / "seeds"
COUNTRIES = {
    "Austin, TX": "US", "Fairfax County, VA": "US", "Washington, DC": "US",
    "Berlin, Berlin, Germany": "DE", "Pune, Maharashtra, India": "IN",
    "Indiana, United States": "US", "Scotland, United Kingdom": "GB", "Doha, Qatar": "QA",
    "Dubai, United Arab Emirates": "AE", "United States": "US", "Brazil": "BR",
    "Greater Houston": "US", "Lisbon Metropolitan Area": "PT",
    "New York City Metropolitan Area": "US", "Porto, Porto, Portugal": "PT",
    "Sydney, New South Wales, Australia": "AU", "San Francisco, CA": "US",
    "Toronto, Ontario, Canada": "CA", "London, England, United Kingdom": "GB",
}  # fmt: skip
LEVELS = {
    "intern": "Intern", "entry": "Entry", "associate": "Junior", "junior": "Junior", "mid": "Mid",
    "senior": "Senior", "staff": "Staff", "principal": "Principal", "distinguished": "Principal",
}  # fmt: skip
LABELS = {
    "Internship": "Intern", "Entry level": "Entry", "Associate": "Junior", "Director": "Director",
    "Executive": "Director",
}  # fmt: skip
TITLED = {
    "Senior Data Engineer": "Senior", "Sr. Data Engineer": "Senior", "Staff DE": "Staff",
    "Principal Data Engineer": "Principal", "Lead Data Engineer": "Lead",
    "Lead Data Platform Engineer": "Lead", "Lead Data Engineer - Migration Programme": "Lead",
    "Data Engineering Manager": "Manager", "Director of Data": "Director",
}  # fmt: skip
SAME_FAMILY = {"bi_engineer": "data_analyst", "mlops_engineer": "ml_engineer"}
PER_YEAR = {"yr": 1, "hr": 2080, "yearly": 1, "monthly": 12, "hourly": 2080}
CURRENCIES = {"$": "USD", "CA$": "CAD", "A$": "AUD", "€": "EUR", "£": "GBP"}
LISTS = {
    "ext_must_have_hard_skills": 1, "ext_must_have_soft_skills": 1,
    "ext_nice_to_have_hard_skills": 2, "ext_nice_to_have_soft_skills": 2, "skills_canonical": 3,
}  # fmt: skip
ENRICHED = [
    "job_posting_id", "pass1_success", "inf_seniority_level", "inf_leadership_expectation",
    "inf_job_family", "inf_sub_specialty", "ext_work_model_stated", "inf_remote_restriction",
    "ext_salary_min", "ext_salary_max", "ext_salary_currency", "ext_salary_period",
    *(name for name in LISTS if name.startswith("ext_")),
]  # fmt: skip


def postings(lake: Path) -> pd.DataFrame:
    """One row per posting of a generated lake with what the marts need of it."""
    return _placed(_read(lake / SILVER, None), _read(lake / SILVER_AI, ENRICHED))


def newest_postings(silver_ai: Path) -> pd.DataFrame:
    """The same of any Silver-AI folder, whose rows have Silver's columns too: newest versions."""
    rows = _read(silver_ai, None)
    rows = rows[rows["job_posting_id"].fillna("").str.strip() != ""]
    rows = rows.sort_values("scraped_at").drop_duplicates("job_posting_id", keep="last")
    silver = rows.drop(columns=[name for name in ENRICHED if name != "job_posting_id"])
    return _placed(silver, rows[ENRICHED])


def _placed(silver: pd.DataFrame, enriched: pd.DataFrame) -> pd.DataFrame:
    found = silver.merge(enriched[enriched["pass1_success"]], on="job_posting_id", how="left")
    found["salary"] = [_salary(row, _rates()) for row in found.to_dict("records")]
    found["level"] = [_level(row) for row in found.to_dict("records")]
    family = found["inf_job_family"].fillna("not_mentioned").replace(SAME_FAMILY)
    found["family"] = family + "/" + _specialty(found)
    found["country"] = found["job_location"].map(COUNTRIES).fillna("ZZ")
    restricted = found["inf_remote_restriction"].fillna("").str.startswith("same_")
    remote = found["ext_work_model_stated"] == "remote"
    found["model"] = found["ext_work_model_stated"].mask(remote & restricted, "restricted")
    found["model"] = found["model"].replace("not_mentioned", None).fillna("unknown")
    return found


def wanted_skills(found: pd.DataFrame, count: int, weeks: int) -> list[dict[str, Any]]:
    """skill (in small letters), postings, required and wished of the `count` most wanted."""
    synonyms = pd.read_csv(SEEDS / "seed_skill_synonym.csv").set_index("synonym")["match_key"]
    dated = found[found["job_posted_datetime"].notna()]
    parts = []
    for column, rank in LISTS.items():
        part = dated[["job_posting_id", "job_posted_datetime", column]].explode(column).dropna()
        part["key"] = part[column].str.lower()
        part["key"] = part["key"].map(synonyms).fillna(part["key"])
        parts.append(part.assign(rank=rank).drop(columns=column))
    mentions = pd.concat(parts).groupby(["job_posting_id", "key"], as_index=False).min()
    monday = mentions["job_posted_datetime"].dt.to_period("W-SUN").dt.start_time
    mentions = mentions[monday > monday.max() - timedelta(weeks=weeks)]
    counted = pd.DataFrame(
        {
            "postings": mentions.groupby("key").size(),
            "required": mentions[mentions["rank"] == 1].groupby("key").size(),
            "wished": mentions[mentions["rank"] == 2].groupby("key").size(),
        }
    ).fillna(0)
    counted = counted.astype(int).rename_axis("skill").reset_index()
    order = ["postings", "required", "skill"]
    counted = counted.sort_values(order, ascending=[False, False, True])
    records: list[dict[str, Any]] = counted.head(count).to_dict("records")
    return records


def salaries(found: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Level -> postings, low, median, high and mean."""
    paid = found[found["salary"].notna() & found["job_posted_datetime"].notna()].copy()
    paid["month"] = paid["job_posted_datetime"].dt.to_period("M")
    paid = paid[paid["month"] > paid["month"].max() - 12]
    groups = paid.groupby(["month", "level", "family", "country", "model"])["salary"]
    paid["group_median"] = groups.transform("median")
    result = {}
    for level, rows in paid.groupby("level"):
        medians = np.sort(rows["group_median"].to_numpy())
        at = {name: int(np.ceil(share * len(medians))) - 1 for name, share in QUARTILES.items()}
        result[str(level)] = {
            "postings": len(rows),
            **{name: float(medians[place]) for name, place in at.items()},
            "mean": float(rows["salary"].mean()),
        }
    return result


QUARTILES = {"low": 0.25, "median": 0.5, "high": 0.75}


def hours(found: pd.DataFrame) -> dict[int, dict[str, float]]:
    """Hour -> postings, applicants and score."""
    dated = found[found["job_posted_datetime"].notna()].copy()
    dated["hour"] = dated["job_posted_datetime"].dt.hour
    dated["day"] = dated["job_posted_datetime"].dt.day_of_week
    slots = dated.groupby(["day", "hour", "family", "level"])["job_num_applicants"]
    slot = slots.agg(["size", "sum"]).reset_index()
    slot["applicants"] = [_mean(row["sum"], row["size"]) for _, row in slot.iterrows()]
    competition, volume = _percent_rank(slot["applicants"]), _percent_rank(slot["size"])
    slot["score"] = (0.7 * (1 - competition) + 0.3 * volume).round(4)
    result = {}
    for hour, rows in slot.groupby("hour"):
        weights = rows["size"]
        result[int(str(hour))] = {
            "postings": int(weights.sum()),
            "applicants": float(np.average(rows["applicants"], weights=weights)),
            "score": float(np.average(rows["score"], weights=weights)),
        }
    return result


def companies(found: pd.DataFrame, lake: Path) -> dict[str, dict[str, Any]]:
    """Company -> its figures in the newest month."""
    dated = found[found["job_posted_datetime"].notna()].copy()
    month = dated["job_posted_datetime"].dt.to_period("M")
    dated = dated[month == month.max()]
    profiles = _read(lake / COMPANIES, ["name", "industries", "snapshot_date"])
    newest = profiles.sort_values("snapshot_date").groupby("name").last()["industries"]
    result = {}
    for name, rows in dated.groupby("company_name"):
        told = rows[rows["ext_work_model_stated"].isin(["remote", "hybrid", "onsite"])]
        industry = newest.get(name)
        result[str(name)] = {
            "industry": industry if isinstance(industry, str) else None,
            "new": len(rows),
            "open": int(rows["application_availability"].sum()),
            "remote_pct": 100 * (told["ext_work_model_stated"] == "remote").mean(),
            "salary": rows["salary"].mean(),
        }
    return result


def _read(folder: Path, columns: list[str] | None) -> pd.DataFrame:
    parts = [pq.ParquetFile(file).read(columns) for file in sorted(folder.rglob("*.parquet"))]
    return pd.concat([part.to_pandas() for part in parts], ignore_index=True)


def _rates() -> dict[str, float]:
    rates = pd.read_csv(SEEDS / "seed_fx_rates_usd.csv").sort_values("as_of_date")
    return dict(zip(rates["currency_code"], rates["rate_to_usd"], strict=True))


def _salary(row: dict[str, Any], rates: dict[str, float]) -> float | None:
    """Yearly USD: the mean of the bounds that the platform names, else of the text's."""
    prefix = "salary" if _known(row["salary_min"], row["salary_max"]) else "ext_salary"
    bounds = _known(row[f"{prefix}_min"], row[f"{prefix}_max"])
    period, currency = row[f"{prefix}_period"], row[f"{prefix}_currency"]
    rate = rates.get(CURRENCIES.get(currency, currency))
    if not bounds or rate is None or period not in PER_YEAR:
        return None
    if prefix == "ext_salary" and period == "yearly":
        bounds = [bound * 1_000 if bound < 1_000 else bound for bound in bounds]
    return sum(bound * rate * PER_YEAR[period] for bound in bounds) / len(bounds)


def _known(*values: Any) -> list[float]:
    return [float(value) for value in values if pd.notna(value)]


def _level(row: dict[str, Any]) -> str:
    titled = TITLED.get(row["job_title"])
    inferred = LEVELS.get(row["inf_seniority_level"])
    if inferred:
        manages = row["inf_leadership_expectation"] in ("people_manager", "tech_and_people_lead")
        if manages and titled in ("Director", "Manager"):
            return str(titled)
        high = inferred in ("Senior", "Staff", "Principal")
        return "Lead" if titled == "Lead" and high else inferred
    if row["job_seniority_level"] == "Mid-Senior level":
        return titled or "Mid"
    return LABELS.get(row["job_seniority_level"], "Unknown")


def _specialty(found: pd.DataFrame) -> pd.Series[str]:
    """The part of a family that has members of its own."""
    family, specialty = found["inf_job_family"].fillna(""), found["inf_sub_specialty"].fillna("")
    own = ["batch_etl", "streaming_realtime", "data_warehouse", "data_lakehouse"]
    kept = specialty.where((family == "data_engineer") & specialty.isin(own), "")
    features = (family == "ml_engineer") & specialty.isin(["data_modeling", "data_quality"])
    return kept.mask(features, "features")


def _mean(total: float, count: float) -> float:
    exact = Decimal(int(total)) / Decimal(int(count))
    return float(exact.quantize(Decimal("0.01"), ROUND_HALF_UP))


def _percent_rank(values: pd.Series[float]) -> pd.Series[float]:
    return (values.rank(method="min") - 1) / (len(values) - 1)
