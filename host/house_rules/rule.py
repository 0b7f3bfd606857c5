"""A rule of the table: where it applies, what it says, and of whose set it is.

A row is one version of a rule. Nothing is in force because a program says so: each was activated by
a second person, or belongs to a pack that somebody switched on for an issuer.
"""

import datetime as dt
import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

import msgspec

from host.model.money import POINTS_PREFIX
from host.model.responses import Reason


@enum.unique
class Says(enum.StrEnum):
    """What a rule says."""

    AMOUNT_MAX = "amount_max"
    """No more than an amount, of one transaction or of all in a time."""
    COUNT_MAX = "count_max"
    """No more than so many in a time."""
    AMOUNT_MIN = "amount_min"
    """No less than an amount."""
    BALANCE_MAX = "balance_max"
    """No more on the card, once it is loaded."""
    DENY = "deny"
    """Not here, or not of these goods."""
    ONLY = "only"
    """Nowhere but here, or nothing but these goods."""
    ALLOW = "allow"
    """Here all the same: an exception to rules of a lower priority."""


@enum.unique
class Period(enum.StrEnum):
    """In which time something is counted. Days and months are those of the business date."""

    TRANSACTION = "transaction"
    DAY = "day"
    MONTH = "month"
    LIFE = "life"


@enum.unique
class By(enum.StrEnum):
    """Of what all that it does is counted together."""

    CARD = "card"
    MEMBER = "member"
    PRODUCT = "product"
    TERMINAL = "terminal"
    STORE = "store"
    MERCHANT = "merchant"
    CATEGORY = "category"


ACCEPTANCE: Final = frozenset({Says.DENY, Says.ONLY, Says.ALLOW})
LIMITS: Final = frozenset({Says.AMOUNT_MAX, Says.COUNT_MAX})
ORDER: Final[Mapping[Says, int]] = {
    Says.DENY: 0,
    Says.ONLY: 0,
    Says.ALLOW: 0,
    Says.AMOUNT_MIN: 1,
    Says.BALANCE_MAX: 2,
    Says.AMOUNT_MAX: 3,
    Says.COUNT_MAX: 4,
}
"""In which rules are asked: the first that says no decides."""
WHO: Final = ("products", "cards", "members")
"""Facets of a rule that say of whom it is. None named: of everybody."""
PLACE: Final = (
    "merchants", "stores", "terminals", "categories", "regions", "channels", "goods",
)  # fmt: skip
"""Facets that say where it is, and of which goods: what a rule of acceptance is about."""
AT_THE_TERMINAL: Final = frozenset({"stores", "terminals", "channels"})
"""Of those, what makes a denial the terminal's and not the card's."""
FIRST_DAY: Final = dt.date(2000, 1, 1)
"""From which on a life is counted."""


class Owner(NamedTuple):
    """Of whose set of rules one is. Sets are decided each by itself, and all have to agree.

    A pack's rules are its own set for each issuer that has it; the platform's have no owner. An
    alliance's are about sales of its partners: while issuer and merchant are both members.
    """

    pack: str = ""
    issuer: int = 0
    merchant: int = 0
    alliance: int = 0


class Facts(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What rules are held against, of one message. The names of facets are those of a rule."""

    products: int = 0
    cards: int = 0
    members: int = 0
    """Whom the card is bound to; 0: nobody."""
    merchants: int = 0
    stores: int = 0
    terminals: str = ""
    categories: str = ""
    """The merchant's trade."""
    regions: str = ""
    """Where the store is; its merchant's city, where it says none."""
    channels: str = ""
    goods: str = ""
    unit: str = ""
    """Of the amount: a currency, `P:` for points of any programme, empty where there is none."""
    weekday: int = 1
    """By the house's clock: 1 is Monday."""
    clock: str = "0000"
    """The same, HHMM."""


NOBODYS: Final = Owner()
"""The platform's."""
_SUBJECTS: Final[Mapping[By, str]] = {
    By.CARD: "cards",
    By.MEMBER: "members",
    By.PRODUCT: "products",
    By.TERMINAL: "terminals",
    By.STORE: "stores",
    By.MERCHANT: "merchants",
    By.CATEGORY: "categories",
}
Facets = tuple[tuple[str, frozenset[int] | frozenset[str]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseRule:
    """One version of a rule. Amounts are in minor units of `unit`."""

    id: int
    version: int
    name: str
    says: Says
    owner: Owner = NOBODYS
    priority: int = 0
    """Of one set, of rules that say the same kind of thing, the highest that applies decides."""
    amount_minor: int = 0
    unit: str = ""
    times: int = 0
    period: Period = Period.TRANSACTION
    by: By = By.CARD
    kinds: frozenset[str] = frozenset()
    """None named: all that spend value; of a balance, all that load it."""
    who: Facets = ()
    place: Facets = ()
    is_registered: bool | None = None
    """Of cards that are bound to somebody, or of those that are not; None: of both."""
    weekdays: frozenset[int] = frozenset()
    time_from: str = ""
    """HHMM of the house's clock; past midnight where it is after `time_until`."""
    time_until: str = ""
    """HHMM, not included."""
    since: dt.date = FIRST_DAY
    until: dt.date | None = None
    """Business dates, the last one included."""

    @property
    def group(self) -> tuple[object, ...]:
        """Of rules with the same one the highest priority decides."""
        if self.says in ACCEPTANCE:
            return self.owner, "acceptance"
        return self.owner, self.says, self.period, self.by

    @property
    def counts(self) -> bool:
        """Whether it has to know what was done before."""
        return self.says in LIMITS and self.period is not Period.TRANSACTION

    @property
    def counter(self) -> str:
        """By what name its usage is kept; the same for all of its versions."""
        return f"rule/{self.id}"

    def is_in_force(self, today: dt.date) -> bool:
        """On that business date."""
        return self.since <= today and (self.until is None or today <= self.until)

    def subject(self, facts: Facts) -> str:
        """Whose usage is counted; empty: nobody's, so it does not apply."""
        found: int | str = getattr(facts, _SUBJECTS[self.by])
        return str(found) if found else ""

    def applies(self, facts: Facts) -> bool:
        """Whether it has a say. A rule of acceptance has one elsewhere, too, where it says only."""
        return (
            _are_among(facts, self.who)
            and (self.is_registered is None or self.is_registered == bool(facts.members))
            and self._is_time(facts)
            and (self.says is Says.ONLY or self.is_here(facts))
            and (self.says in ACCEPTANCE or self._is_measured(facts))
        )

    def is_here(self, facts: Facts) -> bool:
        """Whether a message is from where it is about, and of such goods."""
        return _are_among(facts, self.place)

    def refusal(self, facts: Facts) -> Reason:
        """What is told where it says no."""
        if self.says is Says.AMOUNT_MIN:
            return Reason.INVALID_AMOUNT
        if self.says is Says.COUNT_MAX:
            return Reason.FREQUENCY_LIMIT
        if self.says not in ACCEPTANCE:
            return Reason.AMOUNT_LIMIT
        if self.says is Says.ONLY:
            wrong = [name for name, among in self.place if getattr(facts, name) not in among]
        else:
            wrong = [name for name, _ in self.place]
        is_places = bool(wrong) and AT_THE_TERMINAL.issuperset(wrong)
        return Reason.NOT_PERMITTED_TO_TERMINAL if is_places else Reason.NOT_PERMITTED_TO_CARD

    def _is_measured(self, facts: Facts) -> bool:
        """Whether it has something to measure: an amount in its unit, somebody to count for."""
        is_in_unit = self.says is Says.COUNT_MAX or facts.unit == self.unit
        return is_in_unit and (not self.counts or bool(self.subject(facts)))

    def _is_time(self, facts: Facts) -> bool:
        if self.weekdays and facts.weekday not in self.weekdays:
            return False
        if self.time_from <= self.time_until:
            return not self.time_until or self.time_from <= facts.clock < self.time_until
        return facts.clock >= self.time_from or facts.clock < self.time_until


def _are_among(facts: Facts, facets: Facets) -> bool:
    return all(getattr(facts, name) in among for name, among in facets)


def unit_of(unit: str) -> str:
    """As rules name it: of points it is told that they are points, not whose."""
    return POINTS_PREFIX if unit.startswith(POINTS_PREFIX) else unit


def plain(text: str) -> str:
    """A text as rules compare it, and as it is kept: nothing in it ends a line or a column."""
    return "".join(letter for letter in text if letter.isprintable() and letter != "|").strip()


def period_from(period: Period, today: dt.date) -> dt.date:
    """The first business date of what is counted together with today."""
    if period is Period.MONTH:
        return today.replace(day=1)
    return FIRST_DAY if period is Period.LIFE else today
