"""What a switch process undoes, on its board: seen by its siblings at once, and long enough."""

# ruff: noqa: ARG001 - a clock acts by being asked for

import random
import stat
from contextlib import closing

import pytest
import trio

from host.model.requests import Family
from switch.memory import board as module
from switch.memory.board import Board, Boards, board_of, digest_of
from switch.memory.route_words import HOST
from switch.memory.saf import StoreAndForward
from switch.memory.saf_file import SafError, SafFile
from switch.undoing import reversal_of
from tests.switch.memory.test_saf import SETTINGS, Line, purchase_of, running, settled

LINGER_SECONDS = 40.0
SALE = purchase_of(1)


@pytest.fixture
def paths(tmp_path):
    return tmp_path / "saf.db", tmp_path / "saf-2.db"


def process(paths, number, line) -> StoreAndForward:
    """One of two switch processes, as `Lanes` puts it together."""
    mine, other = paths[number], paths[1 - number]
    boards = Boards(mine, [other], LINGER_SECONDS)
    saf = StoreAndForward(SafFile(mine), {HOST: line}, SETTINGS, lambda: 0.0)
    saf.show_on(boards)
    return saf


async def taken_down(other: StoreAndForward) -> None:
    """Wait until no sibling shows the sale any more."""
    while other.undoes(SALE.key):  # noqa: ASYNC110 - a file has no event
        await trio.sleep(1)


@pytest.fixture
async def line(paths):
    return Line(paths[0])


async def test_a_sibling_sees_what_is_undone_before_it_is_on_the_disk(paths, line):
    owing, other = process(paths, 0, line), process(paths, 1, line)
    assert not other.undoes(SALE.key)
    owing.owe(reversal_of(SALE))
    assert other.undoes(SALE.key)
    assert not other.undoes(purchase_of(2).key)
    owing.close()
    assert other.undoes(SALE.key), "who has ended undoes it in its next life"
    other.close()


async def test_an_answer_given_before_the_reversal_was_decided_is_not_told_after_it(
    paths, line, autojump_clock
):
    """The host answers the repeat 00 and undoes it; the second answer is read first."""
    owing, other = process(paths, 0, line), process(paths, 1, line)
    async with running(owing):
        owing.owe(reversal_of(SALE))
        await settled(owing, paths[0])
        assert not owing.undoes(SALE.key), "its own link keeps the order"
        assert other.undoes(SALE.key), "what was answered before may still be on its way to it"
        await taken_down(other)
        assert trio.current_time() >= LINGER_SECONDS
    other.close()


async def test_what_is_owed_again_meanwhile_stays_on_the_board(paths, line, autojump_clock):
    owing, other = process(paths, 0, line), process(paths, 1, line)
    async with running(owing):
        owing.owe(reversal_of(SALE))
        await settled(owing, paths[0])
        line.is_down = True
        owing.owe(reversal_of(SALE))
        for _ in range(200):
            await trio.sleep(1)
            assert other.undoes(SALE.key)
    other.close()


async def test_after_a_power_cut_whoever_starts_first_knows_what_the_other_owes(paths, line):
    owing = process(paths, 0, line)
    owing.owe(reversal_of(SALE))
    owing.close()
    board_of(paths[0]).write_bytes(b"")  # the disk never had it
    first = process(paths, 1, line)
    assert first.undoes(SALE.key)
    first.close()


async def test_what_an_earlier_life_showed_and_owes_no_more_comes_down_later(
    paths, line, autojump_clock
):
    with closing(Board(board_of(paths[0]))) as board:
        board.add(digest_of(SALE.key.of_family(Family.REVERSAL).text))
    owing, other = process(paths, 0, line), process(paths, 1, line)
    assert other.undoes(SALE.key)
    async with running(owing):
        await taken_down(other)
    other.close()


async def test_what_is_left_to_people_is_undone_by_nobody(paths, line, autojump_clock):
    owing, other = process(paths, 0, line), process(paths, 1, line)
    line.answer = None
    async with running(owing):
        owing.owe(reversal_of(SALE))
        await line.has(1)
        owing._give_up(next(iter(owing._owed.values())), "told so")
        await taken_down(other)
    other.close()


def test_two_processes_of_one_number_are_refused(paths, monkeypatch):
    monkeypatch.setattr(module, "OWN_SECONDS_MAX", 0.0)
    first = Boards(paths[0], [], LINGER_SECONDS)
    with closing(first), pytest.raises(SafError, match="Next: stop the other"):
        Boards(paths[0], [], LINGER_SECONDS)


def test_a_board_that_cannot_be_made_says_what_to_do(tmp_path):
    with pytest.raises(SafError, match="Next: give the switch a writable `saf` path"):
        Board(tmp_path / "none" / "saf.db-undoing")


def test_a_board_is_its_users_alone_and_has_its_room_on_the_disk(tmp_path):
    path = tmp_path / "board"
    Board(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.stat().st_blocks * 512 >= module.BOARD_BYTES


def test_a_board_shows_what_a_set_would(tmp_path, monkeypatch):
    """Digests that want the same slots, put on and taken down in any order."""
    monkeypatch.setattr(module, "SLOTS", 32)
    monkeypatch.setattr(module, "SHOWN_MAX", 16)
    dice, shown = random.Random(8583), set[int]()
    with closing(Board(tmp_path / "board")) as board, closing(Board(tmp_path / "board")) as seen:
        for _ in range(20_000):
            digest = dice.randrange(2, 48)
            if dice.random() < 0.5 and len(shown) < 16:
                board.add(digest)
                shown.add(digest)
            else:
                board.remove(digest)
                shown.discard(digest)
            assert len(seen) == len(shown)
            assert {each for each in range(2, 48) if each in seen} == shown
        board.count_again()
        assert len(board) == len(shown)


def test_a_full_board_leaves_out_what_is_more(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "SHOWN_MAX", 2)
    with closing(Board(tmp_path / "board")) as board:
        for digest in (5, 6, 7):
            board.add(digest)
        assert board.digests() == {5, 6}
