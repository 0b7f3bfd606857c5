"""The house's own rules over a request: which have a say, what they say, and what they count.

Which may apply is found while the batch is loaded (`host.store.usage`), with what was used before;
a batch of which no rule knows anything has nothing in `State.applying`, and nobody looks further.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Final

from host.book import Book
from host.house_rules.rule import Facts, HouseRule, Says, period_from, plain, unit_of
from host.house_rules.rulebook import Aim, applying
from host.house_rules.verdict import NOTHING, Measured, Used, denial
from host.model.own import Direction
from host.model.requests import KINDS, Kind
from host.model.responses import IN_FORCE, Reason
from host.model.vouchers import ProductKind
from host.rules.dossier import Dossier, Item, Posting
from host.rules.held_counts import hold_moved, told_of_hold
from host.rules.state import Card, State
from host.rules.states import Use
from host.rules.usage import Outcome, ToldRule, UsageKey


def _amount(dossier: Dossier) -> int:
    return dossier.amount


def _face_to_come(dossier: Dossier) -> int:
    """What its binding puts on a card; one that a till sold has it."""
    return 0 if dossier.present_card.status == "active" else dossier.face_minor


def _given(dossier: Dossier) -> int:
    is_credit = dossier.adjustment.direction is Direction.CREDIT
    return dossier.amount if is_credit else 0


def _coming(dossier: Dossier) -> int:
    """Of money that another card or a gift had; points are no balance."""
    money = dossier.request.amount
    is_money = money is not None and money.unit == dossier.present_card.value.unit
    return dossier.amount if is_money else 0


def _face_of_voucher(dossier: Dossier) -> int:
    """What the voucher is worth whose code is put onto a card; nothing where it holds points."""
    at, vouchers = dossier.item.voucher, dossier.state.vouchers
    found = vouchers.by_hash.get(at.pan_hash) if at is not None and vouchers is not None else None
    part = dossier.book.parts.get(found.card.part) if found is not None else None
    if part is None:
        return 0
    batch = dossier.book.batches[part.batch_id]
    return 0 if batch.terms.kind is ProductKind.POINTS_CARD else batch.face_minor


LOADS: Final[Mapping[Kind, Callable[[Dossier], int]]] = {
    Kind.CASH_LOAD: _amount,
    Kind.LOAD_BY_PHONE: _amount,
    Kind.CASH_TAKEN: _amount,
    Kind.PORT_LOAD: _amount,
    Kind.CARD_ACTIVATION: _amount,
    Kind.CARD_BOUND_ACTIVATION: _face_to_come,
    Kind.CARD_OPENING: _amount,
    Kind.ADJUSTMENT: _given,
    Kind.LOAD_BY_CODE: _face_of_voucher,
    Kind.GIFT_CLAIM: _coming,
    Kind.MERGE_IN: _coming,
}
"""Kinds that put money on a card, and how much: what rules of a balance are about. What was the
card's own before comes back whatever it has by now: refunds, reversals, voids, gifts that nobody
claimed, and all that a card had which it replaces."""


_ASKED_AS: Final[Mapping[Kind, Kind]] = {
    Kind.CASH_LOAD_CONFIRM: Kind.CASH_LOAD,
    Kind.PREAUTH_INCREMENT: Kind.PREAUTH,
}


def kind_asked(item: Item) -> Kind:
    """What rules are asked of: a lost load is a load, and what a hold grows by is a part of it."""
    return kind_of(item.request.kind)


def kind_of(kind: Kind) -> Kind:
    """The same of any kind."""
    return _ASKED_AS.get(kind, kind)


def aim_of(kind: Kind, use: Use | None) -> Aim:
    """What rules that name no kinds make of it."""
    return Aim(spends=use is Use.SPEND and KINDS[kind].moves_value, loads=kind in LOADS)


def facts_of(item: Item, card: Card, state: State, book: Book) -> Facts:
    """What rules are held against. Whom a card is bound to by this very message counts as well."""
    terminal, money = item.terminal, item.request.amount
    own, terms = item.own, book.terms_of(card.part) if card.part else None
    clock = state.local_time
    merchant = terminal.merchant
    return Facts(
        products=terms.product_id if terms is not None else 0,
        cards=card.id,
        members=card.member or (own.member if own is not None else 0),
        merchants=merchant.id,
        stores=terminal.store_id,
        terminals=terminal.terminal_id,
        categories=plain(merchant.category),
        regions=plain(terminal.region or merchant.city),
        channels=item.request.key.institution,
        goods=plain(item.request.goods or ""),
        unit=unit_of(money.unit) if money is not None else card.value.unit,
        weekday=dt.date(int(clock[:4]), int(clock[4:6]), int(clock[6:8])).isoweekday(),
        clock=clock[8:12],
    )


def usage_key(rule: HouseRule, facts: Facts) -> UsageKey:
    """Under which its usage is counted."""
    return UsageKey(rule.counter, rule.period, rule.by, rule.subject(facts))


def rules_over(item: Item, facts: Facts, state: State) -> tuple[HouseRule, ...]:
    """Those of the house's own rules that have a say over it."""
    return applying(state.applying.get(item.slot, ()), facts, state.business_date)


def refusal_by_rules(dossier: Dossier) -> Reason | None:
    """Why the house's own rules do not let it pass; the rule that says so is kept beside it."""
    found = dossier.state.applying.get(dossier.item.slot)
    if not found:
        return None
    facts = facts_of(dossier.item, dossier.present_card, dossier.state, dossier.book)
    rules = applying(found, facts, dossier.today)
    if dossier.request.kind is Kind.PREAUTH_INCREMENT:
        rules = tuple(rule for rule in rules if rule.says is not Says.COUNT_MAX)
    dossier.ruled = rules
    rule = denial(rules, facts, _measured(dossier), lambda one: _used(dossier, one, facts))
    if rule is None:
        return None
    dossier.ruled = ()
    dossier.keep(_told(dossier, rule, facts, Outcome.DENIED))
    return rule.refusal(facts)


def count_use(dossier: Dossier, reason: Reason, posting: Posting | None) -> None:
    """Count what is approved where a rule asks, or give back what its original counted."""
    if reason not in IN_FORCE:
        return
    if posting is not None and (hold := hold_moved(dossier, posting)) is not None:
        for told in told_of_hold(dossier, hold, posting):
            _keep_told(dossier, told)
        return
    if posting is not None and posting.undoes is not None:
        _give_back(dossier, posting)
        return
    if dossier.request.kind is Kind.GIFT_RETURN:
        _give_back_gift(dossier)
        return
    counting = [rule for rule in dossier.ruled if rule.counts]
    if not counting:
        return
    facts = facts_of(dossier.item, dossier.present_card, dossier.state, dossier.book)
    for rule in counting:
        usage = dossier.state.usage.get(usage_key(rule, facts))
        if usage is not None:
            amount = _amount_counted(rule, dossier, posting)
            dossier.keep(_told(dossier, rule, facts, Outcome.COUNTED, amount))
            usage.add(1, amount)


def _amount_counted(rule: HouseRule, dossier: Dossier, posting: Posting | None) -> int:
    """In the unit that its rule measures, whatever was posted: of points earned, what was paid."""
    if posting is None:
        return dossier.amount
    is_measured = rule.says is Says.COUNT_MAX or unit_of(posting.unit) == rule.unit
    return posting.amount_minor if is_measured else _measured(dossier).amount_minor


def _give_back(dossier: Dossier, posting: Posting) -> None:
    """Whatever it undoes counted is taken back there: on its own day, or nowhere any more."""
    original = posting.undoes
    assert original is not None, "the caller has looked"
    is_refund, times = posting.undo_kind is Kind.REFUND, 1
    if is_refund and original.refunded_minor + posting.amount_minor < original.amount_minor:
        times = 0
    for told in dossier.state.counted.get(original.number, ()):
        part = posting.amount_minor if is_refund else told.amount_minor
        _keep_told(dossier, told.given_back(times * told.times, part))


def _give_back_gift(dossier: Dossier) -> None:
    """What its sending counted: nobody has had it."""
    own = dossier.item.own
    assert own is not None, "no terminal asks for it"
    assert own.ended_gift is not None, "which ends is named"
    for told in dossier.state.counted.get(own.ended_gift.number, ()):
        _keep_told(dossier, told.given_back(told.times, told.amount_minor))


def _keep_told(dossier: Dossier, told: ToldRule) -> None:
    """Beside the exchange, and in its counter where that is still of the same period."""
    dossier.keep(told)
    usage = dossier.state.usage.get(told.key)
    if usage is not None:
        is_its_own = usage.since == told.since
        usage.add(told.times * is_its_own, told.amount_minor * is_its_own)


def _measured(dossier: Dossier) -> Measured:
    kind, card = kind_asked(dossier.item), dossier.present_card
    puts = LOADS.get(kind)
    amount = puts(dossier) if puts is not None else dossier.amount
    balance = card.value.available + amount if puts is not None and amount else None
    return Measured(amount_minor=amount, balance_minor=balance)


def _used(dossier: Dossier, rule: HouseRule, facts: Facts) -> Used:
    usage = dossier.state.usage.get(usage_key(rule, facts))
    return Used(usage.times, usage.amount_minor) if usage is not None else NOTHING


def _had(dossier: Dossier, rule: HouseRule, facts: Facts) -> Used:
    """By which figures it decides: what was counted before, or what the card has."""
    if rule.says is Says.BALANCE_MAX:
        return Used(0, dossier.present_card.value.available)
    return _used(dossier, rule, facts) if rule.counts else NOTHING


def _told(
    dossier: Dossier, rule: HouseRule, facts: Facts, outcome: Outcome, amount: int = 0
) -> ToldRule:
    used = _had(dossier, rule, facts)
    is_counted = outcome is Outcome.COUNTED
    return ToldRule(
        rule=rule.id,
        version=rule.version,
        outcome=outcome,
        key=usage_key(rule, facts),
        since=period_from(rule.period, dossier.today),
        times=1 if is_counted else 0,
        amount_minor=amount if is_counted else 0,
        had_times=used.times,
        had_minor=used.amount_minor,
        asked_minor=_measured(dossier).amount_minor,
        goods=facts.goods,
    )
