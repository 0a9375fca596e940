"""Reads and writes the CSV tables of the dbt project in one form (UTF-8, LF, minimal quotes)."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
SEEDS = PROJECT / "seeds"

Cell = str | int | bool | None


def read_rows(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV file by column name; an empty cell is ''."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def csv_text(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """A CSV file as text: None becomes an empty cell, booleans `true` and `false`."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow([str(c).lower() if isinstance(c, bool) else c for c in row])
    return out.getvalue()
