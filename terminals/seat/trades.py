"""TRADES: what is traded at a seat, how it is spelled, and by which spelling it is voided.

Every row names rows of the POS dialect by what they are called there.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from host.model.requests import Kind
from terminals.dialects.pos import TRADES as POS_TRADES
from terminals.seat.entry import IN_FORCE, Entry
from terminals.spelling import Spelling

ISSUER_POINTS: Final = "048"
USUAL_ACCOUNT: Final = "000"


class Trade(msgspec.Struct, frozen=True, kw_only=True):
    """One row."""

    kind: Kind
    spelled: str
    voided: str = ""
    """How it is taken back within its batch; empty: not at all."""
    void_kind: Kind = Kind.VOID
    account: str = USUAL_ACCOUNT
    in_points: bool = False
    """The amount that is asked counts points."""
    counts_points: bool = False
    """And that in the totals."""
    needs_amount: bool = True
    names_asked: bool = False
    """A void names what was asked, and not what counts."""
    is_refunded: bool = False
    """Whether it may be given back later, in parts."""
    refunded: str = "refund"
    completed: str = ""
    """How what it holds is paid out of it; empty: it holds nothing. What is held is taken back or
    completed by any batch."""

    @property
    def spelling(self) -> Spelling:
        """Its row of the dialect."""
        return SPELLINGS[self.spelled]


SPELLINGS: Final[Mapping[str, Spelling]] = {row.english: row for row in POS_TRADES}

_ROWS: Final = (
    Trade(kind=Kind.PURCHASE, spelled="purchase", voided="purchase void", is_refunded=True),
    Trade(
        kind=Kind.COMBINED_PURCHASE,
        spelled="combined purchase",
        voided="combined purchase void",
        is_refunded=True,
    ),
    Trade(
        kind=Kind.POINTS_REDEMPTION,
        spelled="points purchase",
        voided="points purchase void",
        account=ISSUER_POINTS,
        in_points=True,
        counts_points=True,
        is_refunded=True,
        refunded="union points refund",
    ),
    Trade(
        kind=Kind.POINTS_EARN,
        spelled="points earn",
        voided="points earn void",
        counts_points=True,
        names_asked=True,
    ),
    Trade(
        kind=Kind.CARD_ACTIVATION,
        spelled="gift card activation",
        voided="gift card activation void",
    ),
    Trade(kind=Kind.ACCOUNT_INQUIRY, spelled="value and points inquiry", needs_amount=False),
    Trade(
        kind=Kind.VOUCHER_REDEMPTION,
        spelled="voucher redemption",
        voided="voucher redemption void",
        void_kind=Kind.VOUCHER_VOID,
        names_asked=True,
    ),
    Trade(
        kind=Kind.LOAD_BY_CODE,
        spelled="load by code",
        voided="load by code void",
        void_kind=Kind.VOUCHER_VOID,
        needs_amount=False,
    ),
    Trade(
        kind=Kind.PREAUTH,
        spelled="pre-authorisation",
        voided="pre-authorisation void",
        void_kind=Kind.PREAUTH_VOID,
        completed="completion request",
    ),
    Trade(
        kind=Kind.COMPLETION,
        spelled="completion request",
        voided="completion void",
        void_kind=Kind.COMPLETION_VOID,
        is_refunded=True,
    ),
    Trade(kind=Kind.CASH_LOAD, spelled="cash top-up"),
    Trade(
        kind=Kind.LOAD_BY_PHONE,
        spelled="load by phone number",
        voided="load by phone number void",
        void_kind=Kind.PHONE_LOAD_VOID,
    ),
)

TRADES: Final[Mapping[Kind, Trade]] = {row.kind: row for row in _ROWS}
REPEATED: Final = Kind.REFUND
"""What is sent again until it is answered, where all else is reversed."""
CONFIRMED: Final = Kind.CASH_LOAD
"""And what is confirmed in place of that: the cash is in the drawer."""


def may_be_taken_back(entry: Entry) -> bool:
    """Whether what it is has a void, and nothing of it was taken back or paid out."""
    row = TRADES.get(entry.kind)
    return row is not None and bool(row.voided) and entry.is_whole


def holds(entry: Entry) -> bool:
    """Whether it is something that is paid out later."""
    row = TRADES.get(entry.kind)
    return row is not None and bool(row.completed)


def is_held(entry: Entry) -> bool:
    """Whether it holds something still."""
    return holds(entry) and entry.state in IN_FORCE and not (entry.undone_by or entry.completed_by)
