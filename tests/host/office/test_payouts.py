"""Merchants are paid what their statements come to: once, by two people, by a file for the bank."""

import base64
import datetime as dt
import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from xml.etree import ElementTree as ET

import psycopg
import pytest

from clearing.verify import audit
from host.model.office import Refused, Waiting
from host.office.doing import run_action
from host.rules.payout_states import INSTRUCT, PAYOUT_STATES, PayoutState
from host.rules.states import NOTHING
from tests.host.office.conftest import HOME, Bureau, Person

DAY = dt.date(2026, 11, 21)
OWED = 123_456
IBAN = "GB82WEST12345698765432"
HOUSE = "6222020200112230001"
SPACE = "{urn:iso:std:iso:20022:tech:xsd:pain.001.001.09}"
SAVE = "payout_account.save"


@pytest.fixture
def bureau(bureau: Bureau) -> Bureau:
    """With a date that was released before today, of which two statements are confirmed."""
    bureau.sql("INSERT INTO business_day VALUES (%s, 'closed', now(), now())", DAY)
    bureau.sql("INSERT INTO clearing_run VALUES (%s, now(), now())", DAY)
    released(bureau)
    owed(bureau, 1, OWED)
    return bureau


def released(bureau: Bureau) -> None:
    told = "INSERT INTO clearing_release VALUES (%s, 'x', now(), 1, 'CNY', NULL, '{zhang}')"
    bureau.sql(told, DAY)


def owed(
    bureau: Bureau, place: int, minor: int, *, issuer: int = 1, sides: str = "merchant issuer"
) -> None:
    """A statement of our merchant's."""
    bureau.sql(
        "INSERT INTO settlement_statement SELECT %s, %s, m.id, %s, 'CNY', 1, %s, %s, 0, 0, 0, 0,"
        " 0, %s FROM merchant AS m WHERE m.merchant_id = %s",
        DAY, place, issuer, max(minor, 0), min(minor, 0), minor, HOME["merchant"],
    )  # fmt: skip
    for side in sides.split():
        bureau.sql(
            "INSERT INTO statement_confirmed VALUES (%s, %s, %s, 'x', %s)",
            DAY, place, side, bureau.now,
        )  # fmt: skip


@pytest.fixture
def one(bureau: Bureau) -> Person:
    return bureau.person("finance")


@pytest.fixture
def other(bureau: Bureau) -> Person:
    return bureau.person("finance")


def accounts(bureau: Bureau, one: Person, other: Person, number: str = IBAN) -> None:
    """The merchant's and the house's."""
    bureau.done_by_two(
        one, other, SAVE, merchant=HOME["merchant"], account_holder="Shop & Söhne 商户",
        account_number=number, bank_code="WESTGB2L",
    )  # fmt: skip
    bureau.done_by_two(
        one, other, SAVE, account_holder="The house", account_number=HOUSE,
        bank_code="102100099996",
    )  # fmt: skip


def a_day_later(bureau: Bureau, *people: Person) -> None:
    bureau.later(hours=24, seconds=1)
    for who in people:
        bureau.sign_in(who)


def pay(bureau: Bureau, one: Person, other: Person, **more: Any) -> dict[str, Any]:
    told = bureau.done_by_two(one, other, INSTRUCT, date=DAY, **more).told
    return told["outcome"]["told"]


def refused(bureau: Bureau, who: Person, action: str = INSTRUCT, **asked: Any) -> str:
    asked = asked or {"date": DAY}
    told = bureau.do(who, action, **asked)
    if isinstance(told, Refused) and told.code == "E-STEP-UP":
        told = bureau.with_code(who, action, **asked)
    assert isinstance(told, Refused), told
    return told.code


def printed(bureau: Bureau, who: Person, file: int) -> bytes:
    return base64.b64decode(
        bureau.done(who, "payout.print", payment_file=file).shown_once["content"]
    )


def texts(document: bytes, path: str) -> list[str | None]:
    steps = "/".join(SPACE + step for step in path.split("/"))
    return [found.text for found in ET.fromstring(document).iterfind(steps)]


@pytest.fixture
def ready(bureau: Bureau, one: Person, other: Person) -> Bureau:
    """With accounts that have stood for a day."""
    accounts(bureau, one, other)
    a_day_later(bureau, one, other, bureau.admin)
    return bureau


def audited(bureau: Bureau) -> set[str]:
    with psycopg.connect(bureau.dsns.audit, autocommit=True) as connection:
        return {one.test for one in audit(connection)}


def test_a_merchant_is_paid_its_statements_by_a_file_for_the_bank(
    ready: Bureau, one: Person, other: Person
) -> None:
    """S4-79, S3-21: what came back is taken off, and the same file is the same bytes again."""
    owed(ready, 2, -456, issuer=2)
    third = ready.person("finance")
    assert pay(ready, one, third) == {"payment_file": 1, "payouts": 1, "amount_minor": OWED - 456}
    document = printed(ready, other, 1)
    assert document == printed(ready, one, 1)
    start = "CstmrCdtTrfInitn/"
    payment = f"{start}PmtInf/CdtTrfTxInf/"
    told = {
        f"{start}GrpHdr/NbOfTxs": ["1"],
        f"{start}GrpHdr/CtrlSum": ["1230.00"],
        f"{start}PmtInf/DbtrAcct/Id/Othr/Id": [HOUSE],
        f"{start}PmtInf/DbtrAgt/FinInstnId/ClrSysMmbId/MmbId": ["102100099996"],
        f"{payment}PmtId/EndToEndId": [f"20261121-{HOME['merchant']}"],
        f"{payment}Amt/InstdAmt": ["1230.00"],
        f"{payment}CdtrAcct/Id/IBAN": [IBAN],
        f"{payment}Cdtr/Nm": ["Shop & Söhne 商户"],
    }
    assert {path: texts(document, path) for path in told} == told
    [row] = ready.rows(one, "payouts")
    assert (
        row["settlements"],
        row["amount_minor"],
        row["payout_account"],
        row["payout_state"],
    ) == (
        ["20261121-1", "20261121-2"],
        OWED - 456,
        "****5432",
        PayoutState.INSTRUCTED,
    )
    assert ready.sql("SELECT sha256 FROM payout_file") == [(hashlib.sha256(document).digest(),)]
    assert not {name for name in audited(ready) if name.startswith("payout")}


def test_what_is_paid_once_is_never_paid_again(ready: Bureau, one: Person) -> None:
    """S4-79."""
    third = ready.person("finance")
    pay(ready, one, third)
    assert refused(ready, one) == "E-NOTHING-DUE"
    assert refused(ready, one, date=DAY, settlements=["20261121-1"]) == "E-NOTHING-DUE"


def test_two_who_agree_at_once_pay_once(ready: Bureau, one: Person, other: Person) -> None:
    """S4-79: asked for twice, agreed to by two people in the same moment."""
    del other
    agreeing = [ready.person("finance"), ready.person("finance")]
    asked = []
    for _ in agreeing:
        waiting = ready.with_code(one, INSTRUCT, date=DAY)
        assert isinstance(waiting, Waiting), waiting
        asked.append(waiting.approval)
    forms = []
    for who, approval in zip(agreeing, asked, strict=True):
        decided = {"approval": approval, "decision": "approve"}
        told = ready.do(who, "approval.decide", **decided)
        assert isinstance(told, Refused)
        forms.append(
            ready.asked(who, "approval.decide", **decided)(_code=None)
            if told.code != "E-STEP-UP"
            else ready.asked(who, "approval.decide", **decided)(code=ready.code(who))
        )

    def decide(form: Any) -> str:
        with psycopg.connect(ready.dsns.office, autocommit=True) as connection:
            told = run_action(ready.office, connection, form)
        return told.code if isinstance(told, Refused) else "done"

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(decide, forms))
    assert outcomes[1] == "done"
    assert outcomes[0] in {"E-PAID", "E-NOTHING-DUE"}
    assert ready.sql("SELECT count(*) FROM payout") == [(1,)]


@pytest.mark.parametrize("sides", ["", "merchant", "issuer"])
def test_a_statement_is_paid_when_both_sides_have_confirmed_it(
    ready: Bureau, one: Person, sides: str
) -> None:
    """S4-79."""
    owed(ready, 2, 999_999, issuer=2, sides=sides)
    assert refused(ready, one, date=DAY, settlements=["20261121-2"]) == "E-NOTHING-DUE"
    assert pay(ready, one, ready.person("finance"))["amount_minor"] == OWED


def test_nothing_is_paid_of_a_date_that_is_not_released(ready: Bureau, one: Person) -> None:
    """S4-79."""
    ready.sql("DELETE FROM clearing_release")
    assert refused(ready, one) == "E-NOTHING-DUE"


def test_nothing_is_paid_to_an_account_that_was_changed_today(
    ready: Bureau, one: Person, other: Person
) -> None:
    """S4-79: nor without one."""
    accounts(ready, one, other, "6222020200119999999")
    assert refused(ready, one) == "E-ACCOUNT"
    ready.sql("DELETE FROM payout_account WHERE merchant_id IS NOT NULL")
    assert refused(ready, one) == "E-ACCOUNT"


def test_less_than_the_least_waits_for_the_next(ready: Bureau, one: Person) -> None:
    """S4-79."""
    ready.sql("UPDATE office_setting SET value = %s WHERE name = 'payout_minor_min'", OWED + 1)
    assert refused(ready, one) == "E-MINIMUM"
    owed(ready, 2, 1, issuer=2)
    assert pay(ready, one, ready.person("finance"))["amount_minor"] == OWED + 1


def test_who_set_an_account_does_not_release_its_first_payment(
    ready: Bureau, one: Person, other: Person
) -> None:
    """S4-79: one set it, other asks, and one may not agree."""
    waiting = ready.with_code(other, INSTRUCT, date=DAY)
    assert isinstance(waiting, Waiting)
    decided = {"approval": waiting.approval, "decision": "approve"}
    assert refused(ready, one, "approval.decide", **decided) == "E-SAME-PERSON"
    assert ready.sql("SELECT count(*) FROM payout") == [(0,)]


@pytest.mark.parametrize(
    "account",
    [
        {"account_number": "GB83WEST12345698765432"},
        {"account_number": "12"},
        {"bank_code": "nobank"},
        {"account_holder": "two\nlines"},
    ],
)
def test_what_is_no_account_is_refused(
    bureau: Bureau, one: Person, account: dict[str, str]
) -> None:
    asked = {"account_holder": "Shop", "account_number": IBAN, "bank_code": "WESTGB2L"}
    assert refused(bureau, one, SAVE, merchant=HOME["merchant"], **asked | account) == "E-FIELD"


def test_nobody_but_finance_pays_or_has_the_file(ready: Bureau, one: Person) -> None:
    """S3-21: and a merchant sees its own payouts, another none."""
    pay(ready, one, ready.person("finance"))
    operator = ready.person("platform_ops")
    assert refused(ready, operator) == "E-NOT-YOUR-ROLE"
    assert refused(ready, operator, "payout.print", payment_file=1) == "E-NOT-YOUR-ROLE"
    assert refused(ready, one, "payout.print", payment_file=2) == "E-NOT-FOUND"
    [row] = ready.rows(ready.person("merchant_owner", "merchant"), "payouts")
    assert row["amount_minor"] == OWED
    assert "asked_by" not in row
    [(stranger,)] = ready.sql(
        "SELECT min(merchant_id) FROM merchant WHERE merchant_id <> %s", HOME["merchant"]
    )
    assert ready.rows(ready.person("merchant_owner", "merchant", stranger), "payouts") == []


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("UPDATE payout SET amount_minor = amount_minor + 1", "payout_not_its_statements"),
        ("DELETE FROM payout_statement", "payout_not_its_statements"),
        ("DELETE FROM statement_confirmed WHERE side = 'issuer'", "payout_not_its_statements"),
        ("UPDATE payout_file SET payouts = 2", "payout_not_its_file"),
        (
            "UPDATE payout SET account_id = (SELECT account_id FROM payout_file)",
            "payout_not_its_file",
        ),
    ],
)
def test_the_audit_finds_a_payout_that_is_not_its_statements(
    ready: Bureau, one: Person, change: str, found: str
) -> None:
    """S4-79."""
    pay(ready, one, ready.person("finance"))
    ready.sql(change)
    assert found in audited(ready)


def test_a_file_that_is_not_what_was_agreed_to_does_not_leave(ready: Bureau, one: Person) -> None:
    pay(ready, one, ready.person("finance"))
    ready.sql("UPDATE payout SET amount_minor = amount_minor + 1")
    assert refused(ready, one, "payout.print", payment_file=1) == "E-PAYMENT-FILE"


def test_every_state_of_a_payout_is_reached() -> None:
    reached = {NOTHING}
    for step in PAYOUT_STATES:
        assert step.before in reached
        reached.add(step.after)
    assert reached == {NOTHING, *PayoutState}
