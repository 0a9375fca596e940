"""The docs site's CloudFront function as a stack deploys it, run by Node for one request."""

from __future__ import annotations

import atexit
import base64
import json
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from embedded_aws.provider.config import load_project
from infra.gold_docs import PASSWORDS
from infra.lint.program import look_at
from infra.platform import ROOT
from infra.settings import KEY, PROJECT

RUNTIME = Path(__file__).with_name("guard_runtime.mjs")
UNAUTHORIZED = 401
Headers = Mapping[str, str]
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Ended:
    """What the function left.

    answer      the request that goes on to the bucket, or the response to the viewer; None after
                an error, which CloudFront makes a 503
    hashes      hashes computed
    characters  characters looked at one by one
    """

    answer: dict[str, Any] | None
    error: str | None
    hashes: int
    characters: int

    @property
    def passed(self) -> bool:
        """Whether the bucket is asked."""
        return self.answer is not None and "statusCode" not in self.answer


@dataclass(frozen=True)
class Guard:
    """The function and the content of its key-value store; None if no store is associated."""

    code: str
    entries: Mapping[str, Any] | None

    def run(self, headers: Headers, uri: str = "/", method: str = "GET") -> Ended:
        """What the function does with a request."""
        given = {
            "code": self.code,
            "entries": self.entries,
            "event": {
                "version": "1.0",
                "context": {"eventType": "viewer-request"},
                "viewer": {"ip": "198.51.100.1"},
                "request": {
                    "method": method,
                    "uri": uri,
                    "querystring": {},
                    "cookies": {},
                    "headers": {name.lower(): {"value": text} for name, text in headers.items()},
                },
            },
        }
        left = _asked(given)
        return Ended(left.get("answer"), left.get("error"), **left["work"])


def _asked(given: dict[str, Any]) -> dict[str, Any]:
    """One line to the runtime and one back."""
    node = _runtime()
    assert node.stdin
    assert node.stdout
    with _one_at_a_time:
        node.stdin.write(json.dumps(given) + "\n")
        node.stdin.flush()
        left: dict[str, Any] = json.loads(node.stdout.readline())
    return left


@cache
def _runtime() -> subprocess.Popen[str]:
    """The process that runs functions until this one ends."""
    command = ["node", "--no-warnings", "--experimental-vm-modules", str(RUNTIME)]
    node = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    atexit.register(node.communicate)  # closes its input, at which it ends
    return node


@dataclass(frozen=True)
class Distribution:
    """What a stack deploys between viewers and the docs bucket."""

    guard: Guard
    root_object: str
    methods: tuple[str, ...]


def deployed(readers: Sequence[str], passwords: Mapping[str, str]) -> Distribution:
    """The distribution of stack dev with these readers, and entries `salt:hash` by name.

    Raises what the program raises.
    """
    project = load_project(ROOT, "dev")
    settings = json.loads(project.config[f"{PROJECT}:{KEY}"])
    settings["gold"] = {**settings.get("gold", {}), "docs_readers": list(readers)}
    config = {
        **project.config,
        f"{PROJECT}:{KEY}": json.dumps(settings),
        f"{PROJECT}:{PASSWORDS}": json.dumps(passwords),
    }
    found = look_at(replace(project, config=config))
    distribution = found.inputs("Distribution", "docs")
    behavior = distribution["defaultCacheBehavior"]
    (association,) = behavior["functionAssociations"]
    assert association["eventType"] == "viewer-request"
    function = found.inputs("Function", "docs-guard")
    assert association["functionArn"].endswith(f":function/{function['name']}")
    keys = found.resources.of_type("aws:cloudfront/keyvaluestoreKey:KeyvaluestoreKey")
    assert all(
        [k.inputs["keyValueStoreArn"]] == function["keyValueStoreAssociations"] for k in keys
    )
    guard = Guard(function["code"], {k.inputs["key"]: k.inputs["value"] for k in keys})
    return Distribution(guard, distribution["defaultRootObject"], tuple(behavior["allowedMethods"]))


def basic(name: str, password: str) -> dict[str, str]:
    """The header by which a browser gives name and password."""
    text = base64.b64encode(f"{name}:{password}".encode()).decode()
    return {"Authorization": f"Basic {text}"}
