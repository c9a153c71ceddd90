"""Why an interaction got no verdict from matching: a closed list of kinds, each with a sentence and a way out."""

from __future__ import annotations

from typing import Final, NamedTuple

KINDS: Final = {
    "connection-failed": "no connection to the provider",
    "connection-closed": "the connection was closed without an answer",
    "connection-reset": "the connection broke",
    "timeout": "no complete answer in time",
    "malformed-response": "the answer is not valid HTTP",
    "response-cut-off": "the answer ended before it was complete",
    "response-too-large": "the answer is larger than what is read",
    "tls": "no secure connection",
    "invalid-request": "the request of the contract cannot be sent",
    "too-many-redirects": "the provider redirects without end",
    "application-error": "the application raised",
    "state-change-failed": "a provider state could not be set up",
    "teardown-failed": "a provider state could not be torn down",
    "state-missing": "nobody handles a provider state",
    "hook-failed": "a request hook raised",
    "message-missing": "nobody produces the message",
    "message-failed": "the message could not be produced",
    "unexpected-status": "the message endpoint answered with an error",
    "flaky": "the same build answered differently",
    "interrupted": "the run was stopped before it",
}


class Problem(NamedTuple):
    """What stood in the way: its kind, one sentence, and what to do about it ("" where nothing helps)."""

    kind: str
    sentence: str
    fix: str = ""


class ReplayFailed(Exception):
    """An exchange that ended without something to compare."""

    def __init__(self, problem: Problem):
        super().__init__(problem.sentence)
        self.problem = problem
