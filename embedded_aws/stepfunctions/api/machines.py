"""Operations on state machines and tags."""

from __future__ import annotations

from typing import Any

from ..definition import Machine
from ..errors import ApiError, Diagnostic
from ..parse import parse
from ..rights import check_role
from ..store import MachineRecord, Services
from ..validate import check_express, validate
from .checks import (
    Request,
    arn_of,
    name_of,
    page,
    paged,
    refuse,
    required,
    tags_of,
    validation,
)

LEVELS = ("ALL", "ERROR", "FATAL", "OFF")
_OFF = {"level": "OFF", "includeExecutionData": False}


def diagnose(services: Services, text: str, type_: str) -> tuple[Machine | None, list[Diagnostic]]:
    """Reads and checks a definition; the machine is whole only without findings of ERROR."""
    machine, found = parse(text, services.resolve)
    if machine is not None:
        found = [*found, *validate(machine)]
        if type_ == "EXPRESS":
            found += check_express(machine)
    return machine, found


def _accept(services: Services, text: str, type_: str) -> Machine:
    machine, found = diagnose(services, text, type_)
    errors = [finding for finding in found if finding.severity == "ERROR"]
    if machine is None or errors:
        raise invalid_definition(errors)
    return machine


def invalid_definition(errors: list[Diagnostic]) -> ApiError:
    """All errors in one sentence, as AWS writes it; the whole definition is at `null`."""
    listed = ", ".join(f"{e.code}: {e.message} at {e.location or 'null'}" for e in errors)
    return ApiError("InvalidDefinition", f"Invalid State Machine Definition: '{listed}'")


def machine_of(services: Services, request: Request) -> MachineRecord:
    arn = arn_of(request, "stateMachineArn", "stateMachine")
    record = services.store.machines.get(arn)
    if record is None:
        if arn.count(":") > 6:
            raise validation("Versions and aliases are not implemented by the embedded AWS")
        raise ApiError("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{arn}'")
    return record


def _logging(request: Request) -> dict[str, Any]:
    given = request.get("loggingConfiguration")
    if not given:
        return dict(_OFF)
    logging = {**_OFF, **given}
    if logging["level"] not in LEVELS:
        raise ApiError("InvalidLoggingConfiguration", f"level must be one of {', '.join(LEVELS)}")
    if logging["level"] != "OFF" and not logging.get("destinations"):
        raise ApiError(
            "InvalidLoggingConfiguration",
            "Invalid Logging Configuration: Must specify exactly one Log Destination.",
        )
    return logging


def create(services: Services, request: Request) -> dict[str, Any]:
    refuse(request, "publish", "versionDescription")
    name = name_of(request)
    definition, role = required(request, "definition", "roleArn")
    type_ = request.get("type") or "STANDARD"
    if type_ not in ("STANDARD", "EXPRESS"):
        raise validation("type must be STANDARD or EXPRESS")
    machine = _accept(services, definition, type_)
    logging = _logging(request)
    check_role(services, machine, role, logging)
    tracing = request.get("tracingConfiguration") or {"enabled": False}
    arn = services.arn("stateMachine", name)
    known = services.store.machines.get(arn)
    if known is not None:
        same = (known.definition, known.type, known.logging, known.tracing) == (
            definition,
            type_,
            logging,
            tracing,
        )
        if not same:
            raise ApiError("StateMachineAlreadyExists", f"State Machine Already Exists: '{arn}'")
        return {"stateMachineArn": arn, "creationDate": known.created}
    now = services.clock.now()
    services.store.machines[arn] = MachineRecord(
        arn=arn,
        name=name,
        type=type_,
        definition=definition,
        machine=machine,
        role_arn=role,
        revision=services.uuid(),
        created=now,
        updated=now,
        logging=logging,
        tracing=tracing,
        encryption=request.get("encryptionConfiguration") or {"type": "AWS_OWNED_KEY"},
        tags=tags_of(request),
    )
    return {"stateMachineArn": arn, "creationDate": now}


def update(services: Services, request: Request) -> dict[str, Any]:
    """Changes what is given; executions that run keep what they were started with."""
    refuse(request, "publish", "versionDescription")
    record = machine_of(services, request)
    changes = ("definition", "roleArn", "loggingConfiguration", "tracingConfiguration")
    if not any(request.get(name) for name in (*changes, "encryptionConfiguration")):
        raise ApiError(
            "MissingRequiredParameter",
            f"Give at least one of {', '.join(changes)}, encryptionConfiguration",
        )
    machine, role, logging = record.machine, request.get("roleArn"), record.logging
    if request.get("definition"):
        machine = _accept(services, request["definition"], record.type)
    if request.get("loggingConfiguration"):
        logging = _logging(request)
    check_role(services, machine, role or record.role_arn, logging)
    record.machine, record.logging = machine, logging
    record.definition = request.get("definition") or record.definition
    record.role_arn = role or record.role_arn
    record.tracing = request.get("tracingConfiguration") or record.tracing
    record.encryption = request.get("encryptionConfiguration") or record.encryption
    record.revision = services.uuid()
    record.updated = services.clock.now()
    return {"updateDate": record.updated, "revisionId": record.revision}


def describe(services: Services, request: Request) -> dict[str, Any]:
    record = machine_of(services, request)
    return {
        "stateMachineArn": record.arn,
        "name": record.name,
        "status": "ACTIVE",
        "definition": record.definition,
        "roleArn": record.role_arn,
        "type": record.type,
        "creationDate": record.created,
        "loggingConfiguration": record.logging,
        "tracingConfiguration": record.tracing,
        "encryptionConfiguration": record.encryption,
        "revisionId": record.revision,
    }


def delete(services: Services, request: Request) -> dict[str, Any]:
    """Removes a machine and its ended executions; running ones go on. Absent is no error."""
    arn = arn_of(request, "stateMachineArn", "stateMachine")
    store = services.store
    if store.machines.pop(arn, None) is not None:
        store.forget_machine(arn)
    return {}


def list_(services: Services, request: Request) -> dict[str, Any]:
    records = sorted(services.store.machines.values(), key=lambda record: record.name)
    shown, more = page(request, records, 1000)
    items = [
        {
            "stateMachineArn": record.arn,
            "name": record.name,
            "type": record.type,
            "creationDate": record.created,
        }
        for record in shown
    ]
    return paged("stateMachines", items, more)


def check_definition(services: Services, request: Request) -> dict[str, Any]:
    """ValidateStateMachineDefinition: all findings, each with its location."""
    (definition,) = required(request, "definition")
    _, found = diagnose(services, definition, request.get("type") or "STANDARD")
    if request.get("severity", "ERROR") == "ERROR":
        found = [finding for finding in found if finding.severity == "ERROR"]
    failed = any(finding.severity == "ERROR" for finding in found)
    most = request.get("maxResults") or 100
    return {
        "result": "FAIL" if failed else "OK",
        "diagnostics": [_shown(finding) for finding in found[:most]],
        "truncated": len(found) > most,
    }


def _shown(finding: Diagnostic) -> dict[str, Any]:
    """A finding about the definition as a whole has no location."""
    shown = {"severity": finding.severity, "code": finding.code, "message": finding.message}
    return shown | ({"location": finding.location} if finding.location else {})


# --- tags


def _tags(services: Services, request: Request) -> dict[str, str]:
    arn = arn_of(request, "resourceArn", "stateMachine", "activity")
    store = services.store
    found = store.machines.get(arn) or store.activities.get(arn)
    if found is None:
        raise ApiError("ResourceNotFound", f"Resource not found: '{arn}'")
    return found.tags


def tag(services: Services, request: Request) -> dict[str, Any]:
    tags = _tags(services, request)
    added = tags_of(request)
    if len(tags.keys() | added.keys()) > 50:
        raise ApiError("TooManyTags", "Too many tags: 50 at most")
    tags.update(added)
    return {}


def untag(services: Services, request: Request) -> dict[str, Any]:
    tags = _tags(services, request)
    for key in request.get("tagKeys") or []:
        tags.pop(key, None)
    return {}


def list_tags(services: Services, request: Request) -> dict[str, Any]:
    tags = _tags(services, request)
    return {"tags": [{"key": key, "value": value} for key, value in tags.items()]}
