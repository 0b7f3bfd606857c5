"""What makes a message a repeat: all that it is about, and nothing that a resend changes."""

import msgspec
import pytest

from host.fingerprint import fingerprint_of
from host.model.money import Money
from host.model.requests import ExchangeKey, Family, Kind, Original, PinBlock, Request
from host.model.secrets import Pan, Secret

KEY = ExchangeKey("pos", "80010001", "000012", "000101", Family.FINANCIAL)
REFUND = Request(
    kind=Kind.REFUND,
    key=KEY,
    merchant_id="888290054110001",
    pan=Pan("9988000000000015"),
    amount=Money(100, "CNY"),
    goods="Coffee",
    original=Original(rrn="112200000001"),
)
REVERSAL = Request(
    kind=Kind.REVERSAL,
    key=KEY.of_family(Family.REVERSAL),
    merchant_id="888290054110001",
    amount=Money(100, "CNY"),
    original=Original(key=KEY, kind=Kind.PURCHASE),
)


@pytest.mark.parametrize(
    "change",
    [
        {"kind": Kind.VOID},
        {"merchant_id": "888290058120002"},
        {"amount": Money(101, "CNY")},
        {"amount": Money(100, "P:")},
        {"amount": None},
        {"goods": "Tea"},
        {"goods": None},
        {"original": Original(rrn="112200000002")},
        {"original": Original(key=KEY, rrn="112200000001")},
        {"original": None},
        {"goods": None, "original": Original(rrn="Coffee")},
    ],
)
def test_another_matter_is_no_repeat(change: dict[str, object]) -> None:
    other = msgspec.structs.replace(REFUND, **change)
    assert fingerprint_of(other, b"card") != fingerprint_of(REFUND, b"card")


def test_another_card_is_no_repeat() -> None:
    prints = {fingerprint_of(REFUND, card) for card in (b"card", b"other", None)}
    assert len(prints) == 3


@pytest.mark.parametrize(
    "change",
    [
        {"pin": PinBlock(0, Secret(bytes(8)))},
        {"key_generation": 3},
        {"entry_mode": "021"},
        {"expiry": "3012"},
        {"pan": None},
    ],
)
def test_a_resend_may_have_another_pin_block_or_key(change: dict[str, object]) -> None:
    other = msgspec.structs.replace(REFUND, **change)
    assert fingerprint_of(other, b"card") == fingerprint_of(REFUND, b"card")


@pytest.mark.parametrize(
    "change",
    [
        {"goods": "Coffee"},
        {"issued_by_switch": True},
        {"original": Original(key=KEY, kind=Kind.PURCHASE, rrn="112200000001", auth_code="1")},
    ],
)
def test_the_switchs_reversal_is_the_terminals(change: dict[str, object]) -> None:
    other = msgspec.structs.replace(REVERSAL, **change)
    assert fingerprint_of(other, b"card") == fingerprint_of(REVERSAL, None)


def test_what_is_typed_cannot_pass_for_something_else() -> None:
    one = msgspec.structs.replace(REFUND, goods="', 'x", original=Original(rrn=""))
    two = msgspec.structs.replace(REFUND, goods="", original=Original(rrn="', 'x"))
    assert fingerprint_of(one, b"card") != fingerprint_of(two, b"card")
