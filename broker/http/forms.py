"""What the form of a page sends with POST: its fields by name. A file is a field that holds its content."""

from __future__ import annotations

import math
from typing import Final
from urllib.parse import parse_qsl

from python_multipart import create_form_parser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import Field, File

from tallystick.broker.errors import Malformed
from tallystick.broker.http.media import bare

MULTIPART: Final = "multipart/form-data"
TYPES: Final = ("application/x-www-form-urlencoded", MULTIPART)
"""Only browsers send these, so they say that a page is wanted."""

_MOST: Final = 1000  # fields; how large they are together is limited with the body
_CONFIG: Final = {"MAX_FIELD_SIZE": math.inf, "MAX_MEMORY_FILE_SIZE": math.inf}


def read(content_type: str, body: bytes) -> dict[str, list[bytes]]:
    """The fields of a body, each with its values in order. Raises `Malformed`.

    `content_type` is the whole header, since it names the boundary of a multipart body.
    """
    try:
        pairs = _multipart(content_type, body) if bare(content_type) == MULTIPART else _encoded(body)
    except (FormParserError, ValueError) as wrong:
        raise Malformed(f"the form cannot be read: {wrong}") from None
    found: dict[str, list[bytes]] = {}
    for name, value in pairs:
        found.setdefault(name.decode("utf-8", "replace"), []).append(value)
    return found


def _encoded(body: bytes) -> list[tuple[bytes, bytes]]:
    return parse_qsl(body, keep_blank_values=True, max_num_fields=_MOST)


def _multipart(content_type: str, body: bytes) -> list[tuple[bytes, bytes]]:
    found: list[tuple[bytes, bytes]] = []

    def on_field(field: Field) -> None:
        add(field.field_name, field.value or b"")

    def on_file(file: File) -> None:
        file.file_object.seek(0)
        add(file.field_name, file.file_object.read())

    def add(name: bytes | None, value: bytes) -> None:
        found.append((name or b"", value))
        if len(found) > _MOST:
            raise FormParserError(f"there are more than {_MOST} fields")

    parser = create_form_parser({"Content-Type": content_type.encode("latin-1")}, on_field, on_file, _CONFIG)
    parser.write(body)
    parser.finalize()
    return found
