"""What a scanner, a stripe reader or fingers put into a seat's one field, and what it is for."""

import pytest

from host.estate.demo import voucher_code
from host.model.requests import Kind
from terminals.seat.presented import NotPresentedError, fields_of, read
from terminals.seat.wanted import NotWantedError, kind_of

PAY_CODE = "291234567890123459"
CODE = voucher_code(1301).reveal()


def _luhn(digits: str) -> str:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (1 if place % 2 else 2)
        total += doubled // 10 + doubled % 10
    return digits + str(-total % 10)


@pytest.mark.parametrize(
    ("typed", "fields"),
    [
        (_luhn("998800000000101"), {"2": _luhn("998800000000101"), "22": "012"}),
        (f" {_luhn('998800000000101')[:4]} {_luhn('998800000000101')[4:]} ",
         {"2": _luhn("998800000000101"), "22": "012"}),
        (PAY_CODE, {"2": PAY_CODE, "22": "032"}),
        (f";{_luhn('998800000000101')}=30121200000?",
         {"35": f"{_luhn('998800000000101')}D30121200000", "22": "022", "53": "0600000000000000"}),
        (CODE.lower(), {"22": "032"}),
        ("13812345678", {"22": "012"}),
    ],
)  # fmt: skip
def test_it_is_read_and_stands_in_its_own_fields(typed: str, fields: dict[str, str]) -> None:
    assert fields_of(read(typed)) == fields


@pytest.mark.parametrize(
    "typed",
    ["", "hello", _luhn("998800000000101")[:-1] + "x", "99880000000010", CODE[:-1], "9" * 200],
)
def test_what_is_nothing_of_the_house_is_said_to_be_that(typed: str) -> None:
    with pytest.raises(NotPresentedError) as error:
        read(typed)
    assert str(error.value) == ""


def test_nothing_that_was_presented_is_shown_whole() -> None:
    assert read("13812345678").masked == "138****5678"
    assert read(CODE).masked == f"****{CODE[-4:]}"
    assert read(PAY_CODE).masked == "29" + "*" * 16


@pytest.mark.parametrize(
    ("button", "typed", "second", "kind"),
    [
        ("sale", PAY_CODE, "", Kind.PURCHASE),
        ("sale", CODE, "", Kind.VOUCHER_REDEMPTION),
        ("load", "13812345678", "", Kind.LOAD_BY_PHONE),
        ("load", _luhn("998800000000101"), CODE, Kind.LOAD_BY_CODE),
        ("ask", _luhn("998800000000101"), "", Kind.ACCOUNT_INQUIRY),
    ],
)
def test_a_key_and_what_is_presented_say_what_is_traded(
    button: str, typed: str, second: str, kind: Kind
) -> None:
    other = read(second) if second else None
    assert kind_of(button, read(typed), other, points_first=False) is kind


@pytest.mark.parametrize(
    ("button", "typed"),
    [
        ("sale", "13812345678"),
        ("points", PAY_CODE),
        ("load", PAY_CODE),
        ("earn", CODE),
        ("x", CODE),
    ],
)
def test_what_is_presented_for_something_else_is_told_so(button: str, typed: str) -> None:
    with pytest.raises(NotWantedError):
        kind_of(button, read(typed), None, points_first=False)
