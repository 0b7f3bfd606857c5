"""What the office says no with where an enterprise hands out vouchers."""

from collections.abc import Mapping
from typing import Final

from host.office.refusals import RefusalKind

BUDGET: Final = RefusalKind(
    code="E-BUDGET",
    en="the budget is short by {short}: {left} of it is left",
    zh="预存余额不足, 差 {short}: 剩余 {left}",
    why="an enterprise spends no more on vouchers than its issuer has granted it",
    next="have the budget raised (posswitch enterprise grant), or choose fewer people",
)
ENTERPRISE_REFUSALS: Final[Mapping[str, RefusalKind]] = {row.code: row for row in (BUDGET,)}
