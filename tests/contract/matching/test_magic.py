"""Content recognised by its first bytes, under the names that the Pact core uses."""

from __future__ import annotations

import pytest

from tallystick.contract.matching import magic

KNOWN = [
    (b"GIF89a", "image/gif"), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff\xe0", "image/jpeg"),
    (b"%PDF-1.7", "application/pdf"), (b"PK\x03\x04", "application/zip"), (b"\x1f\x8b\x08", "application/gzip"),
    (b"Rar!\x1a\x07\x00", "application/vnd.rar"), (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"), (b"OggS\0", "audio/ogg"),
    (b'<?xml version="1.0"?><a/>', "text/xml"), (b"<!DOCTYPE html><p>", "text/html"), (b"<a/>", "application/xml"),
    (b'{"a":1}', "application/json"), (b"hello", "text/plain"), (b"a,b\n1,2\n", "text/plain"), (b"", "text/plain"),
    (b"\x00\x01\x02", "application/octet-stream"), (b"\x1a\x45\xdf\xa3\x42\x82\x84webm", "video/webm"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "name"), KNOWN)
def test_known(content: bytes, name: str) -> None:
    assert magic.detect(content) == name
    assert magic.is_a(content, name)
    assert not magic.is_a(content, "image/x-other")


def test_text_without_a_mark_is_plain_text_and_what_it_looks_like() -> None:
    assert magic.is_a(b'{"a":1}', "text/plain")
    assert magic.is_a(b'{"a":1}', "application/json")
    assert not magic.is_a(b"GIF89a", "text/plain")


def test_json_strings_are_taken_for_base64_where_they_can_be() -> None:
    assert magic.bytes_of("R0lGODlh") == b"GIF89a"
    assert magic.bytes_of("not base64!") == b"not base64!"
