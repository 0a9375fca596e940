"""Pay figures in the ways that postings write them, and money that is no pay."""

from __future__ import annotations

import pytest

from embedded_aws.model.rules.pay import find_pay
from embedded_aws.model.rules.text import Document, Posting


def _pay(text: str) -> list[tuple[float | None, float | None, str | None, str]]:
    found = find_pay(Document(Posting(description=text)))
    return [(pay.minimum, pay.maximum, pay.currency, pay.period) for pay in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The base pay is $125,500.00/yr - $230,200.00/yr.", (125500, 230200, "USD", "yearly")),
        ("The base salary range is $118,300 to $204,900.", (118300, 204900, "USD", "yearly")),
        ("Compensation: $80k-180k + equity", (80000, 180000, "USD", "yearly")),
        ("Salary $120-140k", (120000, 140000, "USD", "yearly")),
        ("Base: 120k - 140k USD", (120000, 140000, "USD", "yearly")),
        ("Salary Range = 110000 - 190000 USD Annually", (110000, 190000, "USD", "yearly")),
        ("USD 100,000.00 - 130,000.00 Annually", (100000, 130000, "USD", "yearly")),
        ("£65,000 - £75,000", (65000, 75000, "GBP", "yearly")),
        ("Salary up to £110,000 per annum", (None, 110000, "GBP", "yearly")),
        ("from $90,000 a year", (90000, None, "USD", "yearly")),
        ("Salary: $95,000+", (95000, None, "USD", "yearly")),
        ("OTE $180,000", (180000, 180000, "USD", "yearly")),
        ("$150K/year", (150000, 150000, "USD", "yearly")),
        ("$63.00/hr - $73.00/hr", (63, 73, "USD", "hourly")),
        ("The pay is $65.00 to $70.00 per hourly on C2C", (65, 70, "USD", "hourly")),
        ("Starting at $45 per hour", (45, None, "USD", "hourly")),
        ("Pay rate: 60-65/hr on C2C", (60, 65, None, "hourly")),
        ("£500 - £600 per day (outside IR35)", (500, 600, "GBP", "daily")),
        ("TJM : 450-550 €", (450, 550, "EUR", "daily")),
        ("$2,100 - $2,400 per week", (2100, 2400, "USD", "weekly")),
        ("$4,000 - $6,000 per month", (4000, 6000, "USD", "monthly")),
        ("Gehalt: 60.000 € - 75.000 €", (60000, 75000, "EUR", "yearly")),
        ("45 000 € - 55 000 € par an", (45000, 55000, "EUR", "yearly")),
        ("Rémunération entre 42 et 48 k€", (42000, 48000, "EUR", "yearly")),
        ("CA$110,000–CA$140,000 a year", (110000, 140000, "CAD", "yearly")),
        ("Salary: CHF 120'000 - 140'000", (120000, 140000, "CHF", "yearly")),
        ("15 000 - 20 000 PLN miesięcznie", (15000, 20000, "PLN", "monthly")),
    ],
)  # fmt: skip
def test_reads_pay(text: str, expected: tuple[float | None, float | None, str, str]) -> None:
    assert _pay(text)[0] == expected


@pytest.mark.parametrize(
    "text",
    [
        "401(k) match up to 5%",
        "$5,000 sign-on bonus",
        "We raised $50 million in a Series B.",
        "A $10,000 learning budget per year",
        "A $1,500 monthly stipend",
        "We have an annual revenue of $2,000,000.",
        "We manage over $500,000 in assets.",
        "Reimbursement of up to $5,250 per year for tuition",
        "Salary up to $6.5M per month",
        "A team of 15 with 3 years, room 101, since 1998",
        "Shares trade between $150 and $180.",
    ],
)
def test_other_money_is_no_pay(text: str) -> None:
    assert _pay(text) == []


def test_the_base_range_wins_over_figures_for_other_places() -> None:
    text = "The salary is $100,000 to $120,000. In Aspen the salary is $110,000 to $130,000."
    assert _pay(text)[0][:2] == (100000, 120000)
