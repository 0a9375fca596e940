"""Who signs: the account's administrator, and roles that services assume.

A call that signs as a role is checked by the data plane's IAM like any other, so a workflow, a
function or a schedule can do what its role's policies allow and nothing else.
"""

from __future__ import annotations

import contextvars
import dataclasses
import hashlib
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from embedded_aws.dataplane import ministack
from embedded_aws.endpoint import (
    ACCOUNT,
    REGION,
    SECRET_KEY,
    Endpoint,
    client_config,
    creating,
    new_client,
)

FUNCTION_LIMIT_SECONDS = 900  # the longest call: a function may run this long
CONNECTIONS = 64  # per client; a Distributed Map calls from many threads at once


class TrustError(ClientError):  # type: ignore[misc]  # botocore has no types
    """A role does not let a service assume it; code and message are the service's own."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__({"Error": {"Code": code, "Message": message}}, "AssumeRole")
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Session:
    """Temporary credentials of a role."""

    access_key: str
    secret_key: str
    token: str


_session_names: dict[str, str] = {}


def require_administrator_secret() -> None:
    """Makes the account id with its secret the only key that acts as administrator.

    ministack takes this secret from the host's environment, accepts further names for the account's
    root, and checks no signature of any of them; none of that may decide who is let in here.
    """
    evaluator = ministack.core("iam_evaluator")

    def build(original: Any) -> Any:
        def resolve(access_key_id: str, *args: Any, **kwargs: Any) -> Any:
            found = original(access_key_id, *args, **kwargs)
            if getattr(found, "principal_type", None) != "Root":
                return found
            if access_key_id != ACCOUNT:
                return evaluator._unknown_access_key()
            return dataclasses.replace(found, secret_access_key=SECRET_KEY, session_token=None)

        return resolve

    ministack.replace(evaluator, "_is_root_key", lambda original: lambda access_key_id: False)
    ministack.replace(evaluator, "resolve_credential", build)
    ministack.replace(ministack.service("sts"), "resolve_credential", build)


def assume(role_arn: str, session_name: str) -> Session:
    """Registers a session of a role, the same one each time, valid as long as the server runs."""
    digest = hashlib.sha256(f"{role_arn}\n{session_name}".encode()).hexdigest()
    session = Session(
        access_key=f"ASIA{digest[:16].upper()}",
        secret_key=hashlib.sha256(f"secret {digest}".encode()).hexdigest(),
        token=hashlib.sha256(f"token {digest}".encode()).hexdigest(),
    )
    account, role = role_arn.split(":")[4], role_arn.rsplit("/", 1)[-1]
    _session_names[session.access_key] = session_name
    ministack.service("sts").register_session(
        session.access_key,
        {
            "Arn": f"arn:aws:sts::{account}:assumed-role/{role}/{session_name}",
            "UserId": f"{role}:{session_name}",
            "SecretAccessKey": session.secret_key,
            "SessionToken": session.token,
            "AccountId": account,
            "PrincipalType": "AssumedRole",
        },
    )
    return session


def session_name(access_key: str) -> str | None:
    """Under which name a role was assumed; None for other access keys."""
    return _session_names.get(access_key)


def may(session: Session, action: str, resource: str) -> bool:
    """Whether a role's policies allow an action, for what a service does on its behalf."""
    return denial(session, action, resource) is None


def denial(session: Session, action: str, resource: str) -> str | None:
    """The sentence AWS says where a role's policies do not allow an action, None where they do."""
    evaluator, service = ministack.core("iam_evaluator"), action.partition(":")[0]
    check = (session.access_key, action, service, REGION, resource)
    # In a context of its own: the one of a request holds a signature that is not this session's.
    denied = contextvars.Context().run(evaluator.enforce, *check)
    if denied is None or isinstance(denied, evaluator.AuthError):
        return denied and str(denied.message)
    explicit = denied.decision == "Deny"
    words = ministack.core("iam_actions").identity_denial_message
    return str(words(action, denied.principal_arn, resource, explicit))


def trusts(role_arn: str, principal: str, source_arn: str | None = None) -> bool:
    """Whether a role's trust policy lets a service such as states.amazonaws.com assume it."""
    role = role_record(role_arn)
    if role is None:
        return False
    document = role["AssumeRolePolicyDocument"]
    policy = json.loads(document) if isinstance(document, str) else document
    statements = policy.get("Statement", [])
    statements = [statements] if isinstance(statements, dict) else statements
    context = {"aws:sourceaccount": role_arn.split(":")[4], "aws:sourcearn": source_arn}
    matching = [s for s in statements if _matches(s, role_arn, principal, context)]
    return bool(matching) and all(s.get("Effect") == "Allow" for s in matching)


def role_record(role_arn: str) -> dict[str, Any] | None:
    """ministack's record of a role, or None if there is no such role."""
    parts = role_arn.split(":")
    if len(parts) < 6 or not parts[5].startswith("role/"):
        return None
    role = ministack.service("iam")._roles.get_scoped(parts[4], None, role_arn.rsplit("/", 1)[-1])
    return role if role is not None and role.get("Arn") == role_arn else None


def _matches(
    statement: dict[str, Any], role_arn: str, principal: str, context: dict[str, str | None]
) -> bool:
    evaluator = ministack.core("iam_evaluator")
    actions = _as_list(statement.get("Action"))
    if not evaluator._action_matches(
        "sts:AssumeRole", actions, _as_list(statement.get("NotAction"))
    ):
        return False
    named = statement.get("Principal", {})
    services = ["*"] if named == "*" else _as_list(named.get("Service"))
    if "*" not in services and principal not in services:
        return False
    scope = evaluator.EvalContext(
        principal_arn=principal,
        principal_type="Service",
        principal_account="",
        action="sts:AssumeRole",
        resource_arn=role_arn,
        region="",
        service_context={k: v for k, v in context.items() if v is not None},
    )
    return bool(evaluator._conditions_met(statement.get("Condition", {}), scope))


def _as_list(value: Any) -> list[str]:
    if value is None:
        return []
    return [value] if isinstance(value, str) else list(value)


@dataclass
class RoleClients:
    """boto3 clients that sign as a role, for one service that assumes roles.

    Called with (role ARN, boto3 service name). Raises TrustError if the role does not exist or
    does not trust `principal`. Clients are kept; the trust is asked again at every call, because
    a role may change under them.
    """

    endpoint: Endpoint
    principal: str
    session_name: str
    refusal: tuple[str, str]  # error code and message; {role} in it is replaced
    prepare: Callable[[Any], None] = lambda client: None  # called with each new client
    _kept: dict[tuple[str, str], Any] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, role_arn: str, service: str) -> Any:
        self.check(role_arn)
        key = (role_arn, service)
        with self._lock:
            if key not in self._kept:
                self._kept[key] = self._create(role_arn, service)
            return self._kept[key]

    def check(self, role_arn: str, source_arn: str | None = None) -> None:
        """Raises TrustError unless the role lets the service assume it."""
        if not trusts(role_arn, self.principal, source_arn):
            code, message = self.refusal
            raise TrustError(code, message.format(role=role_arn))

    def refusal_of(self, role_arn: str, action: str, resource: str) -> str | None:
        """Why the role may not do what the service itself does on its behalf, None if it may."""
        return denial(assume(role_arn, self.session_name), action, resource)

    def _create(self, role_arn: str, service: str) -> Any:
        session = assume(role_arn, self.session_name)
        config = client_config(
            max_pool_connections=CONNECTIONS,
            connect_timeout=10,
            read_timeout=FUNCTION_LIMIT_SECONDS + 10,
        )
        credentials = (session.access_key, session.secret_key, session.token)
        with creating:
            client = new_client(self.endpoint, service, config, *credentials)
        self.prepare(client)
        return client
