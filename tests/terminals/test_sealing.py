"""F64 covers exactly the body before it."""

import pytest

from terminals.sealing import covered, seal, tag_is_right
from tests.terminals.frames import BODIES, PURCHASE, worked_mac

SEALED = [
    "purchase-response-approved-remaining-balance-876.55",
    "reversal-of-the-purchase-timeout",
    "cash-top-up-200.00",
    PURCHASE,
]


@pytest.mark.parametrize("name", SEALED)
def test_a_worked_message_is_sealed_to_its_own_bytes(name: str) -> None:
    body = BODIES[name]
    assert tag_is_right(body, worked_mac())
    assert seal(covered(body) + bytes(8), worked_mac()) == body


def test_a_changed_byte_anywhere_breaks_the_seal() -> None:
    body = BODIES[PURCHASE]
    for place in range(len(body)):
        changed = body[:place] + bytes((body[place] ^ 0x01,)) + body[place + 1 :]
        assert not tag_is_right(changed, worked_mac()), place
