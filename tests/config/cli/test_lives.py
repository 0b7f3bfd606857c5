"""`posswitch trace` and `posswitch card show`: one life on one screen."""

import contextlib
import fcntl
import json
import os
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import trio
from rich.cells import cell_len

from clearing.line import lines_of
from config.places import Places, places_of
from config.run.database import embedded_dsns, opened_database
from config.settings import DatabaseSettings
from host.model.requests import Kind, Request, Response
from tests.commands import run_command
from tests.host.conftest import CARDS, LMK, PLAN, put_estate, trading

ROOT = Path(__file__).parents[3]
CARD = 2
DIGITS = CARDS[CARD].pan.reveal()


@dataclass
class Traded:
    """What was sold before the tests look, and the night after it."""

    places: Places
    sale: Request
    answer: Response
    declined: Response
    paid: Response
    """Out of a hold that had grown."""


@pytest.fixture(scope="module")
def traded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Traded]:
    """A data directory with the demo estate, two sales, a refund, and a night."""
    places = places_of(tmp_path_factory.mktemp("lives") / "data")
    with opened_database(DatabaseSettings(), places, say=lambda _: None):
        places.lmk.touch(0o600)
        places.lmk.write_text(LMK.reveal().hex())
        dsns = embedded_dsns(places.cluster)
        put_estate(dsns, PLAN)

        async def trade() -> tuple[Request, Response, Response, Response]:
            async with trading(dsns) as till:
                sale, answer = await till.sell(Kind.PURCHASE, CARD, 12_345)
                undone = till.original(sale, answer)
                await till.sell(Kind.REFUND, CARD, 2_345, original=undone, pin=None)
                declined = await till.ask(
                    till.request(Kind.PURCHASE, CARD, 9_999_999, pin="000000")
                )
                kept, held = await till.sell(Kind.PREAUTH, CARD + 1, 5_000, pin="123456")
                slip = till.original(kept, held)
                await till.sell(Kind.PREAUTH_INCREMENT, CARD + 1, 1_000, original=slip)
                paid = await till.ask(till.request(Kind.COMPLETION, CARD + 1, 4_500, original=slip))
                return sale, answer, declined, paid

        traded = Traded(places, *trio.run(trade))
        done = run_command("clearing", "run", "--date", "2026-11-22", "--data", places.data)
        assert done.returncode == 0, done.stderr
        yield traded


def run(
    traded: Traded, *words: str, given: bytes = b"", lang: str = "en"
) -> subprocess.CompletedProcess[str]:
    return run_command("--lang", lang, *words, "--data", traded.places.data, given=given)


def test_a_transaction_is_told_from_its_message_to_its_clearing_line(traded: Traded) -> None:
    """S1-40: one page answers till, member, merchant and auditor."""
    done = run(traded, "trace", traded.answer.rrn)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == f"RRN {traded.answer.rrn}  purchase 123.45 CNY  approved (00)"
    key = traded.sale.key
    for words in (
        "998800******",
        f"trace {key.stan} of batch {key.epoch} at terminal {key.terminal_id}",
        "123.45 CNY from card_value 998800******",
        "to merchant_payable 8882",
        "refund 23.45 CNY (",
        "gave 123 points until",
        "not settled by its terminal yet",
        "digest ",
        "2026-11-22, cleared ",
        "line 2 of merchant-8882",
    ):
        assert words in done.stdout, words
    assert DIGITS not in done.stdout


def test_a_refund_that_nobody_took_back_is_told_as_standing(traded: Traded) -> None:
    done = run(traded, "trace", traded.answer.rrn)
    assert "refund 23.45 CNY (" in done.stdout
    assert "itself reversed since" not in done.stdout


def test_the_line_it_names_stands_in_the_file(traded: Traded) -> None:
    told = json.loads(run(traded, "trace", traded.answer.rrn, "--json").stdout)
    assert {file["side"] for file in told["day"]["files"]} == {"merchant", "issuer"}
    for name, lines in told["lines"].items():
        written = (traded.places.files / "20261122" / name).read_text().splitlines()
        money = next(line for line in lines if line["unit"] == "CNY")
        assert traded.answer.rrn in written[money["number"] - 1]
        assert money["amount"] == "123.45"
    assert told["amount"] == {"amount_minor": 12_345, "unit": "CNY", "currency": "CNY"}


def test_a_file_that_is_not_here_has_no_lines(tmp_path: Path) -> None:
    assert lines_of(tmp_path / "none.csv", "112200000001") == []
    (tmp_path / "empty.csv").touch()
    assert lines_of(tmp_path / "empty.csv", "112200000001") == []


def test_a_decline_says_why_and_that_nothing_moved(traded: Traded) -> None:
    done = run(traded, "trace", traded.declined.rrn)
    assert "wrong PIN (55)" in done.stdout
    assert "nothing was posted" in done.stdout


def test_a_hold_is_told_with_all_that_became_of_it(traded: Traded) -> None:
    """S1-40: from any of its messages."""
    told = run(traded, "trace", traded.paid.rrn).stdout
    for words in (
        "60.00 CNY kept by RRN 1122",
        "nothing of it is kept any more: ended by completion",
        "preauth: keeps 50.00 CNY",
        "preauth increment: keeps more: 10.00 CNY",
        "completion: pays out of it 45.00 CNY",
        "completion: lets go of 15.00 CNY",
    ):
        assert words in told, (words, told)
    assert "hold" not in run(traded, "trace", traded.answer.rrn).stdout
    english = len(told.splitlines())
    assert len(run(traded, "trace", traded.paid.rrn, lang="zh").stdout.splitlines()) == english


def test_a_card_is_one_screen(traded: Traded) -> None:
    """S1-46: `card show`."""
    done = run(traded, "card", "show", str(CARD))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("card 998800******")
    for words in (
        "active", "900.00 CNY", "-123.45", "+23.45", "876.55", "wrong PIN (55)", "opening",
        "23.45 CNY refunded", f"about {traded.answer.rrn}", "tries left",
    ):  # fmt: skip
        assert words in done.stdout, words
    assert DIGITS not in done.stdout


@pytest.mark.parametrize("words", [("-",), ()])
def test_a_number_comes_by_a_pipe_so_that_no_process_list_shows_it(
    traded: Traded, words: tuple[str, ...]
) -> None:
    done = run(traded, "card", "show", *words, given=f"{DIGITS}\n".encode())
    assert done.stdout.startswith("card 998800******")
    assert DIGITS not in done.stdout + done.stderr


def test_a_number_that_was_typed_as_a_word_is_shown_and_warned_of(traded: Traded) -> None:
    done = run(traded, "card", "show", DIGITS)
    assert done.stdout.startswith("card 998800******")
    assert "posswitch card show -" in done.stderr
    assert DIGITS not in done.stdout + done.stderr


def test_older_movements_are_the_next_page(traded: Traded) -> None:
    first = run(traded, "card", "show", str(CARD), "--count", "3")
    assert "older ones: posswitch card show 2 --after " in first.stdout
    number = first.stdout.split("--after ")[1].split()[0]
    told = json.loads(run(traded, "card", "show", str(CARD), "--after", number, "--json").stdout)
    assert [one["kind"] for one in told["movements"]] == ["opening"]


def test_what_is_not_there_is_a_sentence(traded: Traded) -> None:
    for words, code in (
        (("trace", "112299999999"), "E-TRANSACTION-UNKNOWN"),
        (("card", "show", "999999"), "E-CARD-UNKNOWN"),
    ):
        done = run(traded, *words)
        assert done.returncode == 3
        assert code in done.stderr
        assert "Next: " in done.stderr
    done = run(traded, "card", "show", "-")
    assert (done.returncode, "no card was named" in done.stderr) == (2, True)


@pytest.mark.parametrize("words", [("trace",), ("card", "show", str(CARD))])
def test_both_speak_chinese(traded: Traded, words: tuple[str, ...]) -> None:
    word = (traded.answer.rrn,) if words == ("trace",) else ()
    done = run(traded, *words, *word, lang="zh")
    english = run(traded, *words, *word)
    assert "消费" in done.stdout
    assert len(done.stdout.splitlines()) == len(english.stdout.splitlines())
    labels = {line[2:13].strip() for line in done.stdout.splitlines() if line.startswith("  ")}
    assert not {label for label in labels if label.isascii() and label.isalpha()} - {"PIN", "id"}


def at_a_terminal(words: list[str]) -> str:
    """What a command prints to a terminal of 80 columns."""
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 80, 0, 0))
    command = [sys.executable, "-m", "config", *words]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=ROOT) as child:
        os.close(theirs)
        shown = b""
        with contextlib.suppress(OSError):  # a terminal whose other end is closed
            while more := os.read(ours, 4096):
                shown += more
        os.close(ours)
        assert child.wait() == 0, shown
    return shown.decode().replace("\r", "")


def test_both_fit_a_screen_of_80_columns(traded: Traded) -> None:
    """A terminal of that width, in either language."""
    traces = (("trace", one.rrn) for one in (traded.answer, traded.paid))
    for words in (*traces, ("card", "show", str(CARD))):
        for lang in ("en", "zh"):
            shown = at_a_terminal(["--lang", lang, *words, "--data", str(traded.places.data)])
            assert [line for line in shown.splitlines() if cell_len(line) > 80] == []
            assert len(shown.splitlines()) > 10
