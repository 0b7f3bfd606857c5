"""Rows of a lottery that somebody has forged: each is named by the check that is about it."""

import psycopg

from clearing.verify import ask as ask_audit
from host.model.lottery import PrizeKind
from tests.host.conftest import CardPool, Till
from tests.host.lottery_made import prizes_of, put_lottery
from tests.host.test_lotteries import drawn, void_of

AT = "lottery_id = (SELECT id FROM lottery WHERE code = 'FORGED')"
FIRST = f"UPDATE draw SET {{}} WHERE seq = 1 AND {AT}"
JOURNAL = f"(SELECT journal_id FROM draw WHERE seq = {{}} AND {AT})"
FORGED = (
    # A line that is not there, of another act, about another draw, of another card, of nothing.
    (f"DELETE FROM draw WHERE seq = 2 AND {AT}", "draw_not_its_journal"),
    (FIRST.format("act = 'again', of_seq = 2"), "draw_not_its_journal"),
    (f"UPDATE draw SET of_seq = 1 WHERE act = 'undone' AND {AT}", "draw_not_its_journal"),
    (FIRST.format("card_id = card_id + 1"), "draw_not_its_journal"),
    (FIRST.format("journal_id = journal_id + 7000000"), "draw_not_its_journal"),
    # A prize that was not given, or that there is not.
    (FIRST.format("place = 2"), "draw_not_its_prize"),
    (FIRST.format("place = 9"), "draw_not_its_prize"),
    (f"UPDATE prize SET amount = 31 WHERE place = 1 AND {AT}", "draw_not_its_prize"),
    ("UPDATE lottery SET cost_points = 49 WHERE code = 'FORGED'", "draw_not_its_prize"),
    # Stock that does not fit.
    (f"UPDATE prize_stock SET taken = taken - 1 WHERE place = 1 AND {AT}", "prize_not_its_draws"),
    (f"UPDATE prize_stock SET stock = stock + 1 WHERE place = 2 AND {AT}", "prize_not_its_draws"),
    (f"UPDATE prize SET stock = stock + 1 WHERE place = 2 AND {AT}", "prize_not_its_draws"),
    (f"DELETE FROM prize_stock WHERE place = 3 AND {AT}", "prize_not_its_draws"),
    # A list with another end, a gap, a place twice.
    (f"UPDATE lottery_list SET lines = lines - 1 WHERE {AT}", "list_not_its_draws"),
    (f"UPDATE lottery_list SET link = 'x' WHERE {AT}", "list_not_its_draws"),
    (f"UPDATE draw SET seq = 9 WHERE act = 'undone' AND {AT}", "list_not_its_draws"),
    (f"UPDATE draw SET seq = 1, of_seq = 1 WHERE seq = 2 AND {AT}", "list_not_its_draws"),
    (
        "UPDATE lottery SET state = 'revealed', seed_told = 'x', told_lines = 1, told_link = 'x'",
        "list_not_its_draws",
    ),
    # Somebody who has drawn more or less often.
    (f"UPDATE lottery_entrant SET draws = draws + 1 WHERE {AT}", "entrant_not_their_draws"),
    (f"DELETE FROM lottery_entrant WHERE {AT}", "entrant_not_their_draws"),
    # What was handed out and not won, or won and taken back, or needs no hand.
    (
        f"UPDATE prize_paid SET seq = 1, journal_id = {JOURNAL.format(1)} WHERE {AT}",
        "prize_paid_not_its_draw",
    ),
    (
        f"UPDATE prize_paid SET seq = 3, journal_id = {JOURNAL.format(3)} WHERE {AT}",
        "prize_paid_not_its_draw",
    ),
    (f"UPDATE prize_paid SET seq = 7 WHERE {AT}", "prize_paid_not_its_draw"),
)


async def test_the_audit_names_what_a_lottery_is_not(till: Till, pool: CardPool) -> None:
    """S4-62: six checks, and each way in which a row can be another than what was drawn."""
    await _day(till, pool)
    spoilt = {statement: _found(till, statement) for statement, _ in FORGED}
    assert _found(till, "SELECT 1") == set()
    missed = [statement for statement, named in FORGED if named not in spoilt[statement]]
    assert missed == []


async def _day(till: Till, pool: CardPool) -> None:
    """Points are won, then goods twice: the first was handed out, the second taken back."""
    put_lottery(till, "FORGED", prizes_of((PrizeKind.POINTS, 30, 999_999, 1),
                                          (PrizeKind.GOODS, 0, 1, 5)))  # fmt: skip
    made = [await drawn(till, pool.with_points(), "FORGED") for _ in range(3)]
    assert (await till.ask(void_of(till, *made[2]))).is_approved
    till.sql(
        "INSERT INTO prize_paid (shard, journal_id, lottery_id, seq, note, paid_by, paid_at)"
        " SELECT shard, journal_id, lottery_id, seq, 'at the desk', (SELECT min(id) FROM person),"
        " now() FROM draw WHERE seq = 2"
    )


def _found(till: Till, statement: str) -> set[str]:
    with psycopg.connect(till.dsns.owner) as connection:
        connection.execute(statement)
        found = {one.test for one in ask_audit(connection)}
        connection.rollback()
    return found
