"""What a terminal's values become, and how each that is wrong is refused."""

import pytest

from host.model.money import Money
from host.model.requests import KINDS, ExchangeKey, Family, Kind, Original, Request
from host.model.responses import Reason
from host.model.secrets import Pan
from terminals.dialects.pos import POS
from terminals.message import Message
from terminals.spelling import find_spelling
from terminals.translate import NEEDS
from tests.terminals.frames import PURCHASE, fields_of

TPDU = bytes.fromhex("6000030000")
HEADER = bytes.fromhex("603100311000")
PAN = "9988000000000015"


def message_of(fields: dict[str, str]) -> Message:
    return Message(TPDU, HEADER, b"", fields, find_spelling(POS.spellings, fields))


def asked(name: str = PURCHASE, **changes: str | None) -> Request | Reason:
    """The request of a worked message with fields changed, or taken out by None."""
    fields = fields_of(name)
    for number, text in changes.items():
        if text is None:
            del fields[number[1:]]
        else:
            fields[number[1:]] = text
    return POS.request(message_of(fields), generation=7)


def key(stan: str, family: Family, epoch: str = "000012") -> ExchangeKey:
    return ExchangeKey("pos", "80010001", epoch, stan, family)


WORKED = {
    PURCHASE: (Kind.PURCHASE, Family.FINANCIAL, "000002", Money(12345, "CNY"), None),
    "reversal-of-the-purchase-timeout": (
        Kind.REVERSAL,
        Family.REVERSAL,
        "000002",
        Money(12345, "CNY"),
        Original(key=key("000002", Family.FINANCIAL), kind=Kind.PURCHASE),
    ),
    "balance-inquiry": (Kind.BALANCE_INQUIRY, Family.FINANCIAL, "000003", None, None),
    "void-of-trace-000002": (
        Kind.VOID,
        Family.FINANCIAL,
        "000004",
        Money(12345, "CNY"),
        Original(key=key("000002", Family.FINANCIAL), rrn="093102000002", auth_code="A00002"),
    ),
    "refund-next-day": (
        Kind.REFUND,
        Family.FINANCIAL,
        "000005",
        Money(2000, "CNY"),
        Original(rrn="093102000002", local_date="1122"),
    ),
    "points-purchase-product-code-in-F62": (
        Kind.POINTS_REDEMPTION,
        Family.FINANCIAL,
        "000006",
        Money(5000, "P:"),
        None,
    ),
    "cash-top-up-200.00": (
        Kind.CASH_LOAD,
        Family.FINANCIAL,
        "000008",
        Money(20000, "CNY"),
        None,
    ),
    "top-up-confirm-same-STAN": (
        Kind.CASH_LOAD_CONFIRM,
        Family.CONFIRM,
        "000008",
        Money(20000, "CNY"),
        Original(key=key("000008", Family.FINANCIAL), rrn="093530000008"),
    ),
    "sign-on-request": (Kind.SIGN_ON, Family.MANAGEMENT, "000001", None, None),
    "sign-on-request-with-TDK": (Kind.SIGN_ON, Family.MANAGEMENT, "000001", None, None),
    "sign-off": (Kind.SIGN_OFF, Family.MANAGEMENT, "000012", None, None),
    "echo-test": (Kind.ECHO, Family.MANAGEMENT, "000000", None, None),
}


@pytest.mark.parametrize("name", WORKED)
def test_a_worked_message_is_the_request_it_means(name: str) -> None:
    kind, family, stan, amount, original = WORKED[name]
    request = asked(name)
    assert isinstance(request, Request)
    epoch = "000013" if name == "refund-next-day" else "000012"
    assert request.kind is kind
    assert request.key == key(stan, family, epoch)
    assert request.merchant_id == "888290054110001"
    assert request.amount == amount
    assert request.original == original
    assert request.key_generation == 7
    needs_card = NEEDS[kind].card or "2" in fields_of(name)
    assert (request.pan == Pan(PAN)) is needs_card
    assert (request.expiry == "3012") is needs_card


def test_the_pin_and_entry_mode_of_a_purchase_arrive() -> None:
    request = asked()
    assert isinstance(request, Request)
    assert request.pin is not None
    assert request.pin.iso_format == 0
    assert request.pin.block.reveal().hex().upper() == "71F9B13D35BD37AF"
    assert request.entry_mode == "021"


def test_a_pin_block_without_the_pan_is_format_1_and_an_unknown_one_is_refused() -> None:
    request = asked(_53="1600000000000000")
    assert isinstance(request, Request)
    assert request.pin is not None
    assert request.pin.iso_format == 1
    assert asked(_53="0600000000000000") is Reason.FORMAT_ERROR
    assert asked(_53="") is Reason.FORMAT_ERROR


def test_a_sign_on_says_which_keys_and_which_device() -> None:
    request = asked("sign-on-request-with-TDK")
    assert isinstance(request, Request)
    assert (request.working_keys, request.serial) == ("004", "312580010001")


@pytest.mark.parametrize("told", ["9988000000000015", "12580010001", "3125 8001001", ""])
def test_a_serial_number_that_is_none_is_not_kept(told: str) -> None:
    """It could be a card number in the wrong place."""
    request = asked("sign-on-request", _62=f"Sequence No12{told}".encode().hex().upper())
    assert isinstance(request, Request)
    assert request.serial is None


def test_a_points_purchase_names_its_goods() -> None:
    name = "points-purchase-product-code-in-F62"
    request = asked(name)
    assert isinstance(request, Request)
    assert request.goods == "P0001"
    without = asked(name, _62=None)
    assert isinstance(without, Request)
    assert without.goods is None
    assert asked(name, _62="FF00") is Reason.FORMAT_ERROR
    assert asked(name, _62="00" * 30) is Reason.FORMAT_ERROR


def test_a_refund_of_the_points_account_counts_points() -> None:
    request = asked("refund-next-day", _60="25000013000500065")
    assert isinstance(request, Request)
    assert request.amount == Money(2000, "P:")


def test_a_void_of_points_counts_points() -> None:
    request = asked("void-of-trace-000002", _25="65")
    assert isinstance(request, Request)
    assert request.kind is Kind.VOID
    assert request.amount == Money(12345, "P:")


def test_a_reversal_says_what_kind_it_undoes() -> None:
    name = "reversal-of-the-purchase-timeout"
    for codes, kind in {
        ("200000", "00", "23000012000500"): Kind.VOID,
        ("000000", "65", "22000012000500048"): Kind.POINTS_REDEMPTION,
        ("630000", "00", "48000012000500"): Kind.CASH_LOAD,
    }.items():
        request = asked(name, _3=codes[0], _25=codes[1], _60=codes[2])
        assert isinstance(request, Request)
        assert request.original is not None
        assert request.original.kind is kind


def test_a_zero_amount_is_the_hosts_to_decline() -> None:
    request = asked(_4="000000000000")
    assert isinstance(request, Request)
    assert request.amount == Money(0, "CNY")


def test_an_unknown_combination_is_an_invalid_transaction() -> None:
    assert asked(_3="990000") is Reason.INVALID_TRANSACTION
    assert asked(_25="01") is Reason.INVALID_TRANSACTION
    assert asked(_60="99000012000500") is Reason.INVALID_TRANSACTION
    assert asked(_3=None) is Reason.INVALID_TRANSACTION
    assert asked("sign-on-request", _60="00000012999") is Reason.INVALID_TRANSACTION


def test_a_known_transaction_that_is_not_offered_is_refused_as_such() -> None:
    assert asked("load-card-verification") is Reason.FUNCTION_NOT_SUPPORTED
    assert asked("settlement-request") is Reason.FUNCTION_NOT_SUPPORTED
    assert asked(_t="0100", _3="030000", _25="06", _60="10000012") is Reason.FUNCTION_NOT_SUPPORTED


def test_a_reversal_of_what_was_never_offered_is_ended() -> None:
    reversal = asked("reversal-of-the-purchase-timeout", _25="64")
    assert reversal is Reason.INVALID_TRANSACTION


@pytest.mark.parametrize("field", ["_4", "_11", "_35", "_41", "_42", "_49"])
def test_a_purchase_without_a_field_it_needs_is_a_format_error(field: str) -> None:
    assert asked(**{field: None}) is Reason.FORMAT_ERROR


@pytest.mark.parametrize("field", ["_37", "_61"])
def test_a_void_without_its_original_is_a_format_error(field: str) -> None:
    assert asked("void-of-trace-000002", **{field: None}) is Reason.FORMAT_ERROR


@pytest.mark.parametrize(
    "changes",
    [
        {"_35": "9988000000000015"},
        {"_35": "99880000000015D30"},
        {"_35": "9988000000000015D30A2120"},
        {"_35": "998800D3012"},
        {"_35": ""},
        {"_2": "9988000000000023"},
        {"_2": "99880015", "_35": ""},
        {"_49": "999"},
        {"_60": "2200001"},
        {"_53": "9600000000000000"},
    ],
    ids=str,
)
def test_a_value_that_is_none_is_a_format_error(changes: dict[str, str]) -> None:
    assert asked(**changes) is Reason.FORMAT_ERROR


def test_a_reference_too_short_for_batch_and_trace_is_a_format_error() -> None:
    assert asked("void-of-trace-000002", _61="00001200000") is Reason.FORMAT_ERROR


def test_an_encrypted_track_is_not_read_as_a_clear_one() -> None:
    assert asked(_53="2610000000000000") is Reason.FUNCTION_NOT_SUPPORTED
    keyed = asked(_53="2610000000000000", _2=PAN, _14="3012")
    assert isinstance(keyed, Request)
    assert keyed.pan == Pan(PAN)


def test_every_kind_says_what_it_needs() -> None:
    assert set(NEEDS) == set(KINDS) == set(Kind)
