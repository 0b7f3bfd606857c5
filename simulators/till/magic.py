"""Magic cards and amounts: what to type at a till for each decline, and who gives it.

Nothing here is a rule: the cards are the demo estate's, the amounts meet its limits or are those
on which the simulated issuer misbehaves on purpose. A test types every row.
"""

import enum
from collections.abc import Iterator
from typing import Final

import msgspec

from host.estate.demo import CARD_NAMES, CITY, ODD_CARDS, PROGRAMMES
from simulators.issuer import MAGIC_AMOUNTS
from simulators.till.cards import STRANGERS
from simulators.till.screen import columns
from simulators.till.words import said

PEARLESS_TERMINAL: Final = "80010034"
"""Of the merchant that takes no pear cards."""
NOTHING: Final = ""
"""Instead of F39: no answer is told, and what may stand is reversed."""
LATE: Final = "late"
"""Instead of F39: as it would be, or nothing, by how long the switch waits for this issuer."""


@enum.unique
class By(enum.StrEnum):
    """Who declines."""

    CARD = "by the card"
    AMOUNT = "by the amount"
    PLACE = "by the place"
    ISSUER = "by the external issuer, once [[issuers]] has it (docs/channels.md)"


class Magic(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to type, and what it is answered."""

    line: str
    """At the till (`posswitch simulate pos --prompt`)."""
    f39: str
    why: str
    by: By
    terminal: str = ""
    """At this terminal; at any other too, where none is named."""


def _by_card() -> Iterator[Magic]:
    for odd in ODD_CARDS.values():
        yield Magic(line=f"purchase {odd.name} 50.00", f39=odd.f39, why=odd.why, by=By.CARD)
    for name, card in STRANGERS.items():
        yield Magic(line=f"purchase {name} 50.00", f39=card.f39, why=card.why, by=By.CARD)
    yield Magic(
        line="purchase 111 1.00 pin 000000",
        f39="55",
        why="a wrong PIN; the third locks the card, 75",
        by=By.CARD,
    )


def _by_amount() -> Iterator[Magic]:
    limit = CITY.amount_minor_max
    least = PROGRAMMES[0].redemption_points_min
    name = next(name for name, number in CARD_NAMES.items() if number == 5)
    for words, f39, why in (
        (f"purchase {name} 0", "13", "no amount"),
        (f"purchase {name} {_yuan(limit)}", "51", "more than the card has"),
        (f"purchase {name} {_yuan(limit + 1)}", "61", f"over {_yuan(limit)}, the issuer's limit"),
        (f"load {name} {_yuan(limit + 1)}", "61", f"over {_yuan(limit)}, the issuer's limit"),
        (f"redeem {name} {least - 1}", "13", f"less than {least} points, the least there is"),
        (f"redeem {name} 999999", "51", "more points than the card has"),
    ):
        yield Magic(line=words, f39=f39, why=why, by=By.AMOUNT)


def _by_place() -> Iterator[Magic]:
    yield Magic(
        line="purchase pear 50.00",
        f39="57",
        why="Lantern Books takes no pear cards",
        by=By.PLACE,
        terminal=PEARLESS_TERMINAL,
    )


def _by_issuer() -> Iterator[Magic]:
    manners = {"slow": LATE}
    for amount, magic in MAGIC_AMOUNTS.items():
        f39 = magic.told or magic.f39 or manners.get(magic.manner.value, NOTHING)
        yield Magic(line=f"purchase lake {_yuan(amount)}", f39=f39, why=magic.why, by=By.ISSUER)


def _yuan(amount_minor: int) -> str:
    return f"{amount_minor // 100}.{amount_minor % 100:02d}"


MAGIC: Final = (*_by_card(), *_by_amount(), *_by_place(), *_by_issuer())
"""Every row is typed by a test."""


HEAD: Final = (
    "typed at a till (posswitch simulate pos --prompt), and the F39 it is answered; --: no answer, "
    "and what may stand is reversed; ??: as long as the switch waits"
)
UNTOLD: Final[dict[str, str]] = {NOTHING: "--", LATE: "??"}
"""What stands in the place of F39 where none is told, or it depends."""


def magic_rows() -> list[dict[str, str | None]]:
    """The table for programs; a code of None: no answer, or it depends."""
    return [
        {
            "typed": magic.line,
            "code": magic.f39 if magic.f39 not in UNTOLD else None,
            "why": magic.why,
            "by": magic.by.name.lower(),
            "terminal": magic.terminal or None,
        }
        for magic in MAGIC
    ]


def magic_text() -> str:
    """The table, 80 columns wide at most."""
    lines = columns((0, said(HEAD)))
    for by in By:
        lines += columns((0, said(f"declined {by.value}")))
        for magic in MAGIC:
            if magic.by is by:
                where = said(f" (terminal {magic.terminal})") if magic.terminal else ""
                f39 = UNTOLD.get(magic.f39, magic.f39)
                lines += columns((2, ""), (30, magic.line), (4, f39), (0, said(magic.why) + where))
    return "\n".join(lines)
