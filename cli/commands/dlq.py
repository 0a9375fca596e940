"""`dej dlq`: dead letters, trying them again, deleting them."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from cli.errors import CommandError, Diagnostic, ExitCode
from cli.output import output
from cli.stack import LOCAL, Endpoint, StackName, open_stack

if TYPE_CHECKING:
    from cli.enrichment.letters import Letter

dlq_app = typer.Typer(help="Show dead letters; try chosen ones again, or delete them.")


class QueueName(StrEnum):
    """Which queue's dead letters."""

    JOBS = "jobs"
    SLOT_REQUESTS = "slot-requests"


Queue = Annotated[QueueName, typer.Option("--queue", help="Postings, or requests for slots.")]
Ids = Annotated[
    list[str] | None,
    typer.Option("--id", help="Of the letter or of its posting; may be given several times."),
]
All = Annotated[bool, typer.Option("--all", help="Every letter that can be read.")]


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.add_typer(dlq_app, name="dlq", no_args_is_help=True)


@dlq_app.command("list")
def list_letters(
    queue: Queue = QueueName.JOBS, stack: StackName = LOCAL, endpoint: Endpoint = None
) -> None:
    """Show the dead letters of a queue: what of, why, by whom, how old."""
    from cli.enrichment.letters import DeadLetters

    place = open_stack(stack, endpoint)
    dead = DeadLetters(place, queue.value)
    with dead.read() as letters:
        now = place.now()
        for letter in letters:
            _show(letter, now - letter.sent)
        hidden = dead.count() - len(letters)
    if hidden > 0:
        output.say(f"About {hidden} more wait behind these, or somebody else looks at them now.")


@dlq_app.command()
def redrive(
    ids: Ids = None,
    everything: All = False,
    queue: Queue = QueueName.JOBS,
    stack: StackName = LOCAL,
    endpoint: Endpoint = None,
) -> None:
    """Send chosen letters to their queue again, as first attempts; finished passes stay paid."""
    from cli.enrichment.letters import DeadLetters, Unsendable

    if bool(ids) == everything:
        message = "Give --id or --all, not both." if ids else "Give --id or --all."
        raise CommandError(Diagnostic(message, ExitCode.USAGE, hint="dej dlq list"))
    dead = DeadLetters(open_stack(stack, endpoint), queue.value)
    skipped = []
    with dead.read() as letters:
        chosen = letters if everything else _named(letters, ids or [])
        for letter in chosen:
            try:
                dead.redrive(letter)
            except Unsendable as reason:
                output.say(f"{letter.id}  {letter.subject or 'unreadable'}  stays: {reason}")
                skipped.append(letter.id)
                continue
            record = {"id": letter.id, "subject": letter.subject, "queue": queue.value}
            output.record(record, f"{letter.subject} goes to {queue.value} again")
    if skipped:
        raise _stay(skipped, len(chosen), queue)


@dlq_app.command()
def drop(
    ids: Annotated[list[str], typer.Option("--id", help="Of the letter or of its posting.")],
    queue: Queue = QueueName.JOBS,
    stack: StackName = LOCAL,
    endpoint: Endpoint = None,
) -> None:
    """Delete chosen letters, such as those that nobody can read. What they say is lost."""
    from cli.enrichment.letters import DeadLetters

    dead = DeadLetters(open_stack(stack, endpoint), queue.value)
    with dead.read() as letters:
        for letter in _named(letters, ids):
            dead.drop(letter)
            record = {"id": letter.id, "subject": letter.subject, "reason": letter.reason}
            output.record(record, f"{letter.id}  {letter.subject or 'unreadable'}  deleted")


def _stay(skipped: list[str], of: int, queue: QueueName) -> CommandError:
    """Letters that could not be sent again, with the command that deletes them."""
    options = " ".join(f"--id {id}" for id in skipped)
    if queue is not QueueName.JOBS:
        options += f" --queue {queue.value}"
    return CommandError(
        Diagnostic(
            f"Letters that cannot be sent again: {len(skipped)} of {of}; read, then drop them.",
            hint=f"dej dlq drop {options}",
        )
    )


def _named(letters: list[Letter], ids: list[str]) -> list[Letter]:
    """Those with one of the ids. Raises CommandError for an id that none has."""
    for id in ids:
        if not any(letter.named([id]) for letter in letters):
            raise CommandError(Diagnostic(f"There is no dead letter {id}.", hint="dej dlq list"))
    return [letter for letter in letters if letter.named(ids)]


def _show(letter: Letter, age: timedelta) -> None:
    record = {
        "id": letter.id,
        "subject": letter.subject,
        "age_seconds": round(age.total_seconds()),
        "reason": letter.reason,
        "error": letter.error,
        "execution": letter.execution,
    }
    text = f"{letter.id}  {letter.subject or 'unreadable'}  {_age(age)}\n  {letter.reason}" + (
        f" ({letter.error})" if letter.error else ""
    )
    if letter.execution:
        text += f"\n  execution {letter.execution}"
    output.record(record, text)


def _age(age: timedelta) -> str:
    seconds = round(age.total_seconds())
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit} old"
    return f"{seconds} s old"
