"""Payloads in, payloads out: what is read, what is refused, what is never shown."""

import json
import pickle

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host.hsm.mac import mac_for
from host.model.requests import Request, Response
from host.model.responses import Reason
from host.model.secrets import Secret
from host.model.terminal import MacAlgorithm
from terminals.codec import DecodeError
from terminals.dialects.pos import POS
from terminals.message import Message
from tests.terminals.frames import PAYLOADS, PURCHASE, fields_of, worked_mac

FORMAT_ERROR = Response(
    reason=Reason.FORMAT_ERROR, local_time="20261122093102", acquirer_id="48882900"
)
PAYLOAD = PAYLOADS[PURCHASE]


def refused(payload: bytes) -> DecodeError:
    with pytest.raises(DecodeError) as caught:
        POS.read(payload)
    return caught.value


def test_the_answer_goes_back_where_the_message_came_from() -> None:
    payload = bytes.fromhex("6000031234") + PAYLOAD[5:]
    answer = POS.answer(POS.read(payload), FORMAT_ERROR, None)
    assert answer[:5].hex() == "6012340003"


def test_the_header_keeps_what_the_terminal_said_of_itself() -> None:
    payload = PAYLOAD[:5] + bytes.fromhex("603112310072") + PAYLOAD[11:]
    message = POS.read(payload)
    again = msgspec.structs.replace(FORMAT_ERROR, sign_on_again=True)
    assert POS.answer(message, FORMAT_ERROR, None)[5:11].hex() == "603110310072"
    assert POS.answer(message, again, None)[5:11].hex() == "603113310072"


def test_only_the_key_that_sealed_it_opens_a_message() -> None:
    message = POS.read(PAYLOAD)
    other = mac_for(MacAlgorithm.UNIONPAY_ECB, Secret.from_hex("2568ADE013579BDC"))
    assert POS.is_sealed(message)
    assert POS.mac_is_right(message, worked_mac())
    assert not POS.mac_is_right(message, other)


def test_trades_and_reversals_must_be_sealed_and_management_need_not() -> None:
    must = {name: POS.must_be_sealed(POS.split(payload)) for name, payload in PAYLOADS.items()}
    assert must[PURCHASE]
    assert must["reversal-of-the-purchase-timeout"]
    assert must["refund-next-day"]
    assert must["load-card-verification"]
    assert not must["sign-on-request"]
    assert not must["echo-test"]


def test_a_message_without_a_code_is_never_right() -> None:
    message = POS.read(PAYLOADS["echo-test"])
    assert not POS.is_sealed(message)
    assert not POS.mac_is_right(message, worked_mac())


def test_an_answer_is_not_taken_for_a_request() -> None:
    error = refused(PAYLOADS["reversal-response"])
    assert error.field == "t"
    assert error.message is None
    assert POS.split(PAYLOADS["reversal-response"]).mti == "0410"


@pytest.mark.parametrize("size", [0, 5, 10, 11, 20])
def test_a_payload_too_short_for_a_bitmap_is_dropped(size: int) -> None:
    assert refused(PAYLOAD[:size]).message is None


def test_a_message_broken_late_is_answered_with_what_was_read() -> None:
    error = refused(PAYLOAD.replace(b"156", b"15\x01", 1))
    assert error.field == "49"
    assert isinstance(error.message, Message)
    answer = POS.split(POS.answer(error.message, FORMAT_ERROR, None))
    assert answer.fields["39"] == "30"
    assert (answer.fields["11"], answer.fields["41"]) == ("000002", "80010001")
    assert "49" not in answer.fields


def test_a_bad_amount_is_a_format_error_and_never_echoed() -> None:
    error = refused(PAYLOAD.replace(bytes.fromhex("000000012345"), bytes.fromhex("0000000123AB")))
    assert error.field == "4"
    assert isinstance(error.message, Message)
    answer = POS.split(POS.answer(error.message, FORMAT_ERROR, worked_mac()))
    assert "4" not in answer.fields
    assert answer.fields["39"] == "30"


def test_a_message_broken_before_it_names_its_terminal_is_dropped() -> None:
    bad_length = PAYLOAD.replace(bytes.fromhex("3799880000"), bytes.fromhex("9999880000"))
    assert refused(bad_length).field == "35"
    assert refused(bad_length).message is None


def test_a_bad_trace_or_terminal_cannot_be_answered() -> None:
    bad_trace = PAYLOAD.replace(bytes.fromhex("0000020210"), bytes.fromhex("AA00020210"))
    bad_terminal = PAYLOAD.replace(b"80010001", b"8001\x00001")
    assert (refused(bad_trace).field, refused(bad_trace).message) == ("11", None)
    assert (refused(bad_terminal).field, refused(bad_terminal).message) == ("41", None)


def test_a_bad_message_type_cannot_be_answered() -> None:
    error = refused(PAYLOAD[:11] + b"\x02\xaf" + PAYLOAD[13:])
    assert error.field == "t"
    assert error.message is None


@given(st.binary(max_size=200) | st.binary(max_size=200).map(lambda tail: PAYLOAD[:60] + tail))
@settings(max_examples=300, deadline=None)
def test_whatever_arrives_is_a_message_or_a_decode_error(payload: bytes) -> None:
    try:
        message = POS.read(payload)
    except DecodeError as error:
        if not isinstance(error.message, Message):
            return
        message = error.message
    POS.mac_is_right(message, worked_mac())
    assert isinstance(POS.request(message, 0), Request | Reason)
    POS.answer(message, FORMAT_ERROR, worked_mac())


def test_a_terminal_composes_what_the_switch_reads() -> None:
    fields = fields_of(PURCHASE)
    del fields["64"]
    payload = POS.compose(PAYLOAD[:5], PAYLOAD[5:11], dict(fields), worked_mac())
    assert payload == PAYLOAD
    assert not POS.is_sealed(POS.read(POS.compose(PAYLOAD[:5], PAYLOAD[5:11], fields, None)))


def test_composing_leaves_the_callers_fields_alone() -> None:
    fields = fields_of("echo-test")
    POS.compose(PAYLOAD[:5], PAYLOAD[5:11], fields, worked_mac())
    assert fields == fields_of("echo-test")


def test_a_message_shows_no_card_and_leaves_in_no_other_form() -> None:
    message = POS.read(PAYLOAD)
    for text in (repr(message), str(message), f"{message}", repr([message])):
        assert "9988" not in text
        assert "80010001" in text
    assert not hasattr(message, "__dict__")
    with pytest.raises(TypeError):
        pickle.dumps(message)
    with pytest.raises(TypeError):
        json.dumps(message)
    with pytest.raises(TypeError):
        msgspec.json.encode(message)


def test_a_refusal_holds_its_values_only_inside_the_message() -> None:
    error = refused(PAYLOAD.replace(b"156", b"15\x01", 1))
    assert error.partial == {}
    assert "9988" not in f"{error!r} {error.args} {vars(error)} {error.message!r}"
