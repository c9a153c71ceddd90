"""API descriptions: reading what was sent, keeping it, and asking it for its path templates and fields."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

import orjson
from sqlalchemy.orm import Session

from tallystick.broker.errors import Unprocessable
from tallystick.broker.http.media import YAML
from tallystick.broker.impact import queries
from tallystick.broker.impact.queries import DESCRIPTION
from tallystick.broker.summaries import dialect_of, upsert
from tallystick.contract.errors import Complaint
from tallystick.contract.openapi.descriptions import DescriptionInvalid, check
from tallystick.contract.openapi.operations import operations

JSON: Final = "application/json"
_LARGEST: Final = 2_000_000  # values, aliases counted as often as they are used


@dataclass(frozen=True, slots=True)
class Read:
    """A description that can be used."""

    document: Mapping[str, Any]
    media_type: str
    odd: tuple[Complaint, ...]


def read(content: bytes) -> Read:
    """The description in bytes, JSON or YAML. Raises `Unprocessable` with every complaint, each saying where."""
    document, media_type = _loaded(content)
    try:
        return Read(document, media_type, check(document))
    except DescriptionInvalid as invalid:
        raise Unprocessable({"description": [str(one) for one in invalid.complaints]}) from None


def read_document(document: Any) -> Read:
    """The same for a description that came as a member of a request: an object, or the text of one."""
    return read(document.encode("utf-8", "replace") if isinstance(document, str) else orjson.dumps(document))


def _loaded(content: bytes) -> tuple[Any, str]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise Unprocessable({"description": [f"is not UTF-8 (at byte {wrong.start})"]}) from None
    if text.lstrip()[:1] in ("{", "["):
        try:
            return orjson.loads(text), JSON
        except orjson.JSONDecodeError as wrong:
            if not text.lstrip().startswith("{"):
                raise Unprocessable({"description": [f"is not JSON: {wrong}"]}) from None
            reason = f"is not JSON: {wrong.msg} (line {wrong.lineno}, column {wrong.colno})"
            raise Unprocessable({"description": [reason]}) from None
    return _yaml(text), YAML


def _yaml(text: str) -> Any:
    import yaml

    try:
        document = yaml.load(text, Loader=_loader())
    except yaml.MarkedYAMLError as wrong:
        mark = wrong.problem_mark or wrong.context_mark
        where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        raise Unprocessable({"description": [f"is not YAML: {wrong.problem or wrong.context}{where}"]}) from None
    except (yaml.YAMLError, ValueError, RecursionError) as wrong:
        raise Unprocessable({"description": [f"is not YAML: {str(wrong).splitlines()[0]}"]}) from None
    if _size(document, {}, set()) > _LARGEST:
        raise Unprocessable({"description": [f"holds more than {_LARGEST} values, or refers to itself"]})
    return document


@lru_cache(maxsize=1)
def _loader() -> Any:
    """A YAML reader that knows what JSON knows: a date is a text, and every name is one."""
    import yaml

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Loader(base):  # type: ignore[misc]
        pass

    kept = ("tag:yaml.org,2002:null", "tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag in (*kept, "tag:yaml.org,2002:merge")]
        for first, resolvers in base.yaml_implicit_resolvers.items()
    }

    Loader.add_implicit_resolver(
        "tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
    )

    def mapping(loader: Any, node: Any) -> dict[str, Any]:
        # A status is written as a number, and is a name all the same.
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                key.tag = "tag:yaml.org,2002:str"
        loader.flatten_mapping(node)
        return {str(key): value for key, value in yaml.SafeLoader.construct_mapping(loader, node, deep=True).items()}

    Loader.add_constructor("tag:yaml.org,2002:map", mapping)
    return Loader


def _size(value: Any, known: dict[int, int], above: set[int]) -> int:
    """How many values there are, an alias counted in full each time; beyond all limits for what holds itself."""
    if not isinstance(value, dict | list):
        return 1
    if id(value) in known:
        return known[id(value)]
    if id(value) in above:
        return _LARGEST + 1
    above.add(id(value))
    total = 1
    for each in value.values() if isinstance(value, dict) else value:
        total += _size(each, known, above)
    above.discard(id(value))
    known[id(value)] = total
    return total


# --- keeping ------------------------------------------------------------------------------------------------------


def save(
    session: Session, participant_id: int, version_id: int, content: bytes, media_type: str, now: datetime
) -> None:
    """The version has this description, in place of any it had. One statement."""
    values = {
        "participant_id": participant_id,
        "version_id": version_id,
        "sha": hashlib.sha256(content).hexdigest(),
        "media_type": media_type,
        "created_at": now,
        "content": content,
    }
    statement = upsert(dialect_of(session), DESCRIPTION).values(**values)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[DESCRIPTION.c.version_id],
            set_={name: statement.excluded[name] for name in ("sha", "media_type", "created_at", "content")},
        )
    )


@lru_cache(maxsize=8)
def _parsed(sha: str, content: bytes) -> Mapping[str, Any]:
    return read(content).document


def parsed(row: Any) -> Mapping[str, Any]:
    """The document of a stored description; the last few are remembered."""
    return _parsed(row.sha, row.content)


def templates_of(connection: Any, participant_id: int) -> tuple[str, ...]:
    """The path templates of the provider's newest description; () when it has none. One statement or two."""
    row = queries.newest_description(connection, participant_id)
    return tuple(dict.fromkeys(one.template for one in operations(parsed(row)))) if row is not None else ()
