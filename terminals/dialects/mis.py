"""Tills and servers of merchant systems (MIS) that speak with us directly.

A frame is four digits of length, then `MIS1`, the merchant's request number (12 digits), the
till id (8 characters), a message code (4), the payload, and where the code is sealed the
authentication code: 8 bytes raw, 16 by AES-CMAC, as the till's profile says. It covers header
and payload, for a header that could be exchanged would make a refund of a sale.

The payload is in one of three forms, one a channel: a record of fixed places (`mis-fixed`),
JSON (`mis-json`), or ISO 8583 in characters (`mis-iso`). It is not read before its code has
been proved: how long the code is, is known only with the key.
"""

import hmac
import re
from collections.abc import Callable, Mapping
from typing import Final, NoReturn, Protocol

import msgspec

from host.hsm.mac import TAG_BYTES, AesCmac, Mac
from host.model.requests import Kind, Request, Response
from host.model.responses import Reason
from terminals.codec import DecodeError
from terminals.dialects.mis_words import (
    CODES,
    INSTITUTION,
    UNDATED,
    Asked,
    Code,
    Head,
    Told,
    date_of,
    request_of,
    reversal_by_key,
    told_of,
)
from terminals.message import NOWHERE, Place

MAGIC: Final = b"MIS1"
HEADER_BYTES: Final = 28
WHOLE_BYTES: Final = 16
_HEADER: Final = re.compile(rb"MIS1([0-9]{12})([0-9A-Za-z]{8})([A-Z]{4})")


class PayloadForm(Protocol):
    """One way to write what tills ask and are told, under a header."""

    def read_request(self, head: Head, payload: bytes) -> Asked:
        """A till's request.

        Raises:
            DecodeError: it is none of this form and code.
        """

    def read_key(self, payload: bytes) -> dict[str, object]:
        """Of a message that `read_request` refuses, the words of `KEY_WORDS` that are sound.

        In ISO 8583 they stand in a reversal alone.

        Raises:
            DecodeError: nothing of it can be read.
        """

    def write_request(self, head: Head, values: Mapping[str, object]) -> bytes:
        """As a till writes it: values by the names of `Asked`, plain.

        Raises:
            EncodeError: a value has no place in this form.
        """

    def read_answer(self, head: Head, payload: bytes) -> dict[str, object]:
        """As a till reads it: what is there, by the names of `Told`.

        Raises:
            DecodeError: it is no answer of this form.
        """

    def write_answer(self, head: Head, told: Told, asked: Asked | None) -> bytes:
        """The answer; of a request that was not read there is no `asked`.

        Raises:
            EncodeError: a value has no place in this form.
        """


class MisMessage:
    """A till's message: its header, and its payload once that may be read.

    The payload holds a card number: the text of a message shows none of it, there is no
    `__dict__` to walk, and pickling raises.
    """

    __slots__ = ("asked", "epoch", "fault", "head", "header", "payload", "place", "rest")

    def __init__(self, header: bytes, head: Head, rest: bytes) -> None:
        self.header = header
        self.head = head
        self.rest = rest
        """Payload and authentication code."""
        self.payload: bytes | None = None
        """Once its code was proved, or where none is needed."""
        self.asked: Asked | None = None
        self.epoch = UNDATED
        """The date that the till gives, as far as it was read."""
        self.fault = ""
        """Why the payload could not be read; quotes nothing of it."""
        self.place = NOWHERE

    @property
    def mti(self) -> str:
        """The message code."""
        return self.head.code

    @property
    def terminal_id(self) -> str:
        """The till."""
        return self.head.till

    @property
    def stan(self) -> str:
        """The request number."""
        return self.head.number

    @property
    def row(self) -> Code | None:
        """What the code means, None where there is no such code."""
        return CODES.get(self.head.code)

    @property
    def asks(self) -> Kind | None:
        """The kind behind the message code."""
        means = self.row.means if self.row is not None else None
        return means if isinstance(means, Kind) else None

    @property
    def fields(self) -> Mapping[str, str]:
        """The header's words."""
        return msgspec.structs.asdict(self.head)

    def __repr__(self) -> str:
        return f"<MisMessage {self.mti} {self.stan} of till {self.terminal_id!r}>"

    __str__ = __repr__

    def __reduce__(self) -> NoReturn:
        msg = "a MisMessage is never pickled or copied"
        raise TypeError(msg)


class MisDialect:
    """A filling of `terminals.dialect.DialectOf`: the header, around one payload form."""

    __slots__ = ("form", "institution")

    def __init__(self, form: PayloadForm) -> None:
        self.institution = INSTITUTION
        self.form = form

    def read(self, payload: bytes) -> MisMessage:
        """A till's message, its payload unread.

        Raises:
            DecodeError: no header of ours; the bytes are to be dropped.
        """
        if len(payload) < HEADER_BYTES:
            raise DecodeError("header", len(payload), "the message ends before its header does")
        header = payload[:HEADER_BYTES]
        parts = _HEADER.fullmatch(header)
        if parts is None:
            why = "a header is MIS1, a number of 12 digits, a till of 8 characters, 4 letters"
            raise DecodeError("header", 0, why)
        head = Head(*(part.decode() for part in parts.groups()))
        message = MisMessage(header, head, payload[HEADER_BYTES:])
        if not self.must_be_sealed(message):
            message.payload = message.rest
        return message

    def is_sealed(self, message: MisMessage) -> bool:
        """Whether an authentication code ends the message: whether its message code says so."""
        return self.must_be_sealed(message)

    def must_be_sealed(self, message: MisMessage) -> bool:
        """Whether a message of this code is refused without one. An unknown code is refused."""
        row = message.row
        return row is not None and row.is_sealed

    def mac_is_right(self, message: MisMessage, mac: Mac) -> bool:
        """Whether the message ends with the code of this key; if so its payload may be read."""
        payload = split_tag(message.header, message.rest, mac)
        if payload is None:
            return False
        message.payload = payload
        return True

    def has_room(self, _message: MisMessage) -> bool:
        """Notes and names are free: no till is believed by an order-blind code."""
        return True

    def request(self, message: MisMessage, generation: int) -> Request | Reason:
        """What the till asks, or why it is refused at once."""
        row = message.row
        if row is None:
            return Reason.INVALID_TRANSACTION
        if isinstance(row.means, Reason):
            return row.means
        assert message.payload is not None
        try:
            asked = self.form.read_request(message.head, message.payload)
        except DecodeError as error:
            message.fault = str(error)
            message.place = Place(error.field, HEADER_BYTES + error.position)
            message.epoch = self._date_in(message.payload)
            if row.means is not Kind.REVERSAL:
                return Reason.FORMAT_ERROR
            return self._undone_by_key(message, generation) or Reason.FORMAT_ERROR
        message.asked = asked
        request = request_of(row.means, message.head, asked, generation)
        if request is None:
            message.epoch = asked.date or UNDATED
            message.fault = f"a {message.mti} without all that it needs"
            message.place = Place("payload", HEADER_BYTES)
        return request or Reason.FORMAT_ERROR

    def track(self, _message: MisMessage) -> None:
        """Tills name a card by its number; no form has a place for a track."""

    def _date_in(self, payload: bytes) -> str:
        """The date of a message that cannot be read whole, where that much of it can be."""
        try:
            return date_of(self.form.read_key(payload))
        except DecodeError:
            return UNDATED

    def _undone_by_key(self, message: MisMessage, generation: int) -> Request | None:
        """The reversal that a message asks which cannot be read whole, where its key can be."""
        assert message.payload is not None
        try:
            return reversal_by_key(message.head, self.form.read_key(message.payload), generation)
        except DecodeError:
            return None

    def answer(self, message: MisMessage, response: Response, mac: Mac | None) -> bytes:
        """The request's header again, what the till is told, and the code where it was sealed.

        Raises:
            EncodeError: the response holds a value the form has no place for.
        """
        told = told_of(message.head, message.asked, response)
        payload = self.form.write_answer(message.head, told, message.asked)
        return compose(message.header, payload, mac if self.is_sealed(message) else None)


def header_of(head: Head) -> bytes:
    """A header, as a till writes it.

    Raises:
        ValueError: a part is not of its length and characters.
    """
    header = MAGIC + f"{head.number}{head.till}{head.code}".encode("ascii")
    if not _HEADER.fullmatch(header):
        raise ValueError("a header is a number of 12 digits, a till of 8 characters, 4 letters")
    return header


def compose(header: bytes, payload: bytes, mac: Mac | None) -> bytes:
    """Header, payload, and the code of both where a key is given."""
    message = header + payload
    return message if mac is None else message + _tagging(mac)[0](message)


def split_tag(header: bytes, rest: bytes, mac: Mac) -> bytes | None:
    """The payload, when what follows it is its code under this key; else None."""
    tag_of, size = _tagging(mac)
    if len(rest) < size:
        return None
    payload, tag = rest[:-size], rest[-size:]
    return payload if hmac.compare_digest(tag_of(header + payload), tag) else None


def _tagging(mac: Mac) -> tuple[Callable[[bytes], bytes], int]:
    """What makes the code, and its size: whole where F64 has no room for all of it."""
    if isinstance(mac, AesCmac):
        return mac.whole, WHOLE_BYTES
    return mac.compute, TAG_BYTES
