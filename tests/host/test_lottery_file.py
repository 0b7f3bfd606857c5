"""A lottery that was drawn at a host, as its file: written by the command, recomputed from it."""

import json
import os
import re
from pathlib import Path

import psycopg
import pytest

from config.errors import SurroundingsError
from config.tasks.lottery import verdict_of, write_lottery
from host.model.lottery import PrizeKind
from host.store.lottery_file import LotteryUnknownError
from tests.host.conftest import CARDS, CardPool, Till
from tests.host.lottery_made import HOUSE, prizes_of, put_lottery
from tests.host.test_lotteries import drawn, void_of


def written(till: Till, code: str, file: Path) -> Path:
    with psycopg.connect(till.dsns.audit, autocommit=True) as connection:
        write_lottery(connection, code, file)
    return file


def reveal(till: Till, code: str) -> None:
    till.sql(
        "UPDATE lottery SET state = 'revealed', seed_told = %s, told_lines = l.lines,"
        " told_link = l.link, ended_at = now()"
        " FROM lottery_list AS l WHERE l.lottery_id = lottery.id AND code = %s",
        HOUSE.reveal(), code,
    )  # fmt: skip


async def a_day(till: Till, pool: CardPool, code: str) -> None:
    """Twelve draws, of which one is voided, and one voided and stands again."""
    put_lottery(
        till,
        code,
        prizes_of((PrizeKind.GOODS, 0, 300_000, 2), (PrizeKind.POINTS, 5, 400_000, 100)),
    )
    made = [await drawn(till, pool.with_points(), code) for _ in range(12)]
    for request, answer in made[:2]:
        void = void_of(till, request, answer)
        assert (await till.ask(void)).is_approved
    await till.ask(till.reversal(void))


async def test_what_a_host_has_drawn_verifies_from_its_file_alone(
    shared: Till, pool: CardPool, tmp_path: Path
) -> None:
    """S4-62."""
    await a_day(shared, pool, "FILED")
    reveal(shared, "FILED")
    file = written(shared, "FILED", tmp_path / "filed.lottery")
    verdict = verdict_of(file)
    assert verdict.faults == ()
    assert verdict.draws == 12
    assert verdict.undone >= 1
    told = json.loads(file.read_text())
    assert told["list"][0]["draw"].startswith("pos/80010001/")
    numbers = [card.pan.reveal() for card in CARDS.values()]
    assert [one for one in numbers if one in file.read_text()] == []


async def test_before_the_reveal_a_file_has_no_seed_and_says_when_it_can_be_verified(
    shared: Till, pool: CardPool, tmp_path: Path
) -> None:
    await a_day(shared, pool, "SECRET")
    file = written(shared, "SECRET", tmp_path / "secret.lottery")
    text = file.read_text()
    assert "the river is high" not in text
    assert HOUSE.reveal().hex() not in text
    said = "on 2026-12-31 at the latest.*posswitch lottery export SECRET --out FILE"
    with pytest.raises(SurroundingsError, match=said):
        verdict_of(file)
    text = re.sub(r'"prize": (1|3)', '"prize": 2', text)
    file.write_text(text)
    assert verdict_of(file).faults
    reveal(shared, "SECRET")
    early, late = (
        json.loads(text)["list"],
        json.loads(written(shared, "SECRET", tmp_path / "late.lottery").read_text())["list"],
    )
    assert [one["link"] for one in early] == [one["link"] for one in late[: len(early)]]


async def test_a_lottery_that_nobody_has_frozen_has_no_file(shared: Till, tmp_path: Path) -> None:
    with pytest.raises(LotteryUnknownError, match="no lottery NOBODYS"):
        written(shared, "NOBODYS", tmp_path / "none")
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - a look, without waiting
