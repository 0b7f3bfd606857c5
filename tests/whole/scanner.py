"""Finds secrets in files, in every form a program might have let them out in.

Digits (card numbers, PINs, tracks) are looked for as text, as packed digits beginning in either
half of a byte, and as text in other encodings; bytes (keys, PIN blocks) as they are and as
people print them.
"""

import base64
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Found:
    """A secret, by name, in a form, in a file. Its value is not repeated here."""

    secret: str
    form: str
    file: Path

    def __str__(self) -> str:
        return f"{self.secret} as {self.form} in {self.file}"


WORD = 4
SURE_BYTES_MIN = 2 * WORD - 1
"""Wherever a pattern so long stands, a whole aligned word of the file lies inside it."""

PAGE_BYTES = 8192
"""So much of a file is looked at as one: of a database most is in several files, or empty."""

Patterns = dict[bytes, tuple[str, str]]
"""What to look for, and of which secret in which form it is."""


def patterns_of(digits: Mapping[str, str], blobs: Mapping[str, bytes]) -> Patterns:
    """Every form of every secret, by name. Digits may have a D or an = where a track has one."""
    patterns: Patterns = {}
    for name, text in digits.items():
        patterns |= {form: (name, how) for how, form in forms_of_digits(text)}
    for name, blob in blobs.items():
        patterns |= {form: (name, how) for how, form in forms_of_bytes(blob)}
    return patterns


def forms_of_digits(text: str) -> Iterator[tuple[str, bytes]]:
    """A number or track: as text, packed, and as text of other machines."""
    packed = text.replace("=", "D")
    for spelled in {text, text.replace("D", "=")}:
        yield "text", spelled.encode("ascii")
        yield "UTF-16", spelled.encode("utf-16-le")
        yield "UTF-16, high byte first", spelled.encode("utf-16-be")
        yield "EBCDIC", spelled.encode("cp037")
        yield "hexadecimal of its text", spelled.encode().hex().encode()
        yield "base64 of its text", _base64(spelled.encode())
    yield "packed digits", bytes.fromhex(packed[: len(packed) // 2 * 2])
    yield "packed digits from a half byte", bytes.fromhex(packed[1:][: (len(packed) - 1) // 2 * 2])


def forms_of_bytes(blob: bytes) -> Iterator[tuple[str, bytes]]:
    """A key or block: as it is, in hexadecimal, as Python and JSON print it."""
    yield "bytes", blob
    yield "base64", _base64(blob)
    yield "escaped", repr(blob)[2:-1].encode()
    for how, spelled in (("lower", blob.hex()), ("upper", blob.hex().upper())):
        yield f"{how} hexadecimal", spelled.encode()
        yield f"{how} hexadecimal in UTF-16", spelled.encode("utf-16-le")
        yield f"{how} hexadecimal in UTF-16, high byte first", spelled.encode("utf-16-be")


def scan(files: Iterable[Path], patterns: Patterns) -> list[Found]:
    """Everything found, each secret and form once a file."""
    wanted = _Wanted(patterns)
    return [
        Found(*patterns[pattern], file)
        for file in files
        for pattern in wanted.held_by(file.read_bytes())
    ]


def files_below(directory: Path) -> list[Path]:
    """Every regular file; sockets and links hold nothing."""
    return [
        path
        for path in sorted(directory.rglob("*"))
        if path.is_file() and not path.is_symlink() and path.stat().st_size
    ]


class _Wanted:
    """Patterns by their words. A content that holds one has all its words at the places that are
    read, which rules out most of them, faster than looking for them; a page is read once."""

    def __init__(self, patterns: Iterable[bytes]) -> None:
        self._short, self._words = list[bytes](), set[int]()
        self._by_last = defaultdict[int, list[tuple[bytes, list[int]]]](list)
        for pattern in patterns:
            if len(pattern) < SURE_BYTES_MIN:
                self._short.append(pattern)
                continue
            for start in range(WORD):
                words = _words_of(pattern[start:])
                self._words.update(words)
                self._by_last[words[-1]].append((pattern, words))
        self._of_page: dict[bytes, frozenset[int]] = {}

    def held_by(self, content: bytes) -> Iterator[bytes]:
        """Those in the content, each once."""
        there = self._words_in(content)
        telling = (
            pattern
            for word in there
            for pattern, words in self._by_last.get(word, ())
            if there.issuperset(words)
        )
        for pattern in dict.fromkeys([*self._short, *telling]):
            if pattern in content:
                yield pattern

    def _words_in(self, content: bytes) -> set[int]:
        found: set[int] = set()
        for start in range(0, len(content), PAGE_BYTES):
            page = content[start : start + PAGE_BYTES]
            known = hashlib.sha256(page).digest()
            if known not in self._of_page:
                self._of_page[known] = frozenset(self._words.intersection(_words_of(page)))
            found |= self._of_page[known]
        return found


def _words_of(content: bytes) -> list[int]:
    """One after the other, from its beginning."""
    return memoryview(content)[: len(content) // WORD * WORD].cast("I").tolist()


def _base64(blob: bytes) -> bytes:
    """Without the last group, which what follows may change."""
    return base64.b64encode(blob)[: len(blob) // 3 * 4]
