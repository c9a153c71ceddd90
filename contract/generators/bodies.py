"""Generated values put into a body: JSON, XML or form, by the paths of its generators.

A path that leads nowhere and a generator that fails leave the body as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode

from tallystick.contract import content_types, json_text, paths
from tallystick.contract.content_types import ContentType
from tallystick.contract.errors import PathInvalid
from tallystick.contract.generators import kinds
from tallystick.contract.generators.errors import CannotGenerate
from tallystick.contract.model import Body, Generator, Json, Matcher, Rule


def generate(
    body: Body,
    stated: ContentType | None,
    generators: Mapping[str, Generator],
    rules: Mapping[str, Rule],
    source: kinds.Source,
) -> Body:
    """The body with every generator applied that its content type knows places for; else the same body."""
    if body.state != "present":
        return body
    kind = content_types.of_body(body, stated)
    wanted = [(path, g) for path, g in _with_variants(generators, rules) if kinds.active(g, source.mode)]
    if not wanted:
        return body
    if kind.is_json:
        content = _json(body.content, wanted, source)
    elif kind.is_xml:
        # Imported here: a DOM is a heavy import, and few bodies are XML.
        from tallystick.contract.generators import xml_bodies

        content = xml_bodies.generate(body.content, wanted, source)
    elif kind.is_form:
        content = _form(body.content, wanted, source)
    else:
        return body
    return body if content is None else replace(body, content=content, content_type=str(kind.base))


def _with_variants(
    generators: Mapping[str, Generator], rules: Mapping[str, Rule]
) -> Iterator[tuple[paths.Path, Generator]]:
    """Generators with their paths read; those of `arrayContains` variants at the example item they describe."""
    for key, generator in generators.items():
        try:
            yield paths.parse(key), generator
        except PathInvalid:
            continue  # reported when the contract was read
    for key, rule in rules.items():
        for matcher in rule.matchers:
            if matcher.name != "arrayContains":
                continue
            for index, inner, generator in _variant_generators(matcher):
                try:
                    yield (*paths.parse(key), index, *paths.parse(inner)), generator
                except PathInvalid:
                    continue


def _variant_generators(matcher: Matcher) -> Iterator[tuple[int, str, Generator]]:
    variants = matcher.config.get("variants")
    for position, variant in enumerate(variants if isinstance(variants, list) else ()):
        written = variant.get("generators") if isinstance(variant, dict) else None
        if not isinstance(variant, dict) or not isinstance(written, dict):
            continue
        index = variant.get("index", position)
        for key, config in written.items():
            name = config.get("type") if isinstance(config, dict) else None
            if isinstance(index, int) and isinstance(config, dict) and isinstance(name, str):
                yield index, key, Generator(name, {k: v for k, v in config.items() if k != "type"})


def _json(content: bytes, wanted: Sequence[tuple[paths.Path, Generator]], source: kinds.Source) -> bytes | None:
    try:
        document = json_text.loads(content)
    except json_text.JsonInvalid:
        return None
    root: list[Json] = [document]
    for path, generator in wanted:
        for holder, step in list(_places(root, (0, *path))):
            try:
                holder[step] = kinds.value(generator, holder[step], source)  # type: ignore[index]
            except CannotGenerate:
                continue
    return json_text.dumps(root[0], sort_keys=True)


def _places(holder: Json, path: paths.Path) -> Iterator[tuple[list[Json] | dict[str, Json], int | str]]:
    """Each place in the document that the path covers, as its holder and the step within it."""
    for step in _steps(holder, path[0]):
        if len(path) == 1:
            yield holder, step  # type: ignore[misc]
        else:
            yield from _places(holder[step], path[1:])  # type: ignore[index]


def _steps(holder: Json, token: paths.Token) -> Iterator[int | str]:
    if isinstance(holder, list):
        if token is paths.ANY_INDEX:
            yield from range(len(holder))
        elif isinstance(token, int | str) and str(token).isdecimal() and int(token) < len(holder):
            yield int(token)
    elif isinstance(holder, dict):
        if token is paths.ANY:
            yield from holder
        elif isinstance(token, int | str) and str(token) in holder:
            yield str(token)


def _form(content: bytes, wanted: Sequence[tuple[paths.Path, Generator]], source: kinds.Source) -> bytes | None:
    try:
        fields = parse_qsl(content.decode(), keep_blank_values=True)
    except (UnicodeDecodeError, ValueError):
        return None
    for path, generator in wanted:
        if not path or len(path) > 2 or not isinstance(path[0], str):
            continue
        skip = path[1] if len(path) == 2 and isinstance(path[1], int) else 0
        at = [index for index, (name, _) in enumerate(fields) if name == path[0]][skip : skip + 1]
        for index in at:
            try:
                fields[index] = (path[0], kinds.text(generator, fields[index][1], source))
            except CannotGenerate:
                continue
    return urlencode(fields).encode()
