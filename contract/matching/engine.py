"""Requests, responses and messages made ready once and compared with many actuals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tallystick.contract import content_types
from tallystick.contract.http_text import parse_query
from tallystick.contract.matching import parts, regexes, rule_tree
from tallystick.contract.matching.body import BodyCheck, expected_type
from tallystick.contract.matching.findings import Findings
from tallystick.contract.matching.outcome import OK, Outcome
from tallystick.contract.matching.rule_tree import ReadyRule
from tallystick.contract.model import (
    ActualMessage,
    ActualRequest,
    ActualResponse,
    Headers,
    HttpInteraction,
    HttpRequest,
    HttpResponse,
    Interaction,
    MessageContents,
)


def _merged(found: Iterable[Findings]) -> Outcome:
    dirty = [one for one in found if not one.clean]
    if not dirty:
        return OK
    return Outcome(
        tuple(mismatch for one in dirty for mismatch in one.mismatches),
        tuple(undecided for one in dirty for undecided in one.undecided),
    )


def _content_type_header(headers: Headers | None) -> str:
    for name, values in (headers or {}).items():
        if name.lower() == "content-type":
            return values[0] if values else ""
    return ""


def _http_body(expected: HttpRequest | HttpResponse, rules: Mapping[str, ReadyRule], *, strict: bool) -> BodyCheck:
    return BodyCheck(
        expected.body,
        expected_type(expected.body, content_types.in_headers(expected.headers)),
        _content_type_header(expected.headers),
        expected.rules.get("body", {}),
        strict,
        False,
        rules.get("content-type"),
    )


class CompiledRequest:
    """An expected request made ready."""

    def __init__(self, expected: HttpRequest) -> None:
        self.expected = expected
        self._path = parts.whole_rule(expected.rules.get("path"))
        self._query = parts.named_rules(expected.rules.get("query"))
        self._headers = parts.named_rules(expected.rules.get("header"), ignore_case=True)
        self._body = _http_body(expected, self._headers, strict=True)

    def match(self, actual: ActualRequest) -> Outcome:
        """Compare every part, in the order method, path, query, headers, body."""
        regexes.new_run()
        return _merged(self.findings(actual))

    def findings(self, actual: ActualRequest) -> tuple[Findings, ...]:
        expected = self.expected
        received = parts.received_headers(actual.headers)
        method, path, query, header, body = (
            Findings("method"),
            Findings("path"),
            Findings("query"),
            Findings("header"),
            Findings("body"),
        )
        parts.method(method, expected.method, actual.method)
        parts.path(path, expected.path, actual.path, self._path)
        if expected.query or actual.query:
            parts.query(query, expected.query, parse_query(actual.query or ""), self._query_rule)
        if expected.headers:
            parts.headers(header, expected.headers, received, self._headers)
        if expected.body.state != "missing":
            self._body.check(actual.content, content_types.in_headers(actual.headers), _first(received), body)
        return method, path, query, header, body

    def _query_rule(self, name: str) -> tuple[ReadyRule, bool] | None:
        rule = self._query.get(name)
        return None if rule is None else (rule, False)


class CompiledResponse:
    """An expected response made ready."""

    def __init__(self, expected: HttpResponse) -> None:
        self.expected = expected
        self._status = parts.whole_rule(expected.rules.get("status"))
        self._headers = parts.named_rules(expected.rules.get("header"), ignore_case=True)
        self._body = _http_body(expected, self._headers, strict=False)

    def match(self, actual: ActualResponse) -> Outcome:
        """Compare every part, in the order body, status, headers."""
        regexes.new_run()
        expected = self.expected
        received = parts.received_headers(actual.headers)
        body, status, header = Findings("body"), Findings("status"), Findings("header")
        if expected.body.state != "missing":
            self._body.check(actual.content, content_types.in_headers(actual.headers), _first(received), body)
        parts.status(status, expected.status, actual.status, self._status)
        if expected.headers:
            parts.headers(header, expected.headers, received, self._headers)
        return _merged((body, status, header))


class CompiledMessage:
    """Expected message contents made ready."""

    def __init__(self, expected: MessageContents) -> None:
        self.expected = expected
        stated = content_types.in_metadata(expected.metadata)
        self._metadata = rule_tree.tree(expected.rules.get("metadata", {}))
        self._body = BodyCheck(
            expected.body,
            expected_type(expected.body, stated),
            str(stated or ""),
            expected.rules.get("body", {}),
            of_message=True,
        )

    def match(self, actual: ActualMessage) -> Outcome:
        """Compare the contents, then the metadata."""
        regexes.new_run()
        body, metadata = Findings("body"), Findings("metadata")
        stated = content_types.parse(actual.content_type) if actual.content_type else None
        stated = stated or content_types.in_metadata(actual.metadata)
        self._body.check(actual.content, stated, actual.content_type or str(stated or ""), body)
        if self.expected.metadata:
            parts.metadata(metadata, self.expected.metadata, actual.metadata, self._metadata)
        return _merged((body, metadata))


def _first(received: Mapping[str, list[str]]) -> str:
    values = received.get("content-type")
    return values[0] if values else ""


def compile_request(expected: HttpRequest) -> CompiledRequest:
    """Make an expected request ready for many comparisons."""
    return CompiledRequest(expected)


def compile_response(expected: HttpResponse) -> CompiledResponse:
    """Make an expected response ready for many comparisons."""
    return CompiledResponse(expected)


def compile_message(expected: MessageContents) -> CompiledMessage:
    """Make expected message contents ready for many comparisons."""
    return CompiledMessage(expected)


def match_request(expected: HttpRequest, actual: ActualRequest) -> Outcome:
    """What differs between an expected request and one that came. Never raises on what came."""
    return CompiledRequest(expected).match(actual)


def match_response(expected: HttpResponse, actual: ActualResponse) -> Outcome:
    """What differs between an expected response and one that came. Never raises on what came."""
    return CompiledResponse(expected).match(actual)


def match_message(expected: MessageContents, actual: ActualMessage) -> Outcome:
    """What differs between an expected message and one that was made. Never raises on what was made."""
    return CompiledMessage(expected).match(actual)


@dataclass(frozen=True, slots=True)
class Candidate:
    """How near an interaction comes to a request."""

    interaction: HttpInteraction
    outcome: Outcome
    score: int

    @property
    def is_addressed(self) -> bool:
        """Method and path fit: the request meant this interaction, even where the rest differs."""
        return not any(mismatch.part in ("method", "path") for mismatch in self.outcome.mismatches)


def nearest(interactions: Iterable[Interaction], actual: ActualRequest) -> list[Candidate]:
    """Every HTTP interaction beside the request, best first and in the given order where equal.

    The score is that of Pact, "Choosing an interaction": a point for each part, parameter and header that fits, one
    less for each that doesn't and for each path of the body that differs.
    """
    found = [_candidate(one, actual) for one in interactions if isinstance(one, HttpInteraction)]
    return sorted(found, key=lambda candidate: -candidate.score)


def _candidate(interaction: HttpInteraction, actual: ActualRequest) -> Candidate:
    regexes.new_run()
    expected = interaction.request
    found = _prepared(expected).findings(actual)
    method, path, query, header, body = found
    score = (1 if method.clean else -1) + (1 if path.clean else -1)
    names = set(expected.query or {}) | set(parse_query(actual.query or ""))
    wrong = {one.path for one in query.mismatches} | {one.path for one in query.undecided}
    score += len(names) - 2 * len({name for name in names if name in wrong or parts.name_path(name) in wrong})
    wrong_headers = {one.path.lower() for one in header.mismatches} | {one.path.lower() for one in header.undecided}
    for name in expected.headers or {}:
        score += -1 if {name.lower(), parts.name_path(name.lower())} & wrong_headers else 1
    score -= len({mismatch.path for mismatch in body.mismatches})
    return Candidate(interaction, _merged(found), score)


_PREPARED_LIMIT = 4096
_prepared_requests: dict[int, Any] = {}


def _prepared(expected: HttpRequest) -> CompiledRequest:
    """A request made ready, kept for as long as the same value is asked about.

    Kept by identity: the entry holds the value itself, so its id cannot come to mean another, and values are frozen.
    """
    known: CompiledRequest | None = _prepared_requests.get(id(expected))
    if known is None or known.expected is not expected:
        if len(_prepared_requests) >= _PREPARED_LIMIT:
            _prepared_requests.clear()
        known = _prepared_requests[id(expected)] = CompiledRequest(expected)
    return known
