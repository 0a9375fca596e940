"""Where the function runs: what its environment variables say."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

PROJECT = Path(__file__).resolve().parent.parent / "dbt_gold"
PARSED = "partial_parse.msgpack"


@dataclass(frozen=True)
class Place:
    """Buckets, log groups and the project.

    warehouse_key  the database file of target duckdb
    """

    target: str
    project: Path
    artifacts_bucket: str
    artifacts_prefix: str
    silver_bucket: str
    silver_prefixes: dict[str, str]
    run_log_group: str
    test_log_group: str
    metrics_namespace: str
    stack: str
    docs_bucket: str
    warehouse_key: str = ""

    @classmethod
    def of_environment(cls) -> Place:
        given = os.environ
        return cls(
            target=given["DBT_TARGET"],
            project=Path(given.get("DBT_PROJECT_DIR") or PROJECT),
            artifacts_bucket=given["ARTIFACTS_BUCKET"],
            artifacts_prefix=given["ARTIFACTS_PREFIX"],
            silver_bucket=given["SILVER_BUCKET"],
            silver_prefixes={
                "linkedin": given["SILVER_PREFIX"],
                "linkedin_ai": given["SILVER_AI_PREFIX"],
                "linkedin_companies": given["COMPANIES_PREFIX"],
            },
            run_log_group=given["RUN_LOG_GROUP"],
            test_log_group=given["TEST_LOG_GROUP"],
            metrics_namespace=given["METRICS_NAMESPACE"],
            stack=given["STACK"],
            docs_bucket=given["DOCS_BUCKET"],
            warehouse_key=given.get("WAREHOUSE_KEY", ""),
        )

    def artifacts(self, execution: str, step: str) -> str:
        """The key prefix of what a step leaves."""
        return f"{self.artifacts_prefix}{execution}/{step}/"


def log_url() -> str:
    """The page of this process's log stream in the console."""
    given = os.environ
    region, group = given.get("AWS_REGION", ""), given.get("AWS_LAMBDA_LOG_GROUP_NAME", "")
    stream = given.get("AWS_LAMBDA_LOG_STREAM_NAME", "")
    fragment = f"log-groups/log-group/{_escaped(group)}/log-events/{_escaped(stream)}"
    host = f"{region}.console.aws.amazon.com"
    return f"https://{host}/cloudwatch/home?region={region}#logsV2:{fragment}"


def _escaped(name: str) -> str:
    """As the console's fragment wants it: percent-encoded twice, with $ for %."""
    return quote(quote(name, safe=""), safe="").replace("%", "$")
