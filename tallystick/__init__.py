"""Tallystick's front door: the public names, loaded when first used."""

from __future__ import annotations

from importlib import import_module
from typing import Final

__version__: Final = "0.1.0"

_HOME: Final[dict[str, str]] = {
    # public name -> module that defines it
}

__all__ = ["__version__", *_HOME]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'tallystick' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
