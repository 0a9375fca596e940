"""The Glue data catalog as AWS guards it.

Who uses a table needs the action on the catalog, on the database and on the table; ministack asks
for the database alone. And partitions belong to a table that exists.
"""

from __future__ import annotations

from typing import Any

from embedded_aws.dataplane import ministack
from embedded_aws.dataplane.corrections import denial
from embedded_aws.dataplane.states import Handler, Response
from embedded_aws.endpoint import ACCOUNT

_OF_PARTITIONS = ("Partition", "Partitions")


def catalog_handler(handler: Handler) -> Handler:
    """Glue's handler behind both checks."""

    async def handle(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
    ) -> Response:
        action = headers.get("x-amz-target", "").rpartition(".")[2]
        table = _table(body)
        refusal = None
        if table:
            refusal = _denied(action, table, headers, query) or _unknown(action, table)
        return refusal or await handler(method, path, headers, body, query)

    return handle


def _table(body: bytes) -> str:
    """`database/table` of a request, '' if it names none."""
    field = ministack.core("iam_actions")._safe_json_field
    database = field(body, "DatabaseName")
    name = field(body, "TableName") or field(body, "Name")
    return f"{database}/{name}" if database and name else ""


def _denied(
    action: str, table: str, headers: dict[str, str], query: dict[str, Any]
) -> Response | None:
    evaluator, router = ministack.core("iam_evaluator"), ministack.core("router")
    caller, region = router.extract_access_key_id(headers, query), router.extract_region(headers)
    for resource in ("catalog", f"table/{table}"):
        arn = f"arn:aws:glue:{region}:{ACCOUNT}:{resource}"
        denied = evaluator.enforce(caller, f"glue:{action}", "glue", region, arn)
        if denied is not None and not isinstance(denied, evaluator.AuthError):
            explicit = denied.decision == "Deny"
            said = denial("glue", f"glue:{action}", denied.principal_arn, arn, explicit)
            return _error("AccessDeniedException", said)
    return None


def _unknown(action: str, table: str) -> Response | None:
    known = ministack.service("glue")._tables
    if table in known or not action.endswith(_OF_PARTITIONS):
        return None
    return _error("EntityNotFoundException", f"Table {table.partition('/')[2]} not found.")


def _error(code: str, message: str) -> Response:
    answer: Response = ministack.core("responses").error_response_json(code, message, 400)
    return answer
