"""`tallystick verify` and `tallystick provider-states` as click commands: options only, the work is in `command`."""

from __future__ import annotations

from typing import Any

import click


class _Refused(click.ClickException):
    def __init__(self, message: str, exit_code: int):
        super().__init__(message)
        self.exit_code = exit_code  # type: ignore[misc]

    def show(self, file: Any = None) -> None:
        click.echo(f"tallystick verify: {self.format_message()}", err=True, file=file)


_SOURCE = [
    click.option("--provider", metavar="NAME", help="The provider's name in the contracts."),
    click.option("--consumer", multiple=True, metavar="NAME", help="Only contracts of this consumer. Repeatable."),
    click.option("--broker-base-url", envvar="PACT_BROKER_BASE_URL", metavar="URL", help="The broker."),
    click.option("--broker-username", envvar="PACT_BROKER_USERNAME", default="", metavar="NAME"),
    click.option("--broker-password", envvar="PACT_BROKER_PASSWORD", default="", metavar="TEXT"),
    click.option("--broker-token", envvar="PACT_BROKER_TOKEN", default="", metavar="TEXT"),
    click.option(
        "--consumer-version-selectors", multiple=True, metavar="JSON",
        help='Which consumer versions, as a selector or a list of them: {"mainBranch": true}. Repeatable. '
        "Without it the broker's default: main branches and everything live.",
    ),
    click.option("--enable-pending", is_flag=True, help="What was never kept before may fail without failing the run."),
    click.option("--include-wip-pacts-since", metavar="DATE", help="Also work in progress since that day."),
    click.option("--owed", is_flag=True, help="Only contracts that this provider version has no result for yet."),
    click.option("--description", metavar="REGEX", envvar="PACT_DESCRIPTION", help="Only interactions described so."),
    click.option("--state", metavar="REGEX", envvar="PACT_PROVIDER_STATE", help="Only interactions with such a state."),
    click.option("--no-state", is_flag=True, envvar="PACT_PROVIDER_NO_STATE", help="Only interactions without one."),
    click.option("--path", metavar="REGEX", help="Only requests whose path is found by it."),
    click.option("--operation", multiple=True, metavar="'METHOD /path/{x}'", help="Only these operations. Repeatable."),
]  # fmt: skip
TARGET = [
    click.option("--provider-base-url", metavar="URL", help="Where the provider listens."),
    click.option("--transport", multiple=True, metavar="NAME=URL", help="Where interactions of that transport go."),
    click.option("--app", metavar="MODULE:NAME", help="An ASGI or WSGI application to call in this process instead."),
    click.option("--start", metavar="COMMAND", help="Start this and stop it at the end; {port} becomes a free port."),
    click.option("--ready-url", metavar="URL", help="With --start: wait until this answers; a path will do."),
    click.option("--start-timeout", type=float, default=30.0, show_default=True, metavar="SECONDS"),
    click.option("--ca-file", metavar="FILE", help="Certificate authorities to trust."),
    click.option("--client-cert", metavar="FILE", help="A client certificate to present."),
    click.option("--client-key", metavar="FILE", help="Its key, when it is in another file."),
    click.option("--insecure", is_flag=True, help="Don't check certificates."),
    click.option("--proxy", metavar="URL", help="Go through this proxy."),
    click.option("--header", multiple=True, metavar="'NAME: VALUE'", help="Send this header with every request."),
    click.option("--timeout", type=float, default=5.0, show_default=True, metavar="SECONDS", help="For each request."),
    click.option("--max-response-bytes", type=int, metavar="BYTES", help="Read no more of a response. Default 20 MiB."),
    click.option("--redirects", type=click.Choice(["follow", "never"]), default="follow", show_default=True),
    click.option("--request-hook", multiple=True, metavar="MODULE:NAME", help="A function that changes each request."),
]
STATES = [
    click.option("--state-change-url", metavar="URL", help="Where provider states are set up; a path will do."),
    click.option("--state-change-as-query", is_flag=True, help="Send state changes as a query, not as a body."),
    click.option("--state-change-teardown", is_flag=True, help="Call it after each interaction too."),
    click.option("--state-change-attempts", type=click.IntRange(1, 20), default=3, show_default=True),
    click.option("--states", metavar="MODULE:NAME", help="Provider states as Python functions."),
    click.option("--reentrant-state", multiple=True, metavar="NAME", help="May overlap with others; * for any text."),
    click.option("--shared-state", multiple=True, metavar="NAME", help="One set-up serves several interactions."),
    click.option("--messages", metavar="MODULE:NAME", help="Messages as Python functions."),
    click.option("--message-url", metavar="URL", help="Where messages are asked for; a path will do."),
]
REPLAY = [
    click.option("--no-dedupe", is_flag=True, help="Replay every interaction of every contract, in order, one by one."),
    click.option("--concurrency", type=click.IntRange(1, 256), metavar="N",
                 help="Requests at once. Default: 2 to 48, as answers come."),
    click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, metavar="N", help="Processes."),
    click.option("--repeat", type=click.IntRange(1, 100), default=1, show_default=True, metavar="N",
                 help="Replay each interaction N times; different results are flaky, not passed."),
    click.option("--fail-fast", is_flag=True, help="Stop at the first failure."),
    click.option("--seed", type=int, metavar="N", help="For generated values."),
]  # fmt: skip
_PUBLISH = [
    click.option("--publish", is_flag=True, help="Tell the broker the results."),
    click.option("--provider-version", metavar="VERSION", help="The version of the provider that is verified."),
    click.option("--provider-version-branch", metavar="BRANCH", help="The branch it is on."),
    click.option("--provider-version-tag", multiple=True, metavar="TAG"),
    click.option("--build-url", metavar="URL", help="Where the build can be looked at."),
    click.option("--allow-dirty", is_flag=True, help="Publish from a working tree with uncommitted changes."),
    click.option("--allow-nothing", "--ignore-no-pacts-error", is_flag=True, help="Nothing to verify is a success."),
    click.option("--no-shape", is_flag=True, help="Don't tell which fields of which types the answers had."),
]
_REPORT = [
    click.option("--json", metavar="FILE", help="Also write the report as JSON; - for the standard output."),
    click.option("--junit", metavar="FILE", help="… as JUnit XML."),
    click.option("--markdown", metavar="FILE", help="… as Markdown, for a pull request."),
    click.option("--html", metavar="FILE", help="… as one HTML page."),
    click.option(
        "--github/--no-github", default=None, help="Annotations for GitHub Actions. Default: when running there."
    ),
    click.option("--verbose", "-v", is_flag=True, help="List every interaction, and the broker's notices."),
    click.option("--quiet", "-q", is_flag=True, help="No console report."),
    click.option("--colour/--no-colour", "--color/--no-color", "colour", default=None),
]


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.argument("sources", nargs=-1, metavar="[SOURCES]...")
def verify(**options: Any) -> None:
    """Replay what consumers rely on against a provider, and say who would break.

    SOURCES are contract files, folders or URLs. Without any, the broker says what this provider must verify.

    Exit codes: 0 every contract is kept, 1 contracts are broken, 2 wrong usage, 3 nothing to verify, 4 could not run.
    """
    from tallystick.verifier.command import verify as run
    from tallystick.verifier.options import CannotVerify

    if options["github"] is None:
        del options["github"]
    try:
        code = run(options)
    except CannotVerify as refused:
        raise _Refused(str(refused), refused.exit_code) from None
    if code:
        raise click.exceptions.Exit(code)


for _option in (*_SOURCE, *TARGET, *STATES, *REPLAY, *_PUBLISH, *_REPORT):
    verify = _option(verify)


@click.command(name="check-states", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("sources", nargs=-1, metavar="[SOURCES]...")
@click.option("--states", metavar="MODULE:NAME", help="The handlers to compare with.")
def check_states(**options: Any) -> None:
    """List the provider states that contracts ask for: handled, missing, unused, nearly alike.

    Exit codes: 0 all are handled, 1 some are missing, 2 wrong usage, 3 no contract asks for any, 4 could not run.
    """
    from tallystick.verifier import catalogue
    from tallystick.verifier.assembly import load_only
    from tallystick.verifier.broker import BrokerFailed
    from tallystick.verifier.handlers import as_handlers
    from tallystick.verifier.loading import CannotImport, load
    from tallystick.verifier.options import DEFAULTS, CannotVerify

    try:
        sources, wrong, why = load_only({**DEFAULTS, **options, "states": None})
        handlers = as_handlers(load(options["states"], "--states"), "--states") if options["states"] else None
    except CannotVerify as refused:
        raise _Refused(str(refused), refused.exit_code) from None
    except BrokerFailed as failed:
        raise _Refused(str(failed), 4) from None
    except (CannotImport, TypeError) as error:
        raise _Refused(str(error), 2) from None
    for bad in wrong:
        click.echo(f"{bad.origin}: {bad.sentence}", err=True)
    if not sources:
        raise _Refused(why or "no contract was found", 4 if wrong else 3)
    found = catalogue.catalogue(sources, handlers)
    click.echo(catalogue.text(found, with_handlers=handlers is not None), nl=False)
    code = 4 if wrong else 1 if found.missing else 0 if found.states else 3
    if code:
        raise click.exceptions.Exit(code)


for _option in _SOURCE[:10]:
    check_states = _option(check_states)
