"""The checks themselves: each takes what it looks at and returns findings, one sentence each."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cfnlint.api import ManualArgs, lint

from infra.lint.integrations import needed
from infra.policies import UNSCOPED

VALIDATOR = Path("node_modules/.bin/asl-validator")

# cfn-lint reads numeric fields of a state as numbers only; in JSONata they may be expressions.
# asl-validator checks the structure of definitions with that in mind.
# Zones are looked up by the program; what is checked here are the names that it found.
IGNORED_RULES = ["E3601", "W3010"]


class MissingTool(RuntimeError):
    """A tool of the gate is not installed."""


def workflows(root: Path, definitions: Mapping[str, str]) -> list[str]:
    """Problems of rendered definitions, by asl-validator: structure, transitions, JSONata."""
    validator = root / VALIDATOR
    if not validator.exists() or shutil.which("node") is None:
        raise MissingTool("asl-validator is not installed; run `npm ci`")
    with TemporaryDirectory() as folder:
        arguments = []
        for name, definition in definitions.items():
            path = Path(folder) / f"{name}.asl.json"
            path.write_text(definition)
            arguments += ["--json-path", str(path)]
        done = subprocess.run([validator, *arguments], capture_output=True, text=True, check=False)
    return _validator_findings(done)


def _validator_findings(done: subprocess.CompletedProcess[str]) -> list[str]:
    if done.returncode == 0:
        return []
    findings = []
    workflow = "asl-validator"
    for line in (done.stdout + done.stderr).splitlines():
        if named := re.search(r'definition ".*?([^/"]+)\.asl\.json" is invalid', line):
            workflow = named[1]
        elif line.strip() and not line.startswith("✓"):
            findings.append(f"{workflow}: {line.strip()}")
    return list(dict.fromkeys(findings)) or [f"asl-validator ended with {done.returncode}"]


def resources(template: Mapping[str, Any], region: str) -> list[str]:
    """Problems of resources, by cfn-lint: names, values, formats, IAM actions."""
    config = ManualArgs(regions=[region], ignore_checks=IGNORED_RULES)
    matches = lint(json.dumps(template), regions=[region], config=config)
    return [
        f"{'.'.join(str(part) for part in match.path[1:])}: {match.message} ({match.rule.id})"
        for match in matches
    ]


def privileges(definitions: Mapping[str, str], granted: Mapping[str, set[str]]) -> list[str]:
    """Roles of workflows, by the same name, that allow other actions than their states need."""
    findings = []
    for name, definition in definitions.items():
        needs = needed(definition)
        findings += [f"{name}: a state needs {action}" for action in sorted(needs - granted[name])]
        findings += [f"{name}: no state needs {action}" for action in sorted(granted[name] - needs)]
    return findings


def actions(statements: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """All actions that statements allow."""
    return {action for statement in statements.values() for action in _list(statement["Action"])}


def policies(documents: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Statements that allow more than they need to, by the name of their policy."""
    return [
        f"{name}, statement {statement.get('Sid', '?')}: {problem}"
        for name, document in documents.items()
        for statement in document["Statement"]
        if statement["Effect"] == "Allow"
        for problem in _too_wide(statement)
    ]


def _too_wide(statement: Mapping[str, Any]) -> Iterable[str]:
    for action in _list(statement.get("Action", "NotAction")):
        if "*" in action or action == "NotAction":
            yield f"allows {action}; name each action"
    if "*" in _list(statement.get("Resource", [])) and statement.get("Sid") not in UNSCOPED:
        yield "names every resource; name its own, or give the reason in infra/policies.py"
    if "NotResource" in statement:
        yield "allows all resources but some; name its own"
    if statement.get("Principal") in ("*", {"AWS": "*"}):
        yield "trusts everybody; name the principal"


def _list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
