"""What the office tells, as a person at the command line reads it: words, amounts and moments.

Programs read JSON instead, where amounts are minor units and moments ISO 8601.
"""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Final

from config.language import Language, speech
from host.model.money import HOUSE_CURRENCY, Money
from host.model.word import Word
from host.office.refusals import RefusalKind
from host.office.stock_refusals import ALL_REFUSALS
from host.office.words import is_amount, word_of, word_of_field, word_of_unit

WHEN: Final = "%Y-%m-%d %H:%M:%S"
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_GAP: Final = re.compile(r"\{(\w+)\}")
UNIT: Final = "unit"
_AS_TYPED: Final = frozenset({"contact", "login", "name", "note"})
"""What people wrote themselves, whatever word of ours it may be."""


def word_here(code: str) -> str:
    """A word of the office in the language of who reads."""
    return _here(word_of(code))


def _here(word: Word) -> str:
    return word.zh if speech.language is Language.CHINESE else word.en


def label(name: str, subject: str = "") -> str:
    """Of a field or a column; that of the subject's own of this name, where there is one."""
    return _here(word_of_field(name, subject))


def shown(name: str, value: object, unit: object = None, subject: str = "") -> str:
    """A value of that name; `unit` is what an amount beside it is in, where that is told."""
    if isinstance(value, Mapping):
        return ", ".join(f"{label(str(key), subject)}: {each}" for key, each in _parts(value))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(shown(name, each, unit) for each in value)
    if isinstance(value, int) and not isinstance(value, bool):
        return _figures(value, unit) if is_amount(name) else str(value)
    if isinstance(value, str) and (name == "error" or name in _AS_TYPED):
        return told_of_error(value) if name == "error" else value
    if isinstance(value, str) and name == UNIT:
        return _here(word_of_unit(value))
    return _word(value)


def told_of_error(error: str) -> str:
    """Why a job was not done, which is kept in English: a refusal behind its code, or our own."""
    code, _, sentence = error.partition(": ")
    kind = ALL_REFUSALS.get(code)
    if speech.language is not Language.CHINESE:
        return error
    if kind is not None:
        return f"{code}: {_in_chinese(kind, sentence)}"
    said = speech.said(sentence)
    return error if said == sentence else said


def _in_chinese(kind: RefusalKind, sentence: str) -> str:
    """By its row, where that puts in nothing but what the English says, too."""
    texts = _GAP.split(kind.en)
    pattern = "".join(
        f"(?P<{text}>.*)" if place % 2 else re.escape(text) for place, text in enumerate(texts)
    )
    found = re.fullmatch(pattern, sentence, re.DOTALL)
    if found is None or not found.groupdict().keys() >= set(_GAP.findall(kind.zh)):
        return sentence
    return kind.zh.format(**{name: speech.said(text) for name, text in found.groupdict().items()})


def _word(value: object) -> str:
    if isinstance(value, str):
        return _moment(value) if _MOMENT.fullmatch(value) else word_here(value)
    if isinstance(value, bool):
        return speech.said("yes" if value else "no")
    return "" if value is None else str(value)


def _parts(told: Mapping[object, object]) -> Sequence[tuple[object, str]]:
    """What it says of each; not of what it says nothing."""
    found = [(key, shown(str(key), value, told.get("unit"))) for key, value in told.items()]
    return [(key, each) for key, each in found if each]


def _figures(amount_minor: int, unit: object) -> str:
    told = unit if isinstance(unit, str) and unit else HOUSE_CURRENCY
    return Money(amount_minor, told).figures


def _moment(told: str) -> str:
    """In the zone of who reads it."""
    return dt.datetime.fromisoformat(told).astimezone().strftime(WHEN)
