"""Publishing, asking and recording, as operations; the rest of the broker's resources is in `resources`."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any, Final, Literal, get_args

from tallystick.client_sdk.broker_client.errors import NotAHalBroker, NotFound, Refused
from tallystick.client_sdk.broker_client.results import (
    Cause,
    Deployability,
    Deployment,
    MatrixRow,
    Notice,
    Published,
    Selector,
    Verdict,
)
from tallystick.client_sdk.broker_client.wire import Call, Operation, embedded, link, links, segments
from tallystick.contract import model, reading

CONTRACTS: Final = "pb:publish-contracts"


def index() -> Operation[Any]:
    """The broker's index. Raises `NotAHalBroker` when the answer is no index."""
    answer = yield Call("GET", "/")
    if not isinstance(answer.document, dict) or "_links" not in answer.document:
        raise NotAHalBroker("the index", "it has no links")
    return answer.document


def publish(
    contracts: Sequence[bytes],
    *,
    version: str,
    branch: str | None = None,
    build_url: str | None = None,
    tags: Sequence[str] = (),
    merge: bool = False,
) -> Operation[list[Published]]:
    """Publish contract files for a version of their consumer, a request for each pair of consumer and provider.

    Every file is read before anything is sent. Files of one pair are joined first.
    """
    pairs = joined([reading.read(content) for content in contracts], contracts)
    home = yield from index()
    url = link(home, CONTRACTS, where="the index")
    done = []
    for (consumer, provider), content in pairs.items():
        body: dict[str, Any] = {
            "pacticipantName": consumer,
            "pacticipantVersionNumber": version,
            "tags": list(tags),
            "contracts": [
                {
                    "consumerName": consumer,
                    "providerName": provider,
                    "specification": "pact",
                    "contentType": "application/json",
                    "content": base64.b64encode(content).decode("ascii"),
                    "onConflict": "merge" if merge else "overwrite",
                }
            ],
        }
        if branch:
            body["branch"] = branch
        if build_url:
            body["buildUrl"] = build_url
        answer = yield Call("POST", url, body)
        document = answer.document if isinstance(answer.document, dict) else {}
        told = document.get("notices") or [
            {"type": entry.get("level", "info"), "text": entry.get("message", "")} for entry in document.get("logs", [])
        ]
        done.append(
            Published(
                consumer,
                provider,
                version,
                tuple(Notice(str(n.get("type", "info")), str(n.get("text", ""))) for n in told),
                next((str(one["href"]) for one in links(document, "pb:contracts") if "href" in one), None),
                document,
            )
        )
    return done


def joined(contracts: Sequence[model.Contract], sources: Sequence[bytes]) -> dict[tuple[str, str], bytes]:
    """One document for each pair; a single file goes out as it is, byte for byte."""
    pairs: dict[tuple[str, str], tuple[model.Contract, bytes | None]] = {}
    for contract, source in zip(contracts, sources, strict=True):
        pair = (contract.consumer, contract.provider)
        if pair in pairs:
            from tallystick.contract import merging

            pairs[pair] = (merging.merge(pairs[pair][0], contract, strict=True), None)
        else:
            pairs[pair] = (contract, source)
    out = {}
    for pair, (contract, original) in pairs.items():
        if original is None:
            from tallystick.contract import writing

            original = writing.write(contract)
        out[pair] = original
    return out


def matrix(
    selectors: Sequence[Selector],
    *,
    to_environment: str | None = None,
    to_tag: str | None = None,
    to_main_branches: bool = False,
    ignore: Sequence[Selector] = (),
    limit: int | None = None,
    latest_by: str | None = None,
    success: Sequence[bool | None] = (),
    single_latest: bool = True,
    static_evidence: bool | None = None,
) -> Operation[Deployability]:
    """Ask the matrix, and its decision. The words of the query are the official clients'.

    `static_evidence`: whether comparisons with API descriptions may answer where results are owed; None leaves it to
    what the providers said once and for all.
    """
    query: list[tuple[str, str]] = []
    for selector in selectors:
        query += _selector_query("q", selector)
    for ignored in ignore:
        query += _selector_query("ignore", ignored)
    by = latest_by or ("cvpv" if to_environment or len(selectors) > 1 else "cvp")
    query.append(("latestby", by))
    if to_environment:
        query.append(("environment", to_environment))
    if to_main_branches:
        query.append(("mainBranch", "true"))
    if to_tag:
        query.append(("tag", to_tag))
    if (len(selectors) == 1 and not to_environment and single_latest) or to_tag or to_main_branches:
        query.append(("latest", "true"))
    if limit is not None:
        query.append(("limit", str(limit)))
    if static_evidence is not None:
        query.append(("staticEvidence", str(static_evidence).lower()))
    query += [("success[]", "" if wish is None else str(wish).lower()) for wish in success]
    answer = yield Call("GET", "/matrix", query=tuple(query))
    return deployability(answer.document)


def deployability(document: Any) -> Deployability:
    """The answer of the matrix as a value. Raises `NotAHalBroker` for what is none."""
    if not isinstance(document, dict) or not isinstance(document.get("summary"), dict):
        raise NotAHalBroker("the matrix", "its answer has no summary")
    summary = document["summary"]
    deployable = summary.get("deployable")
    said = summary.get("ts:verdict")
    verdict: Verdict = said if said in get_args(Verdict) else _verdict(deployable)
    causes = tuple(
        Cause(
            str(one.get("kind", "")),
            str(one.get("sentence", "")),
            (one.get("unblockedBy") or {}).get("pacticipant"),
            one.get("nextCommand"),
            tuple(one.get("interactions") or ()),
            one,
        )
        for one in summary.get("ts:causes") or ()
    )
    notices = tuple(
        Notice(str(one.get("type", "info")), str(one.get("text", ""))) for one in document.get("notices") or ()
    )
    return Deployability(
        verdict,
        deployable if isinstance(deployable, bool) else None,
        str(summary.get("reason") or ""),
        tuple(_row(row) for row in document.get("matrix") or ()),
        notices,
        causes,
        document,
    )


Recorded = Literal["deployment", "release"]


def record(
    kind: Recorded, pacticipant: str, version: str, environment: str, instance: str | None = None
) -> Operation[Deployment]:
    """Record that a version is deployed to, or released in, an environment."""
    try:
        answer = yield Call("GET", segments("pacticipants", pacticipant, "versions", version))
    except NotFound as missing:
        raise NotFound(
            missing.url,
            f"version {version} of {pacticipant}",
            "Publish its contracts or its verification results first, or check name and version",
        ) from None
    offered = links(answer.document, f"pb:record-{kind}")
    target = next((one for one in offered if one.get("name") == environment), None)
    if target is None:
        names = ", ".join(sorted(str(one.get("name")) for one in offered)) or "none"
        raise Refused(
            environment,
            404,
            (
                f"there is no environment {environment!r}; the broker knows {names}. "
                f"Create it with: tallystick create-environment --name {environment}",
            ),
        )
    body = {"applicationInstance": instance, "target": instance} if instance else {}
    answer = yield Call("POST", str(target["href"]), body)
    url = link(answer.document, "self", where="the new deployment") if _has_self(answer.document) else None
    return Deployment(pacticipant, version, environment, instance, url, answer.document)


def end(
    kind: Recorded, pacticipant: str, environment: str, *, instance: str | None = None, version: str | None = None
) -> Operation[list[Deployment]]:
    """Record that what is deployed (or released, then with its version) in an environment is so no more."""
    from tallystick.client_sdk.broker_client.resources import environment_named

    place = yield from environment_named(environment)
    answer = yield Call("GET", segments("environments", place.uuid))
    if kind == "deployment":
        relation, name = "pb:currently-deployed-deployed-versions", "deployedVersions"
    else:
        relation, name = "pb:currently-supported-released-versions", "releasedVersions"
    url = link(answer.document, relation, where=f"environment {environment}")
    answer = yield Call("GET", url, query=(("pacticipant", pacticipant),))
    there = [
        one
        for one in embedded(answer.document, name)
        if one.get("_embedded", {}).get("pacticipant", {}).get("name") == pacticipant
        and (version is None or _number(one) == version)
    ]
    found = [one for one in there if kind == "release" or _instance(one) == instance]
    if not found:
        raise Refused(environment, 404, (_nothing_to_end(kind, pacticipant, environment, instance, version, there),))
    ended = []
    change = {"currentlyDeployed": False} if kind == "deployment" else {"currentlySupported": False}
    for one in found:
        url = link(one, "self", where="the deployed version")
        answer = yield Call("PATCH", url, change, "application/merge-patch+json")
        ended.append(Deployment(pacticipant, _number(one), environment, _instance(one), url, answer.document))
    return ended


def _nothing_to_end(
    kind: Recorded, pacticipant: str, environment: str, instance: str | None, version: str | None, there: list[Any]
) -> str:
    what = pacticipant + (f" {version}" if version else "")
    if kind == "release" or not there:
        word = "deployed" if kind == "deployment" else "released"
        return f"{what} is not recorded as {word} in {environment}"
    names = ", ".join(_instance(one) or "(without a name)" for one in there)
    wish = f"as instance {instance!r}" if instance else "without an instance"
    return f"{what} is not deployed in {environment} {wish}; its instances there: {names}"


def _selector_query(group: str, selector: Selector) -> list[tuple[str, str]]:
    out = [(f"{group}[][pacticipant]", selector.pacticipant)]
    if selector.version is not None:
        out.append((f"{group}[][version]", selector.version))
    if selector.branch is not None:
        out.append((f"{group}[][branch]", selector.branch))
    if selector.main_branch:
        out.append((f"{group}[][mainBranch]", "true"))
    if selector.tag is not None:
        out.append((f"{group}[][tag]", selector.tag))
    if selector.latest:
        out.append((f"{group}[][latest]", "true"))
    if selector.environment is not None:
        out.append((f"{group}[][environment]", selector.environment))
    return out


def _verdict(deployable: object) -> Verdict:
    if deployable is None:
        return "unknown"
    return "yes" if deployable is True else "no"


_BY_OUTCOME: Final = {"compatible": True, "incompatible": False}


def _row(row: Any) -> MatrixRow:
    consumer, provider = row.get("consumer") or {}, row.get("provider") or {}
    result = row.get("verificationResult") or {}
    static = row.get("ts:evidence") == "static"
    compared = (row.get("ts:comparison") or {}) if static else {}
    return MatrixRow(
        str(consumer.get("name", "")),
        str((consumer.get("version") or {}).get("number", "")),
        str(provider.get("name", "")),
        (provider.get("version") or {}).get("number"),
        _BY_OUTCOME.get(str(compared.get("outcome"))) if static else result.get("success"),
        bool(row.get("ignored")),
        result.get("verifiedAt"),
        (((compared or result).get("_links") or {}).get("self") or {}).get("href"),
        static,
    )


def _has_self(document: Any) -> bool:
    return bool(links(document, "self"))


def _instance(deployed: Any) -> str | None:
    return deployed.get("applicationInstance") or deployed.get("target") or None


def _number(deployed: Any) -> str:
    return str(deployed.get("_embedded", {}).get("version", {}).get("number", ""))
