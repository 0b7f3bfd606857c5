"""What a POS terminal sends to settle: its totals, its records in every form, and the end."""

from typing import Final

from host.estate.plan import CardPlan
from host.model.money import NUMBER_BY_CURRENCY
from simulators.messages import OPERATOR, Fields, Who, named
from terminals.fields import CONTROL, UPLOAD_COUNT

CHIP_UPLOADS: Final = {True: ("203", "204"), False: ("205", "206")}
"""F60.3 of a chip notice and of a refused chip transaction, by whether the totals agreed."""
REFUSED: Final = frozenset(refused for _notice, refused in CHIP_UPLOADS.values())
LEFT_OUT_OF_UPLOAD: Final = frozenset({"35", "26", "52", "53"})


def settlement(who: Who, trace: str, totals: str) -> Fields:
    """0500/201: what the batch adds up to, F48 of 62 digits."""
    return {
        **named("0500", who, trace),
        "48": totals,
        "49": NUMBER_BY_CURRENCY["CNY"],
        "60": f"00{who.batch}201",
        "63": OPERATOR,
    }


def compact_upload(who: Who, trace: str, records: str) -> Fields:
    """0320/201: up to eight records of 40 digits in F48."""
    return {**named("0320", who, trace), "48": records, "60": f"00{who.batch}201"}


def whole_upload(trade: Fields) -> Fields:
    """0320 of a refund: the fields and the trace it was sent with, without what opens a card."""
    kept = {name: text for name, text in trade.items() if name not in LEFT_OUT_OF_UPLOAD}
    return {**kept, "t": "0320"}


def chip_upload(trade: Fields, card: CardPlan, *, balanced: bool) -> Fields:
    """0320/203 or 205: a transaction by chip, with the trace it was sent with."""
    notice, _refused = CHIP_UPLOADS[balanced]
    return _chip_record(trade, card, notice)


def refused_chip_upload(trade: Fields, card: CardPlan, *, balanced: bool) -> Fields:
    """0320/204 or 206: a transaction by chip that was declined."""
    _notice, refused = CHIP_UPLOADS[balanced]
    return _chip_record(trade, card, refused)


def records_in(upload: Fields) -> int:
    """How many transactions an upload tells that count: those refused never happened."""
    if "48" in upload:
        return int(upload["48"][UPLOAD_COUNT])
    return int(upload["60"][CONTROL["function"]] not in REFUSED)


def upload_end(who: Who, trace: str, count: int, *, balanced: bool) -> Fields:
    """0320/202, or 207 when the totals had agreed: how many records were sent in all."""
    function = "207" if balanced else "202"
    return {**named("0320", who, trace), "48": f"{count:04d}", "60": f"00{who.batch}{function}"}


def _chip_record(trade: Fields, card: CardPlan, function: str) -> Fields:
    kept = {name: trade[name] for name in ("4", "11", "22", "23", "41", "42", "49", "55")}
    batch = trade["60"][CONTROL["batch"]]
    return {"t": "0320", "2": card.pan.reveal(), **kept, "60": f"00{batch}{function}"}
