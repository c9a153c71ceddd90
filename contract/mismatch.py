"""A mismatch is a value: what was wrong, where in the actual, where in the contract, by which rule.

Finding is `contract.matching`, showing is `contract.rendering`. The closed list of kinds follows the Pact
catalogue, so that results read the same to every Pact client.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from tallystick.contract.model import Json, Matcher

Part: TypeAlias = Literal["method", "path", "query", "header", "status", "body", "body-type", "metadata"]

MATCHER_KINDS: Final = frozenset(
    {
        "equality", "type", "regex", "include", "number", "integer", "decimal", "boolean", "null", "date", "time",
        "datetime", "contentType", "notEmpty", "semver", "statusCode", "values", "eachKey", "eachValue",
        "arrayContains",
    }
)  # fmt: skip
"""What a matcher refused carries the matcher's name."""

KINDS: Final = MATCHER_KINDS | frozenset(
    {
        "kind",  # an object, array or scalar where another of these was expected; a file where a field was
        "missing", "unexpected",  # a header, parameter, metadata entry, attribute, part, or the body itself
        "missing-keys", "unexpected-keys",  # of a JSON object
        "missing-item", "unexpected-items", "length",  # of a list
        "missing-child", "unexpected-child", "unexpected-children", "attributes", "unexpected-attributes",  # of XML
        "content-type", "empty", "unparsable",  # of a body as a whole
        "unknown-matcher", "extension", "no-matcher",  # a name nobody knows, a matcher from elsewhere, an empty rule
    }
)  # fmt: skip
"""Every kind of mismatch there is."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One thing that differs from what the contract expects."""

    part: Part
    kind: str
    """What went wrong, from a closed list (`contract.mismatch.KINDS`): equality, type, missing-keys, regex, …"""
    path: str
    """Into the actual: `$.lines[2].total` for bodies and metadata, the name for headers and query, "" otherwise."""
    expected: Json | bytes
    actual: Json | bytes
    sentence: str
    """One plain sentence, in the words of the Pact catalogue."""
    contract_path: str = ""
    """Into the contract's example: `$.lines[0].total`; the same as `path` where nothing was generalised."""
    rule: Matcher | None = None
    """The matcher that refused; None where plain equality or structure did."""
    rule_path: str | None = None
    """The key of that rule as written in the contract: `$.lines[*].total`."""
