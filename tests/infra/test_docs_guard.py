"""Who may read the docs site: the deployed function, run with what CloudFront's runtime offers."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any

import pytest

from tests.infra.guard import UNAUTHORIZED, Distribution, Ended, Guard, basic, deployed

SALT = "0123456789abcdef" * 2
NAME, PASSWORD = "ann@example.com", "pass:wörd 1"
MOST_BYTES = 10 * 1024  # of a function, by AWS's quota
# What runtime 2.0 does not parse, though Node does.
UNKNOWN_SYNTAX = re.compile(
    r"\?\.[^0-9]|\?\?|\.\.\.|\b(const|let|var)\s*[\[{]|\bclass\b|\bfunction\s*\*|async\s*\(|#\w+"
)


def entry(password: str, salt: str = SALT) -> str:
    return f"{salt}:{hashlib.sha256((salt + password).encode()).hexdigest()}"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.fixture(scope="module")
def distribution() -> Distribution:
    """A stack with two readers, as its program sets it up."""
    return deployed(
        [NAME, "bob"], {NAME: entry(PASSWORD), "bob": entry("other", "f" * 32), "left": entry("x")}
    )


@pytest.fixture(scope="module")
def guard(distribution: Distribution) -> Guard:
    return distribution.guard


def require_refused(ended: Ended) -> None:
    """Asks the viewer for a password and gives nothing else away."""
    assert ended.error is None, "CloudFront would answer 503"
    assert ended.answer == {
        "statusCode": UNAUTHORIZED,
        "statusDescription": "Unauthorized",
        "headers": {"www-authenticate": {"value": 'Basic realm="docs", charset="UTF-8"'}},
    }


def test_the_right_ones_pass_and_the_bucket_does_not_see_them(guard: Guard) -> None:
    ended = guard.run({"Host": "docs", **basic(NAME, PASSWORD)}, uri="/index.html", method="HEAD")

    assert ended.passed
    assert ended.answer == {
        "method": "HEAD",
        "uri": "/index.html",
        "querystring": {},
        "cookies": {},
        "headers": {"host": {"value": "docs"}},
    }
    assert guard.run(basic("bob", "other")).passed


def test_the_page_is_what_the_root_shows(distribution: Distribution) -> None:
    answer = distribution.guard.run(basic("bob", "other")).answer
    assert answer is not None
    assert answer["uri"] == "/", "left to the distribution's default root object"
    assert distribution.root_object == "index.html"


def test_the_scheme_has_no_case(guard: Guard) -> None:
    assert guard.run({"Authorization": f"bAsIc {encoded('bob:other')}"}).passed


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Basic"},
        {"Authorization": f"Basic{encoded('bob:other')}"},
        {"Authorization": "Basic "},
        basic("eve", PASSWORD),
        basic("left", "x"),
        basic("bob", PASSWORD),
        basic(NAME, PASSWORD + " "),
        basic(NAME, PASSWORD.upper()),
        basic(NAME.upper(), PASSWORD),
        basic(NAME, ""),
        basic("", PASSWORD),
        basic("", ""),
        basic(NAME, entry(PASSWORD)),
        basic(NAME, entry(PASSWORD).split(":")[1]),
        {"Authorization": f"Basic {encoded(NAME)}"},
        {"Authorization": f"Bearer {encoded('bob:other')}"},
        {"Authorization": f"Digest {encoded('bob:other')}"},
        {"Authorization": f"NotBasic {encoded('bob:other')}"},
        {"Authorization": encoded("bob:other")},
        {"Authorization": "Basic bob:other"},
        {"Authorization": "Basic //46gA=="},
        {"Proxy-Authorization": f"Basic {encoded('bob:other')}"},
        {"Cookie": f"authorization=Basic {encoded('bob:other')}"},
        basic("__proto__", ""),
        basic("constructor", "x"),
        basic("x" * 4000, "y"),
    ],
    ids=str,
)
def test_everybody_else_is_asked(guard: Guard, given: dict[str, str]) -> None:
    require_refused(guard.run(given))


@pytest.mark.parametrize(
    "spoilt",
    ["{}=", "{}==", "{} ", "{}\n", "{},", "{0}, Basic {0}", "*{}", "{}A", "-{}", "{}=A"],
)
def test_malformed_base64_is_not_read_leniently(guard: Guard, spoilt: str) -> None:
    """Decoders that overlook a character would let several headers mean the same."""
    right = encoded("bob:other")
    assert guard.run({"Authorization": f"Basic {right}"}).passed
    require_refused(guard.run({"Authorization": f"Basic {spoilt.format(right)}"}))


def test_bits_beyond_the_last_byte_must_be_zero(guard: Guard) -> None:
    bob = Guard(guard.code, {"bob": entry("oth")})
    right = encoded("bob:oth")
    assert right.endswith("aA==")
    assert bob.run({"Authorization": f"Basic {right}"}).passed
    require_refused(bob.run({"Authorization": f"Basic {right[:-3]}B=="}))


@pytest.mark.parametrize(
    "stored",
    ["", ":", SALT, f"{SALT}:", f":{'0' * 64}", entry("other") + ":", entry("other")[:-1],
     entry("other").upper(), entry("other").replace(":", ""), f" {entry('other')}", None, {}, 7],
    ids=str,
)  # fmt: skip
def test_an_entry_that_is_empty_or_spoilt_lets_nobody_in(guard: Guard, stored: Any) -> None:
    spoilt = Guard(guard.code, {"bob": stored})
    for password in ("other", "", "undefined", "null"):
        require_refused(spoilt.run(basic("bob", password)))


def test_a_store_without_entries_or_without_answer_lets_nobody_in(guard: Guard) -> None:
    require_refused(Guard(guard.code, {}).run(basic("bob", "other")))
    require_refused(Guard(guard.code, None).run(basic("bob", "other")))


def test_a_stack_without_readers_lets_nobody_in() -> None:
    found = deployed([], {"bob": entry("other")})
    assert found.guard.entries == {}
    require_refused(found.guard.run(basic("bob", "other")))


def test_what_is_wrong_does_not_show_in_the_work(guard: Guard) -> None:
    """One hash and all its 64 characters, for an unknown name and however near a guess is."""
    right = hashlib.sha256((SALT + PASSWORD).encode()).hexdigest()
    other = "1" if right[0] == "0" else "0"
    stored = [f"{SALT}:{right}", f"{SALT}:{other}{right[1:]}", f"{SALT}:{right[:-1]}",
              f"{SALT}:{right}0", f"{SALT}:", ""]  # fmt: skip
    works = [
        (ended.hashes, ended.characters)
        for each in stored
        for ended in [Guard(guard.code, {NAME: each}).run(basic(NAME, PASSWORD))]
    ]
    works += [(e.hashes, e.characters) for e in [guard.run(basic("eve", PASSWORD))]]
    assert works == [(1, 128)] * 7


def test_the_function_fits_and_uses_what_the_runtime_parses(guard: Guard) -> None:
    assert len(guard.code.encode()) < MOST_BYTES
    code = re.sub(r"^\s*//.*$|(?<=[;,)}]) *//.*$", "", guard.code, flags=re.MULTILINE)
    assert "import cf from 'cloudfront';" in code
    assert UNKNOWN_SYNTAX.search(code) is None
    # Async functions stand at the top level: the runtime has neither async arguments nor closures.
    assert re.findall(r"^( *)async", code, flags=re.MULTILINE) == ["", "", ""]


@pytest.mark.parametrize(
    ("passwords", "sentence"),
    [
        ({"bob": "other"}, r"docs-passwords\.bob is not salt:hash, a password perhaps: run `dej"),
        ({"bob": f"{SALT}:other"}, r"docs-passwords\.bob is not salt:hash"),
        ({"ann": entry("x")}, "docs-passwords has no entry bob: run `dej gold reader bob`"),
    ],
)
def test_only_hashes_are_stored(passwords: dict[str, str], sentence: str) -> None:
    with pytest.raises(Exception, match=sentence):
        deployed(["bob"], passwords)
