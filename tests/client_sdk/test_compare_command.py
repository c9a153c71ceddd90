"""`tallystick compare` with two files, and what `publish-description` takes about a provider's own check."""

import json
import sys

import pytest
from click.testing import CliRunner

from tallystick.cli import main

OPENAPI = """\
openapi: 3.0.3
paths:
  /orders/{id}:
    get:
      responses:
        200:
          content:
            application/json:
              schema: {type: object, properties: {total: {type: integer}}}
"""


def contract(*interactions):
    return {"consumer": {"name": "web"}, "provider": {"name": "orders"}, "interactions": list(interactions)}


def order(body):
    return {
        "description": "an order",
        "request": {"method": "GET", "path": "/orders/7"},
        "response": {"status": 200, "body": body},
    }


MESSAGE = {"type": "Asynchronous/Messages", "description": "an order was placed"}


@pytest.fixture
def compare(tmp_path):
    """`compare(contract, "openapi: …")`: the exit code and what was printed."""

    def run(document, description, *words):
        (tmp_path / "web-orders.json").write_text(document if isinstance(document, str) else json.dumps(document))
        (tmp_path / "openapi.yaml").write_text(description)
        files = [str(tmp_path / "web-orders.json"), str(tmp_path / "openapi.yaml")]
        done = CliRunner().invoke(main, ["compare", *files, *words])
        return done.exit_code, done.output.replace(f"{tmp_path}/", "")

    return run


def test_what_is_allowed_exits_with_0(compare):
    code, said = compare(contract(order({"total": 5})), OPENAPI)
    assert code == 0
    assert said == (
        "COMPATIBLE: openapi.yaml allows what web expects (0 errors, 0 warnings).\n"
        "\nstatic evidence: what the description allows was compared, nothing was run\n"
    )


def test_what_is_not_allowed_exits_with_1_and_names_both_places(compare):
    code, said = compare(contract(order({"total": "five"})), OPENAPI)
    assert code == 1
    assert said.splitlines()[:5] == [
        "INCOMPATIBLE: openapi.yaml does not allow what web expects (1 error, 0 warnings).",
        "  an order",
        "  - error response.body.incompatible: must be integer",
        "      contract     [root].interactions[0].response.body.total",
        "      description  [root].paths./orders/{id}.get.responses.200.content.application/json.schema"
        ".properties.total.type",
    ]


def test_what_the_description_has_no_say_in_exits_with_3(compare):
    code, said = compare(contract(order({"total": 5}), MESSAGE), OPENAPI)
    assert code == 3
    assert said.startswith("INCOMPLETE: openapi.yaml has no say in 1 of 2 interactions of web (0 errors, 0 warnings).")
    assert "- not compared message.spec.missing: " in said


def test_what_is_odd_about_the_description_is_told_beside_the_answer(compare):
    code, output = compare(contract(order({"total": 5})), OPENAPI + "  /orders/{number}: {get: {}}\n")

    assert code == 0
    place = "/paths/~1orders~1{number}/get: GET /orders/x fits /orders/{id} too"
    assert f"openapi.yaml: {place} (give one of them a segment of its own)" in output


def test_json_is_what_the_broker_answers_for_its_own(compare):
    code, said = compare(contract(order({"total": "five"})), OPENAPI, "--json")
    found = json.loads(said)
    assert (code, found["outcome"], found["evidence"]) == (1, "incompatible", "static")
    (one,) = found["_embedded"]["comparisons"]
    assert (one["errors"], one["consumer"], one["findings"][0]["code"]) == (
        1,
        {"name": "web"},
        "response.body.incompatible",
    )


@pytest.mark.parametrize(
    ("document", "description", "said"),
    [
        ("{", OPENAPI, "web-orders.json "),
        ("[]", OPENAPI, "web-orders.json is no contract: a contract is an object"),
        (contract(), "openapi: [", "openapi.yaml is not YAML: "),
        (contract(), "openapi: 9.9.9", "OpenAPI 9.9.9 is not supported"),
        (contract(), '{"openapi": 1', "openapi.yaml "),
    ],
)
def test_a_file_that_is_none_is_named_with_the_reason(compare, document, description, said):
    code, printed = compare(document, description)
    assert code == 2
    assert said in printed
    assert printed.startswith("Error: ")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "compare what? Give CONTRACT and DESCRIPTION, or --provider and --provider-version"),
        (["--provider", "orders"], "compare what?"),
        (
            ["--provider", "orders", "--provider-version", "7", "-e", "1"],
            "--consumer-version is a version of --consumer",
        ),
        ([__file__], "give two files, CONTRACT and DESCRIPTION"),
        ([__file__, __file__, "--provider", "orders"], "give two files, CONTRACT and DESCRIPTION"),
    ],
)
def test_what_is_to_be_compared_must_be_said(words, said):
    done = CliRunner().invoke(main, ["compare", *words])
    assert done.exit_code == 2
    assert said in done.output


def test_yaml_without_its_parser_says_what_to_install(compare, monkeypatch):
    monkeypatch.setitem(sys.modules, "yaml", None)
    code, said = compare(contract(order({"total": 5})), OPENAPI)
    assert code == 2
    assert "openapi.yaml cannot be read: pip install pyyaml, or give it as JSON" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--verifier", "schemathesis"], "did the check pass? Give --verification-success"),
        (["--verification-results", __file__], "did the check pass?"),
        (["--verification-success", "--verification-exit-code", "0"], "give it, or the other, not both"),
    ],
)
def test_a_check_without_an_outcome_says_nothing(words, said):
    done = CliRunner().invoke(main, ["publish-description", "orders", __file__, "-a", "7", *words])
    assert done.exit_code == 2
    assert said in done.output
