"""A swarm of POS terminals trading for a while: a business day in small, from one seed.

What a terminal does next is drawn from `TRADES`: sales mostly, then everything else a counter
sees, declines on purpose among them. The same seed draws the same dice and the same faults. What
becomes of them is the machine's where terminals share cards and shops close by the clock; with
`SwarmSettings.repeats` they do neither, and the same trades are asked.
"""

import math
import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import trio

from host.estate.demo import ODD_CARDS, external_cards
from host.estate.plan import CardPlan, EstatePlan, LotteryPlan, TerminalPlan, VoucherPlan
from host.model.requests import OF_VOUCHERS, Kind
from host.model.secrets import Secret
from simulators.channels import CHANNELS, Channel, Opens, Place, Terminal
from simulators.faults import DEMO_RATES, Fault, FaultSource
from simulators.mending import ATTEMPTS_MAX
from simulators.messages import Sale
from simulators.record import Record
from simulators.session import WRONG_BATCH
from simulators.tally import SILENCE, Tally
from simulators.trades import Done, Settled
from terminals.believed import PARTIAL, Verdict

WRONG_PIN: Final = Secret(b"000000")
MORE_THAN_MOST_MINOR: Final = 150_000
WRONG_PIN_CARDS: Final = frozenset(range(111, 131))
"""Only these are tried with a wrong PIN, so that no other card is ever locked."""
SALES_KEPT_MAX: Final = 20
"""Sales a terminal remembers for voids and refunds."""
OF_PEOPLE: Final = 40
"""The estate's first vouchers are left to people and their stories."""
NEVER_UNDONE: Final = frozenset({Kind.POINTS_EARN})
ROUNDS_OF_MENDING: Final = 3
"""Before a terminal goes home, unless it is told to insist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SwarmSettings:
    """Where to, how many, how long, how fast."""

    host: str
    port: int
    terminals: int = 40
    seconds: float = 30.0
    pause_seconds: float = 0.5
    """Mean time between two trades of one terminal."""
    seed: int = 8583
    answer_seconds_max: float = 10.0
    faults: Mapping[Fault, float] = field(default_factory=lambda: DEMO_RATES)
    record: Path | None = None
    last_trace: int = 0
    """Where a swarm before this one on the same estate ended."""
    attempts_max: int = ATTEMPTS_MAX
    """How often a terminal tries to mend a lost answer before it leaves it to people."""
    channel: str = "pos"
    """A row of `simulators.channels.CHANNELS`."""
    opens: Opens | None = None
    """Another way to open it than the row's: a gateway's slower lines."""
    certificates: Path | None = None
    rate: float = 0.0
    """Customers a second in all, whether or not a terminal is free for them (open loop); their
    waiting counts. 0: each terminal pauses between two customers."""
    settles: bool = False
    """Settle when the shops close."""
    repeats: bool = False
    """The same seed asks the same trades of the same estate: each terminal has cards of its own,
    and serves every customer that its seed sends, late where the machine is slow. Not with `rate`.
    """
    without: frozenset[str] = frozenset()
    """Terminals of the estate that stand elsewhere meanwhile."""
    rounds_of_mending: int = ROUNDS_OF_MENDING
    """How often a terminal tries, before it settles, to end what is still pending."""


Act = Callable[["Counter"], Awaitable[Done | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeRow:
    """Something that happens at a counter, how often, and the answers it may get."""

    name: str
    weight: float
    act: Act
    expects: frozenset[str]


@dataclass(slots=True)
class Counter:
    """One terminal's counter: the terminal, its cards, what it sold, its dice."""

    terminal: Terminal
    cards: tuple[CardPlan, ...]
    odd_cards: Mapping[int, CardPlan]
    dice: random.Random
    trades: tuple[TradeRow, ...] = ()
    lottery: LotteryPlan | None = None
    vouchers: list[VoucherPlan] = field(default_factory=list)
    """Its own, that nobody else takes."""
    sales: list[Sale] = field(default_factory=list)
    holds: list[Sale] = field(default_factory=list)
    """Pre-authorisations that stand, as far as it knows."""

    def card(self) -> CardPlan:
        """Any card that is in order."""
        return self.dice.choice(self.cards)

    def take_sale(self, *, in_points: bool, without: frozenset[Kind] = NEVER_UNDONE) -> Sale | None:
        """One of the remembered sales, which is then forgotten; points earned stay."""
        found = [
            sale
            for sale in self.sales
            if sale.is_in_points == in_points and sale.kind not in without
        ]
        if not found:
            return None
        sale = self.dice.choice(found)
        self.sales.remove(sale)
        return sale

    def take_voucher(self) -> VoucherPlan | None:
        """One that this counter has not handed in yet."""
        return self.vouchers.pop() if self.vouchers else None

    def take_hold(self) -> Sale | None:
        """The oldest of what is held, which is then forgotten."""
        return self.holds.pop(0) if self.holds else None

    def remember(self, sale: Sale) -> None:
        """Keep a sale for a later void or refund, and what is held for its completion."""
        kept = self.holds if sale.kind is Kind.PREAUTH else self.sales
        kept.append(sale)
        del kept[:-SALES_KEPT_MAX]


async def _buy(counter: Counter) -> Done:
    card = counter.card()
    return await counter.terminal.purchase(card, counter.dice.randint(100, 9_999), card.pin)


async def _earn(counter: Counter) -> Done:
    return await counter.terminal.earn(counter.card(), counter.dice.randint(1_000, 20_000))


async def _ask_balance(counter: Counter) -> Done:
    card = counter.card()
    return await counter.terminal.balance(card, card.pin)


async def _load(counter: Counter) -> Done:
    amount = counter.dice.choice((5_000, 10_000, 20_000))
    return await counter.terminal.load_cash(counter.card(), amount)


async def _redeem(counter: Counter) -> Done:
    rich = [card for card in counter.cards if card.points]
    return await counter.terminal.redeem(counter.dice.choice(rich), 500)


async def _void(counter: Counter) -> Done | None:
    sale = counter.take_sale(in_points=counter.dice.random() < 0.2)
    return None if sale is None else await counter.terminal.void(sale)


async def _refund(counter: Counter) -> Done | None:
    sale = counter.take_sale(in_points=False, without=NEVER_UNDONE | OF_VOUCHERS)
    if sale is None:
        return None
    part = counter.dice.choice((sale.amount_minor, max(1, sale.amount_minor // 2)))
    return await counter.terminal.refund(sale, part)


async def _ask_account(counter: Counter) -> Done:
    card = counter.card()
    return await counter.terminal.account(card, card.pin)


async def _combine(counter: Counter) -> Done:
    """Points first, then money; of a card that has too little of both a part."""
    card = counter.card()
    return await counter.terminal.combined(card, counter.dice.randint(1_000, 9_999), card.pin)


async def _buy_part(counter: Counter) -> Done:
    """More than most cards have: what there is, and the till asks for the rest otherwise."""
    card = counter.card()
    return await counter.terminal.purchase_part(card, MORE_THAN_MOST_MINOR, card.pin)


async def _draw(counter: Counter) -> Done | None:
    lottery = counter.lottery
    if lottery is None:
        return None
    content = lottery.content
    entitled = [one for one in counter.cards if one.points and one.issuer_id == lottery.issuer_id]
    if not entitled:
        return None
    card = counter.dice.choice(entitled)
    return await counter.terminal.draw(card, content.code, content.cost_points)


async def _hold(counter: Counter) -> Done:
    card = counter.card()
    return await counter.terminal.preauth(card, counter.dice.randint(2_000, 20_000), card.pin)


async def _complete(counter: Counter) -> Done | None:
    """As much as was held, or less."""
    held = counter.take_hold()
    if held is None:
        return None
    taken = counter.dice.choice((held.amount_minor, held.amount_minor // 2))
    return await counter.terminal.of_hold(Kind.COMPLETION, held, taken)


async def _let_go(counter: Counter) -> Done | None:
    held = counter.take_hold()
    return None if held is None else await counter.terminal.void(held)


async def _hand_in(counter: Counter) -> Done | None:
    """For goods of less or more than it is worth."""
    voucher = counter.take_voucher()
    if voucher is None:
        return None
    amount = counter.dice.randint(1, 2 * voucher.face_minor)
    return await counter.terminal.take_voucher(voucher, amount)


async def _load_by_code(counter: Counter) -> Done | None:
    voucher = counter.take_voucher()
    if voucher is None:
        return None
    return await counter.terminal.load_by_code(counter.card(), voucher)


async def _buy_with_wrong_pin(counter: Counter) -> Done:
    card = counter.odd_cards[counter.dice.choice(sorted(WRONG_PIN_CARDS))]
    return await counter.terminal.purchase(card, 100, WRONG_PIN)


async def _buy_too_much(counter: Counter) -> Done:
    card = counter.card()
    return await counter.terminal.purchase(card, 900_000, card.pin)


def _buy_with_odd_card(number: int) -> Act:
    async def act(counter: Counter) -> Done:
        card = counter.odd_cards[number]
        return await counter.terminal.purchase(card, 5_000, card.pin)

    return act


NOT_TAKEN_HERE: Final = "57"
"""A merchant that does not take the card's issuer."""
FOR_ANY_CARD: Final = frozenset({"00", "51", NOT_TAKEN_HERE})
OF_A_HOLD: Final = frozenset({"00", "22"})
OF_A_VOUCHER: Final = frozenset({"00", "22", NOT_TAKEN_HERE})
"""Used before (22): a house that has traded keeps what was used."""

TRADES: Final = (
    TradeRow(name="purchase", weight=60, act=_buy, expects=FOR_ANY_CARD),
    TradeRow(name="balance inquiry", weight=8, act=_ask_balance, expects=FOR_ANY_CARD),
    TradeRow(name="cash load", weight=8, act=_load, expects=FOR_ANY_CARD | {"61"}),
    TradeRow(name="redemption", weight=6, act=_redeem, expects=FOR_ANY_CARD),
    TradeRow(name="points earned", weight=3, act=_earn, expects=FOR_ANY_CARD),
    TradeRow(name="void", weight=6, act=_void, expects=frozenset({"00", "51", "22"})),
    TradeRow(name="refund", weight=6, act=_refund, expects=frozenset({"00", "51", "22"})),
    TradeRow(name="account inquiry", weight=2, act=_ask_account, expects=FOR_ANY_CARD),
    TradeRow(name="combined purchase", weight=4, act=_combine, expects=FOR_ANY_CARD | {PARTIAL}),
    TradeRow(name="partial approval", weight=0.5, act=_buy_part, expects=FOR_ANY_CARD | {PARTIAL}),
    TradeRow(name="lottery draw", weight=2, act=_draw, expects=FOR_ANY_CARD),
    TradeRow(name="voucher redemption", weight=1, act=_hand_in, expects=OF_A_VOUCHER),
    TradeRow(name="load by code", weight=0.5, act=_load_by_code, expects=OF_A_VOUCHER | {"61"}),
    TradeRow(name="pre-authorisation", weight=3, act=_hold, expects=FOR_ANY_CARD),
    TradeRow(name="completion", weight=3, act=_complete, expects=OF_A_HOLD),
    TradeRow(name="pre-authorisation void", weight=0.5, act=_let_go, expects=OF_A_HOLD),
    TradeRow(
        name="wrong PIN",
        weight=1.5,
        act=_buy_with_wrong_pin,
        expects=frozenset({"55", "75", NOT_TAKEN_HERE}),
    ),
    TradeRow(
        name="over the limit",
        weight=1,
        act=_buy_too_much,
        expects=frozenset({"61", NOT_TAKEN_HERE}),
    ),
    *(
        TradeRow(
            name=f"card {number}, {odd.why}",
            weight=0.5,
            act=_buy_with_odd_card(number),
            expects=frozenset({odd.f39}),
        )
        for number, odd in ODD_CARDS.items()
    ),
)
"""A void or refund may meet points already spent (51) or a sale its own fault undid (22)."""

FROM_AN_ISSUER: Final = frozenset({"00", "51", "91", "09", "25", "12"})
"""Not there (91), still deciding (09), an original it never heard of (25)."""
EXTERNAL_TRADES: Final = (
    TradeRow(name="external purchase", weight=70, act=_buy, expects=FROM_AN_ISSUER),
    TradeRow(name="external balance", weight=10, act=_ask_balance, expects=FROM_AN_ISSUER),
    TradeRow(name="external void", weight=10, act=_void, expects=FROM_AN_ISSUER),
    TradeRow(name="external refund", weight=10, act=_refund, expects=FROM_AN_ISSUER),
)
"""Cards of an issuer that decides by itself: what it may be asked."""


class Swarm:
    """Runs terminals of an estate against a switch; look at `tally` while it runs."""

    def __init__(
        self,
        settings: SwarmSettings,
        estate: EstatePlan,
        *,
        tally: Tally | None = None,
        record: Record | None = None,
    ) -> None:
        self.settings = settings
        self.tally = tally or Tally()
        self.record = record or Record(settings.record)
        self._owns_record = record is None
        self._estate = estate
        odd = WRONG_PIN_CARDS | ODD_CARDS.keys()
        is_external = settings.channel == "external"
        cards = external_cards() if is_external else estate.cards
        self._trades = EXTERNAL_TRADES if is_external else TRADES
        self._odd_cards = {card.id: card for card in cards if card.id in odd}
        self._cards = tuple(card for card in cards if card.id not in odd)
        self._is_closing = False
        self._customers: trio.MemoryReceiveChannel[float] | None = None

    async def run(self) -> Tally:
        """Open the shops, trade for the time set, mend what is pending, settle, go home."""
        settings = self.settings
        row = CHANNELS[settings.channel]
        here = [one for one in self._estate.terminals if one.terminal_id not in settings.without]
        plans = [one for one in here if row.takes(one)][: settings.terminals]
        place = Place(
            host=settings.host,
            port=settings.port,
            certificates=settings.certificates,
            answer_seconds_max=settings.answer_seconds_max,
            last_trace=settings.last_trace,
            attempts_max=settings.attempts_max,
            failures=self.tally.failures,
        )
        alone = self.tally.failures.alone
        with self.record if self._owns_record else nullcontext():
            opened = (settings.opens or row.opens)(place)
            async with opened as channel, trio.open_nursery() as nursery:
                if settings.rate:
                    send, self._customers = trio.open_memory_channel[float](math.inf)
                    nursery.start_soon(alone, "customers", "", self._let_in, send)
                for plan in plans:
                    nursery.start_soon(
                        alone, "terminal", plan.terminal_id, self._day_of, channel, plan
                    )
        return self.tally

    def close(self) -> None:
        """Close the shops before their time; terminals still mend what is pending. Any thread."""
        self._is_closing = True

    async def _let_in(self, send: trio.MemorySendChannel[float]) -> None:
        """Customers come when they come."""
        dice = random.Random(f"{self.settings.seed}/door")  # noqa: S311 - a simulation repeats itself
        ends_at = trio.current_time() + self.settings.seconds
        async with send:
            while (now := trio.current_time()) < ends_at and not self._is_closing:
                send.send_nowait(now)
                await trio.sleep(dice.expovariate(self.settings.rate))

    async def _day_of(self, channel: Channel, plan: TerminalPlan) -> None:
        settings = self.settings
        seed = f"{settings.seed}/{plan.terminal_id}"
        faults = FaultSource(settings.faults, seed)
        counter = channel.counter(plan, self._estate, self.record, faults)
        dice = random.Random(seed)  # noqa: S311 - a simulation wants to repeat itself
        terminal, line = counter.terminal, counter.line
        async with line:
            cards = self._own_cards(plan) if settings.repeats else self._cards
            lottery = next(iter(self._estate.lotteries), None)
            trading = Counter(
                terminal,
                cards,
                self._odd_cards,
                dice,
                self._trades,
                lottery,
                self._own_vouchers(plan),
            )
            try:
                await self._trade(trading, f"{seed}/door")
            finally:  # what a terminal that fails leaves is owed all the same
                self.tally.repeats_that_differed += line.repeats_that_differed
                self.tally.pending += terminal.has_pending
                self.tally.last_trace = max(self.tally.last_trace, terminal.last_trace)

    def _own_cards(self, plan: TerminalPlan) -> tuple[CardPlan, ...]:
        """Dealt round the terminals that may meet the same cards."""
        row, terminals = CHANNELS[self.settings.channel], self._estate.terminals
        is_external = self.settings.channel == "external"
        sharing = [one for one in terminals if row.takes(one) or not is_external]
        return self._cards[sharing.index(plan) :: len(sharing)]

    def _own_vouchers(self, plan: TerminalPlan) -> list[VoucherPlan]:
        """Dealt round all terminals, so that each is handed in once; the first are for people."""
        terminals = self._estate.terminals
        return list(self._estate.vouchers[OF_PEOPLE:][terminals.index(plan) :: len(terminals)])

    async def _trade(self, counter: Counter, door: str) -> None:
        await trio.sleep(counter.dice.random() * self.settings.pause_seconds)
        answer = await counter.terminal.sign_on()
        self.tally.sign_ons[answer.f39 or SILENCE] += 1
        self.tally.signed_on += answer.is_approved
        await counter.terminal.echo()
        if self._customers is not None:
            async for came_at in self._customers.clone():
                if self._is_closing:
                    break
                await self._serve(counter, came_at)
        elif self.settings.repeats:
            await self._serve_all(counter, door)
        else:
            await self._serve_and_pause(counter)
        for number in range(self.settings.rounds_of_mending):
            if number and counter.terminal.has_pending:
                await trio.sleep(self.settings.pause_seconds)
            await counter.terminal.mend()
        if self.settings.settles:
            self._count(await counter.terminal.settle())
        await counter.terminal.sign_off()

    async def _serve_and_pause(self, counter: Counter) -> None:
        ends_at = trio.current_time() + self.settings.seconds
        while trio.current_time() < ends_at and not self._is_closing:
            await self._serve(counter, trio.current_time())
            await trio.sleep(self._pause(counter.dice))

    async def _serve_all(self, counter: Counter, door: str) -> None:
        """Whoever comes before the shop closes is served, in turn, also after it has closed."""
        dice = random.Random(door)  # noqa: S311 - a simulation wants to repeat itself
        opened = trio.current_time()
        comes = self._pause(dice)
        while comes < self.settings.seconds and not self._is_closing:
            await trio.sleep_until(opened + comes)
            await self._serve(counter, trio.current_time())
            comes += self._pause(dice)

    async def _serve(self, counter: Counter, came_at: float) -> None:
        [row] = counter.dice.choices(counter.trades, [row.weight for row in counter.trades])
        done = await row.act(counter)
        if done is None:
            return
        f39 = done.f39 or SILENCE
        self.tally.answers[done.kind, f39] += 1
        if done.sale is not None:
            counter.remember(done.sale)
        if done.answer.verdict is Verdict.USABLE:
            self.tally.latencies.append(trio.current_time() - came_at)
            if f39 not in row.expects and not self._was_over(counter, f39):
                self.tally.surprises[row.name, f39] += 1

    def _was_over(self, counter: Counter, f39: str) -> bool:
        """Whether a phone was told so of its batch: it remembers none, and takes the next."""
        return (
            f39 == WRONG_BATCH
            and self.settings.channel == "softpos"
            and not counter.terminal.batch.entries
        )

    def _count(self, settled: Settled) -> None:
        if settled.answer.verdict is not Verdict.USABLE:
            self.tally.settled["lost"] += 1
        else:
            self.tally.settled["agreed" if settled.agrees else "uploaded"] += 1

    def _pause(self, dice: random.Random) -> float:
        """Exponential, as customers come, but never longer than five means."""
        mean = self.settings.pause_seconds
        return min(-math.log(1 - dice.random()) * mean, 5 * mean)
