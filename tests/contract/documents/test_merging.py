"""Merging two contracts of one pair."""

from dataclasses import replace
from typing import Any

import pytest

from tallystick.contract.errors import MergeConflict
from tallystick.contract.merging import merge
from tallystick.contract.model import AsyncMessage, Contract, HttpInteraction, HttpRequest, ProviderState


def http(description: str, path: str = "/", **members: Any) -> HttpInteraction:
    return HttpInteraction(description=description, request=HttpRequest(path=path), **members)


def contract(*interactions: Any, version: Any = "4.0", **members: Any) -> Contract:
    return Contract(consumer="Web", provider="Orders", interactions=interactions, version=version, **members)


def test_interactions_of_both_are_kept_in_order_of_description_and_states() -> None:
    states = [http("a", states=(ProviderState("y"),)), http("a", states=(ProviderState("x"),))]

    merged = merge(contract(http("c"), *states), contract(http("b")))

    assert [(one.description, *(state.name for state in one.states)) for one in merged.interactions] == [
        ("a", "x"),
        ("a", "y"),
        ("b",),
        ("c",),
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (http("a", "/old"), http("a", "/new")),
        (http("a", "/old", key="k"), http("other", "/new", key="k")),
        (http("a", "/old", key="k"), http("a", "/new")),
        (
            http("a", "/old", states=(ProviderState("s", {"x": 1}),)),
            http("a", "/new", states=(ProviderState("s", {"x": 2}),)),
        ),
    ],
)
def test_the_new_one_of_two_that_are_the_same_replaces_the_old(old: Any, new: Any) -> None:
    assert merge(contract(old), contract(new)).interactions == (new,)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (http("a"), http("b")),
        (http("a", key="1"), http("a", key="2")),
        (http("a", states=(ProviderState("s"),)), http("a", states=(ProviderState("t"),))),
        (http("a"), AsyncMessage(description="a")),
    ],
)
def test_what_is_not_the_same_stands_beside_it(old: Any, new: Any) -> None:
    assert len(merge(contract(old), contract(new)).interactions) == 2


def test_contracts_of_other_pairs_are_refused_with_both_names() -> None:
    with pytest.raises(MergeConflict) as refused:
        merge(contract(), Contract(consumer="App", provider="Stock"))

    assert len(refused.value.conflicts) == 2
    assert '"Web"' in str(refused.value)
    assert '"Stock"' in str(refused.value)


def test_messages_and_http_are_not_put_into_one_file_before_version_4() -> None:
    with pytest.raises(MergeConflict, match="either HTTP interactions or messages"):
        merge(contract(http("a"), version="3.0.0"), contract(AsyncMessage(description="b"), version="3.0.0"))

    assert len(merge(contract(http("a")), contract(AsyncMessage(description="b"))).interactions) == 2


def test_strictly_merging_refuses_to_replace_a_request_by_another() -> None:
    old, new = contract(http("a", "/old")), contract(http("a", "/new"))

    with pytest.raises(MergeConflict, match='"a" has the path /old in one contract and /new in the other'):
        merge(old, new, strict=True)

    with_headers = replace(http("a", "/old"), request=HttpRequest(path="/old", headers={"X": ("1",)}))
    assert merge(old, contract(with_headers), strict=True).interactions == (with_headers,)


def test_metadata_is_of_the_new_one_with_the_plugins_of_both() -> None:
    csv = {"name": "csv", "version": "1", "configuration": {}}
    grpc = {"name": "protobuf", "version": "2"}
    old = contract(
        metadata={"tool": 1, "plugins": [csv, {**grpc, "configuration": {"old": 1}}]}, extra={"a": 1, "b": 1}
    )
    new = contract(metadata={"tool": 2, "plugins": [grpc]}, extra={"b": 2}, version="3.0.0")

    merged = merge(old, new)

    assert merged.metadata == {"tool": 2, "plugins": [csv, grpc]}
    assert merged.extra == {"a": 1, "b": 2}
    assert merged.version == "3.0.0"


def test_merging_again_changes_nothing() -> None:
    both = merge(contract(http("b"), http("a")), contract(http("c")))

    assert merge(both, contract(http("c"))) == both
    assert merge(both, both) == both
