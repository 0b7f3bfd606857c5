"""Which bytes a message authentication code covers, and where it stands.

The last field of a sealed message, F64 or where there is a second bitmap F128, is its code:
8 bytes, or in a dialect that writes bytes in hexadecimal 16 characters. It covers the message
type, the bitmaps with its own bit set, and every field before it in wire encoding; not the
length, the TPDU or the header. How it is computed is `host.hsm.mac`'s.
"""

from typing import Final

from host.hsm.mac import Mac

TAG_BYTES: Final = 8
NO_TAG_YET: Final = "00" * TAG_BYTES
"""The code's field in a body to be sealed: it sets the bit and keeps the place."""


def covered(body: bytes, tag_bytes: int = TAG_BYTES) -> bytes:
    """The bytes of a sealed body that its code covers."""
    return body[:-tag_bytes]


def tag_is_right(body: bytes, mac: Mac, tag_bytes: int = TAG_BYTES) -> bool:
    """Whether a sealed body carries the code of this key."""
    tag = body[-tag_bytes:]
    if tag_bytes != TAG_BYTES:
        try:
            tag = bytes.fromhex(tag.decode("ascii"))
        except ValueError:
            return False
    return mac.verify(body[:-tag_bytes], tag)


def seal(body: bytes, mac: Mac, tag_bytes: int = TAG_BYTES) -> bytes:
    """The body with its code, given it was encoded with `NO_TAG_YET` in the code's field."""
    return with_tag(body[:-tag_bytes], mac, tag_bytes)


def with_tag(text: bytes, mac: Mac, tag_bytes: int = TAG_BYTES) -> bytes:
    """What a code covers, with the code behind it."""
    tag = mac.compute(text)
    return text + (tag if tag_bytes == TAG_BYTES else tag.hex().upper().encode())
