"""What stands where inside a field: the subfields of terminals, as data.

Most layouts are digits side by side, each part of a fixed size; a field may end early, so a part
that is not there reads as empty. They are read by the translation, written by the answers and
the simulator, and shown by whoever explains a message.
"""

from collections.abc import Mapping
from typing import Final

Layout = Mapping[str, slice]
"""Names of parts in order, and their places in the field's value."""


class PartTooLongError(ValueError):
    """A value of ours has more digits than its part: a bug here, or a sum beyond the format."""


def layout(**sizes: int) -> Layout:
    """Parts of these sizes, one after the other."""
    places: dict[str, slice] = {}
    start = 0
    for name, size in sizes.items():
        places[name] = slice(start, start + size)
        start += size
    return places


def size_of(parts: Layout) -> int:
    """How long the whole is."""
    return max(int(place.stop) for place in parts.values())


def parts_of(parts: Layout, text: str) -> dict[str, str]:
    """The parts by name, without those that are not there."""
    return {name: text[place] for name, place in parts.items() if text[place]}


def numbers_in(parts: Layout, text: str) -> dict[str, int]:
    """The parts as numbers. The text is as long as the layout and nothing but digits."""
    return {name: int(text[place]) for name, place in parts.items()}


def digits_of(parts: Layout, numbers: Mapping[str, int]) -> str:
    """The whole from numbers by name, each filled with zeros.

    Raises:
        PartTooLongError: a number has more digits than its part, or a sign.
    """
    texts = []
    for name, place in parts.items():
        size = place.stop - place.start
        text = f"{numbers[name]:0{size}d}"
        if numbers[name] < 0:
            raise PartTooLongError(f"{name} has a sign, its place is of digits alone")
        if len(text) > size:
            raise PartTooLongError(f"{name} has {len(text)} digits, its place {size}")
        texts.append(text)
    return "".join(texts)


TPDU: Final = layout(protocol=2, destination=4, source=4)
"""Five bytes before the header; an answer has destination and source exchanged."""
HEADER: Final = layout(application=2, version=2, status=1, next=1, software=6)
"""Six bytes before the message type: `next` is what a terminal does after an answer."""

CONTROL: Final = layout(
    type_code=2, batch=6, function=3, reading=1, chip_condition=1, partial_approval=1, account=3
)
"""F60: message type code, batch, network management code, what the terminal can read, how the
chip went, whether a part may be approved, and which account (048 and 065 count points)."""

ORIGINAL: Final = layout(batch=6, trace=6, date=4, mode=2, institution=11)
"""F61: the message a void, refund or confirmation is about; date is MMDD."""

ORIGINAL_DATA: Final = layout(mti=4, trace=6, sent=10, acquirer=11, forwarder=11)
"""F90 of ISO 8583:1987: the message a reversal is about; `sent` is its F7."""

TOTALS: Final = layout(debit_minor=12, debit_count=3, credit_minor=12, credit_count=3)
"""One half of F48 of a settlement, without the flag digit behind it."""
TOTALS_HALF_DIGITS: Final = size_of(TOTALS) + 1
TOTALS_DIGITS: Final = 2 * TOTALS_HALF_DIGITS
"""Domestic cards and foreign ones; our terminals count points in the second half."""
ASKED: Final = 0
AGREED: Final = 1
NOT_AGREED: Final = 2
NOT_COMPARED: Final = 3
"""The flag of each half: a request's; in the answer balanced, not balanced, error."""

UPLOAD_COUNT: Final = slice(0, 2)
"""F48 of a compact batch upload: how many records follow."""
UPLOAD_RECORDS_MAX: Final = 8
UPLOAD_RECORD: Final = layout(card=2, trace=6, pan=20, amount=12)
"""One record: card 00 domestic or 01 foreign, the PAN filled with zeros on the left."""
UPLOAD_END_DIGITS: Final = 4
"""F48 of an upload end: how many records the terminal sent in all."""

SECURITY: Final = layout(pin_block=1, algorithm=1, track=1, reserved=13)
"""F53: an X9.8 PIN block, 1 without or 2 with the PAN; 6 two-key TDES; 1 an encrypted track."""

BALANCE: Final = layout(account=2, kind=2, currency=3, sign=1, amount=12)
"""F54: kind 02 is the available balance, the sign C or D."""

INSTITUTIONS: Final = layout(issuer=11, acquirer=11)
"""F44 of answers, filled with spaces."""

ORGANISATION_AND_TEXTS: Final = layout(organisation=3, issuer=20, network=20, acquirer=20)
"""F63 of answers: card organisation and three texts, counted in bytes."""

POINTS_USED: Final = layout(used=10, self_pay_minor=12, remaining=10)
"""F62 of a points redemption, as ASCII digits."""
POINTS_LOST: Final = layout(points_next=8, points_lost_next=10)
"""Behind it, of a points inquiry: the last day of those that are lost next; no day is zeros."""
POINTS_LEFT: Final = layout(
    used=10, self_pay_minor=12, remaining=10, points_next=8, points_lost_next=10
)
"""F62 of a points inquiry: both."""
ACCOUNT: Final = layout(
    value_minor=12,
    held_minor=12,
    spendable_minor=12,
    valid_to=8,
    points=10,
    points_held=10,
    points_spendable=10,
    points_next=8,
    points_lost_next=10,
)
"""F62 of the answer to an inquiry of value and points, as ASCII digits; no day is zeros."""
POINTS_AT_MOST: Final = layout(points=10)
"""F62 of a combined purchase, as ASCII digits: how many points may be used, zeros for none. Without
F62, or with spaces there: as many as there are. An order stands behind it."""
COMBINED: Final = layout(used=10, worth_minor=12, self_pay_minor=12, remaining=10, cards=2)
"""F62 of a combined purchase's answer, as ASCII digits; behind it so many of the next."""
DRAWN_CARD_CHARACTERS: Final = 19
DRAWN: Final = layout(card=DRAWN_CARD_CHARACTERS, amount_minor=12)
"""What one card has paid: its number masked, filled with spaces, and digits."""
POINTS_EARNED: Final = layout(earned=10, balance=10)
"""F62 of points earned, as ASCII digits."""
LOAD_MAX: Final = layout(amount_minor=12)
"""F62 of a load verification: the largest amount the card can take."""

REQUEST_LAYOUTS: Final[Mapping[str, Layout]] = {
    "53": SECURITY,
    "60": CONTROL,
    "61": ORIGINAL,
    "90": ORIGINAL_DATA,
}
"""Fields that are laid out alike in every message."""
