"""Redshift's Data API over HTTP, answering from a DuckDB file: what boto3 and awswrangler see."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import duckdb

Answer = dict[str, Any]


class DataApi:
    """Executes at once; `requests` are those of ExecuteStatement."""

    def __init__(self, database: Path) -> None:
        self.requests: list[Answer] = []
        self._database = database
        self._ended: list[Answer] = []

    def answer(self, operation: str, request: Answer) -> Answer:
        match operation:
            case "ExecuteStatement":
                self.requests.append(request)
                self._ended.append(self._executed(request["Sql"]))
                return {"Id": str(len(self._ended) - 1)}
            case "DescribeStatement":
                end = self._ended[int(request["Id"])]
                return {"Id": request["Id"], **{k: end[k] for k in end if k != "Result"}}
            case "GetStatementResult":
                result: Answer = self._ended[int(request["Id"])]["Result"]
                return result
        raise AssertionError(operation)

    def _executed(self, statement: str) -> Answer:
        try:
            with duckdb.connect(str(self._database), read_only=True) as connection:
                found = connection.execute(statement)
                names = [column[0] for column in found.description]
                rows = found.fetchall()
        except duckdb.Error as error:
            return {"Status": "FAILED", "Error": f"ERROR: {error}", "HasResultSet": False}
        result = {
            "ColumnMetadata": [{"name": name} for name in names],
            "Records": [[_field(value) for value in row] for row in rows],
        }
        return {"Status": "FINISHED", "HasResultSet": True, "Result": result}


def _field(value: object) -> Answer:
    """A value as the Data API writes it: decimals, dates and times as text."""
    match value:
        case None:
            return {"isNull": True}
        case bool():
            return {"booleanValue": value}
        case int():
            return {"longValue": value}
        case float():
            return {"doubleValue": value}
    return {"stringValue": str(value)}


@contextmanager
def serving(api: DataApi) -> Iterator[str]:
    """The URL of the API while it is served."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            operation = self.headers["X-Amz-Target"].partition(".")[2]
            content = json.dumps(api.answer(operation, json.loads(body))).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
