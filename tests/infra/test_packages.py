"""Lambda packages: what is in them, how large they are, that nothing is built twice."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import boto3
import pytest

from infra.packages import (
    UNZIPPED_LIMIT,
    ZIP_LIMIT,
    Packages,
    PackagingError,
    Target,
    build,
    unzipped_size,
)

ROOT = Path(__file__).parents[2]
FUNCTIONS = ("assemble_partition", "dbt_runner", "parse_response", "read_partition")
FUNCTION_LIMIT = 2 << 20  # bytes of a zip; a dbt project and its parse travel with their function
TARGETS: tuple[Target, ...] = ("aws", "local")


@pytest.fixture(scope="module")
def built() -> dict[Target, Packages]:
    return {target: build(ROOT, target) for target in TARGETS}


@pytest.mark.parametrize("target", TARGETS)
def test_sizes(built: dict[Target, Packages], target: Target) -> None:
    packages = built[target]
    assert tuple(packages.functions) == FUNCTIONS
    for name, path in packages.functions.items():
        layers = [packages.layers[layer] for layer in packages.layers_of(name)]
        assert sum(unzipped_size(zipped) for zipped in (path, *layers)) < UNZIPPED_LIMIT
        assert path.stat().st_size < FUNCTION_LIMIT
    for path in packages.layers.values():
        assert path.stat().st_size < ZIP_LIMIT


@pytest.mark.parametrize("target", TARGETS)
def test_contents(built: dict[Target, Packages], target: Target) -> None:
    packages = built[target]
    for name, path in packages.functions.items():
        inside = names(path)
        assert f"{name}/handler.py" in inside
        assert "common/errors.py" in inside
        assert not any("pyarrow" in each for each in inside)
    for path in (*packages.functions.values(), *packages.layers.values()):
        for each in names(path):
            assert not each.endswith((".pyi", ".h", ".pyx", "/RECORD")), each
            # dbt's own macros lie in such a folder, and so do a project's tests.
            assert "tests" not in each.split("/") or "dbt" in each, each
            # Bytecode is for the interpreter that made it, which AWS's is not.
            assert target == "local" or not each.endswith(".pyc"), each
            assert not each.removeprefix("python/").startswith(("boto", "numpy", "pandas")), each
    assert "schemas/silver_ai.json" in names(packages.functions["assemble_partition"])
    assert "schemas/pass3.json" in names(packages.functions["parse_response"])
    layer = names(packages.layers["pyarrow"])
    assert all(each.startswith("python/") for each in layer)
    assert "python/pyarrow/parquet/core.py" in layer
    assert any("/licenses/" in each for each in layer), "licences go with the code"
    assert not any("flight" in each or "/_dataset." in each for each in layer)


def test_the_package_for_aws_is_for_its_python_and_platform(
    built: dict[Target, Packages],
) -> None:
    layer = names(built["aws"].layers["pyarrow"])
    modules = [each for each in layer if ".cpython-" in each]
    assert "python/pyarrow/lib.cpython-312-x86_64-linux-gnu.so" in modules
    assert all(each.endswith(".cpython-312-x86_64-linux-gnu.so") for each in modules)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_runs_from_its_package_alone(
    built: dict[Target, Packages], name: str, tmp_path: Path
) -> None:
    packages = built["local"]
    code, layers = tmp_path / "function", tmp_path / "layers"
    unzip(packages.functions[name], code)
    for layer in packages.layers_of(name):
        unzip(packages.layers[layer], layers)
    path = [code, layers / "python", runtime(tmp_path / "runtime")]
    program = (
        f"import sys; sys.path[:0] = {[str(folder) for folder in path]}\n"
        f"import {name}.handler as module\n"
        "assert callable(module.handler)\n"
        f"assert module.__file__.startswith({str(code)!r})\n"
    )
    if "pyarrow" in packages.layers_of(name):
        program += PARQUET
    command = [sys.executable, "-I", "-S", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


PARQUET = """
import pyarrow as pa, pyarrow.parquet as pq
from common import contract
table = contract.arrow_schema().empty_table()
sink = pa.BufferOutputStream()
pq.write_table(table, sink, compression="snappy")
found = pq.ParquetFile(pa.BufferReader(sink.getvalue()))
assert found.schema_arrow.equals(table.schema)
assert pa.default_memory_pool().backend_name == "system"
assert "numpy" not in sys.modules
"""


def test_nothing_is_built_twice(built: dict[Target, Packages]) -> None:
    lines: list[str] = []
    start = time.monotonic()
    assert {target: build(ROOT, target, lines.append) for target in TARGETS} == built
    assert time.monotonic() - start < 1
    assert lines == []


def test_equal_sources_give_equal_zips_wherever_they_lie(tmp_path: Path) -> None:
    zips = []
    for folder in ("here", "there"):
        root = project(tmp_path / folder)
        zips.append(build(root, "local", ignore).functions["hello"])
    assert zips[0].name == zips[1].name
    assert zips[0].read_bytes() == zips[1].read_bytes()


def test_a_change_of_code_or_data_rebuilds_that_function_alone(tmp_path: Path) -> None:
    root = project(tmp_path)
    shutil.copytree(root / "functions" / "hello", root / "functions" / "other")
    before = build(root, "local", ignore)
    (root / "functions" / "hello" / "handler.py").write_text("handler = None\n")
    lines: list[str] = []
    after = build(root, "local", lines.append)
    assert after.functions["hello"] != before.functions["hello"]
    assert after.functions["other"] == before.functions["other"]
    assert lines == [f"packages: writing {after.functions['hello'].name} for local"]
    (root / "schemas" / "one.json").write_text("[]")
    again = build(root, "local", ignore)
    assert again.functions["other"] != after.functions["other"]


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        ('data = ["schemas/none*.json"]', r"package\.toml: no file matches schemas/none\*\.json$"),
        ('code = ["absent"]', r"package\.toml: no code in absent/$"),
        ('layers = ["absent"]', r"^layer absent is unknown: add .*layer\.toml or drop the name$"),
        ('layer = "pyarrow"', r"package\.toml: unknown key layer: use code, data, layers or dbt$"),
    ],
)
def test_a_manifest_that_cannot_be_met_is_refused(
    tmp_path: Path, manifest: str, message: str
) -> None:
    root = project(tmp_path)
    (root / "functions" / "hello" / "package.toml").write_text(manifest)
    with pytest.raises(PackagingError, match=message):
        build(root, "local", ignore)


def test_a_lock_without_hashes_is_refused(tmp_path: Path) -> None:
    root = project(tmp_path)
    lock = root / "functions" / "hello" / "requirements.txt"
    lock.write_text("json-repair==0.64.6\n")
    with pytest.raises(PackagingError, match=f"^pip could not install {lock}: "):
        build(root, "local", ignore)
    assert not list((root / "build" / "packages" / "local").glob(".new-*"))


def project(root: Path) -> Path:
    """A repository with one small function."""
    function = root / "functions" / "hello"
    function.mkdir(parents=True)
    (function / "handler.py").write_text("def handler(event, context):\n    return event\n")
    (function / "package.toml").write_text('data = ["schemas/*.json"]\n')
    (root / "schemas").mkdir()
    (root / "schemas" / "one.json").write_text("{}")
    return root


def runtime(folder: Path) -> Path:
    """What the Lambda runtime has of its own: boto3 and what it needs, nothing else."""
    folder.mkdir()
    installed = Path(boto3.__file__).parents[1]
    for name in ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six.py"):
        (folder / name).symlink_to(installed / name)
    return folder


def unzip(path: Path, folder: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder)


def names(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        return archive.namelist()


def ignore(line: str) -> None:
    """Progress that nobody reads."""
