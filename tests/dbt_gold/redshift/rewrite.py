"""What Redshift's SQL has and PostgreSQL's has not, rewritten statement by statement.

Only clauses without a counterpart are dropped (distribution and sort keys, late binding); what has
one is spelled PostgreSQL's way. Functions are not rewritten: catalog.sql defines Redshift's.
"""

from __future__ import annotations

import re

# dbt's own queries of the catalog are PostgreSQL's already.
CATALOG = re.compile(
    r"pg_catalog|information_schema|pg_namespace|svv_|pg_get_|has_table_priv", re.I
)


def _rule(pattern: str, replacement: str) -> tuple[re.Pattern[str], str]:
    return re.compile(pattern, re.IGNORECASE | re.DOTALL), replacement


# Redshift reads a bare VARCHAR or TEXT as VARCHAR(256), and refuses longer values.
BARE_TEXT = _rule(r"\b(character\s+varying|varchar|text)\b(?!\s*\()(?!\s*\[)", "varchar(256)")
RULES = [
    _rule(r"\bdiststyle\s+(key|all|even|auto)\b", ""),
    _rule(r"\bdistkey\s*\([^)]*\)", ""),
    _rule(r"\b(compound|interleaved)?\s*sortkey\s*\([^)]*\)", ""),
    _rule(r"\bbackup\s+(no|yes)\b", ""),
    _rule(r"\bwith\s+no\s+schema\s+binding\b", ""),
    _rule(r"\bvarchar\s*\(\s*max\s*\)", "varchar(65535)"),
    _rule(r"\b(dateadd|datediff|date_diff)\s*\(\s*([a-z_]+)\s*,", r"\1('\2',"),
    # PartiQL's unnesting of a SUPER: the marker is the portable macro's.
    _rule(
        r",\s*/\*unnest\*/\s*(\w+\.\w+)\s+as\s+(\w+)",
        r" cross join lateral jsonb_array_elements_text(\1) as \2(\2)",
    ),
    _rule(
        r"listagg\(\s*(.*?),\s*('[^']*')\s*\)\s*within\s+group\s*\(\s*(order by [^)]*)\)",
        r"string_agg((\1)::text, \2 \3)",
    ),
    _rule(r"\bapproximate\s+(count|percentile)", r"\1"),
]


def to_postgres(sql: str) -> str:
    """One statement (or several) of Redshift's SQL as PostgreSQL takes it."""
    rules = RULES if CATALOG.search(sql) else [BARE_TEXT, *RULES]
    for pattern, replacement in rules:
        sql = pattern.sub(replacement, sql)
    return sql
