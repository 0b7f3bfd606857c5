"""One message to somebody's program, by HTTP: where it may go, and how long it may take.

Whoever says an address could name a machine of ours: so its name is looked up here, and nothing is
sent to an address that is not public, unless the settings name its network. What was looked up is
what is connected to. No redirect is followed; of an answer its status counts, and no more is read.
"""

import ipaddress
import socket
import ssl
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import h11
import trio

from host.office.webhooks import Answer

SECONDS_MAX: Final = 15.0
"""For all of it."""
BLOCK_BYTES: Final = 16_384
READ_BYTES_MAX: Final = 64 * 1024
"""Of an answer's head."""
USER_AGENT: Final = "posswitch-webhooks/1"
LOOKUPS_AT_ONCE: Final = 64
_PORTS: Final = {"https": 443, "http": 80}
_WRAPPED: Final = tuple(
    map(ipaddress.ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"))
)
"""Of IPv6, what carries an address of IPv4 within it."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


class NotSentError(Exception):
    """It could not be sent there. Says why."""


class Way(NamedTuple):
    """How messages leave."""

    allowed: Sequence[Network]
    """Networks that are not public, and may be reached all the same; without TLS, too."""
    context: ssl.SSLContext


class Names(trio.abc.HostnameResolver):
    """Looks names up in threads of its own: a name server that is silent holds none of trade."""

    def __init__(self) -> None:
        self._limiter = trio.CapacityLimiter(LOOKUPS_AT_ONCE)

    async def getaddrinfo(self, *asked: Any) -> Any:
        """What `socket.getaddrinfo` finds."""
        return await self._in_thread(socket.getaddrinfo, *asked)

    async def getnameinfo(self, *asked: Any) -> Any:
        """What `socket.getnameinfo` finds."""
        return await self._in_thread(socket.getnameinfo, *asked)

    async def _in_thread(self, look_up: Any, *asked: Any) -> Any:
        return await trio.to_thread.run_sync(
            look_up, *asked, abandon_on_cancel=True, limiter=self._limiter
        )


async def post(way: Way, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Send it once; gives what came of it."""
    try:
        with trio.fail_after(SECONDS_MAX):
            return await _post(way, url, body, headers)
    except trio.TooSlowError:
        return Answer(None, f"no answer in {SECONDS_MAX:.0f} seconds")
    except NotSentError as error:
        return Answer(None, str(error))
    except (OSError, ssl.SSLError, trio.BrokenResourceError, h11.ProtocolError) as error:
        return Answer(None, _why(error))


def _why(error: BaseException) -> str:
    """What went wrong first, of the several ways to one name."""
    found = error.__cause__ or error
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    return f"{type(found).__name__}: {found}"


async def _post(way: Way, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    told = urlsplit(url)
    name, port = told.hostname or "", told.port or _PORTS[told.scheme]
    address = await _address_of(way, name, port, is_clear=told.scheme == "http")
    stream: trio.abc.Stream = await trio.open_tcp_stream(str(address), port)
    async with stream:
        if told.scheme == "https":
            stream = trio.SSLStream(
                stream, way.context, server_hostname=name, https_compatible=True
            )
        target = (told.path or "/") + (f"?{told.query}" if told.query else "")
        head = [
            ("Host", told.netloc.rpartition("@")[2]),
            ("User-Agent", USER_AGENT),
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(body))),
            ("Connection", "close"),
            *headers.items(),
        ]
        asked = h11.Request(method="POST", target=target, headers=head)
        return Answer(await _status_of(stream, asked, body))


async def _status_of(stream: trio.abc.Stream, asked: h11.Request, body: bytes) -> int:
    speech = h11.Connection(h11.CLIENT, max_incomplete_event_size=READ_BYTES_MAX)
    for said in (asked, h11.Data(data=body), h11.EndOfMessage()):
        await stream.send_all(speech.send(said) or b"")
    while True:
        event = speech.next_event()
        if isinstance(event, h11.Response):
            return int(event.status_code)
        if event is h11.NEED_DATA:
            speech.receive_data(bytes(await stream.receive_some(BLOCK_BYTES)))
        elif not isinstance(event, h11.InformationalResponse):
            raise NotSentError("the connection ended without an answer")


async def _address_of(way: Way, name: str, port: int, *, is_clear: bool) -> IpAddress:
    """The first address of a name that may be reached.

    Raises:
        NotSentError: there is none, or none such.
    """
    try:
        found = await trio.socket.getaddrinfo(name, port, type=trio.socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotSentError(f"{name} is not found: {error}") from None
    addresses = [ipaddress.ip_address(str(one[4][0]).partition("%")[0]) for one in found]
    for address in addresses:
        is_allowed = any(address in network for network in way.allowed)
        if is_allowed or (is_public(address) and not is_clear):
            return address
    if any(map(is_public, addresses)):
        raise NotSentError("it is sent by https alone")
    raise NotSentError(f"{name} has no public address: [host] webhook_networks names exceptions")


def is_public(address: IpAddress) -> bool:
    """Whether anybody has it; none that carries another within it."""
    inner = getattr(address, "ipv4_mapped", None)
    if inner is not None:
        return is_public(inner)
    is_wrapped = any(address in network for network in _WRAPPED)
    return address.is_global and not address.is_multicast and not is_wrapped
