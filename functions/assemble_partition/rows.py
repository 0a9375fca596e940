"""What enrichment adds to one row, whatever became of its posting."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import fmean
from typing import Any

from assemble_partition.bronze import Broken, Result
from assemble_partition.flatten import LOW_CONFIDENCE, confidences, flatten
from assemble_partition.status import PASSES, Pass, Status
from common.postings import Posting, Unidentified

Results = Mapping[str, Result | Broken]  # pass name -> what Bronze holds of a completed pass
Source = Result | Pass  # both know model, tokens, cost, attempts and time


@dataclass(frozen=True)
class Row:
    """Values of the flattened and the metadata columns; `json.*` follow from them.

    `succeeded` has one entry per pass; `retryable`: another run may make more of the row.
    """

    values: dict[str, Any]
    succeeded: tuple[bool, ...]
    retryable: bool


def unidentified_row(row: Unidentified, version: str) -> Row:
    """The row of a posting without usable id: no pass was asked, none will be."""
    flat, _ = flatten({})
    values = {**flat, "content_hash": None, **_metadata(flat, {}, version)}
    values["enrichment_errors"] = f"{row.reason}: the row is not enriched"
    return Row(values, (False,) * len(PASSES), retryable=False)


def enriched_row(posting: Posting, status: Status | None, results: Results, version: str) -> Row:
    """The row of a posting with the item `status`; `results` has its completed passes."""
    good = {name: result for name, result in results.items() if isinstance(result, Result)}
    documents = [result.documents for result in good.values()]
    flat, odd = flatten({root: value for roots in documents for root, value in roots.items()})
    entries = status.passes if status else {}
    values = {
        **flat,
        "content_hash": posting.content_hash,
        **_metadata(flat, {**entries, **good}, version),
        "enrichment_errors": _joined(_errors(status, results)),
        "enrichment_warnings": _joined([*_warnings(good), *odd]),
    }
    succeeded = tuple(name in good for name in PASSES)
    final = status is not None and status.overall == "PERMANENTLY_FAILED"
    # Complete passes under another status: their execution died before it could say so.
    unfinished = status is None or status.overall != "COMPLETED" or not all(succeeded)
    return Row(values, succeeded, retryable=unfinished and not final)


def _metadata(flat: dict[str, Any], sources: Mapping[str, Source], version: str) -> dict[str, Any]:
    metadata = {"enrichment_version": version, **_spending(list(sources.values()))}
    for name in PASSES:
        source = sources.get(name)
        result = source if isinstance(source, Result) else None
        metadata[f"enrichment_model_{name}"] = source.model if source else None
        metadata[f"enrichment_prompt_{name}"] = result.prompt if result else None
        metadata[f"{name}_success"] = result is not None
    for number in (2, 3):
        found = [confidence for _, confidence in confidences(flat, number)]
        metadata[f"avg_confidence_pass{number}"] = round(fmean(found), 3) if found else None
    low = (
        f"{field} ({confidence:.2f})"
        for number in (2, 3)
        for field, confidence in confidences(flat, number)
        if confidence < LOW_CONFIDENCE
    )
    return {
        **metadata,
        "low_confidence_fields": _joined(low),
        "enrichment_errors": None,
        "enrichment_warnings": None,
    }


def _spending(sources: Sequence[Source]) -> dict[str, Any]:
    """Sums over all attempts; the cost is unknown as soon as the price of one call is."""
    tokens = [sum(s.input_tokens for s in sources), sum(s.output_tokens for s in sources)]
    unpriced = any(source.cost_usd is None and source.attempts for source in sources)
    cost = round(sum(source.cost_usd or 0.0 for source in sources), 6)
    return {
        "enriched_at": max(filter(None, (_moment(source.at) for source in sources)), default=None),
        "enrichment_input_tokens": tokens[0] if sources else None,
        "enrichment_output_tokens": tokens[1] if sources else None,
        "total_tokens_used": sum(tokens) if sources else None,
        "enrichment_cost_usd": cost if sources and not unpriced else None,
    }


def _errors(status: Status | None, results: Results) -> Iterator[str]:
    """Why a pass has no result; at least one sentence unless all have one."""
    if status is None:
        yield "Catastrophic: the enrichment of this posting never started"
        return
    if status.interrupted:
        yield "Catastrophic: the enrichment of this posting ended before it was finished"
    failed = False
    for number, name in enumerate(PASSES, 1):
        entry, result = status.passes.get(name), results.get(name)
        if isinstance(result, Broken):
            yield f"Pass {number}: the stored result {result.problem}"
        elif entry and not entry.completed:
            yield f"Pass {number}: {entry.error or 'failed without a message'}"
        elif result is None and not failed and not status.interrupted:
            yield f"Pass {number}: has no result"
        failed = failed or not isinstance(result, Result)


def _warnings(good: Mapping[str, Result]) -> Iterator[str]:
    for number, name in enumerate(PASSES, 1):
        if name in good:
            yield from (f"Pass {number}: {warning}" for warning in good[name].warnings)


def _joined(notes: Iterable[str]) -> str | None:
    return "; ".join(notes) or None


def _moment(iso: str | None) -> datetime | None:
    """UTC without zone, as the column; None for what is no time."""
    try:
        return datetime.fromisoformat(iso or "").astimezone(UTC).replace(tzinfo=None)
    except ValueError:
        return None
