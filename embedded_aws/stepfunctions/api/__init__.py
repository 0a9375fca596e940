"""The API by boto3's operation names: one table, AWS's error shapes."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from ..errors import ApiError
from ..store import Services
from . import executions, machines, single_state, tasks

OPERATIONS: dict[str, Callable[[Services, dict[str, Any]], Any]] = {
    "CreateStateMachine": machines.create,
    "UpdateStateMachine": machines.update,
    "DescribeStateMachine": machines.describe,
    "DeleteStateMachine": machines.delete,
    "ListStateMachines": machines.list_,
    "ValidateStateMachineDefinition": machines.check_definition,
    "TestState": single_state.run,
    "TagResource": machines.tag,
    "UntagResource": machines.untag,
    "ListTagsForResource": machines.list_tags,
    "StartExecution": executions.start,
    "StartSyncExecution": executions.start_sync,
    "StopExecution": executions.stop,
    "DescribeExecution": executions.describe,
    "DescribeStateMachineForExecution": executions.describe_machine,
    "RedriveExecution": executions.redrive,
    "ListExecutions": executions.list_,
    "GetExecutionHistory": executions.history,
    "DescribeMapRun": executions.describe_map_run,
    "UpdateMapRun": executions.update_map_run,
    "ListMapRuns": executions.list_map_runs,
    "SendTaskSuccess": tasks.succeed,
    "SendTaskFailure": tasks.fail,
    "SendTaskHeartbeat": tasks.beat,
    "CreateActivity": tasks.create,
    "DescribeActivity": tasks.describe,
    "DeleteActivity": tasks.delete,
    "ListActivities": tasks.list_,
    "GetActivityTask": tasks.poll,
}


async def handle(services: Services, operation: str, request: dict[str, Any]) -> dict[str, Any]:
    """Does one operation; times in the answer are epoch seconds. Raises ApiError."""
    do = OPERATIONS.get(operation)
    if do is None:
        raise ApiError(
            "UnknownOperationException", f"{operation} is not implemented by the embedded AWS"
        )
    answer = do(services, request)
    if inspect.isawaitable(answer):
        answer = await answer
    found: dict[str, Any] = answer
    return found
