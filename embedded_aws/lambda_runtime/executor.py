"""Runs the data plane's Lambda functions as real processes, whoever invokes them.

ministack sends every invocation, by API, SNS, EventBridge or event source, through one function;
this takes its place.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from embedded_aws.dataplane import credentials, ministack
from embedded_aws.dataplane.monitoring import log_metrics
from embedded_aws.dataplane.monitoring.service_metrics import function_ran, record
from embedded_aws.endpoint import Endpoint
from embedded_aws.lambda_runtime.code import CodeFolders, layer_paths
from embedded_aws.lambda_runtime.environment import FunctionSpec, Outcome
from embedded_aws.lambda_runtime.faults import FunctionFaults
from embedded_aws.lambda_runtime.pool import Pool
from embedded_aws.lambda_runtime.runtime_api import Invocation
from embedded_aws.lambda_runtime.runtime_folder import runtime_folder

Record = dict[str, Any]


@dataclass
class Functions:
    """The functions of one server.

    runtime_root  where the runtime folder is or will be installed
    hold          the engine clock's `hold`: a virtual clock waits for functions that run
    now           the engine clock's time, which log events carry
    """

    endpoint: Endpoint
    runtime_root: Path
    hold: Callable[[], AbstractContextManager[None]]
    now: Callable[[], float]
    faults: FunctionFaults = field(default_factory=FunctionFaults)
    pool: Pool = field(default_factory=Pool)
    code: CodeFolders = field(default_factory=CodeFolders)

    def attach(self) -> None:
        """Takes over ministack's execution of functions."""
        lambda_svc = ministack.service("lambda_svc")
        lambda_svc._execute_function_dispatch = self._execute
        lambda_svc._emit_lambda_metrics = _count_throttle

    def close(self) -> None:
        """Ends all processes."""
        self.pool.close()
        self.code.close()

    def retire(self) -> None:
        """Ends idle processes and forgets planned faults."""
        self.pool.retire()
        self.faults.clear()
        self.code.forget()

    def _execute(
        self, record: Record, config: Record, event: Any, request_id: str, started: float
    ) -> Record:
        """Signature and answer are those of ministack's `_execute_function_dispatch`."""
        name = config["FunctionName"]
        crash, error = self.faults.take(name, event)
        if error is not None:
            function_ran(name, 0.0, failed=True)
            return {"body": json.loads(error), "error": True}
        payload = json.dumps(event, ensure_ascii=False).encode()
        invocation = Invocation(request_id, payload, config["FunctionArn"])
        spec = self._spec(record, config)
        with self.hold(), self.pool.environment(spec) as environment:
            outcome = environment.invoke(invocation, crash)
        lines = _log_lines(config, request_id, outcome)
        function_ran(name, outcome.seconds, outcome.failed)
        _write_logs(config, environment.log_stream, lines, self.now())
        return {"body": _parsed(outcome), "error": outcome.failed, "log": "\n".join(lines)}

    def _spec(self, record: Record, config: Record) -> FunctionSpec:
        lambda_svc = ministack.service("lambda_svc")
        layers = [lambda_svc._resolve_layer_zip(layer) for layer in config.get("Layers") or []]
        # As on AWS a later layer covers an earlier one.
        unpacked = [self.code.unpacked(content) for content in reversed(layers) if content]
        paths = [self.code.unpacked(record["code_zip"])]
        paths += [path for layer in unpacked for path in layer_paths(layer)]
        return FunctionSpec(
            name=config["FunctionName"],
            handler=config["Handler"],
            runtime=config["Runtime"],
            timeout=float(config["Timeout"]),
            memory_mb=int(config["MemorySize"]),
            paths=(*paths, runtime_folder(self.runtime_root)),
            variables=self._variables(config),
        )

    def _variables(self, config: Record) -> tuple[tuple[str, str], ...]:
        own = (config.get("Environment") or {}).get("Variables") or {}
        session = credentials.assume(config["Role"], config["FunctionName"])
        given = {
            "AWS_ACCESS_KEY_ID": session.access_key,
            "AWS_SECRET_ACCESS_KEY": session.secret_key,
            "AWS_SESSION_TOKEN": session.token,
            "AWS_REGION": self.endpoint.region,
            "AWS_DEFAULT_REGION": self.endpoint.region,
            "AWS_ENDPOINT_URL": self.endpoint.url,
            "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        }
        return tuple(sorted({**own, **given}.items()))


def _parsed(outcome: Outcome) -> Any:
    try:
        return json.loads(outcome.body)
    except ValueError:
        return {"errorType": "Runtime.MarshalError", "errorMessage": "the response is not JSON"}


def _count_throttle(name: str, throttle: bool, **others: Any) -> None:
    """ministack counts invocations where they are asked for; all but throttles are counted here."""
    if throttle:
        record("AWS/Lambda", "Throttles", 1, "Count", FunctionName=name)


def _write_logs(config: Record, stream_name: str, lines: list[str], at: float) -> None:
    logs = ministack.service("cloudwatch_logs")
    name = config["FunctionName"]
    group_name = (config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{name}"
    session = credentials.assume(config["Role"], name)
    stream_arn = f"{logs._make_group_arn_no_star(group_name)}:log-stream:{stream_name}"
    if not credentials.may(session, "logs:PutLogEvents", stream_arn):
        return  # as on AWS: a function whose role may not log runs all the same
    if group_name not in logs._log_groups:
        group_arn = logs._make_group_arn(group_name)
        if not credentials.may(session, "logs:CreateLogGroup", group_arn):
            return
        logs._create_log_group({"logGroupName": group_name})
    group = logs._log_groups[group_name]
    if stream_name not in group["streams"]:
        logs._create_log_stream({"logGroupName": group_name, "logStreamName": stream_name})
    now = int(at * 1000)
    events = [{"timestamp": now, "message": line, "ingestionTime": now} for line in lines]
    logs._append_log_events(group["streams"][stream_name], events)
    logs._fanout_to_subscription_filters(group_name, stream_name, events)
    log_metrics.arrived(group_name, events)


def _log_lines(config: Record, request_id: str, outcome: Outcome) -> list[str]:
    """START, what the function wrote, END and REPORT, as AWS logs an invocation."""
    return [
        f"START RequestId: {request_id} Version: $LATEST",
        *outcome.output.splitlines(),
        f"END RequestId: {request_id}",
        _report(config, request_id, outcome),
    ]


def _report(config: Record, request_id: str, outcome: Outcome) -> str:
    milliseconds = outcome.seconds * 1000
    parts = [
        f"REPORT RequestId: {request_id}",
        f"Duration: {milliseconds:.2f} ms",
        f"Billed Duration: {math.ceil(milliseconds)} ms",
        f"Memory Size: {config['MemorySize']} MB",
        f"Max Memory Used: {outcome.peak_mb} MB",
    ]
    if outcome.init_seconds is not None:
        parts.append(f"Init Duration: {outcome.init_seconds * 1000:.2f} ms")
    return "\t".join(parts)
