"""A payment by a code: taken once, while it is new, out of cards that no till has seen.

What a code pays with is found before it is decided (`host.paying`); here it is asked whether it
may, in the transaction that posts. It is used by what is approved alone: after a decline its member
may try a smaller amount, as long as it is new. What undoes such a payment may name the code in
place of the card: then it has to be the one that paid.
"""

from typing import Final

from host.model.pay_codes import PAID_BY_CODE
from host.model.requests import Drawn
from host.model.responses import Reason
from host.rules.checklists import AMOUNT, BATCH, KNOWN_CARD, Check
from host.rules.dossier import Dossier, Posting
from host.rules.guesses import count_wrong, may_look
from host.rules.state import PayCode, UsedCode

CODE_DECLINES: Final = frozenset(
    {
        Reason.CODE_TRIES_EXCEEDED,
        Reason.PAY_CODE_UNKNOWN,
        Reason.PAY_CODE_USED,
        Reason.PAY_CODE_LATE,
        Reason.CARD_NOT_FOUND,
    }
)


def code_is_known(dossier: Dossier) -> bool:
    """It is the last one that its member, or its store, was given. Wrong ones are counted."""
    if not _is_asked(dossier):
        return True
    code = _code_of(dossier)
    is_known = code is not None and not code.is_over and _is_meant_so(code, dossier)
    if not is_known:
        count_wrong(dossier)
    return is_known


def code_is_unused(dossier: Dossier) -> bool:
    """It has paid nothing yet."""
    code = _code_of(dossier)
    return code is None or not code.used_by


def code_is_new(dossier: Dossier) -> bool:
    """It is still taken, by our clock."""
    code = _code_of(dossier)
    return code is None or dossier.state.decided_at < code.expires_at


def card_is_the_payers(dossier: Dossier) -> bool:
    """The card that was found is there, and still theirs."""
    pays, code, card = dossier.item.pays, _code_of(dossier), dossier.card
    assert pays is not None, "whoever names a card is not asked"
    return card is not None and card.member == (pays.member or (code.member if code else 0))


def amount_is_the_codes(dossier: Dossier) -> bool:
    """What a store asked for is paid whole, and nothing else."""
    code = _code_of(dossier)
    return code is None or not code.amount_minor or code.amount_minor == dossier.amount


BY_CODE: Final[tuple[Check, ...]] = (
    *BATCH,
    *AMOUNT,
    (may_look, Reason.CODE_TRIES_EXCEEDED),
    (code_is_known, Reason.PAY_CODE_UNKNOWN),
    (code_is_unused, Reason.PAY_CODE_USED),
    (code_is_new, Reason.PAY_CODE_LATE),
    (amount_is_the_codes, Reason.INVALID_AMOUNT),
    (card_is_the_payers, Reason.CARD_NOT_FOUND),
    *KNOWN_CARD,
)
"""What is asked in place of a card's own checks, where a code stands in its place."""


def paid_the_original(dossier: Dossier) -> bool:
    """Where a void or refund names a code: that is the one which paid what is undone."""
    if dossier.item.pays is None:
        return True
    code = _code_of(dossier)
    return code is not None and code.used_by == dossier.present_original.slot


def use_code(dossier: Dossier, posting: Posting) -> None:
    """It has paid. What each card has given of it is told, as far as money paid it."""
    pays, code = dossier.item.pays, _code_of(dossier)
    if pays is None or dossier.request.kind not in PAID_BY_CODE:
        return
    if code is not None:
        code.used_by = dossier.item.slot
        dossier.keep(UsedCode(code.hash, dossier.item.slot))
    account = posting.card.value.account
    left = sum(leg.amount_minor for leg in posting.legs if leg.debit == account)
    drawn = []
    for one in (*pays.gathered, Drawn(pays.masked, left)):
        part = min(one.amount_minor, left)
        if part:
            drawn.append(Drawn(one.card, part))
        left -= part
    dossier.tell(drawn=tuple(drawn))


def _is_asked(dossier: Dossier) -> bool:
    """Whether there is a code at all: what a store shows for good is none for one payment."""
    pays = dossier.item.pays
    return pays is not None and pays.code is not None


def _code_of(dossier: Dossier) -> PayCode | None:
    pays = dossier.item.pays
    return dossier.state.pay_codes.get(pays.code) if pays is not None and pays.code else None


def _is_meant_so(code: PayCode, dossier: Dossier) -> bool:
    """A member's is shown to a till; a store's is scanned by a member, at that store."""
    pays, terminal = dossier.item.pays, dossier.item.terminal
    assert pays is not None, "it has a code"
    if pays.member:
        return code.store == terminal.store_id and not code.member
    return bool(code.member)
