"""Which bytes a message authentication code covers, and where it stands.

F64 is the last field of a sealed message, always 8 bytes. It covers the message type, the
bitmap with bit 64 set, and every field up to F63 in wire encoding; not the length, the TPDU or
the header. How it is computed is `host.hsm.mac`'s.
"""

from typing import Final

from host.hsm.mac import Mac

TAG_BYTES: Final = 8
NO_TAG_YET: Final = "00" * TAG_BYTES
"""F64 of a body to be sealed: it sets bit 64 and keeps the place."""


def covered(body: bytes) -> bytes:
    """The bytes of a sealed body that its code covers."""
    return body[:-TAG_BYTES]


def tag_is_right(body: bytes, mac: Mac) -> bool:
    """Whether a sealed body carries the code of this key."""
    return mac.verify(body[:-TAG_BYTES], body[-TAG_BYTES:])


def seal(body: bytes, mac: Mac) -> bytes:
    """The body with its code, given it was encoded with `NO_TAG_YET` in F64."""
    text = body[:-TAG_BYTES]
    return text + mac.compute(text)
