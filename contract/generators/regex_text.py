"""Text for a regular expression: the Regex generator.

A parser of our own for the Ruby and Java dialects that contracts are written in, because what must be *made* from a
pattern is not what an engine keeps of it. Characters are taken from ASCII where the pattern leaves a choice, and open
repeats are cut at twenty more than asked. Look-around, back-references to groups not yet made and word boundaries
can't be constructed; the caller's `accepts` then decides which attempt is good.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Final, TypeAlias

from tallystick.contract.generators.char_sets import (
    CHAR_ESCAPES,
    CLASS_ESCAPES,
    NAMED,
    PRINTABLE,
    Ranges,
    complement,
    intersection,
    merged,
    ranges_of,
)

_OPEN_REPEAT: Final = 20
_MAX_REPEAT: Final = 10_000
_MAX_LENGTH: Final = 100_000
_MAX_DEPTH: Final = 100
_ATTEMPTS: Final = 200


class PatternUnsupported(ValueError):
    """No text can be made for the pattern; the message says which part of it."""


def text_for(pattern: str, rng: Random, accepts: Callable[[str], bool] = lambda text: True) -> str:
    """A text that the whole pattern matches. Raises `PatternUnsupported`.

    One `^` at the start and one `$` at the end are taken off first. `accepts` is asked only about attempts at
    patterns with parts that can't be constructed, at most 200 times.
    """
    pattern = pattern.removeprefix("^")
    before = pattern.removesuffix("$")
    if (len(before) - len(before.rstrip("\\"))) % 2 == 0:  # a $ that is not escaped
        pattern = before
    parser = _Parser(pattern)
    tree = parser.whole()
    for _ in range(_ATTEMPTS if parser.guesses else 1):
        made = _Made(rng)
        tree.make(made)
        text = "".join(made.parts)
        if not parser.guesses or accepts(text):
            return text
    raise PatternUnsupported(f"no text found for {pattern!r} in {_ATTEMPTS} attempts")


# --- the tree: every node knows how to make its text -----------------------------------------------------------------


@dataclass(slots=True)
class _Made:
    rng: Random
    parts: list[str] = field(default_factory=list)
    length: int = 0
    groups: dict[str, str] = field(default_factory=dict)

    def add(self, text: str) -> None:
        self.length += len(text)
        if self.length > _MAX_LENGTH:
            raise PatternUnsupported(f"the text would be longer than {_MAX_LENGTH} characters")
        self.parts.append(text)


@dataclass(frozen=True, slots=True)
class _Literal:
    text: str

    def make(self, made: _Made) -> None:
        made.add(self.text)


@dataclass(frozen=True, slots=True)
class _OneOf:
    ranges: Ranges

    def make(self, made: _Made) -> None:
        at = made.rng.randrange(sum(high - low + 1 for low, high in self.ranges))
        for low, high in self.ranges:
            if at <= high - low:
                code = low + at
                made.add(chr(code) if not 0xD800 <= code <= 0xDFFF else "\ud7ff")
                return
            at -= high - low + 1


@dataclass(frozen=True, slots=True)
class _Sequence:
    nodes: tuple[_Node, ...]

    def make(self, made: _Made) -> None:
        for node in self.nodes:
            node.make(made)


@dataclass(frozen=True, slots=True)
class _Choice:
    nodes: tuple[_Node, ...]

    def make(self, made: _Made) -> None:
        made.rng.choice(self.nodes).make(made)


@dataclass(frozen=True, slots=True)
class _Repeat:
    node: _Node
    least: int
    most: int

    def make(self, made: _Made) -> None:
        for _ in range(made.rng.randint(self.least, self.most)):
            self.node.make(made)


@dataclass(frozen=True, slots=True)
class _Group:
    names: tuple[str, ...]
    node: _Node

    def make(self, made: _Made) -> None:
        start = len(made.parts)
        self.node.make(made)
        text = "".join(made.parts[start:])
        for name in self.names:
            made.groups[name] = text


@dataclass(frozen=True, slots=True)
class _Again:
    name: str

    def make(self, made: _Made) -> None:
        made.add(made.groups.get(self.name, ""))


_Node: TypeAlias = _Literal | _OneOf | _Sequence | _Choice | _Repeat | _Group | _Again
_NOTHING: Final = _Literal("")


class _Parser:
    """Reads a pattern by recursive descent. `guesses` is set by parts that can't be constructed."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0
        self.depth = 0
        self.groups = 0
        self.guesses = False
        self.extended = False

    def whole(self) -> _Node:
        node = self.choice()
        if self.at < len(self.pattern):
            raise self.unsupported("an unmatched )")
        return node

    def unsupported(self, what: str) -> PatternUnsupported:
        return PatternUnsupported(f"{what} at position {self.at} of {self.pattern!r}")

    def peek(self, count: int = 1) -> str:
        return self.pattern[self.at : self.at + count]

    def take(self, count: int = 1) -> str:
        text = self.peek(count)
        if len(text) < count:
            raise self.unsupported("the pattern ends")
        self.at += count
        return text

    def until(self, end: str) -> str:
        stop = self.pattern.find(end, self.at)
        if stop < 0:
            raise self.unsupported(f"a missing {end}")
        text = self.pattern[self.at : stop]
        self.at = stop + len(end)
        return text

    def choice(self) -> _Node:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise self.unsupported(f"nesting deeper than {_MAX_DEPTH}")
        branches = [self.sequence()]
        while self.peek() == "|":
            self.at += 1
            branches.append(self.sequence())
        self.depth -= 1
        return branches[0] if len(branches) == 1 else _Choice(tuple(branches))

    def sequence(self) -> _Node:
        nodes: list[_Node] = []
        while self.peek() not in ("", "|", ")"):
            node = self.atom()
            nodes.append(self.repeated(node))
        return nodes[0] if len(nodes) == 1 else _Sequence(tuple(nodes))

    def repeated(self, node: _Node) -> _Node:
        while bounds := self.quantifier():
            least, most = bounds
            if least > most or most > _MAX_REPEAT:
                raise self.unsupported(f"the repeat {{{least},{most}}}")
            node = _Repeat(node, least, most)
        return node

    def quantifier(self) -> tuple[int, int] | None:
        char = self.peek()
        simple = {"*": (0, _OPEN_REPEAT), "+": (1, _OPEN_REPEAT), "?": (0, 1)}.get(char)
        if simple:
            self.at += 1
            bounds = simple
        elif char == "{" and (found := self.braces()):
            bounds = found
        else:
            return None
        if self.peek() in ("?", "+"):  # lazy and possessive: the same texts
            self.at += 1
        return bounds

    def braces(self) -> tuple[int, int] | None:
        stop = self.pattern.find("}", self.at)
        low, comma, high = self.pattern[self.at + 1 : stop].partition(",") if stop > 0 else ("", "", "")
        digits = (low + high).isdecimal() and (low + high).isascii() and len(low + high) < 12
        if not digits:
            return None  # a brace that begins no repeat stands for itself
        self.at = stop + 1
        least = int(low or 0)
        return least, (int(high) if high else least + _OPEN_REPEAT) if comma else least

    def atom(self) -> _Node:
        char = self.take()
        if char == "(":
            return self.group()
        if char == "[":
            return _OneOf(self.char_class())
        if char == "\\":
            return self.escape()
        if char == ".":
            return _OneOf(PRINTABLE)
        if char in "^$":
            self.guesses = True
            return _NOTHING
        if char in "*+?":
            self.at -= 1
            raise self.unsupported(f"nothing to repeat before {char}")
        if self.extended and (char.isspace() or char == "#"):
            if char == "#":
                stop = self.pattern.find("\n", self.at)
                self.at = len(self.pattern) if stop < 0 else stop
            return _NOTHING
        return _Literal(char)

    def group(self) -> _Node:
        names: tuple[str, ...] = ()
        extended = self.extended
        if self.peek() != "?":
            self.groups += 1
            names = (str(self.groups),)
        else:
            opened = self.group_kind()
            if opened is None:
                return _NOTHING
            names = opened
        node = self.choice()
        if self.peek() != ")":
            raise self.unsupported("a group that is never closed")
        self.at += 1
        self.extended = extended
        if names == ("look-around",):
            return _NOTHING
        return _Group(names, node) if names else node

    def group_kind(self) -> tuple[str, ...] | None:
        """The names of the group opened by `(?`; None when it is complete and makes no text."""
        self.at += 1
        rest = self.pattern[self.at :]
        for opening in ("<=", "<!", "=", "!"):
            if rest.startswith(opening):
                self.at += len(opening)
                self.guesses = True
                return ("look-around",)
        if rest.startswith(("P<", "<", "'")):
            self.at += 2 if rest[0] == "P" else 1
            name = self.until("'" if rest[0] == "'" else ">")
            self.groups += 1
            return (str(self.groups), name)
        if rest.startswith("P="):
            raise self.unsupported("(?P=")
        if rest.startswith("#"):
            self.until(")")
            return None
        if rest.startswith((":", ">", "~")):
            self.at += 1
            return ()
        return self.flags()

    def flags(self) -> tuple[str, ...] | None:
        on = True
        while (char := self.take()) not in ":)":
            if char == "-":
                on = False
            elif char == "x":
                self.extended = on
            elif char not in "imsuadUL^":
                self.at -= 1
                raise self.unsupported(f"the group (?{char}")
        if char == ":":
            return ()
        # Flags without a colon hold to the end of the enclosing group, so what follows is read here.
        return None

    def escape(self) -> _Node:
        char = self.peek()
        if char in ("A", "z", "Z", "G", "b", "B", "K"):
            self.at += 1
            self.guesses = True
            return _NOTHING
        if char == "R":
            self.at += 1
            return _Literal("\n")
        if char == "X":
            self.at += 1
            return _OneOf(PRINTABLE)
        if char == "Q":
            self.at += 1
            stop = self.pattern.find("\\E", self.at)
            text = self.pattern[self.at :] if stop < 0 else self.until("\\E")
            if stop < 0:
                self.at = len(self.pattern)
            return _Literal(text)
        if char == "k":
            self.at += 1
            return _Again(self.until({"<": ">", "'": "'", "{": "}"}.get(self.take(), ">")))
        if char.isdecimal() and char != "0":
            digits = self.take()
            while self.peek().isdecimal() and int(digits + self.peek()) <= self.groups:
                digits += self.take()
            return _Again(digits)
        ranges = self.escaped()
        return _Literal(chr(ranges[0][0])) if len(ranges) == 1 and ranges[0][0] == ranges[0][1] else _OneOf(ranges)

    def escaped(self) -> Ranges:
        """The characters of an escape, in a class or outside; the backslash has been read."""
        char = self.take()
        if char in CLASS_ESCAPES:
            return CLASS_ESCAPES[char]
        if char in "pP":
            return self.property(negated=char == "P")
        if char in "xu":
            return self.code_point(2 if char == "x" else 4)
        if char == "c":
            code = ord(self.take().upper()) ^ 0x40
            return ((code, code),)
        if char == "0":
            digits = ""
            while len(digits) < 3 and self.peek() in tuple("01234567"):
                digits += self.take()
            code = int(digits or "0", 8)
            return ((code, code),)
        if char.isascii() and char.isalnum() and char not in CHAR_ESCAPES:
            self.at -= 1
            raise self.unsupported(f"the escape \\{char}")
        return ranges_of(CHAR_ESCAPES.get(char, char))

    def property(self, *, negated: bool) -> Ranges:
        name = self.until("}") if self.take() == "{" else self.pattern[self.at - 1]
        negated ^= name.startswith("^")
        plain = name.removeprefix("^").split("=")[-1].lower()
        ranges = NAMED.get(plain) or NAMED.get(plain.removeprefix("is").removeprefix("posix_"))
        if ranges is None:
            raise self.unsupported(f"the property {name!r}")
        return complement(ranges) if negated else ranges

    def code_point(self, digits: int) -> Ranges:
        if self.peek() == "{":
            self.at += 1
            text = self.until("}")
        else:
            text = self.take(digits)
        try:
            code = int(text, 16)
            chr(code)
        except (ValueError, OverflowError):
            raise self.unsupported(f"the code point {text!r}") from None
        return ((code, code),)

    def char_class(self) -> Ranges:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise self.unsupported(f"nesting deeper than {_MAX_DEPTH}")
        negated = self.peek() == "^"
        self.at += negated
        both: Ranges | None = None
        found: list[tuple[int, int]] = []
        first = True
        while self.peek() != "]" or first:
            if self.peek(2) == "&&":
                self.at += 2
                both = merged(tuple(found)) if both is None else intersection(both, merged(tuple(found)))
                found = []
            else:
                found.extend(self.class_item())
            first = False
        self.at += 1
        self.depth -= 1
        ranges = merged(tuple(found)) if both is None else intersection(both, merged(tuple(found)))
        ranges = complement(ranges) if negated else ranges
        if not ranges:
            raise self.unsupported("a class without characters")
        return ranges

    def class_item(self) -> Ranges:
        char = self.take()
        if char == "[":
            if self.peek() == ":" and ":]" in self.pattern[self.at :]:
                self.at += 1
                name = self.until(":]")
                ranges = NAMED.get(name.removeprefix("^"))
                if ranges is None:
                    raise self.unsupported(f"the class [:{name}:]")
                return complement(ranges) if name.startswith("^") else ranges
            return self.char_class()
        low = self.class_char(char)
        if self.peek() != "-" or self.peek(2) in ("-]", "-[") or low[0][0] != low[-1][1]:
            return low
        self.at += 1
        high = self.class_char(self.take())
        if high[0][0] != high[-1][1]:
            return merged((*low, *high, (ord("-"), ord("-"))))
        if high[0][0] < low[0][0]:
            raise self.unsupported("a range that runs backwards")
        return ((low[0][0], high[0][0]),)

    def class_char(self, char: str) -> Ranges:
        if char != "\\":
            return ranges_of(char)
        if self.peek() == "b":
            self.at += 1
            return ranges_of("\b")
        return self.escaped()
