"""Debian's Chromium on one site, from which it does not get away."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import sync_playwright

CHROMIUM = "/usr/bin/chromium"  # of the Debian package; playwright's own is not installed
VIEWPORT = {"width": 1280, "height": 860}
SECONDS = 20


@dataclass
class Visit:
    """A tab, the addresses that it asked for and the errors of its scripts.

    page      playwright's
    left      requests for other hosts, all of which were cut off
    statuses  by address, of the site's answers
    """

    page: Any
    left: list[str] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)


@contextmanager
def browser() -> Iterator[Any]:
    """Chromium without a screen."""
    # Only root needs this: Chromium refuses to start its sandbox as root.
    arguments = ["--no-proxy-server", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield chromium
        chromium.close()


@contextmanager
def visiting(chromium: Any, url: str, login: tuple[str, str] | None = None) -> Iterator[Visit]:
    """A new tab for a site, whose name and password the browser knows or not."""
    credentials = {"username": login[0], "password": login[1]} if login else None
    context = chromium.new_context(
        viewport=VIEWPORT, http_credentials=credentials, service_workers="block"
    )
    context.set_default_timeout(SECONDS * 1000)
    visit = Visit(context.new_page())

    def route(route: Any) -> None:
        if route.request.url.startswith(url):
            route.continue_()
        else:
            visit.left.append(route.request.url)
            route.abort()

    context.route("**/*", route)
    visit.page.on("response", lambda r: visit.statuses.update({r.url.removeprefix(url): r.status}))
    visit.page.on("pageerror", lambda error: visit.errors.append(str(error)))
    yield visit
    context.close()
