"""ISO 8583:1987 in characters: the same requests and answers, both ways of writing bytes."""

from typing import Any

import pytest

from host.hsm.mac import Mac, mac_for
from host.model.money import Money
from host.model.requests import ExchangeKey, Family, Kind, Original, Request, Response
from host.model.responses import Reason
from host.model.secrets import Pan, Secret
from host.model.terminal import MacAlgorithm
from terminals.codec import DecodeError
from terminals.dialects import DialectError, DialectOptions, dialect_named
from terminals.dialects.ascii87 import ANSWERS, ASCII87_BINARY, ASCII87_HEXADECIMAL, SPELLINGS
from terminals.dialects.ascii87 import ascii87_dialect as make
from terminals.dialects.ascii87_fields import BINARY, HEXADECIMAL
from terminals.isodialect import IsoDialect
from terminals.message import Message
from terminals.profiles import UNIONPAY
from tests.terminals.frames import ASCII_FIELDS, SAID_BY_NO_TERMINAL

DIALECTS = {"ascii87-bin": ASCII87_BINARY, "ascii87-hex": ASCII87_HEXADECIMAL}
BOTH = pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
KEYS = {
    MacAlgorithm.X9_19: Secret.from_hex("0123456789ABCDEFFEDCBA9876543210"),
    MacAlgorithm.AES_CMAC: Secret.from_hex("2B7E151628AED2A6ABF7158809CF4F3C"),
    MacAlgorithm.UNIONPAY_ECB: Secret.from_hex("2568ADE013579BDF"),
}
EVERY_MAC = pytest.mark.parametrize("algorithm", KEYS)
APPROVED = Response(
    reason=Reason.APPROVED,
    rrn="112200000002",
    auth_code="A00002",
    local_time="20261122093102",
    business_date="20261122",
    balance=Money(87655, "CNY"),
    acquirer_id="48882900",
    issuer_id="48882900",
)


def mac_of(algorithm: MacAlgorithm = MacAlgorithm.X9_19) -> Mac:
    return mac_for(algorithm, KEYS[algorithm])


def payload(dialect: IsoDialect, name: str, mac: Mac | None = None, **changes: str | None) -> bytes:
    fields = {n: text for n, text in ASCII_FIELDS[name].items() if n not in {"64", "128"}}
    for number, text in changes.items():
        fields.pop(number[1:], None)
        if text is not None:
            fields[number[1:]] = text
    return dialect.compose(b"", b"", fields, mac)


def asked(dialect: IsoDialect, name: str, **changes: Any) -> Request | Reason:
    return dialect.request(dialect.read(payload(dialect, name, **changes)), 3)


def key(stan: str, family: Family, batch: str = "000012") -> ExchangeKey:
    return ExchangeKey("ascii87", "80010001", batch, stan, family)


@BOTH
def test_a_purchase_is_the_request_a_pos_terminal_would_make(dialect: IsoDialect) -> None:
    request = asked(dialect, "purchase")
    assert isinstance(request, Request)
    assert request.kind is Kind.PURCHASE
    assert request.key == key("000002", Family.FINANCIAL)
    assert (request.pan, request.expiry) == (Pan("9988000000000015"), "3012")
    assert (request.amount, request.entry_mode) == (Money(12345, "CNY"), "021")
    assert request.pin is not None
    assert request.pin.block.reveal().hex().upper() == "71F9B13D35BD37AF"
    assert asked(dialect, "purchase", _35="9988000000000015D3012120") == request
    assert asked(dialect, "purchase", _t="0201") == request


@BOTH
def test_an_encrypted_track_goes_to_the_host_with_the_separator_it_knows(
    dialect: IsoDialect,
) -> None:
    request = asked(dialect, "purchase", _53="2610000000000000")
    assert isinstance(request, Request)
    assert request.sealed_track is not None
    assert request.sealed_track.reveal() == b"9988000000000015D3012120"


@BOTH
@EVERY_MAC
@pytest.mark.parametrize("name", ["purchase", "keyed void", "reversal"])
def test_a_message_is_sealed_in_its_last_field(
    dialect: IsoDialect, algorithm: MacAlgorithm, name: str
) -> None:
    sealed = payload(dialect, name, mac_of(algorithm))
    message = dialect.read(sealed)
    assert ("128" in message.fields) is (name == "reversal")
    assert dialect.is_sealed(message)
    assert dialect.must_be_sealed(message)
    assert dialect.mac_is_right(message, mac_of(algorithm))
    for place in (5, len(sealed) // 2, len(sealed) - 1):
        changed = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
        try:
            other = dialect.read(changed)
        except DecodeError:
            continue
        assert not dialect.mac_is_right(other, mac_of(algorithm))


@BOTH
def test_a_code_that_is_not_the_last_field_is_none(dialect: IsoDialect) -> None:
    fields = ASCII_FIELDS["reversal"] | {"64": "0011223344556677"}
    del fields["128"]
    message = dialect.read(dialect.codec.encode(fields))
    assert not dialect.is_sealed(message)
    assert not dialect.mac_is_right(message, mac_of())


@BOTH
def test_an_answer_is_sealed_as_the_question_was(dialect: IsoDialect) -> None:
    mac = mac_of()
    for name, field in (("purchase", "64"), ("reversal", "128")):
        answer = dialect.split(
            dialect.answer(dialect.read(payload(dialect, name, mac)), APPROVED, mac)
        )
        assert field in answer.fields
        assert dialect.mac_is_right(answer, mac)
        assert dialect.is_sealed(answer)


@BOTH
def test_an_approval_says_what_a_pos_answer_says(dialect: IsoDialect) -> None:
    message = dialect.read(payload(dialect, "purchase", _t="0201"))
    answer = dialect.split(dialect.answer(message, APPROVED, None)).fields
    told = {n: answer[n] for n in ("t", "2", "4", "7", "15", "37", "38", "39", "44", "54", "60")}
    assert told == {
        "t": "0210",
        "2": "9988000000000015",
        "4": "000000012345",
        "7": "1122093101",
        "15": "1122",
        "37": "112200000002",
        "38": "A00002",
        "39": "00",
        "44": "48882900   48882900   ",
        "54": "1002156C000000087655",
        "60": "22000012000500",
    }


@BOTH
@pytest.mark.parametrize("mti", ["0400", "0401", "0420", "0421"])
def test_a_reversal_names_its_original_in_f90(dialect: IsoDialect, mti: str) -> None:
    request = asked(dialect, "reversal", _t=mti)
    assert isinstance(request, Request)
    assert request.key == key("000002", Family.REVERSAL)
    assert request.original == Original(key=key("000002", Family.FINANCIAL), kind=Kind.PURCHASE)
    without = asked(dialect, "reversal", _t=mti, _90=None, _11="000002")
    assert without == request
    message = dialect.read(payload(dialect, "reversal"))
    answer = dialect.split(dialect.answer(message, APPROVED, None)).fields
    assert answer["t"] == "0430"
    assert answer["90"] == ASCII_FIELDS["reversal"]["90"]
    assert answer["11"] == "000003"


@BOTH
@pytest.mark.parametrize(
    ("code", "kind"), [("001", Kind.SIGN_ON), ("002", Kind.SIGN_OFF), ("301", Kind.ECHO)]
)
def test_f70_says_which_network_message_it_is(dialect: IsoDialect, code: str, kind: Kind) -> None:
    request = asked(dialect, "sign-on", _70=code, _60=None)
    assert isinstance(request, Request)
    assert request.kind is kind
    assert request.key == key("000001", Family.MANAGEMENT, "000000")
    assert asked(dialect, "sign-on", _70="999") is Reason.INVALID_TRANSACTION


@BOTH
def test_a_sign_on_says_which_keys_and_is_told_its_batch(dialect: IsoDialect) -> None:
    request = asked(dialect, "sign-on")
    assert isinstance(request, Request)
    assert (request.working_keys, request.serial) == ("003", "312580010001")
    bare = asked(dialect, "sign-on", _60=None)
    assert isinstance(bare, Request)
    assert bare.working_keys == "001"
    told = Response(reason=Reason.APPROVED, epoch="000014", key_block=bytes(range(40)))
    for changes, control in (({}, "00000014003"), ({"_60": None}, "00000014001")):
        message = dialect.read(payload(dialect, "sign-on", **changes))
        answer = dialect.split(dialect.answer(message, told, None)).fields
        assert (answer["t"], answer["70"], answer["60"]) == ("0810", "001", control)
        assert answer["62"] == bytes(range(40)).hex().upper()


@BOTH
def test_a_trade_by_f70_still_needs_its_batch(dialect: IsoDialect) -> None:
    refused = asked(dialect, "purchase", _70="001", _60="2200001")
    assert refused is Reason.FORMAT_ERROR
    assert asked(dialect, "reversal", _60=None) is Reason.INVALID_TRANSACTION


@BOTH
@pytest.mark.parametrize("text", ["totals", "1" * 61 + "X"])
def test_totals_that_are_no_digits_are_a_format_error(dialect: IsoDialect, text: str) -> None:
    fields = {"_t": "0500", "_48": text, "_60": "00000012201", "_70": None}
    assert asked(dialect, "sign-on", **fields) is Reason.FORMAT_ERROR


@BOTH
def test_what_cannot_be_read_is_answered_when_it_names_its_terminal(dialect: IsoDialect) -> None:
    broken = payload(dialect, "purchase").replace(b"156", b"15\x01")
    with pytest.raises(DecodeError) as caught:
        dialect.read(broken)
    assert isinstance(caught.value.message, Message)
    refused = Response(reason=Reason.FORMAT_ERROR)
    answer = dialect.split(dialect.answer(caught.value.message, refused, None)).fields
    assert (answer["39"], answer["41"], answer["11"]) == ("30", "80010001", "000002")


@BOTH
def test_a_header_comes_back_as_it_came(dialect: IsoDialect) -> None:
    headed = make(dialect.codec, UNIONPAY, 12)
    message = headed.read(b"ISO016000075" + payload(dialect, "echo"))
    assert message.mti == "0800"
    answer = headed.answer(message, Response(reason=Reason.MAC_WRONG, sign_on_again=True), None)
    assert answer[:16] == b"ISO0160000750810"
    with pytest.raises(DecodeError):
        headed.read(b"ISO016000075" + payload(dialect, "echo")[:10])


def test_the_dialects_are_opened_by_name() -> None:
    for name, codec in (("ascii87-bin", BINARY), ("ascii87-hex", HEXADECIMAL)):
        dialect = dialect_named(name)
        assert isinstance(dialect, IsoDialect)
        assert dialect.codec is codec


def test_a_channel_says_whose_codes_and_which_texts() -> None:
    options = DialectOptions(profile="private", text_in="59", language="english", header_bytes=4)
    dialect = dialect_named("ascii87-hex", options)
    message = dialect.read(b"HEAD" + payload(ASCII87_HEXADECIMAL, "purchase"))
    refused = Response(reason=Reason.KEYS_MISSING)
    answer = dialect.answer(message, refused, None)
    assert answer.startswith(b"HEAD0210")
    fields = ASCII87_HEXADECIMAL.split(answer[4:]).fields
    assert (fields["39"], fields["59"]) == ("A8", "no working keys: sign on")
    with pytest.raises(DialectError, match=r"nobody.*Next: name one of private, unionpay"):
        dialect_named("pos", DialectOptions(profile="nobody"))


def test_every_kind_of_a_terminal_is_spelled_and_answered() -> None:
    spelled = {row.means for row in SPELLINGS if isinstance(row.means, Kind)}
    assert spelled == set(ANSWERS) == set(Kind) - SAID_BY_NO_TERMINAL
