select nullif(word, '{{ env_var("SMALL_LOST_WORD", "") }}') as word from {{ ref('seed_word') }}
union all
select 'three' where '{{ env_var("SMALL_NEW_WORD", "") }}' = 'three'
