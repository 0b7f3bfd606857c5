"""What a value means, in words; reads only what may be seen."""

import json
from collections.abc import Callable, Mapping
from typing import Final

from host.model.money import HOUSE_CURRENCY
from terminals.describe.mask import STAR, printable
from terminals.describe.meanings import (
    APPLICATION_CLASSES,
    BALANCE_KINDS,
    CONDITIONS,
    CURRENCIES,
    NEXT_STEPS,
    REVERSAL_REASONS,
    SUBFIELDS,
    amount_words,
    code_words,
    entry_words,
    mti_words,
    processing_words,
)
from terminals.fields import HEADER, parts_of, size_of

Values = Mapping[str, str]
_POINTS_CONDITION: Final = "65"


def meaning_of(name: str, value: str, values: Values, *, is_answer: bool) -> str:
    """A value's meaning; empty where it has none of its own, or is covered."""
    if not value or STAR in value:
        return ""
    row = SUBFIELDS.get(name)
    if row is not None and row[1]:
        return row[1].get(value, "")
    words = _WORDS.get(name)
    return words(value, values, is_answer) if words is not None else ""


def _tpdu(value: str, _values: Values, _is_answer: bool) -> str:
    return f"protocol {value[:2]}, to {value[2:6]}, from {value[6:]}"


def _header(value: str, _values: Values, is_answer: bool) -> str:
    if len(value) != size_of(HEADER):
        return ""
    parts = parts_of(HEADER, value)
    words = [APPLICATION_CLASSES.get(parts["application"], ""), f"version {parts['version']}"]
    words.append("test" if parts["status"] == "1" else "")
    if is_answer or parts["next"] != "0":
        words.append(NEXT_STEPS.get(parts["next"], ""))
    return ", ".join(each for each in words if each)


def _bitmap(value: str, _values: Values, _is_answer: bool, before: int = 0) -> str:
    try:
        bits = int(value, 16)
    except ValueError:
        return ""
    return " ".join(str(before + n) for n in range(1, 65) if bits >> (64 - n) & 1)


def _amount(value: str, values: Values, _is_answer: bool) -> str:
    if values.get("25") == _POINTS_CONDITION and value.isdecimal():
        return f"{int(value):,} points"
    return amount_words(value, CURRENCIES.get(values.get("49", ""), ""))


def _f39(value: str, _values: Values, is_answer: bool) -> str:
    return code_words(value) if is_answer else REVERSAL_REASONS.get(value, code_words(value))


def _balance(value: str, _values: Values, _is_answer: bool) -> str:
    told = []
    for start in range(0, len(value) - 19, 20):
        one = value[start : start + 20]
        sign = "-" if one[7] == "D" else ""
        amount = amount_words(one[8:], CURRENCIES.get(one[4:7], ""))
        told.append(f"{BALANCE_KINDS.get(one[2:4], 'balance')} {sign}{amount}")
    return "; ".join(told)


def _part_amount(value: str, _values: Values, _is_answer: bool) -> str:
    return amount_words(value)


def _house_amount(value: str, _values: Values, _is_answer: bool) -> str:
    """Of what is money whatever else the message is in."""
    return amount_words(value, HOUSE_CURRENCY)


def _json_code(value: str, _values: Values, _is_answer: bool) -> str:
    return code_words(value.strip('"'))


def _unescaped(value: str, _values: Values, _is_answer: bool) -> str:
    """A text of JSON whose characters are escaped, as they are meant."""
    if "\\u" not in value:
        return ""
    try:
        text = json.loads(value)
    except ValueError:
        return ""
    return printable(text) if isinstance(text, str) else ""


_WORDS: Final[Mapping[str, Callable[[str, Values, bool], str]]] = {
    "tpdu": _tpdu,
    "header": _header,
    "t": lambda value, _values, _answers: mti_words(value),
    "p": _bitmap,
    "1": lambda value, values, answers: _bitmap(value, values, answers, 64),
    "3": lambda value, _values, _answers: processing_words(value),
    "4": _amount,
    "22": lambda value, _values, _answers: entry_words(value),
    "25": lambda value, _values, _answers: CONDITIONS.get(value, ""),
    "39": _f39,
    "49": lambda value, _values, _answers: CURRENCIES.get(value, ""),
    "54": _balance,
    "54.amount": _part_amount,
    "48.amount": _part_amount,
    "48.debit_minor": _part_amount,
    "48.credit_minor": _part_amount,
    "62.self_pay_minor": _house_amount,
    "62.amount_minor": _house_amount,
    "code": _json_code,
    **dict.fromkeys(("goods", "memo", "text"), _unescaped),
    "entry": lambda value, _values, _answers: entry_words(value.strip('"')),
}
