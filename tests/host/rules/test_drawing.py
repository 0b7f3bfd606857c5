"""A draw on its own: what is hit, what is given for it, and what a proof finds.

The list is made by the host's own functions and read by `terminals.lottery_proof`, which shares no
line with them.
"""

import datetime as dt
import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.hsm.drbg import HmacDrbg
from host.model.lottery import PARTS, Content, Prize, PrizeKind
from host.model.secrets import Secret
from host.rules.drawing import (
    again_line,
    commitment_of,
    draw_line,
    given_for,
    hit_by,
    link_after,
    number_drawn,
    seed_of,
    undone_line,
)
from terminals.lottery_proof import BadFileError, _below, verify

HOUSE = Secret(bytes(range(32)))
WORDS = ("the river is high", "乌云过去了")


def prize(place: int, parts: int, stock: int | None) -> Prize:
    kind = PrizeKind.NOTHING if stock is None else PrizeKind.GOODS
    return Prize(
        place=place, code=f"P{place}", parts=parts, stock=stock, kind=kind, name=f"奖 {place}"
    )


def content_of(*odds: tuple[int, int]) -> Content:
    prizes = [prize(place, parts, stock) for place, (parts, stock) in enumerate(odds, start=1)]
    rest = PARTS - sum(one.parts for one in prizes)
    return Content(
        code="DRAGON",
        name="端午抽奖 2026",
        owner="issuer 1",
        unit="P:HOME",
        cost_points=50,
        threshold_points=0,
        cap=3,
        opens_on=dt.date(2026, 6, 1),
        closes_on=dt.date(2026, 6, 10),
        prizes=(*prizes, prize(len(prizes) + 1, rest, None)),
    )


class Drawn:
    """A lottery that is drawn without a ledger, as its file tells of it."""

    def __init__(self, content: Content) -> None:
        self.content = content
        self.seed = seed_of(HOUSE, *WORDS)
        self.link = self.commitment = commitment_of(self.seed, content.text)
        self.left = {one.place: one.stock for one in content.prizes}
        self.lines: list[dict[str, Any]] = []
        self.place_of: dict[int, int] = {}

    def draw(self, key: str) -> int:
        seq, prizes = len(self.lines) + 1, self.content.prizes
        hit = hit_by(prizes, number_drawn(self.seed, self.content.code, key, seq))
        place = given_for(prizes, hit, lambda one: self.left[one.place]).place
        self.change(place, -1)
        self.place_of[seq] = place
        self.add(
            draw_line(seq, key, hit.place, place),
            {"seq": seq, "draw": key, "hit": hit.place, "prize": place},
        )
        return seq

    def undo(self, of: int) -> None:
        self.change(self.place_of[of], 1)
        seq = len(self.lines) + 1
        self.add(undone_line(seq, of), {"seq": seq, "undone": of})

    def again(self, of: int) -> None:
        self.change(self.place_of[of], -1)
        seq = len(self.lines) + 1
        self.add(again_line(seq, of), {"seq": seq, "again": of})

    def change(self, place: int, by: int) -> None:
        left = self.left[place]
        self.left[place] = None if left is None else left + by

    def add(self, text: str, line: dict[str, Any]) -> None:
        self.link = link_after(self.link, text)
        self.lines.append(line | {"link": self.link.hex()})

    def file(self) -> dict[str, Any]:
        return {
            "frozen": self.content.text,
            "commitment": self.commitment.hex(),
            "seed": {"house": HOUSE.reveal().hex(), "author": WORDS[0], "freezer": WORDS[1]},
            "revealed": {"lines": len(self.lines), "link": self.link.hex()},
            "list": self.lines,
        }


def faults(file: dict[str, Any]) -> tuple[str, ...]:
    return verify(json.dumps(file)).faults


def a_day() -> Drawn:
    drawn = Drawn(content_of((200_000, 2), (300_000, 3)))
    for number in range(30):
        drawn.draw(f"pos/00000001/000001/{number:06d}/f")
    return drawn


@given(
    st.lists(st.tuples(st.integers(1, 250_000), st.integers(0, 4)), min_size=1, max_size=4),
    st.lists(st.sampled_from(["draw", "undo", "again"]), max_size=40),
    st.randoms(use_true_random=False),
)
def test_the_proof_agrees_with_whatever_was_drawn(
    odds: list[tuple[int, int]], acts: list[str], chance: Any
) -> None:
    drawn, undone = Drawn(content_of(*odds)), set[int]()
    for number, act in enumerate(acts):
        standing = sorted(drawn.place_of.keys() - undone)
        back = [seq for seq in sorted(undone) if drawn.left[drawn.place_of[seq]] != 0]
        if act == "undo" and standing:
            undone.add(of := chance.choice(standing))
            drawn.undo(of)
        elif act == "again" and back:
            undone.remove(of := chance.choice(back))
            drawn.again(of)
        else:
            drawn.draw(f"pos/0000000{number % 3}/000001/{number:06d}/f")
    verdict = verify(json.dumps(drawn.file()))
    assert verdict.faults == ()
    assert (verdict.draws, verdict.undone) == (len(drawn.place_of), len(undone))
    stocks = {one.code: one.stock for one in drawn.content.prizes if one.stock is not None}
    assert all(verdict.prizes[code] <= stock for code, stock in stocks.items())


@given(st.binary(min_size=32, max_size=32), st.integers(1, 2**40), st.binary(max_size=40))
def test_both_throw_away_the_same_numbers(seed: bytes, seq: int, told: bytes) -> None:
    bound = 3 << 62
    theirs = _below(seed, seq, told, bound)
    assert theirs == HmacDrbg(seed, seq.to_bytes(16), told).below(bound)


def test_where_a_prize_is_used_up_the_next_in_order_is_given_and_at_last_nothing() -> None:
    prizes = content_of((PARTS - 2, 1), (1, 1)).prizes
    left = {1: 1, 2: 1, 3: None}
    assert given_for(prizes, prizes[0], lambda one: left[one.place]).place == 1
    left[1] = 0
    assert given_for(prizes, prizes[0], lambda one: left[one.place]).place == 2
    left[2] = 0
    assert given_for(prizes, prizes[0], lambda one: left[one.place]).place == 3
    assert given_for(prizes, prizes[2], lambda one: left[one.place]).place == 3


def test_prizes_are_hit_as_often_as_their_parts_say() -> None:
    prizes = content_of((10_000, 1), (200_000, 1)).prizes
    seed, counts = seed_of(HOUSE, *WORDS), [0, 0, 0]
    for seq in range(20_000):
        number = number_drawn(seed, "DRAGON", f"pos/00000001/000001/{seq:06d}/f", seq)
        counts[hit_by(prizes, number).place - 1] += 1
    expected = [200, 4_000, 15_800]
    apart = zip(counts, expected, strict=True)
    assert sum((count - due) ** 2 / due for count, due in apart) < 13.8


def test_seed_key_and_place_each_decide_what_is_drawn() -> None:
    seed, key = seed_of(HOUSE, *WORDS), "pos/00000001/000001/000001/f"
    same = number_drawn(seed, "DRAGON", key, 1)
    assert same == number_drawn(seed, "DRAGON", key, 1)
    others = {
        number_drawn(seed_of(HOUSE, "other words", WORDS[1]), "DRAGON", key, 1),
        number_drawn(seed_of(HOUSE, WORDS[0], "other words"), "DRAGON", key, 1),
        number_drawn(seed, "TIGER", key, 1),
        number_drawn(seed, "DRAGON", "pos/00000001/000001/000002/f", 1),
        number_drawn(seed, "DRAGON", key, 2),
    }
    assert len(others | {same}) == 6


def _change_odds(file: dict[str, Any]) -> None:
    file["frozen"] = (
        file["frozen"].replace("P1 200000", "P1 100000").replace("P3 500000", "P3 600000")
    )


def _change_stock(file: dict[str, Any]) -> None:
    file["frozen"] = file["frozen"].replace("P1 200000 2", "P1 200000 3")


def _change_seed(file: dict[str, Any]) -> None:
    file["seed"]["house"] = bytes(32).hex()


def _change_words(file: dict[str, Any]) -> None:
    file["seed"]["freezer"] = "others"


def _change_prize(file: dict[str, Any]) -> None:
    file["list"][16]["prize"] = 1 if file["list"][16]["prize"] != 1 else 2


def _change_key(file: dict[str, Any]) -> None:
    file["list"][16]["draw"] = "pos/00000002/000001/000016/f"


def _leave_out(file: dict[str, Any]) -> None:
    del file["list"][16]


def _leave_out_and_number_anew(file: dict[str, Any]) -> None:
    del file["list"][16]
    for at, line in enumerate(file["list"], start=1):
        line["seq"] = at


def _leave_out_the_last(file: dict[str, Any]) -> None:
    del file["list"][-1]


def _draw_after_the_reveal(file: dict[str, Any]) -> None:
    file["revealed"] = {"lines": 29, "link": file["list"][28]["link"]}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (_change_odds, "the commitment is not"),
        (_change_stock, "the commitment is not"),
        (_change_seed, "the commitment is not"),
        (_change_words, "the commitment is not"),
        (_change_prize, "draw 17 "),
        (_change_key, "17 "),
        (_leave_out, "line 17 is left out"),
        (_leave_out_and_number_anew, "17 "),
        (_leave_out_the_last, "line 30 is left out"),
        (_draw_after_the_reveal, "draw 30 was drawn after the seed was told"),
    ],
)
def test_the_proof_names_the_first_thing_that_was_changed(
    change: Callable[[dict[str, Any]], None], says: str
) -> None:
    """S4-62."""
    file = a_day().file()
    assert faults(file) == ()
    change(file)
    assert says in faults(file)[0]


def test_odds_that_do_not_add_up_are_named_though_the_commitment_is_theirs() -> None:
    drawn = Drawn(content_of((200_000, 2)))
    file = drawn.file()
    file["frozen"] = file["frozen"].replace("P1 200000", "P1 200001")
    text = commitment_of(drawn.seed, file["frozen"]).hex()
    file["commitment"] = file["revealed"]["link"] = text
    assert faults(file) == ("the odds do not add up to 100 %",)


def test_a_key_that_is_drawn_twice_is_named() -> None:
    drawn = a_day()
    drawn.draw("pos/00000001/000001/000004/f")
    assert faults(drawn.file())[0].endswith("is draw 5 once more")


def _undone_and_again() -> Drawn:
    drawn = a_day()
    drawn.undo(5)
    drawn.undo(7)
    drawn.again(5)
    drawn.draw("pos/00000001/000002/000001/f")
    return drawn


@pytest.mark.parametrize("seed", range(40))
def test_whatever_is_changed_in_a_file_is_found(seed: int) -> None:
    """S4-62: one letter, digit or sign of it, anywhere; a hundred of them each."""
    chance = random.Random(seed)
    file = _undone_and_again().file()
    text = json.dumps(file, ensure_ascii=False)
    assert faults(file) == ()
    for _ in range(100):
        place, sign = chance.randrange(len(text)), chance.choice('0123456789abcdefxyz {}[]",:-奖')
        edited = text[:place] + chance.choice([sign, ""]) + text[place + 1 :]
        try:
            if json.loads(edited) == file:
                continue
            found: tuple[str, ...] = verify(edited).faults
        except (ValueError, BadFileError):
            continue
        assert found, edited[max(place - 40, 0) : place + 40]


def _say_beside(file: dict[str, Any]) -> None:
    file["list"][3]["by"] = "nobody"


def _say_a_number_as_text(file: dict[str, Any]) -> None:
    file["list"][30]["undone"] = "5"


def _tell_no_seed(file: dict[str, Any]) -> None:
    file["seed"] = None


def _count_backwards(file: dict[str, Any]) -> None:
    file["revealed"]["lines"] = -1


@pytest.mark.parametrize(
    "change", [_say_beside, _say_a_number_as_text, _tell_no_seed, _count_backwards]
)
def test_what_a_file_of_a_lottery_does_not_say_makes_it_none(
    change: Callable[[dict[str, Any]], None],
) -> None:
    file = _undone_and_again().file()
    change(file)
    with pytest.raises(BadFileError):
        verify(json.dumps(file))


def test_what_is_said_twice_makes_it_none() -> None:
    text = json.dumps(a_day().file())
    with pytest.raises(BadFileError, match="said twice"):
        verify(text.replace('"commitment"', '"commitment": "", "commitment"', 1))


def untold(file: dict[str, Any]) -> dict[str, Any]:
    """As it was written before its seed was told."""
    return file | {"seed": None, "revealed": None}


def test_before_its_seed_is_told_the_links_of_a_list_are_all_that_is_checked() -> None:
    file = untold(_undone_and_again().file())
    verdict = verify(json.dumps(file))
    assert (verdict.is_told, verdict.faults, verdict.draws) == (False, (), 31)
    file["list"][16]["prize"] = 3 if file["list"][16]["prize"] != 3 else 2
    assert "17 " in faults(file)[0]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"frozen": 1}', "null"])
def test_what_is_no_file_of_a_lottery_is_said(text: str) -> None:
    with pytest.raises(BadFileError, match="no file of a lottery"):
        verify(text)


def test_a_commitment_in_capitals_is_not_the_one_that_was_told() -> None:
    """S4-62: before its seed is told, too, when nothing else would say so."""
    file = untold(a_day().file())
    with pytest.raises(BadFileError, match="small digits"):
        verify(json.dumps(file | {"commitment": file["commitment"].upper()}))
