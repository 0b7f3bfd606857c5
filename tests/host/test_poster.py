"""The poster on real PostgreSQL: one key, one posting, one answer."""

from collections.abc import Sequence

import msgspec
import psycopg
import pytest
import trio

from config.run.database import Dsns
from host.ledger import Chart
from host.model.money import Money
from host.model.requests import ExchangeKey, Family, Kind, Original, Request, Response
from host.model.responses import Reason
from host.rules.dossier import Item
from host.store import writer
from host.store.locks import CUT_OFF_LOCK
from host.store.writer import ShardTakenError
from tests.host.conftest import (
    TERMINALS,
    CardPool,
    Till,
    audit_ledger,
    close_the_date,
    open_the_next,
    opened,
    trading,
)


async def test_a_purchase_moves_value_and_earns_points(till: Till) -> None:
    answer = await till.buy(1, 12_345)
    assert answer.reason is Reason.APPROVED
    assert answer.balance == Money(87_655, "CNY")
    assert answer.points_earned == 123
    assert answer.rrn.startswith("1122")
    assert answer.business_date == "20261122"
    assert answer.local_time == "20261122093102"
    assert till.balances(1) == (87_655, 17_800 + 123)


async def test_a_repeat_gets_the_first_answer_and_posts_nothing(
    shared: Till, pool: CardPool
) -> None:
    card = pool.city()
    request = shared.request(Kind.PURCHASE, card, 100, pin="123456")
    first = await shared.ask(request)
    assert [await shared.ask(request) for _ in range(3)] == [first] * 3
    assert shared.balances(card)[0] == 99_900


async def test_copies_at_once_get_one_answer_and_post_once(shared: Till, pool: CardPool) -> None:
    card = pool.city()
    request = shared.request(Kind.PURCHASE, card, 100, pin="123456")
    answers = await shared.ask_all([request] * 20)
    assert answers[0].is_approved
    assert answers == [answers[0]] * 20
    assert shared.journals(request) == 1
    assert shared.balances(card)[0] == 99_900


async def test_a_repeat_after_a_restart_gets_the_first_answer(
    audited_estate: Dsns, pool: CardPool
) -> None:
    card = pool.city()
    async with trading(audited_estate) as till:
        asked = [
            till.request(Kind.PURCHASE, card, 100, pin="123456"),
            till.request(Kind.PURCHASE, card, 100, pin="000000"),
            till.request(Kind.BALANCE_INQUIRY, card, pin="123456"),
            till.request(Kind.CASH_LOAD, card, 700),
        ]
        first = [await till.ask(request) for request in asked]
    async with trading(audited_estate) as till:
        assert [await till.ask(request) for request in asked] == first
        assert till.balances(card)[0] == 100_600


async def test_a_key_used_again_for_something_else_is_refused(shared: Till, pool: CardPool) -> None:
    card = pool.city()
    first, answer = await shared.sell(Kind.PURCHASE, card, 100)
    others = [
        shared.request(Kind.PURCHASE, card, 101, pin="123456", stan=first.key.stan),
        shared.request(Kind.PURCHASE, pool.city(), 100, pin="123456", stan=first.key.stan),
        shared.request(Kind.CASH_LOAD, card, 100, stan=first.key.stan),
        shared.request(Kind.BALANCE_INQUIRY, card, pin="123456", stan=first.key.stan),
    ]
    for other in others:
        refused = await shared.ask(other)
        assert (refused.reason, refused.rrn) == (Reason.DUPLICATE, answer.rrn)
        assert refused.sign_on_again
    assert await shared.ask(first) == answer
    assert shared.balances(card)[0] == 99_900
    assert shared.journals(first) == 1


async def test_two_bodies_under_one_key_at_once_post_the_first(
    shared: Till, pool: CardPool
) -> None:
    cards = pool.city(), pool.city()
    first, second = (
        shared.request(Kind.PURCHASE, card, 100, pin="123456", stan="900001") for card in cards
    )
    answers = await shared.ask_all([first, second, first])
    assert [answer.reason for answer in answers] == [
        Reason.APPROVED,
        Reason.DUPLICATE,
        Reason.APPROVED,
    ]
    assert answers[2] == answers[0]
    assert [shared.balances(card)[0] for card in cards] == [99_900, 100_000]


async def test_a_decline_stays_a_decline_after_the_card_is_funded(
    shared: Till, pool: CardPool
) -> None:
    card = pool.city()
    request = shared.request(Kind.PURCHASE, card, 150_000, pin="123456")
    declined = await shared.ask(request)
    assert declined.reason is Reason.INSUFFICIENT_FUNDS
    assert (await shared.load(card, 100_000)).is_approved
    assert await shared.ask(request) == declined
    assert (await shared.buy(card, 150_000)).is_approved
    assert shared.balances(card)[0] == 50_000


async def test_a_purchase_that_was_reversed_is_not_approved_when_it_comes_again(
    shared: Till, pool: CardPool
) -> None:
    sale, answer = await shared.sell(Kind.PURCHASE, pool.city(), 100)
    assert (await shared.ask(shared.reversal(sale))).is_approved
    again = await shared.ask(sale)
    assert (again.reason, again.rrn) == (Reason.DUPLICATE, answer.rrn)


async def test_strangers_are_turned_away_before_anything_is_stored(
    shared: Till, pool: CardPool
) -> None:
    good = shared.request(Kind.PURCHASE, pool.city(), 100, pin="123456")
    before = shared.sql("SELECT count(*) FROM exchange")

    def keyed(terminal_id: str = "80010001", stan: str = "000001") -> Request:
        key = ExchangeKey("pos", terminal_id, "000012", stan, Family.FINANCIAL)
        return msgspec.structs.replace(good, key=key)

    others_key = ExchangeKey("pos", "80010002", "000001", "000001", Family.FINANCIAL)
    odd_key = ExchangeKey("pos", "80010001", "000012", "1},{", Family.FINANCIAL)
    strangers = {
        Reason.INVALID_TERMINAL: [
            keyed("99999999"),
            msgspec.structs.replace(good, merchant_id="888290058120002"),
            msgspec.structs.replace(good, merchant_id=""),
        ],
        Reason.FORMAT_ERROR: [
            keyed(stan="1},{2"),
            keyed(stan='"\\'),
            msgspec.structs.replace(good, original=Original(key=others_key)),
            msgspec.structs.replace(good, original=Original(key=odd_key)),
        ],
    }
    for reason, requests in strangers.items():
        for request in requests:
            assert (await shared.ask(request)).reason is reason
    assert shared.sql("SELECT count(*) FROM exchange") == before


async def test_a_reversal_that_names_another_merchant_undoes_its_terminals_sale(
    shared: Till, pool: CardPool
) -> None:
    """Its key is whole, and any refusal would end it while the card stays debited."""
    card = pool.city()
    sale, _ = await shared.sell(Kind.PURCHASE, card, 5_000)
    reversal = shared.reversal(sale)
    odd = msgspec.structs.replace(reversal, merchant_id="888290058120002")
    assert (await shared.ask(odd)).is_approved
    assert shared.balances(card)[0] == 100_000
    assert (await shared.ask(odd)).is_approved
    assert shared.balances(card)[0] == 100_000


async def test_a_closed_merchant_and_a_closed_terminal_may_only_undo(
    estate_database: Dsns,
) -> None:
    async with trading(estate_database) as till:
        sales = [
            (await till.sell(Kind.PURCHASE, 2, 1, terminal_id=place))[0]
            for place in ("80010017", "80010002")
        ]
        till.sql("UPDATE merchant SET is_active = false WHERE id = 2")
        till.sql("UPDATE terminal SET is_active = false WHERE terminal_id = '80010002'")
    async with trading(estate_database) as till:
        assert (await till.buy(2, 1, terminal_id="80010017")).reason is Reason.INVALID_MERCHANT
        assert (await till.buy(2, 1, terminal_id="80010002")).reason is Reason.INVALID_TERMINAL
        assert await till.poster.find_terminal("80010002") is None
        assert all(one.is_approved for one in await till.ask_all([*map(till.reversal, sales)]))
        assert till.balances(2)[0] == 100_000
        assert (await till.buy(2, 1)).is_approved


async def test_one_terminals_requests_wait_in_line_and_no_longer(
    module_estate: Dsns, pool: CardPool
) -> None:
    card = pool.city()
    async with trading(module_estate, terminal_waiting_max=3) as till:
        requests = [till.request(Kind.CASH_LOAD, card, 1) for _ in range(6)]
        answers = await till.ask_all(requests)
        reasons = [answer.reason for answer in answers]
        assert reasons == [Reason.APPROVED] * 4 + [Reason.IN_PROGRESS] * 2
        assert (await till.ask(requests[5])).is_approved
        assert till.balances(card)[0] == 100_005


async def test_a_full_host_says_that_it_is_unreachable(module_estate: Dsns, pool: CardPool) -> None:
    card = pool.city()
    async with trading(module_estate, waiting_items_max=2) as till:
        requests = [
            till.request(Kind.CASH_LOAD, card, 1, terminal_id=f"{80_010_001 + place}")
            for place in range(4)
        ]
        reasons = [answer.reason for answer in await till.ask_all(requests)]
        assert reasons == [Reason.APPROVED] * 2 + [Reason.HOST_UNREACHABLE] * 2


async def test_a_request_that_cannot_be_decided_spares_its_neighbours(
    till: Till, pool: CardPool
) -> None:
    book = till.poster._book
    del book.accounts[Chart.MERCHANT_PAYABLE, "CNY", 1, 3]
    cards = [pool.city() for _ in range(5)]
    places = ["80010001", "80010002", "80010033", "80010003", "80010004"]
    requests = [
        till.request(Kind.PURCHASE, card, 100, pin="123456", terminal_id=place)
        for card, place in zip(cards, places, strict=True)
    ]
    reasons = [answer.reason for answer in await till.ask_all(requests)]
    assert reasons == [*[Reason.APPROVED] * 2, Reason.MALFUNCTION, *[Reason.APPROVED] * 2]
    assert [till.balances(card)[0] for card in cards] == [99_900] * 2 + [100_000] + [99_900] * 2


async def test_what_the_database_refuses_spares_its_neighbours(till: Till, pool: CardPool) -> None:
    """The constraints have the last word, item by item."""
    cards = [pool.city() for _ in range(6)]
    till.sql(
        "UPDATE purse SET floor_minor = posted_minor WHERE account_id ="
        " (SELECT account_id FROM purse WHERE card_id = %s AND unit = 'CNY')",
        cards[3],
    )
    requests = [
        till.request(Kind.PURCHASE, card, 100, pin="123456", terminal_id=f"{80_010_001 + place}")
        for place, card in enumerate(cards)
    ]
    answers = await till.ask_all(requests)
    assert [answer.is_approved for answer in answers] == [True] * 3 + [False] + [True] * 2
    assert answers[3].reason is Reason.NOT_POSTABLE
    till.sql("UPDATE purse SET floor_minor = 0 WHERE floor_minor > 0")
    assert [till.journals(request) for request in requests] == [1, 1, 1, 0, 1, 1]


async def test_without_an_open_business_day_everybody_is_told_to_come_later(till: Till) -> None:
    with psycopg.connect(till.dsns.night, autocommit=True) as night:
        close_the_date(night)
        assert (await till.buy(2, 1)).reason is Reason.CUT_OFF_IN_PROGRESS
        open_the_next(night)
    assert (await till.buy(2, 1)).is_approved


async def test_what_is_asked_after_cut_off_belongs_to_the_next_day(till: Till) -> None:
    before = await till.buy(2, 1)
    till.turn_the_date()
    after = await till.buy(2, 1)
    assert (before.business_date, after.business_date) == ("20261122", "20261123")
    assert after.rrn == "112300000000"
    refund = till.request(Kind.REFUND, 2, 1, original=Original(rrn=before.rrn))
    assert (await till.ask(refund)).is_approved


async def test_a_batch_that_waits_for_cut_off_belongs_to_the_next_day(till: Till) -> None:
    with psycopg.connect(till.dsns.night) as night:
        night.execute("SELECT pg_advisory_xact_lock(%s, %s)", CUT_OFF_LOCK)
        async with trio.open_nursery() as nursery:
            answers: list[Response] = []

            async def buy() -> None:
                answers.append(await till.buy(2, 1))

            nursery.start_soon(buy)
            for _ in range(100):
                if till.sql("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"):
                    break
                await trio.sleep(0.01)
            assert answers == []
            close_the_date(night)
            open_the_next(night)
            night.commit()
    assert [answer.business_date for answer in answers] == ["20261123"]


async def test_a_second_host_does_not_get_the_shards(
    module_estate: Dsns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "SHARD_WAIT_SECONDS_MAX", 0.0)
    with opened(module_estate):
        with pytest.raises(ShardTakenError), opened(module_estate):
            pass
        with pytest.raises(ShardTakenError), opened(module_estate, writers=1):
            pass
    with opened(module_estate):
        pass


@pytest.mark.counted
async def test_one_card_never_pays_more_than_it_has(shared: Till, pool: CardPool) -> None:
    card, amount = pool.city(), 3_333
    requests = [
        shared.request(Kind.PURCHASE, card, amount, pin="123456", terminal_id=terminal_id)
        for terminal_id in [*TERMINALS][:32] * 2
    ]
    answers = await shared.ask_all(requests)
    approved = sum(answer.is_approved for answer in answers)
    declined = sum(answer.reason is Reason.INSUFFICIENT_FUNDS for answer in answers)
    assert (approved, declined) == (100_000 // amount, 64 - 100_000 // amount)
    assert shared.balances(card)[0] == 100_000 % amount


async def test_one_merchant_takes_from_many_cards_at_once(shared: Till, pool: CardPool) -> None:
    cards = [pool.city() for _ in range(64)]
    requests = [
        shared.request(
            Kind.PURCHASE, card, 100, pin="123456", terminal_id=f"{80_010_001 + at % 16}"
        )
        for at, card in enumerate(cards)
    ]
    assert all(answer.is_approved for answer in await shared.ask_all(requests))


async def test_answers_come_after_the_commit(shared: Till, pool: CardPool) -> None:
    """What was approved can be read by anybody the moment it is told."""
    request = shared.request(Kind.PURCHASE, pool.city(), 100, pin="123456")
    seen: list[int] = []
    done = trio.Event()

    def deliver(_: object) -> None:
        seen.append(shared.journals(request))
        done.set()

    shared.poster.submit(request, deliver)
    with trio.fail_after(20):
        await done.wait()
    assert seen == [1]


async def test_a_batch_takes_all_that_waits_for_its_writer_up_to_its_bound(
    estate_database: Dsns, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What each costs whatever is in it is shared by as many as there are."""
    sizes: list[int] = []
    post = writer.Writer.post

    def counted(self: writer.Writer, items: Sequence[Item]) -> list[writer.Result]:
        sizes.append(len(items))
        return post(self, items)

    monkeypatch.setattr(writer.Writer, "post", counted)
    terminals = [one for one in TERMINALS.values() if one.working is not None][:24]
    with opened(estate_database, writers=1, batch_items_max=16) as poster:
        till = Till(poster, estate_database)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(poster.run)
            asked = [
                till.request(Kind.CASH_LOAD, 1, 100, terminal_id=one.terminal_id)
                for one in terminals
            ]
            answers = await till.ask_all(asked)
            nursery.cancel_scope.cancel()
    assert {answer.reason for answer in answers} == {Reason.APPROVED}
    assert sizes == [16, 8]
    audit_ledger(estate_database)
