-- A company has one current version, and its versions do not overlap.
with versions as (
  select
    company_id,
    company_key,
    effective_start_date,
    effective_end_date,
    is_current,
    lead(effective_start_date) over (
      partition by company_id order by effective_start_date
    ) as next_start_date
  from {{ ref('dim_company') }}
  where company_key <> -1
)

select company_id, 'current versions' as fault
from versions
group by company_id
having sum(case when is_current then 1 else 0 end) <> 1
union all
select company_id, 'overlap' as fault
from versions
where next_start_date is not null
  and (effective_end_date is null or effective_end_date >= next_start_date)
