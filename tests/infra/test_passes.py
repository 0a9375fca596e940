from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from infra.passes import PromptError, UnsupportedModelFamily, compile_passes
from infra.settings_errors import SettingsError

ROOT = Path(__file__).resolve().parents[2]
GPT_OSS = "openai.gpt-oss-120b-1:0"
MODELS = dict.fromkeys(("pass1", "pass2", "pass3"), GPT_OSS)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of prompts and schemas to change."""
    for folder in ("prompts", "schemas"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    return tmp_path


def compiled(root: Path = ROOT, **models: str) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in compile_passes(root, MODELS | models).passes}


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_limits_caps_and_needs() -> None:
    keys = ("max_tokens", "max_tokens_cap", "description_chars", "context_chars", "needs")

    assert {name: [one[key] for key in keys] for name, one in compiled().items()} == {
        "pass1": [8192, 32768, 12000, 8000, []],
        "pass2": [8192, 32768, 10000, 6000, ["pass1"]],
        "pass3": [12288, 32768, 8000, 0, ["pass1", "pass2"]],
    }


def test_the_body_is_the_passes_under_their_version() -> None:
    result = compile_passes(ROOT, MODELS)

    assert json.loads(result.body) == {"version": result.version, "passes": list(result.passes)}
    assert len(result.version) == 16
    assert result.body.isascii()


def test_the_same_files_give_the_same_bytes(project: Path) -> None:
    assert compile_passes(project, MODELS).body == compile_passes(ROOT, MODELS).body


def test_gpt_oss_hides_its_reasoning_and_reasons_less_on_a_retry() -> None:
    one = compiled()["pass1"]

    assert one["envelope"] == "openai"
    assert one["request"] == {"temperature": 0.1, "include_reasoning": False}
    assert one["retry_request"] == {"reasoning_effort": "low"}
    assert one["limit_field"] == "max_completion_tokens"
    assert one["slug"] == "openai-gpt-oss-120b-1-0"
    assert one["price"] == {"input": 0.15, "output": 0.6}


@pytest.mark.parametrize(
    "model",
    [
        "mistral.mistral-large-3-675b-instruct",
        "google.gemma-3-27b-it",
        "minimax.minimax-m2",
        "qwen.qwen3-vl-235b-a22b",
        "moonshot.kimi-k2-thinking",
        "deepseek.r1-v1:0",
        "meta.llama4-maverick-17b-instruct-v1:0",
        "offline-rules-v1",
        "us.deepseek.r1-v1:0",
    ],
)
def test_chat_families(model: str) -> None:
    one = compiled(pass2=model)["pass2"]

    assert one["envelope"] == "openai"
    assert one["request"] == {"temperature": 0.1}
    assert one["retry_request"] == {}
    assert one["limit_field"] == "max_tokens"


@pytest.mark.parametrize("profile", ["", "us.", "eu.", "apac.", "global."])
def test_anthropic_and_its_inference_profiles(profile: str) -> None:
    model = f"{profile}anthropic.claude-3-haiku-20240307-v1:0"

    one = compiled(pass1=model)["pass1"]

    assert one["model"] == model
    assert one["slug"] == model.replace(".", "-").replace(":", "-")
    assert one["envelope"] == "anthropic"
    assert one["request"] == {"temperature": 0.1, "anthropic_version": "bedrock-2023-05-31"}
    assert one["limit_field"] == "max_tokens"
    assert one["price"] == {"input": 0.25, "output": 1.25}


def test_a_models_own_output_limit_bounds_both_limits() -> None:
    one = compiled(pass3="anthropic.claude-3-haiku-20240307-v1:0")["pass3"]

    assert (one["max_tokens"], one["max_tokens_cap"]) == (4096, 4096)


@pytest.mark.parametrize(
    "model", ["amazon.nova-pro-v1:0", "meta.llama3-70b-instruct-v1:0", "us.amazon.nova-pro-v1:0"]
)
def test_any_other_family_is_refused(model: str) -> None:
    with pytest.raises(UnsupportedModelFamily) as refused:
        compile_passes(ROOT, MODELS | {"pass2": model})

    assert str(refused.value) == (
        f"enrichment.models.pass2 is {model!r}, of a family that cannot be asked; choose a model "
        "whose id begins with anthropic., openai., mistral., google., minimax., qwen., moonshot., "
        "deepseek., meta.llama4, offline-rules-v1"
    )


def test_models_have_to_match_the_passes() -> None:
    with pytest.raises(SettingsError) as refused:
        compile_passes(ROOT, {"pass1": GPT_OSS, "pass2": GPT_OSS, "pass9": GPT_OSS})

    assert refused.value.problems == [
        "enrichment.models.pass3 is missing; set it",
        "enrichment.models.pass9 names no pass; choose one of pass1, pass2, pass3",
    ]


def test_an_unknown_price_is_null_and_the_offline_model_is_free() -> None:
    passes = compiled(pass1="qwen.new-model", pass2="offline-rules-v1")

    assert passes["pass1"]["price"] is None
    assert passes["pass2"]["price"] == {"input": 0.0, "output": 0.0}


def test_prices_are_the_documented_ones() -> None:
    prices = json.loads((ROOT / "prompts" / "prices.json").read_text(encoding="utf-8"))["models"]

    assert {model: (p["input"], p["output"]) for model, p in prices.items()} == {
        "offline-rules-v1": (0.0, 0.0),
        "openai.gpt-oss-120b-1:0": (0.15, 0.6),
        "anthropic.claude-3-haiku-20240307-v1:0": (0.25, 1.25),
        "anthropic.claude-3-sonnet-20240229-v1:0": (3.0, 15.0),
        "anthropic.claude-3-5-sonnet-20240620-v1:0": (3.0, 15.0),
        "anthropic.claude-3-5-sonnet-20241022-v2:0": (3.0, 15.0),
        "anthropic.claude-3-opus-20240229-v1:0": (15.0, 75.0),
        "mistral.mistral-large-3-675b-instruct": (2.0, 6.0),
        "qwen.qwen3-vl-235b-a22b": (0.22, 0.88),
        "minimax.minimax-m2": (0.3, 1.2),
        "google.gemma-3-27b-it": (0.23, 0.38),
        "deepseek.r1-v1:0": (1.35, 5.4),
    }


class TestVersions:
    """What a pass's version depends on."""

    def versions(self, root: Path) -> dict[str, str]:
        return {name: one["version"] for name, one in compiled(root).items()}

    def changed(self, root: Path) -> set[str]:
        old = self.versions(ROOT)
        return {name for name, version in self.versions(root).items() if version != old[name]}

    @pytest.mark.parametrize("name", ["pass1", "pass2", "pass3"])
    def test_a_prompt_changes_its_pass_alone(self, project: Path, name: str) -> None:
        replace(project / "prompts" / f"{name}.md", "RULES", "RULES AGAIN")

        assert self.changed(project) == {name}

    def test_a_schema_changes_its_pass_alone(self, project: Path) -> None:
        replace(project / "schemas" / "pass2.json", '"streaming", "batch"', '"batch", "streaming"')

        assert self.changed(project) == {"pass2"}

    def test_an_entry_changes_its_pass_alone(self, project: Path) -> None:
        replace(project / "prompts" / "passes.json", "12288", "16384")

        assert self.changed(project) == {"pass3"}

    def test_layout_of_a_schema_file_does_not_count(self, project: Path) -> None:
        path = project / "schemas" / "pass1.json"
        path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8"))), encoding="utf-8")

        assert self.changed(project) == set()

    def test_models_and_prices_change_the_object_and_no_pass(self, project: Path) -> None:
        replace(project / "prompts" / "prices.json", '"output": 0.6', '"output": 0.3')
        models = MODELS | {"pass1": "offline-rules-v1"}

        assert self.changed(project) == set()
        whole = compile_passes(ROOT, MODELS).version
        assert compile_passes(project, MODELS).version != whole
        assert compile_passes(ROOT, models).version != whole


class TestMistakes:
    """What is refused, and with which words."""

    @pytest.mark.parametrize(
        ("file", "old", "new", "message"),
        [
            (
                "pass1.md",
                "## User",
                "## Users",
                r"^prompts/pass1\.md: write the two parts ## System and ## User$",
            ),
            (
                "pass1.md",
                "{{title}}",
                "{{name}}",
                r"^prompts/pass1\.md: \{\{name\}\} is neither of the posting nor a needed pass$",
            ),
            ("pass1.md", "{{title}}", "", r"^prompts/pass1\.md: \{\{title\}\} is missing$"),
            ("pass3.md", "{{pass2}}", "", r"^prompts/pass3\.md: \{\{pass2\}\} is missing$"),
            (
                "pass2.md",
                "pass: pass2",
                "pass: pass1",
                r"^prompts/pass2\.md: begin the system part with the line pass: pass2$",
            ),
            (
                "passes.json",
                '"needs": ["pass1"]',
                '"needs": ["pass3"]',
                r"^prompts/pass2\.md: \{\{pass1\}\} is neither of the posting nor a needed pass$",
            ),
            (
                "passes.json",
                '"context_chars": 6000',
                '"context_chars": 0',
                r"^prompts/passes\.json: pass3 needs pass2, "
                r"which has to come earlier and have context_chars$",
            ),
        ],
    )
    def test_it(self, project: Path, file: str, old: str, new: str, message: str) -> None:
        replace(project / "prompts" / file, old, new)

        with pytest.raises(PromptError, match=message):
            compile_passes(project, MODELS)
