"""What was sold is voided by people of its merchant, as its till would have voided it.

The poster does it, by the very kind that a till asks for, in the line of the terminal that sold: so
its batch is open still, and counts the void. A till that does not know of that hears why what it
asks afterwards is refused, and its totals differ by a case that says so.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from host.model.money import HOUSE_CURRENCY, Money
from host.model.numbers import business_date_of
from host.model.own import Counter, OwnRequest
from host.model.requests import VOIDED_AT_OFFICE, ExchangeKey, Kind, Original
from host.model.responses import Reason
from host.office.action import Acting, Action, Result, Second
from host.office.fields import Rrn, Values
from host.office.jobs import AtWork, JobRefusedError, begin_job
from host.office.people import Grant
from host.office.records import DONE, write_line
from host.office.refusals import FIELD, NOT_YOUR_ROLE, SPENT_POINTS, UNDONE, WINDOW, Refusal
from host.office.roles import MO, MP, PA, PO, ROLES, SC, SM
from host.office.stock_refusals import refusal_of
from host.office.subjects import Ref
from host.rules.settlement import DATED, BatchName, settled_in
from host.rules.state import NO_CARD
from host.stock import gifts
from host.store.connecting import Connection
from host.store.queries import load_queries
from host.store.settlement import ask_settled, settled_batches
from host.store.trace import open_date, shard_count_of

OFFICE: Final = "office"
"""How the keys of what people ask for begin."""
SQL: Final = load_queries("host.office", "transactions.sql")
VOID: Final = "transaction.void"
WHY_NOT: Final[Mapping[Reason, Refusal]] = {
    Reason.OUTSIDE_WINDOW: Refusal(WINDOW),
    Reason.ORIGINAL_VOIDED: Refusal(UNDONE),
    Reason.INSUFFICIENT_FUNDS: Refusal(SPENT_POINTS),
}


class TransactionVoid(Values, frozen=True, kw_only=True):
    """By the RRN of what was sold: whole, and in its terminal's open batch."""

    rrn: Rrn


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What the job is left with."""

    kind: Kind
    original: Original
    card: int
    amount: Money
    counter: Counter
    till: str
    login: str
    grant: Grant
    approval: int | None = None


class Sold(msgspec.Struct, frozen=True):
    """A row of `sold`."""

    shard: int
    seal: int
    slot: str
    card: int
    terminal: str | None
    epoch: str | None

    @property
    def key(self) -> ExchangeKey:
        """By which it was asked for."""
        return msgspec.convert(self.slot.split("/"), ExchangeKey)


def post_void(at_work: AtWork) -> int:
    """Ask the poster to void it: the one step of the job."""
    plan, job = msgspec.convert(at_work.job.plan, Plan), at_work.job
    answer = at_work.ask(
        OwnRequest(
            kind=plan.kind,
            key=at_work.key(plan),
            card=gifts.card_at(at_work.connection, plan.card),
            amount=plan.amount,
            counter=plan.counter,
            original=plan.original,
            till=plan.till,
        )
    )
    line = at_work.line(plan)
    if not answer.is_approved:
        refusal = WHY_NOT.get(answer.reason)
        raise JobRefusedError(refusal or refusal_of(gifts.refusal_of(answer.reason)), line)
    line.before, line.after = {"is_valid": True}, {"is_valid": False, "rrn": answer.rrn}
    write_line(at_work.connection, line, DONE)
    return job.total


def _void(acting: Acting, values: TransactionVoid) -> Result:
    """What the poster would say no to is refused at once; it has the last word all the same."""
    found, content = acting.subject, acting.subject.content
    assert isinstance(found.id, int), "transactions are numbered"
    kind = VOIDED_AT_OFFICE.get(content["kind"])
    sold = _sold(acting.connection, found.id)
    if acting.grant.role == SC and not (kind is Kind.VOUCHER_VOID and _is_own(acting, sold)):
        raise Refusal(NOT_YOUR_ROLE, role=ROLES[SC])
    if kind is None or found.place.merchant_id is None:
        problem = "it is no sale, no payment by points and no voucher"
        raise Refusal(FIELD, field="rrn", problem=problem)
    if sold.card == NO_CARD:
        problem = "another house's issuer has approved it: void it at its till"
        raise Refusal(FIELD, field="rrn", problem=problem)
    if not content["is_valid"] or content["refunded_minor"]:
        raise Refusal(UNDONE)
    if _is_settled(acting.connection, sold, found.id, kind):
        raise Refusal(WINDOW)
    plan = Plan(
        kind=kind,
        original=Original(key=sold.key, rrn=values.rrn),
        card=sold.card,
        amount=Money(content["amount_minor"], content["unit"]),
        counter=Counter(found.place.merchant_id, found.place.store_id or 0),
        till=sold.terminal or "",
        login=acting.who.login,
        grant=acting.grant,
        approval=acting.approval,
    )
    return Result(told={"job": begin_job(acting, VOID, found, total=1, plan=plan)})


def _sold(connection: Connection, number: int) -> Sold:
    told = {"number": number, "shards": list(range(shard_count_of(connection)))}
    row = connection.execute(SQL["sold"], told).fetchone()
    assert row is not None, "it is the subject"
    return Sold(*row)


def _is_own(acting: Acting, sold: Sold) -> bool:
    """Whether who asks has redeemed it themselves, at the office."""
    key = sold.key
    return (key.institution, key.terminal_id) == (OFFICE, acting.who.login)


def _is_settled(connection: Connection, sold: Sold, number: int, kind: Kind) -> bool:
    """Whether its batch is behind its terminal; of a voucher, its business date."""
    key = sold.key
    if kind is Kind.VOUCHER_VOID and business_date_of(number) != open_date(connection):
        return True
    if sold.epoch is None:
        return False
    if key.institution not in DATED and key.epoch != sold.epoch:
        return True
    batch = BatchName(key.institution, key.terminal_id, key.epoch)
    settled = settled_batches(connection.execute(*ask_settled([batch])).fetchall())
    return settled_in(settled, batch, (sold.shard, sold.seal)) is not None


def _is_above_limit(acting: Acting, _values: TransactionVoid) -> bool:
    """Points and goods are no money, and a limit is of that: they take another person."""
    if acting.grant.role == SC:
        return False  # their own, of today: else it is refused
    limit, content = acting.grant.limit_minor, acting.subject.content
    is_money = content["unit"] == HOUSE_CURRENCY
    return limit is None or not is_money or content["amount_minor"] > limit


TRANSACTION_VOID: Final = Action(
    id=VOID,
    en="Void what was sold",
    zh="撤销",
    values=TransactionVoid,
    roles=frozenset({MP, SM, SC}),
    do=_void,
    about=lambda values: Ref("transaction", values.rrn),
    second=Second.WHEN,
    second_when=_is_above_limit,
    approvers=frozenset({MP, SM, MO, PO, PA}),
)
