"""What a column of Silver-AI may hold, read from the schemas of the passes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from common.contract import Column

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"
PASSES = {"extraction": "pass1", "inference": "pass2", "analysis": "pass3", "summary": "pass3"}

FREE_WORDS = {
    "must_have_hard_skills": (
        "Python", "SQL", "Apache Spark", "spark", "Airflow", "dbt", "Snowflake", "Kafka", "AWS",
        "Azure", "BigQuery", "Databricks", "Terraform", "Docker", "PostgreSQL", "postgres", "Scala",
        "Java", "Power BI", "Tableau", "Technical Writing", "Code Review", "Quux Engine",
    ),
    "nice_to_have_hard_skills": (
        "Kubernetes", "Flink", "MLflow", "Looker", "Dagster", "Rust", "Data Vault", "Redis",
        "Python", "GitHub Actions",
    ),
    "certifications_mentioned": (
        "AWS Certified Solutions Architect", "Azure Data Engineer Associate",
        "Google Professional Data Engineer", "Databricks Certified", "SnowPro Core",
        "Certified Basket Weaver",
    ),
    "benefits_mentioned": (
        "Health insurance", "401(k) matching", "Unlimited PTO", "Remote work", "Stock options",
        "Parental leave", "Free fruit", "Learning budget", "Gym membership", "Dental", "Vision",
    ),
    "ml_tools_expected": (
        "MLflow", "TensorFlow", "PyTorch", "SageMaker", "Vertex AI", "scikit-learn", "Kubeflow",
        "LangChain", "Abacus 2000",
    ),
    "currency": ("USD", "EUR", "GBP", "INR"),
    "country": ("US", "GB", "DE", "PT", "IN", "BR"),
    "us_state": ("TX", "CA", "NY", "WA", "DC"),
}  # fmt: skip
"""Words of columns that have no closed list, and of the definitions that are patterns."""

CATALOGUE = (
    "Python", "SQL", "Apache Spark", "Apache Airflow", "dbt", "Snowflake", "Apache Kafka", "AWS",
    "Microsoft Azure", "Google BigQuery", "ETL", "Communication", "Git", "Docker", "Tableau",
)  # fmt: skip
"""Skills that Silver's own catalogue finds."""

DETAILS = ("One line of advice.", "Another line of advice.", "A third, with “quotes” and a comma.")


@dataclass(frozen=True)
class Leaf:
    """kind: words, list, boolean, unit (0 to 1), score (1 to 5), number or text."""

    kind: str
    words: tuple[str | None, ...] = ()


@cache
def leaf(column: Column) -> Leaf:
    """What `column` of a pass may hold."""
    document = json.loads((SCHEMAS / f"{PASSES[column.root]}.json").read_text(encoding="utf-8"))
    node = document["properties"][column.root]
    for step in column.path:
        node = _resolved(document, node)["properties"][step]
    name = column.path[-2] if column.path[-1] == "value" else column.path[-1]
    return _leaf(document, _resolved(document, node), name)


def _leaf(document: dict[str, Any], node: dict[str, Any], name: str) -> Leaf:
    if "enum" in node:
        return Leaf("words", tuple(node["enum"]))
    kinds = node["type"] if isinstance(node.get("type"), list) else [node.get("type")]
    if "array" in kinds:
        items = _resolved(document, node["items"])
        return Leaf("list", tuple(items.get("enum") or _free(name, node["items"])))
    if "boolean" in kinds:
        return Leaf("boolean", ("null",) if "null" in kinds else ())
    if "integer" in kinds:
        return Leaf("score")
    if "number" in kinds:
        return Leaf("unit" if node.get("maximum") == 1 else "number")
    return Leaf("text")


def _free(name: str, items: dict[str, Any]) -> tuple[str, ...]:
    reference = items.get("$ref", "").rpartition("/")[2]
    return FREE_WORDS.get(reference) or FREE_WORDS.get(name) or DETAILS


def _resolved(document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """The node with what its references say; its own words win."""
    parts = [node, *node.get("allOf", []), *node.get("anyOf", [])]
    merged: dict[str, Any] = {}
    for part in parts:
        target = document["$defs"][part["$ref"].rpartition("/")[2]] if "$ref" in part else part
        properties = {**target.get("properties", {}), **merged.get("properties", {})}
        merged = {**target, **merged}
        if properties:
            merged["properties"] = properties
    for part in node.get("anyOf", []):
        if part.get("type") == "null" and "enum" in merged:
            merged["enum"] = [*merged["enum"], None]
    return merged
