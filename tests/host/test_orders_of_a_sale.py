"""All that can be said of one sale, in every order of five: it never stands again once reversed.

The model below shares no code with the host. It is told each message in turn, says what the
answer is to be, and knows what the card has to show for it at the end.
"""

import itertools
from collections import defaultdict
from dataclasses import dataclass, field

from config.run.database import Dsns
from host.model.requests import Kind, Original, Request
from host.model.responses import Reason
from tests.host.conftest import TERMINALS, CardPool, Till, trading

AMOUNT, EARNED = 1_000, 10
ORDER = 5
CARDS = 80
SALE, VOID, REFUND = "sale", "void", "refund"
SALE_REVERSED, VOID_REVERSED = "reversal of the sale", "reversal of the void"
TILLS = [terminal for terminal in TERMINALS if terminal < "80010033"]
MESSAGES = (SALE, VOID, REFUND, SALE_REVERSED, VOID_REVERSED)
"""A message that comes twice in an order is a repeat: the same key, the same body."""


@dataclass
class Model:
    """One sale: what was answered, and what stands."""

    told: dict[str, Reason] = field(default_factory=dict)
    """The first answer to each message."""

    def answer(self, message: str) -> Reason:
        """What the host is to say to the message that comes now."""
        if message in self.told:
            was_undone = self.told.get(f"reversal of the {message}") is Reason.APPROVED
            is_over = was_undone and self.told[message] is Reason.APPROVED
            return Reason.DUPLICATE if is_over else self.told[message]
        self.told[message] = self._first(message)
        return self.told[message]

    @property
    def value(self) -> int:
        """What the card has spent."""
        return AMOUNT if self._sale_stands and not self._approved(REFUND) else 0

    def _first(self, message: str) -> Reason:
        if message in {SALE_REVERSED, VOID_REVERSED}:
            return self._reversal(SALE if message == SALE_REVERSED else VOID)
        if f"reversal of the {message}" in self.told:
            return Reason.DUPLICATE
        if message == SALE:
            return Reason.APPROVED
        if not self._approved(SALE):
            return Reason.ORIGINAL_NOT_FOUND
        is_free = self._sale_stands and not self._approved(REFUND)
        return Reason.APPROVED if is_free else Reason.ORIGINAL_VOIDED

    def _reversal(self, of: str) -> Reason:
        if of not in self.told:
            return Reason.ORIGINAL_NOT_FOUND
        if of == SALE and self._approved(REFUND):
            return Reason.ORIGINAL_VOIDED
        return Reason.APPROVED

    @property
    def _sale_stands(self) -> bool:
        is_voided = self._approved(VOID) and not self._approved(VOID_REVERSED)
        return self._approved(SALE) and not self._approved(SALE_REVERSED) and not is_voided

    def _approved(self, message: str) -> bool:
        return self.told.get(message) is Reason.APPROVED


@dataclass
class Told:
    """The messages of one sale, made once each."""

    order: tuple[str, ...]
    card: int
    requests: dict[str, Request]
    model: Model = field(default_factory=Model)


def messages_of(till: Till, card: int, terminal_id: str) -> dict[str, Request]:
    sale = till.request(Kind.PURCHASE, card, AMOUNT, pin="123456", terminal_id=terminal_id)
    named = {"terminal_id": terminal_id, "original": Original(key=sale.key)}
    void = till.request(Kind.VOID, card, AMOUNT, **named)
    return {
        SALE: sale,
        VOID: void,
        REFUND: till.request(Kind.REFUND, card, AMOUNT, **named),
        SALE_REVERSED: till.reversal(sale),
        VOID_REVERSED: till.reversal(void),
    }


async def test_in_every_order_of_five_a_sale_that_was_reversed_stays_reversed(
    audited_estate: Dsns, pool: CardPool
) -> None:
    """The sale, its void, its refund, both reversals, and repeats of each: 3,125 orders."""
    cards = [pool.city() for _ in range(CARDS)]
    patience = {"terminal_waiting_max": 1_000, "waiting_items_max": 10_000}
    async with trading(audited_estate, **patience) as till:
        places = zip(itertools.cycle(cards), itertools.cycle(TILLS), strict=False)
        sales = [
            Told(order, card, messages_of(till, card, terminal_id))
            for order, (card, terminal_id) in zip(
                itertools.product(MESSAGES, repeat=ORDER), places, strict=False
            )
        ]
        for step in range(ORDER):
            asked = [one.requests[one.order[step]] for one in sales]
            for one, answer in zip(sales, await till.ask_all(asked), strict=True):
                expected = one.model.answer(one.order[step])
                assert answer.reason is expected, (one.order[: step + 1], answer.reason, expected)
        spent: defaultdict[int, int] = defaultdict(int)
        for one in sales:
            spent[one.card] += one.model.value
        for card in cards:
            earned = spent[card] // AMOUNT * EARNED
            assert till.balances(card) == (100_000 - spent[card], earned), card
