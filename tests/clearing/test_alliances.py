"""Points of alliances, held against a reckoning of our own in fractions."""

import datetime as dt
import random
from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import Any

import psycopg
import pytest

from clearing.alliance_prices import half_even
from clearing.alliances import is_netted
from clearing.night import ClearingError
from clearing.run import run_clearing
from clearing.verify import audit
from host.model.secrets import Secret
from host.office.detail_files import read_detail
from host.office.recon_files import payment_reference
from host.office.recon_matching import SQL as RECONCILING
from host.office.recon_matching import add_lines, match_files
from host.office.told_lines import Told
from host.store.changes import note_what_differs
from tests.clearing.conftest import DAY, MERCHANTS, NOW, SmallLedger

Connection = psycopg.Connection[Any]
UNIT = "P:CIRCLE"
NEXT = DAY + dt.timedelta(days=1)
"""The first of a month: so DAY is the last of one."""


class Circle:
    """An alliance of everybody, its terms, and what is sold and taken in it."""

    def __init__(self, ledger: SmallLedger) -> None:
        self.ledger = ledger
        ledger.join_alliance("CIRCLE")

    def terms(self, number: int, settled: str, issued: int, redeemed: int, **said: Any) -> None:
        """For a thousand points; a fee and its share in percent."""
        self.ledger.run(
            "INSERT INTO alliance_terms VALUES (%s, 'CIRCLE', %s, %s, %s, %s, %s, %s, %s, %s, 'x')",
            *(number, said.get("merchant"), said.get("since", self.ledger.date), settled),
            *(said.get("per", 1_000), issued, redeemed),
            *(said.get("fee", 0) * 10_000, said.get("share", 0) * 10_000),
        )
        note_what_differs(self.ledger.connection, ["alliance_terms"])

    def sell(self, card: int, points: int, merchant: int = 1) -> Any:
        return self.ledger.purchase(card, 1_000, merchant, points=points, unit=UNIT)

    def take(self, card: int, points: int, lot: Any, merchant: int = 1) -> Any:
        return self.ledger.redeem(card, points, lot, merchant, unit=UNIT)


@pytest.fixture
def circle(ledger: SmallLedger) -> Circle:
    return Circle(ledger)


def balances(owner: Connection, chart: str) -> dict[tuple[int, int], int]:
    """Of a chart's accounts that moved, by merchant and issuer; 0 where there is none."""
    rows = owner.execute(
        "SELECT coalesce(a.merchant_id, 0), coalesce(a.issuer_id, 0), sum(m.amount_minor)::bigint"
        " FROM movement AS m INNER JOIN account AS a ON a.id = m.account_id WHERE a.chart = %s"
        " GROUP BY 1, 2",
        (chart,),
    )
    return {(merchant, issuer): minor for merchant, issuer, minor in rows if minor}


def acts(owner: Connection, date: dt.date = DAY) -> dict[str, int]:
    rows = owner.execute(
        "SELECT act, sum(amount_minor)::bigint FROM alliance_settlement WHERE business_date = %s"
        " GROUP BY act",
        (date,),
    )
    return dict(rows.fetchall())


def test_who_gives_points_out_pays_and_who_takes_them_is_paid(
    circle: Circle, owner: Connection, night_login: Connection, audit_login: Connection,
    tmp_path: Path,
) -> None:  # fmt: skip
    """S4-70: at issue and at redemption a price each, a fee, and the issuer's share of it."""
    circle.terms(1, "at_issue", 1_000, 800, fee=10, share=25)
    lot = circle.sell(1, 1_000, merchant=1)
    circle.take(1, 500, lot, merchant=2)
    summary = run_clearing(night_login, tmp_path)
    assert acts(owner) == {"given": 1_000, "taken": 400, "fee": 40, "share": 10}
    assert balances(owner, "alliance_payable") == {(1, 1): -1_000, (2, 1): 360}
    assert balances(owner, "issuer_alliance") == {(0, 1): 1_000 - 400 + 10}
    assert balances(owner, "house_fees") == {(0, 0): 30}
    nets = {(one.merchant[-1], one.unit): one.net.amount_minor for one in summary.positions}
    assert nets == {("1", "CNY"): 1_000 - 1_000, ("2", "CNY"): 360, ("2", UNIT): 500}
    [text] = [file.read_text() for file in summary.files_dir.glob("merchant-*0002*.csv")]
    assert [line.split(",")[11:13] for line in text.splitlines() if "alliance" in line] == [
        ["CNY", "3.60"]
    ]
    assert audit(audit_login) == []
    assert run_clearing(night_login, tmp_path, DAY).is_repeat


def test_points_are_paid_for_when_they_are_taken_by_who_gave_them_out(
    circle: Circle, owner: Connection, night_login: Connection, audit_login: Connection,
    tmp_path: Path,
) -> None:  # fmt: skip
    """S4-70: at the price of the day on which they were given out."""
    circle.terms(1, "at_redemption", 1_000, 900)
    lot = circle.sell(1, 1_000, merchant=1)
    run_clearing(night_login, tmp_path)
    assert (acts(owner), balances(owner, "alliance_payable")) == ({"held": 0}, {})
    circle.ledger.turn()
    circle.terms(2, "at_issue", 5_000, 2_000)
    taken = circle.take(1, 400, lot, merchant=2)
    run_clearing(night_login, tmp_path)
    assert acts(owner, NEXT) == {"used": 400, "taken": 800}
    assert balances(owner, "alliance_payable") == {(1, 1): -400, (2, 1): 800}
    circle.ledger.turn()
    undone = circle.ledger.undo(taken)
    circle.ledger.run(
        "INSERT INTO lot_use SELECT shard, %s, account_id, lot_id, -points FROM lot_use"
        " WHERE journal_id = %s",
        *(undone.number, taken.number),
    )
    circle.ledger.run("UPDATE lot SET remaining = remaining + 400 WHERE id = %s", lot.number)
    run_clearing(night_login, tmp_path)
    assert balances(owner, "alliance_payable") == {}
    assert audit(audit_login) == []


def test_what_is_prefunded_is_netted_at_the_end_of_a_month(
    circle: Circle, owner: Connection, night_login: Connection, audit_login: Connection,
    tmp_path: Path,
) -> None:  # fmt: skip
    """S4-70: until then it waits in the merchant's fund, and nobody is owed it."""
    circle.terms(1, "prefunded", 1_000, 1_000)
    lot = circle.sell(1, 700)
    run_clearing(night_login, tmp_path)  # of the last day of September
    assert (balances(owner, "alliance_payable"), balances(owner, "alliance_fund")) == (
        {(1, 1): -700},
        {},
    )
    circle.ledger.turn()
    circle.take(1, 300, lot, merchant=2)
    summary = run_clearing(night_login, tmp_path)
    assert balances(owner, "alliance_fund") == {(2, 1): 300}
    assert [one for one in summary.positions if one.unit == "CNY"] == []
    while not is_netted(circle.ledger.date):
        circle.ledger.turn()
        run_clearing(night_login, tmp_path, circle.ledger.date)
    assert balances(owner, "alliance_payable") == {(1, 1): -700, (2, 1): 300}
    assert audit(audit_login) == []
    assert run_clearing(night_login, tmp_path, circle.ledger.date).is_repeat


def test_a_merchant_has_terms_of_its_own_and_others_the_programmes(
    circle: Circle, owner: Connection, night_login: Connection, tmp_path: Path
) -> None:
    circle.terms(1, "at_issue", 1_000, 0)
    circle.terms(2, "at_issue", 2_000, 0, merchant=2)
    circle.terms(3, "at_issue", 9_000, 0, since=NEXT)
    circle.sell(1, 100, merchant=1)
    circle.sell(2, 100, merchant=2)
    run_clearing(night_login, tmp_path)
    assert balances(owner, "alliance_payable") == {(1, 1): -100, (2, 1): -200}


def test_points_before_there_were_terms_cost_nothing(
    circle: Circle, owner: Connection, night_login: Connection, audit_login: Connection,
    tmp_path: Path,
) -> None:  # fmt: skip
    lot = circle.sell(1, 100)
    run_clearing(night_login, tmp_path)
    circle.ledger.turn()
    circle.terms(1, "at_redemption", 1_000, 1_000)
    circle.take(1, 100, lot, merchant=2)
    run_clearing(night_login, tmp_path)
    assert acts(owner) == {}
    assert balances(owner, "alliance_payable") == {(2, 1): 100}
    assert audit(audit_login) == []


@pytest.mark.parametrize(
    ("numerator", "denominator", "whole"),
    [(5, 10, 0), (15, 10, 2), (25, 10, 2), (-15, 10, -2), (-5, 10, 0), (26, 10, 3), (-24, 10, -2)],
)
def test_half_goes_to_the_even_one(numerator: int, denominator: int, whole: int) -> None:
    assert half_even(numerator, denominator) == whole == round(Fraction(numerator, denominator))


@pytest.mark.counted
def test_any_days_are_settled_to_the_minor_unit(
    circle: Circle, owner: Connection, night_login: Connection, audit_login: Connection,
    tmp_path: Path, counts: Any,
) -> None:  # fmt: skip
    """S4-70, S4-79: parts and rests are the whole, and files say what positions do."""
    chance = random.Random(counts.seed)
    circle.terms(1, "at_issue", 7, 5, per=13, fee=7, share=33)
    circle.terms(2, "prefunded", 11, 3, per=17, merchant=2, fee=50)
    given: Counter[tuple[int, int]] = Counter()
    taken: Counter[tuple[int, int]] = Counter()
    for turn in range(2):
        if turn:
            circle.ledger.turn()
            given.clear()
            taken.clear()
        for _ in range(20):
            card, merchant = chance.randint(1, 6), chance.choice([1, 2])
            issuer, points = circle.ledger.issuer_of(card), chance.randint(1, 500)
            lot = circle.sell(card, points, merchant)
            given[merchant, issuer] += points
            if chance.random() < 0.2:
                circle.ledger.undo(lot)
                given[merchant, issuer] -= points
            elif chance.random() < 0.7:
                part, other = chance.randint(1, points), chance.choice([1, 2])
                circle.take(card, part, lot, other)
                taken[other, issuer] += part
        summary = run_clearing(night_login, tmp_path)
        _hold_rows(owner, circle.ledger.date, given, taken)
        _hold_files(owner, summary.files_dir, circle.ledger.date)
    assert audit(audit_login) == []
    for date in (DAY, NEXT):
        assert run_clearing(night_login, tmp_path, date).is_repeat


@pytest.mark.parametrize("party", ["merchant", "issuer", "bank"])
def test_files_that_come_back_as_they_went_out_are_ours_to_the_last_line(
    circle: Circle, owner: Connection, night_login: Connection, audit_login: Connection,
    tmp_path: Path, party: str,
) -> None:  # fmt: skip
    """S4-70, S4-79: with fees, with what the night has settled, and what is put up for it."""
    circle.ledger.fee(1, "merchant", "1")
    circle.terms(1, "at_issue", 1_000, 800, fee=10)
    circle.terms(2, "prefunded", 700, 300, merchant=2)
    for turn in range(2):
        if turn:
            circle.ledger.turn()
        lot = circle.sell(1, 1_000, merchant=1)
        circle.take(1, 500, lot, merchant=2)
        circle.sell(3, 70, merchant=2)
        date = circle.ledger.date
        run_clearing(night_login, tmp_path, date)
        columns = {"merchant": "merchant_id", "issuer": "issuer_id"}
        whose = {name: 1 for side, name in columns.items() if side == party}
        lines = _told(tmp_path / f"{date:%Y%m%d}", party, date)
        [(file,)] = owner.execute(
            RECONCILING["add_recon_file"],
            {
                "source": "bank_statement" if party == "bank" else f"{party}_file", "layout": "x",
                "merchant_id": None, "issuer_id": None, "port": None, **whose,
                "business_date": date, "unit": "CNY", "sha256": bytes([turn]) * 32,
                "lines": len(lines), "by": "zhang", "now": NOW,
            },
        )  # fmt: skip
        with owner.transaction():
            add_lines(owner, file, lines)
            assert match_files(owner, date, NOW) == 1
        assert (
            owner.execute(
                "SELECT difference, rrn, unit, ours_minor, theirs_minor FROM recon_item"
            ).fetchall()
            == []
        )
        assert owner.execute(
            "SELECT count(*)::int FROM recon_match WHERE file_id = %s", (file,)
        ).fetchall() == [(len(lines),)]
    assert audit(audit_login) == []


def _told(directory: Path, party: str, date: dt.date) -> list[Told]:
    """A file as the party has it from us; of the bank, what the files say is paid."""
    if party != "bank":
        [path] = directory.glob(f"{party}-*{'0001' if party == 'merchant' else '9988*'}.csv")
        return read_detail(Secret(path.read_bytes()), f"{party}_id", path.stem.split("-")[1])
    lines: list[Told] = []
    for merchant in MERCHANTS.values():
        path = directory / f"merchant-{merchant}.csv"
        told = read_detail(Secret(path.read_bytes()), "merchant_id", merchant)
        paid = sum(line.amount_minor for line in told if line.unit == "CNY")
        name = payment_reference(date, merchant)
        if paid:
            lines.append(Told(line=len(lines) + 1, rrn=name, unit="CNY", amount_minor=paid))
    return lines


PRICES = {
    1: (Fraction(7, 13), Fraction(5, 13), 7, 33),
    2: (Fraction(11, 17), Fraction(3, 17), 50, 0),
}
"""By merchant: what a point costs and brings, and percent of the fee and of its share."""


def _hold_rows(
    owner: Connection,
    date: dt.date,
    given: Counter[tuple[int, int]],
    taken: Counter[tuple[int, int]],
) -> None:
    expected: Counter[tuple[int, int, str]] = Counter()
    for (merchant, issuer), points in given.items():
        expected[merchant, issuer, "given"] += round(points * PRICES[merchant][0])
    for (merchant, issuer), points in taken.items():
        _, price, percent, share = PRICES[merchant]
        worth = round(points * price)
        fee = round(Fraction(worth * percent, 100))
        expected[merchant, issuer, "taken"] += worth
        expected[merchant, issuer, "fee"] += fee
        expected[merchant, issuer, "share"] += round(Fraction(fee * share, 100))
    rows = owner.execute(
        "SELECT merchant_id, issuer_id, act, amount_minor FROM alliance_settlement"
        " WHERE business_date = %s AND act IN ('given', 'taken', 'fee', 'share')",
        (date,),
    )
    found = Counter({(merchant, issuer, act): minor for merchant, issuer, act, minor in rows})
    assert +found == +expected


def _hold_files(owner: Connection, directory: Path, date: dt.date) -> None:
    """Entries, positions, parts and files of both sides say the same of each unit."""
    told: list[Counter[str]] = [Counter(), Counter()]
    for path in directory.glob("*.csv"):
        side = path.name.startswith("issuer")
        for line in path.read_text().splitlines():
            row = line.split(",")
            if row[0] == "DETAIL":
                told[side][row[11]] += round(Fraction(row[12]) * (100 if row[11] == "CNY" else 1))
    unfunded = "chart NOT IN ('merchant_fees', 'alliance_fund', 'merchant_reserve')"
    moved = (
        "(SELECT a.unit, m.amount_minor, m.business_date FROM movement AS m INNER JOIN account AS a"
        f" ON a.id = m.account_id WHERE a.merchant_id IS NOT NULL AND {unfunded}) AS e"
    )
    sources = {
        f"(SELECT * FROM position WHERE {unfunded}) AS p": "credit_minor - debit_minor",
        "position_part": "amount_minor",
        moved: "amount_minor",
    }
    sums = [
        f"SELECT unit, sum({what})::bigint FROM {where} WHERE business_date = %s GROUP BY unit"
        for where, what in sources.items()
    ]
    found = [Counter(dict(owner.execute(question, (date,)).fetchall())) for question in sums]
    assert all(one == found[0] for one in [*found, *told])


@pytest.mark.parametrize(
    ("edit", "found"),
    [
        ("UPDATE alliance_settlement SET amount_minor = amount_minor + 1", "not_its_leg"),
        ("UPDATE alliance_settlement SET act = 'used' WHERE act = 'given'", "not_its_terms"),
        ("UPDATE alliance_settlement SET points = points + 1", "not_the_day"),
        ("UPDATE alliance_settlement SET place = place + 9", "not_as_left"),
        ("DELETE FROM alliance_settlement", "not_its_leg"),
        ("DELETE FROM alliance_settlement", "not_as_left"),
        ("UPDATE alliance_terms SET issued_minor = 3", "not_its_terms"),
        ("UPDATE alliance_terms SET fee_millionths = 0", "not_its_terms"),
        ("UPDATE alliance_terms SET share_millionths = 1", "not_its_terms"),
        ("UPDATE alliance_terms SET since = since + 1", "not_its_terms"),
        ("UPDATE entry SET amount_minor = 99 WHERE shard = 32767 AND leg = 0", "not_its_leg"),
        ("UPDATE journal SET merchant_id = 1 WHERE shard = 32767", "not_its_leg"),
    ],
)
def test_the_audit_finds_what_was_edited(
    circle: Circle, owner: Connection, night_login: Connection, audit_login: Connection,
    tmp_path: Path, edit: Any, found: str,
) -> None:  # fmt: skip
    circle.terms(1, "at_issue", 1_000, 800, fee=10, share=25)
    circle.take(1, 500, circle.sell(1, 1_000, merchant=1), merchant=2)
    run_clearing(night_login, tmp_path)
    assert audit(audit_login) == []
    owner.execute(edit)
    assert f"settlement_{found}" in {finding.test for finding in audit(audit_login)}


def test_terms_that_were_changed_behind_are_refused(
    circle: Circle, owner: Connection, night_login: Connection, tmp_path: Path
) -> None:
    circle.terms(1, "at_issue", 1_000, 800)
    circle.sell(1, 1_000)
    run_clearing(night_login, tmp_path)
    owner.execute("UPDATE alliance_terms SET issued_minor = 2000")
    with pytest.raises(ClearingError, match="no longer what it was"):
        run_clearing(night_login, tmp_path, DAY)


def test_a_night_that_dies_after_it_settled_settles_once(
    circle: Circle, owner: Connection, night_login: Connection, tmp_path: Path
) -> None:
    circle.terms(1, "at_issue", 1_000, 800, fee=10)
    circle.ledger.fee(1, "merchant", "1")
    circle.take(1, 500, circle.sell(1, 1_000, merchant=1), merchant=2)
    (tmp_path / "20260930").write_text("in the way of the files")
    with pytest.raises(ClearingError):
        run_clearing(night_login, tmp_path)
    (tmp_path / "20260930").unlink()
    summary = run_clearing(night_login, tmp_path)
    assert "alliances" in {step.name for step in summary.steps if step.is_repeat}
    assert balances(owner, "alliance_payable") == {(1, 1): -1_000, (2, 1): 360}
    assert balances(owner, "house_fees") == {(0, 0): 40 + 10}
    assert run_clearing(night_login, tmp_path, DAY).is_repeat
