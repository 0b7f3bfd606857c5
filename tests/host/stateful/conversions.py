"""Points of a city card into those of its issuer's other programme, and back, at dated rates."""

import datetime as dt
import itertools
from typing import NamedTuple

from hypothesis import strategies as st
from hypothesis.stateful import rule

from host.model.money import Money
from host.model.origins import Origin
from host.model.own import AtRate, OwnKey, OwnRequest
from host.model.requests import Kind
from host.model.responses import Reason
from tests.host.conftest import card_at
from tests.host.stateful.house import OTHER_DAYS, RATES
from tests.host.stateful.machine import ANY, WHICH, Tills
from tests.host.stateful.model import CITY, NO_MONEY, OK, Card, fresh, spendable, take

FORMS = itertools.count(1)
PAIRS = st.sampled_from([("CITY", "OTHER"), ("OTHER", "CITY")])


class Converted(NamedTuple):
    """What was asked, and what came of it."""

    asked: OwnRequest
    answer: object


class Conversions(Tills):
    """They are final: nothing that comes later finds them."""

    def __init__(self) -> None:
        super().__init__()
        self.converted: list[Converted] = []

    @rule(which=WHICH, pair=PAIRS, points=st.sampled_from([1, 2, 7, 100, 301, 1_999]))
    def convert_points(self, which: int, pair: tuple[str, str], points: int) -> None:
        """At the rate that is in force on the day."""
        card, (one, other) = self.cards[which], pair
        found = self.house.rate_at({"from": one, "to": other})
        times, per = self._rate(one, other)
        assert found is not None
        assert (found[1], found[2]) == (times, per)
        request = OwnRequest(
            kind=Kind.POINTS_CONVERSION,
            key=OwnKey(
                Origin.OFFICE, f"{self.house.members[which]}", "points.convert", f"{next(FORMS)}"
            ),
            card=card_at(self.house.till, card.number),
            amount=Money.points(one, points),
            at_rate=AtRate(found[0], Money.points(other, 0).unit, times, per),
        )
        answer = self.house.ask_own(request)
        expected = self._convert(card, one, points, times, per)
        assert answer.reason is expected, (one, points, times, per, answer)
        self.converted.append(Converted(request, answer))

    @rule(number=ANY)
    def convert_the_same_again(self, number: int) -> None:
        """The first answer, whatever the rate or the card is by now."""
        if self.converted:
            said = self.converted[-1 - number % len(self.converted)]
            assert self.house.ask_own(said.asked) == said.answer

    def _rate(self, one: str, other: str) -> tuple[int, int]:
        """The last that has begun."""
        begun = [row for row in RATES if row[:2] == (one, other) and row[2] <= self.model.today]
        return begun[-1][3:]

    def _convert(self, card: Card, one: str, points: int, times: int, per: int) -> Reason:
        """As many are taken as make whole points, and no point more."""
        if card.terms is not CITY:
            return Reason.FUNCTION_NOT_SUPPORTED
        made = points * times // per
        if not made:
            return Reason.INVALID_AMOUNT
        lots = card.lots if one == "CITY" else card.others
        if points > spendable(lots, self.model.today):
            return NO_MONEY
        needed = next(few for few in range(1, points + 1) if few * times // per == made)
        take(fresh(lots, self.model.today), needed)
        if one == "CITY":
            last_day = self.model.today + dt.timedelta(days=OTHER_DAYS)
            self.model.came(card.others, made, last_day)
        else:
            self.model.lot(card, made)
        return OK
