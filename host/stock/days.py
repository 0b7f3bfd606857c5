"""Which day it is, for whoever asks it of a card or a voucher outside of a sale.

The terms of both are kept by business dates. The clock's own date is another: of the zone that
counts moments, and so of yesterday for hours of each morning, or of tomorrow for hours before a
cut-off that is late.
"""

import datetime as dt

from host.store.connecting import Connection
from host.store.trace import open_date


def today_of(connection: Connection, now: dt.datetime) -> dt.date:
    """The business date that is open, as a sale is judged; where none is, the day of the house."""
    return open_date(connection) or now.astimezone().date()
