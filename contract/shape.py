"""What a provider's answers look like: which fields of which types each operation answers with. Never a value.

A shape is seen while contracts are verified (`contract.shape_seen`), so it knows of an operation what the contracts
asked for, and of an answer everything that was in it, whether a contract wants it or not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from tallystick.contract import paths
from tallystick.contract.errors import Complaint, ContractError, PathInvalid
from tallystick.contract.shape_names import is_name

Side: TypeAlias = Literal["response", "message", "response message"]
SIDES: Final[tuple[Side, ...]] = ("response", "message", "response message")
TYPES: Final = ("string", "integer", "number", "boolean", "null", "object", "array")
WORDS: Final = ("header", "metadata", "body")

MAX_PLACES: Final = 20_000
"""Of one shape. What is beyond is left out, and the shape says that it is not complete."""
MAX_TEXT: Final = 2_000
"""Characters of a path, or of an operation."""


class Answer(NamedTuple):
    """What an operation answers with: a response of one status, or a message."""

    method: str
    """"" for messages."""
    template: str
    """As in `contract.usage.UsageRow`: the path with `{id}` where values stand; of a message topic or description."""
    side: Side
    status: str = ""
    """Of a response, as the example in the contract has it."""


class Place(NamedTuple):
    """Where something is in an answer."""

    word: str
    """header, metadata or body."""
    path: str
    """Into a body, indexes generalised, and keys that are values; the name of a header (lower case) or of metadata."""


class Shape(NamedTuple):
    """The places of answers, with the types that were seen there."""

    answers: Mapping[Answer, Mapping[Place, frozenset[str]]]
    complete: bool = True
    """False when there was more than could be kept."""

    @property
    def size(self) -> int:
        return sum(map(len, self.answers.values()))


class ShapeInvalid(ContractError):
    """The document is not a shape. All complaints are listed."""

    def __init__(self, complaints: tuple[Complaint, ...]) -> None:
        super().__init__("; ".join(map(str, complaints)))
        self.complaints = complaints


def merged(shapes: Iterable[Shape]) -> Shape:
    """Everything that was seen in one of them. Merging again what is in already changes nothing."""
    found: dict[Answer, dict[Place, frozenset[str]]] = {}
    complete, count = True, 0
    for shape in shapes:
        complete = complete and shape.complete
        for answer, places in shape.answers.items():
            known = found.setdefault(answer, {})
            for place, types in places.items():
                before = known.get(place)
                if before is None:
                    if count >= MAX_PLACES:
                        complete = False
                        continue
                    count += 1
                known[place] = types if before is None else before | types
    return Shape(found, complete)


# --- as a document ------------------------------------------------------------------------------------------------


def document(shape: Shape) -> dict[str, Any]:
    """As JSON can say it, in a fixed order, so that equal shapes give equal documents."""
    return {
        "complete": shape.complete,
        "answers": [_answer(answer, shape.answers[answer]) for answer in sorted(shape.answers)],
    }


def _answer(answer: Answer, places: Mapping[Place, frozenset[str]]) -> dict[str, Any]:
    parts: dict[str, dict[str, list[str]]] = {}
    for place in sorted(places):
        parts.setdefault(place.word, {})[place.path] = [one for one in TYPES if one in places[place]]
    return {**{name: value for name, value in answer._asdict().items() if value}, **parts}


def read(sent: Any) -> Shape:
    """The shape in a document. A name that is a value after all is left out here too. Raises `ShapeInvalid`."""
    reader = _Reader()
    shape = reader.shape(sent)
    if reader.complaints:
        raise ShapeInvalid(tuple(reader.complaints))
    return shape


_MOST_COMPLAINTS: Final = 20


class _Reader:
    def __init__(self) -> None:
        self.complaints: list[Complaint] = []
        self.count = 0

    def wrong(self, pointer: str, message: str) -> None:
        if len(self.complaints) < _MOST_COMPLAINTS:
            self.complaints.append(Complaint(pointer, message))

    def shape(self, sent: Any) -> Shape:
        if not isinstance(sent, Mapping):
            self.wrong("", "must be an object")
            return Shape({})
        complete, answers = sent.get("complete", True), sent.get("answers")
        if not isinstance(complete, bool):
            self.wrong("/complete", "must be true or false")
        if not isinstance(answers, list):
            self.wrong("/answers", "must be an array" if "answers" in sent else "is missing")
            return Shape({})
        found = [Shape(dict(self.answers(one, f"/answers/{at}"))) for at, one in enumerate(answers)]
        if self.count > MAX_PLACES:
            self.wrong("/answers", f"there are more than {MAX_PLACES} places in all")
        return merged(found)._replace(complete=complete is True)

    def answers(self, sent: Any, at: str) -> Iterator[tuple[Answer, Mapping[Place, frozenset[str]]]]:
        if not isinstance(sent, Mapping):
            self.wrong(at, "must be an object")
            return
        side = next((one for one in SIDES if one == sent.get("side")), None)
        if side is None:
            self.wrong(f"{at}/side", f"must be one of {', '.join(SIDES)}")
        of_http = side == "response"
        method, template, status = sent.get("method", ""), sent.get("template"), sent.get("status", "")
        if not isinstance(method, str) or not re.fullmatch(r"[^\s\x00a-z]{1,40}" if of_http else "", method):
            self.wrong(f"{at}/method", "must be a method in capitals for a response, and absent for a message")
        if not isinstance(template, str) or not 0 < len(template) <= MAX_TEXT or not _storable(template):
            self.wrong(f"{at}/template", f"must be a text of 1 to {MAX_TEXT} characters")
        if not isinstance(status, str) or not re.fullmatch("[0-9]{3}" if of_http else "", status):
            self.wrong(f"{at}/status", "must be three digits for a response, and absent for a message")
        places: dict[Place, frozenset[str]] = {}
        for word in WORDS:
            self.places(sent.get(word, {}), word, f"{at}/{word}", places)
        if side is not None and not self.complaints:
            yield Answer(method, str(template), side, status), places

    def places(self, sent: Any, word: str, at: str, places: dict[Place, frozenset[str]]) -> None:
        if not isinstance(sent, Mapping):
            self.wrong(at, "must be an object of paths with the types seen there")
            return
        self.count += len(sent)
        for path, types in sent.items():
            pointer = f"{at}/{path[:60].replace('~', '~0').replace('/', '~1')}"
            if not isinstance(types, list) or not types or not all(one in TYPES for one in types):
                self.wrong(pointer, f"must be an array of types: {', '.join(TYPES)}")
                continue
            try:
                name = self.path(path) if word == "body" else path
            except PathInvalid as invalid:
                self.wrong(pointer, str(invalid))
                continue
            if word == "body" or is_name(name):
                place = Place(word, name)
                places[place] = places.get(place, frozenset()) | frozenset(types)

    def path(self, text: str) -> str:
        if len(text) > MAX_TEXT or not text.startswith("$"):
            raise PathInvalid(text[:60], 0, f"a path starts with $ and has at most {MAX_TEXT} characters")
        return paths.render([general(one) for one in paths.parse(text)])


def general(step: paths.Token) -> paths.Token:
    """A step of a path without what it may hold of a value: any index, and any name that reads like one."""
    if isinstance(step, int):
        return paths.ANY_INDEX
    return paths.ANY if isinstance(step, str) and not is_name(step) else step


def _storable(text: str) -> bool:
    try:
        return "\0" not in text and bool(text.encode())
    except UnicodeEncodeError:
        return False
