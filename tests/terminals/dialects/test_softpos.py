"""Payment applications on phones: sealed JSON, one KSN a message, one attestation a message."""

import base64
import json
import pickle
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from host.fingerprint import fingerprint_of
from host.hsm.mac import AesCmac, mac_for
from host.model.money import Money
from host.model.requests import (
    KINDS,
    Besides,
    DrawTold,
    ExchangeKey,
    Family,
    Kind,
    Original,
    Request,
    Response,
    SealedPan,
    ToldBesides,
    Totals,
    Traffic,
)
from host.model.responses import Reason
from host.model.secrets import Secret
from host.model.terminal import MacAlgorithm
from host.model.vouchers import VoucherTold
from terminals.attestation import Attestations
from terminals.codec import DecodeError
from terminals.dialects.softpos import SoftPosDialect, SoftPosMessage, is_sealed_by, sealed
from terminals.dialects.softpos_words import OPERATIONS, Asked
from terminals.dukpt_session import Direction, DukptMac
from tests.peers.tokens import attested, bound_to
from tests.vectors.reader import VECTORS

NOW = 1_800_000_000
ED = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
INITIAL = Secret.from_hex("1273671EA26AC29AFA4D1084127652A1")
INSTANCE = "1234567890123456"
DEVICE = DukptMac(INITIAL, Direction.DEVICE)
BLOCK = bytes(range(16))
BLOCK_TEXT = base64.b64encode(BLOCK).decode()
ORIGINAL = {"batch": 12, "seq": 3, "rrn": "112200000001", "date": "20261122"}
TOTALS = {"debit_minor": 1, "debit_count": 2, "credit_minor": 3, "credit_count": 4}
OF_HOLD = {"amount": 100, "pan_block": BLOCK_TEXT, "entry": "nfc", "original": ORIGINAL}
ASKED: dict[str, dict[str, Any]] = {
    "purchase": {"amount": 100, "pan_block": BLOCK_TEXT, "entry": "nfc"},
    "combined": {"amount": 100, "pan_block": BLOCK_TEXT, "entry": "nfc", "points_max": 7},
    "points_redeem": {"amount": 100, "pan_block": BLOCK_TEXT, "entry": "nfc", "goods": "茶"},
    "points_earn": {"amount": 100, "pan_block": BLOCK_TEXT, "entry": "qr"},
    "lottery": {"amount": 50, "pan_block": BLOCK_TEXT, "entry": "nfc", "goods": "DW2026"},
    "voucher": {"amount": 6_234, "voucher_block": BLOCK_TEXT, "goods": "TEA"},
    "load_code": {"pan_block": BLOCK_TEXT, "voucher_block": BLOCK_TEXT, "entry": "nfc"},
    "voucher_void": {"original": ORIGINAL},
    "load_phone": {"amount": 5_000, "phone_block": BLOCK_TEXT},
    "load_phone_void": {"amount": 5_000, "original": ORIGINAL},
    "top_up": {"amount": 100, "pan_block": BLOCK_TEXT, "entry": "card"},
    "balance": {"pan_block": BLOCK_TEXT, "entry": "keyed"},
    "account": {"pan_block": BLOCK_TEXT, "entry": "keyed"},
    "void": {"amount": 100, "original": ORIGINAL},
    "refund": {"amount": 1, "pan_block": BLOCK_TEXT, "entry": "nfc", "original": ORIGINAL},
    "preauth": {"amount": 100, "pan_block": BLOCK_TEXT, "entry": "nfc"},
    "preauth_more": OF_HOLD,
    "preauth_void": OF_HOLD,
    "complete": OF_HOLD,
    "complete_void": {"amount": 100, "original": ORIGINAL},
    "reverse": {"amount": 100, "original_op": "purchase"},
    "settle": {"totals": TOTALS},
    "echo": {},
}


def dialect() -> SoftPosDialect:
    return SoftPosDialect(Attestations({"ed": ED.public_key()}, clock=lambda: float(NOW)))


def ksn(counter: int) -> str:
    return f"{INSTANCE}{counter:08X}"


def values(op: str = "purchase", counter: int = 1, **other: Any) -> dict[str, Any]:
    msgid = f"m-{counter}"
    claims = {"sub": INSTANCE, "iat": NOW - 5, "nonce": bound_to(msgid), "verdict": "pass"}
    head = {
        "msgid": msgid,
        "instance": INSTANCE,
        "tid": "80010001",
        "mid": "888290054110001",
        "batch": 12,
        "seq": counter,
        "op": op,
        "ksn": ksn(counter),
        "attestation": attested(ED, "ed", **claims),
    }
    whole = head | ASKED.get(op, {}) | other
    return {name: value for name, value in whole.items() if value is not None}


def frame(value: dict[str, Any]) -> bytes:
    return sealed(value, bytes.fromhex(value["ksn"]), DEVICE)


def asked(
    value: dict[str, Any], speaks: SoftPosDialect | None = None, mac: DukptMac | None = None
) -> tuple[Request | Reason, SoftPosMessage]:
    speaks = speaks or dialect()
    message = speaks.read(frame(value))
    assert speaks.mac_is_right(message, mac or DukptMac(INITIAL))
    return speaks.request(message, 1), message


def only_as_repeat(request: Request | Reason) -> bool:
    assert isinstance(request, Request)
    return request.only_as_repeat


def _is_trade(means: Kind | Reason) -> bool:
    return isinstance(means, Kind) and KINDS[means].traffic is Traffic.TRADE


@pytest.mark.parametrize("op", ASKED)
def test_every_operation_is_its_kind_under_batch_and_number(op: str) -> None:
    request, _ = asked(values(op))
    assert isinstance(request, Request)
    assert request.kind is OPERATIONS[op].means
    family = KINDS[request.kind].family
    assert request.key == ExchangeKey("softpos", "80010001", "000012", "000001", family)
    assert request.merchant_id == "888290054110001"
    assert request.ksn == ksn(1)
    assert request.pan is None


@pytest.mark.parametrize("op", [op for op in OPERATIONS if op not in ASKED])
def test_what_is_not_offered_is_declined(op: str) -> None:
    assert asked(values(op))[0] is Reason.FUNCTION_NOT_SUPPORTED


def test_an_unknown_operation_is_an_invalid_transaction() -> None:
    request, message = asked(values("levitate"))
    assert request is Reason.INVALID_TRANSACTION
    assert "levitate" not in f"{message} {message.fields}"


def test_card_and_pin_stay_sealed_for_the_host() -> None:
    pin = {"ksn": ksn(1), "block": BLOCK_TEXT}
    request, message = asked(values(pin=pin))
    assert isinstance(request, Request)
    assert request.sealed_pan == SealedPan(Secret(BLOCK), ksn(1))
    assert request.pin is not None
    assert (request.pin.iso_format, request.pin.block, request.pin.ksn) == (
        4,
        Secret(BLOCK),
        ksn(1),
    )
    assert request.entry_mode == "072"
    shown = f"{message!r} {message} {message.fields} {message.asked!r} {request!r}"
    assert BLOCK_TEXT not in shown
    assert BLOCK.hex() not in shown


def test_originals_are_named_by_batch_and_number_or_by_reference() -> None:
    request, _ = asked(values("void"))
    assert isinstance(request, Request)
    key = ExchangeKey("softpos", "80010001", "000012", "000003", Family.FINANCIAL)
    assert request.original == Original(key=key, rrn="112200000001", local_date="1122")
    request, _ = asked(values("void", original={"rrn": "112200000001", "unit": "P:"}))
    assert isinstance(request, Request)
    assert request.original == Original(rrn="112200000001")
    assert request.amount == Money(100, "P:")


@pytest.mark.parametrize("op", ["preauth_more", "preauth_void", "complete"])
def test_what_is_held_is_named_as_another_terminals_slip_does(op: str) -> None:
    slip = {"auth": "004711", "date": "20261109"}
    request, _ = asked(values(op, original=slip))
    assert isinstance(request, Request)
    assert request.original == Original(auth_code="004711", local_date="1109")
    assert asked(values(op, original={"auth": "004711"}))[0] is Reason.FORMAT_ERROR


@pytest.mark.parametrize("op", ["void", "complete_void", "refund"])
def test_a_slips_code_and_date_name_nothing_that_was_paid(op: str) -> None:
    original = {"auth": "004711", "date": "20261109"}
    assert asked(values(op, original=original))[0] is Reason.FORMAT_ERROR


def test_a_reversal_has_the_key_the_switchs_own_would_have_and_needs_no_attestation() -> None:
    request, _ = asked(values("reverse", attestation=None, original_op="points_redeem"))
    assert isinstance(request, Request)
    assert request.key.family is Family.REVERSAL
    assert request.amount == Money(100, "P:")
    assert request.original == Original(
        key=request.key.of_family(Family.FINANCIAL), kind=Kind.POINTS_REDEMPTION
    )


def test_a_settlement_brings_its_totals() -> None:
    request, _ = asked(values("settle"))
    assert isinstance(request, Request)
    assert request.totals == (Totals(1, 2, 3, 4), Totals())


@pytest.mark.parametrize("op", ASKED)
def test_what_an_operation_needs_and_is_missing_is_a_format_error(op: str) -> None:
    row = OPERATIONS[op]
    assert all(name in Asked.__struct_fields__ for name in row.needs)
    for missing in row.needs:
        without: dict[str, Any] = {missing: None}
        request, message = asked(values(op, **without))
        assert request is Reason.FORMAT_ERROR
        assert message.fault == f"a {op} without all that it needs"


@pytest.mark.parametrize(
    "other",
    [
        {"pan_block": base64.b64encode(bytes(15)).decode()},
        {"pan_block": base64.b64encode(bytes(80)).decode()},
        {"pan_block": ""},
        {"pin": {"ksn": ksn(1), "block": base64.b64encode(bytes(8)).decode()}},
        {"op": "void", "original": {"date": "20261122"}},
    ],
)
def test_blocks_and_originals_of_another_shape_are_format_errors(other: dict[str, Any]) -> None:
    assert asked(values("purchase") | other)[0] is Reason.FORMAT_ERROR


@pytest.mark.parametrize(
    "other",
    [
        {"instance": "6543210987654321"},
        {"pin": {"ksn": ksn(2), "block": BLOCK_TEXT}},
        {"ksn": "FFFFFFFF9012345600000001"},
    ],
)
def test_a_ksn_of_another_instance_or_message_is_refused(other: dict[str, Any]) -> None:
    assert asked(values(**other))[0] is Reason.KSN_REFUSED


TRADE = sorted(op for op, row in OPERATIONS.items() if op in ASKED and _is_trade(row.means))


@pytest.mark.parametrize("op", TRADE)
def test_what_comes_under_a_used_or_lower_ksn_asks_for_its_answer_alone(op: str) -> None:
    """It needs no attestation: a token lives a minute, and it can move nothing."""
    speaks, mac = dialect(), DukptMac(INITIAL)
    for counter in (5, 6, 5):
        assert not only_as_repeat(asked(values(op, counter), speaks, mac)[0])
    assert only_as_repeat(asked(values(op, 4), speaks, mac)[0])
    assert only_as_repeat(asked(values(op, 4, attestation=None), speaks, mac)[0])
    request, message = asked(values(op, 6, mid="888290054110002"), speaks, mac)
    assert only_as_repeat(request)
    assert message.fault == "the KSN was used before or goes backwards"


@pytest.mark.parametrize("op", sorted(ASKED.keys() - set(TRADE)))
def test_what_has_no_answer_of_its_own_is_refused_under_a_lower_ksn(op: str) -> None:
    speaks, mac = dialect(), DukptMac(INITIAL)
    assert isinstance(asked(values(op, 5), speaks, mac)[0], Request)
    assert asked(values(op, 4), speaks, mac)[0] is Reason.KSN_REFUSED


@pytest.mark.parametrize("op", TRADE)
def test_a_repeat_that_was_sealed_anew_is_the_same_request(op: str) -> None:
    """Another KSN, other blocks and a fresh attestation; the key and what is asked are the same."""
    speaks, mac, msgid = dialect(), DukptMac(INITIAL), "m-1"
    claims = {"sub": INSTANCE, "iat": NOW, "nonce": bound_to(msgid), "verdict": "pass"}
    first, _ = asked(values(op, 1), speaks, mac)
    asked(values("echo", 2), speaks, mac)
    anew = values(op, 3, msgid=msgid, seq=1, attestation=attested(ED, "ed", **claims))
    again, _ = asked(anew, speaks, mac)
    assert isinstance(first, Request)
    assert isinstance(again, Request)
    assert (again.key, again.ksn, again.only_as_repeat) == (first.key, ksn(3), False)
    assert fingerprint_of(again, b"card") == fingerprint_of(first, b"card")


def test_a_message_whose_code_is_wrong_does_not_move_the_counter() -> None:
    speaks, mac = dialect(), DukptMac(INITIAL)
    forged = json.loads(frame(values(counter=9)))
    forged["amount"] = 1
    assert not speaks.mac_is_right(speaks.read(json.dumps(forged).encode()), mac)
    assert isinstance(asked(values(counter=1), speaks, mac)[0], Request)


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"iat": NOW - 61}, "the attestation is too old"),
        ({"sub": "6543210987654321"}, "the attestation is another app instance's"),
        ({"nonce": bound_to("m-2")}, "the attestation is not bound to this message"),
        ({"verdict": "fail"}, "the attestation service did not pass this app"),
    ],
)
def test_an_attestation_that_proves_nothing_refuses_the_message(
    claims: dict[str, Any], why: str
) -> None:
    good: dict[str, Any] = {
        "sub": INSTANCE,
        "iat": NOW,
        "nonce": bound_to("m-1"),
        "verdict": "pass",
    }
    token = attested(ED, "ed", **(good | claims))
    request, message = asked(values(attestation=token))
    assert request is Reason.ATTESTATION_REFUSED
    assert message.fault == why


def test_without_an_attestation_nothing_is_sold() -> None:
    for op, row in OPERATIONS.items():
        if op in ASKED and row.needs_attestation:
            assert asked(values(op, attestation=None))[0] is Reason.ATTESTATION_REFUSED


def test_an_attestation_is_good_for_one_message_only() -> None:
    speaks, mac = dialect(), DukptMac(INITIAL)
    first = values(counter=1)
    assert isinstance(asked(first, speaks, mac)[0], Request)
    second = values(counter=2) | {"attestation": first["attestation"], "msgid": first["msgid"]}
    request, message = asked(second, speaks, mac)
    assert request is Reason.ATTESTATION_REFUSED
    assert message.fault == "the attestation was used before, with another message"


def test_however_the_body_was_spelled_its_code_is_the_same() -> None:
    speaks = dialect()
    value = json.loads(frame(values(goods="茶")))
    shuffled = json.dumps(dict(reversed(value.items())), indent=2).encode()
    assert speaks.mac_is_right(speaks.read(shuffled), DukptMac(INITIAL))


def test_the_code_is_the_cmac_under_the_published_key_of_the_ksn() -> None:
    vector = next(vector for vector in VECTORS if vector["id"] == "dukpt-aes-00020000")
    key = AesCmac(Secret.from_hex(vector["expected"]["mac_gen_key"]))
    value = values(counter=0x00020000, seq=1)
    body = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    tag = base64.b64encode(key.compute(body)).decode()
    payload = json.dumps(value | {"mac": tag}).encode()
    speaks = dialect()
    assert speaks.mac_is_right(speaks.read(payload), DukptMac(INITIAL))


def test_only_dukpt_keys_prove_a_message() -> None:
    speaks = dialect()
    message = speaks.read(frame(values()))
    assert speaks.is_sealed(message)
    assert speaks.must_be_sealed(message)
    other = mac_for(MacAlgorithm.AES_CMAC, INITIAL)
    assert not speaks.mac_is_right(message, other)
    assert not speaks.mac_is_right(message, DukptMac(Secret(bytes(16))))


def test_the_answer_says_to_what_and_is_sealed_the_other_way() -> None:
    speaks, mac = dialect(), DukptMac(INITIAL)
    _, message = asked(values(), speaks, mac)
    approved = Response(
        reason=Reason.APPROVED,
        rrn="112200000001",
        auth_code="123456",
        local_time="20261122093102",
        business_date="20261122",
        balance=Money(-5, "CNY"),
        points_balance=7,
        totals=(Totals(1, 2, 3, 4), Totals()),
        totals_agree=(True, False),
        epoch="000013",
    )
    told = json.loads(speaks.answer(message, approved, mac))
    assert is_sealed_by(told, bytes.fromhex(ksn(1)), DEVICE)
    assert not is_sealed_by(told, bytes.fromhex(ksn(1)), mac)
    assert not is_sealed_by(told | {"amount": 1}, bytes.fromhex(ksn(1)), DEVICE)
    assert not is_sealed_by(told | {"mac": 7}, bytes.fromhex(ksn(1)), DEVICE)
    del told["mac"]
    assert told == {
        "msgid": "m-1",
        "instance": INSTANCE,
        "tid": "80010001",
        "mid": "888290054110001",
        "batch": 12,
        "seq": 1,
        "op": "purchase",
        "ksn": ksn(1),
        "code": "00",
        "text": "交易成功",
        "amount": 100,
        "rrn": "112200000001",
        "auth": "123456",
        "date": "20261122",
        "time": "20261122093102",
        "balance": -5,
        "points": 7,
        "next_batch": 13,
        "totals": TOTALS,
        "agrees": True,
        "points_totals": {**dict.fromkeys(TOTALS, 0)},
        "points_agree": False,
    }


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_can_be_told(reason: Reason) -> None:
    speaks = dialect()
    message = speaks.read(frame(values()))
    told = json.loads(speaks.answer(message, Response(reason=reason), None))
    assert told["text"]
    assert "mac" not in told


@pytest.mark.parametrize(
    "other",
    [
        {"amount": "100"},
        {"amount": 1.5},
        {"batch": 1_000_000},
        {"seq": 0},
        {"ksn": "12"},
        {"ksn": ksn(1).lower() + "g"},
        {"entry": "wave"},
        {"pan": "9988000000000015"},
        {"pan_block": "9988000000000015\n"},
        {"mac": "AAAAAAAAAAA"},
        {"mac": "AAAAAAAAAAB="},
    ],
)
def test_a_message_that_names_itself_is_answered_a_format_error(other: dict[str, Any]) -> None:
    speaks = dialect()
    whole = json.loads(frame(values())) | other
    with pytest.raises(DecodeError) as caught:
        speaks.read(json.dumps(whole).encode())
    message = caught.value.message
    assert isinstance(message, SoftPosMessage)
    assert "9988" not in str(caught.value)
    assert message.terminal_id == "80010001"
    told = json.loads(speaks.answer(message, Response(reason=Reason.FORMAT_ERROR), None))
    assert (told["msgid"], told["tid"], told["code"]) == ("m-1", "80010001", "30")


@pytest.mark.parametrize(
    "payload",
    [b"", b"[]", b"{}", b'{"msgid":"m","tid":"8001"}', b'{"msgid":7,"tid":"80010001"}', b"\xff"],
)
def test_a_message_that_does_not_name_itself_is_dropped(payload: bytes) -> None:
    with pytest.raises(DecodeError) as caught:
        dialect().read(payload)
    assert caught.value.message is None


def test_a_message_is_never_pickled() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(dialect().read(frame(values())))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(st.sampled_from(sorted(Asked.__struct_fields__)), json_values)
def test_no_value_makes_it_crash(name: str, value: Any) -> None:
    speaks = dialect()
    try:
        whole = values() | {name: value}
        serial = whole["ksn"] if isinstance(whole["ksn"], str) else ""
        message = speaks.read(json.dumps(whole | {"mac": "AAAAAAAAAAA="}).encode())
    except DecodeError as error:
        assert error.message is None or isinstance(error.message, SoftPosMessage)  # noqa: PT017
        return
    assert speaks.mac_is_right(message, DukptMac(INITIAL)) in {True, False}
    asked_of = speaks.request(message, 1)
    reason = asked_of if isinstance(asked_of, Reason) else Reason.APPROVED
    assert speaks.answer(message, Response(reason=reason), None)
    assert serial


@given(st.binary(max_size=300))
def test_no_bytes_make_it_crash(payload: bytes) -> None:
    with pytest.raises(DecodeError):
        dialect().read(payload)


@pytest.mark.parametrize("op", ["purchase", "points_redeem"])
def test_an_app_that_takes_a_part_says_so_and_is_told_the_part(op: str) -> None:
    request, _ = asked(values(op))
    assert isinstance(request, Request)
    assert request.besides is None
    speaks = dialect()
    request, message = asked(values(op, partial=True), speaks)
    assert isinstance(request, Request)
    assert request.besides == Besides(takes_part=True)
    part = Response(
        reason=Reason.PARTLY_APPROVED,
        besides=ToldBesides(approved_minor=99, asked_minor=100),
    )
    told = json.loads(speaks.answer(message, part, DukptMac(INITIAL)))
    assert (told["code"], told["amount"]) == ("10", 99)


@pytest.mark.parametrize("op", ["top_up", "points_earn", "refund", "void"])
def test_an_app_takes_no_part_of_anything_else(op: str) -> None:
    request, _ = asked(values(op, partial=True))
    assert isinstance(request, Request)
    assert request.besides is None


def test_a_draw_names_its_lottery_and_is_told_its_prize() -> None:
    request, message = asked(values("lottery"))
    assert isinstance(request, Request)
    assert (request.amount, request.besides) == (Money(50, "P:"), Besides(lottery="DW2026"))
    draw = DrawTold("DW2026-42-9F2C61B0", "TEA", "明前茶")
    told = Response(reason=Reason.APPROVED, besides=ToldBesides(draw=draw))
    answer = json.loads(dialect().answer(message, told, None))
    assert (answer["draw"], answer["prize"]) == ("DW2026-42-9F2C61B0", "TEA")
    assert answer["prize_text"] == "明前茶"
    assert asked(values("lottery", goods="no code"))[0] is Reason.FORMAT_ERROR


def test_a_voucher_code_is_sealed_as_a_card_number_is() -> None:
    """S2-14, S3-07: under the message's own KSN, and never in clear."""
    request, message = asked(values("voucher"))
    assert isinstance(request, Request)
    sealed_code = SealedPan(Secret(BLOCK), ksn(1))
    assert request.besides == Besides(sealed_voucher=sealed_code)
    assert (request.amount, request.goods) == (Money(6_234, "CNY"), "TEA")
    told = ToldBesides(voucher=VoucherTold("****-WXYP", 5_000, "CNY", 1_234))
    answer = json.loads(
        dialect().answer(message, Response(reason=Reason.APPROVED, besides=told), None)
    )
    said = ("voucher", "voucher_taken", "voucher_unit", "voucher_rest")
    assert [answer[word] for word in said] == ["****-WXYP", 5_000, "CNY", 1_234]
    loaded, _ = asked(values("load_code"))
    assert isinstance(loaded, Request)
    assert loaded.besides == Besides(sealed_voucher=sealed_code)
    assert loaded.sealed_pan == sealed_code


@pytest.mark.parametrize("block", [b"", bytes(15), bytes(80)])
def test_a_sealed_code_is_whole_blocks(block: bytes) -> None:
    text = base64.b64encode(block).decode()
    assert asked(values("voucher", voucher_block=text))[0] is Reason.FORMAT_ERROR


@pytest.mark.parametrize("op", ["voucher", "load_code", "voucher_void"])
def test_what_a_voucher_did_is_undone_by_its_operation(op: str) -> None:
    request, _ = asked(values("reverse", original_op=op))
    assert isinstance(request, Request)
    assert request.original is not None
    assert request.original.kind is OPERATIONS[op].means


def test_a_phone_number_is_sealed_as_a_card_number_is() -> None:
    """S3-06: whose card is loaded the host finds, and none is named beside it."""
    request, _ = asked(values("load_phone"))
    assert isinstance(request, Request)
    assert request.besides == Besides(sealed_phone=SealedPan(Secret(BLOCK), ksn(1)))
    assert request.sealed_pan is None
    named = values("load_phone", pan_block=BLOCK_TEXT)
    assert asked(named)[0] is Reason.FORMAT_ERROR
    assert asked(values("load_phone_void", pan_block=BLOCK_TEXT))[0] is Reason.FORMAT_ERROR


@pytest.mark.parametrize("op", ["load_phone", "load_phone_void"])
def test_a_load_by_a_phone_is_undone_by_its_operation(op: str) -> None:
    request, _ = asked(values("reverse", original_op=op))
    assert isinstance(request, Request)
    assert request.original is not None
    assert request.original.kind is OPERATIONS[op].means
