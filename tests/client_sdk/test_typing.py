"""A user's test file is strictly typed, without a cast or an ignore, and editors infer what things are."""

import subprocess
import sys
import textwrap

import pytest

USERS_FILE = """
from dataclasses import dataclass

import httpx

from tallystick import (
    BrokerClient, Consumer, ContractNotKept, Matcher, Selector, datetime, each_like, expects, from_provider_state,
    integer, json, like, nullable, one_of, optional, regex, status_class, string, uuid,
)


@dataclass
class Order:
    id: int
    total: float


orders = Consumer("web-shop").has_contract_with("orders")
LINE: dict[str, Matcher[str] | Matcher[int]] = {"sku": string("A"), "quantity": integer(2)}


def test_an_order_is_shown() -> None:
    (
        orders.upon_receiving("a request for order 7")
        .given("an order exists", id=7)
        .given("odd names", {"a-b": [1, None]})
        .with_request(
            "GET", from_provider_state("/orders/${id}", "/orders/7"),
            query={"page": 1, "tags": ["a", "b"], "q": regex("x+", example="x")},
            headers={"Accept": "application/json"},
        )
        .will_respond_with(
            status_class("success"),
            body={
                "id": 7, "total": like(12.5), "when": datetime(), "kind": one_of("a", "b"), "ref": uuid(),
                "note": nullable(string("x")), "extra": optional({"deep": [1, "two", None]}), "lines": each_like(LINE),
            },
        )
    )
    with orders.serve() as server:
        assert httpx.get(f"{server.url}/orders/7").json()["id"] == 7
    orders.upon_receiving("another").with_request("POST", "/x", body=b"raw").will_respond_with(200, body=expects(Order))
    with orders.without_socket() as mock, mock.httpx_client() as client:
        client.get("/x")


async def test_async() -> None:
    orders.upon_receiving("x").with_request("GET", "/").will_respond_with(204)
    async with orders.without_socket() as mock, mock.async_httpx_client() as client:
        await client.get("/")


def test_messages() -> None:
    orders.expects_message("an order was paid").with_contents({"id": integer(7)}, metadata={"topic": "orders"})
    with orders.deliver() as delivery:
        reveal_type(delivery.message.metadata)


def ask(broker: BrokerClient) -> bool:
    answer = broker.can_i_deploy([Selector("web-shop", version="1")], to_environment="production")
    reveal_type(answer)
    reveal_type(broker.environments())
    return bool(answer)


reveal_type(like(12.5))
reveal_type(each_like({"a": 1}))
reveal_type(nullable(integer(1)))
reveal_type(Consumer("a").has_contract_with("b"))
try:
    pass
except ContractNotKept as problem:
    reveal_type(problem.problems)
"""


@pytest.fixture(scope="module")
def mypy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("typing")

    def check(text):
        (folder / "test_user.py").write_text(text)
        done = subprocess.run(
            [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(folder / "cache"), "--config-file", "",
             "test_user.py"],
            cwd=folder, capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        return done.returncode, done.stdout

    return check


def test_a_users_test_file_passes_and_types_are_inferred(mypy):
    code, out = mypy(USERS_FILE)

    assert code == 0, out
    inferred = [line.partition('Revealed type is "')[2].rstrip('"') for line in out.splitlines() if "Revealed" in line]
    short = [
        one.replace("tallystick.client_sdk.", "").replace("builtins.", "").replace("typing.", "") for one in inferred
    ]
    assert short == [
        "Mapping[str, Any]",
        "broker_client.results.Deployability",
        "list[broker_client.results.Environment]",
        "matchers.Matcher[float]",
        "matchers.Matcher[list[dict[str, int]]]",
        "matchers.Matcher[int | None]",
        "consumer.ConsumerContract",
        "tuple[failures.WrongRequest | failures.MissingRequest, ...]",
    ]


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ('Consumer("a").has_contract_with(7)', 'has incompatible type "int"'),
        ('Consumer("a").has_contract_with("b").upon_receiving("x").with_reqest("GET", "/")', "with_reqest"),
        ('Consumer("a").has_contract_with("b").upon_receiving("x").with_request("GET")', "Missing positional argument"),
        ('integer("7")', 'has incompatible type "str"'),
        ('uuid(format="simpel")', 'expected "Literal['),
        ('like("x", mim=1)', 'Unexpected keyword argument "mim"'),
    ],
)
def test_a_slip_is_found_before_the_test_runs(mypy, line, error):
    code, out = mypy(textwrap.dedent(f"from tallystick import Consumer, integer, like, uuid\n\n{line}\n"))

    assert (code, error in out) == (1, True), out


def test_type_checkers_see_the_names_that_python_sees():
    import ast
    from pathlib import Path

    import tallystick

    tree = ast.parse(Path(tallystick.__file__).read_text())
    seen = {
        alias.asname: node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname == alias.name
    }
    assert seen == tallystick._HOME


def test_the_version_that_contracts_name_is_the_distributions():
    import tallystick
    from tallystick.client_sdk.version import VERSION

    assert tallystick.__version__ == VERSION
