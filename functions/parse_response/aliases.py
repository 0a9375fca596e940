"""What a given word can only mean, by `schemas/coercions.json`."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

from parse_response.layout import schemas_folder


def plain(text: str) -> str:
    """`text` in lower case with single underscores for everything but letters and digits."""
    return re.sub(r"[^a-z0-9]+", "_", text[:200].lower()).strip("_")


def word(names: tuple[str | None, ...], words: tuple[str, ...], given: str) -> str | None:
    """The word of `words` that `given` means, by its spelling or by the aliases under `names`."""
    key = plain(given)
    if key in _plain_words(words):
        return _plain_words(words)[key]
    for name in names:
        aliases = _tables()["words"].get(name, {})
        for alias, meant in aliases.items():
            if key == alias or (alias.endswith("*") and key.startswith(alias[:-1])):
                return str(meant)
    return None


def source(given: str) -> str | None:
    """The source word that `given` stands for, null for one that says nothing."""
    meant: str | None = _tables()["sources"].get(plain(given))
    return meant


def code(shape: str, given: str) -> str | None:
    """The currency, country or us_state code that `given` means."""
    table = _tables()[shape]
    bare = given.strip()
    if shape == "currency":
        return table.get(bare.lower()) or (bare.upper() if _CURRENCY.fullmatch(bare) else None)
    if bare.upper() in table["codes"]:
        return bare.upper()
    meant: str | None = table["names"].get(plain(bare))
    return meant


_CURRENCY = re.compile(r"[A-Za-z]{3}")


@cache
def _tables() -> dict[str, Any]:
    text = (schemas_folder() / "coercions.json").read_text(encoding="utf-8")
    tables: dict[str, Any] = json.loads(text)
    return tables


@cache
def _plain_words(words: tuple[str, ...]) -> dict[str, str]:
    return {plain(word): word for word in words}
