"""dbt's events as JSON lines, one per line of the log; their form is `schemas/dbt_log.json`."""

from __future__ import annotations

import json
import sys
import threading
from datetime import UTC, datetime
from typing import Any

from dbt_runner.request import Request

LEVELS = ("info", "warn", "error")
MESSAGE_LIMIT = 2_000  # characters
NOT_CONNECTED = "unable to connect"
# What fails before a connection is there, or takes it away, on either warehouse.
CONNECTION_SIGNS = (
    *("could not connect", "connection refused", "connection reset", "connection timed out"),
    *("connection is closed", "server closed the connection", "broken pipe", "timeout expired"),
    *("name or service not known", "failedtoconnect", "interfaceerror", "is being resumed"),
)


class EventLog:
    """Writes events of one call to stdout and keeps the sentences of its errors."""

    def __init__(self, request: Request) -> None:
        self._where = {
            "command": request.command,
            "step": request.step,
            "execution": request.execution,
        }
        self.errors: list[str] = []
        self._one_line = threading.Lock()  # dbt's threads tell of their models at once

    def heard(self, event: Any) -> None:
        """One event of dbt; those of level debug and empty lines are left out."""
        level, message = str(event.info.level), str(event.info.msg).strip()
        if event.info.name == "DebugCmdResult" and NOT_CONNECTED in message:
            level = "error"  # dbt only informs of it
        if level in LEVELS and message:
            line = {"event": event.info.name, "code": event.info.code, **_node(event)}
            self.write(level, message, **line)

    def write(self, level: str, message: str, **more: Any) -> None:
        """One line; `more` are fields of the schema."""
        message = message[:MESSAGE_LIMIT]
        if level == "error":
            self.errors.append(message)
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = {"at": at, "level": level, "message": message, **self._where, **more}
        text = json.dumps(line, ensure_ascii=False)
        with self._one_line:
            print(text, file=sys.stdout, flush=True)


def is_connection_failure(message: str) -> bool:
    """Whether an error says that the warehouse was not reached, rather than what it refused."""
    lowered = message.lower()
    return any(sign in lowered for sign in CONNECTION_SIGNS)


def _node(event: Any) -> dict[str, Any]:
    """The model or test that an event is about, with its status and seconds where it ended."""
    data = event.data
    info = getattr(data, "node_info", None)
    if info is None or not info.unique_id:
        return {}
    found = {"node": str(info.node_name), "unique_id": str(info.unique_id)}
    if info.node_status:
        found["status"] = str(info.node_status)
    seconds = getattr(data, "execution_time", 0.0)
    return {**found, **({"seconds": round(float(seconds), 3)} if seconds else {})}
