"""Names, places and values of a stack as commands see it."""

from __future__ import annotations

import pytest

from cli.errors import CommandError, ExitCode
from cli.stack import Stack, open_stack, plain


def test_names_follow_the_rule_of_the_program() -> None:
    assert (
        Stack("prod", None).thing("enrichment-slots") == "data-engineer-jobs-prod-enrichment-slots"
    )


def test_a_stack_is_on_aws_unless_an_endpoint_is_given() -> None:
    assert Stack("dev", None).client("sqs").meta.endpoint_url.startswith("https://sqs.us-east-1.")
    here = Stack("dev", "http://127.0.0.1:4599").client("sqs")
    assert here.meta.endpoint_url == "http://127.0.0.1:4599"


def test_a_client_is_made_once() -> None:
    stack = Stack("dev", "http://127.0.0.1:4599")

    assert stack.client("s3") is stack.client("s3")


def test_a_stack_without_a_file() -> None:
    with pytest.raises(CommandError) as refused:
        open_stack("moon", None)

    diagnostic = refused.value.diagnostic
    assert diagnostic.code == ExitCode.USAGE
    assert diagnostic.message == "There is no stack moon: Pulumi.moon.yaml does not exist."
    assert diagnostic.note == "the stacks are dev, local, prod, staging"


@pytest.mark.parametrize(
    ("endpoint", "code"), [("nonsense", ExitCode.USAGE), ("http://127.0.0.1:1", ExitCode.REFUSED)]
)
def test_an_endpoint_where_nothing_answers(endpoint: str, code: ExitCode) -> None:
    with pytest.raises(CommandError) as refused:
        open_stack("local", endpoint)

    assert refused.value.diagnostic.code == code


def test_items_are_plain_values() -> None:
    item = {
        "text": {"S": "a"},
        "whole": {"N": "-3"},
        "part": {"N": "0.25"},
        "map": {"M": {"list": {"L": [{"N": "1"}, {"S": "b"}]}}},
    }

    assert plain(item) == {"text": "a", "whole": -3, "part": 0.25, "map": {"list": [1, "b"]}}
