"""`dej enrich`: one posting of a file through its passes, now."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.commands.posting import pass_line
from cli.errors import CommandError, Diagnostic
from cli.output import output
from cli.stack import LOCAL, Endpoint, Stack, StackName, open_stack

if TYPE_CHECKING:
    from cli.enrichment.passes import Pass
    from cli.enrichment.posting_file import WorkItem
    from cli.enrichment.versions import Version

File = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        help="JSON object with title, company, location and description, or Silver's names; a "
        "JSONL or Parquet file, too.",
    ),
]
PassName = Annotated[
    str | None, typer.Option("--pass", help="Only this pass and those that it needs.")
]
Id = Annotated[str | None, typer.Option("--id", help="The posting, where FILE has several.")]
Force = Annotated[bool, typer.Option("--force", help="Call the model for finished passes, too.")]


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(enrich)


def enrich(
    file: File,
    one_pass: PassName = None,
    id: Id = None,
    force: Force = False,
    stack: StackName = LOCAL,
    endpoint: Endpoint = None,
) -> None:
    """Enrich one posting now; show prompt sizes, results, tokens and cost of its passes."""
    from cli.enrichment import passes, runs
    from cli.enrichment.posting_file import read_work_item
    from cli.enrichment.versions import read_version

    work = read_work_item(file, id)
    place = open_stack(stack, endpoint)
    wanted = passes.with_needs(passes.deployed_passes(place), one_pass)
    _refuse_above_ceiling(place)
    _refuse_without_slots(place, wanted)
    output.say(f"Posting {work.posting.job_posting_id}")
    output.say(_estimate(place, wanted))
    names = [one["name"] for one in wanted] if one_pass else None
    execution = runs.start(place, work, names, force)
    output.say(f"Execution {execution}")
    run = runs.follow(place, execution, lambda state: output.say(f"  {state}"))
    if run["status"] != "SUCCEEDED":
        raise CommandError(
            Diagnostic(
                f"The execution ended {run['status']}: {run.get('error', 'no error')}.",
                context=run.get("cause"),
                hint=f"dej posting {work.posting.job_posting_id}",
            )
        )
    ended = json.loads(run["output"])["outcome"]
    if ended not in ("COMPLETED", "FAILED"):
        raise _not_taken(work, ended)
    version = read_version(place, work.posting.job_posting_id, work.posting.content_hash)
    assert version is not None, "a finished execution leaves a status item"
    _show(place, work, wanted, version)
    if ended == "FAILED":
        raise _failed(version)
    new = (found for found in version.passes.values() if not found.get("cached"))
    output.say(f"Done: {sum(found.get('cost_usd', 0.0) for found in new):.6f} USD for new calls.")


def _refuse_above_ceiling(place: Stack) -> None:
    """A call would wait for a slot until midnight."""
    from cli.enrichment.slots import lifted, read_models, spent_today

    ceiling, day = place.settings.enrichment.daily_spend_ceiling_usd, place.now().date().isoformat()
    if ceiling is None or lifted(place, day) is not None:
        return
    spent = spent_today(read_models(place), day)
    if spent >= ceiling:
        raise CommandError(
            Diagnostic(
                f"Today's calls cost {spent:.4f} USD; the ceiling is {ceiling:g}.",
                hint=f"dej spend lift --stack {place.name}",
            )
        )


def _refuse_without_slots(place: Stack, wanted: Sequence[Pass]) -> None:
    """A call would wait for a slot until somebody lets calls go on."""
    from cli.enrichment.slots import GRANTING_PIPE, read_models
    from cli.enrichment.switches import pipe_runs

    if not pipe_runs(place, GRANTING_PIPE):
        raise CommandError(
            Diagnostic(
                f"No call gets a slot: the pipe {GRANTING_PIPE} is paused.",
                hint=f"dej schedule resume --only {GRANTING_PIPE} --stack {place.name}",
            )
        )
    models = {one["model"] for one in wanted}
    for found in read_models(place):
        if found.model in models and found.limit == 0:
            raise CommandError(
                Diagnostic(
                    f"No call gets a slot: the limit of {found.model} is 0.",
                    hint=f"dej slots limit {found.model} 1 --stack {place.name}",
                )
            )


def _estimate(place: Stack, wanted: Sequence[Pass]) -> str:
    from cli.enrichment.passes import measured_cost

    estimate = measured_cost(place, wanted)
    if estimate.usd is None:
        return "Estimated cost: unknown, no posting was enriched by these models yet."
    number = estimate.postings
    measured = "1 posting" if number == 1 else f"{number} postings"
    return (
        f"Estimated cost: {estimate.usd:.4f} USD, as {measured} cost on average; "
        "finished passes cost nothing."
    )


def _show(place: Stack, work: WorkItem, wanted: Sequence[Pass], version: Version) -> None:
    """Each pass in its order: the prompt's size, what came out, what it took."""
    from cli.enrichment.versions import read_bronze

    contexts: dict[str, str] = {}
    for one in wanted:
        found = version.passes.get(one["name"])
        if found is None:
            continue
        key = found.get("bronze_key")
        document: Mapping[str, Any] = read_bronze(place, key) if key else {}
        size, id = _prompt_size(one, work, contexts), work.posting.job_posting_id
        _show_pass(one, id, size, found, document.get("result"))
        contexts[one["name"]] = document.get("context") or ""


def _prompt_size(one: Pass, work: WorkItem, contexts: Mapping[str, str]) -> int:
    from cli.enrichment.passes import prompt

    return len(prompt(one, work.posting, contexts))


def _show_pass(one: Pass, id: str, size: int, found: dict[str, Any], result: Any) -> None:
    from cli.enrichment.passes import tokens

    record = {
        "id": id,
        "pass": one["name"],
        "prompt_characters": size,
        "prompt_tokens_estimated": tokens(size),
        **found,
        "result": result,
    }
    lines = [
        f"{one['name']}  prompt of {size:,} characters, about {tokens(size):,} tokens",
        f"{one['name']}  {pass_line(found)}",
    ]
    if result is not None:
        lines.append(json.dumps(result, indent=2, ensure_ascii=False))
    output.record(record, "\n".join(lines))


def _not_taken(work: WorkItem, ended: str) -> CommandError:
    reasons = {
        "DUPLICATE": "Another execution works on this posting now.",
        "REQUEUED": "No slot came free in time: the posting went to the end of the queue.",
        "REJECTED": "The workflow cannot use this posting: `dej dlq list` says why.",
    }
    return CommandError(
        Diagnostic(
            reasons.get(ended, f"The posting ended {ended}."),
            hint=f"dej posting {work.posting.job_posting_id}",
        )
    )


def _failed(version: Version) -> CommandError:
    return CommandError(
        Diagnostic(
            f"The posting is {version.status}.",
            context=version.last_error,
            hint=f"dej posting {version.id}",
        )
    )
