"""What the office says no with where merchants are paid."""

from collections.abc import Mapping
from typing import Final

from host.office.refusals import RefusalKind

ACCOUNT_HOURS: Final = 24
"""So long after it was changed nothing is paid to an account, nor from it."""
ACCOUNT: Final = RefusalKind(
    code="E-ACCOUNT",
    en="{whose} has no bank account that has stood for 24 hours",
    zh="{whose} 没有账户, 或账户变更未满 24 小时",
    why="who takes an account over by a change of it is found out by its owner within a day",
    next="posswitch payout-account save where there is none; else wait a day after its change",
)
MINIMUM: Final = RefusalKind(
    code="E-MINIMUM",
    en="{whose} is owed {amount}, and paid from {least} on",
    zh="{whose} 应付 {amount}, 未达起付额 {least}",
    why="a payment costs its fee: what is less is carried to the next",
    next="wait for the statements of later dates, or have payout-minor-min set otherwise",
)
NOTHING_DUE: Final = RefusalKind(
    code="E-NOTHING-DUE",
    en="no statement is there to be paid: {which}",
    zh="没有可付款的结算单: {which}",
    why="a statement is paid once: when its date is released and both sides have confirmed it",
    next="posswitch show settlements says what each lacks, posswitch show payouts what was paid; "
    "what came back is paid again with a later date than it was",
)
PAID_ALREADY: Final = RefusalKind(
    code="E-PAID",
    en="somebody else has just instructed a payment",
    zh="他人刚刚已生成付款指令",
    why="a statement is paid once, whoever asks for it at the same time",
    next="posswitch show payouts; then ask for what is left",
)
NO_FILE: Final = RefusalKind(
    code="E-PAYMENT-FILE",
    en="the payment file cannot leave: {problem}",
    zh="付款文件不能交出: {problem}",
    why="a bank refuses a file that is not of its schema, and another one than was agreed to pays "
    "somebody else",
    next="correct the account that is named; run posswitch audit where the file is another",
)
PAYOUT_REFUSALS: Final[Mapping[str, RefusalKind]] = {
    row.code: row for row in (ACCOUNT, MINIMUM, NOTHING_DUE, PAID_ALREADY, NO_FILE)
}
