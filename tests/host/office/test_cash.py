"""Cash for cards: on the card at once, owed by who took it, and handed in once it is counted."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest
import trio

from clearing.verify import ask
from host.model.office import Done, Page, Refused, Told, sought
from host.model.own import OwnRequest
from host.model.requests import Kind, Response
from host.store.changes import note_what_differs
from tests.host.conftest import CARDS, MERCHANT_OF, Till, asking_of, audit_ledger
from tests.host.office.conftest import STORE, Bureau, Person
from tests.host.test_programmes import GROCERY, NOODLES

CARD, OTHER, PEAR_CARD = 21, 22, 701
ISSUER = 1
LIMIT, MOST = 50_000, 120_000
PHONE = "13800001234"


class Counter:
    """An operator of a merchant, its owner, finance, and a till on the same database."""

    def __init__(self, bureau: Bureau, till: Till) -> None:
        bureau.office = replace(bureau.office, ask=asking_of(till).ask_from_thread)
        self.bureau, self.till = bureau, till
        self.clerk = bureau.person("merchant_operator")
        self.owner = bureau.person("merchant_owner")
        self.finance, self.second = bureau.person("finance"), bureau.person("finance")
        bureau.sql(
            "UPDATE person_grant SET limit_minor = %s FROM person AS p"
            " WHERE p.id = person_id AND p.login = any(%s)",
            LIMIT, [self.clerk.login, self.finance.login],
        )  # fmt: skip
        bureau.sql(
            "UPDATE office_setting SET value = %s WHERE name = 'cash_position_minor_max'", MOST
        )
        self.note("office_setting", "person_grant")

    def note(self, *tables: str) -> None:
        """What was edited here is what programs left."""
        with psycopg.connect(self.bureau.dsns.owner) as connection:
            note_what_differs(connection, tables)

    def told(self, who: Person, receipt: str, amount: int, **more: Any) -> Told:
        place = {} if who is self.finance else {"store": int(STORE)}
        asked = {"card": CARD, "amount_minor": amount, "receipt": receipt, **place, **more}
        return self.bureau.with_code(who, "load.cash", **asked)

    def refused(self, who: Person, receipt: str, amount: int, **more: Any) -> str:
        told = self.told(who, receipt, amount, **more)
        assert isinstance(told, Refused), told
        return told.code

    async def take(self, who: Person, receipt: str, amount: int, **more: Any) -> Done:
        """Taken, and posted."""
        told = await trio.to_thread.run_sync(lambda: self.told(who, receipt, amount, **more))
        assert isinstance(told, Done), told
        await self.jobs()
        return told

    async def jobs(self) -> None:
        await trio.to_thread.run_sync(self.bureau.do_jobs)

    async def hand_in(self, who: Person, amount: int, by: Person) -> Done:
        asked = {"login": who.login, "amount_minor": amount, "slip": "B-17"}
        done = await trio.to_thread.run_sync(
            lambda: self.bureau.done_by_two(who, by, "cash.hand_in", **asked)
        )
        await self.jobs()
        return done

    def in_hand(self) -> int:
        """With people, by the ledger's entries."""
        [(minor,)] = self.bureau.sql(
            "SELECT -coalesce(sum(m.amount_minor), 0)::bigint FROM movement AS m"
            " JOIN account AS a ON a.id = m.account_id WHERE a.chart = 'cash_in_hand'"
        )
        return int(minor)

    def owed(self, who: Person) -> list[tuple[str, int, int]]:
        rows = self.bureau.rows(who, "cash_positions")
        return [(row["login"], row["loads"], row["owed_minor"]) for row in rows]


@pytest.fixture
async def counter(bureau: Bureau, till: Till) -> AsyncIterator[Counter]:
    yield await trio.to_thread.run_sync(Counter, bureau, till)
    audit_ledger(till.dsns)


async def test_a_stores_manager_sees_what_its_own_people_owe(counter: Counter) -> None:
    """S3-08."""
    await counter.take(counter.clerk, "R-1", 30_000)
    manager = await trio.to_thread.run_sync(lambda: counter.bureau.person("store_manager"))
    assert counter.owed(manager) == [], "who took it is the merchant's, of no store"
    counter.bureau.sql(
        "UPDATE person SET store_id = %s WHERE login = %s", int(STORE), counter.clerk.login
    )
    counter.note("person")
    assert counter.owed(manager) == [(counter.clerk.login, 1, 30_000)]


async def test_issuers_and_merchants_see_the_loads_that_are_their_own(counter: Counter) -> None:
    """S4-55, S1-47: the newest first, page by page; of others nothing."""
    till, bureau = counter.till, counter.bureau
    loads = [(CARD, GROCERY), (PEAR_CARD, GROCERY), (CARD, NOODLES), (OTHER, GROCERY)]
    for card, terminal_id in loads:
        await till.sell(Kind.CASH_LOAD, card, 1_000, terminal_id=terminal_id)
    await counter.take(counter.clerk, "R-1", 30_000)

    def seen(who: Person) -> list[tuple[Any, ...]]:
        names = ("way", "card", "taken_by")
        return [tuple(row[name] for name in names) for row in bureau.rows(who, "loads")]

    def people() -> list[Person]:
        other = bureau.sql("SELECT institution_id FROM issuer WHERE id = 2")[0][0]
        return [
            bureau.person("issuer_manager"),
            bureau.person("issuer_manager", "issuer", other),
            bureau.person("merchant_owner"),
            bureau.person("merchant_operator", "merchant", MERCHANT_OF[NOODLES]),
        ]

    issuer, other, merchant, noodles = await trio.to_thread.run_sync(people)
    taken = ("cash_taken", CARD, counter.clerk.login)
    first, pear, second, third = (("cash_load", card, terminal_id) for card, terminal_id in loads)
    assert seen(counter.finance) == [taken, third, second, pear, first]
    assert seen(issuer) == [taken, third, second, first]
    assert seen(other) == [pear]
    assert seen(merchant) == [taken, third, pear, first]
    assert seen(noodles) == [second]
    page = bureau.look(merchant, "loads", rows_max=2)
    assert isinstance(page, Page)
    rest = bureau.look(merchant, "loads", after=page.next, rows_max=2)
    assert isinstance(rest, Page)
    place = page.columns.index("card")
    told = [row[place] for row in (*page.rows, *rest.rows)]
    assert told == [CARD, OTHER, PEAR_CARD, CARD]
    clerk = await trio.to_thread.run_sync(lambda: bureau.person("store_clerk"))
    assert isinstance(bureau.look(clerk, "loads"), Refused)


async def test_loads_are_found_by_their_date_their_card_and_whose_it_is(counter: Counter) -> None:
    """S4-55: by one who sees all, and by a merchant among what is theirs alone."""
    till, bureau = counter.till, counter.bureau
    loads = [(CARD, GROCERY), (OTHER, GROCERY), (CARD, NOODLES)]
    (undone, _), *_ = [
        await till.sell(Kind.CASH_LOAD, card, 1_000, terminal_id=at) for card, at in loads
    ]
    assert (await till.ask(till.reversal(undone))).is_approved
    open_date = str(bureau.sql("SELECT business_date FROM business_day WHERE state = 'open'")[0][0])
    till.turn_the_date()
    await till.sell(Kind.CASH_LOAD, OTHER, 1_000, terminal_id=GROCERY)
    member = int((await trio.to_thread.run_sync(bureau.member, PHONE)).login.partition(":")[2])
    till.sql("UPDATE card SET member_id = %s WHERE id = any(%s)", member, [OTHER, PEAR_CARD])
    owner = counter.owner

    def found(who: Person, **filters: str) -> list[tuple[int, str]]:
        return [(row["card"], row["taken_by"]) for row in bureau.rows(who, "loads", **filters)]

    first, other, noodles = loads
    assert found(counter.finance, date=open_date) == [noodles, other, first]
    assert found(owner, date=open_date) == [other, first]
    assert found(counter.finance, date="2019-12-31") == []
    assert found(counter.finance, date=open_date, valid="false") == [first]
    assert found(owner, date=open_date, valid="true") == [other]
    assert found(counter.finance, card=str(CARD)) == [noodles, first]
    assert found(owner, card=str(CARD)) == [first]
    assert found(owner, number=CARDS[CARD].pan.reveal()) == [first]
    for whose in ({"member": str(member)}, {"phone": PHONE}):
        assert found(owner, **whose) == [other, other]
        assert found(owner, **whose, date=open_date) == [other]
    assert found(owner, phone="13800009999") == []
    page = bureau.look(owner, "loads", filters=sought({"member": str(member)}), rows_max=1)
    assert isinstance(page, Page)
    rest = bureau.look(
        owner, "loads", filters=sought({"member": str(member)}), rows_max=1, after=page.next
    )
    assert isinstance(rest, Page)
    assert (len(rest.rows), rest.next) == (1, [])
    alone = bureau.look(owner, "loads", filters=sought({"valid": "true"}))
    assert isinstance(alone, Refused), "the whole is walked through for nobody"


async def test_cash_is_on_the_card_at_once_and_owed_until_it_is_counted(counter: Counter) -> None:
    """S3-08: one receipt is one load; what is owed is what the ledger says."""
    before, _ = counter.till.balances(CARD)
    done = await counter.take(counter.clerk, "R-1", 30_000)
    again = counter.told(counter.clerk, "R-1", 30_000)
    assert isinstance(again, Done)
    assert again.told["load"] == done.told["load"]
    assert again.told["state"] == "taken"
    await counter.jobs()
    await counter.take(counter.clerk, "R-2", 20_000)
    assert counter.till.balances(CARD)[0] == before + 50_000
    assert counter.in_hand() == 50_000
    assert counter.refused(counter.clerk, "R-1", 31_000) == "E-RECEIPT"
    assert counter.refused(counter.clerk, "R-1", 30_000, card=OTHER) == "E-RECEIPT"
    login = counter.clerk.login
    assert counter.owed(counter.clerk) == counter.owed(counter.finance) == [(login, 2, 50_000)]
    [first, second] = counter.bureau.rows(counter.finance, "loads")
    assert first["way"] == second["way"] == "cash_taken"
    shown = [(row["receipt"], row["amount_minor"], row["taken_by"]) for row in (first, second)]
    assert shown == [("R-2", 20_000, login), ("R-1", 30_000, login)]
    wrong = {"login": login, "amount_minor": 49_999}
    assert counter.bureau.refused(counter.clerk, "cash.hand_in", **wrong) == "E-DIFFERS"
    await counter.hand_in(counter.clerk, 50_000, counter.finance)
    assert counter.in_hand() == 0
    assert counter.owed(counter.finance) == []
    assert counter.bureau.sql(
        "SELECT taken_by, amount_minor, slip, counted_by FROM cash_hand_in"
    ) == [(login, 50_000, "B-17", counter.finance.login)]
    assert counter.till.balances(CARD)[0] == before + 50_000


async def test_above_a_limit_a_second_person_agrees_and_nobody_owes_more_than_one_may(
    counter: Counter,
) -> None:
    """S3-08."""
    bureau = counter.bureau
    asked = {"card": CARD, "amount_minor": LIMIT + 1, "receipt": "R-9", "store": int(STORE)}
    await trio.to_thread.run_sync(
        lambda: bureau.done_by_two(counter.clerk, counter.owner, "load.cash", **asked)
    )
    await counter.jobs()
    assert counter.in_hand() == LIMIT + 1
    await counter.take(counter.clerk, "R-10", LIMIT)
    assert counter.refused(counter.clerk, "R-11", MOST - 2 * LIMIT) == "E-POSITION"
    assert (await counter.take(counter.finance, "R-1", LIMIT)).told["owed_minor"] == LIMIT
    asked = {"login": counter.finance.login, "amount_minor": LIMIT}
    told = bureau.do(counter.finance, "cash.hand_in", **asked)
    told = bureau.do(counter.finance, "approval.decide", approval=told.approval, decision="approve")
    assert isinstance(told, Refused), "nobody counts their own"
    await counter.hand_in(counter.clerk, 2 * LIMIT + 1, counter.second)
    await counter.take(counter.clerk, "R-11", MOST - 2 * LIMIT)


async def test_who_may_not_take_cash_takes_none(counter: Counter) -> None:
    """S3-08: of no card that is not taken here, nor for another's counter, nor hands in theirs."""
    bureau = counter.bureau
    foreign = {"card": CARD, "amount_minor": 1, "receipt": "R-1", "store": 4}
    assert counter.refused(counter.clerk, "R-1", 1, card=10**9) == "E-NOT-FOUND"
    assert bureau.refused(counter.clerk, "load.cash", **foreign) == "E-NOT-FOUND"
    own_counter = {"card": CARD, "amount_minor": 1, "receipt": "R-1"}
    assert bureau.refused(counter.clerk, "load.cash", **own_counter) == "E-NOT-FOUND"
    await counter.take(counter.clerk, "R-1", 10_000)
    other = bureau.person("merchant_operator")
    asked = {"login": counter.clerk.login, "amount_minor": 10_000}
    assert bureau.refused(other, "cash.hand_in", **asked) == "E-NOT-YOUR-ROLE"
    assert bureau.refused(counter.owner, "cash.hand_in", **asked | {"amount_minor": 1}) == (
        "E-DIFFERS"
    )


async def test_what_the_card_may_not_have_is_not_owed_and_its_receipt_is_free(
    counter: Counter,
) -> None:
    """S3-08: the poster refuses it; nothing is on the card, and nobody owes it."""
    [(most,)] = counter.till.sql("SELECT balance_minor_max FROM issuer WHERE id = %s", ISSUER)
    counter.till.sql("UPDATE issuer SET balance_minor_max = 1 WHERE id = %s", ISSUER)
    await counter.till.poster.reload()
    before = counter.till.balances(CARD)
    await counter.take(counter.clerk, "R-1", 10_000)
    assert counter.till.balances(CARD) == before
    assert (counter.in_hand(), counter.owed(counter.clerk)) == (0, [])
    assert counter.bureau.sql("SELECT state FROM cash_load") == [("refused",)]
    counter.till.sql("UPDATE issuer SET balance_minor_max = %s WHERE id = %s", most, ISSUER)
    await counter.till.poster.reload()
    await counter.take(counter.clerk, "R-1", 10_000)
    assert counter.in_hand() == 10_000


@pytest.mark.parametrize("kind", [Kind.CASH_TAKEN, Kind.CASH_HANDED_IN])
async def test_a_clerk_killed_after_the_posting_is_told_the_same_and_nothing_is_done_twice(
    counter: Counter, kind: Kind
) -> None:
    """S3-08: with two loads, the second of which is handed in by whoever goes on."""
    bureau, asks = counter.bureau, asking_of(counter.till).ask_from_thread
    before, _ = counter.till.balances(CARD)
    killed: list[OwnRequest] = []

    def ask(own: OwnRequest) -> Response:
        answer = asks(own)
        if own.kind is kind and not killed:
            killed.append(own)
            raise psycopg.OperationalError
        return answer

    bureau.office = replace(bureau.office, ask=ask)
    for receipt in ("R-1", "R-2"):
        await counter.take(counter.clerk, receipt, 10_000)
        bureau.later(minutes=1)
        await counter.jobs()
    assert (counter.in_hand(), counter.till.balances(CARD)[0]) == (20_000, before + 20_000)
    await counter.hand_in(counter.clerk, 20_000, counter.finance)
    bureau.later(minutes=1)
    await counter.jobs()
    assert (len(killed), counter.in_hand()) == (1, 0)
    assert bureau.sql(
        "SELECT kind, count(*)::int FROM journal WHERE kind LIKE 'cash_%%ed_in' OR"
        " kind = 'cash_taken' GROUP BY kind ORDER BY kind"
    ) == [("cash_handed_in", 2), ("cash_taken", 2)]
    assert bureau.sql("SELECT DISTINCT state FROM job") == [("done",)]


async def test_the_audit_names_cash_that_is_owed_otherwise_than_the_ledger_says(
    counter: Counter,
) -> None:
    """S3-08."""
    await counter.take(counter.clerk, "R-1", 10_000)
    await counter.take(counter.clerk, "R-2", 5_000)
    await counter.hand_in(counter.clerk, 15_000, counter.finance)
    await counter.take(counter.clerk, "R-3", 1_000)
    for edit, test in (
        ("UPDATE cash_load SET amount_minor = 1 WHERE receipt = 'R-3'", "cash_not_its_journal"),
        ("DELETE FROM cash_load WHERE receipt = 'R-3'", "cash_not_handed_in"),
        ("DELETE FROM cash_load WHERE receipt = 'R-3'", "cash_not_its_journal"),
        ("UPDATE cash_hand_in SET amount_minor = 1", "cash_not_handed_in"),
        (
            "UPDATE cash_load SET state = 'taken', handed_id = NULL WHERE receipt = 'R-1'",
            "cash_not_its_journal",
        ),
    ):
        with psycopg.connect(counter.till.dsns.owner) as connection:
            connection.execute(edit)
            assert test in {finding.test for finding in ask(connection)}, edit
            connection.rollback()
