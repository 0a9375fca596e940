"""What the recording says that calls returned, and when."""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .compare import Matcher, plain
from .functions import SLEEP_SECONDS, as_result, behaviour_of, invoke

# Seconds between two recorded results: long enough for the states between them, as the virtual
# clock moves only when nothing else can happen, and too short to matter to any timeout.
TICK = 0.001

_ENDS = ("Succeeded", "Failed", "TimedOut")
_KINDS = ("Task", "LambdaFunction", "Activity")


@dataclass(frozen=True)
class Recorded:
    """How a call ends: `error` with `cause`, or `result`; `event` is the recorded event's type.

    `seconds` after its start. `silent`: the recording does not tell, the call outlives it.
    """

    result: Any = None
    error: str | None = None
    cause: str | None = None
    event: str = ""
    seconds: float = 0.0
    silent: bool = False

    @property
    def times_out(self) -> bool:
        return self.silent or self.event.endswith("TimedOut")


SILENT = Recorded(silent=True)
MISSING = Recorded(error="Conformance.NoResult", cause="The recording has no result for this call")


class Replay:
    """The results of a case's calls in order of occurrence, asked for by state."""

    def __init__(self, case: dict[str, Any]) -> None:
        self._case = case
        history = _History(case["expected"].get("events") or [])
        self._left = list(case.get("task_results") or [])
        self._asked = _arguments(self._left, history)
        self._submitted = list(history.submitted())
        self._scheduled = history.scheduled
        self._cut_short = case["expected"]["status"] in ("TIMED_OUT", "ABORTED")
        self.submits = bool(self._submitted)

    def take(self, states: set[str], resource: str, arguments: Any) -> Recorded:
        """How the next call of one of these states ends; of several the one with its arguments."""
        function = behaviour_of(self._case, resource, arguments)
        mine = [result for result in self._left if result["state"] in states]
        if not mine:
            return self._unrecorded(states, resource, arguments, function)
        chosen = next((one for one in mine if self._fits(one, arguments)), mine[0])
        place = next(n for n, one in enumerate(self._left) if one is chosen)
        del self._left[place]
        sleeps = function is not None and function["behaviour"] == "sleep60"
        seconds = TICK * (place + 1) + (SLEEP_SECONDS if sleeps else 0.0)
        cause = chosen.get("cause")
        if cause is not None and not isinstance(cause, str):
            cause = json.dumps(cause, separators=(",", ":"))
        event = str(chosen.get("event", ""))
        return Recorded(chosen.get("result"), chosen.get("error"), cause, event, seconds)

    def _fits(self, result: dict[str, Any], arguments: Any) -> bool:
        asked = self._asked.get(id(result))
        return asked is not None and Matcher().difference(asked[0], plain(arguments)) is None

    def _unrecorded(
        self, states: set[str], resource: str, arguments: Any, function: dict[str, Any] | None
    ) -> Recorded:
        """A call that the recorded execution did not live to see the end of, or does not show."""
        if self._cut_short or self._scheduled & states:
            return SILENT
        if function is None:
            return MISSING
        event = arguments
        if ":function:" not in resource:
            event = arguments.get("Payload")
        answer = invoke(function, event)
        if answer is None:
            return MISSING
        error, cause = answer.error or (None, None)
        result = as_result(resource, answer.value)
        return Recorded(result, error, cause, seconds=answer.seconds)

    def submitted(self, states: set[str]) -> Any:
        """What the next TaskSubmitted of one of these states records."""
        for place, (state, output) in enumerate(self._submitted):
            if state is None or state in states:
                del self._submitted[place]
                return json.loads(output) if isinstance(output, str) else output
        return {}


def _arguments(results: list[dict[str, Any]], history: _History) -> dict[int, tuple[Any]]:
    """What the calls of the results were given, by the identity of the result."""
    asked: dict[str, deque[Any]] = {}
    for state, arguments in history.asked():
        asked.setdefault(state, deque()).append(arguments)
    counts = Counter(result["state"] for result in results)
    paired = {state for state, found in asked.items() if len(found) == counts[state]}
    return {
        id(result): (plain(asked[result["state"]].popleft()),)
        for result in results
        if result["state"] in paired
    }


class _History:
    """The recorded events, walked back along their causes."""

    def __init__(self, events: list[dict[str, Any]]) -> None:
        self._events = events
        self._by_id = {event["id"]: event for event in events if isinstance(event.get("id"), int)}
        self.scheduled = {
            state
            for event in events
            if event["type"].endswith("Scheduled") and (state := self._state(event)) is not None
        }

    def submitted(self) -> Iterator[tuple[str | None, Any]]:
        """(state or None, output) of every TaskSubmitted."""
        for event in self._events:
            if event["type"] == "TaskSubmitted":
                yield self._state(event), event["taskSubmittedEventDetails"].get("output")

    def asked(self) -> Iterator[tuple[str, Any]]:
        """(state, arguments) of every call that ended, in the order of the ends."""
        ends = {kind + end for kind in _KINDS for end in _ENDS}
        for event in self._events:
            if event["type"] not in ends:
                continue
            start, state = self._back(event, "Scheduled"), self._state(event)
            if start is not None and state is not None:
                details = next(v for k, v in start.items() if k.endswith("EventDetails"))
                yield state, details.get("parameters", details.get("input"))

    def _state(self, event: dict[str, Any]) -> str | None:
        entered = self._back(event, "TaskStateEntered")
        return None if entered is None else entered["stateEnteredEventDetails"]["name"]

    def _back(self, event: dict[str, Any], suffix: str) -> dict[str, Any] | None:
        """The nearest event of a type on the way back, not beyond the entry of a state."""
        found: dict[str, Any] | None = event
        while found is not None and not found["type"].endswith(suffix):
            if found["type"].endswith("StateEntered"):
                return None
            found = self._by_id.get(found.get("previousEventId", 0))
        return found
