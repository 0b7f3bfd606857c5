"""What a terminal downloads as its parameters: F62 of a 0800/360, tag n2 and value, in order.

The tags are those UnionPay POS terminals read; a terminal skips none it does not know, so only
those that every terminal has are sent. Texts are GBK, filled with spaces.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import msgspec

from host.book import Terminal
from host.desk.sheet import Clerk
from host.model.requests import Request, Response
from host.model.responses import Reason
from host.store.settlement import merchant_name

MERCHANT_NAME_BYTES: Final = 40


@dataclass(frozen=True, slots=True)
class ParameterRow:
    """One parameter: its tag, what it is, and its value for a merchant of this name."""

    tag: str
    meaning: str
    value: Callable[[str], bytes]


def _name(merchant: str) -> bytes:
    """Cut between characters, never within one."""
    text = merchant
    while len(data := text.encode("gb18030")) > MERCHANT_NAME_BYTES:
        text = text[:-1]
    return data.ljust(MERCHANT_NAME_BYTES)


def _always(digits: bytes) -> Callable[[str], bytes]:
    return lambda _merchant: digits


PARAMETERS: Final = (
    ParameterRow("12", "seconds a terminal waits for an answer, n2", _always(b"60")),
    ParameterRow("18", "tips, n1", _always(b"0")),
    ParameterRow("20", "card numbers may be keyed, n1", _always(b"1")),
    ParameterRow("21", "signs off after settling, n1", _always(b"0")),
    ParameterRow("22", "merchant's name on slips, ans40", _name),
    ParameterRow("23", "how often a message is repeated, n1", _always(b"3")),
)


def parameters_for(merchant: str) -> bytes:
    """All of them, for a terminal of this merchant."""
    return b"".join(row.tag.encode() + row.value(merchant) for row in PARAMETERS)


def download(desk: Clerk, request: Request, terminal: Terminal) -> Response:
    """Tell a terminal its parameters."""
    name = merchant_name(desk.opened(), terminal.terminal_id)
    plain = desk.plain(request, Reason.APPROVED)
    return msgspec.structs.replace(plain, parameters=parameters_for(name))
