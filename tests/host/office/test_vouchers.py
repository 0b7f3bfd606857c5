"""Vouchers in the office: their products, their batches, and one that is voided."""

from typing import Any

import pytest

from host.model.office import Done, Waiting
from tests.host.office.conftest import HOME, Bureau

PAPER = {"form": "paper", "valid_from": "2026-01-01", "valid_to": "2029-12-31"}
AMOUNT = {**PAPER, "makes": "amount_voucher", "face_minor_min": 5_000, "may_load": True}


def product(bureau: Bureau, code: str = "PAPER", **terms: Any) -> int:
    manager = bureau.person("issuer_manager")
    values = {"issuer": HOME["issuer"], "code": code, "name": "Paper", **(terms or AMOUNT)}
    return int(bureau.done(manager, "product.revise", **values).subject)


def batch(bureau: Bureau, made_of: int, **more: Any) -> str:
    manager = bureau.person("issuer_manager")
    made = bureau.done(
        manager, "voucher_batch.create", product=made_of, name="Autumn", cards=3,
        responsible=manager.login, **more,
    )  # fmt: skip
    bureau.do_jobs()
    return made.subject


def test_vouchers_are_made_by_one_and_opened_by_another(bureau: Bureau) -> None:
    """S3-23, S3-24, S2-01, S4-64: a merchant, a store, an amount, a number and a date."""
    [(merchant, store)] = bureau.sql(
        "SELECT m.merchant_id, s.id FROM merchant AS m JOIN store AS s ON s.merchant_id = m.id"
        " JOIN acceptance AS a ON a.merchant_id = m.id JOIN issuer AS i ON i.id = a.issuer_id"
        " WHERE i.institution_id = %s ORDER BY s.id LIMIT 1",
        HOME["issuer"],
    )
    made = batch(bureau, product(bureau), merchants=[merchant], in_stores=[store])
    owner = bureau.person("batch_owner")
    [row] = bureau.rows(owner, "voucher_batches", batch=made)
    assert (row["kind"], row["face_minor"], row["cards"]) == ("amount_voucher", 5_000, 3)
    assert (row["merchants"], row["in_stores"]) == (merchant, str(store))
    assert (row["state"], row["redeemed"]) == ("generated", 0)
    told = bureau.with_code(owner, "voucher_batch.open", batch=made)
    assert isinstance(told, Done), told
    vouchers = bureau.rows(owner, "vouchers", batch=made)
    assert {one["voucher_status"] for one in vouchers} == {"issued"}
    assert {len(one["pan_masked"]) for one in vouchers} == {9}, "its last four signs alone"


def test_a_batch_of_vouchers_is_suspended_resumed_and_voided_by_two(bureau: Bureau) -> None:
    """S1-13, S3-24."""
    made, owner = batch(bureau, product(bureau)), bureau.person("batch_owner")
    manager = bureau.person("issuer_manager")

    def stop(how: str) -> Any:
        return bureau.with_code(owner, "voucher_batch.stop", batch=made, how=how, note="misprint")

    assert isinstance(bureau.with_code(owner, "voucher_batch.open", batch=made), Done)
    for how, state in (("suspend", "suspended"), ("resume", "opened")):
        assert isinstance(stop(how), Done)
        assert bureau.rows(owner, "voucher_batches", batch=made)[0]["state"] == state
    told = stop("void")
    assert isinstance(told, Waiting), told
    done = bureau.with_code(manager, "approval.decide", approval=told.approval, decision="approve")
    assert isinstance(done, Done), done
    assert bureau.rows(owner, "voucher_batches", batch=made)[0]["state"] == "voided"


def test_a_voucher_that_nobody_has_used_is_voided_and_a_used_one_is_not(bureau: Bureau) -> None:
    """S3-24, S1-36."""
    made, manager = batch(bureau, product(bureau)), bureau.person("issuer_manager")
    first, second, _ = [one["id"] for one in bureau.rows(manager, "vouchers", batch=made)]
    told = bureau.with_code(manager, "voucher.void", card=first, note="lost on its way")
    assert isinstance(told, Done), told
    assert bureau.rows(manager, "vouchers", card=str(first))[0]["voucher_status"] == "voided"
    bureau.sql("UPDATE card SET status = 'redeemed' WHERE id = %s", second)
    refused = bureau.with_code(manager, "voucher.void", card=second, note="lost on its way")
    assert getattr(refused, "code", "") == "E-STATE"


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"makes": "amount_voucher"}, "face_minor_min"),
        ({"makes": "ticket", "face_minor_min": 100}, "face_minor_min"),
        ({"makes": "ticket", "may_load": True}, "may_load"),
        ({"makes": "buy_and_get"}, "buys"),
        ({"makes": "amount_voucher", "face_minor_min": 1, "entries": 2}, "entries"),
        ({"makes": "card", "face_minor_min": 1, "goods": ["TEA"]}, "makes"),
    ],
)
def test_terms_that_no_voucher_has_are_told_by_their_field(
    bureau: Bureau, terms: dict[str, Any], field: str
) -> None:
    """S2-01, S2-32, S2-42."""
    manager = bureau.person("issuer_manager")
    values = {"issuer": HOME["issuer"], "code": "ODD", "name": "Odd", **PAPER, **terms}
    told = bureau.do(manager, "product.revise", **values)
    assert getattr(told, "field", "") == field, told


def test_a_product_of_cards_makes_no_vouchers_and_no_stranger_takes_them(bureau: Bureau) -> None:
    manager = bureau.person("issuer_manager")
    cards = product(bureau, "CARDS", form="virtual", face_minor_min=100, valid_days=30)
    values = {"name": "Autumn", "cards": 1, "responsible": manager.login}
    told = bureau.do(manager, "voucher_batch.create", product=cards, **values)
    assert getattr(told, "field", "") == "product"
    values |= {"product": product(bureau), "merchants": ["000000000000000"]}
    told = bureau.do(manager, "voucher_batch.create", **values)
    assert getattr(told, "field", "") == "merchants"


def test_a_merchant_stops_vouchers_that_nobody_else_takes_and_no_others(bureau: Bureau) -> None:
    """S1-13, S3-24: what the issuer has stopped takes the issuer's word to let go."""
    made_of, merchant = product(bureau), bureau.person("merchant_owner")
    own = batch(bureau, made_of, merchants=[HOME["merchant"]])
    anybodys, owner = batch(bureau, made_of), bureau.person("batch_owner")
    for one in (own, anybodys):
        assert isinstance(bureau.with_code(owner, "voucher_batch.open", batch=one), Done)
    assert [row["batch"] for row in bureau.rows(merchant, "voucher_batches")] == [own]
    told = {"batch": own, "note": "misprint"}

    def stop(who: Any, how: str) -> Any:
        return bureau.with_code(who, "voucher_batch.stop", how=how, **told)

    foreign = {**told, "batch": anybodys, "how": "suspend"}
    assert bureau.refused(merchant, "voucher_batch.stop", **foreign) == "E-NOT-FOUND"
    for who, how, kind in (
        (merchant, "suspend", Done), (merchant, "resume", Done),
        (owner, "suspend", Done), (merchant, "resume", Waiting), (owner, "resume", Done),
    ):  # fmt: skip
        assert isinstance(stop(who, how), kind), how
    manager = bureau.person("issuer_manager")
    bureau.done_by_two(merchant, manager, "voucher_batch.stop", how="void", **told)
    assert bureau.rows(merchant, "voucher_batches")[0]["state"] == "voided"
