"""The demo, small: it ends by itself, balanced, and says so with its exit status."""

import os
import re
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console, RenderableType

from config.errors import SettingsError
from config.language import chinese_of
from config.settings import Settings
from config.tasks.demo import CHANNELS, EXTERNAL_RECORD, RECORD, fresh_places
from config.tasks.lottery import verdict_of
from config.tasks.progress import Fate, board, fates_of, headline, mended
from config.tasks.story import Story
from host.estate.demo import demo_estate
from host.model.requests import Kind
from simulators.record import Event, What, read_record
from simulators.tally import SILENCE, Tally
from tests.quickly import command

ZONE = Settings().host.timezone
SCREEN_COLUMNS = 80


Demos = list[tuple[Path, str]]
"""Of `tests/config/tasks/conftest.py`."""


def test_a_small_demo_balances(demos: Demos) -> None:
    data, said = demos[0]
    assert said.rstrip().endswith("audit: 0 violations")
    assert "positions" in said
    assert (data / "terminals.jsonl").stat().st_size > 0
    assert "9988000000000" not in (data / "terminals.jsonl").read_text()


def test_the_demos_night_is_released_by_somebody_who_did_not_run_it(demos: Demos) -> None:
    """S4-79: with what is paid, as the night's positions say it."""
    for data, said in demos:
        [line] = [line for line in said.splitlines() if ", who did not run it, released " in line]
        assert line.startswith("finance, ")
        [files] = [one for one in (data / "files").iterdir() if one.is_dir()]
        assert f"{files.name[:4]}-{files.name[4:6]}-{files.name[6:]}: " in line
        assert line.endswith(" CNY is paid")


def test_the_demos_night_settles_points_of_an_alliance(demos: Demos) -> None:
    """S4-70: who gave them out pays a hundredth of what it sold, rounded for each merchant."""
    for data, said in demos:
        [line] = [line for line in said.splitlines() if line.startswith("alliance CIRCLE: ")]
        [(points, minor)] = re.findall(
            r"([\d,]+) points given out, paid for by who gave them: ([\d,.]+) CNY", line
        )
        given, paid = (float(each.replace(",", "")) for each in (points, minor))
        assert given > 0
        assert paid == pytest.approx(given / 100, abs=1)
        lines = [
            row
            for file in (data / "files").glob("2*/merchant-*.csv")
            for row in file.read_text().splitlines()
            if "alliance_settlement" in row
        ]
        assert lines


def test_what_a_merchant_has_otherwise_is_found_and_answered_by_two(demos: Demos) -> None:
    """S4-79: each line but the one that was mistyped is ours."""
    for _data, lines_said in demos:
        said = " ".join(lines_said.split())  # a line breaks where the amounts have it break
        [told] = re.findall(r"own list: ([\d,]+) of ([\d,]+) lines are ours", said)
        matched, lines = (int(each.replace(",", "")) for each in told)
        assert matched == lines - 1
        [(theirs, ours)] = re.findall(r"they have ([\d.,]+) CNY, we have ([\d.,]+) CNY;", said)
        assert float(theirs.replace(",", "")) - float(ours.replace(",", "")) == pytest.approx(9)
        assert "finance answered it, finance2 agreed" in said


def test_the_demos_day_is_told_in_a_file_that_needs_no_other(demos: Demos) -> None:
    """S3-22: sales cost merchants something, and the file says what."""
    for data, said in demos:
        assert f"the day at a glance, for a browser: {data / 'day.html'}" in said
        page = (data / "day.html").read_text("utf-8")
        assert "<svg" in page
        assert "<script" not in page
        assert "http" not in page.replace("http://www.w3.org/2000/svg", "")
        [fees] = re.findall(r"^ +fees +([\d.,]+ CNY)$", said, re.MULTILINE)
        assert fees in page


def test_the_demos_lottery_is_closed_and_each_of_its_draws_verifies(demos: Demos) -> None:
    """S4-62: the file that it leaves is what it says."""
    for data, said in demos:
        assert "lottery DEMO: closed, its seed told, " in said
        assert f"posswitch lottery verify {data / 'demo.lottery'}" in said.replace("\n", "")
        verdict = verdict_of(data / "demo.lottery")
        assert verdict.faults == ()
        assert f"{verdict.draws:,} draws recomputed: all are right" in said.replace("\n", " ")


def test_one_seed_asks_the_same_trades_of_every_terminal(demos: Demos) -> None:
    lists = [
        Story(
            [*read_record(data / RECORD), *read_record(data / EXTERNAL_RECORD)],
            demo_estate(),
            CHANNELS,
        ).trade_list()
        for data, _said in demos
    ]
    assert len(lists[0]) > 100
    assert lists[0] == lists[1]
    [first, second] = [
        next(line for line in said.splitlines() if line.startswith("seed 1 asks"))
        for _data, said in demos
    ]
    assert first == second


def test_what_became_of_lost_answers_adds_up(demos: Demos) -> None:
    for _data, said in demos:
        [line] = [line for line in said.splitlines() if " lost = " in line]
        lost, *parts = map(int, re.findall(r"\d+", line))
        assert sum(parts) == lost
        [row] = [line.split() for line in said.splitlines() if line.startswith("all  ")]
        assert int(row[4]) == lost
        assert row[1].replace(",", "") in said[said.index("seed 1 asks") :]


def test_the_demo_tells_who_traded_a_decline_and_a_time_out_to_its_end(demos: Demos) -> None:
    _data, said = demos[0]
    for channel in CHANNELS:
        assert re.search(rf"^{channel} +\d", said, re.MULTILINE)
    assert re.search(r"was told 51: insufficient funds\n  ledger  decided insufficient_funds", said)
    assert re.search(r"a time-out: terminal \d{8}, trace \d+\n  till    asked for a purchase", said)
    assert "heard no answer that it could believe, and sent a reversal" in said
    assert said.count("nothing of it stands") == 1
    assert f"cleared, by the clock of {ZONE}" in said


def test_a_card_batch_is_made_opened_by_another_sold_suspended_and_a_lost_card_replaced(
    demos: Demos,
) -> None:
    """S1-11..S1-13, S1-34, S1-46, S4-76, S4-80: the next message is refused, under trade."""
    tales = [tale_in(said) for _data, said in demos]
    assert tales[0] == tales[1], "one seed, one tale"
    found = [word for line in tales[0] for word in re.findall(r"E-[A-Z-]+|was told \d\d", line)]
    assert found == [
        "was told 21", "E-NOT-YOUR-ROLE", "was told 00", "was told 62", "was told 00",
        "was told 41", "was told 57", "was told 00",
    ]  # fmt: skip
    assert "makes 200 cards of 100.00 CNY" in tales[0][1]
    assert tales[0][-1].endswith("settles its batch: agreed")


def test_its_tale_fits_a_small_screen_in_chinese_too(demos: Demos) -> None:
    for line in tale_in(demos[0][1]):
        said = chinese_of(line)
        assert said != line
        assert cell_len(said) <= SCREEN_COLUMNS


def tale_in(said: str) -> list[str]:
    begins = said.index("a card batch: ")
    return said[begins : said.index("\n", said.index("settles its batch"))].splitlines()


def test_the_story_fits_a_small_screen(demos: Demos) -> None:
    """What holds a path is longer. A terminal of this width shows the sheets as they are below."""
    _data, said = demos[0]
    board_begins, board_ends = said.index("trades\ntransaction"), said.index("what was traded")
    lines = (said[:board_begins] + said[board_ends : said.index("positions\n")]).splitlines()
    too_long = [line for line in lines if len(line) > SCREEN_COLUMNS and "/data" not in line]
    assert too_long == []


def test_a_demo_that_is_interrupted_stops_everything_and_fails(tmp_path: Path) -> None:
    data = tmp_path / "demo"
    words = ("demo", "--data", data, "--terminals", "2")
    with subprocess.Popen(
        command(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline().startswith("pos on ")
        running.send_signal(signal.SIGINT)
        _said, errors = running.communicate(timeout=200)
    assert running.returncode not in {0, None}
    assert "Traceback" not in errors
    assert not (data / "postgres" / "postmaster.pid").exists()


def child_of(process: int, word: bytes) -> int:
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    [found] = [
        int(child)
        for child in children
        if word in Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
    ]
    return found


def test_a_demo_whose_host_dies_says_so(tmp_path: Path) -> None:
    """It goes on to the end of its day, which need not be a long one; or it was just asking the
    host whether it is ready, and says that this told nothing.
    """
    day = ("--data", tmp_path / "demo", "--terminals", "2", "--seconds", "4")
    with subprocess.Popen(
        command("demo", *day), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        running.stdout.readline()
        os.kill(child_of(running.pid, b"host"), signal.SIGKILL)
        _said, errors = running.communicate(timeout=200)
    assert running.returncode not in {0, None}
    assert "host ended by itself" in errors or "tells nothing of itself" in errors
    assert "Traceback" not in errors


def test_a_directory_in_use_is_refused_with_what_to_do(tmp_path: Path) -> None:
    fresh_places(tmp_path).cluster.home.mkdir()
    with pytest.raises(SettingsError, match="--data"):
        fresh_places(tmp_path)


def test_two_demos_get_two_directories() -> None:
    assert fresh_places(None).data != fresh_places(None).data


def shown(renderable: RenderableType) -> str:
    console = Console(width=100)
    with console.capture() as capture:
        console.print(renderable)
    return capture.get()


def test_the_board_tells_approved_declined_and_lost_apart() -> None:
    tally = Tally()
    tally.answers.update({(Kind.PURCHASE, "00"): 7, (Kind.PURCHASE, "51"): 2})
    tally.answers[Kind.PURCHASE, SILENCE] = 1
    text = shown(board(tally))
    assert "insufficient funds 2" in text
    assert text.splitlines()[-1].split()[:4] == ["purchase", "7", "2", "1"]
    assert "10 trades" in str(headline(tally, 5, 10))


LIVES: Mapping[str, tuple[Kind, tuple[What, ...]]] = {
    "reversed": (Kind.PURCHASE, (What.REVERSAL_SENT, What.REVERSAL_TOLD)),
    "confirmed": (Kind.CASH_LOAD, (What.CONFIRM_SENT, What.CONFIRM_TOLD)),
    "asked again": (Kind.REFUND, (What.TOLD,)),
    "moved nothing": (Kind.BALANCE_INQUIRY, ()),
    "given up": (Kind.VOID, (What.REVERSAL_SENT, What.GIVEN_UP)),
    "waiting still": (Kind.REFUND, ()),
}


def life(name: str) -> list[Event]:
    kind, ends = LIVES[name]
    begins = Event(what=What.SENT, slot=name, kind=kind, amount_minor=5)
    return [begins, *(Event(what=what, slot=name) for what in (What.NOT_TOLD, *ends))]


@pytest.mark.parametrize("name", LIVES)
def test_each_lost_answer_has_one_end(name: str) -> None:
    assert fates_of(life(name)) == {name: Fate(name)}
    assert f"1 {name}" in mended(life(name))


def test_the_ends_of_lost_answers_are_summed() -> None:
    heard = [
        Event(what=What.SENT, slot="heard", kind=Kind.PURCHASE),
        Event(what=What.TOLD, slot="heard", f39="00"),
    ]
    events = [*heard, *(event for name in LIVES for event in life(name))]
    assert mended(events) == "6 lost = " + " + ".join(f"1 {name}" for name in LIVES)
    assert mended(heard) == "0 lost = 0 reversed + 0 confirmed + 0 asked again"
