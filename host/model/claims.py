"""What a client says happened, transaction by transaction: the other side of the audit.

A simulator keeps its own record of what it sent, what it was told and what it was not told.
Folded into claims, one a financial message, it is laid beside the ledger: message by message
(`outcome`) and card by card (`card_effects`).
"""

import enum
from collections import defaultdict
from collections.abc import Iterable
from typing import Final

import msgspec

from host.model.money import POINTS_PREFIX
from host.model.requests import Kind


@enum.unique
class Expected(enum.StrEnum):
    """What the ledger must show for a claim."""

    HAPPENED = "happened"
    """Exactly one journal for the slot, and no reversal of it."""
    NOT_IN_FORCE = "not_in_force"
    """Declined, or undone: no journal for the slot, or one that a reversal undid."""
    UNKNOWN = "unknown"
    """The client was never told: either of the two, but no third state."""


APPROVALS: Final = frozenset({"00", "10", "11", "A2", "A4", "A5", "A6"})
"""F39 values a POS terminal takes as approval."""
REVERSAL_ENDS: Final = frozenset({"00", "12", "25"})
"""F39 values of a reversal's answer after which a terminal knows that nothing stands."""
REVERSAL_REFUSED: Final = frozenset({"22", "40", "51"})
"""And those after which it knows that its original stands: it was refunded, is never reversed, or
its value was spent."""

CARD_SIGN: Final[dict[Kind, int]] = {
    Kind.PURCHASE: -1,
    Kind.COMBINED_PURCHASE: -1,
    Kind.CASH_LOAD: +1,
    Kind.POINTS_REDEMPTION: -1,
    Kind.VOID: +1,
    Kind.REFUND: +1,
    Kind.POINTS_EARN: 0,
    Kind.CARD_ACTIVATION: +1,
    Kind.VOUCHER_REDEMPTION: 0,
    Kind.LOAD_BY_CODE: +1,
    Kind.LOAD_BY_PHONE: +1,
    Kind.PHONE_LOAD_VOID: -1,
    Kind.VOUCHER_VOID: -1,
    Kind.PREAUTH: 0,
    Kind.PREAUTH_INCREMENT: 0,
    Kind.PREAUTH_VOID: 0,
    Kind.COMPLETION: -1,
    Kind.COMPLETION_ADVICE: -1,
    Kind.COMPLETION_VOID: +1,
    Kind.LOTTERY_DRAW: -1,
}
"""What each kind does to the card's account in its own unit. Earned points are not told to a
terminal, so points are reckoned only where a terminal asked for them; an earning asks by the
amount that was paid elsewhere, which moves no account. A voucher that is redeemed is of no card;
what one was worth that was put onto a card is known by the answer."""


class Claim(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """One financial message of one client, with what became of it as far as the client knows."""

    slot: str
    """`ExchangeKey.text` of the message; its reversal and confirmation share all but the family."""
    kind: Kind
    card_id: int | None
    amount_minor: int
    unit: str
    """A currency, or `P:` alone where the card's issuer says which programme."""
    told: str | None = None
    """F39 of an answer that passed every check, else nothing."""
    rrn: str | None = None
    """F37 of that answer."""
    original_slot: str | None = None
    """A void's or refund's original."""
    reversal_sent: bool = False
    reversal_told: str | None = None
    """F39 of the reversal's answer."""
    confirm_sent: bool = False
    confirm_told: str | None = None
    """F39 of a cash load confirmation's answer."""
    points_worth_minor: int = 0
    """What of the amount points have paid, or came back as: it moved no money of the card."""

    @property
    def outcome(self) -> Expected:
        """What the client is entitled to find in the ledger."""
        if self.reversal_sent:
            return _of_reversal(self.reversal_told)
        if self.confirm_sent:
            return _of_answer(self.confirm_told)
        return _of_answer(self.told)

    @property
    def card_effect_minor(self) -> int:
        """What this did to the card's account of `unit`, if it happened."""
        return self.effect_minor(self.amount_minor - self.points_worth_minor)

    def effect_minor(self, moved_minor: int) -> int:
        """The same, of so much money that it moved."""
        sign = CARD_SIGN.get(self.kind, 0)
        return sign * moved_minor if self.outcome is Expected.HAPPENED else 0


def card_effects(claims: Iterable[Claim]) -> dict[int, int]:
    """Money each card gained or lost by these claims, in minor units.

    A card with a claim of unknown outcome is left out: nothing exact can be said of it, nor of one
    that drew in a lottery, for its claim says what that cost and not what it gave. The void
    of an earning names what was paid elsewhere, and gives back points alone. The void of what was
    reversed after it gave back nothing more. Of a purchase that points have paid in part, money
    comes back before points, in however many refunds.
    """
    effects: defaultdict[int, int] = defaultdict(int)
    unknown: set[int] = set()
    listed = list(claims)
    without_effect = {
        claim.slot
        for claim in listed
        if claim.kind is Kind.POINTS_EARN or claim.outcome is Expected.NOT_IN_FORCE
    }
    activated = {claim.slot for claim in listed if claim.kind is Kind.CARD_ACTIVATION}
    left = {
        claim.slot: claim.amount_minor - claim.points_worth_minor
        for claim in listed
        if claim.points_worth_minor and claim.original_slot is None
    }
    for claim in listed:
        if claim.kind is Kind.LOTTERY_DRAW and claim.card_id is not None:
            unknown.add(claim.card_id)
        if claim.card_id is None or claim.unit.startswith(POINTS_PREFIX):
            continue
        if claim.original_slot in without_effect:
            continue
        if claim.outcome is Expected.UNKNOWN and claim.kind in CARD_SIGN:
            unknown.add(claim.card_id)
        sign = -1 if claim.original_slot in activated else 1
        effects[claim.card_id] += sign * _effect(claim, left)
    return {card: minor for card, minor in effects.items() if card not in unknown}


def _effect(claim: Claim, left: dict[str, int]) -> int:
    """What it did to the card's money; `left` is what of each original may still come back so."""
    original = claim.original_slot
    if original is None or original not in left:
        return claim.card_effect_minor
    effect = claim.effect_minor(min(claim.amount_minor, left[original]))
    left[original] -= abs(effect)
    return effect


def _of_reversal(f39: str | None) -> Expected:
    if f39 in REVERSAL_ENDS:
        return Expected.NOT_IN_FORCE
    return Expected.HAPPENED if f39 in REVERSAL_REFUSED else Expected.UNKNOWN


def _of_answer(f39: str | None) -> Expected:
    if f39 is None:
        return Expected.UNKNOWN
    return Expected.HAPPENED if f39 in APPROVALS else Expected.NOT_IN_FORCE
