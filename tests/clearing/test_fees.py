"""Fees of transactions, held against a reckoning of our own in decimals."""

import csv
import datetime as dt
import random
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest

from clearing.dates import Calendar
from clearing.night import ClearingError
from clearing.preview import preview
from clearing.run import STEPS, run_clearing
from clearing.verify import audit
from host.shards import NIGHT_SHARD
from host.store.changes import note_what_differs
from tests.clearing.conftest import DAY, MERCHANTS, Posted, SmallLedger

Connection = psycopg.Connection[Any]
NEXT = DAY + dt.timedelta(days=1)


class Rate(NamedTuple):
    """A row of fees as the model has it."""

    number: int
    payer: str
    percent: str
    flat: int = 0
    least: int = 0
    most: int | None = None
    tiers: tuple[tuple[int, str, int], ...] = ()

    def of(self, amount: int) -> int:
        if amount == 0:
            return 0
        percent, flat = self.percent, self.flat
        for start, share, part in self.tiers:
            if amount >= start:
                percent, flat = share, part
        exact = Decimal(amount) * Decimal(percent) / 100
        fee = int(exact.quantize(Decimal(1), ROUND_HALF_EVEN)) + flat
        return min(max(fee, self.least), self.most if self.most is not None else fee + self.least)

    def said(self, ledger: SmallLedger, **more: Any) -> None:
        ledger.fee(
            *self[:3], flat=self.flat, least=self.least, most=self.most, tiers=self.tiers, **more
        )


def charges(owner: Connection, date: dt.date = DAY) -> dict[tuple[int, int, int], tuple[int, int]]:
    """Items and fee by merchant, issuer and fee."""
    rows = owner.execute(
        "SELECT merchant_id, issuer_id, fee_id, items, fee_minor FROM fee_charge"
        " WHERE business_date = %s",
        (date,),
    )
    return {(merchant, issuer, fee): (items, minor) for merchant, issuer, fee, items, minor in rows}


def fees_of(owner: Connection, date: dt.date = DAY) -> dict[int, int]:
    """What each fee brought on a date."""
    sums: dict[int, int] = {}
    for (_, _, fee), (_, minor) in charges(owner, date).items():
        sums[fee] = sums.get(fee, 0) + minor
    return sums


def balance(owner: Connection, chart: str) -> int:
    [(sum_minor,)] = owner.execute(
        "SELECT coalesce(sum(m.amount_minor), 0)::bigint FROM movement AS m"
        " INNER JOIN account AS a ON a.id = m.account_id WHERE a.chart = %s",
        (chart,),
    )
    return int(sum_minor)


@pytest.mark.parametrize(
    ("amount", "rate"),
    [
        (250, Rate(1, "merchant", "1")),  # 2.5 goes to the even 2
        (350, Rate(1, "merchant", "1")),  # 3.5 to the even 4
        (251, Rate(1, "merchant", "1")),
        (99_999, Rate(1, "merchant", "0.6", 20)),
        (100, Rate(1, "merchant", "0.6", least=5)),
        (100_000, Rate(1, "merchant", "0.6", most=500)),
        (49_999, Rate(1, "issuer", "1", tiers=((50_000, "0.3", 50),))),
        (50_000, Rate(1, "issuer", "1", tiers=((50_000, "0.3", 50),))),
        (1, Rate(1, "issuer", "0.0001")),
    ],
)
def test_a_fee_is_of_each_transaction(
    ledger: SmallLedger, owner: Connection, night_login: Connection, tmp_path: Path,
    amount: int, rate: Rate,
) -> None:  # fmt: skip
    """S4-63: a share, a part for itself, at least, at most, in tiers; half goes to the even one."""
    rate.said(ledger)
    ledger.purchase(1, amount)
    run_clearing(night_login, tmp_path)
    assert charges(owner) == {(1, 1, 1): (1, rate.of(amount))}
    chart = f"{rate.payer}_fees"
    assert (balance(owner, chart), balance(owner, "house_fees")) == (
        -rate.of(amount),
        rate.of(amount),
    )


def test_a_look_at_a_finished_night_tells_the_positions_that_it_left(
    ledger: SmallLedger, night_login: Connection, tmp_path: Path
) -> None:
    """What the night posts itself is of the date, too, and in none of its positions."""
    Rate(1, "merchant", "1").said(ledger)
    ledger.purchase(1, 10_000)
    today = Calendar(today=DAY + dt.timedelta(days=1), zone="Asia/Shanghai")
    names = tuple(step.name for step in STEPS)
    [before] = preview(night_login, tmp_path, DAY, today, names)
    done = run_clearing(night_login, tmp_path)
    [after] = preview(night_login, tmp_path, DAY, today, names)
    assert after.steps == ()
    assert after.positions == done.positions == before.positions


def test_what_names_most_decides(
    ledger: SmallLedger, owner: Connection, night_login: Connection, tmp_path: Path
) -> None:
    """S4-63: a merchant before an issuer before a channel; of the same the latest."""
    ledger.fee(1, "merchant", "1")
    ledger.fee(2, "merchant", "2", channel="pos")
    ledger.fee(3, "merchant", "3", issuer=2)
    ledger.fee(4, "merchant", "4", merchant=2)
    ledger.fee(5, "merchant", "5", channel="mis")
    ledger.fee(6, "merchant", "6", merchant=2, since=NEXT)
    ledger.fee(7, "merchant", "2.5", channel="pos")
    ledger.fee(8, "merchant", "9", kinds=("cash_load",), merchant=1)
    ledger.purchase(1, 10_000)
    ledger.purchase(3, 10_000)
    ledger.purchase(2, 10_000, merchant=2)
    run_clearing(night_login, tmp_path)
    assert charges(owner) == {(1, 1, 7): (1, 250), (1, 2, 3): (1, 300), (2, 1, 4): (1, 400)}


def test_what_comes_back_takes_its_fee_with_it(
    ledger: SmallLedger, owner: Connection, night_login: Connection, tmp_path: Path
) -> None:
    """S4-63: to the last unit, by the row that its sale was charged by, though another is now."""
    rate = Rate(1, "merchant", "0.6", 7, least=20, most=90)
    rate.said(ledger)
    ledger.fee(2, "merchant", "5", since=NEXT)
    sold = [ledger.purchase(1, 10_000) for _ in range(4)]
    run_clearing(night_login, tmp_path)
    ledger.turn()
    for part in (3_333, 3_333, 3_334):
        ledger.refund(sold[0], part)
    ledger.undo(sold[1])
    reversed_one = ledger.refund(sold[2], 5_000)
    ledger.undo(reversed_one, "reversal", slot=f"{reversed_one.slot[:-1]}r")
    voided = ledger.undo(sold[3])
    ledger.undo(voided, "reversal", slot=f"{voided.slot[:-1]}r")
    run_clearing(night_login, tmp_path)
    assert fees_of(owner) == {1: 4 * rate.of(10_000)}
    assert fees_of(owner, NEXT) == {1: -2 * rate.of(10_000)}
    assert balance(owner, "house_fees") == 2 * rate.of(10_000)


def test_a_fee_may_be_kept(
    ledger: SmallLedger, owner: Connection, night_login: Connection, tmp_path: Path
) -> None:
    """S4-63: of what is refunded; what was voided never was."""
    ledger.fee(1, "merchant", "1", is_returned=False)
    ledger.refund(ledger.purchase(1, 10_000), 4_000)
    ledger.undo(ledger.purchase(1, 5_000))
    run_clearing(night_login, tmp_path)
    assert charges(owner) == {(1, 1, 1): (3, 100)}


def test_points_cost_of_what_they_are_worth(
    ledger: SmallLedger, owner: Connection, night_login: Connection, tmp_path: Path
) -> None:
    """S4-63: and where they have no price, what each transaction costs alone."""
    ledger.fee(1, "issuer", "2", flat=3, kinds=("points_redemption",))
    ledger.run("INSERT INTO points_price VALUES ('RED', %s, 100, 150)", DAY)
    note_what_differs(owner, ["points_price"])
    sale, other = ledger.purchase(1, 10_000, points=1_000), ledger.purchase(3, 10_000, points=500)
    ledger.redeem(1, 1_000, sale)
    ledger.redeem(3, 500, other)
    run_clearing(night_login, tmp_path)
    assert charges(owner) == {(1, 1, 1): (1, 30 + 3), (1, 2, 1): (1, 3)}


def _trade(ledger: SmallLedger, chance: random.Random, old: list[Posted]) -> list[Posted]:
    """What a day sells, and what it takes back of today and of before."""
    sold = []
    for _ in range(25):
        card, merchant = chance.randint(1, ledger.cards), chance.choice(list(MERCHANTS))
        sold.append(ledger.purchase(card, chance.randint(1, 3_000), merchant))
    for one in chance.sample([*old, *sold], 12):
        if chance.random() < 0.5:
            ledger.undo(one)
        else:
            first = chance.randint(1, one.amount)
            ledger.refund(one, first)
            if first < one.amount:
                ledger.refund(one, one.amount - first)
        if one in old:
            old.remove(one)
        else:
            sold.remove(one)
    return sold


@pytest.mark.counted
def test_any_days_are_charged_for_what_stands(
    ledger: SmallLedger, owner: Connection, night_login: Connection, audit_login: Connection,
    tmp_path: Path, counts: Any,
) -> None:  # fmt: skip
    """S4-63: over three days, two payers, and rows of another day: the sum is of what stands."""
    chance = random.Random(counts.seed)
    rates = {
        1: Rate(1, "merchant", "0.6", 2, least=1),
        2: Rate(2, "issuer", "0.17", tiers=((1_000, "0.33", 5),)),
    }
    for rate in rates.values():
        rate.said(ledger)
    standing: list[Posted] = []
    for number in range(3):
        if number:
            ledger.turn()
        standing += _trade(ledger, chance, standing)
        summary = run_clearing(night_login, tmp_path / "files")
        _hold_files(owner, summary.files_dir, ledger.date)
    whole = {number: sum(rate.of(one.amount) for one in standing) for number, rate in rates.items()}
    found = {1: 0, 2: 0}
    for date in (DAY, NEXT, NEXT + dt.timedelta(days=1)):
        for number, minor in fees_of(owner, date).items():
            found[number] += minor
    assert found == whole
    assert balance(owner, "house_fees") == sum(whole.values())
    assert audit(audit_login) == []
    for date in (DAY, NEXT):
        assert run_clearing(night_login, tmp_path / "files", date).is_repeat


def _hold_files(owner: Connection, directory: Path, date: dt.date) -> None:
    """What parties read of fees in their files sums to what was posted."""
    told = {"merchant": 0, "issuer": 0}
    for path in directory.glob("*.csv"):
        side = path.name.split("-")[0]
        rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
        lines = sum(
            (Decimal(row["fee"]) for row in rows if row["record"] == "DETAIL" and row["fee"]),
            Decimal(0),
        )
        totals = [Decimal(row["fee"]) for row in rows if row["record"] == "TOTAL" and row["fee"]]
        assert sum(totals) == lines
        told[side] += int(lines * 100)
    charged = owner.execute(
        "SELECT f.payer, sum(c.fee_minor)::bigint FROM fee_charge AS c"
        " INNER JOIN fee AS f ON f.id = c.fee_id WHERE c.business_date = %s GROUP BY f.payer",
        (date,),
    )
    assert {"merchant": 0, "issuer": 0} | dict(charged.fetchall()) == told


def test_a_merchant_and_an_issuer_owe_each_other_no_fee(
    ledger: SmallLedger, night_login: Connection, tmp_path: Path
) -> None:
    ledger.fee(1, "merchant", "1")
    ledger.purchase(1, 10_000)
    summary = run_clearing(night_login, tmp_path)
    [position] = summary.positions
    assert position.net.amount_minor == 10_000
    [step] = [step for step in summary.steps if step.name == "fees"]
    assert step.detail == "1.00 CNY"


def test_a_night_that_dies_after_its_fees_charges_once(
    ledger: SmallLedger, owner: Connection, night_login: Connection, tmp_path: Path
) -> None:
    ledger.fee(1, "merchant", "1")
    ledger.purchase(1, 10_000)
    (tmp_path / "20260930").write_text("in the way of the files")
    with pytest.raises(ClearingError):
        run_clearing(night_login, tmp_path)
    assert fees_of(owner) == {1: 100}
    (tmp_path / "20260930").unlink()
    summary = run_clearing(night_login, tmp_path)
    assert [step.name for step in summary.steps if step.is_repeat] == [
        "cut_off", "completeness", "clock", "fees", "alliances", "corrections", "adverts",
        "reserves", "net", "statements", "trial_balance",
    ]  # fmt: skip
    assert fees_of(owner) == {1: 100}
    assert balance(owner, "house_fees") == 100


def test_a_date_from_before_there_were_fees_is_shown_again_as_it_was(
    ledger: SmallLedger, owner: Connection, night_login: Connection, tmp_path: Path
) -> None:
    ledger.purchase(1, 10_000)
    first = run_clearing(night_login, tmp_path)
    owner.execute("DELETE FROM clearing_step WHERE step = 'fees'")
    ledger.fee(1, "merchant", "1")
    for file in first.files:
        (first.files_dir / file.name).unlink()
    with pytest.raises(ClearingError, match="would not be what they were"):
        run_clearing(night_login, tmp_path, DAY)  # its files had the columns of fees
    assert fees_of(owner) == {}


@pytest.mark.parametrize(
    ("edit", "found"),
    [
        ("UPDATE fee_charge SET fee_minor = fee_minor + 1", "fee_not_its_leg"),
        ("UPDATE entry SET amount_minor = 99 WHERE shard = 32767", "fee_not_its_leg"),
        ("DELETE FROM fee_charge", "fee_not_its_leg"),
        ("UPDATE fee SET kinds = '{cash_load}'", "fee_out_of_its_time"),
        ("UPDATE fee SET merchant_id = 2", "fee_out_of_its_time"),
        ("UPDATE journal SET kind = 'purchase' WHERE shard = 32767", "fees_of_other_parties"),
        ("UPDATE journal SET merchant_id = 2 WHERE shard = 32767", "fees_of_other_parties"),
    ],
)
def test_the_audit_finds_what_was_edited(
    ledger: SmallLedger, owner: Connection, night_login: Connection, audit_login: Connection,
    tmp_path: Path, edit: Any, found: str,
) -> None:  # fmt: skip
    ledger.fee(1, "merchant", "1")
    ledger.purchase(1, 10_000)
    run_clearing(night_login, tmp_path)
    assert audit(audit_login) == []
    owner.execute(edit)
    assert found in {finding.test for finding in audit(audit_login)}


def test_a_fee_that_was_changed_behind_is_refused(
    ledger: SmallLedger, owner: Connection, night_login: Connection, tmp_path: Path
) -> None:
    ledger.fee(1, "merchant", "1")
    ledger.purchase(1, 10_000)
    run_clearing(night_login, tmp_path)
    owner.execute("UPDATE fee SET millionths = '{20000}'")
    with pytest.raises(ClearingError, match="no longer what they were"):
        run_clearing(night_login, tmp_path, DAY)


def test_the_nights_chain_is_its_own(
    ledger: SmallLedger, owner: Connection, night_login: Connection, tmp_path: Path
) -> None:
    ledger.fee(1, "merchant", "1")
    for _ in range(2):
        ledger.purchase(1, 10_000)
        run_clearing(night_login, tmp_path)
        ledger.turn()
    rows = owner.execute(
        "SELECT seq, business_date FROM seal WHERE shard = %s ORDER BY seq", (NIGHT_SHARD,)
    ).fetchall()
    assert rows == [(1, DAY), (2, NEXT)]
