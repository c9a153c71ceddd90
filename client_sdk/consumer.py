"""The entry: a consumer, the contract it has with a provider, and the mock that stands in for that provider."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

from tallystick.client_sdk import pact_files, recording
from tallystick.client_sdk.failures import ContractNotKept, MissingRequest
from tallystick.client_sdk.interactions import Draft, ExchangeDraft, HttpDraft, HttpReady, MessageDraft
from tallystick.client_sdk.pact_files import Recorded
from tallystick.client_sdk.version import VERSION
from tallystick.contract import model

if TYPE_CHECKING:
    from pathlib import Path

    import httpx
    import requests

    from tallystick.client_sdk.messages import Delivery, Exchanges
    from tallystick.client_sdk.mock import Mock
    from tallystick.client_sdk.socket_server import SocketServer
    from tallystick.client_sdk.transports import MockTransport

_SPECIFICATIONS: Final[dict[str, model.SpecVersion]] = {
    "2": "2.0.0",
    "2.0": "2.0.0",
    "2.0.0": "2.0.0",
    "3": "3.0.0",
    "3.0": "3.0.0",
    "3.0.0": "3.0.0",
    "4": "4.0",
    "4.0": "4.0",
}


class Consumer:
    """The application whose tests these are, by the name that the broker knows."""

    def __init__(self, name: str) -> None:
        if not isinstance(name, str) or not name.strip():
            raise ValueError('a consumer needs a name: Consumer("web-shop")')
        self.name = name

    def has_contract_with(
        self, provider: str, *, pact_dir: str | os.PathLike[str] | None = None, specification: str = "4.0"
    ) -> ConsumerContract:
        """The contract with a provider. Cheap: make one for each module, or one for each test."""
        if not isinstance(provider, str) or not provider.strip():
            raise ValueError('a provider needs a name: .has_contract_with("orders")')
        version = _SPECIFICATIONS.get(specification)
        if version is None:
            raise ValueError(f"specification {specification!r} is none that can be written; take 2.0.0, 3.0.0 or 4.0")
        return ConsumerContract(self.name, provider, pact_dir, version)

    def __repr__(self) -> str:
        return f"Consumer({self.name!r})"


class ConsumerContract:
    """What one consumer needs from one provider, said interaction by interaction.

    Describe with `upon_receiving` (or the words for messages), then run your code inside `serve()`: the interactions
    described since the last block are on offer, and are recorded in the contract when the block ends well.
    """

    def __init__(
        self, consumer: str, provider: str, pact_dir: str | os.PathLike[str] | None, version: model.SpecVersion
    ) -> None:
        self.consumer = consumer
        self.provider = provider
        self._pact_dir = pact_dir
        self._version = version
        self._described: list[tuple[str | None, int, Draft]] = []

    def __repr__(self) -> str:
        return f"Consumer({self.consumer!r}).has_contract_with({self.provider!r})"

    @property
    def file(self) -> Path:
        """Where the contract will be written when the run ends."""
        from pathlib import Path

        directory = recording.current().default_directory() if self._pact_dir is None else Path(self._pact_dir)
        return directory / pact_files.file_name(self.consumer, self.provider)

    def upon_receiving(self, description: str) -> HttpDraft:
        """A new HTTP interaction. The description says what is asked, in words a provider's developer understands."""
        draft = HttpDraft(description, recording.current().origin())
        self._describe(draft)
        return draft

    def expects_message(self, description: str) -> MessageDraft:
        """A new message that your code handles and does not answer."""
        draft = MessageDraft(description, recording.current().origin())
        self._describe(draft)
        return draft

    def expects_exchange(self, description: str) -> ExchangeDraft:
        """A new message that your code sends and that is answered by messages."""
        draft = ExchangeDraft(description, recording.current().origin())
        self._describe(draft)
        return draft

    def serve(
        self, *, host: str = "127.0.0.1", port: int = 0, tls: bool | tuple[str, str] = False, cors: bool = False
    ) -> MockServer:
        """A mock of the provider on a free port, for a `with` or `async with` block.

        `tls=True` makes a certificate for the block (`server.ca_file` is what to trust), or give your own
        `(certificate, key)` files. `cors=True` answers browsers' questions. When the block ends without a problem, the
        interactions are recorded; else `ContractNotKept` is raised.
        """
        return MockServer(self, self._take(HttpDraft), _Listen(host, port, tls), cors)

    def without_socket(self, *, cors: bool = False) -> MockServer:
        """The same mock without a port: it plugs into httpx and requests. A wrong request fails where it is made."""
        return MockServer(self, self._take(HttpDraft), None, cors)

    def deliver(self) -> Delivery:
        """The described messages, for a `with` block in which your handler handles them."""
        from tallystick.client_sdk.messages import Delivery

        return Delivery(self, self._take(MessageDraft))

    def exchange(self) -> Exchanges:
        """The described exchanges, for a `with` block in which your code sends its messages."""
        from tallystick.client_sdk.messages import Exchanges

        return Exchanges(self, self._take(ExchangeDraft))

    def record(self, interactions: Sequence[model.Interaction], origin: str, served: bytes = b"") -> None:
        """Put proved interactions into the contract. `serve` and the others do it when their block ends well."""
        contract = model.Contract(
            consumer=self.consumer, provider=self.provider, version=self._version, metadata=_metadata()
        )
        if self._version != "4.0":
            from tallystick.contract import writing

            writing.to_document(replace(contract, interactions=tuple(interactions)))  # refuses here, in the test
        recordings = recording.current()
        path = self.file.absolute()
        for interaction in interactions:
            recordings.record(path, contract, Recorded(interaction, origin, served))

    def described(self) -> list[Draft]:
        """The interactions that no block has served yet."""
        return [draft for _, _, draft in self._described]

    def _describe(self, draft: Draft) -> None:
        self._forget_other_tests()
        self._described.append((recording.current().current_test, threading.get_ident(), draft))

    def _take(self, kind: type[Any]) -> list[Any]:
        """The drafts of one kind that this test has described; they are on offer once."""
        self._forget_other_tests()
        taken = [draft.ready() for _, _, draft in self._described if isinstance(draft, kind)]
        self._described = [one for one in self._described if not isinstance(one[2], kind)]
        if not taken:
            words = {HttpDraft: "upon_receiving", MessageDraft: "expects_message", ExchangeDraft: "expects_exchange"}
            raise ValueError(
                f"nothing is described for this block; begin with .{words[kind]}(…). "
                "What an earlier block has served is not served again"
            )
        return taken

    def _forget_other_tests(self) -> None:
        """What a test described and never served, as it failed in between, is not the next test's business."""
        test = recording.current().current_test
        self._described = [one for one in self._described if one[0] == test]


class _Listen:
    __slots__ = ("host", "port", "tls")

    def __init__(self, host: str, port: int, tls: bool | tuple[str, str]) -> None:
        self.host, self.port, self.tls = host, port, tls


class MockServer:
    """A running mock, inside its block. `url` is its address."""

    def __init__(
        self, contract: ConsumerContract, interactions: Sequence[HttpReady], listen: _Listen | None, cors: bool
    ) -> None:
        self._contract = contract
        self._interactions = interactions
        self._listen = listen
        self._cors = cors
        self._mock: Mock | None = None
        self._server: SocketServer | None = None
        self._cleanup: Callable[[], None] | None = None
        self.url = ""
        self.ca_file: str | None = None
        """What a client must trust when the mock speaks TLS."""

    @property
    def port(self) -> int:
        """The port that the mock listens on."""
        if self._server is None:
            raise RuntimeError("this mock has no port: use it inside `with contract.serve() as server:`")
        return self._server.port

    @property
    def host(self) -> str:
        """The address that the mock listens on."""
        return self._server.host if self._server is not None else self._contract.provider

    def transport(self) -> MockTransport:
        """For `httpx.Client(transport=…)` and `httpx.AsyncClient(transport=…)`: no socket between code and mock."""
        from tallystick.client_sdk.transports import MockTransport

        return MockTransport(self.mock)

    def httpx_client(self, **options: Any) -> httpx.Client:
        """An `httpx.Client` that talks to this mock; `base_url` is set."""
        import httpx

        return httpx.Client(transport=self.transport(), **{"base_url": self.url, **options})

    def async_httpx_client(self, **options: Any) -> httpx.AsyncClient:
        """An `httpx.AsyncClient` that talks to this mock; `base_url` is set."""
        import httpx

        return httpx.AsyncClient(transport=self.transport(), **{"base_url": self.url, **options})

    def requests_session(self) -> requests.Session:
        """A `requests.Session` that talks to this mock for every address below `url`."""
        import requests

        session = requests.Session()
        session.trust_env = False
        self.mount(session)
        return session

    def mount(self, session: requests.Session) -> None:
        """Let an existing `requests.Session` talk to this mock for every address below `url`."""
        from tallystick.client_sdk.requests_adapter import MockAdapter

        session.mount(self.url, MockAdapter(self.mock))

    @property
    def mock(self) -> Mock:
        """The mock itself; outside the block there is none."""
        if self._mock is None:
            raise RuntimeError("the mock lives inside its block: with contract.serve() as server: …")
        return self._mock

    def __enter__(self) -> MockServer:
        from tallystick.client_sdk.mock import Mock

        contract = self._contract
        self._mock = mock = Mock(contract.consumer, contract.provider, self._interactions, cors=self._cors)
        if self._listen is None:
            self.url = f"http://{_host_name(contract.provider)}"
        else:
            self._start(mock, self._listen)
        mock.base_url = self.url
        return self

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, traceback: TracebackType | None
    ) -> None:
        __tracebackhide__ = True
        mock = self.mock
        self._stop()
        if raised is not None and not isinstance(raised, Exception):
            return  # the user's Ctrl-C, pytest's skip or exit: no verdict
        problems = mock.problems()
        wrong = [problem for problem in problems if not isinstance(problem, MissingRequest)]
        if raised is not None:
            if isinstance(raised, ContractNotKept):
                return
            if wrong:
                raise ContractNotKept(wrong) from raised
            for missing in problems:
                raised.add_note(str(missing))
            return
        if problems:
            raise ContractNotKept(problems)
        for ready, served in zip(self._interactions, mock.served(), strict=True):
            self._contract.record([ready.interaction], ready.origin, served)

    async def __aenter__(self) -> MockServer:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, traceback: TracebackType | None
    ) -> None:
        __tracebackhide__ = True
        self.__exit__(kind, raised, traceback)

    def _start(self, mock: Mock, listen: _Listen) -> None:
        from tallystick.client_sdk.socket_server import SocketServer

        context = None
        if listen.tls:
            from tallystick.client_sdk import certificates

            made = certificates.context(listen.tls, listen.host)
            context, self.ca_file, self._cleanup = made.context, made.ca_file, made.remove
        try:
            self._server = SocketServer(mock.answer, host=listen.host, port=listen.port, tls=context)
        except OSError as problem:
            raise OSError(
                problem.errno,
                f"the mock cannot listen on {listen.host}:{listen.port}: {problem.strerror or problem}. "
                "Leave out port= for a free one",
            ) from None
        host = f"[{listen.host}]" if ":" in listen.host else listen.host
        self.url = f"{'https' if listen.tls else 'http'}://{host}:{self._server.port}"

    def _stop(self) -> None:
        if self._server is not None:
            self._server.close()
        if self._cleanup is not None:
            self._cleanup()
        self._mock = None


def _host_name(provider: str) -> str:
    """A host name made of the provider's name, so that messages and logs read well."""
    letters = "".join(c if c.isascii() and (c.isalnum() or c == "-") else "-" for c in provider.lower()).strip("-")
    return letters or "provider"


def _metadata() -> dict[str, model.Json]:
    return {"tallystick": {"version": VERSION}}
