"""A host of one line: answers each request of a terminal as the test has scripted it."""

from collections.abc import Callable, Iterable

import msgspec

from host.estate.demo import FIRST_TERMINAL, demo_estate
from host.hsm.keys import deliver
from host.hsm.mac import Mac, mac_for
from host.model.money import Money
from host.model.requests import Response
from host.model.responses import Reason
from simulators.line import IsMine
from simulators.mending import ATTEMPTS_MAX
from simulators.record import Record
from simulators.session import PosSession
from simulators.terminal import PosTerminal
from terminals.dialects.pos import POS

assert FIRST_TERMINAL.working is not None
ESTATE = demo_estate()
CARD = ESTATE.cards[0]
MAC = mac_for(FIRST_TERMINAL.mac_algorithm, FIRST_TERMINAL.working.mak)
APPROVED = Response(
    reason=Reason.APPROVED,
    rrn="112200000001",
    auth_code="A00001",
    local_time="20261122093102",
    business_date="20261122",
    balance=Money(87_655, "CNY"),
    issuer_id="48882900",
    acquirer_id="48882900",
)

Step = Callable[[bytes], bytes | None]


def approve(**changes: object) -> Step:
    """Answer with an approval, some of its values changed."""
    return answer(msgspec.structs.replace(APPROVED, **changes))


def decline(reason: Reason, **changes: object) -> Step:
    """Answer with a decline."""
    return answer(
        Response(reason=reason, local_time=APPROVED.local_time, **changes)  # type: ignore[arg-type]
    )


def answer(response: Response, mac: Mac = MAC) -> Step:
    """Answer with this response."""
    return lambda payload: POS.answer(POS.read(payload), response, mac)


def silence(_payload: bytes) -> None:
    """Say nothing."""
    return


def garble(step: Step) -> Step:
    """Answer as told, with a wrong MAC."""

    def garbled(payload: bytes) -> bytes | None:
        said = step(payload)
        return said and said[:-1] + bytes([said[-1] ^ 1])

    return garbled


def new_keys(layout: str = "003", batch: str = "000012") -> Step:
    """Approve a sign-on with the worked keys under the worked TMK."""
    keys = FIRST_TERMINAL.working
    assert keys is not None
    block = deliver(layout, FIRST_TERMINAL.tmk, keys.pik, keys.mak)
    return approve(key_block=block, epoch=batch)


class Scripted:
    """The line: hands each request to the next step, and keeps what was asked."""

    def __init__(self, steps: Iterable[Step]) -> None:
        self._steps = list(steps)
        self.asked: list[dict[str, str]] = []

    async def ask(self, payload: bytes, is_mine: IsMine) -> bytes | None:
        self.asked.append(POS.split(payload).fields)
        said = self._steps.pop(0)(payload)
        return said if said is not None and is_mine(said) else None

    @property
    def types(self) -> list[str]:
        return [fields["t"] for fields in self.asked]

    @property
    def is_over(self) -> bool:
        return not self._steps


def terminal_on(
    *steps: Step, attempts_max: int = ATTEMPTS_MAX
) -> tuple[PosTerminal, Scripted, Record]:
    """The first terminal of the demo estate on a scripted line."""
    line, record = Scripted(steps), Record()
    merchant = ESTATE.merchant_of(FIRST_TERMINAL)
    terminal = PosTerminal(
        PosSession(FIRST_TERMINAL, merchant, line.ask), record, attempts_max=attempts_max
    )
    return terminal, line, record
