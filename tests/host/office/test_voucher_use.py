"""Vouchers at a store's counter and in members' hands: redeemed, claimed, issued, coded anew."""

from dataclasses import dataclass, replace
from typing import Any

import psycopg
import pytest
import trio

from clearing.verify import audit
from host.hsm.voucher_codes import open_code
from host.model.office import Done, Refused, Told, Waiting
from host.model.responses import Reason
from host.model.voucher_codes import VoucherCode, grouped
from host.model.vouchers import ProductKind
from host.stock.voucher_codes import new_voucher_codes
from host.store.changes import note_what_differs
from tests.host.conftest import Till, asking_of
from tests.host.office.conftest import HOME, Bureau, Person
from tests.host.stock.conftest import HSM
from tests.host.test_vouchers import FACE, redeem

NOTE = "asked for at the counter"
PHONE, OTHER_PHONE = "13800001234", "13900005678"
AMOUNT = {"form": "paper", "makes": "amount_voucher", "face_minor_min": FACE, "may_load": True} | {
    "valid_from": "2026-01-01",
    "valid_to": "2029-12-31",
}


@dataclass
class Desk:
    """A store with a clerk, an issuer's people, and an opened batch of vouchers."""

    bureau: Bureau
    till: Till
    clerk: Person
    service: Person
    manager: Person
    store: int
    batch: str

    async def done(self, who: Person, action: str, **values: Any) -> Told:
        """With a code where one is needed; what waits is agreed to; its job is done."""
        return await trio.to_thread.run_sync(lambda: self._done(who, action, values))

    def _done(self, who: Person, action: str, values: dict[str, Any]) -> Told:
        told = self.bureau.do(who, action, **values)
        if isinstance(told, Refused) and told.code == "E-STEP-UP":
            told = self.bureau.do(who, action, _code=self.bureau.code(who), **values)
        if isinstance(told, Waiting):
            told = self.bureau.with_code(
                self.bureau.admin, "approval.decide", approval=told.approval, decision="approve"
            )
        self.bureau.do_jobs()
        return told

    async def redeem(self, code: VoucherCode | str, **more: Any) -> Told:
        text = code if isinstance(code, str) else grouped(code.reveal()).lower()
        values = {"store": self.store, "voucher_code": text, **more}
        return await self.done(self.clerk, "voucher.redeem", **values)

    async def shown(self) -> tuple[int, str]:
        """A voucher that a member has claimed, and the code that they pick it up by."""
        told = await self.done(
            self.service, "voucher.claim", batch=self.batch, phone=PHONE, channel="wechat"
        )
        assert isinstance(told, Done), told
        [card] = told.told["vouchers"]
        shown = await self.done(self.service, "voucher.show_pickup", card=card)
        assert isinstance(shown, Done), shown
        return card, shown.shown_once["code"]

    def codes(self, batch: str = "") -> list[VoucherCode]:
        rows = self.bureau.sql(
            "SELECT c.id, c.pan_sealed FROM card AS c JOIN card_batch_part AS p ON p.id = c.part_id"
            " JOIN card_batch AS b ON b.id = p.batch_id WHERE b.code = %s ORDER BY c.id",
            batch or self.batch,
        )
        return [open_code(HSM, sealed, card) for card, sealed in rows]

    def vouchers(self) -> list[dict[str, Any]]:
        return self.bureau.rows(self.manager, "vouchers", batch=self.batch)

    def noted(self, statement: str) -> None:
        """By hand, and as if a program had."""
        with psycopg.connect(self.till.dsns.owner, autocommit=True) as owner:
            owner.execute(statement.encode())
            note_what_differs(owner)

    def job(self) -> tuple[str, str]:
        """How the newest job ended."""
        [row] = self.bureau.sql("SELECT state, error FROM job ORDER BY id DESC LIMIT 1")
        return row[0], row[1]

    def findings(self) -> list[str]:
        with psycopg.connect(self.till.dsns.owner, autocommit=True) as connection:
            return [str(one) for one in audit(connection)]


@pytest.fixture
async def desk(bureau: Bureau, till: Till) -> Desk:
    bureau.office = replace(bureau.office, ask=asking_of(till).ask_from_thread)
    return await trio.to_thread.run_sync(lambda: made_desk(bureau, till))


def made_desk(bureau: Bureau, till: Till, **more: Any) -> Desk:
    manager = bureau.person("issuer_manager")
    product = int(
        bureau.done(
            manager, "product.revise", issuer=HOME["issuer"], code="PAPER", name="Paper",
            **{**AMOUNT, **more.pop("terms", {})},
        ).subject
    )  # fmt: skip
    batch = bureau.done(
        manager, "voucher_batch.create", product=product, name="Autumn", cards=4,
        responsible=manager.login, **more,
    ).subject  # fmt: skip
    bureau.do_jobs()
    opened = bureau.with_code(bureau.person("batch_owner"), "voucher_batch.open", batch=batch)
    assert isinstance(opened, Done), opened
    clerk = bureau.person("store_clerk")
    return Desk(bureau, till, clerk, bureau.person("service"), manager, int(HOME["store"]), batch)


async def test_a_clerk_redeems_at_the_own_store(desk: Desk) -> None:
    """S2-13, S2-14, S3-13: posted for its merchant, once, as at a till; its trace says where."""
    first, second, *_ = desk.codes()
    told = await desk.redeem(first, amount_minor=FACE + 1_000)
    assert isinstance(told, Done), told
    assert desk.job() == ("done", "")
    [journal] = desk.bureau.sql(
        "SELECT j.origin, m.merchant_id, j.terminal_id, j.amount_minor,"
        " split_part(j.slot, '/', 4) ~ ('^job-[0-9]+:' || %s || '$') FROM journal AS j"
        " JOIN merchant AS m ON m.id = j.merchant_id WHERE j.kind = 'voucher_redemption'",
        str(desk.store),
    )
    assert journal == ("office", HOME["merchant"], None, FACE, True)
    [row] = [one for one in desk.vouchers() if one["voucher_status"] == "redeemed"]
    assert row["used_at"]
    [store] = desk.bureau.sql("SELECT name FROM store WHERE id = %s", desk.store)
    assert row["used_where"] == store[0]
    assert (await redeem(desk.till, first)).reason is Reason.VOUCHER_USED, "at a till, too"
    again = await desk.redeem(first)
    assert isinstance(again, Refused)
    assert again.code == "E-USED"
    assert "2026" in again.en, "when, and where it was at a store of the same merchant"
    assert (await redeem(desk.till, second)).is_approved
    late = await desk.redeem(second)
    assert getattr(late, "code", "") == "E-USED"
    assert desk.findings() == []


async def test_who_picks_up_shows_a_code_once_and_the_next_hears_when_and_where(
    desk: Desk,
) -> None:
    """S2-25, S2-45: a code that was used is told from one that is over, and from a wrong one."""
    card, shown = await desk.shown()
    other_card, other = await desk.shown()
    over = await desk.redeem(shown, store=desk.store + 1)
    assert getattr(over, "code", "") == "E-NOT-FOUND", "at another's store nothing is used up"
    assert isinstance(await desk.redeem(f"https://shop.example/v/{shown}"), Done)
    assert desk.job() == ("done", "")
    [place] = desk.bureau.sql("SELECT name FROM store WHERE id = %s", desk.store)
    desk.bureau.later(minutes=10)
    again = await desk.redeem(shown)
    assert isinstance(again, Refused)
    assert again.code == "E-PICKED-UP"
    assert f"{desk.bureau.now:%Y-%m-%d}" in again.en
    assert str(place[0]) in again.zh
    late = await desk.redeem(other)
    assert getattr(late, "code", "") == "E-QR", "nobody has used it: it is over"
    changed = other[:-2] + ("AA" if other[-2:] != "AA" else "BB")
    assert getattr(await desk.redeem(changed), "code", "") == "E-VOUCHER-CODE"
    desk.noted("UPDATE pickup_use SET store_id = (SELECT max(id) FROM store)")
    elsewhere = await desk.redeem(shown)
    assert isinstance(elsewhere, Refused)
    assert elsewhere.code == "E-PICKED-UP"
    assert str(place[0]) not in elsewhere.en, "where is told to stores of the same merchant alone"
    rows = {row["id"]: row["voucher_status"] for row in desk.vouchers()}
    assert (rows[card], rows[other_card]) == ("redeemed", "claimed")


async def test_a_pick_up_code_that_was_refused_is_not_used_up_and_dies_with_its_voucher(
    desk: Desk,
) -> None:
    """S2-25: of a voucher that was not handed out nobody hears that it was."""
    card, shown = await desk.shown()
    desk.noted("UPDATE card_batch SET stores = '{999}'")
    assert getattr(await desk.redeem(shown), "code", "") == "E-OTHER-STORE"
    desk.noted("UPDATE card_batch SET stores = '{}'")
    assert desk.bureau.sql("SELECT count(*) FROM pickup_use") == [(0,)]
    asked, desk.bureau.office = desk.bureau.office, replace(desk.bureau.office, ask=None)
    assert isinstance(await desk.redeem(shown), Done)
    assert getattr(await desk.redeem(shown), "code", "") == "E-QR", "its job has not ended yet"
    desk.bureau.office = asked
    desk.bureau.later(seconds=40)
    desk.bureau.sql("UPDATE job SET state = 'stopped', ended_at = now() WHERE state = 'running'")
    told = await desk.done(desk.service, "voucher.show_pickup", card=card)
    assert isinstance(told, Done)
    desk.noted(f"UPDATE card SET pan_hash = sha256('another') WHERE id = {card}")
    dead = await desk.redeem(told.shown_once["code"])
    assert getattr(dead, "code", "") == "E-VOUCHER-CODE"


async def test_a_clerk_who_guesses_at_codes_waits(desk: Desk) -> None:
    """S2-39: wrong ones are counted though nothing else of it is kept."""
    [good, *_] = desk.codes()
    for code in new_voucher_codes(5):
        told = await desk.redeem(code)
        assert getattr(told, "code", "") == "E-VOUCHER-CODE"
    told = await desk.redeem(good)
    assert getattr(told, "code", "") == "E-TRIES"


async def test_what_is_not_for_a_store_is_not_redeemed_there(desk: Desk) -> None:
    """S2-13: nor by anybody at another's store."""
    [code, other, *_] = desk.codes()
    desk.noted("UPDATE card_batch SET stores = '{999}'")
    assert getattr(await desk.redeem(code), "code", "") == "E-OTHER-STORE"
    desk.noted("UPDATE card_batch SET stores = '{}'")
    elsewhere = await desk.redeem(code, store=desk.store + 1)
    assert getattr(elsewhere, "code", "") == "E-NOT-FOUND"
    stopped = {"batch": desk.batch, "how": "suspend", "note": "a misprint"}
    owner = await trio.to_thread.run_sync(lambda: desk.bureau.person("batch_owner"))
    assert isinstance(await desk.done(owner, "voucher_batch.stop", **stopped), Done)
    told = await desk.redeem(other)
    assert getattr(told, "code", "") == "E-VOUCHER"
    assert "voucher suspended" in str(getattr(told, "en", ""))


async def test_a_voucher_of_goods_is_redeemed_for_its_article(bureau: Bureau, till: Till) -> None:
    """S2-01: the poster has the last word, and its job says why not."""
    bureau.office = replace(bureau.office, ask=asking_of(till).ask_from_thread)
    terms = {"makes": str(ProductKind.GOODS), "face_minor_min": None, "may_load": False}
    goods = {**terms, "goods": ["TEA", "CUP"], "entries": 1}
    desk = await trio.to_thread.run_sync(lambda: made_desk(bureau, till, terms=goods))
    [code, *_] = desk.codes()
    assert isinstance(await desk.redeem(code, goods="HAT"), Done)
    state, error = desk.job()
    assert (state, "voucher not these goods" in error) == ("failed", True)
    assert isinstance(await desk.redeem(code, goods="TEA"), Done)
    assert desk.job() == ("done", "")
    assert desk.findings() == []


async def test_vouchers_are_issued_to_phones_and_claimed_as_many_as_one_may(
    bureau: Bureau, till: Till
) -> None:
    """S2-23, S2-17: credited at once, with the channel; no more than the batch lets one have."""
    bureau.office = replace(bureau.office, ask=asking_of(till).ask_from_thread)
    desk = await trio.to_thread.run_sync(lambda: made_desk(bureau, till, claims_max=2))
    told = await desk.done(
        desk.manager, "voucher.issue", batch=desk.batch, phones=[PHONE, OTHER_PHONE], note=NOTE
    )
    assert isinstance(told, Done), told
    claimed = [one for one in desk.vouchers() if one["voucher_status"] == "claimed"]
    assert len(claimed) == 2
    assert {one["claimed_by_channel"] for one in claimed} == {"issue"}
    named = {"batch": desk.batch, "phone": PHONE, "channel": "wechat"}
    code = desk.codes()[3]
    text = code.reveal()
    assert isinstance(
        await desk.done(desk.service, "voucher.claim", voucher_code=text, **named), Done
    )
    more = await desk.done(desk.service, "voucher.claim", **named)
    assert getattr(more, "code", "") == "E-CAP"
    named["phone"] = OTHER_PHONE
    taken = await desk.done(desk.service, "voucher.claim", voucher_code=text, **named)
    assert getattr(taken, "code", "") == "E-BOUND"
    both = await desk.done(desk.service, "voucher.claim", count=2, **named)
    assert getattr(both, "code", "") == "E-CAP"
    assert isinstance(await desk.done(desk.service, "voucher.claim", **named), Done)
    assert {one["voucher_status"] for one in desk.vouchers()} == {"claimed"}
    assert (await redeem(desk.till, code)).is_approved, "and is used as any"
    assert desk.findings() == []


async def test_of_a_batch_that_is_all_claimed_no_more_is(desk: Desk) -> None:
    """S2-23: all that was asked for, or nothing."""
    values = {"batch": desk.batch, "phones": [PHONE], "note": NOTE}
    told = await desk.done(desk.manager, "voucher.issue", count=5, **values)
    assert "E-ALL-CLAIMED" in (getattr(told, "code", ""), str(getattr(told, "told", "")))
    assert {one["voucher_status"] for one in desk.vouchers()} == {"issued"}


async def test_a_lost_code_is_dead_once_another_is_given(desk: Desk) -> None:
    """S2-34: told once, with a line of who saw it; the notes and the audit follow."""
    values = {"batch": desk.batch, "phones": [PHONE], "note": NOTE}
    assert isinstance(await desk.done(desk.manager, "voucher.issue", **values), Done)
    [row] = [one for one in desk.vouchers() if one["voucher_status"] == "claimed"]
    lost = desk.codes()[[one["id"] for one in desk.vouchers()].index(row["id"])]
    told = await desk.done(
        desk.service, "voucher.reissue", card=row["id"], phone=OTHER_PHONE, note=NOTE
    )
    assert getattr(told, "code", "") in {"E-NOT-YOUR-ROLE", "E-BOUND"}
    desk.noted("UPDATE person_grant SET rights = '{reveal}' WHERE role = 'service'")
    told = await desk.done(desk.service, "voucher.reissue", card=row["id"], phone=PHONE, note=NOTE)
    assert isinstance(told, Done), told
    new = told.shown_once["code"]
    assert (await redeem(desk.till, lost)).reason is Reason.VOUCHER_UNKNOWN
    assert new not in str(desk.bureau.sql("SELECT * FROM history"))
    assert (await redeem(desk.till, new)).is_approved
    again = await desk.done(desk.service, "voucher.reissue", card=row["id"], phone=PHONE, note=NOTE)
    assert getattr(again, "code", "") == "E-STATE"
    assert desk.findings() == []


async def test_several_vouchers_are_voided_by_two_all_or_none(desk: Desk) -> None:
    """S1-36, S3-24."""
    first, second, third, _ = [one["id"] for one in desk.vouchers()]
    assert (await redeem(desk.till, desk.codes()[2])).is_approved
    values = {"card": first, "note": "a misprint"}
    told = await desk.done(desk.manager, "voucher.void", others=[second, third], **values)
    assert {one["voucher_status"] for one in desk.vouchers()} == {"issued", "redeemed"}, told
    told = await desk.done(desk.manager, "voucher.void", others=[second], **values)
    assert isinstance(told, Done), told
    states = [one["voucher_status"] for one in desk.vouchers()]
    assert sorted(states) == ["issued", "redeemed", "voided", "voided"]
    assert desk.findings() == []
