"""decide: one request over the loaded state, no I/O, in the order of arrival.

A key that was answered before gets its answer again, declines included, whatever DUKPT keys it
was sealed under this time: nothing is taken twice by that. What no answer stands for and comes
under keys that were used before is refused and not stored: it may be an old message played again,
and whoever really asks that seals it anew. The one exception to one key, one answer is
an approval that was reversed since: to say "approved" again would tell of money that was put
back, so it is answered 94, as is an original that its reversal overtook.
"""

from dataclasses import dataclass
from typing import Final

import msgspec

from host.book import Book
from host.cases import CaseKind, NewCase
from host.ledger import Leg
from host.model.numbers import rrn_of
from host.model.requests import OF_PHONES, Kind, Response, read_answer
from host.model.responses import POSTED, Reason
from host.rules.advices import answer_to_advice, post_advice
from host.rules.checklists import first_refusal
from host.rules.checks import (
    is_for_what_is_held,
    ksn_refusal,
    pin_refusal,
    pin_refusal_of_product,
)
from host.rules.dossier import Dossier, Item, Moot, Numbers, Posting, VerifiesPin
from host.rules.partial import takes_part
from host.rules.pay_codes import use_code
from host.rules.points import told
from host.rules.ruling import count_use, refusal_by_rules
from host.rules.standing import why_not
from host.rules.state import Card, Fact, Known, Lot, Original, State
from host.rules.transactions import (
    ASKED_NO_RULES,
    NEEDS_ORIGINAL,
    TRANSACTIONS,
    PinRule,
    Rule,
)
from host.rules.undoing import Result, fact_of

SIGN_ON_AGAIN: Final = frozenset(
    {Reason.BATCH_MISMATCH, Reason.DUPLICATE, Reason.PIN_FORMAT, Reason.KEYS_MISSING}
)
"""Declines that a fresh sign-on mends: new keys, the right batch."""
AUTH_CODES: Final = 1_000_000
BURIES_ORIGINAL: Final = frozenset({Kind.REVERSAL, Kind.CASH_LOAD_CONFIRM})
"""Kinds that settle the fate of an original, whether or not it has come."""

_NEVER: Final = PinRule.NEVER
_REQUIRED: Final = PinRule.REQUIRED
_APPROVED: Final = Reason.APPROVED
_PARTLY_APPROVED: Final = Reason.PARTLY_APPROVED
_SHORT: Final = Reason.INSUFFICIENT_FUNDS
_CASH_LOAD_CONFIRM: Final = Kind.CASH_LOAD_CONFIRM
_COMPLETION_ADVICE: Final = Kind.COMPLETION_ADVICE
_encode = msgspec.msgpack.Encoder().encode


class Outcome(msgspec.Struct, gc=False):
    """What is to be stored and answered for one request. `number` 0: nothing to store."""

    item: Item
    response: Response
    number: int = 0
    answer: bytes = b""
    card: Card | None = None
    posting: Posting | None = None
    moot: Original | None = None
    """What a reversal found undone already, and never stands again."""
    tombstone: int = 0
    """The number of the tombstone put in the original's place, 0 for none."""
    tombstone_answer: bytes = b""
    previous: int = 0
    """The journal before this in its card's trail; 0: none, or this is not of it."""
    opened: list[NewCase] = []
    """Cases, stored with it."""
    beside: list[msgspec.Struct] | None = None
    """Rows of other tables, stored with it."""


@dataclass(slots=True, frozen=True)
class Court:
    """What every decision needs besides the state: the estate and the PIN verifier."""

    book: Book
    pins: VerifiesPin
    acquirer_id: str


def decide(item: Item, state: State, court: Court, numbers: Numbers) -> Outcome:
    """Decide one request and change `state` as its effects will change the database."""
    if item.request.decision is not None:
        return _take_advice(item, state, court, numbers)
    known = state.known.get(item.slot)
    if known is not None:
        if item.used is not None:
            state.use_keys(item.terminal.terminal_id, item.used)
        return Outcome(item, answer_again(item, known, state))
    rule = TRANSACTIONS[item.request.kind]
    closed = _why_closed(item)
    if closed is not None:
        return Outcome(item, Response(reason=closed))
    dossier = _open(item, state, court, numbers)
    if item.request.only_as_repeat or ksn_refusal(dossier) is not None:
        return Outcome(item, Response(reason=Reason.KSN_REFUSED))
    reason = _refusal(rule, dossier)
    if reason is _SHORT and rule.part is not None and takes_part(dossier):
        reason = _refusal_of_part(rule, dossier, rule.part(dossier))
    result = rule.post(dossier) if reason is None else reason
    posting = result if isinstance(result, Posting) else None
    reason = _posted(dossier, posting) if posting is not None else _why(rule, dossier, result)
    outcome = _outcome(dossier, court, reason, posting, numbers)
    if isinstance(result, Moot):
        _make_final(outcome, result.original, state)
    _watch_confirmations(dossier, reason)
    _watch_batches(dossier, reason)
    outcome.opened, outcome.beside = dossier.opened, dossier.beside
    _apply(outcome, state)
    if item.request.kind in BURIES_ORIGINAL:
        _bury_original(outcome, dossier, court, numbers)
    return outcome


def _posted(dossier: Dossier, posting: Posting) -> Reason:
    """What is said of what posts. A code that paid is used."""
    if dossier.item.pays is not None:
        use_code(dossier, posting)
    return _as_part(dossier, posting) if dossier.is_part else posting.reason


def _why(rule: Rule, dossier: Dossier, result: Result) -> Reason:
    """Of what posts nothing. A hold is not to look like an empty card."""
    if not isinstance(result, Reason):
        return _APPROVED
    if result is not _SHORT:
        return result
    otherwise = rule.paid_otherwise(dossier) if rule.paid_otherwise is not None else 0
    return Reason.VALUE_HELD if is_for_what_is_held(dossier, otherwise) else result


def _why_closed(item: Item) -> Reason | None:
    """Its terminal or merchant was closed since it was admitted. What is undone may be older."""
    terminal = item.terminal
    if terminal.is_active and terminal.merchant.is_active:
        return None
    if item.request.kind is Kind.REVERSAL:
        return None
    return Reason.INVALID_TERMINAL if not terminal.is_active else Reason.INVALID_MERCHANT


def answer_again(item: Item, known: Known, state: State) -> Response:
    """The stored answer for a repeat; 94 where the key is another's or was reversed since."""
    answer = read_answer(known.answer) if known.answer else Response(reason=known.reason)
    if known.is_tombstone:
        return answer
    if known.fingerprint != item.fingerprint:
        return _duplicate(answer)
    original = state.originals.get(known.slot)
    if original is not None and original.is_reversed:
        return _duplicate(answer)
    return answer


def _take_advice(item: Item, state: State, court: Court, numbers: Numbers) -> Outcome:
    """What an external issuer approved: posted once, or not taken and nothing stored.

    One key, one posting: what its reversal overtook is 94, another body under its key is 64.
    """
    decision, known = item.request.decision, state.known.get(item.slot)
    assert decision is not None
    if known is not None:
        is_another = not known.is_tombstone and known.fingerprint != item.fingerprint
        mismatch = Response(reason=Reason.ORIGINAL_MISMATCH)
        return Outcome(item, mismatch if is_another else answer_again(item, known, state))
    dossier = _open(item, state, court, numbers)
    posting = post_advice(dossier)
    if isinstance(posting, Reason):
        return Outcome(item, Response(reason=posting))
    number = numbers.take()
    _move(posting, number)
    response = answer_to_advice(decision, state, court.acquirer_id)
    _watch_batches(dossier, Reason.APPROVED)
    outcome = Outcome(item, response, number, _encode(response), posting.card, posting)
    outcome.opened = dossier.opened
    _apply(outcome, state)
    return outcome


def _watch_batches(dossier: Dossier, reason: Reason) -> None:
    """Notice two terminals with one id: an old batch comes again after the current one began.

    A terminal that only missed its new batch number has not traded in the current batch yet.
    """
    terminal, epoch = dossier.item.terminal, dossier.request.key.epoch
    if epoch == terminal.epoch:
        terminal.traded_in = epoch
    elif reason is Reason.BATCH_MISMATCH and terminal.traded_in == terminal.epoch:
        dossier.open_case(CaseKind.CLONED_TERMINAL, f"batch {epoch} while in {terminal.epoch}")


def _watch_confirmations(dossier: Dossier, reason: Reason) -> None:
    """Notice what its terminal says was done at its counter, and is not in the books."""
    kind = dossier.request.kind
    is_told = kind is _CASH_LOAD_CONFIRM or kind is _COMPLETION_ADVICE
    if not is_told or reason in POSTED or dossier.opened:
        return
    money, stan = dossier.request.amount, dossier.request.key.stan
    amount, unit = (money.amount_minor, money.unit) if money is not None else (0, "")
    detail = f"{reason} was answered"
    refused = (
        CaseKind.CONFIRMATION_REFUSED if kind is _CASH_LOAD_CONFIRM else CaseKind.COMPLETION_REFUSED
    )
    dossier.open_case(refused, detail, amount, unit, stan=stan)


def _make_final(outcome: Outcome, original: Original, state: State) -> None:
    """Note a moot reversal: neither its original nor what undid that is ever undone again."""
    outcome.moot = original
    original.facts.append(Fact(outcome.number, Kind.REVERSAL, original.amount_minor, is_moot=True))
    for other in state.originals.values():
        if other.undoes == original.number:
            other.is_final = True


def _duplicate(answer: Response) -> Response:
    return Response(
        reason=Reason.DUPLICATE,
        rrn=answer.rrn,
        local_time=answer.local_time,
        business_date=answer.business_date,
        issuer_id=answer.issuer_id,
        acquirer_id=answer.acquirer_id,
        sign_on_again=True,
    )


def _open(item: Item, state: State, court: Court, numbers: Numbers) -> Dossier:
    request = item.request
    original = known = None
    if request.kind in NEEDS_ORIGINAL and request.original is not None:
        if item.original_slot is not None:
            original = state.originals.get(item.original_slot)
            known = state.known.get(item.original_slot)
        elif request.original.rrn is not None:
            original = state.by_rrn.get(request.original.rrn)
    card = state.cards.get(item.pan_hash) if item.pan_hash is not None else None
    hides_card = False
    if item.pan_hash is None:
        card = original.card if original is not None else state.by_phone.get(item.slot)
        kind = original.kind if original is not None else request.kind
        hides_card = kind in OF_PHONES
    book = court.book
    issuer = book.issuers[card.issuer_id] if card is not None else None
    amount = request.amount.amount_minor if request.amount is not None else 0
    dossier = Dossier(
        item, request, state, book, court.pins, numbers, card, original, known, issuer, amount
    )
    if hides_card:
        dossier.hides_card = True
    return dossier


def _refusal(rule: Rule, dossier: Dossier) -> Reason | None:
    is_by_code = dossier.item.pays is not None and bool(rule.code_checks)
    reason = first_refusal(rule.code_checks if is_by_code else rule.card_checks, dossier)
    if reason is None and rule.use is not None:
        reason = why_not(rule.use, dossier)
    if reason is not None:
        return reason
    if rule.pin is not _NEVER and not is_by_code:
        reason_of_pin = (
            pin_refusal_of_product(dossier)
            if dossier.present_card.part
            else pin_refusal(dossier, is_required=rule.pin is _REQUIRED)
        )
        if reason_of_pin is not None:
            return reason_of_pin
    return _refusal_of_amount(rule, dossier)


def _refusal_of_amount(rule: Rule, dossier: Dossier) -> Reason | None:
    reason = first_refusal(rule.checks, dossier)
    if reason is None and dossier.state.is_ruled and dossier.request.kind not in ASKED_NO_RULES:
        reason = refusal_by_rules(dossier)
        return Reason.PHONE_NOT_LOADED if reason is not None and dossier.hides_card else reason
    return reason


def _refusal_of_part(rule: Rule, dossier: Dossier, part: int) -> Reason | None:
    """Whether what there is may be approved: it is asked as if no more had been asked for."""
    if part <= 0:
        return _SHORT
    dossier.amount, dossier.is_part = part, True
    return _refusal_of_amount(rule, dossier)


def _outcome(
    dossier: Dossier, court: Court, reason: Reason, posting: Posting | None, numbers: Numbers
) -> Outcome:
    if dossier.state.is_ruled:
        count_use(dossier, reason, posting)
    number = numbers.take()
    card = posting.card if posting is not None else dossier.card
    previous = 0 if posting is None else _move(posting, number)
    response = _response(dossier, court, reason, posting, number)
    return Outcome(
        dossier.item, response, number, _encode(response), card, posting, previous=previous
    )


def _move(posting: Posting, number: int) -> int:
    """Gives the journal before it in the card's trail, where it goes into that."""
    card = posting.card
    before = card.last_journal
    for leg in posting.legs:
        _change(card, leg, number)
    for new in posting.new_lots:
        purse = card.purse_of(new.account)
        assert purse is not None
        lot = Lot(new.account, number, new.expires_on, new.points)
        purse.lots.append(lot)
        if new.available_from is not None:
            lot.available_from = new.available_from
            purse.pends(new.points, new.available_from)
        if new.points > 0:
            purse.holds_until(new.expires_on)
    fact = fact_of(posting, number)
    if posting.undoes is not None and fact is not None:
        posting.undoes.facts.append(fact)
    return before if card.last_journal == number else 0


def _change(card: Card, leg: Leg, number: int) -> None:
    payer, payee = card.purse_of(leg.debit), card.purse_of(leg.credit)
    if payer is not None:
        payer.change -= leg.amount_minor
        payer.last_journal = card.last_journal = number
        payer.is_moved = True
    if payee is not None:
        payee.change += leg.amount_minor
        payee.last_journal = card.last_journal = number
        payee.is_moved = True


def _response(
    dossier: Dossier, court: Court, reason: Reason, posting: Posting | None, number: int
) -> Response:
    state, card = dossier.state, dossier.card
    is_approved = reason is _APPROVED or reason is _PARTLY_APPROVED
    is_told = is_approved and not dossier.hides_card
    issuer = dossier.issuer_of_card or dossier.item.issuer
    if dossier.hides_card and not is_approved:
        issuer = None
    gives_auth_code = is_approved and TRANSACTIONS[dossier.request.kind].gives_auth_code
    return Response(
        reason=reason,
        rrn=rrn_of(number),
        auth_code=f"{number % AUTH_CODES:06d}" if gives_auth_code else None,
        local_time=state.local_time,
        business_date=state.date_text,
        balance=dossier.balance() if is_told else None,
        points_balance=told(dossier.points, dossier.today)
        if is_told and card is not None
        else None,
        points_earned=posting.points_earned if posting is not None else 0,
        points_used=posting.points_used if posting is not None else 0,
        self_pay_minor=posting.paid_minor if posting is not None else 0,
        load_max_minor=dossier.load_max_minor() if is_approved else None,
        issuer_id=issuer.institution_id if issuer is not None else "",
        acquirer_id=court.acquirer_id,
        sign_on_again=reason in SIGN_ON_AGAIN,
        besides=dossier.told,
    )


def _as_part(dossier: Dossier, posting: Posting) -> Reason:
    """What is told of a part. The rest of money is to be paid otherwise."""
    money = dossier.request.amount
    assert money is not None, "a part is of an amount"
    if not money.is_points:
        posting.paid_minor = money.amount_minor - dossier.amount
    dossier.tell(approved_minor=dossier.amount, asked_minor=money.amount_minor)
    return _PARTLY_APPROVED


def _apply(outcome: Outcome, state: State) -> None:
    item = outcome.item
    state.known[item.slot] = Known(
        slot=item.slot,
        number=outcome.number,
        shard=outcome.card.shard if outcome.card is not None else item.shard,
        kind=item.request.kind,
        fingerprint=item.fingerprint,
        reason=outcome.response.reason,
        is_tombstone=False,
        answer=outcome.answer,
    )


def _bury_original(outcome: Outcome, dossier: Dossier, court: Court, numbers: Numbers) -> None:
    """Hold the place of an original that has not come yet, so that it is refused when it does.

    After a confirmation too, approved or declined: it has told the terminal how the load ended.
    """
    slot = dossier.item.original_slot
    if slot is None or slot in dossier.state.known:
        return
    outcome.tombstone = numbers.take()
    response = _response(dossier, court, Reason.DUPLICATE, None, outcome.tombstone)
    outcome.tombstone_answer = _encode(response)
    dossier.state.known[slot] = Known(
        slot=slot,
        number=outcome.tombstone,
        shard=dossier.state.known[dossier.item.slot].shard,
        kind=dossier.request.kind,
        fingerprint=b"",
        reason=Reason.DUPLICATE,
        is_tombstone=True,
        answer=outcome.tombstone_answer,
    )
