"""What a terminal's values become, and how each that is wrong is refused."""

from typing import Any

import pytest

from host.model.money import Money
from host.model.requests import (
    KINDS,
    X9_8_WITHOUT_PAN,
    Besides,
    ExchangeKey,
    Family,
    Kind,
    Original,
    Request,
    Totals,
    UploadRecord,
)
from host.model.responses import Reason
from host.model.secrets import Pan
from terminals.dialects.pos import POS, TRADES
from terminals.message import Message
from terminals.needs import NEEDS
from terminals.spelling import find_spelling
from tests.terminals.frames import PURCHASE, SAID_BY_NO_TERMINAL, fields_of

TPDU = bytes.fromhex("6000030000")
HEADER = bytes.fromhex("603100311000")
PAN = "9988000000000015"


def message_of(fields: dict[str, str]) -> Message:
    return Message(TPDU, HEADER, b"", fields, find_spelling(POS.spellings, fields))


def asked(name: str = PURCHASE, **changes: Any) -> Request | Reason:
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
    "load-card-verification": (Kind.LOAD_VERIFICATION, Family.FINANCIAL, "000007", None, None),
    "settlement-request": (Kind.SETTLEMENT, Family.SETTLEMENT, "000009", None, None),
    "batch-upload-2-records": (Kind.BATCH_UPLOAD, Family.UPLOAD, "000010", None, None),
    "batch-upload-end-unbalanced": (Kind.UPLOAD_END, Family.UPLOAD, "000011", None, None),
    "sign-off": (Kind.SIGN_OFF, Family.MANAGEMENT, "000012", None, None),
    "echo-test": (Kind.ECHO, Family.MANAGEMENT, "000000", None, None),
}


@pytest.mark.parametrize("name", WORKED)
def test_a_worked_message_is_the_request_it_means(name: str) -> None:
    """S4-10."""
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


def test_a_pin_block_without_the_pan_is_no_iso_format_and_an_unknown_one_is_refused() -> None:
    request = asked(_53="1600000000000000")
    assert isinstance(request, Request)
    assert request.pin is not None
    assert request.pin.iso_format == X9_8_WITHOUT_PAN
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
    assert asked("sign-on-request", _60="00000012370") is Reason.FUNCTION_NOT_SUPPORTED
    assert asked("load-card-verification", _48="04") is Reason.FUNCTION_NOT_SUPPORTED
    for row in TRADES:
        if isinstance(row.means, Reason):
            codes = {"_t": row.mti, "_3": row.processing_code, "_25": row.condition}
            request = asked(**codes, _60=f"{row.type_code}000012000500")
            assert request is Reason.FUNCTION_NOT_SUPPORTED, row
    assert asked(_t="0100", _3="030000", _25="18", _60="10000012") is Reason.FUNCTION_NOT_SUPPORTED


def test_a_reversal_of_what_was_never_offered_is_ended() -> None:
    reversal = asked("reversal-of-the-purchase-timeout", _25="64")
    assert reversal is Reason.INVALID_TRANSACTION


@pytest.mark.parametrize("field", ["_4", "_11", "_35", "_41", "_42", "_49"])
def test_a_purchase_without_a_field_it_needs_is_a_format_error(field: str) -> None:
    assert asked(PURCHASE, **{field: None}) is Reason.FORMAT_ERROR


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


def test_an_encrypted_track_is_left_for_the_host_to_open() -> None:
    sealed = "9988000000000015D30129F0A6BCD12345678"
    request = asked(_53="2610000000000000", _35=sealed)
    assert isinstance(request, Request)
    assert (request.pan, request.expiry) == (None, None)
    assert request.sealed_track is not None
    assert request.sealed_track.reveal() == sealed.encode()
    assert sealed not in repr(request)


def test_a_keyed_card_beside_an_encrypted_track_is_the_card() -> None:
    keyed = asked(_53="2610000000000000", _2=PAN, _14="3012")
    assert isinstance(keyed, Request)
    assert keyed.pan == Pan(PAN)
    assert keyed.sealed_track is None


@pytest.mark.parametrize("track", ["9988000000000015D", "9988000000000015D3012X12000000"])
def test_an_encrypted_track_that_cannot_be_one_is_a_format_error(track: str) -> None:
    assert asked(_53="2610000000000000", _35=track) is Reason.FORMAT_ERROR


@pytest.mark.parametrize(
    ("name", "repeat"),
    [
        (PURCHASE, "0201"),
        ("refund-next-day", "0221"),
        ("reversal-of-the-purchase-timeout", "0401"),
        ("reversal-of-the-purchase-timeout", "0420"),
        ("reversal-of-the-purchase-timeout", "0421"),
        ("settlement-request", "0501"),
        ("echo-test", "0821"),
    ],
)
def test_a_repeat_asks_what_the_first_asked(name: str, repeat: str) -> None:
    assert asked(name, _t=repeat) == asked(name)


def test_an_issuers_message_type_is_no_terminals() -> None:
    assert asked(_t="0202") is Reason.INVALID_TRANSACTION
    assert asked(_t="0203") is Reason.INVALID_TRANSACTION


def test_earning_and_asking_for_points_are_their_own_kinds() -> None:
    earned = asked(_3="210000", _25="65", _60="61000012000500")
    assert isinstance(earned, Request)
    assert (earned.kind, earned.amount) == (Kind.POINTS_EARN, Money(12345, "CNY"))
    inquiry = asked("balance-inquiry", _25="65", _60="03000012000500065")
    assert isinstance(inquiry, Request)
    assert (inquiry.kind, inquiry.amount) == (Kind.POINTS_INQUIRY, None)
    undone = asked("void-of-trace-000002", _25="65", _60="62000012000500")
    assert isinstance(undone, Request)
    assert (undone.kind, undone.amount) == (Kind.VOID, Money(12345, "CNY"))


def test_a_settlement_carries_both_halves() -> None:
    request = asked("settlement-request")
    assert isinstance(request, Request)
    assert request.totals == (Totals(12345, 1, 32345, 2), Totals())


@pytest.mark.parametrize("text", ["", "0" * 61, "0" * 63])
def test_totals_of_another_length_are_a_format_error(text: str) -> None:
    assert asked("settlement-request", _48=text) is Reason.FORMAT_ERROR


def test_a_compact_upload_has_a_record_for_each_transaction() -> None:
    request = asked("batch-upload-2-records")
    assert isinstance(request, Request)
    assert request.records == (
        UploadRecord("000002", 12345, Pan(PAN)),
        UploadRecord("000008", 20000, Pan("9988001234567890125")),
    )
    foreign = asked("batch-upload-2-records", _48="0101000002" + "0" * 20 + "000000000100")
    assert isinstance(foreign, Request)
    assert foreign.records == (UploadRecord("000002", 100, None, is_foreign=True),)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "00",
        "09" + "0" * 360,
        "02" + "0" * 40,
        "01" + "0" * 41,
        "0100000002" + "0" * 15 + "1" * 17,
    ],
    ids=len,
)
def test_compact_records_that_are_none_are_a_format_error(text: str) -> None:
    assert asked("batch-upload-2-records", _48=text) is Reason.FORMAT_ERROR


def test_a_pre_authorisation_is_named_by_its_code_and_date() -> None:
    held = asked(_t="0100", _3="030000", _25="06", _60="10000012000500")
    assert isinstance(held, Request)
    assert (held.kind, held.original) == (Kind.PREAUTH, None)
    slip = {"_38": "004711", "_61": "0000000000001122"}
    for codes, kind in (
        (("0100", "030000", "60", "10"), Kind.PREAUTH_INCREMENT),
        (("0100", "200000", "06", "11"), Kind.PREAUTH_VOID),
        (("0200", "000000", "06", "20"), Kind.COMPLETION),
        (("0220", "000000", "06", "24"), Kind.COMPLETION_ADVICE),
    ):
        mti, processing, condition, type_code = codes
        spelled = {"_t": mti, "_3": processing, "_25": condition}
        spelled["_60"] = f"{type_code}000012000500"
        request = asked(**spelled, **slip)
        assert isinstance(request, Request)
        assert request.kind is kind
        assert request.original == Original(auth_code="004711", local_date="1122")
        assert asked(**spelled) is Reason.FORMAT_ERROR


def test_a_refund_is_uploaded_whole() -> None:
    request = asked("refund-next-day", _t="0320", _60="25000013201500", _63="VIS")
    assert isinstance(request, Request)
    assert (request.kind, request.amount) == (Kind.BATCH_UPLOAD, None)
    record = UploadRecord("000005", 2000, Pan(PAN), is_foreign=True, kind=Kind.REFUND)
    assert request.records == (record,)
    assert asked("refund-next-day", _t="0320", _4=None) is Reason.FORMAT_ERROR


def test_an_advice_this_host_does_not_offer_is_uploaded_all_the_same() -> None:
    request = asked(_t="0320", _25="00", _60="34000012201", _48="000000000100")
    assert isinstance(request, Request)
    assert request.records == (UploadRecord("000002", 12345, Pan(PAN)),)


def test_a_chip_notice_is_a_record_and_what_failed_on_the_chip_is_none() -> None:
    codes: dict[str, Any] = {"_t": "0320", "_3": None, "_25": None}
    for function in ("203", "205"):
        request = asked(**codes, _60=f"00000012{function}")
        assert isinstance(request, Request)
        assert request.records == (UploadRecord("000002", 12345, Pan(PAN)),)
    for function in ("204", "206"):
        request = asked(**codes, _60=f"00000012{function}")
        assert isinstance(request, Request)
        assert (request.kind, request.records) == (Kind.BATCH_UPLOAD, ())


def test_an_upload_end_says_how_many_and_whether_the_totals_agreed() -> None:
    name = "batch-upload-end-unbalanced"
    request = asked(name)
    assert isinstance(request, Request)
    assert (request.upload_count, request.upload_is_balanced) == (2, False)
    balanced = asked(name, _60="00000012207")
    assert isinstance(balanced, Request)
    assert balanced.upload_is_balanced
    assert asked(name, _48="002") is Reason.FORMAT_ERROR


def test_a_status_arrives_as_it_was_sent() -> None:
    request = asked("sign-off", _60="00000012362", _62="9F3303E0F8C8")
    assert isinstance(request, Request)
    assert (request.kind, request.status.hex()) == (Kind.STATUS_UPLOAD, "9f3303e0f8c8")


@pytest.mark.parametrize(
    ("mti", "function", "kind"),
    [
        ("0800", "360", Kind.PARAMETER_DOWNLOAD),
        ("0820", "361", Kind.PARAMETER_END),
        ("0800", "361", Kind.PARAMETER_END),
    ],
)
def test_parameters_are_asked_for_and_ended(mti: str, function: str, kind: Kind) -> None:
    request = asked("sign-off", _t=mti, _60=f"00000012{function}")
    assert isinstance(request, Request)
    assert request.kind is kind


def test_every_kind_of_a_terminal_says_what_it_needs() -> None:
    assert set(NEEDS) == set(KINDS) - SAID_BY_NO_TERMINAL
    assert set(KINDS) == set(Kind)


@pytest.mark.parametrize("digit", ["0", "1", "2", ""])
@pytest.mark.parametrize("kind", [Kind.PURCHASE, Kind.POINTS_REDEMPTION])
def test_a_terminal_takes_a_part_where_f60_6_says_so(kind: Kind, digit: str) -> None:
    """Of a sale and of one for the union's points, and of nothing else."""
    control = f"2200001200050{digit}" + ("065" if kind is Kind.POINTS_REDEMPTION else "")
    codes = {"_25": "65"} if kind is Kind.POINTS_REDEMPTION else {}
    if not digit and codes:
        control = "2200001200050"
    request = asked(_60=control, **codes)
    assert isinstance(request, Request)
    assert request.kind is kind
    assert request.besides == (Besides(takes_part=True) if digit == "1" else None)


@pytest.mark.parametrize(
    "codes",
    [
        {"_25": "65", "_60": "22000012000501048"},
        {"_25": "65", "_3": "210000", "_60": "61000012000501"},
        {"_3": "630000", "_60": "48000012000501"},
        {"_3": "310000", "_60": "01000012000501", "_4": None},
    ],
    ids=["issuer's points", "earning", "load", "inquiry"],
)
def test_no_other_message_is_told_of_a_part(codes: dict[str, Any]) -> None:
    request = asked(**codes)
    assert isinstance(request, Request)
    assert request.besides is None


COMBINED = {"_3": "950000", "_60": "89000012000500"}


@pytest.mark.parametrize(
    ("text", "most"),
    [
        ("0000000500", 500),
        ("0000000000", 0),
        (" " * 10, None),
        ("", None),
        ("0000000500ORDER-7", 500),
    ],
)
def test_f62_of_a_combined_purchase_says_how_many_points(text: str, most: int | None) -> None:
    """S1-44: an order stands behind them."""
    more = {"_62": text.encode().hex().upper()} if text else {}
    request = asked(**COMBINED, **more)
    assert isinstance(request, Request)
    assert request.kind is Kind.COMBINED_PURCHASE
    assert request.besides == Besides(points_max=most)
    assert (request.order is not None) == text.endswith("ORDER-7")


@pytest.mark.parametrize("text", ["00000005x0", "-000000005", "٣٣٣٣٣"])
def test_points_that_are_no_number_are_a_format_error(text: str) -> None:
    assert asked(**COMBINED, _62=text.encode("gb18030").hex().upper()) is Reason.FORMAT_ERROR
