"""Codes that were heard under an order-blind key, each with the message it stood on.

`up-ecb` gives two messages of the same fold one code, so who has overheard a message can make
others that the code fits. The switch has heard that message too, or has said it: here is
remembered which codes stood on what, for the newest of each terminal. The same code on another
message is nobody's honest work: two such messages of a terminal have one code by chance once in
four thousand million, so a message has that of one of the 512 that are kept once in eight million;
its terminal is told to sign on, and asks again under new keys. A repeat is the same message and
stays one. The one exception has its trace twice in it: two confirmations alike in all else (card,
amount) may share their code, so the second is believed only under newer keys, which three refusals
make its terminal fetch.

Each switch process remembers for itself, from its start on. It is the second fence: the first is
that such terminals are heard only where nobody else listens (`ecb_networks`, TLS).
"""

import sys
from array import array
from binascii import unhexlify
from collections.abc import Callable
from typing import Final

from host.hsm.mac import Mac

CODES_MAX: Final = 512
"""Of one terminal, requests and answers: a day and more of a busy one."""
_WORD: Final = 4
"""Bytes of a code without its hexadecimal spelling, and of a mark."""
_BITS: Final = 8 * _WORD
_MARK_MASK: Final = (1 << _BITS) - 1
_CODE_AT: Final = _WORD if sys.byteorder == "little" else 0
"""Where the code stands in the bytes of an entry."""
_CLASSES: Final = 2048
"""Of codes, by their last eleven bits."""

Mark = Callable[[bytes], int]
"""A digest of what a code covers that nobody outside this process can aim at."""


class Codes:
    """A ring of entries, a code and its mark as one number, written over from the start.

    Bare numbers side by side, 8 KiB a terminal: what costs here is memory that was not looked at
    for a while. Most codes are new: how many are kept of each class says so without a search.
    """

    __slots__ = ("_at", "_kept", "_mark", "_ring")

    def __init__(self, mark: Mark = hash) -> None:
        self._ring = array("Q", bytes(2 * _WORD * CODES_MAX))
        self._kept = array("H", bytes(2 * _CLASSES))
        self._at = 0
        self._mark = mark

    def is_anothers(self, tag: bytes, covered: bytes) -> bool:
        """Whether this code (8 hexadecimal characters) stood on another message before.

        If it did not, it is remembered with this one.
        """
        code, mark = int.from_bytes(unhexlify(tag)), self._mark(covered) & _MARK_MASK
        ring, kept, at = self._ring, self._kept, self._at
        if kept[code % _CLASSES]:
            known = self._entry_of(code)
            if known is not None:
                return known & _MARK_MASK != mark
        oldest = ring[at]
        if oldest:
            kept[(oldest >> _BITS) % _CLASSES] -= 1
        kept[code % _CLASSES] += 1
        ring[at] = code << _BITS | mark
        self._at = (at + 1) % CODES_MAX
        return False

    def _entry_of(self, code: int) -> int | None:
        """What is remembered of it, looked for at the speed of memory."""
        entries, sought = self._ring.tobytes(), code.to_bytes(_WORD, sys.byteorder)
        at = entries.find(sought)
        while at >= 0:
            place, offset = divmod(at, 2 * _WORD)
            if offset == _CODE_AT and self._ring[place]:
                return self._ring[place]
            at = entries.find(sought, at + 1)
        return None


class OnceMac:
    """A key whose codes each stand on one message: a filling of `host.hsm.mac.Mac`."""

    __slots__ = ("_codes", "_mac")

    def __init__(self, mac: Mac, codes: Codes) -> None:
        self._mac = mac
        self._codes = codes

    def compute(self, data: bytes) -> bytes:
        """The code, remembered: an answer is overheard as well."""
        tag = self._mac.compute(data)
        self._codes.is_anothers(tag, data)
        return tag

    def verify(self, data: bytes, tag: bytes) -> bool:
        """Whether the code is right and stood on nothing else before."""
        return self._mac.verify(data, tag) and not self._codes.is_anothers(tag, data)
