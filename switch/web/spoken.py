"""What the office says in English alone, in Chinese for who reads that.

A refusal is told in both languages, yet what is put into it may be a sentence of its own: what is
wrong with a value. Its Chinese is looked up where every program's is.
"""

import re
from collections.abc import Callable
from typing import Final

import msgspec

from host.model.office import Page, Pages, Refused, Told

Chinese = Callable[[str], str]
"""A sentence of ours in Chinese; as it is, where it has none."""
SENTENCE: Final = re.compile(r"[A-Za-z][!-~]* [ -~]*[!-~]")
"""Two words at least: a lone one is a name or a code."""


def in_chinese(told: Told, chinese: Chinese) -> Told:
    """With no English left in what is refused, as far as that has Chinese."""
    if isinstance(told, Refused):
        return _spoken(told, chinese)
    if isinstance(told, Pages):
        return Pages(pages=[_of_page(each, chinese) for each in told.pages])
    return told


def _of_page(told: Page | Refused, chinese: Chinese) -> Page | Refused:
    return _spoken(told, chinese) if isinstance(told, Refused) else told


def _spoken(refused: Refused, chinese: Chinese) -> Refused:
    field = f"{refused.field}: " if refused.field else ""
    head = field if refused.zh.startswith(field) else ""
    said = SENTENCE.sub(lambda found: chinese(found[0]), refused.zh.removeprefix(head))
    return msgspec.structs.replace(refused, zh=head + said)
