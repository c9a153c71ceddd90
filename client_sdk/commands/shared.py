"""What all commands have: the broker's address and credentials, `--json`, one readable line for every failure."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from tallystick.contract.errors import ContractError

if TYPE_CHECKING:
    from tallystick.client_sdk.broker_client.client import BrokerClient

F = TypeVar("F", bound=Callable[..., Any])

YES: Final = 0
NO: Final = 1
UNKNOWN: Final = 3
_OCCURRENCES: Final = "tallystick.occurrences"


class Failure(click.ClickException):
    """Ends a command with a sentence and an exit code."""

    def __init__(self, message: str, exit_code: int = NO) -> None:
        super().__init__(message)
        self.exit_code = exit_code  # type: ignore[misc]


def broker_options(command: F) -> F:
    """The broker's address and credentials, named as in the official command line; passes `broker` as a function."""
    return _broker_options(command, "--timeout", "Seconds to wait for an answer.")


def broker_options_beside_a_provider(command: F) -> F:
    """The same for commands that call a provider too, whose `--timeout` it is: this one is `--broker-timeout`."""
    return _broker_options(command, "--broker-timeout", "Seconds to wait for the broker.")


def _broker_options(command: F, timeout_option: str, timeout_help: str) -> F:
    @functools.wraps(command)
    def run(
        broker_base_url: str | None,
        broker_username: str | None,
        broker_password: str | None,
        broker_token: str | None,
        ssl_certificate: str | None,
        skip_ssl_verification: bool,
        seconds_for_the_broker: float,
        **arguments: Any,
    ) -> Any:
        @contextmanager
        def broker() -> Iterator[BrokerClient]:
            if not broker_base_url:
                raise click.UsageError("which broker? Give --broker-base-url URL, or set PACT_BROKER_BASE_URL")
            if broker_token and broker_username:
                raise click.UsageError("give a token or a user name, not both")
            from tallystick.client_sdk.broker_client.client import BrokerClient

            try:
                client = BrokerClient(
                    broker_base_url,
                    username=broker_username,
                    password=broker_password,
                    token=broker_token,
                    ca_file=ssl_certificate,
                    verify_certificate=not skip_ssl_verification,
                    timeout_seconds=seconds_for_the_broker,
                )
            except ValueError as problem:
                raise click.UsageError(str(problem)) from None
            with client, readable():
                yield client

        return command(broker=broker, **arguments)

    for option in (
        click.option(
            timeout_option, "seconds_for_the_broker", type=float, default=30, show_default=True, help=timeout_help
        ),
        click.option(
            "--skip-ssl-verification",
            is_flag=True,
            envvar="PACT_BROKER_DISABLE_SSL_VERIFICATION",
            help="Trust any certificate.",
        ),
        click.option(
            "--ssl-certificate", "-c", envvar="SSL_CERT_FILE", metavar="FILE", help="Authorities to trust, in a file."
        ),
        click.option("--broker-token", "-k", envvar="PACT_BROKER_TOKEN", show_envvar=True, help="API token."),
        click.option("--broker-password", "-p", envvar="PACT_BROKER_PASSWORD", show_envvar=True, help="Password."),
        click.option("--broker-username", "-u", envvar="PACT_BROKER_USERNAME", show_envvar=True, help="User name."),
        click.option(
            "--broker-base-url", "-b", envvar="PACT_BROKER_BASE_URL", show_envvar=True, metavar="URL", help="Address."
        ),
    ):
        run = option(run)
    return run  # type: ignore[return-value]


def json_option(command: F) -> F:
    """`--json`, and `--output json` as the official command line has it; passes `as_json`."""

    @functools.wraps(command)
    def run(json_flag: bool, output: str, **arguments: Any) -> Any:
        return command(as_json=json_flag or output == "json", **arguments)

    run = click.option(
        "--output", "-o", type=click.Choice(["table", "json"]), default="table", help="As `--json` when json."
    )(run)
    run = click.option("--json", "json_flag", is_flag=True, help="Print JSON, for scripts.")(run)
    return run  # type: ignore[return-value]


@contextmanager
def readable() -> Iterator[None]:
    """Turn what the client and the core raise on purpose into one readable message with the right exit code."""
    from tallystick.client_sdk.broker_client.errors import BrokerError

    try:
        yield
    except BrokerError as problem:
        raise Failure(str(problem), problem.exit_code) from None
    except ContractError as problem:
        raise Failure(str(problem), NO) from None


def print_json(value: Any) -> None:
    """JSON on standard output, nothing else there."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Columns as wide as their widest cell."""
    cells = [[("" if cell is None else str(cell)) for cell in row] for row in rows]
    widths = [max(len(line[at]) for line in (list(heads), *cells)) for at in range(len(heads))]
    lines = [list(heads), ["-" * width for width in widths], *cells]
    return "\n".join("  ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip() for line in lines)


def tell(message: str, *, err: bool = False, colour: str | None = None) -> None:
    """A line for people; colours go away when nobody sees them."""
    click.echo(click.style(message, fg=colour) if colour else message, err=err)


class InOrder(click.Option):
    """An option whose place among others counts: `-a A -e 1 -a B --latest main` says which version is whose.

    click keeps the order of values within an option and not across options, so each occurrence is noted as it is
    parsed. This leans on click's parser and is why click is held below 9.
    """

    def add_to_parser(self, parser: Any, ctx: click.Context) -> None:
        super().add_to_parser(parser, ctx)
        seen: set[int] = set()
        for name in (*self.opts, *self.secondary_opts):
            option = parser._long_opt.get(name) or parser._short_opt.get(name)
            if option is None or id(option) in seen:
                continue
            seen.add(id(option))
            option.process = self._noting(option.process, ctx)

    def _noting(self, process: Callable[[Any, Any], None], ctx: click.Context) -> Callable[[Any, Any], None]:
        def note(value: Any, state: Any) -> None:
            ctx.meta.setdefault(_OCCURRENCES, []).append((self.name, value if isinstance(value, str) else None))
            process(value, state)

        return note


def occurrences(ctx: click.Context) -> list[tuple[str, str | None]]:
    """The `InOrder` options of the command line, as they were given: name and text, None where there was none."""
    return list(ctx.meta.get(_OCCURRENCES, []))
