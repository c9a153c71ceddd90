"""What is replayed, in which order, and what may overlap."""

import threading
import time

import pytest

from tallystick.contract import reading
from tallystick.verifier.api import verify
from tallystick.verifier.crew import FEW, MOST, START, Crew, size_after
from tallystick.verifier.plan import Rules, patterns, plan
from tallystick.verifier.results import Source


def sources(*documents):
    return [Source(contract=reading.read(d), origin="x") for d in documents]


def shape(groups):
    return [(g.states, g.at_once, [j.interaction.description for j in g.jobs]) for g in groups]


def everything(source, interaction):
    return True


def test_safe_interactions_without_states_run_together_and_the_rest_in_order(tell):
    document = tell.contract(
        tell.interaction("stateful", "/1", states=["s"]),
        tell.interaction("free", "/2"),
        tell.interaction("unsafe", "/3", method="POST"),
        tell.interaction("also free", "/4", method="head"),
        tell.interaction("stateful again", "/5", states=["s"]),
    )

    assert shape(plan(sources(document), everything, Rules())) == [
        ("once", True, ["free", "also free"]),
        ("each", False, ["stateful"]),
        ("each", False, ["unsafe"]),
        ("each", False, ["stateful again"]),
    ]


def test_declared_states_overlap_or_are_set_up_once(tell):
    document = tell.contract(
        tell.interaction("a", "/1", states=["order 1"]),
        tell.interaction("b", "/2", states=["catalogue"]),
        tell.interaction("c", "/3", states=["other"]),
        tell.interaction("d", "/4", states=["catalogue"]),
        tell.interaction("e", "/5", states=["catalogue"], method="POST"),
        tell.interaction("f", "/6", states=["order 2"]),
        tell.interaction("g", "/7", states=["order 2", "other"]),
    )
    rules = Rules(reentrant=patterns(["order *"]), shared=patterns(["catalogue"]))

    assert shape(plan(sources(document), everything, rules)) == [
        ("each", True, ["a", "f"]),
        ("once", True, ["b", "d"]),
        ("each", False, ["e"]),
        ("each", False, ["c"]),
        ("each", False, ["g"]),
    ]


def test_as_the_reference_nothing_overlaps_or_merges(tell):
    document = tell.contract(tell.interaction("a", "/1"), tell.interaction("b", "/1"))

    assert shape(plan(sources(document, document), everything, Rules(as_the_reference=True))) == [
        ("each", False, ["a"]),
        ("each", False, ["b"]),
        ("each", False, ["a"]),
        ("each", False, ["b"]),
    ]


def test_equal_interactions_of_several_contracts_are_one_job(tell):
    one = tell.contract(tell.interaction("a", "/1"), tell.interaction("b", "/2"))
    other = tell.contract(
        tell.interaction("b as I call it", "/2"), tell.interaction("c", "/2", status=201), consumer="x"
    )

    (group,) = plan(sources(one, other), everything, Rules())

    assert [(j.interaction.description, j.holders) for j in group.jobs] == [
        ("a", ((0, 0),)),
        ("b", ((0, 1), (1, 0))),
        ("c", ((1, 1),)),
    ]


def test_random_requests_are_not_merged(tell):
    made = tell.interaction(
        "a", "/1", request={"generators": {"query": {"x": {"type": "Uuid"}}}, "query": {"x": ["1"]}}
    )
    fixed = tell.interaction(
        "b", "/1", request={"generators": {"path": {"type": "ProviderState", "expression": "/${id}"}}}
    )
    document = tell.contract(made, fixed)

    (group,) = plan(sources(document, document), everything, Rules())

    assert [len(j.holders) for j in group.jobs] == [1, 2, 1]


def test_verdicts_are_the_same_with_and_without_merging(provider, tell):
    provider.on("/good", body={"n": 1})
    provider.on("/bad", body={"n": "1"})
    wanted = {"response": {"body": {"n": 1}}}
    documents = [
        tell.contract(
            tell.interaction(f"good for {c}", "/good", **wanted),
            tell.interaction(f"bad for {c}", "/bad", **wanted),
            tell.interaction(f"absent for {c}", "/absent", status=404),
            tell.interaction(f"posted by {c}", "/good", method="POST", **wanted),
            consumer=c,
        )
        for c in ("web-shop", "billing", "mobile")
    ]

    merged = verify(*documents, provider_base_url=provider.url)
    count = len(provider.seen)
    plain = verify(*documents, provider_base_url=provider.url, no_dedupe=True)

    def verdicts(report):
        return [(r.source.contract.consumer, r.title, r.status, r.replayed.mismatches) for r in report.results]

    assert verdicts(merged) == verdicts(plain)
    assert (count, len(provider.seen) - count) == (4, 12)
    assert (merged.replays, plain.replays) == (4, 12)


def test_a_shared_state_is_set_up_and_taken_down_once(provider, tell):
    provider.on("/1")
    provider.on("/2")
    events = []

    def catalogue():
        events.append("up")
        yield
        events.append("down")

    document = tell.contract(
        tell.interaction("a", "/1", states=["catalogue"]), tell.interaction("b", "/2", states=["catalogue"])
    )

    report = verify(document, provider_base_url=provider.url, states={"catalogue": catalogue}, shared_state="catalogue")

    assert report.exit_code == 0
    assert events == ["up", "down"]


def test_an_interaction_that_changes_its_mind_is_flaky_and_breaks_the_build(provider, tell):
    answers = iter([(200, {}, b""), (500, {}, b""), (200, {}, b"")])
    provider.answers["GET", "/orders/1"] = lambda *asked: next(answers)

    report = verify(tell.contract(tell.interaction("an order")), provider_base_url=provider.url, repeat=3)

    assert [r.status for r in report.results] == ["flaky"]
    assert report.exit_code == 1
    assert "expected 200 but was 500" in report.results[0].replayed.problem.sentence
    assert "FLAKY" in report.text()


def test_equal_interactions_that_differ_are_flaky_for_everybody(provider, tell):
    answers = iter([(200, {}, b""), (500, {}, b"")])
    provider.answers["GET", "/orders/1"] = lambda *asked: next(answers)
    documents = [tell.contract(tell.interaction("an order"), consumer=c) for c in ("web-shop", "billing")]

    report = verify(*documents, provider_base_url=provider.url, no_dedupe=True)

    assert [r.status for r in report.results] == ["flaky", "flaky"]
    assert report.exit_code == 1


def test_fail_fast_stops_at_the_first_failure(provider, tell):
    document = tell.contract(tell.interaction("a", "/1", states=["s"]), tell.interaction("b", "/2", states=["s"]))

    report = verify(document, provider_base_url=provider.url, fail_fast=True)

    assert [r.status for r in report.results] == ["failed", "not-run"]
    assert report.exit_code == 1


def test_a_hook_changes_requests_and_one_that_sees_the_interaction_stops_merging(provider, tell):
    provider.on("/1")
    document = tell.contract(tell.interaction("a", "/1", request={"headers": {"authorization": "Basic x"}}))

    def authenticate(request):
        request.set_header("Authorization", "Bearer fresh")

    def by_interaction(request, interaction):
        request.set_header("X-For", interaction.description)

    verify(document, document, provider_base_url=provider.url, request_hook=authenticate)
    verify(document, document, provider_base_url=provider.url, request_hook=by_interaction)

    assert [headers.get("Authorization") for _, _, headers, _ in provider.seen] == ["Bearer fresh", None, None]
    assert [headers.get("X-For") for _, _, headers, _ in provider.seen] == [None, "a", "a"]


def test_workers_report_everything_and_a_dead_one_is_an_error(provider, tell):
    for number in range(20):
        provider.on(f"/{number}", status=500 if number == 7 else 200)
    document = tell.contract(*(tell.interaction(f"i{n}", f"/{n}") for n in range(20)))

    report = verify(document, provider_base_url=provider.url, workers=3)

    assert [r.title for r in report.results if not r.ok] == ["i7"]
    assert len(provider.seen) == 20
    assert report.results[7].replayed.mismatches[0].sentence == "expected 200 but was 500"

    import os

    def die(request):
        if request.path == "/3":
            os._exit(9)

    report = verify(document, provider_base_url=provider.url, workers=2, request_hook=die, concurrency=1)

    assert "died" in report.results[3].replayed.problem.sentence
    assert report.results[2].ok


def crew_of(seconds_for, jobs, **more):
    lock = threading.Lock()
    seen = {"now": 0, "most": 0, "done": 0}

    def work(job, tool):
        with lock:
            seen["now"] += 1
            seen["most"] = max(seen["most"], seen["now"])
            place = seen["now"]
        time.sleep(seconds_for(place))
        with lock:
            seen["now"] -= 1
            seen["done"] += 1
        return seconds_for(place)

    Crew(lambda: None, lambda tool: None, work, **more).run(range(jobs))
    return seen


@pytest.mark.parametrize(
    ("seconds", "then"),
    [
        ([0.001] * 8, FEW),
        ([0.2, *[0.001] * 7], FEW),  # only the first was slow
        ([0.02, 0.02, 0.021, 0.025, 0.02, 0.02, 0.02, 0.02], MOST),
        ([0.02 * n for n in range(1, 9)], START),  # one after the other
    ],
)
def test_a_crew_is_as_large_as_its_first_answers_suggest(seconds, then):
    assert size_after(seconds) == then


def test_a_crew_grows_to_the_most_when_answers_are_slow():
    together = threading.Barrier(MOST)
    first = iter(range(START))

    def work(job, tool):
        if next(first, None) is None:
            together.wait(20)  # breaks unless that many are at work at once
        return 1.0

    Crew(lambda: None, lambda tool: None, work).run(range(START + 3 * MOST))


def test_a_crew_shrinks_to_two_when_answers_are_quick():
    lock, now, most = threading.Lock(), [0], [0]

    def work(job, tool):
        if job >= 3 * START:  # by then everybody has seen that the first answers were quick
            with lock:
                now[0] += 1
                most[0] = max(most[0], now[0])
            time.sleep(0.002)
            with lock:
                now[0] -= 1
        return 0.0001

    Crew(lambda: None, lambda tool: None, work).run(range(60))

    assert most[0] == FEW


def test_a_fixed_crew_does_not_grow():
    assert crew_of(lambda place: 0.01, 30, size=3)["most"] == 3


def test_what_a_job_raises_ends_the_crew():
    done = []

    def work(job, tool):
        if job == 3:
            raise RuntimeError("stop")
        done.append(job)
        return 0.0

    with pytest.raises(RuntimeError, match="stop"):
        Crew(lambda: None, lambda tool: None, work, size=1).run(range(10))
    assert done == [0, 1, 2]


def test_a_server_that_serves_one_connection_at_a_time_is_not_starved(tell):
    from http.server import BaseHTTPRequestHandler, HTTPServer

    connections = []

    class OneAtATime(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # keeps the connection, and looks at no other until it is closed

        def setup(self):
            connections.append(self)
            super().setup()

        def do_GET(self):
            time.sleep(0.03)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments): ...

    server = HTTPServer(("127.0.0.1", 0), OneAtATime)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        document = tell.contract(*(tell.interaction(f"i{n}", f"/{n}") for n in range(60)))
        report = verify(document, provider_base_url=f"http://127.0.0.1:{server.server_address[1]}", timeout=30)
    finally:
        server.shutdown()
        server.server_close()

    assert report.exit_code == 0, report.text()
    assert len(connections) > START  # they made room for each other instead of waiting to the end
