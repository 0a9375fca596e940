"""The published docs in a real browser, behind the function that guards them on CloudFront."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Error

from dbt_gold.tools.tables import PROJECT, read_rows
from tests.docs_site.browser import Visit, browser, visiting
from tests.docs_site.fact_page import FACT, columns, find_by_search, find_in_tree, upstream
from tests.docs_site.published import LOGIN, distribution_for_reader, published
from tests.docs_site.site import Bucket, Object, serving
from tests.infra.guard import Distribution, basic

TRACKED = b'"send_anonymous_usage_stats": true'
UNTRACKED = b'"send_anonymous_usage_stats": false'
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@pytest.fixture(scope="module")
def distribution() -> Distribution:
    return distribution_for_reader()


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bucket]:
    with published(tmp_path_factory.mktemp("stack")) as stack:
        yield Bucket(stack)


@pytest.fixture(scope="module")
def url(distribution: Distribution, bucket: Bucket) -> Iterator[str]:
    with serving(distribution, bucket) as address:
        yield address


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as started:
        yield started


@pytest.fixture(scope="module")
def visit(chromium: Any, url: str) -> Iterator[Visit]:
    """A reader's tab."""
    with visiting(chromium, url, LOGIN) as opened:
        assert opened.page.goto(url).status == 200
        yield opened


@pytest.mark.parametrize("login", [None, (LOGIN[0], "guess"), ("eve", LOGIN[1])])
def test_a_browser_without_credentials_sees_nothing(
    chromium: Any, url: str, login: tuple[str, str] | None
) -> None:
    with visiting(chromium, url, login) as stranger:
        for path in ("", "index.html"):
            with (
                stranger.page.expect_response(url + path) as response,
                pytest.raises(Error, match=r"ERR_INVALID_AUTH|ERR_HTTP_RESPONSE_CODE_FAILURE"),
            ):
                stranger.page.goto(url + path)

            assert response.value.status == 401


@pytest.mark.parametrize("path", ["", "index.html", "elsewhere"])
def test_the_refusal_asks_for_a_password_and_has_no_body(url: str, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        DIRECT.open(url + path, timeout=30)

    assert refused.value.code == 401
    assert refused.value.headers["WWW-Authenticate"].startswith("Basic ")
    assert refused.value.read() == b""


def test_the_root_is_the_page_that_the_workflow_published(url: str, bucket: Bucket) -> None:
    page = bucket.get("index.html")
    assert page
    with DIRECT.open(urllib.request.Request(url, headers=basic(*LOGIN)), timeout=30) as answer:
        assert answer.read() == page.body
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"


def test_search_finds_the_fact(visit: Visit, url: str) -> None:
    visit.page.goto(url)
    find_by_search(visit.page)
    assert visit.page.url.endswith(f"#!/model/model.gold_layer.{FACT}")


def test_the_tree_leads_to_the_fact(chromium: Any, url: str) -> None:
    with visiting(chromium, url, LOGIN) as visit:
        visit.page.goto(url)
        find_in_tree(visit.page)
        assert visit.page.url.endswith(f"#!/model/model.gold_layer.{FACT}")


def test_its_details_name_the_staging_models_that_it_depends_on(visit: Visit) -> None:
    find_by_search(visit.page)

    shown = upstream(visit.page)

    assert [name for name in shown if name.startswith("stg_")] == [
        "stg_ai_enrichment",
        "stg_linkedin",
        "stg_linkedin_companies",
    ]


def test_its_columns_are_described_as_specified(visit: Visit) -> None:
    find_by_search(visit.page)
    rows = [row for row in read_rows(PROJECT / "columns.csv") if row["table"] == FACT]

    shown = columns(visit.page)

    assert shown == {row["column"]: row["description"] for row in rows}
    assert list(shown) == [row["column"] for row in rows]
    assert shown["job_posting_key"] == (
        "Key of the posting: hash of job_posting_id and source_system."
    )


def test_the_page_asks_nobody_else_and_works(visit: Visit) -> None:
    find_by_search(visit.page)
    visit.page.wait_for_load_state("networkidle")

    assert visit.left == []
    assert visit.errors == []
    assert visit.statuses[""] == 200


def test_a_page_that_tells_others_of_its_readers_is_noticed(
    chromium: Any, distribution: Distribution, bucket: Bucket
) -> None:
    """dbt's page reports its use unless the project forbids it."""

    class Telling(Bucket):
        def __init__(self) -> None:
            """Another page."""

        def get(self, key: str) -> Object | None:
            found = bucket.get(key)
            if found is None:
                return None
            assert UNTRACKED in found.body
            return Object(found.body.replace(UNTRACKED, TRACKED), found.headers)

    with serving(distribution, Telling()) as url, visiting(chromium, url, LOGIN) as told:
        told.page.goto(url)
        find_by_search(told.page)
        assert told.left
