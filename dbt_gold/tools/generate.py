"""Writes the YAML of every model and seed from `columns.csv` and `models.csv`.

    python -m dbt_gold.tools.generate

columns.csv has one row per column in the order of the table: type is Redshift's, key is `pk`,
`fk:<table>`, `nk` (a part of what must be unique together) or empty. A model has one .yml beside
its .sql; the seeds share `seeds/seeds.yml`. Regenerating unchanged tables changes nothing.
"""

from pathlib import Path
from typing import Any

import yaml

from dbt_gold.tools.tables import PROJECT, SEEDS, read_rows
from dbt_gold.tools.tests import column_tests, model_tests

HEADER = "# Written by `python -m dbt_gold.tools.generate` from columns.csv and models.csv.\n"

Column = dict[str, str]
Yaml = dict[str, Any]


class _Dumper(yaml.SafeDumper):
    """Indents list items below their key and repeats equal parts, as hand-written YAML does."""

    def ignore_aliases(self, data: object) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def load() -> tuple[dict[str, str], dict[str, list[Column]]]:
    """Descriptions and columns by table.

    Raises ValueError where a table of one file is missing in the other, or a text is empty.
    """
    descriptions = {r["table"]: r["description"] for r in read_rows(PROJECT / "models.csv")}
    tables: dict[str, list[Column]] = {}
    for row in read_rows(PROJECT / "columns.csv"):
        tables.setdefault(row["table"], []).append(row)
        if not row["description"] or not row["type"]:
            raise ValueError(
                f"columns.csv: {row['table']}.{row['column']} needs a type and a description"
            )
    for table in descriptions.keys() ^ tables.keys():
        raise ValueError(f"table {table} must be in both columns.csv and models.csv")
    return descriptions, tables


def model_yaml(table: str, description: str, columns: list[Column]) -> str:
    """The .yml of a model: descriptions, types, tests; the fact has an enforced contract."""
    model: Yaml = {"name": table, "description": description}
    if table == "fact_job_posting":
        model["config"] = {"contract": {"enforced": True}}
    if tests := model_tests(table, columns):
        model["data_tests"] = tests
    model["columns"] = [column_yaml(table, column) for column in columns]
    return dump({"version": 2, "models": [model]})


def column_yaml(table: str, column: Column) -> Yaml:
    entry: Yaml = {
        "name": column["column"],
        "description": column["description"],
        "data_type": column["type"],
    }
    if tests := column_tests(table, column):
        entry["data_tests"] = tests
    return entry


def seeds_yaml(descriptions: dict[str, str], tables: dict[str, list[Column]]) -> str:
    """Types and descriptions of all seeds; the seed of a dimension has the dimension's columns."""
    seeds = []
    for path in sorted(SEEDS.glob("seed_*.csv")):
        seed, dimension = path.stem, path.stem.replace("seed_", "dim_")
        columns = tables.get(seed) or tables.get(dimension)
        if not columns:
            raise ValueError(f"{seed} has no columns in columns.csv: add them")
        description = descriptions.get(seed, f"Listed members of {dimension}.")
        entry: Yaml = {"name": seed, "description": description}
        entry["config"] = {"column_types": {c["column"]: c["type"] for c in columns}}
        if tests := model_tests(seed, columns):
            entry["data_tests"] = tests
        entry["columns"] = [seed_column(seed, column) for column in columns]
        seeds.append(entry)
    return dump({"version": 2, "seeds": seeds})


def seed_column(seed: str, column: Column) -> Yaml:
    entry: Yaml = {"name": column["column"], "description": column["description"]}
    if column["key"] == "pk":
        entry["data_tests"] = ["unique", "not_null"]
    return entry


def dump(content: Yaml) -> str:
    text = yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
    return HEADER + text


def models() -> dict[str, Path]:
    """Folder of each model of the project."""
    return {path.stem: path.parent for path in (PROJECT / "models").rglob("*.sql")}


def generated() -> dict[Path, str]:
    """Every generated file with its text."""
    descriptions, tables = load()
    files = {SEEDS / "seeds.yml": seeds_yaml(descriptions, tables)}
    for table, folder in sorted(models().items()):
        if table not in tables:
            raise ValueError(f"model {table} has no columns in columns.csv: add them")
        files[folder / f"{table}.yml"] = model_yaml(table, descriptions[table], tables[table])
    return files


def main() -> None:
    for path, text in generated().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
