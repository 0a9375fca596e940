"""Sponsorship, citizenship and clearance, and statements on equal opportunity beside them."""

from __future__ import annotations

import pytest

from embedded_aws.model.rules import visa
from embedded_aws.model.rules.text import Document, Posting


def _document(text: str) -> Document:
    return Document(Posting(description=text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("We are unable to sponsor a visa.", "will_not_sponsor"),
        ("You must be authorized to work here. We cannot sponsor.", "will_not_sponsor"),
        ("Acme will not provide sponsorship for this role.", "will_not_sponsor"),
        ("No visa sponsorship.", "will_not_sponsor"),
        ("Sponsorship is not available.", "will_not_sponsor"),
        ("The company does not intend to hire people who need sponsorship.", "will_not_sponsor"),
        ("This company CANNOT manage visas.", "will_not_sponsor"),
        ("Any immigration status is welcome.", "will_not_sponsor"),
        ("We will sponsor visas.", "will_sponsor"),
        ("Visa sponsorship is available.", "will_sponsor"),
        ("We offer visa support and relocation.", "will_sponsor"),
        ("Applicants must have the right to work in Ireland.", "must_be_authorized"),
        ("US citizens only", "must_be_authorized"),
        ("We do not sponsor. Acme is an equal opportunity employer.", "will_not_sponsor"),
        ("Our executive sponsors value data.", None),
        ("We hire without regard to race, religion or citizenship.", None),
    ],
)
def test_sponsorship(text: str, expected: str | None) -> None:
    found = visa.find_sponsorship(_document(text))
    assert (found.value if found else None) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Must be a U.S. citizen.", "us_citizen_only"),
        ("US citizens or green card holders only", "us_or_gc"),
        ("EU citizenship is required.", "other"),
        ("Decisions are made regardless of race or U.S. citizenship.", None),
    ],
)
def test_citizenship(text: str, expected: str | None) -> None:
    found = visa.find_citizenship(_document(text))
    assert (found.value if found else None) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("An active Secret clearance is required.", "required"),
        ("TS/SCI with polygraph", "required"),
        ("A security clearance is preferred.", "preferred"),
        ("No security clearance needed.", None),
        ("We keep secrets in a vault.", None),
    ],
)
def test_clearance(text: str, expected: str | None) -> None:
    found = visa.find_clearance(_document(text))
    assert (found.value if found else None) == expected
