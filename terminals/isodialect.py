"""ISO 8583 terminals: a filling of `terminals.dialect.Dialect` made of a codec and tables.

The payload of a POS frame is a TPDU (5 bytes: protocol, destination, source), a header (6 bytes,
12 BCD digits) and the ISO 8583 body. The TPDU's addresses are swapped in the answer and mean
nothing to us. The header's sixth digit tells the terminal what to do next; 3 is: sign on. Other
dialects have no TPDU, and a header that is repeated in the answer, if any.
"""

import dataclasses
from binascii import unhexlify
from collections.abc import Mapping
from typing import Final

import msgspec

from host.hsm.mac import Mac
from host.model.requests import KINDS, Kind, PinBlock, Request, Response
from host.model.responses import Reason
from host.model.secrets import Secret
from terminals.answering import answerings_of
from terminals.answers import AnswerPlans, is_request
from terminals.codec import Codec, DecodeError
from terminals.dukpt_session import DukptMac, as_taken
from terminals.forms import Form, Forms
from terminals.framing import Measure
from terminals.message import Damage, Message
from terminals.needs import refused_for
from terminals.presented import clear_track
from terminals.salvage import place_of, salvage
from terminals.sealing import NO_TAG_YET, seal, tag_is_right
from terminals.spelling import SpellingTable, find_spelling
from terminals.translate import to_request
from terminals.unnamed import name_what_only_the_host_ends
from terminals.uses import AS_BYTES, ROOM_BYTES_MAX, first_useless, may_carry, room_bytes, rooms_of

TPDU_BYTES: Final = 5
HEADER_BYTES: Final = 6
_SIGN_ON_AGAIN: Final = 0x03
"""Header byte 2: terminal status in the high nibble, what to do next in the low one."""
_APPROVED: Final = Reason.APPROVED
_PARTLY: Final = Reason.PARTLY_APPROVED


KEPT_AS_BYTES: Final = frozenset({"63"})
"""Texts of requests that mean nothing to us; some terminals write bytes there."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class IsoDialect:
    """How one family of terminals speaks: its codec and its tables."""

    institution: str
    """Whose terminals these are, in exchange keys."""
    codec: Codec
    spellings: SpellingTable
    answers: dict[Kind, AnswerPlans]
    refusals: Mapping[str, AnswerPlans]
    """For a message whose kind is not known, by the class of its type; `""` for every other."""
    sealed_classes: frozenset[str]
    """First two digits of the message types that must carry a code, and whose answers do."""
    tpdu_bytes: int = TPDU_BYTES
    header_bytes: int = HEADER_BYTES
    header_says_what_next: bool = True
    """Whether the header has a digit for it; otherwise it comes back as it came."""
    ksn_field: str = ""
    """Where devices under DUKPT write their KSN, in hexadecimal; empty where there are none."""
    _forms: Forms = dataclasses.field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_forms", Forms(self._make_form))

    def read(self, payload: bytes) -> Message:
        """A request of a terminal.

        Raises:
            DecodeError: it cannot be read. Its `message` is set when enough was read to answer
                a format error; otherwise the bytes are to be dropped.
        """
        try:
            message = self.split(payload)
        except DecodeError as error:
            salvaged = self._salvaged(payload, error)
            if salvaged is None or salvaged.damage is not None:
                is_enough = salvaged is not None and self._is_answerable(salvaged)
                error.message = salvaged if is_enough else None
                error.partial = {}
                raise
            message = salvaged
        if not is_request(message.mti):
            raise self._placed(DecodeError("t", 0, "this type of message asks for nothing"))
        if message.spelling is None:
            name_what_only_the_host_ends(message, self.spellings)
        return message

    def measure_after(self, start: int) -> Measure:
        """What finds the end of a message on a line without lengths, `start` bytes before it."""
        return self.codec.measure_after(start + self.tpdu_bytes + self.header_bytes)

    def split(self, payload: bytes) -> Message:
        """Any message of this dialect, requests and answers alike (a terminal reads answers).

        Raises:
            DecodeError: it cannot be read; `message` is never set.
        """
        start = self.tpdu_bytes + self.header_bytes
        if len(payload) < start + self.codec.head_bytes:
            raise DecodeError("t", len(payload), "the message ends before its bitmap does")
        body = payload[start:]
        try:
            fields = self.codec.decode(body)
        except DecodeError as error:
            raise self._placed(error) from None
        return self._message(payload, body, fields)

    def is_sealed(self, message: Message) -> bool:
        """Whether the message carries a message authentication code."""
        return self._form(message).is_sealed

    def must_be_sealed(self, message: Message) -> bool:
        """Whether a message of this type is refused without one."""
        return self._form(message).must_be_sealed

    def mac_is_right(self, message: Message, mac: Mac) -> bool:
        """Whether the message carries the code of this key. Under DUKPT its counter is taken."""
        key = self._under_ksn(mac, message) if self.ksn_field else mac
        is_sealed = self._form(message).is_sealed
        if not (is_sealed and tag_is_right(message.body, key, self.codec.tag_bytes)):
            return False
        if self.ksn_field and isinstance(mac, DukptMac):
            tag = message.body[-self.codec.tag_bytes :]
            message.taken = mac.take(unhexlify(message.fields[self.ksn_field]), tag)
        return True

    def has_room(self, message: Message) -> bool:
        """Whether it holds so much that nobody looks at that an order-blind code proves nothing."""
        rooms = self._form(message).rooms
        return rooms is not None and room_bytes(message, rooms) > ROOM_BYTES_MAX

    def request(self, message: Message, generation: int) -> Request | Reason:
        """What the message asks, or why it is refused at once.

        `generation` is that of the key set which authenticated it, 0 where none did.
        """
        if not self._form(message).may_be:
            if message.damage is None:
                message.damage = refused_for(first_useless(message, self.ksn_field))
            self._find_place(message)
            return Reason.FORMAT_ERROR
        request = to_request(message, self.institution, generation)
        if not isinstance(request, Request):
            self._find_place(message)
            return request
        ksn = message.fields.get(self.ksn_field, "") if self.ksn_field else ""
        if ksn and isinstance(request, Request):
            pin = request.pin
            if pin is not None:
                pin = PinBlock(pin.iso_format, pin.block, ksn)
            request = msgspec.structs.replace(request, ksn=ksn, pin=pin)
            return as_taken(request, message.taken)
        return request

    def track(self, message: Message) -> Secret | None:
        """Track 2 of the message where it came in clear, as an issuer is sent it."""
        return clear_track(message.fields)

    def answer(self, message: Message, response: Response, mac: Mac | None) -> bytes:
        """The payload that answers a message; sealed when it was and the key is known.

        Answers of classes that need no code (management, settlement, upload) have none.

        Raises:
            EncodeError: the response holds a value the dialect has no room for.
        """
        form = self._form(message)
        reason = response.reason
        if reason is _APPROVED:
            answering = form.answers.approved
        else:
            answering = form.answers.partly if reason is _PARTLY else form.answers.declined
        header, tpdu = message.header, message.tpdu
        if self.header_says_what_next:
            header = _with_next(header, _SIGN_ON_AGAIN if response.sign_on_again else 0)
        swapped = tpdu[:1] + tpdu[3:5] + tpdu[1:3]
        if mac is None or not (form.is_sealed and form.must_be_sealed):
            return swapped + header + answering.plain(message, response)
        if self.ksn_field:
            mac = self._under_ksn(mac, message)
        return swapped + header + answering.sealed(message, response, mac)

    def compose(self, tpdu: bytes, header: bytes, fields: dict[str, str], mac: Mac | None) -> bytes:
        """A payload from its parts, sealed when a key is given (a terminal writes requests).

        Raises:
            EncodeError: a value does not fit the dialect.
        """
        if mac is None:
            return tpdu + header + self.codec.encode(fields)
        codec = self.codec
        body = codec.encode(fields | {codec.mac_field(fields): NO_TAG_YET})
        return tpdu + header + seal(body, mac, codec.tag_bytes)

    def _under_ksn(self, mac: Mac, message: Message) -> Mac:
        """The keys of this message, where they are its KSN's."""
        if not isinstance(mac, DukptMac):
            return mac
        try:
            return mac.under(unhexlify(message.fields.get(self.ksn_field, "")))
        except ValueError:
            return mac.under(b"")

    def _message(
        self, payload: bytes, body: bytes, fields: dict[str, str], damage: Damage | None = None
    ) -> Message:
        spelling = find_spelling(self.spellings, fields)
        tpdu, header = payload[: self.tpdu_bytes], payload[self.tpdu_bytes :][: self.header_bytes]
        return Message(tpdu, header, body, fields, spelling, damage)

    def _placed(self, error: DecodeError) -> DecodeError:
        """The same, that knows what stands before the body it is about."""
        error.before = self.tpdu_bytes + self.header_bytes
        return error

    def _find_place(self, message: Message) -> None:
        """The place of what the message was refused for, where a field is to blame."""
        damage = message.damage
        if damage is not None and damage.place.field and damage.place.offset is None:
            offset = place_of(self.codec.spec, message.body, damage.place.field)
            start = self.tpdu_bytes + self.header_bytes
            place = damage.place._replace(offset=start + offset)
            message.damage = msgspec.structs.replace(damage, place=place)

    def _salvaged(self, payload: bytes, error: DecodeError) -> Message | None:
        """What can be read of a broken message, when its type says that it asks for something.

        It is not broken by bytes in a text that nobody reads: they are kept as they are.
        """
        body = payload[self.tpdu_bytes + self.header_bytes :]
        found = salvage(self.codec.spec, body)
        if found is None or not is_request(found.fields["t"]):
            return None
        if found.is_whole and found.raw and found.raw.keys() <= KEPT_AS_BYTES:
            kept = {
                name: unhexlify(raw).decode("ascii", AS_BYTES) for name, raw in found.raw.items()
            }
            return self._message(payload, body, found.fields | kept)
        unsound = sum(len(raw) // 2 for raw in found.raw.values())
        damage = Damage(str(error), found.is_whole, unsound, error.place)
        message = self._message(payload, body, found.fields, damage)
        if message.spelling is None:
            name_what_only_the_host_ends(message, self.spellings)
        return message

    def _form(self, message: Message) -> Form:
        if isinstance(message.form, Form):
            return message.form
        form = message.form = self._forms.of(message)
        return form

    def _make_form(self, message: Message) -> Form:
        mti, kind, names = message.mti, message.asks, tuple(message.fields)
        plans = self.answers[kind] if kind else self.refusals.get(mti[:2], self.refusals[""])
        return Form(
            is_sealed=self.codec.mac_field(names) in names,
            must_be_sealed=mti[:2] in self.sealed_classes,
            may_be=may_carry(kind, names, self.ksn_field),
            rooms=rooms_of(kind, names),
            answers=answerings_of(self.codec, plans, mti, names),
        )

    def _is_answerable(self, message: Message) -> bool:
        """Whether it names its terminal, and its trace where an answer is given to it."""
        named, kind = message.fields.keys(), message.asks
        if kind is not None and KINDS[kind].only_host_may_end:
            return "41" in named
        return named >= {"11", "41"}


def _with_next(header: bytes, step: int) -> bytes:
    """The header with what the terminal does next; most come with what they go with."""
    if header[2] & 0x0F == step:
        return header
    return header[:2] + bytes(((header[2] & 0xF0) | step,)) + header[3:]
