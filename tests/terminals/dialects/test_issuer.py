"""Speaking to an issuer's host: what is asked, and which answers are believed."""

import datetime as dt
import zoneinfo
from typing import Any

import msgspec
import pytest

from host.model.money import Money
from host.model.requests import ExchangeKey, Family, Kind, Original, PinBlock, Request
from host.model.responses import RESPONSE_CODES, Reason
from host.model.secrets import Pan, Secret
from terminals.codec import DecodeError
from terminals.dialects import issuer
from terminals.dialects.issuer import MismatchError, OriginalSent, Parties, Sending

PARTIES = Parties(
    acquirer_id="48882900",
    forwarding_id="123",
    issuer_id="12345678",
    zone=zoneinfo.ZoneInfo("Asia/Shanghai"),
)
AT = dt.datetime(2026, 12, 31, 16, 30, 5, tzinfo=dt.UTC)
"""In Shanghai it is the next year already."""
SENDING = Sending(trace=77, sent_at=AT, reference="0101FA000077")
SALE = OriginalSent(
    kind=Kind.PURCHASE,
    trace=42,
    sent_at=AT - dt.timedelta(hours=1),
    reference="1231FA000042",
    auth_code="I00001",
)
KEY = ExchangeKey("pos", "80010001", "000012", "000005", Family.FINANCIAL)


def request_of(kind: Kind, **changes) -> Request:
    values: dict[str, Any] = {
        "kind": kind,
        "key": KEY,
        "merchant_id": "888290054110001",
        "pan": Pan("6212345678901234"),
        "expiry": "3012",
        "amount": Money(12345, "CNY"),
        "entry_mode": "021",
    }
    return Request(**(values | changes))


def asked_of(kind: Kind = Kind.PURCHASE) -> dict[str, str]:
    return issuer.trade_fields(request_of(kind), SENDING, None, PARTIES)


def told(**changes: str) -> dict[str, str]:
    fields = {"t": "0210", "3": "000000", "4": "000000012345", "11": "000077", "39": "00"}
    return fields | {name[1:]: value for name, value in changes.items()}


def test_a_purchase_in_full():
    assert asked_of() == {
        "t": "0200",
        "2": "6212345678901234",
        "3": "000000",
        "4": "000000012345",
        "7": "1231163005",
        "11": "000077",
        "12": "003005",
        "13": "0101",
        "14": "3012",
        "22": "022",
        "25": "00",
        "32": "48882900",
        "33": "123",
        "37": "0101FA000077",
        "41": "80010001",
        "42": "888290054110001",
        "49": "156",
    }


@pytest.mark.parametrize("kind", [*issuer.ROWS, Kind.REVERSAL])
@pytest.mark.parametrize("is_repeat", [False, True])
def test_what_is_asked_reads_back_as_it_was_written(kind: Kind, is_repeat: bool):
    sending = Sending(trace=77, sent_at=AT, reference="0101FA000077", is_repeat=is_repeat)
    original = SALE if kind in {Kind.REVERSAL, Kind.VOID} else None
    fields = issuer.trade_fields(request_of(kind), sending, original, PARTIES)
    names = [int(name) for name in fields if name != "t"]
    assert names == sorted(names)
    assert fields["t"][3] == str(int(is_repeat))
    read = issuer.decode(issuer.CODEC.encode(fields))
    assert {name: read[name] for name in fields} == fields


def test_a_pin_under_the_zone_key_is_carried_and_the_terminals_own_never():
    typed = PinBlock(0, Secret(bytes(8)))
    bare = issuer.trade_fields(request_of(Kind.PURCHASE, pin=typed), SENDING, None, PARTIES)
    assert bare == asked_of()
    under_zone = PinBlock(0, Secret.from_hex("0F1E2D3C4B5A6978"))
    sending = msgspec.structs.replace(SENDING, pin=under_zone)
    fields = issuer.trade_fields(request_of(Kind.PURCHASE, pin=typed), sending, None, PARTIES)
    pin = {"22": "021", "26": "12", "52": "0F1E2D3C4B5A6978", "53": "2600000000000000"}
    assert fields == asked_of() | pin
    assert list(fields) == ["t", *sorted(set(fields) - {"t"}, key=int)]
    assert issuer.decode(issuer.CODEC.encode(fields)).items() >= fields.items()


def test_a_reversal_names_its_original_and_no_card():
    request = request_of(Kind.REVERSAL, pan=None, expiry=None, key=KEY.of_family(Family.REVERSAL))
    fields = issuer.trade_fields(request, SENDING, SALE, PARTIES)
    assert (fields["t"], fields["3"]) == ("0420", "000000")
    assert fields["90"] == "0200" + "000042" + "1231153005" + "00048882900" + "00000000123"
    assert (fields["37"], fields["38"], fields["11"]) == ("1231FA000042", "I00001", "000077")
    assert "2" not in fields


def test_a_refund_is_known_by_the_reference_of_its_purchase():
    original = Original(rrn="112200000007")
    fields = issuer.trade_fields(request_of(Kind.REFUND, original=original), SENDING, None, PARTIES)
    assert (fields["t"], fields["3"], fields["37"]) == ("0220", "200000", "112200000007")


def test_an_inquiry_has_no_amount():
    fields = issuer.trade_fields(
        request_of(Kind.BALANCE_INQUIRY, amount=None), SENDING, None, PARTIES
    )
    assert not fields.keys() & {"4", "49"}


def test_an_approval_becomes_an_answer():
    response = issuer.response_of(
        asked_of(),
        told(f37="999900000001", f38="I00009", f15="1231", f54="1002156C000000087655"),
        PARTIES,
        AT,
    )
    assert response.is_approved
    assert (response.rrn, response.auth_code) == ("999900000001", "I00009")
    assert (response.local_time, response.business_date) == ("20270101003005", "20261231")
    assert response.balance == Money(87655, "CNY")
    assert (response.issuer_id, response.acquirer_id) == ("12345678", "48882900")


@pytest.mark.parametrize("reason", sorted(set(issuer.REASONS.values()) - {Reason.TIMED_OUT}))
def test_every_code_has_its_reason_and_only_approvals_carry_more(reason: Reason):
    [code, *_] = [code for code, means in issuer.REASONS.items() if means is reason]
    response = issuer.response_of(asked_of(), told(f39=code, f38="I00009"), PARTIES, AT)
    assert response.reason is reason
    assert (response.auth_code is not None) == response.is_approved


def test_a_shared_code_means_the_first_of_our_table():
    first: dict[str, Reason] = {}
    for reason, row in RESPONSE_CODES.items():
        first.setdefault(row.f39, reason)
    assert issuer.REASONS["22"] is first["22"]
    assert issuer.REASONS["00"] is Reason.APPROVED


def test_a_code_that_is_none_of_ours_approves_nothing():
    response = issuer.response_of(asked_of(), told(f39="ZZ"), PARTIES, AT)
    assert response.reason is issuer.OTHER_DECLINE


@pytest.mark.parametrize(
    "wrong",
    [
        told(f4="000000012344"),
        told(f3="200000"),
        told(f39="10", f4="000000000100"),
        told(f39="10"),
        told(f39="68"),
        told(f39="98"),
        told(f39=""),
        told(ft="0430") | {"t": "0430"},
    ],
)
def test_an_answer_that_decides_something_else_is_not_believed(wrong: dict[str, str]):
    with pytest.raises(MismatchError):
        issuer.response_of(asked_of(), wrong, PARTIES, AT)


@pytest.mark.parametrize(
    "balance", ["", "1002156C", "1002156CABCDEFGHIJKL", "1002999C000000087655"]
)
def test_a_balance_that_cannot_be_read_is_none(balance: str):
    response = issuer.response_of(asked_of(), told(f54=balance), PARTIES, AT)
    assert response.balance is None


def test_management_and_its_answer():
    fields = issuer.management_fields(issuer.ECHO, 9, AT)
    assert fields == {"t": "0800", "7": "1231163005", "11": "000009", "70": "301"}
    assert issuer.management_answer(fields) == fields | {"t": "0810", "39": "00"}
    read = issuer.decode(issuer.CODEC.encode(issuer.management_answer(fields)))
    assert issuer.is_answer(read["t"])
    assert not issuer.is_answer(fields["t"])


def test_an_answer_pairs_with_its_request_by_class_terminal_and_trace():
    assert issuer.correlation_of(asked_of() | {"t": "0220"}) == ("02", "80010001", "000077")
    assert issuer.correlation_of(told(f41="80010001")) == ("02", "80010001", "000077")
    assert issuer.correlation_of(told(f41="80010001") | {"t": "0430"})[0] == "04"


def test_noise_is_no_message():
    with pytest.raises(DecodeError):
        issuer.decode(b"0210 is how it begins, and no more")
