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
LINK: Final = RefusalKind(
    code="E-VOUCHER-LINK",
    en="this link leads to no voucher any more",
    zh="链接无效, 或该券已使用或已过期",
    why="a link is good until its voucher is redeemed, given away or over",
    next="whoever has a voucher sees it at /me after signing in by phone",
)
ENTERPRISE_REFUSALS: Final[Mapping[str, RefusalKind]] = {row.code: row for row in (BUDGET, LINK)}
