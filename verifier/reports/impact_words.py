"""The broker's answer about a change in words, for a terminal and for a pull request. Pure; all text is as it came."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from tallystick.client_sdk.commands.changes import days
from tallystick.verifier.reports.words import plural

AGREEMENT: Final = {
    "predicted": "as predicted",
    "not predicted": "not predicted",
    "not confirmed": "predicted, but the replay passes",
    "fails otherwise": "predicted, but the replay fails in another place",
    "not replayed": "predicted, but not replayed",
}


def headline(found: Any) -> str:
    """The answer in one sentence."""
    provider = found["provider"]["name"]
    who = f"{plural(len(found['consumers']), 'consumer')} of {provider}"
    match found["verdict"]:
        case "breaks":
            return f"BREAKS {who}."
        case "may break":
            return f"MAY BREAK {who}: {_why_not_certain(found)}."
        case "safe":
            return f"SAFE: no counted contract with {provider} would break."
    return f"UNKNOWN: {found.get('reason', found['verdict'])}."


def _why_not_certain(found: Any) -> str:
    if "agreement" in found:
        return "that is predicted, and the build still answers as before"
    if "build" in found:
        return "only interactions fail that their contracts call pending"
    return "the API may still answer as before"


def next_step(found: Any) -> str:
    """What to do where nothing can be said: "" elsewhere."""
    if found["verdict"] != "unknown" or found["asked"]["contracts"]:
        return ""
    provider = found["provider"]["name"]
    return (
        f"Nobody is known to use {provider}. Consumers publish what they rely on with `tallystick publish`; "
        f"`tallystick list-pacticipants` shows the names that are known."
    )


def standing(version: Any) -> str:
    """Where a version is live since when: `7: production since 2031-05-01, main since 2031-04-30`."""
    places = (f"{one.get('environment') or one['kind']} since {one['since'][:10]}" for one in version["standings"])
    return f"{version['number']}: {', '.join(places)}"


def contact(one: Any) -> str:
    """`production: Team Web, emailAddress web@example.org`."""
    details = one.get("details") or {}
    said = "".join(f", {name} {value}" for name, value in details.items() if value)
    return f"{one['environment']}: {one['name']}{said}"


def strength(line: Any) -> str:
    """`A`, or with what the other evidence says of it: `C, predicted, but the replay passes`."""
    agreement = line.get("agreement")
    return f"{line['strength']}, {AGREEMENT.get(agreement, agreement)}" if agreement else str(line["strength"])


def place(line: Any) -> str:
    """The field and the rule: `$.total, rule integer at $.total`."""
    rule = f"rule {line['rule']}" if line.get("rule") else ""
    return ", ".join(filter(None, (line["field"], rule)))


def agreement(found: Any) -> str:
    """Whether prediction and replay agree, in one sentence; "" where only one was asked."""
    counts = found.get("agreement")
    if counts is None:
        return ""
    said = [f"{count} {AGREEMENT.get(word, word)}" for word, count in counts.items() if count]
    return "; ".join(said) or "nothing breaks, in neither"


def untouched(found: Any) -> str:
    """`2 consumers are not touched: billing, mail.`; "" when there are none."""
    names = [one["name"] for one in found["untouched"]]
    if not names:
        return ""
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    return f"{plural(len(names), 'consumer')} {'is' if len(names) == 1 else 'are'} not touched: " + (
        f"{', '.join(names[:20])}{more}."
    )


def tolerated(found: Any) -> list[str]:
    """Who relies on what changes, and bears it."""
    return [f"{one['consumer']}, {one['interaction']}: {one['edit']}" for one in found["tolerated"]]


def unused(found: Any) -> list[str]:
    """The edits that the rulebook calls breaking, and that nobody relies on: each with the reason."""
    return [
        f"{one['edit']} ({one['reason']})" + (f"; nearest: {', '.join(one['nearest'])}" if one["nearest"] else "")
        for one in found["unused"]
    ]


def not_asked(found: Any) -> list[str]:
    """What has no verdict, and why."""
    return [
        f"{one['consumer']} {one['version']}"
        + (f", {_some(one['interactions'])}" if one.get("interactions") else "")
        + f": {one['reason']}"
        for one in found["notAsked"]
    ]


def _some(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


def cost(found: Any) -> str:
    """`16 points = 1 consumer × 5 + 1 live version × 2`."""
    parts = (
        f"{_counted(one['count'], one['what'])} × {one['weight']}" for one in found["cost"]["parts"] if one["count"]
    )
    return f"{plural(found['cost']['points'], 'point')} = {' + '.join(parts)}"


def _counted(count: int, what: str) -> str:
    return f"{count} {what.removesuffix('s') if count == 1 else what}"


def way(one: Any) -> str:
    fits = "" if one["fits"] else " (does not fit this change)"
    return (
        f"{one['way']}{fits}: {days(one['forecast'])}, {plural(one['interactionsToRewrite'], 'interaction')} to rewrite"
    )


def evidence(found: Any) -> str:
    """How it is known, and of which build."""
    build = f" The build: {found['build']}." if "build" in found else ""
    return f"{found['strength']}, {found['evidence']}.{build}"


def filled(lines: Iterable[str]) -> list[str]:
    return [one for one in lines if one]
