"""A lottery as a batch has it: what is frozen, and its list as it grows while the batch decides.

Whoever reads one into a batch holds it until that is committed, so that nobody else draws from the
same stock, or takes the same place in the list, meanwhile.
"""

import enum
from collections import Counter
from dataclasses import dataclass, field

import msgspec

from host.model.lottery import Content, LotteryState, Prize
from host.model.secrets import Secret
from host.rules.drawing import (
    again_line,
    draw_line,
    given_for,
    hit_by,
    link_after,
    number_drawn,
    undone_line,
)


@enum.unique
class Act(enum.StrEnum):
    """What a line of the list tells of."""

    DRAW = "draw"
    UNDONE = "undone"
    """A void or a reversal took a draw back."""
    AGAIN = "again"
    """What took it back was reversed: it stands."""


class Entrant(msgspec.Struct, frozen=True, gc=False):
    """Who draws: a card, and the member it is bound to; 0 for nobody."""

    card: int
    member: int


class Line(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One line. Its row goes with the journal of what it tells of."""

    lottery: int
    seq: int
    act: Act
    of_seq: int
    """The draw it is about; its own place where it is one."""
    hit: int
    place: int
    """Of the prize that was given."""
    entrant: Entrant
    link: bytes


class Taken(msgspec.Struct, frozen=True, gc=False):
    """So many more prizes are given out; -1: one has come back."""

    lottery: int
    place: int
    change: int


class ListEnd(msgspec.Struct, frozen=True, gc=False):
    """Where a list ends now."""

    lottery: int
    lines: int
    link: bytes


class Entered(msgspec.Struct, frozen=True, gc=False):
    """Somebody has drawn once more; -1: once less."""

    lottery: int
    who: Entrant
    change: int


@dataclass(slots=True, kw_only=True)
class Lottery:
    """One, held for the batch."""

    id: int
    content: Content
    state: LotteryState
    seed: Secret | None
    """None where it cannot be opened, or was not frozen yet."""
    issuer: int = 0
    """Whose it is: one of three."""
    merchant: int = 0
    alliance: int = 0
    lines: int = 0
    link: bytes = b""
    taken: dict[int, int] = field(default_factory=dict)
    """By the places of prizes."""
    entered: Counter[Entrant] = field(default_factory=Counter)
    """Draws that stand, of those who draw in this batch."""

    def left_of(self, prize: Prize) -> int | None:
        """How many there are still; None: it never runs out."""
        return None if prize.stock is None else prize.stock - self.taken.get(prize.place, 0)

    def draws_of(self, who: Entrant) -> int:
        """Draws that stand of this card, or of the member it is bound to by any card."""
        return sum(
            times
            for one, times in self.entered.items()
            if one.card == who.card or (who.member and one.member == who.member)
        )

    def prize_at(self, place: int) -> Prize:
        """The prize by its place in the frozen order."""
        return self.content.prizes[place - 1]

    def draw(self, key: str, who: Entrant) -> Line:
        """The next draw. The caller has made sure that it is open."""
        assert self.seed is not None, "it was looked at before"
        seq, prizes = self.lines + 1, self.content.prizes
        hit = hit_by(prizes, number_drawn(self.seed, self.content.code, key, seq))
        prize = given_for(prizes, hit, self.left_of)
        text = draw_line(seq, key, hit.place, prize.place)
        return self._add(Act.DRAW, seq, prize.place, who, text, hit.place)

    def take_back(self, drawn: Line) -> Line:
        """A draw is undone: its place stays in the list, its prize can be drawn again."""
        text = undone_line(self.lines + 1, drawn.of_seq)
        return self._add(Act.UNDONE, drawn.of_seq, drawn.place, drawn.entrant, text)

    def give_again(self, undone: Line) -> Line:
        """What undid a draw is undone. The caller has made sure that its prize is there."""
        text = again_line(self.lines + 1, undone.of_seq)
        return self._add(Act.AGAIN, undone.of_seq, undone.place, undone.entrant, text)

    def _add(
        self, act: Act, of_seq: int, place: int, who: Entrant, text: str, hit: int | None = None
    ) -> Line:
        by = -1 if act is Act.UNDONE else 1
        self.lines += 1
        self.link = link_after(self.link, text)
        self.taken[place] = self.taken.get(place, 0) + by
        self.entered[who] += by
        return Line(
            lottery=self.id,
            seq=self.lines,
            act=act,
            of_seq=of_seq,
            hit=hit or place,
            place=place,
            entrant=who,
            link=self.link,
        )


def rows_of(line: Line) -> tuple[Line, Taken, ListEnd, Entered]:
    """What is stored of a new line."""
    change = -1 if line.act is Act.UNDONE else 1
    return (
        line,
        Taken(line.lottery, line.place, change),
        ListEnd(line.lottery, line.seq, line.link),
        Entered(line.lottery, line.entrant, change),
    )
