"""Templates to pages. Everything shown is escaped, and the page may load nothing from elsewhere.

A contract is written by strangers: whatever it holds is text. The content security policy says the same to browsers.
"""

from __future__ import annotations

import functools
import hashlib
import shlex
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import jinja2
from starlette.responses import Response

from tallystick.broker.deployability.queries import Known
from tallystick.broker.errors import InvalidQuery, NotFound, Refusal, UnknownParticipant
from tallystick.broker.http import hal
from tallystick.broker.http.calls import Call
from tallystick.broker.http.links import segment
from tallystick.broker.http.media import HTML
from tallystick.contract import json_text

HERE: Final = Path(__file__).resolve().parent

HEADERS: Final = {
    "Cache-Control": "no-cache, no-store, must-revalidate",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}

_STEPS: Final = ((60, "second"), (60, "minute"), (24, "hour"), (30, "day"), (12, "month"), (10_000, "year"))


def ago(at: datetime | None, now: datetime | None = None) -> str:
    """How long ago, in the largest unit that fits: "3 hours ago"."""
    if at is None:
        return ""
    amount = int(((now or datetime.now(UTC)) - at).total_seconds())
    if amount < 45:
        return "just now"
    for size, unit in _STEPS:
        if amount < size:
            return f"{amount} {unit}{'' if amount == 1 else 's'} ago"
        amount //= size
    return "ages ago"


def stamp(at: datetime | None) -> str:
    return "" if at is None else at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def machine(at: datetime | None) -> str:
    return "" if at is None else hal.moment(at)


def continued(command: str) -> str:
    """A long command over several lines, broken before options, as a shell takes it."""
    lines = [""]
    for position, part in enumerate(command.split(" --")):
        option = part if position == 0 else f"--{part}"
        if lines[-1] and len(lines[-1]) + len(option) > 96:
            lines.append(f"    {option}")
        else:
            lines[-1] = f"{lines[-1]} {option}".lstrip() if len(lines) == 1 else f"{lines[-1]} {option}"
    return " \\\n".join(lines)


def mismatch(reported: Any) -> tuple[str, str]:
    """(where, what) of a mismatch as some verifier reported it, whatever shape that is."""
    if not isinstance(reported, Mapping):
        return "", str(reported)
    where = " ".join(str(reported[key]) for key in ("attribute", "identifier") if reported.get(key))
    what = next((reported[key] for key in ("description", "message", "sentence") if reported.get(key)), None)
    return where, str(what) if what is not None else json_text.dumps(dict(reported)).decode()


def capitalized(text: str) -> str:
    """The first letter a capital, the others as they are: names keep theirs."""
    return text[:1].upper() + text[1:]


def short(sha: str) -> str:
    return sha[:8]


@functools.cache
def style_sheet() -> bytes:
    return (HERE / "static" / "tallystick.css").read_bytes()


@functools.cache
def style_digest() -> str:
    """A new style sheet has a new address, so browsers may keep the old one for ever."""
    return hashlib.sha256(style_sheet()).hexdigest()[:12]


@functools.cache
def templates() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {
        "ago": ago,
        "stamp": stamp,
        "machine": machine,
        "short": short,
        "continued": continued,
        "mismatch": mismatch,
        "segment": segment,
        "capitalize_first": capitalized,
        "instant": datetime.fromisoformat,
        "shell": shlex.quote,
    }
    environment.globals["style"] = style_digest()
    environment.globals["query"] = lambda **pairs: urlencode({k: v for k, v in pairs.items() if v is not None})
    return environment


def page(call: Call, template: str, *, status: int = 200, **context: Any) -> Response:
    """The page, with the headers that keep it harmless."""
    context.setdefault("here", "")
    body = templates().get_template(template).render(base=call.links.base, links=call.links, **context)
    return hal.raw(body, status=status, media_type=HTML, headers=HEADERS)


def for_people(view: Callable[..., Response]) -> Callable[..., Response]:
    """A view whose refusals are pages too."""

    @functools.wraps(view)
    def shown(call: Call, *args: Any, **names: Any) -> Response:
        try:
            return view(call, *args, **names)
        except (NotFound, UnknownParticipant) as missing:
            return page(call, "error.html", status=404, title="Not found", sentences=[str(missing)])
        except InvalidQuery as wrong:
            return page(call, "error.html", status=400, title="That cannot be answered", sentences=wrong.messages)
        except Refusal as refusal:
            return page(call, "error.html", status=400, title="That cannot be answered", sentences=[str(refusal)])

    return shown


def known(names: dict[str, Known], name: str, role: str = "pacticipant") -> Known:
    """The participant, or the refusal that names it."""
    if name not in names:
        raise UnknownParticipant(name, role)
    return names[name]
