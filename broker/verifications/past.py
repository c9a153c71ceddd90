"""The first change that broke an interaction: the provider's, the consumer's, both, or none that is known.

Pure. Between the last success and the first failure one side changed, or both did. The same interaction passed before
with the same provider: then the provider changed. It never did, but the form that it had in the consumer version
before does with the very version that fails: then the consumer changed. That older form passed only with provider
versions before: then both changed in between, and nothing tells them apart.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, NamedTuple, Self, TypeAlias

from tallystick.broker.http.checks import storable
from tallystick.broker.verifications.failures import Interval, Seen

Kind: TypeAlias = Literal["provider", "consumer", "both", "never-passed", "not-enough-history"]

MOST_PLACES: Final = 20
"""More places of an interaction that changed are not kept."""
_LONGEST: Final = 120
_COMMIT: Final = re.compile(r"[0-9a-f]{7,40}")


class Passed(NamedTuple):
    """A success that something is compared with: of which provider version, on which branch ("" for none)."""

    order: int
    version: str
    branch: str


class Place(NamedTuple):
    """Where an interaction asks for something else than before, in words: `response body`, `$.total`, `stricter`."""

    part: str
    path: str
    direction: str
    was: str | None
    now: str | None


@dataclass(frozen=True, slots=True)
class Background:
    """What is known of an interaction beyond the results on the branch where it never passed.

    `before` is the consumer version before the one that brought it; `form` the sha of the interaction there that it
    came from, None where it is new, with the `places` that changed. `elsewhere` is a success of the interaction itself
    on another branch, with the newest version before those that fail; `form_passed` the success of the older form that
    says most: with the newest version on the same branch, else with the newest before the failures.
    """

    before: str | None = None
    form: str | None = None
    places: tuple[Place, ...] = ()
    elsewhere: Passed | None = None
    form_passed: Passed | None = None

    def text(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def read(cls, text: str | None) -> Self | None:
        if text is None:
            return None
        sent: dict[str, Any] = json.loads(text)
        return cls(
            sent["before"],
            sent["form"],
            tuple(Place(*each) for each in sent["places"]),
            *(Passed(*each) if (each := sent[name]) is not None else None for name in ("elsewhere", "form_passed")),
        )


def cut(words: str | None) -> str | None:
    """Words of a contract, fit to be kept and short enough for a line."""
    if words is None:
        return None
    words = storable(words)
    return words if len(words) <= _LONGEST else words[: _LONGEST - 1] + "…"


# --- what is told -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Past:
    """What is recorded of one interaction that fails, or failed, on a branch of its provider ("" for none)."""

    provider: str
    branch: str
    consumer: str
    sha: str
    description: str
    interval: Interval
    consumer_version: str | None = None
    """The first consumer version that asked for the interaction as it is."""
    background: Background | None = None

    @property
    def first_change(self) -> FirstChange:
        return first_change(self)


@dataclass(frozen=True, slots=True)
class FirstChange:
    """Who changed what. `after` is the provider version that passed last; `sentence` tells it all."""

    kind: Kind
    sentence: str
    after: Passed | None = None
    before: str | None = None
    """The consumer version before the one that brought the interaction."""
    added: bool = False
    """The interaction is new, rather than changed."""
    places: tuple[Place, ...] = ()


def first_change(past: Past) -> FirstChange:
    """The first change that broke the interaction, as far as results tell."""
    interval, known = past.interval, past.background
    here = f"{past.provider} {interval.since.version}"
    if interval.passed is not None:
        after = Passed(interval.passed.order, interval.passed.version, past.branch)
        return FirstChange("provider", f"{here} broke it: it passed with {after.version}.", after)
    if known is None or past.consumer_version is None:
        return FirstChange("not-enough-history", "There is not enough history to say which change broke it.")
    if known.elsewhere is not None:
        return FirstChange(
            "provider", f"{here}{_on(past.branch)} broke it: it passed with {_where(known.elsewhere)}.", known.elsewhere
        )
    by = f"{past.consumer} {past.consumer_version}"
    if known.before is None:
        sentence = f"It never passed: no success with {past.provider} is recorded since {by} first asked for it."
        return FirstChange("never-passed", sentence)
    before, places = known.before, known.places
    if known.form is None:
        sentence = f"{by} brought it: {past.consumer} {before} did not ask for it, and it never passed."
        return FirstChange("consumer", sentence, before=before, added=True)
    what = f"{by} changed it{_in(places)}"
    older = f"what {past.consumer} {before} asked for"
    at = known.form_passed
    if at is None:
        sentence = f"It never passed: {what}, but no success of {older} is recorded either."
        return FirstChange("never-passed", sentence, before=before, places=places)
    if at.branch == past.branch and at.order >= interval.since.order:
        sentence = f"{what}: {older} passes with {past.provider} {at.version}."
        return FirstChange("consumer", sentence, before=before, places=places)
    sentence = f"Both changed since {past.provider} {_where(at)}, with which {older} passed: {what}, and {here} fails."
    return FirstChange("both", sentence, at, before, places=places)


def chosen(pasts: Sequence[Past], order: int, branches: Sequence[str]) -> Past | None:
    """Of the rows of failures of one interaction the one that a version is in; the longest, where branches differ.

    `branches` are those that the version is on now; results that came before it joined any count too.
    """
    covering = [each for each in pasts if each.branch in (*branches, "") and each.interval.covers(order)]
    return min(covering, key=lambda each: (each.interval.since.order, each.branch), default=None)


def commit_url(repository_url: str | None, version: str) -> str | None:
    """The page of a commit, where a version's number is one and the repository is on the web."""
    if not repository_url or not _COMMIT.fullmatch(version) or not repository_url.startswith(("https://", "http://")):
        return None
    home = repository_url.rstrip("/").removesuffix(".git")
    return f"{home}{'/-' if 'gitlab' in home else ''}/commit/{version}"


def _on(branch: str) -> str:
    return f" on branch {branch}" if branch else ""


def _where(at: Passed) -> str:
    return f"{at.version}{_on(at.branch)}"


def _in(places: Sequence[Place]) -> str:
    if not places:
        return ""
    names = [f"{each.part} {each.path}".strip() for each in places[:3]]
    more = f" and {len(places) - 3} more" if len(places) > 3 else ""
    return f" ({', '.join(names)}{more})"


def read(row: Any) -> Past:
    """A row of `failure_interval`. One that an older release wrote knows no places: they are 0."""
    first = Seen(row.since_order or 0, row.since_version, row.since_at, row.since_build_url)
    return Past(
        row.provider,
        row.branch,
        row.consumer,
        row.interaction_sha,
        row.description,
        Interval(
            first,
            first if row.failed_version is None else Seen(row.failed_order, row.failed_version, row.failed_at),
            None if row.passed_version is None else Seen(row.passed_order, row.passed_version, row.passed_at),
            None if row.until_version is None else Seen(row.until_order or 0, row.until_version, row.until_at),
        ),
        row.consumer_version,
        Background.read(row.background),
    )
