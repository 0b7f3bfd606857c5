"""Reports are made by themselves, once for each last date, kept, and brought to a party."""

import base64
import datetime as dt
import functools
import hashlib
import json
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest
import trio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from clearing.deliveries import Errand, deliver, take_due
from clearing.directories import Directory
from clearing.run import run_clearing
from config.run.delivering import INBOXES
from host.model.office import Done, Refused
from host.office.report_clock import make_due, period_of
from host.office.reports import REPORTS
from host.office.reports import SQL as STATEMENTS
from tests.host.conftest import MERCHANT_OF, CardPool, Till, audit_ledger
from tests.host.office.conftest import Bureau, Person
from tests.host.office.test_clearing import BOUGHT, DAY

KEY = Ed25519PrivateKey.generate()
NEXT = DAY + dt.timedelta(days=1)


def clear(till: Till, files: Path, date: dt.date = DAY) -> None:
    with psycopg.connect(till.dsns.night, autocommit=True) as night:
        run_clearing(night, files, date)


def bring(till: Till, files: Path) -> list[tuple[str, str]]:
    connect = functools.partial(psycopg.connect, till.dsns.night, autocommit=True)
    now = dt.datetime.now(dt.UTC) + dt.timedelta(days=400)

    def opens(delivery: Any) -> Any:
        return nullcontext(Directory(files / INBOXES / delivery.directory))

    with connect() as night:
        taken = take_due(night, now, 64)
    brought = [deliver(Errand(connect, files, KEY, opens, lambda: now), one) for one in taken]
    return [(str(one.state), one.why) for one in brought]


def scheduled(bureau: Bureau, who: Person, **values: Any) -> int:
    told = bureau.done(who, "report.schedule", **values)
    number: int = told.told["schedule"]
    return number


def content_of_report(told: Done, section: str) -> list[dict[str, Any]]:
    """The rows of a section, of a report in JSON."""
    content = base64.b64decode(told.shown_once["content"])
    rows: list[dict[str, Any]] = json.loads(content)["sections"][section]["rows"]
    return rows


def made(bureau: Bureau, who: Person, schedule: int) -> list[tuple[str, str]]:
    rows = bureau.rows(who, "reports_made", schedule=str(schedule))
    return [(row["business_date"], row["report_outcome"]) for row in rows]


async def test_a_report_of_each_date_is_made_once_kept_and_brought_beside_the_files(
    till: Till, pool: CardPool, bureau: Bureau, tmp_path: Path
) -> None:
    """S3-22: due as soon as its date is reckoned; late, it is made once and in order."""
    one, other = bureau.person("finance"), bureau.person("finance")
    shop = MERCHANT_OF[till.terminal_id]
    owner = bureau.person("merchant_owner", "merchant", shop)
    bureau.done_by_two(one, other, "delivery.save", merchant=shop, directory="shop")
    asked = {"report": "spending", "merchant": shop, "every": "day", "format": "json"}
    number = scheduled(bureau, owner, **asked, brought_with="csv")
    assert bureau.refused(owner, "report.schedule", **asked, brought_with="csv") == "E-ID"
    await till.buy(pool.city(), BOUGHT)
    bureau.do_jobs()
    assert made(bureau, owner, number) == []
    await trio.to_thread.run_sync(clear, till, tmp_path)
    await trio.to_thread.run_sync(clear, till, tmp_path, NEXT)
    bureau.later(minutes=2)
    bureau.do_jobs()
    wanted = [(NEXT.isoformat(), "moved_nothing"), (DAY.isoformat(), "made")]
    assert made(bureau, owner, number) == wanted
    bureau.later(minutes=2)
    bureau.do_jobs()
    assert made(bureau, owner, number) == wanted
    taken = bureau.done(owner, "report.take", schedule=number, date=DAY.isoformat())
    content = base64.b64decode(taken.shown_once["content"])
    [spent] = content_of_report(taken, "spent")
    assert (spent["merchant"], spent["net_minor"]) == (shop, BOUGHT)
    assert bureau.refused(owner, "report.take", schedule=number, date=NEXT.isoformat()) == "E-STATE"
    assert await trio.to_thread.run_sync(bring, till, tmp_path) == [("delivered", "")]
    inbox = tmp_path / INBOXES / "shop"
    name = f"{DAY:%Y%m%d}-report-{number}-spending.json"
    assert sorted(file.name for file in inbox.iterdir()) == [
        name, f"{name}.manifest.csv", f"{name}.manifest.csv.ed25519",
    ]  # fmt: skip
    assert (inbox / name).read_bytes() == content
    digest = hashlib.sha256(content).hexdigest()
    manifest = (inbox / f"{name}.manifest.csv").read_text()
    assert manifest.splitlines()[1].split(",")[0::2] == [name, digest]
    assert await trio.to_thread.run_sync(bring, till, tmp_path) == []
    [row] = bureau.rows(owner, "reports")
    assert (row["id"], row["last_date"], row["scheduled"]) == (number, NEXT.isoformat(), True)
    assert bureau.rows(owner, "reports_made", schedule=str(number))[1]["delivery_state"] == (
        "delivered"
    )
    bureau.done(owner, "report.end", schedule=number)
    assert bureau.refused(owner, "report.end", schedule=number) == "E-STATE"
    assert bureau.rows(owner, "reports", scheduled="true") == []
    audit_ledger(till.dsns)


async def test_two_who_find_the_same_report_due_keep_it_once(
    till: Till, pool: CardPool, bureau: Bureau, tmp_path: Path
) -> None:
    finance = bureau.person("finance")
    number = scheduled(bureau, finance, report="day", every="day")
    await till.buy(pool.city(), BOUGHT)
    await trio.to_thread.run_sync(clear, till, tmp_path)
    with (
        psycopg.connect(till.dsns.office) as first,
        psycopg.connect(till.dsns.office) as second,
    ):
        assert make_due(first, bureau.now) > 0
        assert make_due(second, bureau.now) == 0
        first.rollback()  # as one that was killed
        assert make_due(second, bureau.now) > 0
    assert made(bureau, finance, number) == [(DAY.isoformat(), "made")]


async def test_what_has_more_rows_than_a_report_takes_is_a_row_that_says_so(
    till: Till, pool: CardPool, bureau: Bureau, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finance = bureau.person("finance")
    number = scheduled(bureau, finance, report="exceptions", every="day")
    beside = scheduled(bureau, finance, report="liability", every="day", format="csv")
    await till.buy(pool.city(), BOUGHT)
    await trio.to_thread.run_sync(clear, till, tmp_path)
    few = msgspec.structs.replace(REPORTS["exceptions"], rows_max=3)
    monkeypatch.setattr("host.office.reports.REPORTS", {**REPORTS, "exceptions": few})
    bureau.do_jobs()
    assert made(bureau, finance, number) == [(DAY.isoformat(), "too_much")]
    assert made(bureau, finance, beside) == [(DAY.isoformat(), "made")]
    assert bureau.sql("SELECT count(*) FROM delivery") == [(0,)]


async def test_a_report_that_fails_is_told_and_keeps_no_other_from_being_made(
    till: Till, pool: CardPool, bureau: Bureau, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finance = bureau.person("finance")
    number = scheduled(bureau, finance, report="exceptions", every="day")
    beside = scheduled(bureau, finance, report="liability", every="day")
    await till.buy(pool.city(), BOUGHT)
    await trio.to_thread.run_sync(clear, till, tmp_path)
    monkeypatch.setitem(STATEMENTS, "report_exceptions", "SELECT 1 / 0")
    bureau.do_jobs()
    assert made(bureau, finance, number) == [(DAY.isoformat(), "failed")]
    assert made(bureau, finance, beside) == [(DAY.isoformat(), "made")]


def test_a_report_of_a_month_is_of_all_its_dates_once_the_last_is_reckoned() -> None:
    last = dt.date(2028, 2, 29)
    month = period_of("spending", "month", last)
    assert (month.first, month.last) == (dt.date(2028, 2, 1), last)
    assert period_of("liability", "month", last).days == 1
    assert period_of("spending", "day", last).days == 1


def test_a_report_of_a_month_is_due_at_its_end_alone(bureau: Bureau) -> None:
    """By rows as a night leaves them."""
    finance = bureau.person("finance")
    number = scheduled(bureau, finance, report="unsettled", every="month")
    for date in ("2026-11-28", "2026-11-29", "2026-11-30", "2026-12-01"):
        bureau.sql("INSERT INTO business_day VALUES (%s, 'closed', now(), now())", date)
        bureau.sql("INSERT INTO clearing_run (business_date, started_at) VALUES (%s, now())", date)
        bureau.sql(
            "INSERT INTO clearing_step (business_date, step, finished_at, detail, taken_by)"
            " VALUES (%s, 'net', now(), '', 'x')", date,
        )  # fmt: skip
    bureau.do_jobs()
    assert made(bureau, finance, number) == [("2026-11-30", "made")]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"report": "day", "every": "month"}, "1 days"),
        ({"report": "liability", "every": "day", "brought_with": "csv"}, "brought to nobody"),
        (
            {"report": "spending", "every": "day", "merchant": min(MERCHANT_OF.values()),
             "brought_with": "csv"},
            "posswitch delivery save",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_made_or_brought_is_refused_at_once(
    shared_bureau: Bureau, values: dict[str, str], said: str
) -> None:
    told = shared_bureau.do(shared_bureau.person("finance"), "report.schedule", **values)
    assert isinstance(told, Refused)
    assert said in told.en


def test_a_merchant_has_its_own_reports_and_finds_no_other(bureau: Bureau) -> None:
    """S3-29: what a store or the house has made is not seen by another."""
    shop = min(MERCHANT_OF.values())
    finance = bureau.person("finance")
    owner = bureau.person("merchant_owner", "merchant", shop)
    number = scheduled(bureau, finance, report="liability", every="day")
    own = scheduled(bureau, finance, report="spending", every="day", merchant=shop)
    assert [row["id"] for row in bureau.rows(owner, "reports")] == [own]
    for action, values in (("report.end", {}), ("report.take", {"date": DAY.isoformat()})):
        assert bureau.refused(owner, action, schedule=number, **values) == "E-NOT-FOUND"
    assert bureau.refused(owner, "report.schedule", report="day", every="day") == "E-NOT-YOUR-ROLE"
