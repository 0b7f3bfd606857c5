"""The UnionPay-style tables are whole, and the worked answers come out byte for byte."""

import msgspec
import pytest

from host.model.money import Money
from host.model.requests import (
    Besides,
    Drawn,
    DrawTold,
    Kind,
    Request,
    Response,
    ToldBesides,
    Totals,
)
from host.model.responses import Reason
from host.model.secrets import Secret
from host.model.vouchers import VoucherTold
from terminals.codec import EncodeError
from terminals.dialects.pos import ANSWERS, MANAGEMENT, POS, SPELLINGS, TRADES, pos_dialect
from terminals.profiles import PROFILES, UNIONPAY, Language, TextIn
from tests.terminals.frames import (
    PAYLOADS,
    PURCHASE,
    SAID_BY_NO_TERMINAL,
    fields_of,
    worked_mac,
)

ACQUIRER = "48882900"
KEYS = bytes.fromhex(
    "F4F371C26486D67B9D235CFBDC1D4E61622C200112B99A7485D0A84E0000000000000000A5906092"
)
TRACK_KEY = bytes.fromhex("FFC09EE615B5311F50A3B57DEABB8F03434EE46D")


def response(clock: str, stan: str, **more: object) -> Response:
    """What the host says at a time of 22 November 2026; its references repeat time and trace."""
    values = {"reason": Reason.APPROVED, "rrn": clock + stan, "acquirer_id": ACQUIRER} | more
    return Response(local_time=f"20261122{clock}", **values)  # type: ignore[arg-type]


SEALED_ANSWERS = {
    PURCHASE: (
        "purchase-response-approved-remaining-balance-876.55",
        response(
            "093102",
            "000002",
            auth_code="A00002",
            business_date="20261122",
            balance=Money(87655, "CNY"),
            issuer_id=ACQUIRER,
            points_earned=123,
            points_balance=9,
        ),
    ),
    "reversal-of-the-purchase-timeout": ("reversal-response", response("093205", "000002")),
    "balance-inquiry": (
        "balance-response",
        response("093110", "000003", balance=Money(87655, "CNY"), business_date="20261122"),
    ),
    "points-purchase-product-code-in-F62": (
        "points-purchase-response",
        response(
            "093415",
            "000006",
            auth_code="A00006",
            points_used=5000,
            points_balance=12800,
            business_date="20261122",
            issuer_id=ACQUIRER,
        ),
    ),
    "top-up-confirm-same-STAN": (
        "top-up-confirm-response",
        response("093610", "000008", auth_code="A00008", business_date="20261122"),
    ),
    "load-card-verification": (
        "load-card-verification-response",
        response("093500", "000007", load_max_minor=500000, business_date="20261122"),
    ),
    "settlement-request": (
        "settlement-response-balanced",
        response(
            "235001",
            "000009",
            business_date="20261122",
            totals=(Totals(12345, 1, 32345, 2), Totals()),
            totals_agree=(True, True),
        ),
    ),
    "batch-upload-2-records": ("batch-upload-response", response("235010", "000010")),
    "batch-upload-end-unbalanced": (
        "batch-upload-end-response",
        response("235012", "000011"),
    ),
    "sign-on-request": (
        "sign-on-response-double-length-40-byte-F62",
        response("093015", "000001", key_block=KEYS, epoch="000012"),
    ),
    "sign-on-request-with-TDK": (
        "sign-on-response-with-TDK-60-byte-F62",
        response("093015", "000001", key_block=KEYS + TRACK_KEY),
    ),
}


@pytest.mark.parametrize("name", SEALED_ANSWERS)
def test_a_worked_answer_comes_out_byte_for_byte(name: str) -> None:
    expected, decided = SEALED_ANSWERS[name]
    message = POS.read(PAYLOADS[name])
    assert POS.answer(message, decided, worked_mac()) == PAYLOADS[expected]


SETTLEMENT = "settlement-request"


def test_a_settlement_that_does_not_balance_has_the_hosts_totals() -> None:
    name = "settlement-response-not-balanced"
    told = response(
        "235001",
        "000009",
        business_date="20261122",
        totals=(Totals(12345, 1, 20000, 1), Totals()),
        totals_agree=(False, True),
    )
    answer = POS.split(POS.answer(POS.read(PAYLOADS[SETTLEMENT]), told, None))
    expected = fields_of(name) | {"11": "000009", "37": "235001000009"}
    assert {n: text for n, text in answer.fields.items() if n != "p"} == expected


def test_a_settlement_that_was_not_compared_says_so_in_its_flags_alone() -> None:
    refused = response("235001", "000009", reason=Reason.HOST_UNREACHABLE)
    answer = POS.split(POS.answer(POS.read(PAYLOADS[SETTLEMENT]), refused, None))
    asked = fields_of(SETTLEMENT)["48"]
    assert answer.fields["48"] == f"{asked[:30]}3{asked[31:61]}3"
    assert "39" not in answer.fields


def test_a_settlement_nobody_can_read_is_answered_without_totals() -> None:
    payload = PAYLOADS[SETTLEMENT]
    for changed in (payload.replace(b"\x00\x62", b"\x00\x60"), payload):
        fields = fields_of(SETTLEMENT) | {"48": "00", "60": "00000012999"}
        message = POS.read(POS.compose(changed[:5], changed[5:11], fields, None))
        told = response("235001", "000009", reason=Reason.INVALID_TRANSACTION)
        answer = POS.split(POS.answer(message, told, None))
        assert {"39", "48"}.isdisjoint(answer.fields)


def test_a_sum_beyond_its_digits_is_our_fault_and_not_a_shifted_message() -> None:
    told = response("235001", "000009", totals=(Totals(1, 1000, 0, 0), Totals()))
    with pytest.raises(EncodeError, match="field 48"):
        POS.answer(POS.read(PAYLOADS[SETTLEMENT]), told, None)


@pytest.mark.parametrize("mti", ["0500", "0320", "0800", "0820"])
def test_an_answer_that_is_no_trade_is_never_sealed(mti: str) -> None:
    fields = fields_of("sign-off") | {"t": mti, "64": "00" * 8}
    head = PAYLOADS["sign-off"][:11]
    message = POS.read(POS.compose(head[:5], head[5:], fields, worked_mac()))
    answer = POS.split(POS.answer(message, response("235001", "000009"), worked_mac()))
    assert "64" not in answer.fields


@pytest.mark.parametrize(
    "wrong", [{"rrn": "12345678901"}, {"rrn": "1234567890\u00e412"}, {"auth_code": "A00002 "}]
)
def test_what_a_host_says_wrongly_is_never_written(wrong: dict[str, str]) -> None:
    _, told = SEALED_ANSWERS[PURCHASE]
    message = POS.read(PAYLOADS[PURCHASE])
    for mac in (worked_mac(), None):
        POS.answer(message, told, mac)
        with pytest.raises(EncodeError):
            POS.answer(message, msgspec.structs.replace(told, **wrong), mac)


def test_what_answers_of_one_moment_share_is_told_anew_when_it_changes() -> None:
    message, mac = POS.read(PAYLOADS[PURCHASE]), worked_mac()
    _, told = SEALED_ANSWERS[PURCHASE]
    first = POS.answer(message, told, mac)
    for change, field, text in (
        ({"local_time": "20261123235959"}, "12", "235959"),
        ({"local_time": "20261123235959"}, "13", "1123"),
        ({"business_date": "20261224"}, "15", "1224"),
        ({"acquirer_id": "48882901"}, "32", "48882901"),
        ({"issuer_id": "48882902"}, "44", "48882902   48882900   "),
        ({"issuer_id": ""}, "44", None),
        ({"business_date": ""}, "15", None),
    ):
        answer = POS.answer(message, msgspec.structs.replace(told, **change), mac)
        assert POS.split(answer).fields.get(field) == text
        assert POS.mac_is_right(POS.split(answer), mac)
        assert POS.answer(message, told, mac) == first


def test_a_repeat_is_answered_as_the_first() -> None:
    first = POS.read(PAYLOADS[PURCHASE])
    fields = {name: text for name, text in first.fields.items() if name not in {"p", "64"}}
    repeat = POS.read(POS.compose(first.tpdu, first.header, fields | {"t": "0201"}, worked_mac()))
    told = response("093102", "000002", auth_code="A00002")
    assert POS.mac_is_right(repeat, worked_mac())
    assert POS.answer(repeat, told, worked_mac()) == POS.answer(first, told, worked_mac())
    assert POS.request(repeat, 1) == POS.request(first, 1)


def test_points_earned_and_asked_for_stand_in_f62() -> None:
    first = fields_of(PURCHASE) | {"25": "65"}
    head = PAYLOADS[PURCHASE][:11]
    told = response("093102", "000002", points_earned=123, points_balance=4567)
    for codes, text in (
        ({"3": "210000", "60": "61000012000500"}, "00000001230000004567"),
        ({"3": "310000", "60": "03000012000500065"}, "0" * 10 + "0" * 12 + "0000004567" + "0" * 18),
    ):
        message = POS.read(POS.compose(head[:5], head[5:], first | codes, worked_mac()))
        answer = POS.split(POS.answer(message, told, worked_mac()))
        assert bytes.fromhex(answer.fields["62"]).decode() == text


@pytest.mark.parametrize("balance", [4567, None])
def test_what_is_lost_next_stands_behind_the_points_that_are_left(balance: int | None) -> None:
    first = fields_of(PURCHASE) | {"25": "65", "3": "310000", "60": "03000012000500065"}
    head = PAYLOADS[PURCHASE][:11]
    besides = ToldBesides(points_next="20281130", points_lost_next=120)
    told = response("093102", "000002", points_balance=balance, besides=besides)
    message = POS.read(POS.compose(head[:5], head[5:], first, worked_mac()))
    text = bytes.fromhex(POS.split(POS.answer(message, told, worked_mac())).fields["62"]).decode()
    left = "" if balance is None else "0000004567" + "20281130" + "0000000120"
    assert text == "0" * 22 + left


def test_parameters_go_out_in_f62() -> None:
    fields = fields_of("sign-off") | {"t": "0800", "60": "00000012360"}
    head = PAYLOADS["sign-off"][:11]
    message = POS.read(POS.compose(head[:5], head[5:], fields, None))
    told = response("235001", "000009", parameters=b"\x01\x02")
    assert POS.split(POS.answer(message, told, None)).fields["62"] == "0102"


def test_an_answer_may_say_in_chinese_what_came_of_it() -> None:
    declined = response("093102", "000002", reason=Reason.INSUFFICIENT_FUNDS)
    with_texts = msgspec.structs.replace(UNIONPAY, text_in=TextIn.FIELD_63)
    for reason, chinese in ((Reason.INSUFFICIENT_FUNDS, "余额不足"), (Reason.APPROVED, "交易成功")):
        dialect = pos_dialect(with_texts)
        told = msgspec.structs.replace(declined, reason=reason)
        payload = dialect.answer(dialect.read(PAYLOADS[PURCHASE]), told, None)
        text = dialect.split(payload).fields["63"]
        assert text.startswith("CUP" + " " * 40 + chinese)
        assert len(text.encode("gb18030")) == 63
        assert chinese.encode("gbk") in payload


def test_an_answer_may_say_in_english_in_f59() -> None:
    profile = msgspec.structs.replace(UNIONPAY, text_in=TextIn.FIELD_59, language=Language.ENGLISH)
    dialect = pos_dialect(profile)
    declined = response("093102", "000002", reason=Reason.INSUFFICIENT_FUNDS)
    answer = dialect.answer(dialect.read(PAYLOADS[PURCHASE]), declined, None)
    assert dialect.split(answer).fields["59"] == "insufficient funds"
    settled = dialect.answer(dialect.read(PAYLOADS[SETTLEMENT]), declined, None)
    assert "59" not in dialect.split(settled).fields


def test_another_acquirers_terminals_read_other_codes() -> None:
    dialect = pos_dialect(PROFILES["private"])
    declined = response("093102", "000002", reason=Reason.MAC_WRONG)
    answer = dialect.split(dialect.answer(dialect.read(PAYLOADS[PURCHASE]), declined, None))
    assert answer.fields["39"] == "63"
    meant_otherwise = {"02", "12", "21", "23", "26", "30", "77", "92", "98", "99", "A0"}
    assert meant_otherwise.isdisjoint(PROFILES["private"].codes.values())


def test_a_decline_without_a_key_is_the_worked_one() -> None:
    declined = response("093102", "000002", reason=Reason.INSUFFICIENT_FUNDS)
    answer = POS.answer(POS.read(PAYLOADS[PURCHASE]), declined, None)
    assert answer == PAYLOADS["purchase-response-declined-51-no-MAC"]


def test_a_decline_with_a_key_is_sealed_and_says_no_more() -> None:
    declined = response("093102", "000002", reason=Reason.INSUFFICIENT_FUNDS, points_used=3)
    answer = POS.split(POS.answer(POS.read(PAYLOADS[PURCHASE]), declined, worked_mac()))
    assert POS.mac_is_right(answer, worked_mac())
    unsealed = {name: text for name, text in answer.fields.items() if name not in {"p", "64"}}
    assert unsealed == fields_of("purchase-response-declined-51-no-MAC")


def test_a_wrong_mac_is_answered_with_sign_on_again_and_no_code() -> None:
    refused = response("093102", "", reason=Reason.MAC_WRONG, rrn="", sign_on_again=True)
    answer = POS.answer(POS.read(PAYLOADS[PURCHASE]), refused, None)
    assert answer == PAYLOADS["re-sign-on-demanded-header-digit-3-MAC-error-A0"]


def test_a_declined_cash_load_names_the_card_it_was_for() -> None:
    declined = response("093530", "000008", reason=Reason.MALFUNCTION)
    answer = POS.split(POS.answer(POS.read(PAYLOADS["cash-top-up-200.00"]), declined, None))
    expected = fields_of("top-up-response-issuer-time-out-98") | {"39": "96"}
    assert {name: text for name, text in answer.fields.items() if name != "p"} == expected


def test_a_declined_sign_on_carries_no_keys() -> None:
    declined = response("093015", "000001", reason=Reason.INVALID_TERMINAL, key_block=KEYS)
    answer = POS.split(POS.answer(POS.read(PAYLOADS["sign-on-request"]), declined, None))
    assert answer.fields["39"] == "97"
    assert "62" not in answer.fields


def test_an_echo_is_answered_with_what_it_sent() -> None:
    answer = POS.split(
        POS.answer(POS.read(PAYLOADS["echo-test"]), response("093015", "000000"), None)
    )
    assert answer.mti == "0830"
    assert "11" not in answer.fields
    assert answer.fields["60"] == "00000012301"


def test_a_sign_on_may_move_the_terminal_to_another_batch() -> None:
    moved = response("093015", "000001", key_block=KEYS, epoch="000013")
    answer = POS.split(POS.answer(POS.read(PAYLOADS["sign-on-request"]), moved, None))
    assert answer.fields["60"] == "00000013003"


def test_a_negative_balance_is_a_debit() -> None:
    owed = response("093110", "000003", balance=Money(-5, "CNY"))
    answer = POS.split(POS.answer(POS.read(PAYLOADS["balance-inquiry"]), owed, None))
    assert answer.fields["54"] == "1002156D000000000005"


def test_every_kind_of_a_terminal_is_spelled_and_answered() -> None:
    spelled = {row.means for row in SPELLINGS if isinstance(row.means, Kind)}
    assert spelled == set(ANSWERS) == set(Kind) - SAID_BY_NO_TERMINAL


@pytest.mark.parametrize("kind", ANSWERS)
def test_the_fields_of_an_answer_are_ascending(kind: Kind) -> None:
    for numbers in (ANSWERS[kind].approved, ANSWERS[kind].declined):
        assert list(numbers) == sorted(set(numbers))
        assert (39 in numbers) is (kind is not Kind.SETTLEMENT)


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_every_reason_has_a_code_terminals_know(profile) -> None:
    assert set(profile.codes) == set(Reason)
    assert all(len(code) == 2 for code in profile.codes.values())
    assert list(profile.codes.values()).count("00") == 1


def test_no_two_rows_are_spelled_alike() -> None:
    spelled = [
        (row.mti, row.processing_code, row.condition, row.type_code, row.function, row.account)
        for row in SPELLINGS
    ]
    assert len(spelled) == len(set(spelled))


def test_every_row_has_its_name() -> None:
    assert all(row.title and row.english for row in (*TRADES, *MANAGEMENT))


def test_of_a_part_f4_is_what_was_approved_and_nothing_else_differs() -> None:
    message = POS.read(PAYLOADS[PURCHASE])
    whole = response("093102", "000002", auth_code="A00002")
    part = msgspec.structs.replace(
        whole,
        reason=Reason.PARTLY_APPROVED,
        besides=ToldBesides(approved_minor=9_900, asked_minor=12_345),
    )
    told, of_whole = (
        POS.split(POS.answer(message, one, worked_mac())).fields for one in (part, whole)
    )
    assert (told["39"], told["4"]) == ("10", "000000009900")
    unlike = {name for name in told if told[name] != of_whole[name]}
    assert unlike - {"p"} == {"4", "39", "64"}
    assert POS.mac_is_right(POS.split(POS.answer(message, part, worked_mac())), worked_mac())


def test_what_points_and_each_card_have_paid_stands_in_f62() -> None:
    first = fields_of(PURCHASE) | {"3": "950000", "60": "89000012000500"}
    head = PAYLOADS[PURCHASE][:11]
    told = response(
        "093102",
        "000002",
        points_used=500,
        points_balance=7,
        self_pay_minor=100,
        besides=ToldBesides(points_worth_minor=450, drawn=(Drawn("998800******0015", 11_895),)),
    )
    message = POS.read(POS.compose(head[:5], head[5:], first, worked_mac()))
    answer = POS.split(POS.answer(message, told, worked_mac()))
    assert bytes.fromhex(answer.fields["62"]).decode() == (
        "0000000500000000000450000000000100000000000701998800******0015   000000011895"
    )


def test_a_draw_names_its_lottery_in_f62_and_is_told_its_prize_there() -> None:
    fields = fields_of(PURCHASE) | {"3": "940000", "25": "65", "60": "85000012000500"}
    fields |= {"4": "000000000050", "62": b"DW2026".hex()}
    head = PAYLOADS[PURCHASE][:11]
    message = POS.read(POS.compose(head[:5], head[5:], fields, worked_mac()))
    request = POS.request(message, 1)
    assert isinstance(request, Request)
    assert (request.kind, request.amount) == (Kind.LOTTERY_DRAW, Money(50, "P:"))
    assert request.besides == Besides(lottery="DW2026")
    draw = DrawTold("DW2026-42-9F2C61B0", "TEA", "明前茶")
    told = response("093102", "000002", besides=ToldBesides(draw=draw))
    answer = POS.split(POS.answer(message, told, worked_mac()))
    text = f"{'DW2026-42-9F2C61B0':<32}{'TEA':<8}".encode() + "明前茶".encode("gbk")
    assert bytes.fromhex(answer.fields["62"]) == text


def test_the_void_and_the_reversal_of_a_draw_are_in_points() -> None:
    fields = fields_of(PURCHASE) | {"25": "65", "4": "000000000050"}
    fields |= {"3": "200000", "60": "86000012000500", "37": "112200000001"}
    fields["61"] = "0000120000091122"
    head = PAYLOADS[PURCHASE][:11]
    void = POS.request(POS.read(POS.compose(head[:5], head[5:], fields, worked_mac())), 1)
    assert isinstance(void, Request)
    assert (void.kind, void.amount) == (Kind.VOID, Money(50, "P:"))
    for codes, kind in (("940000 85", Kind.LOTTERY_DRAW), ("200000 86", Kind.VOID)):
        code, type_code = codes.split()
        undone = fields | {"t": "0400", "3": code, "60": f"{type_code}000012000500"}
        undone = {name: text for name, text in undone.items() if name not in {"37", "61"}}
        read = POS.request(POS.read(POS.compose(head[:5], head[5:], undone, worked_mac())), 1)
        assert isinstance(read, Request)
        assert read.original is not None
        assert (read.kind, read.original.kind) == (Kind.REVERSAL, kind)
        assert read.amount == Money(50, "P:")


VOUCHER_FRAME = (
    "6000030000 603100311000 0200 30200480 00C08015"
    " 920000 000000006234 000002 0310 00 3830303130303031"
    " 383838323930303534313130303031 313536 0014 83000012000500"
)
"""Up to F60, by hand: F3 F4 F11 F22 F25 F41 F42 F49 F60, and F62 and F64 to come."""


def voucher_message(own: bytes) -> bytes:
    """A redemption with this F62, and a code that nobody proves here."""
    length = bytes.fromhex(f"{len(own):04d}")
    return bytes.fromhex(VOUCHER_FRAME.replace(" ", "")) + length + own + bytes(8)


@pytest.mark.parametrize(
    ("own", "code", "goods"),
    [
        (b"VN0290123-4567-89CF-HJKM-PRTV-WXYPGD003TEA", "0123-4567-89CF-HJKM-PRTV-WXYP", "TEA"),
        (b"GD003TEAVN0240123456789cfhjkmprtvwxyp", "0123456789cfhjkmprtvwxyp", "TEA"),
        (b"VN003abc", "abc", None),
    ],
    ids=["grouped", "the other way round", "no code: the host finds that"],
)
def test_f62_of_a_redemption_has_a_voucher_code_and_an_article(
    own: bytes, code: str, goods: str | None
) -> None:
    """S2-14: by bytes that no writer of ours has laid out."""
    message = POS.read(voucher_message(own))
    request = POS.request(message, 1)
    assert isinstance(request, Request), message.fault
    assert (request.kind, request.amount) == (Kind.VOUCHER_REDEMPTION, Money(6_234, "CNY"))
    assert (request.besides, request.goods) == (Besides(voucher=Secret(code.encode())), goods)


@pytest.mark.parametrize(
    "own",
    [
        b"GD003TEA",
        b"VN024012345",
        b"VN003abcVN003abc",
        b"VN003abcXX001x",
        b"vn003abc",
        b"VN000",
        b"VN003abcGD000",
        b"VN003ab\xe9",
        b"VN003abcGD031" + b"A" * 31,
    ],
)
def test_f62_of_a_redemption_that_is_laid_out_otherwise_is_a_format_error(own: bytes) -> None:
    assert POS.request(POS.read(voucher_message(own)), 1) is Reason.FORMAT_ERROR


@pytest.mark.parametrize(
    ("told", "own"),
    [
        (
            VoucherTold("****-WXYP", 5_000, "CNY", 1_234),
            b"\x00\x56VN009****-WXYPTK012000000005000UN003CNYRS012000000001234",
        ),
        (
            VoucherTold("****-WXYP", 1, "G:", left=3),
            b"\x00\x47VN009****-WXYPTK012000000000001UN002G:LF0040003",
        ),
        (
            VoucherTold("****-WXYP", 1, "G:", is_free=True),
            b"\x00\x44VN009****-WXYPTK012000000000001UN002G:FR0011",
        ),
        (
            VoucherTold("****-WXYP", 100, "P:CITY"),
            b"\x00\x38VN009****-WXYPTK012000000000100UN002P:",
        ),
    ],
    ids=["money", "entry", "free", "points"],
)
def test_f62_of_its_answer_says_what_was_taken_and_what_is_left(
    told: VoucherTold, own: bytes
) -> None:
    """S2-32, S2-42, S3-12."""
    message = POS.read(voucher_message(b"VN003abc"))
    answer = response("093102", "000002", besides=ToldBesides(voucher=told))
    assert own in POS.answer(message, answer, worked_mac())
