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
RULE_REFUSALS: Final[Mapping[str, RefusalKind]] = {CONTRADICT.code: CONTRADICT}
