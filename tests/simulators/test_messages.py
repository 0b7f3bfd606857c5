"""The simulator says, byte for byte, what the worked messages say."""

import pytest

from host.estate.demo import FIRST_TERMINAL, demo_estate
from host.hsm.mac import mac_for
from host.model.requests import Kind
from host.model.secrets import Secret
from simulators import messages
from simulators.messages import Fields, Sale, Who
from terminals.dialects.pos import POS
from tests.terminals.frames import PAYLOADS

assert FIRST_TERMINAL.working is not None
CARD = demo_estate().cards[0]
WHO = Who(
    terminal_id="80010001",
    merchant_id="888290054110001",
    batch="000012",
    pik=FIRST_TERMINAL.working.pik,
)
MAC = mac_for(FIRST_TERMINAL.mac_algorithm, FIRST_TERMINAL.working.mak)
SALE = Sale(
    kind=Kind.PURCHASE,
    card=CARD,
    amount_minor=12_345,
    batch="000012",
    trace="000002",
    rrn="093102000002",
    auth_code="A00002",
    date="1122",
    slot="pos/80010001/000012/000002/f",
)
PURCHASE = messages.swiped(
    Kind.PURCHASE, WHO, "000002", CARD, amount_minor=12_345, pin=Secret(b"123456")
)
TOP_UP = messages.swiped(Kind.CASH_LOAD, WHO, "000008", CARD, amount_minor=20_000)

SEALED: dict[str, Fields] = {
    "stored-value-purchase-123.45-with-PIN": PURCHASE,
    "reversal-of-the-purchase-timeout": messages.reversal(PURCHASE, "98"),
    "balance-inquiry": messages.swiped(
        Kind.BALANCE_INQUIRY, WHO, "000003", CARD, pin=Secret(b"123456")
    ),
    "void-of-trace-000002": messages.void(WHO, "000004", SALE),
    "points-purchase-product-code-in-F62": messages.swiped(
        Kind.POINTS_REDEMPTION, WHO, "000006", CARD, amount_minor=5_000
    ),
    "top-up-confirm-same-STAN": messages.confirm(TOP_UP, CARD, "093530000008"),
}
PLAIN: dict[str, Fields] = {
    "sign-on-request": messages.sign_on(WHO, "000001", "003", "312580010001"),
    "sign-on-request-with-TDK": messages.sign_on(WHO, "000001", "004", "312580010001"),
    "sign-off": messages.sign_off(WHO, "000012"),
    "echo-test": messages.echo(WHO),
}


@pytest.mark.parametrize("name", SEALED)
def test_a_sealed_request_is_the_worked_one(name: str) -> None:
    said = POS.compose(messages.TPDU, messages.HEADER, dict(SEALED[name]), MAC)
    assert said.hex() == PAYLOADS[name].hex()


@pytest.mark.parametrize("name", PLAIN)
def test_a_network_request_is_the_worked_one(name: str) -> None:
    said = POS.compose(messages.TPDU, messages.HEADER, dict(PLAIN[name]), None)
    assert said.hex() == PAYLOADS[name].hex()


def test_a_refund_is_the_worked_one() -> None:
    asked = messages.refund(
        Who(terminal_id="80010001", merchant_id="888290054110001", batch="000013"),
        "000005",
        SALE,
        2_000,
    )
    worked = POS.split(PAYLOADS["refund-next-day"]).fields
    del worked["64"], worked["p"]
    assert asked | {"4": worked["4"]} == worked


def test_a_top_up_is_the_worked_one_without_a_verification_before_it() -> None:
    worked = POS.split(PAYLOADS["cash-top-up-200.00"]).fields
    for name in ("p", "37", "61", "64"):
        del worked[name]
    assert worked == TOP_UP


def test_a_reversal_keeps_no_secret_of_its_original() -> None:
    said = messages.reversal(PURCHASE, "98")
    assert not {"26", "35", "36", "37", "52", "53"} & said.keys()


def test_points_are_refunded_and_voided_under_their_own_codes() -> None:
    sale = Sale(
        kind=Kind.POINTS_REDEMPTION,
        card=CARD,
        amount_minor=500,
        batch="000012",
        trace="000006",
        rrn="112200000006",
        auth_code="A00006",
        date="1122",
        slot="",
    )
    void, refund = messages.void(WHO, "000007", sale), messages.refund(WHO, "000008", sale, 500)
    assert (void["25"], void["60"][-3:]) == ("65", "048")
    assert (refund["t"], refund["60"][-3:]) == ("0220", "065")
