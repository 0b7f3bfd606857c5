"""What a seat is on the wire: its keys, the number of its batch, its traces, one message at a time.

A working key lives as long as the front: after a start it signs on anew. Traces go on through
batches, so that none is used twice in one.
"""

from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
import structlog
from msgspec.structs import replace

from host.hsm.keys import KeyBlockError, receive
from host.hsm.mac import Mac, mac_for
from host.model.secrets import Secret
from host.model.terminal import MacAlgorithm
from switch.seat.keys import SeatKeyError
from switch.seat.line import Line
from terminals.believed import Answer, Verdict, check_answer, is_answer_to
from terminals.dialects.pos import POS
from terminals.fields import CONTROL
from terminals.seat import asked as messages
from terminals.seat.asked import Who
from terminals.seat.presented import Fields

TPDU: Final = bytes.fromhex("6000030000")
HEADER: Final = bytes.fromhex("603100311000")
TRACE_MAX: Final = 999_999
WRONG_BATCH: Final = "77"
NOT_BELIEVED: Final = "A0"
"""The answer after which it signs on again."""
INSIST: Final = 3
"""How often what moves nothing is sent."""

_LOG = structlog.get_logger(__name__)


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What the office says of a seat when somebody sits down."""

    merchant_id: str
    merchant: str
    store: str
    store_id: int = 0
    mac_algorithm: MacAlgorithm
    sitting: str = ""
    """The login of who sits there; empty: nobody."""
    grant: int = 0
    refund_minor_max: int | None = None
    """What they may give back at a time; None: all of it."""


class Counting(msgspec.Struct, frozen=True, kw_only=True):
    """Where a seat is in its batch."""

    batch: str = "000001"
    trace: int = 0
    wants_batch: bool = False
    """The house has another as its current one."""


Ask = Callable[[Who, str], Fields]
"""A message of the seat under a trace of its own."""
Keep = Callable[[Counting], Awaitable[None]]
"""Has it on disk when it returns."""


class Session:
    """Of one seat. `about` is known from when somebody has first sat down."""

    def __init__(
        self,
        terminal_id: str,
        line: Line,
        tmk: Callable[[], Secret],
        counting: Counting,
        keep: Keep,
    ) -> None:
        self.about: About | None = None
        self.counting = counting
        self._terminal_id = terminal_id
        self._line = line
        self._tmk = tmk
        self._keep = keep
        self._mac: Mac | None = None
        self._wants_keys = True

    @property
    def has_keys(self) -> bool:
        """Whether it has ever signed on since it began."""
        return self._mac is not None

    @property
    def is_signed_on(self) -> bool:
        """Whether it has keys that the house believes."""
        return self.has_keys and not self._wants_keys

    @property
    def who(self) -> Who:
        """As messages name it."""
        assert self.about is not None, "somebody has sat there"
        return Who(
            terminal_id=self._terminal_id,
            merchant_id=self.about.merchant_id,
            batch=self.counting.batch,
        )

    async def sign_on(self) -> bool:
        """Fetch working keys and the number of the batch; whether that was done."""
        answer = await self.exchange(messages.sign_on)
        if not answer.is_approved or self.about is None:
            return False
        block = bytes.fromhex(answer.fields.get("62", ""))
        algorithm = self.about.mac_algorithm
        try:
            keys = receive(messages.KEY_LAYOUT, self._tmk(), block, algorithm)
        except (KeyBlockError, SeatKeyError, OSError) as error:
            _LOG.warning("a seat has no working keys", terminal=self._terminal_id, why=str(error))
            return False
        self._mac, self._wants_keys = mac_for(algorithm, keys.mak), False
        await self.begin_batch(answer.fields["60"][CONTROL["batch"]])
        return True

    async def begin_batch(self, number: str) -> None:
        """The batch is of this number from now on."""
        await self._count(replace(self.counting, batch=number, wants_batch=False))

    async def exchange(self, ask: Ask) -> Answer:
        """A message that moves nothing and has no code, again until it is answered."""
        who = self.who
        return await self.insist(ask(who, await self.next_trace()))

    async def insist(self, asked: Fields) -> Answer:
        """The same, of a message that has its trace."""
        answer = await self.send(asked, is_sealed=False)
        for _try in range(INSIST - 1):
            if answer.verdict is Verdict.USABLE:
                break
            answer = await self.send(asked, is_sealed=False)
        return answer

    async def send(self, asked: Fields, *, is_sealed: bool = True) -> Answer:
        """One message and its answer, after every check."""
        payload = POS.compose(TPDU, HEADER, dict(asked), self._mac if is_sealed else None)
        told = await self._line.ask(payload, lambda frame: is_answer_to(asked, frame))
        answer = check_answer(asked, told, self._mac)
        if answer.asks_sign_on or answer.f39 == NOT_BELIEVED:
            self._wants_keys = True
        if answer.f39 == WRONG_BATCH:
            await self._count(replace(self.counting, wants_batch=True))
        return answer

    async def next_trace(self) -> str:
        """On disk before it is used."""
        trace = self.counting.trace % TRACE_MAX + 1
        await self._count(replace(self.counting, trace=trace))
        return f"{trace:06d}"

    async def _count(self, counting: Counting) -> None:
        self.counting = counting
        await self._keep(counting)
