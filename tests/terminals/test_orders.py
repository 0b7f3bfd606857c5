"""Which order a payment is for, as each kind of terminal says it: S1-44."""

import msgspec
import pytest

from host.fingerprint import fingerprint_of
from host.hsm.mac import mac_for
from host.model.requests import Kind, OrderReference, Request
from host.model.responses import Reason
from host.model.secrets import Secret
from host.model.terminal import MacAlgorithm
from terminals.dialects import dialect_named
from terminals.dialects.mis import MisDialect, compose, header_of
from terminals.dialects.mis_words import Head
from terminals.dialects.softpos_words import OPERATIONS, Asked, request_of
from terminals.uses import room_bytes, rooms_of
from tests.terminals.frames import PURCHASE, fields_of
from tests.terminals.test_translate import PAN, asked, message_of

ORDER, PART = "T20261126-000071", "2/3"
POINTS = "points-purchase-product-code-in-F62"
FILLED = f"{ORDER:<32}{PART}"


def own(text: str) -> str:
    return text.encode().hex().upper()


def order(request: Request | Reason) -> OrderReference | None:
    assert isinstance(request, Request), request
    return request.order


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (FILLED, OrderReference(ORDER, PART)),
        (FILLED.ljust(64), OrderReference(ORDER, PART)),
        (ORDER, OrderReference(ORDER)),
        ("9" * 32, OrderReference("9" * 32)),
        (" " * 32, None),
        ("", None),
    ],
)
def test_a_terminal_names_the_order_of_a_sale_in_f62(
    text: str, told: OrderReference | None
) -> None:
    """S1-44."""
    assert order(asked(f62=own(text))) == told


def test_a_refund_names_it_too_and_points_behind_their_product() -> None:
    """S1-44."""
    assert order(asked("refund-next-day", f62=own(ORDER))) == OrderReference(ORDER)
    redeemed = asked(POINTS, f62=own(f"{'P0001':<30}{FILLED}"))
    assert order(redeemed) == OrderReference(ORDER, PART)
    assert isinstance(redeemed, Request)
    assert redeemed.goods == "P0001"
    assert order(asked(POINTS, f62=own(f"{'P0001':<30}"))) is None


@pytest.mark.parametrize(
    "text", ["two words", f"{'':<32}{PART}", "x" * 33 + "y" * 32, "订单", "tab\t", f"N{PAN}"]
)
def test_what_is_no_order_or_has_the_cards_number_in_it_is_a_format_error(text: str) -> None:
    assert asked(f62=own(text)) is Reason.FORMAT_ERROR


def test_digits_of_an_order_leave_no_room_for_what_nobody_looks_at() -> None:
    """Under a code that does not know the order of blocks."""
    for name, text, room in [
        (PURCHASE, "20261126000071", 0),
        (PURCHASE, ORDER, 2),
        (PURCHASE, "ABCDEFGH", 8),
        (POINTS, f"{'P0001':<30}20261126", 5),
        (POINTS, f"{'P0001':<30}ABCDEFGH", 13),
        (POINTS, f"{'P0001':<30}", 5),
        (POINTS, "P0001", 5),
    ]:
        message = message_of(fields_of(name) | {"62": own(text)})
        rooms = rooms_of(message.asks, {"62"})
        assert rooms is not None
        assert room_bytes(message, rooms) == room, (name, text)


RETAIL = mac_for(MacAlgorithm.X9_19, Secret.from_hex("0123456789ABCDEFFEDCBA9876543210"))
SALE = {"merchant": "888290054110001", "date": "20261126", "card": PAN, "amount": 100}


def by_till(name: str, code: str, **words: str) -> Request | Reason:
    dialect = dialect_named(name)
    assert isinstance(dialect, MisDialect)
    head = Head("000000000123", "80010001", code)
    payload = dialect.form.write_request(head, {**SALE, **words})
    message = dialect.read(compose(header_of(head), payload, RETAIL))
    assert dialect.mac_is_right(message, RETAIL)
    return dialect.request(message, 1)


@pytest.mark.parametrize("name", ["mis-fixed", "mis-json", "mis-iso"])
def test_a_merchants_own_system_names_order_and_part(name: str) -> None:
    """S1-44."""
    assert order(by_till(name, "SALE", order=ORDER, sub_order=PART)) == OrderReference(ORDER, PART)
    assert order(by_till(name, "SALE", order=ORDER)) == OrderReference(ORDER)
    assert order(by_till(name, "SALE")) is None
    assert by_till(name, "SALE", order=PAN) is Reason.FORMAT_ERROR


def test_a_till_says_no_part_of_no_order() -> None:
    assert by_till("mis-json", "SALE", sub_order=PART) is Reason.FORMAT_ERROR


def test_a_phone_names_order_and_part() -> None:
    """S1-44."""
    row = OPERATIONS["purchase"]
    said = Asked(
        msgid="m", instance="1234567890123456", tid="80010001", mid="888290054110001", batch=1,
        seq=1, op="purchase", ksn="12345678901234560000000A"[:24], mac="AAAAAAAAAAA=", amount=1,
        entry="nfc", pan_block=Secret(bytes(16)), order=ORDER, sub_order=PART,
    )  # fmt: skip
    request = request_of(said, row, Kind.PURCHASE, 1)
    assert request is not None
    assert request.order == OrderReference(ORDER, PART)


def test_another_order_under_the_same_key_is_another_message() -> None:
    plain, first = asked(), asked(f62=own(ORDER))
    assert isinstance(plain, Request)
    assert isinstance(first, Request)
    other = msgspec.structs.replace(first, order=OrderReference(ORDER, PART))
    assert len({fingerprint_of(each, b"") for each in (plain, first, other)}) == 3
