"""What a reader sees of `fact_job_posting` in dbt's docs."""

from __future__ import annotations

import re
from typing import Any

FACT = "fact_job_posting"
NODE = f"model.gold_layer.{FACT}"
FOLDERS = ("gold_layer", "models", "facts")


def find_by_search(page: Any) -> None:
    """Types the name and follows the result of that name."""
    page.get_by_placeholder("Search for models...").fill(FACT)
    page.locator(f'.search-result[href="#!/model/{NODE}"] h4').click()
    _require_shown(page)


def find_in_tree(page: Any) -> None:
    """Opens the folders of the project tree down to the model."""
    for folder in FOLDERS:
        page.locator(
            ".unselectable .filename:visible", has_text=re.compile(rf"^\s*{folder}\s*$")
        ).click()
    page.locator(f'[data-nav-unique-id="{NODE}"]:visible').click()
    _require_shown(page)


def upstream(page: Any) -> list[str]:
    """Models in the panel Depends On."""
    panel = page.locator("section", has=page.locator("#depends_on"))
    panel.locator(".nav-tabs").get_by_text("Models", exact=True).click()
    return [name.strip() for name in panel.locator("ul.list-unstyled a").all_inner_texts()]


def columns(page: Any) -> dict[str, str]:
    """Description by column, in the order shown."""
    rows: list[list[str]] = page.locator("tr.column-row").evaluate_all(
        "rows => rows.map(row => [0, 2].map(at => row.children[at].textContent.trim()))"
    )
    return dict(rows)


def unfold(page: Any, column: str) -> None:
    """Shows all that is known of a column: its whole description, its tests."""
    page.locator("tr.column-row", has_text=column).first.click()


def _require_shown(page: Any) -> None:
    page.locator("h1:visible", has_text=FACT).wait_for()
    page.locator("tr.column-row").first.wait_for()
