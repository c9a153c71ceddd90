"""What a contract and an interaction are known by: digests of what matters about them, whatever order it is in."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from tallystick.contract import content_types, json_text, paths
from tallystick.contract.errors import PathInvalid
from tallystick.contract.model import (
    AsyncMessage,
    Body,
    Generator,
    Headers,
    HttpInteraction,
    HttpRequest,
    HttpResponse,
    Interaction,
    Json,
    MessageContents,
    Rule,
)

NORMAL_FORM: Final = 1
"""The version of what `interaction_sha` digests. Another number means: recompute what was stored."""


def contract_sha(document: Json) -> str:
    """The SHA-1 that the Pact Broker gives a contract: of its interactions, messages and specification version.

    `document` is as `json_text.loads` gave it, before ids were put in. The order of keys and of interactions does not
    matter, nor do names and other metadata; one that has neither interactions nor messages is hashed as it stands.
    """
    content = _verifiable(document)
    if content is None:
        return _sha1(_compact(document))
    ordered = "interactions" if "interactions" in content else "messages"
    members = []
    for name in sorted(content):
        if name == ordered:
            value = b"[" + b",".join(sorted(_sorted_text(element) for element in content[name])) + b"]"
        else:
            value = _sorted_text(content[name])
        members.append(b'"' + name.encode() + b'":' + value)
    return _sha1(b"{" + b",".join(members) + b"}")


def interaction_id(interaction: Json) -> str:
    """The `_id` that the Pact Broker puts into an interaction that has none: SHA-1 of its JSON, keys sorted."""
    return _sha1(_sorted_text(interaction))


def with_interaction_ids(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document with an `_id` in every interaction and message, as their first member; those that are there stay."""
    out = dict(document)
    for name in ("interactions", "messages"):
        if isinstance(out.get(name), list):
            out[name] = [
                {"_id": interaction_id(element), **element}
                if isinstance(element, dict) and "_id" not in element
                else element
                for element in out[name]
            ]
    return out


def interaction_sha(interaction: Interaction) -> str:
    """SHA-256 of everything that changes what is sent or checked. Equal digests may be replayed once for all.

    Not of the description, comments, pending, key, the broker's id, or members that no version of Pact knows. Order
    of keys, of headers and of rules does not matter; the order of provider states and of array items does.
    """
    return hashlib.sha256(json_text.dumps(_normal(interaction), sort_keys=True)).hexdigest()


def _verifiable(document: Json) -> dict[str, Any] | None:
    if not isinstance(document, dict):
        return None
    content: dict[str, Any] = {
        name: document[name] for name in ("interactions", "messages") if isinstance(document.get(name), list)
    }
    if not content:
        return None
    version = _stated_version(document.get("metadata"))
    if version is not None:
        content["pact_specification_version"] = version
    return content


def _stated_version(metadata: Json) -> Json:
    if not isinstance(metadata, dict):
        return None
    for name in ("pactSpecification", "pact-specification"):
        stated = metadata.get(name)
        if isinstance(stated, dict) and stated.get("version") is not None:
            return stated["version"]
    return metadata.get("pactSpecificationVersion")


def _sha1(text: bytes) -> str:
    return hashlib.sha1(text, usedforsecurity=False).hexdigest()


def _compact(value: Json) -> bytes:
    return json_text.dumps(value, decimal=_as_ruby_writes)


def _sorted_text(value: Json) -> bytes:
    return json_text.dumps(value, sort_keys=True, decimal=_as_ruby_writes)


def _as_ruby_writes(number: Decimal) -> str:
    """A number with fraction or exponent as the broker's JSON library writes the double nearest to it.

    The shortest digits that give the double back. Plain below 1e16, and above 1e-7 or with up to nine zeros after the
    point; otherwise with an exponent: `100000.0`, `0.00001`, `1e+16`.
    """
    if number.is_zero():
        # `-0` alone is an integer to Ruby; it cannot be told from `-0e0`, which nobody writes.
        return "0" if number.as_tuple().exponent == 0 else "-0.0" if number.is_signed() else "0.0"
    double = float(number)
    text = repr(double)
    if "e" not in text and "n" not in text:
        return text
    if double - double != 0:
        return json_text.decimal_text(number)
    if double == 0:
        return "-0.0" if number.is_signed() else "0.0"
    sign, digit_tuple, _ = parts = Decimal(text).normalize().as_tuple()
    digits = "".join(map(str, digit_tuple))
    below_point = -int(parts.exponent)
    exponent = len(digits) - below_point - 1
    minus = "-" if sign else ""
    if below_point <= 0:
        if exponent < 16:
            return minus + digits + "0" * -below_point + ".0"
    elif below_point < 7 or abs(exponent) < 10:
        padded = digits.rjust(below_point + 1, "0")
        return f"{minus}{padded[:-below_point]}.{padded[-below_point:]}"
    rest = "." + digits[1:] if len(digits) > 1 else ""
    return f"{minus}{digits[0]}{rest}e{'+' if exponent >= 0 else '-'}{abs(exponent)}"


def _normal(interaction: Interaction) -> dict[str, Any]:
    out: dict[str, Any] = {
        "form": NORMAL_FORM,
        "states": [[state.name, dict(state.params)] for state in interaction.states],
        "plugins": dict(interaction.plugin_configuration),
    }
    if isinstance(interaction, HttpInteraction):
        out["kind"] = "http"
        # The transport of HTTP is `http` unless another is named; some writers name it.
        out["transport"] = interaction.transport or "http"
        out["request"] = _request(interaction.request)
        out["response"] = _response(interaction.response)
        return out
    out["transport"] = interaction.transport
    if isinstance(interaction, AsyncMessage):
        return {**out, "kind": "async", "contents": _contents(interaction.contents)}
    responses = [_contents(response) for response in interaction.responses]
    return {**out, "kind": "sync", "request": _contents(interaction.request), "responses": responses}


def _request(request: HttpRequest) -> dict[str, Any]:
    return {
        "method": request.method.upper(),
        "path": request.path,
        "query": {name: list(values) for name, values in (request.query or {}).items()},
        "headers": _headers(request.headers),
        "body": _body(request.body, content_types.in_headers(request.headers)),
        **_rules(request),
    }


def _response(response: HttpResponse) -> dict[str, Any]:
    return {
        "status": response.status,
        "headers": _headers(response.headers),
        "body": _body(response.body, content_types.in_headers(response.headers)),
        **_rules(response),
    }


def _contents(contents: MessageContents) -> dict[str, Any]:
    return {
        "body": _body(contents.body, content_types.in_metadata(contents.metadata)),
        "metadata": dict(contents.metadata),
        **_rules(contents),
    }


def _headers(headers: Headers | None) -> list[Any]:
    return sorted([name.lower(), list(values)] for name, values in (headers or {}).items())


def _body(body: Body, stated: content_types.ContentType | None) -> Any:
    if body.state == "missing":
        return [body.state]
    effective = content_types.of_body(body, stated)
    if body.state != "present":
        # The type counts: an actual body of another type is not looked at further.
        return ["empty", str(effective)]
    content: Any = None
    if effective.is_json:
        try:
            content = [json_text.loads(body.content)]
        except json_text.JsonInvalid:
            content = None
    # A hint that says what the type says already changes nothing, and older versions cannot hold it.
    hint = None if body.hint in ("DEFAULT", "BINARY" if effective.is_binary else "TEXT") else body.hint
    return [body.state, str(effective), hint, body.content.hex() if content is None else content]


def _rules(part: HttpRequest | HttpResponse | MessageContents) -> dict[str, Any]:
    return {
        "rules": {
            category: {_key(category, key): _rule(rule) for key, rule in sorted(rules.items())}
            for category, rules in part.rules.items()
            if rules
        },
        "generators": {
            category: {_key(category, key): _generator(generator) for key, generator in sorted(generators.items())}
            for category, generators in part.generators.items()
            if generators
        },
    }


def _key(category: str, key: str) -> str:
    if category == "header":
        return key.lower()
    if category in ("body", "metadata"):
        return _canonical(key)
    return key


@lru_cache(maxsize=8192)
def _canonical(path: str) -> str:
    try:
        return paths.render(paths.parse(path))
    except PathInvalid:
        return path


def _rule(rule: Rule) -> list[Any]:
    combine = rule.combine if len(rule.matchers) > 1 else "AND"
    return [combine, *([matcher.name, dict(matcher.config)] for matcher in rule.matchers)]


def _generator(generator: Generator) -> list[Any]:
    return [generator.name, dict(generator.config)]
