"""Who sits down at a till in a browser, and what its front is told then."""

from typing import Any

import pytest

from tests.host.office.conftest import Bureau, Person

OWN, THEIRS = "80010001", "80010017"


@pytest.mark.parametrize(
    ("role", "scope", "limit"),
    [("merchant_operator", "merchant", 0), ("store_manager", "store", None)],
)
def test_who_sells_sits_down_at_a_terminal_of_their_own(
    bureau: Bureau, role: str, scope: str, limit: int | None
) -> None:
    """S4-04: the front is told what a till has in its head; history keeps who sat there."""
    who = _of_first_merchant(bureau, role, scope)
    told = bureau.done(who, "seat.open", terminal_id=OWN).told
    assert told | {"grant": 0} == {
        "merchant_id": "888290054110001",
        "merchant": "Harbour Grocery",
        "store_id": 1,
        "store": "Harbour Grocery, Quay",
        "mac_algorithm": "up-ecb",
        "grant": 0,
        "refund_minor_max": limit,
        "takes_over": limit is None,
    }
    bureau.done(who, "seat.close", terminal_id=OWN)
    lines = bureau.rows(bureau.admin, "audit", subject_kind="terminal")
    done = [row["action"] for row in lines if row["person"] == who.login]
    assert done[:2] == ["seat.close", "seat.open"]


def test_a_terminal_of_another_merchant_is_not_there(bureau: Bureau) -> None:
    who = _of_first_merchant(bureau, "merchant_operator", "merchant")
    assert bureau.refused(who, "seat.open", terminal_id=THEIRS) == "E-NOT-FOUND"
    assert bureau.refused(who, "seat.close", terminal_id=THEIRS) == "E-NOT-FOUND"


@pytest.mark.parametrize("role", ["store_clerk", "platform_ops"])
def test_others_sit_nowhere(bureau: Bureau, role: str) -> None:
    who = bureau.person(role)
    assert bureau.refused(who, "seat.open", terminal_id=OWN) == "E-NOT-YOUR-ROLE"


def test_a_terminal_that_is_disabled_or_speaks_otherwise_is_no_seat(bureau: Bureau) -> None:
    who = _of_first_merchant(bureau, "merchant_operator", "merchant")
    asked: dict[str, Any] = {"terminal_id": OWN, "note": "it fell down", "with_open_batch": True}
    bureau.done(bureau.person("platform_ops"), "terminal.disable", **asked)
    assert bureau.refused(who, "seat.open", terminal_id=OWN) == "E-FIELD"
    rows = bureau.rows(bureau.admin, "terminals", merchant="888290054110001")
    till = next(row["terminal_id"] for row in rows if row["family"] != "pos")
    assert bureau.refused(who, "seat.open", terminal_id=till) == "E-FIELD"


def _of_first_merchant(bureau: Bureau, role: str, scope: str) -> Person:
    return bureau.person(role, scope, "888290054110001" if scope == "merchant" else "1")
