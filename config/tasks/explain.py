"""`posswitch explain`: what a code or a word of the logs means, and what to do next.

A word may be more than one thing; each is a row. Values of a message's fields are written
`FIELD=VALUE`, as 39=51; without a field a code is a response code.
"""

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from config.cells import fold
from config.error_kinds import ERROR_KINDS, KINDS_BY_CODE, ErrorKind
from config.errors import SettingsError
from config.language import Language, speech
from host.cases import CASES, CaseKind
from host.model.responses import RESPONSE_CODES, Reason
from host.office.refusals import RefusalKind
from host.office.stock_refusals import ALL_REFUSALS
from switch.whys import SENTENCES, WHYS
from terminals.describe.meanings import (
    CATEGORIES,
    CONDITIONS,
    CURRENCIES,
    OTHER_CODES,
    REVERSAL_REASONS,
    entry_words,
    mti_words,
    processing_words,
)
from terminals.profiles import PROFILES
from terminals.remedies import OTHERS, REMEDIES, Remedy

Row = Mapping[str, str]
"""`code`, and in the order of reading what is known of it by its name."""
INDENT: Final = " " * 4
_FIELD: Final = re.compile(r"(?:F|DE)?0*(\d{1,3})=(.*)", re.IGNORECASE)
_RESPONSE_CODE: Final = "39"
_FIELDS: Final[Mapping[str, Callable[[str], str]]] = {
    "0": mti_words,
    "3": processing_words,
    "22": entry_words,
    "25": lambda code: CONDITIONS.get(code, ""),
    "49": lambda code: CURRENCIES.get(code, ""),
}
"""Fields beside F39 whose codes have words."""


def explained(word: str) -> list[Row]:
    """All that a word means.

    Raises:
        SettingsError: nothing.
    """
    word = word.strip()
    field = _FIELD.fullmatch(word)
    if field is not None and field[1] != _RESPONSE_CODE:
        rows = list(_of_field(field[1], field[2].strip()))
    elif field is not None:
        rows = [*_given(field[2].strip()), *_asked(field[2].strip())]
    else:
        rows = [
            *_given(word),
            *_errors(word),
            *_refused(word),
            *_cases(word),
            *_whys(word),
            *_types(word),
        ]
    if not rows:
        raise SettingsError(
            f"{word!r} is no response code, reason, case, error code or word of the logs. "
            f"Next: posswitch explain {_near(word)}",
            "E-CODE-UNKNOWN",
        )
    return rows


def _near(word: str) -> str:
    """What may have been meant, as it is typed; else all there is."""
    known = {name.lower(): name for row in everything() for name in _names(row)}
    close = difflib.get_close_matches(word.lower(), known, n=1, cutoff=0.75)
    found = known[close[0]] if close else "all"
    return f'"{found}"' if " " in found else found


def _names(row: Row) -> list[str]:
    return [row[name] for name in ("code", "reason") if name in row]


def everything() -> list[Row]:
    """Every response code this house gives, every error code, every word of the logs."""
    given = (_row(reason, RESPONSE_CODES[reason].f39) for reason in Reason)
    return [
        *sorted(given, key=lambda row: (row["code"], row["reason"])),
        *(_error(kind) for kind in ERROR_KINDS),
        *(_refusal(kind) for kind in ALL_REFUSALS.values()),
        *(_why(why) for why in WHYS),
        *(_case(kind) for kind in CaseKind),
    ]


def lines_of(row: Row, width: int) -> Iterator[str]:
    """A row as a person reads it: its code and names on one line, then a line for each thing."""
    names = [row[name] for name in ("code", "reason", "english", "chinese") if row.get(name)]
    yield "  ".join(names)
    for name, words in row.items():
        if name in {"code", "reason", "english", "chinese"} or not words:
            continue
        label = speech.said(name.replace("_", " "))
        first, *more = fold(f"{label}: {speech.said(words)}", max(width, 40) - len(INDENT))
        yield f"  {first}"
        yield from (f"{INDENT}{line}" for line in more)


def brief(row: Row) -> str:
    """A row on one line, of a list."""
    words = row.get("english") or row.get("what") or row.get("meaning") or ""
    is_chinese = speech.language is Language.CHINESE
    said = row.get("chinese") if is_chinese else None
    return "  ".join(
        each for each in (row["code"], row.get("reason", ""), said or speech.said(words)) if each
    )


def _given(word: str) -> Iterator[Row]:
    """As a response code, or as the word of a reason."""
    code = word.upper()
    found = False
    for reason in Reason:
        given = RESPONSE_CODES[reason].f39
        if code == given or _is_named(word, reason):
            found = True
            yield _row(reason, given)
    if not found and code in OTHER_CODES:
        chinese, english = OTHER_CODES[code]
        yield {
            "code": code,
            "english": english,
            "chinese": chinese,
            "note": "of the table; this house never gives it",
            **_next(OTHERS),
        }
    for profile in PROFILES.values():
        for reason, given in profile.codes.items():
            if given == code and given != RESPONSE_CODES[reason].f39:
                yield {**_row(reason, given), "note": f"only in the profile {profile.name}"}


def _asked(code: str) -> Iterator[Row]:
    """As F39 of a reversal."""
    words = REVERSAL_REASONS.get(code.upper())
    if words:
        yield {"code": code.upper(), "meaning": f"in a reversal: {words}"}


def _of_field(field: str, value: str) -> Iterator[Row]:
    words = _FIELDS[field](value) if field in _FIELDS else ""
    if words:
        yield {"code": f"{field}={value}", "meaning": words}


def _types(word: str) -> Iterator[Row]:
    words = mti_words(word) if word.isdecimal() else ""
    if words:
        yield {"code": word, "meaning": f"message type: {words}"}


def _errors(word: str) -> Iterator[Row]:
    kind = KINDS_BY_CODE.get(word.upper())
    if kind is not None:
        yield _error(kind)


def _refused(word: str) -> Iterator[Row]:
    """As the office says no."""
    kind = ALL_REFUSALS.get(word.upper())
    if kind is not None:
        yield _refusal(kind)


def _cases(word: str) -> Iterator[Row]:
    return (_case(kind) for kind in CaseKind if _is_named(word, kind))


def _whys(word: str) -> Iterator[Row]:
    """A sentence of the log by its first words or its last, as metrics and log lines have them."""
    said = word.lower().replace("_", " ").partition(" (")[0]
    first, _, last = said.partition(":")
    known = last.strip() if first == "tls" and last else first.strip()
    begins = (why for why in SENTENCES if said.startswith(why))
    return (_why(why) for why in dict.fromkeys((*_spelled(known), *begins)))


def _spelled(known: str) -> Iterator[str]:
    return (why for why in WHYS if why.lower() == known)


def _is_named(word: str, name: str) -> bool:
    return word.lower().replace("-", "_").replace(" ", "_") == name


def _row(reason: Reason, code: str) -> dict[str, str]:
    row = RESPONSE_CODES[reason]
    return {
        "code": code,
        "reason": reason.value,
        "english": row.english,
        "chinese": row.chinese,
        "category": f"{row.category}, {CATEGORIES[row.category]}",
        **_next(REMEDIES[reason]),
    }


def _next(remedy: Remedy) -> dict[str, str]:
    return {"at_the_terminal": remedy.terminal, "in_the_house": remedy.house}


def _error(kind: ErrorKind) -> Row:
    return {"code": kind.code, "what": kind.what, "why": kind.why, "next": kind.next}


def _refusal(kind: RefusalKind) -> Row:
    """Its sentence has a gap for each word that is put in."""
    english, chinese = (re.sub(r"\{\w+\}", "…", text) for text in (kind.en, kind.zh))
    return {
        "code": kind.code,
        "english": english,
        "chinese": chinese,
        "why": kind.why,
        "next": kind.next,
    }


def _case(kind: CaseKind) -> Row:
    return {
        "code": kind.value,
        "meaning": f"a case: {CASES[kind].meaning}",
        "next": CASES[kind].advice,
    }


def _why(word: str) -> Row:
    return {"code": word, "meaning": WHYS[word].meaning, "next": WHYS[word].next}


def codes() -> Iterable[str]:
    """What may be typed, for completion."""
    return dict.fromkeys(row["code"] for row in everything())
