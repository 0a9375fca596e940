"""What a built database holds: its tables, and the columns that are NULL throughout."""

from __future__ import annotations

from tests.dbt_gold.project import Project


def tables(project: Project, kind: str = "") -> list[str]:
    """The tables of the schema whose names begin so, without seeds and data quality."""
    found = project.rows(
        "select table_name as name from information_schema.tables where table_schema = 'gold'"
        f" and table_type = 'BASE TABLE' and table_name like '{kind}%'"
        " and table_name not like 'seed_%' order by 1"
    )
    apart = ("reconciliation_silver_gold", "late_arriving_data")
    return [row["name"] for row in found if row["name"] not in apart]


def blank_columns(project: Project) -> set[tuple[str, str]]:
    """(table, column) of fact and aggregations without any value."""
    blank = set()
    for name in [*tables(project, "fact_"), *tables(project, "agg_")]:
        columns = [row["column_name"] for row in project.rows(f"describe gold.{name}")]
        counts = ", ".join(f"count({column}) as {column}" for column in columns)
        found = project.rows(f"select {counts} from gold.{name}")[0]
        blank |= {(name, column) for column, count in found.items() if count == 0}
    return blank
