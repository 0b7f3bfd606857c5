"""An export of the ledger, verified: verify_export.py FILE KEY. From proof.md alone."""

import hashlib
import sys
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

NOWHERE = (0, bytes(32))


class WrongError(Exception):
    """The first bad line of an export."""


def counted(text):
    number = int(text)
    if str(number) != text:
        raise ValueError("a number is written otherwise")
    return number


def raw(text):
    data = bytes.fromhex(text)
    if data.hex() != text:
        raise ValueError("digits are written otherwise")
    return data


class Export:
    def __init__(self, key):
        self.key, self.ends, self.opened, self.place = key, {}, None, None
        self.first = self.last = self.head = None
        self.is_ended, self.line = False, 0

    def take(self, line, text):
        self.line = line
        kind, *told = text.split(" ")
        if self.is_ended or (line == 1) != (text == "ledger export 1"):
            raise ValueError("it does not belong here")
        if kind in {"row", "change"}:
            self.covered(kind, text.partition(" ")[2])
        elif line > 1:
            self.close()
            TAKES[kind](self, *told)

    def covered(self, kind, row):
        _, chain, _, digest = self.opened or (0, ("none", ""), None, None)
        if {"row": "seal", "change": "link"}[kind] != chain[0]:
            raise ValueError("nothing covers it")
        digest.update(f"{row}\n".encode())

    def close(self):
        if self.opened is not None:
            at, chain, stands, digest = self.opened
            if digest.digest() != stands[1]:
                raise WrongError(
                    f"line {at}: what stands behind it, up to {self.line - 1}, is not as sealed"
                )
            self.ends[chain], self.opened = stands, None

    def begin(self, first, last):
        if self.line != 2 or counted(first) >= counted(last):
            raise ValueError("it does not say from where to where")
        self.first, self.last = counted(first), counted(last)
        self.head = 0 if self.first == 0 else None

    def seal(self, shard, number, digest):
        self.open(("seal", shard), counted(number), digest)

    def link(self, number, moment, digest):
        self.open(("link", "0"), counted(number), digest)
        self.opened[3].update(f"{moment}\n".encode())

    def open(self, chain, number, digest):
        before, place = (
            self.ends.get(chain, NOWHERE),
            (chain[0] == "link", counted(chain[1]), number),
        )
        if self.head is None or number != before[0] + 1 or place < (self.place or place):
            raise ValueError("it is out of its place")
        self.place = place
        self.opened = (self.line, chain, (number, raw(digest)), hashlib.sha256(before[1]))

    def checkpoint(self, number, signature, body):
        text, number = raw(body).decode(), counted(number)
        self.key.verify(raw(signature), text.encode())
        parts = [one.split(" ") for one in text.splitlines() if one.startswith(("seal ", "link "))]
        ends = {(kind, shard): (counted(at), raw(end)) for kind, shard, at, end in parts}
        if not text.startswith(f"posswitch head {number}\n"):
            raise ValueError("another checkpoint was signed")
        if self.head is None and number == self.first:
            self.ends = ends
        elif self.head is None or not self.head < number <= self.last or ends != self.ends:
            raise ValueError("the chains do not stand as it says")
        self.head, self.place = number, None

    def end(self, lines):
        if self.head != self.last or self.place is not None or counted(lines) != self.line - 1:
            raise ValueError("what was before it is missing")
        self.is_ended = True


TAKES = {
    "range": Export.begin,
    "head": Export.checkpoint,
    "seal": Export.seal,
    "link": Export.link,
    "end": Export.end,
}


def untagged(line, running):
    running.update(line[9:])
    if line[:9] != running.hexdigest()[:8].encode() + b" " or not line.endswith(b"\n"):
        raise ValueError("it was changed, or one before it is missing")
    return line[9:-1].decode()


def verify(file, key):
    export, running, number = Export(key), hashlib.sha256(), 0
    for number, line in enumerate(file, 1):
        try:
            export.take(number, untagged(line, running))
        except InvalidSignature:
            raise WrongError(f"line {number}: it is not signed by this key") from None
        except (KeyError, TypeError, ValueError) as error:
            raise WrongError(f"line {number}: {error}") from None
    if not export.is_ended:
        raise WrongError(f"line {number + 1}: the end is missing")
    return export.last


if __name__ == "__main__":
    try:
        with Path(sys.argv[1]).open("rb") as opened:
            trusted = Ed25519PublicKey.from_public_bytes(bytes.fromhex(sys.argv[2]))
            sys.exit(print(f"as signed, up to checkpoint {verify(opened, trusted)}"))
    except WrongError as wrong:
        sys.exit(str(wrong))
