"""Reconciliation in words: who tells us what, in which layout, and what a difference may be."""

import enum
from collections.abc import Mapping
from typing import Final, NamedTuple


@enum.unique
class Source(enum.StrEnum):
    """Who tells us of a business date."""

    MERCHANT = "merchant_file"
    ISSUER = "issuer_file"
    BANK = "bank_statement"
    PORT = "port_bill"


@enum.unique
class Layout(enum.StrEnum):
    """How a file is written. LAYOUTS of `host.office.recon_files` says how each is read."""

    MERCHANT_CSV = "merchant_csv"
    ISSUER_CSV = "issuer_csv"
    BANK_CAMT053 = "bank_camt053"
    WECHAT_BILL = "wechat_bill"


@enum.unique
class Difference(enum.StrEnum):
    """What is other. DIFFERENCES says what each means."""

    WE_LACK = "we_lack"
    THEY_LACK = "they_lack"
    OTHER_AMOUNT = "other_amount"
    DOUBLED = "doubled"
    LATE = "late"
    UNKNOWN = "unknown"


DIFFERENCES: Final[Mapping[Difference, str]] = {
    Difference.WE_LACK: "it stands in their file, and we have no such transaction on that date",
    Difference.THEY_LACK: "we have posted it, and their file does not have it",
    Difference.OTHER_AMOUNT: "both have it, with another amount",
    Difference.DOUBLED: "their file has it once more than we do",
    Difference.LATE: "their file dates it to an earlier day",
    Difference.UNKNOWN: "neither an RRN nor terminal and trace: nothing says what it is",
}


@enum.unique
class Answer(enum.StrEnum):
    """What somebody does about a difference."""

    TAKE = "take"
    """It is theirs to explain from now on."""
    MATCH = "match"
    """What we have and what they have come to the same, taken together."""
    POSTED = "posted"
    """It was mended by a posting, which is named."""
    WRITE_OFF = "write_off"
    """Nobody is asked for it."""


@enum.unique
class Matched(enum.StrEnum):
    """By what a line of theirs was found to be one of ours."""

    RRN = "rrn"
    KEYS = "keys"
    FUZZY = "fuzzy"
    CAME_LATE = "came_late"


class Weight(NamedTuple):
    """What it counts, of a hundred, that a line of theirs and one of ours are alike in this."""

    name: str
    score: int
    meaning: str


AMOUNT, RRN_END, TERMINAL, TRACE, BATCH, DATE = WEIGHTS = (
    Weight("amount", 35, "the same amount and unit; without it nothing is alike"),
    Weight("rrn_end", 20, "the last six characters of the RRN: a program for tables cut its zero"),
    Weight("terminal", 15, "the terminal"),
    Weight("trace", 15, "the trace number"),
    Weight("batch", 10, "the terminal's batch"),
    Weight("date", 5, "the business date, or none is said"),
)
SCORE_MIN: Final = 70
"""From here on the one best for both is taken for the same."""
SUGGESTED_MIN: Final = 50
"""From here on it is suggested to who looks."""
ALIKE_MAX: Final = 20
"""Of so many lines of one amount at one terminal at most, each is held against each."""
