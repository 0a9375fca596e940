with snapshots as (
  select
    {{ clean('company_id') }} as company_id,
    cast(snapshot_date as date) as snapshot_date,
    {{ clean('name') }} as company_name,
    {{ clean('website_domain') }} as website_domain,
    {{ part('headquarters', ',', 1) }} as headquarters_city,
    {{ part('country_code', ',', 1) }} as headquarters_country,
    {{ clean('industries') }} as industry_primary,
    {{ clean('organization_type') }} as organization_type,
    {{ clean('company_size') }} as company_size,
    founded_year,
    followers,
    employees_on_linkedin,
    {{ clean('funding_last_round_type') }} as funding_round,
    has_funding_info,
    row_number() over (
      partition by company_id, snapshot_date
      order by processed_at desc nulls last, scraped_at desc nulls last, name, followers, employees_on_linkedin
    ) as snapshot_rank
  from {{ source('silver', 'linkedin_companies') }}
)

select
  company_id,
  snapshot_date,
  company_name,
  website_domain,
  headquarters_city,
  headquarters_country,
  industry_primary,
  case
    when organization_type = 'Public Company' then 'Public'
    when organization_type in ('Privately Held', 'Partnership', 'Self-Owned', 'Self-Employed') then 'Private'
    when organization_type = 'Government Agency' then 'Government'
    else organization_type
  end as organization_type,
  case
    when company_size in ('1 employee', '2-10 employees', '11-50 employees') then 'Startup'
    when company_size in ('51-200 employees', '201-500 employees') then 'SMB'
    when company_size in ('501-1,000 employees', '1,001-5,000 employees') then 'Mid-Market'
    when company_size in ('5,001-10,000 employees', '10,001+ employees') then 'Enterprise'
  end as company_size_bucket,
  case company_size
    when '1 employee' then 1 when '2-10 employees' then 2 when '11-50 employees' then 11
    when '51-200 employees' then 51 when '201-500 employees' then 201
    when '501-1,000 employees' then 501 when '1,001-5,000 employees' then 1001
    when '5,001-10,000 employees' then 5001 when '10,001+ employees' then 10001
  end as company_size_min,
  case company_size
    when '1 employee' then 1 when '2-10 employees' then 10 when '11-50 employees' then 50
    when '51-200 employees' then 200 when '201-500 employees' then 500
    when '501-1,000 employees' then 1000 when '1,001-5,000 employees' then 5000
    when '5,001-10,000 employees' then 10000
  end as company_size_max,
  cast(founded_year as integer) as founded_year,
  cast(followers as bigint) as linkedin_followers,
  cast(employees_on_linkedin as integer) as linkedin_employees,
  case
    when funding_round in ('Pre seed', 'Seed', 'Angel') then 'Seed'
    when funding_round in ('Post IPO debt', 'Post IPO equity', 'Post IPO secondary') then 'Public'
    else funding_round
  end as funding_stage,
  has_funding_info
from snapshots
where snapshot_rank = 1 and company_id is not null
