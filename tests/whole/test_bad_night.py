"""A bad night of docs/operating.md: its commands, in its order, at a house that is up and trades.

The night is killed while it waits for a lock that is ours, so that it dies in the same step always.
"""

import csv
import datetime as dt
import io
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from config.places import Places, places_of
from config.run.database import embedded_dsns
from host.estate.demo import demo_estate
from host.model.requests import Kind
from simulators import messages
from tests.host.office.test_recon import statement
from tests.keyboard import BLOCKS, Person, invitation_in
from tests.whole.house import Up, wait_until
from tests.whole.till import Till, Voice, fields_in
from tests.zones import zone_at_noon

ESTATE = demo_estate()
TERMINAL, MERCHANT = "80010001", "888290054110001"
SOLD = (1_000, 2_000, 3_000)
KILLED_AT = "net"
LOCK = "LOCK TABLE position IN EXCLUSIVE MODE"
"""Positions are read meanwhile, and not written."""
PAGES_DATE, PAGES_NEXT = "2026-11-22", "2026-11-23"
PAID = """
UPDATE office_setting SET value = 1 WHERE name = 'payout_minor_min';
INSERT INTO payout_account (merchant_id, holder, account, account_masked, bank, set_at, set_by,
    agreed_by)
SELECT m.id, 'x', '622202020011000' || m.id, '****000' || m.id, '102100099996',
    now() - interval '2 days', 'x', 'y'
FROM merchant AS m WHERE m.merchant_id = '888290054110001';
INSERT INTO payout_account (merchant_id, holder, account, account_masked, bank, set_at, set_by,
    agreed_by)
VALUES (NULL, 'x', '6222020200112222', '****2222', '102100099996', now() - interval '2 days', 'x',
    'y');
INSERT INTO statement_confirmed
SELECT s.business_date, s.place, side, 'x', now()
FROM settlement_statement AS s CROSS JOIN (VALUES ('merchant'), ('issuer')) AS t (side);
INSERT INTO payout_file
SELECT 1, business_date, a.id, 1, 6000, sha256('x'), 'x', 'y', now()
FROM settlement_statement, payout_account AS a WHERE a.merchant_id IS NULL;
INSERT INTO payout (business_date, merchant_id, unit, amount_minor, end_to_end_id, account_id,
    file_id)
SELECT s.business_date, s.merchant_id, s.unit, 6000,
    to_char(s.business_date, 'YYYYMMDD') || '-888290054110001', a.id, 1
FROM settlement_statement AS s INNER JOIN payout_account AS a ON a.merchant_id = s.merchant_id;
INSERT INTO payout_statement SELECT s.business_date, s.place, p.id
FROM settlement_statement AS s CROSS JOIN payout AS p;
"""
"""What merchants are owed was paid: people of two more houses would have confirmed it."""


class Office:
    """Who is there that night, and the date that it closes."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.places: Places = places_of(home / "data")
        self.wang, self.chen, self.zhou = (
            Person(home / name, home / "data") for name in ("wang", "chen", "zhou")
        )
        self.date = ""

    def begin(self) -> None:
        """An administrator, and finance as the page has it invited."""
        begun = self.wang.done('posswitch init --login wang --name "Wang Min"')
        self._take_up("wang", self.wang, begun)
        invited = self.play("invite_finance", self.wang)
        for name, who, said in zip(("chen", "zhou"), (self.chen, self.zhou), invited, strict=True):
            self._take_up(name, who, said)

    def _take_up(self, login: str, who: Person, said: str) -> None:
        who.invitation = invitation_in(said)
        for line in ("invitation accept", f"sign-in {login}", "totp enrol", "totp enrol --code"):
            who.done(f"posswitch {line}")

    @property
    def next_date(self) -> str:
        return (dt.date.fromisoformat(self.date) + dt.timedelta(days=1)).isoformat()

    def lines(self, block: str) -> list[str]:
        """Each whole, with the dates of this house."""
        text = BLOCKS[block].replace("\\\n", "")
        if self.date:
            text = text.replace(PAGES_NEXT, self.next_date).replace(PAGES_DATE, self.date)
        return text.splitlines()

    def play(self, block: str, who: Person) -> list[str]:
        """A block to its end: what each of its commands said."""
        return [who.done(line) for line in self.lines(block)]

    def refused(self, line: str, who: Person) -> str:
        ran = who.run(line)
        assert (ran.returncode, ran.stdout) == (1, ""), ran.stdout
        return ran.stderr

    def release_refused(self, payable_minor: int = sum(SOLD)) -> str:
        """Why Zhou may not release, as it is only looked at: that takes no one-time code."""
        _, line = self.lines("release")
        typed = line.partition("#")[0].replace(f"{sum(SOLD)}", f"{payable_minor}")
        return self.refused(f"{typed} --dry-run", self.zhou)

    def status(self) -> dict[str, object]:
        told: dict[str, object] = json.loads(self.chen.done("posswitch clearing status --json"))
        return told

    def ours(self) -> list[dict[str, str]]:
        """What our file of the merchant says, row by row."""
        directory = self.places.files / self.date.replace("-", "")
        text = (directory / f"merchant-{MERCHANT}.csv").read_text()
        rows = csv.DictReader(io.StringIO(text))
        return [row for row in rows if row["record"] == "DETAIL"]

    def send(self, rows: list[dict[str, str]]) -> None:
        """The merchant's file of the page, with these rows."""
        with (self.home / "harbour.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0].keys(), restval="")
            writer.writeheader()
            writer.writerows(rows)
            writer.writerow({"record": "END", "rows": len(rows)})


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """A house that has sold, and whose till has not settled."""
    monkeypatch.chdir(tmp_path)
    office = Office(tmp_path)
    office.places.make()
    office.places.settings.write_text(f'[host]\ntimezone = "{zone_at_noon()}"\n')
    with Up(office.places.data) as up:
        sell(up.port)
        office.begin()
        yield office


def sell(port: int) -> None:
    voice = Voice(ESTATE, TERMINAL)
    for card, amount in zip(ESTATE.cards, SOLD, strict=False):
        asked = messages.swiped(
            Kind.PURCHASE, voice.who, voice.trace(), card, amount_minor=amount, pin=card.pin
        )
        with Till(port) as till:
            assert fields_in(till.ask(voice.sealed(asked)))["39"] == "00"


def test_an_operator_gets_through_a_bad_night_by_the_page(office: Office) -> None:
    """S3-21, S3-34, S4-79: killed, gone on with, reconciled, agreed to by two, released."""
    killed_in_the_middle(office)
    goes_on(office)
    a_batch_is_open(office)
    a_file_is_wrong(office)
    a_difference_is_answered(office)
    it_is_released(office)
    they_ask_what_it_came_to(office)
    a_payment_comes_back(office)


def killed_in_the_middle(office: Office) -> None:
    [look] = office.lines("look_at_the_night")
    words = [sys.executable, "-m", "config", "clearing", "run", "--data", str(office.places.data)]
    with psycopg.connect(embedded_dsns(office.places.cluster).owner) as owner:
        owner.execute(LOCK)
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as night:
            wait_until(lambda: office.status()["step"] == KILLED_AT, "it does not get there")
            assert f"it is at step {KILLED_AT}" in office.chen.done(look)
            night.kill()
    wait_until(lambda: office.status()["since"] is None, "the dead one is still there")
    said = office.chen.done(look)
    assert said.startswith("nobody runs the night\n")
    [date] = re.findall(r"^(\S+) +closed +[1-9]", said, re.MULTILINE)
    office.date = date


def goes_on(office: Office) -> None:
    ran, stands, verified = office.play("go_on", office.chen)
    told = {line.split()[0]: "(again, unchanged)" in line for line in steps_of(ran)}
    assert told["cut_off"]
    assert not told[KILLED_AT]
    assert re.search(rf"^{office.date} +files written", stands, re.MULTILINE)
    assert verified == f"{office.date}: all is as the night left it\n"


def steps_of(ran: str) -> list[str]:
    return ran[: ran.index("\nbusiness date ")].splitlines()


def a_batch_is_open(office: Office) -> None:
    shown, terminal = office.play("open_batch", office.chen)
    batch = Voice(ESTATE, TERMINAL).who.batch
    listed = (
        "open: terminal batches that traded and were not settled\n"
        f"  pos/{TERMINAL}/{batch} {len(SOLD)}\n"
        "  Next: what they sold is in the ledger and is paid"
    )
    assert listed in shown
    assert listed in office.chen.done("posswitch clearing run"), "again: what was open then"
    assert "debit 60.00 CNY in 3" in terminal
    assert "0 open" in office.chen.done("posswitch terminal exceptions")


def a_file_is_wrong(office: Office) -> None:
    ours = office.ours()
    [line] = office.lines("wrong_file")
    office.send([ours[0], ours[1] | {"amount": "20.0"}, ours[2]])
    said = office.refused(line, office.chen)
    assert "E-FILE-ROWS: the file was not taken: line 3, amount: " in said
    path = office.home / "harbour.csv"
    office.send(ours)
    path.write_text(path.read_text().partition("END")[0])
    assert "it was cut short" in office.refused(line, office.chen)
    assert office.chen.done("posswitch show recon-files") == "no rows\n"


def a_difference_is_answered(office: Office) -> None:
    office.send(office.ours()[1:])
    taken, files, items = office.play("mended_file", office.chen)
    assert "lines                                   2" in taken
    assert re.search(rf"{MERCHANT} +chen .* 2 +2 ", files)
    assert items.count("they lack it") == 1
    assert office.ours()[0]["rrn"] in items
    _, traced, items = office.play("explain", office.chen)
    assert "purchase 10.00 CNY  approved" in traced
    assert " chen" in items.splitlines()[-1]
    [line] = office.lines("write_off")
    assert "it waits for another person as approval 1" in office.chen.done(line)
    assert "E-OPEN-EXCEPTIONS" in office.release_refused()
    waiting, agreed = office.play("agree", office.zhou)
    assert "why: their program lost it; the slip is there" in waiting
    assert "number of the difference: 1" in waiting
    assert "written off" in agreed
    *_, still_open = office.lines("mended_file")
    assert office.chen.done(still_open) == "no rows\n"


def it_is_released(office: Office) -> None:
    assert "posswitch show business-days has it" in office.release_refused(payable_minor=1)
    days, released = office.play("release", office.zhou)
    assert " 60.00 " in days
    assert "60.00" in released
    out, stands, audited = office.play("hand_out", office.chen)
    assert office.date in out
    assert re.search(rf"^{office.date} +released .* zhou$", stands, re.MULTILINE)
    assert audited.endswith("audit: 0 violations\n")


def they_ask_what_it_came_to(office: Office) -> None:
    statements, _ = office.play("statements", office.zhou)
    assert re.search(rf"{MERCHANT} .* 60\.00 ", statements)
    assert (office.home / "statement.pdf").read_bytes().startswith(b"%PDF-")


def a_payment_comes_back(office: Office) -> None:
    owner = embedded_dsns(office.places.cluster).owner
    name = f"{office.date.replace('-', '')}-{MERCHANT}"
    told = [(name, "DBIT", "60.00"), (name, "CRDT", "60.00", "AC04")]
    (office.home / "bank.xml").write_bytes(statement(told, opening=20_000))
    with psycopg.connect(owner) as connection:
        connection.execute(PAID)
    taken, payouts = office.play("returned", office.chen)
    assert "lines                                   2" in taken
    assert re.search(rf"{name} .*returned +AC04", payouts)
    assert office.chen.done("posswitch show recon-items --is-open --date " + office.date) == (
        "no rows\n"
    )
    assert "as approval 2" in office.play("another_account", office.chen)[0]
    office.play("agree_to_account", office.zhou)
    [pay] = office.lines("pay_again")
    assert "E-ACCOUNT" in office.refused(f"{pay.partition('#')[0]} --dry-run", office.chen)
    with psycopg.connect(owner) as connection:
        connection.execute("UPDATE payout_account SET set_at = set_at - interval '1 day 1 s'")
    assert "as approval 3" in office.chen.done(pay)
    agreed, paid = office.play("agree_to_payment", office.zhou)
    assert "60.00" in agreed
    assert re.search(r"-returned.*instructed", paid)
    assert "****8888" in paid
