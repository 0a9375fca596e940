"""The four marts, computed from the aggregation tables alone.

Periods end with the newest period that the tables have, so that old data still shows something.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb

SKILLS = COMPANIES = 10
WEEKS = 13
HOURS_A_DAY = 24

Row = dict[str, Any]


@dataclass(frozen=True)
class Mart:
    """rows in the order of interest; `about` says which period they cover and how they count."""

    name: str
    title: str
    about: str
    rows: list[Row]


def marts(connection: duckdb.DuckDBPyConnection) -> list[Mart]:
    """All four, in the order in which they are shown."""
    return [
        wanted_skills(connection),
        salaries(connection),
        best_hours(connection),
        hiring_companies(connection),
    ]


def wanted_skills(connection: duckdb.DuckDBPyConnection) -> Mart:
    """The ten skills that most postings of a quarter name; ties go to the one required more often.

    Rows: skill, family, postings, required, wished.
    """
    newest = _newest(connection, "week_key", "agg_skills_demand")
    rows = _rows(
        connection,
        """
        select
          skill_name as skill,
          max(skill_family) as family,
          cast(sum(job_count) as integer) as postings,
          cast(sum(required_count) as integer) as required,
          cast(sum(nice_to_have_count) as integer) as wished
        from gold.agg_skills_demand
        where week_key > ?
        group by skill_key, skill_name
        order by postings desc, required desc, skill
        limit ?
        """,
        [_weeks_before(newest, WEEKS) if newest else 0, SKILLS],
    )
    return Mart(
        "wanted_skills",
        "Most wanted skills",
        f"postings that name the skill, {WEEKS} weeks to week {_week(newest)}",
        rows,
    )


def salaries(connection: duckdb.DuckDBPyConnection) -> Mart:
    """Yearly salaries per level over twelve months, lowest level first.

    The mean is that of all postings. Medians of groups do not add up to that of a level, so each
    posting stands for the median of its group (family, country, work model, month): low, median
    and high are the quartiles of these.
    Rows: seniority, postings, low, median, high, mean (US dollars).
    """
    newest = _newest(connection, "month_key", "agg_salary_benchmarks")
    rows = _rows(
        connection,
        """
        with placed as (
          select
            seniority_key, sample_size, salary_p50, salary_avg,
            sum(sample_size) over (partition by seniority_key order by salary_p50)
              / sum(sample_size) over (partition by seniority_key) as reached
          from gold.agg_salary_benchmarks
          where month_key > ? - 100
        )
        select
          s.seniority_level as seniority,
          cast(sum(p.sample_size) as integer) as postings,
          cast(round(min(case when p.reached >= 0.25 then p.salary_p50 end)) as integer) as low,
          cast(round(min(case when p.reached >= 0.5 then p.salary_p50 end)) as integer) as median,
          cast(round(min(case when p.reached >= 0.75 then p.salary_p50 end)) as integer) as high,
          cast(round(sum(p.sample_size * p.salary_avg) / sum(p.sample_size)) as integer) as mean
        from placed as p
        inner join gold.dim_seniority as s on s.seniority_key = p.seniority_key
        group by s.seniority_level, s.seniority_order
        order by s.seniority_order nulls last
        """,
        [newest or 0],
    )
    return Mart(
        "salary_by_seniority",
        "Salary by seniority",
        f"USD a year, 12 months to {_month(newest)}; low to high: quartiles over group medians",
        rows,
    )


def best_hours(connection: duckdb.DuckDBPyConnection) -> Mart:
    """Every hour of the day, the best one to apply first: the slots' scores by their postings.

    Rows: hour (UTC), time_of_day, postings, applicants (mean), score (0 to 1).
    """
    rows = _rows(
        connection,
        """
        select
          hour_24 as hour,
          max(time_of_day) as time_of_day,
          cast(sum(job_count) as integer) as postings,
          round(sum(job_count * avg_applicants) / sum(job_count), 1) as applicants,
          round(sum(job_count * recommendation_score) / sum(job_count), 3) as score
        from gold.agg_posting_time_analysis
        where recommendation_score is not null
        group by hour_24
        order by score desc, hour
        """,
        [],
    )
    return Mart(
        "best_hour_to_apply",
        "Best hour to apply",
        "hour of publication, UTC; 1 is best: little competition, many postings",
        rows,
    )


def hiring_companies(connection: duckdb.DuckDBPyConnection) -> Mart:
    """The ten companies with most new postings in the newest month.

    Rows: company, industry, new, open, remote_pct, salary (mean, US dollars).
    """
    newest = _newest(connection, "month_key", "agg_company_hiring")
    rows = _rows(
        connection,
        """
        select
          company_name as company,
          industry_primary as industry,
          new_job_postings as new,
          active_job_postings as open,
          cast(pct_remote as double) as remote_pct,
          cast(round(avg_salary_usd) as integer) as salary
        from gold.agg_company_hiring
        where month_key = ?
        order by hiring_velocity_rank, active_job_postings desc, company_name
        limit ?
        """,
        [newest or 0, COMPANIES],
    )
    return Mart("companies_hiring", "Companies hiring", f"new postings in {_month(newest)}", rows)


def _rows(connection: duckdb.DuckDBPyConnection, query: str, values: list[Any]) -> list[Row]:
    found = connection.execute(query, values)
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _newest(connection: duckdb.DuckDBPyConnection, key: str, table: str) -> int | None:
    found = connection.execute(f"select max({key}) from gold.{table}").fetchone()
    return found[0] if found else None


def _weeks_before(week_key: int, weeks: int) -> int:
    """The ISO week (YYYYWW) that many weeks earlier."""
    monday = date.fromisocalendar(week_key // 100, week_key % 100, 1) - timedelta(weeks=weeks)
    year, week, _ = monday.isocalendar()
    return year * 100 + week


def _week(key: int | None) -> str:
    return f"{key // 100}-W{key % 100:02}" if key else "-"


def _month(key: int | None) -> str:
    return f"{key // 100}-{key % 100:02}" if key else "-"
