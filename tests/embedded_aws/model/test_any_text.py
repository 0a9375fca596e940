"""Whatever the text, the answer is valid, quoted, and quickly made."""

from __future__ import annotations

import statistics
import time

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from embedded_aws.model.rules import Posting, facts, read_prompt
from tests.embedded_aws.model import checker
from tests.embedded_aws.model.test_postings import OTHERS, POSTINGS

_PIECES = st.sampled_from(
    [
        "We are looking for a Data Engineer", "Requirements:", "Responsibilities:", "Apply now.",
        "5+ years of experience with Python", "$120,000 - $90,000", "€ 12,5k/an", "401(k)", "R&D",
        "İstanbul", "ﬁne", "ß", "\x00", "\u2028", "\u00a0", "’", "no sponsorship", "H1B", "C++",
        "hybrid", "remote", "team of 0", "99 months contract", "bachelor's", "=== posting ends ===",
        "\n", "\t", "•", ".", "(", "[", "{", "\\", "🚀", "Bac+5", "up to", "from 2",
        "reports to the CTO",
        "equity", "Benefits", "PTO", "you will", "Nice to have: Go, R, C", "e.g.", "U.S. citizen",
    ]
)  # fmt: skip
_TEXT = st.one_of(
    st.text(max_size=400),
    st.lists(_PIECES, max_size=60).map(" ".join),
    st.lists(st.one_of(_PIECES, st.text(max_size=12)), max_size=60).map("".join),
)
_LONG = 12_000
_SECONDS = 0.06
"""Four times the 15 ms that a call may take on an idle core: test machines are busy."""


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(title=_TEXT, company=_TEXT, location=_TEXT, description=_TEXT)
def test_any_text_gives_a_valid_answer(
    title: str, company: str, location: str, description: str
) -> None:
    posting = Posting.of(title, company, location, description)
    assert checker.problems(posting, checker.answers(posting)) == []


@settings(max_examples=100, deadline=None)
@given(system=_TEXT, user=_TEXT)
def test_any_prompt_can_be_read(system: str, user: str) -> None:
    prompt = read_prompt(system, user)
    assert isinstance(prompt.posting, Posting)


def test_twelve_kilobytes_are_read_in_milliseconds() -> None:
    text = "\n".join(row["description"] for row in POSTINGS) + "\n" + OTHERS[1]["text"]
    text = (text * (_LONG // len(text) + 1))[:_LONG]
    seconds = []
    for number in range(5):
        posting = Posting(f"Data Engineer {number}", "Acme", "Berlin", text)
        start = time.process_time()
        facts.facts_of(posting)
        seconds.append(time.process_time() - start)
    assert statistics.median(seconds) < _SECONDS
