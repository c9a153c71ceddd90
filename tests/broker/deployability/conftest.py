"""Documents of the matrix as the wire has them, written by hand for comparison with whole answers."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import httpx
import pytest


def place(name: str, *, production: bool = False) -> dict[str, Any]:
    return {
        "uuid": "{uuid}",
        "name": name,
        "displayName": name.capitalize(),
        "production": production,
        "createdAt": "{time}",
        "_links": {"self": {"href": "{base}/environments/{uuid}"}},
    }


def version(
    name: str,
    number: str,
    *,
    branches: Mapping[str, bool] | None = None,
    tags: Mapping[str, bool] | None = None,
    live: Sequence[dict[str, Any]] = (),
) -> dict[str, Any]:
    """`branches` and `tags` say of each name whether this version is the newest."""
    home = "{base}/pacticipants/" + quote(name, safe="")
    on = [
        {
            "name": branch,
            "latest": latest,
            "_links": {"self": {"href": f"{home}/branches/{quote(branch, safe='')}/versions/{number}"}},
        }
        for branch, latest in (branches or {}).items()
    ]
    return {
        "number": number,
        "branch": on[-1]["name"] if on else None,
        "branches": on,
        "branchVersions": on,
        "environments": list(live),
        "_links": {"self": {"href": f"{home}/versions/{number}"}},
        "tags": [
            {"name": tag, "latest": latest, "_links": {"self": {"href": f"{home}/versions/{number}/tags/{tag}"}}}
            for tag, latest in (tags or {}).items()
        ],
    }


def side(name: str, shown: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "name": name,
        "version": shown,
        "_links": {"self": {"href": "{base}/pacticipants/" + quote(name, safe="")}},
    }


def matrix_row(
    consumer: tuple[str, dict[str, Any]],
    provider: tuple[str, dict[str, Any] | None],
    sha: str = "",
    number: int | None = None,
    success: bool | None = None,
    *,
    ignored: bool = False,
) -> dict[str, Any]:
    """A row; without `success` it is unverified."""
    pair = "{base}/pacts/provider/" + quote(provider[0], safe="") + "/consumer/" + quote(consumer[0], safe="")
    told = base64.urlsafe_b64encode(f"cvn={consumer[1]['number']}".encode()).decode().rstrip("=")
    row: dict[str, Any] = {
        "consumer": side(*consumer),
        "provider": side(*provider),
        "pact": {"createdAt": "{time}", "_links": {"self": {"href": f"{pair}/version/{consumer[1]['number']}"}}},
        "verificationResult": None
        if success is None
        else {
            "success": success,
            "verifiedAt": "{time}",
            "_links": {"self": {"href": f"{pair}/pact-version/{sha}/metadata/{told}/verification-results/{number}"}},
        },
    }
    return {**row, "ignored": True} if ignored else row


class Docs:
    place = staticmethod(place)
    version = staticmethod(version)
    row = staticmethod(matrix_row)


@pytest.fixture
def docs() -> type[Docs]:
    """`docs.row(("Web", docs.version("Web", "1")), ("Orders", None))`."""
    return Docs


@pytest.fixture
def ask(client: httpx.Client) -> Callable[..., dict[str, Any]]:
    """`ask("q[][pacticipant]=Web…")`: the whole document of /matrix, which must be a 200."""

    def get(query: str) -> dict[str, Any]:
        response = client.get(f"/matrix?{query}")
        assert response.status_code == 200, response.text
        document: dict[str, Any] = response.json()
        return document

    return get


@pytest.fixture
def table() -> Callable[[Mapping[str, Any]], list[tuple[Any, ...]]]:
    """The rows of an answer in short: (consumer, version, provider, version or None, success or None)."""

    def shorten(document: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        return [
            (
                row["consumer"]["name"],
                row["consumer"]["version"]["number"],
                row["provider"]["name"],
                row["provider"]["version"] and row["provider"]["version"]["number"],
                row["verificationResult"] and row["verificationResult"]["success"],
            )
            for row in document["matrix"]
        ]

    return shorten
