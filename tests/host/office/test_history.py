"""History says what was done: before and after, in names that people know."""

import datetime as dt
from typing import Any

import pytest

from host.model.office import Done, Refused, Told, Waiting
from host.office.naming import REFERENCES
from host.office.subjects import SUBJECTS
from host.office.words import WORDS
from host.store.deciding import TABLES
from host.store.noting import unseen_of
from tests.host.office.conftest import HOME, Bureau, Person

PRODUCT: dict[str, Any] = {
    "name": "Gift", "form": "virtual", "face_minor_min": 5_000,
    "valid_from": "2026-01-01", "valid_to": "2029-12-31",
}  # fmt: skip


@pytest.fixture
def manager(bureau: Bureau) -> Person:
    return bureau.person("issuer_manager")


def line_of(bureau: Bureau, action: str) -> dict[str, Any]:
    return next(
        line for line in bureau.rows(bureau.admin, "audit", action=action)
        if line["outcome"] == "done"
    )  # fmt: skip


def waits(told: Told) -> int:
    assert isinstance(told, Waiting), told
    return told.approval


def agree(bureau: Bureau, who: Person, approval: int) -> Told:
    told = bureau.do(who, "approval.decide", approval=approval, decision="approve")
    if isinstance(told, Refused) and told.code == "E-STEP-UP":
        code = bureau.code(who)
        told = bureau.do(who, "approval.decide", _code=code, approval=approval, decision="approve")
    return told


def test_a_grant_says_which_role_it_gave_and_where(bureau: Bureau) -> None:
    """S1-47, S3-26: who was given what stands in history."""
    who = bureau.person("auditor")
    until = bureau.now + dt.timedelta(days=9)
    assert line_of(bureau, "person.save")["after"]["role"] == "auditor"
    [[grant]] = bureau.sql(
        "SELECT g.id FROM person_grant AS g JOIN person AS p ON p.id = g.person_id"
        " WHERE p.login = %s",
        who.login,
    )
    bureau.done(bureau.admin, "person.revoke", grant=grant, note="for another")
    told = bureau.with_code(
        bureau.admin, "person.grant", login=who.login, role="issuer_manager", scope="issuer",
        scope_key=HOME["issuer"], until=until.isoformat(),
    )  # fmt: skip
    assert isinstance(told, Done), told
    after = line_of(bureau, "person.grant")["after"]
    assert (after["role"], after["scope"], after["scope_key"]) == (
        "issuer_manager", "issuer", HOME["issuer"],
    )  # fmt: skip
    assert after["until"].startswith(f"{until:%Y-%m-%d}")


def test_a_product_says_what_it_was_and_is(bureau: Bureau, manager: Person) -> None:
    """S1-07: a revision, before and after."""
    told = bureau.done(manager, "product.revise", issuer=HOME["issuer"], code="G", **PRODUCT)
    number = int(told.subject)
    made = line_of(bureau, "product.revise")["after"]
    assert (made["face_minor_min"], made["issuer"]) == (5_000, HOME["issuer"])
    asked = bureau.do(
        manager, "product.revise", product=number, **PRODUCT | {"valid_to": "2030-12-31"}
    )
    assert isinstance(agree(bureau, bureau.person("issuer_manager"), waits(asked)), Done)
    line = line_of(bureau, "product.revise")
    assert (line["before"]["valid_to"], line["after"]["valid_to"]) == ("2029-12-31", "2030-12-31")
    assert (line["before"]["version"], line["after"]["version"]) == (1, 2)


def test_a_revision_that_was_asked_for_before_another_is_asked_for_anew(
    bureau: Bureau, manager: Person
) -> None:
    told = bureau.done(manager, "product.revise", issuer=HOME["issuer"], code="G", **PRODUCT)
    number, other = int(told.subject), bureau.person("issuer_manager")
    first, second = (
        waits(bureau.do(manager, "product.revise", product=number, **PRODUCT | {"valid_to": day}))
        for day in ("2030-12-31", "2031-12-31")
    )
    assert isinstance(agree(bureau, other, first), Done)
    refused = agree(bureau, other, second)
    assert isinstance(refused, Refused)
    assert refused.code == "E-STALE"
    [row] = [one for one in bureau.rows(other, "approvals") if one["id"] == second]
    assert row["state"] == "failed"
    assert row["came_of_it"]["why"].startswith("E-STALE: ")


def test_a_merchant_says_whose_cards_it_takes(bureau: Bureau) -> None:
    """S4-47."""
    merchant = {"merchant_id": "888290054119999", "name": "Taker"}
    issuers = [row["institution_id"] for row in bureau.rows(bureau.admin, "issuers")]
    bureau.done(bureau.admin, "merchant.save", **merchant, issuers=issuers)
    bureau.done(bureau.admin, "merchant.save", **merchant, issuers=issuers[:1])
    line = line_of(bureau, "merchant.save")
    assert (line["before"], line["after"]) == (
        {"issuers": sorted(issuers)},
        {"issuers": issuers[:1]},
    )


def test_a_sale_and_an_opening_say_what_they_were_of(bureau: Bureau, manager: Person) -> None:
    """S1-30, S1-37."""
    told = bureau.done(manager, "product.revise", issuer=HOME["issuer"], code="G", **PRODUCT)
    batch = bureau.done(
        manager, "card_batch.create", product=int(told.subject), name="Few", cards=5,
        responsible=manager.login,
    ).subject  # fmt: skip
    bureau.do_jobs()
    owner = bureau.person("batch_owner")
    assert isinstance(bureau.with_code(owner, "card_batch.open", batch=batch), Done)
    opened = line_of(bureau, "card_batch.open")["after"]
    assert (opened["state"], len(opened["opened_parts"])) == ("opened", 1)
    bureau.done(
        bureau.person("platform_ops"), "card.sell", product=int(told.subject), cards=2,
        order="O-1", buyer="Bob",
    )  # fmt: skip
    sold = line_of(bureau, "card.sell")["after"]
    assert (sold["order"], sold["buyer"], sold["sold"]) == ("O-1", "Bob", 2)
    bureau.done(manager, "card_batch.add", batch=batch, cards=3)
    assert line_of(bureau, "card_batch.add")["after"]["cards"] == 3


def test_who_is_meant_stands_by_name(bureau: Bureau) -> None:
    store = bureau.done(
        bureau.admin, "store.save", merchant=HOME["merchant"], name="Quay"
    )  # fmt: skip
    assert store.after["merchant"] == HOME["merchant"]
    assert not {name for name in store.after if name.endswith("_id")}
    who = bureau.person("auditor")
    assert line_of(bureau, "person.save")["after"]["made_by"] == "root"
    assert who.login == line_of(bureau, "person.save")["subject_key"]


def test_every_column_that_history_tells_has_a_word(bureau: Bureau) -> None:
    for row in SUBJECTS.values():
        if row.table is None:
            assert row.content <= set(WORDS), row.kind
            continue
        columns = bureau.sql(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
            " AND NOT attisdropped",
            row.table,
        )
        told = {name for (name,) in columns} - set(unseen_of(TABLES[row.table]))
        words = {REFERENCES[name].word if name in REFERENCES else name for name in told}
        assert words <= set(WORDS), row.table
