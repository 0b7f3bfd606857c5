"""Addresses of those who connect: which networks are let in, and what counts as one source."""

import ipaddress
from collections.abc import Sequence
from typing import Final

IPV6_SOURCE_BITS: Final = 64
"""A customer's IPv6 addresses are a network of this size: it counts as one."""


class Networks:
    """The addresses a channel takes; none named means all."""

    __slots__ = ("_networks",)

    def __init__(self, networks: Sequence[str]) -> None:
        self._networks = tuple(ipaddress.ip_network(text) for text in networks)

    def allow(self, host: str) -> bool:
        """Whether this address may connect."""
        if not self._networks:
            return True
        address = _address(host)
        return any(address in network for network in self._networks)


def source_name(host: str) -> str:
    """Whom an address counts for: itself, or its /64."""
    if ":" not in host:
        return host
    address = _address(host)
    if address.version == 4:
        return str(address)
    return str(ipaddress.IPv6Network((int(address), IPV6_SOURCE_BITS), strict=False))


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """An address as the kernel writes it: perhaps with a zone, perhaps IPv4 inside IPv6."""
    address = ipaddress.ip_address(host.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
