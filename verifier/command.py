"""What `tallystick verify` does with its options, apart from parsing them: build a verification, run it, print it."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from tallystick.verifier import sources as from_
from tallystick.verifier.replay import Settings
from tallystick.verifier.results import COULD_NOT_RUN, USAGE, Replayed, Report, Source, Unreadable
from tallystick.verifier.states import Changer, Nobody
from tallystick.verifier.verification import Filters, Publish, Verification

DEFAULTS: Final[Mapping[str, Any]] = {
    "sources": (),
    "provider": None,
    "consumer": (),
    "broker_base_url": None,
    "broker_username": "",
    "broker_password": "",
    "broker_token": "",
    "consumer_version_selectors": (),
    "enable_pending": False,
    "include_wip_pacts_since": None,
    "owed": False,
    "description": None,
    "state": None,
    "no_state": False,
    "path": None,
    "operation": (),
    "provider_base_url": None,
    "app": None,
    "start": None,
    "ready_url": None,
    "start_timeout": 30.0,
    "ca_file": None,
    "client_cert": None,
    "client_key": None,
    "insecure": False,
    "proxy": None,
    "header": (),
    "timeout": 5.0,
    "max_response_bytes": None,
    "redirects": "follow",
    "request_hook": (),
    "state_change_url": None,
    "state_change_as_query": False,
    "state_change_teardown": False,
    "state_change_attempts": 3,
    "states": None,
    "reentrant_state": (),
    "shared_state": (),
    "messages": None,
    "message_url": None,
    "no_dedupe": False,
    "concurrency": None,
    "workers": 1,
    "repeat": 1,
    "fail_fast": False,
    "seed": None,
    "publish": False,
    "provider_version": None,
    "provider_version_branch": None,
    "provider_version_tag": (),
    "build_url": None,
    "allow_dirty": False,
    "allow_nothing": False,
    "json": None,
    "junit": None,
    "markdown": None,
    "html": None,
    "github": False,
    "verbose": False,
    "quiet": False,
    "colour": None,
}
"""Every option and what it is when it is not given."""


class CannotVerify(Exception):
    """The options make no sense together, or one of them is wrong: one line, with the way out, and the exit code."""

    def __init__(self, message: str, exit_code: int = USAGE):
        super().__init__(message)
        self.exit_code = exit_code


def verify(given: Mapping[str, Any]) -> int:
    """Run a verification with these options, print its report, write the files asked for; the exit code."""
    options = {**DEFAULTS, **given}
    bar = _progress(options)
    try:
        with _terminable():
            report = run(options, bar)
    except KeyboardInterrupt:
        raise CannotVerify("interrupted before there was anything to report", COULD_NOT_RUN) from None
    finally:
        if bar is not None:
            bar.clear()
    show(report, options)
    return report.exit_code


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """Within the block a request to terminate is an interruption: children are stopped and a report is made."""
    import signal

    def stop(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    try:
        before = signal.signal(signal.SIGTERM, stop)
    except ValueError:  # not in the main thread: whoever started it decides
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def run(options: Mapping[str, Any], progress: Callable[[int, int, Replayed], None] | None = None) -> Report:
    """Start what is to be started, verify, and let go of everything whatever happens. Raises CannotVerify."""
    process = verification = None
    try:
        if options["start"]:
            from tallystick.verifier.process import CannotStart, Started

            try:
                process = Started.start(options["start"], options["ready_url"], options["start_timeout"])
            except CannotStart as cannot:
                raise CannotVerify(str(cannot), COULD_NOT_RUN) from None
            options = process.fill({**options, "provider_base_url": options["provider_base_url"] or process.base_url})
        verification = build(options)
        verification.progress = progress
        return _run(verification)
    finally:
        if verification is not None and verification.broker is not None:
            verification.broker.close()
        if process is not None:
            process.stop()


def _run(verification: Verification) -> Report:
    from tallystick.verifier.broker import BrokerFailed

    try:
        return verification.run()
    except BrokerFailed as failed:
        raise CannotVerify(str(failed), COULD_NOT_RUN) from None


def build(options: Mapping[str, Any], targets: dict[int, Any] | None = None, lookup: Any = None) -> Verification:
    """A verification from options; see `api.Verifier` for the other two. Raises CannotVerify."""
    if options["concurrency"] is not None and options["concurrency"] < 1:
        raise CannotVerify("--concurrency must be at least 1")
    tls = _tls(options)
    broker = _broker(options, tls)
    provider = options["provider"]
    target, target_name = _target(options, tls, targets)
    states = _states(options, target, lookup)
    publish = _publish(options, broker)
    from tallystick.verifier.plan import Rules, patterns

    reentrant, shared = list(options["reentrant_state"]), list(options["shared_state"])
    handlers = getattr(states, "handlers", None)
    if handlers is not None:
        reentrant += handlers.reentrant
        shared += handlers.shared
    hooks, sees_interaction = _hooks(options)
    rules = Rules(
        dedupe=not sees_interaction,
        as_the_reference=options["no_dedupe"],
        reentrant=patterns(reentrant),
        shared=patterns(shared),
    )
    return Verification(
        provider=provider,
        target_name=target_name,
        load=_loader(options, broker, tls),
        settings=Settings(
            target=target,
            messages=_messages(options, target, tls),
            states=states,
            custom_headers=_headers(options),
            hooks=hooks,
            timeout_seconds=options["timeout"],
            concurrency=options["concurrency"],
            repeat=options["repeat"],
            fail_fast=options["fail_fast"],
            seed=options["seed"],
            workers=options["workers"],
        ),
        rules=rules,
        filters=_filters(options),
        broker=broker,
        publish=publish,
        provider_version=options["provider_version"],
        provider_branch=options["provider_version_branch"],
        nothing_is_fine=options["allow_nothing"],
    )


# -- parts ---------------------------------------------------------------------------------------------------------


def _tls(options: Mapping[str, Any]) -> Any:
    if not (options["ca_file"] or options["client_cert"] or options["insecure"]):
        return None
    from tallystick.verifier.wire import Tls

    for name in ("ca_file", "client_cert", "client_key"):
        if options[name] and not os.path.isfile(options[name]):
            raise CannotVerify(f"--{name.replace('_', '-')} {options[name]}: there is no such file")
    return Tls(
        ca_file=options["ca_file"],
        certificate=options["client_cert"],
        key=options["client_key"],
        verify=not options["insecure"],
    )


def _broker(options: Mapping[str, Any], tls: Any) -> Any:
    url = options["broker_base_url"]
    if not url:
        if options["publish"]:
            raise CannotVerify("--publish needs a broker: give --broker-base-url")
        return None
    from tallystick.verifier.broker import Broker

    try:
        return Broker(
            url,
            username=options["broker_username"] or "",
            password=options["broker_password"] or "",
            token=options["broker_token"] or "",
            tls=tls,
        )
    except ValueError as error:
        raise CannotVerify(f"--broker-base-url: {error}") from None


def _target(options: Mapping[str, Any], tls: Any, targets: dict[int, Any] | None) -> tuple[Any, str]:
    if options["app"] is not None:
        if options["provider_base_url"]:
            raise CannotVerify("give --provider-base-url or --app, not both")
        from tallystick.verifier.loading import CannotImport, load
        from tallystick.verifier.targets.applications import target_for

        app = options["app"]
        name = app if isinstance(app, str) else getattr(app, "__name__", type(app).__name__)
        try:
            app = load(app, "--app") if isinstance(app, str) else app
            target = None if targets is None else targets.get(id(app))
            if target is None:
                target = target_for(app)
                if targets is not None:
                    targets[id(app)] = target
            return target, f"{name}, in this process"
        except CannotImport as error:
            raise CannotVerify(str(error)) from None
        except TypeError as error:
            raise CannotVerify(f"--app {name}: {error}") from None
    if not options["provider_base_url"]:
        if options["messages"] is not None or options["message_url"]:
            return None, "message functions" if options["messages"] is not None else options["message_url"]
        raise CannotVerify("where is the provider? Give --provider-base-url URL, --app module:name, or --start COMMAND")
    from tallystick.verifier.targets.http import HttpTarget
    from tallystick.verifier.wire import BODY_LIMIT_BYTES

    try:
        target = HttpTarget(
            options["provider_base_url"],
            tls=tls,
            proxy=_proxy(options),
            redirects=options["redirects"],
            limit_bytes=options["max_response_bytes"] or BODY_LIMIT_BYTES,
        )
    except ValueError as error:
        raise CannotVerify(f"--provider-base-url: {error}") from None
    return target, str(target)


def _proxy(options: Mapping[str, Any]) -> str | None:
    """The proxy that was asked for, or the environment's, never for this machine or a host in NO_PROXY."""
    if options["proxy"]:
        return str(options["proxy"])
    if not any(name.lower().endswith("_proxy") for name in os.environ):
        return None
    from tallystick.verifier.wire import split_url

    address, _ = split_url(options["provider_base_url"])
    if address.host in ("localhost", "::1") or address.host.startswith("127."):
        return None
    from urllib.request import getproxies, proxy_bypass

    return None if proxy_bypass(address.host) else getproxies().get(address.scheme)


def _headers(options: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    lines = []
    for text in options["header"]:
        name, colon, value = text.partition(":") if isinstance(text, str) else (text[0], ":", text[1])
        if not colon or not name.strip():
            raise CannotVerify(f"--header {text!r}: write it as 'Name: value'")
        lines.append((name.strip(), value.strip()))
    return tuple(lines)


def _states(options: Mapping[str, Any], target: Any, lookup: Any) -> Changer:
    if options["states"] is not None:
        if options["state_change_url"]:
            raise CannotVerify("give --states or --state-change-url, not both")
        from tallystick.verifier.handlers import FunctionStates, as_handlers
        from tallystick.verifier.loading import CannotImport, load

        given = options["states"]
        try:
            handlers = as_handlers(load(given, "--states") if isinstance(given, str) else given, "--states")
        except (CannotImport, TypeError) as error:
            raise CannotVerify(str(error)) from None
        loop = getattr(target, "run_on_loop", None)
        from tallystick.verifier.calling import run_alone

        return FunctionStates(handlers, loop or run_alone, lookup)
    url = options["state_change_url"]
    if not url:
        return Nobody()
    from tallystick.verifier.states import UrlStates

    if url.startswith("/"):
        if target is None:
            raise CannotVerify("--state-change-url is a path, and there is no provider that it could be a path of")
        send, where = _Lazily(target), f"{target.base_path}{url}"
    else:
        from tallystick.verifier.targets.http import HttpTarget
        from tallystick.verifier.wire import split_url

        try:
            address, where = split_url(url)
            send = _Lazily(HttpTarget(f"{address.scheme}://{address.authority}", tls=_tls(options), repeatable=True))
        except ValueError as error:
            raise CannotVerify(f"--state-change-url: {error}") from None
    return UrlStates(
        send,
        where,
        headers=_headers(options),
        as_query=options["state_change_as_query"],
        teardown=options["state_change_teardown"],
        timeout_seconds=options["timeout"],
        attempts=options["state_change_attempts"],
    )


class _Lazily:
    """A sender for each thread that changes states, made when it is first used."""

    def __init__(self, target: Any):
        import threading

        self._target, self._own = target, threading.local()

    def __call__(self, request: Any, timeout_seconds: float) -> Any:
        sender = getattr(self._own, "sender", None)
        if sender is None:
            sender = self._own.sender = self._target.sender()
        return sender.send(request, timeout_seconds)


def _messages(options: Mapping[str, Any], target: Any, tls: Any) -> Any:
    if options["messages"] is not None:
        from tallystick.verifier.loading import CannotImport, load
        from tallystick.verifier.messages import FunctionMessages, as_producers

        given = options["messages"]
        try:
            producers = as_producers(load(given, "--messages") if isinstance(given, str) else given, "--messages")
        except (CannotImport, TypeError) as error:
            raise CannotVerify(str(error)) from None
        loop = getattr(target, "run_on_loop", None)
        return FunctionMessages(producers, loop) if loop is not None else FunctionMessages(producers)
    url = options["message_url"]
    if not url and target is None:
        return None
    from tallystick.verifier.messages import HttpMessages

    if not url or url.startswith("/"):
        return HttpMessages(_Lazily(target), f"{target.base_path}{url or '/'}", _headers(options), options["timeout"])
    from tallystick.verifier.targets.http import HttpTarget
    from tallystick.verifier.wire import split_url

    try:
        address, where = split_url(url)
    except ValueError as error:
        raise CannotVerify(f"--message-url: {error}") from None
    place = HttpTarget(f"{address.scheme}://{address.authority}", tls=tls)
    return HttpMessages(_Lazily(place), where, _headers(options), options["timeout"])


def _hooks(options: Mapping[str, Any]) -> tuple[tuple[Any, ...], bool]:
    """The request hooks, and whether one of them sees more than the request, so that nothing may be merged."""
    if not options["request_hook"]:
        return (), False
    from tallystick.verifier.hooks import as_hook
    from tallystick.verifier.loading import CannotImport, load

    made, sees = [], False
    for given in options["request_hook"]:
        try:
            hook, more = as_hook(load(given, "--request-hook") if isinstance(given, str) else given)
        except (CannotImport, TypeError) as error:
            raise CannotVerify(str(error)) from None
        made.append(hook)
        sees = sees or more
    return tuple(made), sees


def _publish(options: Mapping[str, Any], broker: Any) -> Publish | None:
    if not options["publish"]:
        return None
    if not options["provider_version"]:
        raise CannotVerify("--publish needs the version of the provider: give --provider-version")
    for name in ("description", "state", "no_state", "path", "operation"):
        if options[name]:
            raise CannotVerify(
                f"--publish with --{name.replace('_', '-')}: a part of a contract cannot be published as its result"
            )
    if not options["allow_dirty"]:
        from tallystick.verifier.publishing import dirty_tree

        changed = dirty_tree()
        if changed is not None:
            raise CannotVerify(
                f"not publishing from a working tree with uncommitted changes ({changed}): the result would be about "
                "code that no version names. Commit them, or say --allow-dirty"
            )
    return Publish(
        version=options["provider_version"],
        branch=options["provider_version_branch"],
        tags=tuple(options["provider_version_tag"]),
        build_url=options["build_url"],
    )


def _filters(options: Mapping[str, Any]) -> Filters:
    compiled = {}
    for name in ("description", "state", "path"):
        text = options[name]
        try:
            compiled[name] = re.compile(text) if text else None
        except re.error as error:
            raise CannotVerify(f"--{name} {text!r} is not a regular expression: {error}") from None
    operations = []
    for text in options["operation"]:
        method, _, path = text.strip().partition(" ")
        if not path:
            method, path = "*", method
        if not path.startswith("/"):
            raise CannotVerify(f"--operation {text!r}: write it as 'GET /orders/{{id}}'")
        operations.append((method.upper(), path))
    return Filters(
        consumers=tuple(options["consumer"]),
        no_state=options["no_state"],
        operations=tuple(operations),
        **compiled,
    )


def _loader(
    options: Mapping[str, Any], broker: Any, tls: Any
) -> Callable[[], tuple[list[Source], list[Unreadable], str | None]]:
    places = tuple(options["sources"])
    provider = options["provider"]
    selecting = options["owed"] or options["consumer_version_selectors"] or options["include_wip_pacts_since"]
    ask_broker = broker is not None and (not places or selecting)
    if not places and broker is None:
        raise CannotVerify("nothing to verify was named: give files, folders or URLs, or --broker-base-url")
    if selecting and broker is None:
        raise CannotVerify("selectors and --owed are for a broker: give --broker-base-url")
    if ask_broker and not provider:
        raise CannotVerify("a broker is asked by the provider's name: give --provider")
    query = _query(options) if ask_broker else {}

    def load() -> tuple[list[Source], list[Unreadable], str | None]:
        found: list[Source] = []
        wrong: list[Unreadable] = []
        for place in places:
            if not isinstance(place, str):
                more, bad = from_.from_value(place, provider)
            elif "://" in place:
                more, bad = from_.from_url(place, provider, broker, tls)
            else:
                more, bad = from_.from_path(place, provider)
            found += more
            wrong += bad
        why = None
        if ask_broker:
            if options["owed"]:
                more, bad = from_.owed(broker, provider, query, options["provider_version"], options["consumer"])
            else:
                more, bad = from_.from_broker(broker, provider, query, options["consumer"])
            found += more
            wrong += bad
            if not found and not wrong:
                why = f"the broker at {broker.base_url} selects no contract for {provider!r}"
                if options["owed"]:
                    build = f"{provider} {options['provider_version'] or ''}".strip()
                    why = f"{build} owes the broker at {broker.base_url} no result"
                if options["consumer"]:
                    why += f" with {', '.join(map(repr, options['consumer']))}"
        return found, wrong, why

    return load


def load_only(options: Mapping[str, Any]) -> tuple[list[Source], list[Unreadable], str | None]:
    """The contracts that options name, for those who only look at them. Raises CannotVerify and BrokerFailed."""
    tls = _tls(options)
    broker = _broker(options, tls)
    try:
        sources, wrong, why = _loader(options, broker, tls)()
    finally:
        if broker is not None:
            broker.close()
    consumers = options["consumer"]
    return [s for s in sources if not consumers or s.contract.consumer in consumers], wrong, why


def _query(options: Mapping[str, Any]) -> dict[str, Any]:
    import json

    query: dict[str, Any] = {"includePendingStatus": options["enable_pending"]}
    selectors = []
    for text in options["consumer_version_selectors"]:
        try:
            value = json.loads(text) if isinstance(text, str) else text
        except ValueError as error:
            raise CannotVerify(f"--consumer-version-selectors {text!r} is not JSON: {error}") from None
        for selector in value if isinstance(value, list) else [value]:
            if not isinstance(selector, dict):
                raise CannotVerify(f"--consumer-version-selectors {text!r}: a selector is a JSON object")
            selectors.append(selector)
    if selectors:
        query["consumerVersionSelectors"] = selectors
    if options["provider_version_branch"]:
        query["providerVersionBranch"] = options["provider_version_branch"]
    if options["provider_version_tag"]:
        query["providerVersionTags"] = list(options["provider_version_tag"])
    if options["include_wip_pacts_since"]:
        query["includeWipPactsSince"] = options["include_wip_pacts_since"]
        query["includePendingStatus"] = True
    return query


# -- showing -------------------------------------------------------------------------------------------------------


def show(report: Report, options: Mapping[str, Any]) -> None:
    """Print the report, and write the files that were asked for. Raises CannotVerify when one cannot be written."""
    from tallystick.verifier.reports import console

    if not options["quiet"]:
        colour, width = _terminal(options["colour"])
        sys.stdout.write(console.text(report, colour=colour, width=width, verbose=options["verbose"]))
    if options["github"] or (os.environ.get("GITHUB_ACTIONS") == "true" and options["github"] is not None):
        from tallystick.verifier.reports import github

        sys.stdout.write(github.text(report))
        summary = os.environ.get("GITHUB_STEP_SUMMARY")
        if summary:
            from tallystick.verifier.reports import markdown

            _write(summary, markdown.text(report), "a")
    for name, module in (("json", "json_report"), ("junit", "junit"), ("markdown", "markdown"), ("html", "html")):
        if options[name]:
            from importlib import import_module

            content = import_module(f"tallystick.verifier.reports.{module}").text(report)
            if options[name] == "-":
                sys.stdout.write(content)
            else:
                _write(options[name], content, "w")
    sys.stdout.flush()


def _write(path: str, content: str, mode: str) -> None:
    try:
        with open(path, mode, encoding="utf-8") as file:
            file.write(content)
    except OSError as error:
        raise CannotVerify(
            f"the report cannot be written to {path}: {error.strerror or error}", COULD_NOT_RUN
        ) from None


def _terminal(colour: bool | None) -> tuple[bool, int]:
    """Are colours wanted, and how wide is it? Asked of the environment only as far as needed."""
    tty = sys.stdout.isatty()
    if colour is None:
        colour = not os.environ.get("NO_COLOR") and (tty or bool(os.environ.get("FORCE_COLOR")))
    width = 80
    if tty:
        with contextlib.suppress(OSError):
            width = os.get_terminal_size(sys.stdout.fileno()).columns or 80
    return colour, min(width, 120)


class _Progress:
    """A bar on the terminal's last line, redrawn at most twenty times a second."""

    def __init__(self, clock: Callable[[], float]):
        self._clock, self._next, self._failed = clock, 0.0, 0

    def __call__(self, done: int, total: int, newest: Replayed) -> None:
        self._failed += newest.status != "passed"
        now = self._clock()
        if now < self._next and done < total:
            return
        self._next = now + 0.05
        filled = 24 * done // max(total, 1)
        failed = f", {self._failed} failed" if self._failed else ""
        sys.stderr.write(f"\r\x1b[K[{'█' * filled}{'·' * (24 - filled)}] {done} of {total}{failed}")
        sys.stderr.flush()

    def clear(self) -> None:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


def _progress(options: Mapping[str, Any]) -> _Progress | None:
    if options["quiet"] or not sys.stderr.isatty():
        return None
    from time import monotonic

    return _Progress(monotonic)
