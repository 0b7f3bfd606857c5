"""What may be kept of a message and its answer, so that another build can be asked the same.

One line a message, and no secret in any: fields are kept by a list of those that decide, each in
the shape it must have, and all that is not on it is named without its value. A card is a pseudonym
under a key that lives as long as the recording is made: it stays the same card from line to line
and cannot be found again. Should a value that is kept quote the card, track or PIN block of its own
message all the same, the line keeps no fields at all.
"""

import hmac
import re
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from host.model.requests import Kind, Request
from host.model.secrets import Pan, Secret
from host.model.voucher_codes import VoucherCode, read_code
from terminals.codec import DecodeError
from terminals.dialects.ascii87_fields import BINARY, HEXADECIMAL
from terminals.dialects.mis import MisDialect
from terminals.dialects.mis_fixed import FixedForm
from terminals.dialects.mis_iso import IsoForm
from terminals.dialects.mis_json import JsonForm
from terminals.fields import SECURITY
from terminals.isodialect import IsoDialect
from terminals.message import Message
from terminals.presented import card_of
from terminals.recorded_words import words_asked, words_told
from terminals.vouchers import CODED, voucher_in

VERSION: Final = 1
NAMES_OF_FORMS: Final[Mapping[type, str]] = {
    FixedForm: "mis-fixed",
    JsonForm: "mis-json",
    IsoForm: "mis-iso",
}
WHY_NOT: Final[Mapping[str, str]] = {
    "softpos": "every message of a phone carries an attestation that its vendor signs for it "
    "alone, under a key count that only rises: nobody else can make it anew",
}
"""Dialects whose messages are not kept, and why."""
PSEUDONYM_BYTES: Final = 8
BITMAPS: Final = frozenset({"p", "1"})
SIGN_ON_DIGIT: Final = "3"
"""Of an answer's header: sign on again."""


def _shapes(**names: str) -> Mapping[str, re.Pattern[str]]:
    return {name.removeprefix("f"): re.compile(shape, re.ASCII) for name, shape in names.items()}


KEPT_ASKED: Final = _shapes(
    t=r"\d{4}",
    f3=r"\d{6}",
    f4=r"\d{12}",
    f7=r"\d{10}",
    f11=r"\d{6}",
    f22=r"\d{3}",
    f23=r"\d{3}",
    f25=r"\d{2}",
    f26=r"\d{2}",
    f33=r"\d{1,11}",
    f37=r"[0-9A-Za-z ]{12}",
    f38=r"[0-9A-Za-z ]{6}",
    f39=r"[0-9A-Z]{2}",
    f41=r"[0-9A-Za-z ]{8}",
    f42=r"[0-9A-Za-z ]{15}",
    f48=r"\d{2}|\d{4}|\d{62}",
    f49=r"\d{3}",
    f53=r"\d{4}0{12}",
    f60=r"\d{8,19}",
    f61=r"\d{12}|\d{16}",
    f63=r"[0-9A-Z ]{0,3}",
    f70=r"\d{3}",
    f90=r"\d{42}",
)
"""Fields of a request and the shape in which they are kept: codes, numbers, sums, references."""
KEPT_TOLD: Final = _shapes(
    f3=r"\d{6}",
    f4=r"\d{12}",
    f13=r"\d{4}",
    f25=r"\d{2}",
    f37=r"[0-9A-Za-z ]{12}",
    f38=r"[0-9A-Za-z ]{6}",
    f39=r"[0-9A-Z]{2}",
    f44=r"[0-9 ]{0,25}",
    f48=r"\d{4}|\d{62}",
    f49=r"\d{3}",
    f54=r"[0-9CD]{20}",
    f60=r"\d{8,19}",
)
"""The same of an answer."""
SUMS_IN_62: Final = frozenset(
    {Kind.POINTS_REDEMPTION, Kind.POINTS_INQUIRY, Kind.POINTS_EARN, Kind.LOAD_VERIFICATION}
)
"""Whose answer has sums in F62; a sign-on's has keys."""
KEPT_IN_62: Final[Mapping[Kind, re.Pattern[str]]] = {
    Kind.COMBINED_PURCHASE: re.compile(r"(3\d){10}", re.ASCII),
    Kind.LOTTERY_DRAW: re.compile(r"(4[1-9A-F]|5[0-9A])(3\d|4[1-9A-F]|5[0-9A]){1,11}(20)*"),
}
"""F62 of a request where it is kept: the most points of a combined purchase that names no order,
and a lottery's code."""
_SUMS: Final = re.compile(r"(3\d){1,32}", re.ASCII)
_SECRET_FIELDS: Final = ("2", "35", "36", "45", "52", "64", "128")
"""What no line quotes, wherever it may have been written as well."""


class Uploaded(msgspec.Struct, frozen=True, array_like=True):
    """One record of a compact batch upload."""

    card: str
    trace: str
    amount_minor: int
    is_foreign: bool = False


class Heard(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One message and what it was answered."""

    at: float
    """When it came, in seconds since the recording began."""
    channel: str
    dialect: str
    header_bytes: int = 0
    """What stands before a message of characters; it means nothing, and is not kept."""
    terminal: str = ""
    """Empty where it could not be read."""
    kind: Kind | None = None
    asked: dict[str, str] = {}
    """Fields by number, `t` the message type; of a till words by name, too."""
    withheld: tuple[str, ...] = ()
    """Fields that came and are not kept."""
    card: str = ""
    """Its pseudonym; empty where none was named, or none in clear."""
    pan: str = ""
    """Masked."""
    voucher: str = ""
    """A voucher's pseudonym; empty where none was named, or one that is for an article."""
    code: str = ""
    """Of the voucher, masked."""
    is_covered: bool = False
    """Its track came encrypted, so that the switch does not know its card."""
    has_pin: bool = False
    records: tuple[Uploaded, ...] = ()
    unreadable: str = ""
    """What is wrong with its bytes."""
    told: dict[str, str] | None = None
    """The answer's fields; None: silence."""
    asks_sign_on: bool = False
    """The answer asks for a sign-on."""
    seconds: float = 0.0
    """From the message to its answer."""
    silence: str = ""
    """Why there was none."""


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """The first line of a recording."""

    posswitch_recording: int = VERSION
    made_at: str
    """UTC."""
    build: str
    channels: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    """Channels whose messages are not recorded."""
    why_left_out: dict[str, str] = {}
    """Why, by channel."""


Recordable = IsoDialect | MisDialect
"""What messages can be kept of."""


def name_of(dialect: object) -> str:
    """What a dialect whose messages can be kept is called; empty for any other."""
    if isinstance(dialect, MisDialect):
        return NAMES_OF_FORMS.get(type(dialect.form), "")
    if not isinstance(dialect, IsoDialect):
        return ""
    if dialect.codec is HEXADECIMAL:
        return "ascii87-hex"
    return "ascii87-bin" if dialect.codec is BINARY else dialect.institution


def is_recordable(dialect: object) -> bool:
    """Whether messages of this dialect can be kept."""
    return bool(name_of(dialect))


class Masker:
    """Makes lines of messages, under a key of its own."""

    def __init__(self, key: Secret) -> None:
        self._key = key

    def line(self, dialect: Recordable, payload: bytes, heard: Heard) -> Heard:
        """`heard` (which knows when and where) with what its message says."""
        if isinstance(dialect, MisDialect):
            return self._till_line(dialect, payload, heard)
        message, unreadable = _read(dialect, payload)
        if message is None:
            return msgspec.structs.replace(heard, unreadable=unreadable or "not read")
        line = msgspec.structs.replace(
            heard,
            header_bytes=dialect.header_bytes if dialect.tpdu_bytes == 0 else 0,
            terminal=_shaped("41", message.terminal_id),
            kind=message.asks,
            unreadable=unreadable or message.fault,
            has_pin="52" in message.fields,
            is_covered=message.fields.get("53", "")[SECURITY["track"]] == "1",
            records=self._records(dialect, message),
            **self._card(message),
            **self._voucher(_voucher_of(message)),
            **_kept_asked(message.fields, message.asks),
        )
        return _without_quotes(line, message.fields)

    def answered(self, dialect: Recordable, payload: bytes, line: Heard) -> Heard:
        """The line with its answer."""
        if isinstance(dialect, MisDialect):
            return _till_answered(dialect, payload, line)
        try:
            message = dialect.split(payload)
        except DecodeError:
            return msgspec.structs.replace(line, silence="an answer that cannot be read")
        told = kept_told(message.fields, line.kind)
        if not line.asked:  # an answer repeats what was asked
            told = {name: text for name, text in told.items() if name == "39"}
        return msgspec.structs.replace(
            line,
            told=told,
            asks_sign_on=message.header.hex()[5:6] == SIGN_ON_DIGIT,
        )

    def _till_line(self, dialect: MisDialect, payload: bytes, heard: Heard) -> Heard:
        try:
            message = dialect.read(payload)
        except DecodeError as error:
            return msgspec.structs.replace(heard, unreadable=error.why)
        line = msgspec.structs.replace(heard, terminal=message.terminal_id, kind=message.asks)
        asked = words_asked(dialect, message)
        if asked is None:
            return msgspec.structs.replace(line, unreadable="its payload could not be read")
        pan = asked.card
        return msgspec.structs.replace(
            line,
            asked=asked.kept,
            withheld=asked.withheld,
            has_pin="pin" in asked.withheld,
            card=self.pseudonym(pan.reveal()) if pan is not None else "",
            pan=pan.masked if pan is not None else "",
            **self._voucher(asked.voucher),
        )

    def pseudonym(self, pan: str) -> str:
        """What a card is called in this recording."""
        digest = hmac.digest(self._key.reveal(), pan.encode(), "sha256")
        return digest[:PSEUDONYM_BYTES].hex()

    def _card(self, message: Message) -> dict[str, str]:
        digits = None if _is_encrypted(message) else card_of(message)[0]
        try:
            pan = Pan(digits or "")
        except ValueError:
            return {}
        return {"card": self.pseudonym(pan.reveal()), "pan": pan.masked}

    def _voucher(self, code: VoucherCode | None) -> dict[str, str]:
        if code is None:
            return {}
        return {"voucher": self.pseudonym(code.reveal()), "code": code.masked}

    def _records(self, dialect: IsoDialect, message: Message) -> tuple[Uploaded, ...]:
        if message.asks is not Kind.BATCH_UPLOAD or "48" not in message.fields:
            return ()
        request = dialect.request(message, 0)
        if not isinstance(request, Request):
            return ()
        return tuple(
            Uploaded(
                self.pseudonym(one.pan.reveal()) if one.pan is not None else "",
                one.stan,
                one.amount_minor,
                one.is_foreign,
            )
            for one in request.records
        )


def _voucher_of(message: Message) -> VoucherCode | None:
    """The voucher that is handed in; None where it is for an article, whose name is not kept."""
    if message.asks not in CODED:
        return None
    try:
        code, article = voucher_in(bytes.fromhex(message.fields.get("62", "")))
        return None if article else read_code(code)
    except ValueError:
        return None


def _till_answered(dialect: MisDialect, payload: bytes, line: Heard) -> Heard:
    told = words_told(dialect, payload)
    if told is None:
        return msgspec.structs.replace(line, silence="an answer that cannot be read")
    asks_sign_on = told.pop("next", "") == SIGN_ON_DIGIT
    if not line.asked:  # an answer repeats what was asked
        told = {name: text for name, text in told.items() if name == "39"}
    return msgspec.structs.replace(line, told=told, asks_sign_on=asks_sign_on)


def kept_told(fields: Mapping[str, str], kind: Kind | None) -> dict[str, str]:
    """What is kept of an answer: code, sums, balances, references."""
    kept = dict(_kept(fields, KEPT_TOLD))
    if kind in SUMS_IN_62 and _SUMS.fullmatch(fields.get("62", "")):
        kept["62"] = fields["62"]
    return kept


def _read(dialect: IsoDialect, payload: bytes) -> tuple[Message | None, str]:
    try:
        return dialect.read(payload), ""
    except DecodeError as error:
        partly = error.message
        return (partly if isinstance(partly, Message) else None), error.why


def _is_encrypted(message: Message) -> bool:
    return message.fields.get("53", "")[SECURITY["track"]] == "1"


def _kept_asked(
    fields: Mapping[str, str], kind: Kind | None
) -> dict[str, dict[str, str] | tuple[str, ...]]:
    kept = dict(_kept(fields, KEPT_ASKED))
    if kind is not None and kind in KEPT_IN_62 and KEPT_IN_62[kind].fullmatch(fields.get("62", "")):
        kept["62"] = fields["62"]
    withheld = tuple(name for name in fields if name not in kept and name not in BITMAPS)
    return {"asked": kept, "withheld": withheld}


def _kept(
    fields: Mapping[str, str], shapes: Mapping[str, re.Pattern[str]]
) -> Iterator[tuple[str, str]]:
    for name, text in fields.items():
        if name in shapes and shapes[name].fullmatch(text):
            yield name, text


def _shaped(name: str, text: str) -> str:
    return text if KEPT_ASKED[name].fullmatch(text) else ""


def _without_quotes(line: Heard, fields: Mapping[str, str]) -> Heard:
    """The line, without any field where one of them quotes a secret of its message."""
    secrets = [fields[name] for name in _SECRET_FIELDS if fields.get(name)]
    secrets += [fields["35"].replace("=", "D").partition("D")[0]] if "35" in fields else []
    text = "\n".join((line.terminal, *line.asked.values()))
    if not any(secret in text for secret in secrets):
        return line
    return msgspec.structs.replace(
        line, terminal="", asked={}, withheld=tuple(fields), unreadable="it quotes its card"
    )
