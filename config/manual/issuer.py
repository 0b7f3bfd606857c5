"""Tables and worked messages of `docs/issuers.md`: what an issuer's own host hears and says."""

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from config.manual.characters import field_rows
from config.manual.page import Blocks, hexadecimal, listing, table
from config.manual.samples import AMOUNT_MINOR
from host.estate.demo import EXTERNAL, EXTERNAL_TERMINALS, EXTERNAL_ZONE, PIN, card_pan, demo_estate
from host.hsm.pin import make_pin_block
from host.model.money import Money
from host.model.requests import ExchangeKey, Family, Kind, Original, PinBlock, Request
from host.model.responses import RESPONSE_CODES, Reason
from switch.memory.saf_answers import OF_ISSUERS_REVERSALS
from terminals.dialects.issuer import (
    CODEC,
    ECHO,
    OTHER_DECLINE,
    PARTLY,
    REASONS,
    REVERSAL_MTI,
    ROWS,
    SIGN_ON,
    OriginalSent,
    Parties,
    Sending,
    management_fields,
    trade_fields,
)
from terminals.framing import wrap

_AT: Final = dt.datetime(2026, 11, 23, 2, 15, 2, tzinfo=dt.UTC)
_PARTIES: Final = Parties(
    acquirer_id="48882900",
    issuer_id=EXTERNAL.institution_id,
    zone=dt.timezone(dt.timedelta(hours=8)),
)
_PAN: Final = card_pan(EXTERNAL, 1)
_KEY: Final = ExchangeKey("pos", EXTERNAL_TERMINALS[0], "000001", "000002", Family.FINANCIAL)
_BLOCK: Final = make_pin_block(EXTERNAL_ZONE.key, PIN, _PAN, 0)
_SENDING: Final = Sending(trace=17, sent_at=_AT, reference="112300000017")


def _request(kind: Kind, original: Original | None = None) -> Request:
    [plan] = [one for one in demo_estate().terminals if one.terminal_id == _KEY.terminal_id]
    return Request(
        kind=kind,
        key=_KEY,
        merchant_id=demo_estate().merchant_of(plan).merchant_id,
        pan=_PAN,
        expiry="3012",
        amount=Money(AMOUNT_MINOR, "CNY"),
        entry_mode="021",
        original=original,
    )


def _messages() -> Iterator[tuple[str, Mapping[str, str]]]:
    sending = msgspec.structs.replace(_SENDING, pin=PinBlock(0, _BLOCK))
    asked = trade_fields(_request(Kind.PURCHASE), sending, None, _PARTIES)
    yield "A purchase with a PIN", asked
    told = {name: asked[name] for name in ("3", "4", "7", "11", "12", "13", "37", "41", "42", "49")}
    yield (
        "An answer that approves it",
        {"t": "0210", **told, "15": "1123", "38": "A00002", "39": "00"},
    )
    sent = OriginalSent(
        kind=Kind.PURCHASE,
        trace=17,
        sent_at=_AT,
        reference="112300000017",
        entry_mode="021",
        pan=_PAN,
    )
    undo = trade_fields(
        _request(Kind.REVERSAL),
        Sending(trace=18, sent_at=_AT + dt.timedelta(seconds=15), reference="112300000018"),
        sent,
        _PARTIES,
    )
    yield "Its reversal, had no answer come", undo
    yield "Sign-on of a line", management_fields(SIGN_ON, 1, _AT)


def _worked() -> str:
    return "\n\n".join(f"### {title}\n\n{_shown(fields)}" for title, fields in _messages())


def _shown(fields: Mapping[str, str]) -> str:
    in_order = dict(sorted(fields.items(), key=lambda one: (one[0] != "t", one[0].zfill(3))))
    rows = [("type" if name == "t" else f"F{name}", f"`{text}`") for name, text in in_order.items()]
    data = wrap(CODEC.encode(in_order))
    return f"{table(('field', 'value'), rows)}\n{listing(hexadecimal(data))}"


def _rows() -> Iterator[tuple[str, str, str]]:
    for kind, row in ROWS.items():
        yield f"`{kind}`", row.mti, row.processing_code
    yield "`reversal`", REVERSAL_MTI, "that of what it undoes"
    yield f"sign-on (F70 {SIGN_ON}), echo (F70 {ECHO})", "0800", ""


def _codes() -> Iterator[tuple[str, str, str]]:
    for code, reason in sorted(REASONS.items()):
        words = RESPONSE_CODES[reason].english
        if reason is Reason.TIMED_OUT:
            words = "no decision: in doubt, so it is reversed"
        yield f"`{code}`", f"`{reason}`", words
    yield f"`{PARTLY}`", "none", "a part was approved: in doubt, so it is reversed"
    yield "any other", f"`{OTHER_DECLINE}`", RESPONSE_CODES[OTHER_DECLINE].english


def _reversals() -> Iterator[tuple[str, str]]:
    columns = {
        "ends it": OF_ISSUERS_REVERSALS.decided,
        "leaves it owed": OF_ISSUERS_REVERSALS.not_yet,
        "gives it to an operator, as a case": OF_ISSUERS_REVERSALS.hopeless,
    }
    for words, reasons in columns.items():
        told = [code for code, reason in sorted(REASONS.items()) if reason in reasons]
        yield ", ".join(f"`{code}`" for code in told), words
    yield "any other", "is repeated, and after `saf_refusals_max` times a case"


BLOCKS: Final[Blocks] = {
    "issuer.reversals": lambda: table(("F39 of a 0430", "it"), _reversals()),
    "issuer.rows": lambda: table(("what is asked", "type", "F3"), _rows()),
    "issuer.fields": lambda: table(
        ("field", "name", "form", "size", "length"), field_rows(CODEC.spec)
    ),
    "issuer.codes": lambda: table(("F39", "read as", ""), _codes()),
    "issuer.messages": _worked,
}
