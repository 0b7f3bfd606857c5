"""A value of the office as a page shows it: words, amounts and moments in the reader's language."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from babel.numbers import format_currency, format_decimal

from host.model.money import HOUSE_CURRENCY, UNIT_MARK, Money
from host.model.word import Word
from host.office.places import Scope
from host.office.roles import ROLES
from host.office.words import is_amount, word_of, word_of_field, word_of_unit
from terminals.web.texts import Language, said

LOCALES: Final[Mapping[Language, str]] = {"zh": "zh_Hans_CN", "en": "en_GB"}
AMOUNTS_MAX: Final = 4_096
"""So many are kept as they are written: those of a page come again in others."""
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_GRANT: Final = re.compile(rf"\b(?P<role>{'|'.join(ROLES)})@(?P<scope>{'|'.join(Scope)})(?=[ /]|$)")
ROLE: Final = "role"
UNIT: Final = "unit"
"""The column that says what amounts beside it are in."""
A_PICTURE: Final = "a_picture"
PICTURE: Final = "picture"
"""A column that is drawn, and not read."""
_POINTS: Final = re.compile(r"(^|_)points(_|$)")
_AS_TYPED: Final = frozenset({"contact", "login", "name", "note", "error", "id", "title", "text"})
"""What people wrote themselves, whatever word of ours it may be."""


def word(code: str, language: Language) -> str:
    """What the office calls something."""
    return _in(word_of(code), language)


def label(name: str, subject: str, language: Language) -> str:
    """Of a field; that of the subject's own of this name, where there is one."""
    return _in(word_of_field(name, subject), language)


def _in(found: Word, language: Language) -> str:
    return found.zh if language == "zh" else found.en


def shown(  # noqa: PLR0911 - one line a kind
    name: str, value: object, language: Language, unit: object = None
) -> str:
    """A value of that name; `unit` is what an amount beside it is in, where that is told."""
    match value:
        case None:
            return ""
        case bool():
            return said("yes" if value else "no", language)
        case int():
            return _number(name, value, language, unit)
        case float():
            return format_decimal(value, locale=LOCALES[language])
        case str():
            return _text(name, value, language)
        case {"en": str(english), "zh": str(chinese)}:
            return chinese if language == "zh" else english
        case Mapping():
            told = ((str(key), each) for key, each in value.items())
            own = value.get("unit")
            return ", ".join(
                f"{word(key, language)}: {text}"
                for key, each in told
                if (text := shown(key, each, language, own))
            )
        case Sequence():
            return ", ".join(shown(name, each, language, unit) for each in value)
        case _:
            return str(value)


def reckoned(name: str, value: object, language: Language, unit: object = None) -> str:
    """The same for who reckons with it: a number by its digits and a point, and nothing beside."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return shown(name, value, language, unit)
    if isinstance(value, float) or not is_money(name, unit):
        return str(value)
    return Money(value, HOUSE_CURRENCY).figures.replace(",", "")


def is_money(name: str, unit: object = None) -> bool:
    """Whether a number of that name is of minor units of money, where it is in that unit."""
    return is_amount(name) and not _is_points(name) and UNIT_MARK not in str(unit or "")


def _number(name: str, value: int, language: Language, unit: object) -> str:
    if _is_points(name):
        return format_decimal(value, locale=LOCALES[language])
    if not is_amount(name):
        return str(value)
    return _amount(value, language, unit if isinstance(unit, str) and unit else HOUSE_CURRENCY)


@lru_cache(AMOUNTS_MAX)
def _is_points(name: str) -> bool:
    return _POINTS.search(name) is not None


@lru_cache(AMOUNTS_MAX)
def _amount(value: int, language: Language, currency: str) -> str:
    locale = LOCALES[language]
    if UNIT_MARK in currency:
        return format_decimal(value, locale=locale)
    whole, part = divmod(abs(value), 100)
    figures = f"{'-' if value < 0 else ''}{whole}.{part:02d}"
    return format_currency(figures, currency, locale=locale)


def _text(name: str, value: str, language: Language) -> str:
    if name in _AS_TYPED:
        return value
    if name == PICTURE:
        return said(A_PICTURE, language)
    if name == UNIT:
        return _in(word_of_unit(value), language)
    if name == ROLE and value in ROLES:
        return _in(Word(ROLES[value].en, ROLES[value].zh), language)
    if _MOMENT.fullmatch(value):
        return f"{dt.datetime.fromisoformat(value).astimezone():%Y-%m-%d %H:%M:%S}"
    told = word(value, language)
    return _GRANT.sub(lambda held: _grant(held, language), told) if "@" in told else told


def _grant(held: re.Match[str], language: Language) -> str:
    """A role and where it is held, as `merchant_owner@merchant/888290054110001`."""
    role = _in(Word(ROLES[held["role"]].en, ROLES[held["role"]].zh), language)
    return f"{role} · {word(held['scope'], language)}"
