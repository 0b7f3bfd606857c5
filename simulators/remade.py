"""One recorded message of a terminal made anew: by another, of another card, of another batch.

What is kept of it is said as it was; its card, PIN block and chip data are those of the card that
plays it, and what it refers to is what the replay itself was told.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from host.estate.plan import CardPlan
from host.hsm.pin import make_pin_block
from host.model.requests import X9_8_WITHOUT_PAN, Kind
from host.model.secrets import Secret
from simulators import messages
from simulators.messages import Fields
from simulators.recording import BATCH, Cast, batch_in
from simulators.session import BATCH_LAST, PosSession
from terminals.fields import ORIGINAL_DATA, UPLOAD_RECORD, digits_of
from terminals.recorded import KEPT_IN_62, Heard, Uploaded
from terminals.vouchers import CODED, voucher_text

WRONG_PIN: Final = frozenset({"55", "75"})
"""Told to a wrong PIN; the second to any that comes after too many of them."""
NOT_FOUND: Final = "25"
NOT_REPLAYED: Final = "its original was not replayed, or came before the recording"
STATUS: Final = b"replayed".hex().upper()
PRODUCT: Final = f"{messages.PRODUCT_CODE:<30}".encode().hex().upper()


class NotSayableError(Exception):
    """Its original is not to be had; says why."""


@dataclass(slots=True, kw_only=True)
class Told:
    """What an approved original was told, then and now."""

    was: Mapping[str, str]
    now: Mapping[str, str]


@dataclass(slots=True, kw_only=True)
class Seat:
    """One terminal of the recording, and who plays it."""

    name: str
    session: PosSession
    merchant: str
    """As the recording names it."""
    was_batch: str
    now_batch: str = ""
    traces: dict[tuple[str, str], str] = field(default_factory=dict)
    """By batch and trace of the recording: what stands in their place."""

    def batch(self, was: str) -> str:
        """The batch in place of one of the recording: as far from the first as that was."""
        if not (self.was_batch and self.now_batch and was.isdecimal() and int(was)):
            return was
        ahead = int(was) - int(self.was_batch)
        return f"{(int(self.now_batch) + ahead - 1) % BATCH_LAST + 1:06d}"

    def trace(self, batch: str, was: str) -> str:
        """The trace in place of one of the recording, the same whenever it comes again."""
        key = (batch, was)
        if key not in self.traces:
            self.traces[key] = self.session.next_trace()
        return self.traces[key]


def pin_of(card: CardPlan, line: Heard) -> Secret:
    """The card's PIN, or another where the recording's was wrong."""
    pin = card.pin or Secret(b"000000")
    if (line.told or {}).get("39") in WRONG_PIN:
        digits = pin.reveal().decode()
        pin = Secret(f"{digits[:-1]}{(int(digits[-1]) + 1) % 10}".encode())
    return pin


def check_original(line: Heard, sale: "Told | None") -> None:
    """Whether what a message refers to was replayed.

    Raises:
        NotSayableError: it was not, and the recording's was found.
    """
    told = line.told or {}
    if "37" not in line.asked or sale is not None or told.get("39") == NOT_FOUND:
        return
    if line.kind is not Kind.CASH_LOAD_CONFIRM:
        raise NotSayableError(NOT_REPLAYED)


def named_by(asked: Mapping[str, str]) -> str:
    """By what a message names its original: its reference, or the code that stands on its slip."""
    return asked.get("37") or slip_of(asked)


def slip_of(fields: Mapping[str, str]) -> str:
    """The key of what a slip's code names, unlike any reference; empty where it has no code."""
    return f"38:{fields['38']}" if "38" in fields else ""


class Remade:
    """One message made anew."""

    def __init__(self, seat: Seat, cast: Cast, sales: Mapping[str, Told], line: Heard) -> None:
        self._seat = seat
        self._cast = cast
        self._line = line
        self._asked = line.asked
        self._sale = sales.get(named_by(line.asked))

    def fields(self) -> Fields:
        """Its fields, without the code that seals it.

        Raises:
            NotSayableError: what it refers to is not to be had.
        """
        check_original(self._line, self._sale)
        made = dict(self._asked)
        made["41"] = self._seat.session.plan.terminal_id
        if self._asked.get("42") == self._seat.merchant:
            made["42"] = self._seat.session.who.merchant_id
        batch = batch_in(self._asked)
        if batch:
            control = self._asked["60"]
            made["60"] = control[: BATCH.start] + self._seat.batch(batch) + control[BATCH.stop :]
        if "11" in made:
            made["11"] = self._seat.trace(batch, self._asked["11"])
        return made | self._original() | self._card() | self._own()

    def _original(self) -> Fields:
        made: Fields = {}
        asked, sale = self._asked, self._sale
        if sale is not None:
            if "37" in asked:
                made["37"] = sale.now["37"]
            if "38" in asked and asked["38"] == sale.was.get("38"):
                made["38"] = sale.now.get("38", asked["38"])
        reference = asked.get("61", "")
        if reference:
            batch, trace, date = reference[:6], reference[6:12], reference[12:]
            if int(batch):
                known = self._seat.traces.get((batch, trace), trace)
                batch, trace = self._seat.batch(batch), known
            if sale is not None and date == sale.was.get("13"):
                date = sale.now.get("13", date)
            made["61"] = batch + trace + date
        if "90" in asked:
            made["90"] = self._original_data(asked["90"])
        return made

    def _original_data(self, was: str) -> str:
        """F90 with the trace that stands in place of the recording's."""
        place = ORIGINAL_DATA["trace"]
        known = self._seat.traces.get((batch_in(self._asked), was[place]), was[place])
        return was[: place.start] + known + was[place.stop :]

    def _card(self) -> Fields:
        line, withheld = self._line, self._line.withheld
        made: Fields = {}
        if not line.card:
            return made
        card = self._cast.cards[line.card]
        if "2" in withheld:
            made["2"] = card.pan.reveal()
        if "14" in withheld:
            made["14"] = card.expiry
        if "35" in withheld:
            track = f"{card.pan.reveal()}D{card.expiry}{messages.SERVICE_CODE}"
            made["35"] = track.ljust(messages.TRACK_2_DIGITS, "0")
        if "52" in withheld:
            made["52"] = self._pin_block(card)
        return made

    def _pin_block(self, card: CardPlan) -> str:
        pin = pin_of(card, self._line)
        pik = self._seat.session.who.pik
        if pik is None:
            raise NotSayableError("its terminal could not sign on")
        is_bare = self._asked.get("53", "").startswith("1")
        form = X9_8_WITHOUT_PAN if is_bare else 0
        return make_pin_block(pik, pin, card.pan, form).reveal().hex().upper()

    def _own(self) -> Fields:
        withheld, made = self._line.withheld, Fields()
        if "55" in withheld:
            made["55"] = messages.CHIP_DATA
        if "62" in withheld and self._line.kind not in KEPT_IN_62:
            made["62"] = self._particulars()
        if "63" in withheld:
            made["63"] = messages.OPERATOR
        if self._line.records:
            batch = batch_in(self._asked)
            made["48"] = f"{len(self._line.records):02d}" + "".join(
                self._record(batch, one) for one in self._line.records
            )
        return made

    def _particulars(self) -> str:
        """F62 of what is not kept with it."""
        if self._line.kind in CODED:
            code = self._cast.vouchers[self._line.voucher].code
            return voucher_text(code.reveal()).encode().hex().upper()
        return STATUS if self._line.kind is Kind.STATUS_UPLOAD else PRODUCT

    def _record(self, batch: str, one: Uploaded) -> str:
        card = self._cast.cards.get(one.card)
        return digits_of(
            UPLOAD_RECORD,
            {
                "card": int(one.is_foreign),
                "trace": int(self._seat.traces.get((batch, one.trace), one.trace)),
                "pan": int(card.pan.reveal()) if card is not None else 0,
                "amount": one.amount_minor,
            },
        )
