"""Which keys of objects name a field, and which are values."""

from __future__ import annotations

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tallystick.contract.shape_names import is_name

NAMES = """
    id class_ total e ID line1 line_1 address_line_2 sha256 oauth2Token ipv4 utf8 base64 x509 contentType content-type
    x-request-id @type $ref #text @id _links __typename pb:pacticipant soap:Envelope größe 名前 EUR HTTPStatus isAOkById
    createdAtUtc maximumNumberOfConcurrentConnections customerReferenceNumberOfTheOriginalOrder
"""
VALUES = """
    7 1042 -3 2024-05-01 2024-05-01T10:00:00Z 10:30 ada@example.org example.org www.example.org/a https://x 10.0.0.1
    550e8400-e29b-41d4-a716-446655440000 a3f28e1c-aaaa-bbbb-cccc-aaaaaaaaaaaa A3F28E1CAAAABBBBCCCCAAAAAAAAAAAA
    DE89370400440532013000 +49301234567 4111111111111111 ORD-104 user_12 k3jf9xqa cus_9s6XKzkNRiz8i3
    price_1MoBy5LkdIwHu7ix V1StGXR8_Z5jdHi6B-myT 01ARZ3NDEKTSV4RRFFQ69G5FAV dGhpcyBpcyBhIHRlc3Q AKIAIOSFODNN7EXAMPLE
    eyJhbGciOiJIUzI1NiJ9 d41d8cd98f00b204e9800998ecf8427e 3f2a9c fc00:: fe80::abcd -x x- a..b a+b (x) 50% it's
"""
TEXTS = ["", " ", "Ada Lovelace", "two\nlines", "a" * 49]


@pytest.mark.parametrize("key", NAMES.split())
def test_what_reads_like_an_identifier_is_a_name(key):
    assert is_name(key)


@pytest.mark.parametrize("key", [*VALUES.split(), *TEXTS])
def test_what_reads_like_data_is_none(key):
    assert not is_name(key)


_HEX = st.binary(min_size=8, max_size=32).map(bytes.hex).filter(lambda text: sum(map(str.isdigit, text)) > 3)


@settings(deadline=None)
@given(st.one_of(st.uuids().map(str), st.emails(), st.dates().map(str), st.ip_addresses().map(str),
                 st.integers().map(str), _HEX, st.text(string.digits + "+-(). ")))  # fmt: skip
def test_no_id_address_date_or_number_is_a_name(key):
    assert not is_name(key)


@given(st.text(max_size=200))
def test_any_text_is_judged(key):
    assert is_name(key) in (True, False)
