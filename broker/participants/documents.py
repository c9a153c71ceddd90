"""Participants, versions, branches, tags and labels as HAL documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tallystick.broker.http import pages
from tallystick.broker.http.hal import moment, present, times
from tallystick.broker.http.links import Link, Links, link, segment, templated
from tallystick.broker.http.pages import Page
from tallystick.broker.participants.queries import Surroundings

DEPRECATED = "DEPRECATED - please use the {} relation"


# --- participants -------------------------------------------------------------------------------------------------


def participant(
    row: Any, links: Links, *, labels: Sequence[str], latest: str | None, deployed: Sequence[Any] | None = None
) -> dict[str, Any]:
    """One participant; `deployed` only where it stands alone."""
    own = links.participant(row.name)
    embedded: dict[str, Any] = {
        "labels": [{"name": name, "_links": {"self": link(links.label(row.name, name))}} for name in labels]
    }
    if latest is not None:
        short = {"number": latest, "_links": {"self": link(links.version(row.name, latest))}}
        embedded["latestVersion"] = short
        embedded["latest-version"] = {
            "title": "DEPRECATED - please use latestVersion",
            "name": "DEPRECATED - please use latestVersion",
            **short,
        }
    relations: dict[str, Any] = {
        "self": link(own),
        "pb:versions": link(links.versions(row.name)),
        "pb:branches": link(links.branches(row.name)),
    }
    if deployed is not None:
        relations["pb:deployed-environments"] = [
            link(
                links.deployed_version(each.uuid),
                "Version deployed to environment",
                each.display_name or each.name,
                currently_deployed=True,
            )
            for each in deployed
        ]
    relations |= {
        "pb:version": templated(f"{own}/versions/{{version}}", "Get, create or delete a pacticipant version"),
        "pb:version-tag": templated(
            f"{own}/versions/{{version}}/tags/{{tag}}", "Get, create or delete a tag of a version"
        ),
        "pb:branch-version": templated(
            f"{own}/branches/{{branch}}/versions/{{version}}", "Get or add/create a pacticipant version for a branch"
        ),
        "pb:label": templated(f"{own}/labels/{{label}}", "Get, create or delete a label"),
        "pb:can-i-deploy-badge": templated(
            f"{own}/latest-version/{{tag}}/can-i-deploy/to/{{environmentTag}}/badge",
            "The can-i-deploy badge of the latest version with a tag",
        ),
        "pb:can-i-deploy-branch-to-environment-badge": templated(
            f"{own}/branches/{{branch}}/latest-version/can-i-deploy/to-environment/{{environment}}/badge",
            "The can-i-deploy badge of a branch and an environment",
        ),
        "versions": link(links.versions(row.name), DEPRECATED.format("pb:versions")),
        "curies": links.curies("pacticipant"),
    }
    return {
        **present(
            {
                "name": row.name,
                "displayName": row.display_name,
                "repositoryUrl": row.repository_url,
                "repositoryName": row.repository_name,
                "repositoryNamespace": row.repository_namespace,
                "mainBranch": row.main_branch or None,
                "ts:staticEvidence": row.static_evidence or None,
            }
        ),
        **times(row.created_at, row.updated_at),
        "_embedded": embedded,
        "_links": relations,
    }


def participants(
    rows: Sequence[Any],
    links: Links,
    *,
    labels: Mapping[int, Sequence[str]],
    latest: Mapping[int, str],
    url: str,
    page: Page | None,
    total: int,
    legacy: bool,
) -> dict[str, Any]:
    """The list; `legacy` repeats the members at the top level, where an old client reads them."""
    members = [participant(row, links, labels=labels.get(row.id, ()), latest=latest.get(row.id)) for row in rows]
    relations: dict[str, Any] = {
        "self": link(url),
        "pb:pacticipants-with-label": templated(f"{links.participants()}/label/{{label}}"),
        "pb:pacticipants": [link(links.participant(row.name), "Pacticipant", row.name) for row in rows],
        "pacticipants": [
            link(links.participant(row.name), DEPRECATED.format("pb:pacticipants"), row.name) for row in rows
        ],
        **pages.links(page, total, url),
    }
    document: dict[str, Any] = {"_embedded": {"pacticipants": members}}
    if legacy:
        title = "DEPRECATED - please use the embedded pacticipants collection"
        document["pacticipants"] = [{"title": title, **member} for member in members]
    return {**document, "_links": relations, **pages.members(page, total)}


def label(row: Any, participant_name: str, links: Links) -> dict[str, Any]:
    return {
        "name": row.name,
        "createdAt": moment(row.created_at),
        "_links": {
            "self": link(links.label(participant_name, row.name), "Label", row.name),
            "pacticipant": link(links.participant(participant_name), "Pacticipant", participant_name),
        },
    }


def labels(rows: Sequence[Any], links: Links, url: str, page: Page | None, total: int) -> dict[str, Any]:
    return {
        "_embedded": {"labels": [{"name": row.name} for row in rows]},
        "_links": {"self": link(url, "Labels"), **pages.links(page, total, url)},
        **pages.members(page, total),
    }


# --- versions -----------------------------------------------------------------------------------------------------


def version(
    row: Any,
    participant_name: str,
    links: Links,
    around: Surroundings,
    *,
    url: str | None = None,
    environments: Sequence[Any] | None = None,
) -> dict[str, Any]:
    """One version. `url` is what was asked for, where that is its self; `environments` are those it may go to."""
    number = row.number
    own = links.version(participant_name, number)
    relations: dict[str, Any] = {
        "self": link(url or own, "Version", number),
        "pb:pacticipant": link(links.participant(participant_name), "Pacticipant", participant_name),
        "pb:tag": templated(f"{own}/tags/{{tag}}", "Get, create or delete a tag for this pacticipant version"),
        "pb:latest-verification-results-where-pacticipant-is-consumer": link(
            f"{links.base}/verification-results/consumer/{segment(participant_name)}/version/{segment(number)}/latest",
            "Latest verification results for consumer version",
        ),
        "pb:pact-versions": [
            link(
                links.pact(participant_name, provider, number),
                "Pact",
                f"Pact between {participant_name} ({number}) and {provider}",
            )
            for provider in around.pacts.get(row.id, ())
        ],
        "pb:deployed-environments": [
            link(
                links.deployed_version(each.uuid),
                "Version deployed to environment",
                each.display_name or each.name,
                currently_deployed=each.currently_deployed,
                application_instance=each.application_instance or None,
            )
            for each in around.deployed.get(row.id, ())
        ],
        "pb:released-environments": [
            link(
                links.released_version(each.uuid),
                "Version released to environment",
                each.display_name or each.name,
                currently_supported=each.currently_supported,
            )
            for each in around.released.get(row.id, ())
        ],
    }
    if environments is not None:
        relations["pb:record-deployment"] = [
            link(
                links.record_deployment(participant_name, number, each.uuid),
                f"Record deployment to {each.display_name or each.name}",
                each.name,
            )
            for each in environments
        ]
        relations["pb:record-release"] = [
            link(
                links.record_release(participant_name, number, each.uuid),
                f"Record release to {each.display_name or each.name}",
                each.name,
            )
            for each in environments
        ]
    relations["curies"] = links.curies("version")
    return {
        **present({"number": number, "buildUrl": row.build_url}),
        **times(row.created_at, row.updated_at),
        "_embedded": {
            "branchVersions": [
                {
                    "name": each.name,
                    "latest": bool(each.is_head),
                    "_links": {
                        "self": link(
                            links.branch_version(participant_name, each.name, number), "Branch version", each.name
                        )
                    },
                }
                for each in around.branches.get(row.id, ())
            ],
            "tags": [
                {"name": name, "_links": {"self": link(links.tag(participant_name, number, name), "Tag", name)}}
                for name in around.tags.get(row.id, ())
            ],
        },
        "_links": relations,
    }


def versions(
    rows: Sequence[Any],
    participant_name: str,
    links: Links,
    around: Surroundings,
    url: str,
    page: Page | None,
    total: int,
) -> dict[str, Any]:
    each: list[Link] = [link(links.version(participant_name, row.number), f"Version {row.number}") for row in rows]
    return {
        "_embedded": {"versions": [version(row, participant_name, links, around) for row in rows]},
        "_links": {
            "self": link(url, f"All application versions of {participant_name}"),
            "pb:pacticipant": link(links.participant(participant_name), participant_name),
            "pb:versions": each,
            "pacticipant": link(links.participant(participant_name), participant_name),
            "versions": each,
            **pages.links(page, total, url),
        },
        **pages.members(page, total),
    }


# --- branches and tags --------------------------------------------------------------------------------------------


def branch(row: Any, participant_name: str, links: Links) -> dict[str, Any]:
    own = links.branch(participant_name, row.name)
    return {
        "name": row.name,
        **times(row.created_at, row.updated_at),
        "_links": {
            "self": link(own, "Branch"),
            "pb:latest-version": link(f"{own}/latest-version", "Latest version for branch"),
        },
    }


def branches(
    rows: Sequence[Any], participant_name: str, links: Links, url: str, page: Page | None, total: int
) -> dict[str, Any]:
    return {
        "_embedded": {"branches": [branch(row, participant_name, links) for row in rows]},
        "_links": {
            "self": link(url, f"{participant_name} branches"),
            "pb:branches": [link(links.branch(participant_name, row.name), name=row.name) for row in rows],
            **pages.links(page, total, url),
        },
        **pages.members(page, total),
    }


def branch_version(row: Any, participant_name: str, branch_name: str, number: str, links: Links) -> dict[str, Any]:
    return {
        "createdAt": moment(row.created_at),
        "_links": {
            "self": link(links.branch_version(participant_name, branch_name, number), "Branch version"),
            "pb:branch": link(links.branch(participant_name, branch_name), "Branch", branch_name),
            "pb:version": link(links.version(participant_name, number), "Pacticipant version", number),
        },
    }


def tag(row: Any, participant_name: str, number: str, links: Links) -> dict[str, Any]:
    return {
        "name": row.name,
        "createdAt": moment(row.created_at),
        "_links": {
            "self": link(links.tag(participant_name, number, row.name), "Tag", row.name),
            "version": link(links.version(participant_name, number), "Version", number),
            "pacticipant": link(links.participant(participant_name), "Pacticipant", participant_name),
        },
    }
