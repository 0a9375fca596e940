-- Redshift's system views and functions that dbt-redshift or our models call, for PostgreSQL 15.
-- Run once per database by a superuser.
create schema shim;
create domain shim.super as jsonb;

create function shim.pg_get_late_binding_view_cols() returns setof record language sql as
  $$ select null::name, null::name, null::name, null::varchar, null::int where false $$;

set allow_system_table_mods = on;
create view pg_catalog.svv_external_columns as
  select null::varchar as schemaname, null::varchar as tablename, null::varchar as columnname,
         null::varchar as external_type, null::int as columnnum where false;
create view pg_catalog.svv_table_info as
  select current_database()::varchar as database, n.nspname::varchar as schema, c.oid as table_id,
         c.relname::varchar as "table", 'N'::varchar as encoded, 'AUTO(ALL)'::varchar as diststyle,
         null::varchar as sortkey1, 0 as max_varchar, null::varchar as sortkey1_enc,
         0 as sortkey_num, 1::bigint as size, 0.0::numeric(10,4) as pct_used,
         0::numeric(5,2) as unsorted, 0::numeric(5,2) as stats_off,
         greatest(c.reltuples, 0)::numeric(38,0) as tbl_rows, null::numeric(19,2) as skew_sortkey1,
         null::numeric(19,2) as skew_rows
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind = 'r' and n.nspname !~ '^pg_|information_schema';
create view pg_catalog.svv_redshift_columns as
  select table_catalog::varchar as database_name, table_schema::varchar as schema_name,
         table_name::varchar, column_name::varchar, ordinal_position::int, data_type::varchar,
         null::varchar as remarks
  from information_schema.columns;
grant select on pg_catalog.svv_external_columns, pg_catalog.svv_table_info,
  pg_catalog.svv_redshift_columns to public;

create function shim.getdate() returns timestamp language sql stable as
  $$ select localtimestamp(0) $$;
create function shim.nvl(anyelement, anyelement) returns anyelement language sql immutable as
  $$ select coalesce($1, $2) $$;
create function shim.len(text) returns int language sql immutable as $$ select length($1) $$;

create function shim.strtol(text, int) returns bigint language sql immutable strict as
  $$ select case when $2 = 16 then ('x' || lpad($1, 16, '0'))::bit(64)::bigint end $$;

create function shim.json_parse(text) returns jsonb language sql immutable as
  $$ select $1::jsonb $$;
create function shim.is_json(text) returns boolean language plpgsql immutable strict as
  $$ begin perform $1::jsonb; return true; exception when others then return false; end $$;
create function shim.json_extract_path_text(varchar, varchar, boolean) returns varchar
  language sql immutable as
  $$ select case when not $3 or shim.is_json($1) then coalesce(($1::jsonb ->> $2)::varchar, '') end $$;
create function shim.json_array_length(varchar, boolean) returns int language sql immutable as
  $$ select case when shim.is_json($1) and jsonb_typeof($1::jsonb) = 'array'
     then jsonb_array_length($1::jsonb) end $$;
create function shim.is_valid_json_array(varchar) returns boolean language sql immutable as
  $$ select coalesce(shim.is_json($1) and jsonb_typeof($1::jsonb) = 'array', false) $$;

-- Redshift replaces every match, and a search without a match gives '' rather than NULL.
create function shim.regexp_replace(text, text, text) returns text language sql immutable as
  $$ select pg_catalog.regexp_replace($1, $2, $3, 'g') $$;
create function shim.regexp_substr(text, text) returns text language sql immutable strict as
  $$ select coalesce(pg_catalog.regexp_substr($1, $2), '') $$;

create function shim.dateadd(text, numeric, timestamp) returns timestamp language sql immutable as
  $$ select $3 + ($2::text || ' ' || case lower($1) when 'quarter' then 'months' else $1 end)::interval
     * case lower($1) when 'quarter' then 3 else 1 end $$;
create function shim.datediff(text, timestamp, timestamp) returns bigint language sql immutable as
  $$ select case lower($1)
       when 'year' then extract(year from $3) - extract(year from $2)
       when 'quarter' then (extract(year from $3) - extract(year from $2)) * 4
         + extract(quarter from $3) - extract(quarter from $2)
       when 'month' then (extract(year from $3) - extract(year from $2)) * 12
         + extract(month from $3) - extract(month from $2)
       when 'week' then (date_trunc('week', $3)::date - date_trunc('week', $2)::date) / 7
       when 'day' then $3::date - $2::date
       when 'hour' then extract(epoch from date_trunc('hour', $3) - date_trunc('hour', $2)) / 3600
       when 'minute' then extract(epoch from date_trunc('minute', $3) - date_trunc('minute', $2)) / 60
       else extract(epoch from date_trunc('second', $3) - date_trunc('second', $2))
     end::bigint $$;
create function shim.last_day(timestamp) returns date language sql immutable as
  $$ select (date_trunc('month', $1) + interval '1 month - 1 day')::date $$;

alter database analytics set search_path = "$user", public, shim, pg_catalog;
alter database analytics set timezone = 'UTC';
