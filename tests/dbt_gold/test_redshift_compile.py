"""Every model compiled for Redshift: both forms, parsed by two parsers, functions allow-listed."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from sqlfluff.core import Linter

from tests.dbt_gold.project import FOLDER
from tests.dbt_gold.redshift.dialect import findings
from tests.dbt_gold.redshift.warehouse import compiled

MODELS = sorted(file.stem for file in (FOLDER / "models").rglob("*.sql"))


@pytest.fixture(scope="module", params=["full", "incremental"])
def sql(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder: Path = tmp_path_factory.mktemp("compiled")
    return compiled(folder, request.param)


def test_every_model_compiles_without_a_connection(sql: dict[str, str]) -> None:
    assert [model for model in MODELS if not sql.get(model, "").strip()] == []


def test_nothing_is_called_or_built_that_redshift_does_not_know(sql: dict[str, str]) -> None:
    found = {name: findings(statement) for name, statement in sql.items()}
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def test_redshifts_grammar_accepts_every_statement(sql: dict[str, str]) -> None:
    refused = {name: violations(statement) for name, statement in sql.items()}
    assert {name: why for name, why in refused.items() if why} == {}


@cache
def violations(statement: str) -> list[str]:
    """What sqlfluff refuses; many models are the same in both forms."""
    parsed = Linter(dialect="redshift").parse_string(statement)
    return [str(violation) for violation in parsed.violations]
