"""Which contracts a provider build asks for: consumer version selectors, doubted and turned into values.

Pure: JSON in, `Selector` values or sentences out. What a selector means in rows is `selection.queries`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tallystick.broker.http.checks import LONGEST_NAME, text_complaints

BRANCH_LIKE: Final = ("latest", "tag", "fallbackTag", "branch", "fallbackBranch", "matchingBranch", "mainBranch")
ENVIRONMENT_LIKE: Final = ("environment", "deployed", "released", "deployedOrReleased")
ONLY_TRUE: Final = ("mainBranch", "matchingBranch", "deployed", "released", "deployedOrReleased")
TEXTS: Final = ("tag", "fallbackTag", "fallbackBranch", "environment", "consumer")

_SNAKE: Final = {
    "main_branch": "mainBranch",
    "matching_branch": "matchingBranch",
    "fallback_tag": "fallbackTag",
    "fallback_branch": "fallbackBranch",
    "deployed_or_released": "deployedOrReleased",
}


@dataclass(frozen=True, slots=True)
class Selector:
    """One consumer version selector. `branch` "" with `every_branch` means the head of each branch.

    `default` marks the selectors that stand in when a request names none: the main branch of each consumer, or what
    comes nearest to one.
    """

    consumer: str | None = None
    main_branch: bool = False
    branch: str | None = None
    every_branch: bool = False
    matching_branch: bool = False
    tag: str | None = None
    latest: bool = False
    fallback_tag: str | None = None
    environment: str | None = None
    deployed: bool = False
    released: bool = False
    default: bool = False


DEFAULT: Final = (Selector(default=True), Selector(deployed=True), Selector(released=True))
"""What is verified when a request has no selectors."""


def complaints(raw: Sequence[Any], provider_branch: str | None, environments: frozenset[str]) -> list[str]:
    """Every reason to refuse these selectors, each naming the selector by its place in the list.

    `environments` are the names that exist among those mentioned (see `environments_named`).
    """
    found: list[str] = []
    for index, selector in enumerate(raw):
        if not isinstance(selector, Mapping):
            found.append(f"must be a hash (at index {index})")
            continue
        members = _members(selector)
        wrong = list(_wrong_types(members)) or list(_broken_rules(members, provider_branch, environments))
        found.extend(f"{sentence} (at index {index})" for sentence in wrong)
    return found


def environments_named(raw: Sequence[Any]) -> frozenset[str]:
    """The environment names that the selectors mention, to be looked up before `complaints` is asked."""
    names = [_members(s).get("environment") for s in raw if isinstance(s, Mapping)]
    return frozenset(name for name in names if isinstance(name, str))


def unknown_members(raw: Sequence[Any]) -> list[str]:
    """Names inside the selectors that mean nothing: they are ignored, and named to whoever sent them."""
    known = {*BRANCH_LIKE, *ENVIRONMENT_LIKE, "consumer"}
    names = (_SNAKE.get(str(key), str(key)) for selector in raw if isinstance(selector, Mapping) for key in selector)
    return sorted({name for name in names if name not in known})


def parse(raw: Sequence[Mapping[str, Any]]) -> tuple[Selector, ...]:
    """The selectors as values; none given means `DEFAULT`. Call it only with what `complaints` let pass.

    `deployedOrReleased` and a bare `environment` become two selectors each, as both are unions.
    """
    if not raw:
        return DEFAULT
    parsed: list[Selector] = []
    for selector in raw:
        members = _members(selector)
        consumer, environment = members.get("consumer"), members.get("environment")
        bare = environment is not None and not any(members.get(key) for key in ENVIRONMENT_LIKE[1:])
        if bare or members.get("deployedOrReleased"):
            parsed.append(Selector(consumer=consumer, environment=environment, deployed=True))
            parsed.append(Selector(consumer=consumer, environment=environment, released=True))
            continue
        branch = members.get("branch")
        parsed.append(
            Selector(
                consumer=consumer,
                main_branch=bool(members.get("mainBranch")),
                branch=branch if isinstance(branch, str) else None,
                every_branch=branch is True,
                matching_branch=bool(members.get("matchingBranch")),
                tag=members.get("tag"),
                latest=bool(members.get("latest")),
                fallback_tag=members.get("fallbackTag"),
                environment=environment,
                deployed=bool(members.get("deployed")),
                released=bool(members.get("released")),
            )
        )
    return tuple(dict.fromkeys(parsed))


def _members(selector: Mapping[str, Any]) -> dict[str, Any]:
    """The known members by their camelCase names; null is absence, as clients send both."""
    return {_SNAKE.get(key, key): value for key, value in selector.items() if value is not None}


def _wrong_types(members: Mapping[str, Any]) -> list[str]:
    wrong = [f"{key} must be true" for key in ONLY_TRUE if key in members and members[key] is not True]
    for key in TEXTS:
        if key in members:
            wrong += _text_complaints(key, members[key])
    if "branch" in members and members["branch"] is not True:
        branch = members["branch"]
        wrong += (
            ["branch must be a string or true"] if not isinstance(branch, str) else _text_complaints("branch", branch)
        )
    if "latest" in members and not isinstance(members["latest"], bool):
        wrong.append("latest must be boolean")
    return wrong


def _text_complaints(key: str, value: Any) -> list[str]:
    return [
        f"{key} {message}"
        for message in text_complaints(value, filled=True, blank=False, lines=True, longest=LONGEST_NAME)
    ]


def _broken_rules(members: Mapping[str, Any], provider_branch: str | None, environments: frozenset[str]) -> list[str]:
    """The rules on combinations; the wire's own words are free, clients only print them."""
    broken: list[str] = []
    has = members.__contains__
    latest_off = members.get("latest") is False
    by_branch = [key for key in BRANCH_LIKE if has(key)]
    by_environment = [key for key in ENVIRONMENT_LIKE if has(key)]

    chosen = [key for key in by_branch if key in ("mainBranch", "branch", "matchingBranch", "tag")]
    if not by_environment and not chosen and members.get("latest") is not True:
        broken.append(
            "must specify a value for at least one of mainBranch, branch, matchingBranch, tag, environment, "
            "deployed, released, deployedOrReleased, or latest: true"
        )
    if by_branch and by_environment:
        broken.append(f"cannot specify {_list(by_environment)} together with {_list(by_branch)}")
    exclusive = [key for key in ("deployed", "released", "deployedOrReleased") if has(key)]
    if len(exclusive) > 1:
        broken.append(f"cannot specify more than one of {_list(exclusive)}")
    for key, allowed in (("mainBranch", ("mainBranch", "latest")), ("matchingBranch", ("matchingBranch", "latest"))):
        others = [other for other in by_branch if other not in allowed]
        if has(key) and others:
            broken.append(f"cannot specify {key} together with {_list(others)}, only with consumer")
        if has(key) and latest_off:
            broken.append(f"cannot specify {key}: true together with latest: false")
    if has("matchingBranch") and not provider_branch:
        broken.append("cannot use matchingBranch: true without a providerVersionBranch in the request")
    if has("branch") and has("tag"):
        broken.append("cannot specify both branch and tag")
    if has("branch") and latest_off:
        broken.append("cannot specify branch together with latest: false")
    if has("fallbackTag") and not (has("tag") and members.get("latest") is True):
        broken.append("fallbackTag needs a tag and latest: true")
    if has("fallbackBranch") and not has("branch"):
        broken.append("fallbackBranch needs a branch")
    if has("fallbackBranch") and latest_off:
        broken.append("cannot specify fallbackBranch together with latest: false")
    if has("environment") and members["environment"] not in environments:
        broken.append(f'environment with name "{members["environment"]}" does not exist')
    return broken


def _list(keys: Sequence[str]) -> str:
    return ", ".join(keys)
