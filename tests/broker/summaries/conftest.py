"""A broker, and beside it a small model of what its history should have come to.

`Story` performs random API calls and keeps, in plain dictionaries, what cannot be recomputed from rows: the order in
which versions joined branches, and what was deployed when.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

CONSUMERS, PROVIDERS = ("Web", "App"), ("Orders", "Mail")
NAMES = (*CONSUMERS, *PROVIDERS)
CONTENTS = (("a",), ("a", "b"), ("b", "c"))  # descriptions of interactions
MERGE_PATCH = {"content-type": "application/merge-patch+json"}


class Story:
    """Each method is one API call; arguments are small numbers, so that calls meet each other."""

    def __init__(self, client: httpx.Client, interaction: Callable[..., Any], document: Callable[..., Any]) -> None:
        self.client, self.interaction, self.document = client, interaction, document
        self.told: list[str] = []
        self.order = itertools.count()
        self.versions: dict[tuple[str, str], int] = {}  # (name, number) -> place in the order
        self.members: dict[tuple[str, str], set[str]] = {}  # (name, branch) -> numbers
        self.heads: dict[tuple[str, str], str] = {}
        self.events: list[tuple[str, str, str, str, str]] = []  # kind, participant, version, environment, instance
        self.deployed: dict[tuple[str, str, str], str] = {}  # (participant, environment, instance) -> version
        self.supported: set[tuple[str, str, str]] = set()  # (participant, version, environment)
        self.environments: dict[str, str] = {}

    def _call(self, method: str, path: str, **more: Any) -> httpx.Response:
        response = self.client.request(method, path, **more)
        words = str(more.get("json", ""))[:60]
        self.told.append(f"{method} {path} {words} -> {response.status_code}")
        assert response.status_code < 500, self.told[-1] + response.text
        return response

    # --- versions and their names

    def _know(self, name: str, number: str) -> None:
        if (name, number) not in self.versions:
            self.versions[name, number] = next(self.order)

    def _forget(self, name: str, number: str) -> None:
        del self.versions[name, number]
        for (owner, branch), numbers in self.members.items():
            if owner == name and number in numbers:
                numbers.discard(number)
                self._find_head(owner, branch, number)
        for place, version in list(self.deployed.items()):
            if (place[0], version) == (name, number):
                del self.deployed[place]
                self.events.append(("undeployed", name, number, place[1], place[2]))
        for release in [each for each in self.supported if each[:2] == (name, number)]:
            self.supported.discard(release)
            self.events.append(("support ended", name, number, release[2], ""))

    def _find_head(self, name: str, branch: str, gone: str) -> None:
        if self.heads.get((name, branch)) == gone:
            left = self.members[name, branch]
            if left:
                self.heads[name, branch] = max(left, key=lambda number: self.versions[name, number])
            else:
                self.heads.pop((name, branch), None)

    def _joins(self, name: str, number: str, branch: str) -> None:
        numbers = self.members.setdefault((name, branch), set())
        if number not in numbers:
            numbers.add(number)
            self.heads[name, branch] = number

    def publish(self, who: int, number: int, branch: int, content: int) -> None:
        consumer, version = CONSUMERS[who % 2], str(number % 3)
        path = f"/pacts/provider/{PROVIDERS[branch % 2]}/consumer/{consumer}/version/{version}"
        # The path differs, as an interaction is known by what it asks and not by its description.
        interactions = [self.interaction(each, path=f"/{each}") for each in CONTENTS[content % 3]]
        sent = self.document(consumer, PROVIDERS[branch % 2], *interactions)
        if self._call("PUT", path, json=sent).is_success:
            self._know(consumer, version)

    def branch(self, who: int, number: int, branch: int, _: int) -> None:
        name, version, line = NAMES[who % 4], str(number % 3), "mb"[branch % 2]
        self._call("PUT", f"/pacticipants/{name}/branches/{line}/versions/{version}", json={})
        self._know(name, version)
        self._joins(name, version, line)

    def unbranch(self, who: int, number: int, branch: int, _: int) -> None:
        name, version, line = NAMES[who % 4], str(number % 3), "mb"[branch % 2]
        if self._call("DELETE", f"/pacticipants/{name}/branches/{line}/versions/{version}").is_success:
            self.members[name, line].discard(version)
            self._find_head(name, line, version)

    def drop_branch(self, who: int, _: int, branch: int, __: int) -> None:
        name, line = NAMES[who % 4], "mb"[branch % 2]
        if self._call("DELETE", f"/pacticipants/{name}/branches/{line}").is_success:
            self.members.pop((name, line), None)
            self.heads.pop((name, line), None)

    def tag(self, who: int, number: int, tag: int, _: int) -> None:
        name, version = NAMES[who % 4], str(number % 3)
        self._call("PUT", f"/pacticipants/{name}/versions/{version}/tags/{'tu'[tag % 2]}", json={})
        self._know(name, version)

    def untag(self, who: int, number: int, tag: int, _: int) -> None:
        self._call("DELETE", f"/pacticipants/{NAMES[who % 4]}/versions/{number % 3}/tags/{'tu'[tag % 2]}")

    def drop_version(self, who: int, number: int, _: int, __: int) -> None:
        name, version = NAMES[who % 4], str(number % 3)
        if self._call("DELETE", f"/pacticipants/{name}/versions/{version}").is_success:
            self._forget(name, version)

    def drop_participant(self, who: int, _: int, __: int, ___: int) -> None:
        name = NAMES[who % 4]
        if self._call("DELETE", f"/pacticipants/{name}").is_success:
            for owner, number in [each for each in self.versions if each[0] == name]:
                self._forget(owner, number)
            self._forget_branches(name)

    def _forget_branches(self, name: str) -> None:
        for key in [each for each in self.members if each[0] == name]:
            del self.members[key]

    def drop_pact(self, who: int, number: int, provider: int, _: int) -> None:
        self._call(
            "DELETE", f"/pacts/provider/{PROVIDERS[provider % 2]}/consumer/{CONSUMERS[who % 2]}/version/{number % 3}"
        )

    def drop_integration(self, who: int, provider: int, _: int, __: int) -> None:
        pair = CONSUMERS[who % 2], PROVIDERS[provider % 2]
        if self._call("DELETE", f"/integrations/provider/{pair[1]}/consumer/{pair[0]}").is_success:
            # Versions left without contracts and results went too; which ones is not what is tested here.
            for name in pair:
                listed = self._call("GET", f"/pacticipants/{name}/versions")
                left = listed.json()["_embedded"]["versions"] if listed.is_success else []
                numbers = {each["number"] for each in left}
                for owner, number in [each for each in self.versions if each[0] == name and each[1] not in numbers]:
                    self._forget(owner, number)
                if not listed.is_success:
                    self._forget_branches(name)

    # --- results

    def verify(self, who: int, number: int, provider: int, how: int) -> None:
        consumer, name, version = CONSUMERS[who % 2], PROVIDERS[provider % 2], str(number % 3)
        pact = self._call("GET", f"/pacts/provider/{name}/consumer/{consumer}/latest")
        if not pact.is_success:
            return
        document = pact.json()
        path = httpx.URL(document["_links"]["pb:publish-verification-results"]["href"]).path
        if how % 5 == 0:
            path = path.split("/metadata/")[0].removesuffix("/verification-results")
            path += "/metadata/dz10cnVl/verification-results"  # w=true
        asked = [each["description"] for each in document["interactions"]]
        failed = {each for place, each in enumerate(asked) if how > 6 and how >> place & 1}
        body: dict[str, Any] = {"success": not failed, "providerApplicationVersion": version}
        if how % 3:
            body["testResults"] = [{"interactionDescription": each, "success": each not in failed} for each in asked]
        if not self._call("POST", path, json=body).is_success:
            return
        self._know(name, version)

    def drop_result(self, who: int, provider: int, _: int, __: int) -> None:
        pair = f"/pacts/provider/{PROVIDERS[provider % 2]}/consumer/{CONSUMERS[who % 2]}"
        newest = self._call("GET", f"{pair}/latest/verification-results/latest")
        if newest.is_success:
            self._call("DELETE", httpx.URL(newest.json()["_links"]["self"]["href"]).path)

    # --- environments

    def environment(self, which: int, drop: int, _: int, __: int) -> None:
        name = ("test", "production")[which % 2]
        if name not in self.environments:
            made = self._call("POST", "/environments", json={"name": name, "production": name == "production"})
            self.environments[name] = made.json()["uuid"]
        elif drop % 4 == 0:
            self._call("DELETE", f"/environments/{self.environments.pop(name)}")
            for place, version in list(self.deployed.items()):
                if place[1] == name:
                    del self.deployed[place]
                    self.events.append(("undeployed", place[0], version, name, place[2]))
            for release in [each for each in self.supported if each[2] == name]:
                self.supported.discard(release)
                self.events.append(("support ended", release[0], release[1], name, ""))

    def deploy(self, who: int, number: int, where: int, instance: int) -> None:
        name, version, environment, kind = self._place(who, number, where)
        if environment is None:
            return
        own = ("", "blue")[instance % 2]
        path = f"/pacticipants/{name}/versions/{version}/deployed-versions/environment/{environment}"
        if self._call("POST", path, json={"applicationInstance": own}).is_success:
            before = self.deployed.get((name, kind, own))
            if before == version:
                return
            if before is not None:
                self.events.append(("undeployed", name, before, kind, own))
            self.deployed[name, kind, own] = version
            self.events.append(("deployed", name, version, kind, own))

    def undeploy(self, _: int, __: int, where: int, which: int) -> None:
        kind = ("test", "production")[where % 2]
        if kind not in self.environments:
            return
        path = f"/environments/{self.environments[kind]}/deployed-versions/currently-deployed"
        live = self._call("GET", path).json()["_embedded"]["deployedVersions"]
        if live:
            chosen = live[which % len(live)]
            self._call(
                "PATCH", f"/deployed-versions/{chosen['uuid']}", json={"currentlyDeployed": False}, headers=MERGE_PATCH
            )
            name, own = chosen["_embedded"]["pacticipant"]["name"], chosen.get("applicationInstance", "")
            version = self.deployed.pop((name, kind, own))
            self.events.append(("undeployed", name, version, kind, own))

    def release(self, who: int, number: int, where: int, end: int) -> None:
        name, version, environment, kind = self._place(who, number, where)
        if environment is None:
            return
        path = f"/pacticipants/{name}/versions/{version}/released-versions/environment/{environment}"
        released = self._call("POST", path, json={})
        if not released.is_success:
            return
        if (name, version, kind) not in self.supported:
            self.supported.add((name, version, kind))
            self.events.append(("released", name, version, kind, ""))
        if end % 2:
            uuid = released.json()["uuid"]
            self._call("PATCH", f"/released-versions/{uuid}", json={"currentlySupported": False}, headers=MERGE_PATCH)
            self.supported.discard((name, version, kind))
            self.events.append(("support ended", name, version, kind, ""))

    def _place(self, who: int, number: int, where: int) -> tuple[str, str, str | None, str]:
        kind = ("test", "production")[where % 2]
        return NAMES[who % 4], str(number % 3), self.environments.get(kind), kind


@pytest.fixture(params=["sqlite", "postgresql"])
def stories(
    request: pytest.FixtureRequest,
    broker_with: Callable[..., Any],
    an_interaction: Callable[..., Any],
    pact_document: Callable[..., Any],
) -> Iterator[tuple[Any, Callable[[], Story]]]:
    """(the broker's engine, a new story in an emptied broker): one broker for all examples of a test."""
    from tallystick.broker import db
    from tallystick.broker.tables import metadata

    running = broker_with(
        kind=request.param,
        use_first_tag_as_branch=False,
        allow_dangerous_contract_modification=True,
        check_for_potential_duplicate_pacticipant_names=False,
    )
    with httpx.Client(base_url=running.url, timeout=30, verify=False) as client:

        def new() -> Story:
            with db.write(running.engine) as session:
                for table in reversed(metadata.sorted_tables):
                    if table.name != "schema_revision":
                        session.execute(table.delete())
            return Story(client, an_interaction, pact_document)

        yield running.engine, new
