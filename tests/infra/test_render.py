"""Rendering of workflow files."""

from __future__ import annotations

import json
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.render import RenderError, placeholders, render

FILE = '{"Arn": "${TableArn}", "Seconds": "{% $number(\'${Seconds}\') %}"}'
VALUES = {"TableArn": "arn:aws:dynamodb:us-east-1:123456789012:table/t", "Seconds": "180"}


def test_values_replace_names_inside_strings() -> None:
    assert json.loads(render("w", FILE, VALUES)) == {
        "Arn": "arn:aws:dynamodb:us-east-1:123456789012:table/t",
        "Seconds": "{% $number('180') %}",
    }


def test_the_layout_of_the_file_is_kept() -> None:
    text = '{\n  "Comment": "é",\n  "Bucket": "${Bucket}"\n}\n'

    assert render("w", text, {"Bucket": "b"}) == text.replace("${Bucket}", "b")


@pytest.mark.parametrize(
    ("text", "values", "message"),
    [
        (FILE, {"Seconds": "1"}, r"^w: no value for \$\{TableArn\}; pass it or correct the name$"),
        (FILE, {**VALUES, "Extra": "1"}, r"^w: the value Extra is not used; remove it or use it$"),
        (FILE, {**VALUES, "Seconds": 180}, r"^w: the value of Seconds is 180; pass a text without"),
        (
            FILE,
            {**VALUES, "Seconds": "1'"},
            r"^w: the value of Seconds is \"1'\"; pass a text with",
        ),
        ('{"a": "${no-name}"}', {}, r"^w: a substitution is malformed; write it as \$\{Name\}$"),
        ('{"a": ${Number}}', {"Number": "1"}, r"^w: line 1 is no JSON"),
        ("{", {}, r"^w: line 1 is no JSON"),
    ],
)
def test_file_and_values_that_do_not_fit_are_refused(
    text: str, values: dict[str, Any], message: str
) -> None:
    with pytest.raises(RenderError, match=message):
        render("w", text, values)


NAMES = st.from_regex(r"[A-Z][A-Za-z0-9]{0,8}", fullmatch=True)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="'\"\\$", min_codepoint=32))
HARMLESS = st.text(string.ascii_letters + string.digits + ":/-_.")


@given(
    st.recursive(
        TEXTS | NAMES.map(lambda name: f"${{{name}}}") | st.integers() | st.booleans(),
        lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
    ),
    st.data(),
)
def test_rendering_a_file_is_replacing_in_its_strings(document: Any, data: st.DataObject) -> None:
    text = json.dumps(document)
    values = {name: data.draw(HARMLESS) for name in sorted(placeholders(text))}

    assert json.loads(render("w", text, values)) == replaced(document, values)


def replaced(document: Any, values: dict[str, str]) -> Any:
    if isinstance(document, dict):
        return {key: replaced(entry, values) for key, entry in document.items()}
    if isinstance(document, list):
        return [replaced(entry, values) for entry in document]
    if isinstance(document, str):
        for name, value in values.items():
            document = document.replace(f"${{{name}}}", value)
    return document
