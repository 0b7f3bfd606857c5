"""What the office says no with where lotteries are made, frozen and closed."""

from collections.abc import Mapping
from typing import Final

from host.office.refusals import RefusalKind

ODDS: Final = RefusalKind(
    code="E-ODDS",
    en="the odds add up to {percent} %: it has to be 100 %",
    zh="概率合计须为 100%, 现为 {percent}%",
    why="each draw is one of the prizes, of which the last is nothing",
    next="write all of them, and of nothing what is left",
)
NO_STOCK: Final = RefusalKind(
    code="E-STOCK",
    en="of prize {prize} there is none",
    zh="奖品 {prize} 库存不足",
    why="what is frozen can be won, and is given to who wins it",
    next="cancel the draft and make another, with as many as there are: posswitch lottery close",
)
OPEN_DRAWS: Final = RefusalKind(
    code="E-OPEN-DRAWS",
    en="draws of it are being decided just now",
    zh="有抽奖尚未完成",
    why="a list ends behind its last draw, and a host is at one",
    next="ask again in a moment",
)
NOT_DRAWN: Final = RefusalKind(
    code="E-NOT-DRAWN",
    en="nobody draws in this lottery now",
    zh="活动未开始或已结束",
    why="a lottery is drawn from its first day to its last, once it is frozen",
    next="look at the lotteries that are open",
)
DRAWN_ENOUGH: Final = RefusalKind(
    code="E-DRAWN-ENOUGH",
    en="you have drawn as often as anybody may",
    zh="抽奖次数已达上限",
    why="the number of draws of one card and of one member was frozen with the lottery",
    next="wait for another lottery",
)
LOTTERY_REFUSALS: Final[Mapping[str, RefusalKind]] = {
    row.code: row for row in (ODDS, NO_STOCK, OPEN_DRAWS, NOT_DRAWN, DRAWN_ENOUGH)
}
