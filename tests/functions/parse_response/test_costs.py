from __future__ import annotations

from parse_response.costs import Spending, add
from parse_response.envelope import Reply

PRICE = {"input": 0.15, "output": 0.60}
NOTHING = {"input_tokens": 0, "output_tokens": 0, "cost_usd": 0}
REPLY = Reply("{}", "stop", 1_000_000, 500_000)


def test_prices_are_per_million_tokens() -> None:
    assert add(NOTHING, REPLY, PRICE) == Spending(1_000_000, 500_000, 0.45, ())


def test_attempts_add_up() -> None:
    spent = {"input_tokens": 10, "output_tokens": 20, "cost_usd": 0.05}

    assert add(spent, REPLY, PRICE) == Spending(1_000_010, 500_020, 0.5, ())


def test_an_unknown_price_makes_the_cost_null_and_warns() -> None:
    spending = add(NOTHING, REPLY, None)

    assert spending.cost_usd is None
    assert spending.warnings == ("cost_usd: the model has no known price",)
    assert (spending.input_tokens, spending.output_tokens) == (1_000_000, 500_000)


def test_a_null_cost_stays_null() -> None:
    assert add(NOTHING | {"cost_usd": None}, REPLY, PRICE).cost_usd is None


def test_a_price_of_zero_costs_zero() -> None:
    assert add(NOTHING, REPLY, {"input": 0.0, "output": 0.0}) == Spending(1_000_000, 500_000, 0, ())


def test_unreported_tokens_make_the_cost_null_and_warn() -> None:
    spending = add(NOTHING, Reply("{}", "stop", None, 7), PRICE)

    assert spending == Spending(
        0, 7, None, ("usage: the response does not say how many tokens it took",)
    )


def test_a_single_token_of_a_cheap_model_still_counts() -> None:
    assert add(NOTHING, Reply("", "stop", 1, 0), PRICE).cost_usd == 0.00000015
