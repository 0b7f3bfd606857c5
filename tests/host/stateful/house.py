"""A poster on a real database, asked one message after the other from code that is not async."""

import datetime as dt
import itertools
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

import hypothesis
import msgspec
import psycopg
import trio

from config.run.database import Dsns
from host.estate.demo import (
    CITY,
    DRAW_POINTS,
    PEAR,
    PRIZE_POINTS,
    VOUCHER_FACE_MINOR,
    card_pan,
    voucher_batch,
    voucher_code,
)
from host.estate.demo import LOTTERY as DEMO_LOTTERY
from host.estate.plan import LONG_AGO, CardPlan, IssuerPlan, LotteryPlan, ProgrammePlan
from host.model.own import OwnRequest
from host.model.requests import Request, Response
from host.model.secrets import Pan
from host.office.rows.conversions import SQL as RATES_SQL
from host.programmes import Life, LotLife
from host.store.changes import note_what_differs
from tests.host import conftest
from tests.host.conftest import PLAN, Till, asking_of, opened, put_estate
from tests.host.stateful.model import CITY as CITY_TERMS
from tests.host.stateful.model import MORE, Card, Model
from tests.host.stateful.model import PEAR as PEAR_TERMS
from tests.host.test_merging import merge
from tests.host.test_moves import drive
from tests.host.test_pay_codes import paying_at, shown

VALUE, POINTS = 100_000, 2_000
FIRST_CARD = 20_000
DAY = dt.date(2026, 11, 22)
VOUCHERS_A_HAND = 2
FIRST_VOUCHER = 90_000
VOUCHER_MINOR = VOUCHER_FACE_MINOR
LOTTERY, COST, PRIZE = DEMO_LOTTERY.content.code, DRAW_POINTS, PRIZE_POINTS
PRIZES = 150
"""Fewer than all runs together would draw."""
MEMBERS = (0, 0, 1)
"""Which of the two of each run its cards are bound to."""
FIRST_MEMBER = 1_000
OTHER_DAYS = 2
OTHER = ProgrammePlan(
    code="OTHER",
    issuer_id=CITY.id,
    name="Earned nowhere, and soon over",
    earn_points=0,
    earn_per_minor=100,
    redemption_points_min=1,
    lot_months=0,
    debt_is_allowed=False,
    is_primary=False,
    lot_life=Life(LONG_AGO, LotLife.DAYS, OTHER_DAYS),
)
"""Of city cards beside their own: its points come out of conversions alone."""
RATES = (
    *(
        ("CITY", "OTHER", DAY + dt.timedelta(days=number), *((7, 5) if number % 2 else (3, 2)))
        for number in range(500)
    ),
    ("OTHER", "CITY", DAY, 1, 3),
)
"""From, to, since when: so many points for so many. One way it is another every day."""


def _card(number: int, issuer: IssuerPlan, points: int) -> CardPlan:
    return CardPlan(
        id=number,
        issuer_id=issuer.id,
        pan=card_pan(issuer, number),
        pin=PLAN.cards[0].pin,
        expiry="3012",
        balance_minor=VALUE,
        points=points,
    )


def plan_of(hands: int) -> tuple[CardPlan, ...]:
    """Three cards for each run: a city card, one with points, a pear card with points."""
    issuers = ((CITY, 0), (CITY, POINTS), (PEAR, POINTS))
    return tuple(
        _card(FIRST_CARD + 3 * hand + place, issuer, points)
        for hand in range(hands)
        for place, (issuer, points) in enumerate(issuers)
    )


def _lottery() -> LotteryPlan:
    """The demo's, of whose first prize there is an end."""
    content = DEMO_LOTTERY.content
    first, *others = content.prizes
    prizes = (msgspec.structs.replace(first, stock=PRIZES), *others)
    return msgspec.structs.replace(
        DEMO_LOTTERY, content=msgspec.structs.replace(content, prizes=prizes)
    )


def members_of(hand: int) -> tuple[int, ...]:
    """To whom the cards of a run are bound, card by card."""
    return tuple(FIRST_MEMBER + 2 * hand + member for member in MEMBERS)


class House:
    """Asks, and looks at what is stored."""

    def __init__(self, till: Till, token: trio.lowlevel.TrioToken, hands: int) -> None:
        self.till, self._token = till, token
        self._hands = iter(range(hands))
        self.members: tuple[int, ...] = ()
        """Of this run, card by card."""
        self._vouchers = iter(range(FIRST_VOUCHER, FIRST_VOUCHER + VOUCHERS_A_HAND * hands))
        self.prizes = PRIZES
        self._look = psycopg.connect(till.dsns.owner, autocommit=True)
        self._look.prepare_threshold = 0
        self._look.execute("SET plan_cache_mode = force_generic_plan")
        self.today = DAY

    def close(self) -> None:
        """Nobody looks any more."""
        self._look.close()

    def deal_cards(self, model: Model) -> list[Card]:
        """Three that nobody has used, as they were opened; without any left it is no run."""
        hand = next(self._hands, None)
        if hand is None:
            hypothesis.reject()
        first, self.members = FIRST_CARD + 3 * hand, members_of(hand)
        kinds = ((CITY_TERMS, 0), (CITY_TERMS, POINTS), (PEAR_TERMS, POINTS))
        cards = []
        for place, (terms, points) in enumerate(kinds):
            card = Card(first + place, terms, VALUE)
            if points:
                opened_on, model.today = model.today, DAY
                model.lot(card, points)
                model.today = opened_on
            cards.append(card)
        return cards

    def deal_vouchers(self) -> list[str]:
        """Codes of some that nobody has used."""
        numbers = itertools.islice(self._vouchers, VOUCHERS_A_HAND)
        return [voucher_code(number).reveal() for number in numbers]

    def ask(self, request: Request) -> Response:
        """Its answer."""
        return trio.from_thread.run(self.till.ask, request, trio_token=self._token)

    def ask_own(self, request: OwnRequest) -> Response:
        """The answer to what no terminal asks."""
        asking = asking_of(self.till)
        return trio.from_thread.run(asking.ask, request, trio_token=self._token)

    def rate_at(self, told: Mapping[str, str]) -> tuple[int, int, int, int] | None:
        """Its row, what it makes of what, and the fewest points: as the office looks it up."""
        now = dt.datetime.combine(self.today, dt.time(12), dt.UTC)
        found = self._look.execute(RATES_SQL["rate_at"], {**told, "since": now}).fetchone()
        return None if found is None else (found[0], found[1], found[2], found[3])

    def merge(self, giver: int, getter: int) -> tuple[str, str]:
        """Say that one card is to be emptied onto another, and drive that on: its end, and why."""
        merge(self.till, giver, getter)
        trio.from_thread.run(drive, self.till, trio_token=self._token)
        [(state, why)] = self.till.sql(
            "SELECT state, refused FROM move WHERE card_id = %s AND name = 'merge'", giver
        )
        return state, why

    def show_code(self, which: int) -> Pan:
        """Of whose card it is."""
        return shown(self.till, self.members[which])

    def turn_the_date(self) -> None:
        """The next business date."""
        self.till.turn_the_date()
        self.today += dt.timedelta(days=1)

    def money_of(self, cards: Sequence[int]) -> dict[int, tuple[int, int]]:
        """Money of each card, and what of it is held, as its purse says."""
        found = self._look.execute(
            "SELECT c.id, p.posted_minor, p.held_minor FROM card AS c JOIN purse AS p"
            " ON p.shard = c.shard AND p.card_id = c.id WHERE c.id = any(%s) AND p.unit = 'CNY'",
            (cards,),
        )
        return dict.fromkeys(cards, (0, 0)) | {card: (has, held) for card, has, held in found}

    def lots_of(self, cards: Sequence[int]) -> dict[tuple[int, str], list[tuple[dt.date, int]]]:
        """Last days and points of lots of each card and unit that are not empty, in the order in
        which they came."""
        lots = defaultdict(list)
        for card, unit, until, left in self._look.execute(
            "SELECT c.id, p.unit, l.expires_on, l.remaining FROM card AS c"
            " JOIN purse AS p ON p.shard = c.shard AND p.card_id = c.id"
            " JOIN lot AS l ON l.shard = p.shard AND l.account_id = p.account_id"
            " WHERE c.id = any(%s) AND l.remaining <> 0 ORDER BY l.expires_on, l.id",
            (cards,),
        ):
            lots[card, unit].append((until, left))
        return lots


@contextmanager
def house_at(dsns: Dsns, hands: int) -> Iterator[House]:
    """Runs a poster in a thread until the block ends."""
    cards = {card.id: card for card in plan_of(hands)}
    conftest.CARDS.update(cards)
    ready, ended = threading.Event(), threading.Event()
    tokens: list[trio.lowlevel.TrioToken] = []
    scopes: list[trio.CancelScope] = []
    with ExitStack() as kept, opened(dsns) as poster:
        till = Till(poster, dsns, kept=kept)

        async def run() -> None:
            async with trio.open_nursery() as nursery:
                scopes.append(nursery.cancel_scope)
                tokens.append(trio.lowlevel.current_trio_token())
                nursery.start_soon(poster.run)
                async with paying_at(till):
                    ready.set()
                    await trio.sleep_forever()

        def in_thread() -> None:
            try:
                trio.run(run)
            finally:
                ended.set()

        thread = threading.Thread(target=in_thread, name="house")
        thread.start()
        try:
            assert ready.wait(20)
            house = House(till, tokens[0], hands)
            try:
                yield house
            finally:
                house.close()
        finally:
            tokens[0].run_sync_soon(scopes[0].cancel)
            assert ended.wait(20)
            thread.join()
            for number in cards:
                del conftest.CARDS[number]


def furnish(dsns: Dsns, hands: int) -> None:
    """The demo's estate with cards for so many runs beside its own, each a member's."""
    plan = msgspec.structs.replace(
        PLAN,
        programmes=(*PLAN.programmes, OTHER),
        cards=(*PLAN.cards, *plan_of(hands)),
        batches=(voucher_batch(FIRST_VOUCHER, VOUCHERS_A_HAND * hands),),
        lotteries=(_lottery(),),
    )
    put_estate(dsns, plan)
    with psycopg.connect(dsns.owner) as connection:
        connection.execute(
            "INSERT INTO member (id, phone_hash, phone_sealed, phone_masked, made_by, made_at)"
            " SELECT n, ('phone ' || n)::bytea, 'x', '137****0000', 'li', now()"
            " FROM generate_series(%s::bigint, %s::bigint) AS n",
            (members_of(0)[0], members_of(hands)[0] - 1),
        )
        connection.execute(
            "INSERT INTO earn_rule (programme, code, since, name, amount_min_minor, times,"
            " points_max_day, points_max_month) SELECT code, 'MORE', %s, 'More', %s, %s, %s, %s"
            " FROM programme WHERE code = 'CITY'",
            (DAY, *MORE),
        )
        for place, member in enumerate(MEMBERS):
            connection.execute(
                "UPDATE card SET member_id = %s + 2 * ((id - %s) / 3)"
                " WHERE id >= %s AND (id - %s) %% 3 = %s",
                (FIRST_MEMBER + member, FIRST_CARD, FIRST_CARD, FIRST_CARD, place),
            )
        for number, (one, other, since, times, per) in enumerate(RATES, 1):
            connection.execute(
                "INSERT INTO rate (id, from_programme, to_programme, since, times, per, made_by)"
                " VALUES (%s, %s, %s, %s, %s, %s, 'li')",
                (number, one, other, since, times, per),
            )
        note_what_differs(connection)
