"""What must hold for every answer of the built-in model, whatever the posting says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from embedded_aws.model.rules import Posting, extract
from embedded_aws.model.rules.data import load
from embedded_aws.model.rules.skills import aliases

PASSES = ("pass1", "pass2", "pass3")
SKILL_LISTS = (
    "must_have_hard_skills",
    "nice_to_have_hard_skills",
    "must_have_soft_skills",
    "nice_to_have_soft_skills",
)
SOFT_SKILLS = frozenset(load("soft_skills.toml")["phrases"])
NOTHING: tuple[Any, ...] = (None, "not_mentioned", "no mention", "", False, 0)
_SCHEMAS = Path(__file__).resolve().parents[3] / "schemas"
_LEVELS = (None, "ad_hoc", "developing", "defined", "managed", "optimizing")

Answers = Mapping[str, Mapping[str, Any]]


def answers(posting: Posting) -> dict[str, Any]:
    """The three response objects, each pass seeing the inner objects of those before it."""
    first = extract("pass1", posting, {})
    second = extract("pass2", posting, {"pass1": first["extraction"]})
    earlier = {"pass1": first["extraction"], "pass2": second["inference"]}
    return {"pass1": first, "pass2": second, "pass3": extract("pass3", posting, earlier)}


def problems(posting: Posting, found: Answers) -> list[str]:
    """Sentences on what is wrong; an empty list if nothing is."""
    return [
        *_schema_problems(found),
        *_wrapper_problems(posting, found),
        *_verbatim_problems(posting, found),
        *_skill_problems(posting, found),
        *_number_problems(found),
    ]


def filled(found: Answers) -> list[str]:
    """Names of the fields that say something: base values of all passes, `summary` included."""
    names = [name for name, value in plain_fields(found) if _says(value)]
    names += [name for name, field in wrapped_fields(found) if _says(field["value"])]
    return names + [name for name, value in found["pass3"]["summary"].items() if _says(value)]


def skills(found: Answers) -> list[str]:
    classified = found["pass1"]["extraction"]["skills_classified"]
    return [name for key in SKILL_LISTS for name in classified[key]]


def plain_fields(found: Answers) -> Iterator[tuple[str, Any]]:
    for section in found["pass1"]["extraction"].values():
        yield from section.items()


def wrapped_fields(found: Answers) -> Iterator[tuple[str, dict[str, Any]]]:
    sections = {**found["pass2"]["inference"], **found["pass3"]["analysis"]}
    for section in sections.values():
        yield from section.items()


def has_word(text: str, phrase: str) -> bool:
    """True when the phrase stands in the text between word borders, case aside."""
    return bool(re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", text, re.IGNORECASE))


def _says(value: Any) -> bool:
    return not _absent(value) and value not in NOTHING


def _absent(value: Any) -> bool:
    if isinstance(value, dict):
        return all(part is None for part in value.values())
    return value is None or value == [] or value == "not_mentioned"


def _flat(text: str) -> str:
    return " ".join(text.split())


@cache
def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads((_SCHEMAS / f"{name}.json").read_text()))


def _schema_problems(found: Answers) -> Iterator[str]:
    for name in PASSES:
        for error in _validator(name).iter_errors(found[name]):
            yield f"{name} {'/'.join(map(str, error.path))}: {error.message[:200]}"


def _wrapper_problems(posting: Posting, found: Answers) -> Iterator[str]:
    text = _flat("\n".join((posting.title, posting.company, posting.location, posting.description)))
    for name, field in wrapped_fields(found):
        evidence, confidence = field["evidence"], field["confidence"]
        if _absent(field["value"]):
            if evidence != "no mention":
                yield f"{name}: absent, but its evidence is {evidence!r}"
            continue
        if confidence < 0.5:
            yield f"{name}: {field['value']!r} with a confidence of {confidence}"
        if not evidence.strip() or _flat(evidence) not in text:
            yield f"{name}: evidence {evidence!r} is not in the posting"


def _verbatim_problems(posting: Posting, found: Answers) -> Iterator[str]:
    sources = (posting.title, posting.location, posting.description)
    for name, value in plain_fields(found):
        if not name.endswith(("_text", "_raw")) or value is None:
            continue
        if not value.strip() or not any(value in source for source in sources):
            yield f"{name}: {value!r} is not in the posting"


def _skill_problems(posting: Posting, found: Answers) -> Iterator[str]:
    text = f"{posting.title}\n{posting.location}\n{posting.description}"
    known = aliases()
    names = skills(found)
    for name in names:
        if not any(has_word(text, alias) for alias in known[name]):
            yield f"skill {name}: no alias of it in the posting"
    if len(set(names)) != len(names):
        yield "a skill stands in two lists"
    classified = found["pass1"]["extraction"]["skills_classified"]
    for key in SKILL_LISTS[2:]:
        yield from (f"{key}: {n} is not canonical" for n in classified[key] if n not in SOFT_SKILLS)


def _number_problems(found: Answers) -> Iterator[str]:
    fields = dict(plain_fields(found))
    for name in ("salary", "hourly_rate", "daily_rate", "years_experience"):
        low, high = fields[f"{name}_min"], fields[f"{name}_max"]
        if low is not None and high is not None and low > high:
            yield f"{name}: {low} > {high}"
    if fields["salary_min"] is not None and not fields["salary_disclosed"]:
        yield "salary_disclosed is false beside a salary"
    maturity = found["pass3"]["analysis"]["company_maturity"]
    score, level = (maturity[f"data_maturity_{part}"]["value"] for part in ("score", "level"))
    if _LEVELS[score or 0] != (None if level == "not_mentioned" else level):
        yield f"maturity {score} is called {level}"
