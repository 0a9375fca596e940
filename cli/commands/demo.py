"""`dej demo`: provisions a fresh embedded AWS, enriches postings, shows what came out."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import Annotated

import typer

from cli.output import output

STACK = "local"

Postings = Annotated[
    Path | None,
    typer.Option(help="Parquet file with Silver's columns; without it the samples are used."),
]


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(demo)


def demo(postings: Postings = None) -> None:
    """Enrich postings on a fresh embedded AWS of this process; leaves build/demo/."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from cli.demo import show
    from cli.demo.executions import execution_tree
    from cli.demo.postings import by_hour, read_postings
    from cli.demo.report import build_report
    from cli.demo.run import Stack, write_tables
    from cli.samples import sample_postings
    from embedded_aws.provider.deploy import apply
    from embedded_aws.server import running

    started = time.monotonic()
    root = Path(__file__).parents[2]
    folder = root / "build" / "demo"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    table = read_postings(postings) if postings else sample_postings()
    hours = by_hour(table)
    with running() as aws:
        output.say(f"Embedded AWS on {aws.endpoint.url}; provisioning the stack {STACK} …")
        applied = apply(root, STACK, aws.endpoint, folder / "state.json")
        output.say(f"{len(applied.changes)} resources; loading {table.num_rows} postings …")
        stack = Stack(aws, applied.outputs)
        stack.load(hours)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task("model calls, about", total=3 * table.num_rows)
            runs = stack.enrich_pending(lambda calls: bar.update(task, completed=calls))
        tables = stack.enriched(list(hours))
        calls = len(aws.model.calls)
        report = build_report(tables, runs, table.num_rows) | {"model_calls": calls}
        output.say("Once more without the results, to see that nothing is paid twice …")
        stack.enrich_again(list(tables), lambda calls: None)
        report["model_calls_on_rerun"] = len(aws.model.calls) - calls
        report["rerun_equal"] = stack.enriched(list(hours)) == tables
        tree = [execution_tree(stack.client("stepfunctions"), run["executionArn"]) for run in runs]
    report["seconds"] = round(time.monotonic() - started, 1)
    write_tables(tables, folder)
    (folder / "report.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    console = Console(width=None if Console().is_terminal else 120)
    show.show_written(console, tables, applied.outputs["silver_bucket"])
    show.show_postings(console, tables)
    for node in tree:
        show.show_tree(console, node)
    show.show_totals(console, report)
    output.say(f"Left in {folder.relative_to(root)}: Parquet files and report.json.")
