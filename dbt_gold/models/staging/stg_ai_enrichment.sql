{#- Kept over builds, also over full refreshes: Silver-AI is overwritten, so that a good enrichment
    may survive here alone. -#}
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='job_posting_key',
    on_schema_change='fail',
    full_refresh=false,
    dist='job_posting_key',
) }}

{% if is_incremental() %}
with found as (
  {{ best_enrichments(prune=true) }}
)

select found.*
from found
left join {{ this }} as kept on kept.job_posting_key = found.job_posting_key
where kept.job_posting_key is null or {{ is_not_worse('found', 'kept') }}
{% else %}
{{ best_enrichments() }}
{% endif %}
