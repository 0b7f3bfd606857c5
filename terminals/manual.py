"""`docs/dialects.md`, written from the tables: `python -m terminals.manual > docs/dialects.md`.

What stands in it cannot go out of date: a test compares it with what this makes.
"""

from collections.abc import Iterable
from typing import Final

from host.model.requests import Kind
from host.model.responses import RESPONSE_CODES, Reason
from host.model.terminal import MacAlgorithm
from terminals.dialects import ascii87, mis_words, pos, softpos_words
from terminals.profiles import PROFILES, UNIONPAY
from terminals.spelling import Spelling
from terminals.uses import USES
from terminals.vouchers import MEANINGS

_HEAD: Final = """\
# Dialects

Written from the tables by `python -m terminals.manual > docs/dialects.md`; change the tables.

A channel names its dialect in the settings: `pos` (packed digits, TPDU and header),
`ascii87-hex` and `ascii87-bin` (ISO 8583:1987 in characters). All three know these transactions.
A repeat (0201, 0221, 0401) means the message it repeats and is answered as it: 0210, 0230, 0410.
What a message is, is said by its type, processing code (F3), condition code (F25) and message
type code (F60.1); where these leave it open, by the account (F60.7).
"""
_NOT_OFFERED_HEAD: Final = """\
These the dialect knows and the host does not offer: {code} is the answer, on purpose. Their
reversals are answered {ended}, which ends a terminal's retries: nothing was posted.
"""
_REVERSALS: Final = """\
0400 and 0420 undo, with the codes (F3, F25, F60) of what they undo and its trace in F11, or in
an ASCII dialect in F90. F39 is the reason and changes nothing.
"""
_UPLOADS: Final = """\
A batch upload comes in two forms. Compact: no F3, F48 is a count n2 and up to eight records of
40 digits (card 00 domestic or 01 foreign n2, trace n6, PAN filled with zeros n20, amount n12).
Whole, for refunds and advices: the transaction's own F3, F25 and F60.1 under 0320, with its own
trace in F11. Chip notices (203, 205) are whole without F3; failed chip transactions (204, 206)
never happened, so they are acknowledged and compared with nothing.
"""
_SETTLEMENT: Final = """\
F48 of a settlement is 62 digits: debit amount n12 and count n3, credit amount n12 and count n3,
flag n1, and the same once more for points. The answer has no F39: its flags say 1 balanced,
2 not balanced, 3 not compared.
"""
_MACS: Final[dict[MacAlgorithm, tuple[str, str]]] = {
    MacAlgorithm.UNIONPAY_ECB: ('UnionPay POS "ECB", single DES', "sign-on, 8 bytes"),
    MacAlgorithm.UNIONPAY_ECB_TDES: ('UnionPay POS "ECB", two-key TDES', "sign-on, 16 bytes"),
    MacAlgorithm.X9_9: ("ANSI X9.9, single DES", "sign-on, 8 bytes"),
    MacAlgorithm.X9_19: ("ANSI X9.19, two-key TDES", "sign-on, 16 bytes"),
    MacAlgorithm.TDES_CBC: ("ISO 16609, two-key TDES in CBC", "sign-on, 16 bytes"),
    MacAlgorithm.AES_CMAC: ("AES-CMAC, left 8 bytes", "sign-on, 16 bytes"),
    MacAlgorithm.AES_DUKPT: ("AES-CMAC, left 8 bytes", "KSN of 12 bytes (X9.24-3)"),
    MacAlgorithm.TDES_DUKPT: ("ANSI X9.19, two-key TDES", "KSN of 8 to 10 bytes (X9.24-1)"),
}
_DUKPT: Final = """\
Under DUKPT a request and its answer are sealed under two keys of one KSN, and each KSN serves one
message. In `pos` and the ASCII dialects it stands in F59 of the request, in hexadecimal, where the
channel says `ksn_in = "59"`. A TDES KSN of less than 10 bytes is filled with F on its left. There
are no keys to fetch, so a sign-on is answered 40.

A counter only rises, so whoever repeats a message seals it anew: the next KSN, and the same
terminal, batch, trace and amount. It gets the answer of the first, and is done where the first
never came. The very bytes of a message may be sent again as well, best before any other message.
Under a counter that is not above the highest heard a message moves nothing: it gets the answer that
stands for its batch and trace. Where none stands, a reversal, confirmation or refund is left
without an answer and becomes one case, and anything else is answered 63. Nothing is stored of
either, so that the same message, sealed anew, is taken.
"""
_PINS: Final = """\
F53 says in its first digit how the PIN block of F52 is made: 1 is ANSI X9.8 without the PAN
(control 0, length, PIN, filler F), 2 with the PAN, which is ISO 9564-1 format 0 or 3, as the block
itself says. Without F53 it is 2. A block that is not of its format under its key is answered 99.

| keys come by | F52 | under |
| --- | --- | --- |
| sign-on | 8 bytes | the PIN key: DES where it is 8 bytes, two-key TDES where 16 |
| KSN, `tdes-dukpt` | 8 bytes | the two-key TDES PIN key of the KSN |
| KSN, `aes-dukpt` | 8 bytes | the two-key TDES PIN key that X9.24-3 derives for the KSN |

Tills send format 0; phones send format 4, 16 bytes under the AES-128 PIN key of the KSN.
"""
_USES: Final = """\
A sealed message that carries a field its kind has no use for is answered 30 (a reversal,
confirmation or refund: silence and a case), and a card number or an amount stands nowhere but in
F2 or F35, and F4. A reversal needs no more than terminal, batch, trace, F3 and F4.

The `up-ecb` codes do not know the order of blocks, so bytes that nobody reads would let anyone who
has heard one message make its code fit another. Under them, of all kinds that move value: F63 has
up to 7 bytes (or, beside a PIN, `SM016` and 16 bytes), F62 a product code of up to 7 characters (of
a sale for points), a voucher's code that its check letter fits, or an order of which up to 7
characters are no digits, F36 and an F52 that is not checked are refused, F55 needs a card read by
its chip, F53 ends in zeros and F60 in at most 19
digits. A code that stood on one message is not
taken on another. So a till that confirms two cash loads of one card and amount (0220) signs on
between them: their codes may be the same, for the trace is in F11 and in F61 and falls out of the
fold where these are a multiple of 8 bytes apart. The second then has no answer until the till has
signed on and sends it under its new key. Under `x9.19` each has a code of its own; a till that can
choose takes that.
"""
_VOUCHERS: Final = """\
A voucher is scanned (F22 03x) or typed. Its code stands in F62 of a redemption and of a load by
code, in parts of two letters, a length of three digits and a value, all ASCII; the answer tells
there what of it was taken. One message is about one voucher. F4 of a redemption is what is sold,
0 where nothing is paid for; a voucher of money is used up whole, whatever that is, and gives no
change: `RS` is what is still to be paid. A load puts a voucher, or a points card, onto the card
beside it; F3 930000 with F60.1 87 and 88 (its void) are private use values as the other six are.
What was redeemed or loaded is voided whole, on its day and in its batch; by F61 and F37 alone, for
whatever F4 says. Five codes of no voucher within a quarter of an hour, and a terminal is told 65.
"""
_ASCII: Final = """\
Digits and lengths are characters, fields 2 to 128 are known, a second bitmap may be empty.
`ascii87-bin` writes bitmaps, F52, F64, F96 and F128 as bytes, `ascii87-hex` as hexadecimal
characters; F55 and F62 are hexadecimal characters in both. There is no TPDU; `header_bytes` says
how many bytes of header come before the message type and go back as they came. F70 names a
network management message, which then may have no F60; sign-off and echo are 0800 as well. The
code stands in F128 where there is a second bitmap, else in F64. Answers repeat F7, F70 and F90.

tshark's dissector of ISO 8583 reads these messages, but for faults of its own: it takes F53 for
8 digits and F86 to F89 for 15 (the standard has 16); set to binary data "not encoded" it cannot
read F35, and passes over a bitmap whose bytes happen to make 16 bytes of UTF-8 text.
"""
_MIS: Final = """\
`mis-json`, `mis-fixed` and `mis-iso` share a header: `MIS1`, the request number n12, the till id
an8, the message code an4; then the payload and its authentication code. A request number is a
till's own for a date; the same number, date and code again is a repeat. A reversal (REVS) has the
number and date of what it undoes and names its code. In records (`mis-fixed`) the transaction's own
mark says what is undone in points, as it does for a sale: class 3.
"""
_SOFTPOS: Final = """\
Framed JSON in mutual TLS, sealed under the keys of its own KSN; `op` says what is asked.

A repeat has the `msgid`, `instance`, `tid`, `mid`, `batch`, `seq`, `op`, `amount` and originals of
the first. It has the next KSN, under which `pan_block`, `pin` and `mac` are made anew, and an
attestation of its own: a token serves one sending, for 60 seconds, so two tokens for one `msgid`
differ in what is signed (`iat`, or a number of the service's own). Repeat until it is answered; an
answer that comes late for an earlier sending has that one's `ksn`.
"""


def manual() -> str:
    """The whole text."""
    offered = [row for row in pos.TRADES if isinstance(row.means, Kind)]
    refused = [row for row in pos.TRADES if isinstance(row.means, Reason)]
    code = UNIONPAY.codes[Reason.FUNCTION_NOT_SUPPORTED]
    ended = UNIONPAY.codes[Reason.INVALID_TRANSACTION]
    return "\n".join(
        [
            _HEAD,
            _section("Transactions", _trades(offered)),
            _section("Reversals", _REVERSALS),
            _section("Not offered", _NOT_OFFERED_HEAD.format(code=code, ended=ended)),
            _trades(refused),
            _section("Network management, settlement, batch upload", _management()),
            _SETTLEMENT,
            _UPLOADS,
            _section("Answers", _answers()),
            _section("Response codes (F39)", _codes()),
            _section("Message codes (F64)", _macs()),
            _DUKPT,
            _section("Fields of sealed requests", _USES),
            _uses(),
            _section("Vouchers (F62)", _VOUCHERS),
            table(("part", "what it says"), ((f"`{tag}`", said) for tag, said in MEANINGS.items())),
            _section("PIN blocks (F52, F53)", _PINS),
            _section("ISO 8583:1987 in characters", _ASCII),
            _section("Tills of merchant systems", _MIS),
            table(
                ("code", "its name", "asks"),
                ((name, row.title, _meaning(row.means)) for name, row in mis_words.CODES.items()),
            ),
            _section("SoftPOS", _SOFTPOS),
            table(
                ("op", "asks"),
                (
                    (f"`{name}`", _meaning(row.means))
                    for name, row in softpos_words.OPERATIONS.items()
                ),
            ),
        ]
    )


def _section(title: str, text: str) -> str:
    return f"## {title}\n\n{text}"


def _trades(rows: Iterable[Spelling]) -> str:
    return table(
        ("type", "F3", "F25", "F60.1", "F60.7", "transaction", "its name", "F4 counts", "asks"),
        (
            (
                row.mti,
                row.processing_code,
                row.condition,
                row.type_code,
                row.account or "any",
                row.english,
                row.title,
                "points" if row.in_points else "money",
                _meaning(row.means),
            )
            for row in rows
        ),
    )


def _management() -> str:
    only_ascii = ascii87.MANAGEMENT[len(pos.MANAGEMENT) :]
    rows = [(row, "") for row in pos.MANAGEMENT]
    rows += [(row, "ASCII dialects only") for row in only_ascii]
    return table(
        ("type", "F60.3", "message", "its name", "asks", "note"),
        (
            (row.mti, row.function, row.english, row.title, _meaning(row.means), note)
            for row, note in rows
        ),
    )


def _meaning(means: Kind | Reason) -> str:
    if isinstance(means, Kind):
        return f"`{means}`"
    return f"not offered, {UNIONPAY.codes[means]}"


def _answers() -> str:
    rows = (
        (f"`{kind}`", _numbers(row.approved), _numbers(row.declined))
        for kind, row in pos.ANSWERS.items()
    )
    return (
        "Fields of an answer, without those that have no value. F64 follows where the request had\n"
        "it and is a trade or a reversal. With `text_in` an answer that has F39 has its text in\n"
        "F59, or in F63 behind the card organisation.\n\n"
        + table(("asked", "approved", "declined"), rows)
    )


def _uses() -> str:
    return table(
        ("asked", "fields it may carry"),
        (
            (f"`{kind}`", " ".join(sorted(fields - {"t", "p", "1"}, key=int)))
            for kind, fields in USES.items()
        ),
    )


def _numbers(numbers: tuple[int, ...]) -> str:
    return " ".join(map(str, numbers))


def _codes() -> str:
    names = tuple(f"`{name}`" for name in PROFILES)
    return table(
        ("reason", *names, "English", "Chinese"),
        (
            (
                f"`{reason}`",
                *(profile.codes[reason] for profile in PROFILES.values()),
                row.english,
                row.chinese,
            )
            for reason, row in RESPONSE_CODES.items()
        ),
    )


def _macs() -> str:
    return table(
        ("`mac_algorithm`", "code", "keys come by"),
        ((f"`{algorithm.value}`", *_MACS[algorithm]) for algorithm in MacAlgorithm),
    )


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


if __name__ == "__main__":
    import sys

    sys.stdout.write(manual())
