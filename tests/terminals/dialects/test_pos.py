"""The UnionPay-style tables are whole, and the worked answers come out byte for byte."""

import pytest

from host.model.money import Money
from host.model.requests import Kind, Response
from host.model.responses import RESPONSE_CODES, Reason
from terminals.dialects.pos import ANSWERS, CODES, MANAGEMENT, POS, SPELLINGS, TRADES
from tests.terminals.frames import PAYLOADS, PURCHASE, fields_of, worked_mac

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


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_is_spelled_and_answered(kind: Kind) -> None:
    assert any(row.means is kind for row in SPELLINGS)
    assert kind in ANSWERS


@pytest.mark.parametrize("kind", Kind)
def test_the_fields_of_an_answer_are_ascending(kind: Kind) -> None:
    for numbers in (ANSWERS[kind].approved, ANSWERS[kind].declined):
        assert list(numbers) == sorted(set(numbers))
        assert 39 in numbers


def test_every_reason_has_a_code_terminals_know() -> None:
    assert set(CODES) == set(Reason) == set(RESPONSE_CODES)
    assert all(len(code) == 2 for code in CODES.values())


def test_no_two_rows_are_spelled_alike() -> None:
    spelled = [
        (row.mti, row.processing_code, row.condition, row.type_code, row.function, row.account)
        for row in SPELLINGS
    ]
    assert len(spelled) == len(set(spelled))


def test_every_row_has_its_name() -> None:
    assert all(row.title for row in (*TRADES, *MANAGEMENT))
