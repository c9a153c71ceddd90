"""The broker's clients: the same operations, one waits for each answer, the other awaits it.

A call is repeated only when its connection fails: reads whatever the failure, writes only when the connection was
never made, so that nothing is done twice.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeVar
from urllib.parse import quote, urlencode

import httpx

from tallystick.client_sdk.broker_client import operations, resources
from tallystick.client_sdk.broker_client.errors import (
    BrokerFailed,
    NotAHalBroker,
    NotAuthorised,
    NotFound,
    Refused,
    Unreachable,
    messages_of,
)
from tallystick.client_sdk.broker_client.wire import HAL, Answer, Call, Operation, parsed, resolve
from tallystick.client_sdk.version import VERSION

P = ParamSpec("P")
R = TypeVar("R")

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class _Client:
    """What both clients share: the address, the credentials, what to make of an answer."""

    def __init__(
        self,
        base_url: str | None = None,
        *,
        username: str | None = None,
        password: str | None = None,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_seconds: float = 30,
        retries: int = 3,
        ca_file: str | None = None,
        verify_certificate: bool = True,
    ) -> None:
        env = os.environ.get
        self.base_url = (base_url or env("PACT_BROKER_BASE_URL") or "").rstrip("/")
        if not self.base_url.startswith(("http://", "https://")):
            raise ValueError(
                f"{self.base_url or 'nothing'!r} is no broker's address; "
                "give a URL such as http://localhost:9292, or set PACT_BROKER_BASE_URL"
            )
        if token is None and username is None:
            token, username, password = (
                env("PACT_BROKER_TOKEN"),
                env("PACT_BROKER_USERNAME"),
                env("PACT_BROKER_PASSWORD"),
            )
        self._credentials = "bearer" if token else "basic" if username else "none"
        self.retries = retries
        self._options: dict[str, Any] = {
            "headers": {"User-Agent": f"tallystick/{VERSION}", "Accept": HAL, **(headers or {})},
            "timeout": timeout_seconds,
            "follow_redirects": True,
        }
        if token:
            self._options["headers"]["Authorization"] = f"Bearer {token}"
        elif username:
            self._options["auth"] = (username, password or "")
        if self.base_url.startswith("https://"):
            self._options["verify"] = _trust(ca_file, verify_certificate)

    def _request(self, call: Call) -> dict[str, Any]:
        url = resolve(self.base_url, call.url)
        if call.query:
            # Not as `params`: httpx would put equal names together, and their order says which selector is whose.
            url += ("&" if "?" in url else "?") + urlencode(call.query, quote_via=quote)
        request: dict[str, Any] = {"method": call.method, "url": url}
        if call.body is not None:
            request["json"] = call.body
            request["headers"] = {"Content-Type": call.content_type}
        return request

    def _again(self, call: Call, failure: httpx.TransportError, attempt: int) -> float:
        """Seconds to wait before the call is repeated. Raises `Unreachable` when it must not be."""
        harmless = call.method == "GET" or isinstance(failure, _NEVER_SENT)
        if attempt >= self.retries or not harmless or _hopeless(failure):
            raise Unreachable(self.base_url, _reason(failure), _hint(failure, call)) from None
        return float(min(4.0, 0.2 * 2**attempt) * (0.75 + random.random() / 2))

    def _answer(self, call: Call, response: httpx.Response) -> Answer:
        url, status = str(response.request.url), response.status_code
        document = None
        try:
            document = parsed(response.content)
        except ValueError:
            if status < 400:
                kind = response.headers.get("content-type", "no content type")
                raise NotAHalBroker(url, f"it answers {kind} instead of JSON") from None
        if status < 300 or status in call.allow:
            return Answer(status, document, dict(response.headers))
        if status in (401, 403):
            raise NotAuthorised(url, status, self._credentials)
        if status == 404:
            raise NotFound(url, "", "; ".join(messages_of(document)))
        if status >= 500:
            raise BrokerFailed(url, status, messages_of(document))
        raise Refused(url, status, messages_of(document), document)


def _dress(method: Any, operation: Callable[..., Any]) -> None:
    """Name, text and signature of the operation, as a method: for `help()`, editors and the reference."""
    method.__name__, method.__doc__ = operation.__name__, operation.__doc__
    asked = inspect.signature(operation)
    itself = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    gives = str(asked.return_annotation).removeprefix("Operation[").removesuffix("]")
    method.__signature__ = asked.replace(parameters=[itself, *asked.parameters.values()], return_annotation=gives)


def _sync(operation: Callable[P, Operation[R]]) -> Callable[Concatenate[BrokerClient, P], R]:
    def method(self: BrokerClient, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.run(operation(*args, **kwargs))

    _dress(method, operation)
    return method


def _async(operation: Callable[P, Operation[R]]) -> Callable[Concatenate[AsyncBrokerClient, P], Awaitable[R]]:
    def method(self: AsyncBrokerClient, /, *args: P.args, **kwargs: P.kwargs) -> Awaitable[R]:
        return self.run(operation(*args, **kwargs))

    _dress(method, operation)
    return method


class BrokerClient(_Client):
    """A broker, asked and told. Use it as a context manager, or `close` it.

    Address and credentials default to `PACT_BROKER_BASE_URL`, `PACT_BROKER_USERNAME` and `PACT_BROKER_PASSWORD`, or
    `PACT_BROKER_TOKEN`.
    """

    def __init__(self, base_url: str | None = None, *, transport: httpx.BaseTransport | None = None, **options: Any):
        super().__init__(base_url, **options)
        self._http = httpx.Client(transport=transport, **self._options)

    def run(self, operation: Operation[R]) -> R:
        """Carry an operation out, call by call."""
        try:
            call = next(operation)
            while True:
                try:
                    answer = self._call(call)
                except Exception as failure:
                    call = operation.throw(failure)
                else:
                    call = operation.send(answer)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]

    def _call(self, call: Call) -> Answer:
        attempt = 0
        while True:
            try:
                response = self._http.request(**self._request(call))
                return self._answer(call, response)
            except httpx.TransportError as failure:
                time.sleep(self._again(call, failure, attempt))
                attempt += 1

    def close(self) -> None:
        """End the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, t: TracebackType | None) -> None:
        self.close()

    index = _sync(operations.index)
    publish = _sync(operations.publish)
    matrix = _sync(operations.matrix)
    can_i_deploy = _sync(operations.matrix)
    record = _sync(operations.record)
    end = _sync(operations.end)
    environments = _sync(resources.environments)
    environment = _sync(resources.environment)
    create_environment = _sync(resources.create_environment)
    update_environment = _sync(resources.update_environment)
    delete_environment = _sync(resources.delete_environment)
    pacticipants = _sync(resources.pacticipants)
    pacticipant = _sync(resources.pacticipant)
    create_or_update_pacticipant = _sync(resources.create_or_update_pacticipant)
    delete_pacticipant = _sync(resources.delete_pacticipant)
    version = _sync(resources.version)
    versions = _sync(resources.versions)
    create_or_update_version = _sync(resources.create_or_update_version)
    delete_version_tag = _sync(resources.delete_version_tag)
    branches = _sync(resources.branches)
    delete_branch = _sync(resources.delete_branch)
    latest_contracts = _sync(resources.latest_contracts)
    contract = _sync(resources.contract)
    contract_at = _sync(resources.contract_at)
    provider_states = _sync(resources.provider_states)
    webhooks = _sync(resources.webhooks)
    webhook = _sync(resources.webhook)
    create_webhook = _sync(resources.create_webhook)
    create_or_update_webhook = _sync(resources.create_or_update_webhook)
    test_webhook = _sync(resources.test_webhook)
    delete_webhook = _sync(resources.delete_webhook)


class AsyncBrokerClient(_Client):
    """As `BrokerClient`, for asyncio: every operation is awaited."""

    def __init__(
        self, base_url: str | None = None, *, transport: httpx.AsyncBaseTransport | None = None, **options: Any
    ):
        super().__init__(base_url, **options)
        self._http = httpx.AsyncClient(transport=transport, **self._options)

    async def run(self, operation: Operation[R]) -> R:
        """Carry an operation out, call by call."""
        try:
            call = next(operation)
            while True:
                try:
                    answer = await self._call(call)
                except Exception as failure:
                    call = operation.throw(failure)
                else:
                    call = operation.send(answer)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]

    async def _call(self, call: Call) -> Answer:
        attempt = 0
        while True:
            try:
                response = await self._http.request(**self._request(call))
                return self._answer(call, response)
            except httpx.TransportError as failure:
                await asyncio.sleep(self._again(call, failure, attempt))
                attempt += 1

    async def close(self) -> None:
        """End the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, e: BaseException | None, t: TracebackType | None
    ) -> None:
        await self.close()

    index = _async(operations.index)
    publish = _async(operations.publish)
    matrix = _async(operations.matrix)
    can_i_deploy = _async(operations.matrix)
    record = _async(operations.record)
    end = _async(operations.end)
    environments = _async(resources.environments)
    environment = _async(resources.environment)
    create_environment = _async(resources.create_environment)
    update_environment = _async(resources.update_environment)
    delete_environment = _async(resources.delete_environment)
    pacticipants = _async(resources.pacticipants)
    pacticipant = _async(resources.pacticipant)
    create_or_update_pacticipant = _async(resources.create_or_update_pacticipant)
    delete_pacticipant = _async(resources.delete_pacticipant)
    version = _async(resources.version)
    versions = _async(resources.versions)
    create_or_update_version = _async(resources.create_or_update_version)
    delete_version_tag = _async(resources.delete_version_tag)
    branches = _async(resources.branches)
    delete_branch = _async(resources.delete_branch)
    latest_contracts = _async(resources.latest_contracts)
    contract = _async(resources.contract)
    contract_at = _async(resources.contract_at)
    provider_states = _async(resources.provider_states)
    webhooks = _async(resources.webhooks)
    webhook = _async(resources.webhook)
    create_webhook = _async(resources.create_webhook)
    create_or_update_webhook = _async(resources.create_or_update_webhook)
    test_webhook = _async(resources.test_webhook)
    delete_webhook = _async(resources.delete_webhook)


def _trust(ca_file: str | None, verify_certificate: bool) -> Any:
    if not verify_certificate:
        return False
    import ssl

    named = ca_file or os.environ.get("SSL_CERT_FILE")
    if named is None:
        return True
    try:
        return ssl.create_default_context(cafile=named)
    except OSError as problem:
        raise ValueError(f"the certificate file {named!r} cannot be used: {problem}") from None


def _hopeless(failure: httpx.TransportError) -> bool:
    """A certificate does not become trusted by waiting."""
    return "CERTIFICATE_VERIFY_FAILED" in str(failure) or isinstance(failure, httpx.UnsupportedProtocol)


def _reason(failure: httpx.TransportError) -> str:
    if isinstance(failure, httpx.TimeoutException):
        return "it did not answer in time"
    return str(failure).strip().rstrip(".") or type(failure).__name__


def _hint(failure: httpx.TransportError, call: Call) -> str:
    said = str(failure)
    if "CERTIFICATE_VERIFY_FAILED" in said:
        return "Its certificate is not trusted here: name the authority's file with SSL_CERT_FILE or --ssl-certificate"
    if isinstance(failure, httpx.ProxyError):
        return "A proxy stands between: check HTTP_PROXY, HTTPS_PROXY and NO_PROXY"
    if isinstance(failure, httpx.TimeoutException) and not isinstance(failure, httpx.ConnectTimeout):
        done = "" if call.method == "GET" else " It may have done what was asked: look before you ask again"
        return f"Give it more time with --timeout.{done}"
    if isinstance(failure, _NEVER_SENT):
        return "Is it running, and is the address right (--broker-base-url, PACT_BROKER_BASE_URL)?"
    return "" if call.method == "GET" else "It may have done what was asked: look before you ask again"
