"""The pipeline takes the answers of the built-in model as they are, and its faults as faults."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from embedded_aws.model.endpoint import ModelEndpoint
from embedded_aws.model.rules import Posting
from parse_response.outcome import Rejected
from parse_response.validate import accept
from tests.embedded_aws.model import checker
from tests.embedded_aws.model.test_postings import OTHERS, POSTINGS, posting_of

_TEXTS = [posting_of(row) for row in POSTINGS] + [
    Posting("Data Engineer", "Acme", "Berlin", row["text"].strip()) for row in OTHERS
]


@pytest.mark.parametrize("posting", _TEXTS, ids=[f"{p.title} {p.company}" for p in _TEXTS])
def test_answers_are_accepted_without_a_change(posting: Posting) -> None:
    for name, found in checker.answers(posting).items():
        accepted = accept(name, json.dumps(found, ensure_ascii=False))
        assert accepted.warnings == ()
        assert accepted.answer == found


@pytest.mark.parametrize("name", checker.PASSES)
@pytest.mark.parametrize(
    ("plan", "outcome"),
    [
        (lambda model: model.faults.fenced(), "ok"),
        (lambda model: model.faults.reasoning_and_fence(), "ok"),
        (lambda model: model.faults.reasoning_only(), "no_json"),
        (lambda model: model.faults.malformed(), "malformed"),
        (lambda model: model.faults.wrong_schema(), "schema"),
    ],
    ids=["fenced", "reasoning and fence", "reasoning only", "malformed", "wrong schema"],
)
def test_faults_lead_to_the_outcome_they_are_made_for(
    name: str, plan: Callable[[ModelEndpoint], None], outcome: str
) -> None:
    model = ModelEndpoint()
    plan(model)
    posting = _TEXTS[0]
    user = (
        f"=== posting begins ===\nTitle: {posting.title}\nCompany: {posting.company}\n"
        f"Location: {posting.location}\nDescription:\n{posting.description}\n=== posting ends ==="
    )
    messages = [
        {"role": "system", "content": f"pass: {name}"},
        {"role": "user", "content": user},
    ]
    reply = model.invoke("m", json.dumps({"messages": messages}).encode())
    text = json.loads(reply.body)["choices"][0]["message"]["content"]
    assert _outcome(name, text) == outcome


def _outcome(name: str, text: str) -> str:
    try:
        accept(name, text)
    except Rejected as rejected:
        return rejected.outcome
    return "ok"
