"""Finds secrets in files, in every form a program might have let them out in.

Digits (card numbers, PINs, tracks) are looked for as text, as packed digits beginning in either
half of a byte, and as text in other encodings; bytes (keys, PIN blocks) as they are and as
people print them.
"""

import base64
import sys
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
    wanted = [(pattern, _words_of(pattern)) for pattern in patterns]
    return [Found(*patterns[pattern], file) for file in files for pattern in _held_by(file, wanted)]


def files_below(directory: Path) -> list[Path]:
    """Every regular file; sockets and links hold nothing."""
    return [
        path
        for path in sorted(directory.rglob("*"))
        if path.is_file() and not path.is_symlink() and path.stat().st_size
    ]


def _held_by(file: Path, wanted: list[tuple[bytes, set[int]]]) -> Iterator[bytes]:
    """The patterns in a file. Most are ruled out by its words, faster than by looking for them."""
    content = file.read_bytes()
    words = set(memoryview(content)[: len(content) // WORD * WORD].cast("I"))
    for pattern, its_words in wanted:
        if (not its_words or not words.isdisjoint(its_words)) and pattern in content:
            yield pattern


def _words_of(pattern: bytes) -> set[int]:
    """One of these is an aligned word of every file that holds it; none where it is too short."""
    if len(pattern) < SURE_BYTES_MIN:
        return set()
    return {int.from_bytes(pattern[at : at + WORD], sys.byteorder) for at in range(WORD)}


def _base64(blob: bytes) -> bytes:
    """Without the last group, which what follows may change."""
    return base64.b64encode(blob)[: len(blob) // 3 * 4]
