"""What the office, a member and the clock do to a card through the poster."""

import datetime as dt
import itertools
from collections.abc import Iterator
from typing import Final

import psycopg
import pytest

from clearing.verify import audit
from host.asking import Asking
from host.model.instruments import Activation, Form
from host.model.origins import Origin
from host.model.own import CardAt, OwnKey, OwnRequest
from host.model.requests import Kind, Response
from host.model.responses import Reason
from host.model.secrets import Pan
from host.shards import shard_of
from host.stock import batches, lives
from host.stock.refusals import StockRefusal
from tests.host.conftest import Till
from tests.host.stock.conftest import HSM, OWNER, Stock
from tests.host.test_activation import FACE, activate, pans_of, standing

pytestmark = pytest.mark.usefixtures("sharing")

NUMBERS: Final = itertools.count(1)
WANG, LI = 11, 12


@pytest.fixture
def stock(till: Till) -> Iterator[Stock]:
    with psycopg.connect(till.dsns.owner, autocommit=True) as connection:
        yield Stock(connection=connection, dsns=till.dsns)


def asked(
    till: Till, kind: Kind, pan: Pan, member: int = 0, *, origin: Origin = Origin.OFFICE
) -> OwnRequest:
    pan_hash = HSM.pan_hash(pan)
    key = OwnKey(origin, "li", "card", str(next(NUMBERS)))
    card = CardAt(shard_of(pan_hash, till.poster.shard_count), pan_hash)
    return OwnRequest(kind=kind, key=key, card=card, member=member)


async def ask(till: Till, own: OwnRequest) -> Response:
    return await Asking(till.poster.post_own, till.poster.shard_count).ask(own)


def put_sale(till: Till, pan: Pan, sale: str) -> None:
    till.sql("UPDATE card SET sale = %s WHERE pan_hash = %s", sale, HSM.pan_hash(pan))


def findings(till: Till) -> list[str]:
    with psycopg.connect(till.dsns.owner, autocommit=True) as connection:
        return [str(finding) for finding in audit(connection)]


def bound_to(stock: Stock, pan: Pan) -> int | None:
    [(member,)] = stock.rows("SELECT member_id FROM card WHERE pan_hash = %s", HSM.pan_hash(pan))
    return member


async def test_a_card_is_activated_and_bound_by_one_posting(till: Till, stock: Stock) -> None:
    """S1-22, S1-24, S1-33, S4-76: its issuer puts the face value behind it."""
    [pan] = pans_of(stock, stock.opened(1).part)
    put_sale(till, pan, "sold")
    own = asked(till, Kind.CARD_BOUND_ACTIVATION, pan, WANG)
    answer = await ask(till, own)
    assert answer.is_approved
    assert await ask(till, own) == answer, "the same key gets the same answer"
    assert standing(stock, pan) == ("active", "sold", "2029-12-31", False, FACE)
    assert bound_to(stock, pan) == WANG
    assert stock.rows(
        "SELECT j.kind, d.chart, e.amount_minor, j.made_by FROM journal AS j"
        " JOIN entry AS e ON e.shard = j.shard AND e.journal_id = j.id"
        " JOIN account AS d ON d.id = e.debit_account WHERE j.slot LIKE 'office/%%'"
    ) == [("card_bound_activation", "issuer_funds", FACE, "li")]
    assert (await till.ask(till.request(Kind.PURCHASE, None, 1, pan=pan))).is_approved
    other = await ask(till, asked(till, Kind.CARD_BOUND_ACTIVATION, pan, LI))
    assert other.reason is Reason.CARD_ALREADY_BOUND


@pytest.mark.parametrize("origin", [Origin.OFFICE, Origin.MEMBER])
@pytest.mark.parametrize("sale", ["unsold", "allocated"])
async def test_a_card_of_the_stock_that_is_bound_is_in_stock_no_more(
    till: Till, stock: Stock, sale: str, origin: Origin
) -> None:
    """S1-22, S1-23: whoever activates it, nobody sells it to another."""
    [pan] = pans_of(stock, stock.opened(1, product=stock.product(form=Form.PAPER)).part)
    put_sale(till, pan, sale)
    assert (
        await ask(till, asked(till, Kind.CARD_BOUND_ACTIVATION, pan, WANG, origin=origin))
    ).is_approved
    assert standing(stock, pan)[:2] == ("active", "sold")
    sold = await till.ask(till.request(Kind.CARD_ACTIVATION, None, FACE, pan=pan))
    assert sold.reason is Reason.CARD_ALREADY_SOLD


@pytest.mark.usefixtures("alone")
async def test_the_audit_names_a_card_that_is_in_use_and_in_stock(till: Till, stock: Stock) -> None:
    [pan] = pans_of(stock, stock.opened(1).part)
    await activate(till, pan)
    [(card, part)] = till.sql(
        "UPDATE card SET sale = 'unsold' WHERE pan_hash = %s RETURNING id, part_id",
        HSM.pan_hash(pan),
    )
    wanted = f"card {card} is of part {part}, which is in use, and in stock to be sold"
    assert [one for one in findings(till) if "stock" in one] == [f"12. {wanted}"]
    till.sql("UPDATE card SET sale = 'sold' WHERE id = %s", card)


async def test_a_card_that_a_till_sold_is_bound_and_nothing_moves(till: Till, stock: Stock) -> None:
    """S1-24, S1-34."""
    [pan] = pans_of(stock, stock.opened(1).part)
    await activate(till, pan)
    before = stock.rows("SELECT count(*) FROM journal")
    answer = await ask(till, asked(till, Kind.CARD_BOUND_ACTIVATION, pan, WANG))
    assert answer.is_approved
    assert stock.rows("SELECT count(*) FROM journal") == before
    assert (bound_to(stock, pan), standing(stock, pan)[3:]) == (WANG, (False, FACE))


async def test_no_card_is_bound_with_more_than_it_may_hold(till: Till, stock: Stock) -> None:
    """S1-07: whatever it was that let its batch be made."""
    product = stock.product(balance_minor_max=FACE - 1)
    [pan] = pans_of(stock, stock.opened(1, product=product).part)
    put_sale(till, pan, "sold")
    answer = await ask(till, asked(till, Kind.CARD_BOUND_ACTIVATION, pan, WANG))
    assert answer.reason is Reason.AMOUNT_LIMIT
    assert standing(stock, pan)[0] == "inactive"


async def test_a_card_of_a_product_without_end_never_expires(till: Till, stock: Stock) -> None:
    """S1-05: as registered prepaid cards have it."""
    product = stock.product(valid_from=None, valid_to=None, valid_days=None)
    [pan] = pans_of(stock, stock.opened(1, product=product).part)
    await activate(till, pan)
    assert standing(stock, pan)[2] is None
    till.turn_the_date(dt.date(2099, 12, 31))
    assert (await till.ask(till.request(Kind.PURCHASE, None, 1, pan=pan))).is_approved


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("sale = 'unsold'", Reason.CARD_NOT_SOLD),
        ("status = 'voided'", Reason.CARD_VOIDED_BIND),
        ("status = 'lost'", Reason.CARD_LOST),
        ("status = 'stolen'", Reason.CARD_STOLEN),
        ("status = 'frozen'", Reason.CARD_FROZEN),
        ("status = 'replaced'", Reason.CARD_REPLACED),
        ("valid_to = '2026-11-21'", Reason.EXPIRED),
        ("member_id = 99, status = 'active'", Reason.CARD_ALREADY_BOUND),
    ],
)
async def test_a_card_that_may_not_be_bound_says_why(
    till: Till, stock: Stock, change: str, reason: Reason
) -> None:
    """S1-24, S1-35."""
    [pan] = pans_of(stock, stock.opened(1).part)
    sold = "" if change.startswith("sale") else "sale = 'sold', "
    till.sql(f"UPDATE card SET {sold}{change} WHERE part_id IS NOT NULL")
    answer = await ask(till, asked(till, Kind.CARD_BOUND_ACTIVATION, pan, WANG))
    assert answer.reason is reason


@pytest.mark.usefixtures("alone")
async def test_a_card_of_a_part_that_is_not_there_is_not_bound(till: Till, stock: Stock) -> None:
    """S1-35: and whoever audits the ledger is told of it until it is put right."""
    made = stock.opened(1)
    [pan] = pans_of(stock, made.part)
    [(card,)] = till.sql(
        "UPDATE card SET sale = 'sold', part_id = 9999 WHERE part_id IS NOT NULL RETURNING id"
    )
    answer = await ask(till, asked(till, Kind.CARD_BOUND_ACTIVATION, pan, WANG))
    assert answer.reason is Reason.CARD_NOT_FOUND
    assert f"12. card {card} is of part 9999, which is not there" in findings(till)
    till.sql("UPDATE card SET part_id = %s WHERE part_id IS NOT NULL", made.part)


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("generated", Reason.CARD_BATCH_NOT_OPENED),
        ("suspended", Reason.CARD_BATCH_SUSPENDED),
        ("voided", Reason.CARD_VOIDED_BIND),
    ],
)
async def test_a_card_of_a_batch_that_is_not_in_use_is_not_bound(
    till: Till, stock: Stock, state: str, reason: Reason
) -> None:
    """S1-12, S1-13, S1-35."""
    made = stock.draft(1)
    stock.make(made.part)
    [pan] = pans_of(stock, made.part)
    if state != "generated":
        stock.open(made.part)
        put_sale(till, pan, "sold")
        do = batches.suspend_batch if state == "suspended" else batches.void_batch
        do(stock.connection, made.batch, OWNER)
    answer = await ask(till, asked(till, Kind.CARD_BOUND_ACTIVATION, pan, WANG))
    assert answer.reason is reason


@pytest.mark.usefixtures("alone")
async def test_a_product_says_whether_the_office_activates(till: Till, stock: Stock) -> None:
    """S1-07."""
    product = stock.product(activation=frozenset({Activation.TILL}))
    [pan] = pans_of(stock, stock.opened(1, product=product).part)
    put_sale(till, pan, "sold")
    answer = await ask(till, asked(till, Kind.CARD_BOUND_ACTIVATION, pan, WANG))
    assert answer.reason is Reason.FUNCTION_NOT_SUPPORTED


@pytest.mark.usefixtures("alone")
async def test_what_is_left_of_a_voided_card_goes_back_to_its_issuer(
    till: Till, stock: Stock
) -> None:
    """S1-35, S1-36: refused from the next message on; by a posting, once."""
    [pan] = pans_of(stock, stock.opened(1).part)
    await activate(till, pan)
    await till.ask(till.request(Kind.PURCHASE, None, 4_000, pan=pan))
    [(card,)] = stock.rows("SELECT id FROM card WHERE pan_hash = %s", HSM.pan_hash(pan))
    lives.void_card(stock.connection, card)
    sale = till.request(Kind.PURCHASE, None, 1, pan=pan)
    assert (await till.ask(sale)).reason is Reason.CARD_VOIDED_SPEND
    for _ in range(2):
        assert (await ask(till, asked(till, Kind.CARD_VOID, pan, origin=Origin.CLOCK))).is_approved
    assert standing(stock, pan)[::3] == ("voided", False)
    assert standing(stock, pan)[-1] == 0
    assert stock.rows(
        "SELECT c.chart, e.amount_minor FROM journal AS j"
        " JOIN entry AS e ON e.shard = j.shard AND e.journal_id = j.id"
        " JOIN account AS c ON c.id = e.credit_account WHERE j.kind = 'card_void'"
        " ORDER BY e.amount_minor DESC"
    ) == [("issuer_funds", 6_000), ("breakage", 40)], "and the points that its sale had earned"
    with pytest.raises(StockRefusal, match="E-STATE"):
        lives.void_card(stock.connection, card)
