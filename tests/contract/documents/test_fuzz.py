"""Whatever stands in a document, reading it gives a contract or `ContractInvalid`; what was read survives writing."""

from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tallystick.contract import json_text
from tallystick.contract.diff import changes_between, diff
from tallystick.contract.errors import CannotWrite, ContractInvalid
from tallystick.contract.identity import contract_sha, interaction_sha
from tallystick.contract.merging import merge
from tallystick.contract.model import Contract
from tallystick.contract.reading import read, warnings
from tallystick.contract.writing import VERSIONS, write

CALM = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))

TEXT = st.text(st.characters(codec="utf-8"), max_size=8) | st.sampled_from(
    ["", "$", "$.a", "$.a[*]", "$.body.a", "$.headers.X", "$.query.q", "body", "header", "path", "application/json",
     "text/plain", "image/png", '"a"', "true", "YWJj", "{}", "a=1&b", "%e9", "base64", "JSON", "OR", "0"]
)  # fmt: skip
NUMBERS = (
    st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9)
    | st.sampled_from([Decimal("-0"), Decimal("1E+400"), Decimal("1.0"), 1 << 70])
)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)

MATCHER_NAMES = st.sampled_from(
    ["equality", "regex", "type", "min", "max-type", "include", "integer", "real", "null", "date", "timestamp",
     "contentType", "values", "array-contains", "statusCode", "notEmpty", "semver", "eachKey", "eachValue", "odd"]
)  # fmt: skip


def maybe(likely: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Mostly what belongs here, sometimes anything."""
    return st.one_of(likely, likely, likely, JSON)


def members(**strategies: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional={name: maybe(strategy) for name, strategy in strategies.items()})


MATCHER = st.builds(
    lambda name, rest: {"match": name, **rest},
    MATCHER_NAMES,
    members(
        regex=TEXT, value=TEXT, min=st.integers(0, 5), max=st.integers(0, 5), format=TEXT,
        status=st.sampled_from(["success", [200]]), rules=st.just([{"match": "type"}]),
        variants=st.just([{"index": 0, "rules": {"$": {"matchers": [{"match": "type"}]}}}]),
    ),
)  # fmt: skip
RULE = members(combine=st.sampled_from(["AND", "OR"]), matchers=st.lists(maybe(MATCHER), max_size=2))
RULES = members(
    path=RULE, status=st.dictionaries(TEXT, RULE, max_size=1), body=st.dictionaries(TEXT, maybe(RULE), max_size=2),
    header=st.dictionaries(TEXT, RULE, max_size=2), query=st.dictionaries(TEXT, RULE, max_size=2), metadata=RULE,
) | st.dictionaries(st.sampled_from(["$.path", "$.body", "$.body.a", "$.headers.X", "$.q", "$"]), MATCHER)  # fmt: skip
GENERATORS = members(
    path=st.just({"type": "Uuid"}), body=st.dictionaries(TEXT, st.just({"type": "RandomInt", "min": 1}), max_size=2)
)
V4_BODY = members(
    content=JSON, contentType=TEXT, encoded=st.sampled_from([False, "base64", "JSON"]), contentTypeHint=st.just("TEXT")
)
HEADERS = st.dictionaries(st.sampled_from(["Content-Type", "Accept", "X-A"]), TEXT | st.lists(TEXT, max_size=2))
REQUEST = members(
    method=TEXT, path=TEXT, query=TEXT | st.dictionaries(TEXT, st.lists(TEXT | st.none(), max_size=2), max_size=2),
    headers=HEADERS, body=V4_BODY | JSON, matchingRules=RULES, generators=GENERATORS, odd=JSON,
)  # fmt: skip
RESPONSE = members(
    status=st.integers(100, 599), headers=HEADERS, body=V4_BODY | JSON, matchingRules=RULES, generators=GENERATORS
)
MESSAGE = {
    "contents": V4_BODY | JSON, "metadata": st.dictionaries(TEXT | st.just("contentType"), JSON, max_size=2),
    "matchingRules": RULES, "generators": GENERATORS,
}  # fmt: skip
COMMON = {
    "description": TEXT, "providerStates": st.lists(members(name=TEXT, params=st.dictionaries(TEXT, JSON)), max_size=2),
    "providerState": TEXT, "key": TEXT, "pending": st.booleans(), "comments": st.dictionaries(TEXT, JSON, max_size=2),
    "transport": TEXT, "_id": TEXT, "pluginConfiguration": st.dictionaries(TEXT, JSON, max_size=1),
}  # fmt: skip
TYPED = (
    st.builds(lambda d: {"type": "Synchronous/HTTP", **d}, members(request=REQUEST, response=RESPONSE, **COMMON))
    | st.builds(lambda d: {"type": "Asynchronous/Messages", **d}, members(**MESSAGE, **COMMON))
    | st.builds(
        lambda d: {"type": "Synchronous/Messages", "request": {}, "response": [], **d},
        members(request=members(**MESSAGE), response=st.lists(members(**MESSAGE), max_size=2), **COMMON),
    )
)
METADATA = st.builds(
    lambda version, rest: {**rest, "pactSpecification": {"version": version}},
    st.sampled_from(["1.0.0", "1.1.0", "2.0.0", "2", "3.0.0", "3.0", "4.0", "9", "x"]),
    st.dictionaries(TEXT, JSON, max_size=1),
)
DOCUMENT = members(
    consumer=members(name=TEXT, odd=JSON), provider=members(name=TEXT), metadata=METADATA,
    interactions=st.lists(maybe(TYPED), max_size=3), odd=JSON,
) | members(
    consumer=members(name=TEXT), metadata=METADATA, messages=st.lists(members(**MESSAGE, **COMMON), max_size=2)
)  # fmt: skip


def read_or_skip(document: Any) -> Contract:
    try:
        return read(document)
    except ContractInvalid:
        assume(False)
        raise


def without_ids(contract: Contract) -> Contract:
    return replace(contract, interactions=tuple(replace(one, id=None) for one in contract.interactions))


@CALM
@given(st.binary(max_size=60) | st.text(max_size=40).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_a_contract_or_invalid(source: bytes) -> None:
    with suppress(ContractInvalid):
        read(source)


@CALM
@given(JSON)
def test_any_json_is_a_contract_or_invalid(document: Any) -> None:
    with suppress(ContractInvalid):
        read(json_text.dumps(document))
        warnings(json_text.dumps(document))


@CALM
@given(DOCUMENT)
def test_a_document_like_a_contract_is_one_or_invalid_with_pointers_into_it(document: dict[str, Any]) -> None:
    try:
        read(document)
        for complaint in warnings(document):
            assert resolves(document, complaint.pointer), complaint
    except ContractInvalid as refused:
        for complaint in refused.complaints:
            assert resolves(document, complaint.pointer), complaint


def resolves(document: Any, pointer: str) -> bool:
    """Whether a pointer leads to something, or to a member that is missing from something that is there."""
    steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
    for number, step in enumerate(steps):
        if isinstance(document, dict):
            if step not in document:
                return number == len(steps) - 1
            document = document[step]
        elif isinstance(document, list) and step.isdigit() and int(step) < len(document):
            document = document[int(step)]
        else:
            return False
    return True


@CALM
@given(DOCUMENT)
def test_what_was_read_is_written_and_read_again_as_the_same(document: dict[str, Any]) -> None:
    contract = read_or_skip(document)
    try:
        text = write(contract)
    except CannotWrite:
        # Messages and HTTP interactions in one file of an older version, or the like: said, not lost.
        return

    again = read(text)

    assert again == without_ids(contract)
    assert write(again) == text


@CALM
@given(DOCUMENT, st.sampled_from(VERSIONS))
def test_another_version_sends_and_checks_the_same_or_is_refused(document: dict[str, Any], version: Any) -> None:
    contract = read_or_skip(document)
    try:
        other = read(write(contract, version))
    except CannotWrite:
        return

    assert [interaction_sha(one) for one in other.interactions] == [
        interaction_sha(one) for one in contract.interactions
    ]


@CALM
@given(DOCUMENT, st.randoms(use_true_random=False))
def test_order_of_keys_changes_no_digest_and_is_no_difference(document: dict[str, Any], random: Any) -> None:
    contract = read_or_skip(document)
    turned = shuffled(document, random)
    other = read(turned)

    if isinstance(document.get("interactions", document.get("messages")), list):
        assert contract_sha(turned) == contract_sha(document)
    assert [interaction_sha(one) for one in other.interactions] == [
        interaction_sha(one) for one in contract.interactions
    ]
    assert diff(contract, other).empty


def shuffled(value: Any, random: Any) -> Any:
    if isinstance(value, dict):
        keys = list(value)
        random.shuffle(keys)
        return {key: shuffled(value[key], random) for key in keys}
    return [shuffled(item, random) for item in value] if isinstance(value, list) else value


@CALM
@given(DOCUMENT)
def test_a_contract_merged_with_itself_or_compared_with_itself_is_unchanged(document: dict[str, Any]) -> None:
    contract = read_or_skip(document)

    assert diff(contract, contract).empty
    kinds = {type(one).__name__ == "HttpInteraction" for one in contract.interactions}
    if contract.version == "4.0" or len(kinds) < 2:
        assert sorted(map(repr, merge(contract, contract).interactions)) == sorted(map(repr, contract.interactions))


@CALM
@given(JSON)
def test_json_text_keeps_every_value_and_the_kind_of_every_number(value: Any) -> None:
    def kinds(one: Any) -> Any:
        if isinstance(one, dict):
            return {key: kinds(member) for key, member in one.items()}
        return [kinds(item) for item in one] if isinstance(one, list) else (type(one), one)

    for indent in (None, 2):
        assert kinds(json_text.loads(json_text.dumps(value, indent=indent))) == kinds(value)


@pytest.mark.parametrize("text", ["[" * 128 + "]" * 128, '{"a":' * 128 + "1" + "}" * 128, "[" * 100_000])
def test_deep_nesting_is_refused_by_name(text: str) -> None:
    with pytest.raises(ContractInvalid, match=r"MAX_DEPTH|not JSON"):
        read(text)


@CALM
@given(DOCUMENT, DOCUMENT)
def test_comparing_the_other_way_round_turns_every_direction_round(one: dict[str, Any], other: dict[str, Any]) -> None:
    turned = {"stricter": "looser", "looser": "stricter", "different": "different"}
    old, new = read_or_skip(one), read_or_skip(other)
    assume(bool(old.interactions) and bool(new.interactions))
    before, after = old.interactions[0], new.interactions[0]

    there = {(one.part, one.path, one.direction) for one in changes_between(before, after)}
    back = {(one.part, one.path, turned[one.direction]) for one in changes_between(after, before)}

    assert there == back
