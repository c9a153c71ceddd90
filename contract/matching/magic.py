"""What a file is, by its first bytes: the media types that the contentType matcher compares with.

The names are those that the Pact core answers with (`application/vnd.rar`, `audio/x-wav`), so that a contract gets the
same verdict from every Pact client. What is text and has no mark of its own is judged by `content_types.detect`.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

from tallystick.contract import content_types

OCTETS: Final = "application/octet-stream"
_PLAIN: Final = "text/plain"
_LOOKED_AT: Final = 32
"""How much of a text is looked at to guess its type."""

_MARKS: Final[tuple[tuple[int, bytes, str], ...]] = (
    (0, b"GIF8", "image/gif"),
    (0, b"\x89PNG", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"BM", "image/bmp"),
    (0, b"\0\0\1\0", "image/vnd.microsoft.icon"),
    (0, b"II*\0", "image/tiff"),
    (0, b"MM\0*", "image/x-3ds"),
    (0, b"8BPS", "image/vnd.adobe.photoshop"),
    (0, b"\xff\x0a", "image/jxl"),
    (8, b"WEBP", "image/webp"),
    (8, b"WAVE", "audio/x-wav"),
    (8, b"AVI ", "video/x-msvideo"),
    (8, b"AIFF", "audio/x-aiff"),
    (4, b"ftypavif", "image/avif"),
    (4, b"ftyphei", "image/heif"),
    (4, b"ftypM4A", "audio/m4a"),
    (4, b"ftypqt", "video/quicktime"),
    (4, b"ftyp", "video/mp4"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"\xff\xf1", "audio/aac"),
    (0, b"OggS", "audio/ogg"),
    (0, b"fLaC", "audio/x-flac"),
    (0, b"MThd", "audio/midi"),
    (0, b"\x1a\x45\xdf\xa3", "application/x-matroska"),
    (0, b"FLV\1", "video/x-flv"),
    (0, b"\0\0\1\xba", "video/mpeg"),
    (0, b"\0\0\1\xb3", "video/mpeg"),
    (0, b"0&\xb2u\x8ef\xcf\x11\xa6\xd9", "video/x-ms-wmv"),
    (0, b"%PDF", "application/pdf"),
    (0, b"PK\3\4", "application/zip"),
    (0, b"PK\5\6", "application/zip"),
    (0, b"\x1f\x8b", "application/gzip"),
    (0, b"\x1f\x9d", "application/x-compress"),
    (0, b"BZh", "application/x-bzip2"),
    (0, b"7z\xbc\xaf'\x1c", "application/x-7z-compressed"),
    (0, b"\xfd7zXZ\0", "application/x-xz"),
    (0, b"Rar!\x1a\7", "application/vnd.rar"),
    (0, b"(\xb5/\xfd", "application/zstd"),
    (0, b"\x04\x22\x4d\x18", "application/x-lz4"),
    (0, b"LZIP", "application/x-lzip"),
    (257, b"ustar", "application/x-tar"),
    (0, b"MSCF", "application/vnd.ms-cab-compressed"),
    (0, b"!<arch>\ndebian", "application/vnd.debian.binary-package"),
    (0, b"\xed\xab\xee\xdb", "application/x-rpm"),
    (0, b"\x7fELF", "application/x-executable"),
    (0, b"MZ", "application/vnd.microsoft.portable-executable"),
    (0, b"\0asm", "application/wasm"),
    (0, b"\xca\xfe\xba\xbe", "application/java"),
    (0, b"SQLite format 3\0", "application/vnd.sqlite3"),
    (0, b"wOFF", "application/font-woff"),
    (0, b"wOF2", "application/font-woff"),
    (0, b"\0\1\0\0\0", "application/font-sfnt"),
    (0, b"OTTO", "application/font-sfnt"),
    (0, b"{\\rtf", "application/rtf"),
    (0, b"%!PS", "application/postscript"),
    (0, b"FWS", "application/x-shockwave-flash"),
    (0, b"CWS", "application/x-shockwave-flash"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (0, b"0\x82", "application/x-x509-ca-cert"),
    (0, b"-----BEGIN ", "application/x-x509-ca-cert"),
    (0, b"d8:announce", "application/x-bittorrent"),
    (0, b"#!", "text/x-shellscript"),
    (0, b"%YAML", "application/x-yaml"),
    (0, b"<?php", "application/x-php"),
    (0, b"BEGIN:VCALENDAR", "text/calendar"),
    (0, b"BEGIN:VCARD", "text/vcard"),
    (0, b"diff ", "text/x-patch"),
    (0, b"#include", "text/x-csrc"),
    (0, b"From: ", "message/rfc822"),
    (0, b"function", "text/x-matlab"),
    (0, b"[1]", "text/x-mpl2"),
)
_HTML: Final = re.compile(
    rb"\s*<(?:html|!--|(?:!doctype html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p)[ >])",
    re.IGNORECASE,
)
"""What browsers take for HTML."""


def is_a(content: bytes, media_type: str) -> bool:
    """Whether the bytes are recognised as of this type. Text without a mark is `text/plain`, and what it looks like."""
    found = _marked(content)
    return media_type == found or (found == _PLAIN and media_type == _looks_like(content))


def detect(content: bytes) -> str:
    """The most telling type of some bytes: never fails, as what nothing is known of is text, or octets with a NUL."""
    found = _marked(content)
    return _looks_like(content) if found == _PLAIN else found


def _marked(content: bytes) -> str:
    start = content[:300]
    if start.lstrip(b" \t\r\n")[:5].lower() == b"<?xml":
        return "text/xml"
    if _HTML.match(start):
        return "text/html"
    for offset, mark, name in _MARKS:
        if start.startswith(mark, offset):
            return "video/webm" if name == "application/x-matroska" and b"webm" in start[:64] else name
    return OCTETS if b"\0" in content else _PLAIN


def _looks_like(content: bytes) -> str:
    return str(content_types.detect_bytes(content[:_LOOKED_AT]))


def bytes_of(text: str) -> bytes:
    """The bytes that a JSON string stands for: decoded base64 where it is that, else its UTF-8."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return text.encode("utf-8", "surrogatepass")
