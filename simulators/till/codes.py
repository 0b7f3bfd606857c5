"""What an answer's code says to the person at the till, and what to do about it."""

from typing import Final

from host.model.responses import RESPONSE_CODES
from simulators.till.words import said, tongue
from terminals.describe.meanings import OTHER_CODES
from terminals.remedies import REMEDIES

AT_THE_TILL: Final[dict[str, str]] = {
    "00": "",
    "09": "it is still being decided: repeat",
    "10": "take the rest otherwise: another card, or cash; or give it all back: void",
    "14": "another card: cards",
    "15": "another card: cards",
    "22": "what it is about was taken back before, or is too old: history",
    "25": "nothing of that trace stands: history",
    "30": "the switch cannot read it: wire, and posswitch describe",
    "51": "a smaller amount; what is left says: balance CARD",
    "54": "another card: cards",
    "55": "the demo's PIN is 123456; three wrong ones lock a card",
    "57": "this merchant does not take that card, or not for this: cards",
    "62": "the card is frozen; another card: cards",
    "64": "name the amount of the sale: history",
    "75": "the card is locked; another card: cards",
    "77": "the till settles what it has and signs on: sign on",
    "91": "who decides cannot be reached; later again, or: echo",
    "94": "its trace was used before, and what it was answered then does not stand any more",
    "97": "the estate has no such terminal here: posswitch up --estate demo",
    "99": "the PIN block was not under the keys in use: sign on",
    "A0": "the switch does not take this till's keys: sign on",
}
"""By F39, where a command of the till is what helps."""


def words_of_code(f39: str) -> str:
    """A code in both languages, or in Chinese alone; reasons that share it stand side by side."""
    rows = [row for row in RESPONSE_CODES.values() if row.f39 == f39]
    pairs = [(row.english, row.chinese) for row in rows]
    if not rows and f39 in OTHER_CODES:
        chinese, english = OTHER_CODES[f39]
        pairs = [(english, chinese)]
    if not pairs:
        return said("a code that nobody here gives")
    english = " or ".join(dict.fromkeys(pair[0] for pair in pairs))
    chinese = "或".join(dict.fromkeys(pair[1] for pair in pairs))
    return chinese if tongue.is_chinese else f"{english} ({chinese})"


def advice_of_code(f39: str) -> str:
    """What to do next; empty where there is nothing to do."""
    if f39 in AT_THE_TILL:
        return AT_THE_TILL[f39]
    reasons = [reason for reason, row in RESPONSE_CODES.items() if row.f39 == f39]
    return REMEDIES[reasons[0]].terminal if reasons else "ask whoever gave it"
