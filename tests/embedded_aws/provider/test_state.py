"""The state file: whole or not at all, one user at a time, secrets hashed, order of deletion."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedded_aws.provider import ProvisioningError
from embedded_aws.provider.assets import Content, Digest
from embedded_aws.provider.state import Entry, State, load, locked


def entry(name: str, *dependencies: str) -> Entry:
    sources = {"bucket": dependencies}
    return Entry(name, "aws:s3/bucket:Bucket", name, name, {}, dependencies, sources)


def test_saved_and_loaded_are_equal(tmp_path: Path) -> None:
    saved = State(tmp_path / "local.json", "local", outputs={"a": 1})
    saved.put(entry("a"))
    saved.put(entry("b", "a"))
    saved.retire("a")
    loaded = load(saved.path, "local")
    assert (loaded.entries, loaded.replaced) == (saved.entries, saved.replaced)
    assert (loaded.outputs, loaded.salt) == (saved.outputs, saved.salt)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", r"^local\.json is not a readable state file: "),
        ("{}", r"^local\.json is not a readable state file: 'resources'$"),
        (
            '{"resources": [], "replaced": [], "stack": "dev", "version": 1, "salt": "", '
            '"outputs": {}}',
            r"^local\.json belongs to the stack dev, not to local$",
        ),
        (
            '{"resources": [], "replaced": [], "stack": "local", "version": 2, "salt": "", '
            '"outputs": {}}',
            r"^local\.json has version 2, not 1: ",
        ),
    ],
)
def test_unusable_files(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "local.json"
    path.write_text(text)
    with pytest.raises(ProvisioningError, match=message):
        load(path, "local")


def test_one_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "local.json"
    with (
        locked(path),
        pytest.raises(ProvisioningError, match=r"^local\.json is in use by another apply or"),
        locked(path),
    ):
        pass
    with locked(path):
        pass


JSON = st.recursive(
    st.text() | st.integers() | st.booleans(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)


@settings(max_examples=30, deadline=None)  # scrypt is slow on purpose
@given(st.dictionaries(st.sampled_from("abc"), JSON), st.sets(st.sampled_from("abc"), max_size=1))
def test_stored_inputs_open_to_themselves(inputs: dict[str, object], secret: set[str]) -> None:
    known = State(Path("unused"), "local")
    stored = json.loads(json.dumps(known.sealed(inputs, secret)))
    assert known.opened(stored, inputs) == inputs


def test_another_secret_opens_to_something_else() -> None:
    known = State(Path("unused"), "local")
    stored = known.sealed({"password": "one"}, {"password"})
    assert "one" not in json.dumps(stored)
    assert isinstance(known.opened(stored, {"password": "two"})["password"], Digest)
    assert isinstance(known.opened(stored, {})["password"], Digest)


def test_long_texts_and_content_are_hashed() -> None:
    known = State(Path("unused"), "local")
    inputs = {"text": "x" * 5000, "code": Content(text="y")}
    stored = known.sealed(inputs, ())
    assert len(json.dumps(stored)) < 300
    assert known.opened(stored, inputs) == inputs
    assert known.opened(stored, {"text": "z"}) != inputs


def test_deletion_order_follows_dependencies_not_age(tmp_path: Path) -> None:
    known = State(tmp_path / "local.json", "local")
    for item in (entry("policy", "bucket", "role"), entry("bucket"), entry("role", "bucket")):
        known.put(item)
    order = [item.name for item in known.deletion_order(list(known.entries.values()))]
    assert order == ["policy", "role", "bucket"]
