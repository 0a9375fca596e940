"""Silver in the Glue catalog, through which Spectrum reads it.

Columns are those that dbt describes for its sources, which are generated from the contract in
`schemas/`. Every stack has the catalog, so that the same workflow file registers partitions
everywhere: enrich_partition, for each hour that it has written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pulumi
import pulumi_aws as aws
import yaml

from infra.naming import Deployment
from infra.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "dbt_gold" / "models" / "staging" / "_silver.yml"

# Types of Redshift, which dbt's sources have, as the catalog writes them.
HIVE = {
    "varchar": "string",
    "timestamp": "timestamp",
    "date": "date",
    "boolean": "boolean",
    "double precision": "double",
    "integer": "int",
    "bigint": "bigint",
}
HOURLY = ("year", "month", "day", "hour")
REGISTERED = ("linkedin", "ai_enrichment")  # what workflows/enrich_partition.asl.json registers
PARQUET: aws.glue.CatalogTableStorageDescriptorArgsDict = {
    "input_format": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    "output_format": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
}
SERDE = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"

Columns = Mapping[str, str]


class SilverCatalog(pulumi.ComponentResource):
    """The database `database_name` with the tables linkedin, ai_enrichment, linkedin_companies.

    `arns` of a table are what IAM is asked for when it is used: catalog, database, table.
    """

    def __init__(
        self,
        deployment: Deployment,
        settings: Settings,
        bucket: pulumi.Input[str],
    ) -> None:
        super().__init__("data-engineer-jobs:gold:SilverCatalog", "silver-catalog")
        self._deployment = deployment
        child = pulumi.ResourceOptions(parent=self)
        self.database_name = deployment.name("silver").replace("-", "_")
        database = aws.glue.CatalogDatabase(
            "silver",
            name=self.database_name,
            description="Silver as Redshift sees it",
            tags=deployment.tags("gold"),
            opts=child,
        )
        for name, prefix, columns, keys in tables(settings):
            aws.glue.CatalogTable(
                f"silver-{name.replace('_', '-')}",
                name=name,
                database_name=database.name,
                table_type="EXTERNAL_TABLE",
                parameters={"classification": "parquet", "EXTERNAL": "TRUE"},
                partition_keys=[{"name": key, "type": "string"} for key in keys],
                storage_descriptor={
                    "location": pulumi.Output.concat("s3://", bucket, "/", prefix),
                    **PARQUET,
                    "ser_de_info": {
                        "serialization_library": SERDE,
                        "parameters": {"serialization.format": "1"},
                    },
                    "columns": [{"name": n, "type": kind} for n, kind in columns.items()],
                },
                opts=child,
            )
        self.register_outputs({"database": database.name})

    def arns(self, *tables: str) -> list[str]:
        """Of these tables; `*` stands for all of the database."""
        database = self.database_name
        names = ["catalog", f"database/{database}", *(f"table/{database}/{t}" for t in tables)]
        return [self._deployment.arn("glue", name) for name in names]


def prefixes(settings: Settings) -> list[str]:
    """Where the tables lie."""
    return sorted({prefix for _, prefix, _, _ in tables(settings)})


def tables(settings: Settings) -> list[tuple[str, str, Columns, Sequence[str]]]:
    """(table, prefix, columns by name, partition keys).

    Postings, too, lie in the objects of Silver-AI: they hold Silver's columns unchanged, row for
    row, in the types of the contract, and the JSON text of its lists, which Spectrum cannot read.
    Companies have no partitions: Spectrum reads what lies below a table's location.
    """
    lake = settings.lake
    places: dict[str, tuple[str, Sequence[str]]] = {
        "linkedin": (lake.silver_ai_prefix, HOURLY),
        "ai_enrichment": (lake.silver_ai_prefix, HOURLY),
        "linkedin_companies": (settings.gold.companies_prefix, ()),
    }
    described = _described()
    return [
        (name, prefix, _columns(described[name]), keys) for name, (prefix, keys) in places.items()
    ]


def _columns(described: Sequence[Mapping[str, str]]) -> Columns:
    """Those that are in the files: the others are in their paths."""
    return {
        column["name"]: HIVE[column["data_type"].partition("(")[0]]
        for column in described
        if column["name"] not in (*HOURLY, "bucket")
    }


def _described() -> dict[str, Sequence[Mapping[str, str]]]:
    """The columns of dbt's sources by table."""
    sources = yaml.safe_load(SOURCES.read_text(encoding="utf-8"))["sources"]
    return {table["name"]: table["columns"] for source in sources for table in source["tables"]}
