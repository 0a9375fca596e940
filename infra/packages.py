"""Builds the Lambda packages: a zip per function, a zip per shared layer.

A folder of `functions/` with a `package.toml` is a function. Its zip holds

    <function>/…            its own Python files
    <code>/…                the sibling packages that `code` names, such as `common`
    <data>                  the files that `data` names (paths or patterns from the root)
    …                       what its `requirements.txt` locks, if it has one
    <dbt>/partial_parse.msgpack   the parse of the dbt project that `dbt` names, for the target's
                                  warehouse (`infra/parsed_project.py`); its files are `data`

and it uses the `layers` it names, all of them or, as a table, those of a target. A layer is
`functions/layers/<name>/`: a `requirements.txt` and a `layer.toml` with patterns to `exclude` and,
of what is never shipped otherwise, to `keep`; its zip holds the distributions below `python/`.

The locks carry hashes and serve both targets; made from `requirements.in` beside them by

    uv pip compile --generate-hashes --no-emit-index-url --no-header --no-annotate \\
        --universal --python-version 3.11 requirements.in -o requirements.txt

Target `aws` takes wheels for Python 3.12 on Amazon Linux (x86_64), `local` those of the running
interpreter, with bytecode. boto3 is in neither: the runtime has it. Zips are reproducible and
named by a hash of all they are made from, so that nothing is built twice.
"""

from __future__ import annotations

import compileall
import fcntl
import hashlib
import json
import os
import py_compile
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import tomllib
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Literal

from infra import parsed_project

Target = Literal["aws", "local"]
Progress = Callable[[str], None]

ZIP_LIMIT = 50 << 20  # bytes, of a zip that is uploaded directly
UNZIPPED_LIMIT = 250 << 20  # bytes, of a function and its layers together

_AWS = [
    *("--platform", "manylinux2014_x86_64", "--platform", "manylinux_2_28_x86_64"),
    *("--implementation", "cp", "--python-version", "3.12"),
    *("--abi", "cp312", "--abi", "abi3", "--abi", "none"),
]
_NEVER = (  # tests, headers, stubs, scripts, and what differs between two installations
    *("*/tests/*", "*/include/*", "*/__pycache__/*", "bin/*"),
    *("*.pyi", "*.pyx", "*.pxd", "*.pxi", "*.h", "*.hpp", "*.c", "*.cc", "*.a", "*.pyc"),
    *("*.dist-info/RECORD", "*.dist-info/INSTALLER", "*.dist-info/REQUESTED"),
    *("*.dist-info/direct_url.json", "*.cmake"),
)

_RECIPE = Path(__file__).read_bytes()  # packages change with the code that builds them


class PackagingError(Exception):
    """A package cannot be built; the message says which and what to do."""


@dataclass(frozen=True)
class Packages:
    """Zips by the name of function (`read_partition`) and of layer (`pyarrow`)."""

    functions: dict[str, Path]
    layers: dict[str, Path]
    _layers_of: dict[str, tuple[str, ...]]

    def layers_of(self, function: str) -> tuple[str, ...]:
        """The names of the layers that a function uses."""
        return self._layers_of[function]


def build(root: Path, target: Target, progress: Progress | None = None) -> Packages:
    """Builds what is not built yet into `build/packages/{target}/` and returns all packages.

    `progress` gets one line per slow step; they go to stderr by default. Raises PackagingError.
    """
    shop = _Shop(root, target, progress or _to_stderr)
    with _alone(shop.output):
        return shop.build()


def build_layer(root: Path, name: str, target: Target) -> Path:
    """The zip of one layer, whether or not a function uses it for that target."""
    shop = _Shop(root, target, _to_stderr)
    with _alone(shop.output):
        return shop.layer(name)


@dataclass(frozen=True)
class _Manifest:
    """A `package.toml`."""

    folder: Path
    code: tuple[str, ...]
    data: tuple[str, ...]
    layers: tuple[str, ...]
    dbt: str

    @classmethod
    def read(cls, path: Path, target: Target) -> _Manifest:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        unknown = content.keys() - {"code", "data", "layers", "dbt"}
        if unknown:
            raise PackagingError(
                f"{path}: unknown key {min(unknown)}: use code, data, layers or dbt"
            )
        return cls(
            path.parent,
            code=tuple(content.get("code", ())),
            data=tuple(content.get("data", ())),
            layers=layers_for(content.get("layers", ()), target),
            dbt=content.get("dbt", ""),
        )


def layers_for(layers: Any, target: Target) -> tuple[str, ...]:
    """The layers that the `layers` of a `package.toml` names for a target."""
    return tuple(layers.get(target, ()) if isinstance(layers, dict) else layers)


@dataclass(frozen=True)
class _Trim:
    """Patterns of paths that are left out beyond those never shipped, and of some that stay."""

    exclude: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()

    def apply(self, folder: Path) -> None:
        for path in sorted(folder.rglob("*"), reverse=True):
            name = path.relative_to(folder).as_posix()
            if path.is_dir():
                if not any(path.iterdir()):
                    path.rmdir()
            elif _matches(name, (*_NEVER, *self.exclude)) and not _matches(name, self.keep):
                path.unlink()


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch(name, pattern) for pattern in patterns)


Files = dict[str, Path]  # name in the zip -> file


class _Shop:
    """Builds the packages of one repository for one target."""

    def __init__(self, root: Path, target: Target, progress: Progress) -> None:
        self._functions = root / "functions"
        self._root, self._target, self._progress = root, target, progress
        self.output = root / "build" / "packages" / target

    def build(self) -> Packages:
        paths = sorted(self._functions.glob("*/package.toml"))
        manifests = {path.parent.name: _Manifest.read(path, self._target) for path in paths}
        layers = {
            name: self.layer(name)
            for name in sorted(
                {name for manifest in manifests.values() for name in manifest.layers}
            )
        }
        packages = Packages(
            {name: self._function(name, manifest) for name, manifest in manifests.items()},
            layers,
            {name: manifest.layers for name, manifest in manifests.items()},
        )
        _check_sizes(packages)
        return packages

    def _function(self, name: str, manifest: _Manifest) -> Path:
        files = self._sources(name, manifest)
        lock = manifest.folder / "requirements.txt"
        if lock.is_file():
            files |= _tree(self._distributions(name, lock, _Trim()), "")
        return self._zip(name, self._contents(files), lambda: files)

    def layer(self, name: str) -> Path:
        folder = self._functions / "layers" / name
        if not (folder / "layer.toml").is_file():
            raise PackagingError(
                f"layer {name} is unknown: add {folder}/layer.toml or drop the name"
            )
        found = tomllib.loads((folder / "layer.toml").read_text(encoding="utf-8"))
        trim = _Trim(tuple(found["exclude"]), tuple(found.get("keep", ())))
        distributions = self._distributions(name, folder / "requirements.txt", trim)
        return self._zip(
            f"{name}-layer", [distributions.name.encode()], lambda: _tree(distributions, "python/")
        )

    def _sources(self, name: str, manifest: _Manifest) -> Files:
        files: Files = {}
        for package in (name, *manifest.code):
            found = _tree(self._functions / package, f"{package}/", "*.py")
            if not found:
                raise PackagingError(f"{manifest.folder}/package.toml: no code in {package}/")
            files |= found
        for pattern in manifest.data:
            matches = sorted(path for path in self._root.glob(pattern) if path.is_file())
            if not matches:
                raise PackagingError(f"{manifest.folder}/package.toml: no file matches {pattern}")
            files |= {path.relative_to(self._root).as_posix(): path for path in matches}
        if manifest.dbt:
            files[f"{manifest.dbt}/{parsed_project.FILE}"] = self._parsed(manifest.dbt, files)
        return files

    def _parsed(self, project: str, files: Files) -> Path:
        """The parse of a dbt project, made anew only when a file of it changes."""
        recipe = Path(parsed_project.__file__).read_bytes()
        own = sorted(item for item in files.items() if item[0].startswith(f"{project}/"))
        parts = [part for inside, path in own for part in (inside.encode(), path.read_bytes())]
        digest = _digest([recipe, self._target.encode(), *parts])
        parsed = self.output / "parsed" / f"{project}-{digest}.msgpack"
        if not parsed.is_file():
            self._progress(f"packages: parsing {project} for {self._target}")
            with _scratch(self.output) as scratch:
                try:
                    made = parsed_project.parse(self._root / project, self._target, scratch)
                except parsed_project.ParseError as error:
                    raise PackagingError(str(error)) from None
                parsed.parent.mkdir(exist_ok=True)
                os.replace(made, parsed)
        return parsed

    def _distributions(self, name: str, lock: Path, trim: _Trim) -> Path:
        """A folder with what `lock` names, without what no function needs."""
        how = json.dumps([_NEVER, trim.exclude, trim.keep, self._platform()])
        digest = _digest([_RECIPE, lock.read_bytes(), how.encode()])
        folder = self.output / "distributions" / f"{name}-{digest}"
        if not folder.is_dir():
            self._progress(f"packages: installing the distributions of {name} for {self._target}")
            with _scratch(self.output) as scratch:
                _install(lock, scratch, _AWS if self._target == "aws" else [])
                trim.apply(scratch)
                if self._target == "local":
                    _compile(scratch)
                folder.parent.mkdir(exist_ok=True)
                scratch.rename(folder)
        return folder

    def _contents(self, files: Files) -> list[bytes]:
        """What a zip is known by: names and contents; a distribution's files are known by their
        folder, whose name is a hash itself."""
        parts = []
        for inside, path in sorted(files.items()):
            installed = path.is_relative_to(self.output)
            known = path.relative_to(self.output).as_posix().encode() if installed else b""
            parts += [inside.encode(), known or path.read_bytes()]
        return parts

    def _zip(self, name: str, known_by: list[bytes], files: Callable[[], Files]) -> Path:
        """The zip of files, named by a hash of what they are known by."""
        zipped = self.output / f"{name}-{_digest([_RECIPE, *known_by])}.zip"
        if not zipped.is_file():
            self._progress(f"packages: writing {zipped.name} for {self._target}")
            with _scratch(self.output) as scratch:
                _write_zip(scratch / "package.zip", files())
                os.replace(scratch / "package.zip", zipped)
        return zipped

    def _platform(self) -> list[str]:
        if self._target == "aws":
            return _AWS
        return [sys.implementation.cache_tag or "", sysconfig.get_platform()]


def _install(lock: Path, folder: Path, platform: list[str]) -> None:
    command = [
        *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
        *("--no-deps", "--require-hashes", "--only-binary", ":all:", "--no-compile"),
        *("--target", str(folder), *platform, "--requirement", str(lock)),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or ["no output"]
        raise PackagingError(
            f"pip could not install {lock}: {said[-1]}; look for a network problem, or for a "
            "distribution without a wheel"
        )


def _compile(folder: Path) -> None:
    """Bytecode for the running interpreter: a fresh environment would compile for seconds.

    Unchecked: the files never change, and times are not part of equal packages.
    """
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    compileall.compile_dir(folder, quiet=2, stripdir=str(folder), invalidation_mode=mode)


def _tree(folder: Path, prefix: str, pattern: str = "*") -> Files:
    return {
        prefix + path.relative_to(folder).as_posix(): path
        for path in folder.rglob(pattern)
        if path.is_file()
    }


def _write_zip(path: Path, files: Files) -> None:
    """Sorted, with one fixed time and mode for all: equal content gives equal bytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for inside, file in sorted(files.items()):
            entry = zipfile.ZipInfo(inside, date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system = 3  # Unix, as the mode below is
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, file.read_bytes())


def _check_sizes(packages: Packages) -> None:
    for path in (*packages.functions.values(), *packages.layers.values()):
        if path.stat().st_size > ZIP_LIMIT:
            raise PackagingError(f"{path.name} is above {ZIP_LIMIT >> 20} MB: exclude more of it")
    for name, path in packages.functions.items():
        zips = [path, *(packages.layers[layer] for layer in packages.layers_of(name))]
        if sum(unzipped_size(each) for each in zips) > UNZIPPED_LIMIT:
            raise PackagingError(
                f"{name} and its layers are above {UNZIPPED_LIMIT >> 20} MB unzipped: exclude more"
            )


def unzipped_size(path: Path) -> int:
    """Bytes of a zip's files."""
    with zipfile.ZipFile(path) as archive:
        return sum(entry.file_size for entry in archive.infolist())


def _digest(parts: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()[:16]


@contextmanager
def _scratch(beside: Path) -> Iterator[Path]:
    """A folder on the same file system, gone afterwards unless it was renamed."""
    folder = Path(tempfile.mkdtemp(prefix=".new-", dir=beside))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Two builds at once would do the same work twice."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
