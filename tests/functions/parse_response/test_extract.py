from __future__ import annotations

import contextlib
import json

import pytest

from parse_response.extract import extract
from parse_response.outcome import Rejected

ROOTS = {"extraction"}
MEMBERS = {"compensation", "salary_min"}
ANSWER = '{"extraction": {"note": "a } in a string, and \\" too", "list": [{"a": 1}]}}'
CLEAN = json.loads(ANSWER)


def outcome(text: str) -> str:
    with pytest.raises(Rejected) as rejected:
        extract(text, ROOTS, MEMBERS)
    return rejected.value.outcome


@pytest.mark.parametrize(
    "text",
    [
        ANSWER,
        f"\n {ANSWER} \n",
        f"\ufeff{ANSWER}",
        f"```json\n{ANSWER}\n```",
        f"```\n{ANSWER}",
        f"```json\n```json\n{ANSWER}\n```\n```",
        f"Here it is:\n{ANSWER}\nAnything else?",
        f"[{ANSWER}]",
        f"{ANSWER}\n{ANSWER}",
        f'{{"plan": "read, then write"}}\n{ANSWER}',
        f'{{"salary_min": 3}}\n{ANSWER}',
        f"I use {{braces}} freely. {ANSWER}",
        f"<reasoning>It has a {{ brace and a [ bracket.</reasoning>\n```json\n{ANSWER}\n```",
        f"<THINK>hm</THINK>{ANSWER}",
        f" <think>hm</think> <thought>more</thought>{ANSWER}",
        f"{ANSWER} and an unclosed {{",
    ],
)
def test_finds_the_object(text: str) -> None:
    found = extract(text, ROOTS, MEMBERS)

    assert (found.answer, found.warnings, found.doubt) == (CLEAN, (), None)


def test_tags_inside_of_strings_stay() -> None:
    text = '{"extraction": {"note": "<think>kept</think> ```kept```"}}'

    assert extract(text, ROOTS, MEMBERS).answer == json.loads(text)


@pytest.mark.parametrize(
    ("broken", "expected"),
    [
        ('{"extraction": {"a": 1,},}', {"a": 1}),
        ('{"extraction": /* facts */ {"a": 1}}', {"a": 1}),
        ('{"extraction": { // facts\n "a": 1}}', {"a": 1}),
        ("{'extraction': {'a': 'b'}}", {"a": "b"}),
        ('{"extraction": {"a": True, "b": None}}', {"a": True, "b": None}),
        ('{"extraction": {"a": "x" "b": "y"}}', {"a": "x", "b": "y"}),
    ],
)
def test_repairs_the_syntax_and_says_so(broken: str, expected: dict[str, object]) -> None:
    found = extract(broken, ROOTS, MEMBERS)

    assert found.answer == {"extraction": expected}
    assert found.warnings == ("answer: its syntax was repaired",)
    assert found.doubt == "malformed"


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_constants_that_are_no_json_are_no_numbers(constant: str) -> None:
    found = extract(f'{{"extraction": {{"a": {constant}}}}}', ROOTS, MEMBERS)

    assert not isinstance(found.answer["extraction"]["a"], float)
    assert found.doubt == "malformed"


def test_the_last_of_two_equal_keys_counts() -> None:
    found = extract('{"extraction": {"a": 1, "a": 2, "b": 3}}', ROOTS, MEMBERS)

    assert found.answer == {"extraction": {"a": 2, "b": 3}}
    assert found.warnings == ('"a": the key occurs twice, the last value counts',)


def test_control_characters_in_strings_are_read() -> None:
    found = extract('{"extraction": {"a": "x\n\ty\x01"}}', ROOTS, MEMBERS)

    assert found.answer == {"extraction": {"a": "x\n\ty\x01"}}


@pytest.mark.parametrize(
    "text",
    ["", " \n", "null", "[]", "I cannot help.", "<think>only thoughts", "<think>x</think>",
     f"<reasoning>unclosed {ANSWER}"],
)  # fmt: skip
def test_no_object(text: str) -> None:
    assert outcome(text) == "no_json"


@pytest.mark.parametrize("end", range(1, len(ANSWER) - 2))
def test_a_text_that_ends_inside_its_object_is_truncated(end: int) -> None:
    text = f"```json\n{ANSWER[:end]}"

    if text.rstrip().endswith("}"):  # completeness has to decide
        assert extract(text, ROOTS, MEMBERS).doubt == "truncated"
    else:
        assert outcome(text) == "truncated"


def test_an_object_that_lacks_its_last_brace_is_doubtful() -> None:
    found = extract(ANSWER[:-1], ROOTS, MEMBERS)

    assert (found.answer, found.doubt) == (CLEAN, "truncated")


def test_a_stray_quote_does_not_hide_the_answer() -> None:
    found = extract('{"extraction": {"a": 1, " "b": 2}}', ROOTS, MEMBERS)

    assert found.doubt == "truncated"
    assert list(found.answer["extraction"].values()) == [1, 2]


@pytest.mark.parametrize("text", ["{nothing}", "{1: 2, 3}", "{]}"])
def test_what_cannot_be_repaired_is_malformed(text: str) -> None:
    assert outcome(text) == "malformed"


def test_without_any_root_the_object_with_most_members_counts() -> None:
    text = '{"a": 1} {"salary_min": 1} {"salary_min": 2, "compensation": {}}'

    assert extract(text, ROOTS, MEMBERS).answer == {"salary_min": 2, "compensation": {}}


@pytest.mark.parametrize(
    "text",
    ['{"a":' * 50_000, '{"a":[' * 5_000 + "]}" * 5_000, "{" * 100_000, "{}" * 50_000,
     '{"' + "\\" * 100_000 + '"}', '{"extraction":' + "9" * 10_000 + "}", "<think>" * 20_000],
)  # fmt: skip
def test_hostile_texts_end(text: str) -> None:
    with contextlib.suppress(Rejected):
        extract(text, ROOTS, MEMBERS)
