"""How the night settles the points of an alliance: what is paid for, from whom to whom.

Merchants settle with the issuer of the card, so each leg is between two who know each other. Who
gave points out pays for them, when they were given out or when they are taken, as the terms of
that day say; who took them is paid, less the house's fee, of which the card's issuer has a share.
"""

import enum
from collections.abc import Mapping
from typing import Final, NamedTuple

from host.ledger import Chart


@enum.unique
class Settled(enum.StrEnum):
    """When points are paid for by who gave them out."""

    AT_ISSUE = "at_issue"
    AT_REDEMPTION = "at_redemption"
    PREFUNDED = "prefunded"


class Act(NamedTuple):
    """Between which accounts something is paid, where it is more than nothing."""

    debit: Chart
    credit: Chart
    meaning: str


ACTS: Final[Mapping[str, Act]] = {
    "given": Act(
        Chart.ALLIANCE_PAYABLE, Chart.ISSUER_ALLIANCE, "given out, paid for by who gave them"
    ),
    "used": Act(
        Chart.ALLIANCE_PAYABLE, Chart.ISSUER_ALLIANCE, "taken now, paid for by who gave them out"
    ),
    "taken": Act(Chart.ISSUER_ALLIANCE, Chart.ALLIANCE_PAYABLE, "taken, paid to who took them"),
    "fee": Act(Chart.ALLIANCE_PAYABLE, Chart.HOUSE_FEES, "of what was paid to who took them"),
    "share": Act(Chart.HOUSE_FEES, Chart.ISSUER_ALLIANCE, "of that fee, to the card's issuer"),
    "given_rest": Act(Chart.ROUNDING, Chart.ISSUER_ALLIANCE, "of the whole, beside its parts"),
    "used_rest": Act(Chart.ROUNDING, Chart.ISSUER_ALLIANCE, "of the whole, beside its parts"),
    "taken_rest": Act(Chart.ISSUER_ALLIANCE, Chart.ROUNDING, "of the whole, beside its parts"),
    "netted": Act(Chart.ALLIANCE_FUND, Chart.ALLIANCE_PAYABLE, "of a month, from what was put up"),
}
HELD: Final = "held"
"""Given out, and paid for when they are taken: nothing is posted yet."""


def pairs() -> frozenset[tuple[Chart, Chart]]:
    """Each pair of accounts that a settlement may move value between, prefunded or not."""
    funded = {Chart.ALLIANCE_PAYABLE: Chart.ALLIANCE_FUND}
    said = {(act.debit, act.credit) for act in ACTS.values()}
    prefunded = {(funded.get(debit, debit), funded.get(credit, credit)) for debit, credit in said}
    straight = said | {pair for pair in prefunded if pair[0] is not pair[1]}
    return frozenset(straight | {(credit, debit) for debit, credit in straight})
