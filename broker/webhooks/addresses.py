"""Where webhooks may go. Decided twice: by name when one is stored, by resolved address whenever one is sent.

The second look is what protects: names change their answers, and `http://2130706433/` is loopback too. Addresses that
are not public are refused unless an entry of the allow-list covers them.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from typing import Final, TypeAlias

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")


def host_allowed(host: str, allowed: Sequence[str]) -> bool:
    """The host of a URL passes the allow-list: an exact name, `*.example.org` (one label), `/regex/`, IP or CIDR.

    An empty list allows every host.
    """
    host = host.lower().strip("[]").rstrip(".")
    return not allowed or any(_covers(entry.lower(), host) for entry in allowed)


def _covers(entry: str, host: str) -> bool:
    if len(entry) > 2 and entry.startswith("/") and entry.endswith("/"):
        return re.search(entry[1:-1], host) is not None  # the operator's own pattern, not a stranger's
    if entry.startswith("*."):
        label, _, rest = host.partition(".")
        return bool(label) and rest == entry[2:]
    network, address = _network(entry), _literal(host)
    if network is not None:
        return address is not None and address in network
    return entry == host


def address_allowed(address: str, allowed: Sequence[str]) -> bool:
    """A resolved address may be connected to: it is public, or an IP or CIDR entry of the allow-list covers it."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if any(network is not None and found in network for network in map(_network, allowed)):
        return True
    return all(each.is_global and not each.is_multicast for each in (found, *_embedded(found)))


def _embedded(address: Address) -> list[Address]:
    """IPv4 addresses that an IPv6 address stands for: mapped, 6to4, Teredo, NAT64."""
    if not isinstance(address, ipaddress.IPv6Address):
        return []
    found: list[Address] = [part for part in (address.ipv4_mapped, address.sixtofour) if part is not None]
    if address.teredo is not None:
        found.extend(address.teredo)
    if address in NAT64:
        found.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return found


def _network(entry: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(entry.strip("[]"), strict=False)
    except ValueError:
        return None


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
