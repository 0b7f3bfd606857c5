"""What an external issuer approved: posted once, undone in any order, settled with the rest.

One database serves the module; every test has a terminal of its own.
"""

import datetime as dt
import itertools
from typing import Any

import msgspec
import psycopg
import pytest
from psycopg import errors

from clearing.verify import ask
from config.run.database import Dsns
from host.cases import CaseKind
from host.estate.demo import EXTERNAL, EXTERNAL_TERMINALS
from host.ledger import Chart
from host.model.money import Money
from host.model.requests import (
    IssuerDecision,
    Kind,
    Original,
    Request,
    Response,
    Totals,
    UploadRecord,
)
from host.model.responses import Reason
from host.model.secrets import Pan
from tests.host.conftest import NOW, Till, audit_ledger, trading
from tests.host.terminal_day import FIRST_EPOCH, ZERO, Day, unsettled_terminals

EXTERNAL_PAN = "9955000000000016"
DECISION = IssuerDecision(
    issuer_id=EXTERNAL.institution_id,
    rrn="1122EX000007",
    auth_code='I"{,}1',
    card="995500******0016",
)
POISON = 66_600
"""An amount that the ledger is made to refuse."""
_TERMINALS = unsettled_terminals()


@pytest.fixture
def tid() -> str:
    """A terminal that nobody else uses."""
    return next(_TERMINALS)


class Counter:
    """A terminal that takes an external issuer's cards, as the switch tells our host of it."""

    def __init__(self, till: Till, tid: str, epoch: str = FIRST_EPOCH) -> None:
        self.till, self.tid, self.epoch = till, tid, epoch
        self.day = Day(till, tid, epoch)

    def advice(self, kind: Kind, amount: int, **more: Any) -> Request:
        request = self.till.request(
            kind, amount=amount, terminal_id=self.tid, epoch=self.epoch, key_generation=0
        )
        return msgspec.structs.replace(request, **{"decision": DECISION, **more})

    def sale(self, amount: int = 1_000, **more: Any) -> Request:
        return self.advice(Kind.PURCHASE, amount, **more)

    def void(self, sale: Request) -> Request:
        assert sale.amount is not None
        return self.advice(Kind.VOID, sale.amount.amount_minor, original=Original(key=sale.key))

    def reversal(self, request: Request) -> Request:
        return msgspec.structs.replace(self.till.reversal(request), key_generation=0)

    async def ask(self, request: Request) -> Response:
        return await self.till.ask(request)

    async def post(self, request: Request) -> None:
        answer = await self.ask(request)
        assert (answer.reason, answer.rrn) == (Reason.APPROVED, DECISION.rrn)

    def merchant_is_owed(self) -> int:
        """By the external issuer, for sales of this terminal."""
        rows = self.till.sql(
            "SELECT coalesce(sum(m.amount_minor), 0) FROM movement AS m"
            " JOIN ledger_account AS a ON a.id = m.account_id"
            " JOIN journal AS j ON j.shard = m.shard AND j.id = m.journal_id"
            " WHERE a.chart = %s AND a.issuer_id = %s AND j.terminal_id = %s",
            Chart.MERCHANT_PAYABLE.value,
            EXTERNAL.id,
            self.tid,
        )
        return int(rows[0][0])

    def issuer_owes(self) -> int:
        rows = self.till.sql(
            "SELECT coalesce(-sum(m.amount_minor), 0) FROM movement AS m"
            " JOIN ledger_account AS a ON a.id = m.account_id"
            " JOIN journal AS j ON j.shard = m.shard AND j.id = m.journal_id"
            " WHERE a.chart = %s AND a.issuer_id = %s AND j.terminal_id = %s",
            Chart.ISSUER_RECEIVABLE.value,
            EXTERNAL.id,
            self.tid,
        )
        return int(rows[0][0])

    def moved(self) -> int:
        """What both sides say, who must say the same."""
        assert self.merchant_is_owed() == self.issuer_owes()
        return self.issuer_owes()


@pytest.fixture
async def counter(shared: Till, tid: str) -> Counter:
    return Counter(shared, tid)


async def test_a_sale_is_one_leg_from_the_issuer_to_the_merchant(counter: Counter) -> None:
    sale = counter.sale(12_345)
    await counter.post(sale)
    assert counter.moved() == 12_345
    [row] = counter.till.sql(
        "SELECT j.kind, j.card_id, j.issuer_id, j.amount_minor, a.reference, a.auth_code,"
        " a.pan_masked, (SELECT count(*) FROM entry e WHERE e.journal_id = j.id)"
        " FROM journal j JOIN advice a ON a.shard = j.shard AND a.journal_id = j.id"
        " WHERE j.slot = %s",
        sale.key.text,
    )
    told = (DECISION.rrn, DECISION.auth_code, DECISION.card)
    assert row == ("purchase", 0, EXTERNAL.id, 12_345, *told, 1)


async def test_an_advice_that_comes_again_or_all_at_once_is_posted_once(counter: Counter) -> None:
    sale = counter.sale()
    answers = await counter.till.ask_all([sale] * 5)
    answers.append(await counter.ask(sale))
    assert {(one.reason, one.rrn) for one in answers} == {(Reason.APPROVED, DECISION.rrn)}
    assert counter.till.journals(sale) == 1
    assert counter.moved() == 1_000


async def test_all_that_waited_for_the_host_is_taken_at_once(counter: Counter) -> None:
    sales = [counter.sale(100) for _ in range(40)]
    answers = await counter.till.ask_all(sales)
    assert {one.reason for one in answers} == {Reason.APPROVED}
    assert counter.moved() == 4_000


async def test_another_body_under_its_key_is_refused_and_moves_nothing(counter: Counter) -> None:
    sale = counter.sale()
    await counter.post(sale)
    other = msgspec.structs.replace(sale, amount=Money(2_000, "CNY"))
    assert (await counter.ask(other)).reason is Reason.ORIGINAL_MISMATCH
    assert counter.moved() == 1_000


async def test_its_reversal_undoes_it_once(counter: Counter) -> None:
    sale = counter.sale()
    await counter.post(sale)
    for _ in range(2):
        assert (await counter.ask(counter.reversal(sale))).reason is Reason.APPROVED
    assert counter.moved() == 0
    assert (await counter.ask(sale)).reason is Reason.DUPLICATE, "undone, it stays so"
    assert counter.moved() == 0


async def test_a_reversal_that_comes_first_keeps_the_advice_out(counter: Counter) -> None:
    sale = counter.sale()
    assert (await counter.ask(counter.reversal(sale))).reason is Reason.ORIGINAL_NOT_FOUND
    assert (await counter.ask(sale)).reason is Reason.DUPLICATE
    assert (counter.till.journals(sale), counter.moved()) == (0, 0)


async def test_a_void_undoes_its_sale_and_its_own_reversal_puts_it_back(counter: Counter) -> None:
    sale = counter.sale()
    void = counter.void(sale)
    await counter.post(sale)
    await counter.post(void)
    assert counter.moved() == 0
    assert (await counter.ask(counter.reversal(void))).reason is Reason.APPROVED
    assert counter.moved() == 1_000
    await counter.post(counter.void(sale))
    assert counter.moved() == 0


async def test_its_reversal_holds_though_its_void_is_reversed_after_it(counter: Counter) -> None:
    sale = counter.sale()
    void = counter.void(sale)
    await counter.post(sale)
    await counter.post(void)
    for over in (sale, void, sale, void):
        assert (await counter.ask(counter.reversal(over))).reason is Reason.APPROVED
    assert counter.moved() == 0
    assert (await counter.ask(sale)).reason is Reason.DUPLICATE


async def test_a_void_waits_for_its_sale(counter: Counter) -> None:
    sale = counter.sale()
    void = counter.void(sale)
    assert (await counter.ask(void)).reason is Reason.IN_PROGRESS
    await counter.post(sale)
    await counter.post(void)
    assert counter.moved() == 0


async def test_a_void_of_what_was_undone_or_of_another_amount_is_not_posted(
    counter: Counter,
) -> None:
    sale, reversed_, early = counter.sale(), counter.sale(), counter.sale()
    for one in (sale, reversed_):
        await counter.post(one)
    await counter.ask(counter.reversal(reversed_))
    await counter.ask(counter.reversal(early))
    await counter.post(counter.void(sale))
    standing = counter.sale()
    await counter.post(standing)
    part = msgspec.structs.replace(counter.void(standing), amount=Money(500, "CNY"))
    for void, why in (
        (counter.void(sale), Reason.ORIGINAL_VOIDED),
        (counter.void(reversed_), Reason.ORIGINAL_VOIDED),
        (counter.void(early), Reason.ORIGINAL_VOIDED),
        (part, Reason.ORIGINAL_MISMATCH),
    ):
        assert (await counter.ask(void)).reason is why
        assert (await counter.ask(void)).reason is why, "nothing was stored"
    assert counter.moved() == 1_000


async def test_a_void_of_a_card_of_ours_is_not_an_issuers_to_approve(counter: Counter) -> None:
    ours, _ = await counter.day.sell(Kind.PURCHASE, 2, 700, pin="123456")
    assert (await counter.ask(counter.void(ours))).reason is Reason.ORIGINAL_NOT_FOUND
    assert counter.till.sql(
        "SELECT count(*) FROM undo u JOIN journal j ON j.id = u.original_id WHERE j.slot = %s",
        ours.key.text,
    ) == [(0,)]


async def test_a_refund_names_no_sale_of_ours(counter: Counter) -> None:
    await counter.post(counter.sale(5_000))
    refund = counter.advice(Kind.REFUND, 1_200)
    await counter.post(refund)
    await counter.post(refund)
    assert counter.moved() == 3_800
    assert (await counter.ask(counter.reversal(refund))).reason is Reason.FUNCTION_NOT_SUPPORTED


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (
            {"decision": IssuerDecision(issuer_id="12345678", rrn="1")},
            Reason.ISSUER_UNKNOWN,
        ),
        ({"amount": Money(1_000, "EUR")}, Reason.INVALID_AMOUNT),
        ({"amount": None}, Reason.INVALID_AMOUNT),
        ({"kind": Kind.CASH_LOAD}, Reason.FUNCTION_NOT_SUPPORTED),
    ],
)
async def test_what_cannot_be_posted_is_not_taken_and_may_come_again(
    counter: Counter, change: dict[str, Any], why: Reason
) -> None:
    sale = counter.sale()
    assert (await counter.ask(msgspec.structs.replace(sale, **change))).reason is why
    await counter.post(sale)
    assert counter.moved() == 1_000


async def test_what_the_ledger_can_never_take_is_told_apart_from_what_passes(
    counter: Counter,
) -> None:
    """An advice and a reversal that a constraint refuses; then one that only meets a lock."""
    sold = counter.sale(POISON)
    await counter.post(sold)
    reversal, sale, other = counter.reversal(sold), counter.sale(POISON), counter.sale(1_000)
    with psycopg.connect(counter.till.dsns.owner, autocommit=True) as owner:
        owner.execute(
            "ALTER TABLE journal ADD CONSTRAINT poisoned"
            f" CHECK (amount_minor <> {POISON}) NOT VALID"
        )
        for refused in (sale, reversal):
            assert (await counter.ask(refused)).reason is Reason.NOT_POSTABLE
        await counter.post(other)
        owner.execute("ALTER TABLE journal DROP CONSTRAINT poisoned")
    await counter.post(sale)
    assert (await counter.ask(reversal)).is_approved


@pytest.mark.parametrize(
    ("error", "is_for_good"),
    [
        (errors.CheckViolation, True),
        (errors.NotNullViolation, True),
        (errors.ForeignKeyViolation, True),
        (errors.NumericValueOutOfRange, True),
        (errors.UniqueViolation, False),
        (errors.InsufficientPrivilege, False),
        (errors.InternalError_, False),
        (KeyError, False),
    ],
)
async def test_only_what_no_repetition_can_change_is_for_good(
    counter: Counter, monkeypatch: pytest.MonkeyPatch, error: type[Exception], is_for_good: bool
) -> None:
    """A unique key is another's write, a bug and a missing grant can be mended: these pass."""

    def fail(*_told: Any) -> None:
        raise error("as the test wants it")

    sale = counter.sale()
    with monkeypatch.context() as broken:
        broken.setattr("host.store.writer.save", fail)
        expected = Reason.NOT_POSTABLE if is_for_good else Reason.MALFUNCTION
        assert (await counter.ask(sale)).reason is expected
    await counter.post(sale)


async def test_an_issuer_without_its_accounts_harms_no_neighbour(counter: Counter) -> None:
    accounts = counter.till.poster._book.accounts
    name = (Chart.ISSUER_RECEIVABLE, "CNY", EXTERNAL.id, None)
    number = accounts.pop(name)
    try:
        answers = await counter.till.ask_all(
            [counter.sale(), counter.day.till.request(Kind.POINTS_INQUIRY, 2)]
        )
    finally:
        accounts[name] = number
    assert [one.reason for one in answers] == [Reason.ISSUER_UNKNOWN, Reason.APPROVED]


async def test_what_was_approved_is_posted_though_its_terminal_was_closed_since(
    counter: Counter,
) -> None:
    terminal = counter.till.poster._book.terminals[counter.tid]
    terminal.is_active = False
    sale = counter.sale()
    await counter.post(sale)
    assert counter.moved() == 1_000


async def test_a_batch_of_both_kinds_of_cards_settles_balanced(counter: Counter) -> None:
    await counter.day.sell(Kind.PURCHASE, 3, 2_500, pin="123456")
    sale, voided, reversed_ = (counter.sale(amount) for amount in (10_000, 4_000, 900))
    for one in (sale, voided, reversed_, counter.void(voided), counter.advice(Kind.REFUND, 300)):
        await counter.post(one)
    await counter.ask(counter.reversal(reversed_))
    answer = await counter.day.settle(Totals(16_500, 3, 4_300, 2), ZERO)
    assert answer.totals_agree == (True, True)
    assert counter.day.cases() == []
    assert (await counter.day.end(0)).is_approved
    assert counter.day.summed() == counter.day.counted()


async def test_an_upload_is_compared_with_what_issuers_approved(counter: Counter) -> None:
    sale, lost, voided = counter.sale(1_000), counter.sale(2_000), counter.sale(500)
    void = counter.void(voided)
    for one in (sale, lost, voided, void):
        await counter.post(one)
    assert (await counter.day.settle(Totals(1_500, 2, 500, 1))).totals_agree == (False, True)
    kept = [(sale, 1_000), (voided, 500), (void, 500)]
    records = [UploadRecord(one.key.stan, amount, Pan(EXTERNAL_PAN)) for one, amount in kept]
    assert (await counter.day.upload(*records)).is_approved
    assert (await counter.day.end(3)).is_approved
    [case] = counter.day.cases()
    assert (case.kind, case.stan) == (CaseKind.MISSING_AT_TERMINAL, lost.key.stan)
    assert DECISION.card in case.detail


async def test_an_advice_that_comes_after_the_settlement_is_posted_and_told(
    audited_estate: Dsns, tid: str
) -> None:
    ticks = itertools.count()
    async with trading(
        audited_estate, clock=lambda: NOW + dt.timedelta(seconds=next(ticks))
    ) as till:
        counter = Counter(till, tid)
        early, late = counter.sale(1_000), counter.sale(2_000)
        await counter.post(early)
        assert (await counter.day.settle(Totals(1_000, 1))).totals_agree == (True, True)
        assert (await counter.day.end(0)).is_approved
        await counter.post(late)
        assert counter.moved() == 3_000
        assert counter.day.kinds() == [(CaseKind.ADVICE_AFTER_SETTLEMENT, late.key.stan)]
        [case] = counter.day.cases()
        assert (case.is_notice, case.amount_minor, case.unit) == (True, 2_000, "CNY")
        answer = await counter.ask(counter.reversal(late))
        assert answer.reason is Reason.ORIGINAL_NOT_FOUND


BREAKAGES = [
    ("DELETE FROM advice", {"journal_without_card"}),
    ("UPDATE journal SET card_id = 1 WHERE card_id = 0", {"journal_without_card"}),
    ("DELETE FROM undo WHERE kind = 'void'", {"undoing_journal_without_fact"}),
    (
        (
            "UPDATE entry SET credit_account = (SELECT min(id) FROM account WHERE issuer_id = 2)"
            " WHERE credit_account IN (SELECT id FROM account WHERE issuer_id = 3)"
        ),
        {"journal_of_other_parties"},
    ),
    ("UPDATE exchange SET answer = '' WHERE card_id = 0", {"chain", "advice_not_its_answer"}),
    ("UPDATE advice SET reference = '1122EX000008'", {"advice_not_its_answer"}),
    ("UPDATE advice SET reference = '', auth_code = NULL", {"advice_not_its_answer"}),
]


@pytest.mark.parametrize(("breakage", "finds"), BREAKAGES)
async def test_the_audit_names_what_an_insider_did_to_it(
    counter: Counter, module_estate: Dsns, breakage: str, finds: set[str]
) -> None:
    sale = counter.sale()
    for one in (sale, counter.void(sale), counter.sale(700)):
        await counter.post(one)
    where = psycopg.connect(module_estate.owner, autocommit=True)
    with where as owner, owner.transaction(force_rollback=True):
        owner.execute(breakage)
        assert finds <= {one.test for one in ask(owner)}


async def test_a_restart_of_the_host_between_two_deliveries_posts_once(
    estate_database: Dsns,
) -> None:
    sale: Request | None = None
    for _ in range(2):
        async with trading(estate_database) as till:
            counter = Counter(till, EXTERNAL_TERMINALS[0])
            sale = sale or counter.sale()
            await counter.post(sale)
            assert counter.moved() == 1_000
    audit_ledger(estate_database)
