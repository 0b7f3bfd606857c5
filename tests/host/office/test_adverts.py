"""A merchant books days of a place for advertising, the platform agrees, and the night charges."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
import trio

from clearing.run import run_clearing
from host.model.office import Done, Refused, Waiting
from host.office.doing import run_action
from tests.host.conftest import CardPool, Till, audit_ledger
from tests.host.office.conftest import HOME, Bureau, Person
from tests.host.office.test_approvals import close, decide
from tests.host.office.test_clearing import BOUGHT, DAY
from tests.host.office.test_gifts import PHONE
from tests.host.office.test_timed_reports import content_of_report

SLOT, PRICE = "HOME-TOP", 700
TOMORROW, THEN = DAY + dt.timedelta(days=1), DAY + dt.timedelta(days=2)


@dataclass
class Board:
    """A place, two merchants who want it, and who agrees."""

    bureau: Bureau
    ops: Person
    shop: str
    owner: Person
    other_shop: str
    stranger: Person

    def asking(self, who: Person, **more: Any) -> dict[str, Any]:
        """Tomorrow and the day after, in its own settlement."""
        return {
            "merchant": self.shop if who is self.owner else self.other_shop,
            "slot": SLOT, "issuer": HOME["issuer"], "first_on": TOMORROW, "last_on": THEN,
            "title": "Tea for two", "advert_text": "Every <b>afternoon</b>", **more,
        }  # fmt: skip

    def asked(self, who: Person, **more: Any) -> int:
        """What waits for the platform."""
        told = self.bureau.do(who, "ad_slot.book", **self.asking(who, **more))
        assert isinstance(told, Waiting), told
        return int(told.approval)

    def decided(self, approval: int) -> Done | Refused:
        told = self.bureau.do(self.ops, "approval.decide", approval=approval, decision="approve")
        assert isinstance(told, Done | Refused), told
        return told

    def booked(self, who: Person, **more: Any) -> int:
        told = self.decided(self.asked(who, **more))
        assert isinstance(told, Done), told
        [row, *_] = self.bureau.rows(who, "ad_bookings")
        return int(row["booking"])

    def free_from(self) -> str | None:
        [row] = self.bureau.rows(self.stranger, "ad_slots")
        found: str | None = row["free_from"]
        return found


@pytest.fixture
def board(bureau: Bureau) -> Board:
    shop = HOME["merchant"]
    [(other,)] = bureau.sql(
        "SELECT m.merchant_id FROM merchant AS m JOIN acceptance AS a ON a.merchant_id = m.id"
        " JOIN issuer AS i ON i.id = a.issuer_id WHERE i.institution_id = %s"
        " AND m.merchant_id <> %s ORDER BY 1 LIMIT 1",
        *(HOME["issuer"], shop),
    )
    made = Board(
        bureau,
        bureau.person("platform_ops"),
        shop,
        bureau.person("merchant_owner", "merchant", shop),
        other,
        bureau.person("merchant_owner", "merchant", other),
    )
    saved = {"slot": SLOT, "name": "Top", "shown_at": "member_home", "price_minor": PRICE}
    bureau.done(made.ops, "ad_slot.save", **saved)
    return made


def test_days_are_a_merchants_once_the_platform_agrees_and_another_is_told_which_are_taken(
    board: Board,
) -> None:
    """S4-66: at the price that was said then; of a booking its merchant alone is told."""
    bureau = board.bureau
    assert board.free_from() == TOMORROW.isoformat()
    waits = board.asked(board.owner)
    assert board.free_from() == TOMORROW.isoformat(), "nothing is taken by who only asks"
    assert isinstance(board.decided(waits), Done)
    [row] = bureau.rows(board.owner, "ad_bookings")
    assert (row["first_on"], row["last_on"], row["price_minor"], row["charged_minor"]) == (
        TOMORROW.isoformat(), THEN.isoformat(), PRICE, 0,
    )  # fmt: skip
    assert bureau.rows(board.stranger, "ad_bookings") == []
    assert board.free_from() == (THEN + dt.timedelta(days=1)).isoformat()
    wanted = board.asking(board.stranger, first_on=THEN, last_on=THEN)
    told = bureau.do(board.stranger, "ad_slot.book", **wanted)
    assert isinstance(told, Refused)
    assert (told.code, THEN.isoformat() in told.en) == ("E-TAKEN", True)
    raised = {"slot": SLOT, "name": "Top", "shown_at": "member_home", "price_minor": 2 * PRICE}
    bureau.done(board.ops, "ad_slot.save", **raised)
    [row] = bureau.rows(board.owner, "ad_bookings")
    assert row["price_minor"] == PRICE
    theirs = board.asking(board.stranger, merchant=board.shop)
    assert bureau.refused(board.stranger, "ad_slot.book", **theirs) == "E-NOT-FOUND"
    assert bureau.refused(board.stranger, "ad_slot.end", booking=row["booking"]) == "E-NOT-FOUND"
    assert bureau.refused(board.owner, "ad_slot.save", **raised) == "E-NOT-YOUR-ROLE"


def test_bookings_are_found_by_their_place_and_by_a_day_that_they_have(board: Board) -> None:
    """S4-66: a day that an ended booking gave up is the next one's."""
    bureau, elsewhere = board.bureau, "STORES-TOP"
    other = {"slot": elsewhere, "name": "Stores", "shown_at": "stores", "price_minor": PRICE}
    bureau.done(board.ops, "ad_slot.save", **other)
    first = board.booked(board.owner)
    beside = board.booked(board.stranger, slot=elsewhere, last_on=TOMORROW)
    bureau.done(board.owner, "ad_slot.end", booking=first, ended_on=THEN)

    def found(who: Person = board.ops, **filters: str) -> list[int]:
        rows = bureau.rows(who, "ad_bookings", **filters)
        return [int(row["booking"]) for row in rows]

    assert found() == [beside, first]
    assert (found(slot=SLOT), found(slot=elsewhere), found(slot="NO-SUCH")) == (
        [first], [beside], [],
    )  # fmt: skip
    assert found(date=TOMORROW.isoformat()) == [beside, first]
    assert found(date=THEN.isoformat()) == [], "it ended before"
    again = board.booked(board.stranger, first_on=THEN, last_on=THEN)
    assert found(date=THEN.isoformat()) == [again]
    assert found(date=TOMORROW.isoformat(), slot=SLOT) == [first]
    assert found(board.owner, date=TOMORROW.isoformat()) == [first]
    assert found(board.owner, slot=elsewhere) == []


def test_a_merchant_that_is_closed_has_no_place_from_tomorrow_on_and_books_none(
    board: Board,
) -> None:
    """S4-66: its days are another's again, and nothing is charged to who is gone."""
    bureau, second = board.bureau, board.bureau.person("platform_admin")
    mine, kept = board.booked(board.owner), "STORES-TOP"
    other = {"slot": kept, "name": "Stores", "shown_at": "stores", "price_minor": PRICE}
    bureau.done(board.ops, "ad_slot.save", **other)
    theirs = board.booked(board.stranger, slot=kept)
    approval = close(bureau, bureau.admin)
    assert isinstance(decide(bureau, second, approval), Done)
    ended = {row["booking"]: row["ended_on"] for row in bureau.rows(board.ops, "ad_bookings")}
    assert ended == {mine: TOMORROW.isoformat(), theirs: None}
    assert isinstance(bureau.do(board.owner, "ad_slot.book", **board.asking(board.owner)), Refused)
    assert board.booked(board.stranger) > theirs


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"first_on": DAY, "last_on": DAY}, "first_on"),
        ({"first_on": THEN, "last_on": TOMORROW}, "last_on"),
        ({"last_on": TOMORROW + dt.timedelta(days=92)}, "last_on"),
        ({"first_on": "2028-01-01", "last_on": "2028-01-01"}, "last_on"),
        ({"slot": "NO-SUCH"}, "slot"),
        ({"issuer": "999"}, "issuer"),
        ({"title": "two\nlines"}, "title"),
        ({"advert_text": "two\nlines"}, "advert_text"),
    ],
)
def test_what_cannot_be_booked_is_said_before_anybody_agrees(
    board: Board, values: dict[str, Any], field: str
) -> None:
    told = board.bureau.do(
        board.owner, "ad_slot.book", _is_dry_run=True, **board.asking(board.owner, **values)
    )
    assert isinstance(told, Refused), told
    assert (told.code, told.field) == ("E-FIELD", field)


def test_an_issuer_whose_cards_are_not_taken_pays_for_nothing_and_a_shut_place_is_not_booked(
    board: Board,
) -> None:
    bureau, asking = board.bureau, board.asking(board.owner)
    bureau.sql(
        "DELETE FROM acceptance WHERE merchant_id = (SELECT id FROM merchant WHERE merchant_id"
        " = %s) AND issuer_id = (SELECT id FROM issuer WHERE institution_id = %s)",
        *(board.shop, HOME["issuer"]),
    )
    told = bureau.do(board.owner, "ad_slot.book", _is_dry_run=True, **asking)
    assert isinstance(told, Refused)
    assert told.field == "issuer"
    shut = {"slot": SLOT, "name": "Top", "shown_at": "stores", "price_minor": 1}
    bureau.done(board.ops, "ad_slot.save", **shut, is_active=False)
    assert board.free_from() is None
    told = bureau.do(board.stranger, "ad_slot.book", _is_dry_run=True,
                     **board.asking(board.stranger))  # fmt: skip
    assert isinstance(told, Refused)
    assert told.field == "slot"


def test_of_two_who_book_a_day_at_once_one_has_it(board: Board) -> None:
    """S4-66: the other is told, and has none of its days."""
    bureau = board.bureau
    other_ops = bureau.person("platform_ops")
    waits = [board.asked(board.owner), board.asked(board.stranger, first_on=THEN)]
    forms = [
        bureau.asked(who, "approval.decide", approval=number, decision="approve")()
        for who, number in zip((board.ops, other_ops), waits, strict=True)
    ]

    def do(form: Any) -> str:
        with psycopg.connect(bureau.dsns.office, autocommit=True) as connection:
            told = run_action(bureau.office, connection, form)
        return told.code if isinstance(told, Refused) else "done"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(do, forms)) == ["E-TAKEN", "done"]
    [(bookings, holders)] = bureau.sql(
        "SELECT (SELECT count(*) FROM ad_booking), count(DISTINCT booking_id) FROM ad_day"
    )
    assert (bookings, holders) == (1, 1)


async def test_each_day_is_shown_to_members_and_charged_until_its_end_which_frees_the_rest(
    board: Board, till: Till, pool: CardPool, tmp_path: Path
) -> None:
    """S4-66, S4-79: on the statement; what was charged stays, and another has the days then."""
    bureau = board.bureau

    def clear(date: dt.date) -> None:
        with psycopg.connect(till.dsns.night, autocommit=True) as night:
            run_clearing(night, tmp_path, date)

    member = bureau.member(PHONE)
    first = board.booked(board.owner, last_on=THEN + dt.timedelta(days=1))
    assert bureau.rows(member, "adverts") == [], "it begins tomorrow"
    await till.buy(pool.city(), BOUGHT)
    await trio.to_thread.run_sync(clear, DAY)
    [shown] = bureau.rows(member, "adverts", shown_at="member_home")
    assert (shown["title"], shown["advert_text"]) == ("Tea for two", "Every <b>afternoon</b>")
    assert bureau.rows(member, "adverts", shown_at="stores") == []
    for wrong in (DAY, TOMORROW, THEN + dt.timedelta(days=2)):
        told = bureau.do(board.owner, "ad_slot.end", booking=first, ended_on=wrong)
        assert isinstance(told, Refused)
        assert told.field == "ended_on"
    bureau.done(board.owner, "ad_slot.end", booking=first, ended_on=THEN)
    assert bureau.refused(board.ops, "ad_slot.end", booking=first) == "E-STATE"
    assert board.free_from() == THEN.isoformat()
    board.booked(board.stranger, first_on=THEN)
    await trio.to_thread.run_sync(clear, TOMORROW)
    [shown] = bureau.rows(member, "adverts")
    [row] = bureau.rows(board.owner, "ad_bookings")
    assert (row["charged_days"], row["charged_minor"], row["ended_on"]) == (
        1, PRICE, THEN.isoformat(),
    )  # fmt: skip
    await trio.to_thread.run_sync(clear, THEN)
    [theirs] = bureau.rows(board.stranger, "ad_bookings")
    assert theirs["charged_minor"] == PRICE
    [row] = bureau.rows(board.owner, "ad_bookings")
    assert row["charged_minor"] == PRICE
    statement = bureau.rows(board.owner, "settlements", date=TOMORROW.isoformat())[0]
    assert (statement["advertised_minor"], statement["due_minor"]) == (-PRICE, -PRICE)
    number = int(statement["settlement"].split("-")[1])
    printed = bureau.done(
        board.owner, "settlement.print", date=TOMORROW, number=number, format="json"
    )
    figures = {
        row["report_figure"]: row["amount_minor"] for row in content_of_report(printed, "figures")
    }
    assert (figures["advertised_minor"], figures["payable_minor"]) == (-PRICE, -PRICE)
    audit_ledger(till.dsns)
