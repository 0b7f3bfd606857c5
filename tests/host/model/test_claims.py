"""What a client may expect to find in the ledger, from what it was told."""

from typing import Any

import msgspec
import pytest

from host.model.claims import CARD_SIGN, Claim, Expected, card_effects
from host.model.requests import ASKED_BY_NO_TERMINAL, KINDS, Kind

CLAIM = Claim(slot="a/f", kind=Kind.PURCHASE, card_id=1, amount_minor=100, unit="CNY")


def told(claim: Claim = CLAIM, **changes: object) -> Claim:
    return msgspec.structs.replace(claim, **changes)


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({}, Expected.UNKNOWN),
        ({"told": "00"}, Expected.HAPPENED),
        ({"told": "51"}, Expected.NOT_IN_FORCE),
        ({"reversal_sent": True}, Expected.UNKNOWN),
        ({"reversal_sent": True, "reversal_told": "00"}, Expected.NOT_IN_FORCE),
        ({"reversal_sent": True, "reversal_told": "25"}, Expected.NOT_IN_FORCE),
        ({"reversal_sent": True, "reversal_told": "51"}, Expected.HAPPENED),
        ({"reversal_sent": True, "reversal_told": "96"}, Expected.UNKNOWN),
        ({"told": "98", "confirm_sent": True}, Expected.UNKNOWN),
        ({"told": "98", "confirm_sent": True, "confirm_told": "00"}, Expected.HAPPENED),
        ({"confirm_sent": True, "confirm_told": "A6"}, Expected.HAPPENED),
        ({"confirm_sent": True, "confirm_told": "61"}, Expected.NOT_IN_FORCE),
    ],
)
def test_an_outcome_follows_from_the_last_thing_told(
    changes: dict[str, Any], outcome: Expected
) -> None:
    assert told(**changes).outcome is outcome


def test_a_cards_effects_add_up_over_what_happened() -> None:
    claims = [
        told(told="00"),
        told(told="51", amount_minor=7_777),
        told(kind=Kind.CASH_LOAD, told="00", amount_minor=5_000),
        told(kind=Kind.REFUND, told="00", amount_minor=30),
        told(card_id=2, told="00"),
    ]
    assert card_effects(claims) == {1: -100 + 5_000 + 30, 2: -100}


def test_a_card_with_an_unknown_outcome_is_left_out() -> None:
    assert card_effects([told(told="00"), told()]) == {}


def test_an_unanswered_balance_inquiry_leaves_its_card_in() -> None:
    assert card_effects([told(told="00"), told(kind=Kind.BALANCE_INQUIRY)]) == {1: -100}


def test_points_are_not_money() -> None:
    assert card_effects([told(unit="P:", told="00", kind=Kind.POINTS_REDEMPTION)]) == {}


@pytest.mark.parametrize("refunds", [(10_000,), (8_500, 1_500), (500, 7_600, 900), (3_000,)])
def test_money_comes_back_before_points_in_however_many_refunds(refunds: tuple[int, ...]) -> None:
    sale = told(
        kind=Kind.COMBINED_PURCHASE, told="00", amount_minor=10_000, points_worth_minor=2_000
    )
    back = [
        told(slot=f"b{place}/f", kind=Kind.REFUND, told="00", amount_minor=one, original_slot="a/f")
        for place, one in enumerate(refunds)
    ]
    assert card_effects([sale, *back]) == {1: -8_000 + min(sum(refunds), 8_000)}


def test_every_kind_that_a_client_claims_and_moves_value_has_a_sign() -> None:
    not_claimed = {Kind.REVERSAL, Kind.CASH_LOAD_CONFIRM, *ASKED_BY_NO_TERMINAL}
    assert {kind for kind, row in KINDS.items() if row.moves_value} - not_claimed == set(CARD_SIGN)
