"""A transaction at a counter, whatever the terminal: what it is, and how it ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from host.estate.plan import CardPlan, VoucherPlan
from host.model.money import POINTS_PREFIX
from host.model.requests import Kind
from host.model.secrets import Secret
from simulators.messages import Sale
from simulators.record import Event, What
from terminals.believed import PARTIAL, Answer, Verdict
from terminals.fields import COMBINED, POINTS_LEFT, parts_of
from terminals.vouchers import told_in, words_told

COMBINED_TYPE: Final = "89"
"""F60.1 of a combined purchase."""
CODE_TYPES: Final = frozenset({"83", "87"})
"""F60.1 of what names a voucher's code."""
_POINTS_ASKED: Final = ("0210", "310000", "65")
"""Message type, F3 and F25 of the answer to a points inquiry."""
CURRENCY: Final = "CNY"
BY_HAND: Final = "06"
"""F39 of a reversal that no missing answer has caused: a person asked for it."""
IN_POINTS: Final = frozenset({Kind.POINTS_REDEMPTION, Kind.POINTS_EARN, Kind.LOTTERY_DRAW})
SALES: Final = frozenset(
    {
        Kind.PURCHASE,
        Kind.COMBINED_PURCHASE,
        Kind.POINTS_REDEMPTION,
        Kind.POINTS_EARN,
        Kind.CARD_ACTIVATION,
        Kind.VOUCHER_REDEMPTION,
        Kind.LOAD_BY_CODE,
        Kind.LOTTERY_DRAW,
        Kind.LOAD_BY_PHONE,
        Kind.PREAUTH,
        Kind.COMPLETION,
        Kind.COMPLETION_ADVICE,
    }
)
"""What a void can take back."""
VOID_OF: Final = {
    Kind.PREAUTH: Kind.PREAUTH_VOID,
    Kind.COMPLETION: Kind.COMPLETION_VOID,
    Kind.COMPLETION_ADVICE: Kind.COMPLETION_VOID,
    Kind.VOUCHER_REDEMPTION: Kind.VOUCHER_VOID,
    Kind.LOAD_BY_CODE: Kind.VOUCHER_VOID,
    Kind.LOAD_BY_PHONE: Kind.PHONE_LOAD_VOID,
}
"""What its void is, where it is one of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """What is done at the counter."""

    kind: Kind
    card: CardPlan
    """`NO_CARD` where a voucher alone is handed in."""
    amount_minor: int = 0
    """Fen, or points."""
    pin: Secret | None = None
    takes_part: bool = False
    """The till takes an approval of a part."""
    points_max: int | None = None
    """Of a combined purchase: how many points may be used; None: as many as there are."""
    voucher: VoucherPlan | None = None
    """Whose code is sent."""
    goods: str = ""
    """The article that it is handed in for."""
    lottery: str = ""
    """Which one is drawn in."""
    phone: str = ""
    """Whose card is loaded."""
    original: Sale | None = None
    """What a void or refund is about."""
    held: Sale | None = None
    """Of which pre-authorisation more is kept, or which one is completed."""

    @property
    def is_in_points(self) -> bool:
        """Whether it moves points."""
        original = self.original
        return self.kind in IN_POINTS or (original is not None and original.kind in IN_POINTS)

    @property
    def moved(self) -> int:
        """What the ledger shows of it.

        A void of points earned takes points, whatever it names; a voucher is used whole.
        """
        original, voucher = self.original, self._voucher_used
        if voucher is not None:
            return voucher.face_minor or voucher.pieces
        if original is not None and original.kind is Kind.POINTS_EARN:
            return original.points
        return self.amount_minor

    def counted(self, earned: int, answer: Answer) -> int:
        """What counts in the totals: where points are earned, the points and not what was paid."""
        if self.kind is Kind.POINTS_EARN:
            return earned
        return part_of(answer) or self.moved

    @property
    def points_worth_minor(self) -> int:
        """What of a void, or of a first refund, comes back as points: money is first."""
        original = self.original
        if original is None or self.kind not in {Kind.VOID, Kind.REFUND}:
            return 0
        money = original.amount_minor - original.points_worth_minor
        return max(self.amount_minor - money, 0) if original.points_worth_minor else 0

    @property
    def _voucher_used(self) -> VoucherPlan | None:
        """Its own, or what it takes back."""
        return self.voucher or (self.original.voucher if self.original is not None else None)

    @property
    def _unit(self) -> str:
        """Pieces are of whichever unit the answer says: bought ones, or free."""
        if self._voucher_used is not None and self._voucher_used.pieces:
            return ""
        return POINTS_PREFIX if self.is_in_points else CURRENCY

    def sent(self, slot: str) -> Event:
        """The line of the record that it begins with."""
        return Event(
            what=What.SENT,
            slot=slot,
            kind=self.kind,
            card_id=self.card.id or None,
            amount_minor=self.moved,
            unit=self._unit,
            worth_minor=self.points_worth_minor,
            original_slot=self.original.slot if self.original else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """How a transaction ended for the cashier."""

    kind: Kind
    slot: str
    answer: Answer
    sale: Sale | None = None
    """What a void or refund would need, after an approved purchase or redemption."""

    @property
    def f39(self) -> str | None:
        """The response code, nothing where no answer was worth believing."""
        return self.answer.f39


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """How a settlement ended, and the upload that followed where the totals did not agree."""

    answer: Answer
    agrees: bool
    uploaded: int = 0
    end: Answer | None = None


def part_of(answer: Answer) -> int:
    """What was approved, where that is less than was asked; else 0."""
    if answer.f39 != PARTIAL:
        return 0
    return int(answer.fields.get("4") or answer.fields.get("amount") or 0)


def worth_of(answer: Answer) -> int:
    """What points have paid of a combined purchase; else 0."""
    fields = answer.fields
    if fields.get("60", "")[:2] == COMBINED_TYPE and "62" in fields:
        text = bytes.fromhex(fields["62"]).decode("ascii")
        return int(text[COMBINED["worth_minor"]])
    return int(fields.get("points_worth", "0"))


def told_of_voucher(answer: Answer) -> dict[str, str]:
    """What the answer of a POS terminal says of a voucher, in the words of tills; else nothing."""
    fields = answer.fields
    is_of_one = fields.get("t") == "0210" and fields["60"][:2] in CODE_TYPES
    if not is_of_one or "62" not in fields:
        return {}
    told = told_in(bytes.fromhex(fields["62"]).decode("ascii"))
    return {name: str(value) for name, value in words_told(told).items()}


def told_of_points(answer: Answer) -> dict[str, str]:
    """What the answer of a POS terminal to a points inquiry says of them; else nothing.

    It is told apart by the words of its question, which stand in the answer.
    """
    fields = answer.fields
    is_of_points = (fields.get("t"), fields.get("3"), fields.get("25")) == _POINTS_ASKED
    if not is_of_points or "62" not in fields:
        return {}
    return parts_of(POINTS_LEFT, bytes.fromhex(fields["62"]).decode("ascii", "replace"))


def account_in(told: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a card has, by its words, where an answer in words tells that together."""
    account = told.get("account")
    return account if isinstance(account, Mapping) else {}


def words_of(kind: Kind) -> str:
    """What people call it."""
    return kind.value.replace("_", " ")


def told(slot: str, answer: Answer) -> Event:
    """The line of the record that an answer makes, or its absence."""
    if answer.verdict is Verdict.USABLE:
        rrn = answer.fields.get("37")
        part, worth = part_of(answer), worth_of(answer)
        return Event(
            what=What.TOLD,
            slot=slot,
            f39=answer.f39,
            rrn=rrn,
            amount_minor=part,
            worth_minor=worth,
        )
    return Event(what=What.NOT_TOLD, slot=slot, why=answer.verdict.name)
