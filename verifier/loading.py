"""Things of the user's that are named on the command line as `module:attribute`."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any


class CannotImport(Exception):
    """The import string leads nowhere: what was asked, why, what to do."""


def load(name: str, option: str) -> Any:
    """The object that `package.module:attribute` names; dots and a call without arguments (`make_app()`) are followed.

    The current directory comes first in the search, as with other servers' import strings. Raises CannotImport.
    """
    module_name, colon, attribute = name.partition(":")
    if not colon or not module_name or not attribute:
        raise CannotImport(f"{option} {name!r}: an import string like package.module:name is needed")
    here = os.getcwd()
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        found: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as missing:
        if missing.name and (module_name == missing.name or module_name.startswith(missing.name + ".")):
            raise CannotImport(f"{option} {name!r}: there is no module {missing.name!r} here ({here})") from None
        raise CannotImport(f"{option} {name!r}: importing it failed, {missing}") from missing
    except Exception as error:
        raise CannotImport(f"{option} {name!r}: importing it raised {type(error).__name__}: {error}") from error
    for part in attribute.removesuffix("()").split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            raise CannotImport(f"{option} {name!r}: {module_name} has no {part!r}") from None
    if attribute.endswith("()"):
        try:
            return found()
        except Exception as error:
            raise CannotImport(f"{option} {name!r}: calling it raised {type(error).__name__}: {error}") from error
    return found
