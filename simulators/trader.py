"""A till or an app of a channel that repeats: what it does, whatever its messages look like.

Where a POS terminal reverses what was not answered, these send the very same message again and
get the first answer. Only when that stays silent too is a message that may have posted reversed,
now and before the next trade. A refund is only ever repeated. `Speaker` knows the spelling.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final, Protocol

from host.estate.plan import CardPlan
from host.model.claims import REVERSAL_ENDS
from host.model.money import POINTS_PREFIX
from host.model.requests import Kind
from host.model.secrets import Secret
from simulators.answers import SILENCE, Answer, Verdict
from simulators.batch import Batch, Entry, Halves
from simulators.line import IsMine
from simulators.messages import Sale
from simulators.record import Event, Record, What
from simulators.terminal import CURRENCY, IN_POINTS, SALES, UNDECIDED, Done, Settled

Ask = Callable[[bytes, IsMine], Awaitable[bytes | None]]

SENDINGS_MAX: Final = 2
"""How often one message is sent before it counts as not answered."""
ATTEMPTS_MAX: Final = 3
MENDED: Final = frozenset(
    {Kind.PURCHASE, Kind.VOID, Kind.POINTS_REDEMPTION, Kind.POINTS_EARN, Kind.CASH_LOAD}
)
"""What is reversed when it stays without an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """What is done at the counter."""

    kind: Kind
    card: CardPlan | None = None
    amount_minor: int = 0
    pin: Secret | None = None
    original: Sale | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A message as it goes out, and again when it is repeated."""

    payload: bytes
    slot: str
    """`ExchangeKey.text` of the financial message."""
    batch: str
    trace: str


class Speaker(Protocol):
    """How one kind of till spells what it asks, and reads what it is told."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pending:
    """What must reach the host."""

    slot: str
    sent: Sent
    told: What
    is_over: Callable[[str], bool]
    entry: Entry | None = None
    attempts: int = 0


class Trader:
    """One till or app, one transaction at a time: the doings of `simulators.terminal`."""

    def __init__(
        self, speaker: Speaker, ask: Ask, record: Record, *, attempts_max: int = ATTEMPTS_MAX
    ) -> None:
        self.batch = Batch()
        self._speaker = speaker
        self._ask = ask
        self._record = record
        self._attempts_max = attempts_max
        self._pending: list[_Pending] = []

    async def sign_on(self) -> Answer:
        """Fetch keys, where the channel has keys to fetch."""
        answer = await self._exchange(self._speaker.sign_on())
        if answer.is_approved:
            self._speaker.signed_on(answer)
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

    async def purchase(self, card: CardPlan, amount_minor: int, pin: Secret | None) -> Done:
        """Sell for money on the card."""
        trade = Trade(kind=Kind.PURCHASE, card=card, amount_minor=amount_minor, pin=pin)
        return await self._trade(trade)

    async def load_cash(self, card: CardPlan, amount_minor: int) -> Done:
        """Take cash, put value on the card."""
        return await self._trade(Trade(kind=Kind.CASH_LOAD, card=card, amount_minor=amount_minor))

    async def redeem(self, card: CardPlan, points: int) -> Done:
        """Sell for points."""
        return await self._trade(Trade(kind=Kind.POINTS_REDEMPTION, card=card, amount_minor=points))

    async def earn(self, card: CardPlan, amount_minor: int) -> Done:
        """Give points for what was paid elsewhere."""
        return await self._trade(Trade(kind=Kind.POINTS_EARN, card=card, amount_minor=amount_minor))

    async def void(self, sale: Sale) -> Done:
        """Take back a sale."""
        amount = sale.amount_minor
        return await self._trade(
            Trade(kind=Kind.VOID, card=sale.card, amount_minor=amount, original=sale)
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

    async def mend(self) -> None:
        """Send what is pending once more; what is out of attempts is given up."""
        pending, self._pending = self._pending, []
        for one in pending:
            await self._send_pending(one)

    @property
    def has_pending(self) -> bool:
        """Whether a reversal or refund still waits for its answer."""
        return bool(self._pending)

    async def _trade(self, trade: Trade) -> Done:
        await self.mend()
        card = trade.card
        assert card is not None
        sent = self._speaker.trade(trade)
        self._record.note(
            Event(
                what=What.SENT,
                slot=sent.slot,
                kind=trade.kind,
                card_id=card.id,
                amount_minor=_recorded(trade),
                unit=POINTS_PREFIX if _is_in_points(trade) else CURRENCY,
                original_slot=trade.original.slot if trade.original else None,
            )
        )
        answer = await self._insist(sent)
        self._note(sent, answer)
        entry = Entry(
            kind=trade.kind,
            in_points=_is_in_points(trade),
            trace=sent.trace,
            amount_minor=_counted(trade, answer),
            card=card,
        )
        if answer.is_approved:
            self.batch.add(entry)
        elif answer.verdict is not Verdict.USABLE:
            await self._mend_answer(trade, sent, entry)
        return Done(
            kind=trade.kind, slot=sent.slot, answer=answer, sale=_sale_of(trade, sent, answer)
        )

    async def _insist(self, sent: Sent) -> Answer:
        """The same bytes again where the first were not answered: a repeat, not a second sale."""
        answer = await self._exchange(sent)
        for _sending in range(SENDINGS_MAX - 1):
            if answer.verdict is Verdict.USABLE:
                return answer
            answer = await self._exchange(sent)
            if answer.f39 in UNDECIDED:
                answer = SILENCE
        return answer

    async def _exchange(self, sent: Sent) -> Answer:
        payload = await self._ask(sent.payload, lambda frame: self._speaker.is_answer(sent, frame))
        if payload is None:
            return SILENCE
        return self._speaker.read(sent, payload)

    def _note(self, sent: Sent, answer: Answer) -> None:
        if answer.verdict is Verdict.USABLE:
            rrn = answer.fields.get("37")
            self._record.note(Event(what=What.TOLD, slot=sent.slot, f39=answer.f39, rrn=rrn))
        else:
            self._record.note(Event(what=What.NOT_TOLD, slot=sent.slot, why=answer.verdict.name))

    async def _mend_answer(self, trade: Trade, sent: Sent, entry: Entry) -> None:
        if trade.kind in MENDED:
            self._record.note(Event(what=What.REVERSAL_SENT, slot=sent.slot, why="98"))
            pending = _Pending(
                slot=sent.slot,
                sent=self._speaker.undo(trade, sent),
                told=What.REVERSAL_TOLD,
                is_over=REVERSAL_ENDS.__contains__,
            )
        elif trade.kind is Kind.REFUND:
            pending = _Pending(
                slot=sent.slot, sent=sent, told=What.TOLD, is_over=_is_decided, entry=entry
            )
        else:
            return
        await self._send_pending(pending)

    async def _send_pending(self, pending: _Pending) -> None:
        answer = await self._exchange(pending.sent)
        pending = replace(pending, attempts=pending.attempts + 1)
        if answer.f39 is not None and pending.is_over(answer.f39):
            rrn = answer.fields.get("37")
            self._record.note(Event(what=pending.told, slot=pending.slot, f39=answer.f39, rrn=rrn))
            if pending.entry is not None and answer.is_approved:
                self.batch.add(pending.entry)
        elif pending.attempts < self._attempts_max:
            self._pending.append(pending)
        else:
            self._record.note(Event(what=What.GIVEN_UP, slot=pending.slot, f39=answer.f39))


def _is_in_points(trade: Trade) -> bool:
    original = trade.original
    return trade.kind in IN_POINTS or (original is not None and original.kind in IN_POINTS)


def _recorded(trade: Trade) -> int:
    """What the ledger shows of it: a void of points earned takes points."""
    original = trade.original
    if original is not None and original.kind is Kind.POINTS_EARN:
        return original.points
    return trade.amount_minor


def _counted(trade: Trade, answer: Answer) -> int:
    if trade.kind is Kind.POINTS_EARN:
        return int(answer.fields.get("points_earned", "0"))
    return _recorded(trade)


def _sale_of(trade: Trade, sent: Sent, answer: Answer) -> Sale | None:
    if trade.kind not in SALES or not answer.is_approved or trade.card is None:
        return None
    return Sale(
        kind=trade.kind,
        card=trade.card,
        amount_minor=trade.amount_minor,
        batch=sent.batch,
        trace=sent.trace,
        rrn=answer.fields.get("37", ""),
        auth_code=answer.fields.get("auth", ""),
        date=answer.fields.get("date", ""),
        slot=sent.slot,
        points=int(answer.fields.get("points_earned", "0")),
    )


def _is_decided(f39: str) -> bool:
    return f39 not in UNDECIDED
