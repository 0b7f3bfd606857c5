"""A merchant's own data: it sees it, edits what is its own to say, and is paid where two agree."""

import datetime as dt
from typing import Any

import pytest

from host.model.office import Done, Refused, Waiting
from tests.host.conftest import NOW
from tests.host.office.conftest import HOME, Bureau, Person

ACCOUNT = {
    "account_holder": "Harbour Coffee", "account_number": "6222020200112230001",
    "bank_code": "102100099996",
}  # fmt: skip


@pytest.fixture
def owner(bureau: Bureau) -> Person:
    return bureau.person("merchant_owner", "merchant")


def profile(bureau: Bureau, who: Person) -> dict[str, Any]:
    [row] = bureau.rows(who, "merchant_profiles")
    return row


def test_a_merchant_sees_its_own_data_and_that_of_no_other(bureau: Bureau, owner: Person) -> None:
    """S4-17."""
    finance, second = bureau.person("finance"), bureau.person("finance")
    bureau.done_by_two(finance, second, "payout_account.save", merchant=HOME["merchant"], **ACCOUNT)
    told = profile(bureau, owner)
    assert told["merchant_id"] == HOME["merchant"]
    assert (told["payout_account"], told["bank_code"]) == ("****0001", "102100099996")
    assert HOME["issuer"] in told["issuers"]
    assert "6222020200112230001" not in str(told)
    assert len(bureau.rows(bureau.admin, "merchant_profiles")) > 1
    clerk = bureau.person("store_clerk", "store")
    assert isinstance(bureau.look(clerk, "merchant_profiles"), Refused)


def test_what_a_merchant_says_of_itself_is_its_own_to_write(bureau: Bureau, owner: Person) -> None:
    """S4-18: and no more than that; each change is in history, with what it said before."""
    operator = bureau.person("merchant_operator", "merchant")
    told = {"introduction_zh": "手冲咖啡", "service_phone": "021-55550000"}
    bureau.done(owner, "merchant.edit_profile", merchant_id=HOME["merchant"], **told)
    bureau.done(
        operator, "merchant.edit_profile", merchant_id=HOME["merchant"], hours="9-21"
    )  # fmt: skip
    row = profile(bureau, owner)
    assert {name: row[name] for name in (*told, "hours")} == told | {"hours": "9-21"}
    for field in ("name", "trade", "city", "is_active"):
        wrong = bureau.do(
            owner, "merchant.edit_profile", merchant_id=HOME["merchant"], **{field: "Mine"}
        )
        assert isinstance(wrong, Refused), field
        assert wrong.code == "E-FIELD"
    [(before, after)] = bureau.sql(
        "SELECT before, after FROM history WHERE action = 'merchant.edit_profile'"
        " AND after ? 'introduction_zh'"
    )
    assert (before["introduction_zh"], after["introduction_zh"]) == ("", "手冲咖啡")
    issuer = bureau.person("issuer_manager", "issuer")
    assert (
        bureau.refused(issuer, "merchant.edit_profile", merchant_id=HOME["merchant"], hours="1")
        == "E-NOT-YOUR-ROLE"
    )


def test_what_it_says_is_read_by_who_looks_for_partners(bureau: Bureau, owner: Person) -> None:
    """S4-18."""
    bureau.sql("INSERT INTO alliance VALUES (7, 'HARBOUR', 'Harbour')")
    bureau.sql(
        "INSERT INTO alliance_member SELECT 7, NULL, m.id, '2026-01-01', NULL, true, true"
        " FROM merchant AS m WHERE m.merchant_id = %s", HOME["merchant"],
    )  # fmt: skip
    bureau.done(
        owner, "merchant.edit_profile", merchant_id=HOME["merchant"], introduction_en="By hand"
    )
    member = bureau.member("13800001234")
    [row] = bureau.rows(member, "directory")
    assert row["introduction_en"] == "By hand"


def test_an_owner_asks_to_be_paid_elsewhere_and_finance_agrees(
    bureau: Bureau, owner: Person
) -> None:
    """S4-17: what is asked is in force only once another has agreed; another's is out of reach."""
    asked = {"merchant": HOME["merchant"], **ACCOUNT}
    waiting = bureau.with_code(owner, "payout_account.save", **asked)
    assert isinstance(waiting, Waiting), waiting
    assert profile(bureau, owner)["payout_account"] is None
    another = bureau.person("merchant_owner", "merchant")
    refused = bureau.with_code(
        another, "approval.decide", approval=waiting.approval, decision="approve"
    )
    assert isinstance(refused, Refused), refused
    finance = bureau.person("finance")
    done = bureau.with_code(
        finance, "approval.decide", approval=waiting.approval, decision="approve"
    )
    assert isinstance(done, Done)
    assert profile(bureau, owner)["payout_account"] == "****0001"
    [(other,)] = bureau.sql(
        "SELECT merchant_id FROM merchant WHERE merchant_id <> %s ORDER BY id LIMIT 1",
        HOME["merchant"],
    )
    assert bureau.refused(owner, "payout_account.save", **ACCOUNT) == "E-FIELD", "whose it is"
    assert bureau.refused(owner, "payout_account.save", merchant=other, **ACCOUNT) == "E-NOT-FOUND"


def test_members_are_counted_by_the_month_in_which_they_joined(
    bureau: Bureau, owner: Person
) -> None:
    """S4-32: joined, left, with a card, active; of a few nobody learns what they do elsewhere."""
    months = {"2026-09": 3, "2026-10": 25}
    for month, joined in months.items():
        bureau.sql(
            "INSERT INTO member (phone_hash, phone_sealed, phone_masked, merchant_id, made_by,"
            " made_at) SELECT sha256(concat(%s::text, n)::bytea), '', '138****0000', m.id, 'x',"
            " (%s || '-05')::date FROM merchant AS m CROSS JOIN generate_series(1, %s) AS n"
            " WHERE m.merchant_id = %s", month, month, joined, HOME["merchant"],
        )  # fmt: skip
    bureau.sql(
        "UPDATE card SET member_id = (SELECT min(id) FROM member WHERE made_at < '2026-10-01')"
        " WHERE id = 1"
    )
    bureau.sql(
        "UPDATE card SET member_id = (SELECT min(id) FROM member WHERE made_at >= '2026-10-01')"
        " WHERE id = 2"
    )
    bureau.sql("UPDATE member SET state = 'closed' WHERE id = (SELECT max(id) FROM member)")
    days = (NOW.date() - dt.date(2020, 1, 1)).days
    bureau.sql("UPDATE purse SET last_journal = %s WHERE card_id IN (1, 2)", (days - 3) * 10**9 + 1)
    names = ("members_new", "members_left", "members", "members_with_card", "members_active")
    rows = bureau.rows(owner, "stat_members")
    assert {row["starts_on"][:7]: tuple(row[name] for name in names) for row in rows} == {
        "2026-10": (25, 1, 27, 1, 1),
        "2026-09": (3, 0, 3, 1, None),
    }
    bureau.sql(
        "UPDATE purse SET last_journal = %s WHERE card_id IN (1, 2)", (days - 40) * 10**9 + 1
    )
    [newest, _] = bureau.rows(owner, "stat_members")
    assert newest["members_active"] == 0
