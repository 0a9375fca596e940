"""Compiles the passes: prompts, schemas, limits, models and prices into one JSON object.

A pass `x` of `prompts/passes.json` has its prompt in `prompts/x.md` and its answer's schema in
`schemas/x.json`. A prompt has the parts `## System` and `## User` with placeholders:

    {{schema}}                                   the outline of the schema, put in here
    {{title}} {{company}} {{location}} {{description}}    the posting, joined in by the workflow
    {{pass1}} …                                  the context of a needed pass, joined in as well

What is joined in later stays a reference, so that no posting can pull in another's text. The same
files and models give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.schema_outline import outline
from infra.settings import PROFILE_PREFIX
from infra.settings_errors import SettingsError

_OPENAI = ("openai.", "mistral.", "google.", "minimax.", "qwen.", "moonshot.", "deepseek.",
           "meta.llama4", "offline-rules-v1")  # fmt: skip
_ANTHROPIC = "anthropic."
_GPT_OSS = "openai.gpt-oss"
_ANTHROPIC_VERSION = "bedrock-2023-05-31"

_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")
_PARTS = re.compile(r"\A## System\n+(?P<system>.*\S)\n+## User\n+(?P<user>.*\S)\s*\Z", re.DOTALL)
_POSTING = ("title", "company", "location", "description")
_VERSION_DIGITS = 16


class UnsupportedModelFamily(SettingsError):
    """A pass's model speaks neither OpenAI-style chat nor Anthropic messages."""


class PromptError(ValueError):
    """A prompt or an entry of passes.json cannot be compiled; the message names it."""


@dataclass(frozen=True)
class CompiledPasses:
    """The passes in their order. `body` is the object's JSON text, `version` a hash of it."""

    version: str
    body: str
    passes: tuple[dict[str, Any], ...]


def compile_passes(root: Path, models: Mapping[str, str]) -> CompiledPasses:
    """The passes below `root` with `models` (pass name -> model id or inference profile).

    Raises UnsupportedModelFamily, SettingsError for models that do not match the passes, and
    PromptError.
    """
    entries = json.loads((root / "prompts" / "passes.json").read_text(encoding="utf-8"))["passes"]
    prices = json.loads((root / "prompts" / "prices.json").read_text(encoding="utf-8"))["models"]
    _check_models([entry["name"] for entry in entries], models)
    passes = tuple(_compile(root, entry, models[entry["name"]], prices) for entry in entries)
    _check_needs(passes)
    version = _hash(_dumped(passes))
    return CompiledPasses(version, _dumped({"version": version, "passes": passes}), passes)


def _compile(
    root: Path, entry: Mapping[str, Any], model: str, prices: Mapping[str, Any]
) -> dict[str, Any]:
    name = entry["name"]
    prompt = (root / "prompts" / f"{name}.md").read_text(encoding="utf-8")
    schema = json.loads((root / "schemas" / f"{name}.json").read_text(encoding="utf-8"))
    price = prices.get(PROFILE_PREFIX.sub("", model), {})
    cap = min(entry["max_tokens_cap"], price.get("max_tokens", entry["max_tokens_cap"]))
    return {
        "name": name,
        "model": model,
        "slug": re.sub(r"[.:/]", "-", model),
        "version": _hash(prompt, _dumped(schema), _dumped(entry)),
        **_dialect(name, model, entry["request"]),
        "max_tokens": min(entry["max_tokens"], cap),
        "max_tokens_cap": cap,
        "description_chars": entry["description_chars"],
        "context_chars": entry["context_chars"],
        "needs": entry["needs"],
        "price": {key: price[key] for key in ("input", "output")} if price else None,
        **_parts(name, prompt, outline(schema), entry["needs"]),
    }


def _dialect(name: str, model: str, request: Mapping[str, Any]) -> dict[str, Any]:
    """How the model's family is asked."""
    family = PROFILE_PREFIX.sub("", model)
    dialect: dict[str, Any] = {
        "envelope": "openai",
        "request": {**request},
        "retry_request": {},
        "limit_field": "max_tokens",
    }
    if family.startswith(_ANTHROPIC):
        dialect |= {
            "envelope": "anthropic",
            "request": {**request, "anthropic_version": _ANTHROPIC_VERSION},
        }
    elif family.startswith(_GPT_OSS):
        dialect |= {
            "request": {**request, "include_reasoning": False},
            "retry_request": {"reasoning_effort": "low"},
            "limit_field": "max_completion_tokens",
        }
    elif not family.startswith(_OPENAI):
        raise UnsupportedModelFamily(
            [
                f"enrichment.models.{name} is {model!r}, of a family that cannot be asked; "
                f"choose a model whose id begins with {', '.join((_ANTHROPIC, *_OPENAI))}"
            ]
        )
    return dialect


def _parts(name: str, prompt: str, schema: str, needs: Sequence[str]) -> dict[str, Any]:
    """System and user text of a prompt, each a list of {text} and {ref}."""
    match = _PARTS.match(prompt)
    if match is None:
        raise PromptError(f"prompts/{name}.md: write the two parts ## System and ## User")
    parts = {key: _pieces(text.replace("{{schema}}", schema)) for key, text in _texts(match)}
    expected = {*_POSTING, *needs}
    found = {piece["ref"] for pieces in parts.values() for piece in pieces if "ref" in piece}
    for ref in sorted(expected ^ found):
        problem = "is missing" if ref in expected else "is neither of the posting nor a needed pass"
        raise PromptError(f"prompts/{name}.md: {{{{{ref}}}}} {problem}")
    if not match["system"].startswith(f"pass: {name}\n"):
        raise PromptError(f"prompts/{name}.md: begin the system part with the line pass: {name}")
    return parts


def _texts(match: re.Match[str]) -> list[tuple[str, str]]:
    return [(key, match[key]) for key in ("system", "user")]


def _pieces(text: str) -> list[dict[str, str]]:
    """`text` split at its placeholders: odd pieces are their names."""
    split = _PLACEHOLDER.split(text)
    pieces = [{"ref" if index % 2 else "text": piece} for index, piece in enumerate(split)]
    return [piece for piece in pieces if piece != {"text": ""}]


def _check_models(names: Sequence[str], models: Mapping[str, str]) -> None:
    problems = [
        f"enrichment.models.{name} is missing; set it" for name in names if name not in models
    ]
    problems += [
        f"enrichment.models.{name} names no pass; choose one of {', '.join(names)}"
        for name in models
        if name not in names
    ]
    if problems:
        raise SettingsError(problems)


def _check_needs(passes: Sequence[Mapping[str, Any]]) -> None:
    """A pass may need earlier ones that leave a context."""
    budgets: dict[str, int] = {}
    for one in passes:
        for need in one["needs"]:
            if not budgets.get(need):
                raise PromptError(
                    f"prompts/passes.json: {one['name']} needs {need}, "
                    "which has to come earlier and have context_chars"
                )
        budgets[one["name"]] = one["context_chars"]


def _dumped(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def _hash(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:_VERSION_DIGITS]
