"""Whether what came keeps what the contract asks: a function from (expected, actual) to an `Outcome`.

Start with `engine`, which compares the parts; `docs/explanation/matching-walk.md` follows one body through it.
"""

from tallystick.contract.matching.engine import (
    Candidate,
    compile_message,
    compile_request,
    compile_response,
    match_message,
    match_request,
    match_response,
    nearest,
)
from tallystick.contract.matching.outcome import Outcome, Undecided

__all__ = [
    "Candidate",
    "Outcome",
    "Undecided",
    "compile_message",
    "compile_request",
    "compile_response",
    "match_message",
    "match_request",
    "match_response",
    "nearest",
]
