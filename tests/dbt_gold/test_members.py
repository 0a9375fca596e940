"""Free text of postings finds the member that it means."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.dbt_gold.part import dbt, part_of_the_project

BENEFITS = {
    "Health Insurance": ["medical insurance", "plano de saúde", "Mutuelle d'entreprise", "HSA"],
    "Dental/Vision": ["dental plan", "vision coverage"],
    "401k Match": ["401(k) with match", "retirement plan", "Betriebliche Altersvorsorge"],
    "Stock/Equity": ["stock options", "RSUs", "equity grants"],
    "Unlimited PTO": ["Unlimited PTO", "unlimited vacation days"],
    "Learning Budget": ["annual learning stipend", "cursos de inglés", "tuition reimbursement"],
    "Conference Budget": ["one conference a year"],
    "Remote Stipend": ["home office stipend", "internet allowance"],
    "Hardware Choice": ["laptop of your choice", "MacBook"],
    "Paid Time Off": ["PTO", "25 days of vacation", "férias", "30 Tage Urlaub", "sick leave"],
    "Parental Leave": ["parental leave", "licença maternidade", "congé maternité"],
    "Life/Disability Insurance": ["life insurance", "seguro de vida", "short-term disability"],
    "Bonus": ["annual bonus", "profit sharing", "13th salary"],
    "Flexible Work": ["flexible hours", "remote work", "télétravail", "horario flexible"],
    "Other": ["diversity, equity and inclusion", "free coffee", "stocked kitchen"],
}
CERTIFICATIONS = {
    "AWS Solutions Architect": ["AWS Certified Solutions Architect - Associate"],
    "AWS Data Engineer": ["AWS Certified Data Engineer"],
    "GCP Professional Data Engineer": ["Google Cloud Professional Data Engineer"],
    "Azure Data Engineer": ["DP-203", "Microsoft Certified: Azure Data Engineer Associate"],
    "Databricks Certified": ["Databricks", "Databricks Certified Associate Developer"],
    "Snowflake SnowPro": ["SnowPro Core", "Snowflake certification"],
    "Kubernetes CKA/CKAD": ["CKA", "Certified Kubernetes Administrator (CKA)"],
    "dbt Analytics Engineer": ["dbt Analytics Engineering certification", "dbt certification"],
    "": ["TOGAF 9", "packaging engineer certificate"],  # members of their own
}
NO_CERTIFICATION = ["AWS", "Azure", "GCP", "SAP", "MySQL", "Agile", "cloud"]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The seeds that class free text, and a table of the values to be classed."""
    seeds = ["benefit", "certification", "member_alias", "member_keyword"]
    project = part_of_the_project(tmp_path_factory.mktemp("members"), seeds=seeds)
    dbt(project, "seed")
    return project


def members(project: Path, dimension: str, values: list[str]) -> dict[str, str]:
    """The name of the member of each value; '' for one of its own; dropped values are missing."""
    listed = " union all ".join(
        "select {{ member_key(\"'" + value.replace("'", "''") + "'\", 'text') }} as member, "
        f"{n} as n"
        for n, value in enumerate(values)
    )
    query = """
        {% set source = member_source('DIMENSION') %}
        with mentions as (LISTED),
        matched as ({{ matched_members('DIMENSION', 'mentions') }})
        select mentions.n, coalesce(listed.{{ source.name }}, '')
        from mentions
        inner join matched on matched.member = mentions.member
        left join {{ ref('DIMENSION'.replace('dim_', 'seed_')) }} as listed
          on listed.{{ source.key }} = matched.member_key
    """
    inline = query.replace("DIMENSION", dimension).replace("LISTED", listed)
    statement = dbt(project, "compile", "--quiet", "--inline", inline)
    with duckdb.connect(str(project / "analytics.duckdb"), read_only=True) as connection:
        return {values[n]: found for n, found in connection.execute(statement).fetchall()}


def test_benefits(database: Path) -> None:
    expected = {value: name for name, values in BENEFITS.items() for value in values}
    assert members(database, "dim_benefit", list(expected)) == expected


def test_certifications(database: Path) -> None:
    expected = {value: name for name, values in CERTIFICATIONS.items() for value in values}
    values = [*expected, *NO_CERTIFICATION]
    assert members(database, "dim_certification", values) == expected
