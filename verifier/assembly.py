"""From options to a verification: sources, target, states, messages, hooks, filters. Wrong options are refused here."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

from tallystick.verifier import sources as from_
from tallystick.verifier.options import CannotVerify
from tallystick.verifier.replay import Settings
from tallystick.verifier.results import Source, Unreadable
from tallystick.verifier.states import Changer, Nobody
from tallystick.verifier.verification import Filters, Load, Publish, Verification


def build(
    options: Mapping[str, Any],
    targets: dict[int, Any] | None = None,
    lookup: Any = None,
    load: Load | None = None,
) -> Verification:
    """A verification from options; `load` gives the contracts in place of what they name, for the other two see
    `api.Verifier`. Raises CannotVerify.
    """
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
        load=load or _loader(options, broker, tls),
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
            transports=_transports(options, tls),
            seen=_seen(options),
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
    from tallystick.verifier.addresses import Tls

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
    from tallystick.verifier.addresses import split_url

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
        from tallystick.verifier.targets.http import HttpTarget

        # A state change may be sent twice, so that its connection can be kept, unlike that of a POST of a contract.
        send = _Lazily(target.repeating() if isinstance(target, HttpTarget) else target)
        where = f"{target.base_path}{url}"
    else:
        from tallystick.verifier.addresses import split_url
        from tallystick.verifier.targets.http import HttpTarget

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
    from tallystick.verifier.addresses import split_url
    from tallystick.verifier.targets.http import HttpTarget

    try:
        address, where = split_url(url)
    except ValueError as error:
        raise CannotVerify(f"--message-url: {error}") from None
    place = HttpTarget(f"{address.scheme}://{address.authority}", tls=tls)
    return HttpMessages(_Lazily(place), where, _headers(options), options["timeout"])


def _transports(options: Mapping[str, Any], tls: Any) -> dict[str, Any]:
    given = options["transport"]
    found: dict[str, Any] = {}
    for text in given.items() if isinstance(given, Mapping) else given:
        name, _, url = text.partition("=") if isinstance(text, str) else (text[0], "=", text[1])
        from tallystick.verifier.messages import HttpMessages
        from tallystick.verifier.replay import Transport
        from tallystick.verifier.targets.http import HttpTarget

        try:
            target = HttpTarget(url, tls=tls, redirects=options["redirects"])
        except ValueError as error:
            raise CannotVerify(f"--transport {text!r}: write it as NAME=URL; {error}") from None
        send = _Lazily(target)
        messages = HttpMessages(send, target.base_path or "/", _headers(options), options["timeout"])
        found[name] = Transport(send, target.base_path, messages)
    return found


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


def _seen(options: Mapping[str, Any]) -> Any:
    if not options["publish"] or options["no_shape"]:
        return None
    from tallystick.contract.shape_seen import Seen

    return Seen()


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


def _loader(options: Mapping[str, Any], broker: Any, tls: Any) -> Load:
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
        providers = sorted({source.contract.provider for source in found})
        if provider is None and len(providers) > 1:
            named = ", ".join(map(repr, providers))
            raise CannotVerify(f"these are contracts with several providers ({named}): say which with --provider")
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
