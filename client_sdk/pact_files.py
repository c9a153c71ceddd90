"""Contract files: many writers, one file, always whole, and nothing in it that no test says any more.

A writer takes the file's lock, reads what is there, puts its interactions in, drops the stale ones and replaces the
file in one step. Beside the contracts lies `.tallystick/`, which notes for each interaction the test that said it and
the run that wrote it last; it may be deleted at any time and is not meant for version control.
"""

from __future__ import annotations

import contextlib
import os
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from tallystick.contract import model

if TYPE_CHECKING:
    from pathlib import Path

Identity: TypeAlias = str
Stale: TypeAlias = Callable[[str | None], bool]
"""Whether an interaction of that origin, which this run has not written, is out of date. None: origin unknown."""

_UNSAFE: Final = re.compile(r'[/\\:*?"<>|\x00-\x1f]')


@dataclass(frozen=True, slots=True)
class Recorded:
    """An interaction that a test has proved, and that test's name."""

    interaction: model.Interaction
    origin: str
    served: bytes = b""
    """The body that the mock answered with, for `reads`."""


@dataclass(frozen=True, slots=True)
class Written:
    """What a write did to a file; the lists hold descriptions."""

    path: Path
    interactions: int
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    @property
    def modified(self) -> bool:
        """Whether the file's content is another than before."""
        return bool(self.added or self.changed or self.removed)


@dataclass(eq=False)
class NotOurFile(Exception):
    """The file in the way is not a contract of this pair. Nothing was written."""

    path: Path
    reason: str

    def __str__(self) -> str:
        return f"{self.path} was left as it is: {self.reason}. Move or delete it, then run the tests again."


@dataclass(eq=False)
class SaidTwice(Exception):
    """Two tests use one description and one set of provider states for different interactions."""

    description: str
    first: str
    second: str

    def __str__(self) -> str:
        where = f"{self.first} and {self.second}" if self.first != self.second else self.first
        return (
            f'two different interactions are called "{self.description}" with the same provider states ({where}). '
            "Give one of them another description or another state"
        )


@dataclass(slots=True)
class _Notes:
    """What `.tallystick/` knows of a file: identity -> (origin, run)."""

    entries: dict[Identity, tuple[str, str]] = field(default_factory=dict)


def file_name(consumer: str, provider: str) -> str:
    """`consumer-provider.json`, with what no file name may hold replaced by `_`."""
    return _UNSAFE.sub("_", f"{consumer}-{provider}") + ".json"


def identity(interaction: model.Interaction) -> Identity:
    """What makes two interactions the same one: key, or kind, description and provider states with parameters."""
    if interaction.key:
        return f"key:{interaction.key}"
    import json

    states = [[state.name, state.params] for state in interaction.states]
    return json.dumps([type(interaction).__name__, interaction.description, states], sort_keys=True, default=str)


def write(
    path: Path, contract: model.Contract, recorded: Sequence[Recorded], *, run: str, stale: Stale | None = None
) -> Written:
    """Merge what this run's tests said into the file.

    `contract` gives names, version and metadata. Of two writers in one run with different interactions of one identity
    the second is refused (`SaidTwice`). Raises `NotOurFile`, `contract.errors.CannotWrite`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    notes_dir = _notes_dir(path.parent)
    with _locked(notes_dir / f"{path.stem}.lock"):
        _sweep(path)
        before = _read(path, contract)
        notes = _read_notes(notes_dir / f"{path.stem}.json")
        merged: dict[Identity, model.Interaction] = {identity(i): i for i in before}
        added, changed, removed = [], [], []
        for one in recorded:
            key = identity(one.interaction)
            old = merged.get(key)
            origin, last_run = notes.entries.get(key, ("", ""))
            if old is None:
                added.append(one.interaction.description)
            elif not _same(old, one.interaction, contract):
                if last_run == run and origin != one.origin:
                    raise SaidTwice(one.interaction.description, origin, one.origin)
                changed.append(one.interaction.description)
            merged[key] = one.interaction
            notes.entries[key] = (one.origin, run)
        if stale is not None:
            for key in list(merged):
                known = notes.entries.get(key)
                if (known is None or known[1] != run) and stale(known[0] if known else None):
                    removed.append(merged.pop(key).description)
        notes.entries = {key: entry for key, entry in notes.entries.items() if key in merged}
        written = Written(path, len(merged), tuple(added), tuple(changed), tuple(removed))
        if written.modified or not path.exists():
            _put(path, _document(contract, merged.values()))
        _put(notes_dir / f"{path.stem}.json", _notes_document(notes))
        return written


def known_origins(directory: Path) -> dict[str, list[str]]:
    """For each contract file of a directory that has notes: the origins of its interactions."""
    found: dict[str, list[str]] = {}
    for notes in sorted((directory / ".tallystick").glob("*.json")):
        if (directory / notes.name).exists():
            found[notes.name] = [origin for origin, _ in _read_notes(notes).entries.values()]
    return found


def _document(contract: model.Contract, interactions: Any) -> bytes:
    from dataclasses import replace

    from tallystick.contract import json_text, writing

    ordered = sorted(interactions, key=lambda i: (i.description, [(s.name, str(s.params)) for s in i.states]))
    document = writing.to_document(replace(contract, interactions=tuple(ordered)))
    return json_text.dumps(document, indent=2, sort_keys=True) + b"\n"


def _same(old: model.Interaction, new: model.Interaction, contract: model.Contract) -> bool:
    """Whether both give the same file. Values read from a file differ in their types from values made by the DSL."""
    return old == new or _document(contract, [old]) == _document(contract, [new])


def _read(path: Path, contract: model.Contract) -> tuple[model.Interaction, ...]:
    from tallystick.contract import errors, reading

    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return ()
    try:
        found = reading.read(content, name=str(path))
    except (errors.ContractInvalid, ValueError) as problem:
        raise NotOurFile(path, f"it is not a contract ({problem})") from None
    if (found.consumer, found.provider) != (contract.consumer, contract.provider):
        raise NotOurFile(
            path,
            f"it is the contract of {found.consumer} with {found.provider}, "
            f"not of {contract.consumer} with {contract.provider}",
        )
    return found.interactions


def _sweep(path: Path) -> None:
    """Remove what a writer that was killed has left half-written. Under the lock nobody else is writing."""
    for folder in (path.parent, _notes_dir(path.parent)):
        for left in folder.glob(f".{path.name}.*.tmp"):
            left.unlink(missing_ok=True)


def _put(path: Path, content: bytes) -> None:
    """Replace the file in one step: a reader sees the old content or the new one, never a part."""
    name = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.tmp")
    try:
        name.write_bytes(content)
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def _notes_dir(directory: Path) -> Path:
    notes = directory / ".tallystick"
    notes.mkdir(exist_ok=True)
    ignore = notes / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n")
    return notes


def _read_notes(path: Path) -> _Notes:
    import json

    try:
        document: Mapping[str, Any] = json.loads(path.read_bytes())
        return _Notes({key: (str(origin), str(run)) for key, (origin, run) in document["interactions"].items()})
    except FileNotFoundError:
        return _Notes()
    except (ValueError, KeyError, TypeError, AttributeError):
        return _Notes()  # notes are a help, not the truth


def _notes_document(notes: _Notes) -> bytes:
    import json

    return json.dumps({"interactions": {k: list(v) for k, v in sorted(notes.entries.items())}}, indent=1).encode()


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the file's lock; other processes wait. The lock ends with the process, however it ends."""
    with path.open("a+b") as file:
        if os.name == "nt":
            import msvcrt

            file.seek(0)
            while True:
                try:
                    msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)  # type: ignore[attr-defined, unused-ignore]
                    break
                except OSError:  # it gives up after ten seconds
                    continue
            try:
                yield
            finally:
                file.seek(0)
                msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)  # type: ignore[attr-defined, unused-ignore]
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
            yield
