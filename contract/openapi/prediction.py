"""Which interactions a change of an API would break, on which field: found by making the change in their examples.

What a contract expects is compared with its own example after the edit: the best answer that the changed API could
still give. So the verdict follows the contract's own rules, and what breaks is named as a mismatch is. Requests are
asked the other way: does what the consumer sends still have what the API wants?
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, Generic, Literal, TypeAlias, TypeVar

from tallystick.contract import content_types, json_text, paths
from tallystick.contract.errors import PathInvalid
from tallystick.contract.matching import compile_message, compile_response
from tallystick.contract.matching.engine import CompiledMessage, CompiledResponse
from tallystick.contract.mismatch import Mismatch
from tallystick.contract.model import (
    ActualMessage,
    ActualResponse,
    AsyncMessage,
    Body,
    Contract,
    HttpInteraction,
    HttpRequest,
    HttpResponse,
    Interaction,
    MessageContents,
    SyncMessage,
)
from tallystick.contract.openapi.edits import Edit, Target
from tallystick.contract.openapi.exchanges import form_of
from tallystick.contract.openapi.values import is_type, same
from tallystick.contract.operation import normal_operation, operation_of
from tallystick.contract.usage import UsageRow, usage

Key = TypeVar("Key", bound=Hashable)
Strength: TypeAlias = Literal["B", "C"]
"""How the edits are known: from descriptions (B) or from somebody's word (C)."""


@dataclass(frozen=True, slots=True)
class Break(Generic[Key]):
    """One interaction that an edit would break."""

    key: Key
    """Of the contract, as given."""
    consumer: str
    provider: str
    interaction: str
    """Its description."""
    position: int
    """Among the contract's interactions."""
    edit: Edit
    path: str
    """Of the field that breaks, in what the API would answer; for requests what is missing or no longer fits."""
    contract_path: str
    rule: str
    """The matcher that refuses, and where the contract has it: `regex at $.lines[*].sku`; "" for plain equality."""
    sentence: str
    certain: bool
    """False where the API may still answer so that nothing breaks."""
    strength: Strength

    @property
    def field(self) -> str:
        """The field that is changed, indexes generalised; where none is, the whole part."""
        return self.edit.target.path or self.path


@dataclass(frozen=True, slots=True)
class Unmatched:
    """An edit that touches nothing in the contracts: nobody relies on it, or it names something that doesn't exist."""

    edit: Edit
    operation_used: bool
    """Whether some contract uses the operation at all."""
    nearest: tuple[str, ...]
    """What is used and reads most like it; only for edits that somebody wrote (C)."""


@dataclass(frozen=True, slots=True)
class Prediction(Generic[Key]):
    """What would happen to the contracts."""

    breaks: tuple[Break[Key], ...]
    tolerated: tuple[tuple[Key, int, Edit], ...]
    """Interactions that use what is edited, by contract and position, and would not break."""
    unmatched: tuple[Unmatched, ...]


def predict(
    contracts: Iterable[tuple[Key, Contract]],
    edits: Sequence[Edit],
    *,
    templates: Iterable[str] = (),
    strength: Strength = "C",
) -> Prediction[Key]:
    """Ask every interaction about every edit of its operation.

    `templates`: all path templates of the provider, where known, so that `/orders/latest` isn't taken for
    `/orders/{id}`. Cost: one match per interaction and edit that touches it.
    """
    known = tuple(dict.fromkeys([*templates, *(one.target.template for one in edits if one.target.method)]))
    by_operation: dict[str, list[Edit]] = {}
    for edit in edits:
        by_operation.setdefault(normal_operation(edit.target.operation), []).append(edit)
    breaks: list[Break[Key]] = []
    tolerated: list[tuple[Key, int, Edit]] = []
    touched: set[int] = set()
    called: dict[str, list[Interaction]] = {}
    normal: dict[tuple[str, str], str] = {}
    for key, contract in contracts:
        for position, interaction in enumerate(contract.interactions):
            named = operation_of(interaction, known)
            if named not in normal:
                normal[named] = normal_operation(" ".join(named).strip())
            operation = normal[named]
            called.setdefault(operation, []).append(interaction)
            asked = _Asked(interaction, known)
            for edit in by_operation.get(operation, ()):
                found = _ask(asked, edit)
                if found is None:
                    continue
                touched.add(id(edit))
                if not found:
                    tolerated.append((key, position, edit))
                breaks.extend(
                    Break(
                        key,
                        contract.consumer,
                        contract.provider,
                        interaction.description,
                        position,
                        edit,
                        path,
                        contract_path,
                        rule,
                        sentence,
                        _certain(interaction, edit),
                        strength,
                    )
                    for path, contract_path, rule, sentence in found
                )
    untouched = [edit for edit in edits if id(edit) not in touched]
    if strength == "B":
        # Edits between descriptions name what exists: nobody relies on it, and nothing else was meant.
        unmatched = tuple(Unmatched(one, normal_operation(one.target.operation) in called, ()) for one in untouched)
    else:
        wanted = [normal_operation(one.target.operation) for one in untouched]
        names = _names(called, wanted, known)
        unmatched = tuple(
            Unmatched(one, operation in called, _nearest(one.target, names))
            for one, operation in zip(untouched, wanted, strict=True)
        )
    return Prediction(tuple(breaks), tuple(tolerated), unmatched)


_Found: TypeAlias = "list[tuple[str, str, str, str]]"
"""Path, path in the contract, rule, sentence."""


@dataclass(slots=True)
class _Asked:
    """An interaction, and what is worked out once for all that it is asked."""

    interaction: Interaction
    templates: tuple[str, ...]
    _rows: tuple[UsageRow, ...] | None = None
    _examples: dict[int, Any] = field(default_factory=dict)
    _before: dict[int, frozenset[tuple[str, str, str]]] = field(default_factory=dict)
    _response: CompiledResponse | None = None
    _messages: dict[int, CompiledMessage] = field(default_factory=dict)

    def response(self, expected: HttpResponse) -> CompiledResponse:
        """The response of the interaction, made ready."""
        if self._response is None:
            self._response = compile_response(expected)
        return self._response

    def message(self, expected: MessageContents) -> CompiledMessage:
        """Contents of the interaction, made ready."""
        if id(expected) not in self._messages:
            self._messages[id(expected)] = compile_message(expected)
        return self._messages[id(expected)]

    @property
    def rows(self) -> tuple[UsageRow, ...]:
        if self._rows is None:
            self._rows = usage(self.interaction, self.templates)
        return self._rows

    def example(self, body: Body) -> Any:
        """The value of a body of the interaction. Raises `JsonInvalid`."""
        if id(body) not in self._examples:
            self._examples[id(body)] = json_text.loads(body.content)
        return self._examples[id(body)]

    def before(self, body: Body, answer: Callable[[bytes], tuple[Mismatch, ...]]) -> frozenset[tuple[str, str, str]]:
        """What is wrong with the example as it is."""
        if id(body) not in self._before:
            self._before[id(body)] = frozenset(_identity(one) for one in answer(body.content))
        return self._before[id(body)]


def _ask(asked: _Asked, edit: Edit) -> _Found | None:
    """What breaks; [] when the interaction uses the place and is fine; None when it doesn't use it."""
    interaction, target = asked.interaction, edit.target
    if edit.kind == "drop operation":
        return [("", "", "", f"{target.operation} is gone")]
    if isinstance(interaction, HttpInteraction):
        response = interaction.response
        if target.status and not _same_status(target.status, response.status):
            return None
        if target.status and not target.part:
            return [("", "", "", f"{target.operation} no longer answers {target.status}")]
        if target.part.startswith("request"):
            # A request that is expected to fail may be wrong on purpose.
            return None if response.status >= 400 else _ask_request(interaction, edit)
        if target.part == "response header":
            return _ask_header(interaction, edit, asked)
        if not target.status and target.part != "response body":
            return [("", "", "", f"{target.operation} is gone")] if edit.kind == "remove" else None
        headers = tuple((name, value) for name, values in (response.headers or {}).items() for value in values)

        def answer(content: bytes) -> tuple[Mismatch, ...]:
            return asked.response(response).match(ActualResponse(response.status, headers, content)).mismatches

        stated = content_types.in_headers(response.headers)
        return _ask_body(response.body, stated, edit, answer, asked)
    if target.part not in ("", "response body"):
        return None
    if not target.part:
        return [("", "", "", f"{target.operation} is gone")]
    parts = [interaction.contents] if isinstance(interaction, AsyncMessage) else _answers(interaction)
    found = [_ask_message(part, edit, asked) for part in parts]
    known = [one for one in found if one is not None]
    return [each for one in known for each in one] if known else None


def _certain(interaction: Interaction, edit: Edit) -> bool:
    """Whether what breaks is sure to. A consumer that takes a class of statuses may take what comes instead of one."""
    if not isinstance(interaction, HttpInteraction) or not edit.target.status or edit.target.part:
        return edit.certain
    return edit.certain and not interaction.response.rules.get("status")


def _answers(interaction: SyncMessage) -> list[MessageContents]:
    return list(interaction.responses)


def _ask_message(part: MessageContents, edit: Edit, asked: _Asked) -> _Found | None:
    def answer(content: bytes) -> tuple[Mismatch, ...]:
        return asked.message(part).match(ActualMessage(content, part.metadata, part.body.content_type)).mismatches

    return _ask_body(part.body, content_types.in_metadata(part.metadata), edit, answer, asked)


def _ask_body(
    body: Body,
    stated: content_types.ContentType | None,
    edit: Edit,
    answer: Callable[[bytes], tuple[Mismatch, ...]],
    asked: _Asked,
) -> _Found | None:
    if body.state != "present":
        return None
    path = paths.parse(edit.target.path)
    if not content_types.of_body(body, stated).is_json:
        # Without a way to make the change, using the place is what can be said.
        used = any(row.part.endswith(" body") and row.path == edit.target.path for row in asked.rows)
        return [(edit.target.path, edit.target.path, "", f"{edit.target.path} is used")] if used else None
    try:
        example = asked.example(body)
    except json_text.JsonInvalid:
        return None
    found: dict[tuple[str, str, str, str], None] = {}
    used = False
    for change in _changes(edit):
        edited, count = _edited(example, path, change)
        used = used or count > 0
        if not count:
            continue
        for one in answer(json_text.dumps(edited)) if edited is not _GONE else answer(b""):
            if _identity(one) not in asked.before(body, answer):
                rule = f"{one.rule.name} at {one.rule_path}" if one.rule is not None and one.rule_path else ""
                found[one.path, one.contract_path, rule, one.sentence] = None
        if found:
            break
    return list(found) if used else None


def _identity(one: Mismatch) -> tuple[str, str, str]:
    return one.part, one.kind, one.path


def _ask_header(interaction: HttpInteraction, edit: Edit, asked: _Asked) -> _Found | None:
    response = interaction.response
    ready = asked.response(response)
    name = edit.target.path.lower()
    headers = [(known, value) for known, values in (response.headers or {}).items() for value in values]
    if not any(known.lower() == name for known, _ in headers):
        return None
    kept = [(known, value) for known, value in headers if known.lower() != name]
    if edit.kind == "rename":
        kept += [(edit.to, value) for known, value in headers if known.lower() == name]
    elif edit.kind == "type":
        kept += [(known, str(_of_type(edit.to, value))) for known, value in headers if known.lower() == name]
    content = response.body.content if response.body.state == "present" else b""
    before = {_identity(one) for one in ready.match(_actual(response.status, headers, content)).mismatches}
    return [
        (one.path, one.contract_path, one.rule.name if one.rule else "", one.sentence)
        for one in ready.match(_actual(response.status, kept, content)).mismatches
        if _identity(one) not in before
    ]


def _actual(status: int, headers: Sequence[tuple[str, str]], content: bytes) -> ActualResponse:
    return ActualResponse(status, tuple(headers), content)


def _ask_request(interaction: HttpInteraction, edit: Edit) -> _Found | None:
    """Whether what the consumer sends still has what the API wants. Sending more than it reads breaks nothing."""
    request, target = interaction.request, edit.target
    if target.part == "request body":
        values, lacking = _sent(request.body, content_types.in_headers(request.headers), target.path)
    else:
        if target.part == "request query":
            known = request.query or {}
        else:
            known = {name.lower(): value for name, value in (request.headers or {}).items()}
        name = target.path if target.part == "request query" else target.path.lower()
        values, lacking = list(known.get(name, ())), name not in known
    here = target.path
    if edit.kind == "require":
        return [(here, here, "", f"the request lacks {here}, which will be required")] if lacking else []
    if lacking and not values:
        return None
    if edit.kind in ("remove", "optional", "nullable"):
        return []
    if edit.kind == "rename":
        return [(here, here, "", f"the request sends {here}, which will be {edit.to}")] if values else []
    text = target.part != "request body" or _sends_form(request)
    if edit.kind == "type":
        # Whether null may be sent is another question than the type.
        wrong = [value for value in values if value is not None and not _fits(value, edit.to, text=text)]
        return [(here, here, "", f"the request sends {_text(value)}, no {edit.to}") for value in wrong[:1]]
    gone = [value for value in values if any(same(value, one) or (text and str(one) == value) for one in edit.values)]
    return [(here, here, "", f"the request sends {_text(value)}, which will not be allowed") for value in gone[:1]]


def _sends_form(request: HttpRequest) -> bool:
    stated = content_types.in_headers(request.headers)
    return request.body.state == "present" and content_types.of_body(request.body, stated).is_form


def _sent(body: Body, stated: content_types.ContentType | None, path: str) -> tuple[list[Any], bool]:
    """The values at a path of a request's body, and whether some place for one has none."""
    if body.state != "present":
        return [], True
    kind = content_types.of_body(body, stated)
    try:
        value = form_of(body.content.decode()) if kind.is_form else json_text.loads(body.content)
    except (json_text.JsonInvalid, UnicodeDecodeError):
        return [], True
    tokens = paths.parse(path)
    holders = [value]
    for token in tokens[:-1]:
        holders = [each for holder in holders for each in _below(holder, token)]
    if not tokens:
        return holders, False
    found = [list(_below(holder, tokens[-1])) for holder in holders if holder is not None or len(tokens) == 1]
    # Without a parent, or with null for one, there is no place where the value could be missing.
    lacking = any(not one for one in found) and not isinstance(tokens[-1], paths.Star)
    return [each for one in found for each in one], lacking


def _below(holder: Any, token: paths.Token) -> Iterator[Any]:
    if isinstance(holder, list):
        if token is paths.ANY_INDEX or token is paths.ANY:
            yield from holder
        elif isinstance(token, int) and token < len(holder):
            yield holder[token]
    elif isinstance(holder, Mapping):
        if token is paths.ANY:
            yield from holder.values()
        elif isinstance(token, str) and token in holder:
            yield holder[token]


def _fits(value: Any, name: str, *, text: bool) -> bool:
    if not text or not isinstance(value, str) or name == "string":
        return is_type(value, name)
    if name in ("array", "object"):
        # One value is a list of one. An object takes more than one text.
        return name == "array"
    if name == "boolean":
        return value in ("true", "false")
    try:
        number = Decimal(value)
    except ArithmeticError:
        return False
    return name != "integer" or (number.is_finite() and number == number.to_integral_value())


# --- making the change -------------------------------------------------------------------------------------------

_GONE: Final = object()
_Change: TypeAlias = Callable[[Any], Any]


def _changes(edit: Edit) -> list[tuple[str, _Change]]:
    """What may happen to a value: the new name it gets ("" for the same), and what it becomes (`_GONE` for nothing)."""
    match edit.kind:
        case "rename":
            return [_moved(edit)]
        case "remove" | "optional":
            return [("", lambda value: _GONE)]
        case "nullable":
            return [("", lambda value: None)]
        case "type":
            # What is null already may stay so.
            return [("", lambda value: value if value is None else _of_type(edit.to, value))]
        case "enum":
            return [("", _constant(new)) for new in edit.values]
        case _:
            return []


def _constant(new: Any) -> _Change:
    return lambda value: new


def _moved(edit: Edit) -> tuple[str, _Change]:
    """A new name beside the old one; what goes elsewhere is gone from here, and there it breaks nothing."""
    try:
        new = paths.parse(edit.new_target.path) if edit.new_target is not None else ()
    except PathInvalid:
        return edit.to, lambda value: value
    beside = new[:-1] == paths.parse(edit.target.path)[:-1] and isinstance(new[-1], str)
    return (str(new[-1]), lambda value: value) if beside else ("", lambda value: _GONE)


def _edited(value: Any, path: paths.Path, change: tuple[str, _Change]) -> tuple[Any, int]:
    """The value with the change made wherever the path leads, and how often that was."""
    name, become = change
    if not path:
        return become(value), 1
    token, rest = path[0], path[1:]
    if isinstance(value, Mapping):
        steps: list[Any] = list(value) if token is paths.ANY else [token] if token in value else []
        edited: Any = dict(value)
    elif isinstance(value, list):
        alike = token is paths.ANY_INDEX or token is paths.ANY
        steps = list(range(len(value))) if alike else [token] if isinstance(token, int) and token < len(value) else []
        edited = list(value)
    else:
        return value, 0
    count = 0
    for step in reversed(steps):
        inner, times = _edited(value[step], rest, change)
        count += times
        if not times:
            continue
        if inner is _GONE or (name and not rest):
            del edited[step]
        if inner is not _GONE:
            edited[name if name and not rest and isinstance(edited, dict) else step] = inner
    return edited, count


def _of_type(name: str, value: Any) -> Any:
    """A value of the type that is as near to this one as can be."""
    text = value if isinstance(value, str) else json_text.dumps(value).decode()
    match name:
        case "string":
            return text
        case "boolean":
            return True
        case "null":
            return None
        case "object":
            return value if isinstance(value, Mapping) else {"value": value}
        case "array":
            return value if isinstance(value, list) else [value]
    try:
        number = Decimal(text)
    except ArithmeticError:
        number = Decimal(1)
    if not number.is_finite() or abs(number.adjusted()) > 300:
        number = Decimal(1)
    # A number where an integer was has a fraction: the answer that tells the two apart.
    return (
        int(number)
        if name == "integer"
        else number
        if number != number.to_integral_value()
        else number + Decimal("0.5")
    )


def _text(value: Any) -> str:
    text = json_text.dumps(value).decode()
    return text if len(text) <= 60 else text[:57] + "..."


def _same_status(wanted: str, status: int) -> bool:
    if wanted == "default":
        return True
    return wanted == str(status) or (wanted.endswith("XX") and wanted[0] == str(status)[0])


# --- what an edit may have meant -----------------------------------------------------------------------------------


def _shown(row: UsageRow) -> str:
    """A row as an edit would name it."""
    part = row.part.replace("message body", "response body").replace("response response", "response")
    word = {"request query": "query", "request header": "header", "response header": "header"}.get(part, "")
    status = row.status if part.startswith("response") else ""
    path = row.path if row.part.endswith((" body", " query", " header")) else ""
    return " ".join(one for one in (row.method, row.template, status, word if path else "", path) if one)


def _names(
    called: Mapping[str, Sequence[Interaction]], wanted: Sequence[str], templates: tuple[str, ...]
) -> dict[str, dict[str, None]]:
    """What the interactions of the wanted operations use, as edits would name it; with a slip among the wanted also
    what all other operations are called."""
    slip = any(one not in called for one in wanted)
    found: dict[str, dict[str, None]] = {}
    for operation, interactions in called.items():
        if operation in wanted:
            found[operation] = {_shown(row): None for one in interactions for row in usage(one, templates)}
        elif slip:
            found[operation] = {}
            for one in interactions:
                method, template = operation_of(one, templates)
                if template.startswith("/") and method:
                    found[operation][f"{method} {template.partition(' ')[0]}"] = None
                else:
                    found[operation].update((_shown(row), None) for row in usage(one, templates))
    return found


def nearest(target: Target, rows: Iterable[UsageRow]) -> tuple[str, ...]:
    """What is used and reads most like a target that nobody uses: of its operation, else other operations."""
    places: dict[str, dict[str, None]] = {}
    for row in rows:
        places.setdefault(normal_operation(row.operation), {})[_shown(row)] = None
    return _nearest(target, places)


def _nearest(target: Target, places: Mapping[str, Mapping[str, None]]) -> tuple[str, ...]:
    operation = normal_operation(target.operation)
    if operation in places:
        # By the last word, which is the path or name: what all names begin with makes them alike.
        by_word: dict[str, list[str]] = {}
        for name in places[operation]:
            by_word.setdefault(name.rpartition(" ")[2], []).append(name)
        close = difflib.get_close_matches(str(target).rpartition(" ")[2], by_word, 3, 0.6)
        found = [name for word in close for name in by_word[word]]
        return tuple(found[:3] or difflib.get_close_matches(str(target), list(places[operation]), 3, 0.6))
    return nearest_operations(target, (_operation_of(name) for names in places.values() for name in names))


def nearest_operations(target: Target, names: Iterable[str]) -> tuple[str, ...]:
    """Those among the names of operations that read most like the target's."""
    return tuple(difflib.get_close_matches(target.operation, list(dict.fromkeys(names)), 3, 0.6))


def _operation_of(shown: str) -> str:
    method, space, rest = shown.partition(" ")
    return f"{method} {rest.partition(' ')[0]}" if space and rest.startswith("/") else shown
