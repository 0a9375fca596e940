{#- Normalises titles: brackets and requisition ids go, abbreviations are written out
    (seed_title_word), words are put in title case, a level I, II or III becomes a word in front.

    relation: anything with a column job_title. One row per distinct title, with
    job_title_normalized and title_words (small letters, one blank around each word). Titles are
    cut into words by counting, which both engines can; words beyond the thirtieth are left out. -#}
{% macro normalized_titles(relation) -%}
select
  job_title,
  coalesce(
    {{ squeeze(regexp_replace_all("replace(replace(replace(leveled.title, ' ~/ ', '/'), '~/', '/'), ' ,', ',')", '^[ ,;:|/-]+|[ ,;:|/-]+$', '')) }},
    job_title
  ) as job_title_normalized,
  ' ' || {{ regexp_replace_all('lower(job_title)', '[^a-z0-9]+', ' ') }} || ' ' as title_words
from (
  select
    job_title,
    coalesce(case when max(named_level) = 0 then max(level_prefix) end, '') || {{ joined_text('word', ' ', 'n') }} as title
  from ({{ title_levels(relation) }}) as levels
  group by job_title
) as leveled
{%- endmacro %}

{#- The words that stay, spelled out; a level at the end of a part of the title is taken out. -#}
{% macro title_levels(relation) -%}
  select
    job_title,
    n,
    case when is_level then comma else word end as word,
    case when is_level then case core when 'I' then 'Junior ' when 'II' then 'Mid ' else 'Senior ' end end as level_prefix,
    case when word in ('Intern', 'Entry', 'Junior', 'Mid', 'Senior', 'Staff', 'Principal', 'Lead') then 1 else 0 end as named_level
  from (
    select
      kept.*,
      core in ('I', 'II', 'III') and n > 0
        and (comma = ',' or coalesce(lead(word) over (partition by job_title order by n), '-') in ('-', '|', '/', '~/')) as is_level
    from ({{ title_words(relation) }}) as kept
  ) as marked
{%- endmacro %}

{#- Words without requisition ids and the labels in front of them ("Req ID 12345"). -#}
{% macro title_words(relation) -%}
  select
    job_title,
    n,
    core,
    comma,
    case
      when spelling is not null then spelling
      when core = upper(core) or core = lower(core) then upper(left(core, 1)) || lower(substring(core, 2, 255))
      else upper(left(core, 1)) || substring(core, 2, 255)
    end || comma as word
  from (
    select
      known.*,
      lead(kind) over (partition by job_title order by n) as next_kind,
      lead(kind, 2) over (partition by job_title order by n) as second_kind
    from (
      select
        words.job_title,
        words.n,
        words.core,
        words.comma,
        coalesce(exact_word.spelling, any_word.spelling) as spelling,
        requisition.kind
      from ({{ raw_title_words(relation) }}) as words
      left join {{ ref('seed_title_word') }} as exact_word
        on exact_word.word = words.core and exact_word.match = 'exact'
      left join {{ ref('seed_title_word') }} as any_word
        on any_word.word = upper(words.core) and any_word.match = 'any'
      left join {{ ref('seed_title_requisition') }} as requisition
        on requisition.mask = {{ regexp_replace_all('upper(words.core)', '[0-9]+', '9') }}
        and length({{ regexp_replace_all('words.core', '[^0-9]', '') }}) >= requisition.min_digits
    ) as known
  ) as labelled
  where kind is null
    or kind = 'label'
    and coalesce(next_kind, '') <> 'id'
    and not (coalesce(next_kind, '') = 'label' and coalesce(second_kind, '') = 'id')
{%- endmacro %}

{#- Each word with its place, its text without punctuation at the end, and a comma that followed. -#}
{% macro raw_title_words(relation) -%}
  select
    job_title,
    n,
    {{ regexp_replace_all('word', '[.,;:]+$', '') }} as core,
    case when word like '%,' then ',' else '' end as comma
  from (
    select titles.job_title, numbers.n, split_part(titles.plain, ' ', cast(numbers.n + 1 as integer)) as word
    from (
      select job_title, {{ squeeze(unbracketed('job_title')) }} as plain
      from (select distinct job_title from {{ relation }} where job_title is not null) as distinct_titles
    ) as titles
    cross join ({{ number_series(30) }}) as numbers
  ) as split
  where word <> ''
{%- endmacro %}

{#- Text without bracketed parts, one within another at most; dashes are plain, a slash between two words stands alone as `~/`. -#}
{% macro unbracketed(text) -%}
  {%- set bracketed = '[(][^()]*[)]|[[][^]]*[]]|[{][^{}]*[}]' -%}
  {%- set outside = regexp_replace_all(regexp_replace_all(text, bracketed, ' '), bracketed, ' ') -%}
  replace(replace(replace(translate({{ outside }}, '–—()[]{}', '--'), ' / ', ' @@ '), '/', ' ~/ '), ' @@ ', ' / ')
{%- endmacro %}
