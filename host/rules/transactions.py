"""TRANSACTIONS: what each kind asks before it posts, and what it posts.

A row is a rule: the checks in the order they are asked, each with the reason its "no" gives,
whether a PIN is needed, and the function that turns an approval into legs. A new transaction
type is its word in `host.model.requests`, its row here, and its spelling in a dialect.
"""

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from host.model.requests import NAMES_HOLD, Kind
from host.model.responses import Reason
from host.rules import (
    cash,
    checks,
    conversions,
    gifts,
    guesses,
    inquiries,
    lives,
    lotteries,
    moves,
    own_postings,
    partial,
    pay_codes,
    phones,
    port_loads,
    postings,
    preauths,
    reversals,
    tenders,
    vouchers,
)
from host.rules.checklists import (
    AMOUNT,
    BATCH,
    KNOWN_CARD,
    MONEY,
    ORIGINAL,
    RELOADABLE,
    ROOM,
    STANDING_CARD,
    Check,
)
from host.rules.dossier import Dossier
from host.rules.standing import DECLINES
from host.rules.states import Use
from host.rules.undoing import Result


@enum.unique
class PinRule(enum.Enum):
    """When a PIN is looked at. A card without a stored PIN value never needs one."""

    NEVER = "never"
    IF_SENT = "if sent"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How one kind is decided. The PIN comes between the card's checks and the amount's."""

    card_checks: tuple[Check, ...]
    code_checks: tuple[Check, ...] = ()
    """In their place where a payment code is presented in place of a card."""
    use: Use | None = None
    """What it wants of the card, whose standing must allow it (`host.rules.standing`)."""
    pin: PinRule = PinRule.NEVER
    checks: tuple[Check, ...] = ()
    post: Callable[[Dossier], Result]
    post_declines: tuple[Reason, ...] = ()
    """What `post` may still say no with."""
    part: Callable[[Dossier], int] | None = None
    """What there is of what is asked, where that is too much: a terminal may take that part."""
    paid_otherwise: Callable[[Dossier], int] | None = None
    """What of an amount another tender than money pays."""
    reads_lots: bool = False
    """The card's points lots are loaded with it."""
    takes_named: bool = False
    """Of the purse that its amount names alone."""
    takes_all: bool = False
    """All of them: nothing is to be left."""
    gives_auth_code: bool = True

    @property
    def declines(self) -> frozenset[Reason]:
        """Every reason this kind can be declined with."""
        asked = (reason for _, reason in (*self.card_checks, *self.code_checks, *self.checks))
        told = DECLINES[self.use] if self.use is not None else ()
        said = frozenset((*asked, *told, *PIN_DECLINES[self.pin], *self.post_declines))
        return said | {Reason.VALUE_HELD} if Reason.INSUFFICIENT_FUNDS in said else said


_PIN_IS_WRONG: Final = (Reason.WRONG_PIN, Reason.PIN_TRIES_EXCEEDED, Reason.PIN_FORMAT)
PIN_DECLINES: Final[dict[PinRule, tuple[Reason, ...]]] = {
    PinRule.NEVER: (),
    PinRule.IF_SENT: _PIN_IS_WRONG,
    PinRule.REQUIRED: _PIN_IS_WRONG,
}
_HOLD: Final[tuple[Check, ...]] = (
    (preauths.hold_is_found, Reason.ORIGINAL_NOT_FOUND),
    (preauths.hold_is_this_merchants, Reason.ORIGINAL_NOT_FOUND),
    (preauths.hold_is_not_completed, Reason.HOLD_COMPLETED),
    (preauths.hold_is_in_time, Reason.OUTSIDE_WINDOW),
    (preauths.hold_stands, Reason.ORIGINAL_VOIDED),
)
_COVERED: Final[Check] = (checks.value_covers_amount, Reason.INSUFFICIENT_FUNDS)
_COMPLETION: Final = Rule(
    card_checks=(*BATCH, *AMOUNT, *KNOWN_CARD),
    checks=(
        *_HOLD,
        (checks.currency_is_the_issuers, Reason.INVALID_AMOUNT),
        (preauths.amount_fits_hold, Reason.AMOUNT_LIMIT),
        (preauths.hold_and_value_cover, Reason.INSUFFICIENT_FUNDS),
    ),
    post=preauths.post_completion,
)
"""What was promised is kept, wherever the card stands by now: it is asked for no status, no PIN and
no limit of one transaction."""
_HOLD_ENDS: Final = Rule(
    card_checks=(
        (checks.card_is_known, Reason.CARD_NOT_FOUND),
        (preauths.hold_is_found, Reason.ORIGINAL_NOT_FOUND),
        (preauths.hold_is_ended_by_people, Reason.NOT_PERMITTED_TO_CARD),
    ),
    post=preauths.post_end,
    gives_auth_code=False,
)
TRANSACTIONS: Final[dict[Kind, Rule]] = {
    Kind.BALANCE_INQUIRY: Rule(
        card_checks=(*BATCH, *KNOWN_CARD),
        use=Use.SPEND,
        pin=PinRule.REQUIRED,
        post=postings.post_inquiry,
        gives_auth_code=False,
    ),
    Kind.ACCOUNT_INQUIRY: Rule(
        card_checks=(*BATCH, *KNOWN_CARD),
        use=Use.SPEND,
        pin=PinRule.REQUIRED,
        post=inquiries.post_account_inquiry,
        reads_lots=True,
        gives_auth_code=False,
    ),
    Kind.PURCHASE: Rule(
        card_checks=(*BATCH, *AMOUNT, *KNOWN_CARD),
        code_checks=pay_codes.BY_CODE,
        use=Use.SPEND,
        pin=PinRule.REQUIRED,
        checks=(*MONEY, (checks.value_covers_amount, Reason.INSUFFICIENT_FUNDS)),
        post=postings.post_purchase,
        part=partial.value_there_is,
    ),
    Kind.CASH_LOAD: Rule(
        card_checks=(*BATCH, *AMOUNT, *KNOWN_CARD),
        use=Use.LOAD,
        checks=(*RELOADABLE, *MONEY, *ROOM),
        post=postings.post_load,
    ),
    Kind.CASH_LOAD_CONFIRM: Rule(
        card_checks=(*AMOUNT, *KNOWN_CARD),
        checks=((checks.currency_is_the_issuers, Reason.INVALID_AMOUNT),),
        post=reversals.post_confirm,
        post_declines=(
            Reason.AMOUNT_LIMIT,
            Reason.BATCH_MISMATCH,
            Reason.ORIGINAL_VOIDED,
            Reason.ORIGINAL_MISMATCH,
        ),
    ),
    Kind.POINTS_REDEMPTION: Rule(
        card_checks=(*BATCH, *AMOUNT, *KNOWN_CARD),
        use=Use.SPEND,
        pin=PinRule.IF_SENT,
        checks=(
            (checks.issuer_has_programme, Reason.FUNCTION_NOT_SUPPORTED),
            (checks.amount_is_in_points, Reason.INVALID_AMOUNT),
            (checks.points_reach_threshold, Reason.INVALID_AMOUNT),
            (checks.points_cover_amount, Reason.INSUFFICIENT_FUNDS),
        ),
        post=postings.post_redemption,
        part=partial.points_there_are,
        reads_lots=True,
        takes_named=True,
    ),
    Kind.COMBINED_PURCHASE: Rule(
        card_checks=(*BATCH, *AMOUNT, *KNOWN_CARD),
        code_checks=pay_codes.BY_CODE,
        use=Use.SPEND,
        pin=PinRule.REQUIRED,
        checks=(*MONEY, (tenders.tenders_cover_amount, Reason.INSUFFICIENT_FUNDS)),
        post=tenders.post_combined,
        part=tenders.what_there_is,
        paid_otherwise=tenders.worth_of_points,
        reads_lots=True,
    ),
    Kind.POINTS_EARN: Rule(
        card_checks=(*BATCH, *AMOUNT, *KNOWN_CARD),
        use=Use.LOAD,
        checks=(
            (checks.issuer_has_programme, Reason.FUNCTION_NOT_SUPPORTED),
            *MONEY,
            (checks.amount_earns_points, Reason.INVALID_AMOUNT),
        ),
        post=postings.post_earning,
    ),
    Kind.POINTS_INQUIRY: Rule(
        card_checks=(*BATCH, *KNOWN_CARD),
        use=Use.SPEND,
        pin=PinRule.IF_SENT,
        checks=((checks.issuer_has_programme, Reason.FUNCTION_NOT_SUPPORTED),),
        post=inquiries.post_points_inquiry,
        reads_lots=True,
        gives_auth_code=False,
    ),
    Kind.LOAD_VERIFICATION: Rule(
        card_checks=(*BATCH, *KNOWN_CARD),
        use=Use.LOAD,
        pin=PinRule.IF_SENT,
        checks=RELOADABLE,
        post=postings.post_nothing,
        gives_auth_code=False,
    ),
    Kind.CARD_ACTIVATION: Rule(
        card_checks=(*BATCH, *AMOUNT, *KNOWN_CARD),
        use=Use.SELL,
        checks=(
            (lives.product_is_activated_at_tills, Reason.FUNCTION_NOT_SUPPORTED),
            (checks.currency_is_the_issuers, Reason.INVALID_AMOUNT),
            (lives.amount_is_the_face_value, Reason.INVALID_AMOUNT),
            *ROOM,
        ),
        post=lives.post_activation,
    ),
    Kind.VOID: Rule(
        card_checks=(*BATCH, *AMOUNT),
        pin=PinRule.NEVER,
        checks=(
            *ORIGINAL,
            (pay_codes.paid_the_original, Reason.ORIGINAL_NOT_FOUND),
            (checks.original_can_be_voided, Reason.INVALID_TRANSACTION),
            (checks.original_is_of_this_batch, Reason.OUTSIDE_WINDOW),
            (checks.original_stands, Reason.ORIGINAL_VOIDED),
            (checks.original_is_not_refunded, Reason.ORIGINAL_VOIDED),
            (checks.unit_is_the_originals, Reason.ORIGINAL_MISMATCH),
            (checks.amount_is_the_originals, Reason.ORIGINAL_MISMATCH),
        ),
        post=postings.post_void,
        post_declines=(Reason.INSUFFICIENT_FUNDS,),
    ),
    Kind.REFUND: Rule(
        card_checks=(*BATCH, *AMOUNT, *KNOWN_CARD),
        checks=(
            *ORIGINAL,
            (pay_codes.paid_the_original, Reason.ORIGINAL_NOT_FOUND),
            (checks.original_can_be_refunded, Reason.INVALID_TRANSACTION),
            (checks.unit_is_the_originals, Reason.ORIGINAL_MISMATCH),
            (checks.original_stands, Reason.ORIGINAL_VOIDED),
            (checks.points_refund_is_whole, Reason.ORIGINAL_MISMATCH),
            (tenders.refund_is_of_whole_points, Reason.ORIGINAL_MISMATCH),
            (checks.refund_fits_original, Reason.AMOUNT_LIMIT),
        ),
        post=tenders.post_refund,
        post_declines=(Reason.INSUFFICIENT_FUNDS,),
    ),
    Kind.REVERSAL: Rule(
        card_checks=(),
        post=reversals.post_reversal,
        post_declines=(
            Reason.ORIGINAL_NOT_FOUND,
            Reason.FUNCTION_NOT_SUPPORTED,
            Reason.ORIGINAL_VOIDED,
            Reason.HOLD_COMPLETED,
            Reason.INSUFFICIENT_FUNDS,
        ),
        gives_auth_code=False,
    ),
    Kind.CARD_BOUND_ACTIVATION: Rule(
        card_checks=STANDING_CARD,
        use=Use.BIND,
        checks=(
            (lives.card_is_not_bound, Reason.CARD_ALREADY_BOUND),
            (lives.product_is_activated_so, Reason.FUNCTION_NOT_SUPPORTED),
            (lives.face_leaves_room, Reason.AMOUNT_LIMIT),
        ),
        post=lives.post_bound_activation,
        gives_auth_code=False,
    ),
    Kind.POINTS_EXPIRY: Rule(
        card_checks=(),
        post=postings.post_expiry,
        reads_lots=True,
        gives_auth_code=False,
    ),
    Kind.ADJUSTMENT: Rule(
        card_checks=(
            *AMOUNT,
            (checks.card_is_known, Reason.CARD_NOT_FOUND),
            (checks.card_is_in_nobodys_place, Reason.NOT_PERMITTED_TO_CARD),
        ),
        checks=(
            (checks.currency_is_the_issuers, Reason.INVALID_AMOUNT),
            (checks.adjustment_is_covered, Reason.INSUFFICIENT_FUNDS),
            (checks.adjustment_leaves_room, Reason.AMOUNT_LIMIT),
        ),
        post=own_postings.post_adjustment,
        gives_auth_code=False,
    ),
    Kind.CARD_OPENING: Rule(
        card_checks=(
            (checks.card_is_known, Reason.CARD_NOT_FOUND),
            (checks.card_is_in_nobodys_place, Reason.NOT_PERMITTED_TO_CARD),
        ),
        checks=(
            (checks.currency_is_the_issuers, Reason.INVALID_AMOUNT),
            (checks.something_is_brought, Reason.INVALID_AMOUNT),
            (checks.balance_stays_within_limit, Reason.AMOUNT_LIMIT),
        ),
        post=own_postings.post_card_opening,
        gives_auth_code=False,
    ),
    Kind.CARD_VOID: Rule(
        card_checks=(
            (checks.card_is_known, Reason.CARD_NOT_FOUND),
            (checks.card_is_voided, Reason.NOT_PERMITTED_TO_CARD),
        ),
        post=own_postings.post_card_void,
        reads_lots=True,
        takes_all=True,
        gives_auth_code=False,
    ),
    Kind.PORT_LOAD: Rule(
        card_checks=(*AMOUNT, *STANDING_CARD),
        use=Use.LOAD,
        checks=(*RELOADABLE, *MONEY, *ROOM),
        post=port_loads.post_port_load,
        gives_auth_code=False,
    ),
    Kind.CASH_TAKEN: Rule(
        card_checks=(
            *AMOUNT,
            *STANDING_CARD,
            (cash.card_is_loaded_here, Reason.NOT_PERMITTED_TO_CARD),
        ),
        use=Use.LOAD,
        checks=(*RELOADABLE, *MONEY, *ROOM),
        post=cash.post_cash_taken,
        gives_auth_code=False,
    ),
    Kind.CASH_HANDED_IN: Rule(
        card_checks=(*AMOUNT, *STANDING_CARD),
        checks=((checks.currency_is_the_issuers, Reason.INVALID_AMOUNT),),
        post=cash.post_cash_handed_in,
        gives_auth_code=False,
    ),
    Kind.BREAKAGE: Rule(
        card_checks=(
            (checks.card_is_known, Reason.CARD_NOT_FOUND),
            (own_postings.has_expired_for_good, Reason.NOT_PERMITTED_TO_CARD),
        ),
        post=own_postings.post_breakage,
        gives_auth_code=False,
    ),
    Kind.CARD_FEE: Rule(
        card_checks=(
            *AMOUNT,
            (checks.card_is_known, Reason.CARD_NOT_FOUND),
            (moves.card_was_replaced, Reason.NOT_PERMITTED_TO_CARD),
        ),
        checks=(
            (checks.currency_is_the_issuers, Reason.INVALID_AMOUNT),
            (checks.value_covers_amount, Reason.INSUFFICIENT_FUNDS),
        ),
        post=own_postings.post_card_fee,
        gives_auth_code=False,
    ),
    Kind.MOVE_OUT: Rule(
        card_checks=(
            (checks.card_is_known, Reason.CARD_NOT_FOUND),
            (moves.card_was_replaced, Reason.NOT_PERMITTED_TO_CARD),
            (moves.receiver_is_known, Reason.CARD_NOT_FOUND),
            (moves.receiver_may_have_it, Reason.NOT_PERMITTED_TO_CARD),
        ),
        post=moves.post_move_out,
        reads_lots=True,
        takes_all=True,
        gives_auth_code=False,
    ),
    Kind.MOVE_IN: Rule(
        card_checks=((checks.card_is_known, Reason.CARD_NOT_FOUND),),
        post=moves.post_move_in,
        gives_auth_code=False,
    ),
    Kind.MERGE_OUT: Rule(
        card_checks=(
            *STANDING_CARD,
            (moves.receiver_is_known, Reason.CARD_NOT_FOUND),
            (moves.receiver_may_have_it, Reason.NOT_PERMITTED_TO_CARD),
            (moves.cards_are_one_members, Reason.NOT_PERMITTED_TO_CARD),
        ),
        use=Use.SPEND,
        checks=(
            (moves.receiver_may_be_loaded, Reason.NOT_PERMITTED_TO_CARD),
            (moves.receiver_has_room, Reason.AMOUNT_LIMIT),
        ),
        post=moves.post_merge_out,
        reads_lots=True,
        takes_all=True,
        gives_auth_code=False,
    ),
    Kind.GATHER_OUT: Rule(
        card_checks=(
            *STANDING_CARD,
            (moves.receiver_is_known, Reason.CARD_NOT_FOUND),
            (moves.receiver_may_have_it, Reason.NOT_PERMITTED_TO_CARD),
            (moves.cards_are_one_members, Reason.NOT_PERMITTED_TO_CARD),
        ),
        use=Use.SPEND,
        post=moves.post_gather_out,
        reads_lots=True,
        takes_named=True,
        gives_auth_code=False,
    ),
    Kind.MERGE_IN: Rule(
        card_checks=(
            *STANDING_CARD,
            (moves.cards_are_one_members, Reason.NOT_PERMITTED_TO_CARD),
        ),
        use=Use.LOAD,
        checks=(*RELOADABLE, (moves.money_leaves_room, Reason.AMOUNT_LIMIT)),
        post=moves.post_move_in,
        gives_auth_code=False,
    ),
    Kind.POINTS_CONVERSION: Rule(
        card_checks=(*AMOUNT, *STANDING_CARD),
        use=Use.SPEND,
        checks=(
            (conversions.programmes_are_the_cards, Reason.FUNCTION_NOT_SUPPORTED),
            (conversions.amount_makes_points, Reason.INVALID_AMOUNT),
            (checks.points_cover_amount, Reason.INSUFFICIENT_FUNDS),
        ),
        post=conversions.post_conversion,
        reads_lots=True,
        gives_auth_code=False,
    ),
    Kind.POINTS_ADJUSTMENT: Rule(
        card_checks=(
            *AMOUNT,
            *STANDING_CARD,
            (checks.card_is_in_nobodys_place, Reason.NOT_PERMITTED_TO_CARD),
        ),
        checks=(
            (conversions.programme_is_the_cards, Reason.FUNCTION_NOT_SUPPORTED),
            (conversions.adjusted_points_are_there, Reason.INSUFFICIENT_FUNDS),
        ),
        post=conversions.post_points_adjustment,
        reads_lots=True,
        gives_auth_code=False,
    ),
    Kind.GIFT_SEND: Rule(
        card_checks=(
            *AMOUNT,
            *STANDING_CARD,
            (gifts.card_is_the_members, Reason.NOT_PERMITTED_TO_CARD),
        ),
        use=Use.SPEND,
        checks=(
            *MONEY,
            (gifts.card_may_give, Reason.GIFT_NOT_AGAIN),
            (checks.value_covers_amount, Reason.INSUFFICIENT_FUNDS),
        ),
        post=gifts.post_gift_send,
        gives_auth_code=False,
    ),
    Kind.GIFT_CLAIM: Rule(
        card_checks=(
            *STANDING_CARD,
            (gifts.gift_is_open, Reason.GIFT_GONE),
            (gifts.gift_is_in_time, Reason.GIFT_GONE),
            (gifts.card_is_the_members, Reason.NOT_PERMITTED_TO_CARD),
            (gifts.card_may_get, Reason.NOT_PERMITTED_TO_CARD),
            (gifts.sender_may_spend, Reason.GIFT_STOPPED),
        ),
        use=Use.LOAD,
        checks=(
            *RELOADABLE,
            (gifts.amount_is_the_gifts, Reason.INVALID_AMOUNT),
            *ROOM,
        ),
        post=gifts.post_gift_claim,
        gives_auth_code=False,
    ),
    Kind.GIFT_RETURN: Rule(
        card_checks=(
            *STANDING_CARD,
            (gifts.gift_is_open, Reason.GIFT_GONE),
            (gifts.gift_may_come_back, Reason.INVALID_TRANSACTION),
        ),
        post=gifts.post_gift_return,
        gives_auth_code=False,
    ),
    Kind.VOUCHER_REDEMPTION: Rule(
        card_checks=BATCH,
        post=vouchers.post_redemption,
        post_declines=vouchers.REDEMPTION_DECLINES,
    ),
    Kind.LOAD_BY_CODE: Rule(
        card_checks=(*BATCH, *KNOWN_CARD),
        use=Use.LOAD,
        post=vouchers.post_load,
        post_declines=vouchers.LOAD_DECLINES,
    ),
    Kind.VOUCHER_VOID: Rule(
        card_checks=BATCH,
        checks=(
            *ORIGINAL,
            (vouchers.original_used_a_voucher, Reason.INVALID_TRANSACTION),
            (checks.original_is_of_this_batch, Reason.OUTSIDE_WINDOW),
            (checks.original_is_of_today, Reason.OUTSIDE_WINDOW),
            (checks.original_stands, Reason.ORIGINAL_VOIDED),
        ),
        post=vouchers.post_void,
        post_declines=(Reason.INSUFFICIENT_FUNDS,),
    ),
    Kind.PREAUTH: Rule(
        card_checks=(*BATCH, *AMOUNT, *KNOWN_CARD),
        use=Use.SPEND,
        pin=PinRule.REQUIRED,
        checks=(*MONEY, _COVERED),
        post=preauths.post_preauth,
    ),
    Kind.PREAUTH_INCREMENT: Rule(
        card_checks=(*BATCH, *AMOUNT, *KNOWN_CARD),
        use=Use.SPEND,
        pin=PinRule.IF_SENT,
        checks=(*_HOLD, *MONEY, _COVERED),
        post=preauths.post_increment,
    ),
    Kind.PREAUTH_VOID: Rule(
        card_checks=(*BATCH, *AMOUNT, *KNOWN_CARD),
        checks=(
            *_HOLD,
            (checks.currency_is_the_issuers, Reason.INVALID_AMOUNT),
            (preauths.amount_is_the_holds, Reason.ORIGINAL_MISMATCH),
        ),
        post=preauths.post_preauth_void,
    ),
    Kind.COMPLETION: _COMPLETION,
    Kind.COMPLETION_ADVICE: _COMPLETION,
    Kind.COMPLETION_VOID: Rule(
        card_checks=(*BATCH, *AMOUNT),
        checks=(
            *ORIGINAL,
            (checks.original_is_a_completion, Reason.INVALID_TRANSACTION),
            (checks.original_is_of_this_batch, Reason.OUTSIDE_WINDOW),
            (checks.original_stands, Reason.ORIGINAL_VOIDED),
            (checks.original_is_not_refunded, Reason.ORIGINAL_VOIDED),
            (checks.unit_is_the_originals, Reason.ORIGINAL_MISMATCH),
            (checks.amount_is_the_originals, Reason.ORIGINAL_MISMATCH),
        ),
        post=preauths.post_completion_void,
        post_declines=(Reason.INSUFFICIENT_FUNDS,),
    ),
    Kind.HOLD_EXPIRY: _HOLD_ENDS,
    Kind.HOLD_RELEASE: _HOLD_ENDS,
    Kind.LOTTERY_DRAW: Rule(
        card_checks=(*BATCH, *AMOUNT, *KNOWN_CARD),
        use=Use.SPEND,
        pin=PinRule.IF_SENT,
        checks=(
            (lotteries.is_open, Reason.LOTTERY_NOT_OPEN),
            (lotteries.card_may_take_part, Reason.NOT_PERMITTED_TO_CARD),
            (lotteries.amount_is_the_cost, Reason.INVALID_AMOUNT),
            (lotteries.cap_leaves_a_draw, Reason.FREQUENCY_LIMIT),
            (lotteries.points_cover_cost, Reason.INSUFFICIENT_FUNDS),
            (lotteries.points_reach_threshold, Reason.INVALID_AMOUNT),
            (lotteries.any_prize_has_room, Reason.AMOUNT_LIMIT),
        ),
        post=lotteries.post_draw,
        reads_lots=True,
    ),
    Kind.LOAD_BY_PHONE: Rule(
        card_checks=(
            *BATCH,
            *AMOUNT,
            (guesses.may_look, Reason.CODE_TRIES_EXCEEDED),
            (phones.phone_takes_load, Reason.PHONE_NOT_LOADED),
        ),
        post=postings.post_load,
    ),
    Kind.PHONE_LOAD_VOID: Rule(
        card_checks=(*BATCH, *AMOUNT),
        checks=(
            *ORIGINAL,
            (phones.original_was_by_phone, Reason.INVALID_TRANSACTION),
            (checks.original_is_of_this_batch, Reason.OUTSIDE_WINDOW),
            (checks.original_stands, Reason.ORIGINAL_VOIDED),
            (checks.unit_is_the_originals, Reason.ORIGINAL_MISMATCH),
            (checks.amount_is_the_originals, Reason.ORIGINAL_MISMATCH),
        ),
        post=phones.post_void,
        post_declines=(Reason.INSUFFICIENT_FUNDS,),
    ),
}
"""Management, settlement and upload kinds move no value and are answered by `host.desk.desk`."""

NEEDS_ORIGINAL: Final = frozenset(
    {
        Kind.VOID,
        Kind.REFUND,
        Kind.REVERSAL,
        Kind.CASH_LOAD_CONFIRM,
        Kind.VOUCHER_VOID,
        Kind.PHONE_LOAD_VOID,
        Kind.COMPLETION_VOID,
        *NAMES_HOLD,
    }
)
"""Kinds whose original is loaded with them."""
ASKED_NO_RULES: Final = NEEDS_ORIGINAL - {Kind.PREAUTH_INCREMENT}
"""Kinds over which the house's own rules have no say: what they are about was asked before."""
