{#- Pay of postings in USD: salary per year, rates per hour and per day.

    staged: relation of staged postings; enriched: relation of stg_ai_enrichment.
    One row per posting. Salary comes from the platform, else from the text, else from an hourly
    rate in the text. An amount without a known currency or period is NULL. -#}
{% macro pay_in_usd(staged, enriched) -%}
select
  job_posting_key,
  {%- for pay, precision in [('salary', 12), ('hourly_rate', 8), ('daily_rate', 10)] %}
  {{ rounded_decimal(pay ~ '_low', precision, 2) }} as {{ pay }}_min_usd,
  {{ rounded_decimal(pay ~ '_high', precision, 2) }} as {{ pay }}_max_usd{{ ',' if not loop.last }}
  {%- endfor %}
from (
  select
    job_posting_key,
    {%- for pay in ['salary', 'hourly_rate', 'daily_rate'] %}
    {{ ordered(pay ~ '_min', pay ~ '_max', '<') }} as {{ pay }}_low,
    {{ ordered(pay ~ '_max', pay ~ '_min', '>') }} as {{ pay }}_high{{ ',' if not loop.last }}
    {%- endfor %}
  from ({{ converted_pay(staged, enriched) }}) as converted
) as bounds
{%- endmacro %}

{#- The first of two bounds, swapped where they stand the wrong way round; a missing one stays so. -#}
{% macro ordered(bound, other, comparison) -%}
  case when {{ other }} {{ comparison }} {{ bound }} then {{ other }} else {{ bound }} end
{%- endmacro %}

{#- Amounts in USD, salaries per year. -#}
{% macro converted_pay(staged, enriched) -%}
  select
    pay.job_posting_key,
    pay.salary_min * salary_fx.rate * pay.per_year as salary_min,
    pay.salary_max * salary_fx.rate * pay.per_year as salary_max,
    pay.hourly_min * hourly_fx.rate as hourly_rate_min,
    pay.hourly_max * hourly_fx.rate as hourly_rate_max,
    pay.daily_min * daily_fx.rate as daily_rate_min,
    pay.daily_max * daily_fx.rate as daily_rate_max
  from (
    select
      stated.*,
      case salary_period
        when 'yearly' then 1 when 'monthly' then 12 when 'weekly' then 52 when 'daily' then 260 when 'hourly' then 2080
      end as per_year
    from ({{ stated_pay(staged, enriched) }}) as stated
  ) as pay
  {%- for pay in ['salary', 'hourly', 'daily'] %}
  left join {{ usd_rates() }} as {{ pay }}_fx on {{ pay }}_fx.currency_code = pay.{{ pay }}_currency
  {%- endfor %}
{%- endmacro %}

{#- What is stated, by source: the first that names an amount. -#}
{% macro stated_pay(staged, enriched) -%}
  select
    job_posting_key,
    case salary_source when 'platform' then platform_min when 'text' then text_min when 'rate' then rate_min end as salary_min,
    case salary_source when 'platform' then platform_max when 'text' then text_max when 'rate' then rate_max end as salary_max,
    case salary_source when 'platform' then platform_currency when 'text' then text_currency when 'rate' then rate_currency end as salary_currency,
    case salary_source when 'platform' then platform_period when 'text' then text_period when 'rate' then 'hourly' end as salary_period,
    case hourly_source when 'rate' then rate_min when 'platform' then platform_min when 'text' then text_min end as hourly_min,
    case hourly_source when 'rate' then rate_max when 'platform' then platform_max when 'text' then text_max end as hourly_max,
    case hourly_source when 'rate' then rate_currency when 'platform' then platform_currency when 'text' then text_currency end as hourly_currency,
    daily_min,
    daily_max,
    daily_currency
  from (
    select
      amounts.*,
      case
        when coalesce(platform_min, platform_max) is not null then 'platform'
        when coalesce(text_min, text_max) is not null then 'text'
        when coalesce(rate_min, rate_max) is not null then 'rate'
      end as salary_source,
      case
        when coalesce(rate_min, rate_max) is not null then 'rate'
        when platform_period = 'hourly' and coalesce(platform_min, platform_max) is not null then 'platform'
        when text_period = 'hourly' and coalesce(text_min, text_max) is not null then 'text'
      end as hourly_source
    from (
      select
        p.job_posting_key,
        p.salary_min as platform_min,
        p.salary_max as platform_max,
        p.currency_code as platform_currency,
        p.period as platform_period,
        {{ in_full('a.ext_salary_min') }} as text_min,
        {{ in_full('a.ext_salary_max') }} as text_max,
        {{ currency_code('a.ext_salary_currency') }} as text_currency,
        {{ pay_period('a.ext_salary_period') }} as text_period,
        a.ext_hourly_rate_min as rate_min,
        a.ext_hourly_rate_max as rate_max,
        {{ currency_code('a.ext_hourly_rate_currency') }} as rate_currency,
        a.ext_daily_rate_min as daily_min,
        a.ext_daily_rate_max as daily_max,
        {{ currency_code('a.ext_daily_rate_currency') }} as daily_currency
      from {{ staged }} as p
      left join {{ enriched }} as a on a.job_posting_key = p.job_posting_key
    ) as amounts
  ) as chosen
{%- endmacro %}

{#- A yearly amount of the text below 1,000 is in thousands ("80-110k"). -#}
{% macro in_full(amount) -%}
  case when {{ pay_period('a.ext_salary_period') }} = 'yearly' and {{ amount }} < 1000 then {{ amount }} * 1000 else {{ amount }} end
{%- endmacro %}

{#- The rates of seed_fx_rates_usd as doubles, so that both engines multiply alike. -#}
{% macro usd_rates() -%}
  (select currency_code, cast(rate_to_usd as double precision) as rate from {{ ref('seed_fx_rates_usd') }})
{%- endmacro %}
