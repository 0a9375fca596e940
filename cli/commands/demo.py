"""`dej demo`: shows on one machine what the platform does with postings."""

from __future__ import annotations

import fcntl
import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.commands.apply import ROOT, diagnosed
from cli.errors import CommandError, Diagnostic
from cli.output import output

if TYPE_CHECKING:
    import pyarrow as pa

    from cli.demo.run import Outcome

STACK = "local"
FOLDER = ROOT / "build" / "demo"
DATABASE = "analytics.duckdb"
PIPED_WIDTH = 100  # characters, where no terminal says how wide it is

Postings = Annotated[
    Path | None,
    typer.Option(help="Parquet file with Silver's columns; without it the samples are used."),
]


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(demo)


def demo(postings: Postings = None) -> None:
    """Enrich postings and build Gold on a fresh embedded AWS of this process; build/demo/."""
    from cli.demo.postings import by_hour, read_postings
    from cli.demo.run import write_tables
    from cli.samples import sample_postings

    started = time.monotonic()
    hours = by_hour(read_postings(postings) if postings else sample_postings())
    with _emptied(FOLDER):
        outcome = _run(hours)
        outcome.report["seconds"] = round(time.monotonic() - started, 1)
        write_tables(outcome.tables, FOLDER)
        content = json.dumps(outcome.report, indent=2) + "\n"
        (FOLDER / "report.json").write_text(content, encoding="utf-8")
    _show(outcome)
    if (FOLDER / DATABASE).is_file():
        _show_marts(FOLDER / DATABASE)
    output.say(f"Left in {FOLDER.relative_to(ROOT)}: Parquet files, {DATABASE} and report.json.")
    if outcome.failures or outcome.report.get("gold_error"):
        raise _incomplete(outcome)


def _run(hours: dict[str, pa.Table]) -> Outcome:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from cli.demo.gold import fetch_database, follow_builds
    from cli.demo.run import Stack
    from embedded_aws.provider.deploy import apply
    from embedded_aws.server import running

    rows = sum(table.num_rows for table in hours.values())
    with running() as aws:
        output.say(f"Embedded AWS on {aws.endpoint.url}; provisioning the stack {STACK} …")
        with diagnosed(STACK):
            applied = apply(ROOT, STACK, aws.endpoint, FOLDER / "state.json")
        output.say(f"{len(applied.changes)} resources; loading {rows} postings …")
        stack = Stack(aws, applied.outputs)
        stack.load(hours)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task("model calls, about", total=3 * rows)
            runs = stack.enrich(list(hours), lambda calls: bar.update(task, completed=calls))
            bar.update(task, total=len(aws.model.calls))
        gold = {"gold_error": "nothing was enriched"}
        if stack.enriched(list(hours)):
            output.say("Building the star schema …")
            gold = follow_builds(stack, runs)
        if "gold_error" not in gold:
            fetch_database(stack, FOLDER / DATABASE)
        output.say("Once more without the results, to see that nothing is paid twice …")
        outcome = stack.outcome(hours, runs)
        outcome.report.update(gold)
        return outcome


def _show(outcome: Outcome) -> None:
    from rich.console import Console

    from cli.demo import show

    console = Console(width=None if Console().is_terminal else PIPED_WIDTH)
    if outcome.tables:
        show.show_written(console, outcome.tables, outcome.bucket)
        show.show_postings(console, outcome.tables)
    for tree in outcome.trees:
        show.show_tree(console, tree)
    show.show_totals(console, outcome.report)


def _show_marts(database: Path) -> None:
    from cli.marts.queries import marts
    from cli.marts.show import print_marts
    from cli.marts.source import opened

    with opened(database) as connection:
        print_marts(marts(connection))


def _incomplete(outcome: Outcome) -> CommandError:
    reasons = [f"{hour}: {reason}" for hour, reason in sorted(outcome.failures.items())]
    missing = []
    if reasons:
        partitions = "1 partition was" if len(reasons) == 1 else f"{len(reasons)} partitions were"
        missing.append(f"{partitions} not enriched")
    if error := outcome.report.get("gold_error"):
        reasons.append(f"Gold: {error}")
        missing.append("Gold was not built")
    return CommandError(Diagnostic(f"{' and '.join(missing)}.", context="\n    ".join(reasons)))


@contextmanager
def _emptied(folder: Path) -> Iterator[None]:
    """The folder exists, is empty, and belongs to this demo alone."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandError(
                Diagnostic("Another demo runs here and writes build/demo: wait for its end.")
            ) from None
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(exist_ok=True)
        yield
