"""Answers: HAL documents as bytes, with the headers that clients expect. Documents are plain dicts, built by routes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
from starlette.responses import Response

from tallystick.broker.http.media import HAL


def moment(at: datetime) -> str:
    """`2024-05-01T10:00:00+00:00`: UTC, no fraction."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00")


def present(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document without members that are None: resources leave them out."""
    return {key: value for key, value in document.items() if value is not None}


def times(created_at: datetime, updated_at: datetime | None) -> dict[str, str]:
    """`createdAt`, and `updatedAt` when it says something else."""
    shown = {"createdAt": moment(created_at)}
    if updated_at is not None and (changed := moment(updated_at)) != shown["createdAt"]:
        shown["updatedAt"] = changed
    return shown


def answer(
    document: Any,
    *,
    status: int = 200,
    media_type: str = HAL,
    location: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A JSON answer of some media type."""
    return raw(orjson.dumps(document), status=status, media_type=media_type, location=location, headers=headers)


def raw(
    body: bytes | str,
    *,
    status: int = 200,
    media_type: str = HAL,
    location: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """An answer whose body is ready."""
    response = Response(body, status_code=status, headers=dict(headers or {}))
    response.headers["content-type"] = f"{media_type};charset=utf-8"
    if location is not None:
        response.headers["location"] = location
    return response


def created(document: Any, location: str | None = None) -> Response:
    return answer(document, status=201, location=location)


def nothing() -> Response:
    """204."""
    return Response(status_code=204)
