"""Codes that were heard under an order-blind key, each with the message it stood on.

`up-ecb` gives two messages of the same fold one code, so who has overheard a message can make
others that the code fits. The switch has heard that message too, or has said it: here is
remembered which codes stood on what, for the newest of each terminal. The same code on another
message is nobody's honest work: two such messages of a terminal have one code by chance once in
four thousand million. A repeat is the same message and stays one. The one exception has its trace
twice in it: two confirmations alike in all else (card, amount) may share their code, so the second
is believed only under newer keys, which three refusals make its terminal fetch.

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
_MARK_MASK: Final = 0xFFFF_FFFF
_CLASSES: Final = 2048
_CLASS_MASK: Final = _CLASSES - 1
"""Codes are of one class whose last eleven bits are alike."""

Mark = Callable[[bytes], int]
"""A digest of what a code covers that nobody outside this process can aim at."""


class Codes:
    """A ring of codes and one of their marks, written over from the start.

    Bare numbers side by side, 8 KiB a terminal. Most codes are new: how many are kept of each
    class says so without a search.
    """

    __slots__ = ("_at", "_codes", "_kept", "_mark", "_marks")

    def __init__(self, mark: Mark = hash) -> None:
        self._codes = array("I")
        self._marks = array("I")
        self._kept = array("H", bytes(2 * _CLASSES))
        self._at = 0
        self._mark = mark

    def is_anothers(self, tag: bytes, covered: bytes) -> bool:
        """Whether this code (8 hexadecimal characters) stood on another message before.

        If it did not, it is remembered with this one.
        """
        code, mark = int.from_bytes(unhexlify(tag)), self._mark(covered) & _MARK_MASK
        codes, kept = self._codes, self._kept
        if kept[code & _CLASS_MASK]:
            place = self._place_of(code)
            if place is not None:
                return self._marks[place] != mark
        kept[code & _CLASS_MASK] += 1
        if len(codes) < CODES_MAX:
            codes.append(code)
            self._marks.append(mark)
            return False
        at = self._at
        kept[codes[at] & _CLASS_MASK] -= 1
        codes[at], self._marks[at] = code, mark
        self._at = (at + 1) % CODES_MAX
        return False

    def _place_of(self, code: int) -> int | None:
        """Where it stands in the ring, looked for at the speed of memory."""
        ring, sought = self._codes.tobytes(), code.to_bytes(_WORD, sys.byteorder)
        at = ring.find(sought)
        while at >= 0 and at % _WORD:
            at = ring.find(sought, at + 1)
        return at // _WORD if at >= 0 else None


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
