"""The options of a verification, by the names that the command line and the Python API share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tallystick.verifier.results import USAGE

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
    "transport": (),
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
    "no_shape": False,
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
