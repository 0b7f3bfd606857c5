"""The seat's pages: a till's day, one thing done at it, its receipt. No rule is here."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from host.model.money import HOUSE_CURRENCY
from host.model.office import Page
from host.model.requests import Kind
from host.model.responses import RESPONSE_CODES
from terminals.seat.entry import IN_FORCE, OPEN, Entry, State
from terminals.seat.trades import CONFIRMED, SPELLINGS, TRADES, is_held, may_be_taken_back
from terminals.seat.wanted import BUTTONS
from terminals.web import cells
from terminals.web.pages import rendered
from terminals.web.reader import Reader
from terminals.web.texts import Language, said

POINTS_UNIT: Final = "points_unit"
SECONDS_SENT: Final = 1
SECONDS_DOUBT: Final = 2
"""How soon a page that waits looks again."""
ADVISED: Final = frozenset({"14", "51", "54", "55", "57", "58", "65", "75", "77", "91", "98", "A0"})
"""F39 values with a text of what to do at the counter."""
SHARED: Final = {code: f"seat_shared_{code}" for code in ("22", "57", "62")}
"""F39 values of so many reasons that a counter is told in one sentence what they have in common."""
_AMOUNTS: Final = frozenset({"left_minor", "rest_minor", "value_minor", "held_minor",
                             "spendable_minor", "worth_minor"})  # fmt: skip
_NUMBERS: Final = frozenset({"earned", "balance", "used", "remaining", "points",
                             "points_spendable", "voucher_left"})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class At:
    """A seat, as it is now."""

    terminal_id: str
    merchant: str
    merchant_id: str
    store: str
    store_id: int
    login: str
    batch: str
    is_signed_on: bool
    day: Sequence[Entry] = ()
    """Of the batch that is open, the newest first."""

    @property
    def path(self) -> str:
        """Where its pages are."""
        return f"/seat/{self.terminal_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A seat in the list of them."""

    terminal_id: str
    store: str
    sitting: str
    """The login of who sits there; empty: nobody."""
    is_mine: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BillShown:
    """What is sold, and what of it is not paid yet."""

    total_minor: int
    cash_minor: int
    rest_minor: int
    paid: Sequence[Entry] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What comes back into the form: nothing that was presented."""

    amount: str = ""
    bill: str = ""
    wrong: str = ""
    """The text that says what is wrong."""
    field: str = ""
    """Beside which field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An entry as it is shown."""

    name: str
    title: str
    amount: str
    card: str
    state: str
    outcome: str
    """A text: what became of it."""
    at: str
    rrn: str
    is_undone: bool


def seats(reader: Reader, places: Sequence[Place], wrong: str = "") -> str:
    """Where one may sit down."""
    return rendered("seats.html", reader, places=places, wrong=wrong)


def counter(reader: Reader, at: At, typed: Typed, bill: BillShown | None = None) -> str:
    """The seat before something is done."""
    return rendered(
        "seat.html",
        reader,
        at=at,
        typed=typed,
        bill=_bill(reader, bill) if bill else None,
        buttons=BUTTONS,
        sums=sums_of(reader, at.day),
        lines=[line_of(reader, one) for one in at.day[:6]],
    )


def done(reader: Reader, at: At, entry: Entry, bill: BillShown, *, is_instead: bool = False) -> str:
    """What came of it: its receipt, or why not, or that nobody knows yet.

    `is_instead`: another was asked for meanwhile, and not sent.
    """
    waits = {State.SENT: SECONDS_SENT, State.DOUBT: SECONDS_DOUBT}
    return rendered(
        "seat_done.html",
        reader,
        at=at,
        entry=entry,
        line=line_of(reader, entry),
        words=words_of(entry.f39, reader.language),
        advice=f"seat_advice_{entry.f39}" if entry.f39 in ADVISED else "",
        told=told_of(reader, entry),
        bill=_bill(reader, bill),
        is_open=entry.state in OPEN,
        is_instead=is_instead,
        is_good=entry.state in IN_FORCE,
        is_first=entry.kind in TRADES,
        is_sale=entry.kind in TRADES and entry.kind is not Kind.ACCOUNT_INQUIRY,
        may_be_voided=may_be_taken_back(entry),
        is_held=is_held(entry),
        is_confirmed=entry.kind is CONFIRMED,
        refresh_seconds=waits.get(entry.state, 0),
    )


def back(reader: Reader, at: At, how: str, entries: Sequence[Entry], chosen: Entry | None) -> str:
    """What may be taken back, or given back: `how` is `void` or `refund`."""
    return rendered(
        "seat_back.html",
        reader,
        at=at,
        how=how,
        chosen=chosen,
        line=line_of(reader, chosen) if chosen else None,
        left=_left(chosen) if chosen else "",
        lines=[line_of(reader, one) for one in entries],
    )


def day(reader: Reader, at: At, settled: Any) -> str:
    """The batch that is open, and how the last one was settled."""
    return rendered(
        "seat_day.html",
        reader,
        at=at,
        settled=settled,
        sums=sums_of(reader, at.day),
        lines=[line_of(reader, one) for one in at.day],
    )


def paid(reader: Reader, at: At, told: Page, *, is_live_alone: bool = False) -> str:
    """What members have paid by the store's code; alone what is live of it."""
    lines = [dict(zip(told.columns, row, strict=True)) for row in told.rows]
    template = "seat_paid_lines.html" if is_live_alone else "seat_paid.html"
    return rendered(template, reader, at=at, lines=lines)


def refused(reader: Reader, at: At, text: str) -> str:
    """Why it is not done now."""
    return rendered("seat_refused.html", reader, at=at, text=said(text, reader.language))


def line_of(reader: Reader, entry: Entry) -> Line:
    """An entry, in the reader's words."""
    amount = entry.taken if entry.state in IN_FORCE else entry.amount_minor_asked
    in_points = entry.in_points if entry.state in IN_FORCE else _asked_in_points(entry)
    return Line(
        name=entry.name,
        title=title_of(entry, reader.language),
        amount=amount_text(amount, reader.language, in_points=in_points) if amount else "",
        card=entry.shown,
        state=entry.state.value,
        outcome=_outcome(entry),
        at=dt.datetime.fromtimestamp(entry.at).astimezone().strftime("%H:%M:%S"),
        rrn=entry.rrn,
        is_undone=bool(entry.undone_by),
    )


def _outcome(entry: Entry) -> str:
    if entry.completed_by:
        return "seat_completed"
    if is_held(entry):
        return "seat_held"
    return f"seat_{'partly' if entry.f39 == '10' else entry.state.value}"


def title_of(entry: Entry, language: Language) -> str:
    """What it is called."""
    row = SPELLINGS.get(entry.spelled)
    if row is None:
        return cells.word(entry.kind.value, language)
    return row.title if language == "zh" else row.english.capitalize()


def amount_text(amount: int, language: Language, *, in_points: bool) -> str:
    """Money as money, points as points."""
    if in_points:
        return f"{amount} {said(POINTS_UNIT, language)}"
    return cells.shown("amount_minor", amount, language, HOUSE_CURRENCY)


def words_of(f39: str, language: Language) -> str:
    """A code in words; few reasons that share it stand side by side, many as one sentence."""
    if f39 in SHARED:
        return said(SHARED[f39], language)
    rows = [row for row in RESPONSE_CODES.values() if row.f39 == f39]
    texts = [row.chinese if language == "zh" else row.english for row in rows]
    return ("或" if language == "zh" else " / ").join(dict.fromkeys(texts))


def told_of(reader: Reader, entry: Entry) -> list[tuple[str, str]]:
    """What else its answer said."""
    found = []
    for name, value in entry.told.items():
        if not value.isdigit() or name not in _AMOUNTS | _NUMBERS:
            continue
        number = int(value)
        text = (
            amount_text(number, reader.language, in_points=False)
            if name in _AMOUNTS
            else str(number)
        )
        label = f"told_{name}"
        found.append((said(label, reader.language), text))
    return found


def sums_of(reader: Reader, entries: Sequence[Entry]) -> list[tuple[str, int, str]]:
    """By what was done: how often, and how much of it stands."""
    sums: dict[str, tuple[int, int, bool]] = {}
    for one in entries:
        if one.state in IN_FORCE and one.kind is not Kind.ACCOUNT_INQUIRY:
            title = title_of(one, reader.language)
            count, amount, _in_points = sums.get(title, (0, 0, False))
            sums[title] = count + 1, amount + one.taken, one.in_points
    return [
        (title, count, amount_text(amount, reader.language, in_points=in_points))
        for title, (count, amount, in_points) in sums.items()
    ]


def _asked_in_points(entry: Entry) -> bool:
    row = TRADES.get(entry.kind)
    return row.in_points if row is not None else entry.in_points


def _left(entry: Entry) -> str:
    """As it is typed."""
    return str(entry.left_minor) if entry.in_points else f"{entry.left_minor / 100:.2f}"


def _bill(reader: Reader, bill: BillShown) -> dict[str, Any]:
    def money(amount: int) -> str:
        return amount_text(amount, reader.language, in_points=False)

    return {
        "total": money(bill.total_minor),
        "cash": money(bill.cash_minor) if bill.cash_minor else "",
        "rest": money(bill.rest_minor) if bill.rest_minor else "",
        "rest_typed": f"{bill.rest_minor / 100:.2f}",
        "paid": [line_of(reader, one) for one in bill.paid],
        "is_split": len(bill.paid) > 1 or bool(bill.cash_minor or bill.rest_minor),
    }
