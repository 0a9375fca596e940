"""A stack whose docs bucket holds what build_gold published, and a reader who may see it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.platform import ROOT
from tests.infra.guard import Distribution, deployed
from tests.stack import Stack, new_hour, running_stack
from tests.workflows.gold import build, put_postings

LOGIN = ("ann@example.com", "pass:wörd of ann")


@contextmanager
def published(folder: Path) -> Iterator[Stack]:
    """The stack `local` after a whole build of the star schema from two postings."""
    with running_stack(folder) as stack:
        put_postings(stack, new_hour(), ["a", "b"])
        run = build(stack)
        assert run.status == "SUCCEEDED", run.cause
        yield stack


def distribution_for_reader() -> Distribution:
    """The distribution of a stack that lets LOGIN in, with what `dej gold reader` prints for it."""
    name, password = LOGIN
    command = [sys.executable, "-m", "cli.main", "--json", "gold", "reader", name, "--stack", "dev"]
    done = subprocess.run(
        command,
        cwd=ROOT,
        input=f"{password}\n{password}\n",
        capture_output=True,
        text=True,
        start_new_session=True,  # without a terminal the password is read from stdin
        check=True,
    )
    found = re.search(r"'([0-9a-f]+:[0-9a-f]+)'$", json.loads(done.stdout)["command"])
    assert found
    return deployed([name], {name: found[1]})
