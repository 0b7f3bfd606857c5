"""A POS terminal's session with its host: its keys, its batch and traces, one exchange at a time.

An answer whose header says so makes it want a sign-on. Keys are taken only when their check
values are right. The batch number is the host's to say: where a sign-on tells another one, the
terminal goes on under that, keeps of its log what was sold under it, and counts its traces on,
because it may have used the low ones in that batch before. 77 says that ours is not the host's.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

from host.estate.plan import MerchantPlan, TerminalPlan
from host.hsm.keys import KeyBlockError, receive
from host.hsm.mac import Mac, mac_for
from host.model.requests import ExchangeKey, Family
from host.model.secrets import Secret
from simulators import messages
from simulators.batch import Batch
from simulators.line import IsMine
from simulators.messages import Fields, Who
from terminals.believed import Answer, Verdict, check_answer, is_answer_to
from terminals.dialects.pos import POS
from terminals.isodialect import IsoDialect

LAYOUT: Final = "003"
TRACE_MAX: Final = 999_999
BATCH_LAST: Final = 999_998
WRONG_BATCH: Final = "77"

Ask = Callable[[bytes, IsMine], Awaitable[bytes | None]]


class PosSession:
    """What a terminal is between two transactions. `ask` is its line."""

    def __init__(
        self,
        plan: TerminalPlan,
        merchant: MerchantPlan,
        ask: Ask,
        *,
        last_trace: int = 0,
        dialect: IsoDialect = POS,
    ) -> None:
        self.plan = plan
        self._dialect = dialect
        self.batch = Batch()
        """The log of the current batch."""
        self.wants_sign_on = plan.working is None
        self.wants_batch = False
        """The host does not know our batch as the current one."""
        self.tdk: Secret | None = None
        self.who = Who(
            terminal_id=plan.terminal_id, merchant_id=merchant.merchant_id, batch=plan.epoch
        )
        self._ask = ask
        self._trace = last_trace
        self._mac: Mac | None = None
        if plan.working is not None:
            self._use_keys(plan.working.pik, plan.working.mak)

    async def sign_on(self, layout: str = LAYOUT) -> Answer:
        """Fetch working keys and the batch number; the old keys stay when it fails."""
        serial = self.plan.terminal_id.rjust(12, "3")
        asked = messages.sign_on(self.who, self.next_trace(), layout, serial)
        answer = await self.exchange(asked, sealed=False)
        if answer.is_approved:
            self._sign_on_with(answer.fields, layout)
        return answer

    async def exchange(self, asked: Fields, *, sealed: bool) -> Answer:
        """One message and its answer, after every check."""
        dialect = self._dialect
        tpdu, header = _head_of(dialect)
        payload = dialect.compose(tpdu, header, dict(asked), self._mac if sealed else None)
        told = await self._ask(payload, lambda frame: is_answer_to(asked, frame, dialect))
        answer = check_answer(asked, told, self._mac, dialect)
        self.wants_sign_on = self.wants_sign_on or answer.asks_sign_on
        if answer.f39 == WRONG_BATCH and batch_of(asked) == self.who.batch:
            self.wants_batch = True
        return answer

    async def insist(self, asked: Fields, attempts_max: int) -> Answer:
        """Send a message that moves nothing again until it is answered."""
        answer = await self.exchange(asked, sealed=False)
        for _attempt in range(attempts_max - 1):
            if answer.verdict is Verdict.USABLE:
                break
            answer = await self.exchange(asked, sealed=False)
        return answer

    def begin_batch(self) -> None:
        """The batch is settled: the next has traces of its own and an empty log."""
        self.who = replace(self.who, batch=f"{int(self.who.batch) % BATCH_LAST + 1:06d}")
        self._trace = 0
        self.batch = Batch()
        self.wants_batch = False

    def misremember_batch(self, number: str) -> None:
        """Take another number for the current batch's: a flipped bit, a repair, a clone."""
        self.who = replace(self.who, batch=number)

    def slot_of(self, asked: Fields) -> str:
        """What the house calls the transaction."""
        return ExchangeKey(
            self._dialect.institution,
            self.plan.terminal_id,
            batch_of(asked),
            asked["11"],
            Family.FINANCIAL,
        ).text

    @property
    def last_trace(self) -> int:
        """The newest trace of the batch."""
        return self._trace

    def next_trace(self) -> str:
        """The next trace of the batch."""
        self._trace = self._trace % TRACE_MAX + 1
        return f"{self._trace:06d}"

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
        self.tdk = keys.tdk
        self.wants_sign_on = self.wants_batch = False
        self._go_on_in(batch_of(fields))

    def _go_on_in(self, number: str) -> None:
        if number != self.who.batch:
            self.who = replace(self.who, batch=number)
            log = self.batch.entries.items()
            self.batch = Batch({trace: one for trace, one in log if batch_of(one.asked) == number})

    def _use_keys(self, pik: Secret, mak: Secret) -> None:
        self.who = replace(self.who, pik=pik)
        self._mac = mac_for(self.plan.mac_algorithm, mak)


def _head_of(dialect: IsoDialect) -> tuple[bytes, bytes]:
    """What stands before a message: a terminal's own, or zeros where it means nothing."""
    if not dialect.header_says_what_next:
        return bytes(dialect.tpdu_bytes), bytes(dialect.header_bytes)
    return messages.TPDU, messages.HEADER


def batch_of(fields: Fields) -> str:
    """The batch a message names."""
    return fields["60"][2:8]
