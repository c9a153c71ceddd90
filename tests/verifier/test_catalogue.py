"""The states that contracts ask for beside their handlers; and that every problem has a kind from the closed list."""

import re
from pathlib import Path

from click.testing import CliRunner

from tallystick.contract import reading
from tallystick.verifier import catalogue as module
from tallystick.verifier.cli import check_states
from tallystick.verifier.handlers import StateHandlers
from tallystick.verifier.problems import KINDS
from tallystick.verifier.results import Source


def catalogue_of(tell, names, handlers=None):
    document = tell.contract(*(tell.interaction(n, states=[n]) for n in names))
    return module.catalogue([Source(contract=reading.read(document), origin="x")], handlers)


def test_states_are_handled_missing_unused(tell):
    found = catalogue_of(tell, ["a", "b"], StateHandlers({"b": print, "c": print}))

    assert [(s.name, s.consumers, s.handled) for s in found.states] == [
        ("a", ("web-shop",), False),
        ("b", ("web-shop",), True),
    ]
    assert [s.name for s in found.missing] == ["a"]
    assert found.unused == ("c",)


def test_slips_are_alike_and_different_states_are_not(tell):
    names = [
        "an order exists", "An order  exists", "an order exist", "order 1 exists", "order 2 exists", "no orders exist",
        "the user is logged in", "the user is logged out",
    ]  # fmt: skip

    assert set(catalogue_of(tell, names).alike) == {
        ("An order  exists", "an order exist"),
        ("An order  exists", "an order exists"),
        ("an order exist", "an order exists"),
    }


def test_a_handler_for_everything_leaves_nothing_missing(tell):
    handlers = StateHandlers()
    handlers.otherwise(print)

    assert catalogue_of(tell, ["a"], handlers).missing == ()


def test_the_command_lists_them_with_exit_codes(tell, write):
    path = write(tell.contract(tell.interaction("an order", states=[{"name": "an order exists", "params": {"id": 1}}])))
    nothing = write(tell.contract(tell.interaction("an order")), "none.json")

    def run(*words):
        done = CliRunner().invoke(check_states, words, env={"PACT_BROKER_BASE_URL": ""})
        return done.exit_code, done.output

    code, said = run(path)
    assert (code, "an order exists  web-shop" in said) == (0, True)
    code, said = run(path, "--states", "string:Formatter.__dict__")
    assert code == 2
    code, said = run(nothing)
    assert (code, said) == (3, "No contract asks for a state.\n")
    assert run("absent.json")[0] == 4
    assert run()[0] == 2


def test_every_problem_is_of_a_known_kind():
    folder = Path(module.__file__).parent
    used = {kind for file in folder.rglob("*.py") for kind in re.findall(r'Problem\(\s*"([a-z-]+)"', file.read_text())}

    assert used <= set(KINDS)
    assert len(used) > 15
