"""Path expressions: the grammar, how they are written, and what they weigh against a way to a value."""

import pytest

from tallystick.contract import limits
from tallystick.contract.errors import PathInvalid
from tallystick.contract.paths import ANY, ANY_INDEX, Path, parse, render, score, weight


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("", ()),
        ("$", ()),
        ("$.a", ("a",)),
        ("a.b", ("a", "b")),
        ("$.a.b-c.@id.#text.ns:x", ("a", "b-c", "@id", "#text", "ns:x")),
        ("$.a[0]", ("a", 0)),
        ("$.a.0", ("a", "0")),
        ("$.a[*]", ("a", ANY_INDEX)),
        ("$.a.*", ("a", ANY)),
        ("$.*.*", (ANY, ANY)),
        ("$['x.y']['a b']", ("x.y", "a b")),
        ("$.straße.名", ("straße", "名")),
        (r"$['b\\c']", (r"b\\c",)),
        ("$[1][2]", (1, 2)),
    ],
)
def test_a_path_is_read_as_its_steps(text: str, path: Path) -> None:
    assert parse(text) == path


@pytest.mark.parametrize(
    "text",
    ["$a", "$.", "$..a", "$.a[]", "$.a[x]", "$.a b", "$.a*", "$.a$b", "$['']", "$['a", "$.a[0", "@.a", '$["q"]',
     "$.a[-1]", "$.a[1:2]", "$.a[?(@.b)]", " $", "$['a'b']", "$.a[1,2]", "$.a[999999999999999999999999]"],
)  # fmt: skip
def test_what_is_no_path_is_refused_with_the_place(text: str) -> None:
    with pytest.raises(PathInvalid) as refused:
        parse(text)

    assert repr(text) in str(refused.value)
    assert f"character {refused.value.position + 1}" in str(refused.value)


def test_a_path_of_too_many_steps_is_refused_by_the_name_of_the_limit() -> None:
    with pytest.raises(PathInvalid, match="MAX_PATH_TOKENS"):
        parse("$" + ".a" * (limits.MAX_PATH_TOKENS + 1))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((), "$"),
        (("a", 0, "b_1"), "$.a[0].b_1"),
        (("x-a", "@id", "#text", "1"), "$['x-a']['@id']['#text']['1']"),
        (("it's", "a\\b"), r"$['it\'s']['a\\b']"),
        ((ANY, ANY_INDEX), "$.*[*]"),
    ],
)
def test_a_path_is_written_plainly_where_its_names_are_plain(path: Path, text: str) -> None:
    assert render(path) == text


@pytest.mark.parametrize(
    ("text", "fragments", "expected"),
    [
        ("$", (), 2),
        ("$", ("a",), 2),
        ("$.a", ("a",), 4),
        ("$.a", ("b",), 0),
        ("$.a.b", ("a",), 0),
        ("$.*", ("a",), 2),
        ("$.*", (3,), 2),
        ("$.a[*]", ("a", 7), 4),
        ("$.a[*]", ("a", "7"), 4),
        ("$.a[*]", ("a", "b"), 0),
        ("$.a[7]", ("a", "7"), 8),
        ("$.a[7]", ("a", "8"), 0),
        ("$.a.7", ("a", 7), 8),
    ],
)
def test_a_path_weighs_two_for_each_exact_step_and_one_for_each_star(
    text: str, fragments: tuple[str | int, ...], expected: int
) -> None:
    assert weight(parse(text), fragments) == expected


def test_the_greatest_product_of_weight_and_length_wins_so_a_near_ancestor_can_beat_stars() -> None:
    at = ("a", "b")

    assert [score(parse(text), at) for text in ("$", "$.a", "$.a.b")] == [2, 8, 24]
    assert score(parse("$.a"), at) > score(parse("$.*.*"), at)
    assert score(parse("$.*.b"), at) > score(parse("$.a"), at)
    assert score(parse("$.*.b"), at) == score(parse("$.a.*"), at)
