"""From the dialect of the Pact core's patterns, Oniguruma's Ruby syntax, to that of the `regex` package.

What differs between the two dialects, and is translated: `(?m)` (dot matches line breaks), `^` and `$` (always at line
breaks), options in the middle of a pattern (they reach to the end of the group, alternatives included), `\\h`, `\\Z`,
`\\z`, `\\e`, `\\x{…}`, `\\N`, `\\O`, `\\k<…>`, `\\g<…>`, repeated quantifiers, intervals, character classes, and
letters that need no escape.
Beside the translation it bounds what backtracking may cost, so that harmless patterns can be told from others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import regex

MAX_REPEAT: Final = 100_000
_MAX_NESTING: Final = 200
_FEW_STEPS: Final = 4096
_MANY: Final = 1 << 40
_LONGEST_RUN: Final = 32
_TRUE: Final = "(?!(?!))"
"""Always so. It parts long runs of characters where case is ignored: the `regex` package prepares to search for such a
run in a time that grows with its cube, and that no time limit stops."""


class PatternInvalid(ValueError):
    """The pattern is no regular expression in any dialect; the message says why."""


class PatternUnsupported(ValueError):
    """The pattern uses a construct, named in the message, that this engine does not have."""


_ESCAPES: Final = {
    "h": "[0-9a-fA-F]", "H": "[^0-9a-fA-F]", "R": r"(?>\r\n|[\n\v\f\r\x85\u2028\u2029])", "X": r"\X",
    "N": r"[^\n]", "O": r"(?s:.)", "e": r"\x1b", "z": r"\Z", "Z": r"(?=\n?\Z)", "A": r"\A", "G": r"\G", "K": r"\K",
    "b": r"\b", "B": r"\B", "d": r"\d", "D": r"\D", "w": r"\w", "W": r"\W", "s": r"\s", "S": r"\S",
}  # fmt: skip
_CLASS_ESCAPES: Final = {
    "h": "0-9a-fA-F", "d": r"\d", "D": r"\D", "w": r"\w", "W": r"\W", "s": r"\s", "S": r"\S",
}  # fmt: skip
_CONTROL: Final = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v", "a": "\a", "e": "\x1b"}
_POSIX: Final = frozenset(
    "alnum alpha ascii blank cntrl digit graph lower print punct space upper xdigit word".split()  # noqa: SIM905
)
_NO_TARGET: Final = "target of repeat operator is not specified"
_HEX: Final = frozenset("0123456789abcdefABCDEF")


@dataclass(slots=True)
class _Group:
    """An open group: where it began in the output, and how many option scopes to close with it."""

    start: int
    scopes: int = 0
    extended_before: bool = False
    zero_width: bool = False
    degree_before: int = 0
    choices_before: int = 1


class Translation:
    """One pattern on its way from Ruby's dialect to that of the `regex` package."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0
        self.out: list[str] = []
        self.atom: int | None = None
        """Where the last thing that can be repeated begins in `out`."""
        self.repeated = False
        self.zero_width = False
        """That thing has no width: an anchor or a look-around, which Ruby does not repeat."""
        self.extended = False
        self.ignores_case = False
        self.atoms = 0
        self.degree = 0
        """How many repetitions without end the present group and what is closed in it have."""
        self.choices = 1
        """How many ways alternatives and options leave, at most, apart from those."""
        self.atom_cost = (0, 1)
        self.metered = False
        self.groups: list[_Group] = [_Group(0)]

    def run(self) -> str:
        while self.at < len(self.source):
            self.step()
        if len(self.groups) > 1:
            raise PatternInvalid("end pattern with unmatched parenthesis")
        self.out.append(")" * self.groups[0].scopes)
        return "".join(self.out)

    def longest_unmetered(self) -> int:
        """How long a text may be for `choices * length ** degree` steps to be few; -1 where none is short enough.

        An upper bound for backtracking: a repetition of something that itself repeats or chooses has none here.
        """
        if self.metered or self.choices > _FEW_STEPS:
            return -1
        if self.degree == 0:
            return _MANY
        return int((_FEW_STEPS / self.choices) ** (1 / self.degree))

    def step(self) -> None:
        char = self.source[self.at]
        if self.extended and (char.isspace() or char == "#"):
            self.at = self.end_of_comment() if char == "#" else self.at + 1
        elif char == "\\":
            self.escape()
        elif char == "[":
            self.add(self.character_class())
        elif char == "(":
            self.open()
        elif char == ")":
            self.close()
        elif char in "*+?":
            self.at += 1
            self.quantify(char)
        elif char == "{":
            self.brace()
        elif char == "|":
            self.at += 1
            self.out.append("|")
            self.choices *= 2
            self.atom = None
        elif char in "^$":
            self.at += 1
            self.add(f"(?m:{char})", zero_width=True)
        elif char == ".":
            self.at += 1
            self.add(".")
        else:
            self.at += 1
            self.add(regex.escape(char))

    def add(self, text: str, *, zero_width: bool = False) -> None:
        self.atoms += 1
        if self.ignores_case and self.atoms % _LONGEST_RUN == 0:
            self.out.append(_TRUE)
        self.atom, self.repeated, self.zero_width = len(self.out), False, zero_width
        self.atom_cost = (0, 1)
        self.out.append(text)

    def end_of_comment(self) -> int:
        end = self.source.find("\n", self.at)
        return len(self.source) if end < 0 else end + 1

    # Quantifiers

    def brace(self) -> None:
        """An interval, or a brace that means itself."""
        found = regex.match(r"\{(?:(\d+)(?:(,)(\d*))?|,(\d+))\}", self.source, pos=self.at)
        if found is None:
            self.at += 1
            self.add(r"\{")
            return
        low, comma, high, only_high = found.groups()
        first = int(low or 0)
        last = int(only_high) if only_high else first if not comma else int(high) if high else None
        if max(first, last or 0) > MAX_REPEAT:
            raise PatternInvalid("too big number is specified")
        if last is not None and last < first:
            first, last = last, first
        self.at = found.end()
        self.quantify(f"{{{first},{'' if last is None else last}}}", interval=not comma and not only_high)

    def quantify(self, quantifier: str, *, interval: bool | None = None) -> None:
        if self.atom is None:
            raise PatternInvalid(_NO_TARGET)
        if self.zero_width:
            raise PatternInvalid("target of repeat operator is invalid")
        if self.repeated:
            self.wrap()
        self.weigh(quantifier)
        following = self.source[self.at : self.at + 1]
        is_brace = quantifier[0] == "{"
        # Ruby: `{n}?` is an optional repetition, `{n,m}+` a repeated one; only `?`, `*` and `+` are made possessive.
        if (following == "?" and not (is_brace and interval)) or (following == "+" and not is_brace):
            quantifier += following
            self.at += 1
        self.out.append(quantifier)
        self.repeated = True

    def weigh(self, quantifier: str) -> None:
        """Add what the repetition may cost to the bound."""
        degree, choices = self.atom_cost
        if quantifier == "?":
            self.choices *= 2
            return
        low, _, high = quantifier.strip("{}").partition(",") if quantifier[0] == "{" else ("0", "", "")
        least, most = int(low or 0), int(high) if high else None
        if degree or choices > 1 or self.repeated:
            # Something that repeats or chooses, repeated: bounded only when it is a few times exactly.
            if most is not None and most <= 4:
                self.degree += degree * (most - 1)
                self.choices *= choices ** (most - 1) * (most - least + 1)
            else:
                self.metered = True
        elif most is None:
            self.degree += 1
        else:
            self.choices *= most - least + 1
        self.choices = min(self.choices, _MANY)

    def wrap(self) -> None:
        assert self.atom is not None
        self.out[self.atom :] = ["(?:" + "".join(self.out[self.atom :]) + ")"]

    # Escapes

    def escape(self) -> None:
        if self.at + 1 >= len(self.source):
            raise PatternInvalid("end pattern at escape")
        char = self.source[self.at + 1]
        if char in "pP":
            self.add(self.property())
        elif char in "kg" and self.source[self.at + 2 : self.at + 3] in ("<", "'"):
            self.reference(char)
        elif char in _ESCAPES:
            self.at += 2
            self.add(_ESCAPES[char], zero_width=char in "zZAGKbB")
        elif char in "yY":
            raise PatternUnsupported(f"\\{char} (text segment boundary)")
        elif char in "123456789":
            found = regex.match(r"\d+", self.source, pos=self.at + 1)
            digits = found[0] if found else char
            if len(digits) > 1 and int(digits) > sum(part.startswith("(") for part in self.out):
                self.add(regex.escape(self.code_point()))
            elif regex.search(r"\(\?<[\p{L}_]", self.source):
                raise PatternInvalid("numbered backref/call is not allowed. (use name)")
            else:
                self.at += 1 + len(digits)
                self.metered = True
                self.add(f"(?:\\{digits})")
        else:
            self.add(regex.escape(self.code_point()))

    def code_point(self) -> str:
        """The character that the escape at `at` stands for; moves past it."""
        source, start = self.source, self.at + 1
        char = source[start]
        if char == "x" and source[start + 1 : start + 2] == "{":
            end = source.find("}", start)
            return self.from_hex(source[start + 2 : end], end + 1) if end > 0 else self.literal(start)
        if char in "xu":
            most = 2 if char == "x" else 4
            digits = ""
            while len(digits) < most and source[start + 1 + len(digits) : start + 2 + len(digits)] in _HEX - {""}:
                digits += source[start + 1 + len(digits)]
            if char == "u" and len(digits) < 4:
                raise PatternInvalid("too short digits")
            return self.from_hex(digits or "0", start + 1 + len(digits))
        if char in "01234567":
            found = regex.match(r"[0-7]{1,3}", source, pos=start)
            digits = found[0] if found else "0"
            self.at = start + len(digits)
            return chr(int(digits, 8))
        if char in "cC" and len(source) > start + 1:
            skip = 2 if char == "C" and source[start + 1] == "-" else 1
            if start + skip < len(source):
                self.at = start + skip + 1
                return chr(ord(source[start + skip]) & 0x1F)
        if char in _CONTROL:
            self.at = start + 1
            return _CONTROL[char]
        return self.literal(start)

    def literal(self, start: int) -> str:
        self.at = start + 1
        return self.source[start]

    def from_hex(self, digits: str, end: int) -> str:
        try:
            value = chr(int(digits, 16))
        except (ValueError, OverflowError):
            raise PatternInvalid("invalid code point value") from None
        self.at = end
        return value

    def property(self) -> str:
        found = regex.match(r"\\[pP]\{(\^?)([^{}]*)\}", self.source, pos=self.at)
        if found is None:
            # Without braces Ruby reads a plain letter.
            self.at += 2
            return self.source[self.at - 1]
        negated, name = found.groups()
        if regex.match("(?i)is[^_]", name) or not name:
            raise PatternInvalid(f"invalid character property name {{{name}}}")
        self.at = found.end()
        negative = (found[0][1] == "P") != bool(negated)
        return f"\\{'P' if negative else 'p'}{{{name}}}"

    def reference(self, letter: str) -> None:
        found = regex.match(r"\\[kg](?:<([^<>']+)>|'([^<>']+)')", self.source, pos=self.at)
        if found is None:
            raise PatternInvalid("invalid group name <>")
        name = found[1] or found[2]
        if not regex.fullmatch(r"[\p{L}_]\w*|\d+", name):
            raise PatternUnsupported(f"{found[0]} (a reference relative to where it stands, or to a level)")
        if name == "0" and letter == "k":
            raise PatternInvalid("invalid backref number/name")
        self.at = found.end()
        self.metered = True
        if letter == "g":
            self.add(f"(?&{name})" if not name.isdigit() else f"(?{name})")
        else:
            self.add(f"(?:\\{name})" if name.isdigit() else f"(?P={name})")

    # Groups

    def open(self) -> None:
        rest = self.source[self.at :]
        if rest.startswith("(?#"):
            end = self.source.find(")", self.at)
            if end < 0:
                raise PatternInvalid("end pattern in group")
            self.at = end + 1
            return
        options = regex.match(r"\(\?([A-Za-z]*)(?:-([A-Za-z]*))?([:)])", rest)
        if options and options[0] != "(?:":
            self.options(options[1] or "", options[2] or "", options[3], options.end())
            return
        for start, text in (
            ("(?:", "(?:"),
            ("(?=", "(?="),
            ("(?!", "(?!"),
            ("(?>", "(?>"),
            ("(?<=", "(?<="),
            ("(?<!", "(?<!"),
        ):
            if rest.startswith(start):
                self.push(text, len(start))
                return
        named = regex.match(r"\(\?(?:<([\p{L}_]\w*)>|'([\p{L}_]\w*)')", rest)
        conditional = regex.match(r"\(\?\((?:<(\w+)>|'(\w+)'|(\d+))\)", rest)
        if named:
            self.push(f"(?P<{named[1] or named[2]}>", named.end())
        elif conditional:
            self.push(f"(?({conditional[1] or conditional[2] or conditional[3]})", conditional.end())
        elif rest.startswith(("(?~", "(?(", "(?{")):
            raise PatternUnsupported(f"{rest[:3]} (absent operator, condition or callout)")
        elif rest.startswith("(?"):
            raise PatternInvalid("undefined group option")
        else:
            self.push("(", 1)

    def push(self, text: str, length: int) -> None:
        if len(self.groups) > _MAX_NESTING:
            raise PatternUnsupported(f"groups nested deeper than {_MAX_NESTING}")
        self.at += length
        around = text in ("(?=", "(?!", "(?<=", "(?<!")
        self.groups.append(_Group(len(self.out), 0, self.extended, around, self.degree, self.choices))
        self.degree, self.choices = 0, 1
        self.out.append(text)
        self.atom = None

    def options(self, on: str, off: str, end: str, length: int) -> None:
        if set(on + off) - set("imx"):
            raise PatternInvalid("undefined group option")
        self.ignores_case = self.ignores_case or "i" in on
        extended = ("x" in on or self.extended) and "x" not in off
        flags_on = "".join(sorted({"i": "i", "m": "s"}[c] for c in set(on) - {"x"}))
        flags_off = "".join(sorted({"i": "i", "m": "s"}[c] for c in set(off) - {"x"}))
        text = f"(?{flags_on}{'-' + flags_off if flags_off else ''}:"
        if end == ":":
            self.push(text, length)
        else:
            # To the end of the enclosing group, its further alternatives included.
            self.at += length
            self.out.append(text)
            self.groups[-1].scopes += 1
            self.atom = None
        self.extended = extended

    def close(self) -> None:
        if len(self.groups) == 1:
            raise PatternInvalid("unmatched close parenthesis")
        group = self.groups.pop()
        self.at += 1
        self.out.append(")" * (group.scopes + 1))
        self.out[group.start :] = ["".join(self.out[group.start :])]
        self.extended = group.extended_before
        self.atom, self.repeated, self.zero_width = group.start, False, group.zero_width
        self.atom_cost = (self.degree, self.choices)
        self.degree += group.degree_before
        self.choices = min(self.choices * group.choices_before, _MANY)

    # Character classes

    def character_class(self, depth: int = 0) -> str:
        """The class that begins at `at`, in the other dialect; moves past it."""
        if depth > 20:
            raise PatternUnsupported("character classes nested deeper than 20")
        self.at += 1
        parts = ["["]
        if self.peek() == "^":
            parts.append("^")
            self.at += 1
        first = True
        while True:
            char = self.peek()
            if not char:
                raise PatternInvalid("premature end of char-class")
            if char == "]" and (not first or "]" not in self.source[self.at + 1 :]):
                self.at += 1
                if first:
                    raise PatternInvalid("empty char-class")
                parts.append("]")
                return "".join(parts)
            if self.source.startswith("&&", self.at):
                self.at += 2
                parts.append("&&")
            elif char == "[" and self.peek(1) == ":" and self.posix(parts):
                pass
            elif char == "[":
                parts.append(self.character_class(depth + 1))
            else:
                self.class_item(parts)
            first = False

    def peek(self, ahead: int = 0) -> str:
        return self.source[self.at + ahead : self.at + ahead + 1]

    def posix(self, parts: list[str]) -> bool:
        found = regex.match(r"\[:(\^?)(\w+):\]", self.source, pos=self.at)
        if found is None or found[2] not in _POSIX:
            return False
        self.at = found.end()
        parts.append(found[0])
        return True

    def class_item(self, parts: list[str]) -> None:
        low = self.class_member()
        follows = self.peek(1)
        if self.peek() != "-" or follows in ("]", "") or (follows == "[" and low is None):
            return self._append_member(parts, low)
        if low is None:
            if self._pending != r"\-":
                raise PatternInvalid("unmatched range specifier in char-class")
            return self._append_member(parts, low)
        if follows == "[":
            self._append_member(parts, low)
            self.at += 1
            parts.append(r"\-")
            return None
        self.at += 1
        high = self.class_member()
        if high is None:
            raise PatternInvalid("char-class value at end of range")
        if high < low:
            raise PatternInvalid("empty range in char class")
        parts.append(f"{_in_class(low)}-{_in_class(high)}")
        return None

    _pending: str = ""

    def _append_member(self, parts: list[str], member: str | None) -> None:
        parts.append(self._pending if member is None else _in_class(member))

    def class_member(self) -> str | None:
        """One character; or None for a shorthand, whose text is then in `_pending`. Moves past it."""
        char = self.peek()
        if not char:
            raise PatternInvalid("premature end of char-class")
        if char != "\\":
            self.at += 1
            return char
        escaped = self.peek(1)
        if not escaped:
            raise PatternInvalid("end pattern at escape")
        if escaped in "pP" and self.peek(2) == "{":
            self._pending = self.property()
            return None
        if escaped == "H":
            self.at += 2
            self._pending = "[^0-9a-fA-F]"
            return None
        if escaped in _CLASS_ESCAPES:
            self.at += 2
            self._pending = _CLASS_ESCAPES[escaped]
            return None
        if escaped == "b":
            self.at += 2
            return "\b"
        if escaped == "R" or escaped == "X":
            raise PatternInvalid("invalid escape in char-class")
        return self.code_point()


def _in_class(char: str) -> str:
    """A character that stands for itself inside a class of the `regex` package, where `--`, `||` and `~~` mean more."""
    if char.isalnum() or ord(char) > 127:
        return char
    return f"\\x{ord(char):02x}"
