"""Until when what comes with a made-up estate may be used: for years from whatever day it is.

Who loads an estate and who makes up its cards again, to type or to simulate, say the same of them
without asking each other, on different days. So the end moves by whole decades, and not by years:
all that begin in one decade have one end.
"""

import datetime as dt
from typing import Final

from host.clock import utc_now

DECADE: Final = 10


def last_year_of(today: dt.date) -> int:
    """2029 for who begins from 2019 to 2028, and 2039 from 2029 on: a year is left at least."""
    return (today.year + 1) // DECADE * DECADE + DECADE - 1


LAST_YEAR: Final = last_year_of(utc_now().date())
LAST_DAY: Final = dt.date(LAST_YEAR, 12, 31)
EXPIRY: Final = f"{LAST_DAY:%y%m}"
"""Of cards that end then."""
LATER_EXPIRY: Final = f"{LAST_DAY.replace(year=LAST_YEAR + 1):%y%m}"
"""Of cards that end a year later."""
