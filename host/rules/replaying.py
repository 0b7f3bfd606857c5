"""A day that is over, asked the house's own rules once more, message by message in its order.

Pure but for its notebook. Which rules have a say, what they say and what is counted are the very
functions that decide real messages; what the day itself did stands in `Past`. So a difference is a
difference of rules. What it cannot know is said by `UNKNOWN`.
"""

import datetime as dt
import heapq
from collections.abc import Callable, Collection, Iterator
from typing import Final, Protocol

import msgspec

from host.house_rules.rule import Facts, HouseRule, Period, period_from
from host.house_rules.rulebook import NO_CIRCLES, RuleBook, applying
from host.house_rules.verdict import NOTHING, Measured, Used, denial
from host.model.requests import Kind
from host.model.responses import Reason
from host.rules.ruling import aim_of, usage_key
from host.rules.transactions import TRANSACTIONS
from host.rules.usage import Outcome, ToldRule, UsageKey

UNKNOWN: Final = (
    "cards, members, products, stores and trades are taken as they are now",
    "what was declined by anything but a rule stays so: its amount was not kept",
    "goods are known only where a rule was asked then: elsewhere rules of goods are not asked",
    "a month and a life begin with that day for a rule that counted nothing then",
    "what a hold grew by is not asked anew: it counts with its pre-authorisation",
    "what people would have done next, had they been told otherwise, nobody knows",
    "points and earn rules are not reckoned anew",
)
"""What no replay of a day can know."""
LARGEST: Final = 10
"""Of the answers that change, so many are told one by one."""


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """What a message did to a hold that another has opened."""

    hold: int
    """By the number of its pre-authorisation."""
    change: int
    """By how much more is kept, or less."""
    returned: int
    """What is kept again, where a completion was undone."""
    is_paid: bool
    """It was paid out of."""


class Past(msgspec.Struct, frozen=True, kw_only=True):
    """A message of that day, and what became of it. Amounts are minor units."""

    number: int
    kind: Kind
    """What rules are asked of: a load whose answer was lost is a load."""
    issuer: int
    circles: frozenset[int] = NO_CIRCLES
    """Alliances in which issuer and merchant both were that day."""
    facts: Facts
    is_approved: bool
    reason: Reason
    amount: int
    unit: str
    sign: int = 0
    """Whether it puts money on its card, 1, takes it off, -1, or does neither."""
    balance: int | None = None
    """What the card had to spend after it, or would have had; None where that was not kept."""
    original: int = 0
    """What it undoes, by its number."""
    moved: Moved | None = None
    told: tuple[ToldRule, ...] = ()


class Kept(msgspec.Struct):
    """What the replay has to remember of a message that may be undone later in the day."""

    is_denied: bool
    """It was approved, and would not have been."""
    sign: int
    amount: int
    counted: list[tuple[str, int, int]]
    """Counter, times, amount."""
    refunded: int = 0


class Notebook(Protocol):
    """Remembers as much as there is, without holding it in memory."""

    def get(self, room: str, name: str) -> bytes | None:
        """What stands there."""
        ...

    def put(self, room: str, name: str, value: bytes) -> None:
        """Put it there, in the place of what stands there."""
        ...


class Change(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """An answer that would be another. The largest amounts are told first."""

    amount: int
    number: int
    unit: str
    kind: Kind
    was: Reason
    would_be: Reason
    rule: int = 0
    """Which decides: the one that would say no, or the one that said so then; 0: none."""


class Sum(msgspec.Struct):
    """How often, and of how much, was approved, and would be."""

    was_times: int = 0
    was_minor: int = 0
    times: int = 0
    minor: int = 0

    def add(self, was: int | None, is_now: int | None) -> None:
        """One more: of how much it was, and would be; None: not at all."""
        if was is not None:
            self.was_times, self.was_minor = self.was_times + 1, self.was_minor + was
        if is_now is not None:
            self.times, self.minor = self.times + 1, self.minor + is_now


class Replayed(msgspec.Struct):
    """What came of it."""

    asked: int = 0
    """Messages that rules may be about, and undoings of such."""
    changed: int = 0
    sums: dict[tuple[Kind, str], Sum] = {}
    by_rule: dict[int, Sum] = {}
    """By rule: what it had refused and would pass (`was_times`), and the other way (`times`)."""
    largest: list[Change] = []
    not_known: int = 0
    """Declined by something else, so of an amount that nobody kept."""
    goods_not_known: int = 0
    """Approved, and a rule that names goods could not be asked."""
    named: list[Change] = []
    """What was asked for by its number, changed or not."""


class Replay:
    """Asks rules over a day. `take` its messages in their order.

    All of them are asked; told is of those alone that are somebody's to see, and one by one of
    those whose numbers were `named`.
    """

    def __init__(
        self,
        rules: RuleBook,
        day: dt.date,
        notebook: Notebook,
        is_told: Callable[[Past], bool] = lambda _past: True,
        named: Collection[int] = (),
    ) -> None:
        self._rules = rules
        self._day = day
        self._notebook = notebook
        self._is_told = is_told
        self._named = frozenset(named)
        self.result = Replayed()

    def take(self, past: Past) -> None:
        """One message more."""
        self._begin_counters(past)
        if past.moved is not None:
            self._move_hold(past, past.moved)
            return
        if past.original:
            self._undo(past)
            return
        if past.kind is Kind.GIFT_RETURN:
            self._give_back_of_before(past)
            self._tell(past, Reason.APPROVED, None)
            return
        if not past.is_approved and _denied_by(past) is None:
            self.result.not_known += self._is_told(past)
            return
        rules = tuple(self._asked(past))
        rule = denial(rules, past.facts, self._measured(past), lambda one: self._used(one, past))
        reason = self._reason(past, rule)
        counted = self._count(past, rules) if reason is Reason.APPROVED else []
        is_other = (reason is Reason.APPROVED) is not past.is_approved
        if is_other:
            self._add(past, -past.sign if past.is_approved else past.sign)
        if counted or is_other:
            is_denied = is_other and past.is_approved
            self._keep(past.number, Kept(is_denied, past.sign, past.amount, counted))
        self._tell(past, reason, rule)

    def _asked(self, past: Past) -> Iterator[HouseRule]:
        """Rules that have a say. Which goods were named is kept where a rule was asked."""
        aim = aim_of(past.kind, TRANSACTIONS[past.kind].use)
        found = self._rules.asked(past.issuer, past.facts.merchants, past.kind, aim, past.circles)
        if past.told:
            yield from applying(found, past.facts, self._day)
            return
        known = [rule for rule in found if all(name != "goods" for name, _ in rule.place)]
        self.result.goods_not_known += len(known) < len(found) and self._is_told(past)
        yield from applying(known, past.facts, self._day)

    def _measured(self, past: Past) -> Measured:
        balance = past.balance if past.sign > 0 else None
        if balance is not None:
            balance += self._more_on(past)
        return Measured(amount_minor=past.amount, balance_minor=balance)

    def _reason(self, past: Past, rule: HouseRule | None) -> Reason:
        if rule is not None:
            return rule.refusal(past.facts)
        is_spent = past.is_approved and past.sign < 0 and past.balance is not None
        if is_spent and (past.balance or 0) + self._more_on(past) < 0:
            return Reason.INSUFFICIENT_FUNDS
        return Reason.APPROVED

    # What is counted. ---------------------------------------------------------------------------

    def _begin_counters(self, past: Past) -> None:
        """What a counter had before that day, as the first message that asked it was told."""
        for told in past.told:
            name = _name(told.key)
            if told.outcome is not Outcome.GAVE_BACK and self._usage(name) is None:
                self._put_usage(name, Used(told.had_times, told.had_minor))

    def _used(self, rule: HouseRule, past: Past) -> Used:
        return self._usage(_name(usage_key(rule, past.facts))) or NOTHING

    def _count(self, past: Past, rules: tuple[HouseRule, ...]) -> list[tuple[str, int, int]]:
        names = [_name(usage_key(rule, past.facts)) for rule in rules if rule.counts]
        for name in names:
            self._add_usage(name, 1, past.amount)
        return [(name, 1, past.amount) for name in names]

    def _undo(self, past: Past) -> None:
        """What its original counted is given back, if that is of this day; else as it was told."""
        kept = self._kept(past.original)
        if kept is None:
            self._give_back_of_before(past)
            self._tell(past, Reason.APPROVED, None)
        elif kept.is_denied:
            self._add(past, kept.sign)
            self._keep_undone(past, kept, [])
            self._tell_idle(past)
        else:
            backs = self._backs(past, kept)
            for name, times, amount in backs:
                self._add_usage(name, times, amount)
            self._keep_undone(past, kept, backs)
            self._tell(past, Reason.APPROVED, None)

    def _keep_undone(self, past: Past, kept: Kept, counted: list[tuple[str, int, int]]) -> None:
        """It may be undone itself."""
        self._keep(past.number, Kept(kept.is_denied, -kept.sign, past.amount, counted))

    def _move_hold(self, past: Past, moved: Moved) -> None:
        """What its opening counted is what it keeps now, or what was paid; see `held_counts`."""
        kept = self._kept(moved.hold)
        if kept is None:
            self._give_back_of_before(past)
            self._tell(past, Reason.APPROVED, None)
            return
        stands = past.amount if moved.is_paid else moved.returned or kept.amount + moved.change
        if kept.is_denied:
            self._add_to(past.facts.cards, stands - kept.amount)
            self._tell_idle(past)
        else:
            kept.counted = [self._settled(one, stands) for one in kept.counted]
            self._tell(past, Reason.APPROVED, None)
        kept.amount = stands
        self._keep(moved.hold, kept)
        if moved.is_paid:
            self._keep(past.number, Kept(kept.is_denied, kept.sign, stands, list(kept.counted)))

    def _settled(self, counted: tuple[str, int, int], stands: int) -> tuple[str, int, int]:
        name, times, amount = counted
        self._add_usage(name, int(stands > 0) - times, stands - amount)
        return name, int(stands > 0), stands

    def _backs(self, past: Past, kept: Kept) -> list[tuple[str, int, int]]:
        """As `host.rules.ruling` gives back: a part of a refund, all of anything else."""
        is_refund = past.kind is Kind.REFUND
        if is_refund:
            kept.refunded += past.amount
            self._keep(past.original, kept)
        is_whole = not is_refund or kept.refunded >= kept.amount
        return [
            (name, -times * is_whole, -(past.amount if is_refund else amount))
            for name, times, amount in kept.counted
        ]

    def _give_back_of_before(self, past: Past) -> None:
        for told in past.told:
            since = period_from(Period(told.key.period), self._day)
            if self._usage(_name(told.key)) is not None and told.since == since:
                self._add_usage(_name(told.key), told.times, told.amount_minor)

    def _add_usage(self, name: str, times: int, amount: int) -> None:
        used = self._usage(name) or NOTHING
        self._put_usage(name, Used(max(used.times + times, 0), max(used.amount_minor + amount, 0)))

    def _usage(self, name: str) -> Used | None:
        found = self._notebook.get("usage", name)
        return None if found is None else _read_used(found)

    def _put_usage(self, name: str, used: Used) -> None:
        self._notebook.put("usage", name, _write(used))

    # What is on cards, and what may be undone. --------------------------------------------------

    def _more_on(self, past: Past) -> int:
        """How much more its card would have than it had; less than nothing where it has less."""
        return self._more_on_card(past.facts.cards)

    def _more_on_card(self, card: int) -> int:
        found = self._notebook.get("card", str(card))
        return 0 if found is None else int(found)

    def _add(self, past: Past, sign: int) -> None:
        if sign:
            self._add_to(past.facts.cards, sign * past.amount)

    def _add_to(self, card: int, amount: int) -> None:
        more = self._more_on_card(card) + amount
        self._notebook.put("card", str(card), b"%d" % more)

    def _kept(self, number: int) -> Kept | None:
        found = self._notebook.get("message", str(number))
        return None if found is None else _read_kept(found)

    def _keep(self, number: int, kept: Kept) -> None:
        self._notebook.put("message", str(number), _write(kept))

    # What is told. ------------------------------------------------------------------------------

    def _tell(self, past: Past, reason: Reason, rule: HouseRule | None) -> None:
        if not self._is_told(past):
            return
        result, is_approved = self.result, reason is Reason.APPROVED
        decides = (rule.id if rule is not None else _denied_by(past)) or 0
        change = _change_of(past, reason, decides)
        result.asked += 1
        if past.number in self._named:
            result.named.append(change)
        one = result.sums.setdefault((past.kind, past.unit), Sum())
        one.add(past.amount if past.is_approved else None, past.amount if is_approved else None)
        if is_approved is past.is_approved:
            return
        result.changed += 1
        of_rule = result.by_rule.setdefault(decides, Sum())
        of_rule.add(past.amount if is_approved else None, past.amount if past.is_approved else None)
        largest = result.largest
        (heapq.heappush if len(largest) < LARGEST else heapq.heappushpop)(largest, change)

    def _tell_idle(self, past: Past) -> None:
        """It would have found nothing to undo: that is what a reversal is for, and no void."""
        if past.kind is not Kind.REVERSAL:
            self._tell(past, Reason.ORIGINAL_NOT_FOUND, None)
            return
        if not self._is_told(past):
            return
        self.result.asked += 1
        self.result.sums.setdefault((past.kind, past.unit), Sum()).add(past.amount, 0)


def _change_of(past: Past, reason: Reason, rule: int) -> Change:
    return Change(
        amount=past.amount,
        number=past.number,
        unit=past.unit,
        kind=past.kind,
        was=past.reason,
        would_be=reason,
        rule=rule,
    )


def _denied_by(past: Past) -> int | None:
    """Which rule had refused it."""
    return next((one.rule for one in past.told if one.outcome is Outcome.DENIED), None)


def _name(key: UsageKey) -> str:
    return "/".join(key)


_write: Final = msgspec.msgpack.Encoder().encode
_read_used: Final = msgspec.msgpack.Decoder(Used).decode
_read_kept: Final = msgspec.msgpack.Decoder(Kept).decode
