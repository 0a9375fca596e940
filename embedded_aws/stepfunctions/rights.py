"""What a state machine's role must be allowed to do before AWS takes the machine.

Asked through the engine's `refusal` hook, without a call; an engine without the hook refuses
nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .definition import Machine, Task, all_graphs
from .errors import ApiError
from .store import Services

RULE = "StepFunctionsGetEventsForStepFunctionsExecutionRule"
RULE_ACTIONS = ("events:DescribeRule", "events:PutRule", "events:PutTargets")
LOG_ACTIONS = (
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
)


def check_role(services: Services, machine: Machine, role: str, logging: Mapping[str, Any]) -> None:
    """Raises ApiError AccessDeniedException where the role lacks a right of the machine.

    Machines that wait for executions hear of their end through a managed EventBridge rule, and
    machines that log deliver to CloudWatch Logs; both are set up with the role's own rights.
    """
    rule = f"arn:aws:events:{services.region}:{services.account}:rule/{RULE}"
    if _waits_for_executions(machine) and _lacks(services, role, RULE_ACTIONS, rule):
        raise ApiError(
            "AccessDeniedException", f"'{role}' is not authorized to create managed-rule."
        )
    if logging.get("level", "OFF") != "OFF" and _lacks(services, role, LOG_ACTIONS, "*"):
        raise ApiError(
            "AccessDeniedException",
            "The state machine IAM Role is not authorized to access the Log Destination",
        )


def _waits_for_executions(machine: Machine) -> bool:
    tasks = (
        state
        for graph in all_graphs(machine.graph)
        for state in graph.states.values()
        if isinstance(state, Task)
    )
    integrations = (task.integration for task in tasks if task.integration is not None)
    return any(one.pattern == "sync" and one.resource_type == "states" for one in integrations)


def _lacks(services: Services, role: str, actions: tuple[str, ...], resource: str) -> bool:
    return any(services.refusal(role, action, resource) is not None for action in actions)
