"""Bytes out of source code and logs: literals, numbers, hexadecimal in quotes or in a line."""

import ast
import re
from collections.abc import Iterator
from typing import Final

_COMMENT: Final = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_DECLARED_SIZE: Final = re.compile(r"\[[^\]]*\](?=[^\n]*[={])")
_NUMBER: Final = re.compile(r"0[xX]([0-9A-Fa-f]{1,16})\b")
_LITERAL: Final = re.compile(r"\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)'", re.DOTALL)
_ALONE: Final = re.compile(
    r"(?:[\w\[\] *.:]+=\s*)?(?:[\w.]*\()?"
    r"(?:\s*[bBrRuU]{0,2}(?:\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'))+\s*\)?[;,]?",
    re.DOTALL,
)
"""Nothing but literals: what a debugger or a repr shows of a message in characters."""
_ESCAPE: Final = re.compile(
    rb"\\(?:x([0-9A-Fa-f]{2})|u00([0-9A-Fa-f]{2})|([0-7]{1,3})|(\r?\n)|(.))", re.DOTALL
)
_NAMED: Final = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"a": b"\a", b"b": b"\b", b"f": b"\f",
                 b"v": b"\v"}  # fmt: skip
_NOTHING_BUT: Final = {
    re.compile(r"(?:\\[0-7]{3}\s*)+"): 8,
    re.compile(r"(?:%[0-9A-Fa-f]{2}\s*)+"): 16,
}
"""Escapes alone, and their base: of a shell, of an address."""
_UNIT: Final = {8: re.compile(r"[0-7]{3}"), 16: re.compile(r"[0-9A-Fa-f]{2}")}
_BYTEA: Final = re.compile(r"\\x(?:[0-9A-Fa-f]{2}){2,}")
"""As PostgreSQL shows bytes."""
_IN_A_LINE: Final = re.compile(
    r"(?<![0-9A-Za-z])(?:[0-9A-Fa-f]{2}){10,}(?![0-9A-Za-z])"
    r"|(?<![0-9A-Za-z])[0-9A-Fa-f]{2}(?:[ :-][0-9A-Fa-f]{2}){9,}(?![0-9A-Za-z])"
)


def literals_in(text: str) -> Iterator[bytes]:
    """What the text may hold as source code, the surest first."""
    bare = without_comments(text)
    for alone, base in _NOTHING_BUT.items():
        if alone.fullmatch(bare.strip()):
            yield bytes(int(each, base) & 0xFF for each in _UNIT[base].findall(bare))
    if _BYTEA.fullmatch(bare.strip()):
        yield bytes.fromhex(bare.strip()[2:])
    if "\\x" in bare or "\\u00" in bare:
        yield _unescaped(bare)
    numbers = _NUMBER.findall(_DECLARED_SIZE.sub(" ", bare))
    if numbers:
        yield b"".join(bytes.fromhex(each.zfill(len(each) + len(each) % 2)) for each in numbers)
    quoted = "".join(a or b for a, b in _LITERAL.findall(bare))
    digits = re.sub(r"[\s:-]", "", quoted)
    if digits and len(digits) % 2 == 0 and not digits.strip("0123456789abcdefABCDEF"):
        yield bytes.fromhex(digits)
    if _ALONE.fullmatch(text.strip()):
        yield _unescaped(text)


def without_comments(source: str) -> str:
    """Source code of C, Java, Go and their like without what is said to people."""
    return _COMMENT.sub(" ", source)


def hexadecimal_in_lines(text: str) -> list[bytes]:
    """Of each line with a long run of hexadecimal in it, the longest: a log has one a message."""
    found = []
    for line in text.splitlines():
        runs = _IN_A_LINE.findall(line)
        if runs:
            found.append(bytes.fromhex(re.sub(r"[ :-]", "", max(runs, key=len))))
    return found


def _unescaped(text: str) -> bytes:
    """The literals joined, each escape resolved; without quotes, the text is one literal."""
    try:
        value = ast.literal_eval(f"({text.strip().rstrip(';')})")
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        value = None
    if isinstance(value, bytes):
        return value
    parts = [a or b for a, b in _LITERAL.findall(text)]
    raw = "".join(parts) if parts else re.sub(r"\\?\s*\n\s*", "", text.strip())
    return _ESCAPE.sub(_byte_of, raw.encode("latin-1", errors="replace"))


def _byte_of(escape: re.Match[bytes]) -> bytes:
    hexadecimal, unicode, octal, line_end, other = escape.groups()
    if hexadecimal or unicode:
        return bytes.fromhex((hexadecimal or unicode).decode("ascii"))
    if octal:
        return bytes((int(octal, 8) & 0xFF,))
    return b"" if line_end else _NAMED.get(other, other)
