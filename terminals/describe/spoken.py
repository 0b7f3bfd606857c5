"""A described message in the words of who reads it; `voice` gives a text of ours in a language."""

from collections.abc import Callable

from terminals.describe.description import Description, Part, Wrong
from terminals.describe.forms import TEXTS
from terminals.records import CHARSETS

Voice = Callable[[str], str]


def title_of(told: Description, voice: Voice) -> str:
    """What a message is; of phones it is the name of an operation."""
    operation = f"operation {told.title}"
    spoken = voice(operation) if told.dialect == "softpos" else operation
    return spoken if spoken != operation else voice(told.title or "a message")


def label_of(part: Part, voice: Voice) -> str:
    """What a part is called; of members and places the name says it, though not in Chinese."""
    if part.label and part.label not in CHARSETS:
        return voice(part.label)
    name = part.name.replace("_", " ")
    for known in (f"member {name}", name):
        spoken = voice(known)
        if spoken != known:
            return spoken
    return voice(part.label)


def meaning_of(part: Part, voice: Voice) -> str:
    """What a part's value means; what the message itself says stays as it is."""
    return part.meaning if part.name in TEXTS else voice(part.meaning)


def fault_words(wrong: Wrong, voice: Voice) -> str:
    """One fault as a sentence."""
    what = f"byte {wrong.offset}, field {wrong.field}: expected {wrong.expected}"
    short = f": short by {wrong.short_bytes} bytes" if wrong.short_bytes else ""
    return voice(f"{what}, found {wrong.actual}{short}")
