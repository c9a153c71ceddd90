"""What changed between two API descriptions, as edits: the changes that could break somebody who calls the API.

A change that only gives more, or asks for less, is no edit. Where a schema offers alternatives that differ, the walk
stops: comparing the contracts with both descriptions says more there than guessing which alternative became which.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from tallystick.contract import paths
from tallystick.contract.openapi import media
from tallystick.contract.openapi.edits import Edit, Part, Target
from tallystick.contract.openapi.operations import Operation, Parameter, operations
from tallystick.contract.openapi.schema import Validator
from tallystick.contract.openapi.shapes import Schema
from tallystick.contract.openapi.values import same
from tallystick.contract.operation import normal_operation

_MAX_DEPTH: Final = 40
_MAX_EDITS: Final = 10_000
_MAX_STEPS: Final = 300_000


def difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Edit, ...]:
    """The edits that lead from one description to the other, in the order of the old one."""
    walk = _Walk(Validator(old, "request"), Validator(new, "request"))
    after = {normal_operation(one.name): one for one in operations(new)}
    found: list[Edit] = []
    for operation in operations(old):
        changed = after.get(normal_operation(operation.name))
        if changed is None:
            found.append(Edit("drop operation", Target(operation.method, operation.template)))
        else:
            found.extend(walk.operation(operation, changed))
        if len(found) > _MAX_EDITS:
            break
    return tuple(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class _Side:
    """Which way values go: from the API in a response, to it in a request."""

    target: Target
    answers: bool

    def edit(
        self,
        kind: Literal["remove", "rename", "type", "require", "optional", "nullable", "enum"],
        path: paths.Path,
        to: str = "",
        values: tuple[Any, ...] = (),
        *,
        certain: bool = True,
    ) -> Edit:
        target = Target(
            self.target.method, self.target.template, self.target.status, self.target.part, paths.render(path)
        )
        return Edit(kind, target, to, values, certain)


@dataclass(slots=True)
class _Walk:
    old: Validator
    new: Validator
    steps: int = 0
    """Schemas of descriptions may branch without end; what is beyond the budget is left to the comparison."""

    def operation(self, old: Operation, new: Operation) -> Iterator[Edit]:
        yield from self._parameters(old, new)
        request = Target(old.method, old.template, "", "request body")
        before, after = _json_schema(old.body), _json_schema(new.body)
        if new.body_required and not old.body_required:
            yield Edit("require", Target(old.method, old.template, "", "request body", "$"))
        if before is not None and after is not None:
            yield from self._schema(before, after, (), _Side(request, answers=False), frozenset())
        for status, response in old.responses.items():
            after_response = new.responses.get(status)
            if after_response is None:
                if not _covered(status, new):
                    yield Edit("remove", Target(old.method, old.template, status))
                continue
            headers = {name.lower() for name in after_response.headers}
            for name in response.headers:
                if name.lower() not in headers:
                    yield Edit("remove", Target(old.method, old.template, status, "response header", name.lower()))
            before, after = _json_schema(response.content), _json_schema(after_response.content)
            target = Target(old.method, old.template, status, "response body")
            if before is not None and after is not None:
                yield from self._schema(before, after, (), _Side(target, answers=True), frozenset())
            elif before is not None and not after_response.content:
                yield Edit("remove", Target(old.method, old.template, status, "response body", "$"))

    def _parameters(self, old: Operation, new: Operation) -> Iterator[Edit]:
        before = {(one.place, _name(one)): one for one in old.parameters}
        for one in new.parameters:
            if one.place not in ("query", "header"):
                continue
            part: Part = "request query" if one.place == "query" else "request header"
            target = Target(old.method, old.template, "", part, _name(one))
            known = before.get((one.place, _name(one)))
            if one.required and (known is None or not known.required):
                yield Edit("require", target)
            if known is not None and known.schema is not None and one.schema is not None:
                yield from self._scalar(known.schema, one.schema, _Side(target, answers=False), ())

    def _scalar(self, old: Schema, new: Schema, side: _Side, path: paths.Path) -> Iterator[Edit]:
        """Type and values of a parameter, whose target has a name and no path."""
        for edit in self._schema(old, new, path, side, frozenset()):
            if edit.target.path == "$":
                yield Edit(edit.kind, side.target, edit.to, edit.values, edit.certain)

    def _schema(
        self, old: Schema, new: Schema, path: paths.Path, side: _Side, seen: frozenset[tuple[int, int]]
    ) -> Iterator[Edit]:
        self.steps += 1
        before, after = _plain(self.old, old), _plain(self.new, new)
        if before is None or after is None or (id(before), id(after)) in seen:
            return
        if len(path) > _MAX_DEPTH or self.steps > _MAX_STEPS:
            return
        seen |= {(id(before), id(after))}
        yield from self._types(before, after, path, side)
        yield from self._values(before, after, path, side)
        yield from self._members(before, after, path, side, seen)
        items, items_after = before.get("items"), after.get("items")
        if isinstance(items, Mapping) and isinstance(items_after, Mapping):
            yield from self._schema(items, items_after, (*path, paths.ANY_INDEX), side, seen)
        others, others_after = before.get("additionalProperties"), after.get("additionalProperties")
        if isinstance(others, Mapping) and isinstance(others_after, Mapping):
            yield from self._schema(others, others_after, (*path, paths.ANY), side, seen)

    def _types(
        self, before: Mapping[str, Any], after: Mapping[str, Any], path: paths.Path, side: _Side
    ) -> Iterator[Edit]:
        old, new = _types(before), _types(after)
        if not old or not new:
            return
        giver, taker = (new, old) if side.answers else (old, new)
        # Integers are numbers; but where numbers had a fraction, an answer may be relied on to have one.
        whole = "number" in taker and ("number" in giver or not side.answers)
        surplus = {one for one in giver if one not in taker and not (one == "integer" and whole)}
        if "null" in surplus:
            surplus.discard("null")
            if side.answers:
                yield side.edit("nullable", path, certain=False)
            else:
                yield side.edit("enum", path, values=(None,))
        if surplus:
            given = sorted(surplus if side.answers else new - {"null"})
            # Where the old type is among the new ones, the API may still answer with it.
            yield side.edit("type", path, given[0] if given else "null", certain=not (giver & taker - {"null"}))

    def _values(
        self, before: Mapping[str, Any], after: Mapping[str, Any], path: paths.Path, side: _Side
    ) -> Iterator[Edit]:
        old, new = _enum(before), _enum(after)
        if side.answers and old is not None and new is not None:
            added = tuple(one for one in new if not any(same(one, other) for other in old))
            if added:
                yield side.edit("enum", path, values=added, certain=False)
        elif not side.answers and new is not None:
            gone = tuple(one for one in old or () if not any(same(one, other) for other in new))
            if gone:
                yield side.edit("enum", path, values=gone)

    def _members(
        self,
        before: Mapping[str, Any],
        after: Mapping[str, Any],
        path: paths.Path,
        side: _Side,
        seen: frozenset[tuple[int, int]],
    ) -> Iterator[Edit]:
        old, new = _map(before, "properties"), _map(after, "properties")
        needed, needed_after = set(_list(before, "required")), set(_list(after, "required"))
        gone = [name for name in old if name not in new]
        renamed = self._renamed(old, new, gone)
        certainly = {to for name, to in renamed.items() if name in needed and to in needed_after}
        for name in gone:
            if name in renamed:
                # A request that may lack the old name breaks by lacking the new one, if that is required.
                certain = side.answers or renamed[name] in certainly
                if certain or renamed[name] not in needed_after:
                    yield side.edit("rename", (*path, name), renamed[name], certain=certain)
            elif side.answers and not isinstance(after.get("additionalProperties"), Mapping):
                yield side.edit("remove", (*path, name))
        for name, schema in old.items():
            if name in new:
                if side.answers and name in needed and name not in needed_after:
                    yield side.edit("optional", (*path, name), certain=False)
                yield from self._schema(schema, new[name], (*path, name), side, seen)
        if not side.answers:
            for name in new:
                if name in needed_after and name not in needed and name not in certainly:
                    yield side.edit("require", (*path, name))

    def _renamed(self, old: Mapping[str, Any], new: Mapping[str, Any], gone: list[str]) -> dict[str, str]:
        """Members that went while one of the same shape came; only where there is no choice."""
        come = [name for name in new if name not in old]
        pairs: dict[str, str] = {}
        for name in gone:
            alike = [other for other in come if _plain(self.old, old[name]) == _plain(self.new, new[other])]
            twins = [other for other in gone if _plain(self.old, old[other]) == _plain(self.old, old[name])]
            if len(alike) == 1 and len(twins) == 1:
                pairs[name] = alike[0]
        return pairs


def _plain(validator: Validator, schema: Any) -> Mapping[str, Any] | None:
    """The schema that a reference stands for, its `allOf` merged; None for what the walk doesn't enter."""
    seen: set[str] = set()
    while isinstance(schema, Mapping) and isinstance(schema.get("$ref"), str):
        if schema["$ref"] in seen:
            return None
        seen.add(schema["$ref"])
        schema = validator.resolve(schema["$ref"])
    if not isinstance(schema, Mapping):
        return None
    shape = validator.shape(schema)
    return None if "oneOf" in shape or "anyOf" in shape else shape


def _name(parameter: Parameter) -> str:
    return parameter.name.lower() if parameter.place == "header" else parameter.name


def _json_schema(content: Mapping[str, Schema | None]) -> Schema | None:
    chosen = media.best(["application/json"], content)
    return content.get(chosen) if chosen else None


def _covered(status: str, operation: Operation) -> bool:
    return f"{status[:1]}XX" in operation.responses or "default" in operation.responses


def _types(schema: Mapping[str, Any]) -> frozenset[str]:
    written = schema.get("type")
    found = {written} if isinstance(written, str) else set(written) if isinstance(written, list) else set()
    if found and schema.get("nullable") is True:
        found.add("null")
    return frozenset(one for one in found if isinstance(one, str))


def _enum(schema: Mapping[str, Any]) -> list[Any] | None:
    if "const" in schema:
        return [schema["const"]]
    found = schema.get("enum")
    return found if isinstance(found, list) else None


def _map(schema: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = schema.get(name)
    return found if isinstance(found, Mapping) else {}


def _list(schema: Mapping[str, Any], name: str) -> list[Any]:
    found = schema.get(name)
    return found if isinstance(found, list) else []
