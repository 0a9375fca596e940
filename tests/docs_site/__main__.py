"""`python -m tests.docs_site`: builds Gold and pictures its fact in docs/images/gold_docs.png."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "functions"))  # as pytest does it

from tests.docs_site.browser import browser, visiting  # noqa: E402
from tests.docs_site.fact_page import find_by_search, unfold  # noqa: E402
from tests.docs_site.published import LOGIN, distribution_for_reader, published  # noqa: E402
from tests.docs_site.site import Bucket, serving  # noqa: E402

PICTURE = ROOT / "docs" / "images" / "gold_docs.png"


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        published(Path(folder)) as stack,
        serving(distribution_for_reader(), Bucket(stack)) as url,
        browser() as chromium,
        visiting(chromium, url, LOGIN) as visit,
    ):
        visit.page.goto(url)
        find_by_search(visit.page)
        unfold(visit.page, "job_posting_key")
        visit.page.wait_for_load_state("networkidle")
        PICTURE.parent.mkdir(exist_ok=True)
        visit.page.screenshot(path=PICTURE)
    print(f"Drew {PICTURE.relative_to(ROOT)}, {PICTURE.stat().st_size // 1024} kB.")


if __name__ == "__main__":
    main()
