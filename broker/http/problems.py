"""Refusals as HTTP: the classic shapes, and problem+json where the request's Accept names it.

`PROBLEMS` is the one table from refusal to status; a test asks that it is complete.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

from starlette.responses import Response

from tallystick.broker import errors
from tallystick.broker.http import hal
from tallystick.broker.http.media import HAL, HTML, JSON, PROBLEM

PROBLEMS: Final[dict[type[errors.Refusal], tuple[int, str]]] = {
    # refusal: (status, shape)
    errors.NotFound: (404, "not-found"),
    errors.UnknownParticipant: (404, "unknown"),
    errors.Invalid: (400, "fields"),
    errors.InvalidQuery: (400, "sentences"),
    errors.Malformed: (400, "server-error"),
    errors.UnsupportedType: (415, "empty"),
    errors.NotAcceptable: (406, "empty"),
    errors.Unprocessable: (422, "fields"),
    errors.Forbidden: (403, "sentences"),
    errors.TooLarge: (413, "server-error"),
    errors.Conflict: (409, "own"),
    errors.ContractChangedForVersion: (409, "server-error"),
}


def register(refusal: type[errors.Refusal], status: int, shape: str) -> None:
    """A feature's own refusal. Shapes: fields, sentences, unknown, not-found, server-error (one sentence), empty."""
    PROBLEMS[refusal] = (status, shape)


def response(refusal: errors.Refusal, *, base: str, wants_problem: bool, wants_page: bool = False) -> Response:
    """The answer to a request that was refused."""
    status, shape = PROBLEMS[type(refusal)]
    if wants_page and status == 404:
        return page(str(refusal), status)
    if shape == "empty":
        return Response(status_code=status)
    if shape == "own":
        assert isinstance(refusal, errors.Conflict)
        if refusal.document is None:
            return Response(status_code=status)
        if isinstance(refusal.document, str):
            return hal.raw(refusal.document, status=status, media_type=refusal.media_type)
        return hal.answer(refusal.document, status=status, media_type=refusal.media_type)
    if wants_problem:
        return hal.answer(_problem(refusal, shape, status, base), status=status, media_type=PROBLEM)
    document, media_type = _classic(refusal, shape)
    return hal.answer(document, status=status, media_type=media_type)


def page(text: str, status: int) -> Response:
    """The same for a browser: a page with one sentence."""
    title = "Not found" if status == 404 else "Something went wrong"
    body = f"<h1>{title}</h1><p>{escape(text)}</p>"
    return hal.raw(f"<!doctype html><title>{title}</title>{body}", status=status, media_type=HTML)


def _classic(refusal: Any, shape: str) -> tuple[Any, str]:
    if shape == "fields":
        return {"errors": {key: list(messages) for key, messages in refusal.errors.items()}}, HAL
    if shape == "sentences":
        return {"errors": list(refusal.messages)}, HAL
    return {"error": str(refusal)}, JSON if shape == "not-found" else HAL


def _problem(refusal: Any, shape: str, status: int, base: str) -> dict[str, Any]:
    if shape == "fields":
        return _validation(
            [
                {**_item(message, base), "pointer": "/" + place.replace(".", "/")}
                for key, messages in refusal.errors.items()
                for place, message in _pointed(key, messages)
            ],
            status,
            base,
        )
    if shape == "sentences":
        items = [
            {
                "type": f"{base}/problems/invalid-body-property-value",
                "title": "Invalid body parameter",
                "detail": message,
            }
            for message in refusal.messages
        ]
        return _validation(items, status, base)
    if shape == "not-found":
        return {
            "title": "404 Not Found",
            "type": f"{base}/problem/not-found",
            "detail": str(refusal),
            "status": status,
        }
    if shape == "unknown":
        return {"title": "Not found", "type": f"{base}/problem/not-found", "detail": str(refusal), "status": status}
    # The incumbent's quirk: the body says 500 although the answer is a 4xx, and clients know it so.
    return {"title": "Server error", "type": f"{base}/problem/server-error", "detail": str(refusal), "status": 500}


def _pointed(key: str, messages: Sequence[str]) -> list[tuple[str, str]]:
    """A message about the n-th member of a list points at that member."""
    pointed = []
    for message in messages:
        head, marker, tail = message.rpartition(" (at index ")
        index = tail.removesuffix(")")
        pointed.append((f"{key}.{index}" if marker and index.isdecimal() and head else key, message))
    return pointed


def _item(message: str, base: str) -> dict[str, Any]:
    kind = "invalid-body-property-value"
    if "missing" in message:
        kind = "missing-body-property"
    elif "format" in message:
        kind = "invalid-body-property-format"
    return {"type": f"{base}/problems/{kind}", "title": "Invalid body parameter", "detail": message}


def _validation(items: Sequence[Mapping[str, Any]], status: int, base: str) -> dict[str, Any]:
    return {
        "title": "Validation errors",
        "type": f"{base}/problems/validation-error",
        "status": status,
        "instance": "/",
        "errors": list(items),
    }


def unexpected(reference: str, *, base: str, wants_problem: bool, wants_page: bool = False) -> Response:
    """500: nothing of the failure is shown but a reference, under which it stands in the log."""
    text = f"An error has occurred. The details have been logged with the reference {reference}"
    if wants_page:
        return page(text, 500)
    if wants_problem:
        document = {
            "title": "Server error",
            "type": f"{base}/problems/server-error",
            "detail": text,
            "status": 500,
        }
        return hal.answer(document, status=500, media_type=PROBLEM)
    return hal.answer({"error": {"message": text, "reference": reference}}, status=500)
