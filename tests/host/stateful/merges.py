"""Cards of a member are emptied onto one another: what may be spent of one is on the other."""

from hypothesis import strategies as st
from hypothesis.stateful import rule

from host.model.responses import Reason
from tests.host.stateful.machine import Tills
from tests.host.stateful.model import Card, Lot, fresh, spendable

TWO = st.sampled_from([(0, 1), (1, 0), (0, 1), (1, 0), (1, 2), (2, 0)])


class Merges(Tills):
    """Both cards stay in use; what is held or owed stays where it is."""

    @rule(two=TWO, is_asked=st.sampled_from([False, False, True]))
    def merge(self, two: tuple[int, int], is_asked: bool) -> None:
        """One onto another, be it somebody else's."""
        if not is_asked:
            return
        giver, getter = two
        pair = self.cards[giver], self.cards[getter]
        ended = self.house.merge(pair[0].number, pair[1].number)
        members = self.house.members
        if members[giver] != members[getter]:
            assert ended == ("refused", Reason.NOT_PERMITTED_TO_CARD)
        elif max(pair[0].free, 0) and pair[0].free + pair[1].free > pair[1].terms.balance_max:
            assert ended == ("refused", Reason.AMOUNT_LIMIT)
        else:
            assert ended == ("done", "")
            self._merged(*pair)

    def _merged(self, giver: Card, getter: Card) -> None:
        money = max(giver.free, 0)
        giver.value -= money
        getter.value += money
        self._lots_move(giver.lots, getter.lots)
        self._lots_move(giver.others, getter.others)

    def _lots_move(self, lots: list[Lot], onto: list[Lot]) -> None:
        """Each with its last day, those first that expire first, as far as it owes nothing."""
        today = self.model.today
        free = spendable(lots, today)
        for lot in fresh(lots, today):
            points = max(min(lot.left, free), 0)
            if points:
                free -= points
                lot.left -= points
                self.model.came(onto, points, lot.until)
