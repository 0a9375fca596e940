"""Writes the seeds of countries, states and their other names.

Country codes, names and states come from pycountry (ISO 3166), main time zones from pytz
(the IANA table); regions follow from the zones. What a posting writes differently stands in
`geography_names.py`.

    python -m dbt_gold.tools.geography
"""

import unicodedata
from typing import Any

import pycountry
import pytz  # type: ignore[import-untyped]

from dbt_gold.tools.geography_names import (
    CITY_STATES,
    COUNTRY_ALIASES,
    COUNTRY_NAMES,
    MAIN_ZONES,
    REGIONS,
    STATE_CODES,
    STATE_COUNTRIES,
    STATE_NAMES,
    STATE_ZONES,
    ZONE_REGIONS,
)
from dbt_gold.tools.tables import SEEDS, csv_text, read_rows


def main_zone(code: str) -> str | None:
    """The IANA zone of a country's largest part; None for uninhabited places without one."""
    zones: list[str | None] = pytz.country_timezones.get(code, [None])
    return MAIN_ZONES.get(code, zones[0])


def region(code: str) -> str | None:
    """North America, Europe, APAC, LATAM or MEA; None for Antarctica and its islands."""
    for name, codes in REGIONS.items():
        if code in codes:
            return name
    zone = main_zone(code)
    return ZONE_REGIONS.get(zone.split("/")[0]) if zone else None


def country_name(country: Any) -> str:
    return str(COUNTRY_NAMES.get(country.alpha_2) or getattr(country, "common_name", country.name))


def countries() -> str:
    rows = [
        [int(c.numeric), c.alpha_2, country_name(c), region(c.alpha_2), main_zone(c.alpha_2)]
        for c in sorted(pycountry.countries, key=lambda c: str(c.alpha_2))
    ]
    header = ["country_key", "country_code", "country_name", "region", "timezone_primary"]
    return csv_text(header, rows)


def country_aliases() -> str:
    """Every name of a country in capitals, so that a place is found whatever its case."""
    rows: dict[str, list[str | int]] = {}
    for country in pycountry.countries:
        names = [country_name(country), country.name, country.alpha_2, country.alpha_3]
        names += [getattr(country, "official_name", country.name)]
        names += COUNTRY_ALIASES.get(country.alpha_2, [])
        for name in names:
            rows[str(name).upper()] = [country.alpha_2, int(country.numeric)]
    return csv_text(
        ["alias", "country_code", "country_key"], [[alias, *rows[alias]] for alias in sorted(rows)]
    )


def plain(name: str) -> str:
    """A name without the macrons of a transliteration, which postings leave out."""
    decomposed = unicodedata.normalize("NFD", name)
    return unicodedata.normalize("NFC", decomposed.replace("\u0304", ""))


def states_of(country: str) -> list[Any]:
    found: Any = pycountry.subdivisions
    return list(found.get(country_code=country))


def state_rows() -> list[list[str]]:
    """alias, kind, country, state, state code (US only, else ''), zone; one row per alias."""
    rows = []
    us_names = {s["state_code"]: s["state_name"] for s in read_rows(SEEDS / "seed_us_state.csv")}
    for code, name in us_names.items():
        zone = STATE_ZONES["US"][code]
        rows += [[name.upper(), "name", "US", name, code, zone]]
        rows += [[code, "code", "US", name, code, zone]]
    for country in STATE_COUNTRIES:
        for state in states_of(country):
            if state.parent_code or (country, state.name) in CITY_STATES:
                continue
            name = STATE_NAMES.get((country, state.name), plain(state.name))
            short = state.code.split("-")[1]
            zone = STATE_ZONES.get(country, {}).get(short) or main_zone(country) or ""
            for alias in sorted({name.upper(), state.name.upper(), plain(state.name).upper()}):
                rows.append([alias, "name", country, name, "", zone])
            if country in STATE_CODES:
                rows.append([short, "code", country, name, "", zone])
    return rows


def states() -> str:
    header = ["alias", "alias_kind", "country_code", "state_province", "state_code"]
    header += ["timezone_primary"]
    return csv_text(header, sorted(state_rows(), key=lambda row: (row[0], row[1])))


GENERATED = {
    "seed_country.csv": countries,
    "seed_country_alias.csv": country_aliases,
    "seed_state.csv": states,
}


def main() -> None:
    for name, text in GENERATED.items():
        (SEEDS / name).write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
