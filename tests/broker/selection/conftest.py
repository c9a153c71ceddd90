"""Asking for pacts to verify, and reading the answer as a list of short facts."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import httpx
import pytest


@pytest.fixture
def ask(client: httpx.Client) -> Callable[..., dict[str, Any]]:
    """`ask("Orders", {"mainBranch": True}, providerVersionBranch="main")` -> the whole document of a 200."""

    def asking(provider: str, *selectors: dict[str, Any], **members: Any) -> dict[str, Any]:
        body = {"includePendingStatus": False, **members}
        if selectors:
            body["consumerVersionSelectors"] = list(selectors)
        response = client.post(f"/pacts/provider/{provider}/for-verification", json=body)
        assert response.status_code == 200, response.text
        document: dict[str, Any] = response.json()
        return document

    return asking


@pytest.fixture
def chosen(ask: Callable[..., dict[str, Any]]) -> Callable[..., list[str]]:
    """The same as a list of "Web 1: latest from main branch", in the order of the answer."""

    def choosing(provider: str, *selectors: dict[str, Any], **members: Any) -> list[str]:
        pacts = ask(provider, *selectors, **members)["_embedded"]["pacts"]
        found = []
        for pact in pacts:
            consumer, number = (
                pact["_links"]["self"]["name"].removeprefix("Pact between ").split(") and ")[0].split(" (")
            )
            found.append(f"{consumer} {number}: {pact['shortDescription']}")
        return found

    return choosing


@pytest.fixture
def marks(ask: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """By "Web 1": the pending mark, or "wip" for what is work in progress."""

    def marking(provider: str, *selectors: dict[str, Any], **members: Any) -> dict[str, Any]:
        found = {}
        pacts = ask(provider, *selectors, **{"includePendingStatus": True, **members})["_embedded"]["pacts"]
        for pact in pacts:
            consumer, number = (
                pact["_links"]["self"]["name"].removeprefix("Pact between ").split(") and ")[0].split(" (")
            )
            properties = pact["verificationProperties"]
            found[f"{consumer} {number}"] = "wip" if properties.get("wip") else properties["pending"]
        return found

    return marking


@pytest.fixture
def remembered() -> Callable[[str], str]:
    """What the metadata segment of a link says, decoded."""

    def decoding(href: str) -> str:
        segment = href.rsplit("/metadata/", 1)[1]
        return unquote(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)).decode())

    return decoding
