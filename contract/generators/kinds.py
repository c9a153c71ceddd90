"""One generator, one value: the kinds of the Pact specification.

Randomness, time and the base URL come from `Source`, so the same source gives the same values.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from random import Random
from typing import Final, Literal, TypeAlias
from uuid import UUID

from tallystick.contract import dates, limits
from tallystick.contract.generators import regex_text, states, temporal
from tallystick.contract.generators.errors import CannotGenerate
from tallystick.contract.matching import regexes
from tallystick.contract.model import Generator, Json

Mode: TypeAlias = Literal["consumer", "provider"]

_MAX_CHARACTERS: Final = 100_000


@dataclass(frozen=True, slots=True)
class Source:
    """Where values come from: who asks, what the provider states gave, randomness, and what time it is."""

    mode: Mode
    rng: Random
    now: datetime
    context: Mapping[str, Json] = field(default_factory=dict)
    """Values of provider states; `mockServer` holds the mock server's URL, as text or as an object with `href`.

    `baseDate`, `baseTime` and `baseDateTime` (ISO 8601) pin the clock of date and time generators.
    """


def active(generator: Generator, mode: Mode) -> bool:
    """Whether this kind makes values in this mode: provider states for the verifier, the URL for the mock server."""
    if generator.name == "ProviderState":
        return mode == "provider"
    return generator.name != "MockServerURL" or mode == "consumer"


def value(generator: Generator, example: Json, source: Source) -> Json:
    """A value for a place in a JSON document whose example this is. Raises `CannotGenerate`, the reason included."""
    make = _KINDS.get(generator.name)
    if make is None:
        raise CannotGenerate(f"there is no generator of type {generator.name!r}")
    if not active(generator, source.mode):
        raise CannotGenerate(f"{generator.name} makes nothing for a {source.mode}")
    return make(generator.config, example, source)


def text(generator: Generator, example: str, source: Source) -> str:
    """A value for a place that holds text: path, header, query, form field, XML."""
    return states.as_text(value(generator, example, source))


def _integer_of(config: Mapping[str, Json], name: str, default: int) -> int:
    """A member that is a JSON integer; anything else counts as absent."""
    found = config.get(name)
    return found if isinstance(found, int) and not isinstance(found, bool) else default


def _size_of(config: Mapping[str, Json], name: str) -> int:
    size = _integer_of(config, name, 10)
    if not 0 <= size <= _MAX_CHARACTERS:
        raise CannotGenerate(f"{name} is {size}, but must be 0 to {_MAX_CHARACTERS}")
    return size


def _text_of(config: Mapping[str, Json], name: str) -> str:
    found = config.get(name)
    return found if isinstance(found, str) else ""


def _random_int(config: Mapping[str, Json], example: Json, source: Source) -> Json:
    low, high = _integer_of(config, "min", 0), _integer_of(config, "max", 10)
    if low > high:
        raise CannotGenerate(f"min {low} is greater than max {high}")
    number = source.rng.randint(low, high)
    return str(number) if isinstance(example, str) else number


def _random_decimal(config: Mapping[str, Json], example: Json, source: Source) -> Json:
    digits = _size_of(config, "digits")
    is_number = isinstance(example, int | float | Decimal) and not isinstance(example, bool)
    if not digits:
        if is_number:
            raise CannotGenerate("a number of no digits is no number")
        return ""
    # Neither a leading zero, which JSON forbids, nor a trailing one, which readers drop.
    made = [source.rng.choice("123456789"), *(source.rng.choice(string.digits) for _ in range(digits - 2))]
    if digits > 1:
        made.append(source.rng.choice("123456789"))
        made.insert(source.rng.randint(1, digits - 1), ".")
    written = "".join(made)
    if not is_number:
        return written
    if digits > limits.MAX_NUMBER_DIGITS:
        raise CannotGenerate(f"a number of {digits} digits (at most {limits.MAX_NUMBER_DIGITS})")
    return Decimal(written) if digits > 1 else int(written)


def _random_hexadecimal(config: Mapping[str, Json], example: Json, source: Source) -> Json:
    return "".join(source.rng.choices("0123456789ABCDEF", k=_size_of(config, "digits")))


def _random_string(config: Mapping[str, Json], example: Json, source: Source) -> Json:
    return "".join(source.rng.choices(string.ascii_letters + string.digits, k=_size_of(config, "size")))


def _regex(config: Mapping[str, Json], example: Json, source: Source) -> Json:
    pattern = _text_of(config, "regex")
    if len(pattern) > limits.MAX_PATTERN_CHARACTERS:
        raise CannotGenerate(f"the pattern has {len(pattern)} characters (at most {limits.MAX_PATTERN_CHARACTERS})")
    try:
        return regex_text.text_for(pattern, source.rng, lambda made: _accepted(pattern, made))
    except regex_text.PatternUnsupported as refused:
        raise CannotGenerate(str(refused)) from refused


def _accepted(pattern: str, made: str) -> bool:
    try:
        return regexes.compiled(pattern).accepts(made)
    except (regexes.PatternInvalid, regexes.PatternUnsupported, regexes.TimeLimit) as refused:
        raise CannotGenerate(f"{pattern!r} cannot be checked: {refused}") from refused


def _uuid(config: Mapping[str, Json], example: Json, source: Source) -> Json:
    made = UUID(int=source.rng.getrandbits(128), version=4)
    if not isinstance(example, str):
        return str(made)
    match config.get("format"):
        case "simple":
            return made.hex
        case "upper-case-hyphenated":
            return str(made).upper()
        case "URN":
            return made.urn
        case _:
            return str(made)


def _date(config: Mapping[str, Json], example: Json, source: Source) -> Json:
    return _moment(config, _base(source, "baseDate"), temporal.date, "yyyy-MM-dd")


def _time(config: Mapping[str, Json], example: Json, source: Source) -> Json:
    return _moment(config, _base(source, "baseTime"), temporal.time, "HH:mm:ss")


def _datetime(config: Mapping[str, Json], example: Json, source: Source) -> Json:
    return _moment(config, _base(source, "baseDateTime"), temporal.date_and_time, "yyyy-MM-dd'T'HH:mm:ss.SSSZ")


def _moment(config: Mapping[str, Json], base: datetime, move: Callable[[datetime, str], datetime], default: str) -> str:
    try:
        moment = move(base, _text_of(config, "expression"))
        return dates.format(moment, _text_of(config, "format") or default)
    except (temporal.ExpressionInvalid, dates.PatternInvalid) as refused:
        raise CannotGenerate(str(refused)) from refused


def _base(source: Source, name: str) -> datetime:
    """Now, or what the context pins it to; parts that the pinned text lacks, its zone included, are now's."""
    pinned = source.context.get(name)
    if not isinstance(pinned, str):
        return source.now
    try:
        if name == "baseTime" and "T" not in pinned:
            base = datetime.combine(source.now.date(), time.fromisoformat(pinned))
        elif len(pinned) <= 10:
            base = datetime.combine(date.fromisoformat(pinned), source.now.timetz())
        else:
            base = datetime.fromisoformat(pinned)
    except ValueError:
        raise CannotGenerate(f"{name} is {pinned!r}, which is not ISO 8601") from None
    return base if base.tzinfo else base.replace(tzinfo=source.now.tzinfo)


def _random_boolean(config: Mapping[str, Json], example: Json, source: Source) -> Json:
    return source.rng.random() < 0.5


def _provider_state(config: Mapping[str, Json], example: Json, source: Source) -> Json:
    expression = config.get("expression")
    if not isinstance(expression, str):
        raise CannotGenerate("ProviderState needs an expression")
    return states.convert(states.look_up(expression, source.context), _text_of(config, "dataType") or None)


def _mock_server_url(config: Mapping[str, Json], example: Json, source: Source) -> Json:
    server = source.context.get("mockServer")
    url = (server.get("href") or server.get("url")) if isinstance(server, dict) else server
    if not isinstance(url, str) or not url:
        raise CannotGenerate("the URL of the mock server is not known here")
    pattern = _text_of(config, "regex")
    try:
        found = regexes.compiled(pattern).pattern.search(_text_of(config, "example"), timeout=0.5)
    except (regexes.PatternInvalid, regexes.PatternUnsupported, TimeoutError) as refused:
        raise CannotGenerate(f"the pattern {pattern!r}: {refused}") from refused
    if not found or not found.re.groups or found[1] is None:
        raise CannotGenerate(f"{pattern!r} finds no group in the example {_text_of(config, 'example')!r}")
    path = str(found[1])
    return url.rstrip("/") + "/" + path.lstrip("/")


_KINDS: Final[Mapping[str, Callable[[Mapping[str, Json], Json, Source], Json]]] = {
    "RandomInt": _random_int,
    "RandomDecimal": _random_decimal,
    "RandomHexadecimal": _random_hexadecimal,
    "RandomString": _random_string,
    "Regex": _regex,
    "Uuid": _uuid,
    "Date": _date,
    "Time": _time,
    "DateTime": _datetime,
    "RandomBoolean": _random_boolean,
    "ProviderState": _provider_state,
    "MockServerURL": _mock_server_url,
}
