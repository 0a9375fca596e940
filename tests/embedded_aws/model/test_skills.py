"""The gazetteer and the rules for names that are also common words."""

from __future__ import annotations

import pytest

from embedded_aws.model.rules.data import load
from embedded_aws.model.rules.sections import find_sections
from embedded_aws.model.rules.skills import aliases, hard_skills, soft_skills
from embedded_aws.model.rules.text import Document, Posting

_CANONICAL_SOFT_SKILLS = (
    "Communication, Problem Solving, Team Collaboration, Leadership, Analytical Skills,"
    " Attention to Detail, Continuous Learning, Time Management, Adaptability, Initiative,"
    " Critical Thinking, Organization, Customer Focus, Decision Making, Mentoring,"
    " Presentation Skills, Creativity, Work Ethic, Self-Motivation, Stress Management,"
    " Conflict Resolution, Empathy"
)


def _hard(text: str) -> set[str]:
    document = Document(Posting(description=text))
    return set(hard_skills(document, find_sections(document)))


def _must(text: str) -> dict[str, bool]:
    document = Document(Posting(description=text))
    sections = find_sections(document)
    found = {**hard_skills(document, sections), **soft_skills(document, sections)}
    return {name: skill.must for name, skill in found.items()}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Languages: SQL, Python, Go.", "Go"),
        ("services written in Go and Python", "Go"),
        ("tools including Python/R, SQL", "R"),
        ("C, C++ or Java", "C"),
        ("Power BI, Excel and SQL", "Excel"),
        ("Experience with Spark", "Apache Spark"),
        ("Kubernetes (Helm, Argo Workflows)", "Helm"),
        ("Microsoft Dynamics 365", "Microsoft Dynamics"),
        ("CI/CD", "CI/CD"),
        (".NET and SQL", ".NET"),
        ("deployed on AWS Lambda", "AWS Lambda"),
        ("PySpark on Amazon EMR", "AWS EMR"),
    ],
)
def test_finds(text: str, name: str) -> None:
    assert name in _hard(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Go beyond what others do, with Python", "Go"),
        ("wherever you want it to go. Python", "Go"),
        ("our R&D team uses Python", "R"),
        ("Prot. R.0000155 and SQL", "R"),
        ("Vitamin C and SQL", "C"),
        ("C++ and C#", "C"),
        ("You excel in SQL", "Excel"),
        ("we spark joy with Python", "Apache Spark"),
        ("the dynamics of a team that knows SQL", "Microsoft Dynamics"),
        ("glue between teams, and Python", "AWS Glue"),
        ("JavaScript", "Java"),
        ("react to events with Python", "React"),
        ("rag paper and SQL", "Retrieval-Augmented Generation"),
        ("Oracle Cloud", "Oracle Database"),
    ],
)
def test_does_not_take_common_words_for_skills(text: str, name: str) -> None:
    assert name not in _hard(text)


def test_a_qualifier_outranks_the_heading() -> None:
    found = _must(
        "Requirements: strong Python; familiarity with Scala. SQL is a plus."
        " Nice to have: Terraform, proven Kafka."
    )
    assert found["Python"]
    assert found["Apache Kafka"]
    assert not any(found[name] for name in ("Scala", "SQL", "Terraform"))


def test_soft_skills_are_sorted_by_their_adjective() -> None:
    found = _must("Excellent communication. Basic presentation skills would help.")
    assert found == {"Communication": True, "Presentation Skills": False}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Meet our leadership team.", "Leadership"),
        ("data-driven decision making", "Decision Making"),
        ("referential integrity checks", "Work Ethic"),
        ("autonomous vehicles", "Self-Motivation"),
    ],
)
def test_soft_skills_need_a_person(text: str, name: str) -> None:
    assert name not in _must(text)


def test_the_soft_skills_are_the_canonical_ones() -> None:
    assert list(load("soft_skills.toml")["phrases"]) == _CANONICAL_SOFT_SKILLS.split(", ")


def test_the_gazetteer_is_large_and_clean() -> None:
    known = aliases()
    assert len(known) >= 500
    for name, phrases in known.items():
        assert phrases, name
        assert all(phrase == phrase.lower().strip() for phrase in phrases)
