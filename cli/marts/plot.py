"""The four marts as one figure."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.errors import CommandError, Diagnostic, ExitCode
from cli.marts.queries import HOURS_A_DAY, Mart, Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FORMATS = (".png", ".svg", ".pdf")
STRONG, LIGHT, ACCENT = "#1f5a85", "#a9c7dd", "#d1652f"
NAME_WIDTH = 26


def require_format(file: Path) -> None:
    """Raises CommandError for a name that is no picture's."""
    if file.suffix not in FORMATS:
        raise CommandError(
            Diagnostic(f"{file}: a figure's name ends in {', '.join(FORMATS)}.", ExitCode.USAGE)
        )


def draw(found: list[Mart], file: Path) -> None:
    """Draws the four marts into `file`."""
    from matplotlib.figure import Figure

    drawings: dict[str, Callable[[Any, list[Row]], None]] = {
        "wanted_skills": _skills,
        "salary_by_seniority": _salaries,
        "best_hour_to_apply": _hours,
        "companies_hiring": _companies,
    }
    figure = Figure(figsize=(15, 11))
    figure.suptitle("The job market of data engineers", fontsize=18)
    figure.set_layout_engine("constrained", w_pad=0.15, h_pad=0.15)
    for axes, mart in zip(figure.subplots(2, 2).flat, found, strict=True):
        axes.set_title(mart.title, fontsize=14, fontweight="bold", loc="left", pad=32)
        about = textwrap.fill(mart.about, 90)
        axes.text(0, 1.015, about, transform=axes.transAxes, fontsize=9, color="#555555")
        axes.spines[["top", "right"]].set_visible(False)
        if mart.rows:
            drawings[mart.name](axes, mart.rows)
        else:
            axes.text(0.5, 0.5, "no postings yet", ha="center", transform=axes.transAxes)
    figure.savefig(file, dpi=110)


def _skills(axes: Axes, rows: list[Row]) -> None:
    names = [_short(row["skill"]) for row in rows]
    required = [row["required"] for row in rows]
    others = [row["postings"] - row["required"] for row in rows]
    axes.barh(names, required, color=STRONG, label="required")
    axes.barh(names, others, left=required, color=LIGHT, label="wished for or mentioned")
    axes.invert_yaxis()
    axes.set_xlabel("postings", loc="left")
    _legend(axes)


def _salaries(axes: Axes, rows: list[Row]) -> None:
    names = [f"{row['seniority']} ({row['postings']:,})" for row in rows]
    low = [row["low"] / 1_000 for row in rows]
    spans = [(row["high"] - row["low"]) / 1_000 for row in rows]
    axes.barh(names, spans, left=low, color=LIGHT, label="low to high")
    medians = [row["median"] / 1_000 for row in rows]
    axes.scatter(medians, names, color=ACCENT, marker="|", s=250, lw=3, label="median")
    axes.invert_yaxis()
    axes.set_xlim(left=0)
    axes.set_xlabel("thousand USD a year", loc="left")
    axes.set_ylabel("level (postings with a salary)")
    _legend(axes)


def _hours(axes: Axes, rows: list[Row]) -> None:
    scores = {row["hour"]: row["score"] for row in rows}
    best = rows[0]["hour"]
    hours = range(HOURS_A_DAY)
    colours = [ACCENT if hour == best else LIGHT for hour in hours]
    axes.bar(hours, [scores.get(hour, 0) for hour in hours], color=colours)
    axes.annotate(
        f"{best:02}:00", (best, scores[best]), ha="center", va="bottom", color=ACCENT,
        fontweight="bold",
    )  # fmt: skip
    axes.set_xticks(range(0, HOURS_A_DAY, 3), [f"{hour:02}:00" for hour in hours[::3]])
    axes.set_xlabel("hour of publication (UTC)")
    axes.set_ylabel("recommendation, 0 to 1")


def _companies(axes: Axes, rows: list[Row]) -> None:
    from matplotlib.ticker import MaxNLocator

    names = [_short(row["company"] or "-") for row in rows]
    places = range(len(rows))
    opened = [row["open"] for row in rows]
    closed = [row["new"] - row["open"] for row in rows]
    axes.barh(places, opened, color=STRONG, label="still open")
    axes.barh(places, closed, left=opened, color=LIGHT, label="closed since")
    axes.set_yticks(list(places), names)
    axes.invert_yaxis()
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("new postings", loc="left")
    _legend(axes)


def _legend(axes: Axes) -> None:
    """Under the axes, right of their label, where no bar can be, however long."""
    axes.legend(loc="upper right", bbox_to_anchor=(1, -0.06), ncols=2, frameon=False)


def _short(name: str) -> str:
    plain = name.replace("$", r"\$")  # a pair of them would begin a formula
    return textwrap.shorten(plain, NAME_WIDTH, placeholder="…")
