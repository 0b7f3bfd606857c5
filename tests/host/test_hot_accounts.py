"""One merchant takes every sale: no row of the ledger is everybody's, so nobody waits for it."""

import time

import pytest

from host.model.requests import Kind, Request
from tests.host.conftest import MERCHANT_OF, TERMINALS, CardPool, Till

ROUNDS, WAVES, OF_EACH = 8, 5, 8
"""Times that both are measured; how often in a round, and how many sales at once a terminal."""
TERMINALS_MAX = 18
RATE_MIN = 0.8
"""Of the rate of sales that are spread over merchants: what the list of faults lets pass."""


@pytest.mark.chaos
async def test_a_merchant_who_takes_every_sale_is_served_as_fast_as_many(
    till: Till, pool: CardPool
) -> None:
    """By the best of rounds that take turns: what slows the machine down slows both."""
    cards = [pool.city() for _ in range(200)]
    spread = _signed_on(sorted(set(MERCHANT_OF.values())))
    alone = _signed_on([MERCHANT_OF[spread[0]]])
    assert len(spread) == len(alone) == TERMINALS_MAX
    await _seconds(till, cards, spread)
    rounds = [
        [await _seconds(till, cards, terminals) for terminals in (spread, alone)]
        for _ in range(ROUNDS)
    ]
    of_many, of_one = (min(took) for took in zip(*rounds, strict=True))
    assert of_many / of_one >= RATE_MIN, rounds


def _signed_on(merchants: list[str]) -> list[str]:
    """Terminals of these merchants in turn, so many in all."""
    of_each = [
        [
            one
            for one, plan in TERMINALS.items()
            if MERCHANT_OF[one] == merchant and plan.working is not None and one < "80030000"
        ]
        for merchant in merchants
    ]
    share = TERMINALS_MAX // len([terminals for terminals in of_each if terminals])
    return [one for terminals in of_each for one in terminals[:share]]


async def _seconds(till: Till, cards: list[int], terminals: list[str]) -> float:
    took = 0.0
    for _ in range(WAVES):
        numbers = range(OF_EACH * len(terminals))
        asked = [_sale(till, cards, terminals, number) for number in numbers]
        began = time.perf_counter()
        answers = await till.ask_all(asked)
        took += time.perf_counter() - began
        assert all(answer.is_approved for answer in answers)
    return took


def _sale(till: Till, cards: list[int], terminals: list[str], number: int) -> Request:
    card, terminal_id = cards[number % len(cards)], terminals[number % len(terminals)]
    return till.request(Kind.PURCHASE, card, 1, pin="123456", terminal_id=terminal_id)
