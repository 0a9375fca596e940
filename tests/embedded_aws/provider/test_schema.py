"""Fields: refusals by path, defaults, equality, translation; no property of the SDK is lost."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi import _types

from embedded_aws.provider.assets import Content, Digest
from embedded_aws.provider.aws import HANDLERS
from embedded_aws.provider.fields import (
    Field,
    Fields,
    Kind,
    block,
    block_set,
    boolean,
    from_boto,
    integer,
    json_text,
    policy,
    string,
    string_map,
    string_set,
    strings,
    to_boto,
)
from embedded_aws.provider.resource import UNKNOWN, Place
from embedded_aws.provider.schema import canonical, schema

PLACE = Place("123456789012", "us-east-1")
SHELF = schema(
    "test:shelf:Shelf",
    "{name}",
    {
        "name": string(required=True, create_only=True),
        "size": integer(1, 10, default=3),
        "sealed": boolean(),
        "labels": string_map(),
        "order": strings(),
        "books": block_set({"title": string(required=True), "pages": integer(1, default=100)}),
        "policy": policy(),
        "rules": json_text(),
        "lamp": block({"color": string(choices=("red", "green")), "watt": integer(computed=True)}),
        "note": string(write_only=True),
        "arn": Field(Kind.STRING, output=True),
    },
    unsupported="weight",
)


def failures(**given: Any) -> dict[str, str]:
    return {f.property: f.reason for f in SHELF.check(given, PLACE).failures}


def test_defaults_are_filled_in_at_every_level() -> None:
    checked = SHELF.check({"name": "a", "books": [{"title": "t"}]}, PLACE)
    assert checked.failures == []
    assert checked.inputs == {
        "name": "a",
        "size": 3,
        "books": [{"title": "t", "pages": 100}],
        "region": "us-east-1",
    }


@pytest.mark.parametrize(
    ("inputs", "refused"),
    [
        ({}, {"name": "is required"}),
        ({"name": None}, {"name": "is required"}),
        ({"name": 1}, {"name": "must be a string"}),
        ({"size": True}, {"size": "must be an integer"}),
        ({"size": 1.5}, {"size": "must be an integer"}),
        ({"size": 0}, {"size": "must be at least 1"}),
        ({"size": 11}, {"size": "must be at most 10"}),
        ({"sealed": "yes"}, {"sealed": "must be true or false"}),
        ({"labels": {"a": 1}}, {"labels.a": "must be a string"}),
        ({"order": "a"}, {"order": "must be a list"}),
        ({"lamp": {"color": "blue"}}, {"lamp.color": "must be one of red, green"}),
        ({"lamp": []}, {"lamp": "must be an object"}),
        ({"rules": "{"}, {"rules": "must be JSON text"}),
        ({"policy": "[]"}, {"policy": "must be an IAM policy document as JSON text"}),
        ({"arn": "x"}, {"arn": "is an output and cannot be given"}),
        ({"weight": 1}, {"weight": "is not supported for test:shelf:Shelf here: leave it out"}),
        ({"seald": True}, {"seald": "is no input that is supported here; did you mean sealed?"}),
        (
            {"books": [{"title": "t"}, {"pages": 0, "x": 1}]},
            {
                "books[1].title": "is required",
                "books[1].pages": "must be at least 1",
                "books[1].x": "is no input that is supported here",
            },
        ),
    ],
)
def test_refusals_by_path(inputs: dict[str, Any], refused: dict[str, str]) -> None:
    assert failures(**({"name": "a"} | inputs if inputs else inputs)) == refused


def test_diff_names_paths_and_replacement() -> None:
    old = {"name": "a", "size": 3, "lamp": {"color": "red"}, "labels": {"a": "1"}}
    new = {"name": "b", "size": 3, "lamp": {"color": "green"}, "labels": {}}
    diff = SHELF.diff(old, new)
    assert [(change.property, change.replaces) for change in diff.changes] == [
        ("name", True),
        ("labels", False),
        ("lamp.color", False),
    ]
    assert diff.replaces


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"books": [{"title": "a"}, {"title": "b"}]}, {"books": [{"title": "b"}, {"title": "a"}]}),
        ({"labels": {}}, {}),
        ({"lamp": {"color": "red", "watt": 40}}, {"lamp": {"color": "red"}}),
        ({"rules": '{"a": 1, "b": 2}'}, {"rules": '{"b":2,"a":1}'}),
        (
            {"policy": '{"Statement": [{"Action": ["s3:Get"], "Resource": ["b", "a"]}]}'},
            {"policy": '{"Statement": [{"Resource": ["a", "b"], "Action": "s3:Get"}]}'},
        ),
    ],
)
def test_equal_in_another_spelling(old: dict[str, Any], new: dict[str, Any]) -> None:
    assert not SHELF.diff(old, new)


def test_order_counts_where_it_matters() -> None:
    assert SHELF.diff({"order": ["a", "b"]}, {"order": ["b", "a"]}).properties == ["order"]


def test_drift_looks_only_at_what_can_be_read() -> None:
    assert SHELF.diff({"note": "a"}, {"note": "b"}).properties == ["note"]
    assert not SHELF.drift({}, {"note": "b"})


TEXT = st.text(max_size=5)
SHELVES = st.fixed_dictionaries(
    {},
    optional={
        "name": TEXT,
        "size": st.integers(1, 10),
        "labels": st.dictionaries(TEXT, TEXT, max_size=2),
        "order": st.lists(TEXT, max_size=3),
        "books": st.lists(st.fixed_dictionaries({"title": TEXT, "pages": st.integers(1, 9)})),
        "lamp": st.fixed_dictionaries({}, optional={"color": TEXT, "watt": st.integers()}),
    },
)


@given(SHELVES)
def test_translation_to_boto_and_back_loses_nothing(inputs: dict[str, Any]) -> None:
    assert from_boto(SHELF.fields, to_boto(SHELF.fields, inputs)) == inputs
    assert from_boto(SHELF.fields, to_boto(SHELF.fields, inputs, lower=True), lower=True) == inputs


@given(SHELVES, SHELVES)
def test_diff_is_empty_for_equal_forms(one: dict[str, Any], two: dict[str, Any]) -> None:
    assert not SHELF.diff(one, one)
    shelf = block({name: item for name, item in SHELF.inputs.items() if not item.computed})
    if canonical(shelf, one) == canonical(shelf, two):
        assert not SHELF.diff(one, two)


def test_content_equals_its_digest() -> None:
    content = Content(text="a")
    assert content == Digest(content.digest)
    assert canonical(Field(Kind.CONTENT), content) == Digest(content.digest)
    assert Content(text="b") != content


def test_unknown_values_pass_and_differ() -> None:
    inputs = {"name": UNKNOWN, "size": UNKNOWN, "lamp": {"color": UNKNOWN}}
    assert failures(**inputs) == {}
    changed = SHELF.diff({"name": "a", "size": 3, "lamp": {"color": "red"}}, inputs)
    assert changed.properties == ["name", "size", "lamp.color"]


def test_sets_refuse_each_wrong_entry() -> None:
    shelf = schema("t:t:T", "x", {"kinds": string_set(("a", "b"))}, regional=False)
    found = shelf.check({"kinds": ["a", "c", 1]}, PLACE).failures
    assert [(f.property, f.reason) for f in found] == [
        ("kinds[1]", "must be one of a, b"),
        ("kinds[2]", "must be a string"),
    ]


@pytest.mark.parametrize("handler", HANDLERS, ids=lambda handler: handler.schema.token)
def test_every_property_of_the_sdk_is_served_or_refused_by_name(handler: Any) -> None:
    declared = handler.schema
    names = set(_types.resource_types(_sdk_class(declared.token)))
    assert set(declared.fields) | declared.unsupported == names
    assert set(declared.fields) & declared.unsupported == set()
    inputs = set(_input_names(declared.token))
    assert set(declared.inputs) <= inputs
    assert not {name for name, item in declared.fields.items() if item.output} - names


@pytest.mark.parametrize("handler", HANDLERS, ids=lambda handler: handler.schema.token)
def test_nested_inputs_are_those_of_the_sdk(handler: Any) -> None:
    declared = handler.schema
    assert list(_strange(declared.inputs, _arguments(declared.token), "")) == []


def _strange(fields: Fields, arguments: Any, path: str) -> Iterator[str]:
    """Paths of fields that the SDK's argument class does not have."""
    names = {pulumi: py for py, pulumi in _types.input_type_py_to_pulumi_names(arguments).items()}
    for name, known in fields.items():
        at = f"{path}.{name}" if path else name
        inner = known.item or known
        if name not in names:
            yield at
        elif inner.kind is Kind.BLOCK:
            getter = getattr(arguments, names[name]).fget
            annotation = str(getter.__annotations__["return"])
            (nested,) = set(re.findall(r"'(\w+Args)'", annotation))
            module = importlib.import_module(f"{_sdk_package(arguments)}._inputs")
            yield from _strange(inner.fields, getattr(module, nested), at)


def _sdk_package(cls: Any) -> str:
    return ".".join(cls.__module__.split(".")[:2])


def _sdk_class(token: str) -> Any:
    _, module, name = token.split(":")
    folder = module.split("/")[0]
    package = {"lambda": "lambda_"}.get(folder, folder)
    return getattr(importlib.import_module(f"pulumi_aws.{package}"), name)


def _arguments(token: str) -> Any:
    cls = _sdk_class(token)
    module = importlib.import_module(cls.__module__)
    # InitArgs where a nested type has the shorter name already
    return getattr(module, f"{cls.__name__}InitArgs", None) or getattr(
        module, f"{cls.__name__}Args"
    )


def _input_names(token: str) -> list[str]:
    return list(_types.input_type_py_to_pulumi_names(_arguments(token)).values())
