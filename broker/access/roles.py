"""Who may do what: roles, and for every route that writes the role it needs and the participant it writes to.

Pure: a route's method and path template in, a rule out. A test walks all routes and asks that each has a rule.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Role: TypeAlias = Literal["read", "publish", "verify", "deploy", "admin"]

ROLES: Final[tuple[Role, ...]] = ("read", "publish", "verify", "deploy", "admin")
READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Rule:
    """What a route asks of whoever calls it."""

    role: Role
    participant: str | None = None
    """The path parameter that names the participant written to; None when the body or the database names it."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Whoever calls: their name, roles, and the participants they may write to (None: any)."""

    name: str
    roles: frozenset[str]
    grants: frozenset[str] | None = None

    def may(self, role: str) -> bool:
        return role in self.roles or "admin" in self.roles or (role == "read" and bool(self.roles))

    @property
    def reading(self) -> Principal:
        """The same caller, who may read and nothing else."""
        return Principal(self.name, frozenset({"read"} if self.roles else ()), self.grants)

    def may_write_to(self, participant: str) -> bool:
        return self.grants is None or participant in self.grants or "admin" in self.roles


ANYONE: Final = Principal("anonymous", frozenset({"admin"}))
"""The caller where nobody needs to sign in."""

READER: Final = Principal("anonymous", frozenset({"read"}))
"""The caller without credentials where reading is open to all."""

_PACT: Final = r"/pacts?/provider/\{provider\}/consumer/\{consumer\}"
_PARTICIPANT: Final = r"/pacticipants/\{(?P<participant>\w+)\}"

# (methods, path template, role, parameter that names the participant). The first match decides.
_RULES: Final[tuple[tuple[str, str, Role, str | None], ...]] = (
    ("POST", r"/pacts/provider/\{provider\}/for-verification", "read", None),
    ("POST", _PARTICIPANT + r"/impact", "read", None),  # a question with a body: nothing is kept
    ("POST", r"/contracts/publish", "publish", None),  # the body names the participant
    ("PUT PATCH", _PACT + r"/versions?/\{version\}", "publish", "consumer"),
    ("PUT DELETE", _PARTICIPANT + r"/branches/\{branch\}/versions/\{version\}", "publish", "*"),
    ("PUT DELETE", _PARTICIPANT + r"/versions/\{version\}/tags/\{tag\}", "publish", "*"),
    ("PUT PATCH", _PARTICIPANT + r"/versions/\{version\}", "publish", "*"),
    ("PUT POST", r"/provider-contracts/.*", "publish", None),
    ("POST PUT DELETE", _PARTICIPANT + r"/versions/\{\w+\}/(api-)?description", "publish", "*"),
    ("POST", _PACT + r"/pact-version/\{sha\}(/metadata/\{metadata\})?/verification-results", "verify", "provider"),
    ("POST DELETE", _PARTICIPANT + r"/versions/\{\w+\}/shape", "verify", "*"),
    ("POST", _PARTICIPANT + r"/versions/\{\w+\}/(deployed|released)-versions/environment/\{\w+\}", "deploy", "*"),
    ("PATCH", r"/(deployed|released)-versions/\{uuid\}", "deploy", None),  # the row names the participant
    # What shapes the broker for everyone, and what takes away, is for administrators.
    ("POST PUT PATCH", r"/pacticipants(/\{\w+\})?", "admin", None),
    ("PUT DELETE", _PARTICIPANT + r"/labels/\{label\}", "admin", None),
    ("POST PUT DELETE", r"/environments(/\{uuid\})?", "admin", None),
    ("POST PUT DELETE", r"(/pacts/provider/\{provider\}/consumer/\{consumer\})?/webhooks(/.*)?", "admin", None),
    ("POST", r"/triggered-webhooks/\{uuid\}/redeliver", "admin", None),
    ("POST PUT PATCH DELETE", r"/accounts(/.*)?", "admin", None),
    ("DELETE", r"/tokens/\{\w+\}", "admin", None),
    ("POST PUT PATCH DELETE", r"/plans(/.*)?", "publish", None),
    ("DELETE", r"/(pacts?|integrations|pacticipants|labels)(/.*)?", "admin", None),
)  # fmt: skip
_COMPILED: Final = tuple((frozenset(m.split()), re.compile(p), role, who) for m, p, role, who in _RULES)

_PRIVATE: Final = re.compile(r"/(accounts|audit)(/.*)?")  # reading these is for administrators too


def rule_for(method: str, template: str) -> Rule | None:
    """The rule of a route; None for a write that no rule covers (which is then refused to all but administrators)."""
    if method in READING:
        return Rule("admin" if _PRIVATE.fullmatch(template) else "read")
    for methods, pattern, role, who in _COMPILED:
        if method in methods and (found := pattern.fullmatch(template)):
            return Rule(role, found["participant"] if who == "*" else who)
    return None


def refusal(principal: Principal, method: str, template: str, parameters: Mapping[str, str]) -> str | None:
    """Why the caller may not do this; None when they may."""
    rule = rule_for(method, template) or Rule("admin")
    if not principal.may(rule.role):
        has = ", ".join(sorted(principal.roles)) or "no role"
        return f"{principal.name} has {has}; this needs the role {rule.role}"
    if rule.participant is not None and not principal.may_write_to(parameters[rule.participant]):
        return f"{principal.name} may not write to {parameters[rule.participant]}: it is not among their grants"
    return None
