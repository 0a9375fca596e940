"""Tokens and cost of a pass: what its attempts have spent so far, plus this one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from parse_response.envelope import Reply

TOKENS_PER_PRICE = 1_000_000  # prices are USD per million tokens
DECIMALS = 9  # a single token of the cheapest model is 1.5e-7 USD


@dataclass(frozen=True)
class Spending:
    """Totals of all attempts; the cost is null as soon as one attempt has no known price."""

    input_tokens: int
    output_tokens: int
    cost_usd: float | None
    warnings: tuple[str, ...]


def add(spent: Mapping[str, Any], reply: Reply, price: Mapping[str, float] | None) -> Spending:
    """`spent` (input_tokens, output_tokens, cost_usd) plus the reply at `price`."""
    warnings = []
    cost = spent.get("cost_usd")
    if price is None:
        warnings.append("cost_usd: the model has no known price")
        cost = None
    if reply.input_tokens is None or reply.output_tokens is None:
        warnings.append("usage: the response does not say how many tokens it took")
        cost = None
    tokens_in, tokens_out = reply.input_tokens or 0, reply.output_tokens or 0
    if price is not None and cost is not None:
        new = (tokens_in * price["input"] + tokens_out * price["output"]) / TOKENS_PER_PRICE
        cost = round(cost + new, DECIMALS)
    return Spending(
        int(spent["input_tokens"]) + tokens_in,
        int(spent["output_tokens"]) + tokens_out,
        cost,
        tuple(warnings),
    )
