"""What the office says no with where days of advertising are booked."""

from collections.abc import Mapping
from typing import Final

from host.office.refusals import RefusalKind

TAKEN: Final = RefusalKind(
    code="E-TAKEN",
    en="of these days {days} are taken, the first is {first}",
    zh="所选日期中有 {days} 天已被预订, 最早为 {first}",
    why="a day of a place for advertising is one merchant's, whoever booked it first",
    next="book other days (posswitch show ad-slots says from when it is free), or another place",
)
ADVERT_REFUSALS: Final[Mapping[str, RefusalKind]] = {row.code: row for row in (TAKEN,)}
