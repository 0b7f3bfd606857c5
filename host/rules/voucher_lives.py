"""What a voucher has been used for in this batch and before, and how it stands because of that.

A voucher is changed in the batch's state, as a purse is, and stored with what used it. What a
posting used of it is a row beside its journal, so that whatever undoes that gives back as much.
"""

from typing import Final

import msgspec

from host.cases import CaseKind
from host.model.instruments import Terms
from host.model.requests import Kind
from host.model.vouchers import ProductKind, VoucherState
from host.rules.dossier import Dossier
from host.rules.state import NO_VOUCHERS, Card, Original, Taken, Voucher

USED_UP: Final = frozenset({VoucherState.REDEEMED, VoucherState.LOADED})
"""Nothing of it is left."""


class VoucherUse(msgspec.Struct, frozen=True, gc=False):
    """What a posting used of which voucher, or, where it is a void, gave back to it."""

    shard: int
    card: int
    given: int
    bought: int


def voucher_presented(dossier: Dossier) -> Voucher | None:
    """The one whose code was sent; None where there is none."""
    item = dossier.item
    pan_hash = item.voucher.pan_hash if item.voucher is not None else item.pan_hash
    return (dossier.state.vouchers or NO_VOUCHERS).by_hash.get(pan_hash or b"")


def terms_of(dossier: Dossier, card: Card) -> Terms | None:
    """The product version that a voucher was made under; None while its part is being made."""
    return dossier.book.terms_of(card.part)


def use(dossier: Dossier, voucher: Voucher, used: Taken, kind: Kind) -> None:
    """Count what is used now, and keep it beside the journal."""
    _add(dossier, voucher, used, kind)
    card = voucher.card
    dossier.keep(VoucherUse(card.shard, card.id, used.given, used.bought))


def can_be_used_again(dossier: Dossier, void: Original) -> bool:
    """Whether the void of a use may be taken back: else somebody has used it up since, a case."""
    found = _used_by(dossier, void.undoes or 0)
    if found is None or found[0].card.status not in USED_UP:
        return True
    stan, amount, unit = dossier.request.key.stan, void.amount_minor, void.unit
    detail = f"{void.kind}: its voucher was used again"
    dossier.open_case(CaseKind.REVERSAL_OF_SPENT, detail, amount, unit, stan=stan)
    return False


def put_back(dossier: Dossier, original: Original) -> None:
    """What undoes a use, or the void of one, changes the voucher with it."""
    is_void = original.kind is Kind.VOUCHER_VOID
    found = _used_by(dossier, (original.undoes or 0) if is_void else original.number)
    if found is None:
        return
    voucher, used = found
    if is_void:
        is_load = not used.given and not used.bought
        _add(dossier, voucher, used, Kind.LOAD_BY_CODE if is_load else Kind.VOUCHER_REDEMPTION)
        return
    voucher.given -= used.given
    voucher.bought -= used.bought
    if voucher.card.status in USED_UP and not is_used_up(dossier, voucher):
        _stand(voucher, VoucherState.CLAIMED if voucher.card.member else VoucherState.ISSUED)


def is_used_up(dossier: Dossier, voucher: Voucher) -> bool:
    """Whether all that its product gives was given."""
    terms = terms_of(dossier, voucher.card)
    if terms is None:
        return False
    gives_many = terms.kind in {ProductKind.TICKET, ProductKind.BUY_AND_GET}
    return voucher.given >= (terms.entries if gives_many else 1)


def _used_by(dossier: Dossier, number: int) -> tuple[Voucher, Taken] | None:
    """Which voucher a journal used, and what of it."""
    vouchers = dossier.state.vouchers or NO_VOUCHERS
    found = vouchers.uses.get(number)
    if found is None:
        return None
    voucher = vouchers.by_card.get(found[0])
    return (voucher, found[1]) if voucher is not None else None


def _add(dossier: Dossier, voucher: Voucher, used: Taken, kind: Kind) -> None:
    voucher.given += used.given
    voucher.bought += used.bought
    if kind is Kind.LOAD_BY_CODE:
        _stand(voucher, VoucherState.LOADED)
    elif is_used_up(dossier, voucher):
        _stand(voucher, VoucherState.REDEEMED)


def _stand(voucher: Voucher, status: VoucherState) -> None:
    if voucher.card.status in {VoucherState.VOIDED, VoucherState.EXPIRED}:
        return
    voucher.is_changed = True
    voucher.card.status = status.value
