"""What a comparison is worth: for a contract, against it, or not enough; what nobody compared is not agreement."""

from typing import Any

import pytest

from tallystick.contract.openapi.evidence import Described

OPENAPI: dict[str, Any] = {"openapi": "3.1.0", "paths": {"/orders": {"get": {"responses": {"200": {}}}}}}
ASYNCAPI: dict[str, Any] = {
    "asyncapi": "3.0.0",
    "channels": {"orders": {"messages": {"placed": {"payload": {"properties": {"id": {}}}}}}},
    "operations": {"place": {"action": "send", "channel": {"$ref": "#/channels/orders"}}},
}
FITS = {"description": "orders", "request": {"method": "GET", "path": "/orders"}, "response": {"status": 200}}
UNKNOWN = {**FITS, "request": {"method": "GET", "path": "/nothing"}}
MESSAGE: dict[str, Any] = {"type": "Asynchronous/Messages", "description": "an order was placed"}
NAMED = {
    **MESSAGE,
    "contents": {"contentType": "application/json", "content": {"id": 7}},
    "comments": {"references": {"AsyncAPI": {"operationId": "place"}}},
}


def judged(description: Any, **contract: Any) -> tuple[str, int, int, int]:
    found = Described(description).evidence(contract)
    return found.outcome, len(found.errors), found.interactions, found.not_compared


@pytest.mark.parametrize(
    ("description", "contract", "expected"),
    [
        (OPENAPI, {"interactions": [FITS]}, ("compatible", 0, 1, 0)),
        (OPENAPI, {"interactions": [FITS, UNKNOWN]}, ("incompatible", 1, 2, 0)),
        (OPENAPI, {"interactions": [FITS, MESSAGE]}, ("incomplete", 0, 2, 1)),
        (OPENAPI, {"interactions": [UNKNOWN, MESSAGE]}, ("incompatible", 1, 2, 1)),
        (OPENAPI, {"messages": [{"description": "placed", "contents": {}}]}, ("incomplete", 0, 1, 1)),
        (OPENAPI, {"interactions": []}, ("incomplete", 0, 0, 0)),
        (OPENAPI, {}, ("incomplete", 0, 0, 0)),
        (ASYNCAPI, {"interactions": [NAMED]}, ("compatible", 0, 1, 0)),
        (ASYNCAPI, {"interactions": [NAMED, MESSAGE]}, ("incomplete", 0, 2, 1)),
        (ASYNCAPI, {"interactions": [NAMED, FITS]}, ("incomplete", 0, 2, 1)),
        (ASYNCAPI, {"interactions": ["no interaction"]}, ("incomplete", 0, 1, 1)),
    ],
)
def test_only_what_was_compared_whole_and_without_error_speaks_for_a_contract(
    description: Any, contract: dict[str, Any], expected: tuple[str, int, int, int]
) -> None:
    assert judged(description, **contract) == expected
