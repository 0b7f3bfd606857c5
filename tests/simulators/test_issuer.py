"""The external issuer: one decision a message, one undoing a reversal, whichever comes first."""

import datetime as dt

import pytest

from host.estate.demo import external_cards
from host.hsm.pin import PinBlockReader, make_pin_block
from host.model.secrets import Secret
from simulators.issuer import MAGIC_AMOUNTS, Book, Fields, Manner, management_answer
from terminals.dialects.ascii87_fields import BINARY

NOW = dt.datetime(2026, 11, 22, 9, 30, tzinfo=dt.UTC)
[CARD, *_REST] = external_cards()
PAN = CARD.pan.reveal()
ZONE = bytes(range(16))
DECLINED = [(amount, row.f39) for amount, row in MAGIC_AMOUNTS.items() if row.f39]


def book() -> Book:
    return Book({PAN: 100_000})


def sale(amount: int = 12_345, *, mti: str = "0200", trace: str = "000007") -> Fields:
    return {
        "t": mti,
        "2": PAN,
        "3": "000000",
        "4": f"{amount:012d}",
        "7": "1122013000",
        "11": trace,
        "41": "80050001",
        "42": "888290054110001",
        "49": "156",
    }


def reversal(of: Fields, mti: str = "0420") -> Fields:
    data = f"0200{of['11']}{of['7']}{'48882900':>011}{'':>011}"
    return {**of, "t": mti, "11": "000099", "90": data}


def test_a_sale_moves_once_however_often_it_comes() -> None:
    issuer = book()
    first = issuer.decide(sale(), NOW)
    again = issuer.decide(sale(mti="0201"), NOW)
    assert (first["t"], first["39"], first["54"]) == ("0210", "00", "0002156C000000087655")
    assert again == first
    assert issuer.balances[PAN] == 87_655


@pytest.mark.parametrize(
    ("key", "pin", "code"),
    [(ZONE, b"123456", "00"), (ZONE, b"123457", "55"), (bytes(16), b"123456", "55")],
    ids=["right", "wrong", "under another key"],
)
def test_a_pin_is_read_under_the_zone_key(key: bytes, pin: bytes, code: str) -> None:
    assert CARD.pin is not None
    issuer = Book({PAN: 100_000}, pins={PAN: CARD.pin}, reads_pin=PinBlockReader(Secret(ZONE)))
    block = make_pin_block(Secret(key), Secret(pin), CARD.pan, 0)
    typed = {**sale(), "52": block.reveal().hex().upper()}
    assert issuer.decide(typed, NOW)["39"] == code
    assert issuer.balances[PAN] == 100_000 - (code == "00") * 12_345


def test_a_reversal_undoes_once_however_often_it_comes() -> None:
    issuer = book()
    issuer.decide(sale(), NOW)
    told = [issuer.decide(reversal(sale(), mti), NOW)["39"] for mti in ("0420", "0421", "0420")]
    assert told == ["00", "00", "00"]
    assert issuer.balances[PAN] == 100_000


def test_a_sale_that_comes_after_its_reversal_is_not_made() -> None:
    issuer = book()
    issuer.decide(reversal(sale()), NOW)
    assert issuer.decide(sale(), NOW)["39"] == "25"
    assert issuer.balances[PAN] == 100_000


@pytest.mark.parametrize(("amount", "code"), [*DECLINED, (100_001, "51")])
def test_amounts_that_are_declined(amount: int, code: str) -> None:
    issuer = book()
    assert issuer.decide(sale(amount), NOW)["39"] == code
    assert issuer.balances[PAN] == 100_000


def test_a_card_of_nobody_is_declined() -> None:
    assert Book({}).decide(sale(), NOW)["39"] == "14"


def test_its_answers_can_be_spelled() -> None:
    issuer = book()
    told = issuer.decide(sale(), NOW)
    assert BINARY.decode(BINARY.encode(told)).items() >= told.items()
    echo = {"t": "0800", "7": "1122013000", "11": "000001", "70": "301"}
    assert management_answer(echo) == {**echo, "t": "0810", "39": "00"}


def test_a_magic_amount_is_mistreated_or_declined() -> None:
    assert all((row.manner is Manner.RIGHT) == bool(row.f39) for row in MAGIC_AMOUNTS.values())
