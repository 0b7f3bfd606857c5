"""Why a program cannot listen at a port, and what to do next, as the operator reads it."""

import errno
import socket
from pathlib import Path
from typing import Final

IN_USE: Final = (
    "somebody listens there already",
    "ss -ltnp 'sport = :{}' shows who has it; stop it, or write another port",
)
NOT_ALLOWED: Final = (
    "this user may not take that port",
    "write one above 1023, or let the service bind it (AmbientCapabilities=CAP_NET_BIND_SERVICE)",
)
NOT_HERE: Final = (
    "that is no address of this machine",
    "write one that it has, as ip address shows them",
)
NO_IPV6: Final = (
    "this machine speaks no IPv6",
    "write an address of IPv4, or switch IPv6 on (sysctl net.ipv6.conf.all.disable_ipv6=0)",
)
NO_NAME: Final = ("nobody knows that name", "write an address of this machine, or see its DNS")
OTHERWISE: Final = "write another host or port"
REASONS: Final = {
    errno.EADDRINUSE: IN_USE,
    errno.EACCES: NOT_ALLOWED,
    errno.EADDRNOTAVAIL: NOT_HERE,
    errno.EAFNOSUPPORT: NO_IPV6,
}
"""Why, and what to do next."""
IPV6_IS_OFF: Final = Path("/proc/sys/net/ipv6/conf/all/disable_ipv6")
"""1: no interface has an address of it; not there: the kernel has none of it."""


class PortError(OSError):
    """Its text says who cannot listen where, why, and what to do next."""

    def __str__(self) -> str:
        return self.strerror or ""


def port_error(who: str, host: str, port: int, error: OSError) -> PortError:
    """The same error, in words; `who` is the one that was to listen."""
    why, cure = why_not(host, port, error)
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return PortError(error.errno, f"{who} cannot listen on {place}: {why}. Next: {cure}")


def why_not(host: str, port: int, error: OSError) -> tuple[str, str]:
    """Why nobody can listen there, and what to do next."""
    if isinstance(error, socket.gaierror):
        return NO_NAME
    found = REASONS.get(error.errno or 0)
    if found is NOT_HERE and ":" in host and _ipv6_is_off():
        found = NO_IPV6
    why, cure = found or (error.strerror or str(error), OTHERWISE)
    return why, cure.format(port)


def _ipv6_is_off() -> bool:
    return not IPV6_IS_OFF.exists() or IPV6_IS_OFF.read_text("ascii").strip() == "1"
