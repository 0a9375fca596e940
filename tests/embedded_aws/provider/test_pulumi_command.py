"""What the Pulumi CLI is started with; a stand-in for the CLI makes the stack."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from embedded_aws.provider.pulumi_cli import build
from embedded_aws.provider.pulumi_cli.command import Pulumi, stack_of
from embedded_aws.provider.resource import ProvisioningError

URL = "http://127.0.0.1:4566"
SETTINGS = "# a comment\nconfig:\n  aws:region: us-east-1\n"
# writes the salt beside Pulumi.yaml, and the state, as `stack init` does
STAND_IN = """#!/bin/sh
echo "$@" >> "$PULUMI_HOME/../calls"
echo "encryptionsalt: v1:salt" > "Pulumi.$3.yaml"
state="${PULUMI_BACKEND_URL#file://}/.pulumi/stacks/small"
mkdir -p "$state"; touch "$state/$3.json"
"""


@pytest.fixture
def pulumi(tmp_path: Path) -> Pulumi:
    root, home = tmp_path / "root", tmp_path / "home"
    root.mkdir()
    (root / "Pulumi.yaml").write_text("name: small\nruntime: python\n")
    (root / "Pulumi.local.yaml").write_text(SETTINGS)
    binary = tmp_path / "pulumi"
    binary.write_text(STAND_IN)
    binary.chmod(0o755)
    return Pulumi(binary, root, home, URL)


def test_stack_is_made_once_and_the_project_stays_as_it_is(pulumi: Pulumi) -> None:
    for _ in range(2):
        environment = pulumi.prepared(["up", "--yes"])
    calls = (pulumi.home / "calls").read_text().splitlines()
    assert calls == ["stack init local --no-select --non-interactive"]
    assert sorted(path.name for path in pulumi.root.iterdir()) == [
        "Pulumi.local.yaml",
        "Pulumi.yaml",
    ]
    assert (pulumi.root / "Pulumi.local.yaml").read_text() == SETTINGS
    given = yaml.safe_load(Path(environment["PULUMI_OPTION_CONFIG_FILE"]).read_text())
    assert given == {"config": {"aws:region": "us-east-1"}, "encryptionsalt": "v1:salt"}


def test_salt_of_the_project_counts(pulumi: Pulumi) -> None:
    (pulumi.root / "Pulumi.local.yaml").write_text("encryptionsalt: v1:own\nconfig: {}\n")
    environment = pulumi.prepared(["preview"])
    given = yaml.safe_load(Path(environment["PULUMI_OPTION_CONFIG_FILE"]).read_text())
    assert given["encryptionsalt"] == "v1:own"


def test_configuration_commands_see_the_file_of_the_project(pulumi: Pulumi) -> None:
    environment = pulumi.prepared(["config", "set", "a", "b"])
    assert "PULUMI_OPTION_CONFIG_FILE" not in environment
    assert environment["PULUMI_OPTION_STACK"] == "local"


def test_nothing_of_the_users_own_pulumi_and_aws(
    pulumi: Pulumi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_ACCESS_TOKEN", "mine")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "mine")
    monkeypatch.setenv("AWS_PROFILE", "mine")
    environment = pulumi.environment()
    assert "mine" not in environment.values()
    assert environment["AWS_ENDPOINT_URL"] == URL
    assert environment["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] == "true"


def test_passphrase_is_made_once_and_is_the_owners(pulumi: Pulumi) -> None:
    pulumi.prepared(["preview"])
    passphrase = pulumi.home / "passphrase"
    first = passphrase.read_text()
    pulumi.prepared(["preview"])
    assert passphrase.read_text() == first
    assert len(first) > 40
    assert passphrase.stat().st_mode & 0o777 == 0o600


def test_plugins_are_there_for_this_cli_only(pulumi: Pulumi) -> None:
    environment = pulumi.prepared(["preview"])
    plugins = Path(environment["PULUMI_HOME"]) / "plugins"
    (provider,) = plugins.glob("resource-aws-v*/pulumi-resource-aws")
    assert provider.read_text().splitlines() == [
        "#!/bin/sh",
        f'exec "{sys.executable}" -m embedded_aws.provider.plugin "$@"',
    ]
    host = shutil.which("pulumi-language-python", path=environment["PATH"])
    assert host == str(pulumi.home / "bin" / "pulumi-language-python")
    assert shutil.which("pulumi-resource-aws", path=environment["PATH"]) is None


def test_every_embedded_aws_has_a_state(pulumi: Pulumi) -> None:
    other = Pulumi(pulumi.binary, pulumi.root, pulumi.home, "http://127.0.0.1:4567")
    backends = {cli.prepared(["preview"])["PULUMI_BACKEND_URL"] for cli in (pulumi, other)}
    assert len(backends) == 2


def test_stack_without_a_file(pulumi: Pulumi) -> None:
    with pytest.raises(ProvisioningError, match=r"no stack prod: Pulumi\.prod\.yaml is missing"):
        pulumi.prepared(["up", "--stack", "prod"])


@pytest.mark.parametrize(
    ("line", "stack"),
    [
        ("up", "local"),
        ("up --stack dev --yes", "dev"),
        ("preview -s dev", "dev"),
        ("--stack=dev up", "dev"),
        ("up --stack", "local"),
    ],
)
def test_stack_of_a_command_line(line: str, stack: str) -> None:
    assert stack_of(line.split()) == stack


def test_building_without_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(build, "FOLDER", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert build.find() is None
    assert build.main() == 1
    assert capsys.readouterr().err == (
        "error: the Pulumi CLI is built with Go 1.26 or newer: install it, or a pulumi on the "
        "PATH\n"
    )


def test_failed_build_leaves_nothing_and_a_good_one_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "FOLDER", tmp_path / "cache")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    go = tmp_path / "go"
    # the output follows -o
    go.write_text('#!/bin/sh\nwhile [ "$1" != -o ]; do shift; done\necho made > "$2"\nexit 1\n')
    go.chmod(0o755)
    with pytest.raises(build.CannotBuild, match="go build failed with exit code 1"):
        build.build()
    assert list(build.built().parent.iterdir()) == []
    go.write_text(go.read_text().replace("exit 1", "exit 0"))
    assert build.build() == build.built() == build.find()
    go.unlink()
    assert build.build().read_text() == "made\n"


def test_pinned_version_is_the_one_that_is_built() -> None:
    module = subprocess.run(
        ["grep", "-c", f"pkg/v3 v{build.version()}", build.HERE / "go.sum"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert int(module.stdout) >= 1
