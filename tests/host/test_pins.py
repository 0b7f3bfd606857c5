"""PINs: tried no more often than the issuer allows, whoever asks and however fast."""

import pytest

from config.run.database import Dsns
from host.hsm.pin import make_pin_block
from host.model.requests import Kind, PinBlock
from host.model.responses import Reason
from host.model.secrets import Pan, Secret
from host.rules.decision import Court
from tests.host.conftest import CARDS, PINLESS_CARD, TERMINALS, CardPool, Till, trading

TRIES_MAX = 3


class Counting:
    """A verifier that counts how often a PIN was really tried."""

    def __init__(self, court: Court) -> None:
        self.pins = court.pins
        self.tried = 0

    def matches(self, pan: Pan, pin: Secret, value: str) -> bool:
        self.tried += 1
        return self.pins.matches(pan, pin, value)


@pytest.fixture
def counting(shared: Till) -> Counting:
    court = shared.poster._batches._writers[0]._court  # type: ignore[attr-defined]
    counter = Counting(court)
    object.__setattr__(court, "pins", counter)
    return counter


def failures(till: Till, card: int) -> int:
    return int(till.sql("SELECT pin_failures FROM card WHERE id = %s", card)[0][0])


async def test_32_wrong_pins_at_once_are_tried_three_times(
    shared: Till, pool: CardPool, counting: Counting
) -> None:
    card = pool.city()
    requests = [
        shared.request(Kind.PURCHASE, card, 1, pin=f"{place:06d}", terminal_id=terminal)
        for place, terminal in enumerate([*TERMINALS][:32])
    ]
    reasons = [answer.reason for answer in await shared.ask_all(requests)]
    assert sorted(reasons) == [Reason.PIN_TRIES_EXCEEDED] * 30 + [Reason.WRONG_PIN] * 2
    assert counting.tried == TRIES_MAX
    assert failures(shared, card) == TRIES_MAX
    assert (await shared.buy(card, 1)).reason is Reason.PIN_TRIES_EXCEEDED
    assert counting.tried == TRIES_MAX


async def test_the_right_pin_clears_the_count(shared: Till, pool: CardPool) -> None:
    card = pool.city()
    for _ in range(3):
        for _ in range(TRIES_MAX - 1):
            wrong = shared.request(Kind.PURCHASE, card, 1, pin="654321")
            assert (await shared.ask(wrong)).reason is Reason.WRONG_PIN
        assert failures(shared, card) == TRIES_MAX - 1
        assert (await shared.buy(card, 1)).is_approved
        assert failures(shared, card) == 0


async def test_a_right_pin_clears_the_count_though_the_money_is_short(
    shared: Till, pool: CardPool
) -> None:
    card = pool.city()
    await shared.ask(shared.request(Kind.PURCHASE, card, 1, pin="654321"))
    assert (await shared.buy(card, 100_001)).reason is Reason.INSUFFICIENT_FUNDS
    assert failures(shared, card) == 0


async def test_a_repeat_of_a_wrong_pin_is_no_second_try(
    shared: Till, pool: CardPool, counting: Counting
) -> None:
    card = pool.city()
    wrong = shared.request(Kind.PURCHASE, card, 1, pin="654321")
    for _ in range(5):
        assert (await shared.ask(wrong)).reason is Reason.WRONG_PIN
    assert (failures(shared, card), counting.tried) == (1, 1)


async def test_the_count_outlives_a_restart(module_estate: Dsns, pool: CardPool) -> None:
    card = pool.city()
    for place in range(TRIES_MAX):
        async with trading(module_estate) as till:
            wrong = till.request(Kind.BALANCE_INQUIRY, card, pin="654321")
            is_last = place == TRIES_MAX - 1
            reason = Reason.PIN_TRIES_EXCEEDED if is_last else Reason.WRONG_PIN
            assert (await till.ask(wrong)).reason is reason


async def test_a_card_without_a_pin_needs_none(shared: Till) -> None:
    assert (await shared.ask(shared.request(Kind.PURCHASE, PINLESS_CARD, 1))).is_approved


async def test_a_redemption_reads_a_pin_only_where_it_is_sent(shared: Till, pool: CardPool) -> None:
    card = pool.with_points()
    assert (await shared.ask(shared.request(Kind.POINTS_REDEMPTION, card, 100))).is_approved
    sent = shared.request(Kind.POINTS_REDEMPTION, card, 100, pin="123456")
    assert (await shared.ask(sent)).is_approved


@pytest.mark.parametrize(
    ("iso_format", "block"),
    [(0, bytes(7)), (2, bytes(8)), (4, bytes(8)), (4, bytes(range(16))), (9, bytes(8)), (0, b"")],
)
async def test_a_block_that_cannot_be_read_is_no_try(
    shared: Till, pool: CardPool, counting: Counting, iso_format: int, block: bytes
) -> None:
    pin = PinBlock(iso_format, Secret(block))
    answer = await shared.ask(shared.request(Kind.PURCHASE, pool.city(), 1, pin=pin))
    assert answer.reason is Reason.PIN_FORMAT
    assert answer.sign_on_again
    assert counting.tried == 0


@pytest.mark.parametrize("iso_format", [1, 3, 4])
async def test_other_pin_block_formats_are_read_too(
    shared: Till, pool: CardPool, iso_format: int
) -> None:
    card = pool.city()
    pik = TERMINALS["80010001"].working.pik
    block = make_pin_block(pik, Secret(b"123456"), CARDS[card].pan, iso_format)
    pin = PinBlock(iso_format, block)
    assert (await shared.ask(shared.request(Kind.PURCHASE, card, 1, pin=pin))).is_approved


async def test_another_terminals_pin_key_reads_nothing(shared: Till, pool: CardPool) -> None:
    card = pool.city()
    block = shared.pin_block(TERMINALS["80010002"], card, "123456")
    answer = await shared.ask(shared.request(Kind.PURCHASE, card, 1, pin=block))
    assert answer.reason is Reason.PIN_FORMAT
