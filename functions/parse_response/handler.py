"""Lambda parse_response: one model answer to Bronze, its outcome and compact context back.

Raw text is written first, so that no failure loses it. What the model did wrong is an outcome;
only S3 and defects raise.
"""

from __future__ import annotations

import os
from functools import cache
from typing import Any

from parse_response import costs, envelope, metrics
from parse_response.bronze import Bronze, document
from parse_response.context import compact
from parse_response.outcome import Rejected
from parse_response.validate import Accepted, accept


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Stores and validates the answer of one call.

    event: pass (a compiled pass without its texts, with its key), posting (a work item), response
    (the body of InvokeModel), attempt, spent (input_tokens, output_tokens, cost_usd of earlier
    attempts), execution, run, now.

    Returns outcome (ok, truncated, no_json, malformed, schema, envelope), error (one sentence
    unless ok), warnings (their count), the three totals including this attempt (cost_usd is null
    without a price), context for later passes, bronze_key (null unless ok), raw_key.
    """
    one = event["pass"]
    reply = envelope.read(one["envelope"], event["response"])
    spending = costs.add(event["spent"], reply, one["price"])
    bronze = _bronze()
    answer: dict[str, Any] = {
        "outcome": "ok",
        "error": None,
        "warnings": len(spending.warnings),
        "input_tokens": spending.input_tokens,
        "output_tokens": spending.output_tokens,
        "cost_usd": spending.cost_usd,
        "context": None,
        "bronze_key": None,
        "raw_key": bronze.put_raw(event, reply.text),
    }
    try:
        accepted = _accepted(one["name"], reply)
    except Rejected as rejected:
        metrics.publish(event, rejected.outcome, spending)
        return answer | {"outcome": rejected.outcome, "error": rejected.sentence}
    context = compact(accepted.result, one["context_chars"])
    key = bronze.put_result(event, document(event, accepted, spending, context))
    metrics.publish(event, "ok", spending)
    return answer | {
        "warnings": len(spending.warnings) + len(accepted.warnings),
        "context": context,
        "bronze_key": key,
    }


def _accepted(pass_name: str, reply: envelope.Reply) -> Accepted:
    if reply.problem is not None:
        raise Rejected("envelope", reply.problem)
    if reply.at_limit:
        raise Rejected("truncated", "The answer was cut at the output limit.")
    return accept(pass_name, reply.text)


@cache
def _bronze() -> Bronze:
    """Made on the first call: importing boto3 would triple the time of a cold start's import."""
    from common.aws import client

    return Bronze(client("s3"), os.environ["BRONZE_BUCKET"], os.environ["BRONZE_PREFIX"])
