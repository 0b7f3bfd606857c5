"""Anybody sees where a card or voucher went by its number: no owner, no store, no amount."""

from dataclasses import replace

import psycopg
import pytest
import trio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from host.model.office import Page, Refused, Show, sought
from host.model.requests import Kind
from host.model.voucher_codes import grouped
from host.office.looking import read_view
from host.store.changes import note_what_differs
from host.store.heads import sign_head
from tests.host.conftest import NOW, Till, asking_of
from tests.host.office.conftest import Bureau
from tests.host.office.test_holding import PHONE, Shop, made_shop
from tests.host.stock.conftest import Stock
from tests.host.test_activation import activate
from tests.host.test_vouchers import made as vouchers_made
from tests.host.test_vouchers import redeem, redemption, void_of

LOOKS_MAX = 10


@pytest.fixture
async def shop(bureau: Bureau, till: Till) -> Shop:
    bureau.office = replace(bureau.office, ask=asking_of(till).ask_from_thread)
    return await trio.to_thread.run_sync(lambda: made_shop(bureau, till))


async def traced(shop: Shop, number: str, source: str = "10.0.0.1") -> Page | Refused:
    asked = Show(view="trace", filters=sought({"number": number}), source=source)
    bureau = shop.bureau
    return await trio.to_thread.run_sync(lambda: read_view(bureau.office, bureau.connection, asked))


def number_of(shop: Shop, card: int) -> str:
    return shop.pan(card).reveal()


async def test_a_number_tells_its_steps_with_their_dates_cities_and_seals(shop: Shop) -> None:
    """S2-37, S2-38, S2-41: who has signed in nowhere sees issue, use and write-off, no amount."""
    card = shop.cards[0]
    await activate(shop.till, shop.pan(card))
    sale = shop.till.request(Kind.PURCHASE, None, 1_234, pan=shop.pan(card))
    assert (await shop.till.ask(sale)).is_approved
    with psycopg.connect(shop.bureau.dsns.owner, autocommit=True) as owner:
        owner.execute("UPDATE merchant SET city = 'Hangzhou'")
        note_what_differs(owner, ["merchant"])
    told = await traced(shop, number_of(shop, card))
    assert isinstance(told, Page), told
    assert told.columns == ["step", "date", "city", "seal", "proof"]
    assert {row[0] for row in told.rows} == {"redeemed", "issued"}
    [newest] = [row for row in told.rows if row[0] == "redeemed"]
    assert newest[2] == "Hangzhou"
    shard, seal = newest[3].split("/")
    assert shop.bureau.sql(
        "SELECT count(*) FROM journal WHERE shard = %s AND seal = %s", int(shard), int(seal)
    ) == [(1,)]
    assert newest[4] == "sealed"
    shown = str(told.rows)
    for hidden in ("1234", "12.34", PHONE, "888290054110001", number_of(shop, card)[-4:] + "'"):
        assert hidden not in shown


async def test_a_step_is_signed_behind_a_checkpoint_and_broken_where_it_does_not_hold(
    shop: Shop,
) -> None:
    """S2-37."""
    card = shop.cards[0]
    await activate(shop.till, shop.pan(card))
    await trio.to_thread.run_sync(_sign, shop)
    told = await traced(shop, number_of(shop, card))
    assert isinstance(told, Page)
    [(*_, seal, proof)] = [row for row in told.rows if row[3]]
    assert proof == "signed"
    shard, seq = map(int, seal.split("/"))
    [(digest,)] = shop.bureau.sql(
        "SELECT digest FROM seal WHERE (shard, seq) = (%s, %s)", shard, seq
    )
    edit = "UPDATE seal SET digest = %s WHERE (shard, seq) = (%s, %s)"
    shop.bureau.sql(edit, bytes(32), shard, seq)
    told = await traced(shop, number_of(shop, card))
    assert isinstance(told, Page)
    assert [row[4] for row in told.rows if row[3]] == ["broken"]
    shop.bureau.sql(edit, digest, shard, seq)


async def test_unknown_malformed_and_too_many_are_one_text(shop: Shop) -> None:
    """S2-38: counted by where it is asked from, before anything is looked for."""
    right = number_of(shop, shop.cards[0])
    wrong = [right[:-1] + str((int(right[-1]) + 1) % 10), "x", "", "4" * 16, "9" * 300]
    told = [await traced(shop, number, "10.0.0.2") for number in wrong]
    assert isinstance(await traced(shop, right, "10.0.0.2"), Page)
    for _ in range(LOOKS_MAX - len(wrong) - 1):
        assert isinstance(await traced(shop, right, "10.0.0.2"), Page)
    told += [await traced(shop, right, "10.0.0.2"), await traced(shop, "x", "10.0.0.2")]
    assert {type(one) for one in told} == {Refused}
    assert len(set(map(str, told))) == 1, "one text, whatever is wrong"
    assert isinstance(await traced(shop, right, "10.0.0.3"), Page), "others are not kept out"
    shop.bureau.later(seconds=61)
    assert isinstance(await traced(shop, right, "10.0.0.2"), Page)


async def test_a_voucher_is_traced_by_its_code_and_a_code_that_was_mistyped_by_none(
    shop: Shop,
) -> None:
    """S2-38, S2-41: however the code is typed."""
    with psycopg.connect(shop.bureau.dsns.owner, autocommit=True) as owner:
        stock = Stock(connection=owner, dsns=shop.bureau.dsns)
        [code] = vouchers_made(stock)
    answer = await redeem(shop.till, code)
    assert answer.is_approved, answer.reason
    signs = grouped(code.reveal())
    told = await traced(shop, f" {signs.lower()} ")
    assert isinstance(told, Page), told
    assert {"issued", "redeemed"} == {row[0] for row in told.rows}
    [redeemed] = [row for row in told.rows if row[0] == "redeemed"]
    assert redeemed[3:] != ["", ""]
    wrong = "C" if signs[0] != "C" else "F"
    assert isinstance(await traced(shop, wrong + signs[1:]), Refused)


async def test_a_use_that_was_voided_is_told_as_given_back_and_as_used_where_the_void_was_undone(
    shop: Shop,
) -> None:
    """S2-37, S2-38: each step is under its own seal, and what found nothing to undo is none."""
    with psycopg.connect(shop.bureau.dsns.owner, autocommit=True) as owner:
        [code] = vouchers_made(Stock(connection=owner, dsns=shop.bureau.dsns))
    till, steps = shop.till, []
    use = redemption(till, code)
    answer = await till.ask(use)
    void = void_of(till, use, answer)
    reversal = till.reversal(void)
    for asked in (void, reversal):
        assert (await till.ask(asked)).is_approved
        told = await traced(shop, code.reveal())
        assert isinstance(told, Page), told
        steps.append([row[0] for row in told.rows if row[0] != "issued"])
        assert {row[4] for row in told.rows if row[0] != "issued"} == {"sealed"}
    assert steps == [["given_back", "redeemed"], ["redeemed", "given_back", "redeemed"]]


async def test_a_reversal_that_found_its_use_voided_is_no_step(shop: Shop) -> None:
    with psycopg.connect(shop.bureau.dsns.owner, autocommit=True) as owner:
        [code] = vouchers_made(Stock(connection=owner, dsns=shop.bureau.dsns))
    till = shop.till
    use = redemption(till, code)
    answer = await till.ask(use)
    for asked in (void_of(till, use, answer), till.reversal(use)):
        assert (await till.ask(asked)).is_approved
    told = await traced(shop, code.reveal())
    assert isinstance(told, Page), told
    assert [row[0] for row in told.rows if row[0] != "issued"] == ["given_back", "redeemed"]


def _sign(shop: Shop) -> None:
    with psycopg.connect(shop.bureau.dsns.owner, autocommit=True) as owner:
        sign_head(owner, Ed25519PrivateKey.generate(), NOW)
