"""What a product says of its cards' PINs holds at the till."""

from collections.abc import Iterator

import psycopg
import pytest

from host.hsm.pin import make_pin_block
from host.hsm.pvv import PinVerifier
from host.model.instruments import PinPolicy
from host.model.requests import Kind, PinBlock
from host.model.responses import Reason
from host.model.secrets import Pan, Secret
from tests.host.conftest import TERMINALS, Till
from tests.host.stock.conftest import HSM, Stock
from tests.host.test_activation import activate, pans_of

pytestmark = pytest.mark.usefixtures("sharing")

RIGHT, WRONG = "135790", "975310"


@pytest.fixture
def stock(till: Till) -> Iterator[Stock]:
    with psycopg.connect(till.dsns.owner, autocommit=True) as connection:
        yield Stock(connection=connection, dsns=till.dsns)


async def bought(till: Till, pan: Pan, pin: str | None = None) -> Reason:
    block = None
    if pin is not None:
        working = TERMINALS[till.terminal_id].working
        assert working is not None
        block = PinBlock(0, make_pin_block(working.pik, Secret(pin.encode()), pan, 0))
    sale = till.request(Kind.PURCHASE, None, 100, pan=pan, pin=block)
    return (await till.ask(sale)).reason


@pytest.mark.parametrize(
    ("policy", "has_pin", "told"),
    [
        (PinPolicy.NEVER, True, {None: "approved", RIGHT: "approved", WRONG: "approved"}),
        (PinPolicy.IF_SENT, True, {None: "approved", RIGHT: "approved", WRONG: "wrong_pin"}),
        (PinPolicy.REQUIRED, True, {None: "wrong_pin", RIGHT: "approved", WRONG: "wrong_pin"}),
        (PinPolicy.NEVER, False, {None: "approved", RIGHT: "approved"}),
        (PinPolicy.IF_SENT, False, {None: "approved", RIGHT: "approved"}),
        (PinPolicy.REQUIRED, False, {None: "wrong_pin", RIGHT: "wrong_pin"}),
    ],
)
async def test_a_products_word_on_pins_holds(
    till: Till, stock: Stock, policy: PinPolicy, has_pin: bool, told: dict[str | None, str]
) -> None:
    """S1-07."""
    made = stock.opened(1, product=stock.product(pin=policy))
    [pan] = pans_of(stock, made.part)
    if has_pin:
        value = PinVerifier(HSM.pvk).value(pan, Secret(RIGHT.encode()))
        till.sql("UPDATE card SET pin_value = %s WHERE part_id = %s", value, made.part)
    await activate(till, pan)
    for pin, reason in told.items():
        assert await bought(till, pan, pin) == reason, pin
