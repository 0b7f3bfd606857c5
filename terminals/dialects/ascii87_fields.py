"""ISO 8583:1987 in characters: every field from 2 to 128, in two ways of writing bytes.

`BINARY` writes bitmaps, PIN blocks and authentication codes as they are; `HEXADECIMAL` writes
each of their bytes as two hexadecimal characters, so that a whole message is text. Digits and
lengths are ASCII in both. The standard reserves fields 46 to 48 and 55 to 63 as text, so what
is bytes there (chip data, keys) is hexadecimal text in both. Fields 60 and 61 hold the control
digits and the original's reference of `terminals.fields`; all others are the standard's.
"""

from collections.abc import Callable
from typing import Final

from terminals.codec import Codec, compile_spec
from terminals.formats import (
    FieldSpec,
    ascii_an,
    ascii_b,
    ascii_hex,
    ascii_llans,
    ascii_lllans,
    ascii_lllhex,
    ascii_llln,
    ascii_llltext,
    ascii_lln,
    ascii_n,
    ascii_specification,
)

Bytes = Callable[[int, str], FieldSpec]

_RESERVED_BYTES_MAX: Final = 999
_OWN_BYTES_MAX: Final = 499
"""Bytes in F62: twice as many characters, which three digits must count."""


def _fields(b: Bytes) -> dict[str, FieldSpec]:
    return (
        _of_the_transaction()
        | _of_the_parties()
        | _of_networks()
        | {
            "52": b(8, "PIN block"),
            "55": ascii_lllhex(255, "chip data"),
            "62": ascii_lllhex(_OWN_BYTES_MAX, "each transaction's own"),
            "64": b(8, "MAC"),
            "96": b(8, "message security code"),
            "128": b(8, "MAC of a message with a second bitmap"),
        }
    )


def _of_the_transaction() -> dict[str, FieldSpec]:
    return {
        "2": ascii_lln(19, "PAN"),
        "3": ascii_n(6, "processing code"),
        "4": ascii_n(12, "amount"),
        "5": ascii_n(12, "settlement amount"),
        "6": ascii_n(12, "cardholder billing amount"),
        "7": ascii_n(10, "transmission date and time MMDDhhmmss"),
        "8": ascii_n(8, "cardholder billing fee"),
        "9": ascii_n(8, "settlement conversion rate"),
        "10": ascii_n(8, "cardholder billing conversion rate"),
        "11": ascii_n(6, "trace (STAN)"),
        "12": ascii_n(6, "local time hhmmss"),
        "13": ascii_n(4, "local date MMDD"),
        "14": ascii_n(4, "expiry YYMM"),
        "15": ascii_n(4, "settlement date MMDD"),
        "16": ascii_n(4, "conversion date MMDD"),
        "17": ascii_n(4, "capture date MMDD"),
        "18": ascii_n(4, "merchant type"),
        "19": ascii_n(3, "acquirer country"),
        "20": ascii_n(3, "PAN country"),
        "21": ascii_n(3, "forwarding country"),
        "22": ascii_n(3, "entry mode"),
        "23": ascii_n(3, "card sequence number"),
        "24": ascii_n(3, "network international id"),
        "25": ascii_n(2, "condition code"),
        "26": ascii_n(2, "PIN capture code"),
        "27": ascii_n(1, "authorisation code length"),
        "28": ascii_an(9, "transaction fee"),
        "29": ascii_an(9, "settlement fee"),
        "30": ascii_an(9, "transaction processing fee"),
        "31": ascii_an(9, "settlement processing fee"),
    }


def _of_the_parties() -> dict[str, FieldSpec]:
    return {
        "32": ascii_lln(11, "acquirer id"),
        "33": ascii_lln(11, "forwarding id"),
        "34": ascii_llans(28, "extended PAN"),
        "35": ascii_llans(37, "track 2"),
        "36": ascii_lllans(104, "track 3"),
        "37": ascii_an(12, "retrieval reference (RRN)"),
        "38": ascii_an(6, "authorisation code"),
        "39": ascii_an(2, "response code; in a reversal its reason"),
        "40": ascii_an(3, "service restriction code"),
        "41": ascii_an(8, "terminal id"),
        "42": ascii_an(15, "merchant id"),
        "43": ascii_an(40, "merchant name and place"),
        "44": ascii_llans(25, "issuer and acquirer"),
        "45": ascii_llans(76, "track 1"),
        "46": ascii_lllans(_RESERVED_BYTES_MAX, "additional data, ISO"),
        "47": ascii_lllans(_RESERVED_BYTES_MAX, "additional data, national"),
        "48": ascii_lllans(_RESERVED_BYTES_MAX, "totals, batch records, tip"),
        "49": ascii_an(3, "currency"),
        "50": ascii_an(3, "settlement currency"),
        "51": ascii_an(3, "cardholder billing currency"),
        "53": ascii_n(16, "security control"),
        "54": ascii_lllans(120, "balance"),
        **_reserved(56, 58),
        "59": ascii_llltext(600, "customer data, text"),
        "60": ascii_llln(30, "control"),
        "61": ascii_llln(29, "original message"),
        "63": ascii_llltext(163, "operator, card organisation, text"),
    }


def _of_networks() -> dict[str, FieldSpec]:
    counts = {str(number): ascii_n(10, "count") for number in range(74, 82)}
    fees = {str(number): ascii_n(12, "fee amount") for number in range(82, 86)}
    amounts = {str(number): ascii_n(16, "total amount") for number in range(86, 90)}
    return {
        "66": ascii_n(1, "settlement code"),
        "67": ascii_n(2, "extended payment code"),
        "68": ascii_n(3, "receiving country"),
        "69": ascii_n(3, "settlement country"),
        "70": ascii_n(3, "network management code"),
        "71": ascii_n(4, "message number"),
        "72": ascii_n(4, "last message number"),
        "73": ascii_n(6, "action date YYMMDD"),
        **counts,
        **fees,
        **amounts,
        "90": ascii_n(42, "original data: type, trace, F7, acquirer, forwarder"),
        "91": ascii_an(1, "file update code"),
        "92": ascii_an(2, "file security code"),
        "93": ascii_n(5, "response indicator"),
        "94": ascii_an(7, "service indicator"),
        "95": ascii_an(42, "replacement amounts"),
        "97": ascii_an(17, "net settlement amount"),
        "98": ascii_an(25, "payee"),
        "99": ascii_lln(11, "settlement institution id"),
        "100": ascii_lln(11, "receiving institution id"),
        "101": ascii_llans(17, "file name"),
        "102": ascii_llans(28, "account 1"),
        "103": ascii_llans(28, "account 2"),
        "104": ascii_lllans(100, "transaction description"),
        **_reserved(105, 127),
    }


def _reserved(first: int, last: int) -> dict[str, FieldSpec]:
    return {
        str(number): ascii_lllans(_RESERVED_BYTES_MAX, "reserved")
        for number in range(first, last + 1)
    }


BINARY_SPEC: Final = ascii_specification(ascii_b(8, ""), _fields(ascii_b))
HEXADECIMAL_SPEC: Final = ascii_specification(ascii_hex(8, ""), _fields(ascii_hex))
BINARY: Final[Codec] = compile_spec(BINARY_SPEC)
HEXADECIMAL: Final[Codec] = compile_spec(HEXADECIMAL_SPEC)
