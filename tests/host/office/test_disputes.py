"""Rows of a statement that a side does not take are held out, answered, and paid or given back."""

import base64
import datetime as dt
import json
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest
import trio

from clearing.run import run_clearing
from clearing.verify import audit
from config.run.database import Dsns
from host.model.office import Done, Refused, Told, Waiting
from host.model.secrets import Secret
from host.office.doing import run_action
from host.office.evidence import evidence_of
from host.rules.payout_states import INSTRUCT
from host.rules.statement_states import ANSWER, CONFIRM, DISPUTE, StatementState
from tests.host.conftest import MERCHANT_OF, CardPool, Till, trading
from tests.host.office.conftest import Bureau, Person
from tests.host.office.test_evidence import png

DAY = dt.date(2026, 11, 22)
NEXT = DAY + dt.timedelta(days=1)
STATEMENT = {"date": DAY, "number": 1}
SOLD, DISPUTED = 20_000, 12_300
WHY = "the customer says it was charged twice"


class Shop(NamedTuple):
    """A date of two sales that was cleared, and who is about it."""

    office: Bureau
    till: Till
    owner: Person
    issuer: Person
    finance: tuple[Person, Person]
    rrns: tuple[str, str]
    """Of what is not disputed, and of what is."""
    files: Path

    def do(self, who: Person, action: str, **values: Any) -> Told:
        return self.office.do(who, action, **{**STATEMENT, **values})

    def dispute(self, who: Person, *rrns: str) -> Told:
        return self.do(who, DISPUTE, rrns=list(rrns or self.rrns[1:]), note=WHY)

    def refused(self, who: Person, action: str, **values: Any) -> tuple[str, str | None]:
        told = self.do(who, action, **values)
        assert isinstance(told, Refused), told
        return told.code, told.field

    def answer(self, verdict: str, **values: Any) -> Done:
        told = {**STATEMENT, "verdict": verdict, "note": "looked at both slips", **values}
        return self.office.done_by_two(*self.finance, ANSWER, **told)

    def statement(self, who: Person | None = None, date: dt.date = DAY) -> dict[str, Any]:
        [row] = self.office.rows(who or self.owner, "settlements", date=date.isoformat())
        return row

    def clear(self, date: dt.date) -> None:
        with psycopg.connect(self.till.dsns.night, autocommit=True) as night:
            run_clearing(night, self.files, date)
        self.office.sql(
            "INSERT INTO clearing_release VALUES (%s, 'x', now(), 1, 'CNY', NULL, '{zhang}')", date
        )

    def confirm(self, *people: Person, date: dt.date = DAY) -> None:
        for who in people:
            assert isinstance(self.do(who, CONFIRM, date=date), Done)

    def prepare_payouts(self) -> None:
        """Accounts that have stood for a day, of the house and of the shop."""
        shop = MERCHANT_OF[self.till.terminal_id]
        whose: tuple[dict[str, Any], ...] = ({}, {"merchant": shop})
        for one in whose:
            self.office.done_by_two(
                *self.finance, "payout_account.save", **one, account_holder="Somebody",
                account_number="6222020200112230001", bank_code="102100099996",
            )  # fmt: skip
        self.office.later(hours=24, seconds=1)
        for who in (*self.finance, self.owner, self.issuer, self.office.admin):
            self.office.sign_in(who)

    def pay(self, date: dt.date) -> int:
        third = self.office.person("finance")
        told = self.office.done_by_two(self.finance[0], third, INSTRUCT, date=date).told
        paid: int = told["outcome"]["told"]["amount_minor"]
        return paid

    def audited(self) -> set[str]:
        """What is found but what a test has put in by hand."""
        with psycopg.connect(self.till.dsns.audit, autocommit=True) as connection:
            return {one.test for one in audit(connection)} - {"foreign_change"}

    def printed(self, date: dt.date, number: int = 1) -> dict[str, list[dict[str, Any]]]:
        told = self.do(
            self.owner, "settlement.print", date=date, number=number, format="json", language="en"
        )
        assert isinstance(told, Done), told
        sections = json.loads(base64.b64decode(told.shown_once["content"]))["sections"]
        return {name: one["rows"] for name, one in sections.items()}


@pytest.fixture
async def till(estate_database: Dsns) -> AsyncIterator[Till]:
    """On a database that tests put a release into."""
    async with trading(estate_database) as told:
        yield told


@pytest.fixture
async def shop(till: Till, pool: CardPool, office: Bureau, tmp_path: Path) -> Shop:
    card = pool.city()
    sold = [(await till.buy(card, amount)).rrn for amount in (SOLD, DISPUTED)]
    office.sql("UPDATE office_setting SET value = 1 WHERE name = 'payout_minor_min'")
    made = Shop(
        office,
        till,
        office.person("merchant_owner", "merchant", MERCHANT_OF[till.terminal_id]),
        office.person("issuer_manager"),
        (office.person("finance"), office.person("finance")),
        (sold[0], sold[1]),
        tmp_path,
    )
    await trio.to_thread.run_sync(made.clear, DAY)
    return made


async def test_disputed_rows_are_held_out_and_the_rest_is_paid(shop: Shop) -> None:
    """S4-31, S3-28: by either side; the rows are named, and the other side sees them."""
    told = shop.dispute(shop.issuer)
    assert isinstance(told, Done), told
    assert told.told == {"side": "issuer", "held_out_minor": DISPUTED}
    row = shop.statement()
    assert row["statement_state"] == StatementState.DISPUTED
    assert (row["held_out_minor"], row["due_minor"]) == (DISPUTED, SOLD)
    assert (row["payable_minor"], row["rrns"]) == (SOLD + DISPUTED, [shop.rrns[1]])
    [dispute] = shop.office.rows(shop.owner, "disputes")
    assert (dispute["side"], dispute["note"], dispute["verdict"]) == ("issuer", WHY, None)
    printed = shop.printed(DAY)
    assert [line["rrn"] for line in printed["disputed"]] == [shop.rrns[1]]
    figures = {line["report_figure"]: line["amount_minor"] for line in printed["figures"]}
    assert (figures["held_out_minor"], figures["due_minor"]) == (-DISPUTED, SOLD)
    shop.confirm(shop.owner)
    shop.prepare_payouts()
    assert shop.pay(DAY) == SOLD
    assert shop.audited() == set()


async def test_a_slip_goes_with_a_dispute_to_both_sides_and_to_nobody_else(shop: Shop) -> None:
    """S4-31: kept sealed, and what was sent is gone; what is none is told, and nothing is held."""
    office = shop.office

    def sent(content: bytes) -> int:
        told = {"name": "slip.exe", "content": base64.b64encode(content).decode()}
        return int(office.done(shop.issuer, "file.send", **told).told["file"])

    bad = {"rrns": [shop.rrns[1]], "note": WHY, "file": sent(b"MZ nothing of the kind")}
    assert shop.refused(shop.issuer, DISPUTE, **bad) == ("E-FIELD", "file")
    assert office.rows(shop.owner, "disputes") == []
    number = sent(png())
    told = shop.do(shop.issuer, DISPUTE, rrns=[shop.rrns[1]], note=WHY, file=number)
    assert isinstance(told, Done), told
    [dispute] = office.rows(shop.owner, "disputes")
    assert dispute["file_name"] == "dispute-20261122-1.png"
    assert office.sql("SELECT state FROM office_file WHERE id = %s", number) == [("gone",)]
    for who in (shop.issuer, shop.owner, shop.finance[0]):
        had = shop.do(who, "settlement.evidence", side="issuer")
        assert isinstance(had, Done), had
        content = base64.b64decode(had.shown_once["content"])
        assert content == evidence_of(Secret(png())).content.reveal()
    assert shop.refused(shop.owner, "settlement.evidence", side="merchant")[0] == "E-NOT-FOUND"
    shops = {*MERCHANT_OF.values()} - {MERCHANT_OF[shop.till.terminal_id]}
    stranger = office.person("merchant_owner", "merchant", min(shops))
    assert shop.refused(stranger, "settlement.evidence", side="issuer")[0] == "E-NOT-FOUND"
    [(sealed,)] = office.sql("SELECT min(sealed) FROM office_file_piece")
    assert b"PNG" not in bytes(sealed)


async def test_what_is_rejected_is_paid_with_the_next_statement_once(shop: Shop) -> None:
    """S4-54, S3-21: nothing is lost, and nothing is paid twice."""
    shop.dispute(shop.issuer)
    shop.confirm(shop.owner)
    shop.prepare_payouts()
    assert shop.pay(DAY) == SOLD
    shop.answer("reject")
    row = shop.statement()
    assert (row["statement_state"], row["held_out_minor"]) == ("confirmed", DISPUTED)
    shop.clear(NEXT)
    assert shop.office.rows(shop.owner, "settlements", date=NEXT.isoformat()) == []
    assert shop.pay(NEXT) == DISPUTED
    [second, first] = shop.office.rows(shop.finance[0], "payouts")
    assert (first["settlements"], second["settlements"]) == (
        ["20261122-1"],
        ["20261122-1-issuer"],
    )
    assert refused_payout(shop, NEXT) == "E-NOTHING-DUE"
    assert shop.audited() == set()


async def test_what_is_upheld_the_next_night_gives_back(shop: Shop) -> None:
    """S4-54, S3-21: by a leg of its own, never by an edit; and it is paid to nobody."""
    before = shop.statement()
    shop.dispute(shop.issuer)
    shop.confirm(shop.owner)
    shop.prepare_payouts()
    assert shop.pay(DAY) == SOLD
    shop.answer("uphold")
    shop.clear(NEXT)
    row = shop.statement(date=NEXT)
    assert (row["corrected_minor"], row["payable_minor"], row["due_minor"]) == (
        -DISPUTED,
        -DISPUTED,
        0,
    )
    assert shop.statement()["payable_minor"] == before["payable_minor"]
    [dispute] = shop.office.rows(shop.finance[0], "disputes")
    assert dispute["verdict"] == "uphold"
    assert [line["settlement"] for line in shop.printed(NEXT)["given_back"]] == [
        "20261122-1-issuer"
    ]
    legs = shop.office.sql(
        "SELECT d.chart, c.chart, e.amount_minor FROM statement_correction AS s"
        " JOIN entry AS e ON e.journal_id = s.journal_id"
        " JOIN account AS d ON d.id = e.debit_account JOIN account AS c ON c.id = e.credit_account"
    )
    assert legs == [("merchant_payable", "suspense", DISPUTED)]
    shop.confirm(shop.owner, shop.issuer, date=NEXT)
    assert refused_payout(shop, NEXT) == "E-MINIMUM"
    assert shop.audited() == set()


def refused_payout(shop: Shop, date: dt.date) -> str:
    told = shop.office.do(shop.finance[0], INSTRUCT, date=date)
    assert isinstance(told, Refused), told
    return told.code


async def test_what_is_answered_before_it_is_paid_is_paid_at_once(shop: Shop) -> None:
    """S4-54: with the statement that it was held out of."""
    shop.dispute(shop.owner)
    shop.answer("reject")
    assert shop.statement()["statement_state"] == StatementState.HALF_CONFIRMED
    shop.confirm(shop.issuer)
    shop.prepare_payouts()
    assert shop.pay(DAY) == SOLD + DISPUTED
    assert shop.audited() == set()


async def test_both_sides_may_dispute_rows_of_their_own(shop: Shop) -> None:
    """S4-31: a row is held out once; an answer says whose dispute it is of."""
    assert isinstance(shop.dispute(shop.issuer), Done)
    asked = {"rrns": list(shop.rrns), "note": WHY}
    again = shop.do(shop.issuer, DISPUTE, **asked)
    assert isinstance(again, Refused)
    assert "disputed" in again.en, "and not that it is confirmed: this side has disputed it"
    assert shop.refused(shop.owner, DISPUTE, **asked) == ("E-DISPUTED", "rrns")
    assert isinstance(shop.dispute(shop.owner, shop.rrns[0]), Done)
    assert shop.statement()["due_minor"] == 0
    answer = {"verdict": "reject", "note": "looked at it"}
    assert shop.refused(shop.finance[0], ANSWER, **answer) == ("E-FIELD", "side")
    shop.answer("reject", side="issuer")
    assert shop.statement()["statement_state"] == StatementState.DISPUTED
    shop.answer("uphold")
    assert shop.statement()["statement_state"] == StatementState.CONFIRMED
    assert shop.refused(shop.finance[0], ANSWER, **answer)[0] == "E-STATE"
    assert shop.audited() == set()


async def test_a_dispute_is_refused_that_is_late_of_what_is_paid_or_was_confirmed(
    shop: Shop,
) -> None:
    """S4-31: each says what to do."""
    asked = {"rrns": [shop.rrns[1]], "note": WHY}
    shop.confirm(shop.owner)
    assert shop.refused(shop.owner, DISPUTE, **asked)[0] == "E-STATE"
    shop.confirm(shop.issuer)
    shop.prepare_payouts()
    shop.pay(DAY)
    assert shop.refused(shop.issuer, DISPUTE, **asked)[0] == "E-STATEMENT-PAID"


async def test_a_dispute_is_of_so_many_days(shop: Shop) -> None:
    """S4-31: from when the statement was drawn up."""
    shop.office.sql("UPDATE clearing_step SET finished_at = %s", shop.office.now)
    asked = {"rrns": [shop.rrns[1]], "note": WHY}
    shop.office.later(days=15)
    shop.office.sign_in(shop.owner)
    assert shop.refused(shop.owner, DISPUTE, **asked)[0] == "E-LATE"
    shop.office.sql("UPDATE office_setting SET value = 16 WHERE name = 'dispute_days'")
    assert isinstance(shop.dispute(shop.owner), Done)


async def test_a_transaction_that_is_of_another_statement_is_not_there(shop: Shop) -> None:
    """S3-28: whether it is another's, of another date, or nobody's."""
    others = [
        one for one in sorted({*MERCHANT_OF.values()}) if one != MERCHANT_OF[shop.till.terminal_id]
    ]
    stranger = shop.office.person("merchant_owner", "merchant", others[0])
    asked = {"rrns": [shop.rrns[1]], "note": WHY}
    assert shop.refused(stranger, DISPUTE, **asked)[0] == "E-NOT-FOUND"
    assert shop.office.rows(stranger, "disputes") == []
    for rrn in ("112299999999", f"1121{shop.rrns[1][4:]}", "139900000001"):
        told = shop.refused(shop.owner, DISPUTE, rrns=[rrn], note=WHY)
        assert told == ("E-NOT-FOUND", "rrns"), rrn
    twice = [shop.rrns[1], shop.rrns[1]]
    assert shop.refused(shop.owner, DISPUTE, rrns=twice, note=WHY) == ("E-FIELD", "rrns")
    assert shop.refused(shop.finance[0], ANSWER, verdict="reject", note=WHY)[0] == "E-FIELD"
    assert shop.office.sql("SELECT count(*) FROM statement_confirmed") == [(0,)]


async def test_below_the_limit_one_person_answers(shop: Shop) -> None:
    """S4-54: what is at stake is held against the limit of the grant."""
    shop.dispute(shop.issuer)
    limit = "UPDATE person_grant SET limit_minor = %s WHERE role = 'finance'"
    shop.office.sql(limit, DISPUTED - 1)
    asked = {"verdict": "reject", "note": "looked at it"}
    assert isinstance(shop.do(shop.finance[0], ANSWER, **asked), Waiting)
    shop.office.sql(limit, DISPUTED)
    assert isinstance(shop.do(shop.finance[1], ANSWER, **asked), Done)


def at_once(shop: Shop, *forms: Any) -> list[str]:
    def do(form: Any) -> str:
        with psycopg.connect(shop.office.dsns.office, autocommit=True) as connection:
            told = run_action(shop.office.office, connection, form)
        return told.code if isinstance(told, Refused) else "done"

    with ThreadPoolExecutor(len(forms)) as pool:
        return sorted(pool.map(do, forms))


async def test_of_two_at_once_one_wins(shop: Shop) -> None:
    """S4-31: a dispute and a confirmation of one side; two answers of one dispute."""
    asking: Callable[..., Any] = shop.office.asked
    disputing = asking(shop.owner, DISPUTE, **STATEMENT, rrns=[shop.rrns[1]], note=WHY)()
    confirming = asking(shop.owner, CONFIRM, **STATEMENT)()
    assert at_once(shop, disputing, confirming) == ["E-STATE", "done"]
    if shop.statement()["statement_state"] != StatementState.DISPUTED:
        assert isinstance(shop.dispute(shop.issuer), Done)
    shop.office.sql("UPDATE person_grant SET limit_minor = 9999999 WHERE role = 'finance'")
    answers = [
        asking(who, ANSWER, **STATEMENT, verdict=verdict, note="looked at it")()
        for who, verdict in zip(shop.finance, ("uphold", "reject"), strict=True)
    ]
    assert at_once(shop, *answers) == ["E-STATE", "done"]
    assert shop.office.sql("SELECT count(*) FROM statement_answer") == [(1,)]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (
            "UPDATE statement_held SET amount_minor = 1, held_minor = 1",
            {"held_not_its_journal", "correction_not_its_answer"},
        ),
        ("DELETE FROM statement_correction", {"correction_not_its_answer"}),
        ("UPDATE statement_answer SET is_upheld = false", {"correction_not_its_answer"}),
    ],
)
async def test_the_audit_finds_what_was_given_back_otherwise(
    shop: Shop, change: str, found: set[str]
) -> None:
    """S4-54."""
    shop.dispute(shop.issuer)
    shop.answer("uphold")
    shop.clear(NEXT)
    shop.clear(NEXT + dt.timedelta(days=1))
    assert found.isdisjoint(shop.audited())
    shop.office.sql(change)
    assert found <= shop.audited()
