"""The poster on real PostgreSQL: one key, one posting, one answer."""

from tests.host.conftest import Till
from host.model.requests import Kind
from host.model.responses import Reason


async def test_a_purchase_moves_value_and_earns_points(till: Till) -> None:
    answer = await till.buy(1, 12_345)
    assert answer.reason is Reason.APPROVED
    assert answer.balance is not None
    assert answer.balance.amount_minor == 87_655
    assert answer.points_earned == 123
    assert till.balances(1) == (87_655, 17_800 + 123)
