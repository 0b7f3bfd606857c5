"""The screens of the night in a real browser, of one date that was traded and cleared."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
import trio
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page

from clearing.run import STEPS, run_clearing
from host.model.office import Waiting
from tests.host.conftest import MERCHANT_OF, CardPool, trading
from tests.host.office.conftest import Bureau, Person
from tests.switch.web.browsing import (
    WIDE,
    let_in,
    looked_at,
    needs_chromium,
    opened,
    pictured,
    press,
    ready,
    write,
)
from tests.switch.web.conftest import Open

pytestmark = needs_chromium
DAY = dt.date(2026, 11, 22)
SOLD, DISPUTED = 20_000, 12_300
STATEMENT = "20261122-1"


@dataclass
class Night:
    """Who is about it, and where the front is."""

    office: Bureau
    address: str
    owner: Person
    issuer: Person
    finance: tuple[Person, Person]
    rrns: list[str]


@pytest.fixture(scope="module")
def night(
    shared_bureau: Bureau,
    shared_front: Open,
    tmp_path_factory: pytest.TempPathFactory,
) -> Night:
    """Two sales of a date, and its night."""
    rrns: list[str] = []
    terminals: list[str] = []

    async def trade() -> None:
        async with trading(shared_bureau.dsns) as till:
            card = CardPool().city()
            sold = [await till.buy(card, amount) for amount in (SOLD, DISPUTED)]
            rrns.extend(one.rrn for one in sold)
            terminals.append(till.terminal_id)

    trio.run(trade)
    with psycopg.connect(shared_bureau.dsns.night, autocommit=True) as connection:
        run_clearing(connection, tmp_path_factory.mktemp("files"), DAY)
    office = shared_bureau
    return Night(
        office=office,
        address=str(shared_front().client.base_url).rstrip("/"),
        owner=office.person("merchant_owner", "merchant", MERCHANT_OF[terminals[0]]),
        issuer=office.person("issuer_manager"),
        finance=(office.person("finance"), office.person("finance")),
        rrns=rrns,
    )


def test_a_merchant_sees_how_each_cent_of_a_statement_came_to_be_and_confirms_it(
    chromium: Chromium, night: Night
) -> None:
    """S3-28, S4-31: from an amount to its transactions in two clicks, a dispute in three (tick,
    why, send), a file in one; and the other side confirms in one."""
    path = f"/settlements/{STATEMENT}"
    pictured(chromium, night.address, night.owner, {"settlement": path})
    with opened(chromium, WIDE, "en-GB") as page:
        let_in(page, night.address, night.owner)
        page.goto(night.address + path)
        assert "CN¥323.00" in ready(page).inner_text(".reckoning .whole >> nth=0")
        page.click(".reckoning a >> nth=0")
        assert page.url.endswith("#positions")
        page.click("#positions tbody a >> nth=0")
        assert ready(page).locator("tbody tr").count() == len(night.rrns)
        assert all(rrn in ready(page).inner_text("tbody") for rrn in night.rrns)
        page.go_back()
        with page.expect_download() as told:
            page.click("button:has-text('XLSX')")
        assert told.value.suggested_filename == f"{STATEMENT}.xlsx"
        assert Path(told.value.path()).read_bytes().startswith(b"PK")
        page.check(f"input[value='{night.rrns[1]}']")
        page.fill("#why", "charged twice")
        page.click("button:has-text('Dispute what is ticked')")
        page.wait_for_selector("#disputes tbody tr")
        assert "charged twice" in ready(page).inner_text("#disputes")
        assert "CN¥200.00" in ready(page).inner_text(".reckoning .whole >> nth=1")
        assert not ready(page).query_selector("button:has-text('Confirm')")
        looked_at(page, "settlement-disputed-wide-en", is_whole=True)
    with opened(chromium, WIDE, "zh-CN") as page:
        let_in(page, night.address, night.issuer)
        page.goto(night.address + path)
        page.click("button:has-text('确认')")
        page.wait_for_selector(f".facts dd:has-text('{night.issuer.login}')")


def test_a_night_says_what_it_did_what_blocks_it_and_is_released_by_another_with_its_total(
    chromium: Chromium, night: Night
) -> None:
    """S4-13, S3-21: run in two clicks (the code between them), release with the total typed and a
    code, by somebody else; what blocks stands on the page."""
    path = f"/nights/{DAY}"
    one, other = night.finance
    pictured(chromium, night.address, one, {"night": path})
    with opened(chromium, WIDE, "en-GB") as page:
        let_in(page, night.address, one)
        page.goto(night.address + path)
        assert ready(page).locator(".night .done").count() == len(STEPS)
        assert "Nothing that is listed here is open" in ready(page).inner_text("#blocks")
        page.click("button:has-text('Run the night')")
        page.fill("#code", night.office.code(one))
        page.click("button[value=do]")
        _is_done(page)
    with opened(chromium, WIDE, "en-GB") as page:
        let_in(page, night.address, other)
        page.goto(night.address + path)
        page.wait_for_selector("p:has-text('It is run now')")
        page.fill("#total", "1.00")
        page.click("button:has-text('Release')")
        page.fill("#code", night.office.code(other))
        page.click("button[value=do]")
        page.wait_for_selector("small:has-text('that is not what is paid')")
        page.goto(night.address + path)
        page.fill("#total", "323.00")
        page.click("button:has-text('Release')")
        page.fill("#code", night.office.code(other))
        page.click("button[value=do]")
        _is_done(page)
        page.goto(night.address + path)
        assert other.login in ready(page).inner_text(".facts")
        assert not ready(page).query_selector("#total")
        looked_at(page, "night-released-wide-en", is_whole=True)


def test_what_is_live_of_each_page_is_told(night: Night, shared_front: Open) -> None:
    browser = shared_front()
    session = night.finance[0].session.reveal().decode()
    browser.client.cookies.set("posswitch_session", session)
    for path in (f"/settlements/{STATEMENT}", f"/nights/{DAY}", "/approvals", "/exceptions"):
        with browser.client.stream("GET", f"/live{path}") as answer:
            assert answer.status_code == 200, path
            lines = (line for line in answer.iter_lines() if line and not line.startswith(":"))
            assert next(lines).startswith("data: "), path


def test_a_statement_of_others_is_not_there(chromium: Chromium, night: Night) -> None:
    other = max(
        {*MERCHANT_OF.values()} - {night.office.rows(night.owner, "merchants")[0]["merchant_id"]}
    )
    stranger = night.office.person("merchant_owner", "merchant", other)
    with opened(chromium, WIDE, "en-GB") as page:
        let_in(page, night.address, stranger)
        for number in (STATEMENT, "20261122-9", "x", "20261122", "20261122-1-issuer"):
            answer = page.goto(f"{night.address}/settlements/{number}")
            assert answer is not None
            assert answer.status == 404, number


def test_what_waits_is_decided_in_two_clicks_with_what_it_would_do_before_the_eyes(
    chromium: Chromium, night: Night
) -> None:
    """S1-11, S1-20, S2-16: agreed to by a key and a code, refused with why, and withdrawn."""
    office = night.office
    one, other = night.finance
    asked = {"merchant": office.rows(night.owner, "merchants")[0]["merchant_id"],
             "account_holder": "Somebody", "bank_code": "102100099996"}  # fmt: skip
    numbers = ("6222020200112230001", "6222020200112230002", "6222020200112230003")
    for number in numbers:
        told = office.with_code(one, "payout_account.save", account_number=number, **asked)
        assert isinstance(told, Waiting), told
    pictured(chromium, night.address, other, {"approvals": "/approvals"})
    with opened(chromium, WIDE, "en-GB") as page:
        let_in(page, night.address, other)
        page.goto(night.address + "/approvals")
        assert ready(page).title().startswith("(3)")
        press(page, "j")
        press(page, "r")
        write(page, "not theirs")
        press(page, "Enter")
        page.wait_for_selector("#waiting:has-text('(2)')")
        press(page, "j")
        press(page, "a")
        page.fill("#code", office.code(other))
        page.click("button[value=do]")
        _is_done(page)
    with opened(chromium, WIDE, "zh-CN") as page:
        let_in(page, night.address, one)
        page.goto(night.address + "/approvals")
        assert "(1)" in ready(page).inner_text("#own")
        assert "(0)" in ready(page).inner_text("#waiting")
        page.click("button:has-text('撤回')")
        page.wait_for_selector("#own:has-text('(0)')")
    states = [row["state"] for row in office.rows(office.admin, "approvals")]
    assert sorted(states) == ["done", "refused", "withdrawn"]


def test_a_difference_is_matched_by_two_keys_taken_on_in_two_clicks_and_a_case_is_resolved(
    chromium: Chromium, night: Night
) -> None:
    """S4-79, S4-30: both sides before the eyes; what does not come to the same is refused."""
    office = night.office
    one, _ = night.finance
    _differ(office)
    office.sql(
        "INSERT INTO exception_case (kind, terminal_id, epoch, stan, detail, amount_minor, unit,"
        " opened_at, seen_at) SELECT 'saf_gave_up', min(terminal_id), '000001', '000007',"
        " 'a reversal', 0, '', now(), now() FROM terminal"
    )
    pictured(chromium, night.address, one, {"exceptions": "/exceptions"})
    with opened(chromium, WIDE, "en-GB") as page:
        let_in(page, night.address, one)
        page.goto(night.address + "/exceptions")
        page.click(".found a:has-text('we lack it')")
        page.wait_for_selector("section.one button[data-key=m]")
        press(page, "m")
        page.wait_for_selector(".found h2:has-text('Differences (1)')")
        page.fill("#note", "mine to ask the shop about")
        page.click("button[value=take]")
        page.wait_for_selector(f".found small:has-text('{one.login}')")
        page.fill("#note", "taken for the same")
        page.click("button[value=match]")
        page.wait_for_selector(".refusal")
        page.goto(night.address + f"/nights/{DAY}")
        assert "given up by the switch" in ready(page).inner_text("#blocks")
        page.goto(night.address + "/exceptions")
        page.click(".found a:has-text('given up by the switch')")
        page.fill("#note", "undone by hand")
        page.click("button:has-text('Resolve')")
        page.wait_for_selector(".found:not(:has-text('given up'))")
    answers = [(row["difference"], row["answer"]) for row in office.rows(one, "recon_items")]
    assert sorted(answers, key=str) == [
        ("other_amount", None), ("they_lack", "match"), ("we_lack", "match"),
    ]  # fmt: skip
    [(by, note)] = office.sql("SELECT resolved_by, note FROM exception_case")
    assert (by, note) == (one.login, "undone by hand")


def _differ(office: Bureau) -> None:
    """A file that lacks a line which it has under another number, and has one of another amount."""
    office.sql(
        "INSERT INTO recon_file (source, layout, merchant_id, business_date, unit, sha256, lines,"
        " sent_by, sent_at, matched_at, matched) SELECT 'merchant_file', 'merchant_csv', min(id),"
        " %s, 'CNY', sha256('x'), 3, 'x', now(), now(), 0 FROM merchant", DAY,
    )  # fmt: skip
    office.sql(
        "INSERT INTO recon_line (file_id, line, rrn, terminal_id, batch, trace, traded_on, unit,"
        " amount_minor) SELECT f.id, n, n::text, '80010001', '', '', f.business_date, f.unit, 5000"
        " FROM recon_file AS f CROSS JOIN generate_series(2, 3) AS n"
    )
    for difference, line, rrn, ours, theirs, suggested, score in (
        ("they_lack", None, "112200009001", 5000, 0, "", 0),
        ("we_lack", 2, "", 0, 5000, "112200009001", 60),
        ("other_amount", 3, "112200009002", 5000, 5001, "", 0),
    ):
        office.sql(
            "INSERT INTO recon_item (business_date, source, difference, file_id, line,"
            " merchant_id, rrn, terminal_id, batch, trace, unit, ours_minor, theirs_minor,"
            " suggested, score, opened_at) SELECT f.business_date, f.source, %s, f.id, %s,"
            " f.merchant_id, %s, '80010001', '', '', f.unit, %s, %s, %s, %s, now()"
            " FROM recon_file AS f",
            difference, line, rrn, ours, theirs, suggested, score,
        )  # fmt: skip


def _is_done(page: Page) -> None:
    page.wait_for_load_state()
    assert ready(page).inner_text("h1").startswith("Done"), ready(page).inner_text("main")
