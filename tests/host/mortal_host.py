"""What a host that a test lets die is asked: the batches below, of which it says line by line what
was answered.
"""

import sys

import trio

from host.model.requests import Kind, Request, Response
from tests.host.conftest import Till

CARDS_USED = range(10, 34)
ROUNDS = 3


def requests_of(till: Till, round_: int) -> list[Request]:
    """The same in every process: a sale, a load or a wrong PIN on each of 24 terminals."""
    return [
        till.request(
            Kind.CASH_LOAD if place % 3 == 0 else Kind.PURCHASE,
            card,
            100 + round_,
            pin="000000" if place % 7 == 1 else "123456",
            terminal_id=f"{80_010_001 + place}",
            stan=f"{500 + round_:06d}",
        )
        for place, card in enumerate(CARDS_USED)
    ]


async def trade(till: Till) -> None:
    """Until it is killed."""
    for round_ in range(ROUNDS):
        await _ask_and_say(till, requests_of(till, round_))


async def _ask_and_say(till: Till, requests: list[Request]) -> None:
    answered = trio.Event()
    left = len(requests)

    def deliver(request: Request, answer: Response) -> None:
        nonlocal left
        left -= 1
        sys.stdout.write(f"told {request.key.text} {answer.reason} {answer.rrn}\n")
        sys.stdout.flush()
        if not left:
            answered.set()

    for request in requests:
        till.poster.submit(request, lambda answer, asked=request: deliver(asked, answer))  # type: ignore[misc]
    await answered.wait()
