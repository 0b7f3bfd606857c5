"""What a person reads of money: whole, in its unit, on any screen and in any pipe."""

import datetime as dt
import io
import os
import pty
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping

import pytest
from rich.cells import cell_len
from rich.console import Console, Group, RenderableType

from clearing.checks import CHECKS, SQL
from clearing.checks import Test as AuditTest
from clearing.netting import Position
from clearing.verify import in_their_units
from config.cells import cell_count
from config.screen import UNLIMITED, Column, Line, Screen, Sheet, number, prose
from config.tasks.demo import CHANNELS
from config.tasks.night import positions_sheet
from config.tasks.progress import board
from config.tasks.story import Story
from config.tasks.terminals import cases_sheet, terminal_lines
from host.cases import CaseKind
from host.estate.demo import demo_estate
from host.model.money import Money
from host.model.requests import Kind, Totals
from host.rules.settlement import text_of
from host.store.cases import StoredCase
from host.store.settlement_view import BatchView, TerminalView
from simulators.record import Event, What
from simulators.tally import Tally

MUCH = 9_223_372_036_854_775_807
"""The most that a balance can hold."""
NOW = dt.datetime(2026, 11, 26, tzinfo=dt.UTC)
UNITS = ("CNY", "P:CITY")


def positions() -> RenderableType:
    return positions_sheet(
        Position(
            merchant="888290054110001",
            issuer="10000001",
            unit=unit,
            entries=1_234_567,
            debit_minor=MUCH,
            credit_minor=3_637_700,
        )
        for unit in UNITS
    )


def cases() -> RenderableType:
    return cases_sheet(
        [
            StoredCase(
                id=at,
                kind=CaseKind.MISSING_AT_TERMINAL,
                terminal_id="80010001",
                epoch="000012",
                stan="000002",
                detail=f"purchase of {Money(MUCH, unit)}, card 998800******0015 [slip]",
                amount_minor=MUCH,
                unit=unit,
                times=1,
                opened_at=NOW,
                seen_at=NOW,
                resolved_at=None,
                resolved_by=None,
                note=None,
            )
            for at, unit in enumerate(UNITS)
        ]
    )


def totals() -> RenderableType:
    sums = (Totals(MUCH, 1, 3_637_700, 2), Totals(MUCH, 1, 3_637_700, 2))
    return Group(text_of(sums))


def traded() -> RenderableType:
    events = [
        event
        for number, kind, unit in ((1, Kind.PURCHASE, "CNY"), (2, Kind.POINTS_REDEMPTION, "P:"))
        for slot in [f"pos/80010001/000012/00000{number}/f"]
        for event in (
            Event(what=What.SENT, slot=slot, kind=kind, amount_minor=MUCH, unit=unit),
            Event(what=What.TOLD, slot=slot, f39="00"),
        )
    ]
    return Story(events, demo_estate(), CHANNELS).sheet()


TABLES: Mapping[str, tuple[Callable[[], RenderableType], tuple[str, ...]]] = {
    "positions": (
        positions,
        (
            "92,233,720,368,547,758.07 CNY",
            "36,377.00 CNY",
            "-92,233,720,368,511,381.07 CNY",
            "9,223,372,036,854,775,807 points CITY",
            "3,637,700 points CITY",
            "1,234,567",
        ),
    ),
    "cases": (
        cases,
        ("92,233,720,368,547,758.07 CNY", "9,223,372,036,854,775,807 points CITY", "[slip]"),
    ),
    "traded": (
        traded,
        ("92,233,720,368,547,758.07 CNY", "9,223,372,036,854,775,807 points"),
    ),
    "totals": (
        totals,
        (
            "92,233,720,368,547,758.07 CNY",
            "36,377.00 CNY",
            "9,223,372,036,854,775,807 points",
            "3,637,700 points",
        ),
    ),
}


def shown(what: RenderableType, width: int) -> str:
    file = io.StringIO()
    Console(file=file, width=width, soft_wrap=True, highlight=False).print(what)
    return file.getvalue()


@pytest.mark.parametrize("width", [80, 40, 20, UNLIMITED], ids=["80", "40", "20", "pipe"])
@pytest.mark.parametrize("name", TABLES)
def test_money_is_whole_and_in_its_unit_at_any_width(name: str, width: int) -> None:
    make, amounts = TABLES[name]
    text = shown(make(), width)
    assert "…" not in text
    for each in amounts:
        assert each in text


@pytest.mark.parametrize("name", ["positions", "cases"])
def test_into_a_pipe_a_row_is_a_line(name: str) -> None:
    make, amounts = TABLES[name]
    lines = shown(make(), UNLIMITED).splitlines()
    assert sum(amounts[0] in line for line in lines) == 1


def test_a_table_that_has_no_room_is_a_list() -> None:
    sheet = Sheet((Column("whose"), number("net")), [("888290054110001", "1,234.00 CNY")])
    assert shown(sheet, 29).splitlines() == [
        "whose                     net",
        "─" * 29,
        "888290054110001  1,234.00 CNY",
    ]
    assert shown(sheet, 28).splitlines() == ["whose 888290054110001", "  net   1,234.00 CNY"]


def test_a_table_without_room_for_all_has_its_first_column_as_headings() -> None:
    rows = [("888290054110001", "1", "2.00 CNY"), ("888290054110001", "2", "3.00 CNY")]
    sheet = Sheet((Column("merchant"), Column("issuer"), number("net")), rows, title="owed")
    assert shown(sheet, 20).splitlines() == [
        "owed",
        "  issuer       net",
        "  ────────────────",
        "merchant 888290054110001",
        "  1       2.00 CNY",
        "  2       3.00 CNY",
    ]


def test_prose_is_folded_between_words_and_beside_its_row() -> None:
    sheet = Sheet(
        (number("times"), prose("why")), [("7", "one two three four five six seven eight")]
    )
    assert shown(sheet, 30).splitlines()[2:] == [
        "    7  one two three four five",
        "       six seven eight",
    ]


def test_chinese_names_take_their_two_cells() -> None:
    rows = [("城市卡", "1.00 CNY"), ("Pear Mall", "22.00 CNY")]
    *_, first, second = shown(Sheet((Column("issuer"), number("net")), rows), 80).splitlines()
    assert first == "城市卡      1.00 CNY"
    assert second == "Pear Mall  22.00 CNY"


def test_the_counts_of_a_swarm_are_whole_on_a_small_screen() -> None:
    tally = Tally(answers=Counter({(Kind.PURCHASE, "00"): 1_234_567, (Kind.PURCHASE, "51"): 89}))
    for width in (20, 40, 80):
        assert "1,234,567" in shown(board(tally), width)


WIDE = "888290054110001 " * 20


@pytest.mark.parametrize("colour", [{}, {"FORCE_COLOR": "1"}, {"COLUMNS": "20"}])
def test_a_pipe_has_no_width_whatever_the_environment_says(colour: dict[str, str]) -> None:
    code = f"from config.screen import *; screen().print(Sheet((Column('a'),), [({WIDE!r},)]))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **colour},
    )
    assert WIDE.strip() in re.sub(r"\x1b\[[0-9;]*m", "", done.stdout)


def test_a_terminal_breaks_what_is_longer_than_it_and_nothing_is_lost() -> None:
    code = f"from config.screen import *; screen().print(Sheet((Column('a'),), [({WIDE!r},)]))"
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=theirs, env={**os.environ, "TERM": "xterm"}
    ):
        os.close(theirs)
        said = b""
        try:
            while part := os.read(ours, 4096):
                said += part
        except OSError:  # what a terminal says when nobody writes to it any more
            os.close(ours)
    assert said.decode().replace("\r\n", "").count("888290054110001") == 20


def test_a_terminal_shows_its_totals_and_promisesin_their_units() -> None:
    view = TerminalView(
        terminal_id="80010001",
        merchant="Pear",
        merchant_id="888290054110001",
        is_active=True,
        last_seen=None,
        serial=None,
        settles_points=True,
        status=None,
        status_at=None,
        epoch="000012",
        totals={"up": (Totals(12_345, 1, 0, 0), Totals(500, 1, 0, 0))},
        unacknowledged=[],
        keys=[],
        batches=[],
        cases=[],
    )
    lines = list(terminal_lines(view))
    assert "    up: debit 123.45 CNY in 1, credit 0.00 CNY in 0" in lines
    assert "    up: debit 500 points in 1, credit 0 points in 0" in lines


def test_a_terminals_lines_fit_80_columns_whatever_it_has_sold() -> None:
    most = (
        Totals(999_999_999_999, 999, 999_999_999_999, 999),
        Totals(999_999_999, 999, 999_999_999, 999),
    )
    batch = BatchView(
        institution="mis",
        epoch="20261122.12",
        state="uploading",
        business_date=dt.date(2026, 11, 22),
        told=most,
        counted=(Totals(1, 1, 1, 1), Totals(1, 1, 1, 1)),
        settled_at=dt.datetime(2026, 11, 22, tzinfo=dt.UTC),
        closed_at=None,
    )
    view = TerminalView(
        terminal_id="80010001",
        merchant="A merchant of forty characters, no less.",
        merchant_id="888290054110001",
        is_active=False,
        last_seen=dt.datetime(2026, 11, 26, tzinfo=dt.UTC),
        serial="12580010001",
        settles_points=True,
        status=None,
        status_at=None,
        epoch="20261122.12",
        totals={"up": most, "down": most},
        unacknowledged=[],
        keys=[],
        batches=[batch],
        cases=[],
    )
    assert max(map(cell_len, terminal_lines(view))) <= 80


SAID = (
    "business date 2026-11-26 would be cleared, by the clock of Asia/Shanghai, for a merchant who "
    "is owed 9,999,999,999.99 CNY and 12,345,678 points"
)


@pytest.mark.parametrize("width", [40, 80])
def test_a_sentence_is_folded_between_its_words_on_a_terminal_and_is_a_line_in_a_pipe(
    width: int,
) -> None:
    out = io.StringIO()
    Screen(file=out, width=width, soft_wrap=True).print(f"  {SAID}", markup=False)
    first, *more = out.getvalue().splitlines()
    assert max(map(cell_len, (first, *more))) <= width
    assert first.startswith("  b")
    assert all(line.startswith("    ") for line in more)
    text = out.getvalue()
    assert "9,999,999,999.99 CNY" in text
    assert "12,345,678 points" in text
    assert " ".join(text.split()) == SAID
    piped = io.StringIO()
    Screen(file=piped, width=UNLIMITED, soft_wrap=True).print(f"  {SAID}", markup=False)
    assert piped.getvalue() == f"  {SAID}\n"


AMOUNT = re.compile(r"{(\w+_minor)}")
MONEY_TESTS = [test for check in CHECKS for test in check.tests if AMOUNT.search(test.reads)]


@pytest.mark.parametrize("test", MONEY_TESTS, ids=[test.name for test in MONEY_TESTS])
def test_a_finding_of_the_audit_names_amounts_in_their_unit(test: AuditTest) -> None:
    names = AMOUNT.findall(test.reads)
    row = dict.fromkeys(re.findall(r"{(\w+)}", test.reads), "x")
    row.update(dict.fromkeys(names, 3_637_700), unit="CNY")
    told = test.reads.format_map(in_their_units(row))
    assert told.count("36,377.00 CNY") == len(names)
    assert "3637700" not in told


def test_an_amount_that_is_missing_or_of_no_known_unit_says_so() -> None:
    row = {"stored_minor": None, "ledger_minor": 12_345, "unit": None}
    told = "{stored_minor}, {ledger_minor}".format_map(in_their_units(row))
    assert told == "nothing, 12,345 minor units"


def test_every_finding_with_an_amount_has_its_unit_in_its_statement() -> None:
    for test in MONEY_TESTS:
        selected = SQL[test.name].rpartition("SELECT")[2]
        assert re.search(r"\bunit\b", selected), test.name


@pytest.mark.parametrize(
    "text", ["plain", "余额", "e\u0301te\u0301", "a\u200bb", "₩100", "👍 完成"]
)
def test_text_is_as_wide_as_what_draws_it_says(text: str) -> None:
    assert cell_count(text) == cell_len(text)


def test_a_line_of_a_live_screen_is_as_wide_as_its_terminal() -> None:
    kinds = "kinds in 1 s: " + ", ".join(f"points_redemption {count}" for count in range(10, 16))
    shown = Console(file=io.StringIO(), width=80, soft_wrap=True)
    with shown.capture() as captured:
        shown.print(Group(Line(kinds), Line("answers in 1 s: none")))
    first, *more = captured.get().splitlines()
    assert max(map(len, (first, *more))) <= 80
    assert " ".join((first, *map(str.strip, more))) == f"{kinds} answers in 1 s: none"
