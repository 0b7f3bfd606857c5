"""A POS terminal: signs on, trades, believes only good answers, and mends what it was not told.

How it mends (protocol notes, section 1.12): a message that may have posted is reversed when its
answer is missing or bad, now and before the next transaction, three attempts in all; a cash
load is confirmed instead; a refund is sent again until it is answered. Everything is written
to its record before it is sent.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final

from host.estate.plan import CardPlan, MerchantPlan, TerminalPlan
from host.hsm.keys import KeyBlockError, receive
from host.hsm.mac import Mac, mac_for
from host.model.claims import REVERSAL_ENDS
from host.model.money import POINTS_PREFIX
from host.model.requests import ExchangeKey, Family, Kind
from host.model.secrets import Secret
from simulators import messages
from simulators.answers import Answer, Verdict, check_answer, is_answer_to
from simulators.batch import Batch, Entry, compact_uploads, flags_of, totals_digits
from simulators.line import IsMine
from simulators.messages import Fields, Sale, Who
from simulators.record import Event, Record, What
from terminals.dialects.pos import POS
from terminals.fields import AGREED, POINTS_EARNED

ATTEMPTS_MAX: Final = 3
"""How often a reversal, confirmation or refund is sent, unless a terminal is told otherwise."""
LAYOUT: Final = "003"
TRACE_MAX: Final = 999_999
CURRENCY: Final = "CNY"
LOAD_IN_DOUBT: Final = "98"
UNDECIDED: Final = frozenset({"09", "68", "90", "91", "92", "96", "97", "98", "99", "A0"})
"""F39 values that say nothing of an earlier sending of the same message."""

Ask = Callable[[bytes, IsMine], Awaitable[bytes | None]]

REVERSIBLE: Final = frozenset({Kind.PURCHASE, Kind.VOID, Kind.POINTS_REDEMPTION, Kind.POINTS_EARN})
IN_POINTS: Final = frozenset({Kind.POINTS_REDEMPTION, Kind.POINTS_EARN})
SALES: Final = frozenset({Kind.PURCHASE, Kind.POINTS_REDEMPTION, Kind.POINTS_EARN})
"""What a void can take back."""
WRONG_BATCH: Final = "77"
BATCH_LAST: Final = 999_998


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """How a settlement ended, and the upload that followed where the totals did not agree."""

    answer: Answer
    agrees: bool
    uploaded: int = 0
    end: Answer | None = None

    @property
    def is_over(self) -> bool:
        """Whether the terminal is in its next batch."""
        return self.answer.verdict is Verdict.USABLE and (
            self.end is not None and self.end.is_approved
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """How a transaction ended for the cashier."""

    kind: Kind
    slot: str
    answer: Answer
    sale: Sale | None = None
    """What a void or refund would need, after an approved purchase or redemption."""

    @property
    def f39(self) -> str | None:
        """The response code, nothing where no answer was worth believing."""
        return self.answer.f39


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pending:
    """A message that must reach the host: sent again before the next transaction."""

    slot: str
    fields: Fields
    told: What
    is_over: Callable[[str], bool]
    """Whether this F39 ends it."""
    entry: Entry | None = None
    """What stands in the batch once it is approved."""
    attempts: int = 0
    """How often it was sent."""


class PosTerminal:
    """One terminal, one transaction at a time. `ask` is its line.

    A real one remembers its last trace through a power cut; a simulated one is told it.
    """

    def __init__(
        self,
        plan: TerminalPlan,
        merchant: MerchantPlan,
        ask: Ask,
        record: Record,
        *,
        last_trace: int = 0,
        attempts_max: int = ATTEMPTS_MAX,
    ) -> None:
        self.plan = plan
        self._attempts_max = attempts_max
        self._ask = ask
        self._record = record
        self._trace = last_trace
        self._pending: list[_Pending] = []
        self._wants_sign_on = plan.working is None
        self._mac: Mac | None = None
        self.batch = Batch()
        self.parameters: bytes = b""
        """F62 of the last download."""
        self._who = Who(
            terminal_id=plan.terminal_id, merchant_id=merchant.merchant_id, batch=plan.epoch
        )
        if plan.working is not None:
            self._use_keys(plan.working.pik, plan.working.mak)

    async def sign_on(self, layout: str = LAYOUT) -> Answer:
        """Fetch working keys and the batch number; the old keys stay when it fails."""
        asked = messages.sign_on(
            self._who, self._next_trace(), layout, self.plan.terminal_id.rjust(12, "3")
        )
        answer = await self._exchange(asked, sealed=False)
        if answer.is_approved:
            self._sign_on_with(answer.fields, layout)
        return answer

    async def sign_off(self) -> Answer:
        """Go home; what is pending is tried once more before."""
        await self.mend()
        return await self._exchange(messages.sign_off(self._who, self._next_trace()), sealed=False)

    async def echo(self) -> Answer:
        """Ask whether the switch is there."""
        return await self._exchange(messages.echo(self._who), sealed=False)

    async def balance(self, card: CardPlan, pin: Secret | None) -> Done:
        """What is on the card: F54."""
        return await self._swipe(Kind.BALANCE_INQUIRY, card, None, pin)

    async def purchase(self, card: CardPlan, amount_minor: int, pin: Secret | None) -> Done:
        """Sell for money on the card."""
        return await self._swipe(Kind.PURCHASE, card, amount_minor, pin)

    async def load_cash(self, card: CardPlan, amount_minor: int) -> Done:
        """Take cash, put value on the card."""
        return await self._swipe(Kind.CASH_LOAD, card, amount_minor, None)

    async def redeem(self, card: CardPlan, points: int) -> Done:
        """Sell for points."""
        return await self._swipe(Kind.POINTS_REDEMPTION, card, points, None)

    async def earn(self, card: CardPlan, amount_minor: int) -> Done:
        """Give points for what was paid elsewhere."""
        return await self._swipe(Kind.POINTS_EARN, card, amount_minor, None)

    async def points(self, card: CardPlan) -> Done:
        """How many points are on the card: F62."""
        return await self._swipe(Kind.POINTS_INQUIRY, card, None, None)

    async def verify_load(self, card: CardPlan) -> Done:
        """How much the card can take: F62."""
        return await self._swipe(Kind.LOAD_VERIFICATION, card, None, None)

    async def void(self, sale: Sale) -> Done:
        """Take back a sale of this batch."""
        await self._before_trade()
        asked = messages.void(self._who, self._next_trace(), sale)
        return await self._trade(Kind.VOID, asked, sale.card, sale.amount_minor, sale)

    async def refund(self, sale: Sale, amount_minor: int) -> Done:
        """Give back all or part of a sale."""
        await self._before_trade()
        asked = messages.refund(self._who, self._next_trace(), sale, amount_minor)
        return await self._trade(Kind.REFUND, asked, sale.card, amount_minor, sale)

    async def settle(self, *, misses: int = 0) -> Settled:
        """Close the batch: totals, where they do not agree the records, and the upload's end.

        `misses` leaves that many entries out of the totals, as a terminal does that lost a page
        of its log.
        """
        await self._before_trade()
        for trace in list(self.batch.entries)[:misses]:
            del self.batch.entries[trace]
        totals = totals_digits(self.batch.totals())
        asked = messages.settlement(self._who, self._next_trace(), totals)
        answer = await self._insist(asked)
        if answer.verdict is not Verdict.USABLE:
            return Settled(answer=answer, agrees=False)
        if answer.asks_sign_on:
            await self.sign_on()
            return Settled(answer=answer, agrees=False)
        agrees = set(flags_of(answer.fields["48"])) == {AGREED}
        uploaded = 0 if agrees else await self._upload()
        end = await self._insist(
            messages.upload_end(self._who, self._next_trace(), uploaded, balanced=agrees)
        )
        if end.is_approved:
            self._begin_batch(f"{int(self._who.batch) % BATCH_LAST + 1:06d}")
        return Settled(answer=answer, agrees=agrees, uploaded=uploaded, end=end)

    async def download_parameters(self) -> Answer:
        """Fetch the terminal's parameters, and say that they were taken."""
        answer = await self._exchange(
            messages.parameters(self._who, self._next_trace()), sealed=False
        )
        if answer.is_approved:
            self.parameters = bytes.fromhex(answer.fields.get("62", ""))
            ended = messages.parameters_end(self._who, self._next_trace())
            await self._exchange(ended, sealed=False)
        return answer

    async def tell_status(self, text: str) -> Answer:
        """Say how the terminal is: printer, battery, version."""
        asked = messages.status(self._who, self._next_trace(), text)
        return await self._exchange(asked, sealed=False)

    async def mend(self) -> None:
        """Send what is pending once more; what is out of attempts is given up."""
        pending, self._pending = self._pending, []
        for one in pending:
            await self._send_pending(one)

    @property
    def has_pending(self) -> bool:
        """Whether a reversal, confirmation or refund still waits for its answer."""
        return bool(self._pending)

    async def _upload(self) -> int:
        """Send every record, compact ones first; gives how many."""
        for records in compact_uploads(self.batch.compact):
            asked = messages.compact_upload(self._who, self._next_trace(), records)
            await self._insist(asked)
        for entry in self.batch.whole:
            await self._insist(messages.whole_upload(entry.asked))
        return len(self.batch.entries)

    async def _insist(self, asked: Fields) -> Answer:
        """Send a message that moves nothing again until it is answered."""
        answer = await self._exchange(asked, sealed=False)
        for _attempt in range(self._attempts_max - 1):
            if answer.verdict is Verdict.USABLE:
                break
            answer = await self._exchange(asked, sealed=False)
        return answer

    def _begin_batch(self, number: str) -> None:
        """A new batch has traces of its own and an empty log."""
        if number != self._who.batch:
            self._who = replace(self._who, batch=number)
            self._trace = 0
            self.batch = Batch()

    async def _swipe(
        self, kind: Kind, card: CardPlan, amount_minor: int | None, pin: Secret | None
    ) -> Done:
        await self._before_trade()
        trace = self._next_trace()
        asked = messages.swiped(kind, self._who, trace, card, amount_minor=amount_minor, pin=pin)
        return await self._trade(kind, asked, card, amount_minor or 0, None)

    async def _before_trade(self) -> None:
        if self._wants_sign_on:
            await self.sign_on()
        await self.mend()

    async def _trade(
        self, kind: Kind, asked: Fields, card: CardPlan, amount_minor: int, original: Sale | None
    ) -> Done:
        slot = self._slot_of(asked)
        in_points = _is_in_points(kind, original)
        self._record.note(
            Event(
                what=What.SENT,
                slot=slot,
                kind=kind,
                card_id=card.id,
                amount_minor=_recorded(amount_minor, original),
                unit=POINTS_PREFIX if in_points else CURRENCY,
                original_slot=original.slot if original else None,
            )
        )
        answer = await self._exchange(asked, sealed=True)
        self._note_answer(slot, answer)
        entry = Entry(
            kind=kind,
            in_points=in_points,
            trace=asked["11"],
            amount_minor=_counted(kind, amount_minor, original, answer),
            card=card,
            asked=asked,
        )
        if answer.is_approved:
            self.batch.add(entry)
        await self._mend_answer(entry, slot, asked, answer)
        sale = self._sale_of(kind, slot, asked, card, amount_minor, answer)
        return Done(kind=kind, slot=slot, answer=answer, sale=sale)

    async def _exchange(self, asked: Fields, *, sealed: bool) -> Answer:
        payload = POS.compose(
            messages.TPDU, messages.HEADER, dict(asked), self._mac if sealed else None
        )
        told = await self._ask(payload, lambda frame: is_answer_to(asked, frame))
        answer = check_answer(asked, told, self._mac)
        self._wants_sign_on = self._wants_sign_on or answer.asks_sign_on
        return answer

    def _note_answer(self, slot: str, answer: Answer) -> None:
        if answer.verdict is Verdict.USABLE:
            rrn = answer.fields.get("37")
            self._record.note(Event(what=What.TOLD, slot=slot, f39=answer.f39, rrn=rrn))
        else:
            self._record.note(Event(what=What.NOT_TOLD, slot=slot, why=answer.verdict.name))

    async def _mend_answer(self, entry: Entry, slot: str, asked: Fields, answer: Answer) -> None:
        """Queue what makes a missing answer good, and try it at once."""
        kind, card = entry.kind, entry.card
        is_told = answer.verdict is Verdict.USABLE
        if kind is Kind.CASH_LOAD and (not is_told or answer.f39 == LOAD_IN_DOUBT):
            fields = messages.confirm(asked, card, answer.fields.get("37"))
            self._record.note(Event(what=What.CONFIRM_SENT, slot=slot))
            self.batch.add(entry)
            pending = _Pending(
                slot=slot,
                fields=fields,
                told=What.CONFIRM_TOLD,
                is_over=_is_decided,
                entry=entry,
            )
        elif kind in REVERSIBLE and not is_told:
            reason = answer.verdict.value
            self._record.note(Event(what=What.REVERSAL_SENT, slot=slot, why=reason))
            pending = _Pending(
                slot=slot,
                fields=messages.reversal(asked, reason),
                told=What.REVERSAL_TOLD,
                is_over=REVERSAL_ENDS.__contains__,
            )
        elif kind is Kind.REFUND and not is_told:
            pending = _Pending(
                slot=slot, fields=asked, told=What.TOLD, is_over=_is_decided, entry=entry
            )
        else:
            return
        await self._send_pending(pending)

    async def _send_pending(self, pending: _Pending) -> None:
        answer = await self._exchange(pending.fields, sealed=True)
        pending = replace(pending, attempts=pending.attempts + 1)
        if answer.f39 is not None and pending.is_over(answer.f39):
            rrn = answer.fields.get("37")
            self._record.note(Event(what=pending.told, slot=pending.slot, f39=answer.f39, rrn=rrn))
            self._book_late(pending, answer)
        elif pending.attempts < self._attempts_max:
            self._pending.append(pending)
        else:
            self._record.note(Event(what=What.GIVEN_UP, slot=pending.slot, f39=answer.f39))

    def _book_late(self, pending: _Pending, answer: Answer) -> None:
        """A refund told at last stands in the batch; a load refused at last does not."""
        entry = pending.entry
        if entry is None or pending.fields["60"][2:8] != self._who.batch:
            return
        if answer.is_approved:
            self.batch.add(entry)
        else:
            self.batch.entries.pop(entry.trace, None)

    def _sale_of(
        self,
        kind: Kind,
        slot: str,
        asked: Fields,
        card: CardPlan,
        amount_minor: int,
        answer: Answer,
    ) -> Sale | None:
        if kind not in SALES or not answer.is_approved:
            return None
        return Sale(
            kind=kind,
            card=card,
            amount_minor=amount_minor,
            batch=asked["60"][2:8],
            trace=asked["11"],
            rrn=answer.fields["37"],
            auth_code=answer.fields.get("38", "000000"),
            date=answer.fields["13"],
            slot=slot,
            points=_earned(answer) if kind is Kind.POINTS_EARN else 0,
        )

    def _sign_on_with(self, fields: Fields, layout: str) -> None:
        try:
            keys = receive(
                layout,
                self.plan.tmk,
                bytes.fromhex(fields.get("62", "")),
                self.plan.mac_algorithm,
            )
        except KeyBlockError:
            return
        self._use_keys(keys.pik, keys.mak)
        self._wants_sign_on = False
        self._begin_batch(fields["60"][2:8])

    def _use_keys(self, pik: Secret, mak: Secret) -> None:
        self._who = replace(self._who, pik=pik)
        self._mac = mac_for(self.plan.mac_algorithm, mak)

    def _slot_of(self, asked: Fields) -> str:
        return ExchangeKey(
            POS.institution,
            self.plan.terminal_id,
            asked["60"][2:8],
            asked["11"],
            Family.FINANCIAL,
        ).text

    def _next_trace(self) -> str:
        self._trace = self._trace % TRACE_MAX + 1
        return f"{self._trace:06d}"


def _is_decided(f39: str) -> bool:
    return f39 not in UNDECIDED


def _is_in_points(kind: Kind, original: Sale | None) -> bool:
    return kind in IN_POINTS or (original is not None and original.kind in IN_POINTS)


def _recorded(amount_minor: int, original: Sale | None) -> int:
    """What the ledger shows of it: a void of points earned takes points, whatever it names."""
    earned = original is not None and original.kind is Kind.POINTS_EARN
    return original.points if earned and original is not None else amount_minor


def _counted(kind: Kind, amount_minor: int, original: Sale | None, answer: Answer) -> int:
    """What counts in the totals: where points are earned, the points and not what was paid."""
    if kind is Kind.POINTS_EARN:
        return _earned(answer)
    return _recorded(amount_minor, original)


def _earned(answer: Answer) -> int:
    text = bytes.fromhex(answer.fields.get("62", "")).decode("ascii", "replace")
    digits = text[POINTS_EARNED["earned"]]
    return int(digits) if digits.isdigit() else 0
