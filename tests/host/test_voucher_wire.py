"""Each kind of voucher over the words of terminals: what a till says, and what it is told of it."""

from collections.abc import Callable
from typing import Any

import msgspec
import psycopg
import pytest

from host.hsm.mac import mac_for
from host.model.requests import Kind, Request, Response
from host.model.secrets import Secret
from host.model.terminal import MacAlgorithm
from host.model.vouchers import ProductKind
from terminals.dialects import dialect_named
from terminals.dialects.mis import HEADER_BYTES, MisDialect, compose, header_of
from terminals.dialects.mis_words import Head
from terminals.dialects.pos import POS
from terminals.vouchers import told_in, words_told
from tests.host.conftest import PLAN, Till
from tests.host.stock.conftest import Stock
from tests.host.test_vouchers import PIECES, made

pytestmark = pytest.mark.usefixtures("sharing")

MAC = mac_for(MacAlgorithm.X9_19, Secret.from_hex("0123456789ABCDEFFEDCBA9876543210"))
OTHER = "80010009"
Said = dict[str, Any]
Speak = Callable[[Kind, Said], tuple[Request, Callable[[Response], Said]]]
CODES = {Kind.VOUCHER_REDEMPTION: "VOUC", Kind.LOAD_BY_CODE: "VOUL"}


def pos(kind: Kind, said: Said) -> tuple[Request, Callable[[Response], Said]]:
    """By bytes laid out here: F62 as the manual says."""
    own = f"VN{len(said['voucher']):03d}{said['voucher']}"
    own += f"GD{len(said['goods']):03d}{said['goods']}" if said.get("goods") else ""
    is_load = kind is Kind.LOAD_BY_CODE
    head = bytes.fromhex("60000300006031003110000200")
    bitmap, code, type_code = (
        ("7020048000C08014", "930000", "87") if is_load else ("3020048000C08014", "920000", "83")
    )
    pan = bytes.fromhex(f"16{said['card']}") if is_load else b""
    fields = bytes.fromhex(f"{code}{said.get('amount', 0):012d}000002031000")
    fields += b"80010001888290054110001156" + bytes.fromhex(f"0014{type_code}000012000500")
    body = bytes.fromhex(f"{len(own):04d}") + own.encode("ascii")
    message = POS.read(head + bytes.fromhex(bitmap) + pan + fields + body)
    request = POS.request(message, 1)
    assert isinstance(request, Request), message.fault

    def told(answer: Response) -> Said:
        fields = POS.split(POS.answer(message, answer, None)).fields
        own = bytes.fromhex(fields.get("62", "")).decode()
        return {"code": fields["39"], **(words_told(told_in(own)) if own else {})}

    return request, told


def till_of(name: str) -> Speak:
    """A till of a merchant's system, in one of its forms."""
    dialect = dialect_named(name)
    assert isinstance(dialect, MisDialect)

    def speak(kind: Kind, said: Said) -> tuple[Request, Callable[[Response], Said]]:
        head = Head("000000000001", "80030001", CODES[kind])
        values = {"merchant": "888290054110001", "date": "20261122", "amount": 0, **said}
        asked = compose(header_of(head), dialect.form.write_request(head, values), MAC)
        message = dialect.read(asked)
        assert dialect.mac_is_right(message, MAC)
        request = dialect.request(message, 1)
        assert isinstance(request, Request), message.fault

        def told(answer: Response) -> Said:
            said = dialect.answer(message, answer, None)[HEADER_BYTES:]
            return dialect.form.read_answer(head, said)

        return request, told

    return speak


WIRES = {"pos": pos, **{name: till_of(name) for name in ("mis-json", "mis-fixed", "mis-iso")}}
WORDS = ("voucher_taken", "voucher_unit", "voucher_rest", "voucher_left", "voucher_free")


@pytest.fixture(params=WIRES)
def speak(request: pytest.FixtureRequest) -> Speak:
    return WIRES[request.param]


@pytest.fixture
def stock(till: Till) -> Any:
    with psycopg.connect(till.dsns.owner, autocommit=True) as connection:
        yield Stock(connection=connection, dsns=till.dsns)


async def asked(till: Till, speak: Speak, kind: Kind, said: Said, **more: Any) -> tuple[Any, ...]:
    """What a till says, under a key of its terminal here; the code and the words of the answer."""
    wanted, told = speak(kind, said)
    mine = till.request(kind, None, None, **more)
    request = msgspec.structs.replace(
        mine, amount=wanted.amount, besides=wanted.besides, goods=wanted.goods, pan=wanted.pan
    )
    answer = told(await till.ask(request))
    words = {name: answer.get(name) or 0 for name in WORDS}
    return answer["code"], *({**words, "voucher_free": bool(int(words["voucher_free"]))}.values())


TAKEN = Kind.VOUCHER_REDEMPTION


async def test_a_ticket_of_three_entries_is_told_what_is_left(
    till: Till, stock: Stock, speak: Speak
) -> None:
    """S2-42."""
    [code] = made(stock, **{**PIECES, "kind": ProductKind.TICKET, "entries": 3})
    said = {"voucher": code.reveal()}
    for left in (2, 1, 0):
        assert await asked(till, speak, TAKEN, said) == ("00", 1, "G:", 0, left, False)
    assert (await asked(till, speak, TAKEN, said))[0] == "22"


async def test_who_bought_three_is_told_that_one_is_free(
    till: Till, stock: Stock, speak: Speak
) -> None:
    """S2-32."""
    terms = {**PIECES, "kind": ProductKind.BUY_AND_GET, "buys": 3, "entries": 1}
    [code] = made(stock, **terms)
    said = {"voucher": code.reveal(), "amount": 800}
    for left in (2, 1, 0):
        assert await asked(till, speak, TAKEN, said) == ("00", 1, "S:", 800, left, False)
    assert await asked(till, speak, TAKEN, said) == ("00", 1, "G:", 0, 0, True)
    assert (await asked(till, speak, TAKEN, said))[0] == "22"


async def test_a_voucher_of_goods_is_for_its_articles_stores_and_regions(
    till: Till, stock: Stock, speak: Speak
) -> None:
    """S2-01, S2-13."""
    terms = {**PIECES, "kind": ProductKind.GOODS, "entries": 2, "goods": frozenset({"TEA", "CUP"})}
    [(store,)] = stock.rows("SELECT store_id FROM terminal WHERE terminal_id = %s", OTHER)
    [code] = made(stock, batch={"stores": (store,)}, **terms)
    said, there = {"voucher": code.reveal()}, {"terminal_id": OTHER}
    assert (await asked(till, speak, TAKEN, {**said, "goods": "TEA"}))[0] == "58"
    assert (await asked(till, speak, TAKEN, {**said, "goods": "HAT"}, **there))[0] == "57"
    assert (await asked(till, speak, TAKEN, said, **there))[0] == "57"
    given = await asked(till, speak, TAKEN, {**said, "goods": "TEA"}, **there)
    assert given == ("00", 2, "G:", 0, 0, False)
    [code] = made(stock, **{**PIECES, "kind": ProductKind.GOODS, "regions": frozenset({"SH"})})
    assert (await asked(till, speak, TAKEN, {"voucher": code.reveal()}))[0] == "57"


async def test_a_points_card_is_put_onto_a_card_and_told_as_points(
    till: Till, stock: Stock, speak: Speak
) -> None:
    """S4-64."""
    terms = {**PIECES, "kind": ProductKind.POINTS_CARD, "may_load": True}
    [code] = made(stock, **{**terms, "face_minor_min": 700, "face_minor_max": 700})
    said = {"voucher": code.reveal(), "card": PLAN.cards[0].pan.reveal()}
    loaded = await asked(till, speak, Kind.LOAD_BY_CODE, said)
    assert loaded == ("00", 700, "P:", 0, 0, False)
    assert (await asked(till, speak, Kind.LOAD_BY_CODE, said))[0] == "22"
