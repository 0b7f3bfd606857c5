"""The messages of a seat, by field number, out of TRADES and the dialect's own rows.

What would open a card beyond its number (the track) is in no message that has to be kept.
"""

from typing import Final

import msgspec

from host.model.money import NUMBER_BY_CURRENCY
from host.model.requests import Kind
from terminals.batches import Halves, totals_digits
from terminals.fields import CONTROL
from terminals.orders import HEAD_BYTES, ORDERED, order_text
from terminals.seat.entry import Entry
from terminals.seat.order import Order
from terminals.seat.presented import Fields, Presented, fields_of
from terminals.seat.trades import SPELLINGS, TRADES, Trade
from terminals.spelling import Spelling
from terminals.vouchers import voucher_text

KEY_LAYOUT: Final = "003"
"""Of a sign-on: two keys, of PINs and of codes; no PIN is ever typed at a seat."""
OPERATOR: Final = "01 "
READS: Final = "200"
"""F60.4 to F60.6: it reads stripes, had no chip that failed, and takes no part."""
READS_AND_TAKES_PART: Final = "201"
PRODUCT: Final = " " * 30
"""F62 of points that are redeemed: no product of the merchant's is named."""
UNSIGNED: Final = "000000"
KEPT: Final = frozenset({"2", "3", "4", "11", "14", "22", "25", "41", "42", "49", "60", "61"})
"""Of a message that is undone."""
CONFIRMED_BY: Final = frozenset({"3", "4", "11", "25", "41", "42", "49", "60"})
"""Of a message that is confirmed."""
LEFT_OUT_OF_UPLOAD: Final = frozenset({"35", "53", "62"})
REVERSED_FOR_SILENCE: Final = "98"


class Who(msgspec.Struct, frozen=True, kw_only=True):
    """The seat as every message names it."""

    terminal_id: str
    merchant_id: str
    batch: str = "000001"


def sign_on(who: Who, trace: str) -> Fields:
    """0800: asks for working keys and the number of the batch."""
    serial = f"Sequence No12{who.terminal_id:0>12}".encode()
    return {
        **_named("0800", who, trace),
        "60": f"00{who.batch}{KEY_LAYOUT}",
        "62": serial.hex().upper(),
        "63": OPERATOR,
    }


def traded(trade: Trade, who: Who, trace: str, order: Order) -> Fields:
    """What is traded."""
    fields = _worded(trade.spelling, who, trace, trade.account)
    fields |= fields_of(order.presented)
    if trade.needs_amount:
        fields["4"] = f"{order.amount_minor:012d}"
    if trade.spelling.may_be_part:
        fields["60"] = _taking_part(fields["60"])
    text = _text_of(trade, order.second or order.presented)
    if order.order and trade.kind in ORDERED:
        text = " " * HEAD_BYTES.get(trade.kind, 0) + order_text(order.order)
    return fields | ({"62": text.encode().hex().upper()} if text else {})


def void(who: Who, trace: str, entry: Entry) -> Fields:
    """Takes back an entry of the batch that is open, whole."""
    trade = TRADES[entry.kind]
    row = SPELLINGS[trade.voided]
    return {
        **_worded(row, who, trace, trade.account),
        **_again(entry),
        "4": f"{entry.amount_minor_asked if trade.names_asked else entry.taken:012d}",
        "37": entry.rrn,
        "38": entry.auth_code or UNSIGNED,
        "61": entry.batch + entry.trace + (entry.date if trade.completed else ""),
    }


def completion(who: Who, trace: str, entry: Entry, amount_minor: int) -> Fields:
    """Pays out of what an entry of any batch holds, by what its slip says: its code and date."""
    row = SPELLINGS[TRADES[entry.kind].completed]
    return {
        **_worded(row, who, trace, row.account),
        **_again(entry),
        "4": f"{amount_minor:012d}",
        "38": entry.auth_code,
        "61": entry.batch + entry.trace + entry.date,
    }


def confirmation(entry: Entry) -> Fields:
    """0220: that a load in cash whose answer was lost did happen. The same trace."""
    kept = {name: text for name, text in entry.asked.items() if name in CONFIRMED_BY}
    named = {"37": entry.rrn} if entry.rrn else {}
    return {"t": "0220", **kept, **_again(entry), **named, "61": entry.batch + entry.trace}


def refund(who: Who, trace: str, entry: Entry, amount_minor: int) -> Fields:
    """Gives back all or part of an entry of any batch."""
    row = SPELLINGS[TRADES[entry.kind].refunded]
    return {
        **_worded(row, who, trace, row.account),
        **_again(entry),
        "4": f"{amount_minor:012d}",
        "37": entry.rrn,
        "61": f"{'0' * 12}{entry.date}",
        "63": "000",
    }


def reversal(asked: Fields, why: str) -> Fields:
    """0400: undoes a message of the same trace. `why` is F39: 98 silence, A0 MAC, 06 other."""
    return {"t": "0400", **{name: asked[name] for name in KEPT & asked.keys()}, "39": why}


def settlement(who: Who, trace: str, totals: Halves) -> Fields:
    """0500/201: what the batch adds up to."""
    return {
        **_named("0500", who, trace),
        "48": totals_digits(totals),
        "49": NUMBER_BY_CURRENCY["CNY"],
        "60": f"00{who.batch}201",
        "63": OPERATOR,
    }


def compact_upload(who: Who, trace: str, records: str) -> Fields:
    """0320/201: up to eight records in F48."""
    return {**_named("0320", who, trace), "48": records, "60": f"00{who.batch}201"}


def whole_upload(entry: Entry) -> Fields:
    """0320 of a refund: as it was sent."""
    kept = {name: text for name, text in entry.asked.items() if name not in LEFT_OUT_OF_UPLOAD}
    return kept | {"t": "0320"}


def upload_end(who: Who, trace: str, count: int, *, agrees: bool) -> Fields:
    """0320/207 where the totals agreed, else 202: how many records were sent in all."""
    function = "207" if agrees else "202"
    return {**_named("0320", who, trace), "48": f"{count:04d}", "60": f"00{who.batch}{function}"}


def kept(asked: Fields, presented: Presented) -> Fields:
    """As a message is kept: a card that was swiped by its number, without its track."""
    if presented.pan is None or "35" not in asked:
        return asked
    return {name: text for name, text in asked.items() if name != "35"}


def _named(mti: str, who: Who, trace: str) -> Fields:
    return {"t": mti, "11": trace, "41": who.terminal_id, "42": who.merchant_id}


def _worded(row: Spelling, who: Who, trace: str, account: str) -> Fields:
    return {
        **_named(row.mti, who, trace),
        "3": row.processing_code,
        "25": row.condition,
        "49": NUMBER_BY_CURRENCY["CNY"],
        "60": f"{row.type_code}{who.batch}000{READS}{account}".removesuffix("000"),
    }


def _taking_part(control: str) -> str:
    place = CONTROL["partial_approval"]
    return f"{control[: place.start]}1{control[place.stop :]}"


def _again(entry: Entry) -> Fields:
    """The card of an entry, keyed from the log."""
    if not entry.pan_digits:
        return {"22": entry.asked["22"]}
    return fields_of(Presented(pan=entry.pan)) | ({"14": entry.expiry} if entry.expiry else {})


def _text_of(trade: Trade, presented: Presented) -> str:
    """F62."""
    match trade.kind:
        case Kind.LOAD_BY_CODE | Kind.VOUCHER_REDEMPTION:
            assert presented.voucher is not None, "asked for before"
            return voucher_text(presented.voucher.reveal().decode())
        case Kind.LOAD_BY_PHONE:
            assert presented.phone is not None, "asked for before"
            return presented.phone.reveal().decode()
        case Kind.POINTS_REDEMPTION:
            return PRODUCT
        case _:
            return ""
