"""What the office says no with where a statement is disputed."""

from collections.abc import Mapping
from typing import Final

from host.office.refusals import RefusalKind

LATE: Final = RefusalKind(
    code="E-LATE",
    en="rows of it could be disputed for {days} days",
    zh="已超过异议期 {days} 天",
    why="what stands so long is what both sides reckon with",
    next="confirm it, and have finance post what differs: a later statement shows that",
)
PAID: Final = RefusalKind(
    code="E-STATEMENT-PAID",
    en="it is paid, or is about to be: a payment of it was instructed",
    zh="已付款或已生成付款指令",
    why="nothing is held out of what the bank was told to pay",
    next="posswitch show payouts; have finance post what differs: a later statement shows that",
)
HELD: Final = RefusalKind(
    code="E-DISPUTED",
    en="the other side disputes one of these transactions already",
    zh="其中有交易已被对方提出异议",
    why="a row is held out once, whoever disputes it",
    next="posswitch show disputes; name the others alone",
)
DISPUTE_REFUSALS: Final[Mapping[str, RefusalKind]] = {row.code: row for row in (LATE, PAID, HELD)}
