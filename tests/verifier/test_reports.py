"""The report in all its forms, over one run that holds every kind of result."""

import json
import xml.etree.ElementTree as ET

import pytest

from tallystick.contract import reading
from tallystick.contract.matching import Undecided, match_response
from tallystick.contract.model import ActualRequest, ActualResponse
from tallystick.verifier.impact import Live, assess
from tallystick.verifier.problems import Problem
from tallystick.verifier.reports import console, github, html, json_report, junit, markdown
from tallystick.verifier.results import ContractResult, Publication, Replayed, Report, Result, Source, Unreadable

EVIL = "<script>alert('1')</script> | `x` \x1b[31m ::error::\n# big [l](http://x) ]]> ‮evil"


@pytest.fixture
def report(tell):
    wanted = {"body": {"id": 1, "total": 9.5}, "headers": {"Content-Type": "application/json"}}
    interactions = [
        tell.interaction("kept"),
        tell.interaction("an order", states=[{"name": "an order exists", "params": {"id": 7}}], response=wanted),
        tell.interaction("slow"),
        tell.interaction("odd"),
        tell.interaction("never reached"),
    ]
    source = Source(
        contract=reading.read(tell.contract(*interactions)), origin="http://b/1", reason="deployed to production",
        consumer_versions=("1.2",),
    )  # fmt: skip
    pending = Source(
        contract=reading.read(tell.contract(tell.interaction(EVIL), consumer="mobile")), origin="p.json", pending=True
    )
    good = Source(contract=reading.read(tell.contract(tell.interaction("kept"), consumer="billing")), origin="b.json")
    first = source.contract.interactions
    response = ActualResponse(200, (("Content-Type", "application/json"),), b'{"id": "1", "totalAmount": 9.5}')
    mismatches = match_response(first[1].response, response).mismatches
    sent = ActualRequest("GET", "/orders/7", "x=1", (("Authorization", "Bearer secret"),))
    replays = [
        Replayed(seconds=0.01),
        Replayed(mismatches, sent=sent, received=response, seconds=0.02),
        Replayed(problem=Problem("timeout", "no answer came within 5 s", "raise --timeout"), sent=sent),
        Replayed(undecided=(Undecided("regex-time-limit", "$.x", "the pattern took too long"),)),
        Replayed(problem=Problem("interrupted", "not replayed: the run was stopped before it")),
    ]
    contracts = (
        ContractResult(source, tuple(Result(source, i, r) for i, r in zip(first, replays, strict=True))),
        ContractResult(
            pending, (Result(pending, pending.contract.interactions[0], Replayed(problem=Problem("flaky", EVIL))),)
        ),
        ContractResult(good, (Result(good, good.contract.interactions[0], Replayed()),)),
    )
    live = [Live("web-shop", "1.2", "production", True, "2026-03-14T09:26:53+00:00")]
    return Report(
        provider="orders", target="http://127.0.0.1:1", contracts=contracts, replays=6, seconds=1.5,
        provider_version="2",
        unreadable=(Unreadable("x.json", "is not JSON"),), warnings=("a warning",), impact=assess(contracts, live),
        publications=(Publication(good, False, "not published: no"),),
    )  # fmt: skip


def test_the_console_report_is_whole_and_fits_eighty_columns(report):
    text = console.text(report)

    assert all(len(line) <= 80 for line in text.splitlines())
    assert "\x1b" not in text
    for said in (
        "✗ web-shop 1.2  1 passed, 3 failed, 1 not run", "deployed to production", "~ mobile  1 failed, but pending",
        "✓ billing  1 passed", "x.json: is not JSON", "a warning", 'given  an order exists {"id":7}',
        "GET /orders/7?x=1", "body $.total",
        '"total" is missing, and there is "totalAmount"', "body $.id", "raise --timeout",
        "the pattern took too long", "FLAKY (pending)", "1 consumer would break",
        "1.2 live in production since 2026-03-14", "1 consumer with pending contracts", "1 consumer not touched",
        "not published: no", "BROKEN: 3 interactions of 1",
    ):  # fmt: skip
        assert said in text, said


def test_colours_come_only_when_wanted(report):
    assert "\x1b[31;1m" in console.text(report, colour=True)


def test_the_json_report_keeps_to_its_schema(report):
    import jsonschema

    from tallystick.verifier import reports

    schema = json.loads((__import__("pathlib").Path(reports.__file__).parent / "report.schema.json").read_text())
    document = json.loads(json_report.text(report))

    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(document, schema)
    assert document["verdict"] == "broken"
    assert document["impact"]["broken"][1]["fields"][0]["place"]
    assert "secret" not in json_report.text(report)


def test_the_json_report_of_every_outcome_keeps_to_its_schema(report):
    import jsonschema

    from tallystick.verifier import reports

    schema = json.loads((__import__("pathlib").Path(reports.__file__).parent / "report.schema.json").read_text())
    for outcome in (
        Report(provider="p", target="t", nothing_because="nothing there"),
        Report(provider="p", target="t", could_not_run="no"),
        Report(provider="p", target="t", interrupted=True),
        Report(provider="p", target="t"),
    ):
        jsonschema.validate(json.loads(json_report.text(outcome)), schema)


def test_junit_counts_what_it_lists(report):
    root = ET.fromstring(junit.text(report))

    suite = next(s for s in root if "web-shop" in s.get("name"))
    assert {k: suite.get(k) for k in ("tests", "failures", "errors", "skipped")} == {
        "tests": "5", "failures": "2", "errors": "1", "skipped": "1",
    }  # fmt: skip
    tags = [[child.tag for child in case] for case in suite.iter("testcase")]
    assert tags == [[], ["failure"], ["error"], ["failure"], ["skipped", "system-out"]]
    (impact,) = suite.iter("property")
    assert impact.get("value").startswith("would break on ")
    assert "1.2 live in production since 2026-03-14 09:26" in impact.get("value")
    mobile = next(s for s in root if "mobile" in s.get("name"))
    assert mobile.get("skipped") == "1"
    assert "<script>" in mobile.find("testcase").get("name")
    assert any("x.json" in case.get("name") for case in root.iter("testcase"))


def test_markdown_escapes_what_contracts_say(report):
    text = markdown.text(report)

    assert "<script>" not in text
    assert "[l](http" not in text.replace("\\[l\\]\\(http", "")
    assert "\n# big" not in text
    assert "| **web-shop** | `body $.total` in “an order”" in text
    assert "Not touched: billing." in text


def test_markdown_stays_below_the_limit_of_a_comment(report):
    contract = report.contracts[0]
    many = ContractResult(contract.source, contract.results[1:2] * 2000)

    text = markdown.text(Report(provider="p", target="t", contracts=(many,)))

    assert len(text) < 65_536
    assert "more failures." in text


def test_annotations_are_one_command_a_line(report):
    lines = github.text(report).splitlines()

    assert all(line.startswith(("::error title=", "::warning title=", "::notice title=")) for line in lines)
    assert sum(line.startswith("::warning") for line in lines) == 1
    assert any(line.startswith("::error title=impact on web-shop::would break on ") for line in lines)
    assert "::notice title=impact on billing::not touched; not deployed anywhere" in lines
    assert lines[-1].startswith("::error title=orders::BROKEN")


def test_the_page_shows_everything_and_runs_nothing(report):
    page = html.text(report)

    assert "<script" not in page
    assert "\x1b" not in page
    assert "‮" not in page
    assert 'http-equiv="Content-Security-Policy" content="default-src \'none\'' in page
    for said in ("body $.total", "deployed to production", "not touched", "the pattern took too long"):
        assert said in page


@pytest.mark.parametrize(
    ("report", "code"),
    [
        (Report(provider="p", target="t"), 0),
        (Report(provider="p", target="t", nothing_because="x"), 3),
        (Report(provider="p", target="t", nothing_because="x", nothing_is_fine=True), 0),
        (Report(provider="p", target="t", could_not_run="x"), 4),
        (Report(provider="p", target="t", interrupted=True), 4),
        (Report(provider="p", target="t", unreadable=(Unreadable("x", "wrong"),)), 1),
        (Report(provider="p", target="t", unreadable=(Unreadable("x", "away", could_not_run=True),)), 4),
    ],
)
def test_exit_codes_follow_from_what_was_found(report, code):
    assert report.exit_code == code
    assert console.text(report)
