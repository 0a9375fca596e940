"""Random valid machines never crash the engine; random broken ones are refused with a place."""

from __future__ import annotations

import asyncio
import copy
import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from embedded_aws.stepfunctions import ApiError
from embedded_aws.stepfunctions.errors import StatesError
from embedded_aws.stepfunctions.integrations.base import Call
from embedded_aws.stepfunctions.parse import parse
from embedded_aws.stepfunctions.validate import validate

SETTINGS = settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)

values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=6,
)
expressions = st.sampled_from(
    [
        "{% $states.input %}",
        "{% $states.context.State.Name %}",
        "{% $count($states.input) %}",
        "{% $x %}",
        "{% $x + 1 %}",
        "{% $states.input.a %}",
        "{% [1..3] %}",
        "{% {'a': $states.input} %}",
        "{% 1/0 %}",
        "{% $string($states.input) %}",
    ]
)
outputs = st.none() | values | expressions | st.dictionaries(st.sampled_from("ab"), expressions)
retry = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 1}]


class Names:
    def __init__(self) -> None:
        self.used = 0

    def new(self) -> str:
        self.used += 1
        return f"S{self.used}"


@st.composite
def graphs(draw: st.DrawFn, names: Names | None = None, depth: int = 0) -> dict[str, Any]:
    """A chain of states; every one may also end the graph or be left by a Catch or a rule."""
    names = names or Names()
    chain = [names.new() for _ in range(draw(st.integers(1, 4)))]
    states = {}
    for number, name in enumerate(chain):
        following = chain[number + 1] if number + 1 < len(chain) else None
        states[name] = draw(_state(names, depth, following))
    return {"StartAt": chain[0], "States": states}


@st.composite
def _state(draw: st.DrawFn, names: Names, depth: int, following: str | None) -> dict[str, Any]:
    kinds = ["Pass", "Wait", "Task", "Choice"] + (["Parallel", "Map", "Run"] if depth < 2 else [])
    if following is None:
        kinds += ["Succeed", "Fail"]
    kind = draw(st.sampled_from(kinds))
    go: dict[str, Any] = {"End": True} if following is None else {"Next": following}
    output = draw(outputs)
    state: dict[str, Any] = {"Type": kind} | ({} if output is None else {"Output": output})
    if kind == "Succeed":
        return state
    if kind == "Fail":
        return {"Type": "Fail", "Error": draw(st.text(max_size=4) | expressions)}
    if kind == "Choice":
        if following is None:
            return {"Type": "Pass", "End": True}
        condition = draw(st.sampled_from(["{% true %}", "{% false %}", "{% $x > 1 %}"]))
        return state | {
            "Choices": [{"Condition": condition, "Next": following}],
            "Default": following,
        }
    state |= go
    if draw(st.booleans()):
        state["Assign"] = {f"v{depth}": draw(values | expressions)}
    if kind == "Wait":
        return state | {"Seconds": draw(st.integers(0, 99) | expressions)}
    if kind in ("Task", "Parallel", "Map", "Run"):
        if draw(st.booleans()):
            state["Retry"] = retry
        if draw(st.booleans()) and following is not None:
            state["Catch"] = [{"ErrorEquals": ["States.ALL"], "Next": following}]
    if kind == "Task":
        name = draw(st.sampled_from(["echo", "fail", "slow"]))
        state |= {"Resource": f"arn:aws:states:::test:{name}", "Arguments": draw(values)}
        return state | ({"TimeoutSeconds": 5} if draw(st.booleans()) else {})
    if kind == "Parallel":
        count = draw(st.integers(1, 2))
        return state | {"Branches": [draw(graphs(names, depth + 1)) for _ in range(count)]}
    processor = draw(graphs(names, depth + 1))
    if kind == "Run":
        config = {
            "Mode": "DISTRIBUTED",
            "ExecutionType": draw(st.sampled_from(["STANDARD", "EXPRESS"])),
        }
        processor = processor | {"ProcessorConfig": config}
        if draw(st.booleans()):
            state["ToleratedFailurePercentage"] = 100
    state["Type"] = "Map"
    items = draw(st.lists(values, max_size=3) | expressions)
    return state | {"ItemProcessor": processor, "Items": items}


async def echo(arguments: Any, call: Call) -> Any:
    return arguments


async def fail(arguments: Any, call: Call) -> Any:
    await call.sleep(3)
    raise StatesError("Failed", "on purpose")


async def slow(arguments: Any, call: Call) -> Any:
    await call.sleep(8)
    return arguments


SERVICES = {"echo": echo, "fail": fail, "slow": slow}


@SETTINGS
@given(graphs(), values)
def test_a_valid_machine_always_ends(world: Any, graph: dict[str, Any], input_: Any) -> None:
    first_state = {"Type": "Pass", "Assign": {"x": 1}, "Next": graph["StartAt"]}
    definition = {
        "QueryLanguage": "JSONata",
        "StartAt": "Init",
        "States": {"Init": first_state, **graph["States"]},
    }

    async def main() -> tuple[Any, Any]:
        w = world(services=SERVICES)
        try:
            arn = await w.create(definition)
        except ApiError:  # what a draw cannot avoid: a text that reads as an expression
            return None, None
        first = await w.ended(await w.start(arn, input_))
        assert w.clock._busy == 0 or await _settled(w)
        assert w.engine.services.store.running == {}
        assert w.engine.services.store.tokens == {}
        await w.engine.aclose()
        again = world(services=SERVICES)
        second = await again.ended(await again.start(await again.create(definition), input_))
        await again.engine.aclose()
        return first, second

    first, second = asyncio.run(main())
    if first is None:
        return
    assert first.status in ("SUCCEEDED", "FAILED")
    assert "embedded AWS has a bug" not in (first.cause or "")
    assert first.types[-1] in ("ExecutionSucceeded", "ExecutionFailed")
    for event in first.events:
        assert 0 <= event["previousEventId"] < event["id"]
    entered = sum(type_.endswith("StateEntered") for type_ in first.types)
    left = sum(type_.endswith(("StateExited",)) for type_ in first.types)
    assert left <= entered
    # The same seed and input give the same run, event for event.
    assert first == second


async def _settled(w: Any) -> bool:
    for _ in range(20):
        await asyncio.sleep(0)
    return bool(w.clock._busy == 0)


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path]
    if isinstance(value, dict):
        for key, item in value.items():
            found += _paths(item, (*path, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            found += _paths(item, (*path, number))
    return found


@st.composite
def broken(draw: st.DrawFn) -> Any:
    """A valid definition with one value replaced, removed or added."""
    definition: Any = {"QueryLanguage": "JSONata", **draw(graphs())}
    definition = copy.deepcopy(definition)
    path = draw(st.sampled_from([p for p in _paths(definition) if p]))
    place = definition
    for part in path[:-1]:
        place = place[part]
    how = draw(st.sampled_from(["replace", "remove", "add"]))
    if how == "remove":
        del place[path[-1]]
    elif how == "add" and isinstance(place, dict):
        place[draw(st.text(max_size=5))] = draw(values)
    else:
        place[path[-1]] = draw(values | expressions)
    return definition


@SETTINGS
@given(broken())
def test_a_broken_definition_is_refused_with_a_place_or_runs(world: Any, definition: Any) -> None:
    async def main() -> None:
        w = world(services=SERVICES)
        text = json.dumps(definition)
        machine, found = parse(text, w.resolve)
        if machine is not None:
            found = [*found, *validate(machine)]
        for finding in found:
            assert finding.message
            assert finding.location == "" or finding.location.startswith("/")
        errors = [finding for finding in found if finding.severity == "ERROR"]
        if machine is not None and not errors:
            ended = await w.run(definition, {"a": 1})
            assert "embedded AWS has a bug" not in (ended.cause or "")
        else:
            assert errors
        await w.engine.aclose()

    asyncio.run(main())


@SETTINGS
@given(values | st.text())
def test_nonsense_is_refused(world: Any, nonsense: Any) -> None:
    async def main() -> None:
        w = world()
        text = nonsense if isinstance(nonsense, str) else json.dumps(nonsense)
        answer = await w.engine.handle(
            "ValidateStateMachineDefinition", {"definition": text or "x"}
        )
        assert answer["result"] == "FAIL"
        assert answer["diagnostics"]
        await w.engine.aclose()

    asyncio.run(main())
