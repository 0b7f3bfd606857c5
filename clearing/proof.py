"""An export of the ledger that proves itself: to whoever has it and a public key, and no database.

A file of lines, each `TAG KIND ...`. The tag is the start of a running SHA-256 over all lines so
far, so that of whatever was changed by accident or by hand the first line is named. What cannot be
made anew by somebody without the key is behind it: every row is under its batch's seal, every noted
change under its link, and where both chains stand is in a checkpoint (a signed head, Ed25519).

    title    ledger export 1
    range    the checkpoints it runs from (0: from the beginning of all) and to
    head     number, signature, the text that is signed: what it names is where the chains stand
    seal     shard, number, digest; behind it its rows
    row      as `host.ledger` writes what a seal covers
    link     number, moment, digest; behind it its changes
    change   as `clearing.changed` writes what a link covers
    end      how many lines there are before it

Between two checkpoints stand the seals of each shard and the links that came since the one before.
Cards are in it by the house's own numbers; of what is secret there is nothing, or a keyed hash.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, NoReturn

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from host.ledger import FIRST_SEAL
from host.store.heads import Head

TITLE: Final = "ledger export 1"
TAG_LETTERS: Final = 8
LINE_BYTES_MAX: Final = 4 * 1024 * 1024
"""A longer line is none of ours."""
SEAL: Final = "seal"
LINK: Final = "link"

Chain = tuple[str, int]
"""`seal` and the shard, or `link` and 0."""


class Stands(NamedTuple):
    """Where a chain stands."""

    number: int
    digest: bytes


NOWHERE: Final = Stands(0, FIRST_SEAL)


class Fault(Exception):  # noqa: N818 - it is what was found, in a file that somebody gave us
    """The first bad line of an export, and what is wrong there."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(f"line {line}: {what}")
        self.line = line
        self.what = what


class Proved(NamedTuple):
    """What an export proves: that between these two checkpoints nothing was changed since."""

    first: Head | None
    """None: from the beginning of all."""
    last: Head
    heads: int
    seals: int
    rows: int
    links: int
    changes: int


class Writer:
    """Writes lines with their tags."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write
        self._running = hashlib.sha256()
        self._lines = 0

    def line(self, text: str) -> None:
        """One line; its text has no end of line in it."""
        assert "\n" not in text
        spelled = text.encode()
        self._write(_tag_of(self._running, spelled) + b" " + spelled + b"\n")
        self._lines += 1

    def head(self, head: Head) -> None:
        """A checkpoint."""
        self.line(f"head {head.number} {head.signature.hex()} {head.body.encode().hex()}")

    def end(self) -> None:
        """Nothing comes behind it."""
        self.line(f"end {self._lines}")


def verify(lines: Iterator[bytes], keys: Sequence[Ed25519PublicKey]) -> Proved:
    """What the export of these lines proves to whoever trusts these keys. Memory does not grow.

    Raises:
        Fault: it proves nothing; the first line that is not as it was written.
    """
    reading = _Reading(tuple(keys))
    for number, text in _texts(lines):
        reading.take(number, text)
    return reading.proved()


def lines_of(read: Callable[[int], bytes]) -> Iterator[bytes]:
    """The lines of an open file, by its `readline`: none longer than may be."""
    while line := read(LINE_BYTES_MAX + 1):
        yield line


@dataclass(slots=True)
class _Block:
    """A seal with its rows or a link with its changes, as far as it was read."""

    line: int
    chain: Chain
    stands: Stands
    is_of: str
    """What its lines are."""
    digest: "hashlib._Hash"

    def name(self) -> str:
        kind, shard = self.chain
        return _named(kind, shard, self.stands.number)


@dataclass(slots=True)
class _Reading:
    """An export as far as it was read."""

    keys: tuple[Ed25519PublicKey, ...]
    line: int = 0
    range: tuple[int, int] | None = None
    ends: dict[Chain, Stands] = field(default_factory=dict)
    block: _Block | None = None
    before: tuple[bool, int, int] | None = None
    """The seal or link before, since the last checkpoint."""
    first: Head | None = None
    last: Head | None = None
    is_ended: bool = False
    heads: int = 0
    seals: int = 0
    rows: int = 0
    links: int = 0
    changes: int = 0

    def take(self, number: int, text: str) -> None:
        """The next line."""
        self.line = number
        if self.is_ended:
            self._fault("something stands behind the end")
        kind, _, rest = text.partition(" ")
        if number == 1:
            return None if text == TITLE else self._fault(f"it is no {TITLE!r}")
        if number == 2:
            return self._range(kind, rest)
        take = _TAKES.get(kind)
        if take is None:
            self._fault("it is of no kind that an export has")
        try:
            return take(self, rest)
        except ValueError:
            self._fault(f"it cannot be read as a {kind}")

    def proved(self) -> Proved:
        """What all of it proves."""
        if not self.is_ended or self.last is None:
            raise Fault(self.line + 1, "the export is cut off: its end is missing")
        return Proved(
            self.first, self.last, self.heads, self.seals, self.rows, self.links, self.changes
        )

    def _range(self, kind: str, rest: str) -> None:
        try:
            first, last = map(_number, rest.split(" "))
        except ValueError:
            self._fault("it does not say from where to where the export runs")
        if kind != "range" or not 0 <= first < last:
            self._fault("it does not say from where to where the export runs")
        self.range = (first, last)

    def head(self, rest: str) -> None:
        self._close()
        number, signature, body = rest.split(" ")
        head = Head(_number(number), _bytes(body).decode(), _bytes(signature))
        if not head.is_signed_by(self.keys):
            self._fault(f"checkpoint {head.number} is not signed by this key")
        assert self.range is not None
        stand = {(kind, shard): Stands(at, digest) for kind, shard, at, digest in head.ends}
        if self._is_start():
            if head.number != self.range[0]:
                self._fault(f"checkpoint {self.range[0]} is where it starts, not {head.number}")
            self.first, self.ends = head, stand
        else:
            self._next_head(head, stand)
        self.before = None
        self.heads += 1

    def _is_start(self) -> bool:
        return self.range is not None and self.range[0] > 0 and self.first is None

    def _next_head(self, head: Head, stand: dict[Chain, Stands]) -> None:
        assert self.range is not None
        before = max(self.range[0], self.last.number if self.last is not None else 0)
        if not before < head.number <= self.range[1]:
            self._fault(f"checkpoint {head.number} is an older or later one than belongs here")
        for chain in sorted({*stand, *self.ends}):
            if stand.get(chain, NOWHERE) != self.ends.get(chain, NOWHERE):
                at = stand.get(chain, NOWHERE).number
                self._fault(
                    f"checkpoint {head.number} says that the chain stands at {_named(*chain, at)}, "
                    f"the export ends at {self.ends.get(chain, NOWHERE).number} or otherwise there"
                )
        self.last = head

    def seal(self, rest: str) -> None:
        shard, number, digest = rest.split(" ")
        self._begin((SEAL, _number(shard)), Stands(_number(number), _bytes(digest)), "row")
        self.seals += 1

    def link(self, rest: str) -> None:
        number, moment, digest = rest.split(" ")
        self._begin((LINK, 0), Stands(_number(number), _bytes(digest)), "change")
        assert self.block is not None
        self.block.digest.update(f"{moment}\n".encode())
        self.links += 1

    def _begin(self, chain: Chain, stands: Stands, is_of: str) -> None:
        self._close()
        if self._is_start():
            self._fault("the checkpoint that the export starts from is missing before it")
        before = self.ends.get(chain, NOWHERE)
        name = _named(*chain, stands.number)
        place = (chain[0] == LINK, chain[1], stands.number)
        if stands.number != before.number + 1:
            self._fault(f"{name} stands where {_named(*chain, before.number + 1)} has to")
        if self.before is not None and place < self.before:
            self._fault(f"{name} stands out of its order, or a checkpoint is missing before it")
        self.before = place
        self.block = _Block(self.line, chain, stands, is_of, hashlib.sha256(before.digest))

    def row(self, rest: str) -> None:
        self._in_block("row", rest)
        self.rows += 1

    def change(self, rest: str) -> None:
        self._in_block("change", rest)
        self.changes += 1

    def _in_block(self, kind: str, rest: str) -> None:
        if self.block is None or self.block.is_of != kind:
            self._fault(f"a {kind} stands behind nothing that covers it")
        self.block.digest.update(f"{rest}\n".encode())

    def end(self, rest: str) -> None:
        self._close()
        assert self.range is not None
        if self.last is None or self.last.number != self.range[1] or self.before is not None:
            self._fault(f"checkpoint {self.range[1]} is missing: the export is cut off")
        if _number(rest) != self.line - 1:
            self._fault(f"{rest} lines have to stand before the end, {self.line - 1} do")
        self.is_ended = True

    def _close(self) -> None:
        """What a block covers is known now: it has its digest, or a line of it is not as it was."""
        block, self.block = self.block, None
        if block is None:
            return
        if block.digest.digest() != block.stands.digest:
            raise Fault(
                block.line,
                f"{block.name()}, lines {block.line} to {self.line - 1}: what stands there is not "
                f"what was sealed",
            )
        self.ends[block.chain] = block.stands

    def _fault(self, what: str) -> NoReturn:
        raise Fault(self.line, what)


_TAKES: Final[dict[str, Callable[[_Reading, str], None]]] = {
    "head": _Reading.head,
    "seal": _Reading.seal,
    "row": _Reading.row,
    "link": _Reading.link,
    "change": _Reading.change,
    "end": _Reading.end,
}


def _texts(lines: Iterator[bytes]) -> Iterator[tuple[int, str]]:
    """Lines with their numbers, each with the right tag, without it.

    Raises:
        Fault: one is not as it was written.
    """
    running = hashlib.sha256()
    for number, line in enumerate(lines, 1):
        if not line.endswith(b"\n"):
            raise Fault(number, "the export is cut off in the middle of a line, or it is too long")
        tag, gap, spelled = line[:-1].partition(b" ")
        if not gap or tag != _tag_of(running, spelled):
            raise Fault(number, "it is not as it was written, or a line before it is missing")
        try:
            yield number, spelled.decode()
        except UnicodeDecodeError:
            raise Fault(number, "it is no text") from None


def _tag_of(running: "hashlib._Hash", spelled: bytes) -> bytes:
    running.update(spelled + b"\n")
    return running.hexdigest()[:TAG_LETTERS].encode()


def _number(text: str) -> int:
    """As it is written, and in no other way that means the same.

    Raises:
        ValueError: it is written otherwise.
    """
    number = int(text)
    if str(number) != text:
        raise ValueError(text)
    return number


def _bytes(text: str) -> bytes:
    """The same of hexadecimal digits: capitals are an edit."""
    data = bytes.fromhex(text)
    if data.hex() != text:
        raise ValueError(text)
    return data


def _named(kind: str, shard: int, number: int) -> str:
    return f"link {number} of changes" if kind == LINK else f"seal {number} of shard {shard}"
