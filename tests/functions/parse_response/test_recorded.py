"""The recorded texts of five models: which succeed, and what acceptance changes in them."""

from __future__ import annotations

import csv
import json
import re
import time
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import jsonschema
import pytest

from parse_response.extract import extract
from parse_response.layout import layout_of, schema_of
from parse_response.outcome import Rejected
from parse_response.validate import Accepted, accept
from tests.shared_data import SHARED

pytestmark = pytest.mark.shared

FOLDER = SHARED / "llm_raw"

# What failure_modes.md and the decision on hourly pay (E27) allow to change in a clean answer.
LISTED = (
    r"analysis\..*\.team_composition\.value: null became ",
    r".*: null became \[\]",
    r'.*: null became "not_mentioned"',
    r'.*: "not_mentioned" became null',
    r'.*countries: "UK" became "GB"',
)
HOURLY = (
    r"extraction\.compensation\.salary_period: became hourly, as the pay given",
    r"extraction\.compensation\.\w+: copied from \w+",
    r"extraction\.compensation\.salary_disclosed: false became True, figures are given",
)


class Recording(NamedTuple):
    pass_name: str
    text: str
    parse: str
    is_clean: bool  # of all issues, those with soft skills and sources too


@cache
def recordings() -> list[Recording]:
    with (FOLDER / "manifest.csv").open(encoding="utf-8", newline="") as file:
        return [
            Recording(
                row["pass"],
                (FOLDER / row["file"]).read_text(encoding="utf-8"),
                row["parse"],
                row["schema_clean"] == "1"
                and not {"noncanon", "source"} & set(row["issue_kinds"].split(";")),
            )
            for row in csv.DictReader(file)
        ]


def outcome(recording: Recording) -> str:
    try:
        accept(recording.pass_name, recording.text)
    except Rejected as rejected:
        return rejected.outcome
    return "ok"


def accepted() -> Iterator[tuple[Recording, Accepted]]:
    for recording in recordings():
        if recording.parse not in ("no_json", "truncated"):
            yield recording, accept(recording.pass_name, recording.text)


def test_outcomes() -> None:
    counts = Counter((recording.parse, outcome(recording)) for recording in recordings())

    assert counts == {
        ("ok", "ok"): 693,
        ("malformed", "ok"): 1,
        ("no_json", "no_json"): 10,
        ("truncated", "truncated"): 7,
    }


def test_accepted_answers_meet_the_schema_strictly() -> None:
    judges = {
        name: jsonschema.Draft202012Validator(schema_of(name))
        for name in ("pass1", "pass2", "pass3")
    }

    for recording, done in accepted():
        judges[recording.pass_name].validate(done.answer)


def test_clean_answers_change_only_by_listed_coercions() -> None:
    clean = [(recording, done) for recording, done in accepted() if recording.is_clean]
    by_hourly_pay = 0

    for recording, done in clean:
        unlisted = [w for w in done.warnings if not any(re.match(p, w) for p in LISTED)]
        assert [w for w in unlisted if not any(re.match(p, w) for p in HOURLY)] == []
        by_hourly_pay += bool(unlisted)
        changed = set(_changes(_given(recording), done.answer, ""))
        assert changed == {warning.split(":")[0] for warning in done.warnings}

    assert len(clean) == 384
    assert by_hourly_pay == 4


def test_every_change_is_warned_of() -> None:
    for recording, done in accepted():
        given = _given(recording)
        if not layout_of(recording.pass_name).roots.keys() <= given.keys():
            continue  # moved as a whole
        warned = tuple(warning.split(": ")[0] for warning in done.warnings)
        for path in _changes(given, done.answer, ""):
            assert path.startswith(warned), path


def test_two_hundred_answers_a_second_on_one_core() -> None:
    texts = recordings()
    for name in ("pass1", "pass2", "pass3"):
        accept(name, next(one.text for one in texts if one[0] == name and one.parse == "ok"))

    start = time.process_time()
    for recording in texts:
        outcome(recording)

    assert len(texts) / (time.process_time() - start) >= 200


def _given(recording: Recording) -> dict[str, Any]:
    """The answer as the model gave it."""
    return extract(recording.text, layout_of(recording.pass_name).roots.keys(), set()).answer


def _changes(given: Any, done: Any, path: str) -> Iterator[str]:
    """Paths of the members of `done` that differ from `given`, counts aside."""
    if path == "metadata":
        return
    if isinstance(given, dict) and isinstance(done, dict):
        for key in done:
            yield from _changes(given.get(key), done[key], f"{path}.{key}" if path else key)
    elif json.dumps(given) != json.dumps(done) and given != done:
        yield path
