"""The chart of accounts, the leg, and the seal.

A leg is one debit account, one credit account, one positive amount in one unit: there is no
unbalanced posting to test for. The seal chains every stored batch of a shard to the one
before, so a row changed, dropped or put in by hand is found by recomputing it.
"""

import enum
import hashlib
from collections.abc import Iterable
from typing import Final, NamedTuple

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
    FEE_INCOME = "fee_income"
    BREAKAGE = "breakage"
    IN_TRANSIT = "in_transit"
    ROUNDING = "rounding"
    SUSPENSE = "suspense"


class ChartRow(msgspec.Struct, frozen=True):
    """Whose account it is and which side makes it grow."""

    per_issuer: bool
    per_merchant: bool
    per_card: bool
    grows_by_credit: bool
    meaning: str


CHART: Final[dict[Chart, ChartRow]] = {
    Chart.CARD_VALUE: ChartRow(True, False, True, True, "what the issuer owes the card holder"),
    Chart.CARD_POINTS: ChartRow(True, False, True, True, "points the card holder can spend"),
    Chart.MERCHANT_PAYABLE: ChartRow(True, True, False, True, "sales the issuer owes a merchant"),
    Chart.MERCHANT_POINTS: ChartRow(True, True, False, True, "points a merchant accepted"),
    Chart.ISSUER_FUNDS: ChartRow(True, False, False, False, "money the issuer put behind cards"),
    Chart.POINTS_ISSUED: ChartRow(True, False, False, False, "points a programme has given out"),
    Chart.LOAD_AGENT_RECEIVABLE: ChartRow(True, True, False, False, "cash a merchant took in"),
    Chart.FEE_INCOME: ChartRow(False, False, False, True, "fees earned by the operator"),
    Chart.BREAKAGE: ChartRow(True, False, False, True, "expired value an issuer keeps"),
    Chart.IN_TRANSIT: ChartRow(False, False, False, True, "between two shards, zero at rest"),
    Chart.ROUNDING: ChartRow(False, False, False, True, "parts of a minor unit"),
    Chart.SUSPENSE: ChartRow(False, False, False, True, "waits for an operator"),
}


class Leg(NamedTuple):
    """One movement: from the debit account to the credit account. Account ids, minor units."""

    debit: int
    credit: int
    amount_minor: int
    unit: str

    def swapped(self) -> "Leg":
        """The leg that undoes this one."""
        return Leg(self.credit, self.debit, self.amount_minor, self.unit)


FIRST_SEAL: Final = bytes(32)
"""What the first batch of a shard has for its previous seal."""


def seal_digest(previous: bytes, rows: Iterable[str]) -> bytes:
    """SHA-256 over the previous seal and the batch's canonical rows.

    `rows` come sorted by exchange id, and for each: its exchange row, its journal row when it
    posted, then its entries by leg, in the forms below. Every row is closed by a newline, so
    two rows never read as one.
    """
    digest = hashlib.sha256(previous)
    digest.update("\n".join([*rows, ""]).encode())
    return digest.digest()


def exchange_row(
    slot: str, number: int, kind: str, fingerprint_hex: str, reason: str, answer_hex: str
) -> str:
    """Canonical form of an exchange for the seal. Hexadecimal in lower case."""
    return f"x|{slot}|{number}|{kind}|{fingerprint_hex}|{reason}|{answer_hex}"


def journal_row(number: int, kind: str, original: int, card: int, date: str) -> str:
    """Canonical form of a journal: 0 for no original, the business date as YYYY-MM-DD."""
    return f"j|{number}|{kind}|{original}|{card}|{date}"


def entry_row(number: int, leg: int, debit: int, credit: int, amount_minor: int, unit: str) -> str:
    """Canonical form of an entry."""
    return f"e|{number}|{leg}|{debit}|{credit}|{amount_minor}|{unit}"
