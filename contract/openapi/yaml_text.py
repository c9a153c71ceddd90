"""YAML text to values, for descriptions: with the words of JSON and no others, within limits.

The parser (pyyaml) comes with the service and is loaded when used; the core does without it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

_LARGEST: Final = 2_000_000  # values, aliases counted as often as they are used


class YamlInvalid(ValueError):
    """The text is not YAML, or is more of it than the limits allow. The message says what and where."""


def loads(text: str) -> Any:
    """The value of a YAML text: what JSON could hold, with texts for names. Raises `YamlInvalid`."""
    try:
        import yaml
    except ModuleNotFoundError:
        raise YamlInvalid("cannot be read: pip install pyyaml, or give it as JSON") from None

    try:
        document = yaml.load(text, Loader=_loader())
    except yaml.MarkedYAMLError as wrong:
        mark = wrong.problem_mark or wrong.context_mark
        where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        raise YamlInvalid(f"is not YAML: {wrong.problem or wrong.context}{where}") from None
    except RecursionError:
        raise YamlInvalid("is not YAML that can be read: it is nested too deeply") from None
    except (yaml.YAMLError, ValueError) as wrong:
        raise YamlInvalid(f"is not YAML: {str(wrong).splitlines()[0]}") from None
    if _size(document, {}, set()) > _LARGEST:
        raise YamlInvalid(f"holds more than {_LARGEST} values, or refers to itself")
    return document


@lru_cache(maxsize=1)
def _loader() -> Any:
    """A YAML reader that knows what JSON knows: a date is a text, and every name is one."""
    import yaml

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Loader(base):  # type: ignore[misc]
        pass

    kept = ("tag:yaml.org,2002:null", "tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag in (*kept, "tag:yaml.org,2002:merge")]
        for first, resolvers in base.yaml_implicit_resolvers.items()
    }

    Loader.add_implicit_resolver(
        "tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
    )

    def mapping(loader: Any, node: Any) -> dict[str, Any]:
        # A status is written as a number, and is a name all the same.
        lines: dict[str, int] = {}
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                key.tag = "tag:yaml.org,2002:str"
                if key.value in lines:
                    problem = f"the name {key.value!r} is there already, in line {lines[key.value]}"
                    raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
                lines[key.value] = key.start_mark.line + 1
        loader.flatten_mapping(node)
        return {str(key): value for key, value in yaml.SafeLoader.construct_mapping(loader, node, deep=True).items()}

    Loader.add_constructor("tag:yaml.org,2002:map", mapping)
    return Loader


def _size(value: Any, known: dict[int, int], above: set[int]) -> int:
    """How many values there are, an alias counted in full each time; beyond all limits for what holds itself."""
    if not isinstance(value, dict | list):
        return 1
    if id(value) in known:
        return known[id(value)]
    if id(value) in above:
        return _LARGEST + 1
    above.add(id(value))
    total = 1
    for each in value.values() if isinstance(value, dict) else value:
        total += _size(each, known, above)
    above.discard(id(value))
    known[id(value)] = total
    return total
