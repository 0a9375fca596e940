"""Every handler lives one life: create, same again, change, read, drift, delete, delete again."""

from __future__ import annotations

from typing import Any

import pytest

from embedded_aws.provider.aws import HANDLERS
from embedded_aws.provider.clients import Clients
from embedded_aws.provider.resource import Handler, Values, settled
from tests.embedded_aws.provider.lifecycle_cases import LIVES, Life


@pytest.mark.parametrize("life", LIVES, ids=lambda life: life.token.split(":")[-1])
def test_one_life(life: Life, aws: Clients) -> None:
    handler = HANDLERS.handler(life.token)
    name = f"life-{life.token.split(':')[-1].lower()}"
    ids: list[str] = []
    for token, given in life.before:
        before = HANDLERS.handler(token)
        ids.append(before.create(aws, _checked(before, aws, _filled(given, name, ids))))
    inputs = _checked(handler, aws, _filled(life.inputs, name, ids))

    id = handler.create(aws, inputs)
    live = settled(handler, aws, id, inputs)
    assert set(live) <= set(handler.schema.fields)
    assert not handler.diff(inputs, inputs)
    if not handler.schema.generated_id:
        assert handler.schema.placeholders(inputs, aws.place, "urn")[0] == id

    if life.changed is not None:
        new = {**_filled(life.inputs, name, ids), **_filled(life.changed, name, ids)}
        wanted = _checked(handler, aws, new)
        assert handler.diff(inputs, wanted)
        assert not handler.diff(inputs, wanted).replaces
        handler.update(aws, id, live, wanted)
        live = settled(handler, aws, id, wanted)
        inputs = wanted

    if life.drift is not None:
        life.drift(aws, id, live)
        drifted = handler.read(aws, id)
        if drifted is None:
            handler.create(aws, inputs)
        else:
            assert handler.drift(drifted, inputs), "the drift is not noticed"
            handler.update(aws, id, drifted, inputs)
        settled(handler, aws, id, inputs)

    handler.delete(aws, id, inputs)
    assert _shown(handler.read(aws, id), life.remains) == life.remains
    handler.delete(aws, id, inputs)
    for (token, given), made in reversed(list(zip(life.before, ids, strict=True))):
        HANDLERS.handler(token).delete(aws, made, {**given, "forceDestroy": True})


def test_every_handler_has_a_life() -> None:
    assert {life.token for life in LIVES} == {handler.schema.token for handler in HANDLERS}


def test_what_the_data_plane_loses_is_listed_with_its_reason() -> None:
    assert list(HANDLERS.exceptions()) == [
        ("aws:iam/role:Role", "description", "UpdateRole ignores an empty description"),
        (
            "aws:lambda/function:Function",
            "vpcConfig",
            "functions run on this machine, outside of every network",
        ),
        (
            "aws:cloudwatch/eventRule:EventRule",
            "roleArn",
            "PutRule without a role keeps the old one",
        ),
    ]


@pytest.mark.parametrize("life", LIVES, ids=lambda life: life.token.split(":")[-1])
def test_reading_and_deleting_what_never_was(life: Life, aws: Clients) -> None:
    handler = HANDLERS.handler(life.token)
    ids = ["never-was", "arn:aws:iam::123456789012:policy/never-was"]
    inputs = _checked(handler, aws, _filled(life.inputs, "never-was", ids))
    id, _ = handler.schema.placeholders(inputs, aws.place, "urn")
    assert handler.read(aws, id) is None
    handler.delete(aws, id, inputs)


def _filled(value: Any, name: str, ids: list[str]) -> Any:
    """Names and ids put in; braces of JSON texts stay."""
    if isinstance(value, dict):
        return {key: _filled(entry, name, ids) for key, entry in value.items()}
    if isinstance(value, list):
        return [_filled(entry, name, ids) for entry in value]
    if isinstance(value, str):
        for number, id in enumerate(ids):
            value = value.replace(f"{{{number}}}", id)
        return value.replace("{name}", name)
    return value


def _checked(handler: Handler, aws: Clients, given: Values) -> Values:
    checked = handler.check(given, aws.place)
    assert checked.failures == []
    return checked.inputs


def _shown(live: Values | None, like: Values | None) -> Values | None:
    return None if live is None else {key: live.get(key) for key in like or live}
