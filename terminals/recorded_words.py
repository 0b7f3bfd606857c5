"""What may be kept of a till's message and its answer: words by name, each in a shape it must have.

A till's payload is read without its key, at the two sizes that its code may have; whether the code
was right is told by the answer. RRNs and codes bear the numbers that POS messages have for them, so
that a replay finds an original in either.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

import msgspec

from host.model.requests import Kind
from host.model.secrets import Pan
from host.model.voucher_codes import VoucherCode, read_code
from terminals.codec import DecodeError
from terminals.dialects.mis import HEADER_BYTES, MisDialect, MisMessage
from terminals.dialects.mis_words import Asked, TotalsWords

TAG_SIZES: Final = (8, 16)
NUMBERS: Final[Mapping[str, str]] = {
    "original_reference": "37",
    "original_auth": "38",
    "reference": "37",
    "auth": "38",
    "code": "39",
}
"""Words that have a number as well."""


def _shapes(**names: str) -> Mapping[str, re.Pattern[str]]:
    return {name: re.compile(shape, re.ASCII) for name, shape in names.items()}


_SUMS: Final = r"\d{1,12},\d{1,6},\d{1,12},\d{1,6}"
ASKED: Final = _shapes(
    merchant=r"[0-9A-Za-z]{15}",
    date=r"\d{8}",
    time=r"\d{6}",
    amount=r"\d{1,12}",
    unit=r"CNY|P:",
    entry=r"\d{3}",
    original_number=r"\d{12}",
    original_date=r"\d{8}",
    original_reference=r"[0-9A-Z]{12}",
    original_auth=r"[0-9A-Z]{1,6}",
    original_code=r"[A-Z]{4}",
    goods=r"[A-Z]\d{1,6}",
    partial=r"True",
    points_max=r"\d{1,10}",
    echo=r"\d{3}",
    keys=r"00[134]",
    totals=_SUMS,
    points_totals=_SUMS,
)
"""Words of a request and the shape in which they are kept."""
LOTTERY: Final = _shapes(goods=r"[A-Z][A-Z0-9]{1,11}")
"""Of a draw, the lottery that it is of stands in the place of goods."""
TOLD: Final = _shapes(
    code=r"[0-9A-Z]{2}",
    amount=r"\d{1,12}",
    reference=r"[0-9A-Z]{12}",
    auth=r"[0-9A-Z]{1,6}",
    balance=r"-?\d{1,12}",
    points=r"-?\d{1,12}",
    points_earned=r"\d{1,12}",
    points_used=r"\d{1,12}",
    self_pay_minor=r"\d{1,12}",
    echo=r"\d{3}",
    totals=_SUMS,
    points_totals=_SUMS,
    agrees=r"True|False|[0-9]",
    points_agree=r"True|False|[0-9]",
    next=r"\d",
)
"""The same of an answer."""


class Words(NamedTuple):
    """What a till asked, as far as it is kept."""

    kept: dict[str, str]
    withheld: tuple[str, ...]
    card: Pan | None
    voucher: VoucherCode | None = None
    """The one that is handed in; None where it is for an article, whose name is not kept."""


def words_asked(dialect: MisDialect, message: MisMessage) -> Words | None:
    """The words of a request; None where they cannot be read."""
    asked = _read(dialect, message)
    if asked is None:
        return None
    head = message.head
    values = {name: value for name, value in _values(asked) if name not in {"card", "pin"}}
    shapes = {**ASKED, **LOTTERY} if message.asks is Kind.LOTTERY_DRAW else ASKED
    kept = {name: text for name, text in values.items() if _is_kept(shapes, name, text)}
    secrets = [asked.card.reveal()] if asked.card is not None else []
    secrets += [asked.pin.reveal().hex().upper()] if asked.pin is not None else []
    typed = [one for one in (asked.voucher, asked.phone) if one is not None]
    secrets += [one.reveal().decode() for one in typed]
    if any(secret in text for secret in secrets for text in (*kept.values(), head.number)):
        return None
    there = [name for name, value in (("card", asked.card), ("pin", asked.pin)) if value]
    withheld = (*(name for name in values if name not in kept), *there)
    named = {NUMBERS.get(name, name): text for name, text in kept.items()}
    return Words(
        {"t": head.code, "11": head.number} | named, withheld, asked.card, _voucher_of(asked)
    )


def _voucher_of(asked: Asked) -> VoucherCode | None:
    if asked.voucher is None or asked.goods is not None:
        return None
    return read_code(asked.voucher.reveal().decode("ascii", "replace"))


def words_told(dialect: MisDialect, payload: bytes) -> dict[str, str] | None:
    """The words of an answer, whatever its code; None where they cannot be read."""
    header, rest = payload[:HEADER_BYTES], payload[HEADER_BYTES:]
    try:
        head = dialect.read(header).head
    except DecodeError:
        return None
    for size in (*TAG_SIZES, 0):
        try:
            told = dialect.form.read_answer(head, rest[: len(rest) - size])
        except DecodeError:
            continue
        return kept_words(told)
    return None


def kept_words(told: Mapping[str, object]) -> dict[str, str]:
    """What is kept of an answer."""
    texts = {name: _text(value) for name, value in told.items() if value is not None}
    kept = {name: text for name, text in texts.items() if _is_kept(TOLD, name, text)}
    return {NUMBERS.get(name, name): text for name, text in kept.items()}


def _read(dialect: MisDialect, message: MisMessage) -> Asked | None:
    sizes = TAG_SIZES if dialect.must_be_sealed(message) else (0,)
    for size in sizes:
        payload = message.rest[: len(message.rest) - size]
        try:
            return dialect.form.read_request(message.head, payload)
        except DecodeError:
            continue
    return None


def _values(asked: Asked) -> Iterator[tuple[str, str]]:
    """What was said, as text; what was left unsaid has its default, and need not be told."""
    for field in msgspec.structs.fields(asked):
        value = getattr(asked, field.name)
        if value is not None and value != field.default:
            yield field.name, _text(value)


def _text(value: object) -> str:
    if isinstance(value, TotalsWords):
        return ",".join(str(each) for each in msgspec.structs.astuple(value))
    if isinstance(value, Mapping):
        names = TotalsWords.__struct_fields__
        return ",".join(str(value.get(name, 0)) for name in names)
    return str(value)


def _is_kept(shapes: Mapping[str, re.Pattern[str]], name: str, text: str) -> bool:
    return name in shapes and shapes[name].fullmatch(text) is not None


def totals_of(text: str) -> dict[str, int]:
    """The words of one half of a settlement, from how they are kept."""
    return dict(zip(TotalsWords.__struct_fields__, map(int, text.split(",")), strict=True))
