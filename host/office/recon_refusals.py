"""What the office says no with where files are reconciled and differences are answered."""

from collections.abc import Mapping
from typing import Final

from host.office.refusals import RefusalKind

SUM: Final = RefusalKind(
    code="E-SUM",
    en="what we have and what they have differ by {amount}",
    zh="两边差 {amount}",
    why="differences match each other only where both sides come to the same",
    next="name all that belong together, or write off what is left: posswitch show recon-items",
)
UNFIT: Final = RefusalKind(
    code="E-POSTING",
    en="that posting is of {posted} or has mended another, and the difference is of {amount}",
    zh="入账金额 {posted} 与差错 {amount} 不符, 或已用于其他差错",
    why="a difference is mended by a posting of its own amount and unit, and each mends one",
    next="posswitch trace RRN says what it was; name the one that was posted for this",
)
SENT_BEFORE: Final = RefusalKind(
    code="E-FILE-TWICE",
    en="this very file was taken before",
    zh="该文件已导入过",
    why="what stands in it would count twice; files are told apart by their SHA-256",
    next="posswitch show recon-files says when, and by whom",
)
ONE_OF_DATE: Final = RefusalKind(
    code="E-FILE-OF-DATE",
    en="another file of that date was taken from the same sender",
    zh="该来源该营业日已有另一文件",
    why="what was matched by it stays; a second one would say the same transactions once more",
    next="answer what differs by the first one: posswitch show recon-items --date DATE",
)
RECON_REFUSALS: Final[Mapping[str, RefusalKind]] = {
    row.code: row for row in (SUM, UNFIT, SENT_BEFORE, ONE_OF_DATE)
}
