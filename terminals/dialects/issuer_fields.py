"""What a foreign host may write: ISO 8583:1987 in characters with binary bitmaps, read wide.

Another house's answers are read as the standard has them, not as our own terminals write. Fields
46 to 48, 55 to 63 and 104 to 127 are text of up to 999 bytes, whatever is in them. Text fields
take every byte, for a name in another script or a padding of zeros must not make an approval
unreadable; what of it goes on to people or to a terminal is made printable by who reads it.
Digits stay digits: amounts, traces and dates are what an answer is believed by.
"""

from typing import Final

from terminals.codec import Codec, compile_spec
from terminals.dialects.ascii87_fields import BINARY_SPEC
from terminals.formats import ascii_lllany, widened

_RESERVED: Final = (*range(46, 49), *range(55, 64), *range(104, 128))

FOREIGN_SPEC: Final = {name: widened(field) for name, field in BINARY_SPEC.items()} | {
    str(number): ascii_lllany(999, "reserved") for number in _RESERVED
}
FOREIGN: Final[Codec] = compile_spec(FOREIGN_SPEC)
