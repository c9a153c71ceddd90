"""The verifier's few conversations with a broker, over its HAL links and the verifier's own light connection.

Selecting what a build must verify, reading contracts, publishing results, and asking what is live where. Everything
else that talks to a broker uses the SDK's client; this one exists because a verification of one interaction should
not pay for loading a full HTTP client.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from tallystick.contract import json_text
from tallystick.verifier.addresses import Tls, base_address, basic, split_url
from tallystick.verifier.problems import ReplayFailed
from tallystick.verifier.wire import Answer, Connection

Document: TypeAlias = dict[str, Any]

ATTEMPTS: Final = 4
_LIMIT: Final = 256 * 1024 * 1024


@dataclass(eq=False)
class BrokerFailed(Exception):
    """The broker did not give what was asked: what was asked, why it failed, what to do."""

    asked: str
    why: str
    fix: str = ""
    status: int | None = None

    def __str__(self) -> str:
        return f"{self.asked}: {self.why}" + (f" ({self.fix})" if self.fix else "")


class Broker:
    """A broker at a base URL. One connection; not for two threads at once."""

    def __init__(
        self,
        base_url: str,
        *,
        username: str = "",
        password: str = "",
        token: str = "",
        tls: Tls | None = None,
        proxy: str | None = None,
        headers: Sequence[tuple[str, str]] = (),
        timeout_seconds: float = 30.0,
        pause_seconds: float = 0.5,
    ):
        self.address = base_address(base_url)
        self.base_url = str(self.address)
        user, secret = username or self.address.user, password or self.address.password
        self._headers = [("Accept", "application/hal+json, application/json"), *headers]
        if token:
            self._headers.append(("Authorization", f"Bearer {token}"))
        elif user:
            self._headers.append(("Authorization", basic(user, secret)))
        self._timeout, self._pause = timeout_seconds, pause_seconds
        self._connection = Connection(
            self.address, tls=tls, proxy=base_address(proxy) if proxy else None, limit_bytes=_LIMIT
        )
        self._index: Document | None = None

    def close(self) -> None:
        self._connection.close()

    # -- the words of HAL ----------------------------------------------------------------------------------------

    def index(self) -> Document:
        """The links of the broker's front page; fetched once."""
        if self._index is None:
            self._index = self.get(self.address.base_path or "/")
        return self._index

    def get(self, href: str) -> Document:
        return self.request("GET", href)

    def request(self, method: str, href: str, body: object = None) -> Document:
        """The JSON object that a link answers with. Raises BrokerFailed for anything else.

        Only path and query of a link are used: the host is the one that was given, as other clients do. A GET, and
        what a busy server refused (503, 429), is asked again a few times.
        """
        target = self._target(href)
        content = b"" if body is None else json_text.dumps(body)  # type: ignore[arg-type]
        headers = self._headers if body is None else [*self._headers, ("Content-Type", "application/json")]
        pause = self._pause
        for left in range(ATTEMPTS - 1, -1, -1):
            try:
                answer = self._connection.exchange(method, target, headers, content, timeout_seconds=self._timeout)
            except ReplayFailed as failed:
                refused = failed.problem.kind == "connection-failed"
                if not left or refused or method != "GET":
                    fix = f"is a broker running at {self.base_url}?" if refused else ""
                    raise BrokerFailed(
                        f"{method} {self.base_url}{_short(target)}", failed.problem.sentence, fix
                    ) from None
            else:
                again = answer.status in (429, 503) or (method == "GET" and answer.status in (500, 502, 504))
                if not left or not again:
                    return self._document(method, target, answer)
            time.sleep(pause)
            pause *= 2
        raise AssertionError("unreachable")

    def _target(self, href: str) -> str:
        if "://" not in href:
            return href
        try:
            return split_url(href)[1]
        except ValueError as error:
            raise BrokerFailed(f"a link of the broker at {self.base_url}", str(error)) from None

    def _document(self, method: str, target: str, answer: Answer) -> Document:
        asked = f"{method} {self.base_url}{_short(target)}"
        if answer.status == 401:
            fix = "give --broker-username and --broker-password, or --broker-token"
            raise BrokerFailed(asked, "the broker wants to know who you are (401)", fix, 401)
        if answer.status == 403:
            raise BrokerFailed(
                asked, "the broker does not allow it (403)", "ask for the right, or use another token", 403
            )
        value: object = None
        if "json" in (answer.header("content-type") or ""):
            try:
                value = json_text.loads(answer.content)
            except ValueError as error:
                raise BrokerFailed(asked, f"its answer is not valid JSON: {error}", status=answer.status) from None
        if not 200 <= answer.status < 300:
            said = _said(value) or answer.content[:200].decode("utf-8", "replace").strip()
            raise BrokerFailed(asked, f"status {answer.status}" + (f": {said}" if said else ""), status=answer.status)
        if answer.status == 204 or not answer.content:
            return {}
        if not isinstance(value, dict):
            raise BrokerFailed(asked, "its answer is not a JSON object", "is this the address of a Pact broker?")
        return value

    def follow(self, document: Document, relation: str, **variables: str) -> str:
        """The href of a relation, its template filled in. Raises BrokerFailed when the broker has no such link."""
        entry = link(document, relation)
        if entry is None:
            raise BrokerFailed(
                f"the broker at {self.base_url}", f"has no link {relation!r}", "is this the address of a Pact broker?"
            )
        return expand(entry, variables)

    # -- what a verification asks ------------------------------------------------------------------------------

    def contracts_for(self, provider: str, query: Document) -> list[Document]:
        """Entries of what a provider's build must verify: link, why it was selected, pending, WIP, notices."""
        href = self.follow(self.index(), "pb:provider-pacts-for-verification", provider=provider)
        try:
            found = self.request("POST", href, query)
        except BrokerFailed as failed:
            if failed.status == 404:
                return []  # a provider that the broker never heard of owes nothing
            raise
        entries = found.get("_embedded", {}).get("pacts", [])
        if not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
            raise BrokerFailed(f"the broker at {self.base_url}", "its list of contracts to verify is not a list")
        return entries

    def environments(self) -> list[Document]:
        return _embedded(self.get(self.follow(self.index(), "pb:environments")), "environments")

    def live_in(self, environment: Document) -> Iterator[Document]:
        """What is deployed or released in an environment, as the broker's documents, deployed first."""
        for relation, name in (
            ("pb:currently-deployed-deployed-versions", "deployedVersions"),
            ("pb:currently-supported-released-versions", "releasedVersions"),
        ):
            entry = link(environment, relation)
            if entry is not None:
                yield from _embedded(self.get(expand(entry, {})), name)


def link(document: Document, relation: str) -> Mapping[str, Any] | None:
    """The link object of a relation; the first of several."""
    found = document.get("_links", {}).get(relation) if isinstance(document.get("_links"), dict) else None
    if isinstance(found, list):
        found = found[0] if found else None
    return found if isinstance(found, dict) and isinstance(found.get("href"), str) else None


def expand(entry: Mapping[str, Any], variables: Mapping[str, str]) -> str:
    """The href with `{name}` filled in, every reserved character encoded, so that a slash stays in its segment."""
    href: str = entry["href"]
    if "{" in href:
        from urllib.parse import quote

        for name, value in variables.items():
            href = href.replace("{" + name + "}", quote(value, safe=""))
    return href


def _embedded(document: Document, name: str) -> list[Document]:
    found = document.get("_embedded", {}).get(name, [])
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def _said(value: object) -> str:
    """What an error document says: classic `errors`, `error`, or a problem's title and detail."""
    if not isinstance(value, dict):
        return ""
    errors = value.get("errors")
    if isinstance(errors, dict):
        return "; ".join(f"{k}: {', '.join(map(str, v)) if isinstance(v, list) else v}" for k, v in errors.items())
    if isinstance(errors, list):
        return "; ".join(map(str, errors))
    for name in ("error", "detail", "title", "message"):
        if isinstance(value.get(name), str):
            return str(value[name])
        if isinstance(value.get(name), dict) and isinstance(value[name].get("message"), str):
            return str(value[name]["message"])
    return ""


def _short(target: str) -> str:
    return target if len(target) <= 120 else target[:117] + "..."
