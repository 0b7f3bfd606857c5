"""One recorded message of a till made anew: under today's date, a number and a card of ours.

A till names a message by its own date and a number: the recording's first date is today, later
ones are as many days later, and each number of a date has one of ours in its place.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from host.estate.plan import CardPlan
from host.hsm.pin import make_pin_block
from host.model.requests import Kind
from simulators.line import Line
from simulators.mis import ZONE, MisTill
from simulators.recording import Cast
from simulators.remade import NotSayableError, Told, check_original, pin_of
from simulators.trader import Sent
from terminals.believed import SILENCE, Answer
from terminals.codec import EncodeError
from terminals.dialects.mis import MisDialect
from terminals.recorded import Heard
from terminals.recorded_words import totals_of, words_told

KEPT: Final = ("time", "unit", "entry", "original_code", "goods", "echo", "keys")
"""Words that are said as they were."""
OURS: Final[Mapping[str, str]] = {
    "goods": "P0001",
    "memo": "replayed",
    "operator": "01",
    "order": "R1",
    "sub_order": "1",
}
"""What stands for words that a recording does not keep."""
SUMS: Final = ("totals", "points_totals")
DATE: Final = "%Y%m%d"


class TillSeat:
    """One till of the recording, and who plays it."""

    def __init__(
        self, till: MisTill, dialect: MisDialect, lines: Sequence[Heard], last_number: int
    ) -> None:
        self._till = till
        self._dialect = dialect
        self._number = last_number
        self._numbers: dict[tuple[str, str], str] = {}
        """By date and number of the recording: what stands in their place."""
        dates = (line.asked.get("date", "") for line in lines)
        self._first = next(filter(None, dates), "")
        self._today = dt.datetime.now(ZONE).date()
        approved = (line for line in lines if (line.told or {}).get("39") == "00")
        merchants = (line.asked.get("merchant", "") for line in (*approved, *lines))
        self._merchant = next(filter(None, merchants), "")

    async def sign_on(self, wire: Line) -> Answer:
        """Fetch working keys."""
        sent = self._till.sign_on()
        told = await wire.ask(sent.payload, lambda frame: self._till.is_answer(sent, frame))
        answer = SILENCE if told is None else self._till.read(sent, told)
        if answer.is_approved:
            self._till.signed_on(answer)
        return answer

    async def say(
        self, wire: Line, cast: Cast, sales: Mapping[str, Told], line: Heard
    ) -> tuple[Answer, dict[str, str]]:
        """Say it, and give its answer with what of that is kept.

        Raises:
            NotSayableError: what it refers to is not to be had, or the form has no place for it.
        """
        if line.kind is Kind.SIGN_ON:
            sent = self._till.sign_on()
        else:
            sent = self._sent(line, self._words(cast, sales, line))
        told = await wire.ask(sent.payload, lambda frame: self._till.is_answer(sent, frame))
        if told is None:
            return SILENCE, {}
        answer = self._till.read(sent, told)
        if line.kind is Kind.SIGN_ON and answer.is_approved:
            self._till.signed_on(answer)
        kept = words_told(self._dialect, told) or {}
        kept.pop("next", None)
        return answer, kept

    def _sent(self, line: Heard, words: dict[str, Any]) -> Sent:
        number = self._number_of(line.asked.get("date", ""), line.asked["11"])
        date = words.get("date", "")
        try:
            return self._till.said(line.asked["t"], number, date, words)
        except EncodeError as error:
            raise NotSayableError(f"this form has no place for it: {error}") from None

    def _words(self, cast: Cast, sales: Mapping[str, Told], line: Heard) -> dict[str, Any]:
        asked, sale = line.asked, sales.get(line.asked.get("37", ""))
        check_original(line, sale)
        words: dict[str, Any] = {name: asked[name] for name in KEPT if name in asked}
        words |= {name: text for name, text in OURS.items() if name in line.withheld}
        words |= {name: totals_of(asked[name]) for name in SUMS if name in asked}
        if "amount" in asked:
            words["amount"] = int(asked["amount"])
        if "partial" in asked:
            words["partial"] = True
        if "points_max" in asked:
            words["points_max"] = int(asked["points_max"])
        if "date" in asked:
            words["date"] = self._date(asked["date"])
        if asked.get("merchant", self._merchant) != self._merchant:
            words["merchant"] = asked["merchant"]
        if line.voucher:
            words["voucher"] = cast.vouchers[line.voucher].code.reveal()
        return words | self._original(asked, sale) | self._card(cast, line)

    def _original(self, asked: Mapping[str, str], sale: Told | None) -> dict[str, str]:
        words: dict[str, str] = {}
        date = asked.get("original_date", asked.get("date", ""))
        if "original_number" in asked:
            key = (date, asked["original_number"])
            words["original_number"] = self._numbers.get(key, asked["original_number"])
        if "original_date" in asked:
            words["original_date"] = self._date(asked["original_date"])
        if "37" in asked:
            words["original_reference"] = sale.now["37"] if sale is not None else asked["37"]
        if "38" in asked:
            is_its_own = sale is not None and asked["38"] == sale.was.get("38")
            now = sale.now.get("38") if sale is not None and is_its_own else None
            words["original_auth"] = now or asked["38"]
        return words

    def _card(self, cast: Cast, line: Heard) -> dict[str, str]:
        if not line.card:
            return {}
        card: CardPlan = cast.cards[line.card]
        made: dict[str, Callable[[], str]] = {
            "card": card.pan.reveal,
            "expiry": lambda: card.expiry,
            "pin": lambda: self._pin_block(card, line),
        }
        return {name: made[name]() for name in made if name in line.withheld}

    def _pin_block(self, card: CardPlan, line: Heard) -> str:
        block = make_pin_block(self._till.pik, pin_of(card, line), card.pan, 0)
        return block.reveal().hex().upper()

    def _number_of(self, date: str, was: str) -> str:
        key = (date, was)
        if key not in self._numbers:
            self._number += 1
            self._numbers[key] = f"{self._number:012d}"
        return self._numbers[key]

    def _date(self, was: str) -> str:
        """As many days from today as it was from the recording's first date."""
        try:
            later = dt.date.fromisoformat(was) - dt.date.fromisoformat(self._first)
        except ValueError:
            return was
        return f"{self._today + later:{DATE}}"
