"""A POS terminal: signs on, trades, believes only good answers, and mends what it was not told.

How it mends (protocol notes, section 1.12): a message that may have posted is reversed when its
answer is missing or bad, now and before the next transaction, three attempts in all; a cash
load is confirmed instead; a refund is sent again until it is answered. Everything is written
to its record before it is sent. Told that its batch is not the host's, it settles what it has
sold and signs on anew before it trades on.
"""

from collections.abc import Callable
from typing import Final

from host.estate.plan import CardPlan, VoucherPlan
from host.model.claims import REVERSAL_ENDS
from host.model.requests import REPEATED, Kind
from host.model.secrets import Secret
from simulators import messages
from simulators.batch import Batch, Entry
from simulators.mending import ATTEMPTS_MAX, Mending, NotByHandError, Pending, is_decided
from simulators.messages import Fields, Sale
from simulators.record import Event, Record, What
from simulators.session import LAYOUT, PosSession, batch_of
from simulators.settling import settle
from simulators.trades import (
    BY_HAND,
    SALES,
    VOID_OF,
    Done,
    Settled,
    Trade,
    part_of,
    told,
    words_of,
    worth_of,
)
from terminals.believed import Answer, Verdict
from terminals.fields import POINTS_EARNED

LOAD_IN_DOUBT: Final = "98"
REVERSIBLE: Final = frozenset(
    {Kind.VOID, Kind.PREAUTH_INCREMENT, *VOID_OF.values(), *SALES} - REPEATED
)
UNION_POINTS: Final = "065"
"""F60.7 of a union points purchase; issuer points are what a redemption is without it."""


class PosTerminal:
    """One terminal, one transaction at a time. `ask` is its line.

    A real one remembers its last trace through a power cut; a simulated one is told it.
    """

    def __init__(
        self, session: PosSession, record: Record, *, attempts_max: int = ATTEMPTS_MAX
    ) -> None:
        self.session = session
        self.parameters: bytes = b""
        """F62 of the last download."""
        self._attempts_max = attempts_max
        self._record = record
        self._last: Entry | None = None
        """What was traded last, whatever came of it."""
        self._owed = Mending(self._exchange, self._book_late, record, attempts_max)

    @property
    def last_trace(self) -> int:
        """The newest trace of the batch."""
        return self.session.last_trace

    async def sign_on(self, layout: str = LAYOUT) -> Answer:
        """Fetch working keys in one of the layouts 001, 003, 004, and the batch number."""
        answer = await self.session.sign_on(layout)
        self._owed.has_newer_keys()
        return answer

    async def sign_off(self) -> Answer:
        """Go home; what is pending is tried once more before."""
        await self.mend()
        asked = messages.sign_off(self.session.who, self.session.next_trace())
        return await self.session.exchange(asked, sealed=False)

    async def echo(self) -> Answer:
        """Ask whether the switch is there."""
        return await self.session.exchange(messages.echo(self.session.who), sealed=False)

    async def balance(self, card: CardPlan, pin: Secret | None) -> Done:
        """What is on the card: F54."""
        return await self._swipe(Trade(kind=Kind.BALANCE_INQUIRY, card=card, pin=pin))

    async def account(self, card: CardPlan, pin: Secret | None) -> Done:
        """All that is on the card: value and points, held and to spend."""
        return await self._swipe(Trade(kind=Kind.ACCOUNT_INQUIRY, card=card, pin=pin))

    async def purchase(self, card: CardPlan, amount_minor: int, pin: Secret | None) -> Done:
        """Sell for money on the card."""
        return await self._swipe(
            Trade(kind=Kind.PURCHASE, card=card, amount_minor=amount_minor, pin=pin)
        )

    async def purchase_part(self, card: CardPlan, amount_minor: int, pin: Secret | None) -> Done:
        """Sell for money on the card, or for what there is of it."""
        return await self._swipe(
            Trade(
                kind=Kind.PURCHASE, card=card, amount_minor=amount_minor, pin=pin, takes_part=True
            )
        )

    async def combined(
        self, card: CardPlan, amount_minor: int, pin: Secret | None, points_max: int | None = None
    ) -> Done:
        """Sell for points first, then for money, or for what there is of both."""
        return await self._swipe(
            Trade(
                kind=Kind.COMBINED_PURCHASE,
                card=card,
                amount_minor=amount_minor,
                pin=pin,
                takes_part=True,
                points_max=points_max,
            )
        )

    async def dip(self, card: CardPlan, amount_minor: int, pin: Secret | None) -> Done:
        """Sell for money on a card that is read by its chip."""
        return await self._swipe(
            Trade(kind=Kind.PURCHASE, card=card, amount_minor=amount_minor, pin=pin),
            messages.dipped,
        )

    async def load_cash(self, card: CardPlan, amount_minor: int) -> Done:
        """Take cash, put value on the card."""
        return await self._swipe(Trade(kind=Kind.CASH_LOAD, card=card, amount_minor=amount_minor))

    async def redeem(self, card: CardPlan, points: int) -> Done:
        """Sell for points."""
        return await self._swipe(Trade(kind=Kind.POINTS_REDEMPTION, card=card, amount_minor=points))

    async def redeem_part(self, card: CardPlan, points: int) -> Done:
        """Sell for points of the union, or for as many as there are."""
        return await self._redeem_union(card, points, takes_part=True)

    async def redeem_union(self, card: CardPlan, points: int) -> Done:
        """Sell for points of the merchants' union: another account of the same card."""
        return await self._redeem_union(card, points, takes_part=False)

    async def _redeem_union(self, card: CardPlan, points: int, *, takes_part: bool) -> Done:
        return await self._swipe(
            Trade(
                kind=Kind.POINTS_REDEMPTION, card=card, amount_minor=points, takes_part=takes_part
            ),
            lambda asked, _card: messages.of_account(asked, UNION_POINTS),
        )

    async def earn(self, card: CardPlan, amount_minor: int) -> Done:
        """Give points for what was paid elsewhere."""
        return await self._swipe(Trade(kind=Kind.POINTS_EARN, card=card, amount_minor=amount_minor))

    async def activate(self, card: CardPlan, amount_minor: int) -> Done:
        """Sell a card of a batch: its face value is on it from now on."""
        return await self._swipe(
            Trade(kind=Kind.CARD_ACTIVATION, card=card, amount_minor=amount_minor)
        )

    async def take_voucher(self, voucher: VoucherPlan, amount_minor: int, goods: str = "") -> Done:
        """Sell for a voucher that is handed in, and for which article."""
        await self._before_trade()
        who, trace = self.session.who, self.session.next_trace()
        asked = messages.with_code(messages.handed_in(who, trace, amount_minor), voucher, goods)
        kind, card = Kind.VOUCHER_REDEMPTION, messages.NO_CARD
        trade = Trade(kind=kind, card=card, amount_minor=amount_minor, voucher=voucher)
        return await self._trade(trade, asked)

    async def load_by_code(self, card: CardPlan, voucher: VoucherPlan) -> Done:
        """Put onto a card what a voucher is worth."""
        face = voucher.face_minor
        return await self._swipe(
            Trade(kind=Kind.LOAD_BY_CODE, card=card, amount_minor=face, voucher=voucher),
            lambda asked, _card: messages.with_code(asked, voucher),
        )

    async def load_by_phone(self, phone: str, amount_minor: int) -> Done:
        """Take cash, put value on the card of who has this phone number."""
        await self._before_trade()
        session = self.session
        asked = messages.to_phone(session.who, session.next_trace(), phone, amount_minor)
        kind, card = Kind.LOAD_BY_PHONE, messages.NO_CARD
        trade = Trade(kind=kind, card=card, amount_minor=amount_minor, phone=phone)
        return await self._trade(trade, asked)

    async def draw(self, card: CardPlan, lottery: str, points: int) -> Done:
        """Draw in a lottery for points."""
        return await self._swipe(
            Trade(kind=Kind.LOTTERY_DRAW, card=card, amount_minor=points, lottery=lottery),
            lambda asked, _card: messages.in_lottery(asked, lottery),
        )

    async def points(self, card: CardPlan) -> Done:
        """How many points are on the card: F62."""
        return await self._swipe(Trade(kind=Kind.POINTS_INQUIRY, card=card))

    async def verify_load(self, card: CardPlan) -> Done:
        """How much the card can take: F62."""
        return await self._swipe(Trade(kind=Kind.LOAD_VERIFICATION, card=card))

    async def preauth(self, card: CardPlan, amount_minor: int, pin: Secret | None) -> Done:
        """Have money on the card kept."""
        return await self._swipe(
            Trade(kind=Kind.PREAUTH, card=card, amount_minor=amount_minor, pin=pin)
        )

    async def of_hold(self, kind: Kind, held: Sale, amount_minor: int) -> Done:
        """Have more kept of a pre-authorisation's card, or take what was."""
        await self._before_trade()
        session = self.session
        asked = messages.of_hold(kind, session.who, session.next_trace(), held, amount_minor)
        return await self._trade(Trade(kind=kind, card=held.card, amount_minor=amount_minor), asked)

    async def void(self, sale: Sale) -> Done:
        """Take back a sale of this batch."""
        await self._before_trade()
        amount = sale.amount_minor
        asked = messages.void(self.session.who, self.session.next_trace(), sale)
        kind = VOID_OF.get(sale.kind, Kind.VOID)
        trade = Trade(kind=kind, card=sale.card, amount_minor=amount, original=sale)
        return await self._trade(trade, asked)

    async def refund(self, sale: Sale, amount_minor: int) -> Done:
        """Give back all or part of a sale."""
        await self._before_trade()
        asked = messages.refund(self.session.who, self.session.next_trace(), sale, amount_minor)
        trade = Trade(kind=Kind.REFUND, card=sale.card, amount_minor=amount_minor, original=sale)
        return await self._trade(trade, asked)

    async def settle(self, *, misses: int = 0) -> Settled:
        """Close the batch; `misses` leaves that many entries out, as a lost page of the log."""
        await self._before_trade()
        return await settle(self.session, self._attempts_max, misses=misses)

    async def download_parameters(self) -> Answer:
        """Fetch the terminal's parameters, and say that they were taken."""
        session = self.session
        asked = messages.parameters(session.who, session.next_trace())
        answer = await session.exchange(asked, sealed=False)
        if answer.is_approved:
            self.parameters = bytes.fromhex(answer.fields.get("62", ""))
            ended = messages.parameters_end(session.who, session.next_trace())
            await session.exchange(ended, sealed=False)
        return answer

    async def tell_status(self, text: str) -> Answer:
        """Say how the terminal is: printer, battery, version."""
        asked = messages.status(self.session.who, self.session.next_trace(), text)
        return await self.session.exchange(asked, sealed=False)

    async def repeat(self) -> Answer:
        """Send the last transaction once more, as it was.

        Raises:
            NotByHandError: there is none.
        """
        return await self._exchange(self._traded().asked)

    async def reverse(self) -> Answer:
        """Undo the last transaction, though its answer came.

        Raises:
            NotByHandError: there is none, or one that is never reversed.
        """
        entry = self._traded()
        if entry.kind not in REVERSIBLE:
            raise NotByHandError(f"a {words_of(entry.kind)} is never reversed from here")
        return await self._reverse(entry, BY_HAND)

    async def mend(self) -> None:
        """Send what is pending once more; what is out of attempts is given up.

        Whose keys are not believed any more signs on first, or nothing it sends is.
        """
        if self.has_pending and (self.session.wants_sign_on or self._owed.wants_sign_on):
            await self.sign_on()
        await self._owed.again()

    @property
    def batch(self) -> Batch:
        """The log of the current batch."""
        return self.session.batch

    @property
    def has_pending(self) -> bool:
        """Whether a reversal, confirmation or refund still waits for its answer."""
        return len(self._owed) > 0

    async def _swipe(self, trade: Trade, as_read: "AsRead | None" = None) -> Done:
        await self._before_trade()
        session, amount = self.session, trade.amount_minor
        asked = messages.swiped(
            trade.kind,
            session.who,
            session.next_trace(),
            trade.card,
            amount_minor=amount if trade.kind in WITH_AMOUNT else None,
            pin=trade.pin,
        )
        if as_read is not None:
            asked = as_read(asked, trade.card)
        if trade.takes_part:
            asked = messages.taking_part(asked)
        if trade.points_max is not None:
            asked = messages.with_points(asked, trade.points_max)
        if session.tdk is not None:
            asked = messages.covered(asked, session.tdk)
        return await self._trade(trade, asked)

    async def _before_trade(self) -> None:
        if self.session.wants_batch and self.session.batch.entries:
            await settle(self.session, self._attempts_max)
        if self.session.wants_sign_on or self.session.wants_batch:
            await self.sign_on()
        await self.mend()

    async def _trade(self, trade: Trade, asked: Fields) -> Done:
        slot = self.session.slot_of(asked)
        self._record.note(trade.sent(slot))
        answer = await self._exchange(asked)
        self._record.note(told(slot, answer))
        entry = Entry(
            kind=trade.kind,
            in_points=trade.is_in_points,
            trace=asked["11"],
            amount_minor=trade.counted(_earned(answer), answer),
            card=trade.card,
            asked=asked,
        )
        if answer.is_approved:
            self.session.batch.add(entry)
        elif answer.verdict is Verdict.USABLE:
            self.session.batch.refuse(entry)
        self._last = entry
        await self._mend_answer(entry, slot, answer)
        sale = _sale_of(trade, slot, asked, answer)
        return Done(kind=trade.kind, slot=slot, answer=answer, sale=sale)

    async def _exchange(self, asked: Fields) -> Answer:
        return await self.session.exchange(asked, sealed=True)

    async def _mend_answer(self, entry: Entry, slot: str, answer: Answer) -> None:
        """Queue what makes a missing answer good, and try it at once."""
        kind, asked = entry.kind, entry.asked
        is_told = answer.verdict is Verdict.USABLE
        if kind is Kind.CASH_LOAD and (not is_told or answer.f39 == LOAD_IN_DOUBT):
            self._record.note(Event(what=What.CONFIRM_SENT, slot=slot))
            self.session.batch.add(entry)
            pending = Pending(
                slot=slot,
                message=messages.confirm(asked, entry.card, answer.fields.get("37")),
                told=What.CONFIRM_TOLD,
                is_over=is_decided,
                entry=entry,
            )
        elif kind in REVERSIBLE and not is_told:
            await self._reverse(entry, answer.verdict.value)
            return
        elif kind in REPEATED and not is_told:
            pending = Pending(
                slot=slot, message=asked, told=What.TOLD, is_over=is_decided, entry=entry
            )
        else:
            return
        await self._owed.send(pending)

    async def _reverse(self, entry: Entry, reason: str) -> Answer:
        slot = self.session.slot_of(entry.asked)
        self._record.note(Event(what=What.REVERSAL_SENT, slot=slot, why=reason))
        return await self._owed.send(
            Pending(
                slot=slot,
                message=messages.reversal(entry.asked, reason),
                told=What.REVERSAL_TOLD,
                is_over=REVERSAL_ENDS.__contains__,
                entry=entry,
            )
        )

    def _traded(self) -> Entry:
        if self._last is None:
            raise NotByHandError("nothing was traded yet")
        return self._last

    def _book_late(self, pending: Pending[Fields], answer: Answer) -> None:
        """A refund told at last stands in the batch; a load refused, a sale reversed does not."""
        entry, session = pending.entry, self.session
        if entry is None or batch_of(pending.message) != session.who.batch:
            return
        if answer.is_approved and pending.told is not What.REVERSAL_TOLD:
            session.batch.add(entry)
        else:
            session.batch.entries.pop(entry.trace, None)


AsRead = Callable[[Fields, CardPlan], Fields]
"""What reading a card otherwise than by its stripe makes of a message."""
WITH_AMOUNT: Final = frozenset(
    {
        Kind.PURCHASE,
        Kind.COMBINED_PURCHASE,
        Kind.CASH_LOAD,
        Kind.POINTS_REDEMPTION,
        Kind.POINTS_EARN,
        Kind.CARD_ACTIVATION,
        Kind.LOTTERY_DRAW,
        Kind.PREAUTH,
    }
)


def _sale_of(trade: Trade, slot: str, asked: Fields, answer: Answer) -> Sale | None:
    if trade.kind not in SALES or not answer.is_approved:
        return None
    return Sale(
        kind=trade.kind,
        card=trade.card,
        amount_minor=part_of(answer) or trade.amount_minor,
        batch=batch_of(asked),
        trace=asked["11"],
        rrn=answer.fields["37"],
        auth_code=answer.fields.get("38", "000000"),
        date=answer.fields["13"],
        slot=slot,
        points=_earned(answer) if trade.kind is Kind.POINTS_EARN else 0,
        points_worth_minor=worth_of(answer),
        voucher=trade.voucher,
    )


def _earned(answer: Answer) -> int:
    """Points a POINTS_EARN's answer tells: of other answers F62 says something else."""
    text = bytes.fromhex(answer.fields.get("62", "")).decode("ascii", "replace")
    digits = text[POINTS_EARNED["earned"]]
    return int(digits) if digits.isdigit() else 0
