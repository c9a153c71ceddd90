"""Random pasts, random questions: the answer over HTTP equals one computed by going through everything that happened.

The model below is written from the rules of the Pact Broker's matrix, in the plainest way: no indexes, no summaries.
"""

import random
from dataclasses import dataclass, field
from urllib.parse import urlencode

import pytest

APPS = ("A", "B", "C")
BRANCHES = ("main", "feat/x")
TAGS = ("dev", "prod")
ENVIRONMENTS = ("test", "production")


@dataclass
class Past:
    """Everything that happened, as lists; the order of `versions` is the order of creation."""

    versions: list = field(default_factory=list)  # (app, number)
    contracts: dict = field(default_factory=dict)  # (consumer version, provider) -> content
    results: list = field(default_factory=list)  # (consumer, provider, content, provider version, success)
    branches: dict = field(default_factory=dict)  # (app, branch) -> [versions as added]
    tags: set = field(default_factory=set)  # (version, tag)
    live: dict = field(default_factory=dict)  # (app, environment) -> version
    pairs: set = field(default_factory=set)  # (consumer, provider) that ever had a contract

    def see(self, version):
        if version not in self.versions:
            self.versions.append(version)

    def order(self, version):
        return self.versions.index(version)

    def of(self, app):
        return [version for version in self.versions if version[0] == app]

    def newest_results(self):
        newest = {}
        for consumer, provider, content, by, success in self.results:
            newest[consumer, provider, content, by] = success
        return newest


def happen(past, world, dice):
    """One random step, in the broker and in the past."""
    app = dice.choice(APPS)
    version = (app, str(dice.randint(1, 4)))
    text = " ".join(version)
    step = dice.choice(["publish", "publish", "verify", "verify", "verify", "branch", "tag", "deploy"])
    if step == "publish":
        provider = dice.choice([a for a in APPS if a != app])
        if (version, provider) not in past.contracts:
            content = dice.choice(("one", "two", "three"))
            world.published(text, to=provider, content=content)
            past.see(version)
            past.contracts[version, provider] = content
            past.pairs.add((app, provider))
    elif step == "verify" and past.contracts:
        (consumer, provider), content = dice.choice(sorted(past.contracts.items()))
        by = (provider, str(dice.randint(1, 4)))
        success = dice.random() < 0.7
        world.verified(" ".join(by), " ".join(consumer), success=success)
        past.see(by)
        past.results.append((consumer[0], provider, content, by, success))
    elif step == "branch":
        branch = dice.choice(BRANCHES)
        world.on_branch(text, branch)
        past.see(version)
        members = past.branches.setdefault((app, branch), [])
        if version not in members:
            members.append(version)
    elif step == "tag" and version in past.versions:
        tag = dice.choice(TAGS)
        # A young version without a branch gets one from its first tag; that rule is tested elsewhere.
        if any(version in members for members in past.branches.values()):
            world.tagged(text, tag)
            past.tags.add((version, tag))
    elif step == "deploy" and version in past.versions:
        environment = dice.choice(ENVIRONMENTS)
        world.deployed(text, to=environment)
        past.live[app, environment] = version


def select(past, app, wish):
    """The versions that a wish {member: value} means, or None for a bare name."""
    wish = {key: value for key, value in wish.items() if value}
    if not wish:
        return None
    found = past.of(app)
    line = "main" if wish.get("mainBranch") else wish.get("branch")
    latest = wish.get("latest")
    if wish.get("mainBranch") and (app, "main") not in past.branches:
        # Nobody added to "main" yet, so the application has no main branch.
        return []
    if "version" in wish:
        found = [v for v in found if v[1] == wish["version"]]
    if line:
        members = past.branches.get((app, line), [])
        found = [v for v in found if v in (members[-1:] if latest else members)]
    if "tag" in wish:
        found = [v for v in found if (v, wish["tag"]) in past.tags]
    if "environment" in wish:
        found = [v for v in found if past.live.get((app, wish["environment"])) == v]
    return sorted(found, key=past.order)[-1:] if latest else found


def model(past, selectors, destination, latest_by):
    """(deployable, rows) by the rules."""
    chosen = [(app, select(past, app, wish)) for app, wish in selectors]
    named = {app for app, _ in selectors}
    nothing = any(found == [] for _, found in chosen)
    infer = len(selectors) == 1 or destination is not None
    required, optional = set(), set()
    if infer:
        for app, found in chosen:
            for consumer, provider in past.pairs:
                if consumer == app and (
                    found is None or any((version, provider) in past.contracts for version in found)
                ):
                    required.add((consumer, provider))
                if provider == app:
                    optional.add((consumer, provider))
    else:
        required = {pair for pair in past.pairs if set(pair) <= named}
    everybody = list(chosen)
    if destination is not None:
        for app in {a for pair in required | optional for a in pair} - named:
            everybody.append((app, select(past, app, destination)))

    def takes_part(version):
        return any(app == version[0] and (found is None or version in found) for app, found in everybody)

    apps = {app for app, _ in everybody}
    alone = len(selectors) == 1 and len(apps) == 1
    rows = []
    for (consumer, provider), content in past.contracts.items():
        results = {
            by: success
            for (c, p, what, by), success in past.newest_results().items()
            if (c, p, what) == (consumer[0], provider, content)
        }
        if alone:
            as_consumer = takes_part(consumer)
            shown = {by: s for by, s in results.items() if as_consumer or takes_part(by)}
            rows += [(consumer, provider, by, success) for by, success in shown.items()]
            if as_consumer and not results:
                rows.append((consumer, provider, None, None))
        elif takes_part(consumer) and provider in apps and {consumer[0], provider} & named:
            shown = {by: success for by, success in results.items() if takes_part(by)}
            rows += [(consumer, provider, by, success) for by, success in shown.items()]
            if not shown:
                rows.append((consumer, provider, None, None))
    if latest_by == "cvp":
        groups = {}
        for row in rows:
            groups.setdefault(row[:2], []).append(row)
        rows = [max(group, key=lambda row: -1 if row[2] is None else past.order(row[2])) for group in groups.values()]
    successes = [success for *_, success in rows]
    missing = [pair for pair in required if pair not in {(consumer[0], provider) for consumer, provider, *_ in rows}]
    if nothing:
        deployable = False
    elif None in successes or missing:
        deployable = None
    else:
        deployable = all(successes)
    return deployable, sorted(rows, key=str)


def ask(dice):
    """A random question: selectors, destination, latestby; and its query string."""
    apps = dice.sample(APPS, dice.choice((1, 1, 1, 2)))
    selectors = []
    for app in apps:
        wish = dice.choice(
            [
                {"version": str(dice.randint(1, 4))},
                {"version": str(dice.randint(1, 4))},
                {"latest": "true"},
                {"branch": dice.choice(BRANCHES)},
                {"branch": dice.choice(BRANCHES), "latest": "true"},
                {"tag": dice.choice(TAGS)},
                {"tag": dice.choice(TAGS), "latest": "true"},
                {"mainBranch": "true", "latest": "true"},
                {"environment": dice.choice(ENVIRONMENTS)},
                {},
            ]
        )
        selectors.append((app, wish))
    destination = dice.choice(
        [
            None,
            {"environment": "production"},
            {"environment": "test"},
            {"latest": "true"},
            {"tag": "prod", "latest": "true"},
            {"tag": "dev"},
            {"mainBranch": "true", "latest": "true"},
        ]
    )
    latest_by = dice.choice(("cvpv", "cvp"))
    query = [("latestby", latest_by)]
    for app, wish in selectors:
        query += [("q[][pacticipant]", app), *((f"q[][{key}]", value) for key, value in wish.items())]
    query += list((destination or {}).items())
    return selectors, destination, latest_by, query


def shown(document):
    rows = []
    for row in document["matrix"]:
        consumer, provider, result = row["consumer"], row["provider"], row["verificationResult"]
        by = provider["version"] and (provider["name"], provider["version"]["number"])
        rows.append(
            ((consumer["name"], consumer["version"]["number"]), provider["name"], by, result and result["success"])
        )
    return sorted(rows, key=str)


@pytest.mark.parametrize("seed", range(8))
def test_the_matrix_is_what_the_rules_say(world, client, seed):
    dice = random.Random(seed)
    past = Past()
    for app in APPS:
        world.participant(app)
    for environment in ENVIRONMENTS:
        world.environment(environment)
    for _ in range(3):
        for _ in range(14):
            happen(past, world, dice)
        for _ in range(25):
            selectors, destination, latest_by, query = ask(dice)
            answer = client.get(f"/matrix?{urlencode(query)}")
            assert answer.status_code == 200, answer.text
            document = answer.json()
            expected = model(past, selectors, destination, latest_by)
            assert (document["summary"]["deployable"], shown(document)) == expected, (query, past)
