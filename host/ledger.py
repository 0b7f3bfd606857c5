"""The chart of accounts, the leg, and the seal.

A leg is one debit account, one credit account, one positive amount in one unit: there is no
unbalanced posting to test for. The seal chains every stored batch of a shard to the one
before, so a row changed, dropped or put in by hand is found by recomputing it.
"""

import datetime as dt
import enum
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import msgspec


@enum.unique
class Chart(enum.StrEnum):
    """Account kinds. `CHART` says whose they are and which side grows them."""

    CARD_VALUE = "card_value"
    CARD_POINTS = "card_points"
    MERCHANT_PAYABLE = "merchant_payable"
    MERCHANT_POINTS = "merchant_points"
    ISSUER_FUNDS = "issuer_funds"
    POINTS_ISSUED = "points_issued"
    LOAD_AGENT_RECEIVABLE = "load_agent_receivable"
    ISSUER_RECEIVABLE = "issuer_receivable"
    FEE_INCOME = "fee_income"
    BREAKAGE = "breakage"
    IN_TRANSIT = "in_transit"
    ROUNDING = "rounding"
    SUSPENSE = "suspense"
    GOODS_PROMISED = "goods_promised"
    MERCHANT_GOODS = "merchant_goods"
    CONVERSION = "conversion"
    CASH_IN_HAND = "cash_in_hand"
    MERCHANT_FEES = "merchant_fees"
    ISSUER_FEES = "issuer_fees"
    HOUSE_FEES = "house_fees"
    ALLIANCE_PAYABLE = "alliance_payable"
    ALLIANCE_FUND = "alliance_fund"
    ISSUER_ALLIANCE = "issuer_alliance"
    MERCHANT_RESERVE = "merchant_reserve"
    PORT_RECEIVABLE = "port_receivable"


@enum.unique
class Owner(enum.Flag):
    """Whose account: it exists once for each combination of these."""

    NOBODY = 0
    ISSUER = enum.auto()
    MERCHANT = enum.auto()
    CARD = enum.auto()


@enum.unique
class Side(enum.Enum):
    """The side of a leg that makes a balance grow."""

    DEBIT = "debit"
    CREDIT = "credit"


class ChartRow(msgspec.Struct, frozen=True):
    """Whose account it is and which side makes it grow."""

    owner: Owner
    grows_by: Side
    meaning: str


CHART: Final[dict[Chart, ChartRow]] = {
    Chart.CARD_VALUE: ChartRow(
        Owner.ISSUER | Owner.CARD, Side.CREDIT, "what the issuer owes the card holder"
    ),
    Chart.CARD_POINTS: ChartRow(
        Owner.ISSUER | Owner.CARD, Side.CREDIT, "points the card holder can spend"
    ),
    Chart.MERCHANT_PAYABLE: ChartRow(
        Owner.ISSUER | Owner.MERCHANT, Side.CREDIT, "sales the issuer owes a merchant"
    ),
    Chart.MERCHANT_POINTS: ChartRow(
        Owner.ISSUER | Owner.MERCHANT, Side.CREDIT, "points a merchant accepted"
    ),
    Chart.ISSUER_FUNDS: ChartRow(Owner.ISSUER, Side.DEBIT, "money the issuer put behind cards"),
    Chart.POINTS_ISSUED: ChartRow(Owner.ISSUER, Side.DEBIT, "points a programme has given out"),
    Chart.LOAD_AGENT_RECEIVABLE: ChartRow(
        Owner.ISSUER | Owner.MERCHANT, Side.DEBIT, "cash a merchant took in for an issuer"
    ),
    Chart.ISSUER_RECEIVABLE: ChartRow(
        Owner.ISSUER, Side.DEBIT, "sales an external issuer decided and has to pay"
    ),
    Chart.FEE_INCOME: ChartRow(Owner.ISSUER, Side.CREDIT, "fees an issuer took of its cards"),
    Chart.BREAKAGE: ChartRow(Owner.ISSUER, Side.CREDIT, "expired value an issuer keeps"),
    Chart.IN_TRANSIT: ChartRow(
        Owner.NOBODY, Side.CREDIT, "between two cards: open moves, and gifts that wait"
    ),
    Chart.ROUNDING: ChartRow(Owner.NOBODY, Side.CREDIT, "parts of a minor unit"),
    Chart.SUSPENSE: ChartRow(Owner.ISSUER, Side.DEBIT, "value whose owner an operator decides"),
    Chart.GOODS_PROMISED: ChartRow(
        Owner.ISSUER, Side.DEBIT, "goods, entries and stamps that an issuer's vouchers gave"
    ),
    Chart.MERCHANT_GOODS: ChartRow(
        Owner.ISSUER | Owner.MERCHANT, Side.CREDIT, "goods and entries a merchant gave for vouchers"
    ),
    Chart.CONVERSION: ChartRow(
        Owner.ISSUER, Side.CREDIT, "points of one programme that became points of another"
    ),
    Chart.CASH_IN_HAND: ChartRow(
        Owner.ISSUER, Side.DEBIT, "cash that people took for an issuer and have not handed in"
    ),
    Chart.MERCHANT_FEES: ChartRow(
        Owner.ISSUER | Owner.MERCHANT, Side.DEBIT, "fees a merchant owes of an issuer's cards"
    ),
    Chart.ISSUER_FEES: ChartRow(Owner.ISSUER, Side.DEBIT, "fees an issuer owes of its cards"),
    Chart.HOUSE_FEES: ChartRow(Owner.NOBODY, Side.CREDIT, "fees the house has earned"),
    Chart.ALLIANCE_PAYABLE: ChartRow(
        Owner.ISSUER | Owner.MERCHANT, Side.CREDIT, "an alliance's points, settled with a merchant"
    ),
    Chart.ALLIANCE_FUND: ChartRow(
        Owner.ISSUER | Owner.MERCHANT, Side.CREDIT, "the same of who prefunds, until it is netted"
    ),
    Chart.ISSUER_ALLIANCE: ChartRow(
        Owner.ISSUER, Side.CREDIT, "what alliances' points brought an issuer, less what they cost"
    ),
    Chart.MERCHANT_RESERVE: ChartRow(
        Owner.ISSUER | Owner.MERCHANT, Side.CREDIT, "what is held back of a merchant for some days"
    ),
    Chart.PORT_RECEIVABLE: ChartRow(
        Owner.ISSUER, Side.DEBIT, "what payment ports took for an issuer's cards, and owe it"
    ),
}


class Leg(msgspec.Struct, frozen=True, gc=False):
    """One movement: from the debit account to the credit account. Account ids, minor units."""

    debit: int
    credit: int
    amount_minor: int
    unit: str

    def swapped(self) -> "Leg":
        """The leg that undoes this one."""
        return Leg(self.credit, self.debit, self.amount_minor, self.unit)


DEBT_FLOOR_POINTS: Final = -1_000_000_000
"""How far below zero points may go where the programme allows a debt at all."""
FIRST_SEAL: Final = bytes(32)
"""What the first batch of a shard has for its previous seal."""


@dataclass(slots=True, frozen=True)
class ChainEnd:
    """Where a shard's hash chain stands."""

    seq: int
    digest: bytes


SEAL_FORM: Final = 2
"""What a new seal covers. Form 1 had no moment, no lots, and no card of an exchange."""


def seal_digest(previous: bytes, rows: Iterable[str]) -> bytes:
    """SHA-256 over the previous seal and the batch's canonical rows.

    `rows` are the batch row, then, sorted by exchange id, for each: its exchange row, what is kept
    beside it in tables of its own, sorted, its journal row when it posted, its entries by leg, the
    lots it earned by theirs, and the order it was for where it said one, in the forms below. Every
    row is closed by a newline, so two rows never read as one.
    """
    digest = hashlib.sha256(previous)
    digest.update("\n".join([*rows, ""]).encode())
    return digest.digest()


def batch_row(decided_at: dt.datetime) -> str:
    """Canonical form of what a batch's exchanges share: the moment, aware, to the microsecond."""
    return f"b|{decided_at.astimezone(dt.UTC).isoformat(timespec='microseconds')}"


def exchange_row(words: tuple[str, int, str, str, str, str], card: int | None) -> str:
    """Canonical form of an exchange: slot, number, kind, fingerprint, reason, answer; its card.

    Fingerprint and answer are hexadecimal in lower case.
    """
    slot, number, kind, fingerprint, reason, answer = words
    told = "-" if card is None else card
    return f"x|{slot}|{number}|{kind}|{fingerprint}|{reason}|{answer}|{told}"


def kept_row(table: str, number: int, values: Iterable[object]) -> str:
    """Canonical form of a row beside an exchange: its columns behind shard and number.

    In their order; dates as YYYY-MM-DD, flags as `true` or `false`, `-` for nothing. No text has a
    bar or a newline.
    """
    return f"k|{table}|{number}|{'|'.join(map(_as_text, values))}"


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "-" if value is None else str(value)


def first_form_exchange_row(words: tuple[str, int, str, str, str, str]) -> str:
    """The same in form 1."""
    slot, number, kind, fingerprint, reason, answer = words
    return f"x|{slot}|{number}|{kind}|{fingerprint}|{reason}|{answer}"


def journal_row(number: int, kind: str, original: int, card: int, date: str) -> str:
    """Canonical form of a journal: 0 for no original, the business date as YYYY-MM-DD."""
    return f"j|{number}|{kind}|{original}|{card}|{date}"


def entry_row(number: int, leg: int, debit: int, credit: int, amount_minor: int, unit: str) -> str:
    """Canonical form of an entry."""
    return f"e|{number}|{leg}|{debit}|{credit}|{amount_minor}|{unit}"


def lot_row(
    number: int, account: int, points: int, expires_on: str, available_from: str | None = None
) -> str:
    """Canonical form of a lot as it was earned; its last day as YYYY-MM-DD.

    The day from which on it may be spent is there where it is another than that of its earning.
    """
    days = expires_on if available_from is None else f"{expires_on}|{available_from}"
    return f"l|{number}|{account}|{points}|{days}"


def order_row(number: int, order: str, sub_order: str) -> str:
    """Canonical form of the order that a journal is for; neither part has a space or a newline."""
    return f"o|{number}|{order} {sub_order}"
