"""Members pay by codes as the office asks for them: shown to a till, or scanned at a store."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest
import trio

from clearing.verify import audit
from config.tasks.rules import explained
from host.model.office import Done, Refused
from host.model.pay_codes import BILL_MINUTES, OPEN_SECONDS
from host.model.requests import Kind, Original
from host.model.responses import Reason
from host.model.secrets import Pan
from host.moves import Moves
from host.paying import Paying
from host.store.trace import trace
from tests.host.conftest import Till, asking_of
from tests.host.office.conftest import HOME, OTHER_STORE, Bureau, Person
from tests.host.office.test_gifts import Desk, made_desk
from tests.host.rule_makers import put_rule
from tests.host.test_gifts import money

NOWHERE = "no such code"


@pytest.fixture
async def desk(bureau: Bureau, till: Till) -> AsyncIterator[Desk]:
    bureau.office = replace(bureau.office, ask=asking_of(till).ask_from_thread)

    def connect() -> psycopg.Connection[Any]:
        return psycopg.connect(till.dsns.host, autocommit=True)

    async with trio.open_nursery() as nursery:
        moves = Moves(connect, asking_of(till).ask, bureau.office.clock)
        paying = Paying(connect, till.poster.book, bureau.office.clock, till.poster.pass_on)
        paying.drive = moves.drive_one
        till.poster.paying = paying
        nursery.start_soon(paying.run)
        yield await trio.to_thread.run_sync(lambda: made_desk(bureau, till))
        nursery.cancel_scope.cancel()
        moves.shut()
        paying.shut()


def clerk(desk: Desk) -> Person:
    return desk.bureau.person("store_clerk")


async def shown(desk: Desk, card: int) -> Pan:
    told = await desk.done("pay.show_code", card=card)
    assert told.told["seconds"] == OPEN_SECONDS
    assert told.shown_once is not None
    return Pan(told.shown_once["code"])


async def bill(desk: Desk, amount_minor: int | None = None) -> str:
    values = {} if amount_minor is None else {"amount_minor": amount_minor}
    told = await desk.done("pay.store_code", who=clerk(desk), store=int(HOME["store"]), **values)
    assert told.told.get("minutes") == (None if amount_minor is None else BILL_MINUTES)
    assert told.shown_once is not None
    return str(told.shown_once["code"])


async def test_a_code_that_is_shown_pays_at_a_till_and_is_kept_nowhere(desk: Desk) -> None:
    """S3-09, S3-10: the one that was shown before is dead, and nobody can read either again."""
    before, code = await shown(desk, desk.getter), await shown(desk, desk.others)
    sale = desk.till.request(Kind.PURCHASE, None, 150_000, pan=code, entry_mode="032")
    dead = desk.till.request(Kind.PURCHASE, None, 100, pan=before)
    assert (await desk.till.ask(dead)).reason is Reason.PAY_CODE_UNKNOWN
    assert (await desk.till.ask(sale)).is_approved
    assert sum(money(desk.till, desk.getter, desk.others)) == 50_000
    everything = desk.bureau.sql(
        "SELECT concat(c.*) FROM change AS c UNION ALL SELECT concat(h.*) FROM history AS h"
        " UNION ALL SELECT concat(p.*) FROM pay_code AS p UNION ALL SELECT concat(e.*)"
        " FROM exchange AS e UNION ALL SELECT concat(j.*) FROM job AS j"
    )
    for one in (code.reveal(), before.reveal()):
        assert not [row for row in everything if one in str(row) or one.encode().hex() in str(row)]


async def test_a_sale_by_a_code_is_explained_by_the_rule_that_counted_or_refused_it(
    desk: Desk,
) -> None:
    """S3-09, S2-02: by the card that pays in the end, and its code is nowhere."""
    rule = put_rule(desk.till.dsns, "amount_max", amount_minor=2_000, unit="CNY", period="day",
                    counted_by="member")  # fmt: skip
    answers, codes = [], []
    for amount in (1_500, 501):
        codes.append(await shown(desk, desk.getter))
        sale = desk.till.request(Kind.PURCHASE, None, amount, pan=codes[-1], entry_mode="032")
        answers.append(await desk.till.ask(sale))
    assert [one.reason for one in answers] == [Reason.APPROVED, Reason.AMOUNT_LIMIT]
    with psycopg.connect(desk.till.dsns.audit, autocommit=True) as connection:
        passed, refused = (
            [text for _label, text in explained(trace(connection, one.rrn))] for one in answers
        )
    assert passed[0].startswith(f"rule {rule}, version 1")
    assert passed[1:3] == [
        "15.00 CNY asked, 0.00 CNY used before, at most 20.00 CNY",
        "it let it pass, and counted it",
    ]
    assert refused[1:3] == [
        "5.01 CNY asked, 15.00 CNY used before, at most 20.00 CNY",
        "this rule decided: it says no",
    ]
    for code in codes:
        assert not [text for text in (*passed, *refused) if code.reveal() in text]


async def test_who_is_stopped_is_shown_no_code(desk: Desk) -> None:
    """S3-09."""
    desk.till.sql("UPDATE card SET status = 'frozen' WHERE id = %s", desk.getter)
    assert await desk.refused("pay.show_code", card=desk.getter) == "E-CARD"
    assert await desk.refused("pay.show_code", card=14) == "E-NOBODYS"
    desk.till.sql("UPDATE member SET state = 'frozen' WHERE id = %s", desk.receiver)
    assert await desk.refused("pay.show_code", card=desk.others) == "E-STATE"


async def test_a_stores_code_is_scanned_and_paid_out_of_all_cards_at_that_store(desk: Desk) -> None:
    """S3-09, S3-10: the member types the amount; the same ledger, found by its RRN."""
    code = await bill(desk)
    told = await desk.done("pay.scan", card=desk.getter, store_code=code, amount_minor=150_000)
    assert desk.job(told) == ("done", "")
    assert money(desk.till, desk.getter, desk.others) == [0, 50_000]
    [journal] = desk.bureau.sql(
        "SELECT j.origin, j.made_by, m.merchant_id, j.amount_minor, j.kind FROM journal AS j"
        " JOIN merchant AS m ON m.id = j.merchant_id"
    )
    assert journal == ("member", str(desk.receiver), HOME["merchant"], 150_000, "purchase")
    again = await desk.done("pay.scan", card=desk.getter, store_code=code, amount_minor=1_000)
    assert desk.job(again) == ("done", "")
    [(rrn,)] = desk.bureau.sql(
        "SELECT after->>'rrn' FROM history WHERE source LIKE 'job/%%' ORDER BY id LIMIT 1"
    )
    refund = desk.till.request(Kind.REFUND, desk.others, 500, original=Original(rrn=rrn))
    assert (await desk.till.ask(refund)).is_approved
    here = [desk.bureau.person(*who) for who in (("merchant_operator",), ("store_clerk", "store"))]
    for who in here:
        rows = desk.bureau.rows(who, "paid_at_store", store="1")
        assert [row["amount_minor"] for row in rows] == [1_000, 150_000], "the newest first"
        assert rows[1]["rrn"] == rrn
    elsewhere = desk.bureau.person("store_clerk", "store", OTHER_STORE)
    assert desk.bureau.rows(elsewhere, "paid_at_store", store="1") == []
    newer = await bill(desk)
    assert await desk.refused("pay.scan", card=desk.getter, store_code=code, amount_minor=1) == (
        "E-PAY-CODE"
    ), "the store has another"
    assert newer != code


async def test_a_bill_is_paid_once_and_for_what_it_says(desk: Desk) -> None:
    """S3-09: whoever scans it second hears that it was."""
    code = await bill(desk, 2_000)
    other = {"card": desk.getter, "store_code": code, "amount_minor": 1_999}
    assert await desk.refused("pay.scan", **other) == "E-FIELD"
    told = await desk.done("pay.scan", card=desk.getter, store_code=code)
    assert desk.job(told) == ("done", "")
    assert await desk.refused("pay.scan", card=desk.giver, store_code=code) == "E-PAY-CODE"
    assert money(desk.till, desk.giver, desk.getter) == [100_000, 98_000]
    sale = desk.till.request(Kind.PURCHASE, None, 2_000, pan=await shown(desk, desk.giver))
    assert (await desk.till.ask(sale)).is_approved
    with psycopg.connect(desk.till.dsns.owner, autocommit=True) as connection:
        assert [str(one) for one in audit(connection)] == []


async def test_of_two_who_scan_one_bill_at_once_one_pays_and_the_other_hears_that_it_is_paid(
    desk: Desk,
) -> None:
    """S3-09: both were asked before either was posted."""
    code = await bill(desk, 2_000)
    told = [
        desk.bureau.with_code(desk.service, "pay.scan", card=card, store_code=code)
        for card in (desk.giver, desk.getter)
    ]
    await trio.to_thread.run_sync(desk.bureau.do_jobs)
    ends = sorted(desk.job(one) for one in told if isinstance(one, Done))
    assert [state for state, _ in ends] == ["done", "failed"]
    assert ends[1][1].startswith("E-PAY-CODE")
    assert sum(money(desk.till, desk.giver, desk.getter, desk.others)) == 298_000


async def test_what_cards_do_not_cover_is_said_with_what_is_missing(desk: Desk) -> None:
    """S3-09, S3-10: nothing is begun, and a code of nobody is one."""
    code = await bill(desk)
    told = await desk.asked("pay.scan", card=desk.getter, store_code=code, amount_minor=200_500)
    assert isinstance(told, Refused)
    assert (told.code, "missing 5.00" in told.en) == ("E-SHORT", True), told.en
    assert await desk.refused("pay.scan", card=desk.getter, store_code=code) == "E-FIELD"
    values = {"card": desk.getter, "store_code": NOWHERE, "amount_minor": 1}
    assert await desk.refused("pay.scan", **values) == "E-PAY-CODE"
    assert money(desk.till, desk.getter, desk.others) == [100_000, 100_000]


async def test_no_card_number_begins_as_a_code_does(desk: Desk) -> None:
    """S3-09."""
    values = {
        "institution_id": "48882913", "name": "Twenty-nine", "pan_prefix": "2900",
        "currency": "CNY", "amount_minor_max": 500_000, "balance_minor_max": 1_000_000,
        "pin_tries_max": 3,
    }  # fmt: skip
    told = await desk.asked("issuer.save", who=desk.bureau.admin, **values)
    assert isinstance(told, Refused)
    assert (told.code, told.field) == ("E-FIELD", "pan_prefix"), told
    assert "29" in told.en
