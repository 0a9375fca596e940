"""What settings are made of: a group of them, and texts of certain forms."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def matching(pattern: str, remedy: str) -> AfterValidator:
    """A text that matches the whole pattern; the remedy says how to write it."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"{text!r} cannot be used; {remedy}")
        return text

    return AfterValidator(check)


Prefix = Annotated[
    str,
    matching(r"[a-z0-9_]+(/[a-z0-9_]+)*/", "write lower-case folders that end in a slash: a/b/"),
]
ModelId = Annotated[
    str, matching(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,199}", "write a Bedrock model or profile id")
]
Region = Annotated[str, matching(r"[a-z]{2}(-[a-z]+)+-\d", "write a region such as us-east-1")]
Expression = Annotated[
    str, matching(r"(cron|rate)\(.+\)", "write cron(0 6 * * ? *) or rate(1 day)")
]
EmailAddress = Annotated[
    str, matching(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+", "write an address such as team@example.com")
]
HttpsUrl = Annotated[
    str,
    matching(
        r"https://[A-Za-z0-9.-]+(:\d+)?(/[^\s]*)?",
        "write an address such as https://example.com/alarms, without user and password",
    ),
]


class Section(BaseModel):
    """A group of settings: no conversions, no unknown names, no changes after validation."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ScheduleSettings(Section):
    expression: Expression = Field(
        default="cron(0 6 * * ? *)",
        description="When pending partitions are enriched, in UTC. More often costs nothing where "
        "nothing is pending.",
    )
    enabled: bool = Field(
        default=True,
        description="Switched off, partitions are enriched only when an operator starts it.",
    )
