"""Whatever tills do in whatever order, answers and books are what a small model says."""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from config.run.database import Dsns
from tests.conftest import Databases, copied
from tests.host.conftest import audit_ledger
from tests.host.stateful.codes import Codes
from tests.host.stateful.conversions import Conversions
from tests.host.stateful.draws import Draws
from tests.host.stateful.gifts import Gifts
from tests.host.stateful.holds import Holds
from tests.host.stateful.house import House, furnish, house_at
from tests.host.stateful.merges import Merges
from tests.host.stateful.vouchers import Vouchers

STEPS = 40
HANDS_A_SEED = 3
"""One for its run; when it fails, it is tried again in shorter forms."""


class EveryKind(Holds, Codes, Draws, Vouchers, Gifts, Conversions, Merges):
    """All of them in one."""


@pytest.fixture
def house(databases: Databases, database_template: str, counts: SimpleNamespace) -> Iterator[House]:
    """With cards enough for all runs; its ledger is audited when they have ended."""
    hands = HANDS_A_SEED * counts.seeds + 500
    copies = copied(databases, database_template)
    dsns: Dsns = next(copies)
    furnish(dsns, hands)
    with house_at(dsns, hands) as house:
        yield house
    audit_ledger(dsns)
    next(copies, None)


@pytest.mark.counted
def test_every_kind_does_what_the_model_says(house: House, counts: SimpleNamespace) -> None:
    run_state_machine_as_test(
        type("EveryKindHere", (EveryKind,), {"house": house}),
        settings=settings(
            max_examples=counts.seeds,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
