"""Fields that a dialect does not know, as others usually write them.

A message with such a field is not one of the dialect's, and that is a fault of it. What stands
behind the field is told all the same, where it is written as ISO 8583:1987 has it.
"""

from collections.abc import Mapping
from typing import Final

from terminals.formats import FieldSpec, Spec, an, llans, lllans, n

PACKED: Final[Mapping[str, FieldSpec]] = {
    "5": n(12, "settlement amount"),
    "6": n(12, "cardholder billing amount"),
    "7": n(10, "transmission date and time MMDDhhmmss"),
    "8": n(8, "cardholder billing fee"),
    "9": n(8, "settlement conversion rate"),
    "10": n(8, "cardholder billing conversion rate"),
    "16": n(4, "conversion date MMDD"),
    "17": n(4, "capture date MMDD"),
    "18": n(4, "merchant type"),
    "19": n(3, "acquirer country", pad="left"),
    "20": n(3, "PAN country", pad="left"),
    "21": n(3, "forwarding country", pad="left"),
    "27": n(1, "authorisation code length", pad="left"),
    "28": an(9, "transaction fee"),
    "29": an(9, "settlement fee"),
    "30": an(9, "transaction processing fee"),
    "31": an(9, "settlement processing fee"),
    "34": llans(28, "extended PAN"),
    "40": an(3, "service restriction code"),
    "43": an(40, "merchant name and place"),
    "45": llans(76, "track 1"),
    "46": lllans(999, "additional data, ISO"),
    "47": lllans(999, "additional data, national"),
    "50": an(3, "settlement currency"),
    "51": an(3, "cardholder billing currency"),
    "56": lllans(999, "reserved"),
    "57": lllans(999, "reserved"),
}
"""In messages of digits two a byte."""


def missing_in(spec: Spec, others: Mapping[str, FieldSpec]) -> dict[str, FieldSpec]:
    """Those that a specification has no room for."""
    return {name: field for name, field in others.items() if not spec[name]["max_len"]}
