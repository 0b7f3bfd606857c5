"""Whether a lottery was drawn as it was frozen: recomputed from its file, and from nothing else.

Of a file that was written before the seed was told, the list is checked as far as it is chained:
which draws are right can be said of a later one alone.

This module needs Python's own library alone and shares no line with the program that drew, so that
the two agree only where both do what docs/lottery.md says. Copied anywhere, it runs:

    python lottery_proof.py FILE
"""

import hashlib
import hmac
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

HUNDRED_PERCENT = 1_000_000
_RANGE = 2**64
_FILE = ("commitment", "frozen", "list", "revealed", "seed")
_LINES = {
    "draw": ("draw", "hit", "link", "prize", "seq"),
    "undone": ("link", "seq", "undone"),
    "again": ("again", "link", "seq"),
}
"""What each line of the list says, by its word: all of it, and nothing beside."""


class BadFileError(Exception):
    """It cannot be read as the file of a lottery; says why."""


class Prize(NamedTuple):
    """A line of what was frozen."""

    place: int
    code: str
    parts: int
    stock: int | None
    kind: str
    amount: int
    name: str


class Verdict(NamedTuple):
    """What came of it."""

    code: str
    commitment: str
    draws: int
    undone: int
    prizes: dict[str, int]
    """Given out, by code, without what was undone."""
    faults: tuple[str, ...]
    """The first wrong line first; none where all is well."""
    is_told: bool
    """Whether the seed is in the file, without which no draw can be recomputed."""
    closes: str
    """Its last day: the seed is told behind it at the latest."""


def verify(text: str) -> Verdict:
    """Recompute all of a file.

    Raises:
        BadFileError: it is none.
    """
    try:
        told = json.loads(text, object_pairs_hook=_once_each)
        _check_kinds(told)
        return _verify(told)
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        msg = f"it is no file of a lottery: {type(error).__name__} {error}"
        raise BadFileError(msg) from error


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON that says nothing twice."""
    found = dict(pairs)
    if len(found) != len(pairs):
        msg = "something is said twice"
        raise ValueError(msg)
    return found


def _check_kinds(told: dict[str, Any]) -> None:
    """Each part is there and of its kind; nothing stands beside them."""
    _check_names(told, _FILE, "the file")
    if (told["seed"] is None) is not (told["revealed"] is None):
        msg = "its seed is told and its end is not, or the other way round"
        raise ValueError(msg)
    if told["seed"] is not None:
        _check_names(told["seed"], ("author", "freezer", "house"), "the seed")
        _check_names(told["revealed"], ("lines", "link"), "the reveal")
        _check_count(told["revealed"]["lines"], "the reveal")
    for at, line in enumerate(told["list"], start=1):
        word = next((one for one in _LINES if one in line), "draw")
        _check_names(line, _LINES[word], f"line {at}")
        for name in ("seq", "hit", "prize", "undone", "again"):
            _check_count(line.get(name, 0), f"line {at}")


def _check_names(told: dict[str, Any], names: tuple[str, ...], what: str) -> None:
    if tuple(sorted(told)) != names:
        msg = f"{what} says {', '.join(sorted(told))}; it has to say {', '.join(names)}"
        raise ValueError(msg)


def _check_count(value: object, what: str) -> None:
    if type(value) is not int or value < 0:
        msg = f"{what} counts with {value!r}"
        raise ValueError(msg)


def _verify(told: dict[str, Any]) -> Verdict:
    head, prizes = _read(told["frozen"])
    faults = list(_faults_of_frozen(told["frozen"], prizes))
    seed = _seed(told)
    if seed is not None:
        commitment = hashlib.sha256(seed + told["frozen"].encode()).hexdigest()
        if commitment != told["commitment"]:
            faults.append(
                "the commitment is not that of this seed and these odds: one of them was changed"
            )
    committed = bytes.fromhex(told["commitment"])
    if committed.hex() != told["commitment"]:
        msg = "the commitment is not in small digits, as it is told"
        raise ValueError(msg)
    walk = _Walk(head["code"], seed, committed, prizes)
    if prizes and prizes[-1].stock is None:
        faults += walk.follow(told["list"], told["revealed"])
    return Verdict(
        code=head["code"],
        commitment=told["commitment"],
        draws=len(walk.given),
        undone=len(walk.undone),
        prizes=walk.counted(),
        faults=tuple(faults),
        is_told=seed is not None,
        closes=head["closes"],
    )


def _seed(told: dict[str, Any]) -> bytes | None:
    """Out of its three parts; None where they are not told yet."""
    parts = told["seed"]
    if parts is None:
        return None
    made_of = ("posswitch-lottery-seed 1", parts["house"], parts["author"], parts["freezer"])
    return hashlib.sha256("\n".join(made_of).encode()).digest()


def _read(frozen: str) -> tuple[dict[str, str], list[Prize]]:
    """The lines that were frozen: names and values, and prizes in their order."""
    lines = frozen.split("\n")
    if lines[0] != "posswitch-lottery 1" or lines[-1]:
        msg = "another form than this can read"
        raise ValueError(msg)
    head = dict(line.split(" ", 1) for line in lines[1:-1] if not line.startswith("prize "))
    prizes = []
    for line in lines[1:-1]:
        if line.startswith("prize "):
            _, place, code, parts, stock, kind, amount, name = line.split(" ", 7)
            end = None if stock == "-" else int(stock)
            prizes.append(Prize(int(place), code, int(parts), end, kind, int(amount), name))
    return head, prizes


def _faults_of_frozen(frozen: str, prizes: list[Prize]) -> Iterator[str]:
    if frozen.count("\nname ") != 1:
        yield "what was frozen has no name, or two"
    if [prize.place for prize in prizes] != list(range(1, len(prizes) + 1)):
        yield "the prizes are not in their order"
    if sum(prize.parts for prize in prizes) != HUNDRED_PERCENT:
        yield "the odds do not add up to 100 %"
    if not prizes or prizes[-1].kind != "nothing" or prizes[-1].stock is not None:
        yield "the last prize is not nothing without end"


class _Walk:
    """The list from its first line on, with the stock of every moment."""

    def __init__(
        self, code: str, seed: bytes | None, commitment: bytes, prizes: list[Prize]
    ) -> None:
        self.code, self.seed, self.link, self.prizes = code, seed, commitment, prizes
        self.left = {prize.place: prize.stock for prize in prizes}
        self.given: dict[int, int] = {}
        """Place of each draw in the list to that of its prize."""
        self.undone: set[int] = set()
        self.keys: dict[str, int] = {}

    def follow(self, lines: list[dict[str, Any]], told: dict[str, Any] | None) -> Iterator[str]:
        """What is wrong, first things first. What follows a wrong line is reckoned as it says."""
        end = len(lines) if told is None else told["lines"]
        link = None if told is None else told["link"]
        if end == 0 and link is not None and self.link.hex() != link:
            yield "the reveal is not of this list: its last line has another link"
        for at, line in enumerate(lines, start=1):
            seq = line["seq"]
            if seq != at:
                yield f"line {at} is left out: {seq} follows {at - 1}"
                return
            yield from self._faults_of(line, seq, is_after=seq > end)
            if seq == end and link is not None and self.link.hex() != link:
                yield "the reveal is not of this list: its last line has another link"
        if len(lines) < end:
            yield f"line {len(lines) + 1} is left out: the reveal tells of {end} lines"

    def _faults_of(self, line: dict[str, Any], seq: int, *, is_after: bool) -> Iterator[str]:
        if "draw" in line:
            if is_after:
                yield f"draw {seq} was drawn after the seed was told"
            yield from self._draw(line, seq)
            text = f"draw {seq} {line['draw']} {line['hit']} {line['prize']}"
        else:
            word = "undone" if "undone" in line else "again"
            yield from self._turn(word, line[word], seq)
            text = f"{word} {seq} {line[word]}"
        self.link = hashlib.sha256(self.link + text.encode()).digest()
        if self.link.hex() != line["link"]:
            yield f"line {seq} is not what was chained to the lines before it"

    def _draw(self, line: dict[str, Any], seq: int) -> Iterator[str]:
        first = self.keys.setdefault(line["draw"], seq)
        if first != seq:
            yield f"draw {seq} ({line['draw']}) is draw {first} once more"
        hit = self._hit(line["draw"], seq) if self.seed is not None else line["hit"]
        there = (p.place for p in self.prizes if p.place >= hit and self.left[p.place] != 0)
        due = next(there, self.prizes[-1].place)
        if (line["hit"], line["prize"]) != (hit, due):
            yield (
                f"draw {seq} ({line['draw']}) hits {self._code_of(hit)} and gives "
                f"{self._code_of(due)}; the list says {self._code_of(line['hit'])} and "
                f"{self._code_of(line['prize'])}"
            )
        self.given[seq] = line["prize"]
        yield from self._take(line["prize"], seq)

    def _turn(self, word: str, of: int, seq: int) -> Iterator[str]:
        is_undone = of in self.undone
        if of not in self.given or is_undone is (word == "undone"):
            yield f"line {seq} takes back draw {of}, which is not there to be taken back"
        elif word == "undone":
            self.undone.add(of)
            left = self.left.get(self.given[of])
            if left is not None:
                self.left[self.given[of]] = left + 1
        else:
            self.undone.discard(of)
            yield from self._take(self.given[of], seq)

    def _take(self, place: int, seq: int) -> Iterator[str]:
        left = self.left.get(place)
        if left is None:
            return
        if left == 0:
            yield f"line {seq} gives {self._code_of(place)}, of which none is left"
            return
        self.left[place] = left - 1

    def _hit(self, key: str, seq: int) -> int:
        assert self.seed is not None, "it is asked where there is one"
        number = _below(self.seed, seq, f"{self.code} {key}".encode())
        for prize in self.prizes:
            number -= prize.parts
            if number < 0:
                return prize.place
        return self.prizes[-1].place

    def _code_of(self, place: int) -> str:
        return next((p.code for p in self.prizes if p.place == place), f"prize {place}")

    def counted(self) -> dict[str, int]:
        """How many of each prize were given, in their order."""
        stand = [place for seq, place in self.given.items() if seq not in self.undone]
        return {prize.code: stand.count(prize.place) for prize in self.prizes}


def _below(seed: bytes, seq: int, told: bytes, bound: int = HUNDRED_PERCENT) -> int:
    """HMAC-DRBG with SHA-256 of NIST SP 800-90A, 8 bytes at a time.

    Numbers beyond the last whole run of `bound` are thrown away.
    """
    key, value = b"\x00" * 32, b"\x01" * 32
    for mark in (b"\x00", b"\x01"):
        given = value + mark + seed + seq.to_bytes(16, "big") + told
        key = hmac.new(key, given, "sha256").digest()
        value = hmac.new(key, value, "sha256").digest()
    while True:
        value = hmac.new(key, value, "sha256").digest()
        number = int.from_bytes(value[:8], "big")
        if number < _RANGE - _RANGE % bound:
            return number % bound
        key = hmac.new(key, value + b"\x00", "sha256").digest()
        value = hmac.new(key, value, "sha256").digest()


def main() -> int:
    """The command of this file alone."""
    try:
        verdict = verify(Path(sys.argv[1]).read_text(encoding="utf-8"))
    except (IndexError, OSError, BadFileError) as error:
        sys.stderr.write(f"{error}\nusage: python lottery_proof.py FILE\n")
        return 2
    for fault in verdict.faults:
        sys.stdout.write(f"{fault}\n")
    word = "right" if verdict.is_told else "not to be said before its seed is told"
    word = "WRONG" if verdict.faults else word
    sys.stdout.write(f"{verdict.code}: {verdict.draws} draws, {verdict.undone} undone: {word}\n")
    return 1 if verdict.faults else 0 if verdict.is_told else 2


if __name__ == "__main__":
    sys.exit(main())
