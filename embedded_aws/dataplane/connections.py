"""EventBridge connections keep their credentials in a secret, from which HTTP tasks read them.

ministack stores connections without one, and their ARNs without the id at their end.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

from embedded_aws.dataplane import ministack
from embedded_aws.dataplane.states import Response

_PARAMETERS = ("header_parameters", "query_string_parameters", "body_parameters")


def keep_secrets() -> None:
    """Lets each connection have its secret: made, changed and deleted with it."""
    events = ministack.service("eventbridge")
    ministack.replace(events, "_create_connection", _creating)
    ministack.replace(events, "_update_connection", _updating)
    ministack.replace(events, "_delete_connection", _deleting)


def _creating(original: Any) -> Any:
    def create(data: dict[str, Any]) -> Response:
        answer: Response = original(data)
        if answer[0] != 200:
            return answer
        record = _record(data["Name"])
        record["ConnectionArn"] += f"/{uuid.uuid4()}"
        record["SecretArn"] = _secrets(
            "_create_secret",
            {"Name": _secret_name(record), "SecretString": _secret(record["AuthParameters"])},
        )["ARN"]
        return _with_arn(answer, record)

    return create


def _updating(original: Any) -> Any:
    def update(data: dict[str, Any]) -> Response:
        answer: Response = original(data)
        if answer[0] == 200:
            record = _record(data["Name"])
            text = _secret(record["AuthParameters"])
            request = {"SecretId": record["SecretArn"], "SecretString": text}
            _secrets("_put_secret_value", request)
        return answer

    return update


def _deleting(original: Any) -> Any:
    def delete(data: dict[str, Any]) -> Response:
        record = ministack.service("eventbridge")._connections.get(data.get("Name"))
        answer: Response = original(data)
        if answer[0] == 200 and record:
            request = {"SecretId": record["SecretArn"], "ForceDeleteWithoutRecovery": True}
            _secrets("_delete_secret", request)
        return answer

    return delete


def _record(name: str) -> dict[str, Any]:
    record: dict[str, Any] = ministack.service("eventbridge")._connections[name]
    return record


def _secret_name(record: dict[str, Any]) -> str:
    return f"events!connection/{record['ConnectionArn'].partition(':connection/')[2]}"


def _secrets(operation: str, request: dict[str, Any]) -> dict[str, Any]:
    """A call of ministack's Secrets Manager, past IAM: EventBridge makes it for itself."""
    status, _, body = getattr(ministack.service("secretsmanager"), operation)(request)
    content: dict[str, Any] = json.loads(body)
    if status != 200:
        raise RuntimeError(f"the secret of a connection: {content}")
    return content


def _with_arn(answer: Response, record: dict[str, Any]) -> Response:
    status, headers, body = answer
    content = {**json.loads(body), "ConnectionArn": record["ConnectionArn"]}
    return status, headers, json.dumps(content).encode()


def _secret(parameters: dict[str, Any]) -> str:
    """What EventBridge stores for AuthParameters."""
    secret: dict[str, Any] = {}
    basic, key = parameters.get("BasicAuthParameters"), parameters.get("ApiKeyAuthParameters")
    oauth = parameters.get("OAuthParameters")
    if basic:
        secret |= {"username": basic["Username"], "password": basic["Password"]}
    if key:
        secret |= {"api_key_name": key["ApiKeyName"], "api_key_value": key["ApiKeyValue"]}
    if oauth:
        client = oauth["ClientParameters"]
        secret |= {
            "client_id": client["ClientID"],
            "client_secret": client["ClientSecret"],
            "authorization_endpoint": oauth["AuthorizationEndpoint"],
            "http_method": oauth["HttpMethod"],
            "oauth_http_parameters": _http(oauth.get("OAuthHttpParameters")),
        }
    invocation = _http(parameters.get("InvocationHttpParameters"))
    return json.dumps({**secret, "invocation_http_parameters": invocation})


def _http(parameters: dict[str, Any] | None) -> dict[str, list[dict[str, Any]]]:
    given = parameters or {}
    names = ("HeaderParameters", "QueryStringParameters", "BodyParameters")
    return {
        kept: [
            {
                "key": one["Key"],
                "value": one.get("Value", ""),
                "is_value_secret": one.get("IsValueSecret", False),
            }
            for one in given.get(name, ())
        ]
        for kept, name in zip(_PARAMETERS, names, strict=True)
    }
