"""The rules of a body as a tree that is walked beside the body, so that no rule is ever looked up by a path.

`tree(rules)` puts every rule at the node that its path leads to. A `Place` is where the walk stands: the nodes that
fit the way so far (several, since stars fit beside names), and the rule chosen among those met on the way. The choice
(Pact, "Paths and rule selection") needs no comparison with the value's path: what a rule weighs, the product of its
steps' weights times their number, is the same wherever it fits.

Places are made when first stepped on and kept, so that a second body, or the next item of an array, only follows them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from tallystick.contract import paths
from tallystick.contract.matching.check import Check
from tallystick.contract.matching.matchers import ArrayContains, EachKey, EachValue, check_of
from tallystick.contract.matching.outcome import any_of
from tallystick.contract.matching.scalar_matchers import Type
from tallystick.contract.model import Matcher, Rule
from tallystick.contract.rules import read_variant_rules

_WEIGHT_OF_ROOT: Final = 2


class ReadyRule:
    """The matchers of one rule made ready, and what the walk wants to know of them."""

    def __init__(self, rule: Rule, key: str, weight: int = 0) -> None:
        self.key = key
        """The path or name under which the contract has it."""
        self.order = (weight, key)
        """What decides between rules: the heavier one, and between equals the last by text, so that it is decided."""
        self.any_of = rule.combine == "OR"
        checks = [check_of(matcher) for matcher in rule.matchers]
        self.checks: tuple[Check, ...] = tuple(checks)
        self.frees_keys = False
        self.is_type = False
        self.each_key: tuple[EachKey, ...] = ()
        for check in checks:
            self.frees_keys = self.frees_keys or check.frees_keys
            self.is_type = self.is_type or check.is_type
            if isinstance(check, EachKey):
                self.each_key += (check,)
        alone = len(checks) == 1
        self.asks_kind = alone and isinstance(checks[0], Type)
        """Whether all that it asks of a scalar is its kind."""
        self.accepts: Callable[[Any, Any], bool] = checks[0].json if alone else self._accepts_all_or_any

    def _accepts_all_or_any(self, expected: Any, actual: Any) -> bool:
        if self.any_of:
            return any_of(partial(check.json, expected, actual) for check in self.checks)
        # A rule without matchers (an eachValue without rules) accepts nothing.
        return bool(self.checks) and all(check.json(expected, actual) for check in self.checks)

    def accepts_text(self, expected: str, actual: str, cascaded: bool) -> bool:
        asked = (partial(check.text, expected, actual, cascaded) for check in self.checks)
        return any_of(asked) if self.any_of else bool(self.checks) and all(ask() for ask in asked)


class Node:
    """A step of the tree: where names, `*` and `[*]` lead to, and the rule that ends here."""

    __slots__ = ("names", "rule", "star", "star_index")

    def __init__(self) -> None:
        self.names: dict[str, Node] = {}
        self.star: Node | None = None
        self.star_index: Node | None = None
        self.rule: ReadyRule | None = None

    def child(self, token: paths.Token) -> Node:
        if token is paths.ANY:
            self.star = self.star or Node()
            return self.star
        if token is paths.ANY_INDEX:
            self.star_index = self.star_index or Node()
            return self.star_index
        # `.0` and `[0]` both mean the index and the key "0".
        return self.names.setdefault(str(token), Node())


class Place:
    """Where the walk stands: the chosen rule, whether it was found further up, and where each step leads."""

    __slots__ = (
        "_any_index", "_any_key", "accepts", "asks_kind", "below", "cascaded", "ends_here", "frees_keys", "has_names",
        "nodes", "rule", "steps", "takes_any_array", "takes_any_object", "under_type",
    )  # fmt: skip

    def __init__(self, nodes: tuple[Node, ...], inherited: ReadyRule | None, under_type: bool) -> None:
        self.nodes = nodes
        best = inherited
        self.ends_here = False
        """Whether any rule's path ends here, chosen or not: only then does an eachKey that cascades test keys."""
        self.frees_keys = False
        self.under_type = under_type
        self.has_names = False
        leads_on = False
        for node in nodes:
            if node.names:
                self.has_names = leads_on = True
            elif node.star is not None or node.star_index is not None:
                leads_on = True
            rule = node.rule
            if rule is not None:
                self.ends_here = True
                self.frees_keys = self.frees_keys or rule.frees_keys
                self.under_type = self.under_type or rule.is_type
                if best is None or rule.order > best.order:
                    best = rule
        self.rule: ReadyRule | None = best
        self.cascaded = best is not None and best is inherited
        self.accepts: Callable[[Any, Any], bool] | None = None
        self.asks_kind = False
        self.takes_any_object = True
        self.takes_any_array = False
        """Whether the chosen rule accepts every object, or array, as such, so that only what is in it counts."""
        if best is not None:
            self.accepts, self.asks_kind = best.accepts, best.asks_kind
            self.takes_any_object = self.takes_any_array = bool(best.checks)
            for check in best.checks:
                self.takes_any_object = self.takes_any_object and check.takes_any_object(self.cascaded)
                self.takes_any_array = self.takes_any_array and check.takes_any_array(self.cascaded)
        self.steps: dict[str, Place] = {}
        self.below: Place | None = None
        """The place below, when it is the same whatever the step: nothing but the rule chosen here reaches there."""
        if not leads_on:
            same = not self.ends_here and (self.cascaded or best is None)
            self.below = self if same else Place((), best, self.under_type)
        self._any_key: Place | None = None
        self._any_index: Place | None = None

    def step(self, key: str) -> Place:
        """The place of a member that the contract names. Kept: contracts name a bounded number."""
        if self.below is not None:
            return self.below
        place = self.steps.get(key)
        if place is None:
            place = self.steps[key] = self.step_to_any(key)
        return place

    def step_to_any(self, key: str) -> Place:
        """The place of a member that only the actual may have; kept only where the contract's rules name it."""
        if self.below is not None:
            return self.below
        is_index = key.isdecimal() and key.isascii()
        name = str(int(key)) if is_index and len(key) < 20 else key
        if not self.has_names or not any(name in node.names for node in self.nodes):
            return self._other(is_index or key == "[*]")
        place = self.steps.get(key)
        if place is None:
            # The Pact core takes the key "[*]" for any index.
            place = self.steps[key] = self._make(name, is_index or key == "[*]")
        return place

    def item(self, index: int) -> Place:
        """The place of an array's item."""
        if self.below is not None:
            return self.below
        return self.step_to_any(str(index)) if self.has_names else self._other(True)

    @property
    def items_alike(self) -> Place | None:
        """The place of every item, when no rule names an index."""
        if self.below is not None:
            return self.below
        return None if self.has_names else self._other(True)

    def _other(self, is_index: bool) -> Place:
        place = self._any_index if is_index else self._any_key
        if place is None:
            place = self._make(None, is_index)
            if is_index:
                self._any_index = place
            else:
                self._any_key = place
        return place

    def _make(self, name: str | None, is_index: bool) -> Place:
        nodes: list[Node] = []
        for node in self.nodes:
            if name is not None and name in node.names:
                nodes.append(node.names[name])
            if node.star is not None:
                nodes.append(node.star)
            if is_index and node.star_index is not None:
                nodes.append(node.star_index)
        return Place(tuple(nodes), self.rule, self.under_type)


def tree(rules: Mapping[str, Rule]) -> Place:
    """The place of the root, `$`. Paths must be readable, as those of a contract that was read are."""
    root = Node()
    for key, rule in rules.items():
        path = paths.parse(key)
        node = root
        weight = _WEIGHT_OF_ROOT
        for token in path:
            node = node.child(token)
            weight *= 1 if isinstance(token, paths.Star) else 2
        ready = ReadyRule(rule, key, weight * (len(path) + 1))
        if node.rule is None or ready.order > node.rule.order:
            node.rule = ready
    return Place((root,), None, False)


def place_of_each_value(check: EachValue, key: str) -> Place:
    """Where the values below an eachValue stand: its own rules are all there is, and they reach everything below."""
    if check.place is None:
        node = Node()
        node.rule = ReadyRule(Rule(tuple(inner.matcher for inner in check.rules)), key)
        check.place = Place((node,), None, False)
    place: Place = check.place
    return place


def variants_of(check: ArrayContains, expected: Sequence[Any]) -> Sequence[tuple[int, Place]]:
    """The variants of an arrayContains: which expected item each is like, and the place with its own rules.

    A variant without rules compares its item whole; without variants every expected item is one.
    """
    if check.variants is None:
        written = check.matcher.config.get("variants")
        check.variants = [_variant(one) for one in written] if isinstance(written, list) else []
    return check.variants or [(index, _WHOLE) for index in range(len(expected))]


def _variant(written: Any) -> tuple[int, Place]:
    variant = written if isinstance(written, Mapping) else {}
    index = variant.get("index", 0)
    rules = read_variant_rules(variant)
    return index if isinstance(index, int) else -1, _WHOLE if rules is None else tree(rules)


_WHOLE: Final = tree({"$": Rule((Matcher("equality"),))})
