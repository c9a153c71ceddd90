"""A short way to `tallystick verify` that does not load click: the start-up of a small run is mostly imports.

It takes command lines that it understands to the last word, and leaves everything else to the full command: help,
mistakes, options it does not know. A test compares the two, option by option.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

FLAG: Final = "flag"
TEXT: Final = "text"
MANY: Final = "many"
NUMBER: Final = "number"

OPTIONS: Final[Mapping[str, str]] = {
    "provider": TEXT,
    "consumer": MANY,
    "broker-base-url": TEXT,
    "broker-username": TEXT,
    "broker-password": TEXT,
    "broker-token": TEXT,
    "consumer-version-selectors": MANY,
    "enable-pending": FLAG,
    "include-wip-pacts-since": TEXT,
    "owed": FLAG,
    "description": TEXT,
    "state": TEXT,
    "path": TEXT,
    "operation": MANY,
    "provider-base-url": TEXT,
    "app": TEXT,
    "ca-file": TEXT,
    "header": MANY,
    "timeout": NUMBER,
    "request-hook": MANY,
    "state-change-url": TEXT,
    "state-change-as-query": FLAG,
    "state-change-teardown": FLAG,
    "states": TEXT,
    "reentrant-state": MANY,
    "shared-state": MANY,
    "messages": TEXT,
    "message-url": TEXT,
    "no-dedupe": FLAG,
    "fail-fast": FLAG,
    "publish": FLAG,
    "provider-version": TEXT,
    "provider-version-branch": TEXT,
    "provider-version-tag": MANY,
    "build-url": TEXT,
    "allow-dirty": FLAG,
    "allow-nothing": FLAG,
    "no-shape": FLAG,
    "json": TEXT,
    "junit": TEXT,
    "markdown": TEXT,
    "html": TEXT,
    "verbose": FLAG,
    "quiet": FLAG,
}
"""What is understood here; the rest (abbreviations, choices, bounded numbers) is for the full command."""

ENVIRONMENT: Final[Mapping[str, str]] = {
    "PACT_BROKER_BASE_URL": "broker_base_url",
    "PACT_BROKER_USERNAME": "broker_username",
    "PACT_BROKER_PASSWORD": "broker_password",
    "PACT_BROKER_TOKEN": "broker_token",
    "PACT_DESCRIPTION": "description",
    "PACT_PROVIDER_STATE": "state",
}


def understood(words: Sequence[str], environment: Mapping[str, str]) -> dict[str, Any] | None:
    """The options that a command line gives, or None when any of it is for the full command."""
    if environment.get("PACT_PROVIDER_NO_STATE"):
        return None
    options: dict[str, Any] = {}
    sources: list[str] = []
    rest = iter(words)
    for word in rest:
        if not word.startswith("-"):
            sources.append(word)
            continue
        name, equals, value = word.removeprefix("--").partition("=")
        kind = OPTIONS.get(name) if word.startswith("--") else None
        if kind is None or (kind == FLAG and equals):
            return None
        key = name.replace("-", "_")
        if kind == FLAG:
            options[key] = True
            continue
        if not equals:
            value = next(rest, None)  # type: ignore[assignment]
            if value is None or value.startswith("--"):
                return None
        if kind == MANY:
            options[key] = (*options.get(key, ()), value)
        elif kind == NUMBER:
            try:
                options[key] = float(value)
            except ValueError:
                return None
        else:
            options[key] = value
    for variable, key in ENVIRONMENT.items():
        if environment.get(variable) and key not in options:
            options[key] = environment[variable]
    options["sources"] = tuple(sources)
    return options


def main(words: Sequence[str]) -> int | None:
    """Verify and give the exit code; None, with nothing done, when the full command must look at it."""
    options = understood(words, os.environ)
    if options is None:
        return None
    from tallystick.verifier.command import verify
    from tallystick.verifier.options import CannotVerify

    try:
        code = verify(options)
    except CannotVerify as refused:
        sys.stdout.flush()
        sys.stderr.write(f"tallystick verify: {refused}\n")
        return refused.exit_code
    if not any(options.get(name) for name in ("app", "states", "messages", "request_hook")):
        # Nothing of the user's was loaded, so that nothing waits for the interpreter's end: taking a large contract
        # apart object by object only to leave would take a tenth of the run.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return code
