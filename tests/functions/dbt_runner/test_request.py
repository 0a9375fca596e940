"""What a call may ask for."""

from __future__ import annotations

from typing import Any

import pytest

from dbt_runner.errors import InvalidRequest
from dbt_runner.request import Request

EVENT = {"command": "run", "execution": "e", "step": "facts"}


def test_arguments_name_selection_refresh_and_variables() -> None:
    event = {**EVENT, "select": "tag:facts", "full_refresh": True, "vars": {"run_id": "e"}}

    assert Request.parse(event).arguments({"silver_root": "silver"}) == [
        *("run", "--select", "tag:facts", "--full-refresh"),
        *("--vars", '{"run_id": "e", "silver_root": "silver"}'),
    ]


def test_a_full_refresh_means_nothing_to_a_test() -> None:
    assert not Request.parse({**EVENT, "command": "test", "full_refresh": True}).full_refresh


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"command": "clean"}, "command is clean: use one of debug, seed"),
        ({"command": "run-operation"}, "command is run-operation: use one of"),
        ({"execution": "a/b"}, "execution is 'a/b': give up to 80"),
        ({"step": None}, "step is None: give up to 80"),
        ({"select": "--full-refresh"}, "select is '--full-refresh': give dbt's node selection"),
        ({"select": 3}, "select is 3: give dbt's node selection"),
        ({"command": "docs", "select": "x"}, "select does not go with docs: leave it out"),
        ({"full_refresh": "yes"}, "full_refresh is 'yes': give true or false"),
        ({"vars": "x: 1"}, "vars is 'x: 1': give an object"),
        ({"models": "x"}, "models is no field: use command, execution, full_refresh, select"),
    ],
)
def test_what_cannot_be_used_is_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidRequest, match=f"^{message}"):
        Request.parse({**EVENT, **change})


def test_an_event_that_is_no_object_is_refused() -> None:
    with pytest.raises(InvalidRequest, match=r"^the event is no object"):
        Request.parse([])
