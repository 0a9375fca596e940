"""The checks of compiled SQL find what Redshift would refuse, and leave alone what it takes."""

from __future__ import annotations

import pytest

from tests.dbt_gold.redshift.dialect import findings
from tests.dbt_gold.redshift.rewrite import to_postgres

WRONG = {
    "select strftime(posted_at, '%Y') from t": "function strftime()",
    "select initcap(name) from t": "function initcap()",
    "select string_agg(name, ',') from t": "function string_agg()",
    "select list_transform(a, x -> x + 1) from t": "a lambda",
    "select count(*) filter (where open) from t": "FILTER on an aggregate",
    "select cast(a = 1 as varchar) from t": "a boolean cast to text",
    "select distinct on (a) a from t": "DISTINCT ON",
    "select a from t qualify row_number() over (order by a) = 1": "QUALIFY",
    "select a from (values (1)) v(a)": "VALUES as a table",
    "select body ->> 'a' from t": "the operator ->>",
    "select a from t, lateral (select b from u where u.a = t.a) x": "LATERAL",
    "select * from a left join b on b.x in (select y from c)": "a subquery in a join's condition",
    "select a from t semi join u on t.a = u.a": "SEMI JOIN",
    "select unnest(items) from t": "function unnest()",
    "select listagg(a, ',') within group (order by a), listagg(a, ',') within group (order by b) "
    "from t": "WITHIN GROUP with two orders",
    "select from where": "not parsed",
}
RIGHT = [
    "with ranked as (select a, row_number() over (partition by b order by c desc) as n from t) "
    "select a from ranked where n = 1",
    "select s.id, cast(item as varchar(65535)) from (select id, json_parse(x) as items from t) s "
    ", /*unnest*/ s.items as item",
    "select percentile_cont(0.5) within group (order by a), listagg(a, ',') "
    "within group (order by a) from t group by b",
    "select cast(a as decimal(12,2)), left(b, 2), extract(year from c), b in ('x', 'y') from t",
    "select dateadd(day, 1, a), datediff(hour, a, b), strtol(substring(md5(c), 1, 15), 16) from t",
]


@pytest.mark.parametrize(("sql", "finding"), WRONG.items(), ids=WRONG.values())
def test_what_redshift_refuses_is_found(sql: str, finding: str) -> None:
    assert any(found.startswith(finding) for found in findings(sql)), findings(sql)


@pytest.mark.parametrize("sql", RIGHT, ids=range(len(RIGHT)))
def test_what_redshift_takes_is_left_alone(sql: str) -> None:
    assert findings(sql) == []


@pytest.mark.parametrize(
    ("redshift", "postgres"),
    [
        ("create view a as select 1 with no schema binding", "create view a as select 1 "),
        ("select dateadd(day, 1, a)", "select dateadd('day', 1, a)"),
        ("cast(a as varchar)", "cast(a as varchar(256))"),
        ("cast(a as varchar(65535))", "cast(a as varchar(65535))"),
        (
            "listagg(a, ',') within group (order by b)",
            "string_agg((a)::text, ',' order by b)",
        ),
    ],
)
def test_statements_are_spelled_as_postgresql_takes_them(redshift: str, postgres: str) -> None:
    assert to_postgres(redshift) == postgres
