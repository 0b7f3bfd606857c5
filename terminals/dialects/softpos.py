"""SoftPOS: payment applications on phones, as framed JSON inside mutual TLS.

Framed and not HTTP: every message is small and has one answer, and so the channel has the same
framing, limits and deadlines as every other, and no second parser stands before the first check.

A message is one JSON object. `mac` is the left 8 bytes, in base64, of the AES-CMAC over the
object without `mac` in canonical spelling, under the AES DUKPT keys of its `ksn`; the answer is
sealed under the same KSN the other way. In this order a message is: read, proved by its code,
held against the instance's counter, held against its attestation, and only then acted upon. What
is repeated is sealed anew, under the next KSN and with an attestation of its own. What comes under
an old KSN moves nothing: it needs no attestation, and gets the answer that its key has at the host.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Any, NoReturn

import msgspec

from host.hsm.mac import Mac
from host.model.requests import Kind, Request, Response
from host.model.responses import RESPONSE_CODES, Reason
from terminals.attestation import AttestationError, Attestations
from terminals.codec import DecodeError
from terminals.dialects.softpos_words import (
    INSTITUTION,
    KEY_WORDS,
    OPERATIONS,
    Asked,
    MsgId,
    Told,
    ksn_is_the_instances,
    request_of,
    told_of,
)
from terminals.dukpt_session import DukptMac, Taken, as_taken
from terminals.json_values import (
    TerminalText,
    base64_bytes,
    canonical,
    converted,
    position_in,
    read_object,
)
from terminals.message import NOWHERE, Place


class _Answerable(msgspec.Struct, frozen=True):
    """The least a message must say for us to answer that we cannot read the rest."""

    msgid: MsgId
    tid: TerminalText


class SoftPosMessage:
    """An app's message. Its text shows no token and no block, and pickling raises."""

    __slots__ = (
        "asked",
        "covered",
        "damage",
        "fault",
        "ksn",
        "least",
        "operation",
        "place",
        "tag",
        "taken",
    )

    def __init__(self, least: _Answerable, asked: Asked | None, body: bytes, tag: bytes) -> None:
        self.least = least
        self.asked = asked
        """None where only a format error can be answered."""
        self.ksn = bytes.fromhex(asked.ksn) if asked is not None else b""
        self.covered = self.ksn + body
        self.tag = tag
        self.taken = Taken.OLD
        """What its KSN makes of it, once its code was proved."""
        self.damage = ""
        """Why it cannot be read whole; then `asked` has its key alone, if that."""
        self.operation = asked.op if asked is not None else ""
        self.fault = ""
        """Why it was refused; quotes nothing of it."""
        self.place = NOWHERE

    @property
    def mti(self) -> str:
        """The operation, empty when it is none of ours."""
        return self.operation if self.operation in OPERATIONS else ""

    @property
    def terminal_id(self) -> str:
        """`tid`."""
        return self.least.tid

    @property
    def stan(self) -> str:
        """`seq`, six digits."""
        return f"{self.asked.seq if self.asked is not None else 0:06d}"

    @property
    def epoch(self) -> str:
        """Nothing: its terminal's profile knows the batch."""
        return ""

    @property
    def asks(self) -> Kind | None:
        """The kind behind the operation."""
        row = OPERATIONS.get(self.mti)
        means = row.means if row is not None else None
        return means if isinstance(means, Kind) else None

    @property
    def fields(self) -> Mapping[str, str]:
        """What names the message; nothing of the card."""
        named = {"msgid": self.least.msgid, "tid": self.least.tid, "op": self.mti}
        if self.asked is None:
            return named
        return named | {"instance": self.asked.instance, "seq": self.stan, "ksn": self.asked.ksn}

    def __repr__(self) -> str:
        return f"<SoftPosMessage {self.mti} {self.stan} of terminal {self.terminal_id!r}>"

    __str__ = __repr__

    def __reduce__(self) -> NoReturn:
        msg = "a SoftPosMessage is never pickled or copied"
        raise TypeError(msg)


class SoftPosDialect:
    """A filling of `terminals.dialect.DialectOf`."""

    __slots__ = ("_attestations", "institution")

    def __init__(self, attestations: Attestations) -> None:
        self.institution = INSTITUTION
        self._attestations = attestations

    def read(self, payload: bytes) -> SoftPosMessage:
        """An app's message.

        Raises:
            DecodeError: it cannot be read. Its `message` is set when it says its id and terminal.
        """
        value = read_object(payload)
        try:
            asked = converted(value, Asked)
            tag = base64_bytes(asked.mac)
            body = body_of(value)
        except (ValueError, RecursionError) as error:
            refused = error if isinstance(error, DecodeError) else DecodeError("mac", 0, str(error))
            refused.position = position_in(payload, refused.field)
            refused.message = _answerable(value, refused)
            raise refused from None
        return SoftPosMessage(_Answerable(asked.msgid, asked.tid), asked, body, tag)

    def is_sealed(self, _message: SoftPosMessage) -> bool:
        """Every message that can be read is."""
        return True

    def must_be_sealed(self, _message: SoftPosMessage) -> bool:
        """An app has its keys from the start."""
        return True

    def mac_is_right(self, message: SoftPosMessage, mac: Mac) -> bool:
        """Whether the message carries the code of its KSN under this instance's initial key.

        A proved message moves the instance's counter.
        """
        if not isinstance(mac, DukptMac) or not mac.is_of(message.ksn):
            return False
        if not mac.verify(message.covered, message.tag):
            return False
        message.taken = mac.take(message.ksn, message.tag)
        return True

    def has_room(self, _message: SoftPosMessage) -> bool:
        """Names are free: no app is believed by an order-blind code."""
        return True

    def request(self, message: SoftPosMessage, generation: int) -> Request | Reason:
        """What the app asks, or why it is refused at once."""
        asked = message.asked
        row = OPERATIONS.get(asked.op) if asked is not None else None
        if asked is None or row is None:
            return Reason.INVALID_TRANSACTION
        if not ksn_is_the_instances(asked):
            message.fault = "the KSN is another instance's, or another message's"
            message.place = Place("ksn")
            return Reason.KSN_REFUSED
        if isinstance(row.means, Reason):
            return row.means
        is_enough = not message.damage or row.means is Kind.REVERSAL
        request = request_of(asked, row, row.means, generation) if is_enough else None
        if request is None:
            message.fault = message.damage or f"a {asked.op} without all that it needs"
            return Reason.FORMAT_ERROR
        if message.taken is Taken.OLD:
            message.fault = "the KSN was used before or goes backwards"
            message.place = Place("ksn")
        elif row.needs_attestation and not self._is_attested(message, asked):
            return Reason.ATTESTATION_REFUSED
        return as_taken(request, message.taken)

    def _is_attested(self, message: SoftPosMessage, asked: Asked) -> bool:
        try:
            self._attestations.accept(
                asked.attestation or "",
                instance=asked.instance,
                msgid=asked.msgid,
                message=message.covered,
            )
        except AttestationError as error:
            message.fault = str(error)
            message.place = Place("attestation")
            return False
        return True

    def track(self, _message: SoftPosMessage) -> None:
        """An app sends none in clear."""

    def answer(self, message: SoftPosMessage, response: Response, mac: Mac | None) -> bytes:
        """What the app is told, sealed under the message's KSN where that proved it."""
        if message.asked is None:
            row = RESPONSE_CODES[response.reason]
            least = message.least
            told = Told(msgid=least.msgid, tid=least.tid, op="", code=row.f39, text=row.chinese)
        else:
            told = told_of(message.asked, response)
        return sealed(msgspec.to_builtins(told), message.ksn, mac)


def body_of(value: Mapping[str, Any]) -> bytes:
    """What the code of an object covers: all of it but the code, in canonical spelling.

    Raises:
        ValueError, RecursionError: it cannot be spelled.
    """
    return canonical({name: part for name, part in value.items() if name != "mac"})


def sealed(value: dict[str, Any], ksn: bytes, mac: Mac | None) -> bytes:
    """An object with its code, where there is a key; as an app writes it, too."""
    body = body_of(value)
    if mac is None:
        return body
    tag = base64.b64encode(mac.compute(ksn + body)).decode()
    return canonical({**value, "mac": tag})


def is_sealed_by(value: Mapping[str, Any], ksn: bytes, mac: Mac) -> bool:
    """Whether an answer carries its code: an app's check."""
    try:
        tag = base64_bytes(str(value.get("mac", "")))
    except (ValueError, binascii.Error):
        return False
    return mac.verify(ksn + body_of(value), tag)


def _answerable(value: dict[str, Any], refused: DecodeError) -> SoftPosMessage | None:
    try:
        least = converted({name: value.get(name) for name in ("msgid", "tid")}, _Answerable)
    except DecodeError:
        return None
    message = _of_key(value, least) or SoftPosMessage(least, None, b"", b"")
    operation = value.get("op")
    message.operation = operation if isinstance(operation, str) else ""
    message.damage = str(refused)
    message.place = refused.place
    return message


def _of_key(value: dict[str, Any], least: _Answerable) -> SoftPosMessage | None:
    """The message with what it is known and proved by, and nothing else of it."""
    try:
        asked = converted({name: value[name] for name in KEY_WORDS if name in value}, Asked)
        return SoftPosMessage(least, asked, body_of(value), base64_bytes(asked.mac))
    except (ValueError, RecursionError):
        return None
