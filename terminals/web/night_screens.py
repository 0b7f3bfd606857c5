"""NIGHT_SCREENS: what is decided about a date and its money, page by page."""

from typing import Final

from terminals.web.approvals_page import APPROVALS
from terminals.web.exceptions_page import EXCEPTIONS
from terminals.web.night_page import NIGHT
from terminals.web.screen import Screen
from terminals.web.settlement_page import SETTLEMENT

NIGHT_SCREENS: Final[tuple[Screen, ...]] = (SETTLEMENT, NIGHT, APPROVALS, EXCEPTIONS)
