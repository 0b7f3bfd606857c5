"""Scenarios: short stories of one till, written in TOML, run against a real switch.

A step says what is done (`do`, a row of ACTS), with which card and amount, what goes wrong on
the line (`fault`; several for its messages in turn), what to keep (`save`) and use again (`of`),
and which fields its answer has (`expect`; `"lost"` where no answer is to be believed). `legs` are
what the ledger has of it, all of it (`[]`: nothing was posted), and `balances` what cards have
then; `reason` is why the ledger decided so, where several reasons share one F39. `office` is what a
person does there meanwhile. `send` is a whole frame in hexadecimal instead. Every shipped scenario
is a test and a page of the documentation.
"""

import tomllib
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec
import trio

from host.estate.demo import FIRST_VOUCHER, external_cards
from host.estate.plan import CardPlan, EstatePlan, VoucherPlan
from host.model.requests import Kind
from host.model.secrets import Pan, Secret
from host.named_files import read_named_text
from simulators.channels import CHANNELS, AnyLine, Place, Terminal
from simulators.faults import Fault
from simulators.mending import NotByHandError
from simulators.messages import Sale, by_code
from simulators.nac import NacLine
from simulators.record import Event, Record, What
from simulators.terminal import PosTerminal
from simulators.trades import Done, Settled, told_of_points, told_of_voucher
from simulators.wanted import (
    CHANNELS_ALONE,
    Balance,
    Behind,
    Ledger,
    Leg,
    Staff,
    balances_unlike,
    diff,
    legs_unlike,
    reason_unlike,
)
from terminals.believed import Answer, Verdict
from terminals.codec import DecodeError
from terminals.dialects.pos import POS

LENGTH_BYTES: Final = 2


class StepError(Exception):
    """A step that cannot be done, because one before it did not end as it is written."""


class Step(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing done at the till.

    Raises:
        ValueError: nothing is called so.
    """

    do: str = ""
    send: str = ""
    """A frame in hexadecimal, length first; blanks are for the eye."""
    card: int = 0
    amount: int = 0
    """Fen, or points."""
    code: str = ""
    """A code that the office has shown, in place of a card: by the name under which it was kept."""
    voucher: int = 0
    """Whose code is scanned, by its number in the estate."""
    pin: str | None = None
    """Another PIN than the card's."""
    of: str = ""
    save: str = ""
    fault: Fault | tuple[Fault, ...] = Fault.NONE
    """Of the first message of the step, or of its messages one after the other."""
    expect: dict[str, str] | str = msgspec.field(default_factory=dict)
    legs: tuple[Leg, ...] | None = None
    """What its messages posted; not looked at where it is not written."""
    balances: tuple[Balance, ...] = ()
    """What cards have when it is done."""
    reason: str = ""
    """Why the ledger answered so; not looked at where it is not written."""
    action: str = ""
    """At the office: a row of its actions, done `by` a person of a role, `agreed_by` another."""
    by: str = ""
    agreed_by: str = ""
    values: dict[str, str | int | bool | list[str | int]] = msgspec.field(default_factory=dict)
    times: int = 1
    """How often it is done; the last answer counts."""
    misses: int = 0
    """Settling: how many entries of the log are lost before."""
    text: str = ""
    """Of a status; the layout of a sign-on's keys; the batch number that is misremembered; how many
    points a combined purchase may use; the lottery that is drawn in; the phone that is loaded; the
    article that a voucher is handed in for."""

    def __post_init__(self) -> None:
        if not self.send and self.do not in ACTS:
            raise ValueError(f"do = {self.do!r} is none of {', '.join(ACTS)}")


class Scenario(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A story with its steps.

    Raises:
        ValueError: there is no such channel.
    """

    title: str
    why: str = ""
    channel: str = "pos"
    """A row of `simulators.channels.CHANNELS`."""
    terminal: str = "80010001"
    step: tuple[Step, ...]

    def __post_init__(self) -> None:
        if self.channel not in CHANNELS:
            raise ValueError(f"channel = {self.channel!r} is none of {', '.join(CHANNELS)}")


def read_scenario(file: Path) -> Scenario:
    """A scenario from its file.

    Raises:
        OSError: it cannot be read.
        msgspec.ValidationError, tomllib.TOMLDecodeError: the file is not one.
    """
    return msgspec.convert(tomllib.loads(read_named_text(file)), Scenario)


async def run_scenario(
    scenario: Scenario,
    estate: EstatePlan,
    place: Place,
    record: Record,
    behind: Behind = CHANNELS_ALONE,
) -> list[str]:
    """Do every step; gives a sentence for each expectation that was not met, with what differs."""
    wrong: list[str] = []
    plans = {one.terminal_id: one for one in estate.terminals}
    if scenario.terminal not in plans:
        return [f"the estate has no terminal {scenario.terminal}"]
    plan = plans[scenario.terminal]
    misfortune = Misfortune()
    cards = {card.id: card for card in (*estate.all_cards, *external_cards())}
    vouchers = {voucher.id: voucher for voucher in estate.all_vouchers}
    async with CHANNELS[scenario.channel].opens(place) as channel:
        counter = channel.counter(plan, estate, record, misfortune)
        async with counter.line:
            till = Till(counter.terminal, counter.line, misfortune, cards, behind.staff, vouchers)
            for number, step in enumerate(scenario.step, 1):
                what, before = step.do or "send", len(record.events)
                try:
                    fields = await till.take(step)
                except StepError as error:
                    wrong.append(f"step {number} ({what}): {error}")
                    continue
                unmet = _unmet(step, fields)
                if behind.ledger is not None:
                    unmet += await _unposted(step, record.events[before:], behind.ledger)
                wrong += [f"step {number} ({what}): {why}" for why in unmet]
    return wrong


def asks_the_ledger(scenario: Scenario) -> bool:
    """Whether it expects legs, balances or reasons."""
    return any(step.legs is not None or step.balances or step.reason for step in scenario.step)


def asks_the_office(scenario: Scenario) -> bool:
    """Whether people do something at the office meanwhile."""
    return any(step.action or step.do == "gifts_due" for step in scenario.step)


class Misfortune:
    """Draws the faults a step has set, one a message, then none."""

    __slots__ = ("_next",)

    def __init__(self) -> None:
        self._next: deque[Fault] = deque()

    def set(self, fault: Fault | tuple[Fault, ...]) -> None:
        """What goes wrong from now on."""
        self._next = deque((fault,) if isinstance(fault, Fault) else fault)

    def add(self, fault: Fault | tuple[Fault, ...]) -> None:
        """What goes wrong besides, behind what is to go wrong already."""
        faults = (fault,) if isinstance(fault, Fault) else fault
        self._next.extend(each for each in faults if each is not Fault.NONE)

    def draw(self) -> Fault:
        """The next message's fault."""
        return self._next.popleft() if self._next else Fault.NONE


@dataclass(slots=True)
class Till:
    """A terminal, its line, its cards, and the sales that were kept."""

    terminal: Terminal
    line: AnyLine
    misfortune: Misfortune
    cards: dict[int, CardPlan]
    staff: Staff | None = None
    vouchers: dict[int, VoucherPlan] = field(default_factory=dict)
    sales: dict[str, Sale] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    """What the office has shown once, by the names of steps."""

    async def take(self, step: Step) -> dict[str, str] | None:
        """Do a step; gives the fields of its answer, None when none was to be believed.

        An act that asks nothing has no fields.
        """
        self.misfortune.set(step.fault)
        if step.send:
            return await self._send(bytes.fromhex(step.send))
        for _time in range(step.times):
            done = await ACTS[step.do](self, step)
        if done is None:
            return {}
        if isinstance(done, dict):
            return done
        if isinstance(done, Settled):
            return settled_fields(done)
        answer = done.answer if isinstance(done, Done) else done
        if isinstance(done, Done) and done.sale is not None and step.save:
            self.sales[step.save] = done.sale
        return answer.fields | told_of_voucher(answer) | told_of_points(answer) or None

    @property
    def pos(self) -> PosTerminal:
        """Raises StepError where the terminal is no POS terminal."""
        if not isinstance(self.terminal, PosTerminal):
            raise StepError("only POS terminals do this")
        return self.terminal

    async def sign_on(self, step: Step) -> Answer:
        """With the keys the step names, where it names some."""
        return await (self.pos.sign_on(step.text) if step.text else self.terminal.sign_on())

    async def misremember_batch(self, step: Step) -> None:
        """The terminal takes another number for its batch's."""
        self.pos.session.misremember_batch(step.text)
        await trio.lowlevel.checkpoint()

    async def by_hand(self, act: Callable[[], Awaitable[Answer]]) -> Answer:
        """Raises StepError where there is nothing to do it to."""
        try:
            return await act()
        except NotByHandError as error:
            raise StepError(str(error)) from None

    async def restart_gateway(self) -> None:
        """The gateway loses every call and connection, and begins anew."""
        if not isinstance(self.line, NacLine):
            raise StepError("only terminals behind a gateway do this")
        self.line.restart_gateway()
        await trio.lowlevel.checkpoint()

    async def ask_the_office(self, step: Step) -> dict[str, str]:
        """A person does something there. Raises StepError where nobody is."""
        kept = {name: self.codes.get(str(text), text) for name, text in step.values.items()}
        asked = (step.by, step.action, kept, step.agreed_by)
        told = await trio.to_thread.run_sync(self._at_the_office.act, *asked)
        if step.save:
            self.codes[step.save] = self._at_the_office.shown
        return {"office": told}

    async def let_gifts_be_due(self) -> None:
        """The days that gifts wait are over. Raises StepError where nobody is at the office."""
        await trio.to_thread.run_sync(self._at_the_office.let_gifts_be_due)

    @property
    def _at_the_office(self) -> Staff:
        if self.staff is None:
            raise StepError("nobody is at the office. Next: --data DIR of a house without people")
        return self.staff

    def sale(self, step: Step) -> Sale:
        """Raises StepError where the step that was to sell it did not."""
        if step.of not in self.sales:
            raise StepError(f"there is no sale {step.of!r} to do it to")
        return self.sales[step.of]

    async def of_hold(self, kind: Kind, step: Step) -> Done:
        """Of a pre-authorisation that was kept."""
        return await self.terminal.of_hold(kind, self.sale(step), step.amount)

    def card(self, step: Step) -> CardPlan:
        """Raises StepError where the estate has no such card, or no code was shown so."""
        if step.code:
            if step.code not in self.codes:
                raise StepError(f"nobody has shown a code {step.code!r}")
            return by_code(Pan(self.codes[step.code]))
        if step.card not in self.cards:
            raise StepError(f"the estate has no card {step.card}. Next: try 201")
        return self.cards[step.card]

    def voucher(self, step: Step) -> VoucherPlan:
        """Raises StepError where the estate has no such voucher."""
        if step.voucher not in self.vouchers:
            raise StepError(f"the estate has no voucher {step.voucher}. Next: try {FIRST_VOUCHER}")
        return self.vouchers[step.voucher]

    def pin(self, step: Step) -> Secret | None:
        """The card's, unless the step says another."""
        return Secret(step.pin.encode()) if step.pin is not None else self.card(step).pin

    async def _send(self, frame: bytes) -> dict[str, str] | None:
        said = await self.line.ask(frame[LENGTH_BYTES:], lambda _frame: True)
        if said is None:
            return None
        try:
            return POS.split(said).fields
        except DecodeError:
            return None


def settled_fields(settled: Settled) -> dict[str, str] | None:
    """What a settlement's expectations are laid beside: the answer, and what followed it."""
    if settled.answer.verdict is not Verdict.USABLE:
        return None
    end = settled.end.f39 if settled.end is not None else None
    return {
        **settled.answer.fields,
        "agrees": "yes" if settled.agrees else "no",
        "uploaded": str(settled.uploaded),
        "end": end or "none",
    }


Came = Done | Answer | Settled | dict[str, str] | None
"""What comes of an act: fields alone of what no message says, nothing of what asks nothing."""
ACTS: Final[dict[str, Callable[[Till, Step], Awaitable[Came]]]] = {
    "sign_on": lambda till, step: till.sign_on(step),
    "sign_off": lambda till, _step: till.terminal.sign_off(),
    "echo": lambda till, _step: till.terminal.echo(),
    "balance": lambda till, step: till.terminal.balance(till.card(step), till.pin(step)),
    "account": lambda till, step: till.terminal.account(till.card(step), till.pin(step)),
    "purchase": lambda till, step: till.terminal.purchase(
        till.card(step), step.amount, till.pin(step)
    ),
    "purchase_part": lambda till, step: till.terminal.purchase_part(
        till.card(step), step.amount, till.pin(step)
    ),
    "combined": lambda till, step: till.terminal.combined(
        till.card(step), step.amount, till.pin(step), int(step.text) if step.text else None
    ),
    "redeem_part": lambda till, step: till.terminal.redeem_part(till.card(step), step.amount),
    "dip": lambda till, step: till.pos.dip(till.card(step), step.amount, till.pin(step)),
    "cash_load": lambda till, step: till.terminal.load_cash(till.card(step), step.amount),
    "redeem": lambda till, step: till.terminal.redeem(till.card(step), step.amount),
    "redeem_union": lambda till, step: till.pos.redeem_union(till.card(step), step.amount),
    "void": lambda till, step: till.terminal.void(till.sale(step)),
    "earn": lambda till, step: till.terminal.earn(till.card(step), step.amount),
    "points": lambda till, step: till.pos.points(till.card(step)),
    "activate": lambda till, step: till.pos.activate(till.card(step), step.amount),
    "take_voucher": lambda till, step: till.terminal.take_voucher(
        till.voucher(step), step.amount, step.text
    ),
    "load_by_code": lambda till, step: till.terminal.load_by_code(
        till.card(step), till.voucher(step)
    ),
    "load_by_phone": lambda till, step: till.terminal.load_by_phone(step.text, step.amount),
    "draw": lambda till, step: till.terminal.draw(till.card(step), step.text, step.amount),
    "verify_load": lambda till, step: till.pos.verify_load(till.card(step)),
    "settle": lambda till, step: till.terminal.settle(misses=step.misses),
    "preauth": lambda till, step: till.terminal.preauth(
        till.card(step), step.amount, till.pin(step)
    ),
    "increase": lambda till, step: till.of_hold(Kind.PREAUTH_INCREMENT, step),
    "complete": lambda till, step: till.of_hold(Kind.COMPLETION, step),
    "advise": lambda till, step: till.of_hold(Kind.COMPLETION_ADVICE, step),
    "parameters": lambda till, _step: till.pos.download_parameters(),
    "status": lambda till, step: till.pos.tell_status(step.text),
    "refund": lambda till, step: till.terminal.refund(till.sale(step), step.amount),
    "repeat": lambda till, _step: till.by_hand(till.terminal.repeat),
    "reverse": lambda till, _step: till.by_hand(till.terminal.reverse),
    "misremember_batch": lambda till, step: till.misremember_batch(step),
    "restart_gateway": lambda till, _step: till.restart_gateway(),
    "office": lambda till, step: till.ask_the_office(step),
    "gifts_due": lambda till, _step: till.let_gifts_be_due(),
}


def _unmet(step: Step, fields: dict[str, str] | None) -> list[str]:
    if isinstance(step.expect, str):
        return [] if fields is None else [f"it was answered F39 = {fields.get('39')}"]
    if fields is None:
        return ["no answer was to be believed"]
    wanted = [f"{name} = {text}" for name, text in step.expect.items()]
    found = [f"{name} = {fields.get(name, 'nothing')}" for name in step.expect]
    unlike = diff("fields", wanted, found)
    return [unlike] if unlike else []


async def _unposted(step: Step, events: list[Event], ledger: Ledger) -> list[str]:
    """How the ledger differs from what is written of it."""
    unlike = []
    slots = [event.slot for event in events if event.what is What.SENT]
    if step.legs is not None:
        unlike.append(await legs_unlike(ledger, slots, step.legs))
    if step.balances:
        unlike.append(await balances_unlike(ledger, step.balances))
    if step.reason:
        unlike.append(await reason_unlike(ledger, slots, step.reason))
    return [each for each in unlike if each]
