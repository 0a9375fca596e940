"""What is generated is up to date, and the seeds agree with each other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from dbt_gold.tools import generate, geography, tables
from dbt_gold.tools.tables import SEEDS, read_rows
from tests.dbt_gold.project import FOLDER

Rows = list[dict[str, str]]


def seed(name: str) -> Rows:
    return read_rows(SEEDS / f"seed_{name}.csv")


def test_regenerating_the_yaml_changes_nothing() -> None:
    changed = [str(p) for p, text in generate.generated().items() if p.read_text() != text]
    assert changed == []


def test_regenerating_the_geography_changes_nothing() -> None:
    changed = [n for n, text in geography.GENERATED.items() if (SEEDS / n).read_text() != text()]
    assert changed == []


def test_every_model_has_one_yaml_beside_it_and_every_yaml_a_model() -> None:
    models = {p.with_suffix(".yml") for p in (FOLDER / "models").rglob("*.sql")}
    files = {
        p
        for p in (FOLDER / "models").rglob("*.yml")
        if not p.name.startswith("_") and not p.stem.endswith("_unit_tests")
    }
    assert models == files
    assert len(models) >= 87  # 81 tables, 3 of staging, the matched skills, 2 of data quality


def test_every_model_has_a_test() -> None:
    singular = "\n".join(p.read_text() for p in (FOLDER / "tests").rglob("*.sql"))
    untested = []
    for path in generate.generated():
        (model,) = yaml.safe_load(path.read_text()).get("models", [{}])
        columns = model.get("columns", [])
        in_yaml = "data_tests" in model or any("data_tests" in c for c in columns)
        if model and not in_yaml and f"'{model['name']}'" not in singular:
            untested.append(model["name"])
    assert untested == []


def test_the_tags_of_the_dimensions() -> None:
    """38 static dimensions, 17 with members from Silver."""
    texts = [p.read_text() for p in (FOLDER / "models" / "dimensions").glob("dim_*.sql")]
    tags = [re.findall(r"tags=\['(\w+)'\]", text) for text in texts]
    assert (
        sorted(tag for found in tags for tag in found) == ["dim_dynamic"] * 17 + ["dim_static"] * 38
    )


@pytest.mark.parametrize("column", ["type", "description"])
def test_a_column_without_type_or_description_is_refused(
    column: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns, models = small_model(monkeypatch, tmp_path)
    header, row = "table,column,type,key,description\n", ["dim_x", "x_key", "integer", "pk", "Key."]
    row[2 if column == "type" else 4] = ""
    columns.write_text(header + ",".join(row) + "\n")
    models.write_text("table,description\ndim_x,Things.\n")
    with pytest.raises(ValueError, match=r"dim_x.x_key needs a type and a description"):
        generate.load()


def test_a_table_without_columns_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns, models = small_model(monkeypatch, tmp_path)
    columns.write_text("table,column,type,key,description\n")
    models.write_text("table,description\ndim_x,Things.\n")
    with pytest.raises(ValueError, match=r"dim_x must be in both columns.csv and models.csv"):
        generate.load()


def small_model(monkeypatch: pytest.MonkeyPatch, folder: Path) -> tuple[Path, Path]:
    monkeypatch.setattr(generate, "PROJECT", folder)
    return folder / "columns.csv", folder / "models.csv"


def test_keys_decide_the_tests() -> None:
    fact = generate.model_yaml(
        "fact_x",
        "Things.",
        [
            column("x_key", "pk"),
            column("seniority_key", "fk:dim_seniority"),
            column("x_id", "nk"),
            column("platform", "nk"),
            column("size", ""),
        ],
    )
    (model,) = yaml.safe_load(fact)["models"]
    critical = {"tags": ["critical"]}
    assert model["data_tests"] == [
        {
            "unique_combination": {
                "arguments": {"columns": ["x_id", "platform"]},
                "config": critical,
            }
        }
    ]
    tests = {c["name"]: c.get("data_tests", []) for c in model["columns"]}
    assert tests["x_key"] == [{"unique": {"config": critical}}, {"not_null": {"config": critical}}]
    assert tests["seniority_key"] == [
        {"not_null": {"config": critical}},
        {
            "relationships": {
                "arguments": {"to": "ref('dim_seniority')", "field": "seniority_key"},
                "config": critical,
            }
        },
    ]
    assert tests["size"] == []


def test_the_grain_of_a_bridge_is_its_foreign_keys_and_the_restriction() -> None:
    bridge = generate.model_yaml(
        "bridge_x",
        "Links.",
        [
            column("bridge_key", "pk"),
            column("job_posting_key", "fk:fact_job_posting"),
            column("country_key", "fk:dim_country"),
            column("restriction_type", ""),
            column("confidence_score", ""),
        ],
    )
    (model,) = yaml.safe_load(bridge)["models"]
    assert model["data_tests"][0]["unique_combination"]["arguments"]["columns"] == [
        "job_posting_key",
        "country_key",
        "restriction_type",
    ]


def column(name: str, key: str) -> dict[str, str]:
    return {"column": name, "type": "integer", "key": key, "description": "What it is."}


def test_csv_text_writes_null_and_booleans_as_dbt_reads_them() -> None:
    assert tables.csv_text(["a", "b"], [[None, True], ["x, y", False]]) == (
        'a,b\n,true\n"x, y",false\n'
    )


def test_every_key_of_a_seed_is_unique() -> None:
    keys = {
        "enum_map": ("dimension", "silver_value"),
        "member_alias": ("dimension", "alias"),
        "member_keyword": ("dimension", "keyword"),
        "country_alias": ("alias",),
        "skill_synonym": ("synonym",),
        "skill_keyword": ("keyword",),
        "skill": ("match_key",),
        "metropole": ("metropole",),
        "fx_rates_usd": ("currency_code",),
    }
    for name, columns in keys.items():
        found = [tuple(row[c] for c in columns) for row in seed(name)]
        assert len(found) == len(set(found)), name


def test_a_state_is_found_in_one_country_only() -> None:
    """The last token of `Portland, Oregon` has no country to go by."""
    names = [row["alias"] for row in seed("state") if row["alias_kind"] == "name"]
    codes = [row["alias"] for row in seed("state") if row["alias_kind"] == "code"]
    assert len(names) == len(set(names))
    assert len(codes) == len(set(codes))


def member_keys(dimension: str) -> set[str]:
    """Keys of the listed members, and -1."""
    rows = seed(dimension.removeprefix("dim_"))
    first = next(iter(rows[0]))
    return {row[first] for row in rows} | {"-1"}


@pytest.mark.parametrize("name", ["enum_map", "member_alias", "member_keyword"])
def test_maps_lead_to_listed_members(name: str) -> None:
    lost = [row for row in seed(name) if row["key"] not in member_keys(row["dimension"]) | {""}]
    assert lost == []


def test_enumerations_are_written_as_they_are_compared() -> None:
    assert [r for r in seed("enum_map") if r["silver_value"] != r["silver_value"].lower()] == []
    assert [r for r in seed("member_keyword") if r["keyword"] != r["keyword"].lower()] == []
    for name in ("country_alias", "state", "world_region"):
        assert [r for r in seed(name) if r["alias"] != r["alias"].upper()] == []
    assert [r for r in seed("metropole") if r["metropole"] != r["metropole"].upper()] == []


def test_synonyms_lead_to_skills_and_are_none_themselves() -> None:
    skills = {row["match_key"] for row in seed("skill")}
    synonyms = {row["synonym"]: row["match_key"] for row in seed("skill_synonym")}
    assert set(synonyms.values()) <= skills
    assert synonyms.keys() & skills == set()
    assert [s for s in [*skills, *synonyms] if s != " ".join(s.lower().split())] == []
    for row in seed("skill"):
        assert row["match_key"] == row["skill_canonical_name"].lower()


def test_the_snowflake_of_skills_hangs_together() -> None:
    categories = {r["skill_category_key"]: r for r in seed("skill_category")}
    families = {r["skill_family_key"]: r for r in seed("skill_family")}
    types = {r["skill_type_key"]: r["skill_type_name"] for r in seed("skill_type")}
    used = {r["skill_category_key"] for r in [*seed("skill"), *seed("skill_keyword")]}
    assert used - categories.keys() <= {"-1"}
    for category in categories.values():
        family = families[category["skill_family_key"]]
        assert family["skill_type_key"] == category["skill_type_key"]
        assert types[category["skill_type_key"]] == category["skill_type"] == family["skill_type"]


def test_metropoles_lie_in_known_states_and_countries() -> None:
    countries = {row["country_code"] for row in seed("country")}
    states = {(row["country_code"], row["state_province"]) for row in seed("state")}
    with_states = {"US", "CA", "IN", "AU", "DE", "FR", "IT", "ES", "PL", "GB"}
    for row in seed("metropole"):
        assert row["country_code"] in countries, row
        if row["country_code"] in with_states and row["state_province"]:
            own = (row["country_code"], row["state_province"])
            # States named like their city are left out of seed_state.
            assert own in states or row["state_province"].upper() == row["metropole"], row


def test_exchange_rates_are_positive_and_dated() -> None:
    rates = {row["currency_code"]: row for row in seed("fx_rates_usd")}
    assert float(rates["USD"]["rate_to_usd"]) == 1
    assert all(float(row["rate_to_usd"]) > 0 for row in rates.values())
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", row["as_of_date"]) for row in rates.values())
