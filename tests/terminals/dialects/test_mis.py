"""Tills of merchant systems: one header, three payload forms, the same request of each."""

import pickle
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.hsm.mac import Mac, mac_for
from host.model.money import Money
from host.model.requests import (
    KINDS,
    Besides,
    Drawn,
    DrawTold,
    ExchangeKey,
    Family,
    Kind,
    Original,
    Request,
    Response,
    ToldBesides,
    Totals,
)
from host.model.responses import Reason
from host.model.secrets import Pan, Secret
from host.model.terminal import MacAlgorithm
from host.model.voucher_codes import VoucherCode, check_letter, grouped
from host.model.vouchers import VoucherTold
from terminals.codec import DecodeError
from terminals.dialects import dialect_named
from terminals.dialects.mis import (
    HEADER_BYTES,
    MisDialect,
    MisMessage,
    compose,
    header_of,
    split_tag,
)
from terminals.dialects.mis_iso import MIS_ISO, ROWS
from terminals.dialects.mis_json import MIS_JSON
from terminals.dialects.mis_words import CODES, NEEDS, Asked, Head

NAMES = ("mis-fixed", "mis-json", "mis-iso")
KEY = Secret.from_hex("0123456789ABCDEFFEDCBA9876543210")
RETAIL = mac_for(MacAlgorithm.X9_19, KEY)
CMAC = mac_for(MacAlgorithm.AES_CMAC, KEY)
PAN = "9988000000000015"
DATE = "20261122"
NUMBER = "000000000123"
TILL = "80010001"
BASE = {"merchant": "888290054110001", "date": DATE}
CARD = {"card": PAN, "expiry": "3012", "pin": "0123456789ABCDEF", "amount": 12345}
MONEY = {"debit_minor": 1, "debit_count": 2, "credit_minor": 3, "credit_count": 4}
POINTS = {"debit_minor": 5, "debit_count": 6, "credit_minor": 7, "credit_count": 8}
HELD = {"card": PAN, "amount": 12345, "original_number": "000000000100"} | {
    "original_date": "20261109"
}
CODE = VoucherCode("0123456789CFHJKMPRTVWXY" + check_letter("0123456789CFHJKMPRTVWXY")).reveal()
GROUPED = grouped(CODE).lower()
PHONE = "13800138000"
ASKED: dict[str, dict[str, Any]] = {
    "SALE": CARD,
    "CMBN": CARD | {"points_max": 500},
    "VOID": {"amount": 12345, "original_number": "000000000100"},
    "REFD": CARD
    | {"original_reference": "112200000001", "original_date": "20261121"}
    | {"original_number": "000000000099"},
    "BALQ": {"card": PAN, "pin": "0123456789ABCDEF"},
    "ACCQ": {"card": PAN, "pin": "0123456789ABCDEF"},
    "TOPU": CARD,
    "PNTR": {"card": PAN, "amount": 500, "unit": "P:", "goods": "茶叶礼盒"},
    "PNTE": {"card": PAN, "amount": 9900},
    "LOTT": {"card": PAN, "amount": 50, "unit": "P:", "goods": "DW2026"},
    "VOUC": {"amount": 6_234, "voucher": GROUPED, "goods": "TEA"},
    "VOUL": {"card": PAN, "voucher": CODE},
    "VOUV": {"original_number": "000000000100"},
    "PHOL": {"amount": 5_000, "phone": PHONE},
    "PHOV": {"amount": 5_000, "original_number": "000000000100"},
    "REVS": {"amount": 12345, "original_code": "SALE"},
    "PRAU": CARD,
    "PRAI": HELD,
    "PRAV": HELD,
    "CMPL": HELD,
    "CMPA": HELD,
    "CMPV": {"amount": 12345, "original_number": "000000000101"},
    "BTCH": {"totals": MONEY, "points_totals": POINTS},
    "SIGN": {"keys": "001", "serial": "TILL 7"},
    "ECHO": {},
}
APPROVED = Response(
    reason=Reason.APPROVED,
    rrn="112200000001",
    auth_code="123456",
    local_time="20261122093102",
    business_date="20261122",
    balance=Money(87655, "CNY"),
)


def frame(dialect: MisDialect, code: str, values: dict[str, Any], mac: Mac = RETAIL) -> bytes:
    head = Head(NUMBER, TILL, code)
    payload = dialect.form.write_request(head, BASE | values)
    return compose(header_of(head), payload, mac if CODES[code].is_sealed else None)


def proved(dialect: MisDialect, payload: bytes, mac: Mac = RETAIL) -> MisMessage:
    message = dialect.read(payload)
    assert dialect.mac_is_right(message, mac) or not dialect.must_be_sealed(message)
    return message


def asked_by(name: str, code: str, **other: Any) -> Request | Reason:
    dialect = named(name)
    return dialect.request(proved(dialect, frame(dialect, code, ASKED[code] | other)), 3)


def named(name: str) -> MisDialect:
    dialect = dialect_named(name)
    assert isinstance(dialect, MisDialect)
    return dialect


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("code", [code for code, row in CODES.items() if row.means in set(Kind)])
def test_every_code_is_its_kind_under_the_tills_own_key(name: str, code: str) -> None:
    request = asked_by(name, code)
    assert isinstance(request, Request)
    assert request.kind is CODES[code].means
    assert request.key == ExchangeKey("mis", TILL, DATE, NUMBER, KINDS[request.kind].family)
    assert request.merchant_id == BASE["merchant"]
    assert request.key_generation == 3


@pytest.mark.parametrize("name", NAMES)
def test_a_sale_is_the_same_request_in_every_form(name: str) -> None:
    request = asked_by(name, "SALE")
    assert isinstance(request, Request)
    assert request.pan == Pan(PAN)
    assert request.expiry == "3012"
    assert request.amount == Money(12345, "CNY")
    assert request.pin is not None
    assert request.pin.iso_format == 0
    assert request.pin.block == Secret.from_hex("0123456789ABCDEF")
    assert type(request.pin.block) is Secret


@pytest.mark.parametrize("name", NAMES)
def test_a_void_names_its_original_by_number_and_date(name: str) -> None:
    request = asked_by(name, "VOID")
    assert isinstance(request, Request)
    key = ExchangeKey("mis", TILL, DATE, "000000000100", Family.FINANCIAL)
    assert request.original == Original(key=key, local_date="1122")


@pytest.mark.parametrize("name", NAMES)
def test_a_refund_names_an_original_of_another_day(name: str) -> None:
    request = asked_by(name, "REFD")
    assert isinstance(request, Request)
    key = ExchangeKey("mis", TILL, "20261121", "000000000099", Family.FINANCIAL)
    assert request.original == Original(key=key, rrn="112200000001", local_date="1121")


def completion(name: str, number: str, auth: str = "") -> bytes:
    """A completion byte for byte as a till writes it; its pre-authorisation is of 2026-11-09."""
    if name == "mis-iso":
        bitmap = "702000800" + ("4" if auth else "0") + "C08018"
        parts = ("0200", bitmap, "16", PAN, "000000", "000000012345", "000123", "06", auth, TILL)
        return "".join((*parts, "888290054110001156", "01120261122000018261109", number)).encode()
    if name == "mis-json":
        text = f'"merchant":"888290054110001","date":"{DATE}","card":"{PAN}","amount":12345'
        named = f'"original_number":"{number}","original_date":"20261109"'
        code = f',"original_auth":"{auth}"' if auth else ""
        return f"{{{text},{named}{code}}}".encode()
    record = bytearray(b" " * 400)
    places = {18: "23", 20: "000000012345", 32: "20261109", 161: "888290054110001", 176: DATE}
    for place, text in (places | {190: PAN, 232: number, 248: auth}).items():
        record[place - 1 : place - 1 + len(text)] = text.encode()
    return bytes(record)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("number", "auth", "original"),
    [
        (
            "000000000100",
            "",
            Original(
                key=ExchangeKey("mis", TILL, "20261109", "000000000100", Family.FINANCIAL),
                local_date="1109",
            ),
        ),
        ("000000000000", "004711", Original(auth_code="004711", local_date="1109")),
    ],
)
def test_a_completion_names_what_is_held_by_its_number_or_as_another_tills_slip_does(
    name: str, number: str, auth: str, original: Original
) -> None:
    header = b"MIS1" + f"{NUMBER}{TILL}CMPL".encode()
    message = proved(named(name), compose(header, completion(name, number, auth), RETAIL))
    request = named(name).request(message, 1)
    assert isinstance(request, Request), message.fault
    assert (request.kind, request.amount) == (Kind.COMPLETION, Money(12345, "CNY"))
    assert request.original == original


@pytest.mark.parametrize("code", ["PRAI", "PRAV", "CMPL", "CMPA"])
def test_what_is_held_is_of_any_day_where_its_till_says_none(code: str) -> None:
    named_by = {"original_number": None, "original_date": None, "original_auth": "004711"}
    held = Original(rrn="112200000001", auth_code="004711")
    request = asked_by("mis-json", code, **named_by, original_reference="112200000001")
    assert isinstance(request, Request)
    assert request.original == held
    assert asked_by("mis-json", code, **named_by) is Reason.FORMAT_ERROR


@pytest.mark.parametrize("name", NAMES)
def test_points_are_counted_in_points(name: str) -> None:
    request = asked_by(name, "PNTR")
    assert isinstance(request, Request)
    assert request.amount == Money(500, "P:")
    assert request.goods == "茶叶礼盒"
    void = asked_by(name, "VOID", unit="P:")
    assert isinstance(void, Request)
    assert void.amount == Money(12345, "P:")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("code", "kind", "unit"),
    [
        ("SALE", Kind.PURCHASE, "CNY"),
        ("PNTR", Kind.POINTS_REDEMPTION, "P:"),
        ("PRAU", Kind.PREAUTH, "CNY"),
        ("PRAI", Kind.PREAUTH_INCREMENT, "CNY"),
        ("PRAV", Kind.PREAUTH_VOID, "CNY"),
        ("CMPL", Kind.COMPLETION, "CNY"),
        ("CMPV", Kind.COMPLETION_VOID, "CNY"),
        ("VOID", Kind.VOID, "CNY"),
        ("VOID", Kind.VOID, "P:"),
    ],
)
def test_a_reversal_has_the_key_the_switchs_own_would_have(
    name: str, code: str, kind: Kind, unit: str
) -> None:
    request = asked_by(
        name, "REVS", original_code=code, **({"unit": unit} if unit != "CNY" else {})
    )
    assert isinstance(request, Request)
    assert request.key.family is Family.REVERSAL
    assert request.amount == Money(12345, unit)
    key = request.key.of_family(Family.FINANCIAL)
    assert request.original == Original(key=key, kind=kind)


@pytest.mark.parametrize("name", NAMES)
def test_a_settlement_brings_both_halves(name: str) -> None:
    request = asked_by(name, "BTCH")
    assert isinstance(request, Request)
    assert request.totals == (Totals(1, 2, 3, 4), Totals(5, 6, 7, 8))


@pytest.mark.parametrize("name", NAMES)
def test_a_sign_on_asks_for_keys_without_a_seal(name: str) -> None:
    request = asked_by(name, "SIGN")
    assert isinstance(request, Request)
    assert (request.working_keys, request.serial) == ("001", "TILL 7")


@pytest.mark.parametrize("code", [code for code in CODES if code not in ASKED])
def test_what_is_not_offered_is_declined_once_it_is_proved(code: str) -> None:
    dialect = MIS_JSON
    message = proved(dialect, compose(header_of(Head(NUMBER, TILL, code)), b"{}", RETAIL))
    assert dialect.request(message, 1) is Reason.FUNCTION_NOT_SUPPORTED


def test_an_unknown_code_is_an_invalid_transaction() -> None:
    message = MIS_JSON.read(header_of(Head(NUMBER, TILL, "NOPE")) + b"anything")
    assert not MIS_JSON.must_be_sealed(message)
    assert MIS_JSON.request(message, 0) is Reason.INVALID_TRANSACTION
    answer = MIS_JSON.answer(message, Response(reason=Reason.INVALID_TRANSACTION), None)
    assert msgspec.json.decode(answer[28:])["code"] == "12"


def test_every_kind_a_code_means_has_its_needs_and_every_code_its_rows() -> None:
    kinds = {row.means for row in CODES.values() if isinstance(row.means, Kind)}
    assert kinds == NEEDS.keys()
    assert {row.code for row in ROWS} == ASKED.keys()
    assert all(name in Asked.__struct_fields__ for needs in NEEDS.values() for name in needs)


@pytest.mark.parametrize("code", ASKED)
def test_what_a_kind_needs_and_is_missing_is_a_format_error(code: str) -> None:
    kind = CODES[code].means
    assert isinstance(kind, Kind)
    for missing in NEEDS[kind]:
        values = {name: part for name, part in (BASE | ASKED[code]).items() if name != missing}
        payload = compose(header_of(Head(NUMBER, TILL, code)), msgspec.json.encode(values), RETAIL)
        message = proved(MIS_JSON, payload)
        assert MIS_JSON.request(message, 1) is Reason.FORMAT_ERROR
        assert message.fault


def test_a_void_of_nothing_is_a_format_error() -> None:
    payload = compose(
        header_of(Head(NUMBER, TILL, "VOID")),
        msgspec.json.encode(BASE | {"amount": 1}),
        RETAIL,
    )
    assert MIS_JSON.request(proved(MIS_JSON, payload), 1) is Reason.FORMAT_ERROR


@pytest.mark.parametrize(
    "other",
    [
        {"card": "99880000"},
        {"pin": "0123"},
        {"amount": "12345"},
        {"amount": 1.5},
        {"date": "20261322"},
        {"unknown": 1},
        {"unit": "USD"},
    ],
)
def test_json_of_another_shape_is_a_format_error_that_quotes_nothing(other: dict[str, Any]) -> None:
    values = BASE | CARD | other
    payload = compose(header_of(Head(NUMBER, TILL, "SALE")), msgspec.json.encode(values), RETAIL)
    message = proved(MIS_JSON, payload)
    assert MIS_JSON.request(message, 1) is Reason.FORMAT_ERROR
    assert "9988" not in message.fault


def test_a_record_marked_as_something_else_than_its_header_is_refused() -> None:
    dialect = named("mis-fixed")
    payload = dialect.form.write_request(Head(NUMBER, TILL, "SALE"), BASE | CARD)
    message = proved(dialect, compose(header_of(Head(NUMBER, TILL, "TOPU")), payload, RETAIL))
    assert dialect.request(message, 1) is Reason.FORMAT_ERROR
    assert message.fault == "field record at byte 0: the record is not marked as a TOPU"


def test_a_record_of_another_till_is_refused() -> None:
    dialect = named("mis-fixed")
    payload = dialect.form.write_request(
        Head(NUMBER, TILL, "SALE"), BASE | CARD | {"till": "80010002"}
    )
    message = proved(dialect, compose(header_of(Head(NUMBER, TILL, "SALE")), payload, RETAIL))
    assert dialect.request(message, 1) is Reason.FORMAT_ERROR


@pytest.mark.parametrize("code", ["TOPU", "PNTR", "SIGN"])
def test_an_iso_body_of_another_transaction_than_its_header_is_refused(code: str) -> None:
    payload = MIS_ISO.form.write_request(Head(NUMBER, TILL, "SALE"), BASE | CARD)
    message = proved(MIS_ISO, compose(header_of(Head(NUMBER, TILL, code)), payload, RETAIL))
    message.payload = payload
    assert MIS_ISO.request(message, 1) is Reason.FORMAT_ERROR


def test_an_iso_body_of_another_till_or_number_is_refused() -> None:
    for head in (Head("000000000124", TILL, "SALE"), Head(NUMBER, "80010002", "SALE")):
        payload = MIS_ISO.form.write_request(head, BASE | CARD)
        message = proved(MIS_ISO, compose(header_of(Head(NUMBER, TILL, "SALE")), payload, RETAIL))
        assert MIS_ISO.request(message, 1) is Reason.FORMAT_ERROR


@pytest.mark.parametrize(("mac", "size"), [(RETAIL, 8), (CMAC, 16)])
@pytest.mark.parametrize("name", NAMES)
def test_the_code_has_the_length_of_the_tills_algorithm(name: str, mac: Mac, size: int) -> None:
    dialect = named(name)
    bare = frame(dialect, "ECHO", {})
    payload = frame(dialect, "SALE", CARD, mac)
    message = proved(dialect, payload, mac)
    assert message.payload == payload[28:-size]
    assert isinstance(dialect.request(message, 1), Request)
    answer = dialect.answer(message, APPROVED, mac)
    assert split_tag(answer[:28], answer[28:], mac) == answer[28:-size]
    assert len(bare) >= 28


def test_the_code_covers_header_and_payload() -> None:
    payload = frame(MIS_JSON, "SALE", CARD)
    for place in range(4, len(payload)):
        broken = bytearray(payload)
        broken[place] ^= 1
        try:
            message = MIS_JSON.read(bytes(broken))
        except DecodeError:
            continue
        assert not MIS_JSON.mac_is_right(message, RETAIL)
        if MIS_JSON.must_be_sealed(message):
            assert message.payload is None
        else:
            assert MIS_JSON.request(message, 0) is Reason.INVALID_TRANSACTION


def test_another_key_or_a_short_message_proves_nothing() -> None:
    message = MIS_JSON.read(frame(MIS_JSON, "SALE", CARD))
    assert not MIS_JSON.mac_is_right(message, mac_for(MacAlgorithm.X9_19, Secret(bytes(range(16)))))
    assert not MIS_JSON.mac_is_right(message, CMAC)
    short = MIS_JSON.read(header_of(Head(NUMBER, TILL, "SALE")) + b"1234567")
    assert not MIS_JSON.mac_is_right(short, RETAIL)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("code", ASKED)
def test_the_answer_repeats_the_key_and_tells_what_happened(name: str, code: str) -> None:
    dialect = named(name)
    mac = RETAIL if CODES[code].is_sealed else None
    message = proved(dialect, frame(dialect, code, ASKED[code]))
    assert isinstance(dialect.request(message, 1), Request)
    answer = dialect.answer(message, APPROVED, mac)
    assert answer[:28] == message.header
    payload = split_tag(answer[:28], answer[28:], RETAIL) if mac else answer[28:]
    assert payload is not None
    told = dialect.form.read_answer(message.head, payload)
    assert told["code"] == "00"
    assert told["text"] == "交易成功"
    assert told["till"] == TILL
    assert told["reference"] == "112200000001"
    assert told["auth"] == "123456"
    assert told["balance"] == 87655


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("reason", Reason)
def test_every_reason_can_be_told_to_a_message_that_was_never_read(
    name: str, reason: Reason
) -> None:
    dialect = named(name)
    for code in CODES:
        message = dialect.read(header_of(Head(NUMBER, TILL, code)) + b"?" * 20)
        answer = dialect.answer(message, Response(reason=reason, sign_on_again=True), None)
        assert dialect.form.read_answer(message.head, answer[28:])["till"] == TILL


def test_the_tills_own_check_is_echoed_and_its_memo_may_be_chinese() -> None:
    dialect = named("mis-fixed")
    payload = frame(dialect, "SALE", CARD | {"echo": "042", "memo": "茶叶，两盒"})
    message = proved(dialect, payload)
    assert isinstance(dialect.request(message, 1), Request)
    assert message.asked is not None
    assert message.asked.memo == "茶叶，两盒"
    record = dialect.answer(message, APPROVED, None)[28:]
    assert record[145:148] == b"042"
    assert record[6:26] == b"998800******0015    "
    assert record[44:52] == "交易成功".encode("gbk")


@pytest.mark.parametrize("name", NAMES)
def test_a_sign_on_brings_its_keys_and_a_settlement_the_hosts_totals(name: str) -> None:
    dialect = named(name)
    keys = Response(
        reason=Reason.APPROVED,
        rrn="093102000000000123",
        local_time="20261122093102",
        epoch="000012",
        key_block=bytes(range(40)),
    )
    message = proved(dialect, frame(dialect, "SIGN", {}))
    assert isinstance(dialect.request(message, 0), Request)
    told = dialect.form.read_answer(message.head, dialect.answer(message, keys, None)[28:])
    assert told["key_block"] == bytes(range(40)).hex().upper()
    totals = Response(
        reason=Reason.APPROVED,
        totals=(Totals(1, 2, 3, 4), Totals(5, 6, 7, 8)),
        totals_agree=(True, False),
    )
    message = proved(dialect, frame(dialect, "BTCH", ASKED["BTCH"]))
    assert isinstance(dialect.request(message, 1), Request)
    told = dialect.form.read_answer(message.head, dialect.answer(message, totals, None)[28:])
    if name == "mis-json":
        assert (told["totals"], told["points_totals"]) == (MONEY, POINTS)
        assert (told["agrees"], told["points_agree"]) == (True, False)
    elif name == "mis-fixed":
        assert (told["debit_minor"], told["points_credit_count"]) == (1, 8)
        assert (told["agrees"], told["points_agree"]) == ("1", "2")
    else:
        half = "000000000001002000000000003004"
        assert told["48"] == f"{half}10000000000050060000000000070082"


@pytest.mark.parametrize("name", NAMES)
def test_points_used_and_left_are_told(name: str) -> None:
    dialect = named(name)
    message = proved(dialect, frame(dialect, "PNTR", ASKED["PNTR"]))
    assert isinstance(dialect.request(message, 1), Request)
    used = Response(reason=Reason.APPROVED, points_used=500, self_pay_minor=100, points_balance=-7)
    told = dialect.form.read_answer(message.head, dialect.answer(message, used, None)[28:])
    assert (told["points_used"], told["self_pay_minor"]) == (500, 100)
    assert int(str(told["points"])) == -7


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"MIS1",
        b"MIS200000000012380010001SALE",
        b"MIS100000000012x80010001SALE",
        b"MIS10000000001238001\x00001SALE",
        b"MIS100000000012380010001sale",
    ],
)
def test_what_has_no_header_is_dropped(header: bytes) -> None:
    with pytest.raises(DecodeError) as caught:
        MIS_JSON.read(header)
    assert caught.value.message is None


def test_no_text_of_a_message_shows_its_card() -> None:
    message = proved(MIS_JSON, frame(MIS_JSON, "SALE", CARD))
    assert isinstance(MIS_JSON.request(message, 1), Request)
    shown = f"{message!r} {message} {message.fields} {message.asked!r}"
    assert PAN not in shown
    assert "0123456789ABCDEF" not in shown
    assert not hasattr(message, "__dict__")
    with pytest.raises(TypeError):
        pickle.dumps(message)


@given(
    st.sampled_from(sorted(CODES)), st.binary(max_size=450) | st.binary(min_size=400, max_size=400)
)
@pytest.mark.parametrize("name", NAMES)
def test_no_payload_makes_it_crash(name: str, code: str, payload: bytes) -> None:
    dialect = named(name)
    message = dialect.read(compose(header_of(Head(NUMBER, TILL, code)), payload, RETAIL))
    if dialect.must_be_sealed(message):
        assert dialect.mac_is_right(message, RETAIL)
    asked = dialect.request(message, 1)
    reason = asked if isinstance(asked, Reason) else Reason.APPROVED
    assert dialect.answer(message, Response(reason=reason), RETAIL)


@given(st.sampled_from(sorted(ASKED)), st.integers(0), st.integers(0, 255))
@pytest.mark.parametrize("name", NAMES)
def test_no_changed_byte_makes_it_crash(name: str, code: str, place: int, byte: int) -> None:
    dialect = named(name)
    head = Head(NUMBER, TILL, code)
    payload = bytearray(dialect.form.write_request(head, BASE | ASKED[code]))
    payload[place % len(payload)] = byte
    message = proved(dialect, compose(header_of(head), bytes(payload), RETAIL))
    asked = dialect.request(message, 1)
    reason = asked if isinstance(asked, Reason) else Reason.APPROVED
    assert dialect.answer(message, Response(reason=reason), None)


@given(st.binary(max_size=60))
def test_no_bytes_make_it_crash(payload: bytes) -> None:
    with pytest.raises(DecodeError):
        MIS_JSON.read(payload)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("code", ["SALE", "CMBN", "PNTR"])
def test_a_till_that_takes_a_part_says_so_and_is_told_the_part(name: str, code: str) -> None:
    plain = asked_by(name, code)
    assert isinstance(plain, Request)
    most = plain.besides.points_max if plain.besides is not None else None
    assert plain.besides == (Besides(points_max=most) if most else None)
    assert isinstance(request := asked_by(name, code, partial=True), Request)
    assert request.besides == Besides(takes_part=True, points_max=most)
    part = msgspec.structs.replace(
        APPROVED,
        reason=Reason.PARTLY_APPROVED,
        besides=ToldBesides(approved_minor=99, asked_minor=12_345),
    )
    dialect = named(name)
    message = proved(dialect, frame(dialect, code, ASKED[code] | {"partial": True}))
    dialect.request(message, 3)
    payload = dialect.answer(message, part, RETAIL)
    header, sealed_part = payload[:HEADER_BYTES], payload[HEADER_BYTES:]
    body = split_tag(header, sealed_part, RETAIL)
    assert body is not None
    told = dialect.form.read_answer(Head(NUMBER, TILL, code), body)
    assert (told["code"], told["amount"]) == ("10", 99)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("code", ["TOPU", "PNTE", "REFD", "VOID"])
def test_a_till_takes_no_part_of_anything_else(name: str, code: str) -> None:
    assert isinstance(request := asked_by(name, code, partial=True), Request)
    assert request.besides is None


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("said", "most"), [({}, 500), ({"points_max": 0}, 0)])
def test_a_till_says_how_many_points_may_be_used_and_none_is_not_any(
    name: str, said: dict[str, Any], most: int
) -> None:
    assert isinstance(request := asked_by(name, "CMBN", **said), Request)
    assert request.besides == Besides(points_max=most)
    asked = {word: value for word, value in ASKED["CMBN"].items() if word != "points_max"}
    dialect = named(name)
    request = dialect.request(proved(dialect, frame(dialect, "CMBN", asked)), 3)
    assert isinstance(request, Request)
    assert request.besides is None


@pytest.mark.parametrize("name", NAMES)
def test_a_till_is_told_what_points_and_what_each_card_paid(name: str) -> None:
    split = msgspec.structs.replace(
        APPROVED,
        points_used=500,
        points_balance=7,
        self_pay_minor=100,
        besides=ToldBesides(points_worth_minor=450, drawn=(Drawn("998800******0015", 11_895),)),
    )
    dialect = named(name)
    message = proved(dialect, frame(dialect, "CMBN", ASKED["CMBN"]))
    dialect.request(message, 3)
    payload = dialect.answer(message, split, RETAIL)
    body = split_tag(payload[:HEADER_BYTES], payload[HEADER_BYTES:], RETAIL)
    assert body is not None
    told = dialect.form.read_answer(Head(NUMBER, TILL, "CMBN"), body)
    paid = {"points_used": 500, "points_worth": 450, "self_pay_minor": 100}
    assert {word: told[word] for word in paid} == paid
    if name == "mis-json":
        assert told["drawn"] == [{"card": "998800******0015", "amount": 11_895}]


DRAWN = ToldBesides(draw=DrawTold("DW2026-42-9F2C61B0", "TEA", "明前茶"))


@pytest.mark.parametrize("name", NAMES)
def test_a_draw_names_its_lottery_and_is_told_its_prize(name: str) -> None:
    """A record has no place for the name of a draw: it is found by its reference."""
    dialect = named(name)
    request = asked_by(name, "LOTT")
    assert isinstance(request, Request)
    assert (request.amount, request.besides) == (Money(50, "P:"), Besides(lottery="DW2026"))
    assert asked_by(name, "LOTT", goods="dw 2026") is Reason.FORMAT_ERROR
    message = proved(dialect, frame(dialect, "LOTT", ASKED["LOTT"]))
    assert isinstance(dialect.request(message, 1), Request)
    told = msgspec.structs.replace(APPROVED, besides=DRAWN)
    words = dialect.form.read_answer(message.head, dialect.answer(message, told, None)[28:])
    if name == "mis-fixed":
        assert words["text"] == "TEA 明前茶"
    else:
        assert [words[one] for one in ("draw", "prize", "prize_text")] == [
            "DW2026-42-9F2C61B0", "TEA", "明前茶",
        ]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_voucher_is_redeemed_by_its_code_as_it_was_typed(name: str) -> None:
    """S2-14."""
    request = asked_by(name, "VOUC")
    assert isinstance(request, Request)
    assert (request.amount, request.goods, request.pan) == (Money(6_234, "CNY"), "TEA", None)
    assert request.besides == Besides(voucher=Secret(GROUPED.encode()))
    assert type(request.besides.voucher) is Secret
    assert CODE[:8] not in f"{request!r}"
    dialect = named(name)
    without = {word: value for word, value in ASKED["VOUC"].items() if word != "voucher"}
    message = proved(dialect, frame(dialect, "VOUC", without))
    assert dialect.request(message, 1) is Reason.FORMAT_ERROR


@pytest.mark.parametrize("name", NAMES)
def test_a_voucher_is_put_onto_a_card_and_taken_back_by_its_number(name: str) -> None:
    """S3-07."""
    request = asked_by(name, "VOUL")
    assert isinstance(request, Request)
    assert (request.pan, request.amount) == (Pan(PAN), None)
    assert request.besides == Besides(voucher=Secret(CODE.encode()))
    void = asked_by(name, "VOUV")
    assert isinstance(void, Request)
    assert void.original is not None
    assert void.original.key == ExchangeKey("mis", TILL, DATE, "000000000100", Family.FINANCIAL)
    undone = asked_by(name, "REVS", original_code="VOUL")
    assert isinstance(undone, Request)
    assert undone.original is not None
    assert undone.original.kind is Kind.LOAD_BY_CODE


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("code", ["VOUC", "VOUL"])
@pytest.mark.parametrize(
    "voucher",
    [
        VoucherTold("****-WXYP", 5_000, "CNY", 1_234),
        VoucherTold("****-WXYP", 1, "G:", left=3),
        VoucherTold("****-WXYP", 1, "G:", is_free=True),
        VoucherTold("****-WXYP", 100, "P:CITY"),
    ],
    ids=["money", "entry", "free", "points"],
)
def test_a_till_is_told_what_of_a_voucher_was_used(
    name: str, code: str, voucher: VoucherTold
) -> None:
    dialect = named(name)
    message = proved(dialect, frame(dialect, code, ASKED[code]))
    dialect.request(message, 1)
    answer = msgspec.structs.replace(
        APPROVED, points_balance=700, besides=ToldBesides(voucher=voucher)
    )
    said_in = dialect.answer(message, answer, None)[HEADER_BYTES:]
    told: dict[str, Any] = dialect.form.read_answer(message.head, said_in)
    assert told["voucher"] == voucher.code
    said = ("voucher_taken", "voucher_rest", "voucher_left", "voucher_free")
    assert [int(told.get(word) or 0) for word in said] == [
        voucher.taken, voucher.rest_minor, voucher.left, voucher.is_free,
    ]  # fmt: skip
    assert told["voucher_unit"] == ("P:" if voucher.unit == "P:CITY" else voucher.unit)


def test_a_record_is_longer_only_where_it_has_a_voucher() -> None:
    """A till that knows nothing of vouchers goes on with its records as they were."""
    dialect = named("mis-fixed")
    sizes = {code: len(frame(dialect, code, ASKED[code])) - 28 - 8 for code in ("SALE", "VOUC")}
    assert sizes == {"SALE": 400, "VOUC": 440}
    message = proved(dialect, frame(dialect, "SALE", CARD))
    dialect.request(message, 1)
    assert len(dialect.answer(message, APPROVED, None)) == 28 + 420
    head = Head(NUMBER, TILL, "SALE")
    longer = dialect.form.write_request(head, BASE | CARD) + b" " * 40
    assert isinstance(
        dialect.request(proved(dialect, compose(header_of(head), longer, RETAIL)), 1), Request
    )
    with pytest.raises(DecodeError, match="400 or 440 bytes, this one has 401"):
        dialect.form.read_request(head, longer[:401])


def test_a_voucher_in_a_record_stands_where_the_layout_says() -> None:
    """S2-14: by bytes that no writer of ours has laid out."""
    record = bytearray(b" " * 440)
    for first, text in ((18, "41"), (2, TILL), (20, "000000006234"), (161, BASE["merchant"])):
        record[first - 1 : first - 1 + len(text)] = text.encode()
    for first, text in ((176, DATE), (254, "TEA"), (401, GROUPED), (307, "0" * 60)):
        record[first - 1 : first - 1 + len(text)] = text.encode()
    asked = named("mis-fixed").form.read_request(Head(NUMBER, TILL, "VOUC"), bytes(record))
    assert (asked.amount, asked.goods) == (6_234, "TEA")
    assert asked.voucher is not None
    assert asked.voucher.reveal() == GROUPED.encode()


@pytest.mark.parametrize("name", NAMES)
def test_cash_is_taken_for_a_phone_number_and_no_card_is_named(name: str) -> None:
    """S3-06: and taken back by its request number."""
    request = asked_by(name, "PHOL")
    assert isinstance(request, Request)
    assert request.besides == Besides(phone=Secret(PHONE.encode()))
    assert (request.pan, request.amount) == (None, Money(5_000, "CNY"))
    assert asked_by(name, "PHOL", phone="1380013800") is Reason.FORMAT_ERROR
    assert asked_by(name, "PHOL", card=PAN) is Reason.FORMAT_ERROR
    assert asked_by(name, "PHOV", card=PAN) is Reason.FORMAT_ERROR
    undone = asked_by(name, "REVS", original_code="PHOL")
    assert isinstance(undone, Request)
    assert undone.original is not None
    assert undone.original.kind is Kind.LOAD_BY_PHONE


def test_a_phone_in_a_record_stands_where_the_layout_says() -> None:
    """S3-06: by bytes that no writer of ours has laid out."""
    record = bytearray(b" " * 440)
    for first, text in ((18, "44"), (2, TILL), (20, "000000005000"), (161, BASE["merchant"])):
        record[first - 1 : first - 1 + len(text)] = text.encode()
    for first, text in ((176, DATE), (401, "+8613800138000"), (307, "0" * 60)):
        record[first - 1 : first - 1 + len(text)] = text.encode()
    asked = named("mis-fixed").form.read_request(Head(NUMBER, TILL, "PHOL"), bytes(record))
    assert (asked.amount, asked.voucher) == (5_000, None)
    assert asked.phone is not None
    assert asked.phone.reveal() == b"+8613800138000"
