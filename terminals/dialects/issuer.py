"""An issuer's own host: ISO 8583:1987 in ASCII with binary bitmaps, spoken as the acquirer.

The switch asks in its own name: F7, F11 and F37 are the switch's, and an original is named by
its message type, trace and time (F90), never by what the terminal knew of it. Answers are
believed only where they agree with what was asked, and are read as wide as the standard has them
(`terminals.dialects.issuer_fields`). A PIN block is carried under the issuer's zone key, never
under the terminal's own, which no issuer has. A track goes on as it was swiped, for F22 says that
there is one.
"""

import datetime as dt
import functools
from collections.abc import Mapping
from typing import Final

import msgspec

from host.model.money import CURRENCY_BY_NUMBER, NUMBER_BY_CURRENCY, Money
from host.model.requests import Kind, PinBlock, Request, Response
from host.model.responses import RESPONSE_CODES, Reason
from host.model.secrets import Pan
from terminals.answers import answer_mti
from terminals.codec import DecodeError
from terminals.dialects.issuer_fields import FOREIGN

CODEC: Final = FOREIGN
SIGN_ON: Final = "001"
ECHO: Final = "301"
APPROVED: Final = "00"
_WITH_PIN: Final = "1"
_NO_PIN: Final = "2"
"""F22, third digit."""
_PIN_CAPTURE: Final = "12"
"""F26: up to so many digits."""
_SECURITY: Final = "2600000000000000"
"""F53: a PIN block with the card number in it, under two-key TDES; no track."""
_BALANCE_CHARACTERS: Final = 20
_AVAILABLE: Final = "02"
"""F54, type of amount."""
_REFERENCE_CHARACTERS: Final = 12
_AUTH_CODE_CHARACTERS: Final = 6
_AGREEING: Final = {"3": 2, "4": 12}
"""What an approval must repeat of what was asked, where it has it, and so many digits of it: of F3
what is done, for the account types behind that are the issuer's to fill in."""
STAMPS_MAX: Final = 256
"""Seconds whose spelling is kept: messages of one second share it."""


class IssuerRow(msgspec.Struct, frozen=True):
    """How one kind is spelled."""

    mti: str
    processing_code: str


ROWS: Final[dict[Kind, IssuerRow]] = {
    Kind.PURCHASE: IssuerRow("0200", "000000"),
    Kind.BALANCE_INQUIRY: IssuerRow("0200", "310000"),
    Kind.VOID: IssuerRow("0200", "200000"),
    Kind.REFUND: IssuerRow("0220", "200000"),
}
"""A reversal is 0420 with the processing code of what it undoes."""
REVERSAL_MTI: Final = "0420"
AUTHORISATION_MTI: Final = "0100"
NO_ANSWER: Final = "68"
"""F39 of a reversal whose original was not answered, or not in time."""
MANAGEMENT_MTI: Final = "0800"

REASONS: Final[Mapping[str, Reason]] = {
    row.f39: reason
    for reason, row in reversed(RESPONSE_CODES.items())
    if reason is not Reason.PARTLY_APPROVED
} | {
    "05": Reason.NOT_PERMITTED_TO_CARD,
    "68": Reason.TIMED_OUT,
    **dict.fromkeys(("11", "A2", "A4", "A5", "A6"), Reason.APPROVED),
}
"""F39 to our own word; where two of ours share a code the first of the table is meant. There are
approvals with a remark; an approval of a part (10) is none that a terminal could be told."""
PARTLY: Final = "10"
OTHER_DECLINE: Final = Reason.NOT_PERMITTED_TO_CARD
"""A code that is none of ours approves nothing."""


class MismatchError(Exception):
    """An answer that does not answer what was asked, or approves something else.

    What was asked is in doubt then. The text names fields, never values.
    """


class Parties(msgspec.Struct, frozen=True, kw_only=True):
    """Who is who, to one issuer."""

    acquirer_id: str
    forwarding_id: str = ""
    issuer_id: str = ""
    zone: dt.tzinfo
    authorises: frozenset[Kind] = frozenset()
    """Kinds that it takes as an authorisation, 0100."""

    def mti_of(self, kind: Kind) -> str:
        """The message type in which it is asked this."""
        return AUTHORISATION_MTI if kind in self.authorises else ROWS[kind].mti


class Sending(msgspec.Struct, frozen=True, kw_only=True):
    """What the switch adds to a request; the same again in a repeat."""

    trace: int
    sent_at: dt.datetime
    """With its zone."""
    reference: str
    """F37, 12 characters."""
    is_repeat: bool = False
    pin: PinBlock | None = None
    """Under the issuer's zone key. Where there is none, none is carried."""


class OriginalSent(msgspec.Struct, frozen=True, kw_only=True):
    """What the issuer knows of the message that a void or a reversal is about."""

    kind: Kind
    trace: int
    sent_at: dt.datetime
    reference: str
    auth_code: str | None = None
    entry_mode: str = "000"
    """F22 as it was sent."""
    code: str = NO_ANSWER
    """F39 as it was answered."""
    pan: Pan | None = None
    """Where it is still known: a card number is never written down."""


def trade_fields(
    request: Request, sending: Sending, original: OriginalSent | None, parties: Parties
) -> dict[str, str]:
    """The fields of a financial message or a reversal, in ascending order."""
    transmission, time, date = _stamps(sending.sent_at, parties.zone)
    amount, pin = request.amount, sending.pin
    undone = original if request.kind is Kind.REVERSAL else None
    pan = request.pan or (undone.pan if undone is not None else None)
    reference = original.reference if original is not None else _reference(request, sending)
    auth_code = (original.auth_code if original is not None else None) or ""
    fields = {
        "t": _mti(request.kind, parties, is_repeat=sending.is_repeat),
        "2": pan.reveal() if pan is not None else "",
        "3": _processing_code(request, original),
        "4": f"{amount.amount_minor:012d}" if amount is not None else "",
        "7": transmission,
        "11": f"{sending.trace:06d}",
        "12": time,
        "13": date,
        "14": request.expiry or "",
        "22": undone.entry_mode if undone is not None else entry_mode_of(request, pin),
        "25": "00",
        "26": _PIN_CAPTURE if pin is not None else "",
        "32": parties.acquirer_id,
        "33": parties.forwarding_id,
        "35": request.track.reveal().decode() if request.track is not None else "",
        "37": f"{reference:<{_REFERENCE_CHARACTERS}}",
        "38": f"{auth_code:<{_AUTH_CODE_CHARACTERS}}" if auth_code else "",
        "39": undone.code if undone is not None else "",
        "41": request.key.terminal_id,
        "42": request.merchant_id,
        "49": NUMBER_BY_CURRENCY[amount.unit] if amount is not None else "",
        "52": pin.block.reveal().hex().upper() if pin is not None else "",
        "53": _SECURITY if pin is not None else "",
        "90": _original_data(original, parties) if original is not None else "",
    }
    return {name: value for name, value in fields.items() if value}


def entry_mode_of(request: Request, pin: PinBlock | None) -> str:
    """F22: how the card was read, and whether a PIN goes on with it."""
    return request.entry_mode[:2] + (_WITH_PIN if pin is not None else _NO_PIN)


def entry_mode_sent(request: Request, *, passes_pin: bool) -> str:
    """F22 of a message that was sent before, whose PIN is not kept."""
    has_pin = passes_pin and request.entry_mode[2:] == _WITH_PIN
    return request.entry_mode[:2] + (_WITH_PIN if has_pin else _NO_PIN)


def management_fields(code: str, trace: int, sent_at: dt.datetime) -> dict[str, str]:
    """Sign-on or echo."""
    return {
        "t": MANAGEMENT_MTI,
        "7": _transmission(sent_at),
        "11": f"{trace:06d}",
        "70": code,
    }


def management_answer(fields: Mapping[str, str]) -> dict[str, str]:
    """Ours to the issuer's own sign-on or echo."""
    told = {name: fields[name] for name in ("7", "11") if name in fields}
    code = {"70": fields["70"]} if "70" in fields else {}
    return {"t": answer_mti(fields["t"]), **told, "39": APPROVED, **code}


def correlation_of(fields: Mapping[str, str]) -> tuple[str, str, str]:
    """What pairs an answer with its request: class of message, terminal and trace."""
    return fields["t"][:2], fields.get("41", ""), fields.get("11", "")


def is_answer(mti: str) -> bool:
    """Whether the message type answers something."""
    return mti[2] in "135"


def response_of(
    asked: Mapping[str, str], told: Mapping[str, str], parties: Parties, now: dt.datetime
) -> Response:
    """What the issuer decided.

    Raises:
        MismatchError: it answers something else, or approves another amount.
    """
    code = told.get("39", "").strip().upper()
    reason = REASONS.get(code, OTHER_DECLINE)
    if not code or told["t"][:3] != answer_mti(asked["t"])[:3] or reason is Reason.TIMED_OUT:
        raise MismatchError("fields t, 39: no decision on what was asked")
    is_approved = reason is Reason.APPROVED
    wrong = [name for name, size in _AGREEING.items() if not _agrees(told, asked, name, size)]
    if code == PARTLY or (is_approved and wrong):
        raise MismatchError(f"approves something else: fields {', '.join(wrong) or '39'}")
    local_time = local_stamp(now, parties.zone)
    return Response(
        reason=reason,
        rrn=_printable(told.get("37", "")) or asked.get("37", ""),
        auth_code=(_printable(told.get("38", "")) or None) if is_approved else None,
        local_time=local_time,
        business_date=_business_date(told.get("15", ""), local_time),
        balance=_balance(told.get("54", "")) if is_approved else None,
        issuer_id=parties.issuer_id,
        acquirer_id=parties.acquirer_id,
    )


def _agrees(told: Mapping[str, str], asked: Mapping[str, str], name: str, size: int) -> bool:
    """Whether a field repeats what was asked; zeros may stand where nothing was."""
    wanted = asked.get(name, "0" * size)
    return name not in told or told[name][:size] == wanted[:size]


def _printable(text: str) -> str:
    """As it was sent, its padding too, in characters every terminal can be told; else nothing."""
    clean = "".join(each if each.isascii() and each.isprintable() else " " for each in text)
    return clean if clean.strip() else ""


def decode(body: bytes) -> dict[str, str]:
    """The fields of a message.

    Raises:
        DecodeError: it is none.
    """
    fields = CODEC.decode(body)
    if len(fields["t"]) != 4:
        raise DecodeError("t", 0, "a message type is four digits")
    return fields


def _mti(kind: Kind, parties: Parties, *, is_repeat: bool) -> str:
    mti = REVERSAL_MTI if kind is Kind.REVERSAL else parties.mti_of(kind)
    return f"{mti[:3]}1" if is_repeat else mti


def _processing_code(request: Request, original: OriginalSent | None) -> str:
    if request.kind is Kind.REVERSAL:
        assert original is not None, "only what was sent is reversed"
        return ROWS[original.kind].processing_code
    return ROWS[request.kind].processing_code


def _reference(request: Request, sending: Sending) -> str:
    """A refund is known by the reference of the purchase, whose trace is long forgotten."""
    original = request.original
    return (original.rrn if original is not None else None) or sending.reference


@functools.lru_cache(maxsize=STAMPS_MAX)
def local_stamp(at: dt.datetime, zone: dt.tzinfo) -> str:
    """YYYYMMDDhhmmss where the zone is. Times of whole seconds are found again."""
    return f"{at.astimezone(zone):%Y%m%d%H%M%S}"


@functools.lru_cache(maxsize=STAMPS_MAX)
def _stamps(sent_at: dt.datetime, zone: dt.tzinfo) -> tuple[str, str, str]:
    """F7, F12 and F13."""
    local = local_stamp(sent_at, zone)
    return _transmission(sent_at), local[8:], local[4:8]


def _transmission(sent_at: dt.datetime) -> str:
    """F7 is in universal time."""
    return f"{sent_at.astimezone(dt.UTC):%m%d%H%M%S}"


def _original_data(original: OriginalSent, parties: Parties) -> str:
    """F90: type n4, trace n6, F7 n10, acquirer n11, forwarder n11."""
    return (
        f"{parties.mti_of(original.kind)}{original.trace:06d}{_transmission(original.sent_at)}"
        f"{parties.acquirer_id:>011}{parties.forwarding_id:>011}"
    )


def _business_date(settlement: str, local_time: str) -> str:
    """F15 has no year: it is the one that brings it nearest to today. No date at all: today."""
    year, month = int(local_time[:4]), local_time[4:6]
    if month == "12" and settlement[:2] == "01":
        year += 1
    elif month == "01" and settlement[:2] == "12":
        year -= 1
    try:
        return f"{dt.date(year, int(settlement[:2]), int(settlement[2:])):%Y%m%d}"
    except ValueError:
        return local_time[:8]


def _balance(text: str) -> Money | None:
    """The available one of F54, or the first: two types n2, currency n3, sign, amount n12."""
    starts = range(0, len(text), _BALANCE_CHARACTERS)
    amounts = [text[start : start + _BALANCE_CHARACTERS] for start in starts]
    found = next((each for each in amounts if each[2:4] == _AVAILABLE), text[:_BALANCE_CHARACTERS])
    currency, digits = CURRENCY_BY_NUMBER.get(found[4:7]), found[8:]
    is_whole = len(found) == _BALANCE_CHARACTERS and digits.isascii() and digits.isdigit()
    if currency is None or not is_whole:
        return None
    return Money(-int(digits) if found[7] in "Dd-" else int(digits), currency)
