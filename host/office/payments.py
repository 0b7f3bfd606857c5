"""Payments for a bank: ISO 20022 pain.001.001.09 (CustomerCreditTransferInitiation), as one file.

One payer, one day of execution, a payment a payee. Nothing in it is of the moment at which it is
written, so that the same payments are the same bytes; and none leaves that `payment_elements`
finds fault with.
"""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree as ET

from host.model.money import Money
from host.office.payment_elements import NAMESPACE, PaymentFault, faults_of

BIC: Final = re.compile(r"[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?")
IBAN: Final = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
CHINESE_CLEARING: Final = "CNAPS"
"""ExternalClearingSystemIdentification1Code of banks that are named by 12 digits."""
CHECKED_BY: Final = 97
"""ISO 13616: the number, its first four at the end and letters as numbers, leaves 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BankAccount:
    """Whose, by IBAN or domestic number, at a bank by BIC or domestic number."""

    holder: str
    account: str
    bank: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """One of them."""

    end_to_end_id: str
    amount: Money
    payee: BankAccount


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """All of a file."""

    message_id: str
    made_at: dt.datetime
    pay_on: dt.date
    payer: BankAccount
    payments: Sequence[Payment]


def iban_is_whole(iban: str) -> bool:
    """Whether its check digits are those of the rest."""
    turned = iban[4:] + iban[:4]
    return int("".join(str(int(letter, 36)) for letter in turned)) % CHECKED_BY == 1


def document_of(instruction: Instruction) -> bytes:
    """The file.

    Raises:
        PaymentFault: no bank would take it: where, and why.
    """
    root = ET.Element("Document", {"xmlns": NAMESPACE})
    whole = ET.SubElement(root, "CstmrCdtTrfInitn")
    _header(ET.SubElement(whole, "GrpHdr"), instruction)
    _payments(ET.SubElement(whole, "PmtInf"), instruction)
    faults = list(faults_of(root))
    if faults:
        raise PaymentFault(faults[0])
    ET.indent(root, " ")
    told: bytes = ET.tostring(root, encoding="UTF-8", xml_declaration=True)
    return told + b"\n"


def _header(header: ET.Element, instruction: Instruction) -> None:
    made_at = instruction.made_at.astimezone(dt.UTC)
    _text(header, "MsgId", instruction.message_id)
    _text(header, "CreDtTm", f"{made_at:%Y-%m-%dT%H:%M:%SZ}")
    _sums(header, instruction)
    _text(ET.SubElement(header, "InitgPty"), "Nm", instruction.payer.holder)


def _sums(parent: ET.Element, instruction: Instruction) -> None:
    total = sum(one.amount.amount_minor for one in instruction.payments)
    _text(parent, "NbOfTxs", str(len(instruction.payments)))
    _text(parent, "CtrlSum", _figures(Money(total, instruction.payments[0].amount.unit)))


def _payments(parent: ET.Element, instruction: Instruction) -> None:
    payer = instruction.payer
    _text(parent, "PmtInfId", instruction.message_id)
    _text(parent, "PmtMtd", "TRF")
    _sums(parent, instruction)
    _text(ET.SubElement(parent, "ReqdExctnDt"), "Dt", instruction.pay_on.isoformat())
    _text(ET.SubElement(parent, "Dbtr"), "Nm", payer.holder)
    _account(ET.SubElement(parent, "DbtrAcct"), payer)
    _bank(ET.SubElement(parent, "DbtrAgt"), payer)
    for payment in instruction.payments:
        _payment(ET.SubElement(parent, "CdtTrfTxInf"), payment)


def _payment(parent: ET.Element, payment: Payment) -> None:
    _text(ET.SubElement(parent, "PmtId"), "EndToEndId", payment.end_to_end_id)
    amount = ET.SubElement(parent, "Amt")
    _text(amount, "InstdAmt", _figures(payment.amount)).set("Ccy", payment.amount.unit)
    _bank(ET.SubElement(parent, "CdtrAgt"), payment.payee)
    _text(ET.SubElement(parent, "Cdtr"), "Nm", payment.payee.holder)
    _account(ET.SubElement(parent, "CdtrAcct"), payment.payee)


def _account(parent: ET.Element, account: BankAccount) -> None:
    number = ET.SubElement(parent, "Id")
    if IBAN.fullmatch(account.account):
        _text(number, "IBAN", account.account)
    else:
        _text(ET.SubElement(number, "Othr"), "Id", account.account)


def _bank(parent: ET.Element, account: BankAccount) -> None:
    bank = ET.SubElement(parent, "FinInstnId")
    if BIC.fullmatch(account.bank):
        _text(bank, "BICFI", account.bank)
        return
    member = ET.SubElement(bank, "ClrSysMmbId")
    _text(ET.SubElement(member, "ClrSysId"), "Cd", CHINESE_CLEARING)
    _text(member, "MmbId", account.bank)


def _figures(amount: Money) -> str:
    return amount.figures.replace(",", "")


def _text(parent: ET.Element, name: str, text: str) -> ET.Element:
    element = ET.SubElement(parent, name)
    element.text = text
    return element
