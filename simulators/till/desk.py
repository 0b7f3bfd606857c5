"""One till with all that lies on its desk: its cards, its receipts, the wire it has heard."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from host.estate.plan import EstatePlan, TerminalPlan
from host.model.requests import Kind
from host.model.secrets import Secret
from simulators.channels import ChannelRow
from simulators.faults import Fault
from simulators.record import Record
from simulators.scenario import ACTS, Step, StepError, Till
from simulators.session import WRONG_BATCH
from simulators.terminal import PosTerminal
from simulators.till.cards import CardBox
from simulators.till.errors import TillError
from simulators.till.receipt import Receipt
from simulators.till.wire import Heard, wire_text
from simulators.till.words import said
from simulators.trades import Done, Settled
from terminals.believed import Answer, Verdict

Performed = Done | Answer | Settled | None
"""What an act of a scenario gives."""
KEYS_UNKNOWN: Final = "A0"
BATCHES_LEFT_MAX: Final = 100
"""How often an application may have been settled since its plan was written."""


@dataclass(slots=True, kw_only=True)
class Desk:
    """What a person at the till has before them."""

    till: Till
    row: ChannelRow
    plan: TerminalPlan
    estate: EstatePlan
    cards: CardBox
    record: Record
    receipts: list[Receipt] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    """The messages of the last line that sent any."""
    shows_wire: bool = False
    counts: Counter[str] = field(default_factory=Counter)
    """Transactions by how they ended."""
    remarks: list[str] = field(default_factory=list)
    """What the till did before the transaction that was asked for."""

    @property
    def pos(self) -> PosTerminal | None:
        """The terminal, where it is a POS terminal."""
        terminal = self.till.terminal
        return terminal if isinstance(terminal, PosTerminal) else None

    @property
    def has_keys(self) -> bool:
        """Whether a sign-on brings keys: a phone's follow from its counter."""
        return self.plan.device is None

    async def do(self, step: Step) -> Performed:
        """A step, whose keys are made good first where the switch does not take them.

        Raises:
            TillError: it cannot be done.
        """
        done = await self._act(step)
        f39 = _f39(done)
        if f39 == KEYS_UNKNOWN and self.has_keys and step.do != "sign_on":
            signed = await self.sign_on()
            return await self._act(step) if signed.is_approved else done
        if f39 == WRONG_BATCH and self.pos is not None:
            self.remarks.append(
                "77: our batch is not the host's. The till settles what it has and signs on."
            )
            return await self._act(step)
        return await self._in_the_right_batch(step, done)

    async def _in_the_right_batch(self, step: Step, done: Performed) -> Performed:
        """An application that remembers no batch leaves each that is over for the next."""
        for _batch in range(BATCHES_LEFT_MAX):
            if _f39(done) != WRONG_BATCH or self.has_keys:
                break
            done = await self._act(step)
        return done

    async def sign_on(self) -> Answer:
        """Keys are fetched because the switch does not take the old ones."""
        self.remarks.append("A0: the switch does not take this till's keys. Signing on first.")
        answer = await self.till.terminal.sign_on()
        if not answer.is_approved:
            why = answer.f39 or said("nothing was heard")
            self.remarks.append(f"The sign-on was not approved: {why}.")
        return answer

    def write(self, receipt: Receipt) -> Receipt:
        """Keep a receipt, and count it where it is a transaction's."""
        self.receipts.append(receipt)
        if receipt.kind is not None:
            self.counts[receipt.outcome.split()[0]] += 1
        return receipt

    def receipt(self, number: int | None) -> Receipt:
        """The one of a number, or the last.

        Raises:
            TillError: there is none.
        """
        if not self.receipts:
            raise TillError("there is no receipt yet. Next: purchase first 12.34")
        if number is None:
            return self.receipts[-1]
        if not 1 <= number <= len(self.receipts):
            raise TillError(f"there is no receipt #{number}. Next: history")
        return self.receipts[number - 1]

    def sale(self, number: int | None, *, refundable: bool = False) -> Receipt:
        """The sale of a receipt, or the last one that still stands and, if so asked, was paid for.

        Raises:
            TillError: there is none.
        """
        if number is not None:
            receipt = self.receipt(number)
            if receipt.sale is None:
                raise TillError(f"#{number} is no sale that was approved. Next: history")
            return receipt
        for receipt in reversed(self.receipts):
            is_paid = receipt.kind not in {Kind.POINTS_EARN, Kind.PREAUTH}
            if receipt.sale is not None and not receipt.undone and (is_paid or not refundable):
                return receipt
        raise TillError("there is no sale to take back. Next: purchase first 12.34")

    def held(self, number: int | None) -> Receipt:
        """The pre-authorisation of a receipt, or the last one that still stands.

        Raises:
            TillError: there is none.
        """
        if number is not None:
            receipt = self.receipt(number)
            if receipt.sale is None or receipt.kind is not Kind.PREAUTH:
                raise TillError(f"#{number} holds nothing. Next: history")
            return receipt
        for receipt in reversed(self.receipts):
            if receipt.sale is not None and receipt.kind is Kind.PREAUTH and not receipt.undone:
                return receipt
        raise TillError("nothing is held. Next: hold first 100")

    def wire(self) -> str:
        """What went over the wire for the last line that sent anything."""
        if not self.heard:
            return said("nothing went over the wire yet")
        return "\n".join(wire_text(each, self.row.dialect) for each in self.heard)

    async def _act(self, step: Step) -> Performed:
        self.till.misfortune.add(step.fault)
        try:
            came = await ACTS[step.do](self.till, step)
        except StepError as error:
            self.till.misfortune.set(Fault.NONE)
            raise TillError(str(error)) from None
        assert not isinstance(came, dict)
        return came


def pin_text(pin: Secret | None) -> str | None:
    """As a step has it."""
    return None if pin is None else pin.reveal().decode()


def _f39(done: Performed) -> str | None:
    if isinstance(done, Settled):
        return done.answer.f39
    if isinstance(done, (Done, Answer)):
        return done.f39
    return None


def is_believed(answer: Answer) -> bool:
    """Whether it can be read."""
    return answer.verdict is Verdict.USABLE
