"""Where an explanation gathers what it finds, and how it remembers where it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from tallystick.contract import paths
from tallystick.contract.matching.check import Check
from tallystick.contract.matching.outcome import CannotCheck, Outcome, Undecided
from tallystick.contract.matching.rule_tree import ReadyRule
from tallystick.contract.mismatch import Mismatch, Part


class Steps(NamedTuple):
    """The way into the actual value, and the way to the example in the contract that it is compared with."""

    actual: paths.Path = ()
    contract: paths.Path = ()

    def key(self, key: str, example: str | None = None) -> Steps:
        return Steps((*self.actual, _step(key)), (*self.contract, _step(key if example is None else example)))

    def item(self, index: int, example: int | None = None) -> Steps:
        return Steps((*self.actual, index), (*self.contract, index if example is None else example))


def _step(key: str) -> paths.Token:
    # As the Pact core has it: a key of digits reads as an index, and keys that look like stars are shown as stars.
    if key == "*":
        return paths.ANY
    if key == "[*]":
        return paths.ANY_INDEX
    return int(key) if key.isascii() and key.isdecimal() and len(key) < 20 else key


class Findings:
    """Mismatches, and what could not be checked, in the order found."""

    def __init__(self, part: Part) -> None:
        self.part: Part = part
        self.mismatches: list[Mismatch] = []
        self.undecided: list[Undecided] = []

    @property
    def clean(self) -> bool:
        return not self.mismatches and not self.undecided

    def fork(self) -> Findings:
        return Findings(self.part)

    def join(self, other: Findings) -> None:
        self.mismatches += other.mismatches
        self.undecided += other.undecided

    def weigh(self, alternatives: Sequence[Findings], *, any_of: bool) -> None:
        """Take over what several matchers found: all of it; or with `any_of` nothing, if one of them was content.

        An alternative that could not be checked might have been content, so it leaves the whole undecided.
        """
        if len(alternatives) == 1:
            self.join(alternatives[0])
            return
        if any_of and any(one.clean for one in alternatives):
            return
        # What is wrong with the items of an array is the same for each of its matchers: told once.
        undecided = {id(one): one for found in alternatives for one in found.undecided}
        self.undecided += undecided.values()
        if not any_of or not undecided:
            self.mismatches += {id(one): one for found in alternatives for one in found.mismatches}.values()

    def add(
        self,
        kind: str,
        at: Steps | str,
        expected: Any,
        actual: Any,
        sentence: str,
        check: Check | None = None,
        rule: ReadyRule | None = None,
    ) -> None:
        where, example = (at, at) if isinstance(at, str) else (paths.render(at.actual), paths.render(at.contract))
        self.mismatches.append(
            Mismatch(
                self.part,
                kind,
                where,
                expected,
                actual,
                sentence,
                example,
                check.matcher if check is not None else None,
                rule.key if rule is not None else None,
            )
        )

    def reword(self, other: Findings, path: str, wording: str) -> None:
        """Take over what was found, at this path and with this wording around each sentence."""
        self.mismatches += [
            replace(one, path=path, contract_path=path, sentence=wording.replace("{}", one.sentence, 1))
            for one in other.mismatches
        ]
        self.undecided += other.undecided

    def prefix(self, other: Findings, words: str) -> None:
        """Take over what was found, each sentence after these words."""
        self.mismatches += [replace(one, sentence=words + one.sentence) for one in other.mismatches]
        self.undecided += other.undecided

    def cannot(self, cannot: CannotCheck, at: Steps | str, rule: ReadyRule | None = None) -> None:
        where = at if isinstance(at, str) else paths.render(at.actual)
        key = rule.key if rule is not None else None
        self.undecided.append(Undecided(cannot.reason, where, cannot.sentence, self.part, key))

    def judge_json(self, rule: ReadyRule, expected: Any, actual: Any, at: Steps) -> None:
        """Apply a rule to a scalar of the contract and what is there instead."""
        if not rule.checks:
            self.add("no-matcher", at, expected, actual, f"No matcher found for path '{paths.render(at.actual)}'")
            return
        self.weigh([self._ask_json(rule, check, expected, actual, at) for check in rule.checks], any_of=rule.any_of)

    def _ask_json(self, rule: ReadyRule, check: Check, expected: Any, actual: Any, at: Steps) -> Findings:
        found = self.fork()
        try:
            if not check.json(expected, actual):
                found.add(check.kind, at, expected, actual, check.json_why(expected, actual), check, rule)
        except CannotCheck as cannot:
            found.cannot(cannot, at, rule)
        return found

    def judge_text(
        self,
        rule: ReadyRule,
        expected: str,
        actual: str,
        at: Steps | str,
        *,
        cascaded: bool = False,
        wording: str = "{}",
    ) -> None:
        """Apply a rule to two texts; `wording` is what the part says around the matcher's sentence."""
        if not rule.checks:
            where = at if isinstance(at, str) else paths.render(at.actual)
            self.add("no-matcher", at, expected, actual, f"No matcher found for path '{where}'")
            return
        found = []
        for check in rule.checks:
            one = self.fork()
            try:
                if not check.text(expected, actual, cascaded):
                    sentence = wording.replace("{}", check.text_why(expected, actual), 1)
                    one.add(check.kind, at, expected, actual, sentence, check, rule)
            except CannotCheck as cannot:
                one.cannot(cannot, at, rule)
            found.append(one)
        self.weigh(found, any_of=rule.any_of)

    def outcome(self) -> Outcome:
        return Outcome(tuple(self.mismatches), tuple(self.undecided))
