"""What becomes of a message: of one that another process has under way, nothing here."""

from types import SimpleNamespace
from typing import Any

from switch.dispatch import Dispatcher
from switch.hostlink import UNDER_WAY
from tests.switch.memory.test_routes import purchase_of


async def test_what_is_found_to_be_under_way_elsewhere_gets_no_answer_and_no_reversal():
    dropped: list[tuple[Any, ...]] = []
    seconds = SimpleNamespace(observe=lambda _seconds: None)
    telling = SimpleNamespace(
        seconds_of=lambda *_: seconds, drop=lambda *told: dropped.append(told[1:])
    )
    reversals = SimpleNamespace()  # that is asked for anything fails
    lane = SimpleNamespace(in_flight={})
    asked = SimpleNamespace(
        lane=lane, ticket=1, origin=None, kind=None, sent_at=0.0, request=purchase_of(1)
    )
    lane.in_flight[1] = asked
    dispatch = Dispatcher(None, reversals, telling, None, None)  # type: ignore[arg-type]
    dispatch.decided(asked, UNDER_WAY)  # type: ignore[arg-type]
    assert lane.in_flight == {}
    assert dropped == [("under way already", purchase_of(1).key.text)]
