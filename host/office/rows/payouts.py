"""Payouts: merchants are paid what their statements come to, by a file for the bank.

Finance asks and another person agrees. What is asked for is frozen as the statements that it is, so
that what is agreed to is what is paid; whoever is owed less than the least, or has no account that
has stood for a day, waits for the next.
"""

import base64
import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from host.model.money import Money
from host.model.word import Word
from host.office.action import Acting, Action, Result, Second, Step
from host.office.fields import MerchantId, Number, Values
from host.office.payable import (
    HOUSE,
    RETURNED,
    SQL,
    Account,
    Due,
    accounts_of,
    all_due,
    least_of,
    refusal_of,
    refusal_of_account,
)
from host.office.payable import Statement as Paid
from host.office.payment_elements import PAYMENTS_MAX, PaymentFault
from host.office.payments import (
    IBAN,
    BankAccount,
    Instruction,
    Payment,
    document_of,
    iban_is_whole,
)
from host.office.payout_refusals import NO_FILE, NOTHING_DUE
from host.office.places import Scope
from host.office.refusals import FIELD, NOT_FOUND, SAME_PERSON, Refusal
from host.office.roles import AU, FN, MO, PA
from host.office.subjects import THE_PLATFORM, Ref
from host.office.view import Column, Filter, How, View
from host.rules.payout_states import INSTRUCT, RETURN, PayoutState
from host.store.connecting import Connection

ACCOUNT_SAVE: Final = "payout_account.save"
PRINT: Final = "payout.print"
DAYS_BACK: Final = 92
"""Statements that are older are paid by their names."""
STATEMENTS_MAX: Final = 5_000
"""Of one payment file."""
_NOBODY_YET: Final = "-"
"""Who has agreed, while it is only tried what it would do."""
_ALTERED: Final = Word("it is not what was agreed to", "与批准时不符")
Holder = Annotated[
    str, Meta(min_length=1, max_length=140, pattern=r"^[^\x00-\x1f\x7f\ufffe\uffff]+$")
]
AccountNumber = Annotated[str, Meta(pattern=r"^([A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}|[0-9]{5,34})$")]
BankCode = Annotated[str, Meta(pattern=r"^([A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?|[0-9]{12})$")]
Statement = Annotated[
    str, Meta(pattern=r"^20[0-9]{6}-[1-9][0-9]{0,8}(-merchant|-issuer|-returned)?$")
]


class PayoutAccountSave(Values, frozen=True, kw_only=True):
    """Whose account; without a merchant, the house's own, from which it pays."""

    merchant: MerchantId | None = None
    account_holder: Holder
    account_number: AccountNumber
    """An IBAN, or a domestic number."""
    bank_code: BankCode
    """A BIC, or the 12 digits by which banks at home are named."""


class PayoutInstruct(Values, frozen=True, kw_only=True):
    """Up to which business date, and which statements; without any, all of the 92 days to it."""

    date: dt.date
    settlements: tuple[Statement, ...] = ()


class PayoutPrint(Values, frozen=True, kw_only=True):
    """Which payment file."""

    payment_file: Number


def _save(acting: Acting, values: PayoutAccountSave) -> Result:
    number = values.account_number
    if IBAN.fullmatch(number) and not iban_is_whole(number):
        raise Refusal(FIELD, field="account_number", problem="its check digits are not right")
    told = {
        "merchant": acting.subject.id if values.merchant is not None else None,
        "holder": values.account_holder,
        "account": number,
        "bank": values.bank_code,
        "now": acting.now,
        "set_by": acting.who.login,
        "agreed_by": acting.agreed_by or _NOBODY_YET,
    }
    acting.connection.execute(SQL["add_payout_account"], told)
    return Result(beside={"account": f"****{number[-4:]}", "bank": values.bank_code})


def _settled(acting: Acting, values: PayoutInstruct) -> PayoutInstruct:
    """All statements by their names."""
    named = [one.name for due in _chosen(acting, values) for one in due.statements]
    return msgspec.structs.replace(values, settlements=tuple(named))


def _chosen(acting: Acting, values: PayoutInstruct) -> list[Due]:
    """Whom it pays.

    Raises:
        Refusal: one that is named cannot be paid, or nobody is left.
    """
    named = frozenset(values.settlements)
    if len(named) != len(values.settlements) or len(named) > STATEMENTS_MAX:
        problem = f"each once, {STATEMENTS_MAX} at most"
        raise Refusal(FIELD, field="settlements", problem=problem)
    since = _day(min(named)) if named else values.date - dt.timedelta(days=DAYS_BACK)
    found, least = (
        all_due(acting.connection, since, values.date, named),
        least_of(acting.connection),
    )
    missing = named - {one.name for due in found for one in due.statements}
    if missing:
        raise Refusal(NOTHING_DUE, which=min(missing))
    refusals = {due: refusal_of(due, least, acting.now) for due in found}
    ready = [due for due, refusal in refusals.items() if refusal is None]
    why = next(filter(None, refusals.values()), None)
    if why is not None and (named or not ready):
        raise why
    if not ready:
        raise Refusal(NOTHING_DUE, which=values.date.isoformat())
    return ready if named else _first(ready)


def _day(statement: str) -> dt.date:
    try:
        return dt.date.fromisoformat(statement.partition("-")[0])
    except ValueError:
        raise Refusal(NOTHING_DUE, which=statement) from None


def _first(ready: list[Due]) -> list[Due]:
    """So many as one file holds, each with all its statements; who is left is asked for again."""
    sums = accumulate(len(due.statements) for due in ready)
    chosen = [due for due, so_far in zip(ready, sums, strict=True) if so_far <= STATEMENTS_MAX]
    return chosen[:PAYMENTS_MAX]


def _instruct(acting: Acting, values: PayoutInstruct) -> Result:
    connection, chosen = acting.connection, _chosen(acting, values)
    payer = accounts_of(connection, [HOUSE]).get(HOUSE)
    refusal = refusal_of_account(payer, "", acting.now)
    if refusal is not None:
        raise refusal
    assert payer is not None, "it was refused"
    _refuse_who_set(acting, [payer, *(_account(due) for due in chosen)])
    row = connection.execute(SQL["next_payout_file"]).fetchone()
    assert row is not None, "an aggregate"
    file, payments = row[0], [_payment(due, values.date) for due in chosen]
    today = acting.now.astimezone().date()  # the bank's, which stands where the house does
    instruction = Instruction(
        message_id=_message_id(today, file),
        made_at=acting.now,
        pay_on=today,
        payer=payer.bank,
        payments=_in_order(payments),
    )
    told = {
        "file": file,
        "date": values.date,
        "pay_on": instruction.pay_on,
        "account": payer.id,
        "payouts": len(chosen),
        "total_minor": sum(due.amount.amount_minor for due in chosen),
        "sha256": hashlib.sha256(_document(instruction)).digest(),
        "asked_by": acting.who.login,
        "agreed_by": acting.agreed_by or _NOBODY_YET,
        "now": acting.now,
    }
    connection.execute(SQL["add_payout_file"], told)
    keep_payouts(connection, chosen, told)
    shown = {"payment_file": file, "payouts": len(chosen), "amount_minor": told["total_minor"]}
    return Result(told=shown, beside=shown)


def keep_payouts(connection: Connection, chosen: Sequence[Due], told: Mapping[str, Any]) -> None:
    """Keep what is paid of a file that is there, and of what: `told` has its date and number."""
    date = told["date"]
    statements = [one for due in chosen for one in due.statements]
    columns = {
        "merchants": [due.merchant_id for due in chosen],
        "units": [due.amount.unit for due in chosen],
        "amounts": [due.amount.amount_minor for due in chosen],
        "references": [due.end_to_end_id(date) for due in chosen],
        "accounts": [_account(due).id for due in chosen],
    }
    connection.execute(SQL["add_payouts"], {**told, **columns})
    _keep_paid(
        connection, "add_payout_statements", date, [one for one in statements if not one.side]
    )
    held = [one for one in statements if one.side not in {"", RETURNED}]
    _keep_paid(connection, "add_payout_held", date, held)
    again = [one for one in statements if one.side == RETURNED]
    _keep_paid(connection, "add_payouts_again", date, again)


def _keep_paid(connection: Connection, statement: str, date: dt.date, paid: Sequence[Paid]) -> None:
    told = {
        "date": date,
        "dates": [one.date for one in paid],
        "places": [one.place for one in paid],
        "sides": [one.side for one in paid],
    }
    connection.execute(SQL[statement], told)


def _account(due: Due) -> Account:
    assert due.account is not None, "who has none was refused"
    return due.account


def _payment(due: Due, date: dt.date) -> Payment:
    reference = due.end_to_end_id(date)
    return Payment(end_to_end_id=reference, amount=due.amount, payee=_account(due).bank)


def _in_order(payments: Iterable[Payment]) -> list[Payment]:
    return sorted(payments, key=lambda one: (one.end_to_end_id, one.amount.unit))


def _message_id(day: dt.date, file: int) -> str:
    return f"PAYOUT-{day:%Y%m%d}-{file}"


def _refuse_who_set(acting: Acting, accounts: Iterable[Account]) -> None:
    """Who said where somebody is paid does not release what is first paid there."""
    for account in accounts:
        if not account.is_used and account.set_by == acting.agreed_by:
            raise Refusal(SAME_PERSON, did="set the account for")


def _document(instruction: Instruction) -> bytes:
    try:
        return document_of(instruction)
    except PaymentFault as fault:
        raise Refusal(NO_FILE, problem=fault.problem) from None


def _foretold(acting: Acting, values: PayoutInstruct) -> dict[str, Any]:
    """How many are paid, and how much that is."""
    chosen = _chosen(acting, values)
    total = sum(due.amount.amount_minor for due in chosen)
    return {"payouts": len(chosen), "amount_minor": total}


def _print(acting: Acting, values: PayoutPrint) -> Result:
    connection, asked = acting.connection, {"file": values.payment_file}
    row = connection.execute(SQL["payout_file"], asked).fetchone()
    if row is None:
        raise Refusal(NOT_FOUND, field="payment_file", what="payment_file")
    pay_on, made_at, sha256, *payer = row
    payments = [
        Payment(end_to_end_id=reference, amount=Money(minor, unit), payee=_bank(payee))
        for reference, minor, unit, *payee in connection.execute(SQL["payouts_of_file"], asked)
    ]
    instruction = Instruction(
        message_id=_message_id(pay_on, values.payment_file),
        made_at=made_at,
        pay_on=pay_on,
        payer=_bank(payer),
        payments=_in_order(payments),
    )
    document = _document(instruction)
    if hashlib.sha256(document).digest() != bytes(sha256):
        raise Refusal(NO_FILE, problem=_ALTERED)
    content = base64.b64encode(document).decode()
    return Result(shown_once={"content": content}, beside={"payment_file": values.payment_file})


def _bank(told: Sequence[str]) -> BankAccount:
    holder, account, bank = told
    return BankAccount(holder=holder, account=account, bank=bank)


def _whose(values: PayoutAccountSave) -> Ref:
    return THE_PLATFORM if values.merchant is None else Ref("merchant", values.merchant)


SAVES: Final = Action(
    id=ACCOUNT_SAVE,
    en="Say where a merchant is paid",
    zh="收款账户",
    values=PayoutAccountSave,
    roles=frozenset({FN, MO}),
    do=_save,
    about=_whose,
    second=Second.ALWAYS,
    approvers=frozenset({FN, PA}),
    step=Step.OWN,
)
INSTRUCTS: Final = Action(
    id=INSTRUCT,
    en="Instruct payments to merchants",
    zh="生成付款指令",
    values=PayoutInstruct,
    roles=frozenset({FN}),
    do=_instruct,
    about=lambda _values: THE_PLATFORM,
    settled=_settled,
    second=Second.ALWAYS,
    approvers=frozenset({FN, PA}),
    step=Step.OWN,
    foretold=_foretold,
)
PRINTS: Final = Action(
    id=PRINT,
    en="Have a payment file",
    zh="导出付款文件",
    values=PayoutPrint,
    roles=frozenset({FN}),
    do=_print,
    about=lambda _values: THE_PLATFORM,
    hands_out=True,
    may_print=True,
)
PAYOUTS: Final = View(
    id="payouts",
    en="Payouts",
    zh="付款",
    roles=frozenset({PA, FN, AU, MO}),
    scopes=frozenset({Scope.PLATFORM, Scope.MERCHANT}),
    columns=(
        Column(name="id", kind=int),
        Column(name="business_date", kind=dt.date),
        Column(name="merchant", opens="merchants"),
        Column(name="payout_account", is_masked=True),
        Column(name="amount_minor", kind=int),
        Column(name="unit"),
        Column(name="settlements", kind=list),
        Column(name="end_to_end_id"),
        Column(name="payment_file", kind=int),
        Column(name="pay_on", kind=dt.date),
        Column(name="asked_by", hidden_from=frozenset({Scope.MERCHANT})),
        Column(name="agreed_by", hidden_from=frozenset({Scope.MERCHANT})),
        Column(name="payout_state"),
        Column(name="returned_for"),
    ),
    order=("id",),
    is_newest_first=True,
    filters=(
        Filter(name="date", column="business_date", kind=dt.date),
        Filter(name="merchant", column="merchant", beside="date"),
        Filter(name="payout_state", column="payout_state", kind=PayoutState, beside="date"),
        Filter(name="came_back", column="came_back", kind=bool, beside="date"),
        Filter(name="settlement", column="id", how=How.PAYS),
    ),
    actions=(INSTRUCT, PRINT, RETURN),
    exports="CX",
)
