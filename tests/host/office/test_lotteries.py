"""Lotteries at the office: written by one, frozen by another, opened, closed and told by the clock.

The till draws at a host on the same database.
"""

import datetime as dt
from pathlib import Path
from typing import Any

import psycopg
import pytest
import trio

from config.tasks.lottery import verdict_of, write_lottery
from host.model.lottery import LotteryState
from host.model.office import Done, Refused
from host.model.responses import Reason
from host.office.rows import lotteries
from host.rules.lottery_states import LOTTERY_STATES
from tests.host.conftest import CardPool, Till
from tests.host.office.conftest import HOME, Bureau, Person
from tests.host.test_lotteries import draw_of, drawn, void_of

TEA = "TEA 1.5% 2 goods 0 Tea"
POINTS = "P30 20% 1000 points 30 30 积分"
REST = "NONE 78.5% - nothing 0 谢谢参与"
SURE = ("TEA 100% 2 goods 0 Tea",)
WORDS = "the river is high", "the drums are wet"


class House:
    """Two managers of an issuer, and what they write."""

    def __init__(self, bureau: Bureau) -> None:
        self.bureau = bureau
        self.author = bureau.person("issuer_manager", "issuer")
        self.freezer = bureau.person("issuer_manager", "issuer")

    def values(self, **more: Any) -> dict[str, Any]:
        told = {
            "lottery": "DW2026", "name": "Dragon boats", "programme": "CITY", "cost_points": 50,
            "prizes": [TEA, POINTS, REST], "opens_on": "2026-11-22", "closes_on": "2026-11-30",
            "words": WORDS[0], "issuer": HOME["issuer"], **more,
        }  # fmt: skip
        return {name: value for name, value in told.items() if value is not None}

    def create(self, **more: Any) -> Done:
        return self.bureau.done(self.author, "lottery.create", **self.values(**more))

    def refused(self, **more: Any) -> Refused:
        told = self.bureau.do(self.author, "lottery.create", **self.values(**more))
        assert isinstance(told, Refused), told
        return told

    def freeze(self, by: Person | None = None, **more: Any) -> Any:
        told = {"lottery": "DW2026", "typed_name": "Dragon boats", "words": WORDS[1]}
        return self.bureau.with_code(by or self.freezer, "lottery.freeze", **{**told, **more})

    def opened(self, **more: Any) -> None:
        """One that draws from today on."""
        self.create(**more)
        assert isinstance(self.freeze(), Done)
        self.bureau.do_jobs()
        assert self.state() == "open"

    def state(self, code: str = "DW2026") -> str:
        [(state,)] = self.bureau.sql("SELECT state FROM lottery WHERE code = %s", code)
        return str(state)

    def told(self) -> list[tuple[str, str]]:
        """What history has of it: who by, and what."""
        return [
            (acting_as.partition("@")[0], action)
            for acting_as, action in self.bureau.sql(
                "SELECT acting_as, action FROM history WHERE subject_kind = 'lottery'"
                " AND outcome = 'done' ORDER BY id"
            )
        ]


@pytest.fixture
def house(bureau: Bureau) -> House:
    return House(bureau)


def verified(house: House, tmp_path: Path) -> Any:
    with psycopg.connect(house.bureau.dsns.audit, autocommit=True) as connection:
        write_lottery(connection, "DW2026", tmp_path / "file")
    return verdict_of(tmp_path / "file")


def test_a_lottery_is_frozen_by_another_than_its_author_and_committed_to(house: House) -> None:
    """S4-62."""
    assert house.create().subject == "DW2026"
    assert house.state() == "draft"
    by_author = house.bureau.refused(
        house.author, "lottery.freeze", lottery="DW2026", typed_name="Dragon boats", words=WORDS[1]
    )
    assert by_author == "E-SAME-PERSON"
    told = house.freeze()
    assert isinstance(told, Done)
    [row] = house.bureau.rows(house.author, "lotteries", lottery="DW2026")
    assert row["commitment"] == told.told["commitment"]
    assert row["prizes"] == ["TEA 1.5% goods Tea", "P30 20% points 30 30 积分",
                             "NONE 78.5% nothing 谢谢参与"]  # fmt: skip
    assert row["stock_left"] == ["TEA 2", "P30 1000"]
    assert (row["draws"], row["won"], row["state"]) == (0, 0, "frozen")


def test_no_history_and_no_reader_has_the_words_of_a_seed(house: House) -> None:
    house.opened()
    kept = house.bureau.sql("SELECT concat(before, after) FROM history")
    assert [one for (one,) in kept for words in WORDS if words in one] == []
    [(may,)] = house.bureau.sql(
        "SELECT has_column_privilege('posswitch_reader', 'lottery', 'author_words', 'SELECT')"
    )
    assert not may


async def test_a_lottery_lives_from_its_draft_to_its_last_prize(
    house: House, till: Till, pool: CardPool, tmp_path: Path
) -> None:
    """S4-62."""

    def day() -> None:
        house.opened(prizes=SURE)

    await trio.to_thread.run_sync(day)
    card = pool.with_points()
    made = [await drawn(till, card, "DW2026") for _ in range(3)]
    assert (await till.ask(void_of(till, *made[0]))).is_approved

    def close() -> None:
        house.bureau.done(house.author, "lottery.close", lottery="DW2026", note="the day is over")
        assert house.state() == "closed"

    await trio.to_thread.run_sync(close)
    refused = await till.ask(draw_of(till, card, "DW2026"))
    assert refused.reason is Reason.LOTTERY_NOT_OPEN

    def end() -> None:
        house.bureau.do_jobs()
        assert house.state() == "revealed"
        verdict = verified(house, tmp_path)
        assert (verdict.faults, verdict.draws, verdict.undone) == ((), 3, 1)
        rows = house.bureau.rows(house.author, "draws", lottery="DW2026")
        assert [row["prize_state"] for row in rows] == ["taken_back", "owed", "nothing"]
        owed = house.bureau.rows(house.author, "draws", lottery="DW2026", prize_state="owed")
        assert owed == [rows[1]]
        assert [row["rrn"] for row in rows] == [answer.rrn for _, answer in made]
        told = {"lottery": "DW2026", "note": "over the counter"}
        assert house.bureau.refused(house.author, "lottery.pay", draw=1, **told) == "E-FIELD"
        assert house.bureau.refused(house.author, "lottery.pay", draw=3, **told) == "E-FIELD"
        assert house.bureau.refused(house.author, "lottery.pay", draw=4, **told) == "E-FIELD"
        house.bureau.done(house.author, "lottery.pay", draw=2, **told)
        assert house.bureau.refused(house.author, "lottery.pay", draw=2, **told) == "E-FIELD"
        house.bureau.later(minutes=2)
        house.bureau.do_jobs()
        assert house.state() == "posted"

    await trio.to_thread.run_sync(end)
    assert (await till.ask(void_of(till, *made[1]))).reason is Reason.INSUFFICIENT_FUNDS
    assert house.told() == [
        ("issuer_manager", "lottery.create"), ("issuer_manager", "lottery.freeze"),
        ("system", "lottery.open"), ("issuer_manager", "lottery.close"),
        ("system", "lottery.reveal"), ("issuer_manager", "lottery.pay"), ("system", "lottery.post"),
    ]  # fmt: skip


async def test_the_clock_opens_it_on_its_first_day_and_tells_its_seed_behind_its_last(
    house: House, till: Till, pool: CardPool, tmp_path: Path
) -> None:
    """S4-62."""

    def begin() -> None:
        house.create(opens_on="2026-11-23", closes_on="2026-11-24")
        house.freeze()
        house.bureau.do_jobs()
        assert house.state() == "frozen"

    await trio.to_thread.run_sync(begin)
    states = []
    for day in (23, 24, 25):
        till.turn_the_date(dt.date(2026, 11, day))
        house.bureau.later(days=1)
        await trio.to_thread.run_sync(house.bureau.do_jobs)
        states.append(house.state())
        if day < 25:
            await drawn(till, pool.with_points(), "DW2026")
    assert states[:2] == ["open", "open"]
    assert states[2] in {"revealed", "posted"}
    assert verified(house, tmp_path).faults == ()


@pytest.mark.parametrize("is_frozen", [False, True])
def test_before_it_opens_it_is_cancelled(house: House, is_frozen: bool) -> None:
    house.create(opens_on="2026-11-23")
    if is_frozen:
        house.freeze()
    house.bureau.done(house.author, "lottery.close", lottery="DW2026", note="no tea")
    assert house.state() == "cancelled"
    house.bureau.do_jobs()
    assert house.state() == "cancelled"


@pytest.mark.parametrize(
    ("more", "code", "says"),
    [
        ({"prizes": [TEA, POINTS]}, "E-ODDS", "21.5 %"),
        ({"prizes": [TEA, POINTS, "NONE 78.5001% - nothing 0 x"]}, "E-ODDS", "100.0001 %"),
        ({"prizes": [REST, TEA, POINTS]}, "E-FIELD", "nothing is the last of them"),
        ({"prizes": [TEA, TEA, "NONE 97% - nothing 0 x"]}, "E-FIELD", "one code"),
        ({"prizes": ["TEA 100% - goods 0 tea"]}, "E-FIELD", "all else has a stock"),
        ({"prizes": ["TEA 100% 1 goods 5 tea"]}, "E-FIELD", "nothing else has one"),
        ({"prizes": ["P 100% 1 points 0 points"]}, "E-FIELD", "have an amount"),
        ({"prizes": ["TEA 100% 1 goods 0 \U0001f375"]}, "E-FIELD", "no till prints"),
        ({"prizes": ["TEA 1 100% goods 0 tea"]}, "E-FIELD", "a line as TEA 2.5% 42"),
        ({"prizes": []}, "E-FIELD", ""),
        ({"name": "a\nb"}, "E-FIELD", ""),
        ({"opens_on": "2026-11-21"}, "E-FIELD", "today at the earliest"),
        ({"closes_on": "2026-11-21"}, "E-FIELD", "before its first day"),
        ({"words": "short"}, "E-FIELD", "nobody guesses"),
        ({"words": "two\nlines of them"}, "E-FIELD", "a line of 8"),
        ({"programme": "PEAR"}, "E-FIELD", "not taken there"),
        ({"merchant": "x"}, "E-FIELD", ""),
        ({"issuer": None}, "E-NOT-FOUND", ""),
        ({"lottery": "dw"}, "E-FIELD", ""),
        ({"cap": -1}, "E-FIELD", ""),
        ({"cost_points": 0}, "E-FIELD", ""),
    ],
)
def test_what_can_be_no_lottery_is_refused_in_words(
    shared_house: House, more: dict[str, Any], code: str, says: str
) -> None:
    told = shared_house.refused(**more)
    assert told.code == code, told
    assert says in told.en


@pytest.fixture(scope="module")
def shared_house(shared_bureau: Bureau) -> House:
    return House(shared_bureau)


def test_a_code_is_one_lotterys_everywhere(house: House) -> None:
    house.create()
    assert house.refused().code == "E-ID"
    house.author = house.bureau.person("merchant_owner", "merchant")
    assert house.refused(issuer=None, merchant=HOME["merchant"]).code == "E-ID"


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"typed_name": "Dragon boat"}, "it is not what the lottery is called"),
        ({"words": "no"}, "nobody guesses"),
    ],
)
def test_what_is_typed_wrong_freezes_nothing(house: House, more: dict[str, Any], says: str) -> None:
    house.create()
    told = house.freeze(**more)
    assert isinstance(told, Refused)
    assert says in told.en
    assert house.state() == "draft"


def test_a_prize_of_which_there_is_none_is_not_frozen(house: House) -> None:
    house.create(prizes=["TEA 100% 0 goods 0 tea"])
    told = house.freeze()
    assert isinstance(told, Refused)
    assert (told.code, told.en) == ("E-STOCK", "of prize TEA there is none")


async def test_one_whose_days_are_over_is_not_frozen(house: House, till: Till) -> None:
    await trio.to_thread.run_sync(lambda: house.create(closes_on="2026-11-22"))
    till.turn_the_date(dt.date(2026, 11, 23))
    told = await trio.to_thread.run_sync(house.freeze)
    assert isinstance(told, Refused)
    assert "its last day is over" in told.en


ROWS = {(row.before, row.action) for row in LOTTERY_STATES}
ASKED = ("lottery.freeze", "lottery.close")


@pytest.mark.parametrize("state", LotteryState)
@pytest.mark.parametrize("action", ASKED)
def test_what_stands_in_no_row_of_states_is_refused(
    house: House, state: LotteryState, action: str
) -> None:
    if (state, action) in ROWS:
        return
    house.create()
    if state is not LotteryState.DRAFT:
        house.freeze()
    house.bureau.sql(
        "UPDATE lottery SET state = %s, seed_told = CASE WHEN %s THEN 'x'::bytea END,"
        " told_lines = CASE WHEN %s THEN 0 END, told_link = CASE WHEN %s THEN 'x'::bytea END",
        state, *[state in {"revealed", "posted"}] * 3,
    )  # fmt: skip
    if action == "lottery.close":
        told = house.bureau.do(house.author, action, lottery="DW2026", note="because")
    else:
        told = house.freeze()
    assert isinstance(told, Refused)
    assert told.code == "E-STATE", told


async def test_a_list_that_is_drawn_from_just_now_is_not_ended(
    house: House, till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lotteries, "WAIT_FOR_DRAWS", "SET LOCAL lock_timeout = '50ms'")
    await trio.to_thread.run_sync(house.opened)
    told = {"lottery": "DW2026", "note": "the day is over"}
    with psycopg.connect(till.dsns.owner) as drawing:
        drawing.execute("SELECT FROM lottery_list FOR UPDATE")
        code = await trio.to_thread.run_sync(
            lambda: house.bureau.refused(house.author, "lottery.close", **told)
        )
        assert code == "E-OPEN-DRAWS"
    house.bureau.done(house.author, "lottery.close", **told)


def test_of_a_merchant_with_one_owner_the_platform_freezes_and_of_others_not(
    bureau: Bureau,
) -> None:
    owner, ops = bureau.person("merchant_owner", "merchant"), bureau.person("platform_ops")
    house = House(bureau)
    house.author = owner
    house.create(issuer=None, merchant=HOME["merchant"])
    other = bureau.person("merchant_owner", "merchant")
    told = house.freeze(ops)
    assert isinstance(told, Refused)
    assert told.code == "E-NOT-YOUR-ROLE"
    bureau.with_code(bureau.admin, "person.disable", login=other.login, note="has left")
    assert isinstance(house.freeze(ops), Done)


def test_the_platform_freezes_no_issuers_lottery(house: House) -> None:
    house.create()
    told = house.freeze(house.bureau.person("platform_ops"))
    assert isinstance(told, Refused)
    assert told.code == "E-NOT-YOUR-ROLE"


async def test_who_draws_while_it_is_closed_has_drawn_before_its_seed_was_told_or_not_at_all(
    house: House, till: Till, pool: CardPool, tmp_path: Path
) -> None:
    """S4-62: nobody draws with a seed that is known."""
    await trio.to_thread.run_sync(house.opened)
    first = [await drawn(till, pool.with_points(), "DW2026") for _ in range(2)]
    asked = [
        draw_of(till, pool.with_points(), "DW2026", terminal_id=f"800100{number:02d}")
        for number in range(1, 31)
    ]
    answers: list[Any] = []

    def close() -> None:
        house.bureau.done(house.author, "lottery.close", lottery="DW2026", note="the day is over")
        house.bureau.do_jobs()

    async def draw() -> None:
        for place in range(0, len(asked), 3):
            answers.extend(await till.ask_all(asked[place : place + 3]))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(draw)
        nursery.start_soon(trio.to_thread.run_sync, close)
    assert {one.reason for one in answers} <= {Reason.APPROVED, Reason.LOTTERY_NOT_OPEN}
    verdict = await trio.to_thread.run_sync(verified, house, tmp_path)
    assert verdict.faults == ()
    assert verdict.draws == len(first) + sum(one.is_approved for one in answers)


def test_a_seed_that_does_not_open_is_not_told_and_keeps_no_other_from_it(house: House) -> None:
    house.opened()
    house.create(lottery="OTHER", name="Other")
    house.freeze(lottery="OTHER", typed_name="Other")
    house.bureau.later(minutes=2)
    house.bureau.do_jobs()
    house.bureau.sql("UPDATE lottery SET seed_sealed = 'x' WHERE code = 'DW2026'")
    for code in ("DW2026", "OTHER"):
        house.bureau.done(house.author, "lottery.close", lottery=code, note="the day is over")
    house.bureau.do_jobs()
    assert house.state("DW2026") == "closed"
    assert house.state("OTHER") in {"revealed", "posted"}


def test_what_is_frozen_is_not_frozen_again_by_anybody(house: House) -> None:
    house.create()
    other = house.bureau.person("issuer_manager", "issuer")
    assert isinstance(house.freeze(), Done)
    [(before,)] = house.bureau.sql("SELECT commitment FROM lottery")
    told = house.freeze(other)
    assert isinstance(told, Refused)
    assert told.code == "E-STATE"
    assert house.bureau.sql("SELECT commitment FROM lottery") == [(before,)]
