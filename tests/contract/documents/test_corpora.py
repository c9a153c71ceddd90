"""Every real contract file and every contract of the differential corpora is read, written and read again as equal."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tallystick.contract import json_text
from tallystick.contract.errors import CannotWrite, ContractInvalid
from tallystick.contract.identity import contract_sha, interaction_sha
from tallystick.contract.model import Contract
from tallystick.contract.reading import read, warnings
from tallystick.contract.writing import VERSIONS, to_document, write

REFUSED = {
    "005": "not JSON: Invalid \\escape at line 159",
    "071": "not JSON: Expecting property name enclosed in double quotes at line 50",
    "093": "/messages: version 2.0.0 has no messages",
    "094": "/messages: version 2.0.0 has no messages",
    "095": "/messages: version 2.0.0 has no messages",
    "096": "/messages: version 2.0.0 has no messages",
    "102": "/messages/0/matchingRules/$.body.foo: a matcher is an object",
    "104": "/messages/0/matchingRules/$.body.eventType: the matcher include needs `value`",
    "107": "/messages: version 2.0.0 has no messages",
    "110": "/messages: version 2.0.0 has no messages",
    "139": "/messages: version 2.0.0 has no messages",
    "143": "/messages: version 2.0.0 has no messages",
    "226": "/messages: version 2.0.0 has no messages",
    "269": "/interactions/0/type: an interaction of version 4 has a type",
    "270": "/interactions/0/response: this is an object",
}
"""Real files that no Pact core loads either, by the number in their name, and what is said about each."""


def without_ids(contract: Contract) -> Contract:
    return replace(contract, interactions=tuple(replace(one, id=None) for one in contract.interactions))


def shas(contract: Contract) -> list[str]:
    return [interaction_sha(one) for one in contract.interactions]


def real(shared: Path) -> list[Path]:
    files = sorted((shared / "real-pacts").glob("*.json"))
    assert len(files) > 250
    return files


def loaded(shared: Path) -> Iterator[tuple[str, Any, Contract]]:
    for file in real(shared):
        if file.name[:3] not in REFUSED:
            yield file.name, file.read_bytes(), read(file.read_bytes(), name=file.name)
    for corpus in sorted((shared / "differential").rglob("*.jsonl")):
        for line in corpus.read_bytes().splitlines():
            case = json_text.loads(line)
            assert isinstance(case, dict)
            yield str(case["id"]), case["pact"], read(case["pact"])  # type: ignore[arg-type]


def test_real_files_that_are_broken_are_refused_with_a_reason(shared: Path) -> None:
    for file in real(shared):
        if file.name[:3] in REFUSED:
            with pytest.raises(ContractInvalid) as refused:
                read(file.read_bytes(), name=file.name)
            assert REFUSED[file.name[:3]] in str(refused.value), file.name
            assert file.name in str(refused.value)


def test_every_contract_is_written_and_read_again_as_equal(shared: Path) -> None:
    count = 0
    for name, _, contract in loaded(shared):
        assert read(write(contract)) == without_ids(contract), name
        count += 1
    assert count > 1900


def test_every_contract_says_the_same_in_every_version_that_takes_it(shared: Path) -> None:
    written = dict.fromkeys(VERSIONS, 0)
    for name, _, contract in loaded(shared):
        for version in VERSIONS:
            try:
                document = to_document(contract, version)
            except CannotWrite:
                # Upwards nothing is lost, so nothing is refused.
                assert VERSIONS.index(version) < VERSIONS.index(contract.version), name
                continue
            assert shas(read(document)) == shas(contract), (name, version)
            written[version] += 1
    assert min(written.values()) > 1400


def test_the_order_of_keys_changes_neither_digest(shared: Path) -> None:
    for name, source, contract in loaded(shared):
        document = json_text.loads(source.decode("utf-8-sig")) if isinstance(source, bytes) else source
        turned = backwards(document)
        if isinstance(document.get("interactions", document.get("messages")), list):
            assert contract_sha(turned) == contract_sha(document), name
        assert shas(read(turned)) == shas(contract), name


def backwards(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: backwards(value[key]) for key in reversed(value)}
    return [backwards(item) for item in value] if isinstance(value, list) else value


def test_warnings_of_real_files_point_into_them(shared: Path) -> None:
    found = {
        (file.name[:3], warning.pointer)
        for file in real(shared)
        if file.name[:3] not in REFUSED
        for warning in warnings(file.read_bytes())
    }

    assert ("011", "/interactions/0/response/matchingRules/body/$.created_date") in found
    assert ("109", "/interactions/0/pluginConfiguration") in found
    assert all(number.isdigit() and pointer.startswith("/") for number, pointer in found)


def test_numbers_of_real_files_keep_their_text(shared: Path) -> None:
    text = b'{"interactions":[{"request":{"body":{"a":1.10,"b":1e2,"c":12345678901234567890123}}}]}'

    body = json.loads(write(read(text)), parse_float=str, parse_int=str)["interactions"][0]["request"]["body"]

    assert body == {"a": "1.10", "b": "1E+2", "c": "12345678901234567890123"}
