"""Models as expectations: the model that the code parses with says what the provider must send.

A pydantic model, a dataclass, a TypedDict, a plain type or a JSON Schema becomes matchers, and examples for them: from
the schema's own examples and defaults, from values given by name, else plain ones made up here.

What becomes of what a schema says:

- types, nested objects, lists, dictionaries, enumerations, constants, patterns, the formats date, time, date-time and
  uuid: checked at the provider;
- a field that may be missing (it has a default, or is not in `required`): `optional`, so not checked;
- null or a scalar: `nullable`. Null or an object or list: the contract shows it present and not null;
- ranges, lengths of text, multiples, other formats: the contract cannot say them; only the type is checked.
"""

from __future__ import annotations

import dataclasses
import enum
import types
import typing
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, get_args, get_origin, get_type_hints

from tallystick.client_sdk import matchers
from tallystick.client_sdk.matchers import Matcher, MatcherMisuse

_DEPTH: Final = 12
_MISSING: Final = object()


def expects(shape: Any, /, **examples: Any) -> Matcher[Any]:
    """What `shape` describes: `expects(Order)`, with other examples by name: `expects(Order, id=7, status="paid")`."""
    found = _of(shape, (), "")
    if examples:
        found = _with_examples(found, examples, _name(shape))
    return found if isinstance(found, Matcher) else Matcher(found)


def _of(shape: Any, seen: tuple[Any, ...], where: str) -> Any:
    """A template for a type, a model or a schema."""
    if len(seen) > _DEPTH:
        raise MatcherMisuse(f"expects(): {where or 'the shape'} is nested more than {_DEPTH} deep")
    if isinstance(shape, Mapping):
        return _schema(shape, shape, seen, where)
    if isinstance(shape, (str, typing.ForwardRef)):
        raise MatcherMisuse(f"expects(): {where}: the type {shape!r} is not known by that name")
    schema = getattr(shape, "model_json_schema", None)
    if schema is not None:
        made = schema(mode="validation", by_alias=True)
        return _schema(made, made, seen, where or shape.__name__)
    if dataclasses.is_dataclass(shape) and isinstance(shape, type):
        return _dataclass(shape, seen)
    if isinstance(shape, type) and typing.is_typeddict(shape):
        return _typed_dict(shape, seen)
    origin = get_origin(shape)
    if origin is not None:
        return _generic(shape, origin, seen, where)
    if shape is Any:
        return _anything()
    if isinstance(shape, type):
        return _plain_type(shape, where)
    if shape is None:
        return matchers.null()
    raise MatcherMisuse(
        f"expects({shape!r}): give a pydantic model, a dataclass, a TypedDict, a type or a JSON Schema (a dict)"
    )


# --- Python types -----------------------------------------------------------------------------------------------------


def _dataclass(shape: type, seen: tuple[Any, ...]) -> dict[str, Any]:
    _not_recursive(shape, seen)
    hints = get_type_hints(shape, include_extras=True)
    out: dict[str, Any] = {}
    for one in dataclasses.fields(shape):
        if not one.init:
            continue
        below = _of(hints[one.name], (*seen, shape), f"{shape.__name__}.{one.name}")
        has_default = one.default is not dataclasses.MISSING or one.default_factory is not dataclasses.MISSING
        out[one.name] = matchers.optional(_matcher(below)) if has_default else below
    return out


def _typed_dict(shape: Any, seen: tuple[Any, ...]) -> dict[str, Any]:
    _not_recursive(shape, seen)
    hints = get_type_hints(shape)
    out: dict[str, Any] = {}
    for name, kind in hints.items():
        below = _of(kind, (*seen, shape), f"{shape.__name__}.{name}")
        out[name] = below if name in shape.__required_keys__ else matchers.optional(_matcher(below))
    return out


def _generic(shape: Any, origin: Any, seen: tuple[Any, ...], where: str) -> Any:
    arguments = get_args(shape)
    if origin is typing.Annotated:
        return _of(arguments[0], seen, where)
    if origin is typing.Literal:
        return _choice(arguments)
    if origin in (typing.Union, types.UnionType):
        return _union([_of(one, seen, where) for one in arguments if one is not type(None)], type(None) in arguments)
    if origin in (list, set, frozenset, Sequence) or (origin is tuple and arguments[1:] == (...,)):
        return matchers.each_like(_of(arguments[0], seen, f"{where}[]"), min=0)
    if origin is tuple:
        return matchers.like([_of(one, seen, f"{where}[{at}]") for at, one in enumerate(arguments)])
    if origin in (dict, Mapping):
        return matchers.mapping_of(_of(arguments[1], seen, f"{where}.*"))
    if dataclasses.is_dataclass(origin) and isinstance(origin, type):
        return _dataclass(origin, seen)
    raise MatcherMisuse(f"expects(): {where or shape}: {shape} says too little about the JSON")


def _plain_type(shape: type, where: str) -> Any:
    import datetime
    import uuid

    if issubclass(shape, enum.Enum):
        return _choice([one.value for one in shape])
    made: list[tuple[type, Any]] = [
        (bool, matchers.boolean),
        (int, matchers.integer),
        (float, matchers.number),
        (Decimal, matchers.number),
        (str, matchers.string),
        (datetime.datetime, _timestamp),
        (datetime.date, matchers.date),
        (datetime.time, matchers.time),
        (uuid.UUID, matchers.uuid),
        (type(None), matchers.null),
    ]
    for kind, make in made:
        if issubclass(shape, kind):
            return make()
    if issubclass(shape, (list, tuple, set, frozenset)):
        return matchers.like([])
    if issubclass(shape, dict) or shape is object:
        return matchers.like({}) if shape is not object else _anything()
    raise MatcherMisuse(f"expects(): {where or shape.__name__}: there is no JSON form of {shape.__name__}")


# --- JSON Schema ------------------------------------------------------------------------------------------------------


def _schema(schema: Any, root: Mapping[str, Any], seen: tuple[Any, ...], where: str) -> Any:
    if schema is True or schema == {}:
        return _anything()
    if not isinstance(schema, Mapping):
        raise MatcherMisuse(f"expects(): {where or 'the schema'}: {schema!r} is not a JSON Schema")
    if "$ref" in schema:
        name = str(schema["$ref"])
        if name in seen:
            raise MatcherMisuse(
                f"expects(): {where}: {name} contains itself; a contract shows a finite example: write it by hand"
            )
        return _schema(_referred(name, root), root, (*seen, name), where)
    if len(seen) > _DEPTH:
        raise MatcherMisuse(f"expects(): {where}: nested more than {_DEPTH} deep")
    if "const" in schema:
        return _choice([schema["const"]])
    if "enum" in schema:
        return _choice(schema["enum"])
    for word in ("anyOf", "oneOf"):
        if word in schema:
            options = [one for one in schema[word] if not (isinstance(one, Mapping) and one.get("type") == "null")]
            null = len(options) < len(schema[word])
            made = _union([_schema(one, root, seen, where) for one in options], null)
            return _shown(made, schema)
    if "allOf" in schema:
        merged: dict[str, Any] = {key: value for key, value in schema.items() if key != "allOf"}
        for one in schema["allOf"]:
            part = _referred(str(one["$ref"]), root) if "$ref" in one else one
            properties = {**merged.get("properties", {}), **part.get("properties", {})}
            required = [*merged.get("required", []), *part.get("required", [])]
            merged = {**part, **merged, "properties": properties, "required": required}
        return _schema(merged, root, seen, where)
    kinds = schema.get("type")
    if isinstance(kinds, list):
        named = [one for one in kinds if one != "null"]
        return _union([_schema({**schema, "type": one}, root, seen, where) for one in named], "null" in kinds)
    return _shown(_typed(schema, kinds, root, seen, where), schema)


def _typed(schema: Mapping[str, Any], kind: Any, root: Mapping[str, Any], seen: tuple[Any, ...], where: str) -> Any:
    if kind == "object" or (kind is None and "properties" in schema):
        return _object(schema, root, seen, where)
    if kind == "array":
        if "prefixItems" in schema:
            items = enumerate(schema["prefixItems"])
            return matchers.like([_schema(one, root, (*seen, "[]"), f"{where}[{at}]") for at, one in items])
        item = _schema(schema.get("items", True), root, (*seen, "[]"), f"{where}[]")
        return matchers.each_like(item, min=int(schema.get("minItems", 0)), max=schema.get("maxItems"))
    if kind == "string":
        return _string(schema, where)
    plain = {
        "integer": matchers.integer,
        "number": matchers.number,
        "boolean": matchers.boolean,
        "null": matchers.null,
    }
    if kind in plain:
        return plain[kind]()  # type: ignore[operator]
    if kind is None:
        return _anything()
    raise MatcherMisuse(f"expects(): {where}: {kind!r} is not a type of JSON Schema")


def _object(schema: Mapping[str, Any], root: Mapping[str, Any], seen: tuple[Any, ...], where: str) -> Any:
    properties = schema.get("properties", {})
    if not properties:
        values = schema.get("additionalProperties")
        if isinstance(values, Mapping) and values:
            return matchers.mapping_of(_schema(values, root, (*seen, "*"), f"{where}.*"))
        return matchers.like({})
    required = schema.get("required", [])
    out: dict[str, Any] = {}
    for name, below in properties.items():
        found = _schema(below, root, (*seen, name), f"{where}.{name}")
        out[name] = found if name in required else matchers.optional(_matcher(found))
    return out


def _string(schema: Mapping[str, Any], where: str) -> Any:
    pattern, format = schema.get("pattern"), schema.get("format")
    if pattern is not None:
        shown = _example(schema)
        if shown is _MISSING:
            raise MatcherMisuse(
                f"expects(): {where}: the pattern {pattern!r} needs an example that matches it; "
                'say it in the model (examples=["…"]) or in the schema ("examples": ["…"])'
            )
        body = pattern.removeprefix("^")
        body = body.removesuffix("$") if not body.endswith("\\$") else body
        whole = body if pattern.startswith("^") and pattern.endswith("$") else f"(?:.*{pattern}.*)"
        return matchers.regex(whole if "|" not in body or whole.startswith("(?:") else f"(?:{whole})", example=shown)
    made = {"date": matchers.date, "time": matchers.time, "date-time": _timestamp, "uuid": matchers.uuid}
    return made[format]() if format in made else matchers.string()


def _referred(name: str, root: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Any = root
    if not name.startswith("#"):
        raise MatcherMisuse(f"expects(): the reference {name!r} leads out of the schema; only #/… is followed")
    for part in name.lstrip("#/").split("/"):
        try:
            found = found[part.replace("~1", "/").replace("~0", "~")] if part else found
        except (KeyError, TypeError):
            raise MatcherMisuse(f"expects(): the schema has nothing at {name}") from None
    return found  # type: ignore[no-any-return]


# --- what both use ----------------------------------------------------------------------------------------------------


def _timestamp() -> Matcher[str]:
    """A date and time as RFC 3339 has it, with any number of fraction digits: no single date pattern says that."""
    pattern = r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+\-]\d{2}:?\d{2})?"
    return matchers.regex(pattern, example="2000-01-31T13:45:30+00:00")


def _choice(values: Any) -> Matcher[Any]:
    plain = [one.value if isinstance(one, enum.Enum) else one for one in values]
    if len(plain) == 1 or any(isinstance(one, (dict, list)) for one in plain):
        return matchers.equal_to(plain[0])
    return matchers.one_of(plain[0], *plain[1:])


def _union(options: list[Any], null: bool) -> Any:
    if not options:
        return matchers.null()
    if len(options) > 1:
        scalars = [one for one in options if isinstance(one, Matcher) and _is_scalar(one)]
        if len(scalars) == len(options) and all(len(one.rules) == 1 for one in scalars):
            made: Any = matchers.any_of(scalars[0], *scalars[1:])
        else:
            raise MatcherMisuse(
                "expects(): a choice between objects cannot be said in a contract: "
                "describe an interaction for each of them, with its own model"
            )
    else:
        made = options[0]
    if null and isinstance(made, Matcher) and _is_scalar(made):
        if made.combine == "OR":
            return dataclasses.replace(made, rules=(*made.rules, matchers.null().rules[0]))
        return matchers.nullable(made)
    return made


def _is_scalar(made: Matcher[Any]) -> bool:
    shown: Any = made.example
    while isinstance(shown, Matcher):
        shown = shown.example
    return not isinstance(shown, (dict, list, tuple))


def _anything() -> Matcher[Any]:
    """No rule at all but presence: every scalar matches the pattern."""
    return matchers.any_of(Matcher("anything", matchers.string().rules), matchers.regex("(?s:.*)", example="anything"))


def _shown(made: Any, schema: Mapping[str, Any]) -> Any:
    example = _example(schema)
    if example is _MISSING or example is None or not isinstance(made, Matcher) or not _is_scalar(made):
        return made
    return dataclasses.replace(made, example=example)


def _example(schema: Mapping[str, Any]) -> Any:
    examples = schema.get("examples")
    if isinstance(examples, Sequence) and examples and not isinstance(examples, str):
        return examples[0]
    return schema.get("example", schema.get("default", _MISSING))


def _with_examples(found: Any, examples: Mapping[str, Any], name: str) -> Any:
    inner = found.example if isinstance(found, Matcher) else found
    if not isinstance(inner, dict):
        raise MatcherMisuse(f"expects({name}, …=…): examples by name are for objects")
    unknown = sorted(set(examples) - set(inner))
    if unknown:
        raise MatcherMisuse(f"expects({name}): it has no field {unknown[0]!r}; its fields are {', '.join(inner)}")
    out = dict(inner)
    for field, example in examples.items():
        before = out[field]
        if isinstance(example, Matcher) or not isinstance(before, Matcher) or not _is_scalar(before):
            out[field] = example
        else:
            out[field] = dataclasses.replace(before, example=example, optional=False)
    return dataclasses.replace(found, example=out) if isinstance(found, Matcher) else out


def _matcher(found: Any) -> Matcher[Any]:
    return found if isinstance(found, Matcher) else Matcher(found)


def _not_recursive(shape: Any, seen: tuple[Any, ...]) -> None:
    if shape in seen:
        raise MatcherMisuse(
            f"expects(): {shape.__name__} contains itself; a contract shows a finite example: write it by hand"
        )


def _name(shape: Any) -> str:
    return getattr(shape, "__name__", "schema")
