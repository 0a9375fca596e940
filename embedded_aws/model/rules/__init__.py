"""`offline-rules-v1`: a deterministic extractor that answers the three enrichment passes.

`jobness` decides whether a text is a posting, modules by subject find facts with their places,
`facts` gathers them, `pass1` to `pass3` write them as the schemas want them. Words and patterns
lie in `data/`; a new skill is one line in `data/skills.toml`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from embedded_aws.model.rules.facts import Facts, facts_of
from embedded_aws.model.rules.pass1 import pass1
from embedded_aws.model.rules.pass2 import pass2
from embedded_aws.model.rules.pass3 import pass3
from embedded_aws.model.rules.prompt import Prompt, read_prompt
from embedded_aws.model.rules.text import Posting
from embedded_aws.model.rules.wrapped import Earlier

__all__ = ["PASSES", "Posting", "Prompt", "extract", "read_prompt"]

PASSES: dict[str, Callable[[Facts, Earlier], dict[str, Any]]] = {
    "pass1": lambda facts, earlier: pass1(facts),
    "pass2": pass2,
    "pass3": pass3,
}


def extract(name: str, posting: Posting, earlier: Earlier) -> dict[str, Any]:
    """The response object of a pass (`pass1`, `pass2`, `pass3`) as schema v3.4 wants it.

    Raises KeyError for any other pass.
    """
    return PASSES[name](facts_of(posting), earlier)
