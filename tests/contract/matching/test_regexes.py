"""Patterns in the dialect of the Pact core (Oniguruma, Ruby syntax) do here what they do there."""

from __future__ import annotations

import pytest

from tallystick.contract.matching import regexes
from tallystick.contract.matching.regexes import PatternInvalid, PatternUnsupported, compiled

ACCEPTED = [
    (r"a|ab", "ab"), (r"(a|ab)(c|bcd)?", "abcd"), (r"\d+?", "123"), ("", ""), (r"\h+", "09afAF"), (r"(?m)a.b", "a\nb"),
    (r"^a$\n^b$", "a\nb"), (r"(?<n>a)\k<n>", "aa"), (r"\d", "٣"), ("[[:alpha:]]+", "éa"), (r"\Aabc\z", "abc"),
    (r"abc\Z", "abc"), ("a{,3}", "aa"), ("a{2,1}", "a"), ("[a-z&&[^b]]", "c"), (r"\R", "\r\n"), ("a++b", "aab"),
    (r"(?x) a b # c", "ab"), (r"\x{41}B", "AB"), (r"B", "B"), (r"\p{Lu}\p{^Lu}", "Éé"), ("(?i:a)B", "AB"),
    ("a(?i)b|c", "aC"), ("a**", "aaa"), ("a{2}{3}", "aaaaaa"), ("[]a]", "]"), ("[a[bc]]", "b"), ("a{3", "a{3"),
    (r"[\w.\-]+", "a-b.c"), (r"http:\/\/x", "http://x"), (r"(a)(?(1)b|c)", "ab"), (r"\O", "\n"), ("a]}", "a]}"),
    (r"a{2}+", "aaaa"), (r"(?<x>a\g<x>?b)", "aabb"), (r"[--a]", "."), (r"\101", "A"), (r"\e", "\x1b"), ("[~~||]", "|"),
]  # fmt: skip


@pytest.mark.parametrize(("pattern", "text"), ACCEPTED)
def test_accepted(pattern: str, text: str) -> None:
    assert compiled(pattern).accepts(text)


REFUSED = [
    ("a", "ba"), ("a", "a\n"), ("a.b", "a\nb"), (r"\h+", "xyz"), ("[a-z&&[^b]]", "b"), (r"\Qa.b\E", "a.b"),
    ("a{,3}", "a{,3}"), ("a(?i)b|c", "AB"), (r"\pL", "é"), ("x*", "y"),
]  # fmt: skip


@pytest.mark.parametrize(("pattern", "text"), REFUSED)
def test_refused(pattern: str, text: str) -> None:
    assert not compiled(pattern).accepts(text)


INVALID = [
    "(", ")", "[a", "[b-a]", "*abc", "{2}", "(?s:.*)", "(?P<n>a)", "(?u)a", "^*", "(?=a)+", r"\b{2}", r"[\w-z]",
    r"(?<n>a)\1", r"\p{IsAlpha}", "a\\", "a{100001}", "(?#x",
]  # fmt: skip


@pytest.mark.parametrize("pattern", INVALID)
def test_what_no_dialect_takes_is_invalid_with_a_reason(pattern: str) -> None:
    with pytest.raises(PatternInvalid, match=r"\w"):
        compiled(pattern)


@pytest.mark.parametrize(
    ("pattern", "named"), [("(?~ab)", r"\(\?~"), (r"a\yb", r"\\y"), (r"(a)\k<-1>", r"\\k<-1>"), ("a" * 10_001, "10001")]
)
def test_what_we_cannot_run_is_named(pattern: str, named: str) -> None:
    with pytest.raises(PatternUnsupported, match=named):
        compiled(pattern)


@pytest.fixture
def short_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regexes, "SECONDS_PER_VALUE", 0.05)
    monkeypatch.setattr(regexes, "SECONDS_PER_RUN", 0.2)


CATASTROPHES = ["(a+)+$", "(a|a)*$", "(.*)*x", r"(\w+\s?)*!", "(a?){50}a{50}x", "((a*)*)*b", r"^(([a-z])+.)+[A-Z]$"]


@pytest.mark.parametrize("pattern", CATASTROPHES)
@pytest.mark.usefixtures("short_limits")
def test_a_catastrophe_ends_in_time(pattern: str) -> None:
    regexes.new_run()
    for _ in range(20):
        try:
            assert compiled(pattern).accepts("a" * 200 + "?") in (True, False)
        except regexes.TimeLimit:
            break


@pytest.mark.usefixtures("short_limits")
def test_all_values_of_one_comparison_share_one_allowance() -> None:
    regexes.new_run()
    slow = compiled("(a|aa)+$")
    spent = 0
    for _ in range(50):
        try:
            slow.accepts("a" * 80 + "!")
        except regexes.TimeLimit:
            spent += 1
    regexes.new_run()

    assert spent in (0, 50)


def test_harmless_patterns_run_without_a_clock_on_texts_short_enough() -> None:
    assert compiled(r"SKU-\d+").longest_unmetered > 1000
    assert compiled(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}").longest_unmetered > 1000
    assert 0 < compiled(r".*a.*b.*").longest_unmetered < 100
    for pattern in [*CATASTROPHES, r"(\w)\1", "a?" * 30, "((a|b)|(c|d))+"]:
        assert compiled(pattern).longest_unmetered == -1


@pytest.mark.parametrize("piece", ["é", "[é]", r"\x61", "(?:é)", "ab"])
def test_a_long_run_of_characters_in_any_case_needs_no_long_preparation(piece: str) -> None:
    # Unparted, the engine prepares for minutes, and no time limit stops it: this test would not end.
    count = 9000 // len(piece)
    pattern = compiled("(?i)" + piece * count)
    text = {"é": "É", "[é]": "É", r"\x61": "A", "(?:é)": "É", "ab": "AB"}[piece] * count

    assert pattern.accepts(text)
    assert not pattern.accepts("x" * len(text))
