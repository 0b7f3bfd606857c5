"""F62 of what has to do with vouchers: tags of two letters, a length of three digits, the value.

A terminal says the code as it was scanned or typed, and for which article it is; it is told what
of it was taken, and what is left. All of it is ASCII.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from host.model.money import POINTS_PREFIX
from host.model.requests import Besides, Kind, Response, SealedPan
from host.model.secrets import Secret
from host.model.voucher_codes import read_code
from host.model.vouchers import VoucherTold

CODE: Final = "VN"
GOODS: Final = "GD"
TAKEN: Final = "TK"
UNIT: Final = "UN"
REST: Final = "RS"
LEFT: Final = "LF"
FREE: Final = "FR"
MEANINGS: Final = {
    CODE: "the voucher's code, in any case and in groups or not; in an answer masked",
    GOODS: "the article that it is handed in for, 30 characters at most",
    TAKEN: "what of it was taken: minor units, goods, entries or points, n12",
    UNIT: "of that: a currency, `G:` goods or entries, `S:` bought ones, `P:` points",
    REST: "what of the sale is to be paid by other means, n12; not there where nothing is",
    LEFT: "entries that are left, or how many are to be bought before one is free, n4",
    FREE: "`1`: this one is free, for enough were bought",
}
CODED: Final = frozenset({Kind.VOUCHER_REDEMPTION, Kind.LOAD_BY_CODE})
"""Whose F62 is this."""
GOODS_CHARACTERS_MAX: Final = 30
_HEAD: Final = re.compile(r"([A-Z]{2})([0-9]{3})")
_HEAD_CHARACTERS: Final = 5
_GOODS: Final = re.compile(rf"[!-~]{{1,{GOODS_CHARACTERS_MAX}}}\Z")


def voucher_in(data: bytes) -> tuple[str, str | None]:
    """The code and the article, where one is named.

    Raises:
        ValueError: it is not laid out so, has no code, or says something twice or unknown.
    """
    parts = _parts_of(data.decode("ascii"))
    code, goods = parts.pop(CODE, ""), parts.pop(GOODS, None)
    if not code or parts or (goods is not None and not _GOODS.match(goods)):
        raise ValueError("a voucher's F62 has its code, and an article")
    return code, goods


def voucher_text(code: str, goods: str | None = None) -> str:
    """As `voucher_in` reads it."""
    return _text_of([(CODE, code), *([(GOODS, goods)] if goods else [])])


def told_text(told: VoucherTold) -> str:
    """What an answer says."""
    parts = [(CODE, told.code), (TAKEN, f"{told.taken:012d}"), (UNIT, _unit(told.unit))]
    if told.rest_minor:
        parts.append((REST, f"{told.rest_minor:012d}"))
    if told.left:
        parts.append((LEFT, f"{told.left:04d}"))
    if told.is_free:
        parts.append((FREE, "1"))
    return _text_of(parts)


def told_in(text: str) -> VoucherTold:
    """What `told_text` wrote, as a terminal reads it.

    Raises:
        ValueError: it is not laid out so.
    """
    parts = _parts_of(text)
    return VoucherTold(
        parts[CODE],
        int(parts[TAKEN]),
        parts[UNIT],
        int(parts.get(REST, "0")),
        int(parts.get(LEFT, "0")),
        FREE in parts,
    )


def besides_of(kind: Kind, code: Secret | None, sealed: SealedPan | None = None) -> Besides | None:
    """What a till or an app says beside its amount of a kind that has to do with a voucher.

    Raises:
        ValueError: a kind that needs a code has none.
    """
    if kind not in CODED:
        return None
    if code is None and sealed is None:
        raise ValueError("a voucher has its code")
    clear = Secret(code.reveal()) if code is not None else None
    return Besides(voucher=clear, sealed_voucher=sealed)


def words_of(response: Response) -> dict[str, Any]:
    """What tills and apps are told of one, in words; an answer about none has none of them."""
    told = response.besides.voucher if response.besides is not None else None
    return words_told(told) if told is not None else {}


def words_told(told: VoucherTold) -> dict[str, Any]:
    """The same of what an answer says."""
    return {
        "voucher": told.code,
        "voucher_taken": told.taken,
        "voucher_unit": _unit(told.unit),
        "voucher_rest": told.rest_minor,
        "voucher_left": told.left,
        "voucher_free": told.is_free,
    }


def told_of(words: Mapping[str, Any]) -> VoucherTold | None:
    """As it was before it was put in words; None where they are of none."""
    if words.get("voucher") is None:
        return None
    return VoucherTold(
        words["voucher"],
        words["voucher_taken"],
        words["voucher_unit"],
        words["voucher_rest"],
        words["voucher_left"],
        is_free=words["voucher_free"],
    )


def unread_bytes(data: bytes) -> int:
    """How much of it nobody looks at: a code that reads as one is looked up, and found or not."""
    try:
        code, goods = voucher_in(data)
    except ValueError:
        return len(data)
    if read_code(code) is None:
        return len(data)
    return sum(char not in "0123456789" for char in goods or "")


def _unit(unit: str) -> str:
    """As it is told: of whichever programme points are, a till asks for no name of it."""
    return POINTS_PREFIX if unit.startswith(POINTS_PREFIX) else unit


def _text_of(parts: Iterable[tuple[str, str]]) -> str:
    return "".join(f"{tag}{len(value):03d}{value}" for tag, value in parts)


def _parts_of(text: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    place = 0
    while place < len(text):
        head = _HEAD.match(text, place)
        start = place + _HEAD_CHARACTERS
        if head is None or head[1] in parts or start + int(head[2]) > len(text):
            raise ValueError("no such parts")
        place = start + int(head[2])
        parts[head[1]] = text[start:place]
    return parts
