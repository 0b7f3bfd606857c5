"""An external issuer's sales in our books: processes killed on the way, and every batch balances.

Host, switch and PostgreSQL are processes; the issuer's own host is the simulator's. After each
test the issuer's book, ours and what the terminal was told are the same.
"""

import csv
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import psycopg
import pytest
import trio

from clearing.verify import audit
from host.cases import CaseKind
from host.estate.demo import EXTERNAL, EXTERNAL_TERMINALS, demo_estate, external_cards
from host.model.claims import Expected
from host.store.cases import list_cases
from simulators.faults import Fault
from simulators.issuer import Issuer, IssuerSettings
from simulators.line import Line
from simulators.messages import Sale
from simulators.record import Record
from simulators.scenario import Misfortune
from simulators.session import PosSession
from simulators.terminal import PosTerminal
from simulators.trades import Done, Settled
from tests.whole.house import House, command, metric, standing, wait_until

ESTATE = demo_estate()
CARDS = iter(external_cards())
TERMINALS = iter(EXTERNAL_TERMINALS)
ANSWER_SECONDS_MAX = 3.0
SILENT = 66_602
"""An amount that the issuer takes and does not answer."""
SWITCH = "host_seconds_max = 10.0\nsaf_retry_seconds_max = 30.0"
"""So long between two attempts that a settlement has to ask for the next."""
HOST = "statement_seconds_max = 2.0"


@dataclass
class Far:
    """The issuer's host, and where it listens."""

    issuer: Issuer
    port: int


@pytest.fixture(scope="module")
def far() -> Iterator[Far]:
    """An issuer's host in a thread of its own."""
    issuer, stop = Issuer(IssuerSettings(), external_cards()), trio.CancelScope()
    ready: list[trio.lowlevel.TrioToken] = []

    async def run() -> None:
        ready.append(trio.lowlevel.current_trio_token())
        with stop:
            await issuer.run()

    port = issuer.listen()
    thread = threading.Thread(target=trio.run, args=(run,))
    thread.start()
    yield Far(issuer, port)
    ready[0].run_sync_soon(stop.cancel)
    thread.join()
    assert not issuer.failures, issuer.failures.counts


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, far: Far) -> Iterator[House]:
    data = tmp_path_factory.mktemp("external") / "data"
    house = House(data, ESTATE, switch=SWITCH, host=HOST)
    with house.places.settings.open("a") as settings:
        settings.write(
            f'[[issuers]]\nname = "external"\nissuer_id = "{EXTERNAL.institution_id}"\n'
            f'prefixes = ["{EXTERNAL.pan_prefix}"]\naddresses = ["127.0.0.1:{far.port}"]\n'
            "seconds_max = 1.5\nretry_seconds_max = 0.2\n"
        )
    with standing(house) as house:
        yield house


@pytest.fixture
def issuer(far: Far) -> Issuer:
    return far.issuer


@pytest.fixture(autouse=True)
def all_books_agree(house: House, issuer: Issuer, record: Record) -> Iterator[None]:
    """The audit with what the terminal was told, and the issuer's book beside ours."""
    yield
    house.wait_until_reversals_are_delivered()
    with psycopg.connect(house.dsns.audit) as connection:
        assert [str(one) for one in audit(connection, record.claims())] == []
        unexpected = [one for one in list_cases(connection) if one.kind in SERIOUS]
    assert unexpected == []
    wait_until(lambda: issuer_owes(house) == -moved(issuer), "the issuer has another book")


SERIOUS = frozenset(CaseKind) - {CaseKind.UPLOAD_UNASKED}


@pytest.fixture
def record() -> Record:
    return Record()


@dataclass
class Counter:
    """A terminal that takes the issuer's cards, and what goes wrong on its line next."""

    terminal: PosTerminal
    misfortune: Misfortune

    async def sell(self, amount_minor: int) -> Sale:
        """A purchase that the issuer approves."""
        done = await self.terminal.purchase(next(CARDS), amount_minor, None)
        assert done.sale is not None, done.answer
        return done.sale

    async def lose(self, amount_minor: int) -> Done:
        """A purchase whose answer the terminal does not hear: it reverses it."""
        self.misfortune.set(Fault.DROP_ANSWER)
        return await self.terminal.purchase(next(CARDS), amount_minor, None)


@pytest.fixture
async def counter(house: House, record: Record) -> AsyncIterator[Counter]:
    terminal_id = next(TERMINALS)
    async with _standing_at(house, terminal_id, record) as counter:
        await counter.terminal.sign_on()
        await _until_the_issuer_answers(counter)
        yield counter


@asynccontextmanager
async def _standing_at(house: House, terminal_id: str, record: Record) -> AsyncIterator[Counter]:
    [plan] = [one for one in ESTATE.terminals if one.terminal_id == terminal_id]
    misfortune = Misfortune()
    line = Line("127.0.0.1", house.port, answer_seconds_max=ANSWER_SECONDS_MAX, faults=misfortune)
    async with line:
        terminal = PosTerminal(
            PosSession(plan, ESTATE.merchant_of(plan), line.ask), record, attempts_max=1_000
        )
        yield Counter(terminal, misfortune)


async def _until_the_issuer_answers(counter: Counter) -> None:
    """The switch has a line to it, and knows the terminal."""
    with trio.fail_after(30):
        while (await counter.terminal.balance(next(CARDS), None)).f39 != "00":  # noqa: ASYNC110 - it is asked over the wire
            await trio.sleep(0.1)


async def test_a_day_of_sales_voids_refunds_and_lost_answers_settles_balanced(
    house: House, counter: Counter, record: Record
) -> None:
    terminal = counter.terminal
    await counter.sell(12_345)
    voided, part = await counter.sell(5_000), await counter.sell(9_000)
    await counter.lose(700)
    assert (await terminal.void(voided)).f39 == "00"
    assert (await terminal.refund(part, 2_500)).f39 == "00"
    assert (await terminal.purchase(next(CARDS), 100_001, None)).f39 == "51"
    assert (await terminal.purchase(next(CARDS), SILENT, None)).f39 is None
    ours = ESTATE.cards[400]
    assert (await terminal.purchase(ours, 1_000, ours.pin)).f39 == "00"
    await _settle(counter)
    outcomes = [claim.outcome for claim in record.claims()]
    assert Expected.UNKNOWN not in outcomes
    assert owed_to_merchants(house) == 12_345 + 9_000 - 2_500


async def test_a_switch_killed_between_the_approval_and_its_advice_ends_in_balance(
    house: House, counter: Counter, issuer: Issuer
) -> None:
    kept = await counter.sell(1_000)
    before = issuer.book.counts["00"]
    house.switch.stop()
    house.switch.start(fault="saf_written")
    await _until_the_issuer_answers(counter)
    approved = issuer.book.counts["00"]
    assert approved > before
    lost = await counter.terminal.purchase(next(CARDS), 2_000, None)
    house.switch.wait_until_killed()
    assert lost.f39 is None
    assert issuer.book.counts["00"] == approved + 1, "it was approved"
    house.switch.start()
    await _mend(counter)
    house.switch.stop()
    house.switch.start(fault="saf_written")
    await _until_the_issuer_answers(counter)
    refund = await counter.terminal.refund(kept, 400)
    house.switch.wait_until_killed()
    assert refund.f39 is None
    house.switch.start()
    await _mend(counter)
    await _settle(counter)


async def test_what_was_told_while_the_host_was_down_is_posted_though_the_switch_dies_too(
    house: House, counter: Counter
) -> None:
    before = owed_to_merchants(house)
    house.host.kill()
    first, second = await counter.sell(3_000), await counter.sell(4_000)
    assert (await counter.terminal.void(first)).f39 == "00"
    await counter.lose(600)
    house.switch.kill()
    house.switch.start()
    assert house.reversals_stored() >= 4, "three approvals and what was undone"
    house.host.start()
    _wait_for_the_link(house)
    await _settle(counter)
    assert owed_to_merchants(house) == before + second.amount_minor


async def test_a_settlement_waits_until_the_host_has_heard_of_every_sale(
    house: House, counter: Counter
) -> None:
    house.host.kill()
    sales = [await counter.sell(1_100) for _ in range(12)]
    house.host.start(fault="after_commit_before_reply")
    _wait_for_the_link(house)
    settling = await _settled_or_lost(counter)
    house.host.wait_until_killed()
    assert not settling.agrees
    house.host.start()
    _wait_for_the_link(house)
    await _settle(counter)
    slots = ",".join(f"'{sale.slot}'" for sale in sales)
    [(posted,)] = house.rows(f"SELECT count(*) FROM journal WHERE slot IN ({slots})")
    assert posted == len(sales), "each once, though one was delivered twice"


def test_the_night_writes_the_issuers_file(house: House) -> None:
    """With the references that the issuer knows, and no number of a card."""
    told = command("clearing", "run", data=house.places.data)
    assert told.returncode == 0, told.stderr
    [file] = house.places.files.glob(f"*/issuer-{EXTERNAL.institution_id}.csv")
    rows = list(csv.DictReader(file.read_text().splitlines()))
    details = [row for row in rows if row["record"] == "DETAIL"]
    [total] = [row for row in rows if row["record"] == "TOTAL"]
    assert {row["kind"] for row in details} >= {"purchase", "void", "refund"}
    assert all(row["card"].startswith("9955") and "*" in row["card"] for row in details)
    purchases = {row["rrn"]: row for row in details if row["kind"] == "purchase"}
    assert all("EX" in rrn for rrn in purchases)
    voids = [row for row in details if row["kind"] == "void"]
    assert all(row["original_rrn"] in purchases for row in voids)
    assert total["amount"].replace(".", "") == str(owed_to_merchants(house))


async def _mend(counter: Counter) -> None:
    """What was not answered is sent until it is: the issuer's line may not stand yet."""
    with trio.fail_after(30):
        while counter.terminal.has_pending:
            await counter.terminal.mend()


async def _settle(counter: Counter) -> None:
    settled = await counter.terminal.settle()
    assert (settled.agrees, settled.uploaded) == (True, 0), settled


async def _settled_or_lost(counter: Counter) -> Settled:
    """One try, as a cashier would who gives up when nothing is said."""
    counter.terminal._attempts_max = 1
    try:
        return await counter.terminal.settle()
    finally:
        counter.terminal._attempts_max = 1_000


def _wait_for_the_link(house: House) -> None:
    wait_until(
        lambda: metric(house.switch_metrics, "posswitch_switch_link_up") == 1,
        "the switch did not find the host",
    )


def owed_to_merchants(house: House) -> int:
    """By the external issuer, in all."""
    return _balance(house, "merchant_payable")


def issuer_owes(house: House) -> int:
    return -_balance(house, "issuer_receivable")


def moved(issuer: Issuer) -> int:
    """What the issuer's cards gained or lost."""
    return sum(issuer.moved_minor(card) for card in external_cards())


def _balance(house: House, chart: str) -> int:
    [(minor,)] = house.rows(
        "SELECT coalesce(sum(m.amount_minor), 0)::bigint FROM movement AS m"
        " JOIN ledger_account AS a ON a.id = m.account_id"
        f" WHERE a.chart = '{chart}' AND a.issuer_id = {EXTERNAL.id}"
    )
    return int(minor)
