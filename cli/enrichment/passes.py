"""The passes that a stack runs: their prompts, and what they have cost per posting."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cli.errors import CommandError, Diagnostic, ExitCode
from cli.stack import Stack

if TYPE_CHECKING:
    from common.postings import Posting

CHARACTERS_PER_TOKEN = 4  # of English text, about
MEASURED = 100  # postings, the newest, that an estimate looks at
STATUS_TABLE = "enrichment-status"
STATUS_INDEX = "overallStatus-updatedAt-index"

Pass = Mapping[str, Any]


@dataclass(frozen=True)
class Estimate:
    """USD per posting as measured over `postings` of them; None where nothing is known."""

    usd: float | None
    postings: int


def deployed_passes(stack: Stack) -> list[Pass]:
    """The compiled passes that enrich_posting reads now, in their order."""
    machine = stack.client("stepfunctions").describe_state_machine(
        stateMachineArn=stack.workflow_arn("enrich-posting")
    )
    key = re.search(r"config/passes/[0-9a-f]+\.json", machine["definition"])
    assert key is not None, "enrich_posting names no compiled passes"
    body = stack.client("s3").get_object(Bucket=stack.thing("artifacts"), Key=key[0])["Body"]
    passes: list[Pass] = json.loads(body.read())["passes"]
    return passes


def with_needs(passes: Sequence[Pass], wanted: str | None) -> list[Pass]:
    """The wanted pass after those that it needs; all without one. Raises CommandError."""
    if wanted is None:
        return list(passes)
    names = [one["name"] for one in passes]
    if wanted not in names:
        raise CommandError(
            Diagnostic(
                f"There is no pass {wanted!r}.",
                ExitCode.USAGE,
                note=f"the passes are {', '.join(names)}",
            )
        )
    needed = {wanted}
    for one in reversed(passes):
        if one["name"] in needed:
            needed |= set(one["needs"])
    return [one for one in passes if one["name"] in needed]


def prompt(one: Pass, posting: Posting, contexts: Mapping[str, str]) -> str:
    """System and user text as the workflow joins them; a missing context counts as empty."""
    limit, text = one["description_chars"], posting.text
    refs = {
        **contexts,
        "title": posting.title,
        "company": posting.company,
        "location": posting.location,
        "description": text[:limit] + " [truncated]" if len(text) > limit else text,
    }
    pieces = [*one["system"], *one["user"]]
    return "".join(piece.get("text") or refs.get(piece.get("ref", ""), "") for piece in pieces)


def tokens(characters: int) -> int:
    """A rough count of tokens."""
    return -(-characters // CHARACTERS_PER_TOKEN)


def measured_cost(stack: Stack, passes: Iterable[Pass]) -> Estimate:
    """What the newest completed postings cost in these passes with these models."""
    models = {one["name"]: one["model"] for one in passes}
    totals = []
    for item in _completed(stack):
        found = item.get("passes", {})
        costs = [
            found[name]["cost_usd"]
            for name, model in models.items()
            if found.get(name, {}).get("model") == model and "cost_usd" in found[name]
        ]
        if len(costs) == len(models):
            totals.append(sum(costs))
    return Estimate(sum(totals) / len(totals) if totals else None, len(totals))


def _completed(stack: Stack) -> Iterable[dict[str, Any]]:
    return stack.query(
        STATUS_TABLE,
        IndexName=STATUS_INDEX,
        KeyConditionExpression="overallStatus = :completed",
        ExpressionAttributeValues={":completed": {"S": "COMPLETED"}},
        ScanIndexForward=False,
        PaginationConfig={"MaxItems": MEASURED},
    )
