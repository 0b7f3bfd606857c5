"""A till or an app of a channel that repeats: what it does, whatever its messages look like.

Where a POS terminal reverses what was not answered, these send the very same message again, sealed
anew where its keys serve only once, and get the first answer. Only when that stays silent too is a
message that may have posted reversed, now and before the next trade. A refund is only ever
repeated. `Speaker` knows the spelling.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from host.estate.plan import CardPlan, VoucherPlan
from host.model.claims import REVERSAL_ENDS
from host.model.requests import REPEATED, Kind
from host.model.secrets import Secret
from simulators.batch import Batch, Entry
from simulators.mending import (
    ATTEMPTS_MAX,
    UNDECIDED,
    Mending,
    NotByHandError,
    Pending,
    is_decided,
)
from simulators.messages import NO_CARD, Sale
from simulators.record import Event, Record, What
from simulators.session import WRONG_BATCH, Ask
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
from terminals.batches import Halves
from terminals.believed import SILENCE, Answer, Verdict

SENDINGS_MAX: Final = 2
"""How often one message is sent before it counts as not answered."""
MENDED: Final = frozenset(
    {
        Kind.PURCHASE,
        Kind.COMBINED_PURCHASE,
        Kind.VOID,
        Kind.POINTS_REDEMPTION,
        Kind.POINTS_EARN,
        Kind.VOUCHER_REDEMPTION,
        Kind.LOAD_BY_CODE,
        Kind.VOUCHER_VOID,
        Kind.LOAD_BY_PHONE,
        Kind.PHONE_LOAD_VOID,
        Kind.LOTTERY_DRAW,
        Kind.CASH_LOAD,
        Kind.PREAUTH,
        Kind.PREAUTH_INCREMENT,
        Kind.PREAUTH_VOID,
        Kind.COMPLETION,
        Kind.COMPLETION_VOID,
    }
)
"""What is reversed when it stays without an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A message as it goes out, and again when it is repeated."""

    payload: bytes
    slot: str
    """`ExchangeKey.text` of the financial message."""
    batch: str
    trace: str
    renew: "Callable[[], Sent] | None" = None
    """Seals the same message anew; None where its very bytes may be sent again."""

    def again(self) -> "Sent":
        """As it is repeated."""
        return self if self.renew is None else self.renew()


class Speaker(Protocol):
    """How one kind of till spells what it asks, and reads what it is told."""

    @property
    def last_number(self) -> int:
        """The number that was taken last."""

    def trade(self, trade: Trade) -> Sent:
        """A transaction; takes the next number."""

    def undo(self, trade: Trade, sent: Sent) -> Sent:
        """The reversal of one."""

    def settle(self, totals: Halves) -> Sent:
        """What the day adds up to."""

    def sign_on(self) -> Sent:
        """Asks for keys, or where there are none to ask for whether the switch is there."""

    def echo(self) -> Sent:
        """Asks whether the switch is there."""

    def is_answer(self, sent: Sent, payload: bytes) -> bool:
        """Whether a frame is meant for this message."""

    def read(self, sent: Sent, payload: bytes) -> Answer:
        """The answer after every check; `39` and `37` stand among its words."""

    def signed_on(self, answer: Answer) -> None:
        """Take the keys of an approved sign-on."""

    def begin_batch(self) -> None:
        """A settlement has closed the batch."""

    def leave_batch(self, answer: Answer) -> None:
        """The batch is not the current one: go on in the next, or in the one that is named."""


class Trader:
    """One till or app, one transaction at a time: the trades of `simulators.terminal`."""

    def __init__(
        self, speaker: Speaker, ask: Ask, record: Record, *, attempts_max: int = ATTEMPTS_MAX
    ) -> None:
        self.batch = Batch()
        self._speaker = speaker
        self._ask = ask
        self._record = record
        self._last: _Traded | None = None
        self._owed = Mending(self._exchange_again, self._book_late, record, attempts_max)
        self._wants_sign_on = False

    @property
    def last_trace(self) -> int:
        """The number of what was asked last."""
        return self._speaker.last_number

    async def sign_on(self) -> Answer:
        """Fetch keys, where the channel has keys to fetch."""
        answer = await self._exchange(self._speaker.sign_on())
        self._owed.has_newer_keys()
        if answer.is_approved:
            self._speaker.signed_on(answer)
            self._wants_sign_on = False
        return answer

    async def sign_off(self) -> Answer:
        """Go home; what is pending is tried once more before."""
        await self.mend()
        return await self.echo()

    async def echo(self) -> Answer:
        """Ask whether the switch is there."""
        return await self._exchange(self._speaker.echo())

    async def balance(self, card: CardPlan, pin: Secret | None) -> Done:
        """What is on the card."""
        return await self._trade(Trade(kind=Kind.BALANCE_INQUIRY, card=card, pin=pin))

    async def account(self, card: CardPlan, pin: Secret | None) -> Done:
        """All that is on the card: value and points, held and to spend."""
        return await self._trade(Trade(kind=Kind.ACCOUNT_INQUIRY, card=card, pin=pin))

    async def purchase(self, card: CardPlan, amount_minor: int, pin: Secret | None) -> Done:
        """Sell for money on the card."""
        trade = Trade(kind=Kind.PURCHASE, card=card, amount_minor=amount_minor, pin=pin)
        return await self._trade(trade)

    async def purchase_part(self, card: CardPlan, amount_minor: int, pin: Secret | None) -> Done:
        """Sell for money on the card, or for what there is of it."""
        return await self._trade(
            Trade(
                kind=Kind.PURCHASE, card=card, amount_minor=amount_minor, pin=pin, takes_part=True
            )
        )

    async def combined(
        self, card: CardPlan, amount_minor: int, pin: Secret | None, points_max: int | None = None
    ) -> Done:
        """Sell for points first, then for money, or for what there is of both."""
        return await self._trade(
            Trade(
                kind=Kind.COMBINED_PURCHASE,
                card=card,
                amount_minor=amount_minor,
                pin=pin,
                takes_part=True,
                points_max=points_max,
            )
        )

    async def redeem_part(self, card: CardPlan, points: int) -> Done:
        """Sell for points, or for as many as there are."""
        return await self._trade(
            Trade(kind=Kind.POINTS_REDEMPTION, card=card, amount_minor=points, takes_part=True)
        )

    async def load_cash(self, card: CardPlan, amount_minor: int) -> Done:
        """Take cash, put value on the card."""
        return await self._trade(Trade(kind=Kind.CASH_LOAD, card=card, amount_minor=amount_minor))

    async def redeem(self, card: CardPlan, points: int) -> Done:
        """Sell for points."""
        return await self._trade(Trade(kind=Kind.POINTS_REDEMPTION, card=card, amount_minor=points))

    async def earn(self, card: CardPlan, amount_minor: int) -> Done:
        """Give points for what was paid elsewhere."""
        return await self._trade(Trade(kind=Kind.POINTS_EARN, card=card, amount_minor=amount_minor))

    async def take_voucher(self, voucher: VoucherPlan, amount_minor: int, goods: str = "") -> Done:
        """Sell for a voucher that is handed in, and for which article."""
        kind, card = Kind.VOUCHER_REDEMPTION, NO_CARD
        return await self._trade(
            Trade(kind=kind, card=card, amount_minor=amount_minor, voucher=voucher, goods=goods)
        )

    async def load_by_code(self, card: CardPlan, voucher: VoucherPlan) -> Done:
        """Put onto a card what a voucher is worth."""
        face = voucher.face_minor
        return await self._trade(
            Trade(kind=Kind.LOAD_BY_CODE, card=card, amount_minor=face, voucher=voucher)
        )

    async def load_by_phone(self, phone: str, amount_minor: int) -> Done:
        """Take cash, put value on the card of who has this phone number."""
        kind, card = Kind.LOAD_BY_PHONE, NO_CARD
        return await self._trade(
            Trade(kind=kind, card=card, amount_minor=amount_minor, phone=phone)
        )

    async def draw(self, card: CardPlan, lottery: str, points: int) -> Done:
        """Draw in a lottery for points."""
        return await self._trade(
            Trade(kind=Kind.LOTTERY_DRAW, card=card, amount_minor=points, lottery=lottery)
        )

    async def preauth(self, card: CardPlan, amount_minor: int, pin: Secret | None) -> Done:
        """Have money on the card kept."""
        trade = Trade(kind=Kind.PREAUTH, card=card, amount_minor=amount_minor, pin=pin)
        return await self._trade(trade)

    async def of_hold(self, kind: Kind, held: Sale, amount_minor: int) -> Done:
        """Have more kept of a pre-authorisation's card, or take what was."""
        trade = Trade(kind=kind, card=held.card, amount_minor=amount_minor, held=held)
        return await self._trade(trade)

    async def void(self, sale: Sale) -> Done:
        """Take back a sale."""
        kind, amount = VOID_OF.get(sale.kind, Kind.VOID), sale.amount_minor
        return await self._trade(
            Trade(kind=kind, card=sale.card, amount_minor=amount, original=sale)
        )

    async def refund(self, sale: Sale, amount_minor: int) -> Done:
        """Give back all or part of a sale."""
        return await self._trade(
            Trade(kind=Kind.REFUND, card=sale.card, amount_minor=amount_minor, original=sale)
        )

    async def settle(self, *, misses: int = 0) -> Settled:
        """Say what the day adds up to; there is no upload on these channels."""
        await self.mend()
        for trace in list(self.batch.entries)[:misses]:
            del self.batch.entries[trace]
        answer = await self._insist(self._speaker.settle(self.batch.totals()))
        agrees = answer.is_approved and answer.fields.get("agrees") == "yes"
        if agrees:
            self._speaker.begin_batch()
            self.batch = Batch()
        return Settled(answer=answer, agrees=agrees)

    async def repeat(self) -> Answer:
        """Send the last transaction once more.

        Raises:
            NotByHandError: there is none.
        """
        return await self._exchange_again(self._traded().sent)

    async def reverse(self) -> Answer:
        """Undo the last transaction, though its answer came.

        Raises:
            NotByHandError: there is none, or one that is never reversed.
        """
        traded = self._traded()
        if traded.trade.kind not in MENDED:
            raise NotByHandError(f"a {words_of(traded.trade.kind)} is never reversed from here")
        return await self._reverse(traded, BY_HAND)

    async def mend(self) -> None:
        """Send what is pending once more; what is out of attempts is given up.

        Whose keys are not believed any more signs on first, or nothing it sends is.
        """
        if self.has_pending and (self._wants_sign_on or self._owed.wants_sign_on):
            await self.sign_on()
        await self._owed.again()

    @property
    def has_pending(self) -> bool:
        """Whether a reversal or refund still waits for its answer."""
        return len(self._owed) > 0

    async def _trade(self, trade: Trade) -> Done:
        if self._wants_sign_on:
            await self.sign_on()
        await self.mend()
        sent = self._speaker.trade(trade)
        self._record.note(trade.sent(sent.slot))
        answer = await self._insist(sent)
        self._record.note(told(sent.slot, answer))
        if answer.f39 == WRONG_BATCH:
            self._speaker.leave_batch(answer)
            self.batch = Batch()
        entry = Entry(
            kind=trade.kind,
            in_points=trade.is_in_points,
            trace=sent.trace,
            amount_minor=trade.counted(_earned(answer), answer),
            card=trade.card,
        )
        if answer.is_approved:
            self.batch.add(entry)
        self._last = _Traded(trade, sent, entry)
        if answer.verdict is not Verdict.USABLE:
            await self._mend_answer(self._last)
        return Done(
            kind=trade.kind, slot=sent.slot, answer=answer, sale=_sale_of(trade, sent, answer)
        )

    async def _insist(self, sent: Sent) -> Answer:
        """The same again where the first was not answered: a repeat, not a second sale."""
        answer = await self._exchange(sent)
        for _sending in range(SENDINGS_MAX - 1):
            if answer.verdict is Verdict.USABLE:
                return answer
            answer = await self._exchange_again(sent)
            if answer.f39 in UNDECIDED:
                answer = SILENCE
        return answer

    async def _exchange(self, sent: Sent) -> Answer:
        payload = await self._ask(sent.payload, lambda frame: self._speaker.is_answer(sent, frame))
        if payload is None:
            return SILENCE
        answer = self._speaker.read(sent, payload)
        self._wants_sign_on = self._wants_sign_on or answer.asks_sign_on
        return answer

    async def _exchange_again(self, sent: Sent) -> Answer:
        return await self._exchange(sent.again())

    async def _mend_answer(self, traded: "_Traded") -> None:
        sent = traded.sent
        if traded.trade.kind in MENDED:
            await self._reverse(traded, Verdict.SILENCE.value)
        elif traded.trade.kind in REPEATED:
            await self._owed.send(
                Pending(
                    slot=sent.slot,
                    message=sent,
                    told=What.TOLD,
                    is_over=is_decided,
                    entry=traded.entry,
                )
            )

    async def _reverse(self, traded: "_Traded", reason: str) -> Answer:
        sent = traded.sent
        self._record.note(Event(what=What.REVERSAL_SENT, slot=sent.slot, why=reason))
        return await self._owed.send(
            Pending(
                slot=sent.slot,
                message=self._speaker.undo(traded.trade, sent),
                told=What.REVERSAL_TOLD,
                is_over=REVERSAL_ENDS.__contains__,
                entry=traded.entry,
            )
        )

    def _traded(self) -> "_Traded":
        if self._last is None:
            raise NotByHandError("nothing was traded yet")
        return self._last

    def _book_late(self, pending: Pending[Sent], answer: Answer) -> None:
        """What is repeated and told at last stands in the batch; a sale reversed does not."""
        entry = pending.entry
        if entry is None:
            return
        if pending.told is What.REVERSAL_TOLD:
            self.batch.entries.pop(entry.trace, None)
        elif answer.is_approved:
            self.batch.add(entry)


@dataclass(frozen=True, slots=True)
class _Traded:
    """A transaction as it was sent, and its line of the log."""

    trade: Trade
    sent: Sent
    entry: Entry


def _sale_of(trade: Trade, sent: Sent, answer: Answer) -> Sale | None:
    if trade.kind not in SALES or not answer.is_approved:
        return None
    return Sale(
        kind=trade.kind,
        card=trade.card,
        amount_minor=part_of(answer) or trade.amount_minor,
        batch=sent.batch,
        trace=sent.trace,
        rrn=answer.fields.get("37", ""),
        auth_code=answer.fields.get("auth", ""),
        date=answer.fields.get("date", ""),
        slot=sent.slot,
        points=_earned(answer),
        points_worth_minor=worth_of(answer),
        voucher=trade.voucher,
    )


def _earned(answer: Answer) -> int:
    return int(answer.fields.get("points_earned", "0"))
