"""Who may know what: one module makes events, one knows time, one knows boto3."""

from __future__ import annotations

import ast
from pathlib import Path

import embedded_aws.stepfunctions

ROOT = Path(embedded_aws.stepfunctions.__file__).parent
BASE = "embedded_aws.stepfunctions"

# Lower layers first: a module imports only what stands before it.
ORDER = [
    "errors", "jsontext", "limits", "integrations", "expressions", "map_io", "definition",
    "parse", "validate", "clock", "history", "store", "signals", "rights", "step", "retry",
    "items", "activities", "tasks", "branches", "map_results", "map_run", "states",
    "walk", "execution", "snapshots", "api", "__init__", "conformance",
]  # fmt: skip


def _modules() -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = {}
    for path in ROOT.rglob("*.py"):
        found.setdefault(path.relative_to(ROOT).parts[0].removesuffix(".py"), []).append(path)
    return found


def _imports(path: Path) -> set[str]:
    """Absolute names of the modules that a file imports."""
    package = [*BASE.split("."), *path.relative_to(ROOT).parts[:-1]]
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            name = ".".join([*base, *([node.module] if node.module else [])])
            found.add(name)
            found.update(f"{name}.{alias.name}" for alias in node.names)
    return found


def test_every_module_has_its_place() -> None:
    assert set(_modules()) == set(ORDER)


def test_imports_point_to_lower_layers() -> None:
    wrong = []
    for name, paths in _modules().items():
        allowed = {*ORDER[: ORDER.index(name) + 1]}
        for path in paths:
            for imported in _imports(path):
                parts = imported.removeprefix(f"{BASE}.").split(".")
                inside = imported.startswith(f"{BASE}.") and parts[0] in ORDER
                if inside and parts[0] not in allowed:
                    wrong.append(f"{path.name} imports {imported}")
    assert wrong == []


def test_the_engine_imports_nothing_of_the_rest_of_the_project() -> None:
    for paths in _modules().values():
        for path in paths:
            foreign = {
                name
                for name in _imports(path)
                if name.startswith(("embedded_aws", "cli", "infra")) and not name.startswith(BASE)
            }
            assert foreign <= {"embedded_aws"}, path


def test_who_knows_time_boto3_and_the_making_of_events() -> None:
    for name, paths in _modules().items():
        for path in paths:
            imported = _imports(path)
            if name not in ("clock", "expressions"):  # those limit how long an evaluation takes
                assert "time" not in imported, path
            if name not in ("integrations", "map_io"):
                assert not any(i.startswith(("boto3", "botocore")) for i in imported), path
            if name != "history":
                assert ".history.Event(" not in path.read_text()
