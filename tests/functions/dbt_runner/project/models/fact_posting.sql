select
    job_posting_id,
    '{{ var("run_id") }}' as run_id,
    '{{ var("changed_partitions") | join(" ") }}' as changed
    {{ env_var('SMALL_FACT_COLUMN', '') }}
from {{ ref('stg_posting') }}
