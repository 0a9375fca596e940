"""Events of one execution: the only place that makes, numbers and stamps them.

An event keeps references to the values of the states, never copies and never text; they become
JSON when somebody reads the history. So nobody may change a value once it stands in a state.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from .jsontext import JsonText, dumps

EVENT_LIMIT = 25_000  # of a STANDARD execution; the last one is its failure
TERMINAL = frozenset(
    {"ExecutionSucceeded", "ExecutionFailed", "ExecutionAborted", "ExecutionTimedOut"}
)

_JSON_FIELDS = frozenset({"input", "output", "parameters"})
_TRUNCATION = {
    "input": "inputDetails",
    "output": "outputDetails",
    "assignedVariables": "assignedVariablesDetails",
}


class Event(NamedTuple):
    """`previous` is the id of the event that caused this one; ids count from 1."""

    type: str
    previous: int
    time: float
    details: Mapping[str, Any] | None


class HistoryFull(Exception):
    """The next event would be the last that the history may hold."""


class History:
    """Appends events until a terminal one; later ones are dropped, for their execution is over."""

    __slots__ = ("_now", "closed", "events", "limit", "listener")

    def __init__(self, now: Callable[[], float], limit: int = EVENT_LIMIT) -> None:
        self._now = now
        self.events: list[Event] = []
        self.closed = False
        self.limit = limit
        self.listener: Callable[[int, Event], None] | None = None

    def add(self, type_: str, previous: int, details: Mapping[str, Any] | None = None) -> int:
        """Appends an event and returns its id; raises HistoryFull before the last place."""
        if self.closed:
            return len(self.events)
        terminal = type_ in TERMINAL
        if not terminal and len(self.events) >= self.limit - 1:
            raise HistoryFull
        event = Event(type_, previous, self._now(), details)
        self.events.append(event)
        self.closed = terminal
        number = len(self.events)
        if self.listener is not None:
            self.listener(number, event)
        return number

    def dump(self, texts: Texts) -> list[list[Any]]:
        """JSON-able copy for a snapshot; the values stand in `texts`."""
        return [[e.type, e.previous, e.time, _stored(e.details, texts)] for e in self.events]

    @classmethod
    def load(
        cls, now: Callable[[], float], limit: int, dumped: list[list[Any]], texts: list[JsonText]
    ) -> History:
        """The history that `dump` was called on."""
        history = cls(now, limit)
        history.events = [Event(t, p, at, _loaded(d, texts)) for t, p, at, d in dumped]
        history.closed = bool(dumped) and dumped[-1][0] in TERMINAL
        return history


class Texts:
    """JSON texts of a snapshot, each once: states hand the same value on, event after event."""

    def __init__(self) -> None:
        self.all: list[str] = []
        self._by_text: dict[str, int] = {}
        self._by_id: dict[int, tuple[Any, int]] = {}  # keeps the value, so its id stays its own

    def place(self, value: Any) -> int:
        """The position of the value's text, added where it is new."""
        known = self._by_id.get(id(value))
        if known is not None:
            return known[1]
        text = dumps(value)
        place = self._by_text.setdefault(text, len(self.all))
        if place == len(self.all):
            self.all.append(text)
        self._by_id[id(value)] = (value, place)
        return place


def _stored(details: Mapping[str, Any] | None, texts: Texts) -> dict[str, Any] | None:
    return _mapped(details, texts.place)


def _loaded(details: dict[str, Any] | None, texts: list[JsonText]) -> dict[str, Any] | None:
    return _mapped(details, texts.__getitem__)


def _texts(details: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return _mapped(details, dumps)


def _mapped(
    details: Mapping[str, Any] | None, change: Callable[[Any], Any]
) -> dict[str, Any] | None:
    """The details with every value of the workflow (not names, errors, numbers) changed."""
    if details is None:
        return None
    found: dict[str, Any] = {}
    for name, value in details.items():
        if name in _JSON_FIELDS:
            found[name] = change(value)
        elif name == "assignedVariables":
            found[name] = {variable: change(held) for variable, held in value.items()}
        else:
            found[name] = value
    return found


def details_key(type_: str) -> str:
    """The member of HistoryEvent that holds the details of a type."""
    if type_.endswith("StateEntered"):
        return "stateEnteredEventDetails"
    if type_.endswith("StateExited"):
        return "stateExitedEventDetails"
    return f"{type_[0].lower()}{type_[1:]}EventDetails"


def render(number: int, event: Event, with_data: bool = True) -> dict[str, Any]:
    """An event as GetExecutionHistory returns it; without data it lacks what states handled."""
    shown: dict[str, Any] = {
        "timestamp": event.time,
        "type": event.type,
        "id": number,
        "previousEventId": event.previous,
    }
    details = _texts(event.details)
    if details is None:
        return shown
    for name, mark in _TRUNCATION.items():
        if name in details:
            if with_data:
                details[mark] = {"truncated": False}
            else:
                del details[name]
    shown[details_key(event.type)] = details
    return shown


# --- constructors of details


def entered(name: str, input_: Any) -> dict[str, Any]:
    return {"name": name, "input": input_}


def exited(name: str, output: Any, assigned: Mapping[str, Any]) -> dict[str, Any]:
    details: dict[str, Any] = {"name": name, "output": output}
    if assigned:
        details["assignedVariables"] = assigned
    return details


def failure(error: str | None, cause: str | None) -> dict[str, Any]:
    """`error` and `cause`, each only where it exists (a Fail state may lack both)."""
    details = {}
    if error is not None:
        details["error"] = error
    if cause is not None:
        details["cause"] = cause
    return details


def iteration(name: str, index: int) -> dict[str, Any]:
    return {"name": name, "index": index}
