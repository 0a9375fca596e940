"""Anchored rules match what the plain pattern matches."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedded_aws.model.rules.anchored import Rule
from embedded_aws.model.rules.data import load

_PATTERN = [r"\bno (?:c2c|visas?)\b", r"\b(?:may|can) extend(?:ed)?\b", r"re(?:mote|side)"]
_WORDS = st.sampled_from(["no", "c2c", "visas", "may", "extended", "remote", "reside", ",", "x"])
_FILES = ("work_model", "contract", "visa", "geography", "company", "role")


@given(st.lists(_WORDS, max_size=400).map(" ".join))
def test_finds_what_the_plain_pattern_finds(text: str) -> None:
    plain = [match.span() for match in re.finditer("|".join(_PATTERN), text)]
    rule = Rule(_PATTERN)
    assert [match.span() for match in rule.finditer(text)] == plain
    first = rule.search(text)
    assert (first.span() if first else None) == (plain[0] if plain else None)


@given(st.lists(_WORDS, max_size=60).map(" ".join), st.integers(0, 80), st.integers(0, 300))
def test_keeps_to_the_range(text: str, start: int, end: int) -> None:
    plain = [m.span() for m in re.compile("|".join(_PATTERN)).finditer(text, start, end)]
    assert [m.span() for m in Rule(_PATTERN).finditer(text, start, end)] == plain


def test_a_pattern_without_a_literal_is_refused() -> None:
    with pytest.raises(ValueError, match=r"no literal"):
        Rule([r"\w+ \d+"])


@pytest.mark.parametrize("name", _FILES)
def test_every_alternative_of_the_lists_compiles_on_its_own(name: str) -> None:
    def patterns(value: object) -> list[str]:
        if isinstance(value, dict):
            return [p for key, part in value.items() if key != "value" for p in patterns(part)]
        if isinstance(value, list):
            return [p for part in value for p in patterns(part)]
        return [str(value)]

    for pattern in patterns(load(f"{name}.toml")):
        assert re.compile(pattern).groups <= 1
