"""Two contents side by side, as text. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from tallystick.contract import identity, json_text

LONGEST: Final = 4000  # lines of a side; beyond it only what differs is compared, and then only so much of it


def difference(old: bytes, new: bytes, *, context: int = 3) -> str:
    """A unified difference of the contents: keys sorted, ids that the broker put in left out. "" when there is none.

    Large contents are compared without the interactions that are equal; what is still too long is only counted, so
    that no contract, however large, keeps a request waiting.
    """
    before, after = _plain_document(old), _plain_document(new)
    sides = [_lines(before), _lines(after)]
    if max(map(len, sides)) > LONGEST:
        before, after = _without_equal(before, after), _without_equal(after, before)
        sides = [_lines(before), _lines(after)]
    if max(map(len, sides)) > LONGEST:
        return _counted(before, after)
    lines = list(difflib.unified_diff(sides[0], sides[1], lineterm="", n=context))
    return "\n".join(lines[2:])  # without the two lines that would name files


def _plain_document(content: bytes) -> Any:
    document: Any = json_text.loads(content)
    for member in _lists(document):
        document[member] = sorted(
            (_plain(each) for each in document[member]),
            key=lambda each: json_text.dumps(_key(each), sort_keys=True),
        )
    return document


def _lists(document: Any) -> list[str]:
    if not isinstance(document, dict):
        return []
    return [member for member in ("interactions", "messages") if isinstance(document.get(member), list)]


def _lines(document: Any) -> list[str]:
    return json_text.dumps(document, indent=2, sort_keys=True).decode().split("\n")


def _texts(document: Any, member: str) -> list[bytes]:
    return [json_text.dumps(each, sort_keys=True) for each in document[member]] if member in _lists(document) else []


def _without_equal(document: Any, other: Any) -> Any:
    """The document without the interactions that the other has too."""
    if not isinstance(document, dict):
        return document
    kept = dict(document)
    for member in _lists(document):
        known = set(_texts(other, member))
        pairs = zip(document[member], _texts(document, member), strict=True)
        kept[member] = [each for each, text in pairs if text not in known]
    return kept


def _counted(before: Any, after: Any) -> str:
    """How many interactions differ, and which."""
    lines = ["The difference is too long to be shown. What differs:"]
    for sign, document in (("-", before), ("+", after)):
        for member in _lists(document):
            names = [str(_key(each)[0])[:200] for each in document[member]]
            lines += [f"{sign} {name}" for name in names[:100]]
            if len(names) > 100:
                lines.append(f"{sign} and {len(names) - 100} more")
    return "\n".join(lines)


def _plain(interaction: Any) -> Any:
    if not isinstance(interaction, dict) or "_id" not in interaction:
        return interaction
    rest = {key: value for key, value in interaction.items() if key != "_id"}
    return rest if identity.interaction_id(rest) == interaction["_id"] else interaction


def _key(interaction: Any) -> Any:
    """Interactions are compared under their names, since their order does not matter."""
    if not isinstance(interaction, dict):
        return [interaction]
    state = interaction.get("providerState", interaction.get("providerStates", interaction.get("provider_state")))
    return [interaction.get("description"), state]


def report(old: Any, new: Any, now: datetime, links: Mapping[str, str | None]) -> str:
    """What changed from one publication to another, in Markdown; a sentence when there is no older one."""
    if old is None:
        return (
            f"No previous distinct version was found for the pact between {new.consumer} and {new.provider} "
            f"of version {new.number}."
        )
    changed = difference(old.content, new.content)
    title = (
        f"# Diff between versions {old.number} and {new.number} of the pact between {new.consumer} and {new.provider}"
    )
    when = f"The following changes were made {_ago(now - new.created_at)} ago."
    listed = "\n".join(f"  {name}:\n    href: {href}" for name, href in links.items() if href)
    return f"{title}\n\n{when}\n\n{changed or 'The contents do not differ.'}\n\n## Links\n\n---\n{listed}\n"


def _ago(passed: timedelta) -> str:
    seconds = max(0, int(passed.total_seconds()))
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= size:
            count = seconds // size
            return f"about {count} {unit}{'s' if count > 1 else ''}"
    return "less than a minute"
