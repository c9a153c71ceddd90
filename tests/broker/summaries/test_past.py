"""What is told of failures equals what a slow reading of the whole record says, whatever arrived in whatever order."""

from __future__ import annotations

import os
from collections import Counter
from typing import Any, NamedTuple

import httpx
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

PROVIDER, CONSUMER = "Orders", "Web"
LINES = {0: ["m"], 1: ["f"], 2: ["m"], 3: ["f", "m"], 4: [], 5: ["m"]}  # provider version -> its branches


class Result(NamedTuple):
    """One result: of which content, by which version at which place, on which branches, saying what of what."""

    content: tuple[tuple[str, int], ...]
    place: int
    version: str
    branches: tuple[str, ...]
    said: dict[Any, bool]


class Run(NamedTuple):
    """Versions in a row that failed, as (place, version)."""

    passed: Any
    since: Any
    failed: Any
    until: Any


def runs(outcomes):
    """{place: (version, passed)} read from the oldest to the newest version."""
    found, failing, passed = [], [], None
    for place, (version, success) in sorted(outcomes.items()):
        if not success:
            failing.append((place, version))
            continue
        if failing:
            found.append(Run(passed, failing[0], failing[-1], (place, version)))
            failing = []
        passed = (place, version)
    return found + ([Run(passed, failing[0], failing[-1], None)] if failing else [])


class Record:
    """Calls, and everything that happened, in plain lists.

    An interaction is (description, form): the form is a status, so that another form is a change of the interaction.
    """

    def __init__(self, story: Any) -> None:
        self.client, self.interaction, self.document = story.client, story.interaction, story.document
        self.told: list[str] = []
        self.published: list[tuple[int, str | None, tuple[tuple[str, int], ...]]] = []  # number, branch, content
        self.places: dict[int, int] = {}
        self.count = 0
        self.results: list[Result] = []
        self.ends: dict[tuple[str, Any], list[Run]] = {}

    def call(self, method: str, path: str, **more: Any) -> httpx.Response:
        response = self.client.request(method, path, **more)
        self.told.append(f"{method} {path} {str(more.get('json', ''))[:200]} -> {response.status_code}")
        assert response.is_success, self.told[-1] + response.text
        return response

    # --- what happens

    def publish(self, a: int, b: int, branch: int, _: int) -> None:
        """Another version; of each description one of three forms, or nothing."""
        content = tuple((name, form % 4) for name, form in (("a", a), ("b", b)) if form % 4 < 3) or (("a", 0),)
        number, line = len(self.told), ("m", "f", None)[branch % 3]
        if line is not None:
            self.call("PUT", f"/pacticipants/{CONSUMER}/branches/{line}/versions/{number}", json={})
        sent = [self.interaction(name, path=f"/{name}", status=200 + form) for name, form in content]
        path = f"/pacts/provider/{PROVIDER}/consumer/{CONSUMER}/version/{number}"
        self.call("PUT", path, json=self.document(CONSUMER, PROVIDER, *sent))
        self.published.append((number, line, content))

    def verify(self, which: int, version: int, failing: int, silent: int) -> None:
        """A version of the provider says something of a content; `silent` results name no interaction."""
        if not self.published:
            return
        number, _, content = self.published[-1 - which % min(4, len(self.published))]
        version %= len(LINES)
        if version not in self.places:
            self.count += 1
            self.places[version] = self.count
            for line in LINES[version]:
                self.call("PUT", f"/pacticipants/{PROVIDER}/branches/{line}/versions/{version}", json={})
        failed = [one for at, one in enumerate(content) if failing >> at & 1]
        body: dict[str, Any] = {"success": not failed, "providerApplicationVersion": str(version)}
        if not silent:
            body["testResults"] = [{"interactionDescription": one[0], "success": one not in failed} for one in content]
        pact = self.call("GET", f"/pacts/provider/{PROVIDER}/consumer/{CONSUMER}/version/{number}").json()
        self.call("POST", httpx.URL(pact["_links"]["pb:publish-verification-results"]["href"]).path, json=body)
        said: dict[Any, bool] = {one: one not in failed for one in content} if not silent or not failed else {}
        if not failed or silent:
            said[content] = not failed
        branches = tuple(LINES[version] or [""])
        self.results.append(Result(content, self.places[version], str(version), branches, said))
        self._note(self.results[-1])

    def drop_provider_version(self, version: int, *_: int) -> None:
        version %= len(LINES)
        if version in self.places:
            self.call("DELETE", f"/pacticipants/{PROVIDER}/versions/{version}")
            place = self.places.pop(version)
            self.results = [each for each in self.results if each.place != place]

    def drop_consumer_version(self, which: int, *_: int) -> None:
        if len(self.published) > 1:
            number, _, _ = self.published.pop(which % len(self.published))
            self.call("DELETE", f"/pacticipants/{CONSUMER}/versions/{number}")

    # --- what the record says

    def newest(self) -> list[Result]:
        """Of each content and version the newest result, in the order of arrival."""
        kept = {(each.content, each.place): each for each in self.results}
        return [each for each in self.results if kept[each.content, each.place] is each]

    def outcomes(self, unit: Any, branch: str) -> dict[int, tuple[str, bool]]:
        return {
            each.place: (each.version, each.said[unit])
            for each in self.newest()
            if unit in each.said and branch in each.branches
        }

    def _note(self, result: Result) -> None:
        """Everything that is stored, and what had been told of versions that are gone."""
        for branch in result.branches:
            for unit, success in result.said.items():
                before = self.ends.get((branch, unit), [])
                if success and not before:
                    continue
                known = self.outcomes(unit, branch)
                for run in before:
                    for end, passed in ((run.passed, True), (run.until, True), (run.since, False), (run.failed, False)):
                        if end is not None:
                            known[end[0]] = (end[1], passed)
                known[result.place] = (result.version, success)
                self.ends[branch, unit] = runs(known)

    def lines(self) -> list[dict[str, Any]]:
        return self.call("GET", f"/pacticipants/{PROVIDER}/failures?ended=true").json()["failures"]

    def passes(self, unit: Any) -> list[Result]:
        return [each for each in self.newest() if each.said.get(unit) is True]

    def first_change(self, branch: str, unit: Any, run: Run) -> tuple[Any, ...]:
        """(kind, version that passed last, consumer version, the one before, is it new): by its definition."""
        first, line = next((number, line) for number, line, content in self.published if unit in content)
        if run.passed is not None:
            return "provider", run.passed[1], None, None, None
        elsewhere = [each for each in self.passes(unit) if each.place < run.since[0]]
        if elsewhere:
            return "provider", max(elsewhere, key=lambda each: each.place).version, None, None, None
        older = [each for each in self.published if each[0] < first]
        same_line = [each for each in older if line is not None and each[1] == line]
        if not older:
            return "never-passed", None, str(first), None, False
        before, _, content = (same_line or older)[-1]
        form = next((one for one in content if one[0] == unit[0]), None)
        if form is None:
            return "consumer", None, str(first), str(before), True
        here = [each.place for each in self.passes(form) if branch in (each.branches)]
        others = [each for each in self.passes(form) if each.place < run.since[0]]
        if here and max(here) >= run.since[0]:
            return "consumer", None, str(first), str(before), False
        if others and (not here or max(here) < run.since[0]):
            best = [each for each in self.passes(form) if branch in each.branches] or others
            return "both", max(best, key=lambda each: each.place).version, str(first), str(before), False
        return "never-passed", None, str(first), str(before), False


def interval(line: dict[str, Any]) -> tuple[Any, ...]:
    return (
        line.get("providerBranch", ""),
        line.get("interaction"),
        (line.get("lastPassed") or {}).get("providerVersion"),
        line["sinceProviderVersion"],
        line["lastFailed"]["providerVersion"],
        line.get("untilProviderVersion"),
    )


def expected(branch: str, unit: Any, run: Run) -> tuple[Any, ...]:
    description = unit[0] if isinstance(unit[0], str) else None  # a content is told as a whole
    return (branch, description, *(end and end[1] for end in run))


def changed(line: dict[str, Any]) -> tuple[Any, ...]:
    change = line["firstChange"]
    consumer, after = change.get("consumer", {}), change.get("provider", {}).get("after", {})
    return (
        change["kind"],
        after.get("version"),
        consumer.get("version"),
        consumer.get("before"),
        consumer.get("added"),
    )


SMALL = st.integers(0, 11)
SETTINGS: dict[str, Any] = {
    "max_examples": int(os.environ.get("TALLYSTICK_EXAMPLES", "6")),
    "deadline": None,
    "phases": [Phase.explicit, Phase.reuse, Phase.generate],  # no shrinking: what was called is printed
    "derandomize": "TALLYSTICK_EXAMPLES" not in os.environ,
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
}
BEGINNING = [("publish", 0, 1, 0, 0), ("verify", 0, 0, 0, 0), ("publish", 1, 1, 0, 0), ("publish", 0, 1, 1, 0)]


def told(*names: str) -> Any:
    return st.lists(st.tuples(st.sampled_from(names), SMALL, SMALL, SMALL, st.integers(0, 1)), min_size=12, max_size=36)


@given(calls=told("publish", *["verify"] * 5))
@settings(**SETTINGS)
def test_everything_told_is_what_the_whole_record_says(stories, calls):
    """Several branches, results that come late or again, forms that change, contents that several versions share."""
    record = Record(stories[1]())
    try:
        for name, *arguments in BEGINNING + calls:
            getattr(record, name)(*arguments[:3], 0)  # every result names its interactions
        lines = record.lines()
        units = {one for _, _, content in record.published for one in content}
        found = [
            (branch, unit, run)
            for branch in ("m", "f", "")
            for unit in units
            for run in runs(record.outcomes(unit, branch))
        ]
        assert Counter(interval(line) for line in lines) == Counter(expected(*each) for each in found)
        now = [(interval(line), changed(line)) for line in lines if "until" not in line]
        assert Counter(now) == Counter(
            (expected(*each), record.first_change(*each)) for each in found if not each[2].until
        )
    except AssertionError:
        print("\n".join(record.told))
        raise


@given(calls=told("publish", *["verify"] * 6, "drop_provider_version", "drop_consumer_version"))
@settings(**SETTINGS)
def test_what_was_told_outlives_the_versions_it_speaks_of(stories, calls):
    """Versions are deleted, and results say failure without naming interactions."""
    record = Record(stories[1]())
    try:
        for name, *arguments in BEGINNING + calls:
            getattr(record, name)(*arguments)
        kept = [(branch, unit, run) for (branch, unit), found in record.ends.items() for run in found]
        assert Counter(interval(line) for line in record.lines()) == Counter(expected(*each) for each in kept)
    except AssertionError:
        print("\n".join(record.told))
        raise
