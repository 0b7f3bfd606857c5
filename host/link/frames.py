"""What switch and host say to each other, and its bytes: a 4-byte length, then MessagePack.

One frame carries many requests or many answers, because a frame is what both ends pay for.
Requests and answers are paired by a ticket that means something only on one connection. This is
the one encoder that may open a `Pan` or a `Secret`; every other encoder refuses them.
"""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar, cast

import msgspec

from host.model import catalogue, office
from host.model.requests import Request, Response
from host.model.secrets import Pan, Secret
from host.model.terminal import TerminalProfile

LINK_VERSION: Final = 9
"""Raised whenever a struct below, or one it carries, changes its shape."""
FRAME_BYTES_MAX: Final = 8 * 1024 * 1024
ITEMS_MAX: Final = 2048
"""Requests or answers in one frame: well under the frame limit at their largest."""
LENGTH_BYTES: Final = 4

Ticket = int
"""Pairs a request with its answer on one connection; dies with the connection."""
Item = TypeVar("Item", Request, Response)


class Hello(msgspec.Struct, frozen=True, array_like=True, tag="hello"):
    """The first frame of both sides."""

    version: int = LINK_VERSION


class Ask(msgspec.Struct, frozen=True, array_like=True, tag="ask"):
    """Requests for the host, in the order they came."""

    items: list[tuple[Ticket, Request]]


class Answers(msgspec.Struct, frozen=True, array_like=True, tag="answers"):
    """What the host decided, in any order."""

    items: list[tuple[Ticket, Response]]


class Find(msgspec.Struct, frozen=True, array_like=True, tag="find"):
    """Who is this terminal, and how does it seal?"""

    ticket: Ticket
    terminal_id: str


class Found(msgspec.Struct, frozen=True, array_like=True, tag="found"):
    """The terminal as the host knows it; None when it is not registered."""

    ticket: Ticket
    profile: TerminalProfile | None


class Failed(msgspec.Struct, frozen=True, array_like=True, tag="failed"):
    """The host cannot say now who that terminal is."""

    ticket: Ticket


class Do(msgspec.Struct, frozen=True, array_like=True, tag="do"):
    """A person asks for an action."""

    ticket: Ticket
    asked: office.Do


class Show(msgspec.Struct, frozen=True, array_like=True, tag="show"):
    """A person asks for a page of a view."""

    ticket: Ticket
    asked: office.Show


class ShowAll(msgspec.Struct, frozen=True, array_like=True, tag="show_all"):
    """A person asks for pages of some views."""

    ticket: Ticket
    asked: office.ShowAll


class Look(msgspec.Struct, frozen=True, array_like=True, tag="look"):
    """A person's front asks what there is for them."""

    ticket: Ticket
    asked: catalogue.Look


class Told(msgspec.Struct, frozen=True, array_like=True, tag="told"):
    """What the office says to any of them."""

    ticket: Ticket
    told: office.Told


Errand = Do | Show | ShowAll | Look


def errand_of(ticket: Ticket, asked: office.Asked) -> Errand:
    """The frame of what a person asks."""
    match asked:
        case office.Do():
            return Do(ticket, asked)
        case office.Show():
            return Show(ticket, asked)
        case office.ShowAll():
            return ShowAll(ticket, asked)
        case catalogue.Look():
            return Look(ticket, asked)


class Beat(msgspec.Struct, frozen=True, array_like=True, tag="beat"):
    """A sign of life; the host returns each one it gets."""


Frame = Hello | Ask | Answers | Find | Found | Failed | Errand | Told | Beat


class LinkError(Exception):
    """The other end of the link sent what it must not: the connection is closed.

    The text never quotes what was sent.
    """


def encode(frame: Frame) -> bytes:
    """A whole frame, length first."""
    body = _ENCODER.encode(frame)
    return len(body).to_bytes(LENGTH_BYTES, "big") + body


def encode_item(ticket: Ticket, request: Request) -> msgspec.Raw:
    """A request as it stands in an `Ask`, for whoever has it long before it is sent."""
    return msgspec.Raw(_ENCODER.encode((ticket, request)))


def encode_ask(items: Sequence[msgspec.Raw]) -> bytes:
    """The frame `Ask` of requests encoded before."""
    return encode(Ask(cast("list[tuple[Ticket, Request]]", items)))


def parted(
    make: Callable[[list[tuple[Ticket, Item]]], Frame], items: Sequence[tuple[Ticket, Item]]
) -> tuple[list[tuple[Ticket, Item]], list[tuple[Ticket, Item]]]:
    """Those that can be written and those that cannot: one that cannot must not hold up others."""
    sound, broken = [], []
    for item in items:
        try:
            encode(make([item]))
        except Exception:  # noqa: BLE001 - why is of no use here: it cannot cross
            broken.append(item)
        else:
            sound.append(item)
    return sound, broken


class LinkReader:
    """Bytes in, frames out; bounded, and knows no socket."""

    __slots__ = ("_buffer",)

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, data: bytes) -> list[Frame]:
        """Every frame completed by `data`.

        Raises:
            LinkError: a length out of bounds, or a frame that is not one of ours.
        """
        buffer = self._buffer + data if self._buffer else data
        frames: list[Frame] = []
        start, end = 0, len(buffer)
        while end - start >= LENGTH_BYTES:
            body = start + LENGTH_BYTES
            size = int.from_bytes(buffer[start:body], "big")
            if size > FRAME_BYTES_MAX:
                raise LinkError(f"a link frame of {size} bytes; at most {FRAME_BYTES_MAX}")
            if end - body < size:
                break
            start = body + size
            frames.append(_decoded(buffer[body:start]))
        self._buffer = buffer[start:]
        return frames


def check_hello(frame: Frame) -> None:
    """The first frame must be a Hello of our own version.

    Raises:
        LinkError: it is not; both versions are named.
    """
    if not isinstance(frame, Hello):
        raise LinkError("the first frame on the link was not a hello")
    if frame.version != LINK_VERSION:
        raise LinkError(
            f"link version {frame.version} there, {LINK_VERSION} here:"
            " run switch and host of the same release"
        )


def _decoded(body: bytes) -> Frame:
    try:
        return _DECODER.decode(body)
    except (msgspec.MsgspecError, ValueError, TypeError):
        raise LinkError("a link frame that is not ours: is it the same release?") from None


def _open_secret(value: object) -> str | bytes:
    if type(value) is Pan or type(value) is Secret:
        return value.reveal()
    raise TypeError(f"{type(value).__name__} does not cross the link")


def _close_secret(kind: type, value: object) -> Pan | Secret:
    if kind is Pan and isinstance(value, str):
        return Pan(value)
    if kind is Secret and isinstance(value, bytes):
        return Secret(value)
    raise TypeError(f"{kind.__name__} does not cross the link")


_ENCODER: Final = msgspec.msgpack.Encoder(enc_hook=_open_secret)
_DECODER: Final[msgspec.msgpack.Decoder[Frame]] = msgspec.msgpack.Decoder(
    Frame,
    dec_hook=_close_secret,
)
