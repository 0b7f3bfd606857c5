"""A payment file holds what a bank's schema has, each in its place, or does not leave."""

import datetime as dt
from xml.etree import ElementTree as ET

import pytest

from host.model.money import Money
from host.office.payment_elements import PaymentFault, faults_of
from host.office.payments import (
    BankAccount,
    Instruction,
    Payment,
    document_of,
    iban_is_whole,
)

HOUSE = BankAccount(holder="House", account="6222020200112230001", bank="102100099996")
SHOP = BankAccount(holder="Shop", account="DE89370400440532013000", bank="COBADEFFXXX")
SPACE = "{urn:iso:std:iso:20022:tech:xsd:pain.001.001.09}"


def instruction(payee: BankAccount = SHOP, name: str = "20261121-1", minor: int = 5) -> Instruction:
    return Instruction(
        message_id="PAYOUT-1",
        made_at=dt.datetime(2026, 11, 22, 8, 0, 1, 999, tzinfo=dt.timezone(dt.timedelta(hours=8))),
        pay_on=dt.date(2026, 11, 22),
        payer=HOUSE,
        payments=[Payment(end_to_end_id=name, amount=Money(minor, "CNY"), payee=payee)],
    )


def bare(document: bytes) -> ET.Element:
    """Without the namespace, as rows name elements."""
    root = ET.fromstring(document)
    for element in root.iter():
        element.tag = element.tag.removeprefix(SPACE)
        if element.text is not None and not element.text.strip():
            element.text = None
    return root


def test_a_file_is_written_in_utc_and_the_same_again() -> None:
    document = document_of(instruction())
    assert document == document_of(instruction())
    assert b"<CreDtTm>2026-11-22T00:00:01Z</CreDtTm>" in document
    assert b'<InstdAmt Ccy="CNY">0.05</InstdAmt>' in document
    assert list(faults_of(bare(document))) == []


@pytest.mark.parametrize(
    "wrong",
    [
        instruction(BankAccount(holder="Sh\x01op", account=SHOP.account, bank=SHOP.bank)),
        instruction(BankAccount(holder="", account=SHOP.account, bank=SHOP.bank)),
        instruction(BankAccount(holder="S" * 141, account=SHOP.account, bank=SHOP.bank)),
        instruction(name="x" * 36),
        instruction(minor=0),
        instruction(minor=-5),
        instruction(minor=10**15),
    ],
)
def test_what_no_bank_takes_does_not_leave(wrong: Instruction) -> None:
    with pytest.raises(PaymentFault):
        document_of(wrong)


PMT = "CstmrCdtTrfInitn/PmtInf"


@pytest.mark.parametrize(
    ("path", "change"),
    [
        (PMT, lambda found: found.insert(0, found[-1])),
        (PMT, lambda found: found.remove(found[1])),
        (PMT, lambda found: found.append(ET.Element("Ustrd"))),
        (f"{PMT}/CdtTrfTxInf/Amt/InstdAmt", lambda found: found.set("Ccy", "cny")),
        (f"{PMT}/CdtTrfTxInf/Amt/InstdAmt", lambda found: found.attrib.clear()),
        (f"{PMT}/CdtTrfTxInf/Amt/InstdAmt", lambda found: found.append(ET.Element("X"))),
        (f"{PMT}/CdtTrfTxInf/CdtrAcct/Id", lambda found: found.clear()),
        (f"{PMT}/PmtMtd", lambda found: setattr(found, "text", "CHK")),
    ],
)
def test_an_element_that_is_not_as_its_row_says_is_a_fault(path, change) -> None:
    root = bare(document_of(instruction()))
    found = root.find(path)
    assert found is not None
    change(found)
    assert list(faults_of(root))


@pytest.mark.parametrize(
    ("iban", "is_whole"),
    [(SHOP.account, True), ("DE89370400440532013001", False), ("GB82WEST12345698765432", True)],
)
def test_an_iban_is_told_by_its_check_digits(iban: str, *, is_whole: bool) -> None:
    assert iban_is_whole(iban) is is_whole
