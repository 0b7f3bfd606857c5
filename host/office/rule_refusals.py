"""What the office says no with where rules of the house are written and activated."""

from collections.abc import Mapping
from typing import Final

from host.office.refusals import RefusalKind

CONTRADICT: Final = RefusalKind(
    code="E-CONTRADICT",
    en="it contradicts rule {rule} ({name}): {words}",
    zh="与规则 {rule}({name}) 互斥: {words_zh}",
    why="two rules of one set that both have a say, and cannot both be meant, would be told apart "
    "by chance",
    next="give one of them a higher priority, narrow it, or retire the other: posswitch show rules",
)
DRY_RUN: Final = RefusalKind(
    code="E-DRY-RUN",
    en="rule {rule} was not tried since it was written",
    zh="规则 {rule} 请先试算一次",
    why="what a rule would have told on a day that was is seen before it tells anybody",
    next="posswitch rule dry-run RULE --date DATE",
)
RULE_REFUSALS: Final[Mapping[str, RefusalKind]] = {row.code: row for row in (CONTRADICT, DRY_RUN)}
