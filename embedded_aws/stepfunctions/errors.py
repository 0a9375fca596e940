"""The four kinds of error of the engine.

StatesError      what Retry and Catch see: a name and a cause
EvaluationError  an expression failed; States.QueryEvaluationError once its state is known
ApiError         what boto3 raises: a code and a message
DefinitionError  a definition is refused: every diagnostic with its location
EngineBug        the engine broke its own rule; ends the execution loudly
"""

from __future__ import annotations

from dataclasses import dataclass


class StatesError(Exception):
    """A failure that a workflow can retry or catch, as `{Error, Cause}`.

    A Fail state may fail without a name. `wildcard` False: only its own name matches it, not
    States.ALL or States.TaskFailed.
    """

    def __init__(
        self, name: str | None, cause: str | None = None, *, wildcard: bool = True
    ) -> None:
        super().__init__(name, cause)
        self.name = name
        self.cause = cause
        self.wildcard = wildcard


class EvaluationError(Exception):
    """A JSONata expression failed or returned nothing.

    field       path of the field that holds it, with slashes: `Assign/x`, `ItemSelector/source`
    expression  the inner text, trimmed
    detail      the rest of AWS's sentence: "threw an error during evaluation. T2001: ..." or
                "returned nothing (undefined)."
    """

    def __init__(self, field: str, expression: str, detail: str) -> None:
        super().__init__(field, expression, detail)
        self.field = field
        self.expression = expression
        self.detail = detail


class ApiError(Exception):
    """An operation is refused; `code` is the name of the exception in the service's model."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


@dataclass(frozen=True)
class Diagnostic:
    """One finding about a definition; `location` is a JSON pointer such as /States/A/Next."""

    severity: str  # ERROR or WARNING
    code: str
    message: str
    location: str


class DefinitionError(Exception):
    """The definition is refused; carries all findings, not only the first."""

    def __init__(self, diagnostics: list[Diagnostic]) -> None:
        super().__init__("; ".join(f"{d.message} ({d.location})" for d in diagnostics))
        self.diagnostics = diagnostics


class EngineBug(Exception):
    """An invariant of the engine does not hold: never the fault of a workflow."""
