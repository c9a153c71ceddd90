"""API descriptions over HTTP: ours, and as the official command line publishes them."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Orders", "version": "1"},
    "paths": {
        "/orders/{id}": {
            "get": {
                "parameters": [{"name": "expand", "in": "query", "schema": {"type": "string"}}],
                "responses": {
                    "200": {
                        "description": "an order",
                        "headers": {"ETag": {"schema": {"type": "string"}}},
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}},
                    }
                },
            },
            "delete": {"responses": {"204": {"description": "gone"}}},
        }
    },
    "components": {
        "schemas": {
            "Order": {
                "type": "object",
                "properties": {
                    "id": {"type": "integer"},
                    "note": {"type": "string"},
                    "total": {"type": "number"},
                    "parent": {"$ref": "#/components/schemas/Order"},
                    "lines": {
                        "type": "array",
                        "items": {
                            "allOf": [
                                {"type": "object", "properties": {"total": {"type": "integer"}}},
                                {"type": "object", "properties": {"sku": {"type": "string"}}},
                            ]
                        },
                    },
                },
            }
        }
    },
}
YAML = """\
openapi: 3.0.3
info: {title: Orders, version: 2024-05-01}
paths:
  /orders:
    get:
      responses:
        200:
          description: on
"""
URL = "/pacticipants/orders/versions/1/description"


def test_a_description_is_kept_with_its_version(client, expect):
    stored = {
        "kind": "OpenAPI 3.1.0",
        "mediaType": "application/json",
        "operations": 2,
        "notices": [],
        "createdAt": "{time}",
        "_links": {
            "self": {"href": "{base}" + URL, "title": "API description"},
            "ts:comparisons": {
                "href": "{base}" + URL + "/comparisons",
                "title": "Contracts compared with this API description",
            },
            "pb:pacticipant": {"href": "{base}/pacticipants/orders", "title": "Pacticipant", "name": "orders"},
            "pb:pacticipant-version": {
                "href": "{base}/pacticipants/orders/versions/1",
                "title": "Pacticipant version",
                "name": "1",
            },
        },
    }

    expect(client.put(URL, json=DOCUMENT), 201, stored)
    expect(client.put(URL, json=DOCUMENT), 200, stored)
    expect(client.get(URL), 200, DOCUMENT, media="application/json")
    assert client.get("/pacticipants/orders/versions/1").status_code == 200


def test_yaml_is_served_as_it_was_sent_or_as_json(client):
    assert client.put(URL, content=YAML, headers={"content-type": "application/yaml"}).status_code == 201

    assert client.get(URL, headers={"accept": "application/yaml"}).text == YAML
    # Dates, statuses and words that YAML 1.1 takes for something else are what JSON has: texts.
    assert client.get(URL, headers={"accept": "application/json"}).json() == {
        "openapi": "3.0.3",
        "info": {"title": "Orders", "version": "2024-05-01"},
        "paths": {"/orders": {"get": {"responses": {"200": {"description": "on"}}}}},
    }


def test_the_newest_is_of_the_main_branch_before_any_other(client, world):
    world.participant("orders", mainBranch="main").on_branch("orders 1", "main").on_branch("orders 2", "feature")
    client.put(URL, json=DOCUMENT)
    client.put("/pacticipants/orders/versions/2/description", json={**DOCUMENT, "info": {}})

    found = client.get("/pacticipants/orders/description")

    assert (found.headers["x-tallystick-version"], found.json()) == ("1", DOCUMENT)


def test_a_deleted_description_is_gone(client, expect):
    client.put(URL, json=DOCUMENT)

    expect(client.delete(URL), 204)
    assert client.get(URL).status_code == client.delete(URL).status_code == 404


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"openapi": "3.1.0", "paths": {"orders": {}}}', "/paths/orders: a path starts with a slash"),
        ('{"openapi": "2.5", "paths": {}}', "OpenAPI 2.5 is not supported"),
        ('{"openapi": "3.1.0", "paths": {"/a": {"get": {"$ref": "other.yaml#/x"}}}}', "leads outside the document"),
        ('{"openapi": "3.1.0",', "is not JSON: "),
        ("openapi: 3.0.0\npaths: [unclosed", "did not find expected ',' or ']' (line "),
        ("a: &a [*a]", "recursive node (line 1, column 4)"),
        ("openapi: !!python/object:os.system x", "(line 1, column 10)"),
    ],
)
def test_what_is_no_description_is_refused_with_the_place(client, content, said):
    response = client.put(URL, content=content, headers={"content-type": "text/plain"})

    assert response.status_code == 422
    assert any(said in one for one in response.json()["errors"]["description"]), response.text
    assert client.get(URL).status_code == 404


def test_aliases_that_multiply_are_refused(client):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{at}: &a{at} [{', '.join([f'*a{at - 1}'] * 10)}]" for at in range(1, 10)]

    response = client.put(URL, content="\n".join(lines), headers={"content-type": "application/yaml"})

    assert response.status_code == 422
    assert response.json() == {"errors": {"description": ["holds more than 2000000 values, or refers to itself"]}}


def test_what_nobody_uses_is_told_by_operation(orders, client, expect):
    client.put(URL, json=DOCUMENT)

    expect(
        client.get("/pacticipants/orders/usage/unused"),
        200,
        {
            "provider": {"name": "orders"},
            "version": "1",
            "against": "description",
            "counted": "contracts of versions that are deployed, or released and supported, or the head of the "
            "consumer's main branch (the newest version with a contract, where no version of a main branch is known)",
            "unused": [
                {
                    "operation": "GET /orders/{id}",
                    "used": True,
                    "places": ["request query expand", "200 header etag", "200 $.note", "200 $.parent",
                               "200 $.lines[*].sku"],
                },
                {"operation": "DELETE /orders/{id}", "used": False, "places": []},
            ],
            "unseen": [],
            "_links": {
                "self": {
                    "href": "{base}/pacticipants/orders/usage/unused",
                    "title": "Fields of orders that nobody uses",
                },
                "ts:description": {"href": "{base}" + URL, "title": "API description"},
            },
        },
    )  # fmt: skip


def test_without_a_description_it_says_how_to_publish_one(orders, client):
    response = client.get("/pacticipants/orders/usage/unused")

    assert response.status_code == 404
    assert "tallystick publish-description" in response.json()["error"]


def test_a_description_says_which_literal_path_is_which_operation(orders, client, an_order, pact_document):
    client.put(URL, json=DOCUMENT)
    content = pact_document("shop", "orders", an_order("by code", {"total": 1}, path="/orders/A-7"), version="3.0.0")
    orders.published("shop 1", to="orders", content=content)

    found = client.get("/pacticipants/orders/usage", params={"operation": "GET /orders/{id}", "path": "$.total"}).json()

    assert [one["name"] for one in found["consumers"]] == ["mail", "shop", "web"]
    assert found["ambiguous"] == []


def test_the_official_command_line_publishes_a_description(broker, client, tmp_path):
    file = tmp_path / "api.yaml"
    file.write_text(YAML)

    done = subprocess.run(
        [Path(sys.executable).with_name("pact"), "pactflow", "publish-provider-contract", file, "--provider", "Or ders",
         "-b", broker.url, "-a", "1.0", "--branch", "main", "-t", "prod", "--content-type", "application/yaml",
         "--verification-success", "--verifier", "hand"],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
    assert "OpenAPI 3.0.3 description of Or ders 1.0 published." in done.stdout + done.stderr
    found = client.get("/pacticipants/Or%20ders/versions/1.0/description", headers={"accept": "application/yaml"})
    assert found.text == YAML
    assert client.get("/pacticipants/Or%20ders/branches/main/versions/1.0").status_code == 200
    assert client.get("/pacticipants/Or%20ders/versions/1.0/tags/prod").status_code == 200


@pytest.mark.parametrize(
    ("change", "errors"),
    [
        ({"pacticipantVersionNumber": None}, {"pacticipantVersionNumber": ["must be filled"]}),
        ({"contract": {"content": "%%%"}}, {"contract.content": ["is not base64"]}),
        ({"contract": {"content": "e30=", "specification": "pact"}}, {"contract.specification": ["must be oas"]}),
        ({"tags": ["a", 1]}, {"tags": ["must be a string (at index 1)"]}),
    ],
)
def test_a_provider_contract_that_lacks_something_is_refused(client, expect, change, errors):
    contract = {"content": base64.b64encode(json.dumps(DOCUMENT).encode()).decode(), "specification": "oas"}
    body = {"pacticipantVersionNumber": "1", "contract": contract, **change}

    expect(client.post("/provider-contracts/provider/orders/publish", json=body), 400, {"errors": errors})
