{#- What feeds the 14 dimensions behind bridges. columns: lists of stg_ai_enrichment. match: how a
    value is normalised before it is looked up (code, text or place). keywords: values are free
    text, found by the words of seed_member_keyword. other: key for what is not found (without
    it, an unknown value becomes a member of its own). -#}
{% macro member_source(dimension) -%}
  {{ return({
    'dim_certification': {
      'columns': ['ext_certifications_mentioned'], 'key': 'cert_key', 'name': 'cert_name',
      'match': 'text', 'keywords': true},
    'dim_ml_tool': {
      'columns': ['anl_ml_tools_expected'], 'key': 'ml_tool_key', 'name': 'tool_name',
      'match': 'text'},
    'dim_benefit': {
      'columns': ['ext_benefits_mentioned'], 'key': 'benefit_key', 'name': 'benefit_name',
      'match': 'text', 'keywords': true, 'other': 15},
    'dim_career_track': {
      'columns': ['inf_career_tracks_available'], 'key': 'career_track_key', 'name': 'track_name',
      'match': 'code'},
    'dim_country': {
      'columns': ['ext_allowed_countries', 'ext_excluded_countries'], 'key': 'country_key',
      'name': 'country_code', 'match': 'place'},
    'dim_us_state': {
      'columns': ['ext_us_state_restrictions'], 'key': 'state_key', 'name': 'state_code',
      'match': 'place'},
    'dim_maturity_signal': {
      'columns': ['anl_maturity_signals'], 'key': 'maturity_signal_key', 'name': 'signal_name',
      'match': 'code'},
    'dim_dev_practice': {
      'columns': ['anl_dev_practices_mentioned'], 'key': 'dev_practice_key',
      'name': 'practice_name', 'match': 'code'},
    'dim_culture_signal': {
      'columns': ['anl_tech_culture_signals'], 'key': 'culture_signal_key', 'name': 'signal_name',
      'match': 'code'},
    'dim_strength_category': {
      'columns': ['anl_strengths'], 'key': 'strength_key', 'name': 'category_name',
      'match': 'code'},
    'dim_concern_category': {
      'columns': ['anl_concerns'], 'key': 'concern_key', 'name': 'category_name',
      'match': 'code'},
    'dim_best_fit_category': {
      'columns': ['anl_best_fit_for'], 'key': 'best_fit_key', 'name': 'category_name',
      'match': 'code'},
    'dim_probe_category': {
      'columns': ['anl_red_flags_to_probe'], 'key': 'probe_key', 'name': 'category_name',
      'match': 'code'},
    'dim_leverage_category': {
      'columns': ['anl_negotiation_leverage'], 'key': 'leverage_key', 'name': 'category_name',
      'match': 'code'},
  }[dimension]) }}
{%- endmacro %}

{#- code: `Data Mesh-patterns` -> data_mesh_patterns; text: one blank, small letters; place: capitals. -#}
{% macro member_key(value, match='code') -%}
  {%- set squeezed = "trim(" ~ regexp_replace_all(value, ' +', ' ') ~ ")" -%}
  {%- if match == 'code' -%}lower(replace(replace({{ squeezed }}, '-', '_'), ' ', '_'))
  {%- elif match == 'text' -%}lower({{ squeezed }})
  {%- else -%}upper({{ squeezed }})
  {%- endif -%}
{%- endmacro %}

{#- Every value of the dimension's lists: job_posting_id, source_system, source_column, member
    (normalised), confidence (NULL for lists without one). -#}
{% macro array_members(dimension, enriched='') -%}
  {%- set source = member_source(dimension) -%}
  {%- for column in source.columns %}
    {%- set confidence = column ~ '_confidence' if has_confidence(column) else 'cast(null as double precision)' %}
    select
      s.job_posting_id, s.source_system, '{{ column }}' as source_column, s.confidence,
      {{ cut_text(member_key(unnest_value('item'), source.match)) }} as member
    from (
      select
        job_posting_id, source_system, {{ confidence }} as confidence,
        {{ json_array(column ~ '_json') }} as items
      from {{ enriched or ref('stg_ai_enrichment') }}
      where {{ column }}_json is not null
    ) as s {{ unnest_join('s.items', 'item') }}
    {{ 'union all' if not loop.last }}
  {%- endfor %}
{%- endmacro %}

{#- Pass 1 lists and the five lists of the summary carry no confidence. -#}
{% macro has_confidence(column) -%}
  {{ return(column in [
    'inf_career_tracks_available', 'anl_maturity_signals', 'anl_dev_practices_mentioned',
    'anl_tech_culture_signals', 'anl_ml_tools_expected',
  ]) }}
{%- endmacro %}

{#- Each distinct value of the lists with the key of its member; values that are no member at all
    (seed_member_alias with an empty key) are left out. Reads the relation `mentions`. -#}
{% macro matched_members(dimension, mentions) -%}
  {%- set source = member_source(dimension) -%}
  {%- set seed = ref('seed_' ~ dimension[4:]) -%}
  select
    m.member,
    case
      when alias.alias is not null then alias.key
      else coalesce(listed.{{ source.key }}, {% if source.keywords %}keyword.key, {% endif %}{{ source.other or hash_key(['m.member']) }})
    end as member_key
  from (
    select distinct member from {{ mentions }} where member is not null and member not in ('', 'not_mentioned', 'NOT_MENTIONED')
  ) as m
  left join {{ seed }} as listed on {{ member_key('listed.' ~ source.name, source.match) }} = m.member
  left join {{ ref('seed_member_alias') }} as alias on alias.dimension = '{{ dimension }}' and alias.alias = m.member
  {%- if source.keywords %}
  left join ({{ keyword_matches(dimension, mentions) }}) as keyword on keyword.member = m.member
  {%- endif %}
  where alias.alias is null or alias.key is not null
{%- endmacro %}

{#- The first keyword of each value, in the order of the seed. -#}
{% macro keyword_matches(dimension, mentions) -%}
  select member, key from (
    select m.member, k.key, row_number() over (partition by m.member order by k.priority, k.keyword) as place
    from (select distinct member from {{ mentions }}) as m
    inner join {{ ref('seed_member_keyword') }} as k
      on k.dimension = '{{ dimension }}' and m.member like '%' || k.keyword || '%'
  ) as ranked
  where place = 1
{%- endmacro %}

{#- The rows of a bridge before they meet the fact: one per posting, list and member. enriched: the
    relation to read instead of all of stg_ai_enrichment. -#}
{% macro member_links(dimension, enriched='') -%}
with mentions as (
  {{ array_members(dimension, enriched) }}
),
matched as (
  {{ matched_members(dimension, 'mentions') }}
)
select
  mentions.job_posting_id, mentions.source_system, mentions.source_column, matched.member_key,
  cast(max(mentions.confidence) as decimal(3,2)) as confidence_score
from mentions
inner join matched on matched.member = mentions.member
group by 1, 2, 3, 4
{%- endmacro %}

{#- Listed members, values found in Silver beside them (name = normalised value, other attributes
    NULL) and the member -1. columns as in static_dimension. -#}
{% macro seeded_dimension(dimension, columns, unknown_name=columns[1]) %}
{%- set source = member_source(dimension) -%}
with mentions as (
  {{ array_members(dimension) }}
),
matched as (
  {{ matched_members(dimension, 'mentions') }}
)
select cast({{ columns[0] }} as bigint) as {{ columns[0] }}, {{ columns[1:] | join(', ') }}
from {{ ref('seed_' ~ dimension[4:]) }}
{%- if not source.other %}
union all
select
  matched.member_key
  {%- for column in columns[1:] %}, {{ 'matched.member' if column == source.name else 'null' }}{% endfor %}
from matched
left join {{ ref('seed_' ~ dimension[4:]) }} as listed on listed.{{ source.key }} = matched.member_key
where listed.{{ source.key }} is null
{%- endif %}
union all
select {{ unknown_member(columns, unknown_name) }}
{%- endmacro %}
