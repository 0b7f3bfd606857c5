"""A host that is killed while it draws, or takes a draw back: asked again it is one draw."""

import signal
import subprocess

import pytest
import trio

from config.run.database import Dsns
from host.model.lottery import PrizeKind
from host.model.requests import Response
from tests.host.conftest import Till, audit_ledger, trading
from tests.host.lottery_made import prizes_of, put_lottery
from tests.host.mortal import let_it_die
from tests.host.test_lotteries import COST, draw_of, lines, taken

CARDS = (5, 10, 15)
WON = 30


async def live(till: Till) -> list[Response]:
    """What is asked until it is killed, and again: three draws, the first of them reversed."""
    draws = [
        draw_of(till, card, "MORTAL", stan=f"{700 + card:06d}", terminal_id=f"800100{card:02d}")
        for card in CARDS
    ]
    answers = await till.ask_all(draws)
    reversal = till.reversal(draws[0])
    return [*answers, await till.ask(reversal)]


@pytest.mark.parametrize(
    "point",
    [
        *("mid_batch", "before_commit:1", "before_commit:2", "before_commit:3"),
        *("after_commit_before_reply:1", "after_commit_before_reply:2"),
    ],
)
async def test_a_draw_of_a_host_that_is_killed_is_drawn_once(
    estate_database: Dsns, point: str
) -> None:
    """S4-62: cost and prize, its line and what is left of the prize are there together or not."""
    async with trading(estate_database) as till:
        put_lottery(till, "MORTAL", prizes_of((PrizeKind.POINTS, WON, 999_999, 3)))
    died = await trio.to_thread.run_sync(_let_it_die, estate_database, point)
    assert died.returncode == -signal.SIGKILL, died.stderr
    audit_ledger(estate_database)
    async with trading(estate_database) as till:
        answers = await live(till)
        assert all(one.is_approved for one in answers[1:])
        assert (await live(till))[1:] == answers[1:]  # of the first, that it was reversed
        acts = [str(act) for _, act, _, _ in lines(till, "MORTAL")]
        assert sorted(acts) == ["draw", "draw", "draw", "undone"]
        assert taken(till, "MORTAL") == [2, 0]
        points = [till.balances(card)[1] for card in CARDS]
        assert points == [2_000, *[2_000 - COST + WON] * 2]
    audit_ledger(estate_database)


def _let_it_die(dsns: Dsns, point: str) -> subprocess.CompletedProcess[str]:
    return let_it_die(dsns, point, live)
