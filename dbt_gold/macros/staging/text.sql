{#- Text without blanks around it; '' becomes NULL. -#}
{% macro clean(text) -%}
  nullif(trim({{ text }}), '')
{%- endmacro %}

{#- Id of a posting; some writers let numbers through floats, which leaves a trailing `.0`. -#}
{% macro posting_id(text) -%}
  cast(nullif(case when trim({{ text }}) like '%.0' then left(trim({{ text }}), length(trim({{ text }})) - 2) else trim({{ text }}) end, '') as varchar(256))
{%- endmacro %}

{#- ISO 4217 code of a currency that may be written as a symbol. -#}
{% macro currency_code(text) -%}
  case upper(trim({{ text }}))
    when '$' then 'USD' when 'US$' then 'USD' when '€' then 'EUR' when '£' then 'GBP'
    when '₹' then 'INR' when 'R$' then 'BRL' when 'C$' then 'CAD' when 'CA$' then 'CAD'
    when 'A$' then 'AUD' when '¥' then 'JPY'
    else nullif(upper(trim({{ text }})), '')
  end
{%- endmacro %}

{#- yearly, monthly, weekly, daily or hourly; other words stay as they are. -#}
{% macro pay_period(text) -%}
  case lower(trim({{ text }}))
    when 'yr' then 'yearly' when 'year' then 'yearly' when 'annual' then 'yearly'
    when 'mo' then 'monthly' when 'month' then 'monthly'
    when 'wk' then 'weekly' when 'week' then 'weekly'
    when 'day' then 'daily'
    when 'hr' then 'hourly' when 'hour' then 'hourly'
    else nullif(lower(trim({{ text }})), '')
  end
{%- endmacro %}
