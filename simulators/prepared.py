"""Purchases and sign-ons made ready before a clock starts, and how to check their answers.

Each terminal has its own queue of frames, to be sent one after the other. A terminal's place in
the estate stands in the TPDU's source address, as a NAC writes its line there; the switch gives
it back as the destination, so an answer finds its terminal without being decoded.
"""

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from host.estate.plan import CardPlan, EstatePlan
from host.hsm.mac import Mac, mac_for
from host.model.requests import Kind
from simulators import messages
from simulators.messages import Who
from terminals.dialects.pos import POS
from terminals.framing import wrap
from terminals.sealing import TAG_BYTES

DESTINATION: Final = "0003"
TERMINALS_MAX: Final = 10_000
"""What four digits of a TPDU address can tell apart."""
BODY_AT: Final = 11
AMOUNT_MINOR_MAX: Final = 9_999


@dataclass(frozen=True, slots=True)
class Queue:
    """A terminal with what it will send, in order."""

    terminal_id: str
    merchant_id: str
    address: bytes
    """Source address of its requests, destination address of its answers."""
    mac: Mac | None
    """None where nothing is sealed."""
    frames: list[bytes]


@dataclass(frozen=True, slots=True)
class Checked:
    """What a look at all answers found."""

    codes: Counter[str]
    macs_wrong: int


def prepare_purchases(
    estate: EstatePlan,
    count: int,
    *,
    first_trace: int = 1,
    with_pin: bool = True,
    seed: int = 8583,
) -> list[Queue]:
    """`count` purchases spread evenly over the estate's terminals, cards and amounts drawn."""
    assert len(estate.terminals) <= TERMINALS_MAX
    dice = random.Random(seed)  # noqa: S311 - a load wants to repeat itself
    dials = _Dials(dice, with_pin)
    each, more = divmod(count, len(estate.terminals))
    traces = range(first_trace, first_trace + each + 1)
    return [
        _queue(estate, place, dice.choices(estate.cards, k=each + (place < more)), traces, dials)
        for place in range(len(estate.terminals))
    ]


def prepare_sign_ons(estate: EstatePlan, count: int, *, first_trace: int = 1) -> list[Queue]:
    """`count` sign-ons spread evenly over the estate's terminals."""
    assert len(estate.terminals) <= TERMINALS_MAX
    each, more = divmod(count, len(estate.terminals))
    return [
        _sign_ons(estate, place, range(first_trace, first_trace + each + (place < more)))
        for place in range(len(estate.terminals))
    ]


def check_answers(queues: Iterable[Queue], answers: Iterable[bytes]) -> Checked:
    """Read F39 of every answer and check its MAC. Answers are payloads without length."""
    by_address = {queue.address: queue for queue in queues}
    codes: Counter[str] = Counter()
    macs_wrong = 0
    for answer in answers:
        queue = by_address[answer[1:3]]
        names = (queue.terminal_id + queue.merchant_id).encode()
        terminal_at = answer.find(names, BODY_AT)
        codes[answer[terminal_at - 2 : terminal_at].decode()] += 1
        mac, body, tag = queue.mac, answer[BODY_AT:-TAG_BYTES], answer[-TAG_BYTES:]
        macs_wrong += mac is not None and not mac.verify(body, tag)
    return Checked(codes, macs_wrong)


def _queue(
    estate: EstatePlan, place: int, cards: list[CardPlan], traces: range, dials: "_Dials"
) -> Queue:
    plan = estate.terminals[place]
    assert plan.working is not None
    who = Who(
        terminal_id=plan.terminal_id,
        merchant_id=estate.merchant_of(plan).merchant_id,
        batch=plan.epoch,
        pik=plan.working.pik,
    )
    mac = mac_for(plan.mac_algorithm, plan.working.mak)
    address = bytes.fromhex(f"{place:04d}")
    tpdu = bytes.fromhex(f"60{DESTINATION}") + address
    frames = [
        wrap(POS.compose(tpdu, messages.HEADER, dials.purchase(who, trace, card), mac))
        for trace, card in zip(traces, cards, strict=False)
    ]
    return Queue(plan.terminal_id, who.merchant_id, address, mac, frames)


def _sign_ons(estate: EstatePlan, place: int, traces: range) -> Queue:
    plan = estate.terminals[place]
    merchant_id = estate.merchant_of(plan).merchant_id
    who = Who(terminal_id=plan.terminal_id, merchant_id=merchant_id, batch=plan.epoch)
    address, serial = bytes.fromhex(f"{place:04d}"), plan.terminal_id.rjust(12, "3")
    tpdu = bytes.fromhex(f"60{DESTINATION}") + address
    frames = [
        wrap(
            POS.compose(
                tpdu, messages.HEADER, messages.sign_on(who, f"{trace:06d}", "003", serial), None
            )
        )
        for trace in traces
    ]
    return Queue(plan.terminal_id, merchant_id, address, None, frames)


@dataclass(frozen=True, slots=True)
class _Dials:
    """How every purchase of a load is made."""

    dice: random.Random
    with_pin: bool

    def purchase(self, who: Who, trace: int, card: CardPlan) -> messages.Fields:
        return messages.swiped(
            Kind.PURCHASE,
            who,
            f"{trace:06d}",
            card,
            amount_minor=self.dice.randint(1, AMOUNT_MINOR_MAX),
            pin=card.pin if self.with_pin else None,
        )
