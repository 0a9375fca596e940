{#- Surrogate keys: the first 60 bits of an MD5, so they are positive, equal on both engines and
    far from -1 and from the small keys of listed members.

    parts: SQL expressions of the natural key. Pass text, numbers and dates only: Redshift refuses
    to cast a boolean to text, and timestamps print differently (write bool_text, iso dates). -#}
{% macro hash_key(parts) -%}
  {%- set texts = [] -%}
  {%- for part in parts -%}
    {%- do texts.append("coalesce(cast(" ~ part ~ " as varchar(65535)), '~')") -%}
  {%- endfor -%}
  {{ return(md5_bigint(texts | join(" || '|' || "))) }}
{%- endmacro %}

{% macro md5_bigint(text) %}{{ return(adapter.dispatch('md5_bigint', 'gold_layer')(text)) }}{% endmacro %}

{% macro default__md5_bigint(text) -%}
  cast('0x' || substring(md5({{ text }}), 1, 15) as bigint)
{%- endmacro %}

{% macro redshift__md5_bigint(text) -%}
  strtol(substring(md5({{ text }}), 1, 15), 16)
{%- endmacro %}
