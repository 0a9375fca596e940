"""`dej apply` and `dej destroy`: the change table, outputs, exit codes, messages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli import main
from cli.commands import apply as command
from cli.commands import pulumi as pulumi_command
from cli.output import output
from embedded_aws.endpoint import Endpoint
from embedded_aws.provider.pulumi_cli import build
from tests.embedded_aws.provider.projects import SmallProject

PROGRAM = """
bucket = aws.s3.Bucket("lake", bucket="commands-lake", tags={"a": "1"})
pulumi.export("bucket", bucket.bucket)
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallProject:
    monkeypatch.setattr(command, "ROOT", tmp_path)
    monkeypatch.setattr(output, "json", False)
    return SmallProject(tmp_path, "commands")


def dej(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["dej", *arguments])
    try:
        main.main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def test_apply_change_and_destroy(
    project: SmallProject,
    data_plane: Endpoint,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    project.write(PROGRAM)
    there = ("--endpoint", data_plane.url)
    assert dej(monkeypatch, "apply", *there) == 0
    told = capsys.readouterr()
    assert told.out == (
        "create   s3.Bucket                                  lake\nbucket = commands-lake\n"
    )
    assert told.err.startswith("1 created in ")

    assert dej(monkeypatch, "apply", *there) == 0
    told = capsys.readouterr()
    assert told.out == "bucket = commands-lake\n"
    assert told.err == "Nothing to change: 1 resource is as declared.\n"

    project.write(PROGRAM.replace('"1"', '"2"'))
    assert dej(monkeypatch, "--json", "apply", *there) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert rows == [
        {
            "action": "update",
            "type": "aws:s3/bucket:Bucket",
            "name": "lake",
            "id": "commands-lake",
            "properties": ["tags"],
        },
        {"output": "bucket", "value": "commands-lake"},
    ]

    monkeypatch.setattr(output, "json", False)
    assert dej(monkeypatch, "destroy", "--yes", *there) == 0
    told = capsys.readouterr()
    assert told.out == "delete   s3.Bucket                                  lake\n"
    assert told.err == "1 deleted.\n"
    assert dej(monkeypatch, "destroy", "--yes", *there) == 0
    assert "Nothing to destroy: stack local was not applied to" in capsys.readouterr().err


def test_refusals_are_sentences(
    project: SmallProject,
    data_plane: Endpoint,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    there = ("--endpoint", data_plane.url)
    assert dej(monkeypatch, "apply", *there) == 1
    assert capsys.readouterr().err.startswith("error: Pulumi.yaml does not exist in ")
    project.write('aws.s3.Bucket("a")\naws.s3.Bucket("b")')
    assert dej(monkeypatch, "apply", *there) == 1
    assert capsys.readouterr().err == (
        "error: aws:s3/bucket:Bucket a: bucket is required\n"
        "  because: aws:s3/bucket:Bucket b: bucket is required\n"
    )
    project.write("""
    def fail(name):
        raise ValueError("settings are wrong")

    bucket = aws.s3.Bucket("a", bucket="commands-a")
    aws.s3.Bucket("b", bucket=bucket.bucket.apply(fail))
    """)
    assert dej(monkeypatch, "apply", *there) == 1
    assert capsys.readouterr().err == (
        "error: The program of stack local failed: ValueError.\n"
        "  because: settings are wrong\n"
        "  try: dej --debug apply --stack local\n"
    )


def test_destroy_asks_first(
    project: SmallProject,
    data_plane: Endpoint,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    project.write(PROGRAM)
    there = ("--endpoint", data_plane.url)
    assert dej(monkeypatch, "apply", *there) == 0
    monkeypatch.setattr("typer.confirm", lambda question: False)
    state = command.state_file("local", data_plane.url)
    assert state.exists()
    assert dej(monkeypatch, "destroy", *there) == 1
    assert state.exists()
    assert dej(monkeypatch, "destroy", "--yes", *there) == 0


def test_pulumi_gets_its_own_options_and_help(
    project: SmallProject, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    project.write("")
    started: list[list[str]] = []

    class Prepared:
        def __init__(self, binary: Path, root: Path, home: Path, endpoint: str) -> None:
            self.about = {"root": str(root), "endpoint": endpoint}

        def prepared(self, arguments: list[str]) -> dict[str, str]:
            return self.about

    def start(binary: Path, words: list[str], environment: dict[str, str]) -> None:
        assert environment == {"root": str(tmp_path), "endpoint": "http://127.0.0.1:9"}
        started.append(words[1:])

    monkeypatch.setattr(pulumi_command, "ROOT", tmp_path)
    monkeypatch.setattr(build, "find", lambda: tmp_path / "pulumi")
    monkeypatch.setattr("embedded_aws.provider.pulumi_cli.command.Pulumi", Prepared)
    monkeypatch.setattr("os.execve", start)
    monkeypatch.chdir(tmp_path)
    there = ("--endpoint", "http://127.0.0.1:9")
    assert dej(monkeypatch, "pulumi", *there, "up", "--yes", "-s", "dev", "--help") == 0
    assert dej(monkeypatch, "pulumi", "preview", "--diff", "--config", "a=b", *there) == 0
    assert started == [
        ["up", "--yes", "-s", "dev", "--help"],
        ["preview", "--diff", "--config", "a=b"],
    ]


def test_pulumi_that_is_not_built(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(build, "find", lambda: None)
    assert dej(monkeypatch, "pulumi", "up") == 1
    assert capsys.readouterr().err == (
        "error: The Pulumi CLI is not built yet.\n  try: make pulumi\n"
    )
