"""Pre-authorisations: what is held, what its completion takes, and how each comes to its end."""

import datetime as dt
import signal
from typing import Any

import psycopg
import pytest
import trio

from clearing.verify import ask as ask_audit
from config.run.database import Dsns
from host.hold_expiry import HoldExpiry
from host.model.money import Money
from host.model.origins import Origin
from host.model.own import OwnKey, OwnRequest
from host.model.requests import Kind, Original, Request, Response
from host.model.responses import Reason
from host.store.connecting import Deadlines, connect
from tests.host.conftest import (
    NOW,
    PINLESS_CARD,
    TERMINALS,
    CardPool,
    Till,
    asking_of,
    audit_ledger,
    card_at,
    trading,
)
from tests.host.mortal import let_it_die

SECOND = "80010002"
"""Another terminal of the first merchant."""
OF_ANOTHER = "80010017"
PIN = "123456"
PURSE, FACTS, JOURNAL, USED = (
    "held_not_its_holds",
    "hold_not_its_facts",
    "hold_fact_without_journal",
    "hold_used_otherwise",
)
"""What the audit asks of holds."""
DEADLINES = Deadlines(connect_seconds=5.0, round_trip_seconds=20.0)


def slip(answer: Response, **more: Any) -> Original:
    """What the slip of a pre-authorisation says: its code and its date."""
    return Original(auth_code=answer.auth_code, local_date=answer.local_time[4:8], **more)


async def hold(till: Till, card: int, amount: int, **more: Any) -> tuple[Request, Response]:
    """A pre-authorisation that is approved."""
    asked = till.request(Kind.PREAUTH, card, amount, pin=PIN, **more)
    answer = await till.ask(asked)
    assert answer.is_approved, answer
    return asked, answer


async def about(
    till: Till, kind: Kind, card: int, amount: int, held: Response, **more: Any
) -> Response:
    """What a slip's holder asks of it."""
    return await till.ask(till.request(kind, card, amount, **{"original": slip(held), **more}))


def left(till: Till, card: int) -> tuple[int, int]:
    """What the card has, and what of it is held."""
    rows = till.sql(
        "SELECT posted_minor, held_minor FROM purse WHERE card_id = %s AND unit = 'CNY'", card
    )
    return rows[0][0], rows[0][1]


async def test_what_is_held_is_not_spent_and_nothing_moves(shared: Till, pool: CardPool) -> None:
    card = pool.city()
    _, answer = await hold(shared, card, 60_000)
    assert left(shared, card) == (100_000, 60_000)
    assert answer.balance == Money(40_000, "CNY")
    assert answer.besides is not None
    assert answer.besides.held_minor == 60_000
    assert (await shared.buy(card, 40_001)).reason is Reason.VALUE_HELD
    assert (await shared.buy(card, 100_001)).reason is Reason.INSUFFICIENT_FUNDS
    assert (await shared.buy(card, 40_000)).is_approved
    told = await shared.ask(shared.request(Kind.BALANCE_INQUIRY, card, pin=PIN))
    assert told.balance == Money(0, "CNY")
    assert told.besides is not None
    assert told.besides.held_minor == 60_000


async def test_of_six_holds_of_a_thousand_on_five_thousand_one_is_refused(
    shared: Till, pool: CardPool
) -> None:
    """Holds are counted where the next is decided, however they come together."""
    card = pool.city()
    await shared.load(card, 400_000)
    asked = [
        shared.request(Kind.PREAUTH, card, 100_000, pin=PIN, terminal_id=f"8001000{n}")
        for n in range(1, 7)
    ]
    answers = await shared.ask_all(asked)
    reasons = sorted(answer.reason for answer in answers)
    assert reasons == [*[Reason.APPROVED] * 5, Reason.VALUE_HELD]
    assert left(shared, card) == (500_000, 500_000)


async def test_a_completion_takes_what_it_says_and_frees_the_rest(
    shared: Till, pool: CardPool
) -> None:
    card = pool.city()
    _, held = await hold(shared, card, 60_000)
    done = await about(shared, Kind.COMPLETION, card, 45_000, held)
    assert done.is_approved
    assert done.balance == Money(55_000, "CNY")
    assert done.points_earned == 450, "as a purchase"
    assert left(shared, card) == (55_000, 0)


@pytest.mark.parametrize("kind", [Kind.COMPLETION, Kind.COMPLETION_ADVICE])
async def test_a_second_completion_is_refused_and_says_why(
    shared: Till, pool: CardPool, kind: Kind
) -> None:
    card = pool.city()
    _, held = await hold(shared, card, 60_000)
    assert (await about(shared, kind, card, 60_000, held)).is_approved
    assert (await about(shared, kind, card, 60_000, held)).reason is Reason.HOLD_COMPLETED
    void = await about(shared, Kind.PREAUTH_VOID, card, 60_000, held)
    assert void.reason is Reason.HOLD_COMPLETED


async def test_two_completions_at_once_from_two_terminals_pay_once(
    shared: Till, pool: CardPool
) -> None:
    card = pool.city()
    _, held = await hold(shared, card, 60_000)
    asked = [
        shared.request(Kind.COMPLETION, card, 60_000, original=slip(held), terminal_id=terminal)
        for terminal in ("80010001", SECOND, "80010003")
    ]
    answers = await shared.ask_all(asked)
    reasons = sorted(answer.reason for answer in answers)
    assert reasons == [Reason.APPROVED, Reason.HOLD_COMPLETED, Reason.HOLD_COMPLETED]
    assert left(shared, card) == (40_000, 0)


async def test_a_repeated_advice_gets_the_first_answer(shared: Till, pool: CardPool) -> None:
    card = pool.city()
    _, held = await hold(shared, card, 60_000)
    asked = shared.request(Kind.COMPLETION_ADVICE, card, 50_000, original=slip(held))
    first = await shared.ask(asked)
    assert first.is_approved
    assert await shared.ask(asked) == first
    assert left(shared, card) == (50_000, 0)


async def test_an_advice_that_is_declined_is_a_case(shared: Till, pool: CardPool) -> None:
    card = pool.city()
    _, held = await hold(shared, card, 60_000)
    asked = shared.request(Kind.COMPLETION_ADVICE, card, 60_001, original=slip(held))
    assert (await shared.ask(asked)).reason is Reason.AMOUNT_LIMIT
    cases = shared.sql(
        "SELECT kind, amount_minor FROM exception_case WHERE stan = %s", asked.key.stan
    )
    assert cases == [("completion_refused", 60_001)]


async def test_a_hold_is_found_by_reference_or_by_the_terminals_own_trace(
    shared: Till, pool: CardPool
) -> None:
    card = pool.city()
    for names in ({"rrn"}, {"key"}, {"rrn", "key", "auth_code", "local_date"}):
        asked, held = await hold(shared, card, 1_000)
        whole = slip(held, rrn=held.rrn, key=asked.key)
        said = Original(**{name: getattr(whole, name) for name in names})
        done = await about(shared, Kind.COMPLETION, card, 1_000, held, original=said)
        assert done.is_approved, names


async def test_a_code_of_another_date_card_or_merchant_finds_no_hold(
    shared: Till, pool: CardPool
) -> None:
    card, other = pool.city(), pool.city()
    _, held = await hold(shared, card, 1_000)
    of_another_day = Original(auth_code=held.auth_code, local_date="0101")
    for told, more in (
        ((card,), {"original": of_another_day}),
        ((card,), {"original": slip(held, rrn="112200000000")}),
        ((card,), {"original": Original(auth_code="", local_date="1122")}),
        ((other,), {}),
        ((card,), {"terminal_id": OF_ANOTHER}),
    ):
        answer = await about(shared, Kind.COMPLETION, *told, 1_000, held, **more)
        assert answer.reason is Reason.ORIGINAL_NOT_FOUND


async def test_an_increment_holds_more_and_a_void_frees_all(shared: Till, pool: CardPool) -> None:
    card = pool.city()
    _, held = await hold(shared, card, 60_000)
    over = await about(shared, Kind.PREAUTH_INCREMENT, card, 40_001, held)
    assert over.reason is Reason.VALUE_HELD
    more = await about(shared, Kind.PREAUTH_INCREMENT, card, 10_000, held)
    assert more.is_approved
    assert left(shared, card) == (100_000, 70_000)
    part = await about(shared, Kind.PREAUTH_VOID, card, 60_000, held)
    assert part.reason is Reason.ORIGINAL_MISMATCH
    assert (await about(shared, Kind.PREAUTH_VOID, card, 70_000, held)).is_approved
    assert left(shared, card) == (100_000, 0)
    for kind in (Kind.PREAUTH_VOID, Kind.PREAUTH_INCREMENT, Kind.COMPLETION):
        answer = await about(shared, kind, card, 70_000, held)
        assert answer.reason is Reason.ORIGINAL_VOIDED


async def test_a_completion_above_the_hold_takes_what_is_free_within_the_issuers_percent(
    till: Till, pool: CardPool
) -> None:
    card = pool.city()
    _, held = await hold(till, card, 80_000)
    assert (await about(till, Kind.COMPLETION, card, 80_001, held)).reason is Reason.AMOUNT_LIMIT
    till.sql("UPDATE issuer SET hold_over_percent = 50 WHERE id = 1")
    await till.poster.reload()
    short = await about(till, Kind.COMPLETION, card, 100_001, held)
    assert short.reason is Reason.INSUFFICIENT_FUNDS
    over = await about(till, Kind.COMPLETION, card, 120_001, held)
    assert over.reason is Reason.AMOUNT_LIMIT
    assert (await about(till, Kind.COMPLETION, card, 95_000, held)).is_approved
    assert left(till, card) == (5_000, 0)


async def test_the_reversal_of_a_preauth_frees_it_for_good(shared: Till, pool: CardPool) -> None:
    card = pool.city()
    asked, _ = await hold(shared, card, 60_000)
    assert (await shared.ask(shared.reversal(asked))).is_approved
    assert left(shared, card) == (100_000, 0)
    assert (await shared.ask(asked)).reason is Reason.DUPLICATE
    again = shared.reversal(asked)
    assert (await shared.ask(again)).is_approved


async def test_a_reversal_that_overtakes_its_preauth_buries_it(
    shared: Till, pool: CardPool
) -> None:
    card = pool.city()
    asked = shared.request(Kind.PREAUTH, card, 60_000, pin=PIN)
    assert (await shared.ask(shared.reversal(asked))).reason is Reason.ORIGINAL_NOT_FOUND
    assert (await shared.ask(asked)).reason is Reason.DUPLICATE
    assert left(shared, card) == (100_000, 0)


async def test_the_reversal_of_a_preauth_that_ended_moves_nothing(
    shared: Till, pool: CardPool
) -> None:
    card = pool.city()
    asked, held = await hold(shared, card, 60_000)
    assert (await about(shared, Kind.PREAUTH_VOID, card, 60_000, held)).is_approved
    assert (await shared.ask(shared.reversal(asked))).is_approved
    assert (await shared.ask(asked)).reason is Reason.DUPLICATE
    paid, told = await hold(shared, card, 60_000)
    assert (await about(shared, Kind.COMPLETION, card, 60_000, told)).is_approved
    assert (await shared.ask(shared.reversal(paid))).reason is Reason.HOLD_COMPLETED
    assert left(shared, card) == (40_000, 0)


async def test_the_reversal_of_an_increment_leaves_what_was_held_before(
    shared: Till, pool: CardPool
) -> None:
    card = pool.city()
    _, held = await hold(shared, card, 60_000)
    more = shared.request(Kind.PREAUTH_INCREMENT, card, 10_000, original=slip(held))
    assert (await shared.ask(more)).is_approved
    assert (await shared.ask(shared.reversal(more))).is_approved
    assert left(shared, card) == (100_000, 60_000)
    assert (await about(shared, Kind.PREAUTH_VOID, card, 60_000, held)).is_approved


async def test_the_reversal_of_a_void_holds_again_what_the_card_still_has(
    shared: Till, pool: CardPool
) -> None:
    card = pool.city()
    for spent, reason in ((0, Reason.APPROVED), (50_000, Reason.INSUFFICIENT_FUNDS)):
        _, held = await hold(shared, card, 60_000)
        void = shared.request(Kind.PREAUTH_VOID, card, 60_000, original=slip(held))
        assert (await shared.ask(void)).is_approved
        if spent:
            assert (await shared.buy(card, spent)).is_approved
        assert (await shared.ask(shared.reversal(void))).reason is reason
        if reason is Reason.APPROVED:
            assert left(shared, card) == (100_000, 60_000)
            assert (await about(shared, Kind.PREAUTH_VOID, card, 60_000, held)).is_approved


@pytest.mark.parametrize("by_reversal", [False, True])
async def test_a_completion_that_is_undone_brings_its_hold_back(
    shared: Till, pool: CardPool, *, by_reversal: bool
) -> None:
    card = pool.city()
    _, held = await hold(shared, card, 60_000)
    sale = shared.request(Kind.COMPLETION, card, 45_000, original=slip(held))
    answer = await shared.ask(sale)
    undo = (
        shared.reversal(sale)
        if by_reversal
        else shared.request(
            Kind.COMPLETION_VOID, card, 45_000, original=shared.original(sale, answer)
        )
    )
    assert (await shared.ask(undo)).is_approved
    assert left(shared, card) == (100_000, 60_000)
    assert shared.balances(card)[1] == 0
    assert (await about(shared, Kind.COMPLETION, card, 60_000, held)).is_approved
    assert left(shared, card) == (40_000, 0)


async def test_what_comes_back_is_what_the_card_still_covers(shared: Till, pool: CardPool) -> None:
    """The rest of the hold was freed and spent: what the completion had paid is held again."""
    card = pool.city()
    _, held = await hold(shared, card, 60_000)
    sale = shared.request(Kind.COMPLETION, card, 45_000, original=slip(held))
    answer = await shared.ask(sale)
    assert (await shared.buy(card, 50_000)).is_approved
    void = shared.request(
        Kind.COMPLETION_VOID, card, 45_000, original=shared.original(sale, answer)
    )
    assert (await shared.ask(void)).is_approved
    assert left(shared, card) == (50_000, 50_000)
    assert (await about(shared, Kind.PREAUTH_VOID, card, 50_000, held)).is_approved


async def test_the_reversal_of_a_completions_void_pays_again(shared: Till, pool: CardPool) -> None:
    card = pool.city()
    _, held = await hold(shared, card, 60_000)
    sale = shared.request(Kind.COMPLETION, card, 45_000, original=slip(held))
    answer = await shared.ask(sale)
    void = shared.request(
        Kind.COMPLETION_VOID, card, 45_000, original=shared.original(sale, answer)
    )
    assert (await shared.ask(void)).is_approved
    assert (await shared.ask(shared.reversal(void))).is_approved
    assert left(shared, card) == (55_000, 0)
    assert shared.balances(card)[1] == 450
    assert (await about(shared, Kind.COMPLETION, card, 45_000, held)).reason is (
        Reason.HOLD_COMPLETED
    )


async def test_a_completion_is_refunded_as_a_purchase_is(shared: Till, pool: CardPool) -> None:
    card = pool.city()
    _, held = await hold(shared, card, 60_000)
    done = await about(shared, Kind.COMPLETION, card, 40_000, held)
    back = shared.request(Kind.REFUND, card, 10_000, original=Original(rrn=done.rrn))
    assert (await shared.ask(back)).is_approved
    assert left(shared, card) == (70_000, 0)
    assert shared.balances(card)[1] == 300


async def test_a_hold_is_kept_whatever_becomes_of_the_card(shared: Till, pool: CardPool) -> None:
    card = pool.city()
    _, held = await hold(shared, card, 60_000)
    shared.sql("UPDATE card SET status = 'lost' WHERE id = %s", card)
    more = await about(shared, Kind.PREAUTH_INCREMENT, card, 100, held)
    assert more.reason is Reason.CARD_LOST
    assert (await about(shared, Kind.COMPLETION, card, 60_000, held)).is_approved


def ending(till: Till, kind: Kind, card: int, held: Response, name: str) -> OwnRequest:
    """What the clock, or a person, asks to end a hold."""
    number = till.sql("SELECT id FROM hold WHERE card_id = %s ORDER BY id DESC LIMIT 1", card)
    origin = Origin.CLOCK if kind is Kind.HOLD_EXPIRY else Origin.OFFICE
    key = OwnKey(origin, "holds", held.rrn, name)
    return OwnRequest(kind=kind, key=key, card=card_at(till, card), hold=number[0][0])


async def test_a_hold_that_the_clock_or_a_person_ends_is_free_and_says_so(
    shared: Till, pool: CardPool
) -> None:
    card, asking = pool.city(), asking_of(shared)
    for kind, reason in (
        (Kind.HOLD_EXPIRY, Reason.OUTSIDE_WINDOW),
        (Kind.HOLD_RELEASE, Reason.ORIGINAL_VOIDED),
    ):
        asked, held = await hold(shared, card, 60_000)
        own = ending(shared, kind, card, held, "1")
        first = await asking.ask(own)
        assert first.is_approved
        assert await asking.ask(own) == first
        assert left(shared, card) == (100_000, 0)
        again = ending(shared, kind, card, held, "2")
        assert (await asking.ask(again)).is_approved, "nothing is left to do"
        assert (await about(shared, Kind.COMPLETION, card, 60_000, held)).reason is reason
        assert (await shared.ask(shared.reversal(asked))).is_approved


class Clocks:
    """The wall's, and how much time has passed: either may be moved."""

    def __init__(self, days: int = 0) -> None:
        self.days = days
        self.passed = 0.0

    def wall(self) -> dt.datetime:
        return NOW + dt.timedelta(days=self.days, seconds=self.passed)


def expiry_of(till: Till, clocks: Clocks) -> HoldExpiry:
    return HoldExpiry(
        lambda: connect(till.dsns.host, DEADLINES, autocommit=True),
        asking_of(till).ask,
        clocks.wall,
        lambda: clocks.passed,
    )


async def test_a_hold_ends_by_the_clock_when_its_days_are_over_and_once(
    till: Till, pool: CardPool
) -> None:
    """Not by the business date, nor because the clock has jumped."""
    card, other = pool.city(), pool.city()
    await hold(till, card, 60_000)
    await hold(till, other, 10_000)
    till.sql("UPDATE hold SET expires_at = expires_at + interval '1 day' WHERE card_id = %s", other)
    till.turn_the_date(dt.date(2027, 1, 31))
    early, jumping, late = Clocks(29), Clocks(), Clocks(30)
    for clocks in (early, jumping):
        expiry = expiry_of(till, clocks)
        await expiry.release()
        clocks.days = max(clocks.days, 31 if clocks is jumping else 29)
        await expiry.release()
        expiry.shut()
        assert left(till, card) == (100_000, 60_000)
    for _ in range(2):
        expiry = expiry_of(till, late)
        await expiry.release()
        expiry.shut()
        assert (left(till, card), left(till, other)) == ((100_000, 0), (100_000, 10_000))
    told = till.sql("SELECT slot FROM journal WHERE kind = 'hold_expiry'")
    assert [slot.rsplit("-", 1)[1] for (slot,) in told] == ["1/f"]


@pytest.mark.parametrize(("is_over", "held_again"), [(False, 60_000), (True, 0)])
async def test_a_completion_that_is_voided_brings_back_a_hold_that_is_in_time_and_no_other(
    estate_database: Dsns, pool: CardPool, is_over: bool, held_again: int
) -> None:
    """The money is on the card again either way, and free where the hold would be over."""
    card = pool.city()
    async with trading(estate_database) as till:
        _, held = await hold(till, card, 60_000)
        sale = till.request(Kind.COMPLETION, card, 60_000, original=slip(held))
        answer = await till.ask(sale)
        if is_over:
            till.sql(
                "UPDATE hold SET opened_at = opened_at - interval '31 days',"
                " expires_at = expires_at - interval '31 days'"
            )
        void = till.request(
            Kind.COMPLETION_VOID, card, 60_000, original=till.original(sale, answer)
        )
        assert (await till.ask(void)).is_approved
        assert left(till, card) == (100_000, held_again)
        assert till.sql("SELECT held_minor, ended_by FROM hold WHERE card_id = %s", card) == [
            (held_again, "completion" if is_over else "")
        ]
        assert (await till.buy(card, 40_001)).is_approved is is_over


async def end_all(till: Till) -> None:
    """What is over, by a clock of thirty days on."""
    expiry = expiry_of(till, Clocks(30))
    await expiry.release()
    expiry.shut()


@pytest.mark.parametrize("point", ["mid_batch", "before_commit", "after_commit_before_reply"])
async def test_a_host_killed_while_its_clock_ends_holds_ends_each_once(
    estate_database: Dsns, pool: CardPool, point: str
) -> None:
    cards = [pool.city() for _ in range(3)]
    async with trading(estate_database) as till:
        for card in cards:
            await hold(till, card, 60_000)
    died = await trio.to_thread.run_sync(lambda: let_it_die(estate_database, point, end_all))
    assert died.returncode == -signal.SIGKILL, died.stderr
    audit_ledger(estate_database)
    async with trading(estate_database) as till:
        await end_all(till)
        assert [left(till, card) for card in cards] == [(100_000, 0)] * 3
        told = till.sql("SELECT count(*), count(DISTINCT slot) FROM journal WHERE kind = %s",
                        Kind.HOLD_EXPIRY.value)  # fmt: skip
        assert told == [(3, 3)]
    audit_ledger(estate_database)


async def test_the_audit_names_a_wrong_row_of_what_is_held(till: Till, pool: CardPool) -> None:
    """Each of its checks, in an edit by hand that is rolled back."""
    stays, paid = pool.city(), pool.city()
    await hold(till, stays, 60_000)
    _, other = await hold(till, paid, 50_000)
    assert (await about(till, Kind.COMPLETION, paid, 45_000, other)).is_approved
    opened = "fact = 'opened'"
    with psycopg.connect(till.dsns.owner) as connection:
        for spoilt, named in (
            ("UPDATE purse SET held_minor = held_minor - 1 WHERE held_minor > 0", PURSE),
            ("UPDATE hold SET held_minor = held_minor - 1 WHERE held_minor > 0", PURSE),
            ("UPDATE hold SET held_minor = held_minor - 1 WHERE held_minor > 0", FACTS),
            ("UPDATE hold SET amount_minor = amount_minor + 1", FACTS),
            ("UPDATE hold SET code = code + 1", FACTS),
            ("UPDATE hold SET unit = 'EUR'", FACTS),
            (f"UPDATE hold SET card_id = {paid} WHERE card_id = {stays}", FACTS),
            ("UPDATE hold_fact SET amount_minor = amount_minor + 1", FACTS),
            ("UPDATE hold_fact SET turn = turn + 5 WHERE turn > 0", FACTS),
            (f"UPDATE hold_fact SET fact = 'increased' WHERE {opened}", FACTS),
            ("DELETE FROM hold_fact WHERE fact = 'released'", FACTS),
            ("UPDATE hold_fact SET journal_id = journal_id + 9999 WHERE turn > 0", JOURNAL),
            ("UPDATE hold SET merchant_id = 2", JOURNAL),
            ("UPDATE hold SET terminal_id = '80010002'", JOURNAL),
            ("UPDATE hold SET issuer_id = 2", JOURNAL),
            ("UPDATE hold SET opened_at = opened_at - interval '1 day'", JOURNAL),
            ("UPDATE hold_fact SET amount_minor = 45001 WHERE fact = 'used'", USED),
            ("UPDATE hold_fact SET fact = 'used' WHERE fact = 'released'", USED),
        ):
            with connection.transaction(force_rollback=True):
                connection.execute(spoilt)
                found = {finding.test for finding in ask_audit(connection)}
                assert named in found, f"{spoilt}: {found}"
        connection.rollback()
    audit_ledger(till.dsns)


async def test_sixty_four_holds_and_debits_of_one_card_are_as_many_as_it_covers(
    till: Till,
) -> None:
    card = PINLESS_CARD
    asked = [
        till.request(kind, card, 3_000, terminal_id=terminal)
        for terminal in list(TERMINALS)[:32]
        for kind in (Kind.PURCHASE, Kind.PREAUTH)
    ]
    assert len(asked) == 64
    answers = await till.ask_all(asked)
    assert sum(answer.is_approved for answer in answers) == 100_000 // 3_000
    posted, held = left(till, card)
    assert posted - held == 100_000 % 3_000
    declined = {answer.reason for answer in answers if not answer.is_approved}
    assert declined == {Reason.VALUE_HELD}


async def test_a_hold_whose_opening_was_reversed_stays_ended_though_its_void_never_was(
    shared: Till, pool: CardPool
) -> None:
    card = pool.city()
    asked, held = await hold(shared, card, 60_000)
    void = shared.request(Kind.PREAUTH_VOID, card, 60_000, original=slip(held))
    assert (await shared.ask(void)).is_approved
    assert (await shared.ask(shared.reversal(asked))).is_approved
    assert (await shared.ask(shared.reversal(void))).is_approved
    assert left(shared, card) == (100_000, 0)


async def test_a_completion_that_stands_again_brings_back_what_the_hold_paid_the_last_time(
    shared: Till, pool: CardPool
) -> None:
    """Its void was reversed after less was held than at first, and it is voided once more."""
    card = pool.city()
    _, held = await hold(shared, card, 60_000)
    more = shared.request(Kind.PREAUTH_INCREMENT, card, 20_000, original=slip(held))
    assert (await shared.ask(more)).is_approved
    sale = shared.request(Kind.COMPLETION, card, 80_000, original=slip(held))
    sold = await shared.ask(sale)
    assert sold.is_approved

    def voiding() -> Request:
        named = Original(key=sale.key, rrn=sold.rrn)
        return shared.request(Kind.COMPLETION_VOID, card, 80_000, original=named)

    void = voiding()
    assert (await shared.ask(void)).is_approved
    assert left(shared, card) == (100_000, 80_000)
    assert (await shared.ask(shared.reversal(more))).is_approved
    assert left(shared, card) == (100_000, 60_000)
    assert (await shared.ask(shared.reversal(void))).is_approved
    assert left(shared, card) == (20_000, 0)
    assert (await shared.ask(voiding())).is_approved
    assert left(shared, card) == (100_000, 60_000)


async def test_a_completion_that_stands_again_beside_another_brings_nothing_of_its_hold_back(
    shared: Till, pool: CardPool
) -> None:
    """The hold had paid the other: what this one paid the last time was free money."""
    card = pool.city()
    _, held = await hold(shared, card, 40_000)
    sale = shared.request(Kind.COMPLETION, card, 40_000, original=slip(held))
    sold = await shared.ask(sale)
    named = Original(key=sale.key, rrn=sold.rrn)
    void = shared.request(Kind.COMPLETION_VOID, card, 40_000, original=named)
    assert (await shared.ask(void)).is_approved
    assert (await about(shared, Kind.COMPLETION, card, 40_000, held)).is_approved
    assert (await shared.ask(shared.reversal(void))).is_approved
    assert left(shared, card) == (20_000, 0)
    again = shared.request(Kind.COMPLETION_VOID, card, 40_000, original=named)
    assert (await shared.ask(again)).is_approved
    assert left(shared, card) == (60_000, 0)
