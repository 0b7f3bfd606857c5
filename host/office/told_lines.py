"""A line of a file that is to be reconciled, whatever layout it came in."""

import datetime as dt

import msgspec


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody else says of one transaction or payment. What they do not say is empty."""

    line: int
    """Of the file, from 1."""
    rrn: str = ""
    """Its RRN; of a payment its end-to-end id; of what went over a port the port's number."""
    terminal_id: str = ""
    batch: str = ""
    trace: str = ""
    traded_on: dt.date | None = None
    unit: str
    amount_minor: int
    """Positive is what an issuer owes a merchant, what was paid to one, or what a port took."""
    returned_for: str = ""
    """Of a payment that came back: why, as the bank has it."""
