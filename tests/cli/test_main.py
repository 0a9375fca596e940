"""What holds for every command: registration, streams, exit codes, one place for errors."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from cli import main
from cli.aws import diagnose
from cli.errors import CommandError, Diagnostic, ExitCode
from cli.output import Output, output, render

ROOT = Path(__file__).parents[2]
COMMANDS = sorted(
    path.stem for path in (ROOT / "cli" / "commands").glob("*.py") if path.stem != "__init__"
)


@pytest.fixture(autouse=True)
def _default_output(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "json", False)
    monkeypatch.setattr(output, "debug", False)


def run(monkeypatch: pytest.MonkeyPatch, error: Exception | None) -> int:
    """The exit code of a `dej` whose command raises."""

    def app(prog_name: str) -> None:
        if error is not None:
            raise error
        raise SystemExit(0)

    monkeypatch.setattr(main, "app", app)
    with pytest.raises(SystemExit) as ended:
        main.main()
    return int(ended.value.code or 0)


def test_every_module_is_a_command_and_help_loads_nothing_slow() -> None:
    code = (
        "import sys\n"
        "from cli.main import main\n"
        "sys.argv[1:] = ['--help']\n"
        "try: main()\n"
        "finally: print(sorted({m.partition('.')[0] for m in sys.modules}))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    *text, modules = shown.strip().splitlines()
    assert [name for name in COMMANDS if f" {name} " not in " ".join(text)] == []
    slow = {"boto3", "botocore", "ministack", "pulumi", "pulumi_aws", "pyarrow", "hypercorn"}
    assert slow & set(json.loads(modules.replace("'", '"'))) == set()


def test_an_unknown_command_is_a_usage_error() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "cli.main", "nonsense"], cwd=ROOT, capture_output=True, text=True
    )
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert "No such command 'nonsense'" in ended.stderr


def test_a_diagnostic_goes_to_stderr_with_its_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    diagnostic = Diagnostic(
        "The run failed.",
        ExitCode.REFUSED,
        context="the first cause",
        note="not your fault",
        hint="dej why run",
    )
    assert run(monkeypatch, CommandError(diagnostic)) == 3
    assert capsys.readouterr() == (
        "",
        "error: The run failed.\n"
        "  because: the first cause\n"
        "  note: not your fault\n"
        "  try: dej why run\n",
    )


def test_an_unforeseen_error_is_one_line_unless_debugging(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, KeyError("x")) == 1
    assert capsys.readouterr().err.startswith("error: KeyError: 'x'\n  note: this is a defect")
    monkeypatch.setattr(output, "debug", True)
    with pytest.raises(KeyError):
        main.main()


def test_a_command_that_succeeds_ends_with_0(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, None) == 0


@pytest.mark.parametrize(
    ("code", "message", "sentence"),
    [
        ("AccessDeniedException", "User x may not", "AWS denies StartExecution."),
        ("ExpiredToken", "it is old", "AWS does not accept the credentials for StartExecution."),
        ("ExecutionLimitExceeded", "too many", "AWS refuses StartExecution with Execution"),
        ("StateMachineDoesNotExist", "none", "StartExecution finds nothing there."),
    ],
)
def test_refusals_of_aws(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    code: str,
    message: str,
    sentence: str,
) -> None:
    error = ClientError({"Error": {"Code": code, "Message": message}}, "StartExecution")
    assert run(monkeypatch, error) == 3
    shown = capsys.readouterr().err
    assert shown.startswith(f"error: {sentence}")
    assert f"\n  because: {message}\n" in shown


def test_an_unreachable_endpoint() -> None:
    found = diagnose(EndpointConnectionError(endpoint_url="http://127.0.0.1:4566"))
    assert (found.message, found.code) == ("AWS cannot be reached.", ExitCode.REFUSED)
    assert "127.0.0.1:4566" in str(found.context)


def test_data_is_text_or_json_lines(capsys: pytest.CaptureFixture[str]) -> None:
    record = {"name": "Zürich", "rows_out": 84, "empty": None, "states": {"FAILED": 2}}
    Output().record(record)
    Output().record(record, "one line")
    Output(json=True).record(record, "one line")
    Output().say("Talk.")
    shown = capsys.readouterr()
    assert shown.err == "Talk.\n"
    text, line = shown.out.rsplit("\n", 2)[:2]
    assert text == ("name      Zürich\nrows out  84\nempty     -\nstates    FAILED 2\none line")
    assert json.loads(line) == record


def test_a_bare_diagnostic_is_one_line() -> None:
    assert render(Diagnostic("It failed.")) == "error: It failed."
