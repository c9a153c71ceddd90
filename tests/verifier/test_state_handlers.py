"""Provider states as Python functions."""

import asyncio
import threading

import pytest

from tallystick.contract.model import ProviderState
from tallystick.verifier.handlers import FunctionStates, StateHandlers, as_handlers
from tallystick.verifier.problems import ReplayFailed


def problem_of(states, state, action="setup"):
    with pytest.raises(ReplayFailed) as caught:
        FunctionStates(as_handlers(states)).change(state, action)
    return caught.value.problem


def test_a_missing_handler_comes_with_a_stub_to_paste():
    problem = problem_of({}, ProviderState("an order, with lines", {"id": 1, "lines": []}))

    assert problem.kind == "state-missing"
    namespace = {"states": StateHandlers()}
    code = problem.fix.removeprefix("add:\n")
    exec(code, namespace)
    assert namespace["states"].names == ("an order, with lines",)
    assert namespace["an_order_with_lines"](id=1, lines=[]) is None


def test_a_near_miss_is_suggested():
    problem = problem_of({"an order exists": lambda: None}, ProviderState("An order  exist"))

    assert "did you mean 'an order exists'?" in problem.fix


def test_arguments_come_by_name():
    got = {}

    def handler(id, params, state, missing="default", **rest):
        got.update(id=id, params=params, state=state, missing=missing, rest=rest)
        return {"value": 1}

    values = FunctionStates(as_handlers({"s": handler})).change(ProviderState("s", {"id": 3, "x": 4}), "setup")

    assert got == {"id": 3, "params": {"id": 3, "x": 4}, "state": "s", "missing": "default", "rest": {"x": 4}}
    assert values == {"value": 1}


def test_an_argument_that_nobody_has_is_named():
    problem = problem_of({"s": lambda order_id: None}, ProviderState("s", {"id": 3}))

    assert problem.kind == "state-change-failed"
    assert "'order_id'" in problem.sentence
    assert "id" in problem.sentence
    assert __file__ in problem.fix


def test_what_a_handler_raises_is_told():
    def handler():
        raise OSError("disk full")

    problem = problem_of({"s": handler}, ProviderState("s"))

    assert "OSError: disk full" in problem.sentence


def test_a_handler_that_returns_something_else_is_told_so():
    assert "returned 3" in problem_of({"s": lambda: 3}, ProviderState("s")).sentence


def test_generators_set_up_before_their_yield_and_take_down_after_it():
    events = []
    states = StateHandlers()

    @states("s")
    def handler():
        events.append("up")
        yield {"value": 1}
        events.append("down")

    changer = FunctionStates(states)
    assert changer.change(ProviderState("s"), "setup") == {"value": 1}
    assert events == ["up"]
    changer.change(ProviderState("s"), "teardown")
    assert events == ["up", "down"]


def test_an_async_generator_ends_on_the_loop_it_began_on():
    loops = []
    states = StateHandlers()

    @states("s")
    async def handler():
        loops.append(asyncio.get_running_loop())
        yield {"value": 1}
        loops.append(asyncio.get_running_loop())

    changer = FunctionStates(states)

    assert changer.change(ProviderState("s"), "setup") == {"value": 1}
    assert len(loops) == 1
    changer.change(ProviderState("s"), "teardown")
    assert len(loops) == 2
    assert loops[0] is loops[1]


def test_equal_states_in_two_threads_are_taken_down_each_by_its_own():
    events = []
    states = StateHandlers()
    both = threading.Barrier(2)

    @states("s")
    def handler():
        me = threading.get_ident()
        yield
        events.append(me == threading.get_ident())

    changer = FunctionStates(states)

    def replay():
        changer.change(ProviderState("s"), "setup")
        both.wait(10)
        changer.change(ProviderState("s"), "teardown")

    threads = [threading.Thread(target=replay) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert events == [True, True]


def test_a_teardown_of_its_own_and_a_handler_for_all_others():
    events = []
    states = StateHandlers({"s": lambda: None})
    states.teardown("s")(lambda: events.append("down"))
    states.otherwise(lambda state: events.append(state))
    changer = FunctionStates(states)

    changer.change(ProviderState("s"), "setup")
    changer.change(ProviderState("s"), "teardown")
    changer.change(ProviderState("anything"), "setup")

    assert events == ["down", "anything"]


def test_two_handlers_of_one_state_are_refused():
    states = StateHandlers()
    states("s")(lambda: None)

    with pytest.raises(ValueError, match="'s' has two handlers"):
        states("s")(lambda: None)


def test_what_is_not_handlers_is_refused():
    with pytest.raises(TypeError, match="must be StateHandlers or a mapping"):
        as_handlers([1, 2])
