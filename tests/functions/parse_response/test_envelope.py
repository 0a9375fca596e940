from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parse_response.envelope import Reply, read

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


def openai(content: Any, stop: Any = "stop") -> dict[str, Any]:
    return {
        "choices": [{"message": {"content": content}, "finish_reason": stop}],
        "usage": {"prompt_tokens": 11, "completion_tokens": 7},
    }


def anthropic(content: Any, stop: Any = "end_turn") -> dict[str, Any]:
    return {
        "content": content,
        "stop_reason": stop,
        "usage": {"input_tokens": 11, "output_tokens": 7},
    }


def test_reads_chat() -> None:
    assert read("openai", openai("{}")) == Reply("{}", "stop", 11, 7)


def test_reads_messages_and_joins_their_text_blocks() -> None:
    blocks = [
        {"type": "thinking", "thinking": "hm"},
        {"type": "text", "text": "{"},
        {"type": "text", "text": "}"},
    ]

    assert read("anthropic", anthropic(blocks)) == Reply("{}", "end_turn", 11, 7)


def test_joins_the_text_parts_of_a_chat_content() -> None:
    parts = [{"type": "text", "text": "{"}, {"type": "image"}, {"type": "text", "text": "}"}]

    assert read("openai", openai(parts)).text == "{}"


def test_an_absent_content_is_an_empty_text() -> None:
    # GIVEN a model that spent its whole output on hidden reasoning
    reply = read("openai", openai(None, "length"))

    assert (reply.text, reply.at_limit, reply.problem) == ("", True, None)


@pytest.mark.parametrize(
    ("family", "body"),
    [("openai", openai("{", "length")), ("anthropic", anthropic([], "max_tokens"))],
)
def test_knows_the_output_limit(family: str, body: dict[str, Any]) -> None:
    assert read(family, body).at_limit


@pytest.mark.parametrize("stop", ["stop", "end_turn", None, 3])
def test_other_stops_are_no_limit(stop: Any) -> None:
    assert not read("openai", openai("{}", stop)).at_limit


def test_tokens_as_floats_count() -> None:
    body = openai("{}") | {"usage": {"prompt_tokens": 11.0, "completion_tokens": 7.0}}

    assert read("openai", body) == Reply("{}", "stop", 11, 7)


@pytest.mark.parametrize("usage", [None, {}, {"prompt_tokens": "11"}, {"prompt_tokens": -1}, [11]])
def test_token_counts_are_not_invented(usage: Any) -> None:
    reply = read("openai", openai("{}") | {"usage": usage})

    assert (reply.input_tokens, reply.output_tokens, reply.text) == (None, None, "{}")


@pytest.mark.parametrize(
    ("family", "body", "problem"),
    [
        ("openai", {}, "The response has no choices[0].message."),
        ("openai", {"choices": []}, "The response has no choices[0].message."),
        ("openai", {"completion": "{}"}, "The response has no choices[0].message."),
        ("openai", openai(3), "The content of the response is neither text nor a list of parts."),
        ("anthropic", {"content": "{}"}, "The response has no list content."),
        ("anthropic", openai("{}"), "The response has no list content."),
        ("openai", "oops", "The response has no choices[0].message."),
        ("openai", None, "The response has no choices[0].message."),
    ],
)
def test_an_unknown_body_is_a_problem_and_no_text_of_it_an_answer(
    family: str, body: Any, problem: str
) -> None:
    assert read(family, body).problem == problem


def test_usage_counts_even_when_the_content_is_unreadable() -> None:
    reply = read("openai", {"usage": {"prompt_tokens": 11, "completion_tokens": 7}})

    assert (reply.input_tokens, reply.output_tokens) == (11, 7)


@given(st.sampled_from(["openai", "anthropic"]), JSON)
def test_no_body_raises(family: str, body: Any) -> None:
    reply = read(family, body)

    assert isinstance(reply.text, str)
