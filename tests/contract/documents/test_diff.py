"""What became of a contract: added, removed, and where it got stricter, looser, different."""

from typing import Any

import pytest

from tallystick.contract.diff import Change, diff
from tallystick.contract.model import Contract
from tallystick.contract.reading import read

TYPE = {"match": "type"}


def contract(
    body: Any = None, rules: Any = None, *, request: Any = None, status: int = 200, **members: Any
) -> Contract:
    response: dict[str, Any] = {"status": status}
    if body is not None:
        response["body"] = {"content": body, "contentType": "application/json"}
    response["matchingRules"] = {
        "body": {key: {"matchers": rule if isinstance(rule, list) else [rule]} for key, rule in (rules or {}).items()}
    }
    interaction = {
        "type": "Synchronous/HTTP",
        "description": "an order",
        "request": request or {"path": "/"},
        "response": response,
        **members,
    }
    return read({"interactions": [interaction], "metadata": {"pactSpecification": {"version": "4.0"}}})


def changes(old: Contract, new: Contract) -> list[str]:
    found = diff(old, new)
    assert not found.added
    assert not found.removed
    return [str(change) for changed in found.changed for change in changed.changes]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (({"a": 1}, {}), ({"a": 1}, {}), []),
        (({"a": 1}, {"$.a": TYPE}), ({"a": 2}, {"$.a": TYPE}), []),
        (({"a": 1}, {"$": TYPE}), ({"a": 1}, {"$.a": TYPE}), []),
        (({"a": 1, "b": 2}, {}), ({"b": 2, "a": 1}, {}), []),
        (({"a": 1}, {}), ({"a": 2}, {}), ["$.a: different, was equal to 1, is equal to 2"]),
        (({"a": 1}, {}), ({"a": 1}, {"$.a": TYPE}), ["$.a: looser, was equal to 1, is a number"]),
        (({"a": 1}, {"$.a": TYPE}), ({"a": 1}, {}), ["$.a: stricter, was a number, is equal to 1"]),
        (
            ({"a": 1}, {"$.a": TYPE}),
            ({"a": 1}, {"$.a": {"match": "integer"}}),
            ["$.a: stricter, was a number, is an integer"],
        ),
        (
            ({"a": "x"}, {"$.a": TYPE}),
            ({"a": "x"}, {"$.a": {"match": "regex", "regex": "x+"}}),
            ['$.a: stricter, was a string, is matching "x+"'],
        ),
        (
            ({"a": "x"}, {"$.a": {"match": "regex", "regex": "x+"}}),
            ({"a": "x"}, {"$.a": {"match": "regex", "regex": "x*"}}),
            ['$.a: different, was matching "x+", is matching "x*"'],
        ),
        (({"a": 1}, {"$.a": TYPE}), ({"a": "1"}, {"$.a": TYPE}), ["$.a: different, was a number, is a string"]),
        (
            ({"a": 1}, {"$.a": TYPE}),
            ({"a": 1}, {"$.a": [TYPE, {"match": "notEmpty"}]}),
            ["$.a: stricter, was a number, is a number and not empty"],
        ),
        (({"a": 1}, {}), ({"a": 1, "b": None}, {}), ["$.b: stricter, was not expected, is equal to null"]),
        (({"a": 1, "b": 1}, {}), ({"a": 1}, {}), ["$.b: looser, was equal to 1, is not expected"]),
        (
            ({"a": [1]}, {"$.a": {"match": "type", "min": 1}}),
            ({"a": [1]}, {"$.a": {"match": "type", "min": 2, "max": 5}}),
            ["$.a: stricter, was an array of 1 or more items, is an array of 2 to 5 items"],
        ),
        (
            ({"a": [1]}, {"$.a[*]": TYPE}),
            ({"a": [1]}, {"$.a": TYPE}),
            ["$.a: looser, was an array of 1 item, is an array of any number of items"],
        ),
    ],
)
def test_a_change_of_the_body_is_told_by_path_and_direction(old: Any, new: Any, expected: list[str]) -> None:
    found = changes(contract(*old), contract(*new))

    # An object whose members changed has no change of its own.
    assert found == [f"response body {change}" for change in expected]


def test_every_direction_is_turned_round_when_the_contracts_are() -> None:
    turned = {"stricter": "looser", "looser": "stricter", "different": "different"}
    one, other = contract({"a": 1, "b": "x"}, {"$.a": TYPE}), contract({"a": 1, "c": 1}, {"$.c": TYPE}, status=201)

    def all_of(old: Contract, new: Contract) -> set[Change]:
        return {change for changed in diff(old, new).changed for change in changed.changes}

    assert {
        Change(change.part, change.path, turned[change.direction], change.new, change.old)  # type: ignore[arg-type]
        for change in all_of(one, other)
    } == all_of(other, one)


def test_every_part_of_an_interaction_is_compared() -> None:
    old = contract(
        {"a": 1}, request={"method": "POST", "path": "/a", "query": {"q": ["1"]}, "headers": {"Accept": ["x"]}}
    )
    new = contract(
        {"a": 1},
        request={"method": "PUT", "path": "/b", "query": {"r": ["1"]}, "headers": {"accept": ["y"]}},
        status=201,
        providerStates=[{"name": "s"}],
        pluginConfiguration={"csv": {}},
        transport="quic",
        pending=True,
    )

    assert [change.partition(": ")[0] for change in changes(old, new)] == [
        "pending",
        "provider state s",
        "plugin configuration csv",
        "transport",
        "request method",
        "request path",
        "request query r",
        "request header accept",
        "response status",
        "request query q",
    ]


def test_comments_and_keys_are_no_difference() -> None:
    assert diff(contract({"a": 1}), contract({"a": 1}, key="k", comments={"text": ["x"]})).empty


def interactions(*described: tuple[str, str], **members: Any) -> Contract:
    return read(
        {
            "interactions": [
                {"type": "Synchronous/HTTP", "description": description, "request": {"path": path}, **members}
                for description, path in described
            ],
            "metadata": {"pactSpecification": {"version": "4.0"}},
        }
    )


def test_interactions_are_added_removed_and_renamed() -> None:
    found = diff(
        interactions(("a", "/a"), ("b", "/b"), ("c", "/c")), interactions(("a", "/a"), ("B", "/b"), ("d", "/d"))
    )

    assert [one.description for one in found.added] == ["d"]
    assert [one.description for one in found.removed] == ["c"]
    assert [[str(change) for change in changed.changes] for changed in found.changed] == [
        ["description: different, was b, is B"]
    ]


def test_a_contract_of_another_version_that_says_the_same_is_no_difference() -> None:
    older = {
        "interactions": [
            {
                "description": "an order",
                "request": {"method": "GET", "path": "/"},
                "response": {"status": 200, "headers": {"Content-Type": "application/json"}, "body": {"a": 1},
                             "matchingRules": {"$.body.a": TYPE}},
            }
        ],
        "metadata": {"pactSpecification": {"version": "2.0.0"}},
    }  # fmt: skip
    new = contract({"a": 1}, {"$.a": TYPE})
    with_header = read(
        {
            "interactions": [
                {
                    "type": "Synchronous/HTTP",
                    "description": "an order",
                    "request": {"path": "/"},
                    "response": {
                        "headers": {"content-type": ["application/json"]},
                        "body": {"content": {"a": 1}, "contentType": "application/json"},
                        "matchingRules": {"body": {"$.a": {"matchers": [TYPE]}}},
                    },
                }
            ],
            "metadata": {"pactSpecification": {"version": "4.0"}},
        }
    )

    assert diff(read(older), with_header).empty
    assert changes(read(older), new) == [
        'response header content-type: looser, was equal to "application/json", is not expected'
    ]


def test_a_body_that_is_not_json_is_compared_as_a_whole_and_its_rules_by_path() -> None:
    def xml(content: str, rules: Any) -> Contract:
        response = {"body": {"content": content, "contentType": "text/xml"}, "matchingRules": {"body": rules}}
        return read(
            {
                "interactions": [{"type": "Synchronous/HTTP", "description": "x", "response": response}],
                "metadata": {"pactSpecification": {"version": "4.0"}},
            }
        )

    assert changes(xml("<a/>", {}), xml("<a>1</a>", {"$.a": {"matchers": [TYPE]}})) == [
        "response body $: different, was 4 bytes, is 8 bytes",
        "response body rule $.a: stricter, was not expected, is of the example's type",
    ]
