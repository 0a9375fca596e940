"""Errors that build_gold tells apart: the class name is the error name it sees.

A message is one sentence; where models or tests are at fault, it ends in ` Details: ` and a JSON
object, the answer of a call that ends well, which the workflow passes on.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

DETAILS = " Details: "
LIMIT = 2_000  # characters of the sentence


class InvalidRequest(Exception):
    """The event is no request; the message names the field."""


class DbtConnectionFailed(Exception):
    """The warehouse does not answer. Worth a retry: nothing was decided."""


class DbtModelsFailed(Exception):
    """Models or seeds failed; not worth a retry."""


class DbtSchemaChanged(Exception):
    """An incremental table has other columns than its model: build it with full refresh."""


class DbtTestsFailed(Exception):
    """A test tagged `critical` failed."""


class DbtFailed(Exception):
    """dbt ended before it ran anything: the project, the request or the runner is at fault."""


class WarehouseChanged(Exception):
    """Somebody else wrote the database file meanwhile: two builds ran at once."""


class DocsMissing(Exception):
    """There is no generated site to publish; the message names its place."""


def with_details(sentence: str, details: Mapping[str, Any]) -> str:
    """A sentence and what the workflow reads of it."""
    return sentence[:LIMIT] + DETAILS + json.dumps(details, ensure_ascii=False)
